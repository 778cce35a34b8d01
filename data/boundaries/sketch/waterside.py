"""What belongs to water: rivers, management ranges, shorelines, sand zones, sources, reservoirs."""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from .course import Course
from .ground import patch
from .sheet import Sheet


def draw_river(
    sheet: Sheet,
    course: Course,
    river_class: str,
    *,
    watercourse: str = "river",
    bank_m: float = 15.0,
    named: bool = True,
) -> None:
    """Draw the water surface and, for rivers, the management range along it."""
    sheet.add(
        "river",
        course.name,
        course.water,
        named=named,
        river_class=river_class,
        watercourse=watercourse,
        line="water_edge",
        river=course.name,
    )
    if watercourse == "river":
        belt = course.water.buffer(bank_m, quad_segs=2).simplify(3.0)
        sheet.add("river_management_range", f"{course.name}河道管理范围", belt, named=False, river=course.name)


def draw_reaches(
    sheet: Sheet,
    kind: str,
    course: Course,
    reaches: Sequence[tuple[str, tuple[float, float], float, float]],
    column: str,
    *,
    land_m: float = 0.0,
    without_water: bool = False,
    name: str = "{river}{value}",
    **columns: object,
) -> None:
    """Reaches of a river that differ by one column.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    kind : str
        Kind of layer.
    course : Course
        The river.
    reaches : sequence of (value, (lon, lat), up_m, down_m)
        Value of the column, a place on the reach, how far it runs up and down from there.
    column : str
        The column that takes the value.
    land_m : float
        Ground on both banks that belongs to it.
    without_water : bool
        Whether the water itself is left out.
    name : str
        Pattern of the zones' names.
    **columns : object
        Further columns.
    """
    for value, place, up_m, down_m in reaches:
        shape = course.strip(sheet.place(*place), up_m, down_m, land_m)
        if without_water:
            shape = shape.difference(course.water)
        title = name.format(river=course.name, value=value)
        extra = dict(columns) | {column: value}
        if kind in {"shoreline_zone", "water_function_zone", "sand_mining_zone"}:
            extra["river"] = course.name
        sheet.add(kind, title, shape, named=False, **extra)


def draw_river_source(
    sheet: Sheet,
    course: Course,
    title: str,
    intake: tuple[float, float],
    *,
    first: tuple[float, float, float],
    second: tuple[float, float, float],
    quasi: tuple[float, float, float] | None = None,
    supply: str,
    named: bool = True,
    keep_out: BaseGeometry | None = None,
    **columns: object,
) -> None:
    """Draw a river-type drinking-water source; each zone is (up_m, down_m, land_m) from the intake."""
    taken: BaseGeometry = shapely.Polygon()
    for grade, reach in (("一级", first), ("二级", second), ("准", quasi)):
        if reach is None:
            continue
        shape = course.strip(sheet.place(*intake), *reach)
        zone = shape.difference(taken) if keep_out is None else shape.difference(taken).difference(keep_out)
        taken = taken.union(shape)
        sheet.add(
            "water_source",
            f"{title}{grade}保护区",
            zone,
            named=named,
            grade=grade,
            source_type="river",
            supply=supply,
            source_name=title,
            **columns,
        )


def draw_reservoir(
    sheet: Sheet,
    name: str,
    centre: tuple[float, float],
    length_km: float,
    width_km: float,
    *,
    turn: float = 0.0,
    size: str = "小型",
    use: str = "灌溉",
    river: str | None = None,
    named: bool = True,
    source: tuple[str, float, float, float | None] | None = None,
    supply: str = "town",
    **source_columns: object,
) -> BaseGeometry:
    """Draw a reservoir and, where ``source`` is given, the zones of the drinking-water source it is.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    name : str
        Name of the reservoir.
    centre : (lon, lat)
        Its middle.
    length_km, width_km, turn : float
        Its size and direction, degrees from east.
    size, use, river : str
        Columns of the reservoir layer.
    named : bool
        Whether the plan names it.
    source : (title, first_m, second_m, quasi_m or None), optional
        Name of the source and how far each zone reaches from the water.
    supply : str
        Whom the source supplies.
    **source_columns : object
        Further columns of its zones.
    """
    water = patch(sheet.plane, name, centre, length_km, width_km, turn=turn, rough=0.6, vertices=72).buffer(0)
    sheet.add("reservoir", name, water, named=named, size=size, use=use, river=river)
    if source is not None:
        title, *distances = source
        taken: BaseGeometry = shapely.Polygon()
        for grade, distance in zip(("一级", "二级", "准"), distances, strict=True):
            if distance is None:
                continue
            shape = water.buffer(distance, quad_segs=6).simplify(8.0)
            sheet.add(
                "water_source",
                f"{title}{grade}保护区",
                shape.difference(taken),
                named=named,
                grade=grade,
                source_type="reservoir",
                supply=supply,
                source_name=title,
                **source_columns,
            )
            taken = shape
    return water


def draw_points(
    sheet: Sheet,
    kind: str,
    points: Sequence[tuple[str, float, float, dict[str, object]]],
    *,
    named: bool = False,
) -> None:
    """Points: (name, lon, lat, columns)."""
    for name, lon, lat, columns in points:
        sheet.add(kind, name, sheet.place(lon, lat), named=named, **columns)
