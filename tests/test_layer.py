"""`Layer` from a GeoDataFrame: what it refuses, what it mends, what it keeps, and that its hash is its content's."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import warnings
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import oracles
import pandas
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

import ecozone
from ecozone import Layer, storage
from ecozone.errors import CRSError, EcozoneError, GeometryError, LayerError, RepairWarning

SQUARE = shapely.box(103.5, 29.4, 103.51, 29.41)
NEXT = shapely.box(103.52, 29.4, 103.53, 29.41)
BOW_TIE = shapely.Polygon([(103.5, 29.4), (103.51, 29.41), (103.51, 29.4), (103.5, 29.41)])
LOPSIDED = shapely.Polygon([(103.5, 29.4), (103.52, 29.42), (103.52, 29.4), (103.51, 29.4), (103.5, 29.407)])


def frame(*shapes: Any, crs: Any = "EPSG:4490", **columns: Any) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def layer(
    *shapes: Any, kind: str = "ecological_redline", crs: Any = "EPSG:4490", meta: Any = None, **columns: Any
) -> Layer:
    return Layer(kind=kind, zones=frame(*shapes, crs=crs, **columns), **{"accuracy_m": 5.0, **(meta or {})})


def refused(error: type[EcozoneError], says: str, *shapes: Any, **options: Any) -> str:
    """Assert one Chinese sentence that says what is wrong and what to do."""
    with pytest.raises(error) as caught:
        layer(*shapes, **options)
    text = str(caught.value)
    assert says in text, text
    assert "\n" not in text and text.endswith(("。", "？")) and re.search(r"[\u4e00-\u9fff]{4}", text), text
    return text


# --------------------------------------------------------------------------------------------- refusals


def test_zones_without_a_crs() -> None:
    refused(CRSError, "set_crs", SQUARE, crs=None)


def test_an_unknown_kind() -> None:
    assert "river" in refused(LayerError, "没有名为", SQUARE, kind="rivr")


@pytest.mark.parametrize("accuracy", [-1.0, float("nan"), float("inf")])
def test_a_bad_accuracy(accuracy: float) -> None:
    refused(LayerError, "accuracy_m", SQUARE, meta={"accuracy_m": accuracy})


def test_a_value_outside_its_code_list() -> None:
    text = refused(
        LayerError, "river_class", shapely.LineString([(103, 29), (103, 30)]), kind="river", river_class=["大河"]
    )
    assert "干流" in text
    refused(LayerError, "status", SQUARE, status=["maybe"])


def test_a_repeated_zone_id() -> None:
    assert "A1" in refused(LayerError, "重复", SQUARE, NEXT, zone=["A1", "A1"])


@pytest.mark.parametrize(
    "shape", [None, shapely.Polygon(), shapely.MultiPolygon(), shapely.from_wkt("MULTIPOLYGON(EMPTY)")]
)
def test_a_zone_without_a_shape(shape: Any) -> None:
    refused(GeometryError, "没有几何", SQUARE, shape)


def test_a_dimension_that_the_kind_does_not_have() -> None:
    assert "应为面" in refused(GeometryError, "不是", shapely.Point(103.5, 29.4))
    refused(GeometryError, "不是", SQUARE, kind="air_station")
    mixed = shapely.GeometryCollection([SQUARE, shapely.Point(103.5, 29.4)])
    refused(GeometryError, "不是", mixed)


def test_places_that_are_not_in_china() -> None:
    refused(CRSError, "EPSG:4544", shapely.box(500_000, 3_255_000, 500_100, 3_255_100))
    refused(EcozoneError, "纬度写在了前面", shapely.box(29.4, 103.5, 29.41, 103.51))
    refused(EcozoneError, "不在中国范围", shapely.box(2.3, 48.8, 2.4, 48.9))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        broken = shapely.Polygon([(103.5, 29.4), (103.51, np.nan), (103.51, 29.41)])
    refused(EcozoneError, "空值或无穷大", SQUARE, broken)


@pytest.mark.parametrize("crs", ["EPSG:4610", "EPSG:4214", "EPSG:2383", "EPSG:2434"])
def test_an_old_datum_is_not_moved_in_silence(crs: str) -> None:
    """Xian 1980 and Beijing 1954 lie about a hundred metres off, and PROJ calls its guess a transformation."""
    there = Transformer.from_crs("EPSG:4490", crs, always_xy=True)
    moved = shapely.transform(SQUARE, lambda at: np.column_stack(there.transform(at[:, 0], at[:, 1])))
    assert "CGCS2000" in refused(CRSError, "转换参数", moved, crs=crs)


@pytest.mark.parametrize("key", ["valid_from", "valid_to"])
def test_a_bad_date(key: str) -> None:
    refused(LayerError, "不是日期", SQUARE, meta={key: "2026-02-30"})
    refused(LayerError, "不是日期", SQUARE, **{key: ["今年"]})


@pytest.mark.parametrize("version", ["2026/1", "..", ".2026", " ", "a\\b", "C:x", "x" * 300])
def test_a_version_that_is_no_file_name(version: str) -> None:
    refused(LayerError, "版本", SQUARE, meta={"version": version})


@pytest.mark.parametrize("value", ["maybe", 2, "不知道"])
def test_a_yes_or_no_that_is_neither(value: Any) -> None:
    refused(LayerError, "core_reserve", SQUARE, core_reserve=[value])


@pytest.mark.parametrize("value", ["宽", "约五十", [50]])
def test_a_number_that_is_none(value: Any) -> None:
    line = shapely.LineString([(103, 29), (103, 30)])
    refused(LayerError, "half_width_m", line, kind="river", half_width_m=[value])


@pytest.mark.parametrize(
    ("coverage", "error"),
    [
        (BOW_TIE, GeometryError),
        (shapely.Point(103.5, 29.4), GeometryError),
        (shapely.box(500_000, 3_255_000, 600_000, 3_355_000), CRSError),
        (geopandas.GeoSeries([SQUARE]), CRSError),
    ],
    ids=["crossing", "a point", "projected", "no crs"],
)
def test_a_coverage_that_covers_nothing(coverage: Any, error: type[EcozoneError]) -> None:
    refused(error, "覆盖范围", SQUARE, meta={"coverage": coverage})


# ------------------------------------------------------------------------------------ values as they come


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([1, 0], [True, False]),
        ([1.0, np.nan], [True, None]),
        (["是", "否"], [True, False]),
        (["true", "FALSE"], [True, False]),
        (pandas.array([True, None], dtype="boolean"), [True, None]),
        (np.array([True, False]), [True, False]),
        ([None, "1"], [None, True]),
    ],
)
def test_yes_and_no(given: Any, kept: list[Any]) -> None:
    """A shapefile keeps them as 1 and 0; a filter asks for true and false."""
    made = layer(SQUARE, NEXT, core_reserve=given)
    assert made.columns["core_reserve"].tolist() == kept
    assert [type(v) for v in made.columns["core_reserve"]] == [type(v) for v in kept]


def test_codes_numbers_and_labels() -> None:
    zones = frame(
        SQUARE, NEXT, noise_class=[1, 2.0], sensitive_buildings=["是", None], zone=[7, 8.0], name=[None, " 二类区 "]
    )
    made = Layer(kind="noise_zone", zones=zones, accuracy_m=5)
    assert made.columns["noise_class"].tolist() == ["1", "2"]
    assert made.columns["zone"].tolist() == ["7", "8"]
    assert made.columns["name"][0] == "声环境功能区"
    line = shapely.LineString([(103, 29), (103, 30)])
    river = layer(line, kind="river", watercourse=["渠道"], half_width_m=["40"], line=["中心线"], status=["拟划定"])
    got = {k: river.columns[k][0] for k in ("watercourse", "half_width_m", "line", "status")}
    assert got == {"watercourse": "canal", "half_width_m": 40.0, "line": "centreline", "status": "proposed"}
    admin = layer(SQUARE, kind="admin", code=[511111.0], level=["区县"])
    assert admin.columns["code"][0] == "511111" and admin.columns["level"][0] == "county"


def test_missing_values_of_all_sorts_are_none() -> None:
    zones = frame(
        SQUARE, NEXT,
        a=pandas.array([1, None], dtype="Int64"), b=pandas.array(["x", None], dtype="string"),
        c=pandas.to_datetime(["2026-01-05", None]), d=[np.nan, 1.5], e=["", "y"], core_reserve=["", "是"],
    )  # fmt: skip
    made = Layer(kind="ecological_redline", zones=zones, accuracy_m=5)
    assert [made.columns[k].tolist() for k in "abc"] == [[1, None], ["x", None], ["2026-01-05", None]]
    assert made.columns["d"].tolist() == [None, 1.5]
    assert made.columns["core_reserve"].tolist() == [None, True]


def test_an_empty_layer_says_there_is_none() -> None:
    empty = geopandas.GeoDataFrame({"geometry": []}, crs="EPSG:4490")
    made = Layer(kind="wetland", zones=empty, coverage=SQUARE, accuracy_m=5)
    assert len(made) == 0 and made.coverage.equals(SQUARE) and len(made.zones) == 0 and made.sha256


def test_ids_and_names_are_filled_in() -> None:
    made = layer(SQUARE, NEXT)
    assert made.columns["zone"].tolist() == ["ecological_redline-1", "ecological_redline-2"]
    assert set(made.columns["name"]) == {"生态保护红线"} and set(made.columns["status"]) == {"in_force"}


@pytest.mark.parametrize("text", ["2026-08-15", "20260815", "2026/8/15", "2026年8月15日", "2026-08-15T00:00:00"])
def test_dates_of_zones_however_written(text: str) -> None:
    made = layer(SQUARE, valid_from=[text])
    days = [dt.date(2026, 8, 14), dt.date(2026, 8, 15)]
    assert [made.active(d).tolist() for d in days] == [[False], [True]]


@pytest.mark.parametrize(
    "first",
    [
        "2026-08-15",
        dt.date(2026, 8, 15),
        pandas.Timestamp("2026-08-15").to_pydatetime(),
        pandas.Timestamp("2026-08-15 08:00"),
    ],
)
def test_the_period_of_a_version(first: Any) -> None:
    made = layer(SQUARE, meta={"valid_from": first, "valid_to": "2026-12-31"})
    days = [dt.date(2026, 8, 14), dt.date(2026, 8, 15), dt.date(2026, 12, 31), dt.date(2027, 1, 1)]
    assert [made.valid_on(d) for d in days] == [False, True, True, False]


def test_heights_are_dropped() -> None:
    made = layer(shapely.force_3d(SQUARE, 400.0))
    assert not made.geometry[0].has_z and made.geometry[0].equals(SQUARE)


# ------------------------------------------------------------------------------------------------ repair


def mended(shape: Any) -> tuple[Layer, str]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        made = layer(shape)
    assert [w.category for w in told] == [RepairWarning]
    return made, str(told[0].message)


def test_a_ring_that_touches_itself_is_mended_with_its_area() -> None:
    """A hole drawn as part of the outer ring (common in exports): valid afterwards, same ground."""
    ring = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0), (2, 2), (2, 4), (4, 4), (4, 2), (2, 2), (0, 0)])
    shape = shapely.transform(ring, lambda xy: xy * 1e-3 + [103.5, 29.4])
    assert not shape.is_valid
    made, said = mended(shape)
    assert made.geometry[0].is_valid and "1 个" in said and re.search(r"[+-]\d+\.\d\d 平方米", said)
    outer = shapely.transform(shapely.box(0, 0, 10, 10), lambda xy: xy * 1e-3 + [103.5, 29.4])
    hole = shapely.transform(shapely.box(2, 2, 4, 4), lambda xy: xy * 1e-3 + [103.5, 29.4])
    assert oracles.area(made.geometry[0]) == pytest.approx(oracles.area(outer) - oracles.area(hole), rel=1e-6)


def test_a_tiny_loop_is_mended_and_its_area_said() -> None:
    loop = shapely.Polygon(
        [(103.5, 29.4), (103.51, 29.4), (103.51, 29.41), (103.50501, 29.41), (103.505, 29.41001), (103.50501, 29.41001),
         (103.505, 29.41), (103.5, 29.41)]
    )  # fmt: skip
    assert not loop.is_valid
    made, _ = mended(loop)
    assert oracles.area(made.geometry[0]) == pytest.approx(oracles.area(SQUARE), rel=1e-4)


@pytest.mark.parametrize("shape", [BOW_TIE, LOPSIDED], ids=["even", "lopsided"])
def test_a_bow_tie_is_refused(shape: Any) -> None:
    """Which lobe was meant, nobody can say."""
    assert not shape.is_valid
    assert "%" in refused(GeometryError, "自相交", SQUARE, shape, zone=["a", "b"])


def test_a_line_of_one_place_is_refused() -> None:
    refused(GeometryError, "几何", shapely.LineString([(103.5, 29.4), (103.5, 29.4)]), kind="river")
    refused(GeometryError, "几何", shapely.Polygon([(103.5, 29.4), (103.6, 29.4), (103.5, 29.4)]))


def test_empty_parts_are_dropped() -> None:
    made = layer(shapely.MultiPolygon([shapely.Polygon(), SQUARE]))
    points = layer(shapely.from_wkt("MULTIPOINT(EMPTY,(103.5 29.4))"), kind="receptor")
    assert points.geometry[0].equals(shapely.MultiPoint([(103.5, 29.4)]))
    assert not shapely.is_empty(shapely.get_parts(made.geometry)).any()


# ---------------------------------------------------------------------------------------------- planes


@pytest.mark.parametrize("crs", ["EPSG:4544", "EPSG:3857", "EPSG:32648"])
def test_straight_edges_of_a_projected_source_stay_straight_there(crs: str) -> None:
    """A surveyor's line of 20 km is straight in the plane it was drawn in: in degrees it keeps its places between."""
    there = Transformer.from_crs("EPSG:4490", crs, always_xy=True)
    x, y = there.transform(103.6, 29.3)
    corners = np.array([(x, y), (x + 20_000, y + 2_000), (x + 20_000, y + 12_000), (x, y + 10_000)])
    made = layer(
        shapely.Polygon(corners), crs=crs, meta={"coverage": geopandas.GeoSeries([shapely.Polygon(corners)], crs=crs)}
    )
    ring = np.vstack([corners, corners[:1]])
    along = np.vstack([a + share * (b - a) for a, b in itertools.pairwise(ring) for share in np.linspace(0, 1, 40)])
    places = shapely.points(np.column_stack(there.transform(*along.T, direction="INVERSE")))
    for shape in (made.geometry[0], made.coverage):
        assert shapely.distance(places, shape.exterior).max() * 111_000 < 0.01


