"""Areas that two polygons share, as sums over pairs of their edges: no topology, no new geometry, all pairs at once.

Seen from below, a polygon is the sum over its edges of ±(everything under the edge): + where the ground ends above,
- where it begins. The product of two polygons is then a sum over pairs of edges of ±(everything under both), and that
area is a formula. Nothing is decided on the way, so nothing can be decided wrongly: against GEOS on a snapped grid all
areas agree to rounding (tests/test_edges.py). It is several times as fast as intersections where polygons are small, as
sites and the zones clipped to them are; its cost grows with the product of the edges, so large pairs go to GEOS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

#: GEOS takes about as long for an edge of either polygon as these sums for so many pairs of edges (60 to 100).
PAIRS_AN_EDGE = 64
#: Pairs of edges looked at together: what the processor's cache holds.
BLOCK = 100_000
#: Less than this is no ground but rounding: square metres, and the share of the box that sums may lose.
NOTHING_M2, LOST = 1e-7, 1e-13
#: So few pairs of polygons are not worth the setting up.
FEW = 8


@dataclass(frozen=True, eq=False, repr=False)
class Edges:
    """Edges of polygons, left end first; upright ones have nothing under them and are left out.

    Attributes
    ----------
    start : int64 array of shape (polygons + 1,)
        The edges of polygon i are ``start[i]:start[i + 1]``.
    left, right : float64 arrays of shape (edges,)
    y, slope : float64 arrays of shape (edges,)
        Height at the left end, and rise per metre.
    sign : float64 array of shape (edges,)
        +1 where ground ends above the edge, -1 where it begins.
    """

    start: NDArray[np.int64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    y: NDArray[np.float64]
    slope: NDArray[np.float64]
    sign: NDArray[np.float64]

    @classmethod
    def of(cls, polygons: NDArray[Any], origin: NDArray[np.float64]) -> Edges:
        """Take polygons and multipolygons apart; heights and places count from an origin ``(polygons, 2)`` of each."""
        rings, outer, polygon = _rings(polygons)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        if not len(xy):
            none = np.zeros(0)
            return cls(np.zeros(len(polygons) + 1, dtype=np.int64), none, none, none, none, none)
        x, y = (xy - origin[polygon[ring]]).T
        at = np.flatnonzero(ring[1:] == ring[:-1])
        dx, dy = np.diff(x)[at], np.diff(y)[at]
        ring = ring[at]
        area = np.bincount(ring, dx * (y[at] + dy / 2), minlength=len(rings))  # under the ring: + clockwise
        direction = np.where((area > 0) == outer, 1.0, -1.0)
        ahead = dx > 0
        some = np.flatnonzero(dx)
        at, ahead, dx, dy = at[some], ahead[some], dx[some], dy[some]
        left, right = np.where(ahead, at, at + 1), np.where(ahead, at + 1, at)
        start = np.concatenate([[0], np.cumsum(np.bincount(polygon[ring[some]], minlength=len(polygons)))])
        sign = direction[ring[some]] * np.where(ahead, 1.0, -1.0)
        return cls(start, x[left], x[right], y[left], dy / dx, sign)

    @property
    def count(self) -> NDArray[np.int64]:
        """Number of edges of each polygon."""
        return np.diff(self.start)


def shared_areas(
    ground: NDArray[Any], rows: NDArray[np.int64], zones: NDArray[Any], *, few: int = FEW
) -> NDArray[np.float64]:
    """Return the area of ``ground[rows[i]]`` and ``zones[i]``, square metres of their plane.

    Parameters
    ----------
    ground : ndarray of polygons
        Valid, in a plane.
    rows : int64 array of shape (n,)
        Ascending.
    zones : ndarray of geometries, shape (n,)
        Valid, in the same plane; clips of no more than `most_vertices` need not be.
    few : int
        Leave fewer pairs than that to GEOS, which then wants all of them valid.

    Returns
    -------
    ndarray of shape (n,)
        0 where they only touch.
    """
    out = np.zeros(len(rows))
    simple = areal(ground)[rows] & areal(zones)
    if simple.sum() < few:
        return np.asarray(shapely.area(shapely.intersection(ground[rows], zones)))
    small = simple & (shapely.get_num_coordinates(zones) <= most_vertices(ground)[rows])
    large = np.flatnonzero(~small)
    out[large] = shapely.area(shapely.intersection(ground[rows[large]], zones[large]))
    some = np.flatnonzero(small)
    box = shapely.bounds(ground)
    area = _sums(Edges.of(ground, box[:, :2]), rows[some], Edges.of(zones[some], box[rows[some], :2]))
    nothing = NOTHING_M2 + LOST * ((box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]))[rows[some]]
    out[some] = np.where(area > nothing, area, 0.0)
    return out


def areal(geometry: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark polygons and multipolygons (empty ones too)."""
    kind = shapely.get_type_id(geometry)
    return np.asarray((kind == 3) | (kind == 6))


