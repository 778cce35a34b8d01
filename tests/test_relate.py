"""`relate` against brute force: everything unclipped in one plane, and `Geod` for distances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import ground
import numpy as np
import oracles
import pytest
import shapely
from ground import DAY, HERE, PLACE, WIDE, Ground, layer, measured, related
from hypothesis import given
from hypothesis import strategies as st

from ecozone.layer import Layer
from ecozone.relation import FALSE, TRUE, UNKNOWN, Measured, Relations, Request

SEED = st.integers(0, 2**32 - 1)
POINT, LINE, POLYGON = 0, 1, 2


def blob(rng: np.random.Generator, x: float, y: float, radius: float, hole: bool = False) -> Any:
    """Return a polygon around a place in metres, with or without a hole."""
    n = int(rng.integers(3, 14))
    turn = np.sort(rng.uniform(0, 2 * np.pi, n)) if n > 6 else np.linspace(0, 2 * np.pi, n, endpoint=False)
    far = radius * rng.uniform(0.5, 1.0, n)
    shape = shapely.Polygon(np.column_stack([x + far * np.cos(turn), y + far * np.sin(turn)]))
    inner = shapely.Point(x, y).buffer(radius * 0.2, quad_segs=3)
    shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return shapely.difference(shape, inner) if hole else shape


def track(rng: np.random.Generator, x: float, y: float, length: float) -> Any:
    """Return a line that wanders."""
    steps = rng.normal(0, length / 4, (int(rng.integers(2, 9)), 2))
    return shapely.LineString(np.cumsum(np.vstack([[x, y], steps]), axis=0))


def shapes(rng: np.random.Generator, dimension: int, count: int, size: float, within: float) -> list[Any]:
    """Return random shapes of one dimension around the origin."""
    out = []
    for _ in range(count):
        x, y = rng.uniform(-within, within, 2)
        scale = size * rng.uniform(0.1, 1.5)
        if dimension == POLYGON:
            out.append(blob(rng, x, y, scale, hole=bool(rng.integers(2))))
        elif dimension == LINE:
            out.append(track(rng, x, y, scale))
        else:
            out.append(shapely.Point(x, y))
    return out


def shared_amount(site: Any, zones: Sequence[Any]) -> float:
    """Return the dissolved overlap by brute force: unclipped, united at once."""
    common = shapely.intersection(site, shapely.union_all(list(zones)))
    dimension = min(shapely.get_dimensions(site), max(shapely.get_dimensions(z) for z in zones))
    if dimension == POLYGON:
        return float(common.area)
    if dimension == LINE:
        return float(common.length)
    return 0.0 if common.is_empty else float(shapely.get_num_geometries(common))


# ----------------------------------------------------------------------- amounts, shares and distances


@pytest.mark.parametrize("zone_dimension", [POLYGON, LINE, POINT])
@pytest.mark.parametrize("site_dimension", [POLYGON, LINE, POINT])
@oracles.fewer(4)
@given(seed=SEED)
def test_against_brute_force(site_dimension: int, zone_dimension: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ground_ = Ground(rng.uniform(75, 134), rng.uniform(19, 53))
    sites = shapes(rng, site_dimension, 5, 400, 1500)
    zones = shapes(rng, zone_dimension, 8, 600, 2500)
    kind = {POLYGON: "ecological_redline", LINE: "river", POINT: "receptor"}[zone_dimension]
    request = Request(kind, reach_m=3000)
    got = related(sites, [layer(kind, zones, ground=ground_)], [request], ground=ground_).measured[request]
    for i, site in enumerate(sites):
        true = shared_amount(site, zones)
        assert got.overlap[i] == pytest.approx(true, rel=1e-5, abs=1e-3)
        assert got.overlap_low[i] <= got.overlap[i] + 1e-6 and got.overlap[i] <= got.overlap_high[i] + 1e-6
        if site_dimension == zone_dimension == POLYGON:
            assert 0 <= got.share[i] <= 1
            assert got.share[i] == pytest.approx(true / site.area, rel=1e-5, abs=1e-7)
        near = min(shapely.distance(site, z) for z in zones)
        if near > 1e-3:
            assert got.distance_m[i] == pytest.approx(near, abs=0.01) or near > 2999
            assert got.meets[i] == FALSE and got.overlap[i] == 0
        else:
            assert got.distance_m[i] == pytest.approx(0, abs=1e-2)


@oracles.fewer(2)
@given(seed=SEED)
def test_rows_say_what_each_zone_shares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    site = blob(rng, 0, 0, 500)
    zones = shapes(rng, POLYGON, 10, 500, 1000)
    request = Request("ecological_redline", reach_m=800)
    got = measured(site, layer("ecological_redline", zones), request)
    rows = got.rows(0)
    assert [r.distance_m for r in rows] == sorted(r.distance_m for r in rows)
    near = {f"ecological_redline-{i + 1}": z for i, z in enumerate(zones) if shapely.distance(site, z) < 799}
    assert set(near) <= {r.zone for r in rows}
    for row in rows:
        zone = near.get(row.zone)
        if zone is None:
            continue
        true = shapely.intersection(site, zone).area
        assert (row.overlap_m2 or 0) == pytest.approx(true, rel=1e-5, abs=1e-3)
        assert row.distance_m == pytest.approx(shapely.distance(site, zone), abs=0.05)
        if row.distance_m > 50:
            a, b = shapely.get_coordinates(shapely.shortest_line(site, zone))
            expected = np.degrees(np.arctan2(*(b - a))) % 360
            assert row.bearing is not None and abs((row.bearing - expected + 180) % 360 - 180) < 0.1
    assert sum(r.overlap_m2 or 0 for r in rows) >= got.overlap[0] - 1e-6  # single overlaps may overlap each other


@oracles.fewer(2)
@given(seed=SEED)
def test_counting_points_of_a_grid(seed: int) -> None:
    """No geometry operation in the oracle: how many of 40 000 grid points lie in the site, in the zones, in both."""
    rng = np.random.default_rng(seed)
    site, zones = blob(rng, 0, 0, 900, hole=True), shapes(rng, POLYGON, 6, 700, 900)
    x, y = np.meshgrid(np.linspace(-1000, 1000, 200), np.linspace(-1000, 1000, 200))
    mine = shapely.contains_xy(site, x, y)
    both = mine & np.any([shapely.contains_xy(z, x, y) for z in zones], axis=0)
    cell = (2000 / 199) ** 2
    got = measured(site, layer("ecological_redline", zones))
    edge = site.length + sum(z.length for z in zones)
    assert got.overlap[0] == pytest.approx(both.sum() * cell, abs=edge * 4)
    assert got.share[0] == pytest.approx(both.sum() / max(mine.sum(), 1), abs=edge * 4 / site.area)


def test_overlaps_of_one_theme_are_dissolved() -> None:
    """Three times the same ground, protected three times: still 100 %, and its area once."""
    site = shapely.box(0, 0, 100, 100)
    zones = [shapely.box(-50, -50, 150, 150), shapely.box(-10, -10, 110, 110), shapely.box(0, 0, 50, 100)]
    got = measured(site, layer("ecological_redline", zones))
    assert got.share[0] == 1.0 and got.overlap[0] == pytest.approx(1e4, rel=1e-6)
    half = measured(site, layer("ecological_redline", zones[2:] * 3))
    assert half.share[0] == pytest.approx(0.5, rel=1e-6)


def test_lines_and_polygons_in_one_layer() -> None:
    """Rivers come as both: banks where the river is wide, a line where it is not."""
    zones = [shapely.box(-20, -500, 20, 0), shapely.LineString([(0, -100), (0, 500)])]
    got = measured(shapely.box(-50, -50, 50, 50), layer("river", zones, accuracy_m=1.0))
    assert got.meets[0] == TRUE and got.distance_m[0] == 0
    assert got.overlap[0] == pytest.approx(40 * 50, rel=1e-6)
    assert measured(shapely.box(-50, 100, 50, 200), layer("river", zones, accuracy_m=1.0)).meets[0] == TRUE
    along = measured(shapely.LineString([(-50, 200), (50, 200)]), layer("river", zones, accuracy_m=0.0))
    assert along.meets[0] == TRUE and along.distance_m[0] == 0


def test_empty_parts_of_a_zone() -> None:
    zone = shapely.MultiPolygon([shapely.Polygon(), shapely.box(0, 0, 1000, 1000)])
    got = measured(shapely.box(10, 10, 20, 20), layer("ecological_redline", [zone]))
    assert got.share[0] == 1.0


# --------------------------------------------------------------------- one at a time, many, near and far

FIELDS = (
    "meets", "inside", "distance_m", "distance_low_m", "overlap", "overlap_low", "overlap_high",
    "share", "share_low", "share_high", "coverage_m", "accuracy_m", "extent_m",
)  # fmt: skip


def assert_same(a: Measured, i: int, b: Measured, j: int) -> None:
    for name in FIELDS:
        assert getattr(a, name)[i] == getattr(b, name)[j], name
    assert list(a.rows(i)) == list(b.rows(j))


@oracles.fewer(5)
@given(seed=SEED)
def test_many_at_once_are_one_at_a_time_bit_for_bit(seed: int) -> None:
    """Sites over several lattice planes and both sides of 103.5°E."""
    rng = np.random.default_rng(seed)
    sites = [s for d in (POLYGON, LINE, POINT) for s in shapes(rng, d, 5, 500, 18_000)]
    zones = shapes(rng, POLYGON, 40, 2500, 18_000)
    accuracy = rng.choice([0.0, 1.0, 20.0], len(sites))
    extent = np.where([s.geom_type == "Point" for s in sites], rng.choice([0.0, 100.0], len(sites)), 0.0)
    request = Request("ecological_redline", reach_m=1000)
    layers = [layer("ecological_redline", zones, accuracy_m=5)]
    many = related(sites, layers, [request], accuracy_m=accuracy, extent_m=extent).measured[request]
    for i, site in enumerate(sites):
        one = related([site], layers, [request], accuracy_m=accuracy[i], extent_m=extent[i]).measured[request]
        assert_same(many, i, one, 0)


@oracles.fewer(2)
@given(seed=SEED)
def test_what_others_ask_changes_nothing(seed: int) -> None:
    """The same request beside one that looks ten kilometres farther: states alike, numbers to a micron."""
    rng = np.random.default_rng(seed)
    sites = [s for d in (POLYGON, LINE, POINT) for s in shapes(rng, d, 3, 300, 800)]
    zones = shapes(rng, POLYGON, 12, 300, 1500)
    zones += [shapely.LineString([(-2000, y), (2000, y + 300)]).buffer(2, cap_style="flat") for y in (-900, -300, 100)]
    layers = [layer("ecological_redline", zones, accuracy_m=4, columns={"core_reserve": [None, True, False] * 5})]
    mine = Request("ecological_redline", (("core_reserve", ("true",)),))
    alone = related(sites, layers, [mine]).measured[mine]
    beside = related(sites, layers, [mine, Request("ecological_redline", reach_m=10_000)]).measured[mine]
    for name in ("meets", "inside"):
        assert getattr(alone, name).tolist() == getattr(beside, name).tolist(), name
    for name in ("overlap", "overlap_low", "overlap_high", "share", "share_low", "share_high"):
        assert getattr(alone, name) == pytest.approx(getattr(beside, name), abs=1e-5), name
    near = alone.distance_m < np.inf
    assert alone.distance_m[near] == pytest.approx(beside.distance_m[near], abs=1e-6)


@pytest.mark.parametrize("lon", [103.5, 103.49, 105.125, 106.5])
def test_zones_and_sites_astride_a_border(lon: float) -> None:
    there = Ground(lon, 29.375)
    site = shapely.box(-300, -200, 300, 200)
    zones = [shapely.box(0, -5000, 5000, 5000), shapely.box(-5000, -5000, 0, 5000)]
    for zone in zones:
        got = measured(site, layer("ecological_redline", [zone], ground=there), ground=there)
        assert got.overlap[0] == pytest.approx(300 * 400, rel=1e-6)
    both = measured(site, layer("ecological_redline", zones, ground=there), ground=there)
    assert both.share[0] == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("kilometres", [5, 20, 80])
@pytest.mark.parametrize("lat", [20.0, 30.0, 53.0])
@pytest.mark.parametrize("azimuth", [90, 45, 0])
def test_a_long_line_meets_a_small_zone_at_its_middle(kilometres: int, lat: float, azimuth: int) -> None:
    """A geodesic bulges away from the parallel: at 53°N a road of 80 km by more than its look-out is wide."""
    ends = [oracles.go(104.1, lat, azimuth + turn, kilometres * 500) for turn in (0, 180)]
    line = shapely.LineString(ends)
    for share in (0.5, 0.25):
        start_to_end, _, metres = oracles.GEOD.inv(*ends[0], *ends[1])
        at = oracles.go(*ends[0], start_to_end, share * metres)
        small = shapely.Polygon([oracles.go(*at, turn, 3) for turn in range(0, 360, 15)])
        zones = Layer.from_arrays(
            kind="water_source",
            geometry=ground.objects([small]),
            columns={},
            coverage=shapely.box(100, lat - 3, 108, min(lat + 3, 54)),
            meta={"accuracy_m": 0.0},
        )
        atlas = ground.Atlas([zones], "511111")
        pieces = ground.cut(ground.objects([line]), np.zeros(1), np.zeros(1), atlas, ("",), DAY)
        request = Request("water_source")
        got = ground.relate(pieces, atlas, [request], as_of=DAY).measured[request]
        assert got.meets[0] == TRUE
        assert got.overlap[0] == pytest.approx(6, abs=0.2)


# ------------------------------------------------------------------------------------------- coverage


def test_how_far_the_coverage_reaches() -> None:
    site = shapely.box(-100, -100, 100, 100)
    held = shapely.box(-1100, -5000, 5000, 5000)
    assert measured(site, layer("river", [], coverage=held)).coverage_m[0] == pytest.approx(1000, abs=0.05)
    with_hole = shapely.difference(WIDE, shapely.box(300, -50, 400, 50))
    assert measured(site, layer("river", [], coverage=with_hole)).coverage_m[0] == pytest.approx(200, abs=0.01)
    two = shapely.MultiPolygon([shapely.box(-500, -500, 500, 500), shapely.box(2000, 0, 3000, 100)])
    assert measured(site, layer("river", [], coverage=two)).coverage_m[0] == pytest.approx(400, abs=0.02)


@pytest.mark.parametrize(
    "coverage",
    [None, shapely.Polygon(), shapely.box(0, -500, 500, 500), shapely.box(1000, 1000, 2000, 2000)],
    ids=["unknown", "empty", "half of it", "elsewhere"],
)
def test_no_coverage_is_negative(coverage: Any) -> None:
    zones = [shapely.box(-5000, -5000, 5000, 5000)]
    got = measured(shapely.box(-100, -100, 100, 100), layer("river", zones, coverage=coverage))
    assert got.coverage_m[0] < 0 and got.meets[0] == TRUE


def test_coverage_by_geod() -> None:
    rng = np.random.default_rng(4)
    site = oracles.star(rng, 104.2, 30.3, 300, 7)
    held = oracles.star(rng, 104.2, 30.3, 9000, 9, inner=0.7)
    zones = Layer.from_arrays(
        kind="river", geometry=ground.objects([]), columns={}, coverage=held, meta={"accuracy_m": 5.0}
    )
    atlas = ground.Atlas([zones], "511111")
    pieces = ground.cut(ground.objects([site]), np.zeros(1), np.zeros(1), atlas, ("",), DAY)
    got = ground.relate(pieces, atlas, [Request("river")], as_of=DAY).measured[Request("river")]
    assert got.coverage_m[0] == pytest.approx(oracles.distance(site, held.exterior), abs=0.1)


# ---------------------------------------------------------------------------------------------- filters

CLASS = Request("river", (("river_class", ("干流", "重要支流")),), reach_m=1000)


def rivers(*classes: str | None, accuracy_m: float = 1.0) -> Layer:
    """Return rivers 10 m wide east of the origin, 300 m apart, one for each class."""
    zones = [shapely.box(300 * i + 100, -3000, 300 * i + 110, 3000) for i in range(len(classes))]
    return layer("river", zones, accuracy_m=accuracy_m, columns={"river_class": classes})


def test_a_filter_chooses() -> None:
    got = measured(shapely.Point(0, 0), rivers("支流", "干流"), CLASS)
    assert got.distance_m[0] == pytest.approx(400, abs=0.01) and [r.zone for r in got.rows(0)] == ["river-2"]
    assert got.distance_low_m[0] == pytest.approx(400, abs=0.01)


def test_a_zone_without_the_value_opens_and_never_decides() -> None:
    site = shapely.box(95, -10, 200, 10)
    plain = measured(site, rivers("支流", "支流"), CLASS)
    assert plain.meets[0] == FALSE and plain.distance_m[0] == np.inf
    blank = measured(site, rivers(None, "支流"), CLASS)
    assert blank.meets[0] == UNKNOWN
    assert blank.distance_m[0] == np.inf and blank.distance_low_m[0] == 0
    assert blank.overlap[0] == 0 and blank.overlap_high[0] > 0
    sure = measured(site, rivers("干流", None), CLASS)
    assert sure.meets[0] == TRUE
    far = measured(shapely.Point(0, 0), rivers("支流", None, "干流"), CLASS)
    assert far.distance_m[0] == pytest.approx(700, abs=0.01) and far.distance_low_m[0] == pytest.approx(400, abs=0.01)


def test_inside_only_with_a_zone_that_may_not_count() -> None:
    park = Request("industrial_park", (("recognised", ("true",)),))
    zone = [shapely.box(-500, -500, 500, 500)]
    for value, inside in ((True, TRUE), (False, FALSE), (None, UNKNOWN)):
        zones = layer("industrial_park", zone, accuracy_m=2, columns={"recognised": [value]})
        got = measured(shapely.box(-10, -10, 10, 10), zones, park)
        assert (got.meets[0], got.inside[0]) == (inside, inside)


def test_a_filter_on_a_column_the_layer_does_not_have_is_open() -> None:
    bare = layer("water_source", [shapely.box(-500, -500, 500, 500)], accuracy_m=1)
    got = measured(shapely.Point(0, 0), bare, Request("water_source", (("grade", ("一级",)),)))
    assert got.meets[0] == UNKNOWN


# ------------------------------------------------------------------------------- time, status, versions


def test_status_and_dates_of_zones() -> None:
    box = [shapely.box(-500, -500, 500, 500)]

    def meets(day: str, status: str = "in_force", **columns: Any) -> int:
        zones = layer("ecological_redline", box, columns={k: [v] for k, v in columns.items()})
        request = Request("ecological_redline", status=status)
        return int(measured(shapely.box(0, 0, 9, 9), zones, request, as_of=dt.date.fromisoformat(day)).meets[0])

    assert meets("2026-01-01") == TRUE
    assert meets("2026-01-01", status="proposed") == FALSE
    zones = layer("ecological_redline", box, columns={"status": ["proposed"]})
    assert measured(shapely.Point(0, 0), zones).meets[0] == FALSE
    assert measured(shapely.Point(0, 0), zones, Request("ecological_redline", status="proposed")).meets[0] == TRUE
    gone = layer("ecological_redline", box, columns={"status": ["revoked"]})
    for status in ("in_force", "proposed"):
        assert measured(shapely.Point(0, 0), gone, Request("ecological_redline", status=status)).meets[0] == FALSE
    dated = {"valid_from": "2026-08-15", "valid_to": "2026-12-31"}
    days = ("2026-08-14", "2026-08-15", "2026-12-31", "2027-01-01")
    assert [meets(day, **dated) for day in days] == [FALSE, TRUE, TRUE, FALSE]
    # a proposed zone says nothing of coverage: the layer still knows that none is in force here
    assert measured(shapely.Point(0, 0), zones).coverage_m[0] > 1000


def test_versions_of_a_layer() -> None:
    old = layer("ecological_redline", [shapely.box(-5, -5, 5, 5)], version="2020", valid_to="2026-08-14")
    new = layer("ecological_redline", [], version="2026", valid_from="2026-08-15", valid_to="2030-12-31")
    request = Request("ecological_redline")

    def at(day: str) -> Measured:
        return measured(shapely.Point(0, 0), [new, old], request, as_of=dt.date.fromisoformat(day))

    assert at("2026-08-14").meets[0] == TRUE and at("2026-08-14").layer.version == "2020"
    assert at("2026-08-15").meets[0] == FALSE and at("2026-08-15").layer.version == "2026"
    assert at("2031-01-01").layer is None  # never the newest one instead
    assert related([shapely.Point(0, 0)], [], [request]).measured[request].layer is None


# ------------------------------------------------------------------------------------------------ minus

LINE_OUTSIDE_CORE = Request(
    "ecological_redline", minus=Request("nature_reserve", (("grade", ("核心保护区", "核心区")),)), reach_m=1000
)


def redline(*boxes: tuple[float, float, float, float], accuracy_m: float = 1.0, **meta: Any) -> Layer:
    """Return a red line of boxes."""
    return layer("ecological_redline", [shapely.box(*b) for b in boxes], accuracy_m=accuracy_m, **meta)


def reserve(*boxes: tuple[float, float, float, float], grade: str | None = "核心区", **options: Any) -> Layer:
    """Return reserve zones of one grade."""
    columns = {"grade": [grade] * len(boxes)}
    return layer("nature_reserve", [shapely.box(*b) for b in boxes], accuracy_m=1.0, columns=columns, **options)


def test_minus_takes_ground_away() -> None:
    line = redline((0, 0, 1000, 1000))
    site = shapely.box(100, 100, 300, 200)
    whole = measured(site, [line, reserve()], LINE_OUTSIDE_CORE)
    assert whole.overlap[0] == pytest.approx(20_000, rel=1e-5) and whole.meets[0] == TRUE
    half = measured(site, [line, reserve((200, 0, 1000, 1000))], LINE_OUTSIDE_CORE)
    assert half.overlap[0] == pytest.approx(10_000, rel=1e-5) and half.meets[0] == TRUE
    none = measured(site, [line, reserve((-50, -50, 1050, 1050))], LINE_OUTSIDE_CORE)
    assert none.meets[0] == FALSE and none.overlap[0] == 0 and none.overlap_high[0] == 0
    other = measured(site, [line, reserve((-50, -50, 1050, 1050), grade="实验区")], LINE_OUTSIDE_CORE)
    assert other.meets[0] == TRUE and other.share[0] == pytest.approx(1, abs=1e-9)


@oracles.fewer(2)
@given(seed=SEED)
def test_minus_against_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites = shapes(rng, POLYGON, 4, 300, 900)
    zones, core = shapes(rng, POLYGON, 6, 600, 1200), shapes(rng, POLYGON, 5, 500, 1200)
    layers = [
        layer("ecological_redline", zones, accuracy_m=0.0),
        layer("nature_reserve", core, columns={"grade": ["核心区"] * len(core)}),
    ]
    got = related(sites, layers, [LINE_OUTSIDE_CORE]).measured[LINE_OUTSIDE_CORE]
    left = shapely.difference(shapely.union_all(zones), shapely.union_all(core))
    for i, site in enumerate(sites):
        assert got.overlap[i] == pytest.approx(shapely.intersection(site, left).area, rel=1e-5, abs=1e-2)
        far = shapely.distance(site, left)
        if far > 0.01:
            assert got.distance_m[i] == pytest.approx(far if far < 999 else np.inf, abs=0.05) or far > 999


def test_distance_to_what_is_left() -> None:
    """The red line begins 100 m off, all core for 500 m: outside the core it begins 600 m off."""
    line, core = redline((100, -2000, 5000, 2000)), reserve((50, -3000, 600, 3000))
    got = measured(shapely.box(-50, -50, 0, 50), [line, core], LINE_OUTSIDE_CORE)
    assert got.distance_m[0] == pytest.approx(600, abs=0.05)


def test_minus_a_zone_that_may_count_is_open() -> None:
    site = shapely.box(100, 100, 300, 200)
    blank = measured(
        site, [redline((0, 0, 1000, 1000)), reserve((-50, -50, 1050, 1050), grade=None)], LINE_OUTSIDE_CORE
    )
    assert blank.meets[0] == UNKNOWN
    assert blank.overlap_low[0] == 0 and blank.overlap_high[0] == pytest.approx(20_000, rel=0.2)


def test_minus_a_layer_that_does_not_know_this_ground_is_open() -> None:
    site = shapely.box(100, 100, 300, 200)
    elsewhere = reserve(coverage=shapely.box(9000, 9000, 9900, 9900))
    got = measured(site, [redline((0, 0, 1000, 1000)), elsewhere], LINE_OUTSIDE_CORE)
    assert got.meets[0] == UNKNOWN and got.overlap_low[0] == 0
    assert measured(site, [redline((0, 0, 1000, 1000))], LINE_OUTSIDE_CORE).layer is None


def test_minus_within_the_accuracy_is_open() -> None:
    """Red line and core end together 1 m beyond the site's edge or 1 m before it: the data (±1 m each) cannot say."""
    line = redline((0, 0, 1000, 1000), accuracy_m=5.0)
    for edge in (299.0, 301.0):
        got = measured(shapely.box(100, 100, 300, 200), [line, reserve((-50, -50, edge, 1050))], LINE_OUTSIDE_CORE)
        assert got.meets[0] == UNKNOWN
    sure = measured(shapely.box(100, 100, 300, 200), [line, reserve((-50, -50, 250, 1050))], LINE_OUTSIDE_CORE)
    assert sure.meets[0] == TRUE


