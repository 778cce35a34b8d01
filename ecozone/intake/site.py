"""Reading one place: a geometry, WKT, ``lon,lat``, the form's degrees-minutes-seconds, GeoJSON or a vector file.

What was typed says how precise it is: the printed digits bound how far the true place may lie away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ecozone import crs as systems
from ecozone.errors import CRSError, GeometryError, SiteError
from ecozone.measure import METRES_PER_DEGREE

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_PAIR = re.compile(rf"^\s*({_NUMBER})\s*[,，\s]\s*({_NUMBER})\s*$")
_DMS = re.compile(
    r"^\s*(?:[EeNn东北][经纬]?)?\s*(\d{1,3})\s*[度°]\s*(\d{1,2})\s*[分′']\s*(\d{1,2}(?:\.\d+)?)\s*(?:秒|″|\"|'')\s*$"
)
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]*")
_WKT = re.compile(r"^\s*(?:SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)|^\s*GEOMETRYCOLLECTION", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A place in EPSG:4490, how far it may be off, and what was assumed in reading it."""

    geometry: Any
    accuracy_m: float
    notes: tuple[str, ...] = ()


def read_place(site: Any, *, crs: str | None = None, accuracy_m: float | None = None) -> Place:
    """Read one place.

    Parameters
    ----------
    site : shapely geometry, str, Path, (x, y), mapping, GeoSeries or GeoDataFrame
    crs : str, optional
        CRS of the coordinates when they are not EPSG:4490 and do not say themselves.
    accuracy_m : float, optional
        Stated accuracy, metres; otherwise taken from the printed digits, 0 for geometries made in a program.

    Raises
    ------
    SiteError, CRSError, GeometryError
        What was given is not a place in China.
    """
    if accuracy_m is not None and not (np.isfinite(accuracy_m) and accuracy_m >= 0):
        raise SiteError(f"坐标精度 {accuracy_m} 不是非负的米数。")
    if isinstance(site, shapely.Geometry):
        return _placed(site, crs, accuracy_m, 0.0, ())
    if isinstance(site, Mapping):
        return _from_geojson(site, crs, accuracy_m, digits=None)
    if hasattr(site, "to_crs"):
        if site.crs is None and crs is None:
            raise CRSError("项目数据没有坐标系，请先用 set_crs(...) 指明，或给出 crs=。")
        merged = _merge(np.asarray(site.geometry.array, dtype=object))
        return _placed(merged, crs or site.crs.to_string(), accuracy_m, 0.0, ())
    if isinstance(site, tuple | list) and len(site) == 2 and all(isinstance(v, int | float) for v in site):
        return _placed(shapely.Point(*site), crs, accuracy_m, 0.0, ())
    if isinstance(site, str | Path):
        return _from_text(str(site), crs, accuracy_m)
    raise SiteError("无法识别项目位置，请提供 WKT、“经度,纬度”、度分秒，或矢量文件。")


def _from_text(text: str, crs: str | None, accuracy_m: float | None) -> Place:
    stripped = text.strip().strip("()（）") if not _WKT.match(text) else text.strip()
    if not stripped:
        raise SiteError("没有给出项目位置，请提供 WKT、“经度,纬度”、度分秒，或矢量文件。")
    if _WKT.match(text):
        return _from_wkt(stripped, crs, accuracy_m)
    pair = _PAIR.match(stripped)
    if pair:
        x, y = pair.groups()
        projected = crs is not None and not _geographic(crs)
        digits = max(_decimals(x), _decimals(y))
        unit = 1.0 if projected else METRES_PER_DEGREE
        return _placed(shapely.Point(float(x), float(y)), crs, accuracy_m, 0.5 * 10.0**-digits * unit, ())
    halves = re.split(r"[,，;；]", stripped)
    if len(halves) == 2 and any(mark in stripped for mark in "度°"):
        return _from_dms(halves, crs, accuracy_m)
    path = Path(text)
    database = text.startswith(("postgresql://", "postgres://"))
    if database or _SUFFIX.fullmatch(path.suffix) or _exists(path):
        from ecozone.intake.vector import read_site_file

        found = read_site_file(text, crs=crs, accuracy_m=accuracy_m)
        systems.check_in_china(np.array(shapely.bounds(found.geometry)))
        return Place(shapely.force_2d(found.geometry), found.accuracy_m, found.notes)
    raise SiteError(
        f"无法识别项目位置“{text[:60]}”。可用：WKT（如 POLYGON((…))）、“经度,纬度”、"
        "“106度54分8.122秒,31度51分30.053秒”，或 GeoJSON、GeoPackage、Shapefile 等文件。"
    )


