"""What was said of the system (by the user, a .prj, a boundary-point file's head), held against the numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecozone.errors import CRSError
from ecozone.intake import gauss, numbers
from ecozone.intake.candidates import Place, Reading, by_numbers, choose
from ecozone.intake.issue import Issue
from ecozone.intake.raw import RawTable


def as_given(
    given: str, declared: str | None, found: numbers.Numbers, xy: NDArray[np.float64], issues: list[Issue], what: str
) -> Reading:
    """Read as the user says, who may overrule the file and not the numbers."""
    shifted = {"GCJ02": "GCJ02", "GCJ-02": "GCJ02", "BD09": "BD09", "BD-09": "BD09"}.get(given.upper())
    if shifted:
        if found.form != "degrees":
            raise CRSError(f"--crs 指定为{gauss.DATUMS[shifted]}，但{what}的坐标不是经纬度，请核对。")
        return Reading(gauss.understand("EPSG:4490"), "指定", shifted)
    system = gauss.understand(given)
    if declared is not None and declared != "DDD.MMSS" and _differ(gauss.understand(declared), system):
        message = f"文件声明为 {gauss.understand(declared).label}，按 --crs 指定的 {system.label} 读取。"
        issues.append(Issue("crs-overridden", message))
    if (system.form == "degrees" and found.form in ("prefixed", "plain")) or (
        system.form == "gk" and found.form == "degrees"
    ):
        is_now = "经纬度" if found.form == "degrees" else "投影坐标"
        raise CRSError(
            f"--crs 指定为 {system.label}，但{what}的坐标（{xy[0, 0]:.3f}，"
            f"{xy[0, 1]:.3f}）是{is_now}，两者矛盾，请核对。"
        )
    mended = _prefix(system, found, issues)
    if mended is None:
        raise CRSError(f"--crs 指定为 {system.label}，但{what}的横坐标带号前缀是 {found.zone}，两者矛盾，请核对。")
    return Reading(mended, "指定")


def _differ(a: gauss.System, b: gauss.System) -> bool:
    if a.form == b.form != "other":
        return (a.datum, a.meridian, a.prefix) != (b.datum, b.meridian, b.prefix)
    return a.code != b.code


def declared_as(
    system: gauss.System,
    where: str,
    found: numbers.Numbers,
    xy: NDArray[np.float64],
    place: Place | None,
    issues: list[Issue],
    what: str,
) -> Reading:
    """Read as the file says; where its numbers say otherwise, they count and the issue tells it."""
    how = f"{where}声明"
    datum = system.datum if system.datum in ("CGCS2000", "WGS84", *gauss.OLD) else "CGCS2000"
    if system.form == "other" or found.form == "unknown":
        if system.form == "degrees":
            raise numbers.unlike_china(xy, what)
        return Reading(system, how)
    if system.form == "degrees":
        if found.form == "degrees":
            return Reading(system, how)
        issues.append(_contradiction(system, where, "投影坐标（米）", xy))
        return by_numbers(datum, found, xy, place, issues, what, f"{where}声明为经纬度，坐标却是米", silent=True)
    if found.form == "degrees":
        issues.append(_contradiction(system, where, "经纬度", xy))
        return Reading(gauss.understand(gauss.geographic(datum)), f"坐标为经纬度，基准取自{where}")
    mended = _prefix(system, found, issues)
    if mended is not None:
        return Reading(mended, how if mended == system else f"{where}声明，带号前缀按坐标数值")
    readings = [
        gauss.understand(gauss.epsg(datum, found.width or 3, found.zone or 0, prefixed=True)),
        gauss.understand(_shifted(system, found)),
    ]
    reason = f"{what}的{where}声明为 {system.label}，横坐标的带号前缀却是 {found.zone}；"
    chosen = choose(readings, xy, place, reason)
    issues.append(
        Issue("crs-contradicts", f"{reason}只有 {chosen.label} 落在{place.name if place else ''}内，按它读取。")
    )
    return Reading(chosen, "由所在区域确定")


def _contradiction(system: gauss.System, where: str, what: str, xy: NDArray[np.float64]) -> Issue:
    return Issue(
        "crs-contradicts",
        f"{where}声明为 {system.label}，坐标（{xy[0, 0]:.3f}，{xy[0, 1]:.3f}）却是{what}，按坐标数值读取；请更正声明。",
    )


def _prefix(system: gauss.System, found: numbers.Numbers, issues: list[Issue]) -> gauss.System | None:
    """Return the system whose prefix is the numbers', same meridian; None when the prefix is another zone's."""
    if system.form != "gk" or found.form not in ("prefixed", "plain") or system.meridian is None:
        return system
    if found.zone == system.prefix:
        return system
    if system.scale != 1.0 or system.meridian % 3 or system.datum == "other":
        return system if found.form == "plain" else None
    if found.form == "plain":
        twin = gauss.understand(gauss.plain_at(system.datum, system.meridian))
    else:
        width = found.width or 3
        assert found.zone is not None
        if system.meridian != (3 * found.zone if width == 3 else 6 * found.zone - 3):
            return None
        twin = gauss.understand(gauss.epsg(system.datum, width, found.zone, prefixed=True))
    ahead = f"有带号前缀 {found.zone}" if found.zone else "没有带号前缀"
    issues.append(Issue("crs-prefix", f"声明为 {system.label}，坐标却{ahead}；中央经线相同，按 {twin.label} 读取。"))
    return twin


def _shifted(system: gauss.System, found: numbers.Numbers) -> str:
    """Return the declared system with the false easting that the numbers' prefix needs."""
    assert found.zone is not None
    ellipsoid = {"Xian80": "+a=6378140 +rf=298.257", "Beijing54": "+ellps=krass"}.get(
        system.datum, "+a=6378137 +rf=298.257222101"
    )
    return (
        f"+proj=tmerc +lat_0=0 +lon_0={system.meridian} +k={system.scale} "
        f"+x_0={found.zone * 1e6 + 5e5} +y_0=0 {ellipsoid} +units=m"
    )