# ----------------------------------------------------------------------------------- accuracy (SEMANTICS 2)

A = 5.0  # 3 m of the layer and 2 m of the site


def state(site: Any, *zones: Any, kind: str = "ecological_redline", accuracy: float = A, **options: Any) -> Measured:
    """Measure with an accuracy that layer and site share."""
    made = layer(kind, zones, accuracy_m=0.6 * accuracy)
    return measured(site, made, accuracy_m=0.4 * accuracy, **options)


@pytest.mark.parametrize(
    ("depth", "meets"),
    [(200, TRUE), (5.1, TRUE), (4.9, UNKNOWN), (0.1, UNKNOWN), (-0.1, UNKNOWN), (-4.9, UNKNOWN), (-5.1, FALSE)],
)
def test_meeting_a_wide_zone(depth: float, meets: int) -> None:
    """Z⁻ is met beyond a inside its edge, Z⁺ missed beyond a outside it; between the two the data cannot say."""
    zone = shapely.box(0, -1000, 1000, 1000)
    assert state(shapely.box(-100, -50, depth, 50), zone).meets[0] == meets
    assert state(shapely.LineString([(-100, 0), (depth, 0)]), zone).meets[0] == meets
    assert state(shapely.Point(depth, 0), zone).meets[0] == meets


