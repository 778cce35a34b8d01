"""The audit as a page with a map drawn as SVG (no network), and its places as a GeoPackage."""

from __future__ import annotations

import sqlite3
import struct
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from ecozone import kinds
from ecozone._atomic import whole

if TYPE_CHECKING:
    from ecozone.audit import Audit, Place

_WIDTH, _HEIGHT = 900.0, 700.0
_COLOURS = {
    "gap": "#c62828", "overlap": "#6a1b9a", "duplicate-zone": "#ef6c00", "sliver": "#1565c0",
    "farmland_in_redline": "#7f0d1f", "farmland_in_urban": "#8d6e00", "first_without_second": "#00695c",
    "units_miss_ground": "#ad1457", "protected_areas_overlap": "#2e7d32",
}  # fmt: skip
_STYLE = """
body{font:15px/1.6 "PingFang SC","Microsoft YaHei","WenQuanYi Micro Hei",sans-serif;
margin:2em auto;max-width:62em;color:#222}
table{border-collapse:collapse;width:100%;margin:1em 0}
th,td{border-bottom:1px solid #ddd;padding:.3em .6em;text-align:left;
vertical-align:top}th{background:#f5f5f5}td.n{text-align:right;font-variant-numeric:tabular-nums}.error{color:#b71c1c;
font-weight:bold}.warning{color:#b26a00}.info{color:#546e7a}svg{border:1px solid #ccc;background:#fafafa;max-width:100%;
height:auto}.key span{display:inline-block;width:.9em;height:.9em;margin:0 .3em 0 1em;vertical-align:-.1em}
"""


def page(audit: Audit) -> str:
    """Return the audit as one HTML page."""
    rows = []
    for layer in audit.layers:
        said = "".join(
            f'<div class="{i.severity}">[{escape(i.code)}] {i.severity_label}：{escape(i.message)}'
            f"<small>（{i.who_label}）</small></div>"
            for i in layer.issues
        )
        rows.append(
            f"<tr><td>{escape(layer.name)}<br><small>{escape(layer.kind)}</small></td><td>{escape(layer.version)}</td>"
            f'<td class="n">{layer.zones}</td><td class="n">{layer.area_km2:.4f}</td><td '
            f'class="n">±{layer.accuracy_m:g}</td>'
            f"<td>{'有' if layer.covered else '未知'}</td><td>{said or '未发现问题'}</td></tr>"
        )
    missing = "、".join(f"{kinds.name(k)}（{k}）" for k in audit.missing)
    errors = sum(i.severity == "error" for layer in audit.layers for i in layer.issues)
    warnings = sum(i.severity == "warning" for layer in audit.layers for i in layer.issues)
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>图集检查 {escape(audit.name)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>图集检查：{escape(audit.name)}（{escape(audit.region)}）</h1>"
        f"<p>检查日期 {audit.as_of.isoformat()}；图层 {len(audit.layers)} 个，错误 {errors} 项，注意 {warnings} 项，"
        f"需要查看的地点 {len(audit.places)} 处。</p>{_map(audit)}{_conflicts(audit)}{_places(audit)}"
        "<h2>各图层</h2><table><tr><th>图层</th><th>版本</th><th>要素</th><th>面积（km²）</th><th>精度（m）</th><th>覆盖范围</th>"
        f"<th>问题</th></tr>{''.join(rows)}</table>"
        + (f"<h2>没有的图层</h2><p>{escape(missing)}</p>" if missing else "")
        + "</body></html>\n"
    )


def _map(audit: Audit) -> str:
    shapes = [p.geometry for p in audit.places]
    frame = audit.outline if audit.outline is not None else (shapely.union_all(shapes) if shapes else None)
    if frame is None or shapely.is_empty(frame):
        return ""
    west, south, east, north = shapely.bounds(frame)
    scale = min(_WIDTH / max((east - west) * 0.87, 1e-9), _HEIGHT / max(north - south, 1e-9)) * 0.95

    def path(geometry: Any) -> str:
        rings = [shapely.get_coordinates(r) for part in shapely.get_parts(geometry) for r in shapely.get_rings(part)]
        return "".join(
            "M" + "L".join(f"{20 + (x - west) * 0.87 * scale:.1f},{20 + (north - y) * scale:.1f}" for x, y in r) + "Z"
            for r in rings
        )

    marks = []
    for number, place in enumerate(audit.places, 1):
        spot = shapely.centroid(place.geometry)
        x, y = 20 + (spot.x - west) * 0.87 * scale, 20 + (north - spot.y) * scale
        colour = _COLOURS.get(place.code, "#333")
        title = escape(f"{number} {kinds.name(place.kind)} {place.title} {place.area_m2:.1f} 平方米")
        marks.append(
            f'<g><title>{title}</title><path d="{path(place.geometry)}" fill="{colour}" fill-opacity=".5"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="{colour}" stroke-width="2"/></g>'
        )
    used = {p.code: p.title for p in audit.places}
    key = "".join(f'<span style="background:{_COLOURS.get(c, "#333")}"></span>{used[c]}' for c in sorted(used))
    outline = f'<path d="{path(audit.outline)}" fill="#fff" stroke="#555"/>' if audit.outline is not None else ""
    return (
        f'<svg viewBox="0 0 {_WIDTH + 40:.0f} {_HEIGHT + 40:.0f}" role="img" aria-label="需要查看的地点">{outline}'
        f'{"".join(marks)}</svg><p class="key">{key}</p>'
    )


