"""Where data lies: the declared system against the numbers, decided only where the evidence leaves one reading.

Otherwise the user is asked, with the candidates and where each would put the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import CRSError
from ecozone.intake import gauss, numbers
from ecozone.intake.candidates import AmbiguousCRSError, Candidate, Place, Reading, by_numbers
from ecozone.intake.declared import as_given, by_head, declared_as
from ecozone.intake.issue import Issue
from ecozone.intake.packed import unpacked
from ecozone.intake.raw import RawTable
from ecozone.intake.shift import to_geographic

__all__ = ["AmbiguousCRSError", "Candidate", "Located", "Place", "locate"]


@dataclass(frozen=True)
class Located:
    """Geometries in EPSG:4490, the CRS found, how, and what there is to say."""

    geometry: NDArray[Any]
    crs: str
    how: str
    issues: tuple[Issue, ...] = ()


def locate(
    table: RawTable, *, crs: str | None = None, place: Place | None = None, accuracy_m: float | None = None
) -> Located:
    """Bring a raw table to EPSG:4490.

    Parameters
    ----------
    table : RawTable
    crs : str, optional
        What the user says: an EPSG code or WKT, ``GCJ02``, ``BD09``, or ``DDD.MMSS`` for packed degrees.
    place : Place, optional
        Where the data should lie: it may decide between readings.
    accuracy_m : float, optional
        Stated by the user: then an old datum is taken without its parameters, and flagged.

    Raises
    ------
    AmbiguousCRSError
        Several readings are left.
    CRSError, SiteError
        The numbers are no coordinates of China, contradict what the user says, or are of an old datum.
    """
    what = f"“{table.path.name}”" if table.path is not None else "数据"
    geometry = shapely.force_2d(table.geometry)
    there = ~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)
    if not there.any():
        return Located(geometry, gauss.geographic("CGCS2000"), "没有几何")
    issues: list[Issue] = []
    xy = shapely.get_coordinates(geometry[there])
    geometry, xy, given, declared_crs = unpacked(table, geometry, xy, crs, issues, what)
    found = numbers.look(xy, what)
    if found.form != "unknown" and found.north_first != bool(table.declared.north_first):
        issues.append(_swap_issue(found, table))
    if found.north_first if found.form != "unknown" else bool(table.declared.north_first):
        geometry = shapely.transform(geometry, lambda c: c[:, ::-1])
        xy = xy[:, ::-1]
    reading = _read(table, found, xy, given, declared_crs, place, issues, what)
    geographic, shift_issues = to_geographic(
        geometry, reading.system, reading.datum, table.declared.parameters, accuracy_m, what
    )
    issues += shift_issues
    inside = shapely.get_coordinates(geographic[there])
    if numbers.look(inside, what).form != "degrees" or numbers.look(inside, what).north_first:
        raise CRSError(
            f"{what}按 {reading.system.label} 换算后在（{inside[0, 0]:.3f}，"
            f"{inside[0, 1]:.3f}），不在中国范围内，请用 --crs 指定正确的坐标系。"
        )
    label = gauss.DATUMS[reading.datum] if reading.datum else reading.system.label
    return Located(geographic, label, reading.how, tuple(issues))


def _swap_issue(found: numbers.Numbers, table: RawTable) -> Issue:
    first = "纵坐标（北）" if found.north_first else "横坐标（东）"
    if found.form == "degrees":
        first = "纬度" if found.north_first else "经度"
    usual = "X（北）在前" if table.declared.north_first else "东（经度）在前"
    return Issue("axes-swapped", f"坐标按数值看{first}在前，与通常的“{usual}”相反，已按数值读取。", len(table))


def _read(
    table: RawTable,
    found: numbers.Numbers,
    xy: NDArray[np.float64],
    given: str | None,
    declared_crs: str | None,
    place: Place | None,
    issues: list[Issue],
    what: str,
) -> Reading:
    if given is not None:
        return as_given(given, declared_crs, found, xy, issues, what)
    declared = table.declared
    if declared.datum in ("GCJ02", "BD09"):
        if found.form != "degrees":
            raise CRSError(f"{what}声明为{gauss.DATUMS[declared.datum]}，坐标却不是经纬度，请用 --crs 指定。")
        return Reading(gauss.understand("EPSG:4490"), f"{declared.where}声明", declared.datum)
    if declared_crs is not None:
        return declared_as(gauss.understand(declared_crs), declared.where, found, xy, place, issues, what)
    if declared.datum or declared.zone or declared.zone_width:
        return by_head(table, found, xy, place, issues, what)
    return by_numbers("CGCS2000", found, xy, place, issues, what, "没有声明坐标系")
