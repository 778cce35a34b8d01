"""Candidate pairs of ground and zone, and what lies between them, in one local plane.

For each piece the zones whose box is within reach are projected, clipped to the piece's grown box and measured:
distance always, overlap where they touch. Everything runs on arrays of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.crs import Plane
from ecozone.layer import Layer
from ecozone.relate.clip import clip, padded_boxes
from ecozone.relate.pieces import Group

#: The plane may be off by 1.2e-5 at its rim: look this much farther, metres, so that no pair is lost to it.
SLACK_M = 1.0


@dataclass(frozen=True)
class Pairs:
    """Pairs within reach of one layer and one group of pieces, sorted by piece.

    Attributes
    ----------
    piece, zone : int64 arrays of shape (m,)
        Row in the group and row in the layer.
    near : ndarray of geometries
        The zone, clipped to the piece's box grown by the reach.
    covers : bool array
        The zone covers all of that grown box.
    distance_m : float64 array
        In the plane; 0 where they touch.
    """

    group: Group
    layer: Layer
    piece: NDArray[np.int64]
    zone: NDArray[np.int64]
    near: NDArray[Any]
    covers: NDArray[np.bool_]
    distance_m: NDArray[np.float64]

    def only(self, mask: NDArray[np.bool_]) -> Pairs:
        """Return the pairs that a mask keeps."""
        return Pairs(
            self.group,
            self.layer,
            self.piece[mask],
            self.zone[mask],
            self.near[mask],
            self.covers[mask],
            self.distance_m[mask],
        )


class Projected:
    """Zones of layers in local planes, each projected once."""

    def __init__(self) -> None:
        self._zones: dict[tuple[int, Plane], tuple[Layer, NDArray[Any]]] = {}
        self._coverage: dict[tuple[int, Plane], tuple[Any, Any]] = {}

    def zones(self, layer: Layer, plane: Plane, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return some zones of a layer in a plane."""
        _, flat = self._zones.setdefault((id(layer), plane), (layer, np.full(len(layer), None, dtype=object)))
        todo = rows[shapely.is_missing(flat[rows])]
        if len(todo):
            flat[todo] = measure.to_plane(layer.geometry[todo], plane)
        return flat[rows]

    def coverage(self, coverage: Any, plane: Plane) -> Any:
        """Return a coverage polygon in a plane: a prepared copy that belongs to this object, not to the atlas."""
        key = (id(coverage), plane)
        if key not in self._coverage:
            flat = measure.to_plane(np.array([coverage], dtype=object), plane)[0]
            flat = shapely.transform(flat, np.copy) if flat is coverage else flat
            shapely.prepare(flat)  # noqa: TID251 - a copy of our own, used by this thread alone
            self._coverage[key] = (coverage, flat)
        return self._coverage[key][1]


def find(
    group: Group, layer: Layer, reach_m: NDArray[np.float64], wanted: NDArray[np.bool_], cache: Projected
) -> Pairs:
    """Find and measure all pairs of a group of pieces and a layer.

    Parameters
    ----------
    group : Group
    layer : Layer
    reach_m : ndarray of shape (pieces of the group,)
        How far to look from each piece, metres.
    wanted : ndarray of bool, shape (zones,)
        Zones that any request could mean.
    cache : Projected
    """
    boxes = padded_boxes(group.bounds, reach_m + SLACK_M)
    piece, zone = _candidates(group.plane, boxes, layer, wanted)
    used, place = np.unique(zone, return_inverse=True)
    flat = cache.zones(layer, group.plane, used)[place]
    near, covers = clip(flat, boxes[piece])
    there = ~shapely.is_empty(near)
    piece, zone, near, covers = piece[there], zone[there], near[there], covers[there]
    distance = np.zeros(len(piece))
    todo = ~covers
    distance[todo] = shapely.distance(group.geometry[piece[todo]], near[todo])
    keep = distance <= reach_m[piece] + SLACK_M
    pairs = Pairs(group, layer, piece, zone, near, covers, distance)
    return pairs if keep.all() else pairs.only(keep)


def _candidates(
    plane: Plane, boxes: NDArray[np.float64], layer: Layer, wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (piece, zone) whose boxes meet, by an index over the zones' boxes in degrees."""
    x, y = boxes[:, [0, 2, 2, 0]], boxes[:, [1, 1, 3, 3]]
    corners = plane.inverse(np.column_stack([x.ravel(), y.ravel()])).reshape(-1, 4, 2)
    west, south = corners[:, :, 0].min(axis=1), corners[:, :, 1].min(axis=1)
    east, north = corners[:, :, 0].max(axis=1), corners[:, :, 1].max(axis=1)
    # a straight side of the plane bows away from the line between its corners in degrees: by less than 0.2 % of the box
    dx, dy = 2e-3 * (east - west) + 1e-6, 2e-3 * (north - south) + 1e-6
    piece, zone = layer.tree.query(shapely.box(west - dx, south - dy, east + dx, north + dy))
    keep = wanted[zone]
    piece, zone = piece[keep], zone[keep]
    order = np.lexsort((zone, piece))
    return piece[order].astype(np.int64), zone[order].astype(np.int64)
