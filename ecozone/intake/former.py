"""What a new version of a layer has less of than the former one: ground, length, features, shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.atlas import Atlas
from ecozone.intake.issue import Issue
from ecozone.layer import Layer
from ecozone.versions import order

#: Kinds whose area must not shrink from version to version (面积不减少).
NOT_SMALLER = (
    "ecological_redline", "nature_reserve", "national_park", "nature_park", "wetland", "basic_farmland",
    "basic_farmland_area",
)  # fmt: skip
#: A loss below this share is digitising noise.
LOSS = 1e-6
#: Columns that name a feature for good, before its name.
_CODES = ("code",)
#: Features that are named in a sentence.
_NAMED = 5
_SHAPES = ("点", "线", "面")


def former(layer: Layer, atlas: Atlas) -> Layer | None:
    """Return the version that goes before a layer in an atlas (the last such with zones), or None."""
    mine = order(layer.valid_from, layer.version)
    before = [v for v in atlas.versions(layer.kind) if order(v.valid_from, v.version) < mine and len(v)]
    return before[-1] if before else None


def shrunk(layer: Layer, atlas: Atlas, plan_area_km2: float | None = None) -> list[Issue]:
    """Compare a layer's area with the last version's and the plan's figure (面积不减少)."""
    if layer.kind not in NOT_SMALLER:
        return []
    now = total_km2(layer)
    out = []
    before = former(layer, atlas)
    if before is not None:
        last = total_km2(before)
        if now < last * (1 - LOSS):
            message = (
                f"“{layer.spec.name}”面积 {now:.4f} 平方公里，"
                f"比上一版（{before.version}）的 {last:.4f} 平方公里减少 "
                f"{last - now:.4f} 平方公里。确有批准依据的，"
                f"用 --acknowledge area-shrunk 确认并在 --document 写明文号。"
            )
            out.append(Issue("area-shrunk", message, 1, (before.version,)))
    figure = plan_area_km2
    parameter = atlas.parameters.get(f"plan_area_{layer.kind}_km2")
    if figure is None and parameter is not None:
        figure = float(parameter.value)
    if figure is not None and now < figure * (1 - 1e-4):
        message = (
            f"“{layer.spec.name}”面积 {now:.4f} 平方公里，小于规划数 {figure:g} 平方公里（差 {figure - now:.4f}）。"
            "确认无误的，用 --acknowledge area-shrunk 确认。"
        )
        out.append(Issue("area-shrunk", message))
    return out


def total_km2(layer: Layer) -> float:
    """Return the area that a layer's zones cover together, square kilometres."""
    shapes = layer.geometry[(layer.columns["status"] == "in_force")]
    return float(measure.area_m2(shapely.union_all(shapes))[0]) / 1e6 if len(shapes) else 0.0


def lost(layer: Layer, atlas: Atlas) -> list[Issue]:
    """Say what a layer lacks of the version before it: zones in force by code or name, extent, dimension.

    Extent is area, length or count, by dimension; kinds of `NOT_SMALLER` are left to `shrunk`. A loss below the share
    `LOSS` is none.
    """
    before = former(layer, atlas)
    if before is None:
        return []
    return [*_missing(layer, before), *_extents(layer, before)]


def _missing(layer: Layer, before: Layer) -> list[Issue]:
    then, now = before.columns["status"] == "in_force", layer.columns["status"] == "in_force"
    gone: dict[str, None] = {}
    known = np.zeros(len(before), dtype=bool)  # features that a code has spoken for
    for column in (*_CODES, "name"):
        if column not in before.columns:
            continue
        here = set(_texts(layer.columns[column][now])) if column in layer.columns else set()
        if column in _CODES and not here:
            continue  # the new version has no codes: names speak
        texts = [_text(v) for v in before.columns[column]]
        said = np.array([t not in ("", layer.spec.name) for t in texts], dtype=bool)  # the kind's name is nobody's own
        rows = np.flatnonzero(then & ~known & said)
        for row in rows.tolist():
            text = texts[row]
            if text not in here:
                name = _text(before.columns["name"][row])
                gone[f"{name}（{text}）" if column != "name" and name else text] = None
        known[rows] = True
    if not gone:
        return []
    labels = tuple(gone)
    some = "、".join(labels[:_NAMED]) + (f" 等 {len(labels)} 个" if len(labels) > _NAMED else "")
    message = (
        f"上一版（{before.version}）“{layer.spec.name}”的 {len(labels)} 个要素在这一版里没有或不再生效：{some}。"
        "本版采用后它们不再参与判定，请与数据提供单位核实是否漏交。"
    )
    return [Issue("features-missing", message, len(labels), labels)]


def _extents(layer: Layer, before: Layer) -> list[Issue]:
    then, now = (v.geometry[v.columns["status"] == "in_force"] for v in (before, layer))
    if not len(then) or not len(now):
        return []
    dimensions = [shapely.get_dimensions(v) for v in (then, now)]
    was, is_ = (int(d.max()) for d in dimensions)
    name = layer.spec.name
    out = []
    if is_ < was:
        message = (
            f"“{name}”上一版（{before.version}）有{_SHAPES[was]}，这一版只有{_SHAPES[is_]}："
            f"距离和占地会按{_SHAPES[is_]}量算，范围变小，请核实是否应交{_SHAPES[was]}。"
        )
        out.append(Issue("geometry-reduced", message, len(now)))
    for dimension in np.unique(dimensions[0]).tolist():
        if dimension > is_ or is_ > was or (dimension == 2 and layer.kind in NOT_SMALLER):
            continue  # another dimension is no measure of this one; red lines and their like are told by `shrunk`
        a, b = (_extent(v[d == dimension], dimension) for v, d in zip((then, now), dimensions, strict=True))
        if b < a * (1 - LOSS):
            what, unit = (("个数", "个"), ("总长度", "公里"), ("面积", "平方公里"))[dimension]
            figures = [f"{v:.4f}" if dimension else f"{v:.0f}" for v in (b, a, a - b)]
            message = (
                f"“{name}”{what} {figures[0]} {unit}，比上一版（{before.version}）的 {figures[1]} {unit}减少 "
                f"{figures[2]} {unit}（{(a - b) / a:.1%}），请与数据提供单位核实是否漏交。"
            )
            out.append(Issue("extent-shrunk", message, 1, (before.version,)))
    return out


def _extent(shapes: NDArray[Any], dimension: int) -> float:
    """Return how much there is: square kilometres covered together, kilometres of line, or how many points."""
    if dimension == 2:
        return float(measure.area_m2(shapely.union_all(shapes))[0]) / 1e6 if len(shapes) else 0.0
    if dimension == 1:
        return float(measure.length_m(shapes).sum()) / 1e3 if len(shapes) else 0.0
    return float(shapely.get_num_geometries(shapes).sum())


def _texts(values: Sequence[Any] | NDArray[Any]) -> list[str]:
    return [t for t in map(_text, values) if t]


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
