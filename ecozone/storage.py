"""Layer files: one GeoParquet file a layer version, read with pyarrow and shapely alone.

The table is GeoParquet 1.0 (WKB, EPSG:4490), so any GIS reads it; provenance and coverage stand as JSON in the
schema's ``ecozone`` metadata.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ecozone import sidecar
from ecozone._atomic import whole
from ecozone.errors import AtlasError
from ecozone.layer import Layer
from ecozone.rules.access import AccessList, dump, parse

#: Version of the layer file's ``ecozone`` metadata.
FORMAT = 1
#: Folder of an atlas that holds its access lists.
ACCESS = "access_list"


def write_layer(layer: Layer, folder: Path) -> Path:
    """Write a layer to ``folder/<kind>/<version>.parquet``, whole or not at all.

    Parameters
    ----------
    layer : Layer
        What to write.
    folder : Path
        The atlas folder.

    Returns
    -------
    Path
        The file written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    order = np.argsort(layer.columns["zone"].astype(str), kind="stable")
    names = [c for c in layer.columns if c == "zone" or any(v is not None for v in layer.columns[c])]
    arrays = {c: pa.array([layer.columns[c][i] for i in order], from_pandas=True) for c in names}
    wkb = shapely.to_wkb(layer.geometry[order], byte_order=1, output_dimension=2)
    arrays["geometry"] = pa.array([bytes(b) for b in wkb], type=pa.binary())
    meta = layer.meta() | {
        "format": FORMAT,
        "sha256": layer.sha256,
        "coverage": json.loads(shapely.to_geojson(layer.coverage)) if layer.coverage is not None else None,
    }
    geo = {
        "version": "1.0.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": [], "crs": _projjson()}},
    }
    table = pa.table(arrays).replace_schema_metadata(
        {"ecozone": json.dumps(meta, ensure_ascii=False), "geo": json.dumps(geo)}
    )
    target = folder / layer.kind / f"{layer.version}.parquet"
    with whole(target) as part:
        pq.write_table(table, part, compression="zstd")
    return target


def read_layer_meta(path: Path) -> dict[str, Any]:
    """Return the ``ecozone`` metadata of a layer file without reading its zones."""
    return _open(path, path)[1]


def read_layer(path: Path) -> Layer:
    """Read a layer file.

    Raises
    ------
    AtlasError
        The file is damaged or of another format.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise AtlasError(f"图层文件 {path.name} 读不出来：{error.strerror}。请检查文件权限。") from error
    name = sidecar.key(raw)
    layer = sidecar.load(name)
    if layer is None:
        layer = _parse(path, raw)
        sidecar.keep(name, layer)
    return layer


def _parse(path: Path, raw: bytes) -> Layer:
    import pyarrow as pa

    file, meta = _open(path, pa.BufferReader(raw))
    try:
        table = file.read(use_threads=False)
        columns = {name: sidecar.objects(table.column(name).to_pylist()) for name in table.column_names}
        geometry = sidecar.objects(shapely.from_wkb(columns.pop("geometry")))
        coverage = shapely.from_geojson(json.dumps(meta["coverage"])) if meta.get("coverage") else None
        return Layer.from_arrays(kind=meta["kind"], geometry=geometry, columns=columns, coverage=coverage, meta=meta)
    except (OSError, KeyError, pa.ArrowException, shapely.GEOSException) as error:
        raise AtlasError(f"图层文件 {path.name} 损坏，请重新导入该图层。") from error


def _open(path: Path, source: Any) -> tuple[Any, dict[str, Any]]:
    """Open a layer file (by ParquetFile: pyarrow's read_table would import pandas)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(source)
        meta = json.loads((file.schema_arrow.metadata or {})[b"ecozone"])
        meta = dict(meta)
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise AtlasError(f"图层文件 {path.name} 损坏或不是 ecozone 写出的，请重新导入该图层。") from error
    if meta.get("format") != FORMAT:
        raise AtlasError(f"图层文件 {path.name} 的格式为 {meta.get('format')}，本版本只能读取格式 {FORMAT}。")
    return file, meta


def write_access(access: AccessList, folder: Path) -> Path:
    """Write an access list to ``folder/access_list/<version>.json``, whole or not at all."""
    target = folder / ACCESS / f"{access.version}.json"
    with whole(target) as part:
        part.write_text(json.dumps(dump(access), ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return target


def read_access(path: Path) -> AccessList:
    """Read an access list.

    Raises
    ------
    AtlasError
        The file is damaged or of another format.
    """
    try:
        raw = path.read_bytes()
        return parse(json.loads(raw), hashlib.sha256(raw).hexdigest())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AtlasError(f"准入清单 {path.name} 损坏或格式有误：{error}。请重新导入。") from error


def _projjson() -> dict[str, Any]:
    from pyproj import CRS

    return dict(CRS.from_epsg(4490).to_json_dict())
