"""Where an answer can change: the lines at which some rule's place turns from in to open, or from open to out.

For a point with accuracy and extent every place that SEMANTICS describe changes along lines at fixed distances from the
zones it means: the zone shrunk and grown by the accuracy, the limit less the accuracy and plus it, the edge of what a
layer covers drawn in by as far as the rule looks. A line too many does no harm: pieces that are judged alike are put
together again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.ground.offset import grown, shrunk
from ecozone.relation import FALSE
from ecozone.rules.claims import claimed
from ecozone.rules.logic import leaves
from ecozone.rules.place import limits, request_of
from ecozone.rules.plan import LOOKUPS

if TYPE_CHECKING:
    from ecozone.atlas import Atlas
    from ecozone.crs import Plane
    from ecozone.layer import Layer
    from ecozone.relation import Request
    from ecozone.rules.facts import FactTable
    from ecozone.rules.plan import Plan

_CENTRELINE = "centreline"
#: What a centreline without a half-width may be wide: see `ecozone.relate`.
_WIDEST_HALF_M = 5_000.0
#: Longest edge that is taken for straight in the plane of a whole region, metres: off the geodesic by a centimetre.
_EDGE_M = 1_000.0
#: How far beyond their reach zones are cut off, metres: the cut itself draws no line in the view.
_BEYOND_M = 50.0
#: Bends of a line that are left out, metres.
_BEND_M = 0.02


@dataclass
class Look:
    """Zones of one layer that a place means, and the distances at which it changes.

    Attributes
    ----------
    rows : tuple of int
        Zones, rows of the layer.
    minus : tuple of (Layer, rows) or None
        Zones whose ground is taken away first.
    at : set of float
        Distances from the dissolved zones, metres: negative inside, 0 the edge itself.
    each : bool
        Every zone's own edge counts.
    """

    layer: Layer
    rows: tuple[int, ...]
    minus: tuple[Layer, tuple[int, ...]] | None
    at: set[float] = field(default_factory=set)
    each: bool = False


def looks(
    plan: Plan, table: FactTable, atlas: Atlas, day: dt.date, accuracy_m: float, extent_m: float, half_m: float | None
) -> tuple[list[Look], dict[int, tuple[Any, set[float]]]]:
    """Return what to draw for a plan.

    Parameters
    ----------
    plan, table
        What binds, and what is known of the project.
    atlas, day
        Which zones hold.
    accuracy_m, extent_m : float
        Of the point that walks over the region.
    half_m : float, optional
        Half-width that somebody vouches for where a centreline gives none.

    Returns
    -------
    looks : list of Look
    coverage : mapping
        Coverage polygons by identity, with how far inside their edge a line runs.
    """
    found: dict[tuple[Any, ...], Look] = {}
    coverage: dict[int, tuple[Any, set[float]]] = {}
    for leaf, request in _asked(plan, table, atlas):
        layer = atlas.at(request.kind, day)
        taken = atlas.at(request.minus.kind, day) if request.minus is not None else None
        if layer is None or (request.minus is not None and taken is None):
            continue
        a = accuracy_m + layer.accuracy_m + (taken.accuracy_m if taken is not None else 0.0)
        sure, may = mask(layer, request, day)
        away = mask(taken, request.minus, day) if taken is not None and request.minus is not None else None
        near = {-a, 0.0} if a == 0 or "share" in leaf or "area_m2" in leaf else {-a}
        far = 0.0
        if leaf["relation"] == "within_distance":
            limit = limits(leaf, table)
            low, high = float(limit.low.min()), float(limit.high.max())
            near |= {low - a} if low > a else set()
            far = high
        else:
            near |= {a, a + extent_m, -a - extent_m}
        for zones, takes in {(_rows(sure), _less(taken, away, 1)), (_rows(may), _less(taken, away, 0))}:
            _add(found, layer, zones, takes, near, each=_share_edges(layer, zones) or request.kind in LOOKUPS)
        if np.isfinite(far):
            reach = far + a + extent_m
            for half, zones in _by_half(layer, np.flatnonzero(may), half_m).items():
                _add(found, layer, zones, _less(taken, away, 0), {reach + half})
            for held in (layer, taken):
                if held is not None and held.coverage is not None:
                    coverage.setdefault(id(held.coverage), (held.coverage, set()))[1].add(reach)
    return list(found.values()), coverage


def lines(
    wanted: Iterable[Look], coverage: Mapping[int, tuple[Any, set[float]]], plane: Plane, view: Any
) -> NDArray[Any]:
    """Draw the lines in a plane.

    Parameters
    ----------
    wanted, coverage
        From `looks`.
    plane : Plane
    view : shapely geometry
        In the plane: lines are wanted inside it.
    """
    drawn: list[Any] = []
    flat: dict[int, NDArray[Any]] = {}

    def zones(layer: Layer, rows: Sequence[int]) -> NDArray[Any]:
        if id(layer) not in flat:
            flat[id(layer)] = measure.to_plane(layer.geometry, plane, _EDGE_M)
        return flat[id(layer)][list(rows)]

    for look in wanted:
        ground = zones(look.layer, look.rows)
        reach = max([*look.at, 0.0])
        seen = shapely.intersects(shapely.buffer(view, reach + 1.0), ground)
        ground = _clipped(ground[seen], view, max(reach, -min([*look.at, 0.0])))
        if look.minus is not None and look.minus[1]:
            away = shapely.union_all(zones(*look.minus))
            ground = shapely.difference(ground, away)
            ground = ground[~shapely.is_empty(ground)]
        if not len(ground):
            continue
        if look.each:
            drawn += [_edge(g) for g in ground]
            inner = -min([*look.at, 0.0])
            if inner > 0:
                drawn += [_edge(shrunk(np.array([g], dtype=object), inner)) for g in ground]
        for distance in sorted(look.at):
            if distance > 0:
                drawn.append(_edge(grown(ground, distance)))
            elif distance < 0:
                drawn.append(_edge(shrunk(ground, -distance)))
            else:
                drawn.append(_edge(shapely.union_all(ground)))
    for polygon, inside in coverage.values():
        whole = measure.to_plane(np.array([polygon], dtype=object), plane, _EDGE_M)
        drawn += [_edge(shrunk(whole, d)) if d > 0 else _edge(whole[0]) for d in sorted(inside)]
    out = np.array([d for d in drawn if d is not None and not shapely.is_empty(d)], dtype=object)
    out = shapely.simplify(out, _BEND_M)
    return out[shapely.intersects(out, view)] if len(out) else out


def _clipped(ground: NDArray[Any], view: Any, reach_m: float) -> NDArray[Any]:
    """Cut zones off where what lies there draws no line in the view."""
    grow = np.array([-1, -1, 1, 1]) * (reach_m + _BEYOND_M)
    box = shapely.box(*(np.array(shapely.bounds(view)) + grow))
    far = np.flatnonzero(~shapely.within(ground, box))
    if not len(far):
        return ground
    out = ground.copy()
    out[far] = shapely.intersection(ground[far], box)
    return out[~shapely.is_empty(out)]


def mask(layer: Layer, request: Request, day: dt.date) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (zones that surely pass a request's filter, zones that may because a value is missing)."""
    sure = layer.active(day, request.status)
    may = sure.copy()
    for column, allowed in request.filter:
        values = layer.columns.get(column)
        if values is None:
            sure = sure & False
            continue
        blank = np.array([v is None for v in values], dtype=bool)
        passes = np.array([_text(v) in allowed for v in values], dtype=bool)
        sure = sure & passes & ~blank
        may = may & (passes | blank)
    return sure, may


