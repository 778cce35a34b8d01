"""What every county has: towns and parks, the lines drawn around them, fields, bans on livestock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from .ground import fitted, patch, quilt
from .plane import fit
from .sheet import Sheet


@dataclass(frozen=True)
class Spot:
    """A rounded patch of ground with a name, drawn around a place.

    ``what`` is the scope of a built-up area or the type of a park; ``named``: the plan has the name.
    """

    name: str
    centre: tuple[float, float]
    length_km: float
    width_km: float
    turn: float = 0.0
    what: str = ""
    named: bool = True

    def shape(self, sheet: Sheet) -> BaseGeometry:
        """Draw the patch, off the water and inside the outline, in one piece."""
        raw = patch(sheet.plane, self.name, self.centre, self.length_km, self.width_km, turn=self.turn)
        dry = raw.difference(sheet.shape("river_management_range").buffer(20.0)).intersection(sheet.outline)
        return max(shapely.get_parts(dry), key=lambda part: part.area)


def open_ground(sheet: Sheet, spots: Sequence[tuple[tuple[float, float], float]]) -> BaseGeometry:
    """Round places kept free of everything that restricts, so that a harmless project fits somewhere."""
    return shapely.union_all([sheet.place(*place).buffer(radius) for place, radius in spots])


def draw_towns(
    sheet: Sheet, towns: Sequence[Spot], parks: Sequence[Spot], *, centre: str, both_banks: bool = False
) -> None:
    """Built-up areas, industrial parks, the urban boundary, the fuel ban and the noise zones.

    Parameters
    ----------
    sheet : Sheet
        With the rivers drawn already.
    towns : sequence of Spot
        Built-up areas; those of scope 主城区 and 县城 count as towns proper.
    parks : sequence of Spot
        Recognised industrial parks.
    centre : str
        What the urban boundary is called after.
    both_banks : bool
        Whether a town keeps its ground on both banks of a river.
    """
    for town in towns:
        shape = town.shape(sheet)
        if both_banks and town.what == "主城区":
            whole = patch(sheet.plane, town.name, town.centre, town.length_km, town.width_km, turn=town.turn)
            dry = whole.difference(sheet.shape("river_management_range").buffer(20.0))
            shape = shapely.MultiPolygon([part for part in shapely.get_parts(dry) if part.area > 200_000.0])
        sheet.add("built_up_area", town.name, shape, named=town.named, scope=town.what)
    taken = sheet.shape("built_up_area")
    for park in parks:
        shape = park.shape(sheet).difference(taken)
        shape = max(shapely.get_parts(shape), key=lambda part: part.area)
        sheet.add(
            "industrial_park",
            park.name,
            shape,
            named=park.named,
            recognised=True,
            compliant=True,
            park_type=park.what,
        )
        taken = taken.union(shape)
    water = sheet.shape("river_management_range")
    proper = shapely.union_all([sheet.shape("built_up_area", scope=scope) for scope in ("主城区", "县城")])
    growth = shapely.union_all([proper.buffer(350.0), sheet.shape("industrial_park").buffer(250.0)]).buffer(-60.0)
    growth = growth.difference(water).intersection(sheet.outline).simplify(15.0)
    for number, part in enumerate(sorted(shapely.get_parts(growth), key=lambda p: (-p.area,)), 1):
        if part.area > 300_000.0:
            sheet.add("urban_boundary", f"{centre}城镇开发边界（{number:02d}）", part, scope="城镇集中建设区")
    for row in list(sheet.zones["built_up_area"]):
        if row["scope"] not in {"主城区", "县城"}:
            continue
        town, shape = row["name"], row["geometry"]
        sheet.add("fuel_ban_zone", f"{town}高污染燃料禁燃区", shape, named=False, fuel_class="Ⅲ类")
        road = shape.buffer(-220.0).boundary.buffer(35.0).intersection(shape)
        if not road.is_empty:
            sheet.add("noise_zone", f"{town}4a类区（交通干线两侧）", road, named=False, noise_class="4a")
        sheet.add(
            "noise_zone",
            f"{town}2类区",
            shape.difference(road),
            named=False,
            noise_class="2",
            sensitive_buildings=True,
        )
    for row in list(sheet.zones.get("industrial_park", [])):
        sheet.add(
            "noise_zone",
            f"{row['name']}3类区",
            row["geometry"],
            named=False,
            noise_class="3",
            sensitive_buildings=False,
        )
    sheet.complete["built_up_area"] = ("主城区",)


KEPT_OFF_FIELDS = (
    "ecological_redline", "general_ecological_space", "nature_park", "scenic_area", "built_up_area",
    "industrial_park",
    "chemical_park", "reservoir", "river_management_range", "urban_boundary", "river",
)  # fmt: skip


def draw_fields(
    sheet: Sheet,
    free: BaseGeometry,
    *,
    cell_m: float,
    share: float,
    target_km2: float,
    named: bool,
    prefix: str = "",
) -> None:
    """Parcels of permanent basic farmland that together have the plan's figure."""
    keep_out = shapely.union_all([*(sheet.shape(kind) for kind in KEPT_OFF_FIELDS), free])
    fields = quilt(
        sheet.plane,
        f"{sheet.region}基本农田",
        sheet.outline.buffer(-250.0),
        keep_out=keep_out,
        cell_m=cell_m,
        share=share,
        target_km2=target_km2,
    )
    for number, shape in enumerate(fields, 1):
        area_mu = round(sheet.plane.area_m2(shape) * 0.0015, 1)
        sheet.add("basic_farmland", f"{prefix}永久基本农田图斑{number:03d}", shape, named=named, area_mu=area_mu)


