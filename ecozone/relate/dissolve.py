"""Ground against the dissolved zones of one request: do they meet, does all of it lie inside, how much is shared.

Overlaps of one theme are dissolved first, so a share never exceeds 100 %. Let a be the accuracy of layer and site
together: the ground
*meets* the zones when it reaches ground deeper than a inside them, or runs through a zone thinner than 2a from beyond
one side to beyond the other; it stays out when it is farther than a from them; between the two the data cannot say
(SEMANTICS 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.relation import FALSE, TRUE, UNKNOWN

_AREA, _LINE = 2, 1


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


def states(
    ground: NDArray[Any],
    zones: NDArray[Any],
    distance_m: NDArray[np.float64],
    deep: NDArray[np.bool_],
    accuracy_m: NDArray[np.float64],
    extent_m: NDArray[np.float64],
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return (meets, inside) for pieces of ground and their dissolved zones.

    Parameters
    ----------
    ground, zones : ndarray of geometries, shape (n,)
        In one plane; zones are None where nothing is near.
    distance_m : ndarray
        Least distance of ground and zones, inf where nothing is near.
    deep : ndarray of bool
        Some zone covers the ground's box grown by more than the accuracy: certain without a geometry operation.
    accuracy_m, extent_m : ndarray
    """
    meets = np.where(distance_m > accuracy_m + extent_m, FALSE, UNKNOWN).astype(np.int8)
    inside = meets.copy()
    sure = deep & (extent_m <= 0)
    meets[deep] = TRUE
    inside[sure] = TRUE
    rows = np.flatnonzero((distance_m <= 0) & ~deep)
    if not len(rows):
        return meets, inside
    site, zone, a = ground[rows], zones[rows], accuracy_m[rows]
    core = _shrink(zone, a)
    hit = shapely.intersects(site, core) & ~(
        (a <= 0) & shapely.touches(site, zone) & (shapely.get_dimensions(site) > 0)
    )
    hit |= (a <= 0) & (shapely.get_dimensions(zone) == _LINE) & shapely.crosses(site, zone)
    open_ = ~hit
    if open_.any():
        hit[open_] = runs_through(site[open_], zone[open_], a[open_])
    meets[rows[hit]] = TRUE
    within = shapely.covers(core, site) & (extent_m[rows] <= 0)
    beyond = ~shapely.covers(shapely.buffer(zone, a + extent_m[rows]), site)
    inside[rows] = np.where(within, TRUE, np.where(beyond, FALSE, UNKNOWN))
    return meets, inside


def runs_through(site: NDArray[Any], zone: NDArray[Any], accuracy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark ground that runs through a thin zone from beyond one side to beyond the other.

    Near each crossing (within three accuracies of the shared ground) the zone must cut its surroundings into several
    pieces, and the ground must reach, farther than the accuracy from the zone, into at least two of them.
    """
    out = np.zeros(len(site), dtype=bool)
    rows = np.flatnonzero((shapely.get_dimensions(site) > 0) & (accuracy_m > 0))
    if not len(rows):
        return out
    shared, owner = shapely.get_parts(shapely.intersection(site[rows], zone[rows]), return_index=True)
    owner = rows[owner]
    a = accuracy_m[owner]
    around = shapely.buffer(shared, 3 * a)
    sides, crossing = shapely.get_parts(shapely.difference(around, zone[owner]), return_index=True)
    arms = shapely.difference(site[owner], shapely.buffer(zone[owner], a))
    reached = shapely.intersects(sides, arms[crossing]) & (shapely.area(sides) > 0)
    through = np.bincount(crossing[reached], minlength=len(shared)) >= 2
    out[owner[through]] = True
    return out


def amounts(ground: NDArray[Any], zones: NDArray[Any]) -> NDArray[np.float64]:
    """Return dissolved overlaps: square metres, metres or points, by the dimension of ground and zone."""
    out = np.zeros(len(ground))
    rows = np.flatnonzero(~shapely.is_missing(zones))
    if not len(rows):
        return out
    shared = shapely.intersection(ground[rows], zones[rows])
    dimension = np.minimum(shapely.get_dimensions(ground[rows]), shapely.get_dimensions(zones[rows]))
    area, length, count = shapely.area(shared), shapely.length(shared), shapely.get_num_geometries(shared)
    points = np.where(shapely.is_empty(shared), 0, count)
    out[rows] = np.where(dimension == _AREA, area, np.where(dimension == _LINE, length, points))
    return out


def bounded_amounts(
    ground: NDArray[Any], zones: NDArray[Any], accuracy_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the overlap with the zones shrunk and grown by the accuracy."""
    low, high = np.zeros(len(ground)), np.zeros(len(ground))
    rows = np.flatnonzero(~shapely.is_missing(zones))
    if len(rows):
        low[rows] = amounts(ground[rows], _shrink(zones[rows], accuracy_m[rows]))
        high[rows] = amounts(ground[rows], shapely.buffer(zones[rows], accuracy_m[rows]))
    return low, high


def own_measure(ground: NDArray[Any]) -> NDArray[np.float64]:
    """Return each piece's own area, length or number of points in its plane."""
    dimension = shapely.get_dimensions(ground)
    return np.where(
        dimension == _AREA,
        shapely.area(ground),
        np.where(dimension == _LINE, shapely.length(ground), shapely.get_num_geometries(ground)),
    ).astype(float)


def _shrink(zone: NDArray[Any], accuracy_m: NDArray[np.float64]) -> NDArray[Any]:
    """Shrink zones by the accuracy; an exact layer keeps its zones, lines and points vanish."""
    return np.where(accuracy_m > 0, shapely.buffer(zone, -accuracy_m), zone)
