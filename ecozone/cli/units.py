"""Control units of an answer, and the rows of their access list (准入清单)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ecozone import words
from ecozone.cli.layout import BOLD, PLAIN, Line, aligned, labelled, title

if TYPE_CHECKING:
    from ecozone.assessment import Assessment

#: How a row stands, what needs the officer first.
_STANDING = ("不符合", "无法判定", "符合", "不涉及")


def control_units(assessment: Assessment) -> Iterable[Line]:
    """Yield the control units a project lies in or may touch, aligned."""
    if not assessment.units:
        return
    sure = {u["code"] for u in assessment.units if not u["possible"]}
    may = {u["code"] for u in assessment.units} - sure
    yield from title(f"环境管控单元 {len(sure)} 个" + (f"，另可能涉及 {len(may)} 个" if may else ""))
    several = len({u["part"] for u in assessment.units}) > 1
    rows = []
    for unit in assessment.units:
        amount = "点位所在"
        if unit["overlap_m2"] is not None:
            amount = f"{unit['overlap_m2']:,.1f} 平方米"
        elif unit["overlap_m"] is not None:
            amount = f"{unit['overlap_m']:,.1f} 米"
        elif unit["possible"]:
            amount = f"可能涉及，相距 {unit['distance_m']:,.1f} 米"
        share = f"{unit['share']:.2%}" if unit["share"] is not None else ""
        sliver = "（不超过数据精度）" if unit["within_accuracy"] else ""
        row = [unit["code"] or "", (unit["name"] or "") + sliver, _category(unit["category"]), amount, share]
        rows.append([*row, part_name(unit["part"])] if several else row)
    headings = ["编码", "名称", "类别", "涉及", "占比", *(["部分"] if several else [])]
    yield from ((" " + line, PLAIN) for line in aligned([headings, *rows]))


def _category(category: str | None) -> str:
    return (
        f"{category}管控"
        if category in ("重点", "一般")
        else f"{category}保护"
        if category == "优先"
        else category or ""
    )


def access_list(assessment: Assessment, *, everything: bool = False) -> Iterable[Line]:
    """Yield the rows that are not met, still open, or answered otherwise by the officer; with `everything` all."""
    rows = assessment.requirements
    if not rows:
        return
    counted = Counter(r["conformity"] for r in rows)
    told = "，".join(f"{name} {counted[name]} 条" for name in _STANDING if counted[name])
    yield from title(f"准入清单 {len(rows)} 条：{told}")
    for standing in _STANDING:
        chosen = [r for r in rows if r["conformity"] == standing]
        if not everything and standing not in _STANDING[:2]:
            chosen = [r for r in chosen if r["differs"]]
        if chosen:
            yield f" {standing}", BOLD
        for row in chosen:
            beside = f"经办人认定{row['officer']}，规则判定{standing}，以规则为准" if row["differs"] else ""
            said = "；".join(t for t in (beside, row["situation"], row["basis"], row["by"]) if t)
            text = f"{row['id']}（{row['unit']}，{row['dimension']}）{row['text']}" + (f"（{said}）" if said else "")
            yield from ((line, PLAIN) for line in labelled("·", text, indent=1, column=2))


def part_name(name: str) -> str:
    """Return what a part is called: a part is named after its facility kind, with a number from the second on."""
    kind, _, number = name.partition("#")
    if kind == "site":
        return "项目用地"
    return (words.facility(kind).name if kind in words.facilities() else kind) + number
