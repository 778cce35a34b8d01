"""Reading a project's site from a vector file.

The three formats that sites mostly come in (GeoJSON, GeoPackage, shapefile) are read with the standard library, pyshp
and shapely alone, so that one check does not pay for geopandas; the others go through GDAL, by an allow-list of
drivers.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ecozone.errors import CRSError, GeometryError, SiteError

#: GDAL drivers that a user's file may be opened with; anything indirect (VRT, WMS, vsicurl …) is left out on purpose.
DRIVERS = (
    "ESRI Shapefile",
    "GPKG",
    "GeoJSON",
    "GeoJSONSeq",
    "KML",
    "LIBKML",
    "FlatGeobuf",
    "OpenFileGDB",
    "MapInfo File",
    "DXF",
    "GML",
)
_SUFFIXES = (
    ".geojson",
    ".json",
    ".gpkg",
    ".shp",
    ".kml",
    ".kmz",
    ".fgb",
    ".gdb",
    ".tab",
    ".mif",
    ".dxf",
    ".gml",
    ".zip",
)


@dataclass(frozen=True)
class SiteFile:
    """One geometry from a file, the CRS it is in (None: EPSG:4490), its accuracy and what was assumed."""

    geometry: Any
    crs: str | None
    accuracy_m: float
    notes: tuple[str, ...] = ()


def read_site_file(path: Path, *, crs: str | None = None) -> SiteFile:
    """Read all features of a vector file as one site.

    Parameters
    ----------
    path : Path
    crs : str, optional
        What the user says; otherwise what the file says.

    Raises
    ------
    SiteError, GeometryError, CRSError
        No such file, empty, damaged, of a format that is not read, or without a CRS where the numbers are not degrees.
    """
    if not path.exists():
        raise SiteError(f"找不到文件“{path}”，请检查路径；如果要输入坐标，请写“经度,纬度”或 WKT。")
    if path.is_file() and path.stat().st_size == 0:
        raise SiteError(f"文件“{path.name}”是空的，请重新导出。")
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise SiteError(f"不支持“{suffix or path.name}”格式的项目文件，可用：{'、'.join(_SUFFIXES)}。")
    reader: Callable[[Path], tuple[list[Any], str | None]] = {
        ".geojson": _geojson, ".json": _geojson, ".gpkg": _gpkg, ".shp": _shapefile,
    }.get(suffix, _gdal)  # fmt: skip
    shapes, found = reader(path)
    geometry = _one(shapes, path.name)
    notes: list[str] = []
    if crs is not None and found is not None and _differs(crs, found):
        notes.append(f"文件自带坐标系 {found}，按 --crs 指定的 {crs} 读取")
    used = crs or found
    if used is None:
        bounds = np.abs(np.array(shapely.bounds(geometry)))
        if bounds[[0, 2]].max() > 180 or bounds[[1, 3]].max() > 180:
            raise CRSError(f"文件“{path.name}”没有坐标系，坐标也不是经纬度，请用 --crs 指明，例如 --crs EPSG:4544。")
        notes.append("文件没有坐标系，坐标为经纬度，按 CGCS2000（EPSG:4490）读取")
    notes.append(f"文件“{path.name}”未说明测量精度，按 0 米计；如有测绘精度请用 --site-accuracy 给出")
    return SiteFile(geometry, used, 0.0, tuple(notes))


def _differs(a: str, b: str) -> bool:
    from pyproj import CRS

    return not CRS.from_user_input(a).equals(CRS.from_user_input(b), ignore_axis_order=True)


def _one(shapes: list[Any], name: str) -> Any:
    from ecozone.intake.site import _merge

    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    if not len(array) or (shapely.is_missing(array) | shapely.is_empty(array)).all():
        raise GeometryError(f"文件“{name}”里没有几何图形，请检查导出的图层。")
    return _merge(array)


def _geojson(path: Path) -> tuple[list[Any], str | None]:
    try:
        node = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError):
        raise SiteError(f"文件“{path.name}”不是正确的 GeoJSON，请重新导出（UTF-8 编码）。") from None
    if not isinstance(node, Mapping) or "type" not in node:
        raise SiteError(f"文件“{path.name}”不是 GeoJSON（没有 type）。")
    features = node.get("features") if node["type"] == "FeatureCollection" else [node]
    shapes = []
    for feature in features or []:
        geometry = feature.get("geometry") if feature.get("type") == "Feature" else feature
        if geometry is None:
            continue
        try:
            shapes.append(shapely.from_geojson(json.dumps(geometry)))
        except (shapely.GEOSException, TypeError):
            raise GeometryError(f"文件“{path.name}”里有不完整的几何图形，请检查 coordinates。") from None
    named = node.get("crs")
    name = named.get("properties", {}).get("name") if isinstance(named, Mapping) else None
    if name is None or "CRS84" in str(name):
        return shapes, "EPSG:4326" if name else None
    return shapes, str(name)


def _gpkg(path: Path) -> tuple[list[Any], str | None]:
    try:
        with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True) as db:
            tables = db.execute(
                "SELECT g.table_name, g.column_name, s.organization, s.organization_coordsys_id, s.definition "
                "FROM gpkg_geometry_columns g LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id"
            ).fetchall()
            if len(tables) != 1:
                raise SiteError(f"文件“{path.name}”里有 {len(tables)} 个图层，请只保留项目用地一个图层。")
            table, column, organisation, code, definition = tables[0]
            quoted = [str(n).replace('"', '""') for n in (column, table)]
            blobs = [r[0] for r in db.execute(f'SELECT "{quoted[0]}" FROM "{quoted[1]}"')]
    except sqlite3.DatabaseError:
        raise SiteError(f"文件“{path.name}”不是正确的 GeoPackage，请重新导出。") from None
    shapes = [_gpkg_geometry(b) for b in blobs if b is not None]
    if str(organisation).upper() == "EPSG":
        return shapes, f"EPSG:{code}"
    return shapes, definition if definition and definition != "undefined" else None


def _gpkg_geometry(blob: bytes) -> Any:
    """Read a GeoPackage geometry blob (OGC 12-128r18, 2.1.3): header, envelope, WKB."""
    if blob[:2] != b"GP":
        raise GeometryError("GeoPackage 里的几何图形格式有误，请重新导出。")
    envelope = (0, 32, 48, 48, 64)[min((blob[3] >> 1) & 7, 4)]
    try:
        return shapely.from_wkb(blob[8 + envelope :])
    except (shapely.GEOSException, struct.error):
        raise GeometryError("GeoPackage 里的几何图形已损坏，请重新导出。") from None


def _shapefile(path: Path) -> tuple[list[Any], str | None]:
    import shapefile

    try:
        with open(path, "rb") as shp, shapefile.Reader(shp=shp) as reader:
            shapes = [shapely.geometry.shape(s.__geo_interface__) for s in reader.iterShapes() if s.shapeType != 0]
    except (shapefile.ShapefileException, struct.error, ValueError, AssertionError, IndexError):
        raise SiteError(f"文件“{path.name}”不是正确的 Shapefile，请重新导出。") from None
    prj = next((p for p in (path.with_suffix(".prj"), path.with_suffix(".PRJ")) if p.is_file()), None)
    if prj is None:
        return shapes, None
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    try:
        found = CRS.from_wkt(prj.read_text(encoding="utf-8", errors="replace"))
    except ProjError:
        raise CRSError(f"“{prj.name}”无法识别，请用 --crs 指明坐标系，例如 --crs EPSG:4544。") from None
    code = found.to_epsg(min_confidence=25)
    return shapes, f"EPSG:{code}" if code else found.to_wkt()


def _gdal(path: Path) -> tuple[list[Any], str | None]:
    import pyogrio

    target = f"/vsizip/{path.resolve()}" if path.suffix.lower() in (".zip", ".kmz") else str(path)
    try:
        driver = pyogrio.read_info(target)["driver"]
        if driver not in DRIVERS:
            raise SiteError(f"文件“{path.name}”实际格式为 {driver}，不在允许范围内。")
        meta, _, wkb, _ = pyogrio.raw.read(target, columns=[])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
        raise SiteError(f"文件“{path.name}”打不开或已损坏，请重新导出。") from None
    return [shapely.from_wkb(b) for b in wkb if b is not None], meta["crs"]