def _exists(path: Path) -> bool:
    """Say whether there is such a file; a text too long for a name is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _from_wkt(text: str, crs: str | None, accuracy_m: float | None) -> Place:
    srid = re.match(r"\s*SRID=(\d+);", text, re.IGNORECASE)
    if srid:
        text, crs = text[srid.end() :], crs or f"EPSG:{srid.group(1)}"
    try:
        geometry = shapely.from_wkt(text)
    except shapely.GEOSException as error:
        raise GeometryError(
            f"WKT“{text[:60]}”写法有误，请检查括号、逗号和坐标个数；面至少四个点，首尾点相同。"
        ) from error
    digits = max((_decimals(n) for n in re.findall(_NUMBER, text)), default=0)
    unit = 1.0 if crs is not None and not _geographic(crs) else METRES_PER_DEGREE
    return _placed(geometry, crs, accuracy_m, 0.5 * 10.0**-digits * unit, ())


def _from_dms(halves: list[str], crs: str | None, accuracy_m: float | None) -> Place:
    values, digits = [], 99
    for half in halves:
        found = _DMS.match(half)
        if not found:
            raise SiteError(f"度分秒坐标“{half.strip()}”写法不完整，应如 106度54分8.122秒。")
        degrees, minutes, seconds = found.groups()
        if int(minutes) >= 60 or float(seconds) >= 60:
            raise SiteError(f"度分秒坐标“{half.strip()}”的分或秒不小于 60，请核对。")
        values.append(int(degrees) + int(minutes) / 60 + float(seconds) / 3600)
        digits = min(digits, _decimals(seconds))
    if re.match(r"\s*[Nn北]", halves[0]):
        values.reverse()
    precision = 0.5 * 10.0**-digits / 3600 * METRES_PER_DEGREE
    return _placed(shapely.Point(*values), crs, accuracy_m, precision, ())


def _from_geojson(node: Mapping[str, Any], crs: str | None, accuracy_m: float | None, *, digits: int | None) -> Place:
    try:
        geometry = shapely.from_geojson(json.dumps(node))
    except (shapely.GEOSException, TypeError, ValueError):
        raise GeometryError("GeoJSON 里没有可用的几何图形，请检查 type 和 coordinates。") from None
    if shapely.get_type_id(geometry) == 7:
        geometry = _merge(shapely.get_parts(geometry))
    return _placed(geometry, crs, accuracy_m, 0.0, ())


def _merge(geometry: Any) -> Any:
    """Make one geometry of several features of one dimension."""
    there = geometry[~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)]
    if not len(there):
        raise GeometryError("没有找到项目的几何图形，请提供点、线或面。")
    if len(there) == 1:
        return there[0]
    dimensions = np.unique(shapely.get_dimensions(there))
    if len(dimensions) > 1:
        raise GeometryError("项目混有点、线、面，请拆成单独的部分（--part 类型=位置）。")
    parts = shapely.get_parts(there)
    make = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[int(dimensions[0])]
    return make(parts)


def _placed(geometry: Any, crs: str | None, stated: float | None, printed: float, notes: tuple[str, ...]) -> Place:
    """Bring a geometry to EPSG:4490, edges cut in its own plane first, and settle its accuracy."""
    if geometry is None or shapely.is_empty(geometry):
        raise GeometryError("项目没有几何图形（为空），请提供点、线或面。")
    geometry = shapely.force_2d(geometry)
    bounds = np.array(shapely.bounds(geometry))
    if crs is None or _is_4490(crs):
        systems.check_in_china(bounds)
    else:
        geometry = _to_geographic(geometry, crs)
        systems.check_in_china(np.array(shapely.bounds(geometry)), what=f"按 {crs} 换算后的项目坐标")
    return Place(geometry, printed if stated is None else float(stated), notes)


def _is_4490(crs: str) -> bool:
    return str(crs).upper().replace(" ", "") in ("EPSG:4490", "4490")


def _geographic(crs: str) -> bool:
    return _is_4490(crs) or _parse(crs).is_geographic


def _parse(crs: str) -> Any:
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    try:
        return CRS.from_user_input(crs)
    except ProjError:
        raise CRSError(f"无法识别坐标系“{crs}”，请写成 EPSG 代码，例如 EPSG:4490 或 EPSG:4544。") from None


def _to_geographic(geometry: Any, crs: str) -> Any:
    """Transform to EPSG:4490; a straight edge of a projected plane stays that edge (cut to at most 500 m there)."""
    from pyproj import Transformer

    source = _parse(crs)
    if not source.is_geographic:
        from ecozone.intake.shift import cut_edges

        geometry = cut_edges(np.array([geometry], dtype=object))[0]
    transformer = Transformer.from_crs(source, systems.GEOGRAPHIC, always_xy=True)
    out = shapely.transform(geometry, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))
    if not np.all(np.isfinite(shapely.bounds(out))):
        raise CRSError(f"坐标不在 {crs} 的适用范围内，换算失败，请核对坐标系。")
    return out


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])