@pytest.mark.parametrize(
    ("room", "inside"),
    [(200, TRUE), (5.1, TRUE), (4.9, UNKNOWN), (0.1, UNKNOWN), (-0.1, UNKNOWN), (-4.9, UNKNOWN), (-5.1, FALSE)],
)
def test_lying_inside(room: float, inside: int) -> None:
    zone = shapely.box(0, -1000, 1000, 1000)
    assert state(shapely.box(room, -50, 300, 50), zone).inside[0] == inside
    assert state(shapely.Point(room, 0), zone).inside[0] == inside


@pytest.mark.parametrize("width", [2.0, 6.0, 9.0])
@pytest.mark.parametrize("reach", [0.0, 2000.0])
def test_through_a_thin_zone(width: float, reach: float) -> None:
    """A strip thinner than 2a: in when the ground runs from beyond one side to beyond the other, open when it dips."""
    strip = shapely.box(-3000, 0, 3000, width)
    ask = Request("ecological_redline", reach_m=reach)

    def meets(site: Any) -> int:
        return int(state(site, strip, request=ask).meets[0])

    through = shapely.box(-50, -40, 50, 40)
    assert meets(through) == TRUE
    assert meets(shapely.LineString([(0, -40), (0, 40)])) == TRUE
    assert meets(shapely.LineString([(-30, -40), (30, 40)])) == TRUE
    assert meets(shapely.box(-50, -40, 50, width / 2)) == UNKNOWN
    assert meets(shapely.box(-50, -40, 50, width + A - 0.5)) == UNKNOWN
    assert meets(shapely.box(-50, -40, 50, width + A + 0.5)) == TRUE
    assert meets(shapely.LineString([(0, -40), (0, width / 2)])) == UNKNOWN
    assert meets(shapely.LineString([(0, -40), (0, width / 2), (20, -40)])) == UNKNOWN
    assert meets(shapely.LineString([(-40, width / 2), (40, width / 2)])) == UNKNOWN
    assert meets(shapely.Point(0, width / 2)) == UNKNOWN
    assert meets(shapely.box(-50, -40, 50, -A - 0.5)) == FALSE


