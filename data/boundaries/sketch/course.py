"""Rivers and canals: a smooth course through control points, its banks, its reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from .noise import waves
from .plane import Plane


@dataclass(frozen=True)
class Course:
    """A watercourse drawn in metres, from its source to its mouth."""

    name: str
    line: shapely.LineString
    water: shapely.Polygon

    def at(self, point: shapely.Point) -> float:
        """Distance along the course to the place nearest to ``point``, metres."""
        return float(shapely.line_locate_point(self.line, point))

    def reach(self, near: shapely.Point, up_m: float, down_m: float) -> shapely.LineString:
        """Return the centreline from ``up_m`` above to ``down_m`` below the place nearest to ``near``."""
        here = self.at(near)
        return substring(self.line, max(here - up_m, 0.0), min(here + down_m, self.line.length))

    def strip(self, near: shapely.Point, up_m: float, down_m: float, land_m: float) -> BaseGeometry:
        """Return a reach of the water with ``land_m`` of ground on both banks, cut square at its ends."""
        slab = self.reach(near, up_m, down_m).buffer(2500.0, cap_style="flat")
        return largest(self.water.buffer(land_m, quad_segs=4).intersection(slab).simplify(4.0))


def smooth(points: np.ndarray, step: float, *, closed: bool = False) -> np.ndarray:
    """Points on a centripetal Catmull-Rom curve through ``points``, about ``step`` apart."""
    if closed:
        framed = np.vstack([points[-1], points, points[:2]])
    else:
        framed = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    pieces = []
    for p0, p1, p2, p3 in zip(framed[:-3], framed[1:-2], framed[2:-1], framed[3:], strict=True):
        t1 = np.sqrt(np.hypot(*(p1 - p0)))
        t2 = t1 + np.sqrt(np.hypot(*(p2 - p1)))
        t3 = t2 + np.sqrt(np.hypot(*(p3 - p2)))
        count = max(int(np.ceil(np.hypot(*(p2 - p1)) / (step / 4.0))), 2)
        t = np.linspace(t1, t2, count, endpoint=False)[:, None]
        a1 = (t1 - t) / t1 * p0 + t / t1 * p1
        a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
        a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
        b1 = (t2 - t) / t2 * a1 + t / t2 * a2
        b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
        pieces.append((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
    curve = np.vstack([*pieces, points[:1] if closed else points[-1:]])
    return even(curve, step)


def even(points: np.ndarray, step: float) -> np.ndarray:
    """Return the same polyline with vertices about ``step`` apart; both ends stay."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    wanted = np.linspace(0.0, along[-1], max(round(along[-1] / step), 2) + 1)
    return np.column_stack([np.interp(wanted, along, points[:, axis]) for axis in (0, 1)])


def normals(points: np.ndarray) -> np.ndarray:
    """Return unit vectors to the left of a polyline, one a vertex."""
    tangent = np.gradient(points, axis=0)
    tangent /= np.hypot(tangent[:, 0], tangent[:, 1])[:, None]
    return np.column_stack([-tangent[:, 1], tangent[:, 0]])


def course(
    plane: Plane,
    name: str,
    points: Sequence[tuple[float, float]],
    *,
    width_m: tuple[float, float],
    meander_m: float = 0.0,
    wavelength_m: float = 4000.0,
    joins: Course | None = None,
    leaves: Course | None = None,
    step_m: float = 110.0,
) -> Course:
    """Draw a watercourse.

    Parameters
    ----------
    plane : Plane
        Drawing plane.
    name : str
        Name; it also seeds the meanders.
    points : sequence of (lon, lat)
        Coarse control points from source to mouth.
    width_m : (float, float)
        Width at the first and the last point.
    meander_m, wavelength_m : float
        How far and how often the course leaves the smooth line.
    joins, leaves : Course, optional
        The course it ends in, or starts from; its end is moved there.
    step_m : float
        Distance between vertices.
    """
    control = plane.xy(points)
    if joins is not None:
        control[-1] = _onto(joins, control[-1])
    if leaves is not None:
        control[0] = _onto(leaves, control[0])
    path = smooth(control, step_m)
    if meander_m:
        along = np.arange(len(path)) * step_m
        calm = np.minimum(along, along[::-1]) / wavelength_m
        swing = waves(along, wavelength_m, name, "meander") * meander_m * np.clip(calm, 0.0, 1.0)
        path = even(path + normals(path) * swing[:, None], step_m)
    along = np.arange(len(path)) * step_m
    half = np.linspace(width_m[0], width_m[1], len(path)) / 2.0
    half *= 1.0 + 0.16 * waves(along, 2600.0, name, "width")
    left, right = path + normals(path) * half[:, None], path - normals(path) * half[:, None]
    water = largest(shapely.make_valid(shapely.Polygon(np.vstack([left, right[::-1]]))))
    if joins is not None:
        water = largest(water.difference(joins.water))
    if leaves is not None:
        water = largest(water.difference(leaves.water))
    return Course(name=name, line=shapely.LineString(path), water=water)


def largest(geometry: BaseGeometry) -> shapely.Polygon:
    """Return the largest polygon of a geometry, without crumbs."""
    polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return max(polygons, key=lambda part: part.area)


def _onto(other: Course, end: np.ndarray) -> np.ndarray:
    place = other.line.interpolate(other.at(shapely.Point(*end)))
    return np.array([place.x, place.y])
