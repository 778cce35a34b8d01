"""What is wrong with a layer's shapes (missing, of another dimension, self-crossing), repaired where it is safe."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.intake.issue import Issue
from ecozone.kinds import Kind
from ecozone.zonetable import LARGEST_REPAIR

_DIMENSION = {"point": 0, "line": 1, "polygon": 2}
_CHINESE = {0: "点", 1: "线", 2: "面"}


def clean(
    geometry: NDArray[Any], kind: Kind | None, labels: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_], list[Issue]]:
    """Bring geometries in EPSG:4490 to what a kind allows.

    Parameters
    ----------
    geometry : ndarray of geometries or None
    kind : Kind or None
        None: any dimension.
    labels : ndarray of str
        What each is called in messages.

    Returns
    -------
    geometry : ndarray
        Repaired; only meaningful where `keep`.
    keep : ndarray of bool
        Rows with something left.
    issues : list of Issue
    """
    out = geometry.copy()
    issues: list[Issue] = []
    missing = shapely.is_missing(out)
    _say(issues, "geometry-null", missing, labels, "有 {n} 个要素没有几何（只有属性），已略过。")
    empty = shapely.is_empty(out) & ~missing
    _say(issues, "geometry-empty", empty, labels, "有 {n} 个要素的几何为空，已略过。")
    keep = ~missing & ~empty
    _flatten(out, keep, kind, labels, issues)
    _allowed(out, keep, kind, labels, issues)
    _repair(out, keep, labels, issues)
    return out, keep, issues


def _say(issues: list[Issue], code: str, mask: NDArray[Any], labels: NDArray[Any], text: str) -> None:
    if mask.any():
        n = int(mask.sum())
        issues.append(Issue(code, text.format(n=n), n, tuple(labels[mask][:20])))


def _flatten(
    out: NDArray[Any], keep: NDArray[np.bool_], kind: Kind | None, labels: NDArray[Any], issues: list[Issue]
) -> None:
    """Take collections apart: the parts of the highest allowed dimension stay."""
    collections = np.flatnonzero(keep & (shapely.get_type_id(out) == 7))
    mixed = []
    for row in collections.tolist():
        parts = shapely.get_parts(out[row])
        parts = parts[~shapely.is_empty(parts)]
        dimensions = shapely.get_dimensions(parts)
        allowed = [_DIMENSION[g] for g in kind.geometry] if kind else [0, 1, 2]
        usable = [d for d in np.unique(dimensions).tolist() if d in allowed]
        if not usable:
            continue
        best = max(usable)
        make = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[best]
        out[row] = make(shapely.get_parts(parts[dimensions == best]))
        if len(np.unique(dimensions)) > 1:
            mixed.append(row)
    if mixed:
        names = tuple(labels[mixed][:20])
        issues.append(
            Issue("geometry-mixed", f"有 {len(mixed)} 个要素混有点、线、面，只保留了最高一级。", len(mixed), names)
        )


def _allowed(
    out: NDArray[Any], keep: NDArray[np.bool_], kind: Kind | None, labels: NDArray[Any], issues: list[Issue]
) -> None:
    if kind is None:
        return
    allowed = [_DIMENSION[g] for g in kind.geometry]
    dimensions = shapely.get_dimensions(out)
    wrong = keep & ~np.isin(dimensions, allowed)
    if wrong.any():
        found = "、".join(_CHINESE.get(int(d), "未知") for d in np.unique(dimensions[wrong]))
        message = (
            f"“{kind.name}”应为{'或'.join(_CHINESE[d] for d in allowed)}，"
            f"有 {int(wrong.sum())} 个要素是{found}，请核对图层是否选错。"
        )
        issues.append(Issue("geometry-dimension", message, int(wrong.sum()), tuple(labels[wrong][:20])))


def _repair(out: NDArray[Any], keep: NDArray[np.bool_], labels: NDArray[Any], issues: list[Issue]) -> None:
    """Mend self-crossing polygons by what they enclose; refuse where the area would change by more than one percent."""
    areal = keep & (shapely.get_dimensions(out) == 2)
    flat = np.flatnonzero(areal)
    if len(flat):
        size = np.zeros(len(out))
        size[flat] = shapely.area(out[flat])
        thin = areal & (size <= 0) & shapely.is_valid(out)
        bad = np.flatnonzero(areal & ~shapely.is_valid(out))
    else:
        return
    collapsed: list[int] = np.flatnonzero(thin).tolist()
    mended: list[int] = []
    refused: list[tuple[int, float]] = []
    change_m2 = 0.0
    for row in bad.tolist():
        whole = shapely.make_valid(out[row], method="structure", keep_collapsed=False)
        if shapely.is_empty(whole) or shapely.get_dimensions(whole) < 2:
            collapsed.append(row)
            continue
        before, after = _drawn_m2(out[row]), float(measure.area_m2(whole)[0])
        share = abs(after - before) / max(after, before, 1e-9)
        if share > LARGEST_REPAIR:
            refused.append((row, share))
            continue
        out[row] = whole
        change_m2 += after - before
        mended.append(row)
    if mended:
        message = f"有 {len(mended)} 个要素的边界自相交，已修复，面积合计变化 {change_m2:+.2f} 平方米。"
        issues.append(Issue("ring-invalid", message, len(mended), tuple(labels[mended][:20])))
    if refused:
        row, share = max(refused, key=lambda r: r[1])
        message = (
            f"有 {len(refused)} 个要素的边界自相交，修复会使面积变化 {share:.1%}（如 {labels[row]}，"
            f"上限 {LARGEST_REPAIR:.0%}），"
            "无法判断原意，请在原数据中改正。"
        )
        issues.append(Issue("ring-refused", message, len(refused), tuple(labels[[r for r, _ in refused][:20]])))
    if collapsed:
        keep[collapsed] = False
        message = f"有 {len(collapsed)} 个要素的边界退化成线或点，已略过。"
        issues.append(Issue("ring-collapsed", message, len(collapsed), tuple(labels[collapsed][:20])))


def _drawn_m2(geometry: Any) -> float:
    """Return the area that the rings as drawn enclose by signed sum: what an overlay would have measured."""
    total = 0.0
    for part in shapely.get_parts(geometry):
        rings = shapely.get_rings(part)
        areas = [abs(_signed(r)) for r in rings]
        total += areas[0] - sum(areas[1:]) if areas else 0.0
    return max(total, 0.0)


def _signed(ring: Any) -> float:
    lonlat = shapely.get_coordinates(ring)
    middle = (lonlat.min(axis=0) + lonlat.max(axis=0)) / 2
    from ecozone.crs import Plane

    xy = Plane(float(middle[0]), float(middle[1])).forward(lonlat)
    return float(0.5 * np.sum(xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1]))


def refuse_invalid(geometry: NDArray[Any], labels: NDArray[Any]) -> list[Issue]:
    """Name project outlines that cross themselves: they are never repaired."""
    there = ~shapely.is_missing(geometry)
    bad = there & ~shapely.is_valid(geometry)
    if not bad.any():
        return []
    reason = shapely.is_valid_reason(geometry[bad][0])
    message = (
        f"有 {int(bad.sum())} 个项目的边界自相交或无效（{reason}），请按实际边界改正界址点顺序；项目边界不自动修复。"
    )
    return [Issue("ring-refused", message, int(bad.sum()), tuple(labels[bad][:20]))]
