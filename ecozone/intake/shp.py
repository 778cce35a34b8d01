"""Reading a shapefile with numpy alone: the .shp record by record (so a missing .shx does no harm), the .dbf as bytes.

Names and texts stay bytes until `ecozone.intake.encoding` has seen them all.
"""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import SiteError
from ecozone.intake import encoding, limits
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects, polygons_of_rings

_POINT, _LINE, _POLYGON, _MULTIPOINT = (1, 11, 21), (3, 13, 23), (5, 15, 25), (8, 18, 28)


def read(path: Path, *, encoding_given: str | None = None) -> RawTable:
    """Read a shapefile and its companions.

    Raises
    ------
    SiteError
        Not a shapefile, or cut off before its first record.
    """
    companions = {p.suffix.lower(): p for p in path.parent.glob("*") if p.stem.lower() == path.stem.lower()}
    limits.check_size(path.name, path.stat().st_size)
    geometry, issues = _shapes(path)
    if ".shx" not in companions:
        issues.append(Issue("shx-missing", "缺少 .shx 索引文件，已按 .shp 逐条读取，不影响结果。"))
    declared, prj_issues = _prj(companions.get(".prj"))
    issues += prj_issues
    columns: dict[str, NDArray[Any]] = {}
    found, how = None, ""
    if ".dbf" in companions:
        said = companions[".cpg"].read_bytes()[:40].decode("ascii", "replace") if ".cpg" in companions else None
        rows, columns, decoded = _dbf(companions[".dbf"], said, encoding_given)
        found, how = decoded.encoding, decoded.how
        issues += decoded.issues
        if rows != len(geometry):
            issues.append(
                Issue(
                    "rows-differ",
                    f".shp 有 {len(geometry)} 条图形，.dbf 有 {rows} 条属性，只取两者都有的部分。",
                    abs(rows - len(geometry)),
                )
            )
            n = min(rows, len(geometry))
            geometry, columns = geometry[:n], {k: v[:n] for k, v in columns.items()}
    else:
        issues.append(Issue("dbf-missing", "缺少 .dbf 属性表，只读取了图形。"))
    return RawTable(path.stem, "Shapefile", geometry, columns, declared, found, how, issues=tuple(issues), path=path)


def _shapes(path: Path) -> tuple[NDArray[Any], list[Issue]]:
    data = path.read_bytes()
    if len(data) < 100 or data[:4] != b"\x00\x00\x27\x0a":
        raise SiteError(f"文件“{path.name}”不是正确的 Shapefile（文件头不对），请重新导出。")
    out: list[Any] = []
    damaged: list[str] = []
    unsupported = 0
    heights = False
    at = 100
    while at + 12 <= len(data):
        length = struct.unpack(">i", data[at + 4 : at + 8])[0] * 2
        if length < 4 or at + 8 + length > len(data):
            damaged.append(f"第 {len(out) + 1} 条")
            break
        body = data[at + 8 : at + 8 + length]
        at += 8 + length
        kind = struct.unpack("<i", body[:4])[0]
        heights |= kind > 10
        if kind == 31 or kind not in (0, *_POINT, *_LINE, *_POLYGON, *_MULTIPOINT):
            unsupported += 1
            out.append(None)
            continue
        try:
            out.append(_shape(kind, body))
        except (struct.error, ValueError, IndexError, shapely.GEOSException):
            damaged.append(f"第 {len(out) + 1} 条")
            out.append(None)
        if len(out) > limits.FEATURES:
            break
    if not out:
        raise SiteError(f"文件“{path.name}”里没有完整的图形，可能传输不完整，请重新导出。")
    issues = []
    if damaged:
        issues.append(
            Issue(
                "geometry-damaged",
                f"有 {len(damaged)} 条图形数据不完整或含空值（NaN），已略过，请核对原文件。",
                len(damaged),
                tuple(damaged),
                "error",
            )
        )
    if unsupported:
        issues.append(
            Issue("geometry-unsupported", f"有 {unsupported} 条图形为 MultiPatch 等不支持的类型，已略过。", unsupported)
        )
    if heights:
        issues.append(Issue("geometry-z", "图形带高程或量测值（Z/M），未读取，不影响平面判定。"))
    return objects(out), issues


