"""Ground against the dissolved zones of one request: do they meet, does all of it lie inside, how much is shared.

Overlaps of one theme are dissolved first, so a share never exceeds 100 %. Let a be the accuracy of layer and site
together: the ground *meets* the zones when it reaches ground deeper than a inside them, runs through a zone thinner
than 2a from beyond one side to beyond the other, or holds a small zone and all the ground within a of it; it stays out
when it is farther than a from them; between the two the data cannot say (SEMANTICS 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.relate.edges import shared_areas
from ecozone.relation import FALSE, TRUE, UNKNOWN

_AREA, _LINE = 2, 1
#: Ground and zone this near, metres, touch: a shared border keeps no more digits than that through a projection.
CONTACT_M = 1e-6
#: Gaps in the common border of two zones that are none, metres: projected, one's edge passes the other's vertex by
#: nanometres; wider than those so that no rounding falls between the two.
SEAM_M = 1e-4
#: GEOS straightens bends of up to a hundredth of a buffer's distance, and draws its arcs as chords: twice that, share.
_BENT = 0.02
#: Spacing of points where that could decide, metres.
_STEP_M = 0.1


def apart(ground: NDArray[Any], zones: NDArray[Any]) -> NDArray[np.float64]:
    """Return distances in a plane, metres; contact is 0."""
    metres = np.asarray(shapely.distance(ground, zones))
    return np.where(metres < CONTACT_M, 0.0, metres)


def unite(pieces: int, piece: NDArray[np.int64], geometry: NDArray[Any]) -> NDArray[Any]:
    """Dissolve geometries by piece.

    Parameters
    ----------
    pieces : int
        Number of pieces.
    piece : ndarray of int64, shape (m,)
        The piece of each geometry, ascending.
    geometry : ndarray of geometries, shape (m,)

    Returns
    -------
    ndarray of geometries, shape (pieces,)
        None where a piece has no geometry.
    """
    out = np.full(pieces, None, dtype=object)
    if not len(piece):
        return out
    rows, first, count = np.unique(piece, return_index=True, return_counts=True)
    single = count == 1
    out[rows[single]] = geometry[first[single]]
    for size in sorted(set(count[~single].tolist())):
        several = count == size
        table = geometry[first[several][:, None] + np.arange(size)[None, :]]
        out[rows[several]] = shapely.union_all(table, axis=1)
    return out


def seamless(zones: NDArray[Any], several: NDArray[np.bool_]) -> NDArray[Any]:
    """Close what is left between zones that end on one line: a shared border keeps no common digits in a plane.

    Moves vertices by up to `SEAM_M`: for how ground lies to zones that are exact to metres, not for areas.
    """
    out = zones.copy()
    rows = np.flatnonzero(several & ~shapely.is_missing(zones))
    out[rows] = shapely.set_precision(zones[rows], SEAM_M)
    return out


def states(
    ground: NDArray[Any],
    zones: NDArray[Any],
    distance_m: NDArray[np.float64],
    deep: NDArray[np.bool_],
    accuracy_m: NDArray[np.float64],
    extent_m: NDArray[np.float64],
    amount: NDArray[np.float64],
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return (meets, inside) for pieces of ground and their dissolved zones of one dimension.

    Parameters
    ----------
    ground, zones : ndarray of geometries, shape (n,)
        In one plane; zones are those within accuracy and extent, None where there are none.
    distance_m : ndarray
        Least distance of ground and zones, inf where nothing is near.
    deep : ndarray of bool
        Some zone covers the ground's box grown by more than accuracy and extent: certain without a geometry operation.
    accuracy_m, extent_m : ndarray
    amount : ndarray
        What ground and zones share.
    """
    meets = np.where(distance_m > accuracy_m + extent_m, FALSE, UNKNOWN).astype(np.int8)
    inside = np.where(distance_m > accuracy_m, FALSE, UNKNOWN).astype(np.int8)
    meets[deep] = inside[deep] = TRUE
    rows = np.flatnonzero((distance_m <= accuracy_m) & ~deep)
    if not len(rows):
        return meets, inside
    site, zone, a, extent = ground[rows], zones[rows], accuracy_m[rows], extent_m[rows]
    touch = distance_m[rows] <= 0
    hit, within, beyond, meets_open, inside_open = _at_a_glance(site, zone, touch, a, extent, amount[rows])
    some = np.flatnonzero(meets_open & touch)
    if len(some):
        hit[some] = _meets(site[some], zone[some], a[some])
    some = np.flatnonzero(inside_open)
    if len(some):
        deep_enough = shapely.distance(site[some], shapely.boundary(zone[some])) >= (a + extent)[some]
        within[some] = shapely.covers(zone[some], site[some]) & (deep_enough | ((a + extent)[some] <= 0))
        some = some[~within[some]]
        beyond[some] = _leaves(site[some], zone[some], a[some])
    meets[rows[hit]] = TRUE
    inside[rows] = np.where(within, TRUE, np.where(beyond, FALSE, UNKNOWN))
    return meets, inside


