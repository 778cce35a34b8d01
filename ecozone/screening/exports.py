"""What a finished run is handed on as: counts, a ledger for Excel, a GeoPackage for ArcGIS and QGIS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone._atomic import whole
from ecozone.errors import InputError, MissingDependencyError
from ecozone.rules.model import EFFECTS, Rule
from ecozone.screening.parts import Parts

if TYPE_CHECKING:
    from ecozone._screen import Task
    from ecozone.screening.source import Source

#: Rows that an Excel sheet holds, without its heading.
SHEET_ROWS = 1_048_575
#: Reasons that are told at the end of a run.
TOLD = 5
#: Verdicts, the gravest first.
ORDER = ("prohibited", "restricted", "conditional", "undetermined", "clear")
_EXIT = ("exit_close", "exit_rectify")


def verdicts(parts: Parts) -> dict[str, int]:
    """Return how many sites have each verdict, the gravest first."""
    counts = dict.fromkeys(ORDER, 0)
    for table in parts.tables("results"):
        for pair in table.column("verdict").combine_chunks().value_counts().to_pylist():
            counts[pair["values"]] += pair["counts"]
    return {k: n for k, n in counts.items() if n}


def reasons(parts: Parts, where: Path | str) -> str:
    """Return what to say of the rows that could not be judged: how many, the commonest reasons, where the rest is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    few = []
    for table in parts.tables("results"):
        plain = pa.table({"reason": table.column("reason").cast(pa.string()), "row": table.column("row")})
        few.append(plain.filter(pc.is_valid(plain.column("reason"))))
    bad = pa.concat_tables(few)
    if not len(bad):
        return ""
    groups = bad.group_by("reason").aggregate([("row", "count"), ("row", "min")]).to_pylist()
    groups.sort(key=lambda g: (-g["row_count"], g["row_min"]))
    lines = [f"未能判定 {len(bad)} 行："]
    for g in groups[:TOLD]:
        rows = f"第 {g['row_min'] + 1} 行" + (f"等 {g['row_count']} 行" if g["row_count"] > 1 else "")
        lines.append(f"  {rows}：{g['reason']}")
    if len(groups) > TOLD:
        lines.append(f"  …… 另有 {len(groups) - TOLD} 种原因")
    return "\n".join([*lines, f"  每行的原因见 {where} 的 reason 列。"])


