"""Needles: spikes and gashes too narrow to be ground. Cutting one border along another leaves them."""

from __future__ import annotations

import shapely
from shapely.geometry.base import BaseGeometry

WIDTH_M = 0.02
"""What is narrower than this over :data:`LENGTH_M` is a needle: two steps of the grid degrees are rounded to."""
LENGTH_M = 0.1
GRID_M = 1e-6
"""On this grid, spikes that have no width at all fall away; their area would not tell of them."""
_OVERLAP_M = 1e-3
"""A needle is cut off, or a gash filled, by so much more than itself, that nothing thinner stays."""


def spikes(shape: BaseGeometry, width: float = WIDTH_M, length: float = LENGTH_M) -> list[shapely.Polygon]:
    """Find what belongs to a polygon but is narrower than a width over a length, metres."""
    core = shape.buffer(-width / 2.0, quad_segs=8).buffer(width / 2.0 * 1.02, quad_segs=8)
    return _long(shape.difference(core), length)


def gashes(shape: BaseGeometry, width: float = WIDTH_M, length: float = LENGTH_M) -> list[shapely.Polygon]:
    """Find what lies between the sides of a polygon, narrower than a width over a length, metres."""
    filled = shape.buffer(width / 2.0, quad_segs=8).buffer(-width / 2.0 * 1.02, quad_segs=8)
    return _long(filled.difference(shape), length)


def without_needles(shape: BaseGeometry) -> BaseGeometry:
    """Cut the spikes off a polygon in metres and fill its gashes; anything else is returned as it is."""
    if shapely.get_dimensions(shape) < 2:
        return shape
    snapped = shapely.set_precision(shape, GRID_M)
    if shapely.get_num_coordinates(snapped) != shapely.get_num_coordinates(shape):
        shape = snapped
    if thin := spikes(shape):
        shape = shape.difference(shapely.union_all(thin).buffer(_OVERLAP_M))
    if thin := gashes(shape):
        shape = shape.union(shapely.union_all(thin).buffer(_OVERLAP_M))
    return shape


def _long(rest: BaseGeometry, length: float) -> list[shapely.Polygon]:
    parts = shapely.get_parts(shapely.get_parts(rest))
    parts = parts[(shapely.get_dimensions(parts) == 2) & (shapely.length(parts) / 2.0 > length)]
    return [part for part in parts if part.area > 0.0]
