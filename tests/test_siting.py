"""Where may it go: the ground cut by verdict agrees with `check`, and the smallest shift is the smallest."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from click.testing import CliRunner

import ecozone
from ecozone import crs, siting
from ecozone._check import choose, day_of
from ecozone._engine import Judged
from ecozone.cli.where import area, where
from ecozone.demo import sample_projects
from ecozone.errors import InputError
from ecozone.ground.faces import answers, points
from ecozone.ground.offset import grown, shrunk
from ecozone.ground.sweep import free_shifts

DAY = "2026-11-22"
WINDOW = shapely.box(103.53, 29.36, 103.62, 29.44)
EDGE_M = 0.2


@pytest.fixture(scope="module")
def atlas() -> ecozone.Atlas:
    return ecozone.demo_atlas("511111")


CASES = [
    ({"nature": "new", "industry": "C2614", "facilities": "none"}, 0.0, 0.0),
    ({"nature": "expand", "industry": "A0313"}, 50.0, 1.0),
    ({}, 0.0, 5.0),
]


def planes(region: shapely.Geometry) -> crs.Plane:
    west, south, east, north = shapely.bounds(region).tolist()
    return crs.Plane((west + east) / 2, (south + north) / 2)


@pytest.mark.parametrize(("facts", "extent", "accuracy"), CASES, ids=["chemical", "pigs", "nothing known"])
def test_every_point_has_the_verdict_of_its_piece(
    atlas: ecozone.Atlas, facts: dict, extent: float, accuracy: float
) -> None:
    found = siting.where_allowed(atlas, **facts, as_of=DAY, within=WINDOW, extent_m=extent, site_accuracy_m=accuracy)
    ground, plane = np.array(found.pieces.geometry), planes(WINDOW)
    flat = shapely.transform(ground, plane.forward)
    assert abs(shapely.area(flat).sum() - found.region_m2) < 1e-6 * found.region_m2  # nothing lost, nothing twice
    rng = np.random.default_rng(7)
    n = 700
    bounds = shapely.bounds(ground[rng.integers(0, len(ground), n)])
    west, south, east, north = WINDOW.bounds
    rim = shapely.line_interpolate_point(
        shapely.boundary(ground[rng.integers(0, len(ground), n)]), rng.uniform(0, 1, n), normalized=True
    )
    tried = np.concatenate(
        [
            shapely.points(rng.uniform(west, east, n), rng.uniform(south, north, n)),
            shapely.points(rng.uniform(bounds[:, 0], bounds[:, 2]), rng.uniform(bounds[:, 1], bounds[:, 3])),
            shapely.points(shapely.get_coordinates(rim) + rng.normal(0, 1e-5, (n, 2))),
        ]
    )
    at = shapely.transform(tried, plane.forward)
    point, piece = shapely.STRtree(flat).query(at, predicate="within")
    edges = shapely.STRtree(shapely.boundary(flat))
    near = np.isin(point, edges.query(at, predicate="dwithin", distance=EDGE_M)[0])
    point, piece = point[~near], piece[~near]
    assert len(point) > n
    project = ecozone.Project(tried[0], **facts, site_accuracy_m=accuracy, extent_m=extent)
    batch = points(tried[point], project, accuracy, extent)
    judged = Judged.of(batch, lambda _: project, atlas, choose(None), day_of(DAY), outside="keep")
    for said, row in zip(answers(judged, day_of(DAY)), piece.tolist(), strict=True):
        told = found.pieces.iloc[row]
        assert said == (told["verdict"], told["complete"], told["rules"], told["open"])


def test_a_footprint_in_one_piece_has_its_verdict(atlas: ecozone.Atlas) -> None:
    facts = CASES[0][0]
    found = siting.where_allowed(atlas, **facts, as_of=DAY, within=WINDOW)
    plane = planes(WINDOW)
    flat = shapely.transform(np.array(found.pieces.geometry), plane.forward)
    inner = shapely.buffer(flat, -60.0)
    rows = np.flatnonzero(~shapely.is_empty(inner)).tolist()
    rows = sorted(rows, key=lambda i: -shapely.area(inner[i]))[:25]
    assert len(set(found.pieces.iloc[rows]["verdict"])) > 1
    projects = []
    for i in rows:
        middle = shapely.point_on_surface(inner[i])
        projects.append(
            ecozone.Project(shapely.transform(shapely.buffer(middle, 55.0, quad_segs=3), plane.inverse), **facts)
        )
    for project, row in zip(projects, rows, strict=True):
        assert ecozone.check(project, atlas, as_of=DAY).verdict == found.pieces.iloc[row]["verdict"]


def test_a_look_says_what_is_left_and_why(atlas: ecozone.Atlas) -> None:
    found = siting.where_allowed(atlas, nature="new", industry="C2614", as_of=DAY, within=WINDOW, min_area_m2=2e5)
    summary = found.summary()
    assert summary["area_m2"].sum() == pytest.approx(found.region_m2, rel=1e-6)
    assert found.by_rule().iloc[0]["area_m2"] > 0
    assert not found.pieces.loc[found.pieces["block_m2"] < 2e5, "large_enough"].any()
    river = shapely.box(103.553, 29.405, 103.5535, 29.4055)
    blocked = siting.where_allowed(atlas, nature="new", industry="C2614", as_of=DAY, within=river)
    with pytest.raises(siting.NoGroundError, match="没有"):
        blocked.allowed()


def test_what_cannot_be_meant_is_refused(atlas: ecozone.Atlas) -> None:
    with pytest.raises(siting.NoGroundError, match="大于整个区域"):
        siting.where_allowed(atlas, as_of=DAY, min_area_m2=1e12)
    with pytest.raises(InputError, match="之外"):
        siting.where_allowed(atlas, as_of=DAY, within=shapely.box(110, 30, 110.1, 30.1))
    with pytest.raises(InputError, match="非负"):
        siting.where_allowed(atlas, as_of=DAY, min_area_m2=-1)
    with pytest.raises(InputError, match="20hm2"):
        area("二十")
    assert area("20hm2") == area("20公顷") == 2e5
    assert area("300亩") == pytest.approx(2e5)


@pytest.mark.parametrize("distance", [30.0, 995.0])
def test_lines_at_a_distance_are_true_to_the_chord(distance: float) -> None:
    rng = np.random.default_rng(3)
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    radius = 3000 + 400 * np.sin(5 * angle) + rng.normal(0, 8, 300)
    hole = shapely.Point(0, 0).buffer(1500).exterior.coords
    lake = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), [hole])
    line = shapely.LineString(np.column_stack([np.linspace(-9000, -5000, 90), np.cumsum(rng.normal(0, 30, 90))]))
    zones = np.array([lake, line, shapely.Point(7000, 7000)], dtype=object)
    edge = grown(zones, distance).boundary
    at = shapely.line_interpolate_point(edge, np.linspace(0, 1, 3000), normalized=True)
    off = shapely.distance(at, shapely.union_all(zones)) - distance
    assert off.min() > -0.06
    assert off.max() < 0.02
    inner = shrunk(np.array([lake], dtype=object), 200.0).boundary
    at = shapely.line_interpolate_point(inner, np.linspace(0, 1, 3000), normalized=True)
    assert np.abs(shapely.distance(at, lake.boundary) - 200).max() < 0.06


@pytest.mark.parametrize("width", [1e-6, 1e-4, 1e-2])
def test_a_spike_keeps_the_ground_around_it(width: float) -> None:
    spiked = [(0, 0), (100, 0), (100, 50), (300, 53), (100, 50 + width), (100, 100), (0, 100)]
    zones = np.array([shapely.Polygon(spiked), shapely.box(0, 100, 100, 200)], dtype=object)
    around = grown(zones, 10.0)
    at = shapely.line_interpolate_point(shapely.LineString([(100, 50), (300, 53)]), np.linspace(0, 200, 50))
    assert shapely.covers(around, shapely.buffer(at, 9.9)).all()
    assert shapely.area(around) == pytest.approx(120 * 220 + 190 * 20, rel=0.03)


def test_free_shifts_are_those_without_contact() -> None:
    bad = shapely.MultiPolygon([shapely.box(-50, -30, 40, 60), shapely.box(90, -200, 120, 200)])
    foot = shapely.Polygon([(0, 0), (40, 0), (40, 10), (12, 10), (12, 50), (0, 50)])
    free = free_shifts(bad, foot, 150)
    rng = np.random.default_rng(1)
    for east, north in rng.uniform(-150, 150, (400, 2)):
        there = shapely.transform(foot, lambda xy, s=(east, north): xy + np.array(s))
        distance = shapely.distance(there, bad)
        if not 0 < distance < 1:
            assert shapely.intersects(free, shapely.Point(east, north)) == (distance > 0)


def test_the_smallest_shift_passes_and_no_grid_beats_it(atlas: ecozone.Atlas) -> None:
    blocked = next(s for s in sample_projects("511111") if s.id == "SW-01")
    with pytest.raises(siting.NoShiftError, match="没有已能定论的位置"):
        siting.nearest_clear(blocked.project, atlas, as_of=blocked.as_of)
    found = siting.nearest_clear(blocked.project, atlas, as_of=blocked.as_of, incomplete=True)
    assert not found.complete and found.open
    assert found.assessment.verdict in siting.ALLOWED
    assert ecozone.check(found.project, atlas, as_of=blocked.as_of).verdict == found.assessment.verdict
    assert found.blocked_by
    assert found.stops
    plane = ecozone.measure.plane_of(blocked.project.site)
    foot = shapely.transform(blocked.project.site, plane.forward)
    near = [
        (e, n)
        for e in np.arange(-600, 601, 40.0)
        for n in np.arange(-600, 601, 40.0)
        if np.hypot(e, n) < found.distance_m - 10
    ]
    moved = [
        ecozone.Project(
            shapely.transform(foot, lambda xy, s=s: plane.inverse(xy + np.array(s))),
            nature=blocked.project.nature,
            industry=blocked.project.industries,
            facilities=blocked.project.facilities,
            facts=blocked.project.facts,
            site_accuracy_m=blocked.project.parts[0].accuracy_m,
        )
        for s in near[:: max(1, len(near) // 150)]
    ]
    beaten = [a for a in ecozone.assess(moved, atlas, as_of=blocked.as_of) if a.verdict in siting.ALLOWED]
    assert not beaten
    with pytest.raises(siting.NoShiftError, match="50 米范围内"):
        siting.nearest_clear(blocked.project, atlas, as_of=blocked.as_of, radius_m=50)


def test_the_command_prints_and_writes(atlas: ecozone.Atlas, tmp_path) -> None:
    out = tmp_path / "可建.gpkg"
    ran = CliRunner().invoke(
        where,
        ["--atlas", str(atlas.path), "--industry", "C2614", "--nature", "new", "--as-of", DAY,
         "--within", shapely.box(103.53, 29.40, 103.55, 29.42).wkt, "--min-area", "2hm2", "--out", str(out)],
        standalone_mode=False,
    )  # fmt: skip
    assert ran.exception is None
    assert "用地按结论划分" in ran.output
    assert "示例数据" in ran.output
    assert out.is_file()
