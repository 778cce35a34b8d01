"""Judged arrays as tables: one row a site, one row a finding. Codes until the end, words in dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, Measured
from ecozone.rules.access import FAILS, OPEN
from ecozone.rules.judge import (
    CLEAR,
    HIT,
    NO_DATA,
    NOT_APPLICABLE,
    OUTCOMES,
    UNDETERMINED,
    not_encoded,
    pieces_of,
)
from ecozone.rules.logic import leaves
from ecozone.rules.model import EFFECTS
from ecozone.rules.place import request_of
from ecozone.screening.chunks import Answered

if TYPE_CHECKING:
    import pyarrow as pa

    from ecozone._engine import Judged

#: Counted a site, in this order.
COUNTED = ("hit", "undetermined", "no_data", "clear", "not_applicable")
_CODES = {
    "hit": HIT,
    "undetermined": UNDETERMINED,
    "no_data": NO_DATA,
    "clear": CLEAR,
    "not_applicable": NOT_APPLICABLE,
}
_PUSH = np.array([push for push, _ in EFFECTS.values()], dtype=np.int8)
_EFFECTS = list(EFFECTS)
_REFUSED = "data.row"


@dataclass
class _Words:
    """Strings by number, for dictionary columns."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, word: str) -> int:
        return self.numbers.setdefault(word, len(self.numbers))

    def column(self, codes: Any) -> pa.DictionaryArray:
        import pyarrow as pa

        codes = np.asarray(codes, dtype=np.int32)
        known = pa.array(list(self.numbers) or [""], type=pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), known)


def results(answered: Answered) -> pa.Table:
    """Return one row a site: verdict, complete, the rule that pushes farthest, counts, why a row is open as a whole.

    Columns: ``row``, ``name``, ``verdict``, ``complete``, ``worst_rule``, ``worst_effect``, ``hit``, ``undetermined``,
    ``no_data``, ``clear``, ``not_applicable``, ``reason``.
    """
    import pyarrow as pa

    n = len(answered.read.rows)
    verdict = np.full(n, "undetermined", dtype=object)
    complete = np.zeros(n, dtype=bool)
    worst, effect = np.full(n, -1), np.full(n, -1)
    counts = np.zeros((len(COUNTED), n), dtype=np.int32)
    rules, effects = _Words(), _Words()
    for name in _EFFECTS:
        effects.number(name)
    for at, judged in answered.blocks:
        verdict[at], complete[at] = judged.judgement.verdict, judged.judgement.complete
        counts[:, at] = _counts(judged)
        worst[at], effect[at] = _worst(judged, rules)
    reason = answered.reason
    refused = np.array([r is not None for r in reason], dtype=bool)
    verdict[refused], complete[refused], worst[refused], effect[refused] = "undetermined", False, -1, -1
    counts[:, refused] = 0
    counts[COUNTED.index("undetermined"), refused] = 1
    return pa.table(
        {
            "row": pa.array(answered.read.rows),
            "name": pa.array([str(v) for v in answered.read.name], type=pa.string()),
            "verdict": _dictionary(verdict),
            "complete": pa.array(complete),
            "worst_rule": rules.column(worst),
            "worst_effect": effects.column(effect),
            **{name: pa.array(counts[i]) for i, name in enumerate(COUNTED)},
            "reason": pa.array(list(reason), type=pa.string()),
        }
    )


def _dictionary(values: NDArray[Any]) -> Any:
    words = _Words()
    return words.column([words.number(str(v)) for v in values.tolist()])


def _counts(judged: Judged) -> NDArray[np.int32]:
    """Return the counts of outcomes, shape (outcomes, projects)."""
    judgement, owner, m = judged.judgement, judged.batch.project, judged.batch.projects
    parts = np.zeros((len(COUNTED), len(owner)), dtype=np.int32)
    for rule in judgement.rules:
        for i, name in enumerate(COUNTED):
            parts[i] += rule.outcome == _CODES[name]
    out = np.zeros((len(COUNTED), m), dtype=np.int32)
    for i in range(len(COUNTED)):
        np.add.at(out[i], owner, parts[i])
    for kind in standing(judged):
        out[COUNTED.index(OUTCOMES[int(kind.outcome)]), kind.projects] += 1
    return out


