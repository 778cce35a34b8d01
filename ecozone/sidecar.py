"""Layers as plain arrays in the user's cache: what a Parquet file said, in the form it is used in.

Keyed by the SHA-256 of the layer file's bytes, so a changed file is never answered from the cache, and nothing is
ever written into an atlas folder. A sidecar is a JSON header (metadata, columns, ends of the geometries, the layer's
own hash) followed by WKB, with a checksum over both: reading it needs neither pyarrow nor pandas.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import logging
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ecozone import compiled
from ecozone._atomic import whole
from ecozone.layer import Layer

logger = logging.getLogger("ecozone")

#: Changes when the form of a sidecar changes.
FORM = b"ecozone-sidecar-3"
_HEAD = struct.Struct("<QI")


def key(raw: bytes) -> str:
    """Return the key of a layer file's bytes."""
    return hashlib.sha256(FORM + raw).hexdigest()


def load(name: str) -> Layer | None:
    """Return the layer kept under a key; None where there is none, or it is not what was written."""
    try:
        data = _path(name).read_bytes()
        size, checksum = _HEAD.unpack_from(data, len(FORM))
    except (OSError, struct.error):
        return None
    start = len(FORM) + _HEAD.size
    body = memoryview(data)[start:]
    if not data.startswith(FORM) or zlib.crc32(body) != checksum:
        return None
    header = json.loads(data[start : start + size])
    blob = body[size:]
    ends = [0, *header["ends"]]
    parts = [bytes(blob[a:b]) for a, b in itertools.pairwise(ends)]
    coverage = _coverage(parts.pop()) if header["covered"] else None
    shapes = objects(shapely.from_wkb(parts))
    layer = Layer.from_arrays(
        kind=header["meta"]["kind"],
        geometry=shapes[: header["zones"]],
        columns={k: objects(v) for k, v in header["columns"].items()},
        coverage=coverage,
        meta=header["meta"],
    )
    layer.sha256 = header["sha256"]
    layer.dense = shapes[header["zones"] :] if len(shapes) > header["zones"] else layer.geometry
    return layer


def keep(name: str, layer: Layer) -> None:
    """Keep a layer under a key; a cache that cannot be written is simply not used."""
    shapes = [layer.geometry] if layer.dense is layer.geometry else [layer.geometry, layer.dense]
    wkb = [bytes(b) for g in shapes for b in shapely.to_wkb(g, byte_order=1, output_dimension=2)]
    if layer.coverage is not None:
        wkb.append(shapely.to_wkb(layer.coverage, byte_order=1, output_dimension=2))
    header = {
        "meta": layer.meta(),
        "columns": {k: list(v) for k, v in layer.columns.items() if any(x is not None for x in v)},
        "zones": len(layer),
        "ends": np.cumsum([len(b) for b in wkb]).tolist(),
        "covered": layer.coverage is not None,
        "sha256": layer.sha256,
    }
    text = json.dumps(header, ensure_ascii=False).encode()
    body = text + b"".join(wkb)
    try:
        with whole(_path(name)) as part:
            part.write_bytes(FORM + _HEAD.pack(len(text), zlib.crc32(body)) + body)
    except OSError as error:
        logger.debug("layer not cached: %s", error)


def objects(values: Any) -> np.ndarray[Any, Any]:
    """Return values as an object array of one dimension."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _path(name: str) -> Path:
    return compiled.cache_folder() / "layers" / f"{name}.bin"


@functools.lru_cache(maxsize=64)
def _coverage(wkb: bytes) -> Any:
    """Read a coverage polygon; layers of one atlas mostly share it, and then share the object."""
    return shapely.from_wkb(wkb)
