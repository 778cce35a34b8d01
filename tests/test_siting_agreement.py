"""Ground cut by verdict agrees with `check`: 1 000 points and 1 000 footprints of each verdict's ground."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from agreement import Drawn, disagreements, looser

import ecozone
from ecozone.demo import demo_regions
from ecozone.ground.offset import shrunk
from ecozone.siting import VERDICTS

DAY = "2026-11-22"
HARMLESS = {"nature": "new", "industry": "G5990", "facilities": "none"}
CHEMICAL = {"nature": "new", "industry": "C2614"}
PIGS = {"nature": "expand", "industry": "A0313"}
#: A window of each region; small ones that hold all five verdicts together.
WINDOWS = {"511111": (103.50, 29.34, 103.62, 29.44), "510604": (104.47, 31.28, 104.56, 31.36)}


@pytest.mark.parametrize("region", WINDOWS)
def test_points_and_footprints_of_a_window(region: str) -> None:
    atlas, rng = ecozone.demo_atlas(region), np.random.default_rng(11)
    drawn = Drawn.of(atlas, HARMLESS, DAY, within=shapely.box(*WINDOWS[region]))
    there = [v for v in VERDICTS if len(drawn.rows(v))]
    assert len(there) >= 4
    for verdict in there:
        assert list(disagreements(drawn, atlas, DAY, verdict, 80, rng)) == []
    assert list(looser(drawn, atlas, DAY, 150, rng)) == []


def test_points_that_stand_for_ground_agree_at_the_rim_of_the_region() -> None:
    atlas, rng = ecozone.demo_atlas("511111"), np.random.default_rng(3)
    known = {"extent_m": 200.0, "site_accuracy_m": 1.0}
    drawn = Drawn.of(atlas, HARMLESS, DAY, within=shapely.box(103.40, 29.36, 103.45, 29.41), **known)
    for verdict in ("clear", "undetermined"):
        at, rows = drawn.points(verdict, 120, rng)
        assert drawn.judge_points(atlas, at, DAY, **known) == [drawn.said(row) for row in rows.tolist()]


@pytest.mark.slow
@pytest.mark.parametrize("facts", [HARMLESS, CHEMICAL, PIGS, {}], ids=["harmless", "chemical", "pigs", "unknown"])
@pytest.mark.parametrize("region", demo_regions())
def test_a_thousand_points_and_footprints_of_each_verdict(region: str, facts: dict) -> None:
    atlas, rng = ecozone.demo_atlas(region), np.random.default_rng(int(region))
    drawn = Drawn.of(atlas, facts, DAY)
    there = [v for v in VERDICTS if len(drawn.rows(v))]
    if facts is HARMLESS:
        assert there == list(VERDICTS)
    for verdict in there:
        assert list(disagreements(drawn, atlas, DAY, verdict, 1_000, rng)) == []
    assert list(looser(drawn, atlas, DAY, 1_000, rng)) == []


def test_a_seam_between_two_zones_of_one_theme_is_no_edge() -> None:
    atlas, rng = ecozone.demo_atlas("511111"), np.random.default_rng(5)
    plane = ecozone.measure.plane_of(shapely.union_all(atlas["scenic_area"].geometry))
    zones = ecozone.measure.to_plane(atlas["scenic_area"].geometry, plane)
    seam = shapely.line_merge(shapely.intersection(*shapely.boundary(zones), grid_size=1e-3))
    on = shapely.line_interpolate_point(seam, rng.uniform(0, 1, 150), normalized=True)
    at = shapely.points(shapely.get_coordinates(on) + rng.uniform(-6, 6, (150, 2)))
    whole = shapely.union_all(zones, grid_size=1e-3)
    at = at[shapely.covers(whole, at) & (shapely.distance(at, shapely.boundary(whole)) > 10.2)]
    assert len(at) > 100
    there = shapely.transform(at, plane.inverse)
    projects = [ecozone.Project(p, **HARMLESS, site_accuracy_m=0.0, extent_m=0.0) for p in there]
    for answer in ecozone.assess(projects, atlas, as_of=DAY):
        assert {f.outcome for f in answer.findings if f.rule == "cn.风景名胜区条例.28-1"} == {"hit"}


def test_a_strip_within_the_accuracy_of_an_edge_is_never_a_hit() -> None:
    atlas = ecozone.demo_atlas("511000")  # red line less reserves: 20 m, where GEOS would straighten bends by 0.2 m
    zone = next(g for g, z in zip(atlas["ecological_redline"].geometry, atlas["ecological_redline"].columns["zone"],
                                  strict=True) if z == "ecological_redline-002")  # fmt: skip
    plane = ecozone.measure.plane_of(zone)
    flat = ecozone.measure.to_plane(np.array([zone], dtype=object), plane)
    ring = shapely.difference(shrunk(flat, 10.2), shrunk(flat, 19.92))
    boxes = [shapely.box(x, y, x + 250, y + 250) for x in range(-9000, 9000, 250) for y in range(-9000, 9000, 250)]
    cut = [shapely.intersection(ring, shapely.affinity.translate(b, *flat[0].centroid.coords[0])) for b in boxes]
    strips = [p for c in cut for p in shapely.get_parts(c) if shapely.area(p) > 50]
    assert len(strips) > 20
    projects = [ecozone.Project(shapely.transform(s, plane.inverse), **HARMLESS, site_accuracy_m=0.0) for s in strips]
    for answer in ecozone.assess(projects, atlas, as_of=DAY):
        assert {f.outcome for f in answer.findings if f.rule == "cn.红线142号.一"} == {"undetermined"}
