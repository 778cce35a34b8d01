"""Which systems numbers alone leave, and where each would put the data: the region decides, or the user is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import CRSError
from ecozone.intake import gauss, numbers
from ecozone.intake.issue import Issue
from ecozone.intake.shift import to_geographic

#: How far beyond a region's outline a reading may put data and still count as inside, degrees (about 5 km).
SLACK = 0.05


@dataclass(frozen=True)
class Candidate:
    """One way to read the numbers: the CRS to name, what it is, and where it puts the data's centre."""

    crs: str
    label: str
    lon: float
    lat: float

    def __str__(self) -> str:
        return f"{self.label} → 东经 {self.lon:.4f}°，北纬 {self.lat:.4f}°"


class AmbiguousCRSError(CRSError):
    """The evidence leaves several readings; `candidates` says which and where each puts the data."""

    def __init__(self, reason: str, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)
        shown = "；".join(map(str, self.candidates[:6]))
        more = f"；等 {len(self.candidates)} 种" if len(self.candidates) > 6 else ""
        example = self.candidates[0].crs if self.candidates else "EPSG:4544"
        super().__init__(f"{reason}可能是：{shown}{more}。请核对后用 --crs 指定，例如 --crs {example}。")


@dataclass(frozen=True)
class Place:
    """The region that the data should lie in: its outline in EPSG:4490 and its name."""

    outline: Any
    name: str

    def holds(self, lon: float, lat: float) -> bool:
        """Say whether a point lies in the region, or nearly."""
        return bool(shapely.distance(self.outline, shapely.Point(lon, lat)) <= SLACK)


@dataclass(frozen=True)
class Reading:
    """A CRS for numbers brought into east-north order."""

    system: gauss.System
    how: str
    datum: str | None = None  # GCJ02, BD09 over geographic numbers


def by_numbers(
    datum: str,
    found: numbers.Numbers,
    xy: NDArray[np.float64],
    place: Place | None,
    issues: list[Issue],
    what: str,
    why: str,
    *,
    silent: bool = False,
) -> Reading:
    """Decide by the numbers alone."""
    if found.form == "unknown":
        raise numbers.unlike_china(xy, what)
    if found.form == "degrees":
        issues.append(
            Issue(
                "crs-inferred",
                f"{why}；坐标为经纬度，按 CGCS2000（EPSG:4490）读取。如取自高德、"
                f"百度地图，请用 --crs GCJ02 或 BD09 指定。",
            )
        )
        return Reading(gauss.understand("EPSG:4490"), "坐标数值")
    if found.form == "prefixed":
        assert found.zone is not None and found.width is not None
        system = gauss.understand(gauss.epsg(datum, found.width, found.zone, prefixed=True))
        if not silent:
            issues.append(
                Issue(
                    "crs-inferred",
                    f"{why}；横坐标带号前缀为 {found.zone}，按 {system.label} 读取。"
                    f"如为西安80、北京54 请用 --crs 指定。",
                )
            )
        return Reading(system, "坐标前缀")
    readings = [gauss.understand(gauss.plain_at(datum, m)) for m in _meridians(xy)]
    chosen = choose(readings, xy, place, f"{what}{why}，带号无法确定；")
    issues.append(
        Issue("crs-by-place", f"{why}；在各种带号中只有 {chosen.label} 落在{place.name if place else ''}内，按它读取。")
    )
    return Reading(chosen, "由所在区域确定")


def _meridians(xy: NDArray[np.float64]) -> list[float]:
    """Return central meridians that plain eastings may belong to: nearest to the middle of China's west first."""
    far = float(np.abs(xy[:, 0] - 500_000).max())
    step = 3 if far <= 170_000 else 6
    every = [m for m in range(75, 136, 3) if step == 3 or (m + 3) % 6 == 0]
    return [float(m) for m in sorted(every, key=lambda m: abs(m - 105))]


def choose(readings: Sequence[gauss.System], xy: NDArray[np.float64], place: Place | None, reason: str) -> gauss.System:
    """Return the one reading that lies in the region.

    Raises
    ------
    AmbiguousCRSError
        None or several do, or no region is known.
    """
    centre = np.array([(xy.min(axis=0) + xy.max(axis=0)) / 2])
    candidates = []
    for system in readings:
        points, _ = to_geographic(
            np.array([shapely.Point(centre[0])], dtype=object), system, None, (), 0.0, "数据", quiet=True
        )
        candidates.append(
            Candidate(system.code if len(system.code) < 30 else "（见说明）", system.label, points[0].x, points[0].y)
        )
    inside = [i for i, c in enumerate(candidates) if place is not None and place.holds(c.lon, c.lat)]
    if len(inside) == 1:
        return readings[inside[0]]
    if place is None:
        reason += "给出 --atlas 可由所在区域判断；"
    else:
        reason += (
            f"没有哪一种读法单独落在{place.name}内，"
            if not inside
            else f"有 {len(inside)} 种读法都落在{place.name}内，"
        )
    raise AmbiguousCRSError(reason, candidates)
