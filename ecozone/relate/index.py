"""What is worked out once for a layer version and kept while it lives: boxes, edges, pieces of its lines.

Nothing here is prepared or projected in place: the layer's own geometries stay as they are, so any number of threads
may read them (libgeos/geos#825).
"""

from __future__ import annotations

import functools
import threading
import weakref
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.crs import Plane
from ecozone.layer import Layer

#: Segments in a piece of a line: fewer make more boxes, more make boxes that hold nothing but air (measured: 8).
SEGMENTS = 8

#: Planes whose zones are kept: sites that come along a curve are seldom in more at a time.
PLANES = 128

_known: weakref.WeakKeyDictionary[Layer, Index] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


class Index:
    """Boxes, edges and pieces of a layer's zones (long edges cut: `Layer.dense`), in degrees."""

    def __init__(self, geometry: NDArray[Any]) -> None:
        self._lock = threading.RLock()
        self._flat: dict[Plane, NDArray[Any]] = {}
        self.geometry = geometry
        self.vertices = shapely.get_num_coordinates(self.geometry)
        self.edge_m = longest_edges(self.geometry)
        self.dimension = shapely.get_dimensions(self.geometry)
        self.polygon = self.dimension == 2
        self.tree = shapely.STRtree(self.geometry)
        self.tree.query(shapely.Point(0, 0))  # a tree is built when first asked: now, before threads share it

    def flat(self, plane: Plane, zones: NDArray[np.int64]) -> NDArray[Any]:
        """Return some zones in a plane; each is projected once while its plane is kept."""
        with self._lock:
            kept = self._flat.pop(plane, None)
            if kept is None:
                kept = np.full(len(self.geometry), None, dtype=object)
            self._flat[plane] = kept
            while len(self._flat) > PLANES:
                del self._flat[next(iter(self._flat))]
        todo = np.flatnonzero(np.bincount(zones))  # np.unique would import numpy.ma
        todo = todo[shapely.is_missing(kept[todo])]
        if len(todo):  # two threads may project one zone both: the same numbers twice
            kept[todo] = shapely.transform(self.geometry[todo], plane.forward)
        return kept[zones]

    @functools.cached_property
    def pieces(self) -> tuple[NDArray[Any], NDArray[np.int64], shapely.STRtree]:
        """Pieces of at most `SEGMENTS` segments of lines and outlines (or points), their zones, an index of them."""
        with self._lock:
            lines, zone = cut_lines(self.geometry)
            tree = shapely.STRtree(lines)
            tree.query(shapely.Point(0, 0))
            return lines, zone, tree


def index_of(layer: Layer) -> Index:
    """Return the index of a layer, made when first asked for."""
    with _lock:
        found = _known.get(layer)
        if found is None:
            found = _known[layer] = Index(layer.dense)
        return found


def longest_edges(geometry: NDArray[Any]) -> NDArray[np.float64]:
    """Return an upper bound of the longest edge of each geometry, metres (0 for points)."""
    out = np.zeros(len(geometry))
    coords, owner = shapely.get_coordinates(geometry, return_index=True)
    if len(coords) > 1:
        same = owner[1:] == owner[:-1]
        rough = np.where(same, measure.rough_edges(coords), 0.0)
        first = np.flatnonzero(np.concatenate([[True], ~same]))
        first = first[first < len(rough)]
        out[owner[first]] = np.minimum(np.maximum.reduceat(rough, first), measure.PLANE_EDGE_M)
    return out


def cut_lines(geometry: NDArray[Any], segments: int = SEGMENTS) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Cut lines, and the outlines of polygons, into pieces; points stay.

    Returns
    -------
    pieces : ndarray of lines and points
    owner : int64 array
        The geometry each comes from.
    """
    parts, of_part = shapely.get_parts(geometry, return_index=True)
    dimension = shapely.get_dimensions(parts)
    rings, of_ring = shapely.get_rings(parts[dimension == 2], return_index=True)
    lines = np.concatenate([parts[dimension == 1], rings])
    owner = np.concatenate([of_part[dimension == 1], of_part[dimension == 2][of_ring]])
    points = parts[dimension == 0]
    points, of_points = points[~shapely.is_empty(points)], of_part[dimension == 0][~shapely.is_empty(points)]
    there = shapely.get_num_coordinates(lines) > 1
    lines, owner = lines[there], owner[there]
    if not len(lines):
        return points, of_points.astype(np.int64)
    coords = shapely.get_coordinates(lines)
    count = shapely.get_num_coordinates(lines)
    start = np.cumsum(count) - count
    pieces = -(-(count - 1) // segments)
    rank = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    first = np.repeat(start, pieces) + rank * segments
    length = np.minimum(first + segments, np.repeat(start + count - 1, pieces)) - first + 1
    at = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length) + np.repeat(first, length)
    cut = shapely.linestrings(coords[at], indices=np.repeat(np.arange(len(length)), length))
    return np.concatenate([cut, points]), np.concatenate([np.repeat(owner, pieces), of_points]).astype(np.int64)
