"""The ledger (台账): one row a project, sheets of findings and units, and a dictionary of every column."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import shapely

from ecozone import compiled, words
from ecozone._version import __version__
from ecozone.assessment import VERDICTS, Assessment
from ecozone.errors import InputError
from ecozone.report.messages import MU_M2, Say
from ecozone.report.tree import clean
from ecozone.report.write import workbook, write_bytes

#: Sheets in their order: key in ``ledger.yaml`` and title.
SHEETS: Mapping[str, str] = {"project": "项目", "finding": "规定", "unit": "管控单元"}
DICTIONARY = "字段说明"
_DICTIONARY_HEADS = ("工作表", "列", "含义", "单位", "记录字段")
#: A cell that begins with one of these would be read as a formula by some program.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "＝", "＋", "－", "＠")
#: Excel refuses longer texts.
_LONGEST = 32_000
_OUTCOMES = {"hit": "命中", "no_data": "缺数据", "undetermined": "未定"}
_EDITIONS = {"full": "完整版", "public": "公开版"}
_SAY = Say()


@functools.cache
def columns() -> Mapping[str, Sequence[Sequence[str]]]:
    """Return the columns of each sheet: key, heading, meaning, unit, place in the record."""
    file = resources.files("ecozone.report") / "ledger.yaml"
    return dict(compiled.load([file], lambda texts: compiled.parse_yaml(next(iter(texts.values())))))


def write_ledger(answers: Iterable[Assessment], path: str | Path, *, append: bool = False) -> Path:
    """Write a ledger.

    Parameters
    ----------
    answers : iterable of Assessment
    path : str or Path
        Ends with ``.xlsx``.
    append : bool
        Keep the rows of a ledger that stands there already, and write below them.

    Raises
    ------
    InputError
        Another ending, a place that cannot be written to, or a file there that is no ledger.
    MissingDependencyError
        openpyxl is not installed.
    """
    target, openpyxl = workbook(path, "台账")
    rows: dict[str, list[Sequence[Any]]] = {sheet: [] for sheet in SHEETS}
    if append and target.is_file():
        for sheet, kept in _read(openpyxl, target).items():
            rows[sheet] += kept
    for answer in answers:
        for sheet, more in _rows(answer).items():
            rows[sheet] += more
    return write_bytes(target, lambda: _bytes(openpyxl, rows))


# ---- rows


def _rows(answer: Assessment) -> dict[str, list[Sequence[Any]]]:
    made = {"project": [_project(answer)], "finding": list(_findings(answer)), "unit": list(_units(answer))}
    return {
        sheet: [[entry.get(column[0]) for column in columns()[sheet]] for entry in entries]
        for sheet, entries in made.items()
    }


def _project(answer: Assessment) -> dict[str, Any]:
    project = answer.project
    middle = shapely.centroid(project.site)
    pushing = [f for f in answer.hits if f.push]
    worst = max((f.push for f in pushing), default=0)
    codes = list(dict.fromkeys(u["code"] for u in answer.units if not u["possible"]))
    rows = [r["conformity"] for r in answer.requirements]
    return {
        "name": project.name, "region": f"{answer.context.region_name}（{answer.context.region}）",
        "as_of": answer.as_of, "nature": words.nature(project.nature).name if project.nature else None,
        "industry": "、".join(f"{c} {words.name_of(c)}" for c in project.industries),
        "lon": round(float(middle.x), 7), "lat": round(float(middle.y), 7), "area_m2": project.area_m2,
        "area_mu": None if project.area_m2 is None else project.area_m2 / MU_M2, "length_m": project.length_m,
        "verdict": VERDICTS[answer.verdict], "complete": "是" if answer.complete else "否",
        "after": _after(answer), "units": len(codes),
        "unit_codes": "、".join(codes), "hits": len(pushing), "open": len(answer.open),
        "grounds": "；".join(dict.fromkeys(_SAY.cited(f) for f in pushing if f.push == worst)),
        "failed": rows.count("不符合"), "undecided": rows.count("无法判定"), "version": __version__,
        "edition": _EDITIONS[answer.edition], "notice": answer.context.notice,
    }  # fmt: skip


def _after(answer: Assessment) -> str | None:
    """Return the verdict after overrides, and whether it is settled; None without any."""
    verdict, complete = answer.after_overrides
    told = "" if complete or verdict == "undetermined" else "（尚有事项未能判定）"
    return VERDICTS[verdict] + told if answer.overrides else None


def _findings(answer: Assessment) -> Iterator[dict[str, Any]]:
    for f in answer.findings:
        if f.outcome not in _OUTCOMES:
            continue
        near: Mapping[str, Any] = f.where[0] if f.where else {}
        struck = [o for o in answer.overrides if (o.rule, o.part) == (f.rule, f.part)]
        yield {
            "name": answer.project.name, "as_of": answer.as_of, "part": _SAY.part(f.part), "rule": f.rule,
            "title": f.title, "outcome": _OUTCOMES[f.outcome], "effect": f.effect_text,
            "marks": "、".join(f.marks), "cited": f.cited,
            "because": "；".join(f.because), "zone": f"{near['zone']} {near['name']}" if near else None,
            "distance_m": near.get("distance_m"), "overlap_m2": near.get("overlap_m2"),
            "overlap_m": near.get("overlap_m"), "limit_m": f.threshold.get("distance_m"),
            "office": "、".join(f.office), "next": "；".join(f.next),
            "override": "；".join(f"{o.by} {o.on} {o.reason}" for o in struck),
        }  # fmt: skip


def _units(answer: Assessment) -> Iterator[dict[str, Any]]:
    for u in answer.units:
        yield {
            **u, "name": answer.project.name, "unit": u["name"] + ("（可能涉及）" if u["possible"] else ""),
            "as_of": answer.as_of, "part": _SAY.part(u["part"]),
        }  # fmt: skip


# ---- the book


def neutral(value: Any) -> Any:
    """Return a value that no program takes for a formula: a text that begins like one gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = clean(value)[:_LONGEST]
    return f"'{text}" if text.startswith(_FORMULA) else text


