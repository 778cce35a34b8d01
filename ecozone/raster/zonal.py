"""Statistics of a raster on sites: every pixel counts by the ground of it that the site covers, on the ellipsoid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs
from ecozone.errors import CRSError
from ecozone.raster.cover import Cells, cells
from ecozone.raster.grid import BLOCK, Grid
from ecozone.raster.source import Raster, RasterError
from ecozone.words.rasters import Measured

if TYPE_CHECKING:
    import pandas

#: Ground that may lack a value before a site has none, share: the noise of a projection there and back.
TOLERATED = 1e-6

Floats = NDArray[np.float64]


def statistics(raster: Raster, sites: Any, *, surface: str = "") -> pandas.DataFrame:
    """Return coverage-weighted statistics of a raster on each site.

    Parameters
    ----------
    raster : Raster
    sites : GeoSeries or sequence of shapely geometries
        EPSG:4490 where it says no CRS; polygons, lines (by their length) or points (the pixel they lie in).
    surface : str
        ``slope`` (degrees) or ``slope_percent`` of an elevation raster; empty: its own values.

    Returns
    -------
    pandas.DataFrame
        On the input's index: ``mean``, ``min``, ``max``, ``covered`` (share of the site with a value), and
        ``share_<class>`` for rasters with classes. NaN where any of the site lacks a value.
    """
    import pandas as pd

    asked = {name: Measured(surface, name) for name in ("mean", "min", "max")}
    asked |= {f"share_{name}": Measured(surface, "share", label=name) for name in (raster.classes or {}).values()}
    shapes = _degrees(sites)
    found, covered = measure(raster, surface, shapes, list(asked.values()))
    index = sites.index if hasattr(sites, "index") and not isinstance(sites, list | tuple) else None
    return pd.DataFrame({"covered": covered, **dict(zip(asked, found, strict=True))}, index=index)


def share_above(raster: Raster, sites: Any, limit: float, *, surface: str = "") -> Floats:
    """Return for each site the share of its ground above a value, 0 to 1; NaN where it cannot be said."""
    return measure(raster, surface, _degrees(sites), [Measured(surface, "share", "gt", limit)])[0][0]


def measure(
    raster: Raster, surface: str, geometry: NDArray[Any], asked: Sequence[Measured]
) -> tuple[list[Floats], Floats]:
    """Measure what facts ask, for many sites at once.

    Parameters
    ----------
    raster : Raster
    surface : str
    geometry : ndarray of shapely geometries, shape (n,)
        EPSG:4490.
    asked : sequence of Measured

    Returns
    -------
    values : list of float64 arrays of shape (n,)
        One an asked thing; NaN where some of the site has no value.
    covered : float64 array of shape (n,)
        Share of each site with a value.

    Raises
    ------
    RasterError
        A class that the raster's table does not have, or a file that cannot be read.
    """
    n = len(geometry)
    tests = [_test(raster, a) for a in asked]
    sums, low, high = np.zeros((len(asked), n)), np.full(n, np.inf), np.full(n, -np.inf)
    total, known = np.zeros(n), np.zeros(n)
    with Grid(raster, surface) as grid:
        planar = grid.to_pixels(geometry)
        order = _near_together(planar)
        for at, values, valid, weight in _read(grid, planar[order]):
            np.add.at(total, order[at], weight)
            site, value, ground = order[at[valid]], values[valid], weight[valid]
            np.add.at(known, site, ground)
            np.minimum.at(low, site, value)
            np.maximum.at(high, site, value)
            for k, test in enumerate(tests):
                if test is not None:
                    np.add.at(sums[k], site, ground * test(value))
        covered = _within(planar, grid) * np.where(total > 0, known / np.where(total > 0, total, 1.0), 0.0)
    whole = covered >= 1 - TOLERATED
    out = []
    for k, a in enumerate(asked):
        value = (
            low if a.statistic == "min" else high if a.statistic == "max" else sums[k] / np.where(known > 0, known, 1)
        )
        out.append(np.where(whole, value, np.nan))
    return out, covered


def _test(raster: Raster, asked: Measured) -> Callable[[Floats], Floats] | None:
    """Return what of a pixel's value is summed; None where nothing is."""
    if asked.label:
        codes = [k for k, v in (raster.classes or {}).items() if v == asked.label]
        if not codes:
            known = "、".join(dict.fromkeys((raster.classes or {}).values()))
            raise RasterError(
                f"栅格“{raster.path.name}”（版本 {raster.version}）没有类别“{asked.label}”，它有：{known}。"
            )
        return lambda v: np.isin(v, codes).astype(float)
    compare = {"gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal}
    if asked.op:
        return lambda v: compare[asked.op](v, asked.limit).astype(float)
    return (lambda v: v) if asked.statistic == "mean" else None


def _read(grid: Grid, planar: NDArray[Any]) -> Iterator[tuple[Any, Floats, Any, Floats]]:
    """Yield (site, value, whether there is one, ground) of pixels under sites."""
    rows = np.arange(grid.height, dtype=np.int64)
    width, height = grid.pixel_m(rows, grid.width / 2)
    size = width * height
    for found in cells(planar, grid.width, grid.height):
        if len(found.site):
            values, valid = grid.gather(found.row, found.column)
            yield found.site, values, valid, found.share * (size[found.row] / size.mean())


def _within(planar: NDArray[Any], grid: Grid) -> Floats:
    """Return the share of each site that lies on the raster at all."""
    rim = shapely.box(0, 0, grid.width, grid.height)
    out = np.ones(len(planar))
    box = shapely.bounds(planar)
    beyond = np.flatnonzero((box[:, 0] < 0) | (box[:, 1] < 0) | (box[:, 2] > grid.width) | (box[:, 3] > grid.height))
    if len(beyond):
        shapes = planar[beyond]
        there = shapely.intersection(shapes, rim)
        for size in (shapely.area, shapely.length, shapely.get_num_points):
            whole = size(shapes)
            open_ = (whole > 0) & (out[beyond] == 1)
            out[beyond[open_]] = np.minimum(size(there)[open_] / whole[open_], 1 - 2 * TOLERATED)
    return out


def _near_together(planar: NDArray[Any]) -> Any:
    """Return an order in which neighbours follow one another, so that a block is read once."""
    box = np.nan_to_num(shapely.bounds(planar))
    return np.lexsort((box[:, 0] // BLOCK, box[:, 1] // BLOCK))


def _degrees(sites: Any) -> NDArray[Any]:
    """Return sites as an array in EPSG:4490."""
    system = getattr(sites, "crs", None)
    if system is not None and system.to_string() != crs.GEOGRAPHIC:
        crs.check_datum(system, "用地")
        sites = sites.to_crs(crs.GEOGRAPHIC)
    array = np.atleast_1d(np.asarray(getattr(sites, "values", sites), dtype=object))
    if len(array) and np.abs(np.nan_to_num(shapely.total_bounds(array))).max() > 180:
        raise CRSError("用地不是经纬度，像是投影坐标；请给出 EPSG:4490 的几何，或带坐标系的 GeoSeries。")
    return array


__all__ = ["TOLERATED", "Cells", "measure", "share_above", "statistics"]
