"""Kept answers: save the record, compute it again, say what differs and why.

A record holds the project as it was understood, the day, and the hashes of layers and books. `verify` checks the same
project on today's atlas and rules with the record's own date: the same answer, or the findings that differ, each with
its cause: data, rules or program.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from ecozone._atomic import whole
from ecozone.assessment import SCHEMA, VERDICTS
from ecozone.errors import InputError
from ecozone.project import Part, Project
from ecozone.rules.access import Answer

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.atlas import Atlas
    from ecozone.rules.model import Rulebook

#: Measured numbers that agree within this share are the same (another machine's last bits).
SAME_WITHIN = 1e-9
#: What a finding must agree in.
_COMPARED = ("outcome", "effect", "firm")
_OUTCOMES = {
    "hit": "命中",
    "clear": "不涉及该范围",
    "not_applicable": "不适用",
    "no_data": "缺数据",
    "undetermined": "未定",
}


@dataclass(frozen=True)
class Difference:
    """One thing in which two answers differ."""

    what: str
    before: Any
    after: Any
    causes: tuple[str, ...] = ()

    def __str__(self) -> str:
        why = f"（{'、'.join(self.causes)}）" if self.causes else ""
        return f"{self.what}：{_shown(self.before)} → {_shown(self.after)}{why}"


@dataclass(frozen=True)
class Comparison:
    """What differs between two records, and what they stand on.

    Attributes
    ----------
    answers : tuple of Difference
        Verdict, completeness, findings.
    grounds : tuple of Difference
        Layers, books, parameters, program version.
    """

    answers: tuple[Difference, ...] = field(default=())
    grounds: tuple[Difference, ...] = field(default=())

    @property
    def same(self) -> bool:
        """The answers agree, whatever they stand on."""
        return not self.answers

    def __str__(self) -> str:
        if self.same:
            return "一致：结论和各条规则的判定与记录相同。" + (
                "依据有变化：" + "；".join(map(str, self.grounds)) if self.grounds else ""
            )
        return (
            "不一致：\n"
            + "\n".join(f"  {d}" for d in self.answers)
            + ("\n依据的变化：\n" + "\n".join(f"  {d}" for d in self.grounds) if self.grounds else "")
        )


def save(answer: Assessment, path: str | Path) -> Path:
    """Write an answer's record, whole or not at all.

    Parameters
    ----------
    answer : Assessment
    path : str or Path
        Customarily ``x.ecozone.json``.
    """
    target = Path(path)
    try:
        with whole(target) as part:
            part.write_text(json.dumps(answer.to_dict(), ensure_ascii=False, indent=1), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"记录写不到“{path}”：{error.strerror}。请换一个文件夹。") from None
    return target


def load(path: str | Path) -> dict[str, Any]:
    """Read a record.

    Raises
    ------
    InputError
        No such file, not a record, or of a newer form than this version reads.
    """
    try:
        raw = json.loads(Path(path).read_bytes().decode("utf-8-sig"))
    except OSError:
        raise InputError(f"找不到记录“{path}”，请检查路径。") from None
    except ValueError:
        raise InputError(f"“{path}”不是正确的记录文件（JSON）。") from None
    schema = raw.get("schema") if isinstance(raw, Mapping) else None
    if schema != SCHEMA:
        raise InputError(f"“{path}”的格式为 {schema or '未知'}，本版本只能读取 {SCHEMA}；请用更新的 ecozone 打开。")
    return dict(raw)


def project_of(record: Mapping[str, Any]) -> Project:
    """Return the project of a record, exactly as it was understood."""
    kept = record["project"]
    parts = tuple(
        Part(
            geometry=shapely.from_geojson(json.dumps(p["geometry"])),
            facilities=tuple(p["facilities"]),
            permanent=p["permanent"],
            accuracy_m=p["accuracy_m"],
            extent_m=p["extent_m"],
            name=p["name"],
        )
        for p in record["parts"]
    )
    bare = Project(parts[0].geometry, name=kept["name"])
    return bare.with_(
        parts=parts,
        nature=kept["nature"],
        industries=tuple(kept["industries"]),
        facilities=None if kept["facilities"] is None else tuple(kept["facilities"]),
        facilities_closed=kept["facilities_closed"],
        facts=dict(kept["facts"]),
        has=tuple(kept["has"]),
        subject=kept["subject"],
        stage=kept["stage"],
        notes=tuple(a["text"] for a in record["assumptions"] if a["about"] == "site"),
    )


def answers_of(record: Mapping[str, Any]) -> dict[tuple[str, str], Answer]:
    """Return what officers said of access-list rows in a record."""
    return {
        (r["unit"], r["id"]): Answer(
            r["conformity"], r["situation"], r["basis"], r["by"], dt.date.fromisoformat(r["on"]) if r["on"] else None
        )
        for r in record["requirements"]
        if r["decided_by"] == "officer"
    }


def verify(record: Mapping[str, Any], atlas: Atlas, rules: Sequence[str | Path | Rulebook] | None = None) -> Comparison:
    """Compute a record's answer again and say what differs.

    Parameters
    ----------
    record : mapping
        From `load`.
    atlas : Atlas
    rules : sequence, optional
        See `ecozone.check`.
    """
    from ecozone._check import check

    again = check(project_of(record), atlas, rules, as_of=record["as_of"], answers=answers_of(record))
    return diff(record, again.to_dict())


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Compare two records.

    Returns
    -------
    Comparison
        A finding's difference names its causes: a layer it reads, its book, a parameter, the program's version, the
        project or the day.
    """
    grounds = _grounds(before, after)
    changed = {d.what for d in grounds}
    answers = [
        Difference(name, VERDICTS.get(before[key], before[key]), VERDICTS.get(after[key], after[key]))
        for key, name in (("verdict", "结论"), ("complete", "是否完整"))
        if before[key] != after[key]
    ]
    old, new = (_by_rule(r["findings"]) for r in (before, after))
    for key in dict.fromkeys((*old, *new)):
        a, b = old.get(key), new.get(key)
        if a is None or b is None or not _same(a, b):
            found = b or a or {}
            title = f"{found['title']}（{key[0]}，{key[1]}）"
            answers.append(Difference(title, _state(a), _state(b), _causes(a, b, changed)))
    return Comparison(tuple(answers), tuple(grounds))


