"""Pixels of an open raster, block by block: values, slope, and how large a pixel is on the ground."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs
from ecozone.errors import InputError
from ecozone.raster.source import Raster, RasterError

#: Side of a block, pixels: what is in memory at once is a few of them.
BLOCK = 512
#: Blocks kept at hand.
_KEPT = 8
#: Longest edge that is carried from a raster's plane into degrees in one piece, pixels.
_EDGE_PIXELS = 16.0

Block = tuple[NDArray[np.float64], NDArray[np.bool_]]


class Grid:
    """One surface of a raster, opened: a context manager.

    Parameters
    ----------
    raster : Raster
    surface : str
        Key of `ecozone.words.rasters.surfaces`: the raster's own values, ``slope`` (degrees) or ``slope_percent``.

    Raises
    ------
    RasterError
        The file is gone or damaged.
    """

    def __init__(self, raster: Raster, surface: str = "") -> None:
        import rasterio
        from pyproj import Transformer

        self.raster, self.surface = raster, surface
        try:
            self._file = rasterio.open(raster.path)
        except rasterio.errors.RasterioIOError as error:
            raise RasterError(f"栅格“{raster.path}”打不开，可能已损坏或被移走，请重新导入。") from error
        self.width, self.height = int(self._file.width), int(self._file.height)
        self.transform = self._file.transform
        self._there = Transformer.from_crs(crs.GEOGRAPHIC, self._file.crs, always_xy=True)
        self._back = Transformer.from_crs(self._file.crs, crs.GEOGRAPHIC, always_xy=True)
        self._blocks: dict[tuple[int, int], Block] = {}

    def __enter__(self) -> Grid:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    # ---- between ground and pixels

    def to_pixels(self, geometry: NDArray[Any]) -> NDArray[Any]:
        """Return geometries (EPSG:4490) in pixels: x counts columns, y rows from the top."""
        t = self.transform

        def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
            x, y = self._there.transform(xy[:, 0], xy[:, 1])
            return np.column_stack([(x - t.c) / t.a, (y - t.f) / t.e])

        return np.asarray(shapely.transform(geometry, move), dtype=object)

    def to_degrees(self, geometry: NDArray[Any]) -> NDArray[Any]:
        """Return geometries in pixels as EPSG:4490; long straight edges are cut first."""
        t = self.transform

        def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(self._back.transform(t.c + xy[:, 0] * t.a, t.f + xy[:, 1] * t.e))

        return np.asarray(shapely.transform(shapely.segmentize(geometry, _EDGE_PIXELS), move), dtype=object)

    def pixel_m(self, rows: NDArray[np.int64], column: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return a pixel's width and height on the ellipsoid at some rows of a column, metres."""
        t = self.transform
        x, y = t.c + t.a * (column + 0.5), t.f + t.e * (np.asarray(rows, dtype=float) + 0.5)
        x = np.full(len(y), x)
        west, east = self._back.transform(x - t.a / 2, y), self._back.transform(x + t.a / 2, y)
        north, south = self._back.transform(x, y - t.e / 2), self._back.transform(x, y + t.e / 2)
        geod = crs.geod()
        return np.asarray(geod.inv(*west, *east)[2]), np.asarray(geod.inv(*north, *south)[2])

    # ---- values

    def gather(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Block:
        """Return the values of some pixels and whether they have one; pixels must lie in the raster."""
        values, valid = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=bool)
        of = (rows // BLOCK) * (self.width // BLOCK + 1) + columns // BLOCK
        order = np.argsort(of, kind="stable")
        for at in np.split(order, np.flatnonzero(np.diff(of[order])) + 1) if len(order) else ():
            r0, c0 = int(rows[at[0]]) // BLOCK, int(columns[at[0]]) // BLOCK
            block, ok = self.block(r0, c0)
            r, c = rows[at] - r0 * BLOCK, columns[at] - c0 * BLOCK
            values[at], valid[at] = block[r, c], ok[r, c]
        return values, valid

    def block(self, r: int, c: int) -> Block:
        """Return one block of the surface: values, and where there is one."""
        key = (r, c)
        if key not in self._blocks:
            while len(self._blocks) >= _KEPT:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[key] = self._slope(r, c) if self.surface.startswith("slope") else self._read(r, c, 0)
        return self._blocks[key]

    def blocks(self, bounds: Any) -> Iterator[tuple[int, int, Block]]:
        """Yield (first row, first column, block) of the blocks that a box in pixels touches."""
        x0, y0, x1, y1 = bounds
        top, left = max(0, int(y0) // BLOCK), max(0, int(x0) // BLOCK)
        bottom, right = min(self.height - 1, int(y1)) // BLOCK, min(self.width - 1, int(x1)) // BLOCK
        for r in range(top, bottom + 1):
            for c in range(left, right + 1):
                yield r * BLOCK, c * BLOCK, self.block(r, c)

    def _read(self, r: int, c: int, margin: int) -> Block:
        """Read a block with a margin; beyond the raster there is no value."""
        from rasterio.errors import RasterioError
        from rasterio.windows import Window

        r0, c0 = r * BLOCK - margin, c * BLOCK - margin
        r1, c1 = min(self.height, (r + 1) * BLOCK) + margin, min(self.width, (c + 1) * BLOCK) + margin
        top, left, bottom, right = max(0, r0), max(0, c0), min(self.height, r1), min(self.width, c1)
        band = self.raster.band
        try:
            read = self._file.read(band, window=Window(left, top, right - left, bottom - top), masked=True)
        except RasterioError as error:
            raise RasterError(f"栅格“{self.raster.path}”读取失败，可能已损坏，请重新导入。") from error
        values, valid = np.full((r1 - r0, c1 - c0), np.nan), np.zeros((r1 - r0, c1 - c0), dtype=bool)
        here = np.s_[top - r0 : bottom - r0, left - c0 : right - c0]
        values[here] = (
            np.asarray(read.data, dtype=np.float64) * self._file.scales[band - 1] + self._file.offsets[band - 1]
        )
        valid[here] = ~np.ma.getmaskarray(read)
        return values, valid & np.isfinite(values)

    def _slope(self, r: int, c: int) -> Block:
        """Return the slope of a block by Horn's method (1981); a pixel with a neighbour lacking has none.

        Distances are those on the ellipsoid, row by row: degrees and Mercator's metres are none.
        """
        values, valid = self._read(r, c, 1)
        z = np.where(valid, values, np.nan)
        h, w = z.shape[0] - 2, z.shape[1] - 2
        dx, dy = self.pixel_m(np.arange(h) + r * BLOCK, c * BLOCK + w / 2)

        def at(row: int, column: int) -> NDArray[np.float64]:
            return z[1 + row : 1 + row + h, 1 + column : 1 + column + w]

        gx = (at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1)) / (8 * dx[:, None])
        gy = (at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1)) / (8 * dy[:, None])
        rise = np.hypot(gx, gy)
        out = rise * 100 if self.surface == "slope_percent" else np.degrees(np.arctan(rise))
        return out, np.isfinite(out) & valid[1:-1, 1:-1]


def check_limit(degrees: float) -> float:
    """Return a slope limit, degrees.

    Raises
    ------
    InputError
        It is not between 0 and 90.
    """
    if not 0 <= degrees <= 90:  # false for NaN too
        raise InputError(f"坡度上限 {degrees} 应在 0 到 90 度之间。")
    return float(degrees)
