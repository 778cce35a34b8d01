"""Whether an imported outline fits a known one better after a shift: GCJ-02, BD-09, or a plain displacement.

Measured, not guessed: the mean distance from points along the imported boundary to the known one, before and after.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.crs import Plane
from ecozone.intake import datum
from ecozone.intake.issue import Issue

#: A shift is suspected when the boundary lies farther off than this, metres, and the shift takes away most of it.
FAR_M = 80.0
BETTER = 0.35
_POINTS = 600


def suspicions(imported: Any, known: Any, what: str) -> list[Issue]:
    """Compare an imported outline with a known one.

    Parameters
    ----------
    imported, known : polygonal geometries in EPSG:4490
    what : str
        What the known outline is, for the message.

    Returns
    -------
    list of Issue
        ``gcj02-suspected``, ``bd09-suspected`` or ``shift-suspected``, with the figures; empty when the fit is good or
        no shift mends it.
    """
    if imported is None or known is None or shapely.is_empty(imported) or shapely.is_empty(known):
        return []
    centre = shapely.centroid(known)
    plane = Plane(centre.x, centre.y)
    target = shapely.boundary(shapely.transform(known, plane.forward))
    lonlat = _along(imported)
    before = _distance(lonlat, plane, target)
    if not np.isfinite(before) or before < FAR_M:
        return []
    trials = {"gcj02": datum.from_gcj02(lonlat), "bd09": datum.from_bd09(lonlat)}
    after = {name: _distance(moved, plane, target) for name, moved in trials.items()}
    best = min(after, key=lambda k: after[k])
    if after[best] < BETTER * before:
        label = {"gcj02": "火星坐标（GCJ-02）", "bd09": "百度坐标（BD-09）"}[best]
        crs = {"gcj02": "GCJ02", "bd09": "BD09"}[best]
        message = (
            f"与{what}的边界平均相距 {before:.0f} 米，按{label}还原后为 {after[best]:.0f} 米：疑似{label}，"
            f"请向提供单位核实；确认后用 --crs {crs} 重新读取。"
        )
        return [Issue(f"{best}-suspected", message)]
    return _displaced(lonlat, imported, known, plane, target, before, what)


def _displaced(
    lonlat: NDArray[np.float64], imported: Any, known: Any, plane: Plane, target: Any, before: float, what: str
) -> list[Issue]:
    a = shapely.transform(imported, plane.forward)
    b = shapely.transform(known, plane.forward)
    size = shapely.area(a) / max(shapely.area(b), 1e-9)
    if not 0.8 < size < 1.25:
        return []
    shift = shapely.get_coordinates(shapely.centroid(b))[0] - shapely.get_coordinates(shapely.centroid(a))[0]
    xy = plane.forward(lonlat) + shift
    after = float(np.mean(shapely.distance(shapely.points(xy), target)))
    if after >= BETTER * before:
        return []
    east, north = -shift
    message = (
        f"与{what}形状相同而整体偏移：向{'东' if east > 0 else '西'} {abs(east) / 1000:.2f} 公里、"
        f"向{'北' if north > 0 else '南'} {abs(north) / 1000:.2f} 公里（边界平均相距 {before:.0f} 米，"
        f"平移后 {after:.0f} 米）；"
        "数据来源有误，请改用正确的数据。"
    )
    return [Issue("shift-suspected", message)]


def _along(geometry: Any) -> NDArray[np.float64]:
    """Return points spread evenly along a boundary, degrees."""
    line = shapely.boundary(geometry)
    spots = shapely.line_interpolate_point(shapely.line_merge(line), np.linspace(0, 1, _POINTS), normalized=True)
    parts = shapely.get_parts(line)
    if len(parts) > 1:
        share = shapely.length(parts) / shapely.length(parts).sum()
        spots = np.concatenate(
            [
                shapely.line_interpolate_point(p, np.linspace(0, 1, max(4, int(_POINTS * s))), normalized=True)
                for p, s in zip(parts, share.tolist(), strict=True)
            ]
        )
    return np.asarray(shapely.get_coordinates(spots), dtype=float)


def _distance(lonlat: NDArray[np.float64], plane: Plane, target: Any) -> float:
    return float(np.mean(shapely.distance(shapely.points(plane.forward(lonlat)), target)))
