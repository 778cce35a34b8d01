"""Ground against dissolved zones: do they meet, does all of it lie inside.

Let a be the accuracy of layer and site together: the ground *meets* the zones when it reaches ground deeper than a
inside them, runs through a zone thinner than 2a from beyond one side to beyond the other, or holds a small zone and all
the ground within a of it; it stays out when it is farther than a from them; between the two the data cannot say
(SEMANTICS 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.relate.dissolve import CONTACT_M, grown, shrunk
from ecozone.relate.through import runs_through
from ecozone.relation import FALSE, TRUE, UNKNOWN

_AREA = 2
#: GEOS straightens bends of up to a hundredth of a buffer's distance, and draws its arcs as chords: twice that, share.
_BENT = 0.02
#: Spacing of points where that could decide, metres.
_STEP_M = 0.1


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
    for certain in (runs_through, _holds):
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
    out = ~np.asarray(shapely.covers(grown(zone, reach_m * (1 + _BENT)), site))
    left = np.flatnonzero(~out & (reach_m > 0))
    wide = grown(zone[left], reach_m[left] * (1 - _BENT))
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
