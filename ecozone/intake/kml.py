"""Reading KML and OVKML with expat: no entities, bounded depth, names and data beside the geometry.

奥维's OVKML says the datum of each placemark (``OvCoordType``); GDAL's driver does not look at it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import shapely

from ecozone.errors import SiteError
from ecozone.intake import encoding, limits
from ecozone.intake.issue import Issue
from ecozone.intake.raw import Declared, RawTable, objects, polygons_of_rings

_DATUMS = {
    "cgcs2000": "CGCS2000",
    "wgs84": "WGS84",
    "wgs-84": "WGS84",
    "gcj02": "GCJ02",
    "gcj-02": "GCJ02",
    "gcj02mc": "GCJ02",
    "bd09": "BD09",
    "bd-09": "BD09",
    "bd09ll": "BD09",
}


@dataclass
class _Mark:
    """A placemark while it is being read."""

    attributes: dict[str, str] = field(default_factory=dict)
    shapes: list[Any] = field(default_factory=list)
    rings: list[Any] = field(default_factory=list)
    datum: str | None = None
    damaged: bool = False
    unclosed: bool = False


class _Reader:
    """Collects placemarks from expat's calls."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.marks: list[_Mark] = []
        self.mark: _Mark | None = None
        self.text: list[str] = []
        self.key = ""
        self.links = 0
        self.folders: list[str] = []
        self.skipped = 0
        self.seen_kml = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if len(self.path) >= limits.DEPTH:
            raise _TooDeep
        self.seen_kml |= name == "kml"
        self.path.append(name)
        self.text = []
        if name == "Placemark":
            self.mark = _Mark()
        elif name in ("Data", "SimpleData"):
            self.key = attributes.get("name", "")
        elif name in ("NetworkLink", "GroundOverlay"):
            self.links += 1
        elif name in ("Model", "Track", "MultiTrack"):
            self.skipped += 1

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        self.path.pop()
        text = "".join(self.text).strip()
        self.text = []
        parent = self.path[-1] if self.path else ""
        mark = self.mark
        if name == "name" and parent == "Folder":
            self.folders.append(text)
        if name == "Folder" and self.folders:
            self.folders.pop()
        if mark is None:
            return
        if name == "Placemark":
            if self.folders:
                mark.attributes.setdefault("Folder", self.folders[-1])
            self.marks.append(mark)
            self.mark = None
        elif parent == "Placemark" and name in ("name", "description"):
            mark.attributes[name] = re.sub(r"<[^>]+>", " ", text).strip()
        elif name in ("value", "SimpleData") and self.key:
            mark.attributes[self.key] = text
        elif name == "OvCoordType":
            mark.datum = _DATUMS.get(text.lower(), text)
        elif name == "coordinates":
            self.coordinates(mark, parent, text)
        elif name == "Polygon":
            self.polygon(mark)

    def coordinates(self, mark: _Mark, parent: str, text: str) -> None:
        xy = _pairs(text)
        if xy is None:
            mark.damaged = True
        elif parent == "Point":
            mark.shapes.append(shapely.Point(xy[0]))
        elif parent == "LinearRing" and len(self.path) >= 2 and "Polygon" in self.path:
            if not (xy[0] == xy[-1]).all():
                mark.unclosed = True
                xy = np.vstack([xy, xy[:1]])
            if len(xy) >= 4:
                mark.rings.append(xy)
            else:
                mark.damaged = True
        elif len(xy) > 1:
            mark.shapes.append(shapely.LineString(xy))
        else:
            mark.damaged = True

    def polygon(self, mark: _Mark) -> None:
        if mark.rings:
            mark.shapes.append(polygons_of_rings(mark.rings))
        mark.rings = []

    def data(self, text: str) -> None:
        self.text.append(text)


class _TooDeep(Exception):
    pass


class _Entities(Exception):
    pass


def _refuse(*_: Any) -> Any:
    raise _Entities


def _pairs(text: str) -> Any:
    """Return ``lon,lat[,h]`` tuples as an (n, 2) array, or None when one is broken."""
    rows = [t.split(",") for t in re.sub(r"\s*,\s*", ",", text).split()]
    try:
        out = np.array([[float(r[0]), float(r[1])] for r in rows])
    except (ValueError, IndexError):
        return None
    return out if len(out) and np.isfinite(out).all() else None


