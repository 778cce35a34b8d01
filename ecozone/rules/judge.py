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
from ecozone.rules.logic import Truth, evaluate, leaves
from ecozone.rules.model import EFFECTS, Rulebook
from ecozone.rules.place import NO_LAYER, judge_leaf
from ecozone.rules.place import Judged as Place
from ecozone.rules.plan import LOOKUPS, Plan, Planned

#: Outcomes as int8 codes; ABSENT: the part has no ground in the book's jurisdiction, there is no finding.
HIT, CLEAR, NOT_APPLICABLE, NO_DATA, UNDETERMINED, ABSENT = (np.int8(i) for i in range(6))
OUTCOMES = ("hit", "clear", "not_applicable", "no_data", "undetermined")
VERDICTS = ("clear", "conditional", "restricted", "prohibited")
_EFFECT_CODES = {name: np.int8(i) for i, name in enumerate(EFFECTS)}
#: Outcome by (whether the rule concerns the part, whether the place meets it), each -1, 0 or 1.
_OUTCOME = np.array(
    [[NOT_APPLICABLE] * 3, [CLEAR, UNDETERMINED, UNDETERMINED], [CLEAR, UNDETERMINED, HIT]], dtype=np.int8
)
_EFFECT_NAMES = list(EFFECTS)
#: Outcomes that leave a rule open, and those that exceptions may change.
_OPEN = np.array([False, False, False, True, True, False])
_CONCERNED = np.array([True, False, False, True, True, False])
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
    *,
    memo: dict[Any, Any] | None = None,
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
    memo : dict, optional
        What rules of one judgement share: many ask the same of the same place.
    """
    ground = _Ground(relations, table, placed, proposed, {} if memo is None else memo)
    pieces = ground.pieces(planned.jurisdiction)
    for jurisdiction, _ in planned.replaced:
        there = ground.pieces(jurisdiction)
        planned = replace(planned, gate=np.where((there >= 0) & (there == pieces), FALSE, planned.gate).astype(np.int8))
    rule, gate, n = planned.rule, planned.gate, table.n
    effect = np.full(n, _EFFECT_CODES[rule.effect])
    absent = pieces == -1
    if not (gate > FALSE).any():
        outcome = np.where(absent, ABSENT, NOT_APPLICABLE)
        no = np.zeros(n, dtype=bool)
        return Judged(planned, outcome, effect, np.zeros(n, dtype=np.int64), np.full(n, np.int8(-1)), no, no)
    place, why = ground.place(rule.where, planned.jurisdiction)
    outcome = _OUTCOME[gate + 1, place + 1]
    if why.any():
        outcome = np.where((outcome == UNDETERMINED) & (place == UNKNOWN) & ((why & NO_LAYER) > 0), NO_DATA, outcome)
        why = np.where(gate == FALSE, 0, why)
    outcome, effect, exception = _except(planned, outcome, effect, ground)
    tentative = np.zeros(n, dtype=bool)
    if ground.planned(rule.where):
        planned_place, _ = ground.place(rule.where, planned.jurisdiction, status="proposed")
        tentative = (outcome == CLEAR) & (place == FALSE) & (gate == TRUE) & (planned_place == TRUE)
        outcome = np.where(tentative, HIT, outcome)
        effect = np.where(tentative, _EFFECT_CODES["inform"], effect)
    near = np.zeros(n, dtype=bool)
    if (lacking_m > 0).any() and rule.where is not None:
        wide, _ = ground.place(rule.where, planned.jurisdiction, lacking_m=lacking_m)
        near = (outcome == CLEAR) & (place == FALSE) & (wide > FALSE)
    outcome = np.where(absent, ABSENT, outcome)
    return Judged(planned, outcome, effect, why, exception, tentative, near)


@dataclass(frozen=True, eq=False, repr=False)
class _Ground:
    """Places of all parts, asked by many rules: an equal question is answered once."""

    relations: Relations
    table: FactTable
    placed: NDArray[np.bool_]
    proposed: frozenset[str]
    memo: dict[Any, Any]

    def pieces(self, jurisdiction: str) -> NDArray[np.int64]:
        """Return `pieces_of` a jurisdiction."""
        if jurisdiction not in self.memo:
            self.memo[jurisdiction] = pieces_of(self.relations, jurisdiction, self.placed)
        found: NDArray[np.int64] = self.memo[jurisdiction]
        return found

    def planned(self, where: Mapping[str, Any] | None) -> bool:
        """Say whether zones that are only proposed may add to a place."""
        if "planned" not in self.memo:
            asked = {r.kind for r in self.relations.measured if r.status == "proposed"}
            self.memo["planned"] = asked & self.proposed
        return any(leaf["kind"] in self.memo["planned"] for leaf in leaves(where))

    def leaf(
        self, node: Mapping[str, Any], jurisdiction: str, status: str, lacking_m: NDArray[np.float64] | None
    ) -> Place:
        """Judge one leaf (`judge_leaf`)."""
        key = (repr(node), jurisdiction, status, lacking_m is None)
        if key not in self.memo:
            pieces = self.pieces(jurisdiction)
            self.memo[key] = judge_leaf(node, self.relations, pieces, self.table, status=status, lacking_m=lacking_m)
        found: Place = self.memo[key]
        return found

    def place(
        self,
        where: Mapping[str, Any] | None,
        jurisdiction: str,
        *,
        status: str = "in_force",
        lacking_m: NDArray[np.float64] | None = None,
    ) -> tuple[Truth, NDArray[np.int64]]:
        """Evaluate a place and collect why it stays open."""
        why = np.zeros(self.table.n, dtype=np.int64)
        if where is None:
            return np.where(self.pieces(jurisdiction) == -1, FALSE, TRUE), why

        def leaf(node: Mapping[str, Any]) -> Truth:
            judged = self.leaf(node, jurisdiction, "in_force", lacking_m)
            np.bitwise_or(why, judged.why, out=why)
            if status == "in_force" or node["kind"] not in self.proposed:
                return judged.value
            added = self.leaf(node, jurisdiction, status, None).value  # beside the zones in force
            return (np.minimum if node["relation"] == "outside" else np.maximum)(judged.value, added)

        value = evaluate(where, leaf, self.table.n)
        return value, np.where(value == UNKNOWN, why, 0) if why.any() else why


def _except(
    planned: Planned,
    outcome: NDArray[np.int8],
    effect: NDArray[np.int8],
    ground: _Ground,
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int8]]:
    """Let exceptions speak: false leaves the rule, unknown opens it, true weakens it, true and proved lifts it."""
    table = ground.table
    decided = np.full(table.n, np.int8(-1))
    concerned = _CONCERNED[outcome]
    if not planned.rule.exceptions or not concerned.any():
        return outcome, effect, decided
    base = outcome.copy()
    lifted, weakened = np.zeros(table.n, bool), np.zeros(table.n, bool)
    opened = np.zeros(table.n, bool)
    for i, exception in enumerate(planned.rule.exceptions):
        applies = table.holds(exception.when)
        if exception.where is not None:
            applies = np.minimum(applies, ground.place(exception.where, planned.jurisdiction)[0])
        proof: Truth = np.full(table.n, TRUE)
        for name in exception.proof:
            proof = np.minimum(proof, proved(table, name))
        free = concerned & (applies == TRUE) & (proof == TRUE) & ~lifted
        weak = concerned & (applies == TRUE) & (proof != TRUE) & ~lifted & ~weakened
        opened |= concerned & (applies == UNKNOWN)
        lifted |= free
        weakened |= weak
        decided = np.where(free | (weak & ~lifted), np.int8(i), decided)
        effect = np.where(weak, _EFFECT_CODES[exception.pending_effect], effect)
    outcome = np.where(lifted, CLEAR, np.where(opened & ~weakened & (base == HIT), UNDETERMINED, base))
    return outcome, effect, decided


def proved(table: FactTable, name: str) -> Truth:
    """Return whether a proof (a document fact) was given, for every part: never inferred, never "does not apply"."""
    out = np.full(table.m, FALSE)
    out[[row for row, value in table.given(name).items() if value not in (None, False, "")]] = TRUE
    return out[table.owner]


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
        See `judge_rule`.
    accepted : frozenset of str
        Instruments accepted by name.
    access, units, answers
        The access list in force, whether the parts touch each control unit, what the officer said (`access.compare`).
    """
    memo: dict[Any, Any] = {}
    rules = [judge_rule(p, relations, table, placed, lacking_m, plan.proposed, memo=memo) for p in plan.rules]
    owner = table.project_of
    m = int(owner.max(initial=-1)) + 1
    sure, loose = np.zeros(table.n, np.int8), np.zeros(table.n, np.int8)
    for judged in rules:
        hit = judged.outcome == HIT
        open_ = _OPEN[judged.outcome] | judged.near_miss
        if not judged.planned.rule.firm(table.as_of):
            hit, open_ = np.zeros(table.n, bool), open_ | hit
        if hit.any() or open_.any():
            reach = judged.push()
            np.maximum(sure, reach, out=sure, where=hit)
            np.maximum(loose, reach, out=loose, where=open_)
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
