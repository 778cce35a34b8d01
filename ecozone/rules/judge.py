"""Judging: relations and facts in, outcomes, verdicts and completeness out. All parts of all projects at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, TRUE, UNKNOWN, Relations, Request
from ecozone.rules.access import AccessList, Answer, Compared, compare
from ecozone.rules.facts import FactTable
from ecozone.rules.logic import Truth, evaluate
from ecozone.rules.model import EFFECTS, Rulebook
from ecozone.rules.place import NO_LAYER, judge_leaf
from ecozone.rules.plan import LOOKUPS, Plan, Planned

#: Outcomes as int8 codes; ABSENT: the part has no ground in the book's jurisdiction, there is no finding.
HIT, CLEAR, NOT_APPLICABLE, NO_DATA, UNDETERMINED, ABSENT = (np.int8(i) for i in range(6))
OUTCOMES = ("hit", "clear", "not_applicable", "no_data", "undetermined")
VERDICTS = ("clear", "conditional", "restricted", "prohibited")
_EFFECT_CODES = {name: np.int8(i) for i, name in enumerate(EFFECTS)}
_EFFECT_NAMES = list(EFFECTS)
_PUSH = np.array([push for push, _ in EFFECTS.values()], dtype=np.int8)


@dataclass(frozen=True, eq=False, repr=False)
class Judged:
    """One rule on all parts.

    Attributes
    ----------
    outcome : int8 array of codes
    effect : int8 array
        The rule's effect, or what holds until an exception is proved; index into `EFFECTS`.
    why : int64 array
        Why the place stays open, bits of `ecozone.rules.place`.
    exception : int8 array
        Position of the exception that decided, -1 none.
    proposed : bool array
        The hit stands on zones that are only proposed, and informs.
    near_miss : bool array
        Clear for the point as given, open once the point stands for ground 300 m wide.
    """

    planned: Planned
    outcome: NDArray[np.int8]
    effect: NDArray[np.int8]
    why: NDArray[np.int64]
    exception: NDArray[np.int8]
    proposed: NDArray[np.bool_]
    near_miss: NDArray[np.bool_]

    def effect_name(self, part: int) -> str:
        """Return the effect on one part."""
        return _EFFECT_NAMES[int(self.effect[part])]

    def push(self) -> NDArray[np.int8]:
        """Return how far the effect pushes on each part."""
        return _PUSH[self.effect]


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """All rules on all parts of some projects, with the verdicts.

    Attributes
    ----------
    lacking_m : ndarray of float64, shape (n,)
        How much ground a bare point may stand for.
    verdict : ndarray of str, shape (projects,)
    complete : ndarray of bool, shape (projects,)
    """

    plan: Plan
    table: FactTable
    relations: Relations
    books: Sequence[Rulebook]
    rules: Sequence[Judged]
    lacking_m: NDArray[np.float64]
    accepted: frozenset[str]
    unit_missing: NDArray[np.bool_]
    compared: Compared
    verdict: NDArray[np.str_]
    complete: NDArray[np.bool_]


def pieces_of(relations: Relations, jurisdiction: str, placed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the piece of each part in a jurisdiction: -1 none there, -2 a part without a place."""
    out = np.full(len(placed), -2)
    out[placed] = relations.piece_of(jurisdiction)
    return out


def judge_rule(
    planned: Planned,
    relations: Relations,
    table: FactTable,
    placed: NDArray[np.bool_],
    lacking_m: NDArray[np.float64],
    proposed: frozenset[str],
) -> Judged:
    """Judge one rule.

    Parameters
    ----------
    planned : Planned
    relations : Relations
    table : FactTable
    placed : ndarray of bool, shape (n,)
        Parts that have a place.
    lacking_m : ndarray of float64, shape (n,)
        How much ground a bare point may stand for, 0 where its extent is known.
    proposed : frozenset of str
        Kinds that have proposed zones.
    """
    pieces = pieces_of(relations, planned.jurisdiction, placed)
    for jurisdiction, _ in planned.replaced:
        there = pieces_of(relations, jurisdiction, placed)
        planned = replace(planned, gate=np.where((there >= 0) & (there == pieces), FALSE, planned.gate).astype(np.int8))
    rule, gate, n = planned.rule, planned.gate, table.n
    effect = np.full(n, _EFFECT_CODES[rule.effect])
    none = np.zeros(n, dtype=np.int64)
    absent = pieces == -1
    if not (gate > FALSE).any():
        outcome = np.where(absent, ABSENT, NOT_APPLICABLE).astype(np.int8)
        return Judged(planned, outcome, effect, none, np.full(n, np.int8(-1)), absent & False, absent & False)
    place, why = _place(rule.where, relations, pieces, table)
    outcome = np.select(
        [gate == FALSE, place == FALSE, (gate == TRUE) & (place == TRUE), (place == UNKNOWN) & ((why & NO_LAYER) > 0)],
        [NOT_APPLICABLE, CLEAR, HIT, NO_DATA], UNDETERMINED,
    ).astype(np.int8)  # fmt: skip
    outcome, effect, exception = _except(planned, outcome, effect, relations, pieces, table)
    tentative = np.zeros(n, dtype=bool)
    if any(r.status == "proposed" and r.kind in proposed for r in relations.measured):
        planned_place, _ = _place(rule.where, relations, pieces, table, status="proposed", proposed=proposed)
        tentative = (outcome == CLEAR) & (place == FALSE) & (gate == TRUE) & (planned_place == TRUE)
        outcome = np.where(tentative, HIT, outcome).astype(np.int8)
        effect = np.where(tentative, _EFFECT_CODES["inform"], effect).astype(np.int8)
    near = np.zeros(n, dtype=bool)
    if (lacking_m > 0).any() and rule.where is not None:
        wide, _ = _place(rule.where, relations, pieces, table, lacking_m=lacking_m)
        near = (outcome == CLEAR) & (place == FALSE) & (wide > FALSE)
    outcome = np.where(absent, ABSENT, outcome).astype(np.int8)
    return Judged(planned, outcome, effect, why, exception, tentative, near)


