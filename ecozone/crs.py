"""The coordinate systems of China, and the local planes in which ecozone measures.

Geometry is kept in geographic CGCS2000 (EPSG:4490) and measured in a *local plane*: a Lambert azimuthal equal-area
projection of the CGCS2000 ellipsoid whose centre is a node of a fixed lattice. The lattice makes one site and one
hundred thousand sites use the very same plane, so that both give the same number to the last bit. Areas in such a
plane are exact but for the bend of a geodesic between two vertices at most 500 m apart; distances are taken from the
ellipsoid (`ecozone.measure`).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecozone.errors import CRSError, SiteError

if TYPE_CHECKING:
    import pyproj

#: Semi-major axis and inverse flattening of the CGCS2000 ellipsoid (GB 22021-2008).
CGCS2000_A = 6378137.0
CGCS2000_RF = 298.257222101
#: Geographic CGCS2000, the system in which every zone and site is kept (longitude first).
GEOGRAPHIC = "EPSG:4490"
#: China with its surroundings, degrees: anything outside is a mistake in the coordinates.
CHINA = (73.0, 17.0, 136.0, 54.5)
#: Spacing of the lattice of plane centres, degrees. No site is farther than about 20 km from a node.
LATTICE = 0.25


@functools.cache
def geod() -> pyproj.Geod:
    """Return the CGCS2000 ellipsoid as a `pyproj.Geod`."""
    from pyproj import Geod

    return Geod(a=CGCS2000_A, rf=CGCS2000_RF)


class Plane:
    """A local equal-area plane in metres.

    Parameters
    ----------
    lon, lat : float
        Centre, degrees.

    Notes
    -----
    Within 60 km of the centre a length in the plane differs from the ellipsoid's by less than 1.2e-5, so the plane
    may choose *which* two points are nearest; how far apart they are is then asked of the ellipsoid.
    """

    __slots__ = ("_proj", "lat", "lon")

    def __init__(self, lon: float, lat: float) -> None:
        from pyproj import Proj

        self.lon, self.lat = lon, lat
        self._proj = Proj(f"+proj=laea +lon_0={lon} +lat_0={lat} +a={CGCS2000_A} +rf={CGCS2000_RF} +units=m")

    def forward(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project ``(n, 2)`` degrees to ``(n, 2)`` metres."""
        x, y = self._proj(lonlat[:, 0], lonlat[:, 1])
        return np.column_stack([x, y])

    def inverse(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring ``(n, 2)`` metres back to ``(n, 2)`` degrees."""
        lon, lat = self._proj(xy[:, 0], xy[:, 1], inverse=True)
        return np.column_stack([lon, lat])


def lattice_node(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the lattice nodes nearest to places, as ``(n, 2)`` integers (column, row)."""
    return np.column_stack([np.rint(lon / LATTICE), np.rint(lat / LATTICE)]).astype(np.int64)


@functools.lru_cache(maxsize=1024)
def plane_at(column: int, row: int) -> Plane:
    """Return the plane centred on one lattice node."""
    return Plane(column * LATTICE, row * LATTICE)


def gauss_kruger_zone(lon: float) -> int:
    """Return the 3-degree Gauss-Kruger zone of a longitude, clamped to China's 25 to 45."""
    return int(min(45, max(25, np.floor((lon + 1.5) / 3.0))))


def check_datum(system: pyproj.CRS, what: str) -> None:
    """Refuse a system on an old ellipsoid: PROJ would take its degrees as CGCS2000's and call it a transformation.

    Parameters
    ----------
    system : pyproj.CRS
    what : str
        What lies in it, for the message.

    Raises
    ------
    CRSError
        Beijing 1954, Xian 1980 and the like: about a hundred metres off, and nothing here knows how to shift them.
    """
    ellipsoid = system.ellipsoid
    if ellipsoid is None or abs(ellipsoid.semi_major_metre - CGCS2000_A) > 0.5:
        raise CRSError(
            f"{what}的坐标系“{system.name}”不是 CGCS2000，与它相差几十到一百多米，这里没有转换参数；"
            "请向测绘部门索取 CGCS2000 成果，或用七参数转换为 EPSG:4490 后再载入。"
        )


def check_in_china(bounds: NDArray[np.float64], what: str = "项目坐标") -> None:
    """Refuse coordinates that are not degrees in China.

    Parameters
    ----------
    bounds : ndarray of shape (4,)
        Minimum and maximum longitude and latitude, degrees: ``minx, miny, maxx, maxy``.
    what : str
        What the coordinates belong to, for the message.

    Raises
    ------
    CRSError
        The numbers are not degrees: projected coordinates without a CRS.
    SiteError
        They are degrees, but outside of China, or latitude stands before longitude.
    """
    minx, miny, maxx, maxy = (float(v) for v in bounds)
    if not np.all(np.isfinite(bounds)):
        raise SiteError(f"{what}含有空值或无穷大，请检查坐标后重新提供。")
    if max(abs(minx), abs(maxx)) > 180 or max(abs(miny), abs(maxy)) > 180:
        raise CRSError(
            f"{what}（{minx:.3f}，{miny:.3f}）不是经纬度，像是投影坐标，但没有说明坐标系。{_ask(minx, miny)}"
        )
    west, south, east, north = CHINA
    if west <= minx and maxx <= east and south <= miny and maxy <= north:
        return
    if west <= miny and maxy <= east and south <= minx and maxx <= north:
        raise SiteError(f"{what}（{minx:.6f}，{miny:.6f}）像是纬度写在了前面，请按“经度,纬度”的顺序提供。")
    raise SiteError(
        f"{what}（{minx:.6f}，{miny:.6f}）不在中国范围内（东经 73–136°，北纬 17–54.5°），请核对坐标和坐标系。"
    )


def _ask(x: float, y: float) -> str:
    """Return the system to name for projected numbers: of the zone their prefix says, else an example."""
    for number in (x, y):
        zone = int(number // 1e6)
        if 25 <= zone <= 45:  # CGCS2000, 3 degrees, with prefix: EPSG:4513 is zone 25
            code, told = 4488 + zone, f"3度带，中央经线 {3 * zone}°E"
        elif 13 <= zone <= 23:  # 6 degrees, with prefix: EPSG:4491 is zone 13
            code, told = 4478 + zone, f"6度带，中央经线 {6 * zone - 3}°E"
        else:
            continue
        return f"横坐标的带号是 {zone}，如为 CGCS2000 成果，请加上 --crs EPSG:{code}（{told}）。"
    return "请用 --crs 指明，例如 --crs EPSG:4544（CGCS2000 3度带，中央经线 105°E）。"
