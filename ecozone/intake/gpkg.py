"""Reading a GeoPackage with the standard library (OGC 12-128r18): plain tables only, read-only, bounded in time."""

from __future__ import annotations

import sqlite3
import struct
import time
from pathlib import Path
from typing import Any

import shapely

from ecozone.errors import SiteError
from ecozone.intake import encoding, limits
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects

#: Seconds that one file's queries may take.
SECONDS = 60.0


def read(path: Path, *, layer: str | None = None) -> RawTable:
    """Read one layer of a GeoPackage.

    Raises
    ------
    SiteError
        Not a GeoPackage, damaged, or of several layers of which none was named.
    """
    limits.check_size(path.name, path.stat().st_size)
    end = time.monotonic() + SECONDS
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    except (sqlite3.Error, ValueError):
        raise SiteError(f"文件“{path.name}”打不开，请重新导出。") from None
    try:
        db.execute("PRAGMA trusted_schema=OFF")
        db.text_factory = bytes
        db.set_progress_handler(lambda: int(time.monotonic() > end), 100_000)
        return _table(db, path, layer)
    except (sqlite3.Error, OverflowError, MemoryError, UnicodeError):
        raise SiteError(f"文件“{path.name}”不是正确的 GeoPackage 或已损坏，请重新导出。") from None
    finally:
        db.close()


def layers(path: Path) -> list[str]:
    """Return the names of a GeoPackage's feature layers."""
    with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True) as db:
        return [str(r[0]) for r in db.execute("SELECT table_name FROM gpkg_geometry_columns")]


def _table(db: sqlite3.Connection, path: Path, layer: str | None) -> RawTable:
    tables = db.execute(
        "SELECT g.table_name, g.column_name, s.organization, s.organization_coordsys_id, s.definition "
        "FROM gpkg_geometry_columns g LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id "
        "JOIN sqlite_master m ON m.name = g.table_name AND m.type = 'table'"
    ).fetchall()
    named = {_text(t[0]): t for t in tables}
    if not named:
        raise SiteError(f"文件“{path.name}”里没有空间图层，请检查导出内容。")
    if layer is not None and layer not in named:
        raise SiteError(f"文件“{path.name}”没有图层“{layer}”，可用：{'、'.join(named)}。")
    if layer is None and len(named) > 1:
        raise SiteError(f"文件“{path.name}”里有 {len(named)} 个图层（{'、'.join(named)}），请用 --layer 指定一个。")
    name = layer or next(iter(named))
    _, column, organisation, code, definition = named[name]
    quoted, geometry_name = name.replace('"', '""'), _text(column)
    cursor = db.execute(f'SELECT * FROM "{quoted}" LIMIT {limits.FEATURES + 1}')
    heads = [_text(d[0]) for d in cursor.description]
    if geometry_name not in heads:
        raise SiteError(f"文件“{path.name}”的图层“{name}”没有几何字段，请重新导出。")
    values: list[list[Any]] = [[] for _ in heads]
    for row in cursor:
        for slot, value in zip(values, row, strict=True):
            slot.append(value)
    by_name = dict(zip(heads, values, strict=True))
    shapes, issues = _geometries(by_name.pop(geometry_name))
    columns, encoding_issues = _columns(by_name)
    return RawTable(
        name,
        "GeoPackage",
        objects(shapes),
        {k: objects(v) for k, v in columns.items() if k.lower() not in ("fid", "ogc_fid")},
        _declared(organisation, code, definition),
        "utf-8",
        "GeoPackage 规定",
        issues=tuple(issues + encoding_issues),
        path=path,
        others=tuple(n for n in named if n != name),
    )


def _declared(organisation: Any, code: Any, definition: Any) -> Declared:
    where = "GeoPackage 图层信息"
    if isinstance(code, int) and code <= 0:
        return Declared(where=where)
    if _text(organisation or b"").upper() == "EPSG" and isinstance(code, int):
        return Declared(crs=f"EPSG:{code}", where=where)
    text = _text(definition or b"")
    return Declared(crs=text if text and text != "undefined" else None, where=where)


def _columns(raw: dict[str, list[Any]]) -> tuple[dict[str, list[Any]], list[Issue]]:
    texts = [v for values in raw.values() for v in values if isinstance(v, bytes)]
    found = encoding.decode(texts, given=None, declared="utf-8", what="属性表") if texts else None
    left = iter(found.texts if found else ())
    out = {k: [next(left) if isinstance(v, bytes) else v for v in values] for k, values in raw.items()}
    return out, list(found.issues) if found else []


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _geometries(blobs: list[Any]) -> tuple[list[Any], list[Issue]]:
    out: list[Any] = []
    damaged: list[str] = []
    curves = 0
    for i, blob in enumerate(blobs):
        if blob is None:
            out.append(None)
            continue
        try:
            out.append(geometry(blob))
        except NotImplementedError:
            curves += 1
            out.append(None)
        except (shapely.GEOSException, struct.error, ValueError, TypeError, IndexError):
            damaged.append(f"第 {i + 1} 条")
            out.append(None)
    issues = []
    if damaged:
        issues.append(
            Issue(
                "geometry-damaged",
                f"有 {len(damaged)} 条几何数据已损坏，已略过。",
                len(damaged),
                tuple(damaged),
                "error",
            )
        )
    if curves:
        issues.append(
            Issue(
                "geometry-unsupported",
                f"有 {curves} 条几何为曲线，不能读取，请用软件将曲线折为线段后导出。",
                curves,
                severity="error",
            )
        )
    return out, issues


def geometry(blob: bytes) -> Any:
    """Read a GeoPackage geometry blob (2.1.3): header, envelope, WKB."""
    if blob[:2] != b"GP" or len(blob) < 8:
        raise ValueError
    envelope = (0, 32, 48, 48, 64)[min((blob[3] >> 1) & 7, 4)]
    return shapely.from_wkb(blob[8 + envelope :])
