"""Rasters as evidence: coverage-weighted, in windows, no value where any ground lacks one."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from ecozone import raster
from ecozone.raster import Raster, RasterError

X0, Y0, PIXEL, N = 500_000.0, 3_260_000.0, 10.0, 60


@pytest.fixture
def write(tmp_path: Path):
    def make(values: np.ndarray, name: str = "r.tif", crs: str | None = "EPSG:4543", **more: object) -> Path:
        path = tmp_path / name
        transform = more.pop("transform", from_origin(X0, Y0, PIXEL, PIXEL))
        profile = {"driver": "GTiff", "count": 1, "height": values.shape[0], "width": values.shape[1]}
        with rasterio.open(path, "w", dtype="float32", crs=crs, transform=transform, nodata=-9999, **profile) as out:
            out.write(values.astype("float32"), 1)
        return path

    return make


def site(x: float, y: float, w: float, h: float) -> geopandas.GeoSeries:
    return geopandas.GeoSeries([shapely.box(X0 + x, Y0 - y - h, X0 + x + w, Y0 - y)], crs="EPSG:4543").to_crs(4490)


def test_shares_count_by_coverage_and_agree_with_a_vector(write) -> None:
    cover = np.ones((N, N))
    cover[:, 30:] = 2
    found = raster.statistics(Raster.open(write(cover), classes={1: "林地", 2: "耕地"}), site(205, 105, 120, 70)).iloc[
        0
    ]
    assert found["covered"] == pytest.approx(1)
    assert found["share_林地"] == pytest.approx(95 / 120, abs=1 / 120)
    assert found["share_林地"] + found["share_耕地"] == pytest.approx(1)


def test_slope_is_horns_and_a_share_is_a_share(write) -> None:
    plain = np.tile(np.arange(N) * PIXEL * np.tan(np.radians(30.0)), (N, 1))
    plain[:, :30] = plain[:, 30:31]
    dem = Raster.open(write(plain), kind="elevation")
    assert raster.statistics(dem, site(400, 200, 50, 50), surface="slope").iloc[0]["mean"] == pytest.approx(
        30, abs=0.01
    )
    share = raster.share_above(dem, site(250, 200, 100, 100), 25.0, surface="slope")
    assert share[0] == pytest.approx(0.5, abs=0.11)


def test_nodata_and_the_rasters_edge_leave_a_site_open(write) -> None:
    values = np.ones((N, N))
    values[10, 10] = -9999
    found = Raster.open(write(values))
    sites = geopandas.GeoSeries(
        [*site(80, 80, 60, 60), *site(200, 200, 60, 60), *site(-30, 200, 60, 60), *site(9000, 0, 10, 10)], crs=4490
    )
    table = raster.statistics(found, sites)
    assert np.isnan(table["mean"]).tolist() == [True, False, True, True]
    assert table["covered"].tolist()[2] == pytest.approx(0.5, abs=0.02)


def test_a_point_reads_its_pixel(write) -> None:
    values = np.arange(N * N, dtype=float).reshape(N, N)
    point = geopandas.GeoSeries([shapely.Point(X0 + 125, Y0 - 35)], crs="EPSG:4543")
    assert raster.statistics(Raster.open(write(values)), point).iloc[0]["mean"] == 3 * N + 12


def test_rasters_that_cannot_be_used_are_refused(write) -> None:
    ones = np.ones((N, N))
    with pytest.raises(RasterError, match="坐标系"):
        Raster.open(write(ones, "a.tif", crs=None))
    with pytest.raises(RasterError, match="旋转"):
        Raster.open(write(ones, "b.tif", transform=rasterio.Affine(9.4, -3.4, X0, -3.4, -9.4, Y0)))
    with pytest.raises(RasterError, match="空值"):
        Raster.open(write(ones * -9999, "c.tif"))
    with pytest.raises(RasterError, match="打不开"):
        Raster.open("没有.tif")
