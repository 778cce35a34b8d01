"""Overlaps of an atlas: dissolved, on the ellipsoid, never more than the whole."""

from __future__ import annotations

import datetime as dt

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import ecozone
from ecozone import crs
from ecozone.errors import LayerError
from ecozone.overlaps import COLUMNS, overlap_pieces, overlaps, pivot

STEP = 0.01


def square(x: float, y: float, size: float = 1.0) -> shapely.Polygon:
    """Return a square with vertices on a common grid: two that share an edge share its geodesics too."""
    at = np.round(np.arange(0.0, size + 0.01, 0.25), 2)
    ends = np.zeros_like(at)
    ring = np.concatenate(
        [np.column_stack(s) for s in ((at, ends), (ends + size, at), (at[::-1], ends + size), (ends, at[::-1]))]
    )
    return shapely.Polygon(np.round(np.array([103.5, 29.4]) + (ring + np.array([x, y])) * STEP, 6))


def layer(kind: str, *shapes: shapely.Geometry, **columns: object) -> ecozone.Layer:
    names = [f"{kind}-{i}" for i in range(len(shapes))]
    frame = geopandas.GeoDataFrame({"zone": names, "name": names, **columns}, geometry=list(shapes), crs="EPSG:4490")
    return ecozone.Layer(kind=kind, zones=frame, coverage=square(-50, -50, 100), accuracy_m=5.0)


def atlas(*layers: ecozone.Layer) -> ecozone.Atlas:
    return ecozone.Atlas(list(layers), region="511111")


def geodesic_area(polygon: shapely.Polygon) -> float:
    lon, lat = np.array(polygon.exterior.coords).T
    return abs(crs.geod().polygon_area_perimeter(lon, lat)[0])


def row(table: object, a: str, b: str) -> object:
    return table[(table.kind_a == a) & (table.kind_b == b)].iloc[0]  # type: ignore[index, attr-defined]


def test_every_ordered_pair_of_kinds_with_areas() -> None:
    table = atlas(layer("forest_land", square(0, 0, 2)), layer("wetland", square(1, 1, 2))).overlaps()
    assert tuple(table.columns) == COLUMNS
    assert list(zip(table.kind_a, table.kind_b, strict=True)) == [
        ("forest_land", "forest_land"),
        ("forest_land", "wetland"),
        ("wetland", "forest_land"),
        ("wetland", "wetland"),
    ]
    there, back = row(table, "forest_land", "wetland"), row(table, "wetland", "forest_land")
    assert there.overlap_m2 == back.overlap_m2 == pytest.approx(geodesic_area(square(1, 1)), rel=1e-6)
    assert (there.share_a, there.share_b) == (back.share_b, back.share_a)
    assert row(table, "wetland", "wetland").overlap_m2 == pytest.approx(geodesic_area(square(1, 1, 2)), rel=1e-6)
    assert row(table, "wetland", "wetland").share_a == 1.0


def test_zones_that_overlap_each_other_count_once() -> None:
    twice = layer("forest_land", square(0, 0, 2), square(1, 0, 2), square(0, 0, 2))
    table = overlaps(atlas(twice, layer("wetland", square(-1, -1, 9))))
    inside = row(table, "forest_land", "wetland")
    assert inside.share_a == pytest.approx(1.0, abs=1e-12)
    assert inside.share_a <= 1.0
    assert inside.overlap_m2 == pytest.approx(geodesic_area(shapely.union(square(0, 0, 2), square(1, 0, 2))), rel=1e-6)


def test_the_same_zone_in_both_kinds_counts_once() -> None:
    table = overlaps(atlas(layer("forest_land", square(0, 0)), layer("wetland", square(0, 0), square(3, 0))))
    both = row(table, "forest_land", "wetland")
    assert both.overlap_m2 == pytest.approx(geodesic_area(square(0, 0)), rel=1e-6)
    assert (both.share_a, both.share_b) == (pytest.approx(1.0), pytest.approx(0.5, rel=1e-4))


def test_a_shared_border_is_no_overlap() -> None:
    pair = atlas(layer("forest_land", square(0, 0)), layer("wetland", square(1, 0)))
    assert row(overlaps(pair), "forest_land", "wetland").overlap_m2 == 0.0
    assert overlap_pieces(pair, "forest_land", "wetland").empty


def test_points_lines_and_empty_kinds_are_left_out() -> None:
    receptor = layer("receptor", shapely.Point(103.5, 29.4), square(0, 0), receptor_type=["school", "hospital"])
    station = layer("air_station", shapely.Point(103.5, 29.4), level=["国控"])
    table = overlaps(atlas(receptor, station, layer("wetland"), layer("forest_land", square(0, 0, 2))))
    assert sorted(set(table.kind_a)) == ["forest_land", "receptor"]
    assert overlaps(atlas(station)).empty


