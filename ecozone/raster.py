"""Evidence from rasters: land cover, elevation and slope, PM2.5 … measured per site in windows.

Every pixel counts by the share of it that the site covers, told by cutting it into 16 × 16 parts. A site with nodata or
beyond the raster's edge has no value: rules then stay open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs
from ecozone.errors import InputError

if TYPE_CHECKING:
    import pandas

    from ecozone.siting import Where

#: Parts of a pixel's side when coverage is counted.
_PARTS = 16
#: Ground that may lack a value before a site has none, share.
_TOLERATED = 1e-6
_AREA = 2


class RasterError(InputError):
    """A raster cannot be used as it is."""


@dataclass(frozen=True)
class Raster:
    """One band of a raster, read in windows, never whole.

    Attributes
    ----------
    path : Path
    band : int
    classes : mapping of int to str, optional
        What values mean, for land cover.
    slope : bool
        Read elevation as slope, degrees (Horn's 3 × 3).
    """

    path: Path
    band: int = 1
    classes: Mapping[int, str] | None = None
    slope: bool = False

    @classmethod
    def open(
        cls, path: str | Path, *, band: int = 1, classes: Mapping[int, str] | None = None, slope: bool = False
    ) -> Raster:
        """Check a raster and return it.

        Raises
        ------
        RasterError
            No such file, no CRS, a rotated grid, no such band, nodata everywhere (of a coarse look).
        """
        import rasterio

        try:
            with rasterio.open(path) as source:
                if source.crs is None:
                    raise RasterError(f"栅格“{Path(path).name}”没有坐标系，请先用 gdal_edit.py -a_srs 写入。")
                if source.transform.b or source.transform.d:
                    raise RasterError(f"栅格“{Path(path).name}”是旋转的格网，请先用 gdalwarp 摆正。")
                if not 1 <= band <= source.count:
                    raise RasterError(f"栅格“{Path(path).name}”没有第 {band} 波段，共 {source.count} 个。")
                side = (min(256, source.height), min(256, source.width))
                if not source.read_masks(band, out_shape=side).any():
                    raise RasterError(f"栅格“{Path(path).name}”全是空值（nodata），请核对文件。")
        except rasterio.errors.RasterioIOError as error:
            raise RasterError(f"栅格“{path}”打不开，请检查路径和格式（GeoTIFF 等）。") from error
        return cls(Path(path), band, classes, slope)


def statistics(raster: Raster, sites: Any) -> pandas.DataFrame:
    """Return coverage-weighted statistics of a raster on each site.

    Parameters
    ----------
    raster : Raster
    sites : sequence of shapely geometries or GeoSeries
        EPSG:4490 where it is no GeoSeries; polygons, or points (the pixel they lie in).

    Returns
    -------
    pandas.DataFrame
        On the input's index: ``mean``, ``min``, ``max``, ``covered`` (share of the site with a value), and
        ``share_<class>`` for rasters with classes. NaN where any of the site lacks a value.
    """
    import pandas as pd

    index = sites.index if hasattr(sites, "index") and not isinstance(sites, list | tuple) else None
    rows = []
    for values, weight, covered in _each(raster, sites):
        whole = covered >= 1 - _TOLERATED and len(values) > 0
        row: dict[str, float] = {"covered": covered}
        row["mean"] = float(np.average(values, weights=weight)) if whole else math.nan
        row["min"] = float(values.min()) if whole else math.nan
        row["max"] = float(values.max()) if whole else math.nan
        for value, name in (raster.classes or {}).items():
            row[f"share_{name}"] = float(weight[values == value].sum() / weight.sum()) if whole else math.nan
        rows.append(row)
    return pd.DataFrame(rows, index=index)


def share_above(raster: Raster, sites: Any, limit: float) -> NDArray[np.float64]:
    """Return for each site the share of its ground above a value, 0 to 1; NaN where it cannot be said.

    The fact ``slope_share_gt_25`` is ``share_above(Raster.open(dem, slope=True), sites, 25.0)``.
    """
    out = []
    for values, weight, covered in _each(raster, sites):
        whole = covered >= 1 - _TOLERATED and len(values) > 0
        out.append(float(weight[values > limit].sum() / weight.sum()) if whole else math.nan)
    return np.array(out)


def as_facts(values: Mapping[str, NDArray[np.float64]]) -> list[dict[str, float]]:
    """Return measured columns as facts of each project, without those that nobody knows (rules stay open there)."""
    n = len(next(iter(values.values()), []))
    return [{k: float(v[i]) for k, v in values.items() if not np.isnan(v[i])} for i in range(n)]


def without_steep(found: Where, dem: str | Path, slope_max: float) -> Where:
    """Return the ground of a search with what is steeper marked ``prohibited`` by the user's own limit.

    Pieces that are allowed are cut along the pixels' edges; ground without elevation becomes ``undetermined``.
    """
    import dataclasses

    import geopandas
    import pandas as pd

    from ecozone import measure
    from ecozone.siting import ALLOWED

    if not (math.isfinite(slope_max) and 0 <= slope_max <= 90):
        raise InputError(f"坡度上限 {slope_max} 应在 0 到 90 度之间。")
    raster = Raster.open(dem, slope=True)
    pieces = found.pieces
    open_ = pieces["verdict"].isin(ALLOWED)
    made = [pieces[~open_]]
    for _, row in pieces[open_].iterrows():
        steep, bare = _where(raster, row.geometry, slope_max)
        for verdict, ground, rule in (
            ("prohibited", steep, "user.slope_max"),
            ("undetermined", bare, "user.slope_max"),
            (row["verdict"], shapely.difference(row.geometry, shapely.union(steep, bare)), None),
        ):
            if shapely.area(ground) > 0:
                new = {**row.to_dict(), "verdict": verdict, "geometry": ground}
                new["area_m2"] = new["block_m2"] = float(measure.area_m2(ground)[0])
                if rule is not None:
                    key = "rules" if verdict == "prohibited" else "open"
                    new[key] = (*row[key], rule)
                new["large_enough"] = new["block_m2"] >= found.min_area_m2
                made.append(geopandas.GeoDataFrame([new], geometry="geometry", crs=pieces.crs))
    return dataclasses.replace(found, pieces=pd.concat(made, ignore_index=True))


def _each(raster: Raster, sites: Any) -> Any:
    """Yield for each site (values, weights, share of the site with a value)."""
    import rasterio

    with rasterio.open(raster.path) as source:
        for shape in _in_crs(sites, source.crs):
            block, valid, transform = _window(raster, source, shape)
            if block is None:
                yield np.zeros(0), np.zeros(0), 0.0
                continue
            weight = _coverage(shape, transform, block.shape)
            # ground beyond the raster's edge counts as lacking
            pixel = abs(transform.a * transform.e)
            whole = shapely.area(shape) / pixel if shapely.get_dimensions(shape) == _AREA else 1.0
            keep = (weight > 0) & valid
            lacking = max(0.0, whole - float(weight.sum())) if whole > 0 else 0.0
            # the parts of pixels are counted, so a site's measure is right to a part; the raster's edge is exact
            outside = lacking if not _inside(source, shape) else 0.0
            total = float(weight.sum()) + outside
            yield block[keep], weight[keep], float(weight[keep].sum() / total) if total > 0 else 0.0


def _in_crs(sites: Any, target: Any) -> list[Any]:
    from pyproj import Transformer

    source = getattr(sites, "crs", None) or crs.GEOGRAPHIC
    change = Transformer.from_crs(source, target, always_xy=True)
    array = np.atleast_1d(np.asarray(getattr(sites, "values", sites), dtype=object))

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(change.transform(xy[:, 0], xy[:, 1]))

    return list(shapely.transform(array, move))


def _inside(source: Any, shape: Any) -> bool:
    return bool(shapely.covers(shapely.box(*source.bounds), shape))


def _window(raster: Raster, source: Any, shape: Any) -> tuple[Any, Any, Any]:
    """Read the pixels around a shape: (values, valid, transform), None where it lies beside the raster."""
    from rasterio.windows import Window, from_bounds

    edge = 1 if raster.slope else 0
    want = from_bounds(*shapely.bounds(shape), transform=source.transform)
    first = (math.floor(want.col_off) - edge, math.floor(want.row_off) - edge)
    last = (math.ceil(want.col_off + want.width + 1e-9) + edge, math.ceil(want.row_off + want.height + 1e-9) + edge)
    c0, r0, c1, r1 = max(0, first[0]), max(0, first[1]), min(source.width, last[0]), min(source.height, last[1])
    if c1 <= c0 or r1 <= r0:
        return None, None, None
    window = Window(c0, r0, c1 - c0, r1 - r0)
    values = source.read(raster.band, window=window).astype(float)
    valid = source.read_masks(raster.band, window=window) > 0
    transform = source.window_transform(window)
    if raster.slope:
        values, valid = _slope(values, valid, transform, source.crs)
    return values, valid, transform


def _slope(values: Any, valid: Any, transform: Any, of: Any) -> tuple[Any, Any]:
    """Return slope in degrees by Horn's method; a pixel with a neighbour lacking has none."""
    dx, dy = abs(transform.a), abs(transform.e)
    if of.is_geographic:
        lat = math.radians(transform.f + transform.e * values.shape[0] / 2)
        dx, dy = dx * 111_320 * math.cos(lat), dy * 110_574
    out, ok = np.full(values.shape, np.nan), np.zeros(values.shape, dtype=bool)
    if min(values.shape) < 3:
        return out, ok
    z, shape = np.where(valid, values, np.nan), values.shape

    def at(r: int, c: int) -> Any:
        return z[1 + r : shape[0] - 1 + r, 1 + c : shape[1] - 1 + c]

    gx = (at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1)) / (8 * dx)
    gy = (at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1)) / (8 * dy)
    out[1:-1, 1:-1] = np.degrees(np.arctan(np.hypot(gx, gy)))
    ok[1:-1, 1:-1] = ~np.isnan(out[1:-1, 1:-1]) & valid[1:-1, 1:-1]
    return out, ok


