"""Reading 界址点坐标 TXT, the de-facto exchange format of land-use approval, in its dialects.

Parcels are cut at their ``@`` heads (the stated number of points counts the closing point or does not), rings by 圈号
and by closure, holes by containment. The northing stands first; `ecozone.intake.crs` finds out when it does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import SiteError
from ecozone.intake import coordinates, encoding, limits
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects, polygons_of_rings

_HEADS = ("界址点数", "登记面积", "地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码")
_KEYS = {
    "坐标系": "crs", "坐标系统": "crs", "几度分带": "width", "分带": "width", "带号": "zone", "计量单位": "unit",
    "投影类型": "projection", "精度": "precision", "转换参数": "parameters",
}  # fmt: skip
_DATUMS = (
    (re.compile(r"2000|CGCS", re.I), "CGCS2000"), (re.compile(r"WGS|84坐标"), "WGS84"),
    (re.compile(r"80|西安"), "Xian80"),
    (re.compile(r"54|北京"), "Beijing54"),
)  # fmt: skip
_PLACEHOLDER = re.compile(
    r"^[Xx×*]{2,}$|^[<《{].*[>》}]$|请填写|请输入|此处填|待填|^地块名称$|^地块编号$|^单位名称$|^项目名称$|^示例$|YYYY|^[?？]+$"
)
#: A point line without a head says so by its label.
_LABEL = re.compile(r"^[A-Za-z]{0,3}\d+$|^[A-Za-z]+\d+[-_]\d+$")


@dataclass
class _Parcel:
    head: list[str]
    line: int
    points: list[tuple[str, float, float]] = field(default_factory=list)


def looks_like(text: str) -> bool:
    """Say whether a text is boundary points: its sections, or a head ending in ``@``."""
    said = coordinates.plain(text[:20_000])
    return bool(re.search(r"\[\s*(属性描述|地块坐标|项目信息)\s*\]|^[^\n]*,[^\n]*@\s*$", said, re.MULTILINE))


def is_point(line: str) -> bool:
    """Say whether a line of a file is a boundary point."""
    return _point(coordinates.plain(line).strip()) is not None


def read(path: Path, found: encoding.Decoded) -> RawTable:
    """Read the parcels of a boundary-point file whose text was decoded.

    Raises
    ------
    SiteError
        No point can be read, a coordinate is broken, or the unit or projection is not one that is known.
    """
    raw = found.texts[0] or ""
    text = coordinates.plain(raw)
    issues = list(found.issues)
    if re.search(r"[０-９，．＠]", raw):
        issues.append(Issue("txt-fullwidth", "文件中有全角数字或标点，已按半角读取。"))
    head, parcels, digits, headed = _parse(text, path.name, issues)
    if not headed:
        issues.append(Issue("txt-head-missing", "没有[属性描述]，坐标系、带号按坐标数值判断。"))
    declared, accuracy = _declared(head, issues, path.name)
    return _table(path, parcels, declared, accuracy, digits, found, issues, head)


def _parse(text: str, name: str, issues: list[Issue]) -> tuple[dict[str, str], list[_Parcel], int, bool]:
    head: dict[str, str] = {}
    parcels: list[_Parcel] = []
    broken: list[str] = []
    digits = 99
    section, headed = "", False
    for number, written in enumerate(text.splitlines(), 1):
        line = written.strip().strip("\ufeff\x00")
        if not line or line.startswith(("#", "//")):
            continue
        bracket = re.fullmatch(r"\[\s*(.+?)\s*\]", line)
        if bracket:
            section = bracket[1]
            headed |= section == "属性描述"
            continue
        key = line.partition("=")[0].strip()
        if "=" in line and not line.rstrip(", ").endswith("@"):
            head[_KEYS.get(key, key)] = line.partition("=")[2].strip()
            continue
        if line.rstrip(", ").endswith("@"):
            fields = [f.strip() for f in re.split(r"[,\t]", line.rstrip(", ")[:-1].rstrip(", "))]
            parcels.append(_Parcel(fields, number))
            continue
        if section == "项目信息":
            continue
        point = _point(line)
        if point is None:
            broken.append(f"第 {number} 行")
            continue
        if not parcels:
            parcels.append(_Parcel([], number))
        ring, x, y = point
        parcels[-1].points.append((ring, x.value, y.value))
        digits = min(digits, max(x.digits, y.digits)) if not x.dms else digits
        if len(broken) > 1000:
            break
    if broken:
        issues.append(
            Issue(
                "row-refused",
                f"有 {len(broken)} 行不是完整的界址点（{'、'.join(broken[:5])}），没有读取，请改正后重试。",
                len(broken),
                tuple(broken),
            )
        )
    if not any(p.points for p in parcels):
        where = f"（{'、'.join(broken[:3])} 的坐标无法识别）" if broken else ""
        raise SiteError(f"文件“{name}”里没有界址点坐标{where}，应为“点号,圈号,X坐标,Y坐标”，请检查是否还是空模板。")
    return head, parcels, digits if digits != 99 else 0, headed


def _point(line: str) -> tuple[str, coordinates.Coordinate, coordinates.Coordinate] | None:
    """Read ``label,ring,X,Y``, ``label,X,Y`` or ``X,Y``; None when it is none."""
    fields = [f.strip() for f in re.split(r"[,\t;]| +(?=[-+]?\d)", line) if f.strip()]
    if len(fields) >= 4 and re.fullmatch(r"-?\d{1,4}", fields[1]):
        ring, pair = fields[1], fields[2:4]
    elif len(fields) == 3 or (len(fields) == 4 and not re.fullmatch(r"[-+\d.]+", fields[3])):
        ring, pair = "", fields[1:3]
    elif len(fields) == 2:
        ring, pair = "", fields
    else:
        return None
    x, y = (coordinates.read(f) for f in pair)
    return (ring, x, y) if x is not None and y is not None else None


def _declared(head: dict[str, str], issues: list[Issue], name: str) -> tuple[Declared, float | None]:
    said = head.get("crs", "")
    datum = next((d for pattern, d in _DATUMS if pattern.search(said)), None)
    if said and datum is None and not _PLACEHOLDER.search(said):
        raise SiteError(f"文件“{name}”的坐标系“{said[:30]}”无法识别，请改为 2000国家大地坐标系，或用 --crs 指定。")
    projection = head.get("projection", "")
    if (
        projection
        and not re.search(r"高斯|克吕格|gauss|经纬|无|地理", projection, re.I)
        and not _PLACEHOLDER.search(projection)
    ):
        raise SiteError(f"文件“{name}”的投影类型为“{projection[:30]}”，只能读取高斯克吕格投影，请转换后再提供。")
    unit = head.get("unit", "")
    if unit and not re.search(r"^米$|^m$|度|meter", unit, re.I) and not _PLACEHOLDER.search(unit):
        raise SiteError(f"文件“{name}”的计量单位为“{unit[:20]}”，应为米或度，请改正后再提供。")
    width = re.search(r"[36]", head.get("width", ""))
    zone = re.fullmatch(r"\D*(\d{2})\D*", head.get("zone", ""))
    for key, value in head.items():
        if _PLACEHOLDER.search(value):
            issues.append(Issue("txt-placeholder", f"“{key}”还是模板文字“{value[:20]}”，未填写。"))
    parameters = [coordinates.read(v) for v in re.split(r"[,;\s]+", head.get("parameters", "")) if v]
    values = tuple(p.value for p in parameters if p is not None)
    declared = Declared(
        datum=datum,
        zone_width=int(width[0]) if width else None,
        zone=int(zone[1]) if zone else None,
        north_first=True,
        parameters=values if len(values) == 7 and any(values) else (),
        where="文件头",
    )
    return declared, _precision(head.get("precision", ""), issues)


def _precision(text: str, issues: list[Issue]) -> float | None:
    found = coordinates.read(text) if text else None
    if found is None or found.value < 0:
        return None
    metres = 10.0 ** -int(found.value) if found.value >= 1 and found.value == int(found.value) else found.value
    issues.append(Issue("txt-precision", f"精度取自文件：{metres:g} 米。"))
    return metres if metres <= 100 else None


def packed(head_unit: str) -> bool:
    """Say whether a unit names packed degrees-minutes-seconds."""
    return bool(re.search(r"度分秒|d+\.?m+s+", head_unit, re.I))


def _table(
    path: Path,
    parcels: list[_Parcel],
    declared: Declared,
    accuracy: float | None,
    digits: int,
    found: encoding.Decoded,
    issues: list[Issue],
    head: dict[str, str],
) -> RawTable:
    shapes: list[Any] = []
    rows: list[dict[str, Any]] = []
    counted: list[str] = []
    multiple = 0
    for i, parcel in enumerate(parcels):
        attributes = {k: v or None for k, v in zip(_HEADS, parcel.head, strict=False)}
        label = attributes.get("地块名称") or attributes.get("地块编号") or f"第 {i + 1} 块"
        holders = [v for v in parcel.head if _PLACEHOLDER.search(v)]
        if holders:
            issues.append(
                Issue(
                    "txt-placeholder", f"{label}的表头还有模板文字“{'、'.join(holders)[:30]}”。", len(holders), (label,)
                )
            )
        if not parcel.points:
            shapes.append(None)
            rows.append(attributes)
            continue
        rings = rings_of(parcel.points)
        multiple += len(rings) > 1
        said = re.fullmatch(r"\d+", parcel.head[0]) if parcel.head else None
        n = len(parcel.points)
        open_count = sum(len(np.unique(r, axis=0)) for r in rings)
        if said and int(said[0]) not in (n, n - 1, open_count, open_count + len(rings)):
            counted.append(f"{label}（登记 {said[0]}，实有 {n}）")
        shapes.append(_shape(rings, attributes.get("图形属性") or "面"))
        rows.append(attributes)
    if counted:
        message = (
            f"有 {len(counted)} 个地块的界址点数与实际不符：{'、'.join(counted[:3])}，按实际的点读取，请核对是否缺点。"
        )
        issues.append(Issue("txt-count", message, len(counted), tuple(counted)))
    if multiple:
        issues.append(Issue("txt-parts", f"有 {multiple} 个地块含多圈，内环、外环按包含关系判定，不按圈号。", multiple))
    limits.check_shapes(path.name, objects(shapes))
    keys = [k for k in _HEADS if any(r.get(k) for r in rows)]
    if packed(head.get("unit", "")):
        declared = Declared(**{**declared.__dict__, "crs": "DDD.MMSS"})
    return RawTable(
        path.stem,
        "界址点TXT",
        objects(shapes),
        {k: objects([r.get(k) for r in rows]) for k in keys},
        declared,
        found.encoding,
        found.how,
        digits,
        accuracy,
        tuple(issues),
        path,
    )


def rings_of(points: list[tuple[str, float, float]]) -> list[NDArray[np.float64]]:
    """Cut a parcel's points into rings: where 圈号 changes, and where a ring has come back to its first point."""
    rings: list[list[tuple[float, float]]] = []
    at: str | None = None
    closed = False
    for ring, x, y in points:
        if not rings or ring != at or closed:
            if closed and ring == at and rings and (x, y) == rings[-1][0]:
                continue  # the closing point was written twice
            rings.append([])
            at, closed = ring, False
        rings[-1].append((x, y))
        closed = len(rings[-1]) > 3 and rings[-1][-1] == rings[-1][0]
    return [np.array(r) for r in rings]


def _shape(rings: list[NDArray[np.float64]], drawn: str) -> Any:
    if "点" in drawn:
        return shapely.multipoints(np.vstack(rings)) if sum(map(len, rings)) > 1 else shapely.Point(rings[0][0])
    if "线" in drawn:
        lines = [shapely.LineString(r) for r in rings if len(r) > 1]
        return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
    whole = [r if (r[0] == r[-1]).all() else np.vstack([r, r[:1]]) for r in rings]
    whole = [r for r in whole if len(np.unique(r, axis=0)) >= 3]
    return polygons_of_rings(whole) if whole else shapely.Polygon()
