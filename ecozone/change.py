"""What changed: projects whose answer turns between two days or two atlases, and ground gained and lost by kind.

Every project is judged twice by the engine; what hit or stayed open on one side and not on the other is put down to
what turned it: the law, a plan's end, a layer drawn anew, a zone that began or ended, a figure set otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecozone import kinds
from ecozone._check import choose, day_of
from ecozone._screen import Screening, screen
from ecozone.assessment import VERDICTS
from ecozone.atlas import Atlas, open_atlas
from ecozone.errors import InputError
from ecozone.renumbered import AtlasDiff, diff
from ecozone.rules.logic import leaves
from ecozone.rules.model import EFFECTS, Rule, Rulebook

if TYPE_CHECKING:
    import pandas

__all__ = ["AtlasDiff", "Change", "changes", "diff"]

_OPEN = ("undetermined", "no_data")
#: What a table for people is headed with.
HEADINGS = {
    "row": "行号",
    "name": "名称",
    "verdict_from": "起始日结论",
    "verdict_to": "截止日结论",
    "complete_from": "起始日是否完整",
    "complete_to": "截止日是否完整",
    "flips": "结论是否变化",
    "cited_from": "起始日依据",
    "cited_to": "截止日依据",
    "gone": "不再命中或待定的规则",
    "come": "新命中或待定的规则",
    "why": "原因",
}


@dataclass(frozen=True)
class Change:
    """Projects judged twice.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a project, on the input's index: ``name``, ``verdict_from``, ``verdict_to``, ``complete_from``,
        ``complete_to``, ``flips`` (the verdict turns), ``cited_from``, ``cited_to`` (citations of the hits that push),
        ``gone``, ``come`` (ids of rules that hit or stay open on one side only), ``why`` (sentences).
    first, last : datetime.date
    """

    table: pandas.DataFrame
    first: dt.date
    last: dt.date

    @property
    def turned(self) -> pandas.DataFrame:
        """The projects whose verdict turns or whose citations move."""
        moved = [a != b for a, b in zip(self.table["cited_from"], self.table["cited_to"], strict=True)]
        return self.table[self.table["flips"] | np.array(moved, dtype=bool)]

    def save(self, path: str | Path) -> Path:
        """Write the table by the name's ending: CSV or Excel in words, with the row in the input; or Parquet.

        Rows are counted from 1. No text from the input is left to be taken for a formula.
        """
        from ecozone.report.ledger import neutral

        target = Path(path)
        plain = self.table.copy()
        for column in ("cited_from", "cited_to", "gone", "come", "why"):
            plain[column] = ["；".join(v) for v in plain[column]]
        target.parent.mkdir(parents=True, exist_ok=True)
        ending = target.suffix.lower()
        told = plain.map(neutral)
        for column in ("verdict_from", "verdict_to"):
            told[column] = told[column].map(VERDICTS)
        for column in ("complete_from", "complete_to", "flips"):
            told[column] = told[column].map({True: "是", False: "否"})
        told.insert(0, "row", range(1, len(told) + 1))
        told = told.rename(columns=HEADINGS)
        if ending == ".csv":
            told.to_csv(target, index=False, encoding="utf-8-sig")
        elif ending == ".xlsx":
            told.to_excel(target, index=False)
        elif ending == ".parquet":
            plain.to_parquet(target)
        else:
            raise InputError(f"“{target.name}”的扩展名无法识别，请写成 .csv、.xlsx 或 .parquet。")
        return target


def changes(
    projects: Any,
    atlas: Atlas | str | Path,
    *,
    first: dt.date | str,
    last: dt.date | str,
    atlas_last: Atlas | str | Path | None = None,
    rules: Sequence[str | Path | Rulebook] | None = None,
    **given: Any,
) -> Change:
    """Judge projects on two days and say whose answer turns, and why.

    Parameters
    ----------
    projects : table, sequence of Project, or path
        As for `ecozone.screen`.
    atlas : Atlas or path
    first, last : datetime.date or ISO str
        The two days.
    atlas_last : Atlas or path, optional
        The atlas of the later day; None: the same one, whose layers have periods.
    rules : sequence, optional
        As for `ecozone.check`.
    **given
        What holds for every row: ``nature``, ``industry``, ``facilities``, ``facts``, ``crs``.

    Returns
    -------
    Change
        One row in, one row out.
    """
    import pandas as pd

    one, two = day_of(first), day_of(last)
    if one > two:
        raise InputError(f"起始日期 {one} 晚于截止日期 {two}，请对调。")
    old = atlas if isinstance(atlas, Atlas) else open_atlas(atlas)
    new = old if atlas_last is None else atlas_last if isinstance(atlas_last, Atlas) else open_atlas(atlas_last)
    before = screen(projects, old, rules, as_of=one, **given)
    after = screen(projects, new, rules, as_of=two, **given)
    shelf = {r.id: r for book in choose(rules) for r in book.rules}
    told = _Causes(old, new, one, two, shelf)
    sides = [_sides(s) for s in (before, after)]
    rows = []
    for i in range(len(before.table)):
        a, b = sides[0].get(i, {}), sides[1].get(i, {})
        gone, come = (tuple(r for r in x if r not in y) for x, y in ((a, b), (b, a)))
        turned = [r for r in a if r in b and a[r] != b[r]]
        was, now = before.table.iloc[i], after.table.iloc[i]
        rows.append(
            {
                "name": was["name"],
                "verdict_from": was["verdict"],
                "verdict_to": now["verdict"],
                "complete_from": bool(was["complete"]),
                "complete_to": bool(now["complete"]),
                "flips": was["verdict"] != now["verdict"],
                "cited_from": _cited(a, shelf),
                "cited_to": _cited(b, shelf),
                "gone": gone,
                "come": come,
                "why": told.of(gone, come, turned),
            }
        )
    table = pd.DataFrame(rows, index=before.table.index, columns=_COLUMNS)
    return Change(table, one, two)


_COLUMNS = [
    "name", "verdict_from", "verdict_to", "complete_from", "complete_to", "flips", "cited_from", "cited_to", "gone",
    "come", "why",
]  # fmt: skip


def _sides(screening: Screening) -> dict[int, dict[str, tuple[str, bool]]]:
    """Return for each row the rules that hit or stay open and push, with how they stand."""
    found = screening.findings
    place = {key: i for i, key in enumerate(screening.table.index)}
    out: dict[int, dict[str, tuple[str, bool]]] = {}
    for key, rule, outcome, effect, firm in zip(
        found.index, found["rule"], found["outcome"], found["effect"], found["firm"], strict=True
    ):
        if EFFECTS[effect][0] > 0 and (outcome == "hit" or outcome in _OPEN):
            state = ("hit" if outcome == "hit" else "open", bool(firm))
            mine = out.setdefault(place[key], {})
            mine[rule] = min(mine.get(rule, state), state)  # of several parts the one that hits
    return out


def _cited(found: Mapping[str, tuple[str, bool]], shelf: Mapping[str, Rule]) -> tuple[str, ...]:
    hits = [r for r, (outcome, _) in found.items() if outcome == "hit" and r in shelf]
    return tuple(sorted({str(shelf[r].citation) for r in hits}))


class _Causes:
    """What lies between the two days and could have turned a rule."""

    def __init__(self, old: Atlas, new: Atlas, one: dt.date, two: dt.date, shelf: Mapping[str, Rule]) -> None:
        self.old, self.new, self.one, self.two, self.shelf = old, new, one, two, shelf
        values = [{k: p.value for k, p in a.parameters.items()} for a in (old, new)]
        self.set = sorted(k for k in {*values[0], *values[1]} if values[0].get(k) != values[1].get(k))
        self._kinds: dict[str, str] = {}

    def of(self, gone: Sequence[str], come: Sequence[str], turned: Sequence[str]) -> tuple[str, ...]:
        """Return the sentences on what turned a project's rules, each once."""
        out = [s for rule in (*gone, *come, *turned) for s in self._rule(rule, (*gone, *come))]
        return tuple(dict.fromkeys(out))

    def _rule(self, rule_id: str, others: Sequence[str]) -> list[str]:
        rule = self.shelf.get(rule_id)
        if rule is None:
            head, _, name = rule_id.partition(".")
            if head == "access":
                return [f"管控单元或准入清单变化：{name}"]
            return [f"依据变化：{rule_id}"]
        was, now = rule.in_force(self.one), rule.in_force(self.two)
        if was != now:
            return [self._law(rule, was, others)]
        out = []
        if rule.firm(self.one) != rule.firm(self.two):
            out.append(f"规划期届满：{rule.citation}")
        for leaf in leaves(rule.where):
            if said := self._layer(leaf["kind"]):
                out.append(said)
            figure = (leaf.get("distance") or {}).get("parameter")
            if figure in self.set:
                out.append(f"参数改设：{figure}")
        return out or [f"事实或范围变化：{rule.title}"]

    def _law(self, rule: Rule, was: bool, others: Sequence[str]) -> str:
        if not was:
            earlier = [r for r in self.shelf.values() if r.superseded_by == rule.id and not r.in_force(self.two)]
            if earlier:
                return f"条文更替：{earlier[0].citation} → {rule.citation}"
            return f"{rule.citation} 自 {rule.period.first} 起施行"
        later = self.shelf.get(rule.superseded_by or "")
        if later is not None and later.in_force(self.two):
            return f"条文更替：{rule.citation} → {later.citation}"
        return f"{rule.citation} 至 {rule.period.last} 止"

    def _layer(self, kind: str) -> str:
        if kind not in self._kinds:
            a, b = self.old.at(kind, self.one), self.new.at(kind, self.two)
            said = ""
            if (a is None) != (b is None):
                said = f"图层“{kinds.name(kind)}”{'不再有效' if b is None else '新增'}"
            elif a is not None and b is not None and a is not b and a.sha256 != b.sha256:
                said = f"图层“{kinds.name(kind)}”重划：{a.version} → {b.version}"
            elif a is not None and b is not None and (a.active(self.one) != b.active(self.two)).any():
                said = f"图层“{kinds.name(kind)}”有图斑生效或失效"
            self._kinds[kind] = said
        return self._kinds[kind]
