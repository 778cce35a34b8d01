"""The shifted coordinates of Chinese web maps, GCJ-02 and BD-09, there and back; and seven-parameter shifts.

The shift's formula is the one every map client carries; the way back is by fixed-point iteration, exact to 1e-8 m.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecozone.crs import CGCS2000_A, CGCS2000_RF

_A, _EE = 6378245.0, 0.00669342162296594323
_BD = np.pi * 3000.0 / 180.0

Pairs = NDArray[np.float64]


def to_gcj02(lonlat: Pairs) -> Pairs:
    """Shift true positions, shape ``(n, 2)`` degrees, to GCJ-02."""
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    wave = 20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)
    root = np.sqrt(np.abs(x))
    north = (
        -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
        + (wave + 20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
        + (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    )  # fmt: skip
    east = (
        300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
        + (wave + 20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
        + (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    )  # fmt: skip
    phi = np.radians(lat)
    magic = 1 - _EE * np.sin(phi) ** 2
    dlat = north * 180 / (_A * (1 - _EE) / (magic * np.sqrt(magic)) * np.pi)
    dlon = east * 180 / (_A / np.sqrt(magic) * np.cos(phi) * np.pi)
    return np.column_stack([lon + dlon, lat + dlat])


def from_gcj02(lonlat: Pairs) -> Pairs:
    """Bring GCJ-02 positions back."""
    guess = lonlat.copy()
    for _ in range(8):
        guess = guess + (lonlat - to_gcj02(guess))
    return guess


def to_bd09(lonlat: Pairs) -> Pairs:
    """Shift true positions to BD-09."""
    x, y = to_gcj02(lonlat).T
    r = np.hypot(x, y) + 0.00002 * np.sin(y * _BD)
    theta = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD)
    return np.column_stack([r * np.cos(theta) + 0.0065, r * np.sin(theta) + 0.006])


def from_bd09(lonlat: Pairs) -> Pairs:
    """Bring BD-09 positions back."""
    guess = lonlat - np.array([0.012, 0.004])
    for _ in range(12):
        guess = guess + (lonlat - to_bd09(guess))
    return guess


def helmert(
    lonlat: Pairs, parameters: tuple[float, ...], semi_major: float, flattening: float, *, frame: bool
) -> Pairs:
    """Shift positions of an old ellipsoid to CGCS2000 by seven parameters.

    Parameters
    ----------
    lonlat : ndarray of shape (n, 2)
    parameters : seven floats
        dx, dy, dz in metres, rx, ry, rz in arc-seconds, scale in ppm.
    semi_major, flattening : float
        Old ellipsoid: metres, inverse flattening.
    frame : bool
        The rotations turn the frame (Chinese practice) rather than the position.
    """
    from pyproj import Transformer

    dx, dy, dz, rx, ry, rz, scale = parameters
    convention = "coordinate_frame" if frame else "position_vector"
    pipeline = (
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        f"+step +proj=cart +a={semi_major} +rf={flattening} "
        f"+step +proj=helmert +x={dx} +y={dy} +z={dz} +rx={rx} +ry={ry} +rz={rz} +s={scale} +convention={convention} "
        f"+step +inv +proj=cart +a={CGCS2000_A} +rf={CGCS2000_RF} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    moved = Transformer.from_pipeline(pipeline).transform(lonlat[:, 0], lonlat[:, 1], np.zeros(len(lonlat)))
    return np.column_stack(moved[:2])
