"""Zones before they are a `Layer`: an outsider's table and shapes brought to EPSG:4490, read, checked and mended."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs, kinds, measure
from ecozone.errors import CRSError, GeometryError, LayerError, RepairWarning
from ecozone.kinds import values

#: A repair that changes a zone's area by more than this share is refused instead (the polygon does not say what it
#: meant).
LARGEST_REPAIR = 0.01
_DIMENSION = {"point": 0, "line": 1, "polygon": 2}
_TYPES = {"status": "choice", "valid_from": "date", "valid_to": "date"}
_COMMON = {
    key: kinds.Column(key, name, type=_TYPES.get(key, "text"), values=kinds.STATUSES if key == "status" else {})
    for key, name in kinds.COMMON_NAMES.items()
}


def geographic(series: Any, what: str) -> Any:
    """Bring a GeoSeries to EPSG:4490; a straight edge of a projected plane stays that edge (cut to 500 m there)."""
    if series.crs.to_string() == crs.GEOGRAPHIC:
        return series
    crs.check_datum(series.crs, what)
    if not series.crs.is_geographic:
        shapes = np.array(series.array, dtype=object)
        sound = shapely.is_valid(shapes)  # GEOS would mend the others while it cuts, and say nothing
        shapes[sound] = shapely.segmentize(shapes[sound], measure.LONGEST_EDGE_M)
        series = type(series)(shapes, index=series.index, crs=series.crs, name=series.name)
    return series.to_crs(crs.GEOGRAPHIC)


def as_geometry(coverage: Any) -> Any:
    """Return a coverage as one geometry in EPSG:4490."""
    if coverage is None or isinstance(coverage, shapely.Geometry):
        return coverage
    if coverage.crs is None:
        raise CRSError("覆盖范围 coverage 没有坐标系，请先用 set_crs(...) 指明。")
    return geographic(coverage.geometry, "覆盖范围 coverage").union_all()


def read_columns(given_columns: Mapping[str, NDArray[Any]], spec: kinds.Kind, name: str) -> dict[str, NDArray[Any]]:
    """Read values as their column's type: 1 and 是 as true, labels as codes, dates as ISO text, blanks as None."""
    known = {**_COMMON, **spec.columns}
    columns: dict[str, NDArray[Any]] = {}
    for key, given in given_columns.items():
        if key in known:
            columns[key] = values.objects([_read(known[key], v, name) for v in given])
        else:
            columns[key] = _alike([values.clean(v) for v in given])
    blank = np.array([v is None for v in columns["name"]], dtype=bool)
    columns["name"][blank] = spec.name
    columns["status"][np.array([v is None for v in columns["status"]], dtype=bool)] = "in_force"
    return columns


def _read(column: kinds.Column, value: Any, name: str) -> Any:
    try:
        return values.read(column, value)
    except (values.Unreadable, TypeError, OverflowError):
        wanted = {
            "number": "应为数字",
            "integer": "应为整数",
            "boolean": "应为是或否",
            "date": "不是日期，请写成 2026-11-22 的样子",
        }.get(column.type, "无法识别")
        codes = f"有未知取值“{value}”，可用的取值：{'、'.join(column.values)}"
        told = codes if column.values else f"的值“{value}”{wanted}"
        raise LayerError(f"{name}的字段 {column.key} {told}。") from None


def _alike(items: Sequence[Any]) -> NDArray[Any]:
    """Return values of one type, as a table's column keeps them: whole numbers as such, mixtures as text."""
    there = [v for v in items if v is not None]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in there)
    if numbers and all(float(v).is_integer() for v in there):
        return values.objects([None if v is None else int(v) for v in items])
    if numbers:
        return values.objects([None if v is None else float(v) for v in items])
    if all(isinstance(v, bool) for v in there) or all(isinstance(v, str) for v in there):
        return values.objects(list(items))
    return values.objects([None if v is None else str(v) for v in items])


def check_shapes(geometry: NDArray[Any], ids: NDArray[Any], spec: kinds.Kind, name: str) -> None:
    """Refuse zones without geometry, or of a dimension the kind does not have."""
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if empty.any():
        raise GeometryError(f"{name}有 {int(empty.sum())} 个要素没有几何，请删除或补全后再载入。")
    allowed = [_DIMENSION[g] for g in spec.geometry]
    wrong = ~np.isin(shapely.get_dimensions(geometry), allowed) | (shapely.get_type_id(geometry) == 7)
    if wrong.any():
        raise GeometryError(
            f"{name}应为{'/'.join({'point': '点', 'line': '线', 'polygon': '面'}[g] for g in spec.geometry)}，"
            f"有 {int(wrong.sum())} 个要素不是（如 {ids[wrong][0]}）。"
        )


def repaired(geometry: NDArray[Any], ids: NDArray[Any], spec: kinds.Kind, name: str) -> NDArray[Any]:
    """Return zones whose outlines no longer cross themselves; warned of, refused where the area would change."""
    bad = ~shapely.is_valid(geometry)
    if not bad.any():
        return geometry
    before = measure.area_m2(shapely.buffer(geometry[bad], 0))
    mended = shapely.make_valid(geometry[bad], method="structure", keep_collapsed=False)
    after = measure.area_m2(mended)
    change = np.abs(after - before) / np.maximum(np.maximum(after, before), 1e-9)
    if (change > LARGEST_REPAIR).any():
        worst = int(np.argmax(change))
        raise GeometryError(
            f"{name}的要素 {ids[bad][worst]} 自相交，修复前后面积相差 {change[worst]:.1%}，"
            "无法判断原意，请在原数据中改正。"
        )
    geometry = geometry.copy()
    geometry[bad] = mended
    check_shapes(geometry, ids, spec, name)
    warnings.warn(
        f"{name}有 {int(bad.sum())} 个自相交要素已修复，面积合计变化 {float(after.sum() - before.sum()):+.2f} 平方米。",
        RepairWarning,
        stacklevel=4,
    )
    return geometry


def check_coverage(coverage: Any, what: str) -> None:
    """Refuse a coverage that is no sound area in degrees."""
    if coverage is None or shapely.is_empty(coverage):
        return
    bounds = np.array(shapely.bounds(coverage))
    if not np.isfinite(shapely.get_coordinates(coverage)).all():
        raise GeometryError(f"{what} 含有空值或无穷大，请改正。")
    if np.abs(bounds[[0, 2]]).max() > 180 or np.abs(bounds[[1, 3]]).max() > 90:
        raise CRSError(f"{what} 不是经纬度，像是投影坐标；请给出 EPSG:4490 的几何，或带坐标系的 GeoSeries。")
    if shapely.get_dimensions(coverage) != 2 or shapely.get_type_id(coverage) == 7:
        raise GeometryError(f"{what} 应为面，请给出已掌握全部要素的范围。")
    if not shapely.is_valid(coverage):
        raise GeometryError(f"{what} 自相交，请在原数据中改正。")
