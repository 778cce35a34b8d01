"""Reading one printed coordinate: decimal, degrees-minutes-seconds in the ways forms write them, packed ``ddd.mmss``.

A broken one is refused, never completed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecozone.measure import METRES_PER_DEGREE

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
    r"(?P<before>[EWNS]|东经|西经|北纬|南纬|经[度°]:?|纬[度°]:?)?\s*(?P<d>\d{1,3})\s*°\s*(?P<m>\d{1,2})\s*'\s*"
    r"(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:\"|'')\s*(?P<after>[EWNS])?",
    re.IGNORECASE,
)
_DEGREES = re.compile(
    r"(?P<before>[EWNS]|东经|西经|北纬|南纬|经[度°]:?|纬[度°]:?)?\s*(?P<d>\d{1,3}(?:\.\d+)?)\s*°?\s*(?P<after>[EWNS])?",
    re.IGNORECASE,
)
_EAST, _NORTH = ("E", "东经", "经度"), ("N", "北纬", "纬度")


@dataclass(frozen=True)
class Coordinate:
    """A number, the decimals it was printed with (of seconds for `dms`), and which axis it said it is."""

    value: float
    digits: int
    dms: bool = False
    axis: str | None = None

    @property
    def unit(self) -> float:
        """One of the last digit."""
        return 10.0**-self.digits / (3600 if self.dms else 1)


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


def pair(text: str) -> tuple[Coordinate, Coordinate] | None:
    """Read two coordinates, east first; None when they are not two whole ones, or both say the same axis."""
    said = angle(text).strip().strip("()（）").strip()
    halves = re.split(r"[,;、]", said)
    if len(halves) == 2:
        cuts = [(halves[0], halves[1])]
    else:
        cuts = [(said[: m.start()], said[m.end() :]) for m in re.finditer(r"\s+", said)] if len(halves) == 1 else []
    for left, right in cuts:
        a, b = read(left), read(right)
        if a is not None and b is not None:
            if "north" in (a.axis,) or b.axis == "east":
                a, b = b, a
            return None if a.axis == "north" or b.axis == "east" else (a, b)
    return None


def printed_m(
    east: NDArray[np.float64] | float, north: NDArray[np.float64] | float, lat: NDArray[np.float64] | float | None
) -> NDArray[np.float64]:
    """Return how far a place may lie from where it is printed, metres: half a unit of the last digit on either axis.

    Parameters
    ----------
    east, north : float or ndarray
        Units of the last digits, degrees or metres.
    lat : float, ndarray or None
        Latitude where the units are degrees; None for metres.
    """
    if lat is None:
        return np.asarray(np.hypot(east, north) / 2)
    narrow = np.cos(np.radians(np.maximum(np.abs(lat) - 0.5 * np.asarray(north), 0.0)))
    return np.asarray(np.hypot(np.asarray(east) * narrow, north) / 2 * METRES_PER_DEGREE)


def _axis(before: str | None, after: str | None) -> str | None:
    said = {w.upper().rstrip(":").replace("°", "度") for w in (before, after) if w}
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
