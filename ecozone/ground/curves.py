"""Where an answer can change: the lines at which some rule's place turns from in to open, or from open to out.

For a point with accuracy and extent every place that SEMANTICS describe changes along lines at fixed distances from the
zones it means: the zone shrunk and grown by the accuracy, the limit less the accuracy and plus it, the edge of what a
layer covers drawn in by as far as the rule looks. A line too many does no harm: pieces that are judged alike are put
together again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.ground.offset import grown, shrunk
from ecozone.relation import FALSE
from ecozone.rules.logic import leaves
from ecozone.rules.model import EFFECTS
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
        Every zone's own edge counts, and every zone's own surroundings.
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
    access = atlas.access_at(day)
    decided = {rule for row in (access.requirements if access else ()) for rule in row.rules}
    for leaf in _asked(plan, decided):
        request = request_of(leaf)
        layer = atlas.at(request.kind, day)
        taken = atlas.at(request.minus.kind, day) if request.minus is not None else None
        if layer is None or (request.minus is not None and taken is None):
            continue
        a = accuracy_m + layer.accuracy_m + (taken.accuracy_m if taken is not None else 0.0)
        sure, may = mask(layer, request, day)
        away = mask(taken, request.minus, day) if taken is not None and request.minus is not None else None
        near, far = _turns(leaf, table, a, extent_m)
        for zones, takes in {(_rows(sure), _less(taken, away, 1)), (_rows(may), _less(taken, away, 0))}:
            _add(found, layer, zones, takes, near)
        if np.isfinite(far):
            reach = far + a + extent_m
            for half, zones in _by_half(layer, np.flatnonzero(may), half_m).items():
                _add(found, layer, zones, _less(taken, away, 0), {reach + half})
            for held in (layer, taken):
                if held is not None and held.coverage is not None:
                    coverage.setdefault(id(held.coverage), (held.coverage, set()))[1].add(reach)
    for kind in LOOKUPS:  # each unit has requirements of its own; ground that no unit holds is an error of the data
        layer = atlas.at(kind, day)
        if layer is not None:
            zones = _rows(layer.active(day))
            a = accuracy_m + layer.accuracy_m
            _add(found, layer, zones, None, {a + extent_m, a, 0.0}, each=True)
    return list(found.values()), coverage


def lines(
    wanted: Iterable[Look],
    coverage: Mapping[int, tuple[Any, set[float]]],
    plane: Plane,
    view: Any,
    *,
    threads: int = 1,
) -> NDArray[Any]:
    """Draw the lines in a plane.

    Parameters
    ----------
    wanted, coverage
        From `looks`.
    plane : Plane
    view : shapely geometry
        In the plane: lines are wanted inside it.
    threads : int
        Threads that draw; each has copies of its own.
    """
    flat: dict[int, NDArray[Any]] = {}

    def zones(layer: Layer, rows: Sequence[int]) -> NDArray[Any]:
        if id(layer) not in flat:
            flat[id(layer)] = measure.to_plane(layer.geometry, plane, _EDGE_M)
        return flat[id(layer)][list(rows)]

    drawn: list[Any] = []
    tasks: list[tuple[Callable[[NDArray[Any], float], Any], NDArray[Any], float]] = []
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
        for distance in sorted(look.at):
            if distance > 0 and look.each:  # a unit may be touched, whatever lies beside it
                tasks += [(grown, shapely.transform(ground[i : i + 1], np.copy), distance) for i in range(len(ground))]
            elif distance != 0:
                tasks.append((grown if distance > 0 else shrunk, shapely.transform(ground, np.copy), abs(distance)))
            else:
                drawn += [_edge(g) for g in (ground if look.each else [shapely.union_all(ground)])]
    for polygon, inside in coverage.values():
        whole = measure.to_plane(np.array([polygon], dtype=object), plane, _EDGE_M)
        tasks += [(shrunk, shapely.transform(whole, np.copy), d) for d in sorted(inside) if d > 0]
        drawn += [_edge(whole[0])] if 0 in inside else []
    tasks.sort(key=lambda task: -int(shapely.get_num_coordinates(task[1]).sum() * task[2]))  # the longest first
    with ThreadPoolExecutor(threads) as pool:
        made = list(pool.map(lambda task: _bent(_edge(task[0](task[1], task[2]))), tasks))
    out = _seen([*drawn, *made])
    return out[shapely.intersects(out, view)]


def _bent(line: Any) -> Any:
    """Leave out bends that are smaller than the chords of arcs; a line may cross itself, they are all cut anyway."""
    return None if line is None else shapely.simplify(line, _BEND_M, preserve_topology=False)


def _seen(drawn: Sequence[Any]) -> NDArray[Any]:
    """Return what was drawn without what has no edge."""
    return np.array([d for d in drawn if d is not None and not shapely.is_empty(d)], dtype=object)


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


def _asked(plan: Plan, decided: Collection[str]) -> Iterable[Mapping[str, Any]]:
    """Yield each place on which a verdict may hang: of rules that push or that an access list names."""
    for planned in plan.rules:
        rule = planned.rule
        pushes = (rule.effect, *(e.pending_effect for e in rule.exceptions))
        if (planned.gate > FALSE).any() and (rule.id in decided or any(EFFECTS[e][0] > 0 for e in pushes)):
            yield from leaves(rule.where)
            for exception in rule.exceptions:
                yield from leaves(exception.where)


def _turns(leaf: Mapping[str, Any], table: FactTable, a: float, extent_m: float) -> tuple[set[float], float]:
    """Return the distances from the zones at which a place turns true, and how far it looks (it is false beyond).

    `a` is the accuracy of zones and point together; a distance is negative inside the zones.
    """
    if leaf["relation"] == "within_distance":
        limit = limits(leaf, table)
        low = float(limit.low.min())
        return {low - a if low >= a else -a}, float(limit.high.max())
    if "share" in leaf or "area_m2" in leaf:
        return {-a - extent_m, -a, 0.0, a, a + extent_m}, 0.0
    return ({-a} if leaf["relation"] == "intersects" else {-a - extent_m, a}), 0.0


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