def test_ground_on_both_sides_that_does_not_run_through() -> None:
    """Two plots on either bank of a thin strip, each dipping in or staying out: none of them crosses it."""
    strip = shapely.box(-3000, 0, 3000, 4)
    banks = shapely.MultiPolygon([shapely.box(-50, -40, 50, 1), shapely.box(-50, 12, 50, 60)])
    assert state(banks, strip).meets[0] == UNKNOWN
    # a fork: joined far away, around the end of nothing, dipping in from both sides
    fork = shapely.union_all(
        [shapely.box(-50, -40, -40, 1), shapely.box(-50, 3, -40, 60), shapely.box(-50, 59, 3100, 60),
         shapely.box(3090, -40, 3100, 60), shapely.box(-50, -40, 3100, -39)]
    )  # fmt: skip
    assert fork.geom_type == "Polygon" and state(fork, strip).meets[0] == UNKNOWN


def test_past_the_end_of_a_thin_zone() -> None:
    """The ground passes around the tip of a thin tongue: it dips in, it does not run through."""
    tongue = shapely.box(-3000, 0, 0, 4)
    assert state(shapely.box(-1, -40, 50, 40), tongue).meets[0] == UNKNOWN


def test_a_thin_ring_is_crossed() -> None:
    ring = shapely.difference(shapely.Point(0, 0).buffer(200), shapely.Point(0, 0).buffer(196))
    assert state(shapely.box(0, -10, 400, 10), ring).meets[0] == TRUE
    assert state(shapely.box(198, -10, 400, 10), ring).meets[0] == UNKNOWN