def _worst(judged: Judged, rules: _Words) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each project the hit that pushes farthest (firm before weak, then by the books' order)."""
    owner, m = judged.batch.project, judged.batch.projects
    best = np.zeros(m, dtype=np.int16)
    rule_at, effect_at = np.full(m, -1), np.full(m, -1)
    for rule in judged.judgement.rules:
        hit = np.flatnonzero(rule.outcome == HIT)
        if not len(hit):
            continue
        firm = rule.planned.rule.firm(judged.as_of)
        score = (2 * _PUSH[rule.effect[hit]].astype(np.int16) + 1) * 2 + firm
        better = score > best[owner[hit]]
        mine, value = hit[better], score[better]
        order = np.argsort(value, kind="stable")  # of several parts of one project the worst is written last
        mine, value = mine[order], value[order]
        best[owner[mine]] = value
        rule_at[owner[mine]] = rules.number(rule.planned.rule.id)
        effect_at[owner[mine]] = rule.effect[mine]
    return rule_at, effect_at


@dataclass(frozen=True)
class Standing:
    """A finding about the ground of the answers themselves (see `ecozone.rules.standing`), for some projects."""

    rule: str
    book: str
    outcome: np.int8
    projects: NDArray[np.int64]
    part: NDArray[np.int64] | None = None
    effect: str = "prohibit"

    def without(self, refused: NDArray[np.bool_]) -> Standing:
        """Return the finding without some projects."""
        kept = ~refused[self.projects]
        part = None if self.part is None else self.part[kept]
        return Standing(self.rule, self.book, self.outcome, self.projects[kept], part, self.effect)


def standing(judged: Judged) -> list[Standing]:
    """Return what `ecozone.rules.standing.site_findings` says, over columns."""
    judgement, batch = judged.judgement, judged.batch
    placed = np.flatnonzero(batch.placed)
    away = placed[judgement.relations.outside_admin > FALSE]
    bare = placed[judgement.unit_missing[placed]]
    out = [
        Standing("data.outside_admin", "ecozone", NO_DATA, batch.project[away], away),
        Standing("data.control_unit", "ecozone", UNDETERMINED, batch.project[bare], bare),
    ]
    out += _extents(judged)
    for book in judgement.books:
        waiting = [i for i in book.instruments if i.bears_on_siting and i.id not in judgement.accepted]
        early = not_encoded(book, judgement.table.as_of)
        if waiting or early:
            bound = pieces_of(judgement.relations, book.jurisdiction, batch.placed)[placed] >= 0
            projects = np.unique(batch.project[placed[bound]])
            if early:
                out.append(Standing(f"data.{book.name}.before", book.name, NO_DATA, projects))
            out += [Standing(f"register.{i.id}", book.name, NO_DATA, projects) for i in waiting]
    for code, touches in judgement.compared.without_list.items():
        out.append(Standing(f"access.{code}", "ecozone", NO_DATA, np.unique(batch.project[touches])))
    for row in judgement.compared.rows:
        rule, effect = f"access.{row.unit}.{row.requirement.id}", row.requirement.effect
        open_ = np.unique(batch.project[row.touches & (row.state == OPEN)])
        out.append(Standing(rule, "ecozone", UNDETERMINED, open_, effect=effect))
        if row.answer is not None:
            fails = np.setdiff1d(batch.project[row.touches & (row.state == FAILS)], open_)
            out.append(Standing(rule, "ecozone", HIT, fails, effect=effect))
    return [s for s in out if len(s.projects)]


def _extents(judged: Judged) -> list[Standing]:
    """Return bare points whose ground may reach into something, by the worst effect that it may have."""
    owner = judged.batch.project
    push, effect = np.full(len(owner), -1), np.full(len(owner), -1)
    for rule in judged.judgement.rules:
        worse = rule.near_miss & (rule.push() > push)
        push = np.where(worse, rule.push(), push)
        effect = np.where(worse, rule.effect, effect)
    return [
        Standing("data.extent", "ecozone", UNDETERMINED, owner[at], at, _EFFECTS[e])
        for e in np.unique(effect[effect >= 0]).tolist()
        for at in [np.flatnonzero(effect == e)]
    ]


def findings(answered: Answered) -> pa.Table:
    """Return one row a finding that is a hit, open, or clear with a zone within reach.

    Columns: ``row``, ``part``, ``rule``, ``book``, ``outcome``, ``effect``, ``firm``, ``kind``, ``zone``,
    ``zone_name``, ``distance_m``, ``overlap``, ``unit``, ``share``: the nearest zone that the rule's first condition
    means, and the dissolved overlap with all of them.
    """
    import pyarrow as pa

    made = _Findings()
    refused = np.array([r is not None for r in answered.reason], dtype=bool)
    for at, judged in answered.blocks:
        made.add(answered.read.rows[at], judged, refused[at])
    made.refuse(answered.read.rows[refused])
    table = made.table()
    return table.take(pa.array(np.lexsort((np.arange(len(table)), table.column("row").to_numpy()))))


class _Findings:
    """Columns of findings, gathered rule by rule."""

    def __init__(self) -> None:
        self.words = {
            k: _Words() for k in ("part", "rule", "book", "outcome", "effect", "kind", "unit", "zone", "zone_name")
        }
        self.parts: dict[str, list[NDArray[Any]]] = {}
        for outcome in OUTCOMES:
            self.words["outcome"].number(outcome)
        for effect in _EFFECTS:
            self.words["effect"].number(effect)

    def _put(self, n: int, **columns: Any) -> None:
        for key, value in columns.items():
            self.parts.setdefault(key, []).append(np.broadcast_to(np.asarray(value), (n,)))

    def add(self, rows: NDArray[np.int64], judged: Judged, refused: NDArray[np.bool_]) -> None:
        """Add a block of sites, without those that were refused."""
        batch, relations = judged.batch, judged.judgement.relations
        number = {k: w.number for k, w in self.words.items()}
        part_code = np.array([number["part"](name) for name in batch.names], dtype=np.int32)
        unit = np.array([number["unit"](u) for u in ("count", "m", "m2")])
        kept = ~refused[batch.project]
        for rule in judged.judgement.rules:
            open_ = (rule.outcome == HIT) | (rule.outcome == NO_DATA) | (rule.outcome == UNDETERMINED)
            clear = rule.outcome == CLEAR
            if not (open_.any() or clear.any()):
                continue
            asked = [(leaf, relations.measured[request_of(leaf)]) for leaf in leaves(rule.planned.rule.where)]
            piece = pieces_of(relations, rule.planned.jurisdiction, batch.placed)
            there = np.maximum(piece, 0)
            if clear.any():
                near = rule.near_miss.copy()
                for _, measured in asked:
                    near |= np.isfinite(measured.distance_m[there]) & (piece >= 0)
                clear &= near
            at = np.flatnonzero((open_ | clear) & kept)
            if not len(at):
                continue
            self._put(
                len(at),
                row=rows[batch.project[at]],
                part=part_code[at],
                rule=number["rule"](rule.planned.rule.id),
                book=number["book"](rule.planned.rule.book),
                outcome=rule.outcome[at],
                effect=rule.effect[at],
                firm=rule.planned.rule.firm(judged.as_of),
            )
            if asked:
                kind, measured = asked[0][0]["kind"], asked[0][1]
                self._measured(kind, measured, there[at], piece[at] >= 0, unit)
            else:
                self._put(
                    len(at), kind=-1, zone=-1, zone_name=-1, distance_m=np.nan, overlap=np.nan, unit=-1, share=np.nan
                )
        for s in standing(judged):
            s = s.without(refused)  # noqa: PLW2901 - the same, without what was refused
            self._put(
                len(s.projects),
                row=rows[s.projects],
                part=number["part"]("site") if s.part is None else part_code[s.part],
                rule=number["rule"](s.rule),
                book=number["book"](s.book),
                outcome=s.outcome,
                effect=number["effect"](s.effect),
                firm=True,
                kind=-1,
                zone=-1,
                zone_name=-1,
                distance_m=np.nan,
                overlap=np.nan,
                unit=-1,
                share=np.nan,
            )

    def refuse(self, rows: NDArray[np.int64]) -> None:
        """Add one open finding for each row that could not be read."""
        number = {k: w.number for k, w in self.words.items()}
        self._put(
            len(rows),
            row=rows,
            part=number["part"]("site"),
            rule=number["rule"](_REFUSED),
            book=number["book"]("ecozone"),
            outcome=UNDETERMINED,
            effect=0,
            firm=True,
            kind=-1,
            zone=-1,
            zone_name=-1,
            distance_m=np.nan,
            overlap=np.nan,
            unit=-1,
            share=np.nan,
        )

    def _measured(
        self, kind: str, measured: Measured, at: NDArray[np.int64], there: NDArray[np.bool_], unit: NDArray[np.int64]
    ) -> None:
        distance = np.where(there, measured.distance_m[at], np.inf)
        near = np.isfinite(distance)
        zone, name = np.full(len(at), -1), np.full(len(at), -1)
        nearest = np.where(near, measured.nearest[at], -1)
        held = measured.columns
        if held is not None and near.any():
            used, back = np.unique(nearest[nearest >= 0], return_inverse=True)
            for out, key in ((zone, "zone"), (name, "zone_name")):
                column = held["zone" if key == "zone" else "name"]
                codes = np.array([self.words[key].number(str(column[z])) for z in used.tolist()], dtype=np.int64)
                out[nearest >= 0] = codes[back]
        self._put(
            len(at),
            kind=self.words["kind"].number(kind),
            zone=zone,
            zone_name=name,
            distance_m=np.where(near, distance, np.nan),
            overlap=np.where(near, measured.overlap[at], np.nan),
            unit=np.where(near, unit[measured.dimension[at]], -1),
            share=np.where(near, measured.share[at], np.nan),
        )

    def table(self) -> pa.Table:
        """Return the columns as one table."""
        import pyarrow as pa

        out: dict[str, Any] = {}
        numbers = {"row": np.int64, "firm": bool, "distance_m": float, "overlap": float, "share": float}
        for key in (
            "row",
            "part",
            "rule",
            "book",
            "outcome",
            "effect",
            "firm",
            "kind",
            "zone",
            "zone_name",
            "distance_m",
            "overlap",
            "unit",
            "share",
        ):
            values = np.concatenate(self.parts[key]) if self.parts.get(key) else np.zeros(0)
            if key in numbers:
                values = values.astype(numbers[key])
                out[key] = pa.array(values, mask=np.isnan(values) if values.dtype.kind == "f" else None)
            else:
                out[key] = self.words[key].column(values)
        return pa.table(out)
