"""Ground that runs through a thin zone, a river drawn as a line, from beyond one side to beyond the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.relate.dissolve import unite

#: How far around a crossing its sides are looked at, in accuracies.
AROUND = 3.0
#: How far to either side of a crossing ground is probed, in accuracies: beyond one, within `AROUND`.
PROBE = 2.0
#: Lines have no breadth to cut ground with: a wall of so many accuracies stands for them.
_WALL = 1e-3
#: Less than this off a line is on it, metres.
_ON_M = 1e-6
_LINESTRING, _POLYGON = 1, 3


def runs_through(site: NDArray[Any], zone: NDArray[Any], accuracy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark ground that runs through a thin zone.

    Near each crossing (within three accuracies of the shared ground) the zone must cut its surroundings into several
    pieces, and the ground that goes on from the crossing must reach, farther than the accuracy from the zone, into at
    least two of them. Other ground on the far side, which does not come through here, says nothing.

    Parameters
    ----------
    site, zone : ndarray of geometries, shape (n,)
        In one plane.
    accuracy_m : ndarray of shape (n,)
        More than 0.
    """
    out = np.zeros(len(site), dtype=bool)
    shared, owner = shapely.get_parts(shapely.intersection(site, zone), return_index=True)
    some = shapely.get_dimensions(site)[owner] > 0
    shared, owner = shared[some], owner[some]
    order = np.lexsort((-shapely.length(shared), owner))
    longest = order[np.diff(owner[order], prepend=-1) > 0]  # one crossing is enough: the longest is tried first
    at = owner[longest]
    out[at] = _plainly(site[at], zone[at], shared[longest], accuracy_m[at])
    rest = at[~out[at]]
    if len(rest):
        row = np.full(len(site), -1)
        row[rest] = np.arange(len(rest))
        shared, owner = shared[row[owner] >= 0], row[owner[row[owner] >= 0]]
        out[rest[owner[_through(site[rest], zone[rest], shared, owner, accuracy_m[rest])]]] = True
    return out


def _plainly(
    site: NDArray[Any], zone: NDArray[Any], shared: NDArray[Any], accuracy_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Mark crossings that are plain to see, by a probe across the middle of the shared line.

    A line that goes from rim to rim of surroundings without a hole cuts them in two. A straight probe that meets the
    zone once has its ends on both sides of it; where the ground holds all of the probe, and both ends lie farther than
    the accuracy from the zone, the ground runs through. What is not so plain is for `_through`.
    """
    out = np.zeros(len(site), dtype=bool)
    line = (shapely.get_type_id(shared) == _LINESTRING) & (shapely.length(shared) > 0)
    some = np.flatnonzero(line & (shapely.get_dimensions(zone) == 1))
    if not len(some):
        return out
    site, zone, shared, a = site[some], zone[some], shared[some], accuracy_m[some]
    middle = shapely.line_interpolate_point(shared, 0.5, normalized=True)
    ends = [shapely.get_coordinates(shapely.line_interpolate_point(shared, f, normalized=True)) for f in (0.49, 0.51)]
    along = ends[1] - ends[0]
    length = np.hypot(along[:, 0], along[:, 1])
    across = np.column_stack([-along[:, 1], along[:, 0]]) / np.where(length > 0, length, 1.0)[:, None]
    xy = shapely.get_coordinates(middle)
    tips = np.stack([xy - across * (PROBE * a)[:, None], xy + across * (PROBE * a)[:, None]], axis=1)
    probe = shapely.linestrings(tips)
    plain = (length > 0) & shapely.covers(site, probe)
    plain &= shapely.get_type_id(shapely.intersection(probe, zone)) == 0
    plain &= (shapely.distance(shapely.points(tips), zone[:, None]) > a[:, None]).all(axis=1)
    some, zone, shared, middle, a = some[plain], zone[plain], shared[plain], middle[plain], a[plain]
    around = shapely.buffer(shared, AROUND * a)
    whole = (shapely.get_type_id(around) == _POLYGON) & (shapely.get_num_interior_rings(around) == 0)
    line, row = shapely.get_parts(shapely.intersection(zone, around), return_index=True)
    some_line = whole[row] & (shapely.get_type_id(line) == _LINESTRING)
    line, row = line[some_line], row[some_line]
    ends = shapely.get_point(line[:, None], [0, -1])
    rim = shapely.dwithin(ends, shapely.boundary(around)[row][:, None], _ON_M)
    out[some[row[_leads_out(ends, rim, row) & shapely.dwithin(line, middle[row], _ON_M)]]] = True
    return out


def _leads_out(ends: NDArray[Any], rim: NDArray[np.bool_], row: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark lines that lead to the rim at both ends: by themselves, or by one more line that begins where they end.

    Where both ways out meet, they close a ring around one end of the probe, which cuts the surroundings too.
    """
    xy = shapely.get_coordinates(ends)
    owner = np.repeat(row, 2)
    order = np.lexsort((xy[:, 1], xy[:, 0], owner))
    new = (np.diff(xy[order], axis=0) != 0).any(axis=1) | (np.diff(owner[order]) != 0)
    node = np.empty(len(order), dtype=np.int64)
    node[order] = np.cumsum(np.concatenate([[0], new]))[: len(order)]
    out = rim[:, ::-1].ravel()  # from this end, the line's other end is at the rim
    ways = np.bincount(node, out, minlength=1)[node] - out  # by other lines
    return np.asarray((rim | (ways.reshape(-1, 2) > 0)).all(axis=1))


def _through(
    site: NDArray[Any],
    zone: NDArray[Any],
    shared: NDArray[Any],
    owner: NDArray[np.int64],
    accuracy_m: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Mark crossings (shared ground, each of one site and zone) through which ground runs."""
    a = accuracy_m[owner]
    around = shapely.buffer(shared, AROUND * a)
    going, crossing = shapely.get_parts(shapely.intersection(site[owner], around), return_index=True)
    on = shapely.intersects(going, shared[crossing])
    far = shapely.difference(going[on], shapely.buffer(zone, accuracy_m)[owner[crossing[on]]])
    arms = unite(len(shared), crossing[on], far)
    line = shapely.get_dimensions(zone) == 1
    wall = np.where(line, shapely.buffer(zone, _WALL * accuracy_m, quad_segs=1, join_style="bevel"), zone)
    sides, crossing = shapely.get_parts(shapely.difference(around, wall[owner]), return_index=True)
    reached = shapely.intersects(sides, arms[crossing]) & (shapely.area(sides) > 0)
    return np.asarray(np.bincount(crossing[reached], minlength=len(shared)) >= 2)
