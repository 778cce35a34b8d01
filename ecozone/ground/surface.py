"""A region's ground by verdict as a raster: cut tile by tile, so that memory does not grow with the region.

A cell has the verdict of the ground under its centre. Each tile is cut exactly, as `ecozone.siting.where_allowed` cuts
a whole region; only then is it drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs, measure
from ecozone.errors import InputError
from ecozone.ground.blocks import VERDICTS
from ecozone.ground.slope import without_steep

if TYPE_CHECKING:
    import pandas

    from ecozone.ground.asked import Asked

#: Cell values: 0 beyond the region; a verdict; a verdict that something open could still push further.
CODES: Mapping[str, int] = {v: i + 1 for i, v in enumerate(VERDICTS)}
OPEN = 10
#: Red, green and blue of complete verdicts; those that stay open are paler.
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "clear": (102, 168, 96),
    "conditional": (240, 208, 96),
    "undetermined": (160, 160, 160),
    "restricted": (232, 140, 60),
    "prohibited": (196, 56, 48),
}
#: Side of a tile, cells (a multiple of the 16 that GeoTIFF asks), and the longest side, metres.
_TILE_CELLS, _TILE_M = 512, 25_600.0
#: Most cells that a surface may have: a slip in the cell size would fill the disk.
MOST_CELLS = 2_000_000_000
#: EPSG code of the 3-degree zone 25 of CGCS2000 (central meridian 75 degrees); the others follow it.
_FIRST_ZONE, _FIRST_EPSG = 25, 4534


@dataclass(frozen=True)
class Surface:
    """A raster of verdicts.

    Attributes
    ----------
    path : Path
        GeoTIFF, one byte a cell, with names and a colour table.
    cell_m : float
        In the 3-degree zone `system`.
    system : str
    cells : mapping
        How many cells each code has.
    notice : str or None
        The atlas' mark.
    """

    path: Path
    cell_m: float
    system: str
    cells: Mapping[int, int]
    notice: str | None = None

    def summary(self) -> pandas.DataFrame:
        """Return cells, area and share by verdict; ``incomplete_m2`` is ground where something stays open."""
        import pandas as pd

        whole = sum(self.cells.values())
        rows = []
        for verdict, name in VERDICTS.items():
            open_ = self.cells.get(CODES[verdict] + OPEN, 0)
            mine = self.cells.get(CODES[verdict], 0) + open_
            rows.append(
                {
                    "verdict": verdict, "name": name, "cells": mine, "area_m2": mine * self.cell_m**2,
                    "share": mine / whole if whole else 0.0, "incomplete_m2": open_ * self.cell_m**2,
                }
            )  # fmt: skip
        return pd.DataFrame(rows)


def draw(
    asked: Asked, region: Any, path: str | Path, cell_m: float, *, slope_max: float | None, elevation: Any
) -> Surface:
    """Cut a region tile by tile and write the verdicts; see `ecozone.siting.where_surface`."""
    import rasterio
    from rasterio.transform import Affine
    from rasterio.windows import Window

    target = Path(path)
    if target.suffix.lower() not in (".tif", ".tiff"):
        raise InputError(f"“{target.name}”的扩展名无法识别，栅格请写成 .tif。")
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise InputError(f"格网大小 {cell_m} 不是正数，请给出米数。")
    system, forward, back = _plane_of(region)
    west, south, east, north = shapely.bounds(forward(region)).tolist()
    left, top = math.floor(west / cell_m) * cell_m, math.ceil(north / cell_m) * cell_m
    width, height = math.ceil((east - left) / cell_m), math.ceil((top - south) / cell_m)
    if width * height > MOST_CELLS:
        raise InputError(f"格网大小 {cell_m:g} 米要 {width * height:,} 个格子，太多；请加大格网或缩小范围。")
    transform = Affine(cell_m, 0.0, left, 0.0, -cell_m, top)
    side = max(16, min(_TILE_CELLS, int(_TILE_M / cell_m) // 16 * 16))
    cells = np.zeros(256, dtype=np.int64)
    target.parent.mkdir(parents=True, exist_ok=True)
    profile = {
        "driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8", "crs": system,
        "transform": transform, "nodata": 0, "compress": "deflate", "tiled": True, "blockxsize": side,
        "blockysize": side, "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    with rasterio.open(target, "w", **profile) as out:
        out.write_colormap(1, _colours())
        out.update_tags(as_of=asked.day.isoformat(), notice=asked.atlas.notice or "", **_names())
        for row in range(0, height, side):
            for column in range(0, width, side):
                window = Window(column, row, min(side, width - column), min(side, height - row))
                at = transform * Affine.translation(column, row)
                tile = _tile(asked, region, at, (int(window.height), int(window.width)), forward, back,
                             slope_max=slope_max, elevation=elevation)  # fmt: skip
                out.write(tile, 1, window=window)
                cells += np.bincount(tile.ravel(), minlength=256)
    found = {code: int(cells[code]) for code in np.flatnonzero(cells).tolist() if code}
    return Surface(target, cell_m, system, found, asked.atlas.notice)


def _tile(
    asked: Asked,
    region: Any,
    transform: Any,
    shape: tuple[int, int],
    forward: Any,
    back: Any,
    *,
    slope_max: float | None,
    elevation: Any,
) -> NDArray[np.uint8]:
    """Return the codes of one tile."""
    from rasterio.features import rasterize

    cell = transform.a
    west, north = transform.c, transform.f
    box = shapely.box(west, north - shape[0] * cell, west + shape[1] * cell, north)
    ground = shapely.intersection(back(shapely.segmentize(shapely.buffer(box, cell), 500.0)), region)
    parts = shapely.get_parts(ground)
    parts = parts[shapely.get_dimensions(parts) == 2]
    if not len(parts):
        return np.zeros(shape, dtype=np.uint8)
    ground = shapely.union_all(parts)
    plane = measure.plane_of(ground)
    found = asked.cut(plane, measure.to_plane(np.array([ground], dtype=object), plane)[0])
    if slope_max is not None:
        from ecozone.raster import steeper_than

        found = without_steep(found, plane, steeper_than(elevation, slope_max, ground, as_of=asked.day))
    codes = [
        CODES[v] + (0 if c else OPEN) for v, c in zip(found.verdict.tolist(), found.complete.tolist(), strict=True)
    ]
    flat = forward(shapely.transform(found.geometry, plane.inverse))
    drawn = rasterize(zip(flat, codes, strict=True), out_shape=shape, transform=transform, fill=0, dtype="uint8")
    return np.asarray(drawn, dtype=np.uint8)


def _plane_of(region: Any) -> tuple[str, Any, Any]:
    """Return the 3-degree zone of a region, and how geometries come there and back."""
    from pyproj import Transformer

    middle = (region.bounds[0] + region.bounds[2]) / 2
    system = f"EPSG:{_FIRST_EPSG + crs.gauss_kruger_zone(middle) - _FIRST_ZONE}"
    there = Transformer.from_crs(crs.GEOGRAPHIC, system, always_xy=True)
    home = Transformer.from_crs(system, crs.GEOGRAPHIC, always_xy=True)

    def mover(by: Transformer) -> Any:
        return lambda geometry: shapely.transform(
            geometry, lambda xy: np.column_stack(by.transform(xy[:, 0], xy[:, 1]))
        )

    return system, mover(there), mover(home)


def _colours() -> dict[int, tuple[int, int, int, int]]:
    out = {0: (0, 0, 0, 0)}
    for verdict, code in CODES.items():
        red, green, blue = COLOURS[verdict]
        out[code] = (red, green, blue, 255)
        out[code + OPEN] = ((red + 255) // 2, (green + 255) // 2, (blue + 255) // 2, 255)
    return out


def _names() -> dict[str, str]:
    names = {f"class_{code}": VERDICTS[verdict] for verdict, code in CODES.items()}
    return names | {f"class_{CODES[v] + OPEN}": f"{name}（尚有事项未判定）" for v, name in VERDICTS.items()}
