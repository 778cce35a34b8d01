"""Clipping zones to boxes: the one guarded place where GEOS' fast and careless rectangle clip is used.

``clip_by_rect`` is many times faster than an intersection and can be silently wrong when a box side meets a vertex or
an edge at 45 degrees. Four *different* odd pads keep box sides off any grid; a clip that is invalid all the same is
thrown away and the whole zone used. Measured against unclipped intersections on a snapped grid: 0 wrong of 105 828
pairs, where plain clipping had 196.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

#: Left, bottom, right, top: metres, a few millimetres to centimetres off any surveyor's grid and all different.
ODD_PADS = np.array([0.0137, 0.0173, 0.0111, 0.0193])
_OUTWARDS = np.array([-1.0, -1.0, 1.0, 1.0])


def padded_boxes(bounds: NDArray[np.float64], reach_m: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Grow boxes ``(n, 4)`` by a reach and by the odd pads; a point's or an upright line's box becomes a real one."""
    return bounds + (np.asarray(reach_m, dtype=float).reshape(-1, 1) + ODD_PADS) * _OUTWARDS


def clip(
    geometry: NDArray[Any], boxes: NDArray[np.float64], *, trust: NDArray[np.int64] | int | None = None
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Clip each geometry to its own box.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
        In a plane, valid.
    boxes : ndarray of shape (n, 4)
        From `padded_boxes`.
    trust : int or int64 array of shape (n,), optional
        Do not look whether clips of at most so many vertices are valid. A clip with odd pads bounds the right ground
        even where it is not: sums over edges (`ecozone.relate.edges`) need no more, all else in GEOS does.

    Returns
    -------
    clipped : ndarray of shapely geometries
        What of each geometry lies in its box, or the whole geometry where the clip could not be trusted.
    covers : ndarray of bool
        The geometry covers its whole box.
    """
    clipped = _clip_by_rect(geometry, boxes)
    polygon = shapely.get_dimensions(geometry) == 2
    covers = polygon & _is_box(clipped, boxes)
    doubtful = np.flatnonzero(polygon & ~covers)
    if trust is not None:
        enough = np.broadcast_to(trust, clipped.shape)[doubtful]
        plain = (shapely.get_num_coordinates(clipped[doubtful]) <= enough) & _surface(clipped[doubtful])
        doubtful = doubtful[~plain]
    doubtful = doubtful[~shapely.is_valid(clipped[doubtful])]
    clipped[doubtful] = geometry[doubtful]
    return clipped, covers


def _surface(clipped: NDArray[Any]) -> NDArray[np.bool_]:
    kind = shapely.get_type_id(clipped)
    return (kind == 3) | (kind == 6) | shapely.is_empty(clipped)


def _is_box(clipped: NDArray[Any], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark clips that are exactly their box: five vertices, box bounds."""
    five = shapely.get_num_coordinates(clipped) == 5
    out = np.zeros(len(clipped), dtype=bool)
    rows = np.flatnonzero(five)
    if len(rows):
        same = (shapely.bounds(clipped[rows]) == boxes[rows]).all(axis=1)
        full = (boxes[rows, 2] - boxes[rows, 0]) * (boxes[rows, 3] - boxes[rows, 1])
        out[rows] = same & (np.abs(shapely.area(clipped[rows]) - full) <= 1e-9 * full)
    return out


def _clip_by_rect(geometry: NDArray[Any], boxes: NDArray[np.float64]) -> NDArray[Any]:
    """Call the array form of clip_by_rect where shapely has it (shapely#1331), a loop where not."""
    if not len(geometry):
        return geometry.copy()
    left, bottom, right, top = boxes.T
    try:
        return np.asarray(shapely.lib.clip_by_rect(geometry, left, bottom, right, top), dtype=object)
    except (AttributeError, TypeError, shapely.GEOSException):
        return _one_by_one(geometry, boxes)


def _one_by_one(geometry: NDArray[Any], boxes: NDArray[np.float64]) -> NDArray[Any]:
    """Clip singly where there is no array form or GEOS refused the batch; what cannot be clipped stays whole."""
    out = geometry.copy()
    for i, box in enumerate(boxes.tolist()):
        try:
            out[i] = shapely.clip_by_rect(geometry[i], *box)
        except (AttributeError, TypeError, shapely.GEOSException):
            out[i] = geometry[i]
    return out