def test_rivers_drawn_as_lines() -> None:
    """A line has no inside: across it is in, ending at it is open."""
    river = shapely.LineString([(-3000, 0), (3000, 0)])
    for site, meets in (
        (shapely.box(-50, -40, 50, 40), TRUE),
        (shapely.LineString([(0, -40), (0, 40)]), TRUE),
        (shapely.box(-50, -40, 50, 3), UNKNOWN),
        (shapely.box(-50, -40, 50, 0), UNKNOWN),
        (shapely.LineString([(-40, 0), (40, 0)]), UNKNOWN),
        (shapely.box(-50, -40, 50, -6), FALSE),
    ):
        assert state(site, river, kind="river").meets[0] == meets, site


def test_a_small_zone_deep_inside_the_ground_is_met() -> None:
    """A well, a school, a zone smaller than the accuracy: it lies in the ground wherever it truly is."""
    site = shapely.box(-100, -100, 100, 100)
    assert state(site, shapely.Point(0, 0), kind="receptor").meets[0] == TRUE
    assert state(site, shapely.box(0, 0, 3, 3)).meets[0] == TRUE
    assert state(site, shapely.LineString([(0, 0), (20, 0)]), kind="river").meets[0] == TRUE
    assert state(site, shapely.Point(97, 0), kind="receptor").meets[0] == UNKNOWN
    assert state(site, shapely.box(97, 0, 99, 3)).meets[0] == UNKNOWN
    assert state(site, shapely.Point(104, 0), kind="receptor").meets[0] == UNKNOWN
    assert state(site, shapely.Point(106, 0), kind="receptor").meets[0] == FALSE


