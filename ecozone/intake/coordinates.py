"""Reading one printed coordinate: decimal, degrees-minutes-seconds in the ways forms write them, packed ``ddd.mmss``.

A broken one is refused, never completed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

#: Full-width signs of structure, and their plain ones.
_WIDE = str.maketrans(
    {chr(0xFF10 + i): str(i) for i in range(10)}
    | {"，": ",", "．": ".", "＠": "@", "＝": "=", "－": "-", "；": ";", "【": "[", "】": "]", "［": "[", "］": "]"}
    | {"\u3000": " ", "〔": "[", "〕": "]"}
)
#: Signs of degrees, minutes and seconds from different keyboards.
_ANGLE = str.maketrans(
    {"′": "'", "’": "'", "‘": "'", "`": "'", "´": "'", "分": "'", "＇": "'"}
    | {"″": '"', "”": '"', "“": '"', "秒": '"', "〃": '"', "＂": '"'}
    | {"º": "°", "˚": "°", "度": "°", "∘": "°", "：": ":", "—": "-"}
)
_DECIMAL = re.compile(r"[-+]?\d+(?:\.\d+)?")
_DMS = re.compile(
    r"(?P<before>[EWNS]|东经|西经|北纬|南纬|经度:?|纬度:?)?\s*(?P<d>\d{1,3})\s*°\s*(?P<m>\d{1,2})\s*'\s*"
    r"(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:\"|'')\s*(?P<after>[EWNS])?",
    re.IGNORECASE,
)
_DEGREES = re.compile(
    r"(?P<before>[EWNS]|东经|北纬)?\s*(?P<d>\d{1,3}(?:\.\d+)?)\s*°?\s*(?P<after>[EWNS])?", re.IGNORECASE
)
_EAST, _NORTH = ("E", "东经", "经度", "经度:"), ("N", "北纬", "纬度", "纬度:")


@dataclass(frozen=True)
class Coordinate:
    """A number, the decimals it was printed with (of seconds for `dms`), and which axis it said it is."""

    value: float
    digits: int
    dms: bool = False
    axis: str | None = None


def plain(text: str) -> str:
    """Return a text with full-width digits, commas and brackets as plain ones; words stay as they are."""
    return text.translate(_WIDE)


def angle(text: str) -> str:
    """Return a text with all signs of degrees, minutes and seconds as ``° ' "``."""
    return text.translate(_WIDE).translate(_ANGLE)


def read(text: object) -> Coordinate | None:
    """Read one coordinate; None when it is not a whole one."""
    if isinstance(text, bool) or text is None:
        return None
    if isinstance(text, int | float):
        number = float(text)
        return Coordinate(number, _decimals(repr(text))) if math.isfinite(number) else None
    said = angle(str(text)).strip()
    if _DECIMAL.fullmatch(said):
        return Coordinate(float(said), _decimals(said))
    found = _DMS.fullmatch(said)
    if found:
        degrees, minutes, seconds = int(found["d"]), int(found["m"]), float(found["s"])
        if minutes >= 60 or seconds >= 60 or degrees > 180:
            return None
        axis = _axis(found["before"], found["after"])
        return (
            None
            if axis == "?"
            else Coordinate(degrees + minutes / 60 + seconds / 3600, _decimals(found["s"]), True, axis)
        )
    found = _DEGREES.fullmatch(said)
    if found:
        axis = _axis(found["before"], found["after"])
        return None if axis == "?" else Coordinate(float(found["d"]), _decimals(found["d"]), False, axis)
    return None


def _axis(before: str | None, after: str | None) -> str | None:
    said = {w.upper() for w in (before, after) if w}
    if not said:
        return None
    if said <= set(_EAST):
        return "east"
    return "north" if said <= set(_NORTH) else "?"


def unpack(value: float) -> float | None:
    """Return decimal degrees of a packed ``ddd.mmssss``, or None when minutes or seconds reach 60."""
    sign, rest = math.copysign(1, value), abs(value)
    text = f"{rest:.10f}"
    degrees, _, tail = text.partition(".")
    minutes, seconds = int(tail[:2]), float(f"{tail[2:4]}.{tail[4:]}")
    if minutes >= 60 or seconds >= 60:
        return None
    return sign * (int(degrees) + minutes / 60 + seconds / 3600)


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])
