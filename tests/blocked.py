"""Blocked footprints in the demo regions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

import ecozone
from ecozone import crs
from ecozone.demo import sample_projects

DAY = "2026-11-22"
#: What footprints that are made up say of themselves.
KINDS: tuple[dict[str, Any], ...] = (
    {"nature": "new", "industry": "G5990", "facilities": "none"},
    {"nature": "new", "industry": "C2614"},
    {"nature": "new", "industry": "C1353", "facilities": "none"},
)


@dataclass(frozen=True)
class Blocked:
    """A project that may not stand where it stands."""

    name: str
    region: str
    project: ecozone.Project
    day: str


def blocked(region: str, seed: int = 7) -> Iterator[Blocked]:
    """Yield the blocked samples of a region, then made up footprints without end."""
    atlas, rng = ecozone.demo_atlas(region), np.random.default_rng(seed)
    for one in _some(region, atlas, rng):
        if ecozone.check(one.project, atlas, as_of=one.day).verdict in ("prohibited", "restricted"):
            yield one


def _some(region: str, atlas: ecozone.Atlas, rng: np.random.Generator) -> Iterator[Blocked]:
    for sample in sample_projects(region):
        if len(sample.project.parts) == 1:
            yield Blocked(sample.id, region, sample.project, sample.as_of)
    zones = np.concatenate(
        [atlas[k].geometry for k in ("ecological_redline", "water_source", "basic_farmland", "river")]
    )
    n = 0
    while True:
        zone = zones[rng.integers(len(zones))]
        start = shapely.point_on_surface(zone)
        plane = crs.Plane(start.x, start.y)
        foot = _shape(rng)
        aside = rng.normal(0, 60, 2)
        where = shapely.transform(foot, lambda xy, p=plane, by=aside: p.inverse(xy + by))
        inside = shapely.covers(shapely.union_all(atlas["admin"].geometry), where)
        if inside:
            n += 1
            yield Blocked(
                f"{region}-{n}", region, ecozone.Project(where, **KINDS[n % len(KINDS)], site_accuracy_m=0.0), DAY
            )


def _shape(rng: np.random.Generator) -> Any:
    """Return a footprint: a box, an L, two boxes, a line, a ring."""
    size = rng.uniform(30, 250)
    box = shapely.box(-size / 2, -size / 4, size / 2, size / 4)
    shapes = [
        box,
        shapely.union(box, shapely.box(-size / 2, -size / 4, -size / 4, size)),
        shapely.union(box, shapely.box(size, size / 4, 1.2 * size, size / 2)),
        shapely.LineString([(-size, 0), (0, size / 5), (size, -size / 6)]),
        shapely.difference(shapely.box(-size / 2, -size / 2, size / 2, size / 2), shapely.box(-9, -9, 9, 9)),
    ]
    return shapely.affinity.rotate(shapes[rng.integers(len(shapes))], rng.uniform(0, 180))