def by_head(
    table: RawTable,
    found: numbers.Numbers,
    xy: NDArray[np.float64],
    place: Place | None,
    issues: list[Issue],
    what: str,
) -> Reading:
    """Decide with what a boundary-point file's head says: datum, width, zone."""
    said = table.declared
    datum = said.datum or "CGCS2000"
    if said.datum is None:
        issues.append(
            Issue("crs-inferred", "文件头没有写坐标系，按 CGCS2000 读取；如为西安80、北京54 请用 --crs 指定。")
        )
    if found.form == "degrees":
        return Reading(gauss.understand(gauss.geographic(datum)), "文件头声明，坐标为经纬度")
    if found.form == "unknown":
        raise numbers.unlike_china(xy, what)
    meridian = _meridian(said.zone, said.zone_width)
    if found.form == "plain":
        if meridian is None:
            return by_numbers(datum, found, xy, place, issues, what, "文件头没有带号，坐标也没有带号前缀", silent=True)
        return Reading(gauss.understand(gauss.plain_at(datum, meridian)), "文件头的带号")
    assert found.zone is not None and found.width is not None
    own = gauss.understand(gauss.epsg(datum, found.width, found.zone, prefixed=True))
    if said.zone is None:
        issues.append(Issue("txt-zone-empty", f"带号为空，由坐标前缀 {found.zone} 确定为 {own.label}。"))
        return Reading(own, "坐标前缀")
    if meridian == own.meridian:
        if said.zone != found.zone or (said.zone_width or found.width) != found.width:
            issues.append(
                Issue(
                    "crs-twin",
                    f"文件头写第 {said.zone} 带，坐标前缀为 {found.zone}，中央经线同为 {own.meridian:g}°，坐标相同。",
                )
            )
        return Reading(own, "文件头声明")
    reason = f"{what}的带号为 {said.zone}，坐标前缀却是 {found.zone}；"
    readings = [own]
    if meridian is not None:
        readings.append(gauss.understand(_shifted(gauss.System("", "gk", datum, meridian, said.zone), found)))
    else:
        issues.append(Issue("txt-zone-contradicts", f"{reason}第 {said.zone} 带不在中国范围内，按坐标前缀读取。"))
        return Reading(own, "坐标前缀")
    chosen = choose(readings, xy, place, reason)
    issues.append(
        Issue("txt-zone-contradicts", f"{reason}只有 {chosen.label} 落在{place.name if place else ''}内，按它读取。")
    )
    return Reading(chosen, "由所在区域确定")


def _meridian(zone: int | None, width: int | None) -> float | None:
    if zone is None:
        return None
    width = width or (3 if zone >= 25 else 6)
    meridian = 3.0 * zone if width == 3 else 6.0 * zone - 3
    if not 75 <= meridian <= 135 and 25 <= zone <= 45:
        meridian = 3.0 * zone
    elif not 75 <= meridian <= 135 and 13 <= zone <= 23:
        meridian = 6.0 * zone - 3
    return meridian if 75 <= meridian <= 135 else None