def test_exact_data() -> None:
    """With an accuracy of nothing, contact alone is no overlap, and neither is it clear."""
    zone = shapely.box(0, -1000, 1000, 1000)
    assert state(shapely.box(-100, -50, 0.1, 50), zone, accuracy=0).meets[0] == TRUE
    assert state(shapely.box(-100, -50, -0.1, 50), zone, accuracy=0).meets[0] == FALSE
    touching = state(shapely.box(-100, -1000, 0, 1000), zone, accuracy=0)
    assert (
        touching.distance_m[0] == 0
        and touching.meets[0] == UNKNOWN
        and touching.overlap[0] == pytest.approx(0, abs=1e-3)
    )
    assert state(shapely.Point(0, -1000), zone, accuracy=0).meets[0] != FALSE
    assert state(shapely.box(10, 10, 20, 20), zone, accuracy=0).inside[0] == TRUE
    assert state(shapely.LineString([(0, -9), (0, 9)]), shapely.LineString([(-9, 0), (9, 0)]), kind="river", accuracy=0).meets[0] == TRUE  # noqa: E501  # fmt: skip


def test_bounds_of_an_overlap() -> None:
    """The overlap with the zone shrunk and grown by a, for a strip of known depth."""
    got = state(shapely.box(-100, -50, 20, 50), shapely.box(0, -1000, 1000, 1000))
    assert got.overlap[0] == pytest.approx(20 * 100, rel=1e-4)
    assert got.overlap_low[0] == pytest.approx(15 * 100, rel=1e-4)
    assert got.overlap_high[0] == pytest.approx(25 * 100, rel=1e-4)
    assert got.share_low[0] == pytest.approx(15 / 120, rel=1e-4) and got.share_high[0] == pytest.approx(
        25 / 120, rel=1e-4
    )


def test_a_zone_beside_the_ground_still_raises_the_upper_bound() -> None:
    """It begins 3 m off and may truly begin 2 m inside: a share threshold below that stays open."""
    beside = state(shapely.box(-100, -50, 0, 50), shapely.box(3, -1000, 1000, 1000))
    assert beside.overlap[0] == 0 and beside.meets[0] == UNKNOWN
    assert beside.overlap_high[0] == pytest.approx(2 * 100, rel=1e-3)
    both = state(shapely.box(-100, -50, 0, 50), shapely.box(3, -1000, 1000, 1000), shapely.box(-2000, -90, -80, 90))
    assert both.overlap_high[0] == pytest.approx(25 * 100 + 2 * 100, rel=1e-3)


def test_no_zone_grows_by_being_seen_twice() -> None:
    """Neighbours grow into each other: the upper bound never passes the ground."""
    got = state(shapely.box(0, 0, 100, 100), *(shapely.box(10 * i, 0, 10 * i + 9, 100) for i in range(10)))
    assert got.share_high[0] == pytest.approx(1.0, abs=1e-9)
    assert got.share_low[0] == 0 and got.share[0] == pytest.approx(0.9, rel=1e-5)


# ---------------------------------------------------------------------------------------------- extents


def test_a_point_with_an_extent() -> None:
    """The ground may reach 100 m from the point: out beyond a + 100, in where the point itself lies deep enough."""
    zone = shapely.box(0, -1000, 1000, 1000)
    for x, meets, inside in (
        (-106, FALSE, FALSE), (-104, UNKNOWN, FALSE), (-6, UNKNOWN, FALSE), (-4, UNKNOWN, UNKNOWN),
        (4, UNKNOWN, UNKNOWN), (6, TRUE, UNKNOWN), (104, TRUE, UNKNOWN), (106, TRUE, TRUE), (500, TRUE, TRUE),
    ):  # fmt: skip
        got = state(shapely.Point(x, 0), zone, extent_m=100.0)
        assert (got.meets[0], got.inside[0]) == (meets, inside), x


def test_the_share_of_a_point_is_not_known_beyond_itself() -> None:
    """It stands for ground: a share or an area of it lies anywhere between nothing and all while the zone is near."""
    zone = shapely.box(0, -1000, 1000, 1000)
    partly = state(shapely.Point(50, 0), zone, extent_m=100.0)
    assert partly.share_low[0] < 0.5 < partly.share_high[0]
    out = state(shapely.Point(-500, 0), zone, extent_m=100.0)
    assert out.share_high[0] == 0


@pytest.mark.parametrize("reach", [0.0, 300.0])
def test_how_deep_a_point_lies_inside(reach: float) -> None:
    """The ground that a bare point stands for could reach out where the zones end nearer than it is wide."""
    zone = shapely.difference(shapely.box(-2000, -2000, 2000, 2000), shapely.box(-1000, -50, -900, 50))
    ask = Request("industrial_park", reach_m=reach)

    def depth(x: float, *zones: Any) -> float:
        got = measured(shapely.Point(x, 0), layer("industrial_park", zones or [zone], accuracy_m=1.0), ask)
        assert got.inside[0] == TRUE
        return float(got.depth_m[0])

    far = 200.0 if reach else 3.0  # what lies beyond the look-out is not asked for
    assert depth(1900) == pytest.approx(100, abs=0.01) or not reach
    assert depth(-800) == pytest.approx(100, abs=0.01) or not reach
    assert depth(1997) == pytest.approx(3, abs=0.01)
    assert depth(0) >= far
    # a seam between two parks is no edge, but to say so would take a union: the depth is the least it can be
    halves = shapely.box(-2000, -2000, 5, 2000), shapely.box(5, -2000, 2000, 2000)
    assert depth(0, *halves) == pytest.approx(5, abs=0.01) or depth(0, *halves) >= far
    assert measured(shapely.box(0, 0, 9, 9), layer("industrial_park", [zone]), ask).depth_m[0] == np.inf


