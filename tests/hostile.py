"""Two hundred uploads that mean harm, or nothing: bombs, climbing paths, wrong types, script names, broken geometry."""

# ruff: noqa: E501 - what is sent stands in one line

from __future__ import annotations

import io
import itertools
import json
import struct
import zipfile
from collections.abc import Iterator

Upload = tuple[str, bytes]

_POINT = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [103.56, 29.4]}}


def _zip(members: dict[str, bytes], *, link: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if link:
                info.external_attr = 0o120777 << 16
            archive.writestr(info, data)
    return out.getvalue()


def _geo(geometry: object) -> bytes:
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def _kinds() -> Iterator[Upload]:
    zeros = bytes(30_000_000)
    yield "bomb.zip", _zip({"a.geojson": zeros})
    yield "bomb.kmz", _zip({"doc.kml": zeros})
    yield "bomb.xlsx", _zip({"xl/workbook.xml": zeros, "[Content_Types].xml": b"<x/>"})
    yield "nested.zip", _zip({"inner.zip": _zip({"inner.zip": _zip({"a.txt": b"1"})})})
    yield "many.zip", _zip({f"{i}.geojson": b"{}" for i in range(1000)})
    for name in (
        "../../../etc/cron.d/x.geojson",
        "/etc/passwd.geojson",
        "C:\\windows\\x.geojson",
        "..\\..\\x.shp",
        "a\x00.shp",
    ):
        yield "climb.zip", _zip({name: _geo(_POINT["geometry"])})
    yield "link.zip", _zip({"a.geojson": b"/etc/passwd"}, link=True)
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(9))
    yield "laughs.kml", f"<?xml version='1.0'?><!DOCTYPE k [{laughs}]><kml><name>&l8;</name></kml>".encode()
    yield (
        "xxe.kml",
        b'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><name>&x;</name></kml>',
    )
    yield "deep.kml", b"<kml>" + b"<Folder>" * 20_000 + b"</Folder>" * 20_000 + b"</kml>"
    yield "deep.geojson", b"[" * 200_000 + b"]" * 200_000
    yield (
        "deep2.geojson",
        b'{"type":"FeatureCollection","features":' + b'[{"a":' * 50_000 + b"1" + b"}]" * 50_000 + b"}",
    )
    yield (
        "vrt.vrt",
        b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
    )
    yield (
        "vrt.geojson",
        b"<OGRVRTDataSource><SrcDataSource>/vsicurl/http://10.0.0.1/a</SrcDataSource></OGRVRTDataSource>",
    )
    yield "vrt.kml", b"<OGRVRTDataSource><SrcDataSource>/etc/shadow</SrcDataSource></OGRVRTDataSource>"
    yield "pg.txt", b"PG:host=10.0.0.1 dbname=x"
    for suffix in (
        "exe",
        "php",
        "py",
        "sh",
        "html",
        "svg",
        "js",
        "gml",
        "tif",
        "pdf",
        "rar",
        "7z",
        "dwg",
        "mdb",
        "shp.xml",
        "",
    ):
        yield f"evil.{suffix}".rstrip("."), b"#!/bin/sh\nrm -rf /\n"
    for name in ("<script>alert(1)</script>.geojson", "../../etc/passwd", "a\r\nSet-Cookie: x=1.geojson", "`id`.shp", "$(id).gpkg",
                 "CON.geojson", "名称" * 200 + ".geojson", ".htaccess", "a;b.kml", '"onload=x".txt'):  # fmt: skip
        yield name, b"not a map"
    for suffix in (
        "geojson",
        "json",
        "gpkg",
        "shp",
        "kml",
        "kmz",
        "zip",
        "txt",
        "csv",
        "xlsx",
        "fgb",
        "parquet",
        "dxf",
        "wkt",
    ):
        yield f"empty.{suffix}", b""
        yield f"binary.{suffix}", bytes(range(256)) * 64
        yield f"html.{suffix}", b"<!DOCTYPE html><html><script>alert(1)</script></html>"
        yield f"elf.{suffix}", b"\x7fELF" + bytes(2000)
        yield f"sqlite.{suffix}", b"SQLite format 3\x00" + bytes(4000)
        yield f"shp.{suffix}", struct.pack(">i", 9994) + bytes(96)
    for i, geometry in enumerate(
        (
            None, {}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": []}, {"type": "Point", "coordinates": [None, 1]},
            {"type": "Point", "coordinates": [1e308, 1e308]}, {"type": "Point", "coordinates": ["103", "29"]},
            {"type": "Polygon", "coordinates": [[[103, 29], [104, 30]]]}, {"type": "Sphere", "coordinates": [1, 2]},
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, {"type": "Point", "coordinates": [2.35, 48.85]},
            {"type": "GeometryCollection", "geometries": []}, {"type": "LineString", "coordinates": [[103.5, 29.4]]},
        )
    ):  # fmt: skip
        yield f"shape{i}.geojson", _geo(geometry)
    yield "nan.geojson", b'{"type":"Point","coordinates":[NaN,Infinity]}'
    yield "cut.geojson", _geo({"type": "Point", "coordinates": [103.56, 29.4]})[:60]
    yield "cut.zip", _zip({"a.geojson": _geo(_POINT["geometry"])})[:80]
    yield "wkt.wkt", b"GEOMETRYCOLLECTION(" * 30_000
    yield "wkt2.wkt", b"POLYGON ((103 29, 104 29, 104 30, 103 29"
    yield "giant.txt", b"J1,1," + b"9" * 100_000 + b",1\n"
    yield "text.txt", "这里没有坐标，只有一句话。".encode("gb18030")
    yield "words.csv", b"=cmd|' /C calc'!A0,b\n1,2\n"
    link = b"<NetworkLink><Link><href>http://10.0.0.1/x.kml</href></Link></NetworkLink>"
    yield "link.kml", b'<kml xmlns="http://www.opengis.net/kml/2.2">' + link + b"</kml>"


def uploads(count: int) -> list[Upload]:
    """Return so many hostile uploads: each kind, then damaged copies of a good file cut and flipped in many places."""
    good = _geo({"type": "Polygon", "coordinates": [[[103.56, 29.4], [103.57, 29.4], [103.57, 29.41], [103.56, 29.4]]]})
    cuts = ((f"cut{i}.geojson", good[: 20 + 2 * i]) for i in itertools.count())
    return list(itertools.islice(itertools.chain(_kinds(), cuts), count))