def most_vertices(ground: NDArray[Any]) -> NDArray[np.int64]:
    """Return up to how many vertices a zone is summed over edges with each ground: a·b <= `PAIRS_AN_EDGE`·(a + b)."""
    a = shapely.get_num_coordinates(ground).astype(np.int64)
    return np.where(a <= PAIRS_AN_EDGE, np.iinfo(np.int64).max, PAIRS_AN_EDGE * a // np.maximum(a - PAIRS_AN_EDGE, 1))


def _rings(polygons: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.int64]]:
    """Return rings (a polygon without holes is its own), which are outer ones, and their polygons."""
    many = np.flatnonzero(shapely.get_type_id(polygons) == 6)
    owner = np.arange(len(polygons))
    if len(many):  # only they are taken apart: get_parts copies polygons too
        parts, of = shapely.get_parts(polygons[many], return_index=True)
        single = np.delete(owner, many)
        polygons, owner = np.concatenate([polygons[single], parts]), np.concatenate([single, many[of]])
        order = np.argsort(owner, kind="stable")
        polygons, owner = polygons[order], owner[order]
    holes = shapely.get_num_interior_rings(polygons)
    part = np.repeat(np.arange(len(polygons)), holes + 1)
    outer = np.concatenate([[True], part[1:] != part[:-1]])[: len(part)]
    rings = polygons[part]
    holed = (holes > 0)[part]
    rings[holed] = shapely.get_rings(polygons[holes > 0])
    return rings, outer, owner[part]


def _sums(ground: Edges, rows: NDArray[np.int64], zones: Edges) -> NDArray[np.float64]:
    """Sum over the pairs of edges, in blocks of pairs of polygons whose zones have about as many edges."""
    out = np.zeros(len(rows))
    order = np.argsort(zones.count, kind="stable")
    work = np.cumsum(ground.count[rows[order]] * zones.count[order])
    begin = 0
    while begin < len(order):
        done = work[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(work, done + BLOCK, side="right")))
        some = order[begin:end]
        out[some] = _block(ground, rows[some], zones, some)
        begin = end
    return out


def _block(ground: Edges, rows: NDArray[np.int64], zones: Edges, some: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum over some pairs of polygons; takes and comparisons, which take most of the time, let other threads go on."""
    mine, theirs = ground.count[rows], zones.count[some]
    wide = int(theirs.max(initial=0))
    table = zones.start[some][:, None] + np.arange(wide)
    there = np.arange(wide) < theirs[:, None]
    table = np.where(there, table, 0)
    left, right = np.where(there, zones.left[table], np.inf), zones.right[table]
    pair = np.repeat(np.arange(len(rows)), mine)  # one row for each edge of the ground
    e = np.arange(len(pair)) + np.repeat(ground.start[rows] - (np.cumsum(mine) - mine), mine)
    meet = left.take(pair, axis=0) < ground.right[e][:, None]
    meet &= right.take(pair, axis=0) > ground.left[e][:, None]  # one edge lies above a part of the other
    at = np.flatnonzero(meet)
    row = at // wide
    pair = pair[row]
    e, f = e[row], table.ravel()[pair * wide + at - row * wide]
    el, fl, es, fs = ground.left[e], zones.left[f], ground.slope[e], zones.slope[f]
    low, high = np.maximum(el, fl), np.minimum(ground.right[e], zones.right[f])
    ey, fy = ground.y[e], zones.y[f]
    e0, e1 = ey + (low - el) * es, ey + (high - el) * es
    f0, f1 = fy + (low - fl) * fs, fy + (high - fl) * fs
    d0, d1 = e0 - f0, e1 - f1
    under = np.minimum(e0 + e1, f0 + f1)  # twice the mean height of the lower edge, if they do not cross
    cross = np.flatnonzero(d0 * d1 < 0)
    least, most = np.minimum(d0[cross], d1[cross]), np.maximum(d0[cross], d1[cross])
    under[cross] = (f0 + f1)[cross] - least * least / (most - least)
    weight = ground.sign[e] * zones.sign[f] * under * (high - low)
    return np.bincount(pair, weight, minlength=len(rows)) / 2.0