# ------------------------------------------------------------------------------------------- centrelines


def centreline(half_width: float | None, x: float = 0.0) -> Layer:
    return layer(
        "river",
        [shapely.LineString([(x, -9000), (x, 9000)])],
        accuracy_m=A,
        columns={"line": ["centreline"], "half_width_m": [half_width]},
    )


def test_a_centreline_and_its_half_width() -> None:
    ask = Request("river", reach_m=1000)
    unknown = measured(shapely.Point(1100, 0), centreline(None), ask)
    assert unknown.distance_low_m[0] <= 0
    known = measured(shapely.Point(1100, 0), centreline(150), ask)
    assert known.distance_low_m[0] == pytest.approx(950, abs=0.1)
    vouched = measured(shapely.Point(1100, 0), centreline(None), ask, half_width_m=150.0)
    assert vouched.distance_low_m[0] == pytest.approx(950, abs=0.1)
    own = measured(shapely.Point(1040, 0), centreline(50), ask, half_width_m=150.0)
    assert own.distance_low_m[0] == pytest.approx(990, abs=0.1)
    near = measured(shapely.Point(300, 0), centreline(150), ask)
    assert near.distance_m[0] == pytest.approx(300, abs=0.1) and near.distance_low_m[0] == pytest.approx(150, abs=0.1)
    edge = layer("river", [shapely.LineString([(0, -9000), (0, 9000)])], accuracy_m=A, columns={"line": ["water_edge"]})
    assert measured(shapely.Point(900, 0), edge, ask).distance_low_m[0] == pytest.approx(900, abs=0.1)


def test_a_wide_river_beyond_the_look_out_is_still_seen() -> None:
    """Its middle lies 1 300 m off, its water 900 m: a rule that looks 1 000 m must not call it clear."""
    got = measured(shapely.Point(1300, 0), centreline(400), Request("river", reach_m=1000))
    assert got.distance_low_m[0] == pytest.approx(900, abs=0.1)


# ------------------------------------------------------------------------------------------ jurisdictions


def counties(*boxes: tuple[str, tuple[float, float, float, float]], **options: Any) -> Layer:
    columns: dict[str, list[Any]] = {"code": [c for c, _ in boxes], "level": ["county"] * len(boxes)}
    columns |= {k: list(v) for k, v in options.items()}
    return layer("admin", [shapely.box(*b) for _, b in boxes], columns=columns, accuracy_m=5.0)


WEST, EAST = ("511111", (-20_000.0, -9000.0, 0.0, 9000.0)), ("511102", (0.0, -9000.0, 20_000.0, 9000.0))
BOOKS = ("", "51", "5111", "511111", "511102", "5106")


def pieces_in(relations: Relations, part: int = 0) -> dict[str, int]:
    return {prefix: int(relations.pieces[prefix][part]) for prefix in BOOKS}


def test_a_site_in_one_county_is_its_own_piece() -> None:
    relations = related([shapely.box(-500, 0, -400, 100)], [counties(WEST, EAST)], [], jurisdictions=BOOKS)
    assert pieces_in(relations) == {"": 0, "51": 0, "5111": 0, "511111": 0, "511102": -1, "5106": -1}
    assert relations.codes[0] == ("511111",) and relations.outside_admin[0] == FALSE


@oracles.fewer(2)
@given(seed=SEED)
def test_pieces_add_up_to_the_whole(seed: int) -> None:
    """A site across two counties: each book measures its part, and the parts make the whole."""
    rng = np.random.default_rng(seed)
    site = blob(rng, *rng.uniform(-200, 200, 2), 10.0 ** rng.uniform(2.5, 3.9), hole=bool(rng.integers(2)))
    if not site.intersects(shapely.LineString([(0, -9000), (0, 9000)])) or site.area < 1000:
        return
    units = [shapely.box(*WEST[1]), shapely.box(*EAST[1])]
    request = Request("control_unit")
    layers = [counties(WEST, EAST), layer("control_unit", units)]
    relations = related([site], layers, [request], jurisdictions=BOOKS)
    here = pieces_in(relations)
    assert here[""] == here["51"] == here["5111"] == 0 and here["5106"] == -1
    got = relations.measured[request]
    west, east = here["511111"], here["511102"]
    halves = [float(got.overlap[p]) if p >= 0 else 0.0 for p in (west, east)]
    assert sum(halves) == pytest.approx(float(got.overlap[0]), rel=1e-7, abs=1e-2)
    assert sum(halves) == pytest.approx(site.area, rel=1e-6, abs=1e-2)
    true = [shapely.intersection(site, u).area for u in units]
    assert halves == pytest.approx(true, rel=1e-5, abs=5)
    for p in (west, east):
        assert p < 0 or got.share[p] == pytest.approx(1, abs=1e-6)
    assert relations.outside_admin[0] == FALSE and relations.codes[0] == ("511102", "511111")


def test_long_edges_across_a_border_add_up_too() -> None:
    """A site of two vertices' length: its edge is a geodesic, on both sides of the border."""
    site = shapely.Polygon([(103.4, 29.38), (103.62, 29.38), (103.62, 29.42), (103.4, 29.42)])
    admin = layer("admin", [shapely.box(*WEST[1]), shapely.box(*EAST[1])], columns={"code": ["511111", "511102"]})
    atlas = ground.Atlas([admin, layer("control_unit", [WIDE])], "511111")
    pieces = ground.cut(ground.objects([site]), np.zeros(1), np.zeros(1), atlas, BOOKS, DAY)
    request = Request("control_unit")
    got = ground.relate(pieces, atlas, [request], as_of=DAY).measured[request]
    parts = [int(pieces.of[code][0]) for code in ("511111", "511102")]
    assert got.overlap[parts].sum() == pytest.approx(oracles.area(site), rel=1e-6)


