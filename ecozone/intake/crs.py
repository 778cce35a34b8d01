"""Where data lies: the declared system against the numbers, decided only where the evidence leaves one reading.

Otherwise the user is asked, with the candidates and where each would put the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import CRSError
from ecozone.intake import coordinates, gauss, numbers
from ecozone.intake.issue import Issue
from ecozone.intake.raw import RawTable
from ecozone.intake.shift import to_geographic

#: How far beyond a region's outline a reading may put data and still count as inside, degrees (about 5 km).
SLACK = 0.05


@dataclass(frozen=True)
class Candidate:
    """One way to read the numbers: the CRS to name, what it is, and where it puts the data's centre."""

    crs: str
    label: str
    lon: float
    lat: float

    def __str__(self) -> str:
        return f"{self.label} → 东经 {self.lon:.4f}°，北纬 {self.lat:.4f}°"


class AmbiguousCRSError(CRSError):
    """The evidence leaves several readings; `candidates` says which and where each puts the data."""

    def __init__(self, reason: str, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)
        shown = "；".join(map(str, self.candidates[:6]))
        more = f"；等 {len(self.candidates)} 种" if len(self.candidates) > 6 else ""
        example = self.candidates[0].crs if self.candidates else "EPSG:4544"
        super().__init__(f"{reason}可能是：{shown}{more}。请核对后用 --crs 指定，例如 --crs {example}。")


@dataclass(frozen=True)
class Place:
    """The region that the data should lie in: its outline in EPSG:4490 and its name."""

    outline: Any
    name: str

    def holds(self, lon: float, lat: float) -> bool:
        """Say whether a point lies in the region, or nearly."""
        return bool(shapely.distance(self.outline, shapely.Point(lon, lat)) <= SLACK)


@dataclass(frozen=True)
class Located:
    """Geometries in EPSG:4490, the CRS found, how, and what there is to say."""

    geometry: NDArray[Any]
    crs: str
    how: str
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """A CRS for numbers brought into east-north order."""

    system: gauss.System
    how: str
    datum: str | None = None  # GCJ02, BD09 over geographic numbers


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
    geometry, xy, given, declared_crs = _unpacked(table, geometry, xy, crs, issues, what)
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


def _unpacked(
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
) -> _Reading:
    if given is not None:
        return _as_given(given, declared_crs, found, xy, issues, what)
    declared = table.declared
    if declared.datum in ("GCJ02", "BD09"):
        if found.form != "degrees":
            raise CRSError(f"{what}声明为{gauss.DATUMS[declared.datum]}，坐标却不是经纬度，请用 --crs 指定。")
        return _Reading(gauss.understand("EPSG:4490"), f"{declared.where}声明", declared.datum)
    if declared_crs is not None:
        return _declared(gauss.understand(declared_crs), declared.where, found, xy, place, issues, what)
    if declared.datum or declared.zone or declared.zone_width:
        return _by_head(table, found, xy, place, issues, what)
    return _by_numbers("CGCS2000", found, xy, place, issues, what, "没有声明坐标系")


def _as_given(
    given: str, declared: str | None, found: numbers.Numbers, xy: NDArray[np.float64], issues: list[Issue], what: str
) -> _Reading:
    shifted = {"GCJ02": "GCJ02", "GCJ-02": "GCJ02", "BD09": "BD09", "BD-09": "BD09"}.get(given.upper())
    if shifted:
        if found.form != "degrees":
            raise CRSError(f"--crs 指定为{gauss.DATUMS[shifted]}，但{what}的坐标不是经纬度，请核对。")
        return _Reading(gauss.understand("EPSG:4490"), "指定", shifted)
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
    return _Reading(mended, "指定")


def _differ(a: gauss.System, b: gauss.System) -> bool:
    if a.form == b.form != "other":
        return (a.datum, a.meridian, a.prefix) != (b.datum, b.meridian, b.prefix)
    return a.code != b.code


def _declared(
    system: gauss.System,
    where: str,
    found: numbers.Numbers,
    xy: NDArray[np.float64],
    place: Place | None,
    issues: list[Issue],
    what: str,
) -> _Reading:
    how = f"{where}声明"
    datum = system.datum if system.datum in ("CGCS2000", "WGS84", *gauss.OLD) else "CGCS2000"
    if system.form == "other" or found.form == "unknown":
        if system.form == "degrees":
            raise numbers.unlike_china(xy, what)
        return _Reading(system, how)
    if system.form == "degrees":
        if found.form == "degrees":
            return _Reading(system, how)
        issues.append(_contradiction(system, where, "投影坐标（米）", xy))
        return _by_numbers(datum, found, xy, place, issues, what, f"{where}声明为经纬度，坐标却是米", silent=True)
    if found.form == "degrees":
        issues.append(_contradiction(system, where, "经纬度", xy))
        return _Reading(gauss.understand(gauss.geographic(datum)), f"坐标为经纬度，基准取自{where}")
    mended = _prefix(system, found, issues)
    if mended is not None:
        return _Reading(mended, how if mended == system else f"{where}声明，带号前缀按坐标数值")
    readings = [
        gauss.understand(gauss.epsg(datum, found.width or 3, found.zone or 0, prefixed=True)),
        gauss.understand(_shifted(system, found)),
    ]
    reason = f"{what}的{where}声明为 {system.label}，横坐标的带号前缀却是 {found.zone}；"
    chosen = _choose(readings, xy, place, reason)
    issues.append(
        Issue("crs-contradicts", f"{reason}只有 {chosen.label} 落在{place.name if place else ''}内，按它读取。")
    )
    return _Reading(chosen, "由所在区域确定")


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