def _bytes(openpyxl: Any, rows: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet, title in SHEETS.items():
        heads = [_head(c) for c in columns()[sheet]]
        fill(book.create_sheet(title), heads, rows[sheet])
    meaning = [[title, _head(c), c[2], c[3], c[4]] for sheet, title in SHEETS.items() for c in columns()[sheet]]
    fill(book.create_sheet(DICTIONARY), _DICTIONARY_HEADS, meaning)
    book.properties.creator = "ecozone"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _head(column: Sequence[str]) -> str:
    return f"{column[1]}（{column[3]}）" if column[3] and not column[1].endswith("）") else column[1]


def fill(sheet: Any, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a head and rows to a worksheet, as wide as they need, no cell taken for a formula."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    widest = [_width(h) for h in heads]
    sheet.append(list(heads))
    for row in rows:
        sheet.append([None if v == "" else neutral(v) for v in row])
        for i, (value, cell) in enumerate(zip(row, sheet[sheet.max_row], strict=True)):
            widest[i] = max(widest[i], _width(value))
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if cell.data_type == "f":
                cell.data_type = "s"
            if isinstance(value, float):
                cell.number_format = (
                    "0.00%"
                    if heads[i] == "占比"
                    else "0.0000000"
                    if "纬度" in heads[i] or "经度" in heads[i]
                    else "#,##0.00"
                )
    for i, cell in enumerate(sheet[1]):
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E8EEF4")
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(i + 1)].width = min(48, max(9, widest[i] + 2))
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions


def _width(value: Any) -> float:
    if isinstance(value, float):
        return 13
    return min(60, sum(2 if ord(c) > 0x2E80 else 1.1 for c in str(value if value is not None else "")))


def _read(openpyxl: Any, target: Path) -> dict[str, list[Sequence[Any]]]:
    """Return the rows of a ledger that was written before."""
    from zipfile import BadZipFile

    other = f"“{target}”不是 ecozone 的台账，没有写入，以免覆盖；请换一个文件名。"
    try:
        book = openpyxl.load_workbook(target, data_only=True)
    except (BadZipFile, KeyError, OSError, ValueError):
        raise InputError(other) from None
    out: dict[str, list[Sequence[Any]]] = {}
    for sheet, title in SHEETS.items():
        if title not in book.sheetnames:
            raise InputError(other)
        lines = list(book[title].iter_rows(values_only=True))
        heads = [_head(c) for c in columns()[sheet]]
        if not lines or not set(lines[0]) <= set(heads) or lines[0][0] != heads[0]:
            raise InputError(other)
        named = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]  # an older one may have fewer columns
        out[sheet] = [[_plain(row.get(head)) for head in heads] for row in named]
    return out


def _plain(value: Any) -> Any:
    """Return a cell's value as it was before `neutral`."""
    import datetime as dt

    if isinstance(value, dt.datetime):
        return value.date()
    return value[1:] if isinstance(value, str) and value[:1] == "'" and value[1:].startswith(_FORMULA) else value