def test_outside_of_every_county() -> None:
    partly = related([shapely.box(-20_500, 0, -19_500, 100)], [counties(WEST, EAST)], [], jurisdictions=BOOKS)
    assert partly.outside_admin[0] == TRUE
    piece = pieces_in(partly)["511111"]
    assert piece > 0 and partly.codes[0] == ("511111",)
    wholly = related([shapely.box(-30_500, 0, -29_500, 100)], [counties(WEST, EAST)], [], jurisdictions=BOOKS)
    assert wholly.outside_admin[0] == TRUE and wholly.codes[0] == ()
    assert set(pieces_in(wholly).values()) == {0, -1} and pieces_in(wholly)[""] == 0


def test_a_site_that_only_touches_the_next_county_stays_at_home() -> None:
    site = shapely.box(-500, 0, 0, 100)
    relations = related([site], [counties(WEST, EAST)], [], jurisdictions=BOOKS)
    here = pieces_in(relations)
    assert here["511111"] >= 0
    assert here["511102"] < 0 or relations.measured == {}


def test_a_point_on_the_border_gets_both_stacks() -> None:
    relations = related([shapely.Point(0, -9000)], [counties(WEST, EAST)], [], jurisdictions=BOOKS)
    here = pieces_in(relations)
    assert here["511111"] >= 0 and here["511102"] >= 0 and relations.codes[0] == ("511102", "511111")


def test_lines_and_points_across_a_border() -> None:
    line, points = shapely.LineString([(-300, 0), (700, 0)]), shapely.MultiPoint([(-300, 0), (700, 0), (800, 0)])
    units = layer("control_unit", [WIDE])
    relations = related([line, points], [counties(WEST, EAST), units], [Request("control_unit")], jurisdictions=BOOKS)
    got = relations.measured[Request("control_unit")]
    west, east = relations.pieces["511111"], relations.pieces["511102"]
    assert got.overlap[west] == pytest.approx([300, 1], rel=1e-4)
    assert got.overlap[east] == pytest.approx([700, 2], rel=1e-4)


def test_the_city_around_its_counties_hides_none_of_them() -> None:
    """An admin layer with the city's polygon beside those of its counties: the counties' books still bind."""
    city = ("511100", (-20_000.0, -9000.0, 20_000.0, 9000.0))
    for order in ((WEST, EAST, city), (city, WEST, EAST)):
        levels = ["city" if code == "511100" else "county" for code, _ in order]
        admin = layer(
            "admin",
            [shapely.box(*b) for _, b in order],
            columns={"code": [c for c, _ in order], "level": levels},
        )
        relations = related([shapely.box(-500, 0, -400, 100)], [admin], [], jurisdictions=BOOKS)
        assert pieces_in(relations)["511111"] == 0 and relations.codes[0] == ("511111",)


def test_counties_of_another_time_do_not_bind() -> None:
    """Merged or renamed counties: only those in force on the day."""
    admin = counties(("511111", WEST[1]), ("511199", WEST[1]), status=["in_force", "revoked"])
    assert related([shapely.box(-500, 0, -400, 100)], [admin], [], jurisdictions=BOOKS).codes[0] == ("511111",)
    dated = counties(
        ("511111", WEST[1]), ("511102", WEST[1]), valid_from=["2025-01-01", None], valid_to=[None, "2024-12-31"]
    )
    for day, code in (("2024-06-01", "511102"), ("2026-06-01", "511111")):
        relations = related(
            [shapely.box(-500, 0, -400, 100)], [dated], [], jurisdictions=BOOKS, as_of=dt.date.fromisoformat(day)
        )
        assert relations.codes[0] == (code,)


def test_without_an_admin_layer_the_region_binds() -> None:
    relations = related([shapely.Point(0, 0)], [], [], jurisdictions=BOOKS, region="511111")
    assert pieces_in(relations) == {"": 0, "51": 0, "5111": 0, "511111": 0, "511102": -1, "5106": -1}


def test_a_point_near_the_outline_may_reach_beyond_it() -> None:
    """Its ground reaches 300 m, the outline of all counties is 100 m away: nobody knows what binds there."""
    near = related([shapely.Point(-19_900, 0)], [counties(WEST, EAST)], [], jurisdictions=BOOKS, extent_m=300)
    assert near.outside_admin[0] == UNKNOWN
    home = related([shapely.Point(-15_000, 0)], [counties(WEST, EAST)], [], jurisdictions=BOOKS, extent_m=300)
    assert home.outside_admin[0] == FALSE


# --------------------------------------------------------------------------------------------- odd input


def test_nothing_asked_and_nothing_there() -> None:
    assert related([shapely.Point(0, 0)], [], []).measured == {}
    got = measured(shapely.Point(0, 0), layer("river", []), Request("river", reach_m=1000))
    assert got.meets[0] == FALSE and got.distance_m[0] == np.inf and got.rows(0) == ()


def test_equal_requests_are_measured_once_as_far_as_the_farthest() -> None:
    asked = [Request("river", reach_m=10), Request("river", reach_m=900), Request("river", reach_m=50)]
    relations = related([shapely.Point(0, 0)], [rivers("干流")], asked)
    assert list(relations.measured) == [Request("river")]
    assert relations.measured[Request("river")].distance_m[0] == pytest.approx(100, abs=0.01)


def test_a_zone_that_bends_across_itself_stops_nothing() -> None:
    """Valid in degrees, crossing itself once its long edge is the geodesic: measured all the same."""
    tooth = shapely.Polygon([(103.4, 29.4), (103.6, 29.4), (103.6, 29.5), (103.5, 29.40001), (103.4, 29.5)])
    zones = Layer.from_arrays(
        kind="ecological_redline",
        geometry=ground.objects([tooth, shapely.box(103.45, 29.39, 103.55, 29.45)]),
        columns={},
        coverage=HERE.lonlat(WIDE),
        meta={"accuracy_m": 1.0},
    )
    got = measured(shapely.box(-500, -500, 500, 500), zones)
    assert got.meets[0] == TRUE and 0 < got.share[0] <= 1


def test_places_are_where_they_are_said_to_be() -> None:
    """The tests' own plane against Geod: its metres are metres."""
    a, b = (shapely.get_coordinates(HERE.lonlat(shapely.Point(*at)))[0] for at in ((0, 0), (600, 800)))
    assert oracles.GEOD.inv(*a, *b)[2] == pytest.approx(1000, abs=0.01)
    assert a == pytest.approx(PLACE, abs=1e-7)
