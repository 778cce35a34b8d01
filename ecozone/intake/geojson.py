"""Reading GeoJSON: with a mark at its start, bare geometries, null geometries, an old ``crs`` member."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shapely

from ecozone.errors import SiteError
from ecozone.intake import encoding, limits
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects

_SHAPES = {
    "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection",
}  # fmt: skip


def read(path: Path, *, encoding_given: str | None = None) -> RawTable:
    """Read a GeoJSON file (RFC 7946, and the 2008 edition's ``crs`` member).

    Raises
    ------
    SiteError
        Not GeoJSON, too deep, or of a neighbour's dialect (TopoJSON, Esri JSON).
    """
    limits.check_size(path.name, path.stat().st_size, limits.TEXT_BYTES)
    found = encoding.decode_text(path.read_bytes(), given=encoding_given, what="文件")
    text = found.texts[0] or ""
    try:
        node = json.loads(text, parse_constant=_constant)
    except RecursionError:
        raise SiteError(f"文件“{path.name}”嵌套太深，不予读取；请用软件重新导出。") from None
    except ValueError as error:
        if "NaN" in str(error):
            raise SiteError(f"文件“{path.name}”含有 NaN 或无穷大，不是正确的 GeoJSON，请重新导出。") from None
        raise SiteError(f"文件“{path.name}”不是正确的 GeoJSON，请重新导出（UTF-8 编码）。") from None
    return _table(node, path, found)


def _constant(name: str) -> float:
    raise ValueError(f"NaN: {name}")


def _table(node: Any, path: Path, found: encoding.Decoded) -> RawTable:
    kind = node.get("type") if isinstance(node, Mapping) else None
    if isinstance(node, Mapping) and ("rings" in node or "spatialReference" in node or kind == "Topology"):
        raise SiteError(f"文件“{path.name}”是 Esri JSON 或 TopoJSON，不是 GeoJSON，请另存为 GeoJSON。")
    if kind == "FeatureCollection":
        features = node.get("features")
    elif kind == "Feature" or kind in _SHAPES:
        features = [node]
    else:
        raise SiteError(f"文件“{path.name}”不是 GeoJSON（type 缺失或无法识别）。")
    if not isinstance(features, list):
        raise SiteError(f"文件“{path.name}”没有要素列表（features），请重新导出。")
    shapes: list[Any] = []
    rows: list[Mapping[str, Any]] = []
    damaged: list[str] = []
    heights = False
    for i, feature in enumerate(features):
        if not isinstance(feature, Mapping):
            damaged.append(f"第 {i + 1} 个")
            continue
        geometry = feature.get("geometry") if feature.get("type") == "Feature" else feature
        properties = feature.get("properties") if feature.get("type") == "Feature" else None
        shape = None
        if geometry is not None:
            try:
                shape = shapely.from_geojson(json.dumps(geometry))
                heights |= bool(shapely.has_z(shape))
            except (shapely.GEOSException, TypeError, ValueError, RecursionError):
                damaged.append(f"第 {i + 1} 个")
        shapes.append(shape)
        rows.append(properties if isinstance(properties, Mapping) else {})
    keys = list(dict.fromkeys(str(k) for row in rows for k in row))
    columns = {k: [_plain(row.get(k)) for row in rows] for k in keys}
    texts, mended = encoding.mend([v for values in columns.values() for v in values if isinstance(v, str)])
    left = iter(texts)
    columns = {k: [next(left) if isinstance(v, str) else v for v in values] for k, values in columns.items()}
    issues = [i for i in (*found.issues, *mended) if i.code != "encoding-inferred" or found.encoding != "utf-8"]
    if damaged:
        message = f"有 {len(damaged)} 个要素的几何不完整，已略过，请检查 coordinates。"
        issues.append(Issue("geometry-damaged", message, len(damaged), tuple(damaged), "error"))
    if heights:
        issues.append(Issue("geometry-z", "几何带高程，未读取，不影响平面判定。"))
    return RawTable(
        path.stem,
        "GeoJSON",
        objects(shapes),
        {k: objects(v) for k, v in columns.items()},
        _declared(node),
        found.encoding,
        found.how if found.encoding != "utf-8" else "GeoJSON 规定",
        issues=tuple(dict.fromkeys(issues)),
        path=path,
    )


def _declared(node: Mapping[str, Any]) -> Declared:
    named = node.get("crs")
    properties = named.get("properties") if isinstance(named, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    if not isinstance(name, str):
        return Declared(where="GeoJSON")
    if "CRS84" in name:
        return Declared(crs="EPSG:4326", where="GeoJSON crs")
    return Declared(crs=name[:2000], where="GeoJSON crs")


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return json.dumps(value, ensure_ascii=False)
