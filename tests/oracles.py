"""Independent answers: pyproj's `Geod` on the CGCS2000 ellipsoid. Nothing here calls ecozone's measuring."""

from __future__ import annotations

from typing import Any

import hypothesis
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

#: The ellipsoid of CGCS2000 by its own numbers (GB 22021-2008), not by ecozone's.
GEOD = Geod(a=6378137.0, rf=298.257222101)


def fewer(by: int) -> Any:
    """Return settings that try a test so many times less often than the profile says, in CI as in soaks."""
    return hypothesis.settings(max_examples=max(3, hypothesis.settings().max_examples // by))


def tolerance(area_m2: float) -> float:
    """Return what an area may be off: one part in a million, or the oracle's own noise of 2e-4 m²."""
    return max(1e-6 * area_m2, 2e-4)


def area(geometry: Any) -> float:
    """Return the geodesic area of a polygon or multipolygon in degrees, square metres."""
    total = 0.0
    for polygon in shapely.get_parts(geometry):
        for ring, sign in [(polygon.exterior, 1.0), *((r, -1.0) for r in polygon.interiors)]:
            lon, lat = np.array(ring.coords).T[:2]
            total += sign * abs(GEOD.polygon_area_perimeter(lon, lat)[0])
    return total


def length(geometry: Any) -> float:
    """Return the geodesic length of lines in degrees, metres."""
    return float(sum(GEOD.line_length(*np.array(line.coords).T[:2]) for line in shapely.get_parts(geometry)))


def edges(geometry: Any) -> NDArray[np.float64]:
    """Return the edges of a geometry as ``(n, 4)``: lon, lat of both ends; points are edges without length."""
    out = []
    for part in shapely.get_parts(shapely.get_parts(geometry)):
        rings = [part] if shapely.get_dimensions(part) < 2 else shapely.get_rings(part)
        for ring in rings:
            at = shapely.get_coordinates(ring)
            out.append(np.hstack([at, at]) if len(at) == 1 else np.hstack([at[:-1], at[1:]]))
    return np.vstack(out)


def distance(a: Any, b: Any, samples: int = 33, rounds: int = 45) -> float:
    """Return the geodesic distance of two geometries that do not touch.

    The nearest pair of two geodesic edges has an end of one of them in it. So every vertex of either is held against
    every edge of the other: the edge is sampled along its geodesic (as ``Geod.npts`` does), and the best stretch
    searched further.
    """
    return min(_vertices_to_edges(a, b, samples, rounds), _vertices_to_edges(b, a, samples, rounds))


def _vertices_to_edges(a: Any, b: Any, samples: int, rounds: int) -> float:
    vertices, sides = np.unique(shapely.get_coordinates(a), axis=0), edges(b)
    v, e = (i.ravel() for i in np.meshgrid(np.arange(len(vertices)), np.arange(len(sides)), indexing="ij"))
    lon, lat = vertices[v].T
    start, end = sides[e, :2], sides[e, 2:]
    azimuth, _, metres = GEOD.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])

    def far(share: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y, _ = GEOD.fwd(start[:, 0], start[:, 1], azimuth, metres * share)
        return np.asarray(GEOD.inv(lon, lat, x, y)[2])

    grid = np.array([far(np.full(len(e), s)) for s in np.linspace(0, 1, samples)])
    best = grid.argmin(axis=0)
    step = 1 / (samples - 1)
    low, high = np.clip((best - 1) * step, 0, 1), np.clip((best + 1) * step, 0, 1)
    for _ in range(rounds):
        third = (high - low) / 3
        left = far(low + third) <= far(high - third)
        low, high = np.where(left, low, low + third), np.where(left, high - third, high)
    return float(min(grid.min(), far((low + high) / 2).min()))


def go(lon: float, lat: float, azimuth: float, metres: float) -> tuple[float, float]:
    """Return the place so many metres from another one."""
    x, y, _ = GEOD.fwd(lon, lat, azimuth, metres)
    return float(x), float(y)


def star(rng: np.random.Generator, lon: float, lat: float, radius: float, corners: int, inner: float = 0.4) -> Any:
    """Return a polygon with corners at random distances around a place (always valid: angles ascend)."""
    turn = 360.0 / corners
    return shapely.Polygon(
        [go(lon, lat, i * turn + rng.uniform(0, 0.8 * turn), radius * rng.uniform(inner, 1.0)) for i in range(corners)]
    )


def holed(rng: np.random.Generator, lon: float, lat: float, radius: float, corners: int) -> Any:
    """Return a polygon of at least 8 corners with a hole around its middle."""
    outer = star(rng, lon, lat, radius, max(corners, 8), inner=0.7)
    return shapely.Polygon(outer.exterior, [star(rng, lon, lat, 0.4 * radius, 7).exterior.coords])


def strip(lon: float, lat: float, azimuth: float, metres: float, width: float, along: int = 1, back: int = 1) -> Any:
    """Return a strip along a geodesic: one long side cut into `along` edges, the other into `back`."""
    far = go(lon, lat, azimuth, metres)
    side = go(lon, lat, azimuth + 90, width), go(*far, azimuth + 90, width)
    return shapely.Polygon([*_along((lon, lat), far, along), *_along(side[1], side[0], back)])


def _along(start: tuple[float, float], end: tuple[float, float], pieces: int) -> list[tuple[float, float]]:
    between = GEOD.npts(*start, *end, pieces - 1) if pieces > 1 else []
    return [start, *between, end]
