"""Outcomes: what each rule says of each part, all rules at once on tables of rules by parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, TRUE, UNKNOWN, Relations
from ecozone.rules.facts import FactTable
from ecozone.rules.logic import Truth, evaluate, key_of, leaves
from ecozone.rules.model import EFFECTS
from ecozone.rules.place import NO_LAYER, judge_leaf
from ecozone.rules.place import Judged as Place
from ecozone.rules.plan import Planned

#: Outcomes as int8 codes; ABSENT: the part has no ground in the book's jurisdiction, there is no finding.
HIT, CLEAR, NOT_APPLICABLE, NO_DATA, UNDETERMINED, ABSENT = (np.int8(i) for i in range(6))
OUTCOMES = ("hit", "clear", "not_applicable", "no_data", "undetermined")
_EFFECT_CODES = {name: np.int8(i) for i, name in enumerate(EFFECTS)}
_EFFECT_NAMES = list(EFFECTS)
_PUSH = np.array([push for push, _ in EFFECTS.values()], dtype=np.int8)
#: Outcome by (whether the rule concerns the part, whether the place meets it), each -1, 0 or 1.
_OUTCOME = np.array(
    [[NOT_APPLICABLE] * 3, [CLEAR, UNDETERMINED, UNDETERMINED], [CLEAR, UNDETERMINED, HIT]], dtype=np.int8
)
#: Outcomes that leave a rule open, and those that exceptions may change.
_OPEN = np.array([False, False, False, True, True, False])
_CONCERNED = np.array([True, False, False, True, True, False])


@dataclass(frozen=True, eq=False, repr=False)
class _Said:
    """What one rule, or all of them, say of all parts: arrays of shape ``(n,)`` or ``(rules, n)``.

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

    outcome: NDArray[np.int8]
    effect: NDArray[np.int8]
    why: NDArray[np.int64]
    exception: NDArray[np.int8]
    proposed: NDArray[np.bool_]
    near_miss: NDArray[np.bool_]

    def push(self) -> NDArray[np.int8]:
        """Return how far the effect pushes."""
        return _PUSH[self.effect]


@dataclass(frozen=True, eq=False, repr=False)
class Judged(_Said):
    """One rule on all parts."""

    planned: Planned

    def effect_name(self, part: int) -> str:
        """Return the effect on one part."""
        return _EFFECT_NAMES[int(self.effect[part])]


