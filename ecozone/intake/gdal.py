"""Formats left to GDAL (FileGDB, DXF, FlatGeobuf, MapInfo MIF): looked through before, the driver checked after."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ecozone.errors import SiteError
from ecozone.intake import encoding, limits
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects

#: The only drivers that a user's file is opened with, by what `ecozone.intake.sniff` found.
DRIVERS = {"gdb": "OpenFileGDB", "dxf": "DXF", "fgb": "FlatGeobuf", "mif": "MapInfo File"}
_SHOWN = {"gdb": "FileGDB", "dxf": "DXF", "fgb": "FlatGeobuf", "mif": "MapInfo MIF"}
_ESCAPE = re.compile(r"\\U\+([0-9A-Fa-f]{4})")


def layers(path: Path) -> list[str]:
    """Return the names of the spatial layers."""
    import pyogrio

    try:
        return [str(n) for n, g in pyogrio.list_layers(path) if g is not None]
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError):
        raise SiteError(f"文件“{path.name}”打不开或已损坏，请重新导出。") from None


def read(path: Path, kind: str, *, layer: str | None = None, encoding_given: str | None = None) -> RawTable:
    """Read one layer.

    Parameters
    ----------
    path : Path
    kind : str
        A key of `DRIVERS`.
    layer : str, optional
        Needed when there are several.
    encoding_given : str, optional
        For MIF.

    Raises
    ------
    SiteError
        Damaged, several layers and none named, or opened by a driver that is not the expected one.
    """
    import pyogrio

    names = layers(path)
    if not names:
        raise SiteError(f"文件“{path.name}”里没有空间图层，请检查导出内容。")
    if layer is not None and layer not in names:
        raise SiteError(f"文件“{path.name}”没有图层“{layer}”，可用：{'、'.join(names)}。")
    if layer is None and len(names) > 1:
        raise SiteError(
            f"文件“{path.name}”里有 {len(names)} 个图层（{'、'.join(names[:20])}），请用 --layer 指定一个。"
        )
    options = {"CLOSED_LINE_AS_POLYGON": "YES"} if kind == "dxf" else {}
    try:
        info = pyogrio.read_info(path, layer=layer or names[0], force_feature_count=False, **options)
        if info["driver"] != DRIVERS[kind]:
            raise SiteError(f"文件“{path.name}”实际格式为 {info['driver']}，不在允许范围内。")
        meta, _, wkb, fields = pyogrio.raw.read(
            path,
            layer=layer or names[0],
            max_features=limits.FEATURES + 1,
            datetime_as_string=True,
            encoding=encoding_given,
            **options,
        )
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        pyogrio.errors.GeometryError,
        pyogrio.errors.FieldError,
        UnicodeError,
        ValueError,
        RuntimeError,
        MemoryError,
    ):
        raise SiteError(f"文件“{path.name}”打不开或已损坏，请重新导出。") from None
    shapes, issues = _geometries(wkb, kind)
    columns, text_issues = _columns(meta, fields)
    if kind == "dxf":
        # entities without geometry of use: texts and blocks' inserts arrive as points
        issues.append(Issue("style-dropped", "DXF 中的文字、样式只作属性读取；DXF 不含坐标系。"))
    return RawTable(
        layer or names[0],
        _SHOWN[kind],
        shapes,
        columns,
        Declared(crs=meta["crs"] or None, where="图层信息"),
        "utf-8",
        "格式规定",
        issues=tuple(issues + text_issues),
        path=path,
        others=tuple(n for n in names if n != (layer or names[0])),
    )


def _geometries(wkb: Any, kind: str) -> tuple[Any, list[Issue]]:
    out: list[Any] = []
    damaged = 0
    heights = closed = 0
    for blob in wkb if wkb is not None else ():
        try:
            shape = shapely.from_wkb(bytes(blob)) if blob is not None else None
        except (shapely.GEOSException, NotImplementedError, TypeError):
            shape, damaged = None, damaged + 1
        if shape is not None:
            heights += bool(shapely.has_z(shape))
            if kind == "dxf" and shape.geom_type == "LineString" and shape.is_closed and len(shape.coords) >= 4:
                shape, closed = shapely.Polygon(shape.coords), closed + 1
            elif kind == "dxf" and shape.geom_type == "Polygon":
                closed += 1
        out.append(shape)
    issues = []
    if damaged:
        issues.append(
            Issue("geometry-damaged", f"有 {damaged} 个几何无法读取（曲线或损坏），已略过。", damaged, severity="error")
        )
    if heights:
        issues.append(Issue("geometry-z", "图形带高程，未读取，不影响平面判定。"))
    if closed:
        issues.append(Issue("line-closed-area", f"有 {closed} 条闭合多段线按面读取。", closed))
    return objects(out), issues


def _columns(meta: Any, fields: Any) -> tuple[dict[str, Any], list[Issue]]:
    names = [_unescape(str(n)) for n in meta["fields"]]
    columns = {n: [_plain(v) for v in f] for n, f in zip(names, fields, strict=True)}
    texts, issues = encoding.mend([v for values in columns.values() for v in values if isinstance(v, str)])
    left = iter(texts)
    return {k: objects([next(left) if isinstance(v, str) else v for v in vs]) for k, vs in columns.items()}, issues


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _unescape(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return str(value) if value is not None and not isinstance(value, int | bool | str) else value


def _unescape(text: str) -> str:
    r"""Decode AutoCAD's ``\U+7ea2``."""
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
