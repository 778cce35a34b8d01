"""The workload of the timings, made from a seed: a square of 200 km in Sichuan, its zones, rivers and sites.

Shapes are irregular and clustered in size as real layers are: polygons of 170 to 2 100 vertices with holes, rivers that
wind, sites of a few hectares. Everything is made in the plane EPSG:4544, where the peers work, and brought to degrees
for ecozone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

#: Side of the square and its south-western corner in EPSG:4544, metres (Sichuan, around 105° E, 30° N).
SIDE = 200_000.0
CORNER = np.array([400_000.0, 3_220_000.0])
#: How far a vertex is off the smooth outline, share of the radius: about an edge's length in zones of so many vertices.
#: More vertices on the same outline stand closer, and are off by less.
RAGGED, USUAL = 0.02, 450
#: Kinds that the zones are spread over.
KINDS = ("ecological_redline", "general_ecological_space", "basic_farmland_area", "farmland_priority_area", "wetland")


@dataclass(frozen=True)
class Workload:
    """Geometries in EPSG:4544; `theme` is the kind of each zone as an index into `KINDS`."""

    zones: NDArray[Any]
    theme: NDArray[np.int64]
    rivers: NDArray[Any]
    polygons: NDArray[Any]
    points: NDArray[Any]
    lines: NDArray[Any]


def make(
    seed: int = 7,
    *,
    zones: int = 20_000,
    rivers: int = 5_000,
    polygons: int = 20_000,
    points: int = 100_000,
    lines: int = 2_000,
    vertices: float = 1.0,
    side: float = SIDE,
) -> Workload:
    """Make a workload.

    Parameters
    ----------
    seed : int
    zones, rivers, polygons, points, lines : int
        How many of each.
    vertices : float
        How many times the usual vertices a zone has.
    side : float
        Side of the square, metres. Zones cover it about twice.
    """
    rng = np.random.default_rng(seed)
    radius = np.sqrt(2.0 * side * side / zones / np.pi)
    count = np.clip(rng.lognormal(np.log(340.0), 0.5, zones), 160, 2000) * vertices
    blobs = _blobs(
        rng,
        _somewhere(rng, zones, side),
        radius * rng.lognormal(-0.225, 0.45, zones),
        count.astype(int),
        0.25,
        RAGGED / vertices,
    )
    return Workload(
        zones=_with_holes(rng, blobs, radius),
        theme=rng.integers(0, len(KINDS), zones),
        rivers=_winding(rng, rivers, np.full(rivers, 274), 60.0, side),
        polygons=_blobs(
            rng,
            _somewhere(rng, polygons, side),
            rng.lognormal(np.log(220.0), 0.4, polygons),
            rng.integers(6, 52, polygons),
            0.2,
        ),
        points=shapely.points(_somewhere(rng, points, side)),
        lines=_winding(rng, lines, rng.integers(10, 101, lines), 200.0, side),
    )


def huge(seed: int, count: int, vertices: int, side: float = SIDE) -> NDArray[Any]:
    """Return a few zones of very many vertices."""
    rng = np.random.default_rng(seed)
    radius = np.full(count, np.sqrt(side * side / count / np.pi))
    ragged = RAGGED * USUAL / vertices
    return _blobs(rng, _somewhere(rng, count, side), radius, np.full(count, vertices), 0.25, ragged)


def degrees(geometry: NDArray[Any]) -> NDArray[Any]:
    """Bring geometries of EPSG:4544 to EPSG:4490."""
    from pyproj import Transformer

    to = Transformer.from_crs("EPSG:4544", "EPSG:4490", always_xy=True)
    return shapely.transform(geometry, lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1])))


def _somewhere(rng: np.random.Generator, n: int, side: float) -> NDArray[np.float64]:
    return CORNER + rng.random((n, 2)) * side


def _blobs(
    rng: np.random.Generator,
    centre: NDArray[np.float64],
    radius: NDArray[np.float64],
    count: NDArray[Any],
    rough: float,
    ragged: float = RAGGED,
) -> NDArray[Any]:
    """Return star-shaped polygons with ragged edges: each vertex is off by so much of the radius."""
    out = np.empty(len(centre), dtype=object)
    for i, n in enumerate(np.asarray(count).tolist()):
        angle = (np.arange(n) + rng.random(n) * 0.8) * (2 * np.pi / n)
        waves = sum(
            rng.normal(0, rough / k) * np.cos(k * angle + rng.random() * 2 * np.pi) for k in (1, 2, 3, 5, 8, 13, 21)
        )
        reach = radius[i] * np.clip(1 + waves + rng.normal(0, ragged, n), 0.2, 3.0)
        ring = centre[i] + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
        out[i] = shapely.Polygon(ring)
    return out


def _with_holes(rng: np.random.Generator, blobs: NDArray[Any], radius: float) -> NDArray[Any]:
    """Take up to four holes out of every other polygon."""
    out = blobs.copy()
    for i in range(0, len(blobs), 2):
        k = int(rng.integers(1, 5))
        x, y = shapely.get_coordinates(shapely.centroid(blobs[i]))[0]
        centres = np.column_stack([x + rng.normal(0, radius / 4, k), y + rng.normal(0, radius / 4, k)])
        holes = _blobs(rng, centres, np.full(k, radius / 12), np.full(k, 24), 0.1)
        left = shapely.difference(blobs[i], shapely.union_all(holes))
        parts = shapely.get_parts(left)
        out[i] = parts[np.argmax(shapely.area(parts))]
    return out


def _winding(rng: np.random.Generator, n: int, count: NDArray[Any], step: float, side: float) -> NDArray[Any]:
    """Return lines that keep a direction and wind."""
    start = _somewhere(rng, n, side)
    out = np.empty(n, dtype=object)
    for i, m in enumerate(np.asarray(count).tolist()):
        heading = rng.random() * 2 * np.pi + np.cumsum(rng.normal(0, 0.12, m))
        xy = start[i] + np.cumsum(np.column_stack([np.cos(heading), np.sin(heading)]) * step, axis=0)
        out[i] = shapely.LineString(np.clip(xy, CORNER - 5_000, CORNER + side + 5_000))
    return out
