"""From a path to raw tables: unpack, look what it is, call the reader for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import shapely

from ecozone.errors import SiteError
from ecozone.intake import container, encoding, limits, sniff
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects
from ecozone.intake.wkt import read_wkt


@contextmanager
def tables(
    path: str | Path, *, layer: str | None = None, encoding_given: str | None = None
) -> Iterator[list[RawTable]]:
    """Yield the raw tables of a file, folder, archive or database.

    Parameters
    ----------
    path : str or Path
        A path, or ``postgresql://…``.
    layer : str, optional
        The layer to read where there are several; the table or query of a database.
    encoding_given : str, optional
        What the user says of the texts.

    Raises
    ------
    SiteError
        What cannot be read, by name.
    """
    if str(path).startswith(("postgresql://", "postgres://")):
        from ecozone.intake import database

        yield [database.read(str(path), layer=layer)]
        return
    if re.match(r"[a-zA-Z]{2,}:|/vsi", str(path)):
        raise SiteError(f"“{str(path)[:60]}”不是本机文件。只读取本机的数据文件（或 postgresql:// 数据库）。")
    with container.opened(Path(path)) as found:
        named = [p for p in found if layer is None or p.stem == layer] if len(found) > 1 else found
        if len(found) > 1 and layer is None:
            names = "、".join(p.stem for p in found[:20])
            raise SiteError(f"“{Path(path).name}”里有 {len(found)} 个数据文件（{names}），请用 --layer 指定一个。")
        if not named:
            raise SiteError(f"“{Path(path).name}”里没有“{layer}”，可用：{'、'.join(p.stem for p in found)}。")
        inner = None if len(found) > 1 else layer
        out = []
        for data in named:
            table = one(data, layer=inner, encoding_given=encoding_given)
            limits.check_shapes(data.name, table.geometry)
            out.append(table)
        yield out


def one(path: Path, *, layer: str | None = None, encoding_given: str | None = None) -> RawTable:
    """Read one data file with the reader that its content asks for."""
    kind = sniff.checked(path)
    if kind == "shp":
        from ecozone.intake import shp

        return shp.read(path, encoding_given=encoding_given)
    if kind == "gpkg":
        from ecozone.intake import gpkg

        return gpkg.read(path, layer=layer)
    if kind == "json":
        from ecozone.intake import geojson

        return geojson.read(path, encoding_given=encoding_given)
    if kind == "kml":
        from ecozone.intake import kml

        return kml.read(path, encoding_given=encoding_given)
    if kind == "parquet":
        from ecozone.intake import parquet

        return parquet.read(path)
    if kind == "xlsx":
        from ecozone.intake import sheet

        return sheet.read_xlsx(path)
    if kind in ("gdb", "dxf", "fgb", "mif"):
        from ecozone.intake import gdal

        return gdal.read(path, kind, layer=layer, encoding_given=encoding_given)
    limits.check_size(path.name, path.stat().st_size, limits.TEXT_BYTES)
    found = encoding.decode_text(path.read_bytes(), given=encoding_given, what="文件")
    if kind == "txt":
        from ecozone.intake import txt

        return txt.read(path, found)
    if kind == "csv":
        from ecozone.intake import sheet

        return sheet.read_csv(path, found)
    return _wkt(path, found)


def _wkt(path: Path, found: encoding.Decoded) -> RawTable:
    text = (found.texts[0] or "").strip()
    srid = re.match(r"SRID=(\d+);", text, re.IGNORECASE)
    shapes = []
    lines = re.split(
        r"\n(?=\s*(?:SRID=\d+;)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON|GEOMETRY))", text, flags=re.IGNORECASE
    )
    for number, line in enumerate(lines, 1):
        body = re.sub(r"^\s*SRID=\d+;", "", line, flags=re.IGNORECASE).strip()
        try:
            shapes.append(read_wkt(body))
        except (shapely.GEOSException, NotImplementedError) as error:
            reason = str(error).splitlines()[0][:80]
            raise SiteError(f"文件“{path.name}”第 {number} 个 WKT 写法有误：{reason}。请检查括号和坐标。") from None
    digits = max((len(n.partition(".")[2]) for n in re.findall(r"\d+\.?\d*", text)[:1000]), default=0)
    issues: tuple[Issue, ...] = tuple(i for i in found.issues if i.code != "encoding-inferred")
    declared = Declared(crs=f"EPSG:{srid[1]}" if srid else None, where="WKT")
    return RawTable(
        path.stem, "WKT", objects(shapes), {}, declared, found.encoding, found.how, digits, None, issues, path
    )