def _conflicts(audit: Audit) -> str:
    """Return what the layers say against one another."""
    if not audit.conflicts:
        return "<h2>图层之间</h2><p>没有发现相互矛盾之处。</p>"
    rows = "".join(
        f"<tr><td>{escape(c.title)}<br><small>{escape(c.rule)}</small></td><td>{escape(c.basis)}</td>"
        f'<td class="n">{c.found}</td><td class="n">{c.beyond}</td><td class="n">{c.area_m2 / 1e4:.2f}</td></tr>'
        for c in audit.conflicts
    )
    return (
        "<h2>图层之间</h2><table><tr><th>矛盾</th><th>依据</th><th>处数</th><th>超出数据精度的</th>"
        f"<th>超出精度的面积（公顷）</th></tr>{rows}</table>"
    )


def _places(audit: Audit) -> str:
    if not audit.places:
        return "<p>没有需要查看的地点。</p>"
    rows = []
    for number, place in enumerate(audit.places, 1):
        spot = shapely.point_on_surface(place.geometry)
        rows.append(
            f'<tr><td class="n">{number}</td><td>{escape(kinds.name(place.kind))}</td><td>{place.title}</td>'
            f'<td class="n">{place.area_m2:.1f}</td><td>{escape("、".join(place.zones))}</td>'
            f'<td class="n">{spot.x:.6f}, {spot.y:.6f}</td></tr>'
        )
    return (
        "<h2>需要查看的地点</h2><table><tr><th>序号</th><th>图层</th><th>情况</th><th>面积（m²）</th><th>要素</th>"
        f"<th>位置</th></tr>{''.join(rows)}</table>"
    )


def write_places(places: tuple[Place, ...], target: Path) -> Path:
    """Write the places to look at as a GeoPackage (standard library alone), whole or not at all."""
    with whole(target) as part:
        with sqlite3.connect(part) as db:
            _schema(db)
            for number, place in enumerate(places, 1):
                said = (place.kind, place.code, place.title, place.area_m2, "、".join(place.zones))
                db.execute("INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?)", (number, _blob(place.geometry), *said))
            bounds = shapely.total_bounds([p.geometry for p in places]) if places else [None] * 4
            db.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, "
                "last_change, min_x, min_y, max_x, max_y, srs_id) "
                "VALUES ('places', 'features', 'places', '2000-01-01T00:00:00.000Z', ?, ?, ?, ?, 4490)",
                [None if b is None else float(b) for b in bounds],
            )
        db.close()
    return target


def _schema(db: sqlite3.Connection) -> None:
    from pyproj import CRS

    db.execute("PRAGMA application_id = 1196444487")
    db.execute("PRAGMA user_version = 10300")
    for statement in (
        "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id "
        "INTEGER PRIMARY KEY, organization TEXT NOT NULL, "
        "organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)",
        "CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, "
        "description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE,"
        " min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, "
        "srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id))",
        "CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, "
        "column_name TEXT NOT NULL, geometry_type_name TEXT "
        "NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT "
        "NULL, PRIMARY KEY (table_name, column_name))",
        "CREATE TABLE places (fid INTEGER PRIMARY KEY, geom BLOB, kind TEXT, code "
        "TEXT, title TEXT, area_m2 DOUBLE, zones TEXT)",
        "INSERT INTO gpkg_geometry_columns VALUES ('places', 'geom', 'GEOMETRY', 4490, 0, 0)",
    ):
        db.execute(statement)
    rows = [("Undefined cartesian", -1, "NONE", -1, "undefined"), ("Undefined geographic", 0, "NONE", 0, "undefined")]
    rows += [(CRS.from_epsg(c).name, c, "EPSG", c, CRS.from_epsg(c).to_wkt("WKT1_GDAL")) for c in (4326, 4490)]
    db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)", rows)


def _blob(geometry: Any) -> bytes:
    """Return a GeoPackage geometry: header, no envelope, little-endian WKB."""
    return b"GP\x00\x01" + struct.pack("<i", 4490) + bytes(shapely.to_wkb(geometry, byte_order=1, output_dimension=2))