def _shape(kind: int, body: bytes) -> Any:
    if kind == 0:
        return None
    if kind in _POINT:
        return shapely.Point(*struct.unpack("<2d", body[4:20]))
    if kind in _MULTIPOINT:
        count = struct.unpack("<i", body[36:40])[0]
        return shapely.multipoints(_coordinates(body, 40, count))
    parts, count = struct.unpack("<2i", body[36:44])
    if not (0 < parts <= count) or 44 + 4 * parts + 16 * count > len(body):
        raise ValueError
    starts = [*np.frombuffer(body, "<i4", parts, 44).tolist(), count]
    xy = _coordinates(body, 44 + 4 * parts, count)
    if any(b <= a for a, b in itertools.pairwise(starts)) or starts[0] != 0:
        raise ValueError
    pieces = [xy[a:b] for a, b in itertools.pairwise(starts)]
    if kind in _LINE:
        lines = [shapely.linestrings(p) for p in pieces if len(p) > 1]
        return lines[0] if len(lines) == 1 else shapely.multilinestrings(lines)
    rings = [p if (p[0] == p[-1]).all() else np.vstack([p, p[:1]]) for p in pieces]
    rings = [r for r in rings if len(r) >= 4]
    return polygons_of_rings(rings) if rings else shapely.Polygon()


def _coordinates(body: bytes, at: int, count: int) -> NDArray[np.float64]:
    if count <= 0 or at + 16 * count > len(body):
        raise ValueError
    return np.frombuffer(body, "<f8", 2 * count, at).reshape(-1, 2).copy()


def _dbf(path: Path, said: str | None, given: str | None) -> tuple[int, dict[str, NDArray[Any]], encoding.Decoded]:
    data = path.read_bytes()
    if len(data) < 33:
        raise SiteError(f"属性表“{path.name}”不完整，请重新导出。")
    count, head, width = struct.unpack("<IHH", data[4:12])
    if said is None:
        said = encoding.LANGUAGE_DRIVERS.get(data[29])
    fields: list[tuple[bytes, str, int, int]] = []
    at, offset = 32, 1
    while at + 32 <= len(data) and data[at] != 0x0D and at < head:
        size = data[at + 16]
        fields.append((data[at : at + 11].split(b"\x00")[0], chr(data[at + 11]), offset, size))
        offset += size
        at += 32
    if not fields or width < 1 or offset > width or not 33 <= head <= len(data):
        raise SiteError(f"属性表“{path.name}”的文件头有误，请重新导出。")
    count = min(count, max(0, (len(data) - head) // width))
    block = np.frombuffer(data, np.uint8, count * width, head).reshape(count, width)
    texts: list[bytes] = [name for name, *_ in fields]
    for _, kind, start, size in fields:
        if kind in "CM":
            column = np.ascontiguousarray(block[:, start : start + size])
            texts += [v.strip(b" \x00") for v in column.view(f"S{size}").ravel().tolist()] if size and count else []
    decoded = encoding.decode(texts, given=given, declared=said, what="属性表")
    names = _unique([(t or "").strip() for t in decoded.texts[: len(fields)]])
    left = iter(decoded.texts[len(fields) :])
    columns: dict[str, NDArray[Any]] = {}
    for name, (_, kind, start, size) in zip(names, fields, strict=True):
        if kind in "CM":
            columns[name] = objects([(next(left) or None) if size and count else None for _ in range(count)])
        else:
            column = np.ascontiguousarray(block[:, start : start + size])
            values = column.view(f"S{size}").ravel().tolist() if size and count else [b""] * count
            columns[name] = objects([_value(v, kind) for v in values])
    return count, columns, decoded


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for i, name in enumerate(names):
        shown = name or f"字段{i + 1}"
        seen[shown] = seen.get(shown, 0) + 1
        out.append(shown if seen[shown] == 1 else f"{shown}_{seen[shown]}")
    return out


def _value(raw: bytes, kind: str) -> Any:
    text = raw.decode("ascii", "replace").strip(" \x00*")
    if not text:
        return None
    if kind in "NF":
        try:
            number = float(text)
        except ValueError:
            return None
        if not np.isfinite(number):
            return None
        return int(number) if number == int(number) and "." not in text and abs(number) < 2**53 else number
    if kind == "D" and len(text) == 8 and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if kind == "L":
        return {"T": True, "Y": True, "F": False, "N": False}.get(text.upper())
    return text


def _prj(path: Path | None) -> tuple[Declared, list[Issue]]:
    if path is None:
        return Declared(where=".prj"), []
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    text = path.read_bytes()[:20_000].decode("utf-8", "replace").strip().strip("\x00")
    try:
        found = CRS.from_wkt(text)
    except ProjError:
        return Declared(where=".prj"), [Issue("prj-unreadable", f"“{path.name}”无法识别，视同没有声明坐标系。")]
    code = found.to_epsg(min_confidence=70)
    return Declared(crs=f"EPSG:{code}" if code else found.to_wkt(), where=".prj"), []
