"""What a file is by its content. An extension that says otherwise is refused: it is how drivers are tricked."""

from __future__ import annotations

import re
from pathlib import Path

from ecozone.errors import SiteError
from ecozone.intake import encoding, limits, txt

#: Extensions, and the contents that each may have.
ALLOWED = {
    ".shp": ("shp",),
    ".gpkg": ("gpkg",),
    ".geojson": ("json",),
    ".json": ("json",),
    ".kml": ("kml",),
    ".ovkml": ("kml",),
    ".fgb": ("fgb",),
    ".parquet": ("parquet",),
    ".geoparquet": ("parquet",),
    ".dxf": ("dxf",),
    ".gdb": ("gdb",),
    ".txt": ("txt", "csv", "wkt"),
    ".csv": ("csv", "txt", "wkt"),
    ".wkt": ("wkt",),
    ".xlsx": ("xlsx",),
    ".mif": ("mif",),
}
_SHOWN = {
    "shp": "Shapefile",
    "gpkg": "GeoPackage",
    "json": "JSON",
    "kml": "KML",
    "fgb": "FlatGeobuf",
    "parquet": "GeoParquet",
    "dxf": "DXF",
    "gdb": "FileGDB",
    "txt": "界址点 TXT",
    "csv": "CSV",
    "wkt": "WKT",
    "xlsx": "XLSX",
    "zip": "ZIP 压缩包",
    "xml": "XML",
    "sqlite": "SQLite 数据库",
    "xls": "旧版 XLS 或 DOC",
    "pdf": "PDF",
    "image": "图片",
    "binary": "未知的二进制文件",
    "mif": "MapInfo MIF",
    "text": "文本",
    "exe": "可执行程序",
    "dwg": "DWG",
    "rar": "RAR 压缩包",
    "html": "网页",
}
_HINTS = {
    ".dwg": "请在 CAD 中另存为 DXF",
    ".xls": "请另存为 XLSX 或 CSV",
    ".rar": "请解压后改用 ZIP 打包",
    ".7z": "请解压后改用 ZIP 打包",
    ".mdb": "请在 ArcGIS 中导出为 Shapefile 或 GeoPackage",
    ".tab": "请在 MapInfo 中导出为 MIF 或 Shapefile",
    ".vrt": ("VRT 是指向其他文件的虚拟数据源，请提供数据文件本身"),
    ".ovobj": "请在奥维中导出为 OVKML",
    ".pdf": "请提供矢量数据",
    ".shx": "请指定同名的 .shp",
    ".dbf": "请指定同名的 .shp",
    ".prj": "请指定同名的 .shp",
    ".gml": "请转换为 GeoPackage 或 GeoJSON",
}
_WKT = re.compile(
    r"\s*(?:SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*(Z|M|ZM)?\s*(\(|EMPTY)", re.IGNORECASE
)


def content(path: Path) -> str:
    """Return what a file is by its first bytes: a value of the table above, or ``zip``, ``binary`` and the like."""
    if path.is_dir():
        return "gdb" if any(path.glob("*.gdbtable")) else "folder"
    with open(path, "rb") as file:
        head = file.read(100_000)
    limits.check_elsewhere(path.name, head)
    for mark, kind in (
        (b"\x00\x00\x27\x0a", "shp"),
        (b"SQLite format 3\x00", "sqlite"),
        (b"fgb\x03fgb", "fgb"),
        (b"PAR1", "parquet"),
        (b"PK\x03\x04", "zip"),
        (b"Rar!", "rar"),
        (b"\xd0\xcf\x11\xe0", "xls"),
        (b"%PDF", "pdf"),
        (b"\x89PNG", "image"),
        (b"\xff\xd8\xff", "image"),
        (b"MZ", "exe"),
        (b"\x7fELF", "exe"),
        (b"AC10", "dwg"),
        (b"AutoCAD Binary DXF", "dwg"),
    ):
        if head.startswith(mark):
            return _inside(path, kind)
    return _text(head)


def _inside(path: Path, kind: str) -> str:
    if kind == "sqlite":
        return "gpkg"
    if kind == "zip" and path.suffix.lower() == ".xlsx":
        from ecozone.intake.container import check_archive

        names = {m.filename for m in check_archive(path)}
        return "xlsx" if "xl/workbook.xml" in names else "zip"
    return kind


def _text(head: bytes) -> str:
    if (
        b"\x00" in head
        and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
        and head[:400].count(0) < min(400, len(head)) // 5
    ):
        return "binary"
    try:
        cut = head[: len(head) - len(head) % 4] if b"\x00" in head else head.rpartition(b"\n")[0] or head
        text = encoding.decode_text(cut).texts[0] or ""
    except SiteError:
        text = head.decode("gb18030", "replace")
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")) and not re.match(r"\[\s*\w*[\u4e00-\u9fff]", start):
        return "json"
    if start.startswith("<"):
        if re.search(r"<(\w+:)?kml[\s>]", start[:5000]):
            return "kml"
        return "html" if re.match(r"<(!doctype html|html)", start, re.IGNORECASE) else "xml"
    if _WKT.match(start):
        return "wkt"
    if re.match(r"(999\s.*?\n\s*)*0\s*\r?\n\s*SECTION", start):
        return "dxf"
    if re.match(r"version\s+\d+\s*\r?\n\s*charset", start, re.IGNORECASE):
        return "mif"
    if txt.looks_like(text):
        return "txt"
    lines = [line for line in start.splitlines()[:20] if line.strip()]
    if lines and sum(bool(re.search(r"[,;\t，]", line)) for line in lines) >= max(1, len(lines) - 1):
        return "txt" if all(txt.is_point(line) for line in lines) else "csv"
    return "text"


def checked(path: Path) -> str:
    """Return what a file is, once its extension agrees.

    Raises
    ------
    SiteError
        A format that is not read, or another one than the extension says.
    """
    suffix = path.suffix.lower()
    if suffix not in ALLOWED:
        hint = _HINTS.get(suffix, f"可用：{'、'.join(ALLOWED)}、.zip、.kmz")
        raise SiteError(f"不支持“{suffix or path.name}”格式的文件，{hint}。")
    if path.is_file():
        limits.check_size(path.name, path.stat().st_size)
    found = content(path)
    if suffix == ".json" and found == "json":
        return found
    if found not in ALLOWED[suffix]:
        if suffix == ".csv" and found == "text":
            return "csv"
        if suffix == ".txt" and found == "text":
            raise SiteError(f"文件“{path.name}”里没有认得的坐标（界址点、WKT 或带表头的表格），请检查内容。")
        raise SiteError(
            f"文件“{path.name}”的扩展名是 {suffix}，"
            f"内容却是{_SHOWN.get(found, found)}或已损坏，请改正扩展名或重新导出。"
        )
    return found
