"""Lines at a distance from zones, true to a few centimetres.

GEOS straightens shallow bends of less than a hundredth of the distance before it buffers: 10 m at 1 km. Here every edge
is moved outwards as a rectangle of its own and every bend filled by a sector, and all are united: only the chords of
the sectors' arcs remain as an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

#: How far the chord of an arc may lie from the arc, metres.
CHORD_M = 0.05
#: Bends that are left out before edges are moved, metres.
_STRAIGHT_M = 0.01
#: Up to this distance GEOS' own buffer is as true as the chords of a larger one, metres.
_PLAIN_M = 5.0
#: Gaps in the common border of two zones that are none, metres: it keeps no common digits through a projection.
_SEAM_M = 1e-3
#: Holes that are smaller are of the arithmetic, not of the ground, square metres.
_HOLE_M2 = 0.5
_AREA, _LINE = 2, 1


def segments(distance_m: float, chord_m: float = CHORD_M) -> int:
    """Return how many chords a quarter circle needs for a chord error."""
    if distance_m <= chord_m:
        return 2
    return max(4, int(np.ceil(np.pi / 4 / np.arccos(1 - chord_m / distance_m))))


def grown(zones: NDArray[Any], distance_m: float) -> Any:
    """Return the ground within a distance of any of some zones, dissolved.

    Parameters
    ----------
    zones : ndarray of geometries
        In a plane in metres: points, lines or polygons.
    distance_m : float
        Above zero.
    """
    zones = zones[~shapely.is_empty(zones)]
    if not len(zones):
        return shapely.Polygon()
    quad = segments(distance_m)
    if distance_m <= _PLAIN_M:
        return shapely.union_all(shapely.buffer(zones, distance_m, quad_segs=quad))
    dimension = shapely.get_dimensions(zones)
    # no grid: it would take narrower spikes away, and the ground around them; seams are built over from both sides
    whole = shapely.get_parts(shapely.simplify(shapely.union_all(zones[dimension == _AREA]), _STRAIGHT_M))
    ends = shapely.get_parts(np.concatenate([zones[dimension == 0], _ends(zones[dimension == _LINE])]))
    rings = shapely.get_parts(shapely.boundary(shapely.orient_polygons(whole)))
    lines = shapely.get_parts(shapely.simplify(zones[dimension == _LINE], _STRAIGHT_M))
    both = np.concatenate([rings, lines, shapely.reverse(lines)])
    made = [whole, _beside(both, distance_m), shapely.buffer(ends, distance_m, quad_segs=quad)]
    return _closed(shapely.union_all(np.concatenate(made)))


def shrunk(zones: NDArray[Any], distance_m: float) -> Any:
    """Return the ground of some polygons that lies farther than a distance from their common edge, dissolved."""
    zones = zones[shapely.get_dimensions(zones) == _AREA]
    if not len(zones):
        return shapely.Polygon()
    whole = shapely.union_all(zones, grid_size=_SEAM_M) if len(zones) > 1 else zones[0]
    if distance_m <= _PLAIN_M:
        return shapely.buffer(whole, -distance_m, quad_segs=segments(distance_m))
    whole = shapely.simplify(whole, _STRAIGHT_M)
    rings = shapely.get_parts(shapely.boundary(shapely.orient_polygons(shapely.get_parts(whole))))
    return shapely.difference(whole, _closed(shapely.union_all(_beside(shapely.reverse(rings), distance_m))))


def _closed(ground: Any) -> Any:
    """Fill holes that only the last bits of a union left."""
    parts = []
    for part in shapely.get_parts(ground):
        holes = shapely.get_rings(part)[1:]
        if len(holes):
            real = holes[shapely.area(shapely.polygons(holes)) > _HOLE_M2]
            parts.append(shapely.Polygon(shapely.get_exterior_ring(part), real))
        else:
            parts.append(part)
    return shapely.multipolygons(parts)


def _ends(lines: NDArray[Any]) -> NDArray[Any]:
    parts = shapely.get_parts(lines)
    return np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])


def _beside(lines: NDArray[Any], distance_m: float) -> NDArray[Any]:
    """Return the ground within a distance on the right of lines: a rectangle an edge, a sector a bend to the left.

    A rectangle and the sector beside it share an edge to the last bit, so that nothing is left between them.
    """
    coords, owner = shapely.get_coordinates(lines, return_index=True)
    if len(coords) < 2:
        return np.zeros(0, dtype=object)
    fresh = np.append(True, (coords[1:] != coords[:-1]).any(axis=1) | (owner[1:] != owner[:-1]))
    coords, owner = coords[fresh], owner[fresh]
    same = np.flatnonzero(owner[1:] == owner[:-1])
    start, end = coords[same], coords[same + 1]
    step = end - start
    normal = np.column_stack([step[:, 1], -step[:, 0]]) / np.hypot(step[:, 0], step[:, 1])[:, None]
    out_start, out_end = start + distance_m * normal, end + distance_m * normal
    made = [shapely.polygons(np.stack([start, out_start, out_end, end, start], axis=1))]
    line = owner[same]
    first = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
    last = np.append(first[1:], len(line)) - 1
    following = np.arange(len(line)) + 1
    following[last] = first  # a ring goes on at its beginning
    goes_on = (start[following % len(line)] == end).all(axis=1)
    following = np.where(goes_on, following % len(line), 0)
    before, after = normal, normal[following]
    turn = np.arctan2(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1))
    bend = np.flatnonzero(goes_on & (turn > 0))
    step_angle = np.pi / 2 / segments(distance_m)
    count = np.maximum(1, np.ceil(turn[bend] / step_angle)).astype(np.int64)
    for n in np.unique(count).tolist():
        rows = bend[count == n]
        angle = np.arctan2(before[rows, 1], before[rows, 0])[:, None] + turn[rows][:, None] * (
            np.arange(1, n)[None, :] / n
        )
        middle = end[rows][:, None, :] + distance_m * np.stack([np.cos(angle), np.sin(angle)], axis=2)
        ring = np.concatenate(
            [
                end[rows][:, None],
                out_end[rows][:, None],
                middle,
                out_start[following[rows]][:, None],
                end[rows][:, None],
            ],
            axis=1,
        )
        made.append(shapely.polygons(ring))
    return np.concatenate(made)
