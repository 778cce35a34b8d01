"""What coordinates are by their size alone: degrees, prefixed or plain Gauss-Krüger, and which axis stands first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecozone.crs import CHINA
from ecozone.errors import CRSError, SiteError
from ecozone.intake import limits

#: Northings and plain eastings of China, metres. The ranges do not meet, so swapped axes show.
_NORTH = (1_700_000.0, 6_200_000.0)
_EAST = (-1_000_000.0, 1_600_000.0)


@dataclass(frozen=True)
class Numbers:
    """The form of some coordinates.

    Parameters
    ----------
    form : str
        ``degrees``, ``prefixed``, ``plain`` or ``unknown``.
    north_first : bool
        The first number is the northing or latitude.
    zone : int or None
        The prefix, for ``prefixed``.
    """

    form: str
    north_first: bool = False
    zone: int | None = None

    @property
    def width(self) -> int | None:
        """3 or 6 by the prefix (25 to 45, 13 to 23 do not meet)."""
        return None if self.zone is None else 3 if self.zone >= 25 else 6


def look(xy: NDArray[np.float64], name: str = "数据") -> Numbers:
    """Say what coordinates are.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)

    Raises
    ------
    SiteError
        NaN, infinite or giant numbers.
    CRSError
        Eastings with two different prefixes.
    """
    if not np.isfinite(xy).all():
        raise SiteError(f"{name}的坐标含有空值（NaN）或无穷大，请检查后重新导出。")
    if np.abs(xy).max() > limits.GIANT:
        raise SiteError(f"{name}的坐标有 {np.abs(xy).max():.3g} 这样的巨大数值，不是地面坐标，请检查单位和坐标系。")
    low, high = xy.min(axis=0), xy.max(axis=0)
    for north_first in (False, True):
        e, n = (1, 0) if north_first else (0, 1)
        west, south, east, north = CHINA
        if west <= low[e] and high[e] <= east and south <= low[n] and high[n] <= north:
            return Numbers("degrees", north_first)
    for north_first in (False, True):
        e, n = (1, 0) if north_first else (0, 1)
        if not (_NORTH[0] <= low[n] and high[n] <= _NORTH[1]):
            continue
        if _EAST[0] <= low[e] and high[e] <= _EAST[1]:
            return Numbers("plain", north_first)
        if low[e] >= 13e6 and high[e] < 46e6 and not (24e6 <= low[e] < 25e6):
            zones = np.unique((xy[:, e] // 1e6).astype(int))
            if len(zones) > 1:
                raise CRSError(
                    f"{name}的横坐标有不同的带号前缀（{'、'.join(map(str, zones[:5]))}）"
                    f"，请先换算到同一带，或按带拆成几个文件。"
                )
            return Numbers("prefixed", north_first, int(zones[0]))
    return Numbers("unknown")


def unlike_china(xy: NDArray[np.float64], name: str) -> CRSError | SiteError:
    """Return the error for numbers that are no coordinates of China in any known form."""
    x, y = xy[0]
    if np.abs(xy).max() <= 180:
        return SiteError(
            f"{name}的坐标（{x:.6f}，{y:.6f}）是经纬度，但不在中国范围内（东经 73–136°，"
            f"北纬 17–54.5°），请核对坐标和坐标系。"
        )
    return CRSError(
        f"{name}的坐标（{x:.3f}，{y:.3f}）既不是中国的经纬度，也不是常见的高斯克吕格坐标，"
        "可能是地方独立坐标系或 Web 墨卡托；请用 --crs 指明坐标系，例如 --crs EPSG:4544。"
    )
