"""The Gauss-Krüger families of China: EPSG codes by datum, width, zone and prefix, and what a CRS text means."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from ecozone.errors import CRSError

#: Datum -> (3° prefixed, 3° plain) at zone 25, (6° prefixed, 6° plain) at zone 13, geographic.
_FAMILIES = {
    "CGCS2000": ((4513, 4534), (4491, 4502), 4490),
    "Xian80": ((2349, 2370), (2327, 2338), 4610),
    "Beijing54": ((2401, 2422), (21413, 21453), 4214),
    "WGS84": ((4513, 4534), (4491, 4502), 4326),
}
#: How officers call the datums.
DATUMS = {
    "CGCS2000": "CGCS2000", "WGS84": "WGS84", "Xian80": "西安80", "Beijing54": "北京54", "GCJ02": "火星坐标 GCJ-02",
    "BD09": "百度坐标 BD-09", "other": "其他",
}  # fmt: skip
OLD = ("Xian80", "Beijing54")


@dataclass(frozen=True)
class System:
    """What a CRS is, as far as the decision needs it.

    Parameters
    ----------
    code : str
        What pyproj reads.
    form : str
        ``degrees``, ``gk`` (Gauss-Krüger or another transverse Mercator), ``other``.
    datum : str
        A key of `DATUMS`.
    meridian, prefix : float and int or None
        Central meridian; zone prefix of the false easting (None: 500 000).
    """

    code: str
    form: str
    datum: str
    meridian: float | None = None
    prefix: int | None = None
    scale: float = 1.0

    @property
    def label(self) -> str:
        """Name for messages."""
        if self.form == "degrees":
            return f"{self.code}（{DATUMS[self.datum]} 经纬度）"
        if self.form == "gk":
            ahead = f"，带号前缀 {self.prefix}" if self.prefix else "，无带号前缀"
            return f"{short(self.code)}（{DATUMS[self.datum]}，中央经线 {self.meridian:g}°{ahead}）"
        return short(self.code)


def short(code: str) -> str:
    """Return a CRS text fit for a sentence."""
    if len(code) <= 40:
        return code
    from pyproj import CRS

    return f"“{CRS.from_user_input(code).name}”"


def epsg(datum: str, width: int, zone: int, *, prefixed: bool) -> str:
    """Return the EPSG code of a Gauss-Krüger zone, e.g. ``epsg("CGCS2000", 3, 35, prefixed=True)`` -> ``EPSG:4523``.

    Raises
    ------
    CRSError
        No such zone in China.
    """
    low, high = (25, 45) if width == 3 else (13, 23)
    if not low <= zone <= high:
        raise CRSError(f"没有 {width} 度带第 {zone} 带（中国为 {low}–{high} 带），请核对带号和分带。")
    three, six, _ = _FAMILIES[datum]
    first = (three if width == 3 else six)[0 if prefixed else 1]
    return f"EPSG:{first + zone - low}"


def geographic(datum: str) -> str:
    """Return the geographic CRS of a datum."""
    return f"EPSG:{_FAMILIES[datum][2]}"


def plain_at(datum: str, meridian: float) -> str:
    """Return the CRS without prefix of a central meridian (3° and 6° zones give the same numbers there)."""
    return epsg(datum, 3, round(meridian / 3), prefixed=False)


@functools.lru_cache(maxsize=256)
def understand(code: str) -> System:
    """Return what a CRS text means.

    Raises
    ------
    CRSError
        pyproj cannot read it, or it is neither geographic nor projected.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    known = _known(code)
    if known is not None:
        return known
    try:
        crs = CRS.from_user_input(code)
        if crs.is_compound:
            crs = crs.sub_crs_list[0]
            code = crs.to_wkt()
    except (ProjError, ValueError, TypeError, RecursionError):
        raise CRSError(f"无法识别坐标系“{str(code)[:60]}”，请写成 EPSG 代码，例如 EPSG:4490 或 EPSG:4544。") from None
    datum = _datum(crs)
    if crs.is_geographic:
        return System(code, "degrees", datum)
    if not crs.is_projected:
        raise CRSError(f"坐标系“{str(code)[:60]}”不是平面或经纬度坐标系，请用 --crs 指定，例如 EPSG:4544。")
    method = str(crs.coordinate_operation.method_name) if crs.coordinate_operation is not None else ""
    if "Transverse Mercator" not in method and "Gauss" not in method:
        return System(code, "other", datum)
    operation = crs.coordinate_operation
    values = {p.name: p.value for p in (operation.params if operation is not None else ())}
    easting = float(values.get("False easting", 0.0))
    meridian = float(values.get("Longitude of natural origin", 0.0))
    scale = float(values.get("Scale factor at natural origin", 1.0))
    prefix = int(easting // 1_000_000) or None
    return System(code, "gk", datum, meridian, prefix, scale)


def _known(code: str) -> System | None:
    """Read the codes of China without asking PROJ."""
    text = str(code).upper().replace(" ", "")
    if not text.startswith("EPSG:") or not text[5:].isdigit():
        return None
    number = int(text[5:])
    for datum, (three, six, geo) in _FAMILIES.items():
        if number == geo:
            return System(text, "degrees", datum)
        if datum == "WGS84":
            continue
        for (first, plain), (low, count), width in ((three, (25, 21), 3), (six, (13, 11), 6)):
            for start, prefixed in ((first, True), (plain, False)):
                if start <= number < start + count:
                    zone = number - start + low
                    meridian = 3.0 * zone if width == 3 else 6.0 * zone - 3
                    return System(text, "gk", datum, meridian, zone if prefixed else None)
    return None


def _datum(crs: Any) -> str:
    name = (
        f"{crs.name} {crs.geodetic_crs.name if crs.geodetic_crs else ''} {crs.datum.name if crs.datum else ''}".upper()
    )
    for words, datum in (
        (("CGCS2000", "CGCS_2000", "CHINA_2000", "CHINA 2000", "CHINA_GEODETIC", "CHINA GEODETIC"), "CGCS2000"),
        (("WGS 84", "WGS_84", "WGS84", "WGS_1984", "WGS 1984", "WORLD GEODETIC SYSTEM 1984"), "WGS84"),
        (("XIAN", "XI'AN"), "Xian80"),
        (("BEIJING",), "Beijing54"),
    ):
        if any(w in name for w in words):
            return datum
    ellipsoid = crs.ellipsoid
    if ellipsoid is not None:
        radius = round(ellipsoid.semi_major_metre)
        if radius == 6378140:
            return "Xian80"
        if radius == 6378245:
            return "Beijing54"
    return "other"
