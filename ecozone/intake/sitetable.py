"""Tables of sites in files, read a chunk at a time: GeoParquet, CSV, Excel, and what GDAL reads."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import SiteError
from ecozone.intake import gdal

Columns = Mapping[str, NDArray[Any]]
#: GDAL drivers that a table may be opened with; anything indirect (VRT, WMS, vsicurl …) is left out on purpose.
TABLE_DRIVERS = {
    *("ESRI Shapefile", "GPKG", "GeoJSON", "GeoJSONSeq", "KML", "LIBKML"),
    *(driver for driver in gdal.DRIVERS.values() if driver != "DXF"),  # a drawing holds no table
}
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True)
class Table:
    """A table in a file.

    Attributes
    ----------
    columns : sequence of str
        Without the geometry.
    total : int or None
        Rows, where that is known without reading them.
    crs : str or None
        CRS of the geometries, as the file says.
    chunks : callable
        ``chunks(size)`` yields (columns, geometries or None).
    """

    columns: Sequence[str]
    total: int | None
    crs: str | None
    chunks: Callable[[int], Iterator[tuple[Columns, NDArray[Any] | None]]]


def open_table(path: Path, *, layer: str | None = None) -> Table:
    """Open a table.

    Raises
    ------
    SiteError
        No such file, damaged, or of a format that is not read.
    """
    if not path.exists():
        raise SiteError(f"找不到文件“{path}”，请检查路径。")
    if path.is_file() and path.stat().st_size == 0:
        raise SiteError(f"文件“{path.name}”是空的，请重新导出。")
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".geoparquet"):
        return _parquet(path)
    if suffix in (".csv", ".txt", ".tsv"):
        return _csv(path)
    if suffix in (".xlsx", ".xlsm"):
        return _excel(path)
    return _vector(path, layer)


def _objects(values: Any) -> NDArray[Any]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise SiteError(f"文件“{path.name}”不是正确的 Parquet，请重新导出。") from error
    geo = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    column = geo.get("primary_column")
    crs = _geo_crs(geo.get("columns", {}).get(column, {})) if column else None
    names = [n for n in file.schema_arrow.names if n != column]

    def chunks(size: int) -> Iterator[tuple[Columns, NDArray[Any] | None]]:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=size, use_threads=False):
            shapes = shapely.from_wkb(batch.column(column).to_pylist(), on_invalid="ignore") if column else None
            yield (
                {n: _objects(batch.column(n).to_pylist()) for n in names},
                None if shapes is None else _objects(shapes),
            )

    return Table(names, file.metadata.num_rows, crs, chunks)


def _geo_crs(column: Mapping[str, Any]) -> str | None:
    from pyproj import CRS

    if "crs" not in column or column["crs"] is None:
        return None
    found = CRS.from_user_input(column["crs"])
    code = found.to_epsg(min_confidence=25)
    return f"EPSG:{code}" if code else str(found.to_wkt())


def _csv(path: Path) -> Table:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as stream:
        head = stream.readline()
        mark = max(",\t;", key=head.count)
        names = [n.strip() for n in next(csv.reader([head], delimiter=mark), [])]
    if not any(names):
        raise SiteError(f"文件“{path.name}”第一行应为列名。")

    def chunks(size: int) -> Iterator[tuple[Columns, NDArray[Any] | None]]:
        with path.open(encoding=encoding, newline="") as stream:
            rows = csv.reader(stream, delimiter=mark)
            next(rows)
            while block := list(itertools.islice(rows, size)):
                yield _columns(names, block), None

    return Table(names, None, None, chunks)


def _encoding(path: Path) -> str:
    for encoding in _ENCODINGS:
        try:
            with path.open(encoding=encoding) as stream:
                while stream.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise SiteError(f"文件“{path.name}”的文字编码无法识别，请另存为 UTF-8 编码的 CSV。")


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, NDArray[Any]]:
    return {n: _objects([r[i] if i < len(r) else None for r in rows]) for i, n in enumerate(names)}


def _excel(path: Path) -> Table:
    import zipfile

    from openpyxl import load_workbook

    try:
        sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise SiteError(f"文件“{path.name}”不是正确的 Excel 表，请另存为 .xlsx。") from error
    names = [str(v).strip() if v is not None else "" for v in next(sheet.iter_rows(values_only=True), ())]

    def chunks(size: int) -> Iterator[tuple[Columns, NDArray[Any] | None]]:
        rows = sheet.iter_rows(min_row=2, values_only=True)
        while block := list(itertools.islice(rows, size)):
            yield _columns(names, block), None

    return Table(names, None, None, chunks)


def _vector(path: Path, layer: str | None) -> Table:
    import pyogrio

    target = f"/vsizip/{path.resolve()}" if path.suffix.lower() in (".zip", ".kmz") else str(path)
    try:
        info = pyogrio.read_info(target, layer=layer)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
        raise SiteError(f"文件“{path.name}”打不开或已损坏，请重新导出。") from None
    if info["driver"] not in TABLE_DRIVERS:
        raise SiteError(f"文件“{path.name}”实际格式为 {info['driver']}，不在允许范围内。")
    names = [str(n) for n in info["fields"]]
    total = int(info["features"]) if info["features"] >= 0 else None

    def chunks(size: int) -> Iterator[tuple[Columns, NDArray[Any] | None]]:
        start = 0
        while total is None or start < total:
            _, _, wkb, fields = pyogrio.raw.read(target, layer=layer, skip_features=start, max_features=size)
            if wkb is None or not len(wkb):
                return
            shapes = _objects(shapely.from_wkb(wkb, on_invalid="ignore"))
            yield {n: _objects(list(v)) for n, v in zip(names, fields, strict=True)}, shapes
            start += len(wkb)

    return Table(names, total, info["crs"], chunks)