def test_other_geographic_systems_are_taken_as_they_are() -> None:
    assert layer(SQUARE, crs="EPSG:4326").geometry[0].equals_exact(SQUARE, 1e-9)


# ------------------------------------------------------------------------------------------------- hash


def sample(**options: Any) -> dict[str, Any]:
    two = shapely.MultiPolygon([shapely.box(103.6, 29.4, 103.61, 29.41), shapely.box(103.7, 29.4, 103.71, 29.41)])
    zones = frame(
        SQUARE, NEXT, two, zone=["b", "a", "c"], name=["乙", "甲", "丙"], core_reserve=[True, None, False],
        面积=[1.5, 2, None], n=[3, 4, 5],
    )  # fmt: skip
    return {"kind": "ecological_redline", "zones": zones, "coverage": SQUARE.buffer(1), "accuracy_m": 5.0, **options}


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    base = Layer(**sample())
    zones = sample()["zones"]
    turned = zones.copy()
    turned.geometry = [shapely.reverse(shapely.normalize(g)) for g in zones.geometry]
    same = {
        "rows": zones.iloc[[2, 0, 1]],
        "columns": zones[list(reversed(zones.columns))],
        "index": zones.set_index(pandas.Index([7, 8, 9])),
        "where rings begin": turned,
        "a column of nothing": zones.assign(empty=None, nothing=np.nan),
        "categories": zones.assign(name=zones["name"].astype("category")),
        "integers as floats": zones.assign(n=zones["n"].astype(float)),
    }
    for what, other in same.items():
        assert Layer(**sample(zones=other)).sha256 == base.sha256, what
    path = storage.write_layer(base, tmp_path)
    assert storage.read_layer(path).sha256 == base.sha256
    again = storage.write_layer(storage.read_layer(path), tmp_path / "again")
    assert storage.read_layer(again).sha256 == base.sha256
    back = geopandas.read_parquet(path)
    assert Layer(**sample(zones=back)).sha256 == base.sha256
    assert Layer(**sample(zones=base.zones)).sha256 == base.sha256


