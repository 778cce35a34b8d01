"""Ladders of strictness: what is forbidden in a laxer zone is not let pass in a stricter one, nor nearer than farther.

A rule that holds on one rung asks for a rule on every stricter rung that is at least as strict, for the same natures,
projects and days. Where the law itself says otherwise (a waterworks belongs into the 一级 zone), one of the two
declares it as `ladder_exception`, with the provision: the stricter rung's rule what it lets pass, or the laxer rung's
rule what it alone demands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecozone.rules.model import Rule
from ecozone.rules.proof import YES, Literal, Theory, narrower, ways, whole

#: Kind, column and its values from the strictest; a kind may have several (old and new law).
LADDERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("water_source", "grade", ("一级", "二级", "准")),
    ("nature_reserve", "grade", ("核心保护区", "一般控制区", "外围保护地带")),
    ("nature_reserve", "grade", ("核心区", "缓冲区", "实验区", "外围保护地带")),
    ("national_park", "grade", ("核心保护区", "一般控制区")),
    ("ecological_redline", "core_reserve", ("true", "false")),
    ("scenic_area", "core", ("true", "false")),
    ("germplasm_reserve", "core", ("true", "false")),
    ("wetland", "importance", ("国家重要", "省级重要", "一般")),
    ("livestock_ban_zone", "zone_class", ("禁养区", "限养区", "适养区")),
    ("aquaculture_zone", "zone_class", ("禁养区", "限养区", "养殖区")),
    ("shoreline_zone", "zone_class", ("保护区", "保留区", "控制利用区", "开发利用区")),
)


@dataclass(frozen=True)
class Gap:
    """A rung on which nothing is as strict as the rule one rung below."""

    rule: Rule
    kind: str
    rung: str
    below: str
    nature: str
    day: dt.date


@dataclass(frozen=True)
class _Step:
    """A rule's way to hold on one rung, moved to a stricter one."""

    way: tuple[Literal, ...]
    kind: str
    rung: str
    below: str


def gaps(rules: Sequence[tuple[Rule, str]], theory: Theory) -> Iterator[Gap]:
    """Yield the rungs that are laxer than the one below.

    Parameters
    ----------
    rules : sequence of (Rule, str)
        With the jurisdiction of each rule's book.
    theory : Theory
    """
    for rule, jurisdiction in rules:
        if not rule.push or rule.text == "missing":
            continue
        above = [r for r, j in rules if jurisdiction.startswith(j) and r.push >= rule.push]
        for step in _steps(rule):
            found = _uncovered(rule, step, above, theory)
            if found is not None:
                yield Gap(rule, step.kind, step.rung, step.below, *found)


def _steps(rule: Rule) -> Iterator[_Step]:
    for way in ways(whole(rule)):
        for i, (leaf, truth) in enumerate(way):
            if not truth or leaf.get("relation") not in ("intersects", "within", "within_distance"):
                continue
            for kind, column, rungs in LADDERS:
                asked = dict(leaf.get("filter") or ()).get(column) if leaf["kind"] == kind else None
                held = [r for r in rungs if asked and r in asked]
                if held:
                    below = held[0]
                    for rung in rungs[: rungs.index(below)]:
                        moved = {**leaf, "filter": _with(leaf["filter"], column, rung)}
                        yield _Step((*way[:i], (moved, True), *way[i + 1 :]), kind, rung, below)
            yield from _nearer_steps(way, i, leaf)


def _nearer_steps(way: tuple[Literal, ...], i: int, leaf: Mapping[str, Any]) -> Iterator[_Step]:
    """Yield the same way without the part that keeps it away from what is nearer."""
    for k, (other, truth) in enumerate(way):
        if k != i and not truth and other.get("kind") == leaf["kind"] and narrower(other, leaf):
            nearer = tuple((o, True) if n == k else (o, t) for n, (o, t) in enumerate(way))
            yield _Step(nearer, leaf["kind"], "较近处", "较远处")


def _with(pairs: Sequence[Sequence[Any]], column: str, value: str) -> list[list[Any]]:
    return [[c, [value] if c == column else v] for c, v in pairs]


def _uncovered(rule: Rule, step: _Step, above: Sequence[Rule], theory: Theory) -> tuple[str, dt.date] | None:
    """Return the first nature and day for which no rule holds on the stricter rung."""
    own = rule.ladder_exception
    if not theory.possible(step.way) or (own is not None and theory.follows(own.when, step.way) == YES):
        return None
    covering = [r for r in above if _covers(r, step.way, theory)]
    days = {rule.period.first or dt.date(1979, 1, 1)}
    for other in above:
        ends = (other.period.first, other.period.last and other.period.last + dt.timedelta(days=1))
        days |= {day for day in ends if day is not None and rule.period.holds(day)}
    for day in sorted(days):
        held = [r for r in covering if r.in_force(day)]
        for nature in rule.natures:
            same = {"new", nature} if nature == "relocate" else {nature}
            if not any(same & set(r.natures) for r in held):
                return nature, day
    return None


def _covers(rule: Rule, way: tuple[Literal, ...], theory: Theory) -> bool:
    """Say whether a rule holds in a way, or declares why it does not."""
    if theory.follows(rule.where, way) != YES:
        return False
    if theory.follows(rule.when, way) == YES:
        return True
    declared = rule.ladder_exception
    if declared is None:
        return False
    either = {"any": [node for node in (rule.when, declared.when) if node is not None]}
    return declared.when is None or _holds_either_way(either, declared.when, way, theory)


def _holds_either_way(
    either: Mapping[str, Any], carved: Mapping[str, Any], way: tuple[Literal, ...], theory: Theory
) -> bool:
    """Say whether a condition holds whatever the truth of what was carved out of it."""
    cases = [*ways(carved), *ways(carved, truth=False)]
    return all(theory.follows(either, (*way, *case)) == YES for case in cases if theory.possible((*way, *case)))
