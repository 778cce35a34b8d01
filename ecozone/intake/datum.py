"""The shifted coordinates of Chinese web maps, GCJ-02 and BD-09, there and back; and seven-parameter shifts.

BD-09 is a second shift upon GCJ-02; the way back is by fixed-point iteration, exact to 1e-8 m.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecozone.crs import CGCS2000_A, CGCS2000_RF
from ecozone.gcj02 import from_gcj02, to_gcj02

__all__ = ["Pairs", "from_bd09", "from_gcj02", "helmert", "to_bd09", "to_gcj02"]

_BD = np.pi * 3000.0 / 180.0

Pairs = NDArray[np.float64]


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
