"""The demo atlases are what the plans say, marked as samples, and come out the same every time."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry.polygon import orient

import ecozone
from ecozone import kinds, measure

BOUNDARIES = Path(__file__).resolve().parent.parent / "data" / "boundaries"
REGIONS = ("511111", "511102", "511000", "510604", "512022")
MARK = "示例数据，非法定边界"
GEOD = Geod(a=6378137.0, rf=298.257222101)


def area_km2(geometries: object) -> float:
    parts = shapely.get_parts(shapely.get_parts(geometries))
    return sum(GEOD.geometry_area_perimeter(orient(part))[0] for part in parts) / 1e6


@pytest.fixture(scope="module", params=REGIONS)
def atlas(request: pytest.FixtureRequest) -> ecozone.Atlas:
    return ecozone.open_atlas(BOUNDARIES / request.param)


@pytest.fixture(scope="module")
def builder() -> Iterator[object]:
    sys.path.insert(0, str(BOUNDARIES))
    yield importlib.import_module("build")
    sys.path.remove(str(BOUNDARIES))


def outline(atlas: ecozone.Atlas) -> shapely.Geometry:
    return shapely.union_all(atlas["admin"].geometry)


def test_every_kind_is_there_and_marked(atlas: ecozone.Atlas) -> None:
    assert set(atlas.kinds) == set(kinds.registry())
    assert atlas.notice == MARK
    for kind in atlas:
        layer = atlas[kind]
        assert layer.notice == MARK
        assert all(MARK in document for document in layer.columns["document"]), kind


def test_shapes_are_sound(atlas: ecozone.Atlas) -> None:
    for kind in atlas:
        layer = atlas[kind]
        assert shapely.is_valid(layer.geometry).all(), kind
        past = shapely.difference(layer.geometry, layer.coverage)
        # A long edge of the coverage is straight in degrees and was cut straight in metres: centimetres apart.
        assert shapely.area(past).sum() < 1e-7, f"{kind} is drawn past its coverage"


def needles(zone: shapely.Geometry) -> list[float]:
    """Return the lengths, in metres, of what is narrower than 2 mm over 5 cm: of a zone, or between its sides."""
    plane = measure.plane_of(zone)
    flat = measure.to_plane(np.array([zone], dtype=object), plane)[0]
    core, filled = flat.buffer(-0.001).buffer(0.00102), flat.buffer(0.001).buffer(-0.00102)
    rest = shapely.get_parts([flat.difference(core), filled.difference(flat)])
    return [length for length in (shapely.length(shapely.get_parts(rest)) / 2).tolist() if length > 0.05]


def test_no_zone_has_needles(atlas: ecozone.Atlas) -> None:
    for kind in atlas:
        layer = atlas[kind]
        for zone, shape in zip(layer.columns["zone"], layer.geometry, strict=True):
            if shapely.get_dimensions(shape) == 2:
                assert needles(shape) == [], (kind, zone)


@pytest.mark.parametrize("thick", [0.0, 3e-9, 1e-8])
def test_needles_are_seen_and_drawn_zones_lose_them(builder: object, thick: float) -> None:
    sketch = importlib.import_module("sketch.needles")
    spike = shapely.Polygon([(0, 0), (100, 0), (100, 50), (300, 50), (100, 50.0 + thick * 1e5), (100, 100), (0, 100)])
    gash = shapely.Polygon([(0, 0), (100, 0), (100, 50), (30, 50), (100, 50.0 + thick * 1e5), (100, 100), (0, 100)])
    there = shapely.transform([spike, gash], lambda xy: xy * 1e-5 + (103.5, 29.4))
    for shape, found in zip((spike, gash), map(needles, there), strict=True):
        assert found or not shape.is_valid
        kept = sketch.without_needles(shapely.make_valid(shape, method="structure", keep_collapsed=False))
        assert kept.area == pytest.approx(10_000, abs=0.1)
        assert kept.symmetric_difference(shapely.box(0, 0, 100, 100)).buffer(-0.01).is_empty


def test_what_divides_the_ground_leaves_no_needles(builder: object) -> None:
    sketch = importlib.import_module("sketch.partition")
    along = shapely.Polygon([(500, 0), (1000, 0), (1000, 1000), (500.05, 1000), (499.95, 400)])
    claims = [("west", shapely.box(0, 0, 500, 1000)), ("east", along)]
    pieces = sketch.partition(shapely.box(0, 0, 1000, 1000), claims, "rest", crumb_m2=0.0)
    assert set(pieces) == {"west", "east", "rest"} and sketch.edge_matched(list(pieces.values()))
    assert sum(p.area for p in pieces.values()) == pytest.approx(1e6, abs=1e-6)
    for piece in pieces.values():
        assert needles(shapely.transform(piece, lambda xy: xy * 1e-5 + (103.5, 29.4))) == []


def test_required_columns_are_filled(atlas: ecozone.Atlas) -> None:
    for kind in atlas:
        layer = atlas[kind]
        for key, column in layer.spec.columns.items():
            if column.required:
                assert all(value is not None for value in layer.columns[key]), (kind, key)


def test_rivers_reach_three_and_a_half_kilometres_past_the_outline(atlas: ecozone.Atlas) -> None:
    edge = shapely.get_coordinates(outline(atlas))[::7]
    rim = atlas["river"].coverage.boundary
    for lon, lat in edge:
        nearest = shapely.shortest_line(shapely.Point(lon, lat), rim)
        (x0, y0), (x1, y1) = shapely.get_coordinates(nearest)
        assert GEOD.inv(x0, y0, x1, y1)[2] >= 3500.0
    assert not shapely.covers(outline(atlas), shapely.union_all(atlas["river"].geometry))


def test_units_lie_wall_to_wall(atlas: ecozone.Atlas) -> None:
    whole = area_km2(outline(atlas))
    units = atlas["control_unit"]
    assert shapely.coverage_is_valid(shapely.get_parts(units.geometry))
    assert area_km2(units.geometry) == pytest.approx(whole, rel=1e-6)
    zones = atlas["element_zone"]
    for element in ("生态", "水", "大气", "土壤", "资源"):
        own = zones.geometry[zones.columns["element"] == element]
        assert shapely.coverage_is_valid(shapely.get_parts(own)), element
        assert area_km2(own) == pytest.approx(whole, rel=1e-6), element


def test_codes_follow_their_grammar(atlas: ecozone.Atlas) -> None:
    codes = set(atlas["admin"].columns["code"])
    category, element = (
        {"优先": "1", "重点": "2", "一般": "3"},
        {"生态": "1", "水": "2", "大气": "3", "土壤": "4", "资源": "5"},
    )
    unit = atlas["control_unit"].columns
    for code, of in zip(unit["code"], unit["category"], strict=True):
        assert (len(code), code[:2], code[2:8] in codes, code[8]) == (13, "ZH", True, category[of])
    zone = atlas["element_zone"].columns
    for code, of, about in zip(zone["code"], zone["category"], zone["element"], strict=True):
        assert (len(code), code[:2], code[2:8] in codes) == (15, "YS", True)
        assert code[8:10] == category[of] + element[about]


@pytest.mark.parametrize(
    ("region", "kind", "km2"),
    [
        ("511111", "admin", 605.3),
        ("511111", "ecological_redline", 21.92),
        ("511111", "basic_farmland", 68.07),
        ("511111", "forest_land", 20998 / 1500),
        ("511000", "admin", 5385.0),
        ("511000", "ecological_redline", 5385.0 * 0.00646),
        ("511000", "livestock_ban_zone", 699.0),
        ("510604", "admin", 447.88),
        ("510604", "ecological_redline", 447.88 * 0.0910),
        ("512022", "ecological_redline", 0.84),
    ],
)
def test_areas_are_the_plans(region: str, kind: str, km2: float) -> None:
    layer = ecozone.open_atlas(BOUNDARIES / region)[kind]
    assert area_km2(layer.geometry) == pytest.approx(km2, rel=1e-5)


def test_three_protected_areas_of_shawan_together() -> None:
    atlas = ecozone.open_atlas(BOUNDARIES / "511111")
    together = shapely.union_all([*atlas["nature_park"].geometry, *atlas["scenic_area"].geometry])
    assert area_km2(together) == pytest.approx(97.63, rel=1e-5)
    assert "4.8967万亩" in atlas["ecological_redline"].source
    assert "21.92" in atlas["ecological_redline"].source


def test_neighbours_draw_the_same_river() -> None:
    west, east = (ecozone.open_atlas(BOUNDARIES / region) for region in ("511111", "511102"))
    both = shapely.intersection(west["river"].coverage, east["river"].coverage).buffer(-0.001)
    one, other = (
        shapely.intersection(a["river"].geometry[a["river"].columns["river"] == "大渡河"][0], both)
        for a in (west, east)
    )
    assert area_km2(one) > 1.0
    assert area_km2(shapely.symmetric_difference(one, other)) < 1e-4
    assert shapely.intersection(outline(west), outline(east)).area < 1e-9


def test_classes_of_the_great_tributaries(atlas: ecozone.Atlas) -> None:
    river = atlas["river"].columns
    great = {name for name, of in zip(river["river"], river["river_class"], strict=True) if of == "重要支流"}
    assert great <= {"岷江", "大渡河", "青衣江", "沱江"}
    canals = {name for name, what in zip(river["river"], river["watercourse"], strict=True) if what == "canal"}
    assert canals == {"510604": {"人民渠", "百里渠"}, "512022": {"毗河引水渠"}}.get(atlas.region, set())


def test_water_sources_keep_off_the_towns(atlas: ecozone.Atlas) -> None:
    sources, towns = atlas["water_source"], atlas["built_up_area"]
    first = sources.geometry[sources.columns["grade"] == "一级"]
    overlap = shapely.intersection(shapely.union_all(first), shapely.union_all(towns.geometry))
    assert overlap.is_empty or area_km2([overlap]) < 0.02


def test_rebuilding_changes_nothing(builder: object) -> None:
    committed = ecozone.open_atlas(BOUNDARIES / "510604")
    drawn = builder.atlas_of(builder.sheet_of("510604"))  # type: ignore[attr-defined]
    again = builder.atlas_of(builder.sheet_of("510604"))  # type: ignore[attr-defined]
    hashes = {kind: drawn[kind].sha256 for kind in drawn}
    assert hashes == {kind: again[kind].sha256 for kind in again}
    assert hashes == {kind: committed[kind].sha256 for kind in committed}


def test_files_stay_small() -> None:
    files = [file for file in BOUNDARIES.rglob("*.*") if "__pycache__" not in file.parts]
    assert sum(file.stat().st_size for file in files) < 6_000_000
    assert max(file.stat().st_size for file in files) < 1024**2