def _at_a_glance(
    site: NDArray[Any],
    zone: NDArray[Any],
    touch: NDArray[np.bool_],
    a: NDArray[np.float64],
    extent: NDArray[np.float64],
    amount: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], ...]:
    """Decide what needs no buffer.

    Ground less than a from the zone's edge lies in a band of at most 2 a L + k π a² (L the edge's length, k its
    pieces): more shared ground than that reaches deeper into the zone, more ground outside it reaches farther out.
    And ground in one piece that touches the zone and keeps away from its edge lies deep inside.

    Returns
    -------
    meets, inside, beyond : bool arrays
        Certain.
    meets_open, inside_open : bool arrays
        Rows that need a closer look.
    """
    n = len(site)
    ground_d, zone_d = shapely.get_dimensions(site), shapely.get_dimensions(zone)
    surface = (ground_d == _AREA) & (zone_d > 0)
    band = 2 * a * shapely.length(zone) + np.pi * a * a * (shapely.get_num_coordinates(zone) // 2 + 1)
    size = shapely.area(site)
    both = surface & (zone_d == _AREA) & touch
    slight = 1e-9 * size + 1e-6
    hit = both & (amount > band + slight)
    beyond = surface & (size - np.where(zone_d == _AREA, amount, 0.0) > band + slight)
    whole = np.isin(shapely.get_type_id(site), (0, 1, 3)) & (zone_d == _AREA) & touch
    edge = np.full(n, -1.0)
    ask = np.flatnonzero(whole & ~beyond)
    edge[ask] = shapely.distance(site[ask], shapely.boundary(zone[ask]))
    hit |= whole & (edge > a) & (edge > 0)
    within = whole & (edge > a + extent) & (edge > 0)
    point = whole & (shapely.get_type_id(site) == 0)
    settled = point & (np.abs(edge - a) > CONTACT_M) & (np.abs(edge - a - extent) > CONTACT_M) & (edge > CONTACT_M)
    return hit, within, beyond, ~hit & ~settled, ~within & ~beyond & ~(settled & (a > 0))


def _meets(site: NDArray[Any], zone: NDArray[Any], a: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark ground that touches a zone and certainly meets it, by buffers."""
    hit = np.zeros(len(site), dtype=bool)
    surface = (shapely.get_dimensions(zone) == _AREA) | (a <= 0)
    hit[surface] = _reaches(site[surface], zone[surface], a[surface])
    hit &= ~((a <= 0) & (shapely.get_dimensions(site) > 0) & shapely.touches(site, zone))
    for certain in (_runs_through, _holds):
        left = np.flatnonzero(~hit & (a > 0))
        hit[left] = certain(site[left], zone[left], a[left])
    return hit


def _reaches(site: NDArray[Any], zone: NDArray[Any], depth_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark ground that reaches deeper than so much into a zone.

    GEOS straightens bends by a hundredth of the distance before it shrinks a zone: where that could decide, the ground
    in question is looked at point by point.
    """
    hit = np.asarray(shapely.intersects(site, shrunk(zone, depth_m * (1 + _BENT))))
    left = np.flatnonzero(~hit & (depth_m > 0))
    core = shrunk(zone[left], depth_m[left] * (1 - _BENT))
    near = shapely.intersects(site[left], core)
    left, core = left[near], core[near]
    some = shapely.intersection(site[left], core)
    hit[left] = _far(some, shapely.boundary(zone[left])) > depth_m[left]
    return hit


def _leaves(site: NDArray[Any], zone: NDArray[Any], reach_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark ground that goes farther than so much out of a zone; see `_reaches`."""
    out = ~np.asarray(shapely.covers(_grown(zone, reach_m * (1 + _BENT)), site))
    left = np.flatnonzero(~out & (reach_m > 0))
    wide = _grown(zone[left], reach_m[left] * (1 - _BENT))
    near = ~shapely.covers(wide, site[left])
    left, wide = left[near], wide[near]
    out[left] = _far(shapely.difference(site[left], wide), zone[left]) > reach_m[left]
    return out


def _far(ground: NDArray[Any], edge: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far the farthest point of some ground lies from an edge, right to half of `_STEP_M`."""
    out = np.zeros(len(ground))
    coords, owner = shapely.get_coordinates(shapely.segmentize(ground, _STEP_M), return_index=True)
    np.maximum.at(out, owner, shapely.distance(shapely.points(coords), edge[owner]))
    return out


def _runs_through(site: NDArray[Any], zone: NDArray[Any], accuracy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark ground that runs through a thin zone from beyond one side to beyond the other.

    Near each crossing (within three accuracies of the shared ground) the zone must cut its surroundings into several
    pieces, and the ground that goes on from the crossing must reach, farther than the accuracy from the zone, into at
    least two of them. Other ground on the far side, which does not come through here, says nothing.
    """
    out = np.zeros(len(site), dtype=bool)
    shared, owner = shapely.get_parts(shapely.intersection(site, zone), return_index=True)
    some = shapely.get_dimensions(site)[owner] > 0
    shared, owner = shared[some], owner[some]
    if not len(shared):
        return out
    a = accuracy_m[owner]
    around = shapely.buffer(shared, 3 * a)
    going, crossing = shapely.get_parts(shapely.intersection(site[owner], around), return_index=True)
    on = shapely.intersects(going, shared[crossing])
    far = shapely.difference(going[on], shapely.buffer(zone, accuracy_m)[owner[crossing[on]]])
    arms = unite(len(shared), crossing[on], far)
    wall = np.where(shapely.get_dimensions(zone) == _LINE, shapely.buffer(zone, 1e-3 * accuracy_m), zone)
    sides, crossing = shapely.get_parts(shapely.difference(around, wall[owner]), return_index=True)
    reached = shapely.intersects(sides, arms[crossing]) & (shapely.area(sides) > 0)
    through = np.bincount(crossing[reached], minlength=len(shared)) >= 2
    out[owner[through]] = True
    return out


def _holds(site: NDArray[Any], zone: NDArray[Any], accuracy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark ground that holds a small zone (a well, a school) and everything within the accuracy of it."""
    out = np.zeros(len(site), dtype=bool)
    parts, owner = shapely.get_parts(zone, return_index=True)
    low, high = shapely.bounds(parts), shapely.bounds(site)[owner]
    some = (low[:, :2] >= high[:, :2]).all(axis=1) & (low[:, 2:] <= high[:, 2:]).all(axis=1)
    parts, owner = parts[some], owner[some]
    held = shapely.covers(site[owner], shapely.buffer(parts, accuracy_m[owner]))
    out[owner[held]] = True
    return out


def amounts(ground: NDArray[Any], zones: NDArray[Any]) -> NDArray[np.float64]:
    """Return dissolved overlaps: square metres, metres or points, by the dimension of ground and zone."""
    out = np.zeros(len(ground))
    rows = np.flatnonzero(~shapely.is_missing(zones))
    if not len(rows):
        return out
    ground, zones = ground[rows], zones[rows]
    dimension = np.minimum(shapely.get_dimensions(ground), shapely.get_dimensions(zones))
    amount = np.zeros(len(rows))
    surface, rest = np.flatnonzero(dimension == _AREA), np.flatnonzero(dimension != _AREA)
    amount[surface] = shared_areas(ground, surface, zones[surface])
    shared = shapely.intersection(ground[rest], zones[rest])
    points = np.where(shapely.is_empty(shared), 0, shapely.get_num_geometries(shared))
    amount[rest] = np.where(dimension[rest] == _LINE, shapely.length(shared), points)
    out[rows] = amount
    return out


def bounded_amounts(
    ground: NDArray[Any], zones: NDArray[Any], amount: NDArray[np.float64], accuracy_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the overlap with the zones shrunk and grown by the accuracy.

    A line or a point that is not exact may lie on the ground wholly or not at all: its bounds are nothing and infinity.
    """
    low, high = amount.copy(), amount.copy()
    rows = np.flatnonzero(~shapely.is_missing(zones) & (accuracy_m > 0))
    if len(rows):
        a, area = accuracy_m[rows], shapely.get_dimensions(zones[rows]) == _AREA
        grown = amounts(ground[rows], shapely.buffer(zones[rows], a))
        low[rows] = np.where(area, amounts(ground[rows], shrunk(zones[rows], a)), 0.0)
        high[rows] = np.where(area, np.maximum(grown, amount[rows]), np.where(grown > 0, np.inf, 0.0))
    return low, high


def own_measure(ground: NDArray[Any]) -> NDArray[np.float64]:
    """Return each piece's own area, length or number of points in its plane."""
    dimension = shapely.get_dimensions(ground)
    return np.where(
        dimension == _AREA,
        shapely.area(ground),
        np.where(dimension == _LINE, shapely.length(ground), shapely.get_num_geometries(ground)),
    ).astype(float)


def shrunk(zone: NDArray[Any], accuracy_m: NDArray[np.float64]) -> NDArray[Any]:
    """Shrink zones by the accuracy; an exact layer keeps its zones, lines and points vanish."""
    return np.where(accuracy_m > 0, shapely.buffer(zone, -accuracy_m), zone)


def _grown(zone: NDArray[Any], metres: NDArray[np.float64]) -> NDArray[Any]:
    return np.where(metres > 0, shapely.buffer(zone, metres), zone)
