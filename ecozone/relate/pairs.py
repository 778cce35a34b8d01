"""Candidate pairs of ground and zone, and what lies between them.

Zones are clipped to the box of the ground grown by the reach. "Covers the box" and "misses the box" need no geometry
operation at all. Zones of very many vertices are clipped in degrees first, to a box that is wider by their longest edge
(so that no edge that the clip has cut comes near the ground), and only what is left is brought to the local plane.
Everything runs on arrays of pairs.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.crs import Plane
from ecozone.layer import Layer
from ecozone.relate.clip import clip, padded_boxes
from ecozone.relate.dissolve import apart
from ecozone.relate.group import Group
from ecozone.relate.index import Index, index_of

#: The plane may be off by 1.2e-5 at its rim: look this much farther, metres, so that no pair is lost to it.
SLACK_M = 1.0
#: Odd pads of boxes in degrees, all different (see `ecozone.relate.clip`): millimetres to centimetres.
ODD_DEGREES = np.array([1.37e-7, 1.73e-7, 1.11e-7, 1.93e-7])
#: A zone of so many vertices is clipped in degrees and only what is left projected; smaller ones are projected once.
GREAT = 5_000
#: A zone of so many vertices that meets so many boxes is asked by a prepared copy before it is clipped.
HUGE, OFTEN = GREAT, 8
#: Prepared copies that a thread keeps.
MOST_COVERAGES, MOST_HUGE = 256, 64
#: Metres in a degree of latitude, rounded down.
DEGREE_M = 110_500.0

_thread = threading.local()


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """Pairs within reach of one layer and one group of pieces, sorted by piece.

    Attributes
    ----------
    piece, zone : int64 arrays of shape (m,)
        Row in the group and row in the layer.
    near : ndarray of geometries
        The zone in the plane, clipped to the piece's box grown by the reach and more.
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
    """What one thread keeps while it measures: coverage polygons in local planes, prepared copies of huge zones.

    Prepared copies are never shared between threads (libgeos/geos#825).
    """

    @classmethod
    def own(cls) -> Projected:
        """Return what the thread that asks keeps."""
        if not hasattr(_thread, "kept"):
            _thread.kept = cls()
        kept: Projected = _thread.kept
        return kept

    def __init__(self) -> None:
        self._coverage: dict[tuple[int, Plane], tuple[Any, Any, shapely.STRtree]] = {}
        self._huge: dict[tuple[int, int], tuple[Index, Any]] = {}

    def coverage(self, coverage: Any, plane: Plane) -> Any:
        """Return a coverage polygon in a plane: a prepared copy that belongs to this object, not to the atlas."""
        return self._covered(coverage, plane)[1]

    def outline(self, coverage: Any, plane: Plane) -> shapely.STRtree:
        """Return an index over pieces of a coverage polygon's outline in a plane."""
        return self._covered(coverage, plane)[2]

    def _covered(self, coverage: Any, plane: Plane) -> tuple[Any, Any, shapely.STRtree]:
        from ecozone.relate.index import cut_lines

        key = (id(coverage), plane)
        if key not in self._coverage:
            flat = measure.to_plane(np.array([coverage], dtype=object), plane, measure.LONGEST_EDGE_M)[0]
            flat = shapely.transform(flat, np.copy) if flat is coverage else flat
            tree = shapely.STRtree(cut_lines(np.array([flat], dtype=object))[0])
            shapely.prepare(flat)  # noqa: TID251 - a copy of our own, used by this thread alone
            self._coverage[key] = (coverage, flat, tree)
            if len(self._coverage) > MOST_COVERAGES:
                del self._coverage[next(iter(self._coverage))]
            return coverage, flat, tree
        return self._coverage[key]

    def huge(self, index: Index, zone: int) -> Any:
        """Return a prepared copy of a zone in degrees, which belongs to this object."""
        key = (id(index), zone)
        if key not in self._huge:
            copy = shapely.transform(index.geometry[zone], np.copy)
            shapely.prepare(copy)  # noqa: TID251 - a copy of our own, used by this thread alone
            self._huge[key] = (index, copy)
            if len(self._huge) > MOST_HUGE:
                del self._huge[next(iter(self._huge))]
            return copy
        return self._huge[key][1]


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
    piece, zone, near, covers = candidates(group, layer, reach_m, wanted, cache)
    distance = np.zeros(len(piece))
    if not len(piece):
        return Pairs(group, layer, piece, zone, near, covers, distance)
    todo = np.flatnonzero(~covers)
    distance[todo] = apart(group.geometry[piece[todo]], near[todo])
    keep = distance <= (reach_m + SLACK_M)[piece]
    pairs = Pairs(group, layer, piece, zone, near, covers, distance)
    return pairs if keep.all() else pairs.only(keep)


