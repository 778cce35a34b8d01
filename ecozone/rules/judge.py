"""Judging: relations and facts in, outcomes, verdicts and completeness out. All parts of all projects at once."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, Relations, Request
from ecozone.rules.access import AccessList, Answer, Compared, compare
from ecozone.rules.facts import FactTable
from ecozone.rules.logic import Truth
from ecozone.rules.model import Rulebook
from ecozone.rules.outcomes import Judged, Outcomes, judge_rules, pieces_of
from ecozone.rules.plan import LOOKUPS, Plan

VERDICTS = ("clear", "conditional", "restricted", "prohibited")


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """All rules on all parts of some projects, with the verdicts.

    Attributes
    ----------
    lacking_m : ndarray of float64, shape (n,)
        How much ground a bare point may stand for.
    verdict : ndarray of str, shape (projects,)
    complete : ndarray of bool, shape (projects,)
    open_push : int8 array of shape (projects,)
        How far what stays open could push each verdict.
    """

    plan: Plan
    table: FactTable
    relations: Relations
    books: Sequence[Rulebook]
    outcomes: Outcomes
    lacking_m: NDArray[np.float64]
    accepted: frozenset[str]
    unit_missing: NDArray[np.bool_]
    compared: Compared
    verdict: NDArray[np.str_]
    complete: NDArray[np.bool_]
    open_push: NDArray[np.int8]

    @functools.cached_property
    def rules(self) -> Sequence[Judged]:
        """Return one `Judged` a rule."""
        return self.outcomes.rules()


def judge(
    plan: Plan,
    table: FactTable,
    relations: Relations,
    books: Sequence[Rulebook],
    *,
    placed: NDArray[np.bool_],
    lacking_m: NDArray[np.float64],
    accepted: frozenset[str] = frozenset(),
    access: AccessList | None = None,
    units: Mapping[tuple[str, str], Truth] | None = None,
    answers: Mapping[tuple[str, str], Answer] | None = None,
) -> Judgement:
    """Judge all planned rules and draw the verdicts (SEMANTICS 1).

    Parameters
    ----------
    plan, table, relations
        What was planned, known and measured.
    books : sequence of Rulebook
        For their registers of instruments known and not encoded.
    placed, lacking_m : ndarray of shape (n,)
        See `judge_rules`.
    accepted : frozenset of str
        Instruments accepted by name.
    access, units, answers
        The access list in force, whether the parts touch each control unit, what the officer said (`access.compare`).
    """
    outcomes = judge_rules(plan.rules, relations, table, placed, lacking_m, plan.proposed)
    owner = table.project_of
    m = int(owner.max(initial=-1)) + 1
    sure, loose = outcomes.pushes(plan.firm)
    push, open_push = np.zeros(m, np.int8), np.zeros(m, np.int8)
    np.maximum.at(push, owner, sure)
    np.maximum.at(open_push, owner, loose)
    unit_missing = _unit_missing(relations, placed)
    site_open = unit_missing.copy()
    site_open[placed] |= relations.outside_admin > FALSE
    for book in books:
        if not_encoded(book, table.as_of):
            site_open |= pieces_of(relations, book.jurisdiction, placed) >= 0
        if any(i.bears_on_siting and i.id not in accepted for i in book.instruments):
            site_open |= pieces_of(relations, book.jurisdiction, placed) >= 0
    np.maximum.at(open_push, owner, np.where(site_open, 3, 0).astype(np.int8))
    said = outcomes.by_rule() if units else {}
    compared = compare(access, units or {}, said, answers or {}, table.n)
    np.maximum.at(open_push, owner, compared.push)
    np.maximum.at(push, owner, compared.fails)
    complete = open_push <= push
    verdict = np.where((push == 0) & ~complete, "undetermined", np.array(VERDICTS)[push])
    return Judgement(
        plan,
        table,
        relations,
        books,
        outcomes,
        lacking_m,
        accepted,
        unit_missing,
        compared,
        verdict,
        complete,
        open_push,
    )


def not_encoded(book: Rulebook, day: dt.date) -> bool:
    """Say whether a book does not hold the rules of a day, because it begins later."""
    return book.encoded_from is not None and day < book.encoded_from


def _unit_missing(relations: Relations, placed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark parts that no unit of a wall-to-wall layer holds: a data error, not a pass."""
    out = np.zeros(len(placed), dtype=bool)
    for kind in LOOKUPS:
        measured = relations.measured.get(Request(kind))
        if measured is not None and measured.layer is not None:
            out[placed] |= measured.inside[: relations.parts] == FALSE
    return out