def _by_head(
    table: RawTable,
    found: numbers.Numbers,
    xy: NDArray[np.float64],
    place: Place | None,
    issues: list[Issue],
    what: str,
) -> _Reading:
    """Decide with what a boundary-point file's head says: datum, width, zone."""
    said = table.declared
    datum = said.datum or "CGCS2000"
    if said.datum is None:
        issues.append(
            Issue("crs-inferred", "文件头没有写坐标系，按 CGCS2000 读取；如为西安80、北京54 请用 --crs 指定。")
        )
    if found.form == "degrees":
        return _Reading(gauss.understand(gauss.geographic(datum)), "文件头声明，坐标为经纬度")
    if found.form == "unknown":
        raise numbers.unlike_china(xy, what)
    meridian = _meridian(said.zone, said.zone_width)
    if found.form == "plain":
        if meridian is None:
            return _by_numbers(datum, found, xy, place, issues, what, "文件头没有带号，坐标也没有带号前缀", silent=True)
        return _Reading(gauss.understand(gauss.plain_at(datum, meridian)), "文件头的带号")
    assert found.zone is not None and found.width is not None
    own = gauss.understand(gauss.epsg(datum, found.width, found.zone, prefixed=True))
    if said.zone is None:
        issues.append(Issue("txt-zone-empty", f"带号为空，由坐标前缀 {found.zone} 确定为 {own.label}。"))
        return _Reading(own, "坐标前缀")
    if meridian == own.meridian:
        if said.zone != found.zone or (said.zone_width or found.width) != found.width:
            issues.append(
                Issue(
                    "crs-twin",
                    f"文件头写第 {said.zone} 带，坐标前缀为 {found.zone}，中央经线同为 {own.meridian:g}°，坐标相同。",
                )
            )
        return _Reading(own, "文件头声明")
    reason = f"{what}的带号为 {said.zone}，坐标前缀却是 {found.zone}；"
    readings = [own]
    if meridian is not None:
        readings.append(gauss.understand(_shifted(gauss.System("", "gk", datum, meridian, said.zone), found)))
    else:
        issues.append(Issue("txt-zone-contradicts", f"{reason}第 {said.zone} 带不在中国范围内，按坐标前缀读取。"))
        return _Reading(own, "坐标前缀")
    chosen = _choose(readings, xy, place, reason)
    issues.append(
        Issue("txt-zone-contradicts", f"{reason}只有 {chosen.label} 落在{place.name if place else ''}内，按它读取。")
    )
    return _Reading(chosen, "由所在区域确定")


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


def _by_numbers(
    datum: str,
    found: numbers.Numbers,
    xy: NDArray[np.float64],
    place: Place | None,
    issues: list[Issue],
    what: str,
    why: str,
    *,
    silent: bool = False,
) -> _Reading:
    """Decide by the numbers alone."""
    if found.form == "unknown":
        raise numbers.unlike_china(xy, what)
    if found.form == "degrees":
        issues.append(
            Issue(
                "crs-inferred",
                f"{why}；坐标为经纬度，按 CGCS2000（EPSG:4490）读取。如取自高德、"
                f"百度地图，请用 --crs GCJ02 或 BD09 指定。",
            )
        )
        return _Reading(gauss.understand("EPSG:4490"), "坐标数值")
    if found.form == "prefixed":
        assert found.zone is not None and found.width is not None
        system = gauss.understand(gauss.epsg(datum, found.width, found.zone, prefixed=True))
        if not silent:
            issues.append(
                Issue(
                    "crs-inferred",
                    f"{why}；横坐标带号前缀为 {found.zone}，按 {system.label} 读取。"
                    f"如为西安80、北京54 请用 --crs 指定。",
                )
            )
        return _Reading(system, "坐标前缀")
    readings = [gauss.understand(gauss.plain_at(datum, m)) for m in _meridians(xy)]
    chosen = _choose(readings, xy, place, f"{what}{why}，带号无法确定；")
    issues.append(
        Issue("crs-by-place", f"{why}；在各种带号中只有 {chosen.label} 落在{place.name if place else ''}内，按它读取。")
    )
    return _Reading(chosen, "由所在区域确定")


def _meridians(xy: NDArray[np.float64]) -> list[float]:
    """Return central meridians that plain eastings may belong to: nearest to the middle of China's west first."""
    far = float(np.abs(xy[:, 0] - 500_000).max())
    step = 3 if far <= 170_000 else 6
    every = [m for m in range(75, 136, 3) if step == 3 or (m + 3) % 6 == 0]
    return [float(m) for m in sorted(every, key=lambda m: abs(m - 105))]


def _choose(
    readings: Sequence[gauss.System], xy: NDArray[np.float64], place: Place | None, reason: str
) -> gauss.System:
    """Return the one reading that lies in the region.

    Raises
    ------
    AmbiguousCRSError
        None or several do, or no region is known.
    """
    centre = np.array([(xy.min(axis=0) + xy.max(axis=0)) / 2])
    candidates = []
    for system in readings:
        points, _ = to_geographic(
            np.array([shapely.Point(centre[0])], dtype=object), system, None, (), 0.0, "数据", quiet=True
        )
        candidates.append(
            Candidate(system.code if len(system.code) < 30 else "（见说明）", system.label, points[0].x, points[0].y)
        )
    inside = [i for i, c in enumerate(candidates) if place is not None and place.holds(c.lon, c.lat)]
    if len(inside) == 1:
        return readings[inside[0]]
    if place is not None:
        reason += (
            f"没有哪一种读法单独落在{place.name}内，"
            if not inside
            else f"有 {len(inside)} 种读法都落在{place.name}内，"
        )
    raise AmbiguousCRSError(reason, candidates)
