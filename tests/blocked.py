"""Blocked footprints in the demo regions, and a search on a grid for places that would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

import ecozone
from ecozone import crs, siting
from ecozone._check import choose, day_of
from ecozone._engine import Judged
from ecozone.demo import demo_regions, sample_projects
from ecozone.ground.faces import points

DAY = "2026-11-22"
#: What footprints that are made up say of themselves.
KINDS: tuple[dict[str, Any], ...] = (
    {"nature": "new", "industry": "G5990", "facilities": "none"},
    {"nature": "new", "industry": "C2614"},
    {"nature": "new", "industry": "C1353", "facilities": "none"},
)
_BATCH = 4_000


@dataclass(frozen=True)
class Blocked:
    """A project that may not stand where it stands."""

    name: str
    region: str
    project: ecozone.Project
    day: str


def blocked(each: int, seed: int = 7) -> Iterator[Blocked]:
    """Yield the blocked samples of every region, then made up footprints until there are `each` a region."""
    for region in demo_regions():
        atlas, rng = ecozone.demo_atlas(region), np.random.default_rng(seed)
        made = 0
        for one in _some(region, atlas, rng):
            if ecozone.check(one.project, atlas, as_of=one.day).verdict in ("prohibited", "restricted"):
                yield one
                made += 1
                if made == each:
                    break


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


def better(one: Blocked, atlas: ecozone.Atlas, found: siting.Shift, *, step_m: float, by_m: float) -> list[str]:
    """Return shifts on a grid that would do and are shorter than the one found by more than `by_m`, the nearest first.

    `check` says so of the footprint; where it forbids a corner of it already, the footprint is not asked (it is never
    judged more freely than a point of it: see `agreement.looser`).
    """
    plane = ecozone.measure.plane_of(one.project.site)
    foot = shapely.transform(one.project.site, plane.forward)
    reach = max(found.distance_m - by_m, 0.0)
    axis = np.arange(-np.floor(reach / step_m), np.floor(reach / step_m) + 1) * step_m
    shifts = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    far = np.hypot(*shifts.T)
    shifts = shifts[np.argsort(far)][: int((far < reach).sum())]
    corners = shapely.get_coordinates(foot)
    for corner in corners[:: max(1, len(corners) // 5)]:
        verdict, _ = _judged(one, atlas, plane, shapely.points(corner + shifts))
        shifts = shifts[~np.isin(verdict, ("restricted", "prohibited"))]
    where = np.empty(len(shifts), dtype=object)
    where[:] = [shapely.transform(foot, lambda xy, s=s: xy + s) for s in shifts]
    verdict, complete = _judged(one, atlas, plane, where)
    does = np.isin(verdict, siting.ALLOWED) & (complete | (not found.assessment.complete))
    return [f"{s} {np.hypot(*s):.1f} m instead of {found.distance_m:.1f}" for s in shifts[does][:3]]


def _judged(one: Blocked, atlas: ecozone.Atlas, plane: crs.Plane, at: Any) -> tuple[Any, Any]:
    """Return (verdicts, completeness) of a project at other places in a plane."""
    part, shelf, day = one.project.parts[0], choose(None), day_of(one.day)
    verdict, complete = [np.zeros(0, dtype="U12")], [np.zeros(0, dtype=bool)]
    for first in range(0, len(at), _BATCH):
        where = shapely.transform(np.asarray(at[first : first + _BATCH], dtype=object), plane.inverse)
        batch = points(where, one.project, part.accuracy_m, part.extent_m or 0.0)
        judgement = Judged.of(batch, lambda _: one.project, atlas, shelf, day, outside="keep", threads=2).judgement
        verdict.append(judgement.verdict)
        complete.append(judgement.complete)
    return np.concatenate(verdict), np.concatenate(complete)