def draw_farm_areas(sheet: Sheet, free: BaseGeometry, areas: Sequence[Spot], priority: Sequence[Spot]) -> None:
    """Areas of concentrated basic farmland, and areas of good soil; neither is a parcel."""
    off = shapely.union_all(
        [free, sheet.shape("built_up_area").buffer(80.0), sheet.shape("industrial_park").buffer(80.0)]
    )
    for area in areas:
        sheet.add(
            "basic_farmland_area",
            f"{area.name}永久基本农田集中区域",
            area.shape(sheet).difference(off),
            named=False,
        )
    for area in priority:
        shape = area.shape(sheet).difference(off)
        sheet.add(
            "farmland_priority_area",
            f"{area.name}农用地优先保护区",
            shape,
            named=False,
            soil_class="优先保护类",
        )


def draw_livestock(
    sheet: Sheet,
    free: BaseGeometry,
    *,
    banks: BaseGeometry,
    bank_m: float,
    target_km2: float | None = None,
    named: bool,
) -> None:
    """Draw the ban zone: towns, sources, parks, and a strip along rivers wide enough for the figure."""
    fixed = shapely.union_all(
        [sheet.shape(kind) for kind in ("water_source", "nature_park", "scenic_area")]
        + [sheet.shape("built_up_area").buffer(500.0, quad_segs=4)]
    )

    def ban(width: float) -> BaseGeometry:
        strip = banks.buffer(width, quad_segs=3).difference(banks)
        return fixed.union(strip).intersection(sheet.outline).difference(free).simplify(14.0)

    width = bank_m if target_km2 is None else fit(ban, sheet.plane, target_km2 * 1e6, 10.0, 4000.0)
    sheet.add(
        "livestock_ban_zone",
        f"{sheet.name}畜禽养殖禁养区",
        ban(width),
        named=named,
        zone_class="禁养区",
        animals="畜禽规模养殖",
    )


def draw_forest(sheet: Sheet, woods: Sequence[Spot], *, target_km2: float, forest_class: str) -> None:
    """Draw forest land that together has the given area; inside parks too, never on water or in towns."""
    off = shapely.union_all(
        [sheet.shape(kind) for kind in ("river_management_range", "built_up_area", "industrial_park")]
    )
    shapes = fitted(
        sheet.plane,
        [wood.shape(sheet) for wood in woods],
        target_km2,
        within=sheet.outline.buffer(-100.0).difference(off),
    )
    for wood, shape in zip(woods, shapes, strict=True):
        sheet.add("forest_land", wood.name, shape, named=wood.named, forest_class=forest_class)
