"""Dissolved zones of one request, and how much ground shares with them: a share never exceeds 100 %."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.relate.edges import shared_areas

_AREA, _LINE = 2, 1
#: Ground and zone this near, metres, touch: a shared border keeps no more digits than that through a projection.
CONTACT_M = 1e-6
#: Gaps in the common border of two zones that are none, metres: projected, one's edge passes the other's vertex by
#: nanometres; wider than those so that no rounding falls between the two.
SEAM_M = 1e-4


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
    # floating again: geometry that remembers its grid makes all that is done with it snap to it, at many times the cost
    out[rows] = shapely.set_precision(shapely.set_precision(zones[rows], SEAM_M), 0.0)
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


def grown(zone: NDArray[Any], metres: NDArray[np.float64]) -> NDArray[Any]:
    """Grow zones by so much."""
    return np.where(metres > 0, shapely.buffer(zone, metres), zone)
