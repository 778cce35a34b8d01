"""How much of each pixel a site covers: exact, for all sites at once.

Every edge of every site is cut where it crosses from one pixel into another. A piece of an edge that climbs dy at x in
pixel c adds dy · (c + 1 - x) to that pixel and dy to all pixels on its right in the row; summed along the row, and over
the rings of a site, that is the area covered (Green's theorem). Lines count by their length, points as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

#: Pixels that are looked at together (of all sites' boxes): 4 million are 32 MB a column.
TOGETHER = 4_000_000
#: Share of a pixel below which it is not touched: the noise of the sums.
TOUCHED = 1e-9

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Pixels under sites, one row a site and pixel.

    Attributes
    ----------
    site, row, column : int64 arrays
    share : float64 array
        Of the pixel's area that a polygon covers; for lines their length in pixels; for points 1.
    """

    site: Ints
    row: Ints
    column: Ints
    share: Floats


def cells(geometry: NDArray[Any], width: int, height: int) -> Iterator[Cells]:
    """Yield the pixels under sites, some sites at a time; ground beyond the raster is left out.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        In pixels: x counts columns, y rows from the top. A site has one dimension.
    width, height : int
        Of the raster.
    """
    dimension = shapely.get_dimensions(geometry)
    points = np.flatnonzero(dimension == 0)
    if len(points):
        xy, at = shapely.get_coordinates(geometry[points], return_index=True)
        yield _inside(points[at], np.floor(xy[:, 1]), np.floor(xy[:, 0]), np.ones(len(at)), width, height)
    lines = np.flatnonzero(dimension == 1)
    if len(lines):
        site, x0, y0, x1, y1 = _edges(geometry[lines])
        site, x0, y0, x1, y1 = _cut(*_cut(site, x0, y0, x1, y1, across=False), across=True)
        row, column = np.floor((y0 + y1) / 2), np.floor((x0 + x1) / 2)
        yield _inside(lines[site], row, column, np.hypot(x1 - x0, y1 - y0), width, height)
    for window in _windows(geometry, np.flatnonzero(dimension == 2), width, height):
        yield _polygons(geometry, *window)


def _inside(site: Ints, row: Floats, column: Floats, share: Floats, width: int, height: int) -> Cells:
    keep = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return Cells(site[keep], row[keep].astype(np.int64), column[keep].astype(np.int64), share[keep])


def _windows(
    geometry: NDArray[Any], sites: Ints, width: int, height: int
) -> Iterator[tuple[Ints, Ints, Ints, Ints, Ints]]:
    """Yield (sites, first row, last row, first column, last column) with no more pixels than `TOGETHER`.

    A site whose box is larger comes in bands of rows.
    """
    if not len(sites):
        return
    box = shapely.bounds(geometry[sites])
    c0, c1 = np.clip(np.floor(box[:, 0]), 0, width), np.clip(np.ceil(box[:, 2]), 0, width)
    r0, r1 = np.clip(np.floor(box[:, 1]), 0, height), np.clip(np.ceil(box[:, 3]), 0, height)
    across = c1 - c0
    rows = np.maximum(1, TOGETHER // np.maximum(across + 1, 1))
    bands = np.where(across > 0, np.ceil((r1 - r0) / rows), 0).astype(np.int64)
    of = np.repeat(np.arange(len(sites)), bands)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(bands) - bands, bands)
    top = r0[of] + nth * rows[of]
    bottom = np.minimum(r1[of], top + rows[of])
    size = np.cumsum((bottom - top) * (across[of] + 1))
    start = 0
    while start < len(of):
        end = max(start + 1, int(np.searchsorted(size, (size[start - 1] if start else 0) + TOGETHER, side="right")))
        take = of[start:end]
        ends = (top[start:end], bottom[start:end], c0[take], c1[take])
        yield (sites[take], *(e.astype(np.int64) for e in ends))
        start = end