def test_the_day_selects_versions_and_zones() -> None:
    old = layer("wetland", square(0, 0), square(2, 0), valid_to=["2025-12-31", None], status=["in_force", "proposed"])
    pair = atlas(old, layer("forest_land", square(0, 0, 5)))
    now = overlaps(pair)
    assert row(now, "wetland", "forest_land").overlap_m2 == pytest.approx(geodesic_area(square(0, 0)), rel=1e-6)
    assert list(overlaps(pair, as_of=dt.date(2026, 1, 1)).kind_a) == ["forest_land"]
    assert "wetland" in set(pair.overlaps(as_of=dt.date(2025, 6, 1)).kind_a)


def test_an_unknown_kind_says_which_there_are() -> None:
    with pytest.raises(LayerError, match="forest_land"):
        overlaps(atlas(layer("forest_land", square(0, 0))), ["wetland"])


def test_pieces_add_up_where_zones_do_not_overlap_each_other() -> None:
    pair = atlas(layer("forest_land", square(0, 0), square(1, 0)), layer("wetland", square(0.5, 0.25), square(0.5, -2)))
    pieces = overlap_pieces(pair, "forest_land", "wetland")
    assert list(pieces.zone_a) == ["forest_land-0", "forest_land-1"]
    assert str(pieces.crs) == crs.GEOGRAPHIC
    assert pieces.overlap_m2.sum() == pytest.approx(row(overlaps(pair), "forest_land", "wetland").overlap_m2, rel=1e-12)
    assert geodesic_area(pieces.geometry.iloc[0]) == pytest.approx(pieces.overlap_m2.iloc[0], rel=1e-6)
    assert pieces.share_a.iloc[0] == pytest.approx(0.375, rel=1e-4)


def test_pieces_hold_nothing_but_areas() -> None:
    comb = shapely.union_all([square(0, 0, 2), square(3, 0), shapely.box(103.51, 29.42, 103.531, 29.43)])
    pieces = overlap_pieces(
        atlas(layer("forest_land", comb), layer("wetland", square(2, 1, 2), square(1, 1, 0.5))),
        "forest_land",
        "wetland",
    )
    assert set(shapely.get_dimensions(pieces.geometry.values)) == {2}


def test_pivot_speaks_chinese() -> None:
    table = overlaps(atlas(layer("forest_land", square(0, 0, 2)), layer("wetland", square(1, 1, 2))))
    matrix = pivot(table)
    assert list(matrix.index) == list(matrix.columns) == ["林地", "湿地"]
    assert matrix.loc["林地", "湿地"] == row(table, "forest_land", "wetland").share_a
    assert list(pivot(table, "overlap_m2", chinese=False).index) == ["forest_land", "wetland"]


@given(
    st.lists(st.tuples(*[st.integers(0, 6)] * 2, st.integers(1, 3)), min_size=1, max_size=5),
    st.lists(st.tuples(*[st.integers(0, 6)] * 2, st.integers(1, 3)), min_size=1, max_size=5),
)
def test_shares_stay_in_bounds_and_areas_match_a_union(a: list[tuple], b: list[tuple]) -> None:
    left, right = [square(*s) for s in a], [square(*s) for s in b]
    shared = row(overlaps(atlas(layer("forest_land", *left), layer("wetland", *right))), "forest_land", "wetland")
    assert 0.0 <= shared.share_a <= 1.0
    assert 0.0 <= shared.share_b <= 1.0
    expected = shapely.intersection(shapely.union_all(left), shapely.union_all(right))
    parts = [p for p in shapely.get_parts(expected) if p.geom_type == "Polygon"]
    area = sum(geodesic_area(p) - sum(geodesic_area(shapely.Polygon(r)) for r in p.interiors) for p in parts)
    assert shared.overlap_m2 == pytest.approx(area, rel=1e-6, abs=1e-3)


@pytest.mark.smoke
def test_demo_atlas_has_no_share_above_one() -> None:
    table = ecozone.demo_atlas("511111").overlaps(["admin", "control_unit", "ecological_redline", "basic_farmland"])
    assert len(table) == 16
    assert table[["share_a", "share_b"]].max().max() <= 1.0
    assert row(table, "ecological_redline", "admin").share_a == pytest.approx(1.0, abs=1e-6)
    assert row(table, "control_unit", "admin").share_b == pytest.approx(1.0, abs=1e-4)  # wall to wall
