"""Where a rule holds: its spatial condition turned into requests, and judged on the relations that come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import SURROUNDINGS, Measured, Relations, Request
from ecozone.rules.logic import FALSE, TRUE, UNKNOWN, Truth, key_of, leaves

if TYPE_CHECKING:
    from ecozone.rules.facts import FactTable
    from ecozone.rules.model import Rulebook

#: How far a leaf looks whose distance nobody has set, metres: so that the answer names what the figure is about.
UNSET_LOOK_M = 1000.0
#: Why a place stays open, as bits.
NO_LAYER, NO_COVERAGE, ACCURACY, CENTRELINE, NO_DISTANCE, NO_PLACE, UNSURE_ZONE = 1, 2, 4, 8, 16, 32, 64
#: Requests by leaf and status.
_asked: dict[tuple[str, str], Request] = {}
_MOST_ASKED = 16_384


@dataclass(frozen=True, eq=False, repr=False)
class Judged:
    """Truth of a place for every part, and why it stays open where it does."""

    value: Truth
    why: NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Limits:
    """Distance of a rule for every part: metres, or an interval where a parameter is not set."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows with one figure."""
        return np.asarray(self.low == self.high)


def request_of(leaf: Mapping[str, Any], *, reach_m: float = 0.0, status: str = "in_force") -> Request:
    """Return what a leaf of a place wants measured."""
    minus = leaf.get("minus")
    return Request(
        kind=leaf["kind"],
        filter=_filter(leaf),
        minus=Request(kind=minus["kind"], filter=_filter(minus)) if minus else None,
        status=status,
        reach_m=reach_m,
        bounds="share" in leaf or "area_m2" in leaf,
        contact_m=_least_limit(leaf) if leaf["relation"] == "within_distance" else 0.0,
        depth=leaf["relation"] in ("within", "outside"),
    )


def asked_of(leaf: Mapping[str, Any], status: str = "in_force") -> Request:
    """Return the key of what a leaf wants measured, made once for each leaf."""
    key = key_of(leaf), status
    found = _asked.get(key)
    if found is None:
        if len(_asked) >= _MOST_ASKED:
            _asked.clear()
        found = _asked[key] = request_of(leaf, status=status)
    return found


def _least_limit(leaf: Mapping[str, Any]) -> float:
    """Return a distance that a leaf's limit is never below (0 where a fact or a parameter may set it)."""
    spec = leaf.get("distance") or {}
    return float(spec.get("metres") or 0.0)