def read(path: Path, *, encoding_given: str | None = None) -> RawTable:
    """Read the placemarks of a KML or OVKML file.

    Raises
    ------
    SiteError
        Not KML, deeper than 64 elements, or with entities; placemarks of different datums.
    """
    limits.check_size(path.name, path.stat().st_size, limits.TEXT_BYTES)
    data = path.read_bytes()
    limits.check_elsewhere(path.name, data[:100_000])
    found = _text(data, encoding_given)
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse((found.texts[0] or "").encode("utf-8", "replace"), True)
    except _TooDeep:
        raise SiteError(f"文件“{path.name}”嵌套超过 {limits.DEPTH} 层，不予读取；请用软件重新导出。") from None
    except _Entities:
        raise SiteError(
            f"文件“{path.name}”含有 DOCTYPE 或实体声明，可能引用外部内容，不予读取；请用软件重新导出。"
        ) from None
    except (expat.ExpatError, ValueError):
        raise SiteError(f"文件“{path.name}”不是完整的 KML，请重新导出。") from None
    if not reader.seen_kml:
        raise SiteError(f"文件“{path.name}”不是 KML（没有 kml 根元素）。")
    return _table(reader, path, found)


def _text(data: bytes, given: str | None) -> encoding.Decoded:
    head = re.match(rb"\s*<\?xml[^>]*encoding=[\"']([\w-]+)", data[3:] if data[:3] == b"\xef\xbb\xbf" else data)
    said = head.group(1).decode("ascii") if head else "utf-8"
    if given is None and head and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        found = encoding.decode(data.split(b"\n"), given=None, declared=said, what="文件")
        found = encoding.Decoded(["\n".join(t or "" for t in found.texts)], found.encoding, found.how, found.issues)
    else:
        found = encoding.decode_text(data, given=given)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", (found.texts[0] or "").lstrip("\ufeff"))
    return encoding.Decoded([text], found.encoding, found.how, found.issues)


def _table(reader: _Reader, path: Path, found: encoding.Decoded) -> RawTable:
    marks = reader.marks
    issues = list(found.issues)
    datums = sorted({m.datum for m in marks if m.shapes and m.datum})
    spoken = sum(bool(m.datum) for m in marks if m.shapes)
    if len(datums) > 1 or (datums and spoken < sum(bool(m.shapes) for m in marks)):
        unsaid = "，另有未注明的" if len(datums) == 1 else ""
        raise SiteError(
            f"文件“{path.name}”的地标坐标类型不一致（{'、'.join(datums)}{unsaid}），请在奥维中统一坐标后分别导出。"
        )
    damaged = [m.attributes.get("name") or f"第 {i + 1} 个" for i, m in enumerate(marks) if m.damaged]
    if damaged:
        issues.append(
            Issue("geometry-damaged", f"有 {len(damaged)} 个地标的坐标不完整。", len(damaged), tuple(damaged), "error")
        )
    unclosed = [m.attributes.get("name") or f"第 {i + 1} 个" for i, m in enumerate(marks) if m.unclosed]
    if unclosed:
        issues.append(
            Issue("ring-unclosed", f"有 {len(unclosed)} 个面没有闭合，已闭合。", len(unclosed), tuple(unclosed))
        )
    if reader.links:
        issues.append(Issue("network-link", f"有 {reader.links} 处指向外部文件或底图，未读取。", reader.links))
    if reader.skipped:
        issues.append(Issue("geometry-unsupported", f"有 {reader.skipped} 个模型或轨迹，未读取。", reader.skipped))
    keys = list(dict.fromkeys(k for m in marks for k in m.attributes))
    is_ov = any(m.datum for m in marks) or "ov" in path.suffix.lower()
    datum = datums[0] if datums else None
    return RawTable(
        path.stem,
        "OVKML" if is_ov else "KML",
        objects([_one(m.shapes) for m in marks]),
        {k: objects([m.attributes.get(k) for m in marks]) for k in keys},
        Declared(crs=None if datum else "EPSG:4326", datum=datum, where="OvCoordType" if datum else "KML 规定"),
        found.encoding,
        found.how,
        issues=tuple(issues),
        path=path,
    )


def _one(shapes: list[Any]) -> Any:
    if not shapes:
        return None
    if len(shapes) == 1:
        return shapes[0]
    dimensions = {int(shapely.get_dimensions(s)) for s in shapes}
    if len(dimensions) > 1:
        return shapely.geometrycollections(shapes)
    parts = list(shapely.get_parts(shapes))
    return (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[dimensions.pop()](parts)