def candidates(
    group: Group,
    layer: Layer,
    reach_m: NDArray[np.float64],
    wanted: NDArray[np.bool_],
    cache: Projected,
    *,
    trust: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any], NDArray[np.bool_]]:
    """Return (piece, zone, what of the zone is near in the plane, whether it covers the piece's grown box).

    `trust` says for each piece of the group what `ecozone.relate.clip.clip` need not look at.
    """
    index, look = index_of(layer), reach_m + SLACK_M
    tight = grown(group.degrees, look + measure.PLANE_EDGE_M)
    piece, zone = index.tree.query(shapely.box(*tight.T))
    keep = wanted[zone]
    piece, zone = piece[keep].astype(np.int64), zone[keep].astype(np.int64)
    if not len(zone):
        return piece, zone, np.empty(0, dtype=object), np.zeros(0, dtype=bool)
    order = np.lexsort((zone, piece))
    piece, zone = piece[order], zone[order]
    near, covers = np.empty(len(zone), dtype=object), np.zeros(len(zone), dtype=bool)
    great = index.vertices[zone] >= GREAT
    at = np.flatnonzero(~great)
    boxes = padded_boxes(group.bounds[piece[at]], look[piece[at]])
    near[at], covers[at] = clip(
        index.flat(group.plane, zone[at]), boxes, trust=0 if trust is None else trust[piece[at]]
    )
    at = np.flatnonzero(great)
    if len(at):
        boxes = grown(group.degrees[piece[at]], look[piece[at]] + index.edge_m[zone[at]]) + ODD_DEGREES * (-1, -1, 1, 1)
        near[at], covers[at] = _clipped(index, zone[at], boxes, cache)
        near[at] = shapely.transform(near[at], group.plane.forward)
    there = ~shapely.is_empty(near)
    return piece[there], zone[there], near[there], covers[there]


def grown(degrees: NDArray[np.float64], metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Grow boxes in degrees ``(n, 4)`` by at least `metres`, and by what a geodesic bows out of its ends' box."""
    south, north = degrees[:, 1], degrees[:, 3]
    narrow = np.cos(np.radians(np.minimum(np.maximum(np.abs(south), np.abs(north)) + 1.0, 85.0)))
    wide = np.maximum(degrees[:, 2] - degrees[:, 0], north - south) * 111_700.0 + 2 * metres
    lift = metres + wide * wide / 2.0e7  # a side of length w bows by w² tan(lat) / 8R: twice that at 60°
    dy, dx = lift / DEGREE_M, lift / DEGREE_M / narrow
    return np.column_stack([degrees[:, 0] - dx, south - dy, degrees[:, 2] + dx, north + dy])


def _clipped(
    index: Index, zone: NDArray[np.int64], boxes: NDArray[np.float64], cache: Projected
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Clip zones to boxes; huge ones that meet many boxes are first asked whether they cover or miss them."""
    heavy = (index.vertices[zone] >= HUGE) & index.polygon[zone]
    if heavy.any():
        often = np.bincount(zone[heavy], minlength=len(index.vertices)) >= OFTEN
        heavy &= often[zone]
    if not heavy.any():
        return clip(index.geometry[zone], boxes)
    near, covers = np.empty(len(zone), dtype=object), np.zeros(len(zone), dtype=bool)
    shapes = shapely.box(*boxes.T)
    out = np.zeros(len(zone), dtype=bool)
    for z in np.unique(zone[heavy]).tolist():
        at = np.flatnonzero(heavy & (zone == z))
        known = cache.huge(index, z)
        covers[at] = shapely.contains_properly(known, shapes[at])
        out[at] = ~covers[at] & shapely.disjoint(known, shapes[at])
    near[covers] = shapes[covers]
    near[out] = shapely.Point()
    todo = np.flatnonzero(~covers & ~out)
    near[todo], covers[todo] = clip(index.geometry[zone[todo]], boxes[todo])
    return near, covers
