"""How a layer's zones lie to each other (twice, overlapping, with gaps, slivers), and stated areas against measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.intake.issue import Issue

#: Overlaps and gaps below this are digitising noise, square metres.
NOISE_M2 = 1.0
#: A zone or part smaller than this, or thinner (4πA/P² below), is a sliver.
SLIVER_M2 = 10.0
THIN = 0.002
_UNITS = {"平方米": 1.0, "亩": 2000 / 3, "公顷": 1e4, "平方公里": 1e6}
_AREA = re.compile(r"面积|(^|_)(MJ|DKMJ|TBMJ|HXMJ|area|area_km2|area_ha|shape_area)$", re.IGNORECASE)


@dataclass(frozen=True)
class Spot:
    """A place to look at: what is there, how much, and whom it concerns."""

    code: str
    geometry: Any
    area_m2: float
    zones: tuple[str, ...]


def spots(geometry: NDArray[Any], zones: NDArray[Any], *, wall_to_wall: bool, outline: Any = None) -> list[Spot]:
    """Find duplicates, overlaps, gaps and slivers.

    Parameters
    ----------
    geometry : ndarray of valid geometries in EPSG:4490
    zones : ndarray of ids
    wall_to_wall : bool
        Also look for gaps: holes of the union, and what it leaves of `outline`.
    outline : geometry, optional
    """
    areal = np.flatnonzero(shapely.get_dimensions(geometry) == 2)
    found = _duplicates(geometry, zones)
    twins = {s.zones for s in found}
    found += _overlaps(geometry[areal], zones[areal], twins)
    if wall_to_wall and len(areal):
        found += _gaps(geometry[areal], outline)
    return found + _slivers(geometry[areal], zones[areal])


def _duplicates(geometry: NDArray[Any], zones: NDArray[Any]) -> list[Spot]:
    first: dict[bytes, int] = {}
    out = []
    for i, blob in enumerate(shapely.to_wkb(shapely.normalize(geometry), output_dimension=2)):
        if blob in first:
            area = float(measure.area_m2(geometry[i])[0])
            out.append(Spot("duplicate-zone", geometry[i], area, (str(zones[first[blob]]), str(zones[i]))))
        else:
            first[blob] = i
    return out


def _overlaps(geometry: NDArray[Any], zones: NDArray[Any], twins: set[tuple[str, ...]]) -> list[Spot]:
    if len(geometry) < 2:
        return []
    a, b = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    pairs = a < b
    a, b = a[pairs], b[pairs]
    shared = shapely.intersection(geometry[a], geometry[b])
    there = shapely.area(shared) > 0
    a, b, shared = a[there], b[there], shared[there]
    if not len(a):
        return []
    areas = measure.area_m2(shared)
    out = []
    for i, j, piece, area in zip(a.tolist(), b.tolist(), shared, areas.tolist(), strict=True):
        pair = (str(zones[i]), str(zones[j]))
        if area > NOISE_M2 and pair not in twins:
            out.append(Spot("overlap", piece, area, pair))
    return out


def _gaps(geometry: NDArray[Any], outline: Any) -> list[Spot]:
    union = shapely.union_all(geometry)
    pieces = [shapely.Polygon(r) for part in shapely.get_parts(union) for r in shapely.get_rings(part)[1:]]
    if outline is not None:
        missing = shapely.get_parts(shapely.difference(outline, union))
        pieces = [p for p in missing if shapely.get_dimensions(p) == 2]
    if not pieces:
        return []
    areas = measure.area_m2(np.array(pieces, dtype=object))
    return [Spot("gap", p, a, ()) for p, a in zip(pieces, areas.tolist(), strict=True) if a > NOISE_M2]


def _slivers(geometry: NDArray[Any], zones: NDArray[Any]) -> list[Spot]:
    parts, owner = shapely.get_parts(geometry, return_index=True)
    if not len(parts):
        return []
    round_ = 4 * np.pi * shapely.area(parts) / np.maximum(shapely.length(parts) ** 2, 1e-30)
    areas = measure.area_m2(parts)
    rows = np.flatnonzero((areas < SLIVER_M2) | ((round_ < THIN) & (areas < 10_000)))
    return [Spot("sliver", parts[r], float(areas[r]), (str(zones[owner[r]]),)) for r in rows.tolist()]


def issues_of(found: list[Spot], *, wall_to_wall: bool) -> list[Issue]:
    """Return one issue a kind of spot, with its figures."""
    texts = {
        "duplicate-zone": "有 {n} 对要素的图形完全相同，合计 {a:.0f} 平方米。",
        "overlap": "有 {n} 处要素相互重叠，合计 {a:.1f} 平方米，最大一处 {m:.1f} 平方米。",
        "gap": "全覆盖图层有 {n} 处缝隙，合计 {a:.1f} 平方米，最大一处 {m:.1f} 平方米。",
        "sliver": "有 {n} 个细碎多边形，合计 {a:.1f} 平方米。",
    }
    out = []
    for code, text in texts.items():
        some = [s for s in found if s.code == code]
        if some:
            areas = [s.area_m2 for s in some]
            names = tuple("与".join(s.zones) for s in some if s.zones)
            severity = "info" if code == "overlap" and not wall_to_wall else ""
            out.append(Issue(code, text.format(n=len(some), a=sum(areas), m=max(areas)), len(some), names, severity))
    return out


def stated_areas(columns: Mapping[str, NDArray[Any]], geometry: NDArray[Any], zones: NDArray[Any]) -> list[Issue]:
    """Compare area attributes with the measured area, the unit being the one that most values agree with."""
    out = []
    measured = measure.area_m2(geometry)
    for field, column in columns.items():
        if not _AREA.search(field.strip()):
            continue
        stated = np.array([_figure(v) for v in column])
        there = np.isfinite(stated) & (stated > 0) & (measured > 0)
        if not there.any():
            continue
        ratio = measured[there] / stated[there]
        name, size = min(_UNITS.items(), key=lambda u: float(np.median(np.abs(np.log(ratio / u[1])))))
        off = np.abs(ratio / size - 1)
        if np.median(off) > 0.5:
            shown = f"登记 {stated[there][0]:g}，实测 {measured[there][0] / 1e4:.4f} 公顷"
            out.append(
                Issue("area-differs", f"字段“{field.strip()}”与图形面积对不上任何单位（{shown}）。", int(there.sum()))
            )
            continue
        if not re.search(r"km2|ha$|公顷|亩|平方", field):
            out.append(Issue("area-unit", f"字段“{field.strip()}”按数值判断单位为{name}。"))
        far = off > 0.01
        if far.any():
            names = tuple(str(z) for z in zones[there][far][:20])
            worst = int(np.argmax(off))
            message = (
                f"字段“{field.strip()}”（{name}）有 {int(far.sum())} 个与图形面积相差超过 1%，"
                f"最大 {off[worst]:.1%}（登记 {stated[there][worst]:g}，实测 {measured[there][worst] / size:.4f}）。"
            )
            out.append(Issue("area-differs", message, int(far.sum()), names))
    return out


def _figure(value: Any) -> float:
    found = re.match(r"\s*([\d.]+)\s*", str(value)) if value is not None and not isinstance(value, bool) else None
    try:
        return float(found[1]) if found else float("nan")
    except ValueError:
        return float("nan")