@dataclass(frozen=True, eq=False, repr=False)
class Outcomes(_Said):
    """All rules on all parts."""

    planned: Sequence[Planned]

    def rules(self) -> list[Judged]:
        """Return one `Judged` a rule: rows of the tables, not copies."""
        tables = (self.outcome, self.effect, self.why, self.exception, self.proposed, self.near_miss, self.planned)
        return [Judged(*row) for row in zip(*tables, strict=True)]

    def by_rule(self) -> dict[str, tuple[NDArray[np.int8], NDArray[np.int8]]]:
        """Return (outcomes, pushes) of all parts by the rule's id."""
        return {p.rule.id: (said, push) for p, said, push in zip(self.planned, self.outcome, self.push(), strict=True)}

    def pushes(self, firm: NDArray[np.bool_]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Return how far what is sure, and what is still open, pushes each part at most.

        Parameters
        ----------
        firm : ndarray of bool, shape (rules,)
            Rules whose hit may carry a verdict alone; a hit of any other stays open.
        """
        hit, reach = self.outcome == HIT, self.push()
        carried = hit & firm[:, None]
        loose = _OPEN[self.outcome] | self.near_miss | (hit & ~firm[:, None])
        nothing = np.int8(0)
        return (
            np.where(carried, reach, nothing).max(axis=0, initial=nothing),
            np.where(loose, reach, nothing).max(axis=0, initial=nothing),
        )


def pieces_of(relations: Relations, jurisdiction: str, placed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the piece of each part in a jurisdiction: -1 none there, -2 a part without a place."""
    out = np.full(len(placed), -2)
    out[placed] = relations.piece_of(jurisdiction)
    return out


def judge_rules(
    rules: Sequence[Planned],
    relations: Relations,
    table: FactTable,
    placed: NDArray[np.bool_],
    lacking_m: NDArray[np.float64],
    proposed: frozenset[str],
) -> Outcomes:
    """Judge rules.

    Parameters
    ----------
    rules : sequence of Planned
    relations : Relations
    table : FactTable
    placed : ndarray of bool, shape (n,)
        Parts that have a place.
    lacking_m : ndarray of float64, shape (n,)
        How much ground a bare point may stand for, 0 where its extent is known.
    proposed : frozenset of str
        Kinds that have proposed zones.
    """
    ground = _Ground(relations, table, placed, proposed)
    planned = [_unreplaced(p, ground) for p in rules]
    shape = len(planned), table.n
    gate, place = np.full(shape, FALSE), np.full(shape, FALSE)
    why, absent = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    for i, p in enumerate(planned):
        gate[i], absent[i] = p.gate, ground.absent(p.jurisdiction)
    concerned = np.flatnonzero((gate > FALSE).any(axis=1)).tolist()
    for i in concerned:
        place[i], why[i] = ground.place(planned[i].rule.where, planned[i].jurisdiction)
    outcome = _OUTCOME[gate + 1, place + 1]
    outcome[(outcome == UNDETERMINED) & (place == UNKNOWN) & ((why & NO_LAYER) > 0)] = NO_DATA
    why[gate == FALSE] = 0
    codes = np.array([_EFFECT_CODES[p.rule.effect] for p in planned], dtype=np.int8)
    effect, exception = np.repeat(codes[:, None], table.n, axis=1), np.full(shape, np.int8(-1))
    tentative, near = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    lacking = bool((lacking_m > 0).any())
    for i in concerned:
        rule, jurisdiction = planned[i].rule, planned[i].jurisdiction
        if rule.exceptions:
            outcome[i], effect[i], exception[i] = _except(planned[i], outcome[i], effect[i], ground)
        if rule.where is None:
            continue
        if ground.planned(rule.where):
            there, _ = ground.place(rule.where, jurisdiction, status="proposed")
            only = (outcome[i] == CLEAR) & (place[i] == FALSE) & (gate[i] == TRUE) & (there == TRUE)
            tentative[i], outcome[i, only], effect[i, only] = only, HIT, _EFFECT_CODES["inform"]
        if lacking:
            wide, _ = ground.place(rule.where, jurisdiction, lacking_m=lacking_m)
            near[i] = (outcome[i] == CLEAR) & (place[i] == FALSE) & (wide > FALSE)
    outcome[absent] = ABSENT
    return Outcomes(outcome, effect, why, exception, tentative, near, planned)


def _unreplaced(planned: Planned, ground: _Ground) -> Planned:
    """Return a rule that concerns no part on whose ground a narrower book's rule stands in its place."""
    pieces = ground.pieces(planned.jurisdiction)
    for jurisdiction, _ in planned.replaced:
        there = ground.pieces(jurisdiction)
        planned = replace(planned, gate=np.where((there >= 0) & (there == pieces), FALSE, planned.gate).astype(np.int8))
    return planned


class _Ground:
    """Places of all parts, asked by many rules: an equal question is answered once."""

    def __init__(
        self, relations: Relations, table: FactTable, placed: NDArray[np.bool_], proposed: frozenset[str]
    ) -> None:
        self.relations, self.table, self.placed, self.proposed = relations, table, placed, proposed
        self._pieces: dict[str, NDArray[np.int64]] = {}
        self._absent: dict[str, NDArray[np.bool_]] = {}
        self._leaves: dict[tuple[str, str, str, bool], Place] = {}
        self._planned = {r.kind for r in relations.measured if r.status == "proposed"} & proposed

    def pieces(self, jurisdiction: str) -> NDArray[np.int64]:
        """Return `pieces_of` a jurisdiction."""
        if jurisdiction not in self._pieces:
            self._pieces[jurisdiction] = pieces_of(self.relations, jurisdiction, self.placed)
        return self._pieces[jurisdiction]

    def absent(self, jurisdiction: str) -> NDArray[np.bool_]:
        """Mark parts that have no ground in a jurisdiction."""
        if jurisdiction not in self._absent:
            self._absent[jurisdiction] = self.pieces(jurisdiction) == -1
        return self._absent[jurisdiction]

    def planned(self, where: Mapping[str, Any]) -> bool:
        """Say whether zones that are only proposed may add to a place."""
        return bool(self._planned) and any(leaf["kind"] in self._planned for leaf in leaves(where))

    def leaf(
        self, node: Mapping[str, Any], jurisdiction: str, status: str, lacking_m: NDArray[np.float64] | None
    ) -> Place:
        """Judge one leaf (`judge_leaf`)."""
        key = (key_of(node), jurisdiction, status, lacking_m is None)
        if key not in self._leaves:
            pieces = self.pieces(jurisdiction)
            made = judge_leaf(node, self.relations, pieces, self.table, status=status, lacking_m=lacking_m)
            self._leaves[key] = made
        return self._leaves[key]

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
            return np.where(self.absent(jurisdiction), FALSE, TRUE), why

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
    if not concerned.any():
        return outcome, effect, decided
    base = outcome.copy()
    lifted, weakened = np.zeros(table.n, bool), np.zeros(table.n, bool)
    opened = np.zeros(table.n, bool)
    for i, exception in enumerate(planned.rule.exceptions):
        applies = table.holds(exception.when)
        if exception.where is not None:
            applies = np.minimum(applies, ground.place(exception.where, planned.jurisdiction)[0])
        if not (concerned & (applies > FALSE)).any():
            continue
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
