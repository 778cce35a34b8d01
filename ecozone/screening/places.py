"""The places of a table's rows: brought to EPSG:4490 all at once, each row refused for a reason of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs as systems
from ecozone.errors import CRSError, InputError
from ecozone.intake.coordinates import printed_m
from ecozone.intake.shift import cut_edges
from ecozone.intake.site import read_place

_NO_SHAPE = "没有几何图形（为空），请提供点、线或面。"


@dataclass(frozen=True)
class Places:
    """Geometries in EPSG:4490 (None where a row has none that can be used), their accuracy, and reasons."""

    geometry: NDArray[Any]
    accuracy_m: NDArray[np.float64]
    reason: NDArray[Any]


def from_geometry(geometry: NDArray[Any], crs: str | None) -> Places:
    """Read geometries that a program or a file gives.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
        None and empty ones are rows without a place.
    crs : str or None
        Their CRS; None: EPSG:4490.

    Raises
    ------
    CRSError
        The CRS is unknown.
    """
    n = len(geometry)
    reason = np.full(n, None, dtype=object)
    out = np.full(n, None, dtype=object)
    missing = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    reason[missing] = _NO_SHAPE
    mixed = ~missing & (shapely.get_type_id(geometry) == 7)
    reason[mixed] = "混有点、线、面，请拆成单独的部分。"
    rows = np.flatnonzero(~missing & ~mixed)
    flat = shapely.force_2d(geometry[rows])
    bounds = shapely.bounds(flat)
    bare = crs is None or str(crs).upper() == systems.GEOGRAPHIC
    if len(rows) and not bare:
        flat = _to_degrees(flat, str(crs))
        bounds = shapely.bounds(flat)
    west, south, east, north = systems.CHINA
    inside = (
        np.isfinite(bounds).all(axis=1)
        & (bounds[:, 0] >= west) & (bounds[:, 2] <= east) & (bounds[:, 1] >= south) & (bounds[:, 3] <= north)
    )  # fmt: skip
    for i in np.flatnonzero(~inside).tolist():
        reason[rows[i]] = _sentence(bounds[i], None if bare else crs)
    valid = shapely.is_valid(flat)
    for i in np.flatnonzero(inside & ~valid).tolist():
        why = shapely.is_valid_reason(flat[i])
        reason[rows[i]] = f"边界自相交或无效（{why}），请按实际边界改正界址点顺序；项目边界不自动修复。"
    good = inside & valid
    out[rows[good]] = flat[good]
    return Places(out, np.zeros(n), reason)


def from_text(values: NDArray[Any], crs: str | None) -> Places:
    """Read places that are written as text (WKT, ``lon,lat``, degrees-minutes-seconds), each as `Project` would."""
    n = len(values)
    out, accuracy, reason = np.full(n, None, dtype=object), np.zeros(n), np.full(n, None, dtype=object)
    for i, value in enumerate(values.tolist()):
        if isinstance(value, shapely.Geometry):
            out[i] = value
            continue
        text = "" if value is None or value != value else str(value).strip()  # noqa: PLR0124 - NaN differs from itself
        if not text:
            reason[i] = _NO_SHAPE
            continue
        try:
            place = read_place(text, crs=crs, accuracy_m=None)
        except InputError as error:
            reason[i] = str(error)
            continue
        out[i], accuracy[i] = place.geometry, place.accuracy_m
    checked = from_geometry(out, None)
    return Places(checked.geometry, accuracy, np.where([r is None for r in reason], checked.reason, reason))


def from_numbers(lon: NDArray[Any], lat: NDArray[Any], crs: str | None) -> Places:
    """Read places from two columns of numbers; the digits given say how precise they are."""
    n = len(lon)
    xy = np.full((n, 2), np.nan)
    digits = np.zeros((n, 2))
    reason = np.full(n, None, dtype=object)
    for i, pair in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
        try:
            xy[i] = [float(v) for v in pair]
        except (TypeError, ValueError):
            reason[i] = f"坐标“{pair[0]}，{pair[1]}”不是数字。"
            continue
        if not np.isfinite(xy[i]).all():
            reason[i] = _NO_SHAPE
            continue
        digits[i] = [len(str(v).partition(".")[2]) if "e" not in str(v).lower() else 15 for v in pair]
    points = np.full(n, None, dtype=object)
    there = np.isfinite(xy).all(axis=1)
    points[there] = shapely.points(xy[there])
    degrees = crs is None or str(crs).upper() == systems.GEOGRAPHIC
    units = 10.0**-digits
    accuracy = printed_m(units[:, 0], units[:, 1], np.nan_to_num(xy[:, 1]) if degrees else None)
    checked = from_geometry(points, crs)
    return Places(checked.geometry, accuracy, np.where([r is None for r in reason], checked.reason, reason))


def place_columns(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return which fields of a table hold its places: ``("lon", "lat")``, ``("wkt",)`` or ``("place",)``.

    Raises
    ------
    InputError
        The table has none.
    """
    if "wkt" in fields:
        return ("wkt",)
    if "lon" in fields and "lat" in fields:
        return ("lon", "lat")
    if "place" in fields:
        return ("place",)
    raise InputError("表里没有位置：请提供几何图形，或“经度”“纬度”两列，或 WKT 列。")


def _to_degrees(geometry: NDArray[Any], crs: str) -> NDArray[Any]:
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError as ProjError

    try:
        source = CRS.from_user_input(crs)
    except ProjError:
        raise CRSError(f"无法识别坐标系“{crs}”，请写成 EPSG 代码，例如 EPSG:4490 或 EPSG:4544。") from None
    systems.check_datum(source, "坐标")
    if not source.is_geographic:
        geometry = cut_edges(geometry)
    to = Transformer.from_crs(source, systems.GEOGRAPHIC, always_xy=True)
    return shapely.transform(geometry, lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1])))


def _sentence(bounds: NDArray[np.float64], crs: str | None) -> str:
    try:
        systems.check_in_china(bounds, what=f"按 {crs} 换算后的坐标" if crs else "坐标")
    except InputError as error:
        return str(error)
    return "坐标不在中国范围内。"
