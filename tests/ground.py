"""Shapes in metres around a place, made into layers, atlases and measurements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from oracles import GEOD

from ecozone import kinds
from ecozone.atlas import Atlas
from ecozone.layer import Layer
from ecozone.relate import cut, relate
from ecozone.relation import Measured, Relations, Request

DAY = dt.date(2026, 11, 22)
#: Where nothing is said: 沙湾, on the border of two 3-degree zones.
PLACE = (103.5, 29.4)


class Ground:
    """Metres around a place by distance and bearing on the ellipsoid, projected by nothing of ecozone's.

    Areas and lengths are true to 1e-8 within 1 km of the place and to 1e-6 within 15 km.
    """

    def __init__(self, lon: float = PLACE[0], lat: float = PLACE[1]) -> None:
        self.lon, self.lat = lon, lat

    def lonlat(self, geometry: Any) -> Any:
        """Bring metres to degrees."""
        return shapely.transform(shapely.segmentize(geometry, 400.0), self._there)

    def flat(self, geometry: Any) -> Any:
        """Bring degrees to metres."""
        return shapely.transform(geometry, self._back)

    def _there(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        azimuth, metres = np.degrees(np.arctan2(xy[:, 0], xy[:, 1])), np.hypot(xy[:, 0], xy[:, 1])
        lon, lat, _ = GEOD.fwd(np.full(len(xy), self.lon), np.full(len(xy), self.lat), azimuth, metres)
        return np.column_stack([lon, lat])

    def _back(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        start = np.full(len(at), self.lon), np.full(len(at), self.lat)
        azimuth, _, metres = GEOD.inv(*start, at[:, 0], at[:, 1])
        return np.column_stack([metres * np.sin(np.radians(azimuth)), metres * np.cos(np.radians(azimuth))])


HERE = Ground()
#: Coverage wide enough for whatever a test asks.
WIDE = shapely.box(-60_000, -60_000, 60_000, 60_000)


def objects(items: Sequence[Any]) -> NDArray[Any]:
    """Return geometries as an object array of one dimension."""
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


def layer(
    kind: str,
    zones: Sequence[Any],
    *,
    ground: Ground = HERE,
    coverage: Any = WIDE,
    accuracy_m: float = 0.0,
    columns: Mapping[str, Sequence[Any]] | None = None,
    **meta: Any,
) -> Layer:
    """Return a layer of shapes in metres."""
    geometry = objects([ground.lonlat(z) for z in zones])
    made = {k: objects(list(v)) for k, v in (columns or {}).items()}
    assert set(made) <= set(kinds.get(kind).columns) | set(kinds.COMMON_COLUMNS)
    held = None if coverage is None else ground.lonlat(coverage)
    return Layer.from_arrays(
        kind=kind, geometry=geometry, columns=made, coverage=held, meta={"accuracy_m": accuracy_m, **meta}
    )


def related(
    sites: Sequence[Any],
    layers: Sequence[Layer],
    requests: Sequence[Request],
    *,
    ground: Ground = HERE,
    accuracy_m: float | Sequence[float] = 0.0,
    extent_m: float | Sequence[float] = 0.0,
    jurisdictions: Sequence[str] = ("",),
    as_of: dt.date = DAY,
    region: str = "511111",
    half_width_m: float | None = None,
) -> Relations:
    """Measure shapes in metres against layers."""
    atlas = Atlas(layers, region)
    n = len(sites)
    at = objects([ground.lonlat(s) for s in sites])
    accuracy, extent = (np.broadcast_to(np.asarray(v, dtype=float), (n,)).copy() for v in (accuracy_m, extent_m))
    pieces = cut(at, accuracy, extent, atlas, jurisdictions, as_of)
    return relate(pieces, atlas, requests, as_of=as_of, half_width_m=half_width_m)


def measured(site: Any, zones: Layer | Sequence[Layer], request: Request | None = None, **options: Any) -> Measured:
    """Measure one shape against one request; its row is 0."""
    layers = [zones] if isinstance(zones, Layer) else list(zones)
    request = request or Request(layers[0].kind)
    return related([site], layers, [request], **options).measured[request]