def _filter(node: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((column, tuple(values)) for column, values in node.get("filter") or ())


def limits(leaf: Mapping[str, Any], table: FactTable) -> Limits:
    """Return the distance a leaf asks about, one value a part."""
    spec = leaf.get("distance")
    if spec is None:
        return Limits(np.zeros(table.n), np.zeros(table.n))
    if "metres" in spec:
        return Limits(np.full(table.n, spec["metres"]), np.full(table.n, spec["metres"]))
    low = np.full(table.n, float(spec.get("at_least") or 0.0))
    high = np.full(table.n, float(spec.get("at_most") or np.inf))
    if "parameter" in spec:
        value = table.parameters.get(spec["parameter"])
        if value is not None:
            low[:] = high[:] = float(value)
    else:
        given = table.fact(spec["fact"]).numbers()[table.owner]
        low, high = np.where(np.isnan(given), low, given), np.where(np.isnan(given), high, given)
    return Limits(low, high)


def bounds(books: Iterable[Rulebook]) -> dict[str, tuple[float, float]]:
    """Return for each parameter the interval that the sources give for it, the narrowest where several do."""
    out: dict[str, tuple[float, float]] = {}
    for leaf in (x for b in books for r in b.rules for x in leaves(r.where)):
        spec = leaf.get("distance") or {}
        if spec.get("parameter") and ("at_least" in spec or "at_most" in spec):
            low, high = out.get(spec["parameter"], (0.0, np.inf))
            name = spec["parameter"]
            out[name] = max(low, spec.get("at_least") or 0.0), min(high, spec.get("at_most") or np.inf)
    return out


def reach_of(leaf: Mapping[str, Any], table: FactTable) -> float:
    """Return how far a leaf looks at most, metres (`UNSET_LOOK_M` where nobody has set its distance)."""
    return float(_looked(limits(leaf, table).high).max(initial=0.0))


def _looked(high: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(high), high, UNSET_LOOK_M)


def look_m(
    leaf: Mapping[str, Any], measured: Measured, piece: int, table: FactTable, part: int, lacking_m: float
) -> float:
    """Return how far around its ground the answer of a leaf on one part reads, metres.

    Its own distance, the ground that the geometry may stand for, and four accuracies (`SURROUNDINGS`). What was
    measured may reach farther, as far as anybody else's rules looked; that is not read.
    """
    own = float(_looked(limits(leaf, table).high)[part]) + float(lacking_m)
    return own + float(measured.extent_m[piece] + SURROUNDINGS * measured.accuracy_m[piece])


def judge_leaf(
    leaf: Mapping[str, Any],
    relations: Relations,
    pieces: NDArray[np.int64],
    table: FactTable,
    *,
    status: str = "in_force",
    lacking_m: NDArray[np.float64] | None = None,
) -> Judged:
    """Judge one leaf for every part.

    Parameters
    ----------
    leaf : mapping
    relations : Relations
    pieces : ndarray of int64, shape (n,)
        Piece of each part in the rule's jurisdiction; -1 none there, -2 a part whose place is not given.
    table : FactTable
    status : str
        Zones in force, or proposed ones.
    lacking_m : ndarray of float64, shape (n,), optional
        Ground that a bare point may stand for: judge as if it reached so far.
    """
    n = len(pieces)
    more = np.zeros(n) if lacking_m is None else lacking_m
    measured = relations.measured[asked_of(leaf, status)]
    at = np.maximum(pieces, 0)
    if measured.layer is None:
        value, why = np.full(n, UNKNOWN), np.full(n, NO_LAYER)
    elif leaf["relation"] == "within_distance":
        value, why = _near(leaf, measured, at, table, more)
    else:
        value, why = _touching(leaf, measured, at, more)
    value, why = np.where(pieces == -1, FALSE, value), np.where(pieces == -1, 0, why)
    return Judged(
        np.where(pieces == -2, UNKNOWN, value).astype(np.int8),
        np.where(pieces == -2, NO_PLACE, why),
    )


def _held(
    leaf: Mapping[str, Any], measured: Measured, at: NDArray[np.int64], far: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Mark parts around which the layer is known far enough that "nothing found" is an answer."""
    complete = measured.layer.complete_for if measured.layer else ()
    if complete and any(set(values) <= set(complete) for _, values in leaf.get("filter") or ()):
        return np.ones(len(at), dtype=bool)
    return measured.coverage_m[at] >= far + measured.accuracy_m[at] + measured.extent_m[at]


def _near(
    leaf: Mapping[str, Any], measured: Measured, at: NDArray[np.int64], table: FactTable, more: NDArray[np.float64]
) -> tuple[Truth, NDArray[np.int64]]:
    limit = limits(leaf, table)
    a, extent = measured.accuracy_m[at], measured.extent_m[at] + more
    distance, least = measured.distance_m[at], measured.distance_low_m[at]
    inside = (distance <= limit.low - a) | (measured.meets[at] == TRUE)
    beyond = least > limit.high + a + extent
    held = _held(leaf, measured, at, np.where(np.isfinite(limit.high), limit.high, np.inf) + more)
    value = np.where(inside, TRUE, np.where(beyond & held, FALSE, UNKNOWN)).astype(np.int8)
    unset = ~limit.known & (distance > limit.low - a) & (distance <= limit.high + a)
    centre = (least < distance) & (distance > limit.high + a)
    why = np.select(
        [value != UNKNOWN, unset | ~np.isfinite(limit.high), centre, ~held & beyond],
        [0, NO_DISTANCE, CENTRELINE, NO_COVERAGE],
        ACCURACY,
    )
    return value, why


def _touching(
    leaf: Mapping[str, Any], measured: Measured, at: NDArray[np.int64], more: NDArray[np.float64]
) -> tuple[Truth, NDArray[np.int64]]:
    relation = leaf["relation"]
    state = (measured.meets if relation == "intersects" else measured.inside)[at]
    ground = measured.accuracy_m[at] + measured.extent_m[at] + more
    if relation == "intersects":
        reaches = (state == FALSE) & (measured.distance_m[at] <= ground)
    else:
        reaches = (state == TRUE) & (measured.depth_m[at] <= ground)
    state = np.where((more > 0) & reaches, UNKNOWN, state)
    held = _held(leaf, measured, at, more)
    state = np.where((state == FALSE) & ~held, UNKNOWN, state).astype(np.int8)
    value = np.minimum(state, _amounts(leaf, measured, at, more, held))
    why = np.where(value != UNKNOWN, 0, np.where(held, ACCURACY, NO_COVERAGE))
    return (-value if relation == "outside" else value), why


def _amounts(
    leaf: Mapping[str, Any],
    measured: Measured,
    at: NDArray[np.int64],
    more: NDArray[np.float64],
    held: NDArray[np.bool_],
) -> Truth:
    """Judge thresholds: what nobody drew may add to an overlap; lines and points do not say how much ground."""
    out = np.full(len(at), TRUE)
    areal = measured.dimension[at] == 2
    for key, low, high, known, all_ in (
        ("share", measured.share_low[at], measured.share_high[at], more <= 0, 1.0),
        ("area_m2", measured.overlap_low[at], measured.overlap_high[at], areal & (more <= 0), np.inf),
    ):
        if key in leaf:
            most = np.where(held & known, high, all_)
            out = np.minimum(out, _threshold(leaf[key], np.where(known, low, 0.0), most))
    return out


def _threshold(bound: Mapping[str, float], low: NDArray[np.float64], high: NDArray[np.float64]) -> Truth:
    """Return whether a value between two bounds passes a threshold."""
    op, limit = next(iter(bound.items()))
    if op in ("ge", "gt"):
        sure, never = (low >= limit, high < limit) if op == "ge" else (low > limit, high <= limit)
    else:
        sure, never = (high <= limit, low > limit) if op == "le" else (high < limit, low >= limit)
    return np.where(sure, TRUE, np.where(never, FALSE, UNKNOWN)).astype(np.int8)