def test_the_hash_sees_every_change() -> None:
    zones = sample()["zones"]
    moved = zones.copy()
    moved.geometry = [shapely.transform(g, lambda at: at + 1e-9) for g in zones.geometry]
    other = [
        sample(zones=moved),
        sample(zones=zones.iloc[:2]),
        sample(zones=zones.assign(name=["乙", "甲", "丁"])),
        sample(zones=zones.assign(core_reserve=[True, True, False])),
        sample(zones=zones.assign(status=["in_force", "proposed", "in_force"])),
        sample(coverage=SQUARE.buffer(2)),
        sample(coverage=None),
        sample(accuracy_m=6.0),
        sample(complete_for=["主城区"]),
    ]
    hashes = [Layer(**o).sha256 for o in [sample(), *other]]
    assert len(set(hashes)) == len(hashes)


@oracles.fewer(2)
@given(st.permutations(range(5)), st.randoms())
def test_the_hash_does_not_know_the_order(order: list[int], random: Any) -> None:
    shapes = [oracles.star(np.random.default_rng(i), 103.5 + i / 10, 29.4, 500, 5 + i) for i in range(5)]
    ids = [f"z{i}" for i in range(5)]
    first = layer(*shapes, zone=ids).sha256
    assert layer(*[shapes[i] for i in order], zone=[ids[i] for i in order]).sha256 == first