def _coverage(shape: Any, transform: Any, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the share of each pixel that a shape covers; a point covers the pixel it lies in."""
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    if shapely.get_dimensions(shape) < _AREA:
        out = np.zeros(size)
        for x, y in shapely.get_coordinates(shape):
            column, row = (x - transform.c) / transform.a, (y - transform.f) / transform.e
            out[min(size[0] - 1, max(0, int(row))), min(size[1] - 1, max(0, int(column)))] = 1.0
        return out
    small = Affine(transform.a / _PARTS, 0.0, transform.c, 0.0, transform.e / _PARTS, transform.f)
    fine = rasterize([(shape, 1)], out_shape=(size[0] * _PARTS, size[1] * _PARTS), transform=small, dtype="uint8")
    return np.asarray(fine.reshape(size[0], _PARTS, size[1], _PARTS).mean(axis=(1, 3)), dtype=np.float64)


def _where(raster: Raster, geometry: Any, limit: float) -> tuple[Any, Any]:
    """Return the ground of a geometry (EPSG:4490) above a limit, and the ground without a value."""
    import rasterio
    from pyproj import Transformer
    from rasterio.features import shapes

    with rasterio.open(raster.path) as source:
        shape = _in_crs([geometry], source.crs)[0]
        block, valid, transform = _window(raster, source, shape)
        if block is None:
            return shapely.Polygon(), geometry
        state = np.where(valid, np.where(block > limit, 1, 0), 2).astype("uint8")
        cells = [(shapely.geometry.shape(s), int(v)) for s, v in shapes(state, transform=transform)]
        back = Transformer.from_crs(source.crs, crs.GEOGRAPHIC, always_xy=True)
        rim = shapely.box(*rasterio.transform.array_bounds(*state.shape, transform))
    steep = shapely.union_all([s for s, v in cells if v == 1])
    known = shapely.union_all([s for s, v in cells if v != 2])
    bare = shapely.difference(shape, shapely.intersection(known, rim))

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(back.transform(xy[:, 0], xy[:, 1]))

    ground = [shapely.transform(shapely.intersection(shape, steep), move), shapely.transform(bare, move)]
    return shapely.intersection(ground[0], geometry), shapely.intersection(ground[1], geometry)


__all__: Sequence[str] = ["Raster", "RasterError", "as_facts", "share_above", "statistics", "without_steep"]
