"""Ground that is too steep, as polygons along the pixels' edges."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone.raster.grid import Grid, check_limit
from ecozone.raster.source import Raster, RasterError

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

_NONE, _STEEP, _FLAT = 0, 1, 2


@dataclasses.dataclass(frozen=True)
class Steep:
    """Ground by slope.

    Attributes
    ----------
    steep : shapely geometry
        Steeper than the limit, EPSG:4490.
    unknown : shapely geometry
        Without a value: nodata, or beyond the raster (a pixel at its rim has no slope).
    """

    steep: Any
    unknown: Any


def steeper_than(
    atlas: Atlas | Raster | str | Path, degrees: float, within: Any, *, as_of: dt.date | None = None
) -> Steep:
    """Return the ground steeper than a limit.

    Parameters
    ----------
    atlas : Atlas, Raster or path
        The atlas whose elevation raster counts, or an elevation raster.
    degrees : float
        Limit, degrees; ground exactly as steep is not steeper.
    within : shapely geometry or (west, south, east, north)
        Ground to look at, EPSG:4490.
    as_of : datetime.date, optional
        The day for which the atlas' raster must hold; None: its newest.

    Returns
    -------
    Steep
        Cut to `within`.

    Raises
    ------
    RasterError
        There is no elevation raster that holds on the day.
    InputError
        The limit is none.
    """
    from rasterio.features import shapes
    from rasterio.transform import Affine

    check_limit(degrees)
    ground = within if isinstance(within, shapely.Geometry) else shapely.box(*within)
    parts: dict[int, list[Any]] = {_STEEP: [], _FLAT: []}
    with Grid(_elevation(atlas, as_of), "slope") as grid:
        planar = grid.to_pixels(np.array([ground], dtype=object))[0]
        for row, column, (values, valid) in grid.blocks(shapely.bounds(planar)):
            if not shapely.intersects(planar, shapely.box(column, row, column + values.shape[1], row + len(values))):
                continue
            state = np.where(valid, np.where(values > degrees, _STEEP, _FLAT), _NONE).astype("uint8")
            found = shapes(state, mask=state > _NONE, transform=Affine.translation(column, row))
            for shape, value in found:
                parts[int(value)].append(shapely.geometry.shape(shape))
        steep, flat = (shapely.union_all(parts[k]) for k in (_STEEP, _FLAT))
        steep, known = grid.to_degrees(np.array([steep, shapely.union(steep, flat)], dtype=object))
    return Steep(shapely.intersection(ground, steep), shapely.difference(ground, known))


def _elevation(atlas: Any, as_of: dt.date | None) -> Raster:
    if isinstance(atlas, Raster):
        return atlas
    if isinstance(atlas, str | Path):
        return Raster.open(atlas, kind="elevation")
    found: Raster | None = atlas.raster("elevation", as_of)
    if found is None:
        when = f"在 {as_of.isoformat()} 有效的" if as_of else ""
        raise RasterError(
            f"图集“{atlas.name}”没有{when}高程栅格，无法计算坡度。请先导入：ecozone import 高程.tif --kind elevation。"
        )
    return found
