"""Reading GeoParquet with pyarrow (GDAL's wheels lack the driver): a WKB column and the CRS its metadata names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import shapely

from ecozone.errors import SiteError
from ecozone.intake import encoding, limits
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects


def read(path: Path) -> RawTable:
    """Read a GeoParquet file.

    Raises
    ------
    SiteError
        Not Parquet, damaged, or without a geometry column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    limits.check_size(path.name, path.stat().st_size)
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > limits.FEATURES:
                raise SiteError(f"文件“{path.name}”有 {file.metadata.num_rows} 个要素，超过上限，请拆分后再试。")
            unfolded = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
            limits.check_size(path.name, max(unfolded, 1))
            meta = dict(file.schema_arrow.metadata or {})
            table = file.read(use_threads=False)
            geo = json.loads(meta.get(b"geo", b"{}"))
            primary = geo.get("primary_column") if isinstance(geo, dict) else None
            names = list(table.column_names)
            if primary not in names:
                primary = next((n for n in names if n.lower() in ("geometry", "geom", "wkb_geometry")), None)
            if primary is None:
                raise SiteError(f"文件“{path.name}”没有几何字段，不是 GeoParquet。")
            columns = {n: table.column(n).to_pylist() for n in names}
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, MemoryError, OverflowError):
        raise SiteError(f"文件“{path.name}”不是正确的 GeoParquet 或已损坏，请重新导出。") from None
    shapes: list[Any] = []
    damaged = 0
    for blob in columns.pop(primary):
        try:
            shapes.append(shapely.from_wkb(blob) if blob is not None else None)
        except (shapely.GEOSException, NotImplementedError, TypeError):
            shapes.append(None)
            damaged += 1
    texts, issues = encoding.mend([v for values in columns.values() for v in values if isinstance(v, str)])
    left = iter(texts)
    plain = {k: objects([next(left) if isinstance(v, str) else _plain(v) for v in vs]) for k, vs in columns.items()}
    if damaged:
        issues.append(Issue("geometry-damaged", f"有 {damaged} 个几何无法读取，已略过。", damaged, severity="error"))
    return RawTable(
        path.stem, "GeoParquet", objects(shapes), plain, _declared(geo, str(primary)), "utf-8", "GeoParquet 规定",
        issues=tuple(issues), path=path,
    )  # fmt: skip


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _declared(geo: Any, primary: str) -> Declared:
    where = "GeoParquet 元数据"
    column = (geo.get("columns") or {}).get(primary) if isinstance(geo, dict) else None
    if not isinstance(column, dict):
        return Declared(where=where)
    if "crs" not in column:
        return Declared(crs="EPSG:4326", where="GeoParquet 规定（缺省 CRS84）")
    crs = column["crs"]
    identity = crs.get("id") if isinstance(crs, dict) else None
    if isinstance(identity, dict) and identity.get("authority") == "EPSG":
        return Declared(crs=f"EPSG:{identity.get('code')}", where=where)
    return Declared(crs=json.dumps(crs) if isinstance(crs, dict) else None, where=where)
