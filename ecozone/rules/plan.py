"""The plan: which rules bind these projects on this day, and what has to be measured for them."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, UNKNOWN, Request
from ecozone.rules.claims import claimed
from ecozone.rules.facts import FactTable, day_of
from ecozone.rules.logic import Truth, leaves, truth
from ecozone.rules.model import Rule, Rulebook
from ecozone.rules.place import reach_of, request_of

#: Wall-to-wall kinds that every answer looks up.
LOOKUPS = ("control_unit",)


@dataclass(frozen=True, eq=False, repr=False)
class Planned:
    """One rule that binds on the day, and whether it concerns each part (nature and conditions together).

    `replaced` names the rules of narrower books that stand in its place, each with the jurisdiction of its book; the
    hit of a rule that is not `firm` on the day carries no verdict alone (`Rule.firm`).
    """

    rule: Rule
    jurisdiction: str
    gate: Truth
    replaced: Sequence[tuple[str, str]] = ()
    firm: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """Rules to judge and requests to measure."""

    rules: Sequence[Planned]
    requests: Sequence[Request]
    proposed: frozenset[str]

    @functools.cached_property
    def firm(self) -> NDArray[np.bool_]:
        """Mark the rules whose hit may carry a verdict alone, shape ``(rules,)``."""
        return np.array([p.firm for p in self.rules], dtype=bool)


def plan(
    books: Iterable[Rulebook],
    table: FactTable,
    *,
    kinds: Collection[str],
    proposed: Callable[[str], bool] = lambda _kind: False,
    beyond_m: float = 0.0,
) -> Plan:
    """Return what to measure and judge.

    Parameters
    ----------
    books : iterable of Rulebook
    table : FactTable
    kinds : collection of str
        Kinds the atlas has.
    proposed : callable
        Says whether a kind has zones that are only proposed: they are measured too, and only inform.
    beyond_m : float
        How much farther than its limit every rule looks (a point that stands for ground nobody described).

    Notes
    -----
    A rule that concerns no part asks for no measurement.
    """
    planned: list[Planned] = []
    requests: dict[Request, Request] = {}
    tentative: dict[str, bool] = {}

    def ask(request: Request, reach_m: float) -> None:
        requests[request] = request.reaching(reach_m).joined(requests.get(request))

    shelf = list(books)
    instead: dict[str, list[tuple[str, str]]] = {}
    for book in shelf:
        for rule in book.rules:
            for replaced in rule.replaces if rule.in_force(table.as_of) else ():
                instead.setdefault(replaced, []).append((book.jurisdiction, rule.id))
    for book in shelf:
        for rule in book.rules:
            if not rule.in_force(table.as_of):
                continue
            concerned = gate(rule, table)
            firm = rule.firm(table.as_of)
            planned.append(Planned(rule, book.jurisdiction, concerned, instead.get(rule.id, ()), firm))
            if not (concerned > FALSE).any():
                continue
            for leaf in [*leaves(rule.where), *(x for e in rule.exceptions for x in leaves(e.where))]:
                reach = reach_of(leaf, table) + beyond_m
                ask(request_of(leaf), reach)
                if leaf["kind"] not in tentative:
                    tentative[leaf["kind"]] = proposed(leaf["kind"])
                if tentative[leaf["kind"]]:
                    ask(request_of(leaf, status="proposed"), reach)
    for place in claimed(table.projects, kinds):
        ask(request_of(place), 0.0)
    for kind in LOOKUPS:
        if kind in kinds:
            ask(Request(kind, bounds=False, depth=False), 0.0)
    return Plan(planned, list(requests.values()), frozenset(k for k, v in tentative.items() if v))


def gate(rule: Rule, table: FactTable) -> Truth:
    """Return whether a rule concerns each part: its natures, its conditions, its season."""
    out = table.nature(rule.natures)
    if rule.when is not None and (out > FALSE).any():
        out = np.minimum(out, table.holds(rule.when))
    if rule.season is not None and (out > FALSE).any():
        out = np.minimum(out, in_season(rule.season, table))
    return out


def in_season(season: str, table: FactTable) -> Truth:
    """Return whether works fall into a season that recurs every year; unknown while nobody says when."""
    first, last = (tuple(map(int, end.split("-"))) for end in season.split("/"))
    start, end = table.fact("works_from"), table.fact("works_to")
    known, inside = np.zeros(table.m, bool), np.zeros(table.m, bool)
    for i, ((from_, _), (to, _)) in enumerate(zip(start, end, strict=True)):
        a, b = day_of(from_), day_of(to)
        if a is not None and b is not None:
            known[i] = True
            inside[i] = any(_in(first, last, a + dt.timedelta(days=k)) for k in range(min(366, (b - a).days + 1)))
    return truth(known, inside)[table.owner]


def _in(first: tuple[int, ...], last: tuple[int, ...], day: dt.date) -> bool:
    at = (day.month, day.day)
    return first <= at <= last if first <= last else at >= first or at <= last


def settings(parameters: Mapping[str, object], books: Iterable[Rulebook]) -> dict[str, object]:
    """Return the parameters that some book declares and the region sets."""
    declared = {name for book in books for name in book.parameters}
    return {k: v for k, v in parameters.items() if k in declared}


__all__ = ["LOOKUPS", "UNKNOWN", "Plan", "Planned", "gate", "in_season", "plan", "settings"]
