"""Degrees, minutes and seconds packed into one number (``ddd.mmss``): told from decimal degrees, and undone."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import CRSError
from ecozone.intake import coordinates
from ecozone.intake.candidates import AmbiguousCRSError, Candidate
from ecozone.intake.issue import Issue
from ecozone.intake.raw import RawTable


def unpacked(
    table: RawTable, geometry: NDArray[Any], xy: NDArray[np.float64], crs: str | None, issues: list[Issue], what: str
) -> tuple[NDArray[Any], NDArray[np.float64], str | None, str | None]:
    """Turn packed ``ddd.mmss`` into degrees where it was said, or where only that reading fits the stated area."""
    declared = table.declared.crs
    said = (crs or declared or "").upper() == "DDD.MMSS"
    if not said and not (table.format in ("界址点TXT", "CSV", "XLSX") and crs is None and np.abs(xy).max() <= 180):
        return geometry, xy, crs, declared
    values = [coordinates.unpack(float(v)) for v in xy.ravel()]
    could = all(v is not None for v in values)
    if said and not could:
        raise CRSError(f"{what}说是度分秒连写（ddd.mmss），但有坐标的分或秒不小于 60，请核对。")
    if not said:
        said = (
            could
            and table.format == "界址点TXT"
            and len(np.unique(xy)) >= 3
            and _area_says_packed(table, geometry, what)
        )
        if not said:
            return geometry, xy, crs, declared
    issues.append(Issue("txt-packed-dms", "坐标为度分秒连写（ddd.mmss），已换算为度。"))
    out = shapely.transform(
        geometry, lambda c: np.array([[coordinates.unpack(float(v)) for v in row] for row in c], dtype=float)
    )
    there = ~shapely.is_missing(out) & ~shapely.is_empty(out)
    return out, shapely.get_coordinates(out[there]), None if crs else crs, None


def _area_says_packed(table: RawTable, geometry: NDArray[Any], what: str) -> bool:
    """Compare the stated area with both readings of numbers that could be packed."""
    from ecozone import measure

    def square_metres(unpacked: bool) -> float:
        shapes = geometry[shapely.get_dimensions(geometry) == 2]
        if unpacked:
            shapes = shapely.transform(
                shapes, lambda c: np.array([[coordinates.unpack(float(v)) for v in row] for row in c], dtype=float)
            )
        if len(shapes) and shapely.total_bounds(shapes)[0] < 60:
            shapes = shapely.transform(shapes, lambda c: c[:, ::-1])
        return float(measure.area_m2(shapes).sum())

    stated = [coordinates.read(str(v).rstrip("公顷 ")) for v in table.columns.get("登记面积", ()) if v is not None]
    figures = [s.value for s in stated if s is not None and s.value > 0]
    if figures and len(figures) == len(table):
        plain, packed = (square_metres(u) / (sum(figures) * 10_000) for u in (False, True))
        if abs(plain - 1) < 0.03 <= abs(packed - 1):
            return False
        if abs(packed - 1) < 0.03 <= abs(plain - 1):
            return True
    centre = shapely.get_coordinates(geometry)[0]
    lon, lat = (max(centre), min(centre))
    turned = [coordinates.unpack(v) or 0.0 for v in (lon, lat)]
    raise AmbiguousCRSError(
        f"{what}的坐标分、秒都小于 60，可能是十进制度，也可能是度分秒连写（ddd.mmss），登记面积不足以区分；",
        (Candidate("EPSG:4490", "十进制度", lon, lat), Candidate("DDD.MMSS", "度分秒连写", turned[0], turned[1])),
    )
