"""Judged arrays as a table of one row a finding: what is hit, open, or clear with a zone within reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import Measured
from ecozone.rules.logic import leaves
from ecozone.rules.outcomes import CLEAR, HIT, NO_DATA, OUTCOMES, UNDETERMINED, pieces_of
from ecozone.rules.place import request_of
from ecozone.screening.chunks import Answered
from ecozone.screening.tables import EFFECT_NAMES, REFUSED, Words, standing

if TYPE_CHECKING:
    import pyarrow as pa

    from ecozone._engine import Judged

#: Columns of a finding that no zone stands behind.
_NOWHERE: dict[str, Any] = {
    "firm": True,
    **dict.fromkeys(("kind", "zone", "zone_name", "unit"), -1),
    **dict.fromkeys(("distance_m", "overlap", "share"), np.nan),
}


def findings(answered: Answered) -> pa.Table:
    """Return one row a finding that is a hit, open, or clear with a zone within reach.

    Columns: ``row``, ``part``, ``rule``, ``book``, ``outcome``, ``effect``, ``firm``, ``kind``, ``zone``,
    ``zone_name``, ``distance_m``, ``overlap``, ``unit``, ``share``: the nearest zone that the rule's first condition
    means (of several that would each do, the nearest one's), and the dissolved overlap with all of that kind.
    """
    import pyarrow as pa

    made = _Findings()
    refused = np.array([r is not None for r in answered.reason], dtype=bool)
    for at, judged in answered.blocks:
        made.add(answered.read.rows[at], judged, refused[at])
    made.refuse(answered.read.rows[refused])
    table = made.table()
    return table.take(pa.array(np.lexsort((np.arange(len(table)), table.column("row").to_numpy()))))


def _alternatives(where: Any, asked: Sequence[tuple[Any, Measured]]) -> list[tuple[str, Measured]]:
    """Return the kinds of which any one fulfils a rule, with what was measured; of a rule that wants all, the first."""
    several = where.get("any") if isinstance(where, Mapping) else None
    plain = several is not None and all(isinstance(leaf, Mapping) and "kind" in leaf for leaf in several)
    return [(leaf["kind"], measured) for leaf, measured in (asked if plain else asked[:1])]


class _Findings:
    """Columns of findings, gathered rule by rule."""

    def __init__(self) -> None:
        self.words = {
            k: Words() for k in ("part", "rule", "book", "outcome", "effect", "kind", "unit", "zone", "zone_name")
        }
        self.parts: dict[str, list[NDArray[Any]]] = {}
        for outcome in OUTCOMES:
            self.words["outcome"].number(outcome)
        for effect in EFFECT_NAMES:
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
                self._measured(_alternatives(rule.planned.rule.where, asked), there[at], piece[at] >= 0, unit)
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
                **_NOWHERE,
            )

    def refuse(self, rows: NDArray[np.int64]) -> None:
        """Add one open finding for each row that could not be read."""
        number = {k: w.number for k, w in self.words.items()}
        self._put(
            len(rows),
            row=rows,
            part=number["part"]("site"),
            rule=number["rule"](REFUSED),
            book=number["book"]("ecozone"),
            outcome=UNDETERMINED,
            effect=0,
            **_NOWHERE,
        )

    def _measured(
        self,
        alternatives: Sequence[tuple[str, Measured]],
        at: NDArray[np.int64],
        there: NDArray[np.bool_],
        unit: NDArray[np.int64],
    ) -> None:
        """Add the columns of the zone that a rule means; of several kinds that would each do, of the nearest one."""
        far = np.array([np.where(there, m.distance_m[at], np.inf) for _, m in alternatives])
        best = far.argmin(axis=0)
        n = len(at)
        zone, name, kinds, units = (np.full(n, -1) for _ in range(4))
        distance, overlap, share = (np.full(n, np.nan) for _ in range(3))
        for i, (kind, measured) in enumerate(alternatives):
            mine = best == i
            kinds[mine] = self.words["kind"].number(kind)
            near = np.flatnonzero(mine & np.isfinite(far[i]))
            piece = at[near]
            distance[near], overlap[near], share[near] = far[i][near], measured.overlap[piece], measured.share[piece]
            units[near] = unit[measured.dimension[piece]]
            nearest = measured.nearest[piece]
            held = measured.columns
            if held is None or not (nearest >= 0).any():
                continue
            used, back = np.unique(nearest[nearest >= 0], return_inverse=True)
            for out, key, column in ((zone, "zone", held["zone"]), (name, "zone_name", held["name"])):
                codes = np.array([self.words[key].number(str(column[z])) for z in used.tolist()], dtype=np.int64)
                out[near[nearest >= 0]] = codes[back]
        self._put(
            n, kind=kinds, zone=zone, zone_name=name, distance_m=distance, overlap=overlap, unit=units, share=share
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
