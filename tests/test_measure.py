"""Measuring against `pyproj.Geod` on the CGCS2000 ellipsoid, everywhere in 73–135°E, 18–54°N."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracles
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from oracles import go, tolerance

from ecozone import measure
from ecozone.crs import LATTICE, plane_at

#: Anywhere in China; on the borders of lattice cells, where the plane's centre is farthest; on those of 3-degree zones.
LON = st.one_of(
    st.floats(73, 135),
    st.integers(int(73 / LATTICE) + 1, int(135 / LATTICE) - 1).map(lambda k: (k + 0.5) * LATTICE),
    st.integers(25, 44).map(lambda zone: zone * 3 + 1.5),
    st.just(103.5),
)
LAT = st.one_of(
    st.floats(18, 54), st.integers(int(18 / LATTICE), int(54 / LATTICE) - 1).map(lambda k: (k + 0.5) * LATTICE)
)
SEED = st.integers(0, 2**32 - 1)
#: Radii of polygons of about 10 m² to 100 km².
RADIUS = st.floats(0.4, 3.8).map(lambda power: 10.0**power)
AZIMUTH = st.floats(0, 360)


def assert_area(polygon: Any) -> None:
    assert polygon.is_valid
    true = oracles.area(polygon)
    assert abs(measure.area_m2(polygon)[0] - true) <= tolerance(true)


# ------------------------------------------------------------------------------------------------ areas


@given(LON, LAT, RADIUS, st.integers(3, 30), SEED)
def test_area_of_polygons(lon: float, lat: float, radius: float, corners: int, seed: int) -> None:
    assert_area(oracles.star(np.random.default_rng(seed), lon, lat, radius, corners))


@given(LON, LAT, RADIUS, SEED)
def test_area_with_a_hole_and_of_two_parts(lon: float, lat: float, radius: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = oracles.holed(rng, lon, lat, radius, 12)
    other = oracles.holed(rng, *go(lon, lat, 77, 2.5 * radius), radius, 9)
    assert_area(one)
    assert_area(shapely.MultiPolygon([one, other]))


@given(LON, LAT, AZIMUTH, st.floats(2, 4.7), st.floats(-1, 3), st.integers(1, 80), st.integers(1, 4))
def test_area_of_thin_strips(
    lon: float, lat: float, azimuth: float, metres: float, width: float, along: int, back: int
) -> None:
    """A road: kilometres long, down to 0.1 m wide, one side drawn with many vertices and the other with few."""
    made = oracles.strip(lon, lat, azimuth, 10.0**metres, 10.0**width, along, back)
    assume(made.is_valid and 10 <= oracles.area(made) <= 1e8)
    assert_area(made)


@given(LON, LAT, st.floats(1, 10), st.floats(1, 10))
def test_area_of_long_edges(lon: float, lat: float, east: float, north: float) -> None:
    """Ten kilometres between two vertices: the edge is the geodesic, not the parallel."""
    ends = [go(lon, lat, 90, east * 1000), go(lon, lat, 0, north * 1000)]
    assert_area(shapely.Polygon([(lon, lat), *ends]))


def test_area_keeps_the_order_and_skips_what_has_none() -> None:
    square = oracles.star(np.random.default_rng(1), 104, 30, 100, 5)
    far = oracles.star(np.random.default_rng(2), 120, 40, 100, 5)
    line = shapely.LineString([(104, 30), (104.1, 30)])
    both = [square, line, shapely.Point(104, 30), far, shapely.Polygon()]
    got = measure.area_m2(both)
    assert got[[1, 2, 4]].tolist() == [0.0, 0.0, 0.0]
    assert got[0] == measure.area_m2(square)[0] and got[3] == measure.area_m2(far)[0]


# ----------------------------------------------------------------------------------------------- lengths


@given(LON, LAT, st.lists(st.tuples(AZIMUTH, st.floats(0.1, 30_000)), min_size=1, max_size=12))
def test_length(lon: float, lat: float, steps: list[tuple[float, float]]) -> None:
    places = [(lon, lat)]
    for azimuth, metres in steps:
        places.append(go(*places[-1], azimuth, metres))
    line = shapely.LineString(places)
    assert measure.length_m(line)[0] == pytest.approx(sum(m for _, m in steps), rel=1e-9, abs=1e-7)
    both = shapely.MultiLineString([line, shapely.LineString([go(lon, lat, 10, 5), go(lon, lat, 10, 25)])])
    assert measure.length_m(both)[0] == pytest.approx(sum(m for _, m in steps) + 20, rel=1e-9)


def test_length_of_several_at_once_and_of_none() -> None:
    line = shapely.LineString([(104, 30), go(104, 30, 45, 123.0)])
    got = measure.length_m(
        [shapely.Point(104, 30), line, shapely.box(104, 30, 104.1, 30.1), line, shapely.LineString()]
    )
    assert got == pytest.approx([0, 123, 0, 123, 0])
    assert measure.perimeter_m(oracles.strip(104, 30, 0, 100, 10))[0] == pytest.approx(220, rel=1e-6)


# --------------------------------------------------------------------------------------------- distances


@given(LON, LAT, AZIMUTH, st.floats(0.01, 100_000))
def test_distance_of_points(lon: float, lat: float, azimuth: float, metres: float) -> None:
    there = go(lon, lat, azimuth, metres)
    got, bearing = measure.distance_m(shapely.Point(lon, lat), shapely.Point(*there))
    assert got[0] == pytest.approx(metres, abs=0.005, rel=1e-9)  # PROJ's inverse is 1.6 mm off
    if metres > 100:
        turn = (bearing[0] - azimuth + 180) % 360 - 180
        assert abs(turn) < 0.02


@given(LON, LAT, st.floats(1, 5_000), AZIMUTH, st.floats(100, 200_000), st.floats(-0.2, 1.2))
def test_distance_to_a_long_edge(
    lon: float, lat: float, metres: float, azimuth: float, edge: float, share: float
) -> None:
    """A point beside a line that goes hundreds of kilometres between two vertices."""
    foot = go(lon, lat, azimuth + 90, metres)
    back = oracles.GEOD.inv(*foot, lon, lat)[0]
    line = shapely.LineString([go(*foot, back + 90, -share * edge), go(*foot, back + 90, (1 - share) * edge)])
    point = shapely.Point(lon, lat)
    true = oracles.distance(point, line)
    assert measure.distance_m(point, line)[0][0] == pytest.approx(true, abs=0.1 * max(1, true / 1000))
    assert measure.distance_m(line, point)[0][0] == pytest.approx(true, abs=0.1 * max(1, true / 1000))


@given(LON, LAT, AZIMUTH, st.floats(0.5, 2_000), st.floats(5, 3_000), st.floats(5, 20_000), SEED)
def test_distance_of_polygons(
    lon: float, lat: float, azimuth: float, gap: float, mine: float, yours: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    a = oracles.star(rng, lon, lat, mine, 6)
    b = oracles.star(rng, *go(lon, lat, azimuth, gap + mine + yours), yours, 7)
    true = oracles.distance(a, b)
    got = measure.distance_m(a, b)[0][0]
    assert got == pytest.approx(true, abs=0.1 * max(1, true / 1000))
    assert measure.distance_m(b, a)[0][0] == pytest.approx(got, abs=1e-3 * max(1, true / 1000))


@given(LON, LAT, st.floats(50, 5_000), SEED)
def test_contact_is_zero_and_has_no_bearing(lon: float, lat: float, radius: float, seed: int) -> None:
    outer = oracles.star(np.random.default_rng(seed), lon, lat, radius, 9)
    got, bearing = measure.distance_m([shapely.Point(lon, lat), shapely.Point(outer.exterior.coords[0])], outer)
    assert got.tolist() == [0, 0] and np.isnan(bearing).all()


def test_a_hole_is_outside() -> None:
    ring = oracles.holed(np.random.default_rng(3), 103.5, 29.4, 1000, 12)
    inside = shapely.Point(103.5, 29.4)
    true = oracles.distance(inside, ring)
    assert true > 50
    assert measure.distance_m(inside, ring)[0][0] == pytest.approx(true, abs=1e-3)


def test_distances_far_from_the_plane_of_the_first() -> None:
    """The plane lies at the middle of the first geometry, the nearest pair a hundred kilometres off."""
    long = shapely.LineString([(103, 30), (105, 30.3)])
    near = shapely.Point(*go(105, 30.3, 45, 900))
    true = oracles.distance(long, near)
    assert measure.distance_m(long, near)[0][0] == pytest.approx(true, abs=0.1)


# ---------------------------------------------------------------------------------------------- densify


@given(LON, LAT, st.floats(100, 30_000), st.integers(3, 12), SEED)
def test_densify_keeps_what_a_geometry_is(lon: float, lat: float, radius: float, corners: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    holed = oracles.holed(rng, lon, lat, radius, corners)
    line = shapely.LineString(oracles.star(rng, lon, lat, radius, corners).exterior.coords)
    shapes = [holed, shapely.MultiPolygon([holed, oracles.star(rng, *go(lon, lat, 90, 2.5 * radius), radius, 5)]), line]
    shapes += [shapely.Point(lon, lat), shapely.GeometryCollection([line, shapely.Point(lon, lat)])]
    given_ = np.array(shapes, dtype=object)
    got = measure.densify(given_)
    assert shapely.is_valid(got).all()
    assert (shapely.get_dimensions(got) == shapely.get_dimensions(given_)).all()
    for before, after in zip(given_, got, strict=True):
        assert {tuple(c) for c in shapely.get_coordinates(before)} <= {tuple(c) for c in shapely.get_coordinates(after)}
    for k in (0, 1):
        true = oracles.area(shapes[k])
        assert abs(oracles.area(got[k]) - true) <= tolerance(true)
        side = oracles.edges(got[k])
        assert max(oracles.GEOD.inv(*side.T)[2]) <= measure.PLANE_EDGE_M * (1 + 1e-9)
    assert oracles.length(got[2]) == pytest.approx(oracles.length(line), rel=1e-9)


def test_an_edge_may_bend_across_a_vertex_of_its_own() -> None:
    """Valid in degrees: the vertex lies between the parallel and the chord. The geodesic bends to its other side."""
    tooth = shapely.Polygon([(104, 30), (104.2, 30), (104.2, 30.1), (104.1, 30.00001), (104, 30.1)])
    assert tooth.is_valid and not measure.densify(np.array([tooth], dtype=object))[0].is_valid
    flat = measure.to_plane(np.array([tooth], dtype=object), plane_at(416, 120))
    assert shapely.is_valid(flat).all()
    assert shapely.area(flat)[0] == pytest.approx(oracles.area(tooth), rel=1e-4)


def test_densify_leaves_short_edges_alone() -> None:
    small = np.array([oracles.star(np.random.default_rng(1), 104, 30, 20, 9)], dtype=object)
    assert measure.densify(small) is small


@pytest.mark.parametrize(
    "wkt",
    [
        "MULTIPOLYGON(EMPTY,((104 30,104.1 30,104.1 30.1,104 30)))",
        "MULTIPOLYGON(((104 30,104.1 30,104.1 30.1,104 30)),EMPTY)",
        "MULTILINESTRING(EMPTY,(104 30,104.1 30))",
        "POLYGON EMPTY",
        "MULTIPOINT(EMPTY,(104 30))",
        "GEOMETRYCOLLECTION(LINESTRING EMPTY,POLYGON((104 30,104.1 30,104.1 30.1,104 30)))",
    ],
)
def test_empty_parts_do_no_harm(wkt: str) -> None:
    """GEOS reads them, exports contain them; building a multi-part geometry from their rings crashed the process."""
    geometry = shapely.from_wkt(wkt)
    there = [p for p in shapely.get_parts(geometry) if not p.is_empty]
    assert measure.area_m2(geometry)[0] == pytest.approx(sum(measure.area_m2(p)[0] for p in there))
    assert measure.length_m(geometry)[0] == pytest.approx(sum(measure.length_m(p)[0] for p in there))


# ---------------------------------------------------------------------------------------------- planes


@given(LON, LAT)
def test_a_plane_there_and_back(lon: float, lat: float) -> None:
    node = measure.plane_nodes(np.array([shapely.Point(lon, lat)], dtype=object))[0]
    plane = plane_at(*node.tolist())
    assert abs(plane.lon - lon) <= LATTICE / 2 + 1e-9 and abs(plane.lat - lat) <= LATTICE / 2 + 1e-9
    xy = plane.forward(np.array([[lon, lat]]))
    assert plane.inverse(xy)[0] == pytest.approx([lon, lat], abs=2e-8)  # 1.6 mm: PROJ's inverse is a series
    assert np.hypot(*xy[0]) < 20_500
