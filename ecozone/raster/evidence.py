"""Facts measured on an atlas' rasters, for all parts of a batch: what rules such as ``slope_share_gt_25`` ask.

The ground may lie otherwise by the accuracy of the site and of the raster: a polygon is measured as given, shrunk and
grown by both; a point stands for some of the ground within its extent, and anything found there may be under it.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs
from ecozone.raster.source import Raster
from ecozone.raster.zonal import measure
from ecozone.rules.measured import KNOWN, NO_COVERAGE, NO_PLACE, MeasuredFact
from ecozone.words.rasters import Measured, measured

if TYPE_CHECKING:
    from ecozone._batch import Batch
    from ecozone.atlas import Atlas

_QUARTER = 8  # segments of a quarter circle
#: Makes a polygon of 32 sides hold the circle it stands for.
_AROUND = 1.0 / np.cos(np.pi / (4 * _QUARTER))

Floats = NDArray[np.float64]


class Evidence:
    """Measures facts by name, each when it is first asked.

    Parameters
    ----------
    batch : Batch
    atlas : Atlas
    day : datetime.date
    """

    def __init__(self, batch: Batch, atlas: Atlas, day: dt.date) -> None:
        self.batch, self.atlas, self.day = batch, atlas, day

    def __call__(self, name: str) -> MeasuredFact | None:
        """Return a fact of every part; None for a name that asks nothing of a raster."""
        asked = measured(name)
        if asked is None:
            return None
        n, placed = len(self.batch.project), len(self.batch.geometry)
        nothing = np.full(n, np.nan)
        raster = self.atlas.raster(asked.raster, self.day)
        if raster is None:
            return MeasuredFact.unmeasured(asked.raster, n)
        value, low, high = (nothing.copy() for _ in range(3))
        value[:placed], low[:placed], high[:placed] = self._on_ground(raster, asked)
        known = np.isfinite(low) & np.isfinite(high)
        why = np.where(np.arange(n) >= placed, NO_PLACE, np.where(known, KNOWN, NO_COVERAGE)).astype(np.int8)
        return MeasuredFact(asked.raster, value, low, high, why, raster)

    def _on_ground(self, raster: Raster, asked: Measured) -> tuple[Floats, Floats, Floats]:
        geometry, a = self.batch.geometry, self.batch.accuracy_m + raster.accuracy_m
        value = measure(raster, asked.surface, geometry, [asked])[0][0]
        if not len(geometry):
            return value, value, value
        areal = shapely.get_dimensions(geometry) == 2
        reach = a + np.where(areal, 0.0, np.maximum(self.batch.extent_m, self.batch.lacking_m))
        wide = grown(geometry, reach * _AROUND)
        most = [Measured(asked.surface, "min"), Measured(asked.surface, "max"), asked]
        least_there, most_there, on_wide = self._measure(raster, asked.surface, wide, most)
        narrow = grown(geometry, np.where(areal, -a, 0.0))
        on_narrow = np.where(shapely.is_empty(narrow) | ~areal, value, np.nan)
        left = np.isnan(on_narrow)
        on_narrow[left] = measure(raster, asked.surface, narrow[left], [asked])[0][0]
        shares = np.stack([value, on_wide, on_narrow])
        if asked.statistic == "share":  # a point may stand on either, where there is either
            least_there, most_there = (np.where(np.isnan(on_wide), np.nan, f(on_wide)) for f in (_all, _any))
        low = np.where(areal, shares.min(axis=0), least_there)
        high = np.where(areal, shares.max(axis=0), most_there)
        return value, low, high

    @staticmethod
    def _measure(raster: Raster, surface: str, geometry: NDArray[Any], asked: list[Measured]) -> list[Floats]:
        return measure(raster, surface, geometry, asked)[0]


def _all(share: Floats) -> Floats:
    return (share >= 1 - 1e-9).astype(float)


def _any(share: Floats) -> Floats:
    return (share > 1e-9).astype(float)


def grown(geometry: NDArray[Any], metres: Floats) -> NDArray[Any]:
    """Return geometries (EPSG:4490) grown by metres, shrunk by negative ones.

    Each in its own plane, whose metres are those of the ellipsoid at its middle (1e-3 of the distance within 10 km).
    """
    box = shapely.bounds(geometry)
    middle = np.column_stack([(box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2])
    lat = np.radians(middle[:, 1])
    a, e2 = crs.CGCS2000_A, _eccentricity2()
    bend = 1 - e2 * np.sin(lat) ** 2
    scale = np.radians(np.column_stack([a / np.sqrt(bend) * np.cos(lat), a * (1 - e2) / bend**1.5]))

    def moved(shapes: NDArray[Any], *, back: bool) -> NDArray[Any]:
        out = shapes.copy()
        xy, at = shapely.get_coordinates(out, return_index=True)
        to = xy / scale[at] + middle[at] if back else (xy - middle[at]) * scale[at]
        return np.asarray(shapely.set_coordinates(out, to), dtype=object)

    planar = shapely.buffer(moved(geometry, back=False), metres, quad_segs=_QUARTER)
    return moved(np.where(metres == 0, moved(geometry, back=False), planar), back=True)


@functools.cache
def _eccentricity2() -> float:
    f = 1 / crs.CGCS2000_RF
    return f * (2 - f)