def ledger(parts: Parts, target: Path, task: Task) -> Path:
    """Write a workbook: 结论 (one row a site), 命中条款 (one row a hit), 退出整改清单 (existing projects, by zone).

    Raises
    ------
    MissingDependencyError
        openpyxl is not installed.
    InputError
        More rows than a sheet holds.
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise MissingDependencyError('写台账需要 openpyxl，请安装：pip install "ecozone[report]"。') from None
    from ecozone.assessment import VERDICTS

    rules = _rules(task)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("结论")
    sheet.append(
        ["行号", "名称", "结论", "是否完整", "主要依据", "效力", "命中", "待定", "缺资料", "未命中", "不适用", "原因"]
    )
    count = 0
    for table in parts.tables("results"):
        count += len(table)
        if count > SHEET_ROWS:
            raise InputError("行数超过 Excel 一张表的上限（1048575 行），请分批核对，或只用 --out、--findings。")
        for r in table.to_pylist():
            sheet.append(
                [
                    r["row"] + 1,
                    _cell(r["name"]),
                    VERDICTS[r["verdict"]],
                    "是" if r["complete"] else "否",
                    _cited(rules.get(r["worst_rule"])),
                    _effect(r["worst_effect"]),
                    r["hit"],
                    r["undetermined"],
                    r["no_data"],
                    r["clear"],
                    r["not_applicable"],
                    _cell(r["reason"]),
                ]
            )
    hits = _hits(parts)
    sheet = book.create_sheet("命中条款")
    sheet.append(
        ["行号", "部分", "规则", "要求", "依据", "效力", "图层", "图斑编号", "图斑名称", "距离（米）", "重叠", "占比"]
    )
    for h in hits[:SHEET_ROWS]:
        sheet.append(_hit(h, rules))
    sheet = book.create_sheet("退出整改清单")
    sheet.append(["图层", "图斑编号", "图斑名称", "行号", "措施", "依据", "要求", "期限"])
    leaving = [h for h in hits if h["effect"] in _EXIT]
    for h in sorted(leaving, key=lambda h: (str(h["kind"]), str(h["zone"]), h["row"]))[:SHEET_ROWS]:
        rule = rules.get(h["rule"])
        sheet.append(
            [
                _kind(h["kind"]),
                _cell(h["zone"]),
                _cell(h["zone_name"]),
                h["row"] + 1,
                _effect(h["effect"]),
                _cited(rule),
                _cell(rule.requirement if rule else ""),
                _cell(deadline(rule)),
            ]
        )
    with whole(target) as part:
        book.save(part)
    return target


def deadline(rule: Rule | None) -> str:
    """Return by when a rule wants something done, as far as its text says."""
    if rule is None:
        return ""
    found = [t for t in (*rule.next, rule.requirement) if "期限" in t or "年底" in t or "日前" in t or "年前" in t]
    return found[0] if found else "条文未规定期限"


def geopackage(parts: Parts, target: Path, source: Source, task: Task) -> Path:
    """Write layers ``sites``, ``hits`` (ground inside each zone hit) and ``lines`` (shortest line to each)."""
    import geopandas

    from ecozone import measure
    from ecozone.crs import GEOGRAPHIC, plane_at
    from ecozone.screening.chunks import read

    atlas, _ = task.opened()
    hits = [h for h in _hits(parts) if h["zone"] is not None]
    answers = {r["row"]: r for t in parts.tables("results") for r in t.to_pylist()}
    number = {k: {str(z): i for i, z in enumerate(atlas[k].columns["zone"])} for k in {h["kind"] for h in hits}}
    by_row: dict[int, list[dict[str, Any]]] = {}
    for h in hits:
        by_row.setdefault(h["row"], []).append(h)
    chunk_size = max(1, min(20_000, len(answers)))
    mode = "w"
    with whole(target) as part:
        for chunk in source.chunks(chunk_size):
            got = read(chunk, task.given)
            frame = geopandas.GeoDataFrame(
                [_site(answers[int(r)]) for r in got.rows], geometry=list(got.geometry), crs=GEOGRAPHIC
            )
            frame.to_file(part, layer="sites", driver="GPKG", mode=mode)
            mode = "a"
            mine = [(i, h) for i, r in enumerate(got.rows.tolist()) for h in by_row.get(r, ())]
            if not mine:
                continue
            ground = got.geometry[[i for i, _ in mine]]
            zones = np.array([atlas[h["kind"]].geometry[number[h["kind"]][h["zone"]]] for _, h in mine], dtype=object)
            nodes, group = np.unique(measure.plane_nodes(ground), axis=0, return_inverse=True)
            shared, lines = np.full(len(mine), None, dtype=object), np.full(len(mine), None, dtype=object)
            for k, node in enumerate(nodes.tolist()):
                at = np.flatnonzero(group.ravel() == k)
                plane = plane_at(*node)
                a, b = measure.to_plane(ground[at], plane), measure.to_plane(zones[at], plane)
                shared[at] = shapely.transform(shapely.intersection(a, b), plane.inverse)
                lines[at] = shapely.transform(shapely.shortest_line(a, b), plane.inverse)
            facts = [_plain(h) for _, h in mine]
            for layer, shapes in (("hits", shared), ("lines", lines)):
                there = [not (s is None or shapely.is_empty(s)) for s in shapes]
                geopandas.GeoDataFrame(
                    [f for f, t in zip(facts, there, strict=True) if t], geometry=list(shapes[there]), crs=GEOGRAPHIC
                ).to_file(part, layer=layer, driver="GPKG", mode="a")
    return target


def _hits(parts: Parts) -> list[dict[str, Any]]:
    import pyarrow.compute as pc

    out: list[dict[str, Any]] = []
    for table in parts.tables("findings"):
        out += table.filter(pc.equal(table.column("outcome").cast("string"), "hit")).to_pylist()
    return out


def _rules(task: Task) -> dict[str, Rule]:
    _, shelf = task.opened()
    return {rule.id: rule for book in shelf for rule in book.rules}


def _hit(h: dict[str, Any], rules: dict[str, Rule]) -> list[Any]:
    rule = rules.get(h["rule"])
    return [
        h["row"] + 1,
        _cell(h["part"]),
        h["rule"],
        _cell(rule.requirement if rule else ""),
        _cited(rule),
        _effect(h["effect"]),
        _kind(h["kind"]),
        _cell(h["zone"]),
        _cell(h["zone_name"]),
        _number(h["distance_m"]),
        _number(h["overlap"]),
        _number(h["share"]),
    ]


def _site(answer: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in answer.items() if v is not None or k in ("worst_rule", "worst_effect", "reason")}


def _plain(h: dict[str, Any]) -> dict[str, Any]:
    return {
        k: h[k]
        for k in ("row", "part", "rule", "effect", "kind", "zone", "zone_name", "distance_m", "overlap", "share")
    }


def _cited(rule: Rule | None) -> str:
    return str(rule.citation) if rule is not None else ""


def _effect(effect: str | None) -> str:
    return EFFECTS[effect][1] if effect else ""


def _kind(kind: str | None) -> str:
    from ecozone import kinds

    return kinds.name(kind) if kind else ""


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)


def _cell(value: Any) -> Any:
    """Return a cell's text; what Excel would take for a formula stays text."""
    if not isinstance(value, str):
        return value
    text = "".join(c for c in value if c >= " " or c in "\n\t")
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text
