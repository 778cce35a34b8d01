"""What a search for ground says: at the terminal, as a file, as a raster, with a limit of slope, with nothing left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from click.testing import CliRunner
from rasterio.transform import from_origin

import ecozone
from ecozone import crs, siting
from ecozone.cli.where import where
from ecozone.errors import InputError
from ecozone.ground.slope import SLOPE_RULE
from ecozone.ground.surface import CODES, OPEN

DAY = "2026-11-22"
WINDOW = shapely.box(103.53, 29.36, 103.60, 29.41)
HARMLESS = {"nature": "new", "industry": "G5990", "facilities": "none"}


@pytest.fixture(scope="module")
def atlas() -> ecozone.Atlas:
    return ecozone.demo_atlas("511111")


@pytest.fixture(scope="module")
def found(atlas: ecozone.Atlas) -> siting.Where:
    return siting.where_allowed(atlas, **HARMLESS, as_of=DAY, within=WINDOW)


@pytest.fixture
def hills(tmp_path: Path) -> Path:
    """Write a ramp of 30 degrees in the west, flat in the east, nothing known in the north."""
    pixel, rows, columns = 30.0, 230, 260
    west, _, _, north = geopandas.GeoSeries([WINDOW], crs=4490).to_crs(4544).total_bounds.tolist()
    place = from_origin(west - 300, north + 300, pixel, pixel)
    heights = np.tile(np.minimum(np.arange(columns), 120) * pixel * np.tan(np.radians(30.0)), (rows, 1))
    heights[:40] = -9999
    path = tmp_path / "dem.tif"
    profile = {"driver": "GTiff", "count": 1, "height": rows, "width": columns, "dtype": "float32"}
    with rasterio.open(path, "w", crs="EPSG:4544", nodata=-9999, transform=place, **profile) as out:
        out.write(heights.astype("float32"), 1)
    return path


def run(atlas: ecozone.Atlas, *more: str) -> Any:
    given = ["--atlas", str(atlas.path), "--as-of", DAY, "--within", WINDOW.wkt, *more]
    return CliRunner().invoke(where, given, standalone_mode=False)


def test_the_terminal_says_what_binds_what_is_open_and_what_clear_means(atlas: ecozone.Atlas, tmp_path: Path) -> None:
    out = tmp_path / "可建.gpkg"
    ran = run(atlas, "--nature", "new", "--industry", "C2614", "--min-area", "20hm2", "--out", str(out))
    assert ran.exception is None and ran.return_value == 3  # nothing is complete while facts are unknown
    text = ran.output.replace("\n", "")
    for words in ("不符合（", "一公里内禁止", "尚有事项未判定", "补充以下各项", "不等于准予建设", "示例数据"):
        assert words in text
    pieces = geopandas.read_file(out)  # noqa: TID251 - a file of our own
    bound = pieces[pieces["verdict"] == "prohibited"]
    assert len(bound) and bound["rules"].str.len().min() > 0 and bound["rule_names"].str.contains("禁止|不得").all()
    assert (pieces.loc[pieces["block_m2"] < 2e5, "large_enough"] == 0).all()
    assert set(pieces["notice"]) == {"示例数据，非法定边界"}


def test_exit_statuses(atlas: ecozone.Atlas) -> None:
    harmless = ("--nature", "new", "--industry", "G5990", "--facility", "none")
    assert run(atlas, *harmless).return_value == 0
    river = atlas["river"].geometry[0]
    wet = shapely.intersection(shapely.buffer(shapely.point_on_surface(river), 0.0002), river).wkt
    ran = run(atlas, *harmless, "--within", wet)
    assert ran.return_value in (1, 3)
    ran = run(atlas, *harmless, "--min-area", "3000hm2")
    assert ran.return_value == 3  # too large for every block, and some ground is undetermined
    assert "没有不小于 30,000,000 平方米的可建用地" in ran.stderr


def test_blocks_of_allowed_ground_count_together(found: siting.Where) -> None:
    flat = shapely.transform(np.array(found.pieces.geometry), crs.Plane(103.55, 29.4).forward)
    ok = found.pieces["verdict"].isin(siting.ALLOWED).to_numpy()
    blocks = shapely.area(shapely.get_parts(shapely.union_all(flat[ok], grid_size=0.01)))
    assert found.pieces.loc[ok, "block_m2"].max() == pytest.approx(blocks.max(), rel=1e-4)
    assert (found.pieces["block_m2"] >= found.pieces["area_m2"] * (1 - 1e-9)).all()


def test_questions_are_asked_where_something_is_open(found: siting.Where) -> None:
    assert found.summary()["incomplete_m2"].sum() > 0
    assert found.questions() and len(found.by_open_rule())
    assert found.by_open_rule()["push"].is_monotonic_decreasing
    assert set(found.by_rule("prohibited")["push"]) == {3}


def test_a_raster_agrees_with_the_polygons_at_every_cell(
    atlas: ecozone.Atlas, found: siting.Where, tmp_path: Path
) -> None:
    made = siting.where_surface(atlas, tmp_path / "a.tif", cell_m=25.0, as_of=DAY, within=WINDOW, **HARMLESS)
    with rasterio.open(made.path) as source:
        cells, colours = source.read(1), source.colormap(1)
        rows, columns = np.nonzero(np.ones_like(cells))
        x, y = rasterio.transform.xy(source.transform, rows, columns)
        centres = np.array(geopandas.GeoSeries(geopandas.points_from_xy(x, y), crs=source.crs).to_crs(4490).array)
    assert len({colours[c] for c in np.unique(cells).tolist()}) == len(np.unique(cells))
    plane = crs.Plane(103.55, 29.4)
    flat = shapely.transform(np.array(found.pieces.geometry), plane.forward)
    at = shapely.transform(centres, plane.forward)
    near = np.unique(shapely.STRtree(at).query(shapely.boundary(flat), predicate="dwithin", distance=0.2)[1])
    cell, piece = shapely.STRtree(flat).query(at, predicate="within")
    expected = np.zeros(len(at), dtype=int)
    told = found.pieces.iloc[piece]
    expected[cell] = told["verdict"].map(CODES).to_numpy() + np.where(told["complete"], 0, OPEN)
    differ = np.setdiff1d(np.flatnonzero(expected != cells.ravel()), near)
    assert len(differ) == 0
    assert len(np.unique(expected)) >= 5
    summary = made.summary().set_index("verdict")["area_m2"]
    assert summary.sum() == pytest.approx(found.region_m2, rel=0.01)
    for wrong in ({"cell_m": 0.0}, {"cell_m": 0.001}):
        with pytest.raises(InputError, match="格网"):
            siting.where_surface(atlas, tmp_path / "b.tif", as_of=DAY, within=WINDOW, **wrong)
    with pytest.raises(InputError, match=r"\.tif"):
        siting.where_surface(atlas, tmp_path / "b.png", cell_m=25.0, as_of=DAY)


def test_tiles_of_a_raster_fit_together(atlas: ecozone.Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = siting.where_surface(atlas, tmp_path / "a.tif", cell_m=50.0, as_of=DAY, within=WINDOW, **HARMLESS)
    monkeypatch.setattr("ecozone.ground.surface._TILE_CELLS", 32)
    tiled = siting.where_surface(atlas, tmp_path / "b.tif", cell_m=50.0, as_of=DAY, within=WINDOW, **HARMLESS)
    with rasterio.open(whole.path) as a, rasterio.open(tiled.path) as b:
        assert b.block_shapes == [(32, 32)]
        assert (a.read(1) != b.read(1)).mean() < 1e-3  # cells whose centre lies on an edge


def test_ground_that_is_too_steep_is_taken_out(atlas: ecozone.Atlas, found: siting.Where, hills: Path) -> None:
    gentle = siting.where_allowed(atlas, **HARMLESS, as_of=DAY, within=WINDOW, slope_max=25.0, elevation=hills)
    assert gentle.pieces["area_m2"].sum() == pytest.approx(found.region_m2, rel=1e-6)
    steep = gentle.pieces[[SLOPE_RULE in r for r in gentle.pieces["rules"]]]
    bare = gentle.pieces[[SLOPE_RULE in r for r in gentle.pieces["open"]]]
    assert set(steep["verdict"]) == {"prohibited"} and steep["complete"].all()
    assert set(bare["verdict"]) == {"undetermined"} and not bare["complete"].any()
    assert steep.total_bounds[2] < bare.total_bounds[2]  # the ramp lies in the west
    was = found.pieces[found.pieces["verdict"].isin(siting.ALLOWED)]["area_m2"].sum()
    left = gentle.pieces[gentle.pieces["verdict"].isin(siting.ALLOWED)]["area_m2"].sum()
    assert left + steep["area_m2"].sum() + bare["area_m2"].sum() == pytest.approx(was, rel=1e-6)
    assert 0 < left < was
    assert "坡度大于 25 度" in gentle.title(SLOPE_RULE)


def test_a_limit_of_slope_is_never_ignored(atlas: ecozone.Atlas, hills: Path) -> None:
    with pytest.raises(InputError, match="高程"):
        siting.where_allowed(atlas, **HARMLESS, as_of=DAY, within=WINDOW, slope_max=25.0)
    with pytest.raises(InputError, match="坡度上限"):
        siting.where_allowed(atlas, **HARMLESS, as_of=DAY, within=WINDOW, elevation=hills)
    with pytest.raises(InputError, match="0 到 90"):
        siting.where_allowed(atlas, **HARMLESS, as_of=DAY, within=WINDOW, slope_max=120.0, elevation=hills)
    ran = run(atlas, "--slope-max", "25")
    assert isinstance(ran.exception, InputError) and "高程" in str(ran.exception)


def test_bad_questions_get_named_errors(atlas: ecozone.Atlas) -> None:
    with pytest.raises(InputError, match="行业"):
        siting.where_allowed(atlas, industry="Z9999", as_of=DAY, within=WINDOW)
    bare = ecozone.Atlas([atlas["river"], atlas["control_unit"]], "511111")
    with pytest.raises(InputError, match="行政区图层"):
        siting.where_allowed(bare, **HARMLESS, as_of=DAY)
    with pytest.raises(InputError, match="有效的面"):
        siting.where_allowed(atlas, **HARMLESS, as_of=DAY, within=shapely.Point(103.55, 29.4))
    huge = ecozone.Project(shapely.box(103.2, 29.0, 104.2, 29.9), **HARMLESS, site_accuracy_m=0.0)
    with pytest.raises(siting.NoShiftError, match="比整个区域"):
        siting.nearest_clear(huge, atlas, as_of=DAY)
    small = ecozone.Project(shapely.box(103.55, 29.4, 103.551, 29.401), **HARMLESS, site_accuracy_m=0.0)
    with pytest.raises(InputError, match="accept"):
        siting.nearest_clear(small, atlas, as_of=DAY, accept=("allowed",))
    with pytest.raises(InputError, match="半径"):
        siting.nearest_clear(small, atlas, as_of=DAY, radius_m=float("nan"))
