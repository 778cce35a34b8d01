"""Nearest zones farther off than contact: asked of pieces of their lines, never of buffers and never of whole zones."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.layer import Layer
from ecozone.relate.dissolve import CONTACT_M
from ecozone.relate.group import Group
from ecozone.relate.index import index_of
from ecozone.relate.pairs import SLACK_M, grown

#: Ground of at most this extent is asked by one corner first, metres: about as far as the nearest river usually is.
SMALL_M = 2_000.0


class Lines:
    """Pieces of a layer's lines around one group of ground, in its plane.

    Parameters
    ----------
    group : Group
    layer : Layer
    look_m : ndarray of shape (pieces of the group,)
        How far to look from each piece of ground, metres.
    """

    def __init__(self, group: Group, layer: Layer, look_m: NDArray[np.float64]) -> None:
        self._group, self._look = group, look_m + SLACK_M
        lines, zone, tree = index_of(layer).pieces
        boxes = grown(group.degrees, self._look + measure.PLANE_EDGE_M)
        if len(boxes) > 1:
            boxes = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None, :]
        at = np.sort(tree.query(shapely.box(*boxes[0])))
        self._zone = zone[at]
        self._flat = shapely.transform(lines[at], group.plane.forward) if len(at) else lines[at]
        self._trees: dict[bytes, tuple[NDArray[np.int64], shapely.STRtree]] = {}

    def nearest(
        self, wanted: NDArray[np.bool_], rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return for some rows the nearest wanted zone (-1: none within reach) and how far it is, metres."""
        zone, metres = np.full(len(rows), -1), np.full(len(rows), np.inf)
        held, tree = self._tree(wanted)
        if not len(held) or not len(rows):
            return zone, metres
        ground = self._group.geometry[rows]
        row, at, distance = closest(tree, ground, self._look[rows])
        keep = distance <= self._look[rows][row]
        row, at, distance = row[keep], held[at[keep]], distance[keep]
        order = np.lexsort((at, self._zone[at], distance, row))
        first = order[np.unique(row[order], return_index=True)[1]]
        row, at = row[first], at[first]
        zone[row] = self._zone[at]
        lines = shapely.shortest_line(ground[row], self._flat[at])
        metres[row] = measure.line_metres(lines, self._group.plane)[0]
        return zone, metres

    def _tree(self, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], shapely.STRtree]:
        key = np.packbits(wanted).tobytes()
        if key not in self._trees:
            held = np.flatnonzero(wanted[self._zone])
            self._trees[key] = held, shapely.STRtree(self._flat[held])
        return self._trees[key]


def closest(
    tree: shapely.STRtree, ground: NDArray[Any], look: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return pairs of ground and line with their distances; each ground's nearest lines within its look are among them.

    GEOS measures whole grounds against many lines on its way to the nearest. Of small grounds one corner is asked
    first, which is cheap: nothing farther off than the line nearest to it can be nearest to the ground.
    """
    lines, box = tree.geometries, shapely.bounds(ground)
    size = np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    corner = (size > 0) & (size < SMALL_M)
    some, rest = np.flatnonzero(corner), np.flatnonzero(~corner)
    (row, at), distance = tree.query_nearest(
        ground[rest], max_distance=float(look.max()), return_distance=True, all_matches=True
    )
    row = rest[row]
    if len(some):
        xy, owner = shapely.get_coordinates(ground[some], return_index=True)
        points = shapely.points(xy[np.searchsorted(owner, np.arange(len(some)))])
        far = float((look + size)[some].max())
        near, line = tree.query_nearest(points, max_distance=far, all_matches=False)
        some, points = some[near], points[near]
        limit = np.minimum(shapely.distance(ground[some], lines[line]), look[some]) + size[some] + CONTACT_M
        pair, line = tree.query(points, predicate="dwithin", distance=limit)
        pair = some[pair]
        row, at = np.concatenate([row, pair]), np.concatenate([at, line])
        distance = np.concatenate([distance, shapely.distance(ground[pair], lines[line])])
    return row, at, distance