def _polygons(geometry: NDArray[Any], sites: Ints, r0: Ints, r1: Ints, c0: Ints, c1: Ints) -> Cells:
    """Return the pixels under polygons, in one window a site."""
    wide = c1 - c0 + 1  # one column beyond, where what lies right of the window is put
    first = np.cumsum((r1 - r0) * wide) - (r1 - r0) * wide
    total = int(((r1 - r0) * wide).sum())
    window, x0, y0, x1, y1 = _edges(shapely.orient_polygons(geometry[sites]))
    keep = (np.maximum(y0, y1) > r0[window]) & (np.minimum(y0, y1) < r1[window]) & (y0 != y1)
    window, x0, y0, x1, y1 = (v[keep] for v in (window, x0, y0, x1, y1))
    x0, y0, x1, y1 = _between(x0, y0, x1, y1, r0[window].astype(float), r1[window].astype(float))
    window, x0, y0, x1, y1 = _cut(window, x0, y0, x1, y1, across=False)
    row = np.floor((y0 + y1) / 2).astype(np.int64)
    window, x0, y0, x1, y1, row = _cut(window, x0, y0, x1, y1, row, across=True)
    dy, x = y1 - y0, (x0 + x1) / 2
    left, right = c0[window], c1[window]
    column = np.clip(np.floor(x).astype(np.int64), left, right)
    here = np.where(x < left, dy, np.where(x >= right, 0.0, dy * (column + 1 - x)))
    at = first[window] + (row - r0[window]) * wide[window] + (column - left)
    most = np.minimum(at + 1, total - 1) if total else at
    added = np.bincount(at, here, minlength=total)[:total]
    rest = np.where(column < right, dy - here, 0.0)
    added += np.bincount(most, rest, minlength=total)[:total]
    added += np.bincount(at, np.where(x >= right, dy, 0.0), minlength=total)[:total]
    share = np.abs(np.cumsum(added))  # a row's sum is nought in its last column, so rows do not run into one another
    found = np.flatnonzero(share > TOUCHED)
    of = np.searchsorted(first, found, side="right") - 1
    r, c = np.divmod(found - first[of], wide[of])
    keep = c < wide[of] - 1
    of, r, c, found = of[keep], r[keep], c[keep], found[keep]
    return Cells(sites[of], r0[of] + r, c0[of] + c, np.minimum(share[found], 1.0))


def _edges(geometry: NDArray[Any]) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """Return the edges of lines and of the rings of polygons: (number of its site, ends)."""
    parts, of = shapely.get_parts(geometry, return_index=True)
    if len(parts) and shapely.get_dimensions(parts[0]) == 2:
        parts, inner = shapely.get_rings(parts, return_index=True)
        of = of[inner]
    xy, at = shapely.get_coordinates(parts, return_index=True)
    same = at[1:] == at[:-1]
    a, b = xy[:-1][same], xy[1:][same]
    return of[at[:-1][same]].astype(np.int64), a[:, 0], a[:, 1], b[:, 0], b[:, 1]


def _between(x0: Floats, y0: Floats, x1: Floats, y1: Floats, low: Floats, high: Floats) -> tuple[Floats, ...]:
    """Cut edges off at their window's first and last row."""
    slope = (x1 - x0) / (y1 - y0)
    a, b = np.clip(y0, low, high), np.clip(y1, low, high)
    return x0 + (a - y0) * slope, a, x1 + (b - y1) * slope, b


def _cut(of: Ints, x0: Floats, y0: Floats, x1: Floats, y1: Floats, *more: Any, across: bool) -> Any:
    """Cut edges at whole rows, or (`across`) at whole columns; what else belongs to an edge is repeated."""
    u0, u1 = (x0, x1) if across else (y0, y1)
    low, high = np.floor(np.minimum(u0, u1)), np.ceil(np.maximum(u0, u1))
    n = np.maximum(1, high - low).astype(np.int64)
    at = np.repeat(np.arange(len(of)), n)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(n) - n, n)
    up = (u1 >= u0)[at]
    step = np.where(up, low[at] + nth, high[at] - nth)
    start = np.where(nth == 0, u0[at], step)
    end = np.where(nth == n[at] - 1, u1[at], np.where(up, step + 1, step - 1))
    span = np.where(u1 == u0, 1.0, u1 - u0)[at]
    t, s = (start - u0[at]) / span, (end - u0[at]) / span
    flat = (u1 == u0)[at]
    t, s = np.where(flat, 0.0, t), np.where(flat, 1.0, s)
    v0, v1 = (y0, y1) if across else (x0, x1)
    a, b = v0[at] + t * (v1 - v0)[at], v0[at] + s * (v1 - v0)[at]
    ends = (start, a, end, b) if across else (a, start, b, end)
    return (of[at], *ends, *(m[at] for m in more))
