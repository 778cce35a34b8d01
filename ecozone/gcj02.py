"""GCJ-02, the shifted coordinates of Chinese web maps, there and back.

The shift's formula is the one every map client carries; the way back is by fixed-point iteration, exact to 1e-8 m.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_A, _EE = 6378245.0, 0.00669342162296594323

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
    """Bring GCJ-02 positions, shape ``(n, 2)`` degrees, back."""
    guess = lonlat.copy()
    for _ in range(8):
        guess = guess + (lonlat - to_gcj02(guess))
    return guess
