"""Ground cut by verdict against `check`: places drawn from the pieces, and what the engine says of each."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

import ecozone
from ecozone import crs, siting
from ecozone._batch import Batch
from ecozone._check import choose, day_of
from ecozone._engine import Judged
from ecozone.ground.faces import answers, points

#: Where pieces meet, arcs are drawn as chords: nothing is promised nearer than this, metres.
EDGE_M = 0.2
RANK = {"clear": 0, "undetermined": 0, "conditional": 1, "restricted": 2, "prohibited": 3}


@dataclass(frozen=True)
class Drawn:
    """A region's pieces in a plane, with what each says."""

    found: siting.Where
    facts: Mapping[str, Any]
    plane: crs.Plane
    flat: NDArray[Any]

    @functools.cached_property
    def inner(self) -> NDArray[Any]:
        """The pieces without the strip along their edges of which nothing is promised."""
        return shapely.buffer(self.flat, -EDGE_M, quad_segs=4)

    @classmethod
    def of(cls, atlas: ecozone.Atlas, facts: Mapping[str, Any], day: str, **options: Any) -> Drawn:
        found = siting.where_allowed(atlas, **facts, as_of=day, **options)
        west, south, east, north = found.pieces.total_bounds.tolist()
        plane = crs.Plane((west + east) / 2, (south + north) / 2)
        return cls(found, facts, plane, shapely.transform(np.array(found.pieces.geometry), plane.forward))

    def said(self, row: int) -> tuple[Any, ...]:
        """Return what a piece says."""
        told = self.found.pieces.iloc[row]
        return told["verdict"], bool(told["complete"]), told["rules"], told["open"]

    def rows(self, verdict: str) -> NDArray[np.int64]:
        """Pieces of a verdict that have ground away from their edge."""
        mine = np.flatnonzero((self.found.pieces["verdict"] == verdict).to_numpy())
        return mine[~shapely.is_empty(shapely.buffer(self.flat[mine], -EDGE_M - 0.01))]

    def points(self, verdict: str, n: int, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Draw points from a verdict's ground: half by area, half piece by piece, so that the smallest have some."""
        rows = self.rows(verdict)
        inner = self.inner[rows]
        weight = shapely.area(inner)
        pick = np.concatenate(
            [rng.choice(len(rows), n - n // 2, p=weight / weight.sum()), np.arange(n // 2) % len(rows)]
        )
        at = np.array([_inside(inner[i], rng) for i in pick.tolist()], dtype=object)
        return at, rows[pick]

    def footprints(self, verdict: str, n: int, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Draw footprints that lie in one piece: what a rotated box, or a blob, holds of it."""
        at, rows = self.points(verdict, n, rng)
        out = np.empty(n, dtype=object)
        for i in range(n):
            size = float(np.exp(rng.uniform(np.log(5.0), np.log(1500.0))))
            shape = _blob(at[i], size, rng) if i % 2 else _box(at[i], size, rng)
            near = shapely.clip_by_rect(self.inner[rows[i]], *shapely.bounds(shapely.buffer(shape, 1.0)))
            parts = shapely.get_parts(shapely.intersection(shape, near if near.is_valid else self.inner[rows[i]]))
            out[i] = max(parts[shapely.get_dimensions(parts) == 2], key=shapely.area)
        return out, rows

    def straddling(self, n: int, rng: np.random.Generator) -> NDArray[Any]:
        """Draw footprints across edges of pieces."""
        rows = rng.integers(0, len(self.flat), n)
        at = shapely.line_interpolate_point(shapely.boundary(self.flat[rows]), rng.uniform(0, 1, n), normalized=True)
        return np.array([_blob(p, float(rng.uniform(5, 400)), rng) for p in at], dtype=object)

    def judge_points(self, atlas: ecozone.Atlas, at: NDArray[Any], day: str, **known: float) -> list[tuple[Any, ...]]:
        """Return what the engine says of points."""
        accuracy, extent = known.get("site_accuracy_m", 0.0), known.get("extent_m", 0.0)
        where = shapely.transform(at, self.plane.inverse)
        project = ecozone.Project(where[0], **self.facts, site_accuracy_m=accuracy, extent_m=extent)
        batch = points(where, project, accuracy, extent)
        return _answers(Judged.of(batch, lambda _: project, atlas, choose(None), day_of(day), outside="keep"), day)

    def judge_footprints(self, atlas: ecozone.Atlas, at: NDArray[Any], day: str) -> list[tuple[Any, ...]]:
        """Return what the engine says of footprints."""
        where = shapely.transform(at, self.plane.inverse)
        projects = [ecozone.Project(g, **self.facts, site_accuracy_m=0.0) for g in where]
        batch = Batch.of(projects)
        return _answers(Judged.of(batch, projects.__getitem__, atlas, choose(None), day_of(day), outside="keep"), day)


def disagreements(
    drawn: Drawn, atlas: ecozone.Atlas, day: str, verdict: str, n: int, rng: np.random.Generator
) -> Iterator[str]:
    """Yield what disagrees among `n` points and `n` footprints of a verdict's ground."""
    for what, draw, judge in (
        ("point", drawn.points, drawn.judge_points),
        ("footprint", drawn.footprints, drawn.judge_footprints),
    ):
        at, rows = draw(verdict, n, rng)
        for said, row, shape in zip(judge(atlas, at, day), rows.tolist(), at, strict=True):
            if said != drawn.said(row):
                there = shapely.to_wkt(shapely.transform(shape, drawn.plane.inverse), rounding_precision=9)
                yield f"{what} {there}: check {said}, piece {row} {drawn.said(row)}"


def looser(drawn: Drawn, atlas: ecozone.Atlas, day: str, n: int, rng: np.random.Generator) -> Iterator[str]:
    """Yield footprints across pieces that `check` judges more freely than the strictest piece under them."""
    at = drawn.straddling(n, rng)
    at = at[shapely.covered_by(at, shapely.union_all(shapely.box(*shapely.bounds(drawn.flat).T)))]
    inner = drawn.inner
    i, j = shapely.STRtree(inner).query(at, predicate="intersects")
    rank = np.array([RANK[v] for v in drawn.found.pieces["verdict"]])
    least = np.zeros(len(at), dtype=int)
    np.maximum.at(least, i, rank[j])
    for said, low, shape in zip(drawn.judge_footprints(atlas, at, day), least.tolist(), at, strict=True):
        if RANK[said[0]] < low:
            there = shapely.to_wkt(shapely.transform(shape, drawn.plane.inverse), rounding_precision=9)
            yield f"{there}: check {said}, ground of rank {low}"


def _answers(judged: Judged, day: str) -> list[tuple[Any, ...]]:
    return list(answers(judged, day_of(day)))


def _inside(polygon: Any, rng: np.random.Generator) -> Any:
    """Draw a point in a polygon: some tries in its box, then in a part of it."""
    west, south, east, north = polygon.bounds
    tried = shapely.points(rng.uniform(west, east, 200), rng.uniform(south, north, 200))
    held = tried[shapely.contains_properly(polygon, tried)]
    if len(held):
        return held[0]
    parts = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
    area = shapely.area(parts)
    corner = shapely.get_coordinates(parts[rng.choice(len(parts), p=area / area.sum())])[:3]
    return shapely.Point(rng.dirichlet([1, 1, 1]) @ corner)


def _box(at: Any, size: float, rng: np.random.Generator) -> Any:
    wide, high = size, size * rng.uniform(0.05, 1.0)
    box = shapely.affinity.rotate(shapely.box(-wide / 2, -high / 2, wide / 2, high / 2), rng.uniform(0, 180))
    return shapely.affinity.translate(box, at.x, at.y)


def _blob(at: Any, size: float, rng: np.random.Generator) -> Any:
    angle = np.sort(rng.uniform(0, 2 * np.pi, 14)) + np.linspace(0, 1e-6, 14)
    radius = size / 2 * rng.uniform(0.4, 1.0, 14)
    ring = np.column_stack([at.x + radius * np.cos(angle), at.y + radius * np.sin(angle)])
    shape = shapely.make_valid(shapely.Polygon(ring))
    return shape if shapely.covers(shape, at) else shapely.buffer(at, size / 2, quad_segs=3)
