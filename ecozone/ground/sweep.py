"""The shifts at which a footprint stands free.

A footprint K stands free at a shift s when K + s shares no ground with what blocks it. The shifts at which it does
are the blocked ground swept by K turned about, so the smallest free shift is the nearest point of what is left: found
exactly, not by trying.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

#: How far inside the free ground a suggestion stays, metres: agreement with `check` holds outside 0.2 m of an edge.
CLEARANCE_M = 0.3
#: Bends of blocked ground that are left out, metres.
_BEND_M = 0.02
_AREA = 2


def free_shifts(bad: Any, foot: Any, look: float) -> Any:
    """Return the shifts (as ground about the origin) at which a footprint keeps clear of what blocks it.

    Parameters
    ----------
    bad : shapely geometry
        What blocks, in a plane, at least as far as the footprint's box grown by `look`.
    foot : shapely geometry
        Point, line or polygon.
    look : float
        Shifts are looked for in a square of twice this width, metres.
    """
    square = shapely.box(-look, -look, look, look)
    if shapely.is_empty(bad):
        return square
    return shapely.difference(square, shapely.buffer(_meeting(bad, foot), CLEARANCE_M + _BEND_M, quad_segs=4))


def touching_shifts(ground: Any, foot: Any) -> Any:
    """Return the shifts at which a footprint shares ground with some, by as much as it keeps clear of what blocks it.

    Parameters
    ----------
    ground, foot : shapely geometry
        As for `free_shifts`.
    """
    return _meeting(shapely.buffer(ground, -CLEARANCE_M, quad_segs=4), foot)


def _meeting(ground: Any, foot: Any) -> Any:
    """Return the shifts at which a footprint meets some ground."""
    if shapely.is_empty(ground):
        return shapely.Polygon()
    swept = []
    for part in shapely.get_parts(foot):  # one point of each part stands for those wholly inside
        anchor = shapely.get_coordinates(part)[0]
        swept.append(shapely.transform(ground, lambda xy, by=anchor: xy - by))
    rings = shapely.get_parts(shapely.boundary(shapely.get_parts(shapely.simplify(ground, _BEND_M))))
    coords, owner = shapely.get_coordinates(rings, return_index=True)
    same = owner[1:] == owner[:-1]
    start, end = coords[:-1][same], coords[1:][same]
    for corner in _convex(foot):
        ends = np.concatenate([start[:, None] - corner[None], end[:, None] - corner[None]], axis=1)
        swept.append(shapely.union_all(shapely.convex_hull(shapely.multipoints(ends))))
    return shapely.union_all(swept)


def _convex(foot: Any) -> list[NDArray[np.float64]]:
    """Return the corners of convex pieces that make up a footprint."""
    dimension = shapely.get_dimensions(foot)
    if dimension == 0:
        return [shapely.get_coordinates(foot)[[i]] for i in range(shapely.get_num_coordinates(foot))]
    if dimension < _AREA:
        coords, owner = shapely.get_coordinates(shapely.get_parts(foot), return_index=True)
        return [coords[i : i + 2] for i in np.flatnonzero(owner[1:] == owner[:-1]).tolist()]
    out = []
    for part in shapely.get_parts(foot):
        hull = shapely.convex_hull(part)
        if shapely.area(hull) - shapely.area(part) <= 1e-9 * shapely.area(hull):
            out.append(shapely.get_coordinates(hull)[:-1])
        else:
            out += [
                shapely.get_coordinates(t)[:-1] for t in shapely.get_parts(shapely.constrained_delaunay_triangles(part))
            ]
    return out