def _rows(marked: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(marked).tolist())


def _less(
    layer: Layer | None, away: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None, which: int
) -> tuple[Layer, tuple[int, ...]] | None:
    """Return the zones taken away: those that surely are (0), those that may be (1)."""
    return None if layer is None or away is None else (layer, _rows(away[which]))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _asked(plan: Plan, table: FactTable, atlas: Atlas) -> Iterable[tuple[Mapping[str, Any], Request]]:
    """Yield each place that concerns the project, with what it asks of the zones."""
    places: list[Mapping[str, Any]] = []
    for planned in plan.rules:
        if (planned.gate > FALSE).any():
            places += leaves(planned.rule.where)
            places += [x for e in planned.rule.exceptions for x in leaves(e.where)]
    places += claimed(table.projects, atlas.kinds)
    places += [{"kind": kind, "relation": "within"} for kind in LOOKUPS if kind in atlas]
    for leaf in places:
        yield leaf, request_of(leaf)
        if leaf["kind"] in plan.proposed:
            yield leaf, request_of(leaf, status="proposed")


def _add(
    found: dict[tuple[Any, ...], Look],
    layer: Layer,
    rows: tuple[int, ...],
    minus: tuple[Layer, tuple[int, ...]] | None,
    at: set[float],
    *,
    each: bool = False,
) -> None:
    if rows:
        key = (id(layer), rows, None if minus is None else (id(minus[0]), minus[1]))
        look = found.setdefault(key, Look(layer, rows, minus))
        look.at |= at
        look.each |= each


def _share_edges(layer: Layer, rows: tuple[int, ...]) -> bool:
    """Say whether zones of a set touch or overlap one another."""
    if len(rows) < 2:
        return False
    ground = layer.geometry[list(rows)]
    i, j = shapely.STRtree(ground).query(ground, predicate="intersects")
    return bool((i != j).any())


def _by_half(layer: Layer, rows: NDArray[np.int64], half_m: float | None) -> dict[float, tuple[int, ...]]:
    """Return zones by how far their water may reach from the geometry: 0 for banks."""
    line = layer.columns.get("line")
    if line is None:
        return {0.0: tuple(rows.tolist())}
    given = layer.columns.get("half_width_m", np.full(len(layer), None, dtype=object))
    unknown = _WIDEST_HALF_M if half_m is None else half_m
    out: dict[float, list[int]] = {}
    for row in rows.tolist():
        half = 0.0 if line[row] != _CENTRELINE else float(unknown if given[row] is None else given[row])
        out.setdefault(half, []).append(row)
    return {half: tuple(found) for half, found in out.items()}


def _edge(geometry: Any) -> Any:
    """Return the edge of a surface; a line is its own."""
    return shapely.boundary(geometry) if shapely.get_dimensions(geometry) == 2 else None