# ----------------------------------------------------------------------------------------- the GeoDataFrame


def test_zones_are_a_frame_to_play_with() -> None:
    made = Layer(**sample())
    got = made.zones
    assert got.crs.to_epsg() == 4490 and list(got.columns[:2]) == ["zone", "name"] and "core_reserve" in got
    before = made.sha256
    got.loc[:, "name"] = "别的"
    got.geometry = got.geometry.translate(1, 1)
    assert made.columns["name"].tolist() == ["乙", "甲", "丙"]
    assert made.geometry[0].equals(SQUARE) and Layer(**sample()).sha256 == before
    source = sample()["zones"]
    kept = Layer(**sample(zones=source))
    source.loc[:, "name"] = "别的"
    source.geometry = source.geometry.translate(1, 1)
    assert kept.columns["name"].tolist() == ["乙", "甲", "丙"] and kept.geometry[0].equals(SQUARE)


def test_a_layer_of_ones_own_answers() -> None:
    """The README's own words: a Layer from a GeoDataFrame, an Atlas of it, a check."""
    outline = SQUARE.buffer(0.5)
    admin = layer(outline, kind="admin", code=["511111"], level=["county"], meta={"coverage": outline})
    zones = Layer(**sample(coverage=outline))
    atlas = ecozone.Atlas([admin, zones], region="511111")
    assert atlas["ecological_redline"] is zones and atlas.kinds == ["admin", "ecological_redline"]
    answer = ecozone.check(ecozone.Project(SQUARE.centroid, name="甲"), atlas, as_of="2026-11-22")
    assert answer.verdict in ("prohibited", "restricted", "conditional", "undetermined") and not answer.complete
