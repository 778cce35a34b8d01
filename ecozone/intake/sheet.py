"""Reading tables with coordinates: CSV and XLSX, a row a point, a row a boundary point, or a WKT column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import shapely

from ecozone.errors import MissingDependencyError, SiteError
from ecozone.intake import coordinates, encoding, limits
from ecozone.intake.container import check_archive
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects, polygons_of_rings
from ecozone.intake.txt import rings_of
from ecozone.intake.wkt import read_wkt

_LON = ("经度", "东经", "lon", "lng", "longitude", "long", "中心经度", "经度(e)", "x", "x坐标", "东坐标", "easting")
_LAT = ("纬度", "北纬", "lat", "latitude", "中心纬度", "纬度(n)", "y", "y坐标", "北坐标", "northing")
_WKT = ("wkt", "geometry", "geom", "the_geom", "图形", "shape")
_PAIR = ("坐标", "经纬度", "位置", "lonlat", "中心坐标", "地理坐标")
_LABEL = ("点号", "界址点号", "拐点", "拐点号", "拐点编号")
_RING = ("圈号", "地块圈号", "环号")
_PARCEL = ("地块", "地块编号", "地块名称", "项目名称", "宗地号", "图斑编号")
#: Rows and columns read of a sheet.
ROWS, COLUMNS = 200_000, 200


def read_csv(path: Path, found: encoding.Decoded) -> RawTable:
    """Read a CSV file whose text was decoded (comma, semicolon or tab).

    Raises
    ------
    SiteError
        No columns with coordinates.
    """
    text = (found.texts[0] or "").lstrip("\ufeff").replace("\x00", "")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    if head.count("，") > head.count(delimiter):
        text, delimiter = text.replace("，", ","), ","
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        raise SiteError(f"文件“{path.name}”不是正确的 CSV，请用表格软件重新导出。") from None
    rows = [r for r in rows if any(c.strip() for c in r)]
    return _table(path, rows, "CSV", found.encoding, found.how, list(found.issues))


def read_xlsx(path: Path) -> RawTable:
    """Read the first sheet of an XLSX workbook (values, not formulas).

    Raises
    ------
    SiteError
        Damaged, a bomb, or without columns with coordinates.
    """
    import warnings
    import zlib
    from xml.etree.ElementTree import ParseError

    limits.check_size(path.name, path.stat().st_size, limits.TEXT_BYTES)
    check_archive(path, entities=True)
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise MissingDependencyError(
            '读取 XLSX 需要 openpyxl，请运行 pip install "ecozone[report]"，或另存为 CSV。'
        ) from None
    damaged = (
        BadZipFile,
        InvalidFileException,
        ParseError,
        zlib.error,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        EOFError,
        OverflowError,
        NotImplementedError,
        AssertionError,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            names = list(book.sheetnames)
            lines = book[names[0]].iter_rows(values_only=True, max_row=ROWS, max_col=COLUMNS)
            rows = [list(r) for r in lines if any(v is not None and str(v).strip() for v in r)]
            book.close()
    except damaged:
        raise SiteError(f"文件“{path.name}”不是正确的 XLSX 或已损坏，请重新导出。") from None
    issues = []
    if len(names) > 1:
        issues.append(Issue("layer-chosen", f"工作簿有 {len(names)} 个工作表，只读取了第一个“{names[0]}”。"))
    return _table(path, rows, "XLSX", "utf-8", "XLSX 规定", issues)


def _table(path: Path, rows: Sequence[Sequence[Any]], kind: str, found: str, how: str, issues: list[Issue]) -> RawTable:
    if not rows:
        raise SiteError(f"文件“{path.name}”里没有内容。")
    start = next((i for i, r in enumerate(rows[:10]) if _columns([str(c or "") for c in r])), None)
    if start is None:
        seen = "、".join(str(c) for c in rows[0] if c is not None)[:80]
        raise SiteError(
            f"文件“{path.name}”里没有认得的坐标列，请把列名写成“经度”“纬度”（或 X、Y、WKT），现有列：{seen}。"
        )
    heads = [str(c).strip() if c is not None and str(c).strip() else f"列{i + 1}" for i, c in enumerate(rows[start])]
    body = [[*r, *[None] * (len(heads) - len(r))] for r in rows[start + 1 :]]
    if not body:
        raise SiteError(f"文件“{path.name}”只有表头，没有数据行。")
    at = _columns(heads)
    names = [h if h not in heads[:i] else f"{h}_{i + 1}" for i, h in enumerate(heads)]
    columns = {name: [_cell(r[i]) for r in body] for i, name in enumerate(names)}
    broken: list[str] = []
    empty: list[str] = []
    digits = 99
    shapes: list[Any] = []
    for number, row in enumerate(body, start + 2):
        shape, printed, state = _place(row, at)
        if state:
            (broken if state == "broken" else empty).append(f"第 {number} 行")
        digits = min(digits, printed) if shape is not None else digits
        shapes.append(shape)
    if broken:
        message = f"有 {len(broken)} 行坐标写法不完整或矛盾（{_named(broken)}），没有猜测，请改正后重试。"
        issues.append(Issue("row-refused", message, len(broken), tuple(broken)))
    if empty:
        message = f"有 {len(empty)} 行坐标空白（{_named(empty)}），已略过。"
        issues.append(Issue("rows-without-place", message, len(empty), tuple(empty)))
    if "label" in at and "wkt" not in at:
        shapes, columns = _parcels(shapes, columns, names, at)
    return RawTable(
        path.stem,
        kind,
        objects(shapes),
        {k: objects(v) for k, v in columns.items()},
        Declared(where="表格"),
        found,
        how,
        digits if digits != 99 else None,
        issues=tuple(issues),
        path=path,
    )


def _named(rows: Sequence[str]) -> str:
    return "、".join(rows[:5]) + (" 等" if len(rows) > 5 else "")


def _columns(heads: Sequence[str]) -> dict[str, int]:
    """Return where the coordinates stand, or nothing."""
    known = {
        re.sub(r"\s", "", h.replace("（", "(").replace("）", ")")).lower(): i
        for i, h in reversed(list(enumerate(heads)))
    }
    groups = {"wkt": _WKT, "lon": _LON, "lat": _LAT, "pair": _PAIR, "label": _LABEL, "ring": _RING}
    out = {key: known[hit] for key, names in groups.items() if (hit := next((n for n in names if n in known), None))}
    return out if "wkt" in out or "pair" in out or ("lon" in out and "lat" in out) else {}


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float | bool):
        return value
    return str(value).strip() or None


def _place(row: Sequence[Any], at: Mapping[str, int]) -> tuple[Any, int, str]:
    """Return (geometry, printed decimals as of degrees or metres, state)."""
    if "wkt" in at:
        text = str(row[at["wkt"]] or "").strip()
        if not text:
            return None, 0, "empty"
        try:
            shape = read_wkt(text)
        except (shapely.GEOSException, NotImplementedError):
            return None, 0, "broken"
        return shape, max((len(n.partition(".")[2]) for n in re.findall(r"\d+\.?\d*", text)[:50]), default=0), ""
    if "lon" in at and "lat" in at:
        pair = [row[at["lon"]], row[at["lat"]]]
    else:
        text = coordinates.angle(str(row[at["pair"]] or ""))
        pair = [p for p in re.split(r"[,;]|(?<=[\d\"'EN])\s+(?=[\dEN])", text) if p.strip()]
    if not pair or all(p is None or not str(p).strip() for p in pair):
        return None, 0, "empty"
    read = [coordinates.read(p) for p in pair]
    if len(read) != 2 or read[0] is None or read[1] is None or (read[0].axis and read[0].axis == read[1].axis):
        return None, 0, "broken"
    x, y = (read[1], read[0]) if read[0].axis == "north" or read[1].axis == "east" else (read[0], read[1])
    return shapely.Point(x.value, y.value), max(x.digits, y.digits) + (4 if x.dms else 0), ""


def _parcels(
    points: Sequence[Any], columns: Mapping[str, list[Any]], names: Sequence[str], at: Mapping[str, int]
) -> tuple[list[Any], dict[str, list[Any]]]:
    """Make areas of rows that are boundary points, one a parcel."""
    parcel = next((n for n in names if n in _PARCEL), None)
    keys = columns[parcel] if parcel else [None] * len(points)
    rings = columns[names[at["ring"]]] if "ring" in at else [""] * len(points)
    groups: dict[Any, list[int]] = {}
    last: Any = None
    for i, key in enumerate(keys):
        last = key if key is not None else last
        if points[i] is not None:
            groups.setdefault(last, []).append(i)
    shapes: list[Any] = []
    for rows in groups.values():
        found = rings_of([(str(rings[i] or ""), points[i].x, points[i].y) for i in rows])
        whole = [r if (r[0] == r[-1]).all() else np.vstack([r, r[:1]]) for r in found]
        whole = [r for r in whole if len(np.unique(r, axis=0)) >= 3]
        shapes.append(polygons_of_rings(whole) if whole else shapely.Point(found[0][0]))
    first = [rows[0] for rows in groups.values()]
    return shapes, {k: [v[i] for i in first] for k, v in columns.items()}