def _grounds(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    out = []
    for key, name in (("as_of", "日期"), ("ecozone", "程序版本")):
        if before[key] != after[key]:
            out.append(Difference(name, before[key], after[key]))
    for section, label, value in (
        ("layers", "图层", "sha256"),
        ("books", "规则集", "sha256"),
        ("parameters", "参数", "value"),
    ):
        name = "kind" if section == "layers" else "name"
        old, new = ({e[name]: e for e in r[section]} for r in (before, after))
        for key in sorted({*old, *new}):
            a, b = old.get(key), new.get(key)
            if (a or {}).get(value) != (b or {}).get(value):
                title = (b or a or {}).get("name" if section == "layers" else "title", key)
                shown = (_short(a), _short(b)) if value == "sha256" else ((a or {}).get(value), (b or {}).get(value))
                out.append(Difference(f"{label} {key}" + (f"（{title}）" if title != key else ""), *shown))
    mine, theirs = ({k: v for k, v in r["project"].items() if k != "name"} for r in (before, after))
    if mine != theirs or _geometry(before) != _geometry(after):
        out.append(Difference("项目", "", "位置或事实有变化"))
    return out


def _geometry(record: Mapping[str, Any]) -> list[Any]:
    return [(p["name"], p["geometry"], p["accuracy_m"], p["extent_m"]) for p in record["parts"]]


def _causes(a: Mapping[str, Any] | None, b: Mapping[str, Any] | None, changed: Iterable[str]) -> tuple[str, ...]:
    """Return which changes of the ground could have turned a finding."""
    kinds = {w["kind"] for f in (a, b) if f for w in f["where"]} | {
        k.partition(".")[0] for f in (a, b) if f for k in f["reads"]
    }
    kinds |= {m.partition(":")[2] for f in (a, b) if f for m in f["missing"] if m.startswith(("layer:", "coverage:"))}
    book = (b or a or {}).get("book", "")
    out = []
    for what in changed:
        head, _, name = what.partition(" ")
        name = name.partition("（")[0]
        if (
            (head == "图层" and name in kinds)
            or (head == "规则集" and name == book)
            or head in ("参数", "程序版本", "项目", "日期")
        ):
            out.append(what)
    return tuple(out) or ("原因未能确定",)


def _by_rule(findings: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(f["rule"], f["part"]): f for f in findings}


def _same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    if any(a[k] != b[k] for k in _COMPARED):
        return False
    if sorted(a["reads"]) != sorted(b["reads"]):
        return False
    if [w["zone"] for w in a["where"]] != [w["zone"] for w in b["where"]]:
        return False
    return all(_close(a["reads"][k], b["reads"][k]) for k in a["reads"])


def _close(x: Any, y: Any) -> bool:
    if isinstance(x, int | float) and isinstance(y, int | float):
        return abs(x - y) <= SAME_WITHIN * max(1.0, abs(x), abs(y))
    return bool(x == y)


def _state(finding: Mapping[str, Any] | None) -> str:
    if finding is None:
        return "无此条"
    numbers = "，".join(f"{k}={v:.3f}" for k, v in finding["reads"].items() if isinstance(v, int | float))
    outcome = {
        "hit": "命中",
        "clear": "不涉及该范围",
        "not_applicable": "不适用",
        "no_data": "缺数据",
        "undetermined": "未定",
    }
    return outcome[finding["outcome"]] + (f"（{numbers}）" if numbers else "")


def _short(entry: Mapping[str, Any] | None) -> str:
    return "无" if entry is None or not entry.get("sha256") else f"{entry.get('version')}·{entry['sha256'][:8]}"


def _shown(value: Any) -> str:
    return (
        {True: "是", False: "否", None: "无"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)
    )
