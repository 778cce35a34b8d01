"""Derived zones: what a drinking-water zone or a river belt would be by the standard's figures.

Never a legal boundary: every zone carries 推算，非法定边界, and a gazetted zone of the same source wins. Figures that
were not read in the standard itself are parameters, each with its source in `FIGURES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import crs, measure
from ecozone.course import Course, DelineationError
from ecozone.standards import FIGURES, SOILS, Figure

if TYPE_CHECKING:
    import geopandas

    from ecozone.layer import Layer

__all__ = ["FIGURES", "NOTICE", "DelineationError", "Figure", "as_layer", "river_belt", "water_source"]

#: The mark every derived zone carries.
NOTICE = "推算，非法定边界"
_GRADES = {1: "一级", 2: "二级", 3: "准"}


@dataclass(frozen=True)
class Zone:
    """One grade in a plane: its ground, the course in it, and the course that the data lack, metres."""

    ground: Any
    length_m: float = 0.0
    missing_m: float = 0.0


def water_source(
    source_type: str,
    intake: Any,
    *,
    name: str,
    standard: str = "HJ 338-2018",
    course: Any = None,
    against_flow: bool = False,
    water: Any = None,
    width_m: float | None = None,
    tributaries: Sequence[Any] = (),
    size: str = "中型",
    soil: str = "中砂",
    well: Mapping[str, float] | None = None,
    watershed: Any = None,
    figures: Mapping[str, float] | None = None,
) -> geopandas.GeoDataFrame:
    """Return the zones that a standard's figures give a drinking-water source.

    Parameters
    ----------
    source_type : str
        ``river``, ``reservoir``, ``lake`` or ``groundwater``.
    intake : shapely point
        Intake or well, EPSG:4490.
    name : str
        The source's name.
    standard : str
        A key of `FIGURES`.
    course : shapely lines, optional
        For a river: its course, EPSG:4490, in the direction of the flow.
    against_flow : bool
        The course runs upstream.
    water : shapely polygon, optional
        The water's surface; required for reservoirs and lakes.
    width_m : float, optional
        A river's width where no surface is given.
    tributaries : sequence of shapely lines
        Rivers that join, each in the direction of its flow: the second zone runs up them.
    size : str
        ``小型``, ``中型``, ``大型`` (reservoir or lake).
    soil : str
        Aquifer of a well: 细砂, 中砂, 粗砂, 砾石, 卵石.
    well : mapping, optional
        ``K`` (m/d), ``I``, ``n``: then the radius is α·K·I·T/n, never less than the soil's least.
    watershed : shapely polygon, optional
        Zones end at it (分水岭), EPSG:4490.
    figures : mapping, optional
        Figures set otherwise, by their names in `FIGURES`.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490, columns of the kind ``water_source`` and ``basis``, ``length_m`` (of the river's course in the zone),
        ``missing_m`` (course that the figures ask for beyond the end of the line given: nought, or the river springs
        there, or the line is too short), ``notice``. Grades share no ground: together they are all that is protected.

    Raises
    ------
    DelineationError
        An intake far from its river, a course in loose pieces or against its flow, an unknown figure.
    """
    chosen = _figures(standard, figures)
    plane = measure.plane_of(intake)
    at = _flat(intake, plane)
    if source_type == "river":
        if course is None:
            raise DelineationError("河流型水源要有河道线 course 才能推算，请沿水流方向给出。")
        flow = Course.of(_flat_all(course, plane), against_flow=against_flow)
        branches = [Course.of(_flat_all(t, plane)) for t in tributaries]
        zones = _river(at, flow, branches, None if water is None else _flat(water, plane), width_m, chosen)
    elif source_type in ("reservoir", "lake"):
        if water is None:
            raise DelineationError("湖库型水源要有水面 water 才能推算。")
        zones = _lake(at, _flat(water, plane), size, chosen)
    elif source_type == "groundwater":
        zones = _well(at, soil, well, chosen)
    else:
        raise DelineationError(f"水源类型“{source_type}”无法识别，应为 river、reservoir、lake 或 groundwater。")
    if watershed is not None:
        edge = _flat(watershed, plane)
        zones = {g: replace(z, ground=shapely.intersection(z.ground, edge)) for g, z in zones.items()}
    return _frame(zones, plane, source_type, name, standard)


def _river(
    at: Any, flow: Course, branches: Sequence[Course], water: Any, width_m: float | None, f: Mapping[str, float]
) -> dict[int, Zone]:
    place = flow.position(at)
    half = _half(flow, water, width_m)
    out: dict[int, Zone] = {}
    inner, up, down = shapely.Polygon(), 0.0, 0.0
    for grade in (1, 2, 3):
        if f"river_up_{grade}" not in f:
            continue
        up, down = up + f[f"river_up_{grade}"], down + f.get(f"river_down_{grade}", 0.0)
        bank = f[f"river_bank_{grade}"]
        reaches = [(flow, place - up, place + down)]
        if grade > 1:
            for branch in branches:
                mouth = flow.position(shapely.get_point(branch.line, -1))
                if place - up <= mouth <= place:
                    reaches.append((branch, branch.length - (up - (place - mouth)), branch.length))
        ground, length = [inner], 0.0
        for river, first, last in reaches:
            reach = river.between(first, last)
            strip = river.beside(first, last, half + bank)
            if water is not None:
                surface = shapely.get_parts(shapely.intersection(water, river.beside(first, last, half)))
                surface = shapely.union_all(surface[shapely.intersects(surface, reach)])
                strip = shapely.intersection(shapely.buffer(surface, bank, quad_segs=32), strip)
                strip = shapely.union_all([strip, surface])
            ground.append(strip)
            length += float(reach.length)
        whole = shapely.union_all(ground)
        missing = max(0.0, up - place) + max(0.0, place + down - flow.length)
        out[grade] = Zone(shapely.difference(whole, inner), length, missing)
        inner = whole
    return out


def _half(flow: Course, water: Any, width_m: float | None) -> float:
    """Return the half-width that surely holds the water's surface around the course."""
    if water is None:
        return (width_m or 0.0) / 2
    mine = shapely.get_parts(water)
    mine = mine[shapely.intersects(mine, flow.line)]
    if not len(mine):
        raise DelineationError("水面 water 与河道线不相交，请核对两者是否同一条河。")
    edge = shapely.points(shapely.get_coordinates(shapely.boundary(mine)))
    near = shapely.distance(edge, flow.line)
    ends = flow.line.project(edge)
    along = near[(np.asarray(ends) > 0) & (np.asarray(ends) < flow.length)]
    return float((along if len(along) else near).max()) * 1.01 + 1.0


def _lake(at: Any, water: Any, size: str, f: Mapping[str, float]) -> dict[int, Zone]:
    if size not in ("小型", "中型", "大型"):
        raise DelineationError(f"规模“{size}”无法识别，应为 小型、中型 或 大型。")
    if water.distance(at) > f["lake_radius_1"]:
        raise DelineationError(f"取水口距水面 {water.distance(at):,.0f} 米，请核对取水口坐标和水面。")
    large = size == "大型"
    radius = f["lake_radius_1_large"] if large else f["lake_radius_1"]
    first_water = water if size == "小型" else shapely.intersection(water, shapely.buffer(at, radius, quad_segs=64))
    first = shapely.union_all(
        [first_water, shapely.difference(shapely.buffer(first_water, f["lake_bank_1"], quad_segs=64), water)]
    )
    out = {1: Zone(first)}
    depth = f.get("lake_bank_2_large" if large else "lake_bank_2")
    if depth is None:
        return out
    second_water = water
    if large:
        around = shapely.buffer(first_water, f["lake_radius_2_large"], quad_segs=64)
        second_water = shapely.intersection(water, around)
    land = shapely.difference(shapely.buffer(second_water, depth, quad_segs=64), water)
    out[2] = Zone(shapely.difference(shapely.union_all([second_water, land]), first))
    return out


def _well(at: Any, soil: str, well: Mapping[str, float] | None, f: Mapping[str, float]) -> dict[int, Zone]:
    if "well_1" in f:
        return {1: Zone(shapely.buffer(at, f["well_1"], quad_segs=64))}
    if soil not in SOILS:
        raise DelineationError(f"含水层介质“{soil}”无法识别，应为 {'、'.join(SOILS)} 之一。")
    out: dict[int, Zone] = {}
    inner = shapely.Polygon()
    for grade in (1, 2):
        radius = f[f"well_{soil}_{grade}"]
        if well is not None:
            missing = [k for k in ("K", "I", "n") if not well.get(k, 0) > 0]
            if missing:
                raise DelineationError(f"水文地质参数 {'、'.join(missing)} 缺失或不是正数，R=α·K·I·T/n 无法计算。")
            radius = max(radius, f["well_alpha"] * well["K"] * well["I"] * f[f"well_days_{grade}"] / well["n"])
        disc = shapely.buffer(at, radius, quad_segs=128)
        out[grade] = Zone(shapely.difference(disc, inner))
        inner = disc
    return out


def river_belt(
    water: Any,
    width_m: float | tuple[float, float] | Sequence[tuple[float, float, float]],
    *,
    name: str,
    course: Any = None,
    against_flow: bool = False,
    side: str = "both",
    basis: str = "",
) -> geopandas.GeoDataFrame:
    """Return a belt along a river: the ground within a width of its water, without the water.

    Parameters
    ----------
    water : shapely polygon
        The water's surface, EPSG:4490. Islands in it keep their own belt.
    width_m : float, pair, or sequence of (from, to, width)
        One width; a ring between two distances; or widths by reach, positions in metres down the course.
    name : str
        The river's name.
    course : shapely lines, optional
        Needed for one side and for widths by reach.
    against_flow : bool
    side : str
        ``both``, ``left`` or ``right``, seen downstream.
    basis : str
        Where the width is from: a plan sets it, no statute does.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490, columns of the kind ``river_belt`` and ``basis``, ``notice``; one row a width.
    """
    if shapely.get_dimensions(water) != 2:
        raise DelineationError("河岸带要从水面（面）推算，请给出水面而不是线。")
    if side not in ("both", "left", "right"):
        raise DelineationError(f"岸别“{side}”无法识别，应为 both、left 或 right。")
    plane = measure.plane_of(water)
    surface = _flat(water, plane)
    reaches = [(0.0, np.inf, width_m)] if isinstance(width_m, int | float | tuple) else list(width_m)
    if course is None and (side != "both" or len(reaches) > 1):
        raise DelineationError("分岸、分段的河岸带要有河道线 course，请沿水流方向给出。")
    flow = None if course is None else Course.of(_flat_all(course, plane), against_flow=against_flow)
    rows = []
    for first, last, width in reaches:
        inner, outer = width if isinstance(width, tuple) else (0.0, float(width))
        if not 0 <= inner < outer:
            raise DelineationError(f"宽度 {width} 有误，应为正数，环带的内距应小于外距。")
        belt = shapely.difference(shapely.buffer(surface, outer, quad_segs=32), surface)
        if inner > 0:
            belt = shapely.difference(belt, shapely.buffer(surface, inner, quad_segs=32))
        if flow is not None:
            broad = _half(flow, surface, None) + outer
            if np.isfinite(last):
                belt = shapely.intersection(belt, flow.beside(first, last, broad))
            if side != "both":
                belt = shapely.intersection(belt, flow.side(side, broad))
        rows.append((belt, outer))
    import geopandas

    return geopandas.GeoDataFrame(
        {
            "zone": [f"{name}-{i + 1}" for i in range(len(rows))],
            "name": [f"{name}河岸带"] * len(rows),
            "river": [name] * len(rows),
            "side": [side] * len(rows),
            "width_m": [w for _, w in rows],
            "basis": [basis] * len(rows),
            "notice": [NOTICE] * len(rows),
        },
        geometry=[shapely.transform(b, plane.inverse) for b, _ in rows],
        crs=crs.GEOGRAPHIC,
    )


def as_layer(
    derived: geopandas.GeoDataFrame, kind: str, *, gazetted: Layer | None = None, accuracy_m: float = 20.0
) -> Layer:
    """Return derived zones as a layer; zones of a source that a gazetted layer holds are left out, that layer wins.

    Parameters
    ----------
    derived : geopandas.GeoDataFrame
        From `water_source` or `river_belt`; several may be put together.
    kind : str
        ``water_source`` or ``river_belt``.
    gazetted : Layer, optional
        Legally delineated zones; they go into the layer first.
    accuracy_m : float
        Accuracy that the layer claims.
    """
    import pandas as pd

    from ecozone.layer import Layer

    key = "source_name" if kind == "water_source" else "river"
    frame = derived.drop(columns=["length_m", "missing_m", "notice"], errors="ignore")
    coverage = None
    if gazetted is not None:
        known = {str(v) for v in gazetted.columns[key] if v is not None}
        frame = pd.concat([gazetted.zones, frame[~frame[key].astype(str).isin(known)]], ignore_index=True)
        coverage = gazetted.coverage
    return Layer(kind=kind, zones=frame, coverage=coverage, accuracy_m=accuracy_m, source=NOTICE, notice=NOTICE)


def _figures(standard: str, given: Mapping[str, float] | None) -> dict[str, float]:
    if standard not in FIGURES:
        raise DelineationError(f"没有标准“{standard}”，可用：{'、'.join(FIGURES)}。")
    out = {k: f.value for k, f in FIGURES[standard].items()}
    for name, value in (given or {}).items():
        if name not in out:
            raise DelineationError(f"标准 {standard} 没有名为“{name}”的数值，可用：{'、'.join(out)}。")
        out[name] = float(value)
    return out


def _flat(geometry: Any, plane: crs.Plane) -> Any:
    crs.check_in_china(np.array(shapely.bounds(geometry)), what="推算所用的坐标")
    return measure.to_plane(np.array([geometry], dtype=object), plane)[0]


def _flat_all(geometry: Any, plane: crs.Plane) -> Any:
    return measure.to_plane(shapely.get_parts(np.atleast_1d(np.asarray(geometry, dtype=object))), plane)


def _frame(
    zones: Mapping[int, Zone], plane: crs.Plane, source_type: str, name: str, standard: str
) -> geopandas.GeoDataFrame:
    import geopandas

    grades = [_GRADES[g] for g in zones]
    n = len(grades)
    return geopandas.GeoDataFrame(
        {
            "zone": [f"{name}-{g}" for g in grades],
            "name": [f"{name}（{g}，{NOTICE}）" for g in grades],
            "grade": grades,
            "source_type": [source_type] * n,
            "source_name": [name] * n,
            "basis": [standard] * n,
            "length_m": [z.length_m for z in zones.values()],
            "missing_m": [z.missing_m for z in zones.values()],
            "notice": [NOTICE] * n,
        },
        geometry=[shapely.transform(z.ground, plane.inverse) for z in zones.values()],
        crs=crs.GEOGRAPHIC,
    )
