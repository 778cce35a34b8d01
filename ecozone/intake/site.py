"""Reading one place: a geometry, WKT, ``lon,lat``, the form's degrees-minutes-seconds, GeoJSON or a vector file.

What was typed says how precise it is: the printed digits bound how far the true place may lie away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import crs as systems
from ecozone.errors import CRSError, GeometryError, SiteError
from ecozone.intake import coordinates
from ecozone.intake.wkt import read_wkt
from ecozone.measure import without_empty_parts

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]*")
_WKT = re.compile(r"^\s*(?:SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)|^\s*GEOMETRYCOLLECTION", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A place in EPSG:4490, how far it may be off, and what was assumed in reading it."""

    geometry: Any
    accuracy_m: float
    notes: tuple[str, ...] = ()


def read_place(
    site: Any, *, crs: str | None = None, accuracy_m: float | None = None, atlas: Atlas | None = None
) -> Place:
    """Read one place.

    Parameters
    ----------
    site : shapely geometry, str, Path, (x, y), mapping, GeoSeries or GeoDataFrame
    crs : str, optional
        CRS of the coordinates when they are not EPSG:4490 and do not say themselves.
    accuracy_m : float, optional
        Stated accuracy, metres; otherwise taken from the printed digits, 0 for geometries made in a program.
    atlas : Atlas, optional
        Where the place should lie: it decides between readings of a file whose CRS nobody said.

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
        return _from_text(str(site), crs, accuracy_m, atlas)
    raise SiteError("无法识别项目位置，请提供 WKT、“经度,纬度”、度分秒，或矢量文件。")


def _from_text(text: str, crs: str | None, accuracy_m: float | None, atlas: Atlas | None) -> Place:
    stripped = text.strip().strip("()（）") if not _WKT.match(text) else text.strip()
    if not stripped:
        raise SiteError("没有给出项目位置，请提供 WKT、“经度,纬度”、度分秒，或矢量文件。")
    if _WKT.match(text):
        return _from_wkt(stripped, crs, accuracy_m)
    found_pair = coordinates.pair(stripped)
    if found_pair is not None:
        return _from_pair(found_pair, crs, accuracy_m)
    said = coordinates.angle(stripped)
    halves = [h for h in re.split(r"[,;、]", said) if h.strip()]
    if "°" in said and len(halves) == 2:
        raise _broken(halves)
    path = Path(text)
    database = text.startswith(("postgresql://", "postgres://"))
    if database or _SUFFIX.fullmatch(path.suffix) or _exists(path):
        from ecozone.intake.vector import read_site_file

        found = read_site_file(text, crs=crs, accuracy_m=accuracy_m, atlas=atlas)
        systems.check_in_china(np.array(shapely.bounds(found.geometry)))
        return Place(shapely.force_2d(found.geometry), found.accuracy_m, found.notes)
    raise SiteError(
        f"无法识别项目位置“{text[:60]}”。可用：WKT（如 POLYGON((…))）、“经度,纬度”、"
        "“103度33分5.04秒,29度24分42.48秒”，或 GeoJSON、GeoPackage、Shapefile 等文件。"
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
        geometry = read_wkt(text)
    except shapely.GEOSException as error:
        raise GeometryError(
            f"WKT“{text[:60]}”写法有误，请检查括号、逗号和坐标个数；面至少四个点，首尾点相同。"
        ) from error
    unit = 10.0 ** -max((len(n.partition(".")[2]) for n in re.findall(_NUMBER, text)), default=0)
    projected = crs is not None and not _geographic(crs)
    south = 0.0 if shapely.is_empty(geometry) else float(shapely.bounds(geometry)[1])
    printed = coordinates.printed_m(unit, unit, None if projected else south)
    return _placed(geometry, crs, accuracy_m, float(printed), ())


def _from_pair(
    found: tuple[coordinates.Coordinate, coordinates.Coordinate], crs: str | None, accuracy_m: float | None
) -> Place:
    east, north = found
    projected = crs is not None and not _geographic(crs)
    printed = coordinates.printed_m(east.unit, north.unit, None if projected else north.value)
    return _placed(shapely.Point(east.value, north.value), crs, accuracy_m, float(printed), ())


def _broken(halves: list[str]) -> SiteError:
    """Return what is wrong with degrees, minutes and seconds: a broken one is refused, never completed."""
    half = next((h.strip() for h in halves if coordinates.read(h) is None), None)
    if half is None:
        return SiteError(
            f"坐标“{halves[0].strip()}”与“{halves[1].strip()}”不是一个经度和一个纬度，请按“经度,纬度”核对。"
        )
    numbers = [float(n) for n in re.findall(_NUMBER, half)]
    if len(numbers) == 3 and max(numbers[1:]) >= 60:
        return SiteError(f"度分秒坐标“{half}”的分或秒不小于 60，请核对。")
    return SiteError(f"度分秒坐标“{half}”写法不完整，应如 103度33分5.04秒。")


def _from_geojson(node: Mapping[str, Any], crs: str | None, accuracy_m: float | None, *, digits: int | None) -> Place:
    try:
        geometry = shapely.from_geojson(json.dumps(node))
    except (shapely.GEOSException, TypeError, ValueError):
        raise GeometryError("GeoJSON 里没有可用的几何图形，请检查 type 和 coordinates。") from None
    if shapely.get_type_id(geometry) == 7:
        geometry = _merge(shapely.get_parts(geometry))
    return _placed(geometry, crs, accuracy_m, 0.0, ())


def _merge(geometry: Any) -> Any:
    """Make one geometry of several features of one dimension; plots that touch or overlap are dissolved."""
    there = geometry[~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)]
    while (shapely.get_type_id(there) == 7).any():
        there = shapely.get_parts(there)
        there = there[~shapely.is_empty(there)]
    if not len(there):
        raise GeometryError("没有找到项目的几何图形，请提供点、线或面。")
    if len(there) == 1:
        return there[0]
    dimensions = np.unique(shapely.get_dimensions(there))
    if len(dimensions) > 1:
        raise GeometryError("项目混有点、线、面，请拆成单独的部分（--part 类型=位置）。")
    make = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[int(dimensions[0])]
    one = make(shapely.get_parts(there))
    if shapely.is_valid(there).all() and not shapely.is_valid(one):
        return shapely.union_all(there)
    return one


def _placed(geometry: Any, crs: str | None, stated: float | None, printed: float, notes: tuple[str, ...]) -> Place:
    """Bring a geometry to EPSG:4490, edges cut in its own plane first, and settle its accuracy."""
    if geometry is None or shapely.is_empty(geometry):
        raise GeometryError("项目没有几何图形（为空），请提供点、线或面。")
    geometry = _plain(shapely.force_2d(geometry))
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise SiteError("项目坐标含有空值或无穷大，请检查坐标后重新提供。")
    if crs is None or _is_4490(crs):
        systems.check_in_china(np.array(shapely.bounds(geometry)))
    else:
        geometry, more = _to_geographic(geometry, crs, stated)
        notes += more
    return Place(geometry, printed if stated is None else float(stated), notes)


def _plain(geometry: Any) -> Any:
    """Return a ring as the line it is, and a multi-part geometry without empty parts."""
    if shapely.get_type_id(geometry) == 2:
        return shapely.linestrings(shapely.get_coordinates(geometry))
    return without_empty_parts(np.array([geometry], dtype=object))[0]


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


def _to_geographic(geometry: Any, crs: str, stated: float | None) -> tuple[Any, tuple[str, ...]]:
    """Transform to EPSG:4490; a straight edge of a projected plane stays that edge (cut to at most 500 m there)."""
    source = _parse(crs)
    notes: tuple[str, ...] = ()
    if stated is None:
        systems.check_datum(source, "项目坐标")
    else:
        try:
            systems.check_datum(source, "项目坐标")
        except CRSError:
            notes = (f"坐标系“{source.name}”没有转换参数，未作基准转换，按所给精度 {stated:g} 米使用",)
    if not source.is_geographic:
        from ecozone.intake.shift import cut_edges

        geometry = cut_edges(np.array([geometry], dtype=object))[0]
    out = _moved(geometry, source)
    what = f"按 {crs} 换算后的项目坐标"
    bounds = np.array(shapely.bounds(out))
    if np.isfinite(bounds).all() and _in_china(bounds):
        return out, notes
    turned = np.array(shapely.bounds(_moved(shapely.transform(geometry, lambda xy: xy[:, ::-1]), source)))
    if not source.is_geographic and np.isfinite(turned).all() and _in_china(turned):
        raise SiteError("项目坐标像是北坐标（测量上的 X）写在前面，请按“东坐标,北坐标”的顺序提供。")
    if not np.isfinite(bounds).all():
        raise CRSError(f"坐标不在 {crs} 的适用范围内，换算失败，请核对坐标系。")
    systems.check_in_china(bounds, what=what)
    return out, notes


def _moved(geometry: Any, source: Any) -> Any:
    from pyproj import Transformer

    to = Transformer.from_crs(source, systems.GEOGRAPHIC, always_xy=True)
    return shapely.transform(geometry, lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1])))


def _in_china(bounds: Any) -> bool:
    try:
        systems.check_in_china(bounds)
    except (CRSError, SiteError):
        return False
    return True
