"""Sites as they are typed and handed in: read where they are, as exact as printed, or refused in one sentence."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import oracles
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from ecozone import Project
from ecozone.errors import CRSError, EcozoneError, FactError, GeometryError, SiteError

LON = st.floats(73.1, 134.9)
LAT = st.floats(18.1, 53.9)
SQUARE = shapely.box(103.55, 29.41, 103.551, 29.411)


def place(site: Any, **options: Any) -> tuple[float, float]:
    """Return the coordinates of a site that is a point."""
    at = Project(site, **options).site
    assert at.geom_type == "Point"
    return float(at.x), float(at.y)


def refused(site: Any, says: str, error: type[EcozoneError] = EcozoneError, **options: Any) -> str:
    """Assert that a site is refused in one Chinese sentence."""
    with pytest.raises(error) as caught:
        Project(site, **options)
    text = str(caught.value)
    assert says in text, text
    assert "\n" not in text and len(text) < 300 and re.search(r"[\u4e00-\u9fff]{4}", text), text
    assert "Exception" not in text and "Error" not in text, text
    return text


# ------------------------------------------------------------------------------------------ typed places


@pytest.mark.parametrize(
    "text",
    [
        "103.55,29.41", "103.55，29.41", "103.55, 29.41", " 103.55 29.41 ", "(103.55,29.41)", "（103.55，29.41）",
        "103.55;29.41", "103.55、29.41", "１０３．５５，２９．４１", "103.55°,29.41°", "E103.55,N29.41",
        "103.55E 29.41N",
        "东经103.55，北纬29.41", "东经103.55° 北纬29.41°", "北纬29.41，东经103.55", "N29.41,E103.55", "29.41N,103.55E",
    ],
)  # fmt: skip
def test_decimal_degrees(text: str) -> None:
    assert place(text) == pytest.approx((103.55, 29.41), abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "106度54分8.122秒,31度51分30.053秒", "106度54分8.122秒，31度51分30.053秒", "106°54′8.122″,31°51′30.053″",
        "106°54'8.122\",31°51'30.053\"", "106°54’8.122”，31°51’30.053”", "106°54'8.122'',31°51'30.053''",
        "106 度 54 分 8.122 秒, 31 度 51 分 30.053 秒", "东经106度54分8.122秒，北纬31度51分30.053秒",
        "E106°54′8.122″ N31°51′30.053″", "106°54′8.122″E,31°51′30.053″N", "e106°54'8.122\";n31°51'30.053\"",
        "北纬31度51分30.053秒，东经106度54分8.122秒", "31°51′30.053″N 106°54′8.122″E", "106º54´8.122″、31º51´30.053″",
        "１０６度５４分８．１２２秒，３１度５１分３０．０５３秒", "106°54′08.122″ 31°51′30.053″",
        "经度106°54′8.122″，纬度31°51′30.053″",
    ],
)  # fmt: skip
def test_degrees_minutes_seconds(text: str) -> None:
    expected = (106 + 54 / 60 + 8.122 / 3600, 31 + 51 / 60 + 30.053 / 3600)
    assert place(text) == pytest.approx(expected, abs=1e-12)


@given(LON, LAT, st.integers(0, 4))
def test_seconds_there_and_back(lon: float, lat: float, digits: int) -> None:
    def written(value: float) -> tuple[str, float]:
        units = round(value * 3600 * 10**digits)
        whole, part = divmod(units, 60 * 10**digits)
        text = f"{whole // 60}度{whole % 60}分{part / 10**digits:.{digits}f}秒"
        return text, units / (3600 * 10**digits)

    (x, true_x), (y, true_y) = written(lon), written(lat)
    assert place(f"{x},{y}") == pytest.approx((true_x, true_y), abs=1e-11)


@given(LON, LAT, st.integers(2, 8), st.integers(2, 8))
def test_printed_digits_bound_where_the_place_can_be(lon: float, lat: float, east: int, north: int) -> None:
    """Whatever was rounded away lies within the accuracy: a trailing zero that was not typed is not known."""
    read = Project(f"{lon:.{east}f},{lat:.{north}f}").parts[0]
    off = oracles.GEOD.inv(lon, lat, read.geometry.x, read.geometry.y)[2]
    assert off <= read.accuracy_m * (1 + 1e-9)
    widest = max(10.0**-east, 10.0**-north) * 0.5 * 111_700
    assert read.accuracy_m <= widest * 2**0.5 + 1e-9


@given(LON, LAT, st.integers(0, 3))
def test_printed_seconds_bound_it_too(lon: float, lat: float, digits: int) -> None:
    def written(value: float) -> str:
        units = round(value * 3600 * 10**digits)
        whole, part = divmod(units, 60 * 10**digits)
        return f"{whole // 60}°{whole % 60}′{part / 10**digits:.{digits}f}″"

    read = Project(f"{written(lon)},{written(lat)}").parts[0]
    off = oracles.GEOD.inv(lon, lat, read.geometry.x, read.geometry.y)[2]
    assert off <= read.accuracy_m + 1e-6 <= 0.5 * 10.0**-digits / 3600 * 111_700 * 2**0.5 + 2e-6


def test_a_stated_accuracy_counts_instead() -> None:
    assert Project("103.55,29.41", site_accuracy_m=0.05).parts[0].accuracy_m == 0.05
    assert Project("103.55,29.41", site_accuracy_m=0).parts[0].accuracy_m == 0
    assert Project((103.55, 29.41)).parts[0].accuracy_m == 0
    assert Project(SQUARE).parts[0].accuracy_m == 0
    for bad in (-1, float("nan"), float("inf")):
        refused("103.55,29.41", "坐标精度", site_accuracy_m=bad)


def test_metres_are_printed_in_metres() -> None:
    read = Project("500000.1,3255000.12", crs="EPSG:4544").parts[0]
    assert 0.05 <= read.accuracy_m <= 0.0712


# -------------------------------------------------------------------------------------------------- WKT


def test_wkt_of_every_sort() -> None:
    assert place("POINT(103.55 29.41)") == (103.55, 29.41)
    assert place("point z (103.55 29.41 400)") == (103.55, 29.41)
    assert place("SRID=4490;POINT(103.55 29.41)") == (103.55, 29.41)
    assert Project(SQUARE.wkt).site.equals(SQUARE) and Project(SQUARE.wkt).area_m2 is not None
    line = Project("LINESTRING(103.5 29.4, 103.6 29.5)")
    assert line.length_m == pytest.approx(oracles.length(line.site), rel=1e-9) and line.area_m2 is None
    assert Project("MULTIPOINT((103.5 29.4),(103.6 29.5))").site.geom_type == "MultiPoint"
    assert Project("MULTIPOLYGON(((103 29,103.1 29,103.1 29.1,103 29)),((104 29,104.1 29,104.1 29.1,104 29)))").area_m2


def test_the_digits_of_wkt_are_those_of_its_longest_number() -> None:
    """Programs drop trailing zeros: of many numbers the longest says how they were printed."""
    read = Project("POLYGON((103.5 29.4,103.50001 29.4,103.5 29.40001,103.5 29.4))")
    assert read.parts[0].accuracy_m == pytest.approx(0.5e-5 * 111_700, rel=0.5)


# --------------------------------------------------------------------------------------------- projected


def gk(x: float, y: float, crs: str = "EPSG:4544") -> tuple[float, float]:
    lon, lat = Transformer.from_crs(crs, "EPSG:4490", always_xy=True).transform(x, y)
    return float(lon), float(lat)


def test_gauss_kruger_typed_and_in_wkt() -> None:
    assert place("436350.25,3256100.75", crs="EPSG:4544") == pytest.approx(gk(436350.25, 3256100.75), abs=1e-11)
    assert place("SRID=4544;POINT(436350.25 3256100.75)") == pytest.approx(gk(436350.25, 3256100.75), abs=1e-11)
    zoned = gk(35436350.25, 3256100.75, "EPSG:4523")
    assert place("35436350.25,3256100.75", crs="EPSG:4523") == pytest.approx(zoned, abs=1e-11)


def test_a_straight_line_of_the_survey_stays_straight() -> None:
    """A plot of 12 km in the 3-degree zone of 105°E, drawn 150 km west of its meridian."""
    corners = [(350_000, 3_250_000), (362_000, 3_250_500), (362_000, 3_262_000), (350_000, 3_261_500)]
    site = Project(shapely.Polygon(corners).wkt, crs="EPSG:4544").site
    assert site.is_valid and shapely.get_num_coordinates(site) > 90
    ring = shapely.segmentize(shapely.Polygon(corners).exterior, 97.0)
    places = shapely.points([gk(x, y) for x, y in ring.coords])
    assert shapely.distance(places, site.exterior).max() * 111_000 < 0.01
    plane = shapely.Polygon(corners).area
    fine = shapely.Polygon([gk(x, y) for x, y in shapely.segmentize(shapely.Polygon(corners), 20.0).exterior.coords])
    true = oracles.area(fine)
    assert Project(shapely.Polygon(corners), crs="EPSG:4544").area_m2 == pytest.approx(true, rel=1e-7)
    assert abs(plane / true - 1) > 1e-4  # the plane's own area is not the ground's


def test_swapped_axes_of_the_survey_are_named() -> None:
    """Chinese surveys call the northing X and write it first."""
    text = refused("3256100.75,436350.25", "在前", crs="EPSG:4544")
    assert "北" in text


@pytest.mark.parametrize("crs", ["EPSG:4610", "EPSG:4214", "EPSG:2383"])
def test_old_datums_are_not_moved_in_silence(crs: str) -> None:
    at = Transformer.from_crs("EPSG:4490", crs, always_xy=True).transform(114.2, 30.5)
    typed = f"{at[0]:.6f},{at[1]:.6f}"
    refused(typed, "转换", CRSError, crs=crs)
    rough = Project(typed, crs=crs, site_accuracy_m=150)
    assert rough.parts[0].accuracy_m == 150 and any("基准" in n for n in rough.notes)


# --------------------------------------------------------------------------------------- things of Python


def test_mappings_frames_and_shapes() -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(SQUARE)}
    for given_ in (
        SQUARE,
        shapely.geometry.mapping(SQUARE),
        feature,
        {"type": "FeatureCollection", "features": [feature]},
        {"type": "GeometryCollection", "geometries": [feature["geometry"]]},
        geopandas.GeoSeries([SQUARE], crs="EPSG:4490"),
        geopandas.GeoDataFrame({"a": [1]}, geometry=[SQUARE], crs="EPSG:4326"),
        shapely.force_3d(SQUARE, 5.0),
        shapely.MultiPolygon([SQUARE, shapely.Polygon()]),
    ):
        read = Project(given_)
        assert read.site.equals(SQUARE) and not read.site.has_z
        assert read.area_m2 == pytest.approx(oracles.area(SQUARE), rel=1e-6)
    assert (
        place((103.55, 29.41)) == place([103.55, 29.41]) == place(np.array([103.55, 29.41]).tolist()) == (103.55, 29.41)
    )
    projected = geopandas.GeoSeries([SQUARE], crs="EPSG:4490").to_crs("EPSG:4544")
    assert Project(projected).site.equals_exact(SQUARE, 1e-10) or shapely.hausdorff_distance(
        Project(projected).site, SQUARE
    ) < 1e-9  # fmt: skip


def test_neighbouring_plots_are_one_site() -> None:
    """Two parcels of one project share a side: that is no crossing, and the side is not counted twice."""
    east = shapely.box(103.551, 29.41, 103.552, 29.411)
    for parts in ([SQUARE, east], [SQUARE, SQUARE.buffer(0.0002, join_style="mitre")]):
        collection = {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(p)} for p in parts],
        }
        read = Project(collection)
        assert read.site.is_valid
        assert read.area_m2 == pytest.approx(oracles.area(shapely.union_all(parts)), rel=1e-6)
    nested = shapely.GeometryCollection([shapely.MultiPolygon([SQUARE]), east])
    assert Project(shapely.geometry.mapping(nested)).site.is_valid


def test_a_ring_is_a_line() -> None:
    ring = shapely.LinearRing([(103.5, 29.4), (103.6, 29.4), (103.6, 29.5)])
    read = Project(ring)
    assert read.site.geom_type == "LineString"
    assert read.length_m == pytest.approx(oracles.length(shapely.LineString(ring.coords)), rel=1e-9)


# ------------------------------------------------------------------------------------------------ files


def _geojson(path: Path, node: Any, encoding: str = "utf-8") -> Path:
    path.write_text(json.dumps(node, ensure_ascii=False), encoding=encoding)
    return path


FEATURE = {"type": "Feature", "properties": {"名称": "甲"}, "geometry": shapely.geometry.mapping(SQUARE)}
NOTHING = {"type": "Feature", "properties": {}, "geometry": None}
FRAME = geopandas.GeoDataFrame({"名称": ["甲"]}, geometry=[SQUARE], crs="EPSG:4490")


def _zipped(folder: Path) -> Path:
    inner = folder / "里面"
    inner.mkdir()
    FRAME.to_file(inner / "用地.shp", encoding="utf-8")
    return Path(shutil.make_archive(str(folder / "用地"), "zip", inner))


def _without_prj(folder: Path) -> Path:
    FRAME.to_file(folder / "a.shp")
    (folder / "a.prj").unlink()
    return folder / "a.shp"


def _written(name: str, crs: str = "EPSG:4490", **options: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        FRAME.to_crs(crs).to_file(folder / name, **options)
        return folder / name

    return write


FILES: dict[str, Callable[[Path], Path]] = {
    "GeoJSON": lambda d: _geojson(d / "a.geojson", {"type": "FeatureCollection", "features": [FEATURE]}),
    "GeoJSON with a byte order mark": lambda d: _geojson(d / "a.json", FEATURE, "utf-8-sig"),
    "a bare geometry": lambda d: _geojson(d / "a.geojson", FEATURE["geometry"]),
    "a null geometry beside it": lambda d: _geojson(
        d / "a.geojson", {"type": "FeatureCollection", "features": [NOTHING, FEATURE]}
    ),
    "GeoPackage": _written("用地 一.gpkg"),
    "projected GeoPackage": _written("b.gpkg", "EPSG:4544"),
    "shapefile": _written("a.shp"),
    "projected shapefile": _written("b.shp", "EPSG:4544"),
    "shapefile without .prj": _without_prj,
    "zip": _zipped,
    "FlatGeobuf": _written("a.fgb"),
    "KML": _written("a.kml", "EPSG:4326", driver="KML"),
}


@pytest.mark.parametrize("kind", FILES)
def test_files(tmp_path: Path, kind: str) -> None:
    read = Project(str(FILES[kind](tmp_path)), name="甲")
    assert shapely.hausdorff_distance(read.site, SQUARE) < 1e-8
    assert read.area_m2 == pytest.approx(oracles.area(SQUARE), rel=1e-5)
    if "without" in kind:
        assert any("坐标系" in n or "CGCS2000" in n for n in read.notes)


# --------------------------------------------------------------------------------------------- bad input

CROSSING = "POLYGON((103.5 29.4,103.6 29.5,103.6 29.4,103.5 29.5,103.5 29.4))"
MIXED = {
    "type": "FeatureCollection",
    "features": [FEATURE, {**FEATURE, "geometry": {"type": "Point", "coordinates": [103, 29]}}],
}
BAD: dict[str, tuple[Any, str]] = {
    "swapped": ("29.41,103.55", "纬度"),
    "swapped polygon": ("POLYGON((29.4 103.5,29.5 103.5,29.5 103.6,29.4 103.5))", "纬度"),
    "projected": ("436350.25,3256100.75", "--crs"),
    "projected polygon": ("POLYGON((436350 3256100,436450 3256100,436450 3256200,436350 3256100))", "--crs"),
    "out of China": ("2.35,48.85", "中国"),
    "south of the equator": ("103.55,-29.41", "中国"),
    "no number": ("沙湾区某处", "无法识别"),
    "one number": ("103.55", "无法识别"),
    "three numbers": ("103.55,29.41,400", "无法识别"),
    "empty": ("", "没有给出"),
    "blanks": ("   ", "没有给出"),
    "nothing": (None, "无法识别"),
    "a number": (103.55, "无法识别"),
    "empty point": ("POINT EMPTY", "空"),
    "empty polygon": (shapely.Polygon(), "空"),
    "empty collection": ({"type": "FeatureCollection", "features": []}, "几何"),
    "null geometry": (NOTHING, "几何"),
    "GeoJSON of nothing": ({}, "GeoJSON"),
    "GeoJSON without coordinates": ({"type": "Point"}, "GeoJSON"),
    "a feature that is none": ({"type": "FeatureCollection", "features": [1]}, "GeoJSON"),
    "broken WKT": ("POLYGON((103.5 29.4, 103.6 29.4", "WKT"),
    "open ring": ("POLYGON((103.5 29.4,103.6 29.4,103.6 29.5))", "WKT"),
    "no such WKT": ("PLOYGON((103.5 29.4,103.6 29.4,103.6 29.5,103.5 29.4))", "无法识别"),
    "very long nonsense": ("PLOYGON((" + "103.1 29.2," * 400 + "))", "无法识别"),
    "self-crossing": (CROSSING, "自相交"),
    "a hole outside": ("POLYGON((103 29,103.1 29,103.1 29.1,103 29),(104 29,104.1 29,104.1 29.1,104 29))", "内环"),
    "a line of one place": ("LINESTRING(103.5 29.4,103.5 29.4)", "太少"),
    "mixed": ("GEOMETRYCOLLECTION(POINT(103.5 29.4),LINESTRING(103.5 29.4,103.6 29.5))", "混有"),
    "mixed features": (
        {
            "type": "FeatureCollection",
            "features": [FEATURE, {**FEATURE, "geometry": {"type": "Point", "coordinates": [103, 29]}}],
        },
        "混有",
    ),
    "NaN": ((float("nan"), 29.41), "空值"),
    "infinity": ((103.55, float("inf")), "空值"),
    "NaN in WKT": ("POINT(nan nan)", ""),
    "minutes of 60": ("103度60分0秒,29度24分36秒", "60"),
    "seconds of 60": ("103度33分60秒,29度24分36秒", "60"),
    "half of a place": ("103度33分0秒", "无法识别"),
    "minutes only": ("103度33分,29度24分", "度分秒"),
    "two longitudes": ("E103°33′00″,E104°24′36″", ""),
    "west": ("W103°33′00″,N29°24′36″", ""),
    "no such file": ("没有这个文件.geojson", "找不到"),
    "a null byte": ("a\0b.shp", ""),
    "a frame without a CRS": (geopandas.GeoSeries([SQUARE]), "坐标系"),
    "a frame without rows": (geopandas.GeoSeries([], crs="EPSG:4490"), "几何"),
}


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("case", BAD)
def test_bad_sites_are_one_sentence(case: str) -> None:
    site, says = BAD[case]
    refused(site, says)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_a_vertex_that_is_nowhere() -> None:
    refused(shapely.Polygon([(103.5, 29.4), (103.6, np.nan), (103.6, 29.5)]), "空值")
    refused(shapely.LineString([(103.5, 29.4), (103.6, np.nan)]), "空值")


@pytest.mark.parametrize("crs", ["EPSG:999999", "foo", "", "4544x"])
def test_a_crs_that_is_none(crs: str) -> None:
    refused("436350,3256100", "坐标系" if crs else "--crs", CRSError, crs=crs or None)


def test_the_wrong_zone_is_out_of_range() -> None:
    refused("35436350.25,3256100.75", "EPSG:4544", crs="EPSG:4544")


BAD_FILES: dict[str, Callable[[Path], Path]] = {
    "empty": lambda p: p.joinpath("a.geojson").touch() or p / "a.geojson",  # type: ignore[func-returns-value]
    "not JSON": lambda p: p.joinpath("a.geojson").write_text("{") and p / "a.geojson",
    "a list": lambda p: _geojson(p / "a.geojson", [1, 2]),
    "no features": lambda p: _geojson(p / "a.geojson", {"type": "FeatureCollection", "features": []}),
    "only nulls": lambda p: _geojson(p / "a.geojson", {"type": "FeatureCollection", "features": [NOTHING]}),
    "self-crossing": lambda p: _geojson(
        p / "a.geojson",
        shapely.geometry.mapping(shapely.from_wkt(CROSSING)),
    ),
    "mixed": lambda p: _geojson(
        p / "a.geojson", MIXED
    ),
    "no GeoPackage": lambda p: p.joinpath("a.gpkg").write_bytes(b"SQLite format 3\x00" + b"x" * 99) and p / "a.gpkg",
    "no shapefile": lambda p: p.joinpath("a.shp").write_bytes(b"x" * 200) and p / "a.shp",
    "no zip": lambda p: p.joinpath("a.zip").write_bytes(b"PK\x03\x04" + b"x" * 99) and p / "a.zip",
    "another format": lambda p: p.joinpath("a.docx").write_bytes(b"PK\x03\x04") and p / "a.docx",
    "a folder": lambda p: p,
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files_are_one_sentence(tmp_path: Path, kind: str) -> None:
    refused(str(BAD_FILES[kind](tmp_path)), "")


# ------------------------------------------------------------------------------------------------- parts


def test_a_part_is_elsewhere_only_until_it_has_a_place() -> None:
    """However the facility is called: once it has a place it is not looked for elsewhere."""
    for has in ("outfall", "排污口", "入河排污口"):
        placed = Project("103.55,29.41", has=[has], parts={"outfall": "103.56,29.41"})
        assert placed.has == () and [p.name for p in placed.parts] == ["site", "outfall"]
    assert Project("103.55,29.41", has=["outfall"]).has == ("outfall",)
    refused("103.55,29.41", "", FactError, has=["飞碟"])
    refused("103.55,29.41", "", FactError, parts={"飞碟": "103.56,29.41"})
    text = refused("103.55,29.41", "纬度", SiteError, parts={"outfall": "29.41,103.56"})
    assert text
    refused("103.55,29.41", "自相交", GeometryError, parts={"outfall": BAD["self-crossing"][0]})


@pytest.mark.parametrize("extent", [-1.0, float("nan"), float("inf")])
def test_an_extent_that_is_none(extent: float) -> None:
    refused("103.55,29.41", "用地范围", extent_m=extent)


def test_brackets_without_end_are_refused_not_crashed() -> None:
    deep = "GEOMETRYCOLLECTION(" * 30_000 + "POINT(103 29)" + ")" * 30_000
    with pytest.raises(GeometryError, match="嵌套"):
        Project(deep)