def _place(
    where: Mapping[str, Any] | None,
    relations: Relations,
    pieces: NDArray[np.int64],
    table: FactTable,
    *,
    status: str = "in_force",
    proposed: frozenset[str] = frozenset(),
    lacking_m: NDArray[np.float64] | None = None,
) -> tuple[Truth, NDArray[np.int64]]:
    """Evaluate a place and collect why it stays open."""
    why = np.zeros(table.n, dtype=np.int64)
    if where is None:
        return np.where(pieces == -1, FALSE, TRUE).astype(np.int8), why

    def leaf(node: Mapping[str, Any]) -> Truth:
        judged = judge_leaf(node, relations, pieces, table, lacking_m=lacking_m)
        np.bitwise_or(why, np.where(judged.value == UNKNOWN, judged.why, 0), out=why)
        if status == "in_force" or node["kind"] not in proposed:
            return judged.value
        added = judge_leaf(node, relations, pieces, table, status=status).value  # beside the zones in force
        return (np.minimum if node["relation"] == "outside" else np.maximum)(judged.value, added)

    value = evaluate(where, leaf, table.n)
    return value, np.where(value == UNKNOWN, why, 0)


def _except(
    planned: Planned,
    outcome: NDArray[np.int8],
    effect: NDArray[np.int8],
    relations: Relations,
    pieces: NDArray[np.int64],
    table: FactTable,
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int8]]:
    """Let exceptions speak: false leaves the rule, unknown opens it, true weakens it, true and proved lifts it."""
    decided = np.full(table.n, np.int8(-1))
    concerned = np.isin(outcome, (HIT, NO_DATA, UNDETERMINED))
    if not planned.rule.exceptions or not concerned.any():
        return outcome, effect, decided
    base = outcome.copy()
    lifted, weakened = np.zeros(table.n, bool), np.zeros(table.n, bool)
    opened = np.zeros(table.n, bool)
    for i, exception in enumerate(planned.rule.exceptions):
        applies = table.holds(exception.when)
        if exception.where is not None:
            applies = np.minimum(applies, _place(exception.where, relations, pieces, table)[0])
        proof: Truth = np.full(table.n, TRUE)
        for name in exception.proof:
            proof = np.minimum(proof, proved(table, name))
        free = concerned & (applies == TRUE) & (proof == TRUE) & ~lifted
        weak = concerned & (applies == TRUE) & (proof != TRUE) & ~lifted & ~weakened
        opened |= concerned & (applies == UNKNOWN)
        lifted |= free
        weakened |= weak
        decided = np.where(free | (weak & ~lifted), np.int8(i), decided).astype(np.int8)
        effect = np.where(weak, _EFFECT_CODES[exception.pending_effect], effect).astype(np.int8)
    outcome = np.where(lifted, CLEAR, np.where(opened & ~weakened & (base == HIT), UNDETERMINED, base)).astype(np.int8)
    return outcome, effect, decided


def proved(table: FactTable, name: str) -> Truth:
    """Return whether a proof (a document fact) was given, for every part: never inferred, never "does not apply"."""
    given = np.array([p.facts.get(name) not in (None, False, "") for p in table.projects], dtype=bool)
    return np.where(given, TRUE, FALSE).astype(np.int8)[table.owner]


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
    units: Mapping[tuple[str, str], NDArray[np.bool_]] | None = None,
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
        See `judge_rule`.
    accepted : frozenset of str
        Instruments accepted by name.
    access, units, answers
        The access list in force, the parts that touch each control unit, what the officer said (`access.compare`).
    """
    rules = [judge_rule(p, relations, table, placed, lacking_m, plan.proposed) for p in plan.rules]
    owner = table.project_of
    m = int(owner.max(initial=-1)) + 1
    push, open_push = np.zeros(m, np.int8), np.zeros(m, np.int8)
    for judged in rules:
        reach = judged.push()
        hit = judged.outcome == HIT
        firm = hit & judged.planned.rule.firm(table.as_of)
        np.maximum.at(push, owner, np.where(firm, reach, 0).astype(np.int8))
        loose = (hit & ~firm) | np.isin(judged.outcome, (NO_DATA, UNDETERMINED)) | judged.near_miss
        np.maximum.at(open_push, owner, np.where(loose, reach, 0).astype(np.int8))
    unit_missing = _unit_missing(relations, placed)
    site_open = unit_missing.copy()
    site_open[placed] |= relations.outside_admin > FALSE
    for book in books:
        if not_encoded(book, table.as_of):
            site_open |= pieces_of(relations, book.jurisdiction, placed) >= 0
        if any(i.bears_on_siting and i.id not in accepted for i in book.instruments):
            site_open |= pieces_of(relations, book.jurisdiction, placed) >= 0
    np.maximum.at(open_push, owner, np.where(site_open, 3, 0).astype(np.int8))
    outcomes = {j.planned.rule.id: (j.outcome, j.push()) for j in rules}
    compared = compare(access, units or {}, outcomes, answers or {}, table.n)
    np.maximum.at(open_push, owner, compared.push)
    np.maximum.at(push, owner, compared.fails)
    complete = open_push <= push
    verdict = np.where((push == 0) & ~complete, "undetermined", np.array(VERDICTS)[push])
    return Judgement(
        plan, table, relations, books, rules, lacking_m, accepted, unit_missing, compared, verdict, complete
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
