"""511000 内江市: five counties on 沱江 and its tributaries; mountains in the north-west, else low hills."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ..county import Spot, draw_farm_areas, draw_fields, draw_forest, draw_livestock, draw_towns, open_ground
from ..course import Course, course
from ..ground import border, closed, fitted, patch
from ..plane import Plane, fit
from ..sheet import Sheet
from ..units import Claim, County, draw_control_units, draw_element_zones
from ..waterside import draw_points, draw_reaches, draw_reservoir, draw_river, draw_river_source

CODE, CITY = "511000", "内江市"
PLAN = "内江市“十四五”生态环境保护规划"
PLANE = Plane(104.86, 29.62)
CITY_KM2 = 5385.0
REDLINE_KM2 = CITY_KM2 * 0.00646  # 0.646 % of the city
LIVESTOCK_BAN_KM2 = 699.0
FARMLAND_KM2 = 620.0  # a sample figure: the plan gives none
FOREST_KM2 = 120.0  # a sample figure: the plan gives a cover of 32.8 % and no map

COUNTIES = {
    "511002": ("市中区", (104.95, 29.55)),
    "511011": ("东兴区", (105.20, 29.65)),
    "511024": ("威远县", (104.55, 29.58)),
    "511025": ("资中县", (104.75, 29.82)),
    "511083": ("隆昌市", (105.25, 29.35)),
}
ARCS = {
    "资中外": [(104.50, 29.80), (104.49, 29.85), (104.50, 29.90), (104.47, 29.95), (104.46, 30.00),
        (104.50, 30.04), (104.53, 30.01), (104.57, 30.00), (104.57, 29.95), (104.60, 29.94),
        (104.65, 29.96), (104.67, 29.92), (104.70, 29.95), (104.74, 29.94), (104.76, 29.91),
        (104.79, 29.87), (104.83, 29.88), (104.87, 29.91), (104.92, 29.95), (104.96, 30.00),
        (105.00, 29.98), (105.04, 29.96), (105.08, 29.92), (105.10, 29.88), (105.12, 29.83)],
    "东兴外": [(105.12, 29.83), (105.17, 29.85), (105.21, 29.85), (105.25, 29.80), (105.30, 29.82),
        (105.36, 29.83), (105.40, 29.79), (105.41, 29.73), (105.42, 29.69), (105.38, 29.65),
        (105.37, 29.62), (105.32, 29.60), (105.29, 29.56), (105.30, 29.53)],
    "隆昌外": [(105.30, 29.53), (105.31, 29.48), (105.34, 29.44), (105.39, 29.44), (105.43, 29.40),
        (105.42, 29.34), (105.38, 29.29), (105.34, 29.28), (105.31, 29.25), (105.28, 29.20),
        (105.24, 29.21), (105.19, 29.23), (105.16, 29.25), (105.11, 29.29), (105.08, 29.33),
        (105.05, 29.38), (105.06, 29.42), (105.03, 29.45)],
    "市中外": [(105.03, 29.45), (105.00, 29.44), (104.95, 29.43), (104.90, 29.45), (104.84, 29.47)],
    "威远外": [(104.84, 29.47), (104.80, 29.46), (104.75, 29.45), (104.76, 29.40), (104.72, 29.37),
        (104.67, 29.39), (104.64, 29.43), (104.58, 29.43), (104.53, 29.43), (104.53, 29.48),
        (104.53, 29.52), (104.50, 29.55), (104.48, 29.60), (104.42, 29.61), (104.38, 29.58),
        (104.35, 29.57), (104.32, 29.60), (104.27, 29.63), (104.30, 29.67), (104.34, 29.72),
        (104.39, 29.74), (104.44, 29.74), (104.46, 29.78), (104.50, 29.80)],
    "资中—威远": [(104.50, 29.80), (104.53, 29.78), (104.57, 29.77), (104.62, 29.76), (104.66, 29.73),
        (104.69, 29.70), (104.71, 29.64), (104.73, 29.60), (104.78, 29.60), (104.84, 29.57)],
    "市中—威远": [(104.84, 29.57), (104.87, 29.53), (104.84, 29.50), (104.84, 29.47)],
    "资中—市中": [(104.84, 29.57), (104.89, 29.60), (104.92, 29.62), (104.95, 29.65), (104.99, 29.68)],
    "资中—东兴": [(104.99, 29.68), (105.00, 29.71), (105.05, 29.73), (105.09, 29.76), (105.10, 29.80),
        (105.12, 29.83)],
    "市中—东兴": [(104.99, 29.68), (105.01, 29.64), (105.04, 29.60), (105.08, 29.57), (105.09, 29.54),
        (105.05, 29.53), (105.02, 29.50), (105.03, 29.45)],
    "东兴—隆昌": [(105.03, 29.45), (105.10, 29.46), (105.18, 29.46), (105.24, 29.48), (105.27, 29.51),
        (105.30, 29.53)],
}  # fmt: skip
OUTER = ("资中外", "东兴外", "隆昌外", "市中外", "威远外")
TOWNS = [
    Spot("内江主城区", (105.052, 29.585), 8.4, 6.0, 60.0, "主城区"),
    Spot("威远县城", (104.662, 29.530), 4.6, 3.2, 40.0, "县城"),
    Spot("资中县城", (104.853, 29.772), 4.4, 2.6, -20.0, "县城"),
    Spot("隆昌城区", (105.290, 29.345), 4.8, 3.4, 20.0, "县城"),
    Spot("连界镇镇区", (104.545, 29.655), 1.8, 1.1, 20.0, "镇区"),
    Spot("双凤镇镇区", (105.215, 29.600), 1.2, 0.8, 0.0, "镇区"),
    Spot("椑木镇镇区", (105.070, 29.530), 1.6, 1.0, 10.0, "镇区"),
    Spot("球溪镇镇区", (104.610, 29.915), 1.4, 0.9, 30.0, "镇区", named=False),
]
PARKS = [
    Spot("威远经开区连界园区", (104.570, 29.640), 3.2, 1.8, 25.0, "省级经济开发区"),
    Spot("内江经济技术开发区", (104.985, 29.545), 4.4, 2.6, 15.0, "国家级经济技术开发区"),
    Spot("内江高新技术产业开发区", (105.110, 29.620), 3.6, 2.2, 30.0, "国家级高新技术产业开发区"),
    Spot("渤商物流园区", (105.140, 29.585), 1.6, 1.0, 0.0, "物流园区"),
    Spot("隆昌市红光工业园区", (105.335, 29.375), 2.6, 1.6, 15.0, "县级工业园区"),
    Spot("隆昌市黄土坡工业园区", (105.230, 29.350), 2.2, 1.4, -10.0, "县级工业园区"),
]
OPEN_GROUND = [((105.310, 29.640), 2200.0), ((105.140, 29.410), 1500.0), ((104.905, 29.500), 1500.0),
               ((104.960, 29.890), 1800.0), ((104.600, 29.480), 1300.0), ((104.965, 29.725),
               700.0)]  # fmt: skip


@cache
def rivers() -> dict[str, Course]:
    """Draw the rivers of the city."""
    tuo = course(
        PLANE, "沱江",
        [(104.66, 30.10), (104.67, 30.03), (104.68, 29.97), (104.73, 29.94), (104.76, 29.88), (104.79, 29.85),
         (104.83, 29.82), (104.85, 29.79), (104.89, 29.77), (104.94, 29.77), (104.97, 29.73),
         (104.99, 29.68), (105.01, 29.64), (105.04, 29.60), (105.08, 29.57), (105.09, 29.54),
         (105.05, 29.53), (105.02, 29.50), (105.03, 29.45), (105.02, 29.40), (105.01, 29.34)],
        width_m=(190.0, 260.0), meander_m=380.0, wavelength_m=5600.0, step_m=150.0,
    )  # fmt: skip
    qiuxi = course(
        PLANE, "球溪河", [(104.40, 29.99), (104.47, 29.98), (104.53, 29.97), (104.58, 29.93),
            (104.63, 29.90), (104.70, 29.90), (104.76, 29.88)],
        width_m=(36.0, 70.0), meander_m=420.0, wavelength_m=4200.0, joins=tuo, step_m=150.0,
    )  # fmt: skip
    weiyuan = course(
        PLANE, "威远河", [(104.58, 29.72), (104.61, 29.68), (104.63, 29.62), (104.67, 29.57),
            (104.67, 29.52), (104.68, 29.47), (104.70, 29.42), (104.71, 29.37), (104.72, 29.31)],
        width_m=(20.0, 64.0), meander_m=400.0, wavelength_m=3900.0, step_m=150.0,
    )  # fmt: skip
    yuexi = course(
        PLANE, "越溪河", [(104.43, 29.71), (104.40, 29.68), (104.37, 29.65), (104.34, 29.61),
            (104.31, 29.57), (104.27, 29.53)],
        width_m=(18.0, 46.0), meander_m=360.0, wavelength_m=3600.0, step_m=150.0,
    )  # fmt: skip
    jiuqu = course(
        PLANE, "九曲河", [(105.38, 29.41), (105.35, 29.39), (105.31, 29.35), (105.28, 29.31),
            (105.26, 29.26), (105.24, 29.21), (105.22, 29.15)],
        width_m=(16.0, 46.0), meander_m=380.0, wavelength_m=3200.0, step_m=150.0,
    )  # fmt: skip
    longchang = course(
        PLANE, "隆昌河", [(105.20, 29.43), (105.22, 29.40), (105.25, 29.37), (105.27, 29.34),
            (105.28, 29.31)],
        width_m=(14.0, 30.0), meander_m=320.0, wavelength_m=3000.0, joins=jiuqu, step_m=150.0,
    )  # fmt: skip
    qinglong = course(
        PLANE, "小青龙河", [(105.27, 29.74), (105.24, 29.70), (105.20, 29.66), (105.15, 29.65),
            (105.09, 29.65), (105.04, 29.64), (105.02, 29.63)],
        width_m=(16.0, 40.0), meander_m=360.0, wavelength_m=3300.0, joins=tuo, step_m=150.0,
    )  # fmt: skip
    damu = course(
        PLANE, "达木河", [(105.16, 29.78), (105.12, 29.74), (105.08, 29.70), (105.04, 29.69),
            (104.99, 29.69)],
        width_m=(12.0, 28.0), meander_m=320.0, wavelength_m=3000.0, joins=tuo, step_m=150.0,
    )  # fmt: skip
    guangyi = course(
        PLANE, "广义河", [(105.18, 29.51), (105.15, 29.52), (105.12, 29.53), (105.09, 29.54)],
        width_m=(12.0, 26.0), meander_m=280.0, wavelength_m=2800.0, joins=tuo, step_m=150.0,
    )  # fmt: skip
    drawn = [tuo, qiuxi, weiyuan, yuexi, jiuqu, longchang, qinglong, damu, guangyi]
    return {river.name: river for river in drawn}


def counties() -> list[County]:
    """Draw the five counties, edge-matched, together as large as the city."""
    drawn = {name: border(PLANE, f"内江{name}", points, ragged_m=320.0, step_m=420.0) for name, points in ARCS.items()}
    city = closed([drawn[name] for name in OUTER])
    by = fit(lambda by: shapely.affinity.scale(city, by, by, origin=(0, 0)), PLANE, CITY_KM2 * 1e6, 0.8, 1.25)
    lines = [shapely.LineString(np.round(arc * by, 2)) for arc in drawn.values()]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines, grid_size=0.01)]))
    own: dict[str, list[shapely.Polygon]] = {code: [] for code in COUNTIES}
    seats = {code: PLANE.point(*seat) for code, (_, seat) in COUNTIES.items()}
    for face in faces:
        inside = next((code for code, seat in seats.items() if face.contains(seat)), None)
        near = min(seats, key=lambda code: seats[code].distance(face))
        own[inside or near].append(face)
    return [
        County(code, name, CITY, shapely.union_all(own[code], grid_size=0.01)) for code, (name, _) in COUNTIES.items()
    ]


def draw() -> Sheet:
    """Draw the city's sheet."""
    county = counties()
    outline = shapely.union_all([each.shape for each in county], grid_size=0.01)
    sheet = Sheet(CODE, CITY, PLAN, PLANE, outline)
    for each in county:
        sheet.add("admin", each.name, each.shape, clip=False, zone=each.code, code=each.code, level="county")
    for name, centre in (
        ("双凤镇", (105.215, 29.600)),
        ("椑木镇", (105.075, 29.525)),
        ("连界镇", (104.545, 29.655)),
    ):
        sheet.add("township", name, patch(PLANE, f"{name}镇域", centre, 7.0, 5.0, turn=20.0).intersection(outline))
    sheet.narrowed["township"] = sheet.shape("township")
    min_side = patch(PLANE, "岷江侧", (104.31, 29.62), 26.0, 26.0, turn=45.0).intersection(sheet.coverage)
    sheet.add("basin", "岷江流域", min_side, named=False, basin_level=2)
    sheet.add("basin", "沱江流域", sheet.coverage.difference(min_side), basin_level=2)
    for name, river in rivers().items():
        draw_river(sheet, river, "重要支流" if name == "沱江" else "支流", bank_m=35.0 if name == "沱江" else 14.0)
    _water(sheet)
    draw_towns(sheet, TOWNS, PARKS, centre=CITY, both_banks=True)
    recycling = patch(PLANE, "页岩气循环园区", (104.592, 29.622), 1.8, 1.2, turn=10.0).difference(
        shapely.union_all([sheet.shape("river_management_range"), sheet.shape("industrial_park")])
    )
    sheet.add(
        "chemical_park", "内江市页岩气综合利用循环经济园区（申报省级化工园区）", recycling,
        status="proposed", recognised=False,
        batch="申报中",
    )  # fmt: skip
    free = open_ground(sheet, OPEN_GROUND)
    _nature(sheet, free)
    draw_forest(
        sheet,
        [Spot("威远西北林地", (104.395, 29.695), 9.0, 6.0, 30.0, named=False), Spot("资中北部林地",
        (104.98, 29.945), 7.0, 4.6, -30.0, named=False),
         Spot("东兴东部林地", (105.365, 29.750), 6.0, 4.0, 70.0, named=False), Spot("隆昌南部林地",
             (105.310, 29.280), 5.0, 3.0, 40.0, named=False)],
        target_km2=FOREST_KM2, forest_class="公益林",
    )  # fmt: skip
    draw_fields(sheet, free, cell_m=2300.0, share=0.5, target_km2=FARMLAND_KM2, named=False)
    draw_farm_areas(
        sheet, free,
        [Spot("资中球溪", (104.55, 29.925), 7.0, 3.4, 20.0), Spot("东兴", (105.30, 29.72), 8.0, 4.0, 30.0),
         Spot("隆昌", (105.34, 29.42), 5.0, 2.6, 10.0)],
        [Spot("资中县", (104.66, 29.83), 6.0, 3.2, -30.0), Spot("威远县", (104.72, 29.48), 4.6, 2.4, 70.0)],
    )  # fmt: skip
    banks = shapely.union_all([river.water for river in rivers().values()] + [sheet.shape("reservoir")])
    draw_livestock(sheet, free, banks=banks, bank_m=0.0, target_km2=LIVESTOCK_BAN_KM2, named=True)
    _places(sheet)
    farming = rivers()["球溪河"].line.buffer(2000.0).union(rivers()["小青龙河"].line.buffer(1800.0)).difference(free)
    draw_control_units(sheet, county, _claims(sheet, farming))
    draw_element_zones(
        sheet, county, farming_water=farming,
        weak_air=patch(PLANE, "内江弱扩散", (105.04, 29.58), 16.0, 11.0, turn=60.0).difference(free),
        layout_air=patch(PLANE, "内江布局敏感", (104.98, 29.62), 9.0, 5.0, turn=40.0).difference(free),
    )  # fmt: skip
    sheet.remarks["ecological_redline"] = "规划：生态保护红线占国土面积0.646%；按市域5385平方千米推算约34.787平方千米"
    sheet.remarks["livestock_ban_zone"] = "规划：划定禁养区面积699平方千米"
    sheet.remarks["basic_farmland"] = "规划未给出面积，面积为示例"
    sheet.remarks["township"] = "只绘规划点名的三个镇，覆盖范围限于所绘范围"
    return sheet


def _water(sheet: Sheet) -> None:
    river = rivers()
    draw_river_source(
        sheet, river["沱江"], "内江市城区沱江饮用水水源地（示例）", (105.003, 29.652), first=(1000.0, 100.0,
            50.0),
        second=(3500.0, 300.0, 400.0), quasi=(6000.0, 300.0, 600.0), supply="city", named=False,
    )  # fmt: skip
    draw_river_source(
        sheet, river["威远河"], "威远县城饮用水水源地（示例）", (104.625, 29.625), first=(1000.0, 100.0,
            50.0),
        second=(3000.0, 300.0, 500.0), supply="city", named=False,
    )  # fmt: skip
    draw_reservoir(
        sheet, "柏林寺水库", (105.185, 29.368), 1.6, 0.8, turn=40.0, size="中型", use="供水、灌溉",
            river="隆昌河",
        source=("隆昌市柏林寺水库县级备用水源地", 200.0, 900.0, 1500.0), supply="city",
    )  # fmt: skip
    draw_reservoir(
        sheet, "松林水库", (105.245, 29.755), 1.3, 0.7, turn=20.0, size="小型", use="供水、灌溉",
        source=("东兴区松林水库乡镇水源地", 200.0, 800.0, None), supply="town",
    )  # fmt: skip
    for name, centre, length, turn, size in (
        ("五四水库", (105.245, 29.555), 1.2, 30.0, "小型"), ("红旗水库", (105.395, 29.385), 1.4, 60.0,
        "中型"),
        ("高山水库", (105.275, 29.415), 0.9, -20.0, "小型"), ("古宇湖", (105.355, 29.320), 2.0, 50.0, "中型"),
    ):  # fmt: skip
        draw_reservoir(sheet, name, centre, length, length * 0.45, turn=turn, size=size, use="灌溉、生态")
    draw_reaches(
        sheet, "water_function_zone", river["沱江"],
        [("饮用水源区", (105.00, 29.65), 6000.0, 300.0), ("景观娱乐用水区", (105.05, 29.59), 3500.0, 4500.0),
         ("保留区", (104.80, 29.84), 12_000.0, 12_000.0)],
        "function", name="{river}内江{value}", target="Ⅲ类",
    )  # fmt: skip
    draw_reaches(
        sheet, "shoreline_zone", river["沱江"],
        [("保护区", (105.00, 29.66), 5000.0, 1500.0), ("控制利用区", (105.05, 29.59), 3000.0, 4000.0),
         ("保留区", (104.85, 29.79), 7000.0, 5000.0)],
        "zone_class", land_m=40.0, without_water=True, name="{river}岸线{value}", side="both",
    )  # fmt: skip
    draw_reaches(
        sheet, "sand_mining_zone", river["沱江"],
        [("禁采区", (105.01, 29.64), 7000.0, 9000.0), ("保留区", (104.89, 29.77), 3000.0, 3000.0),
         ("可采区", (104.96, 29.75), 1200.0, 1800.0)],
        "zone_class", name="{river}采砂{value}", closed_season="04-01/09-30",
    )  # fmt: skip
    draw_reaches(
        sheet,
        "aquaculture_zone",
        river["沱江"],
        [("禁养区", (105.01, 29.64), 9000.0, 9000.0)],
        "zone_class",
        name="{river}水产禁养区",
    )


def _nature(sheet: Sheet, free: BaseGeometry) -> None:
    river = rivers()
    inside = sheet.outline.buffer(-200.0).difference(free)
    lake = patch(PLANE, "古宇湖公园", (105.355, 29.320), 3.6, 1.8, turn=50.0).intersection(inside)
    sheet.add("wetland", "隆昌古宇湖国家湿地", lake, importance="国家重要", wetland_type="库塘湿地")
    sheet.add("nature_park", "隆昌古宇湖国家湿地公园", lake, park_type="湿地公园", level="国家级")
    sweet = river["沱江"].strip(sheet.place(105.06, 29.585), 3500.0, 3000.0, 0.0)
    sheet.add("wetland", "甜城湖", sweet, importance="一般", wetland_type="河流湿地")
    for name, mouth, place in (("威远河湿地", "威远河", (104.705, 29.40)), ("越溪河湿地", "越溪河",
        (104.33, 29.60)),
                               ("九曲河湿地", "九曲河", (105.245, 29.235))):  # fmt: skip
        strip = river[mouth].strip(sheet.place(*place), 1600.0, 1200.0, 60.0)
        sheet.add("wetland", name, strip, importance="一般", wetland_type="河流湿地")
    woods = patch(PLANE, "威远穹隆", (104.400, 29.690), 10.0, 6.6, turn=30.0).intersection(inside)
    sheet.add("nature_park", "威远示例地质公园", woods.difference(river["越溪河"].water.buffer(80.0)),
        named=False,
              park_type="地质公园", level="国家级")  # fmt: skip
    dry = shapely.union_all([each.water.buffer(80.0) for each in river.values()] + [sheet.shape("built_up_area")])
    redline = fitted(
        PLANE,
        [
            patch(PLANE, "红线威远一", (104.385, 29.700), 4.2, 2.4, turn=30.0),
            patch(PLANE, "红线威远二", (104.430, 29.670), 3.2, 1.8, turn=-15.0),
            patch(PLANE, "红线资中", (104.985, 29.950), 3.6, 2.0, turn=-30.0),
            patch(PLANE, "红线东兴", (105.370, 29.755), 2.6, 1.6, turn=70.0),
            patch(PLANE, "红线隆昌", (105.352, 29.316), 2.8, 1.4, turn=50.0),
        ],
        REDLINE_KM2,
        within=inside.difference(dry),
    )
    for name, shape in zip(("威远穹隆", "威远石板河", "资中白云山", "东兴长江林", "隆昌古宇湖"), redline, strict=True):
        sheet.add(
            "ecological_redline", f"生态保护红线（{name}）", shape, core_reserve=False,
            redline_type="水土保持",
            area_km2=round(PLANE.area_m2(shape) / 1e6, 4),
        )  # fmt: skip
    red = sheet.shape("ecological_redline")
    north = patch(PLANE, "资中北", (104.98, 29.945), 8.0, 5.0, turn=-30.0)
    east = patch(PLANE, "东兴东", (105.365, 29.750), 6.4, 4.0, turn=70.0)
    for name, shape in (("威远西北", woods), ("资中北部", north), ("东兴东部", east)):
        space = shape.intersection(inside).difference(red).difference(dry)
        sheet.add("general_ecological_space", f"一般生态空间（{name}）", space, space_type="水土保持")


def _places(sheet: Sheet) -> None:
    draw_points(sheet, "receptor", [
        ("内江主城区示例小学", 105.045, 29.588, {"receptor_type": "school", "people": 2100}),
        ("内江示例中学", 105.058, 29.600, {"receptor_type": "school", "people": 3300}),
        ("内江示例医院", 105.050, 29.580, {"receptor_type": "hospital", "people": 1500}),
        ("甜城示例小区", 105.062, 29.592, {"receptor_type": "home", "people": 6200}),
        ("威远县示例小学", 104.660, 29.533, {"receptor_type": "school", "people": 1300}),
        ("威远县示例医院", 104.664, 29.526, {"receptor_type": "hospital", "people": 700}),
        ("资中县示例中学", 104.850, 29.770, {"receptor_type": "school", "people": 2200}),
        ("隆昌市示例小学", 105.288, 29.347, {"receptor_type": "school", "people": 1700}),
        ("隆昌市示例养老院", 105.295, 29.340, {"receptor_type": "elderly_care", "people": 160}),
        ("连界镇示例聚居点", 104.546, 29.656, {"receptor_type": "home", "people": 900}),
        ("双凤镇示例小学", 105.216, 29.601, {"receptor_type": "school", "people": 510}),
    ])  # fmt: skip
    draw_points(sheet, "air_station", [
        ("内江国控空气自动监测站（示例甲）", 105.048, 29.584, {"level": "国控"}),
        ("内江国控空气自动监测站（示例乙）", 105.063, 29.601, {"level": "国控"}),
        ("威远省控空气自动监测站（示例）", 104.661, 29.531, {"level": "省控"}),
        ("资中省控空气自动监测站（示例）", 104.851, 29.772, {"level": "省控"}),
        ("隆昌省控空气自动监测站（示例）", 105.290, 29.345, {"level": "省控"}),
    ])  # fmt: skip
    sheet.complete["air_station"] = ("国控空气自动监测站", "省控空气自动监测站")
    draw_points(sheet, "monitoring_section", [
        ("脚仙村断面", 105.027, 29.446, {"level": "国控", "river": "沱江", "target": "Ⅲ类"}),
        ("球溪河口断面", 104.752, 29.884, {"level": "国控", "river": "球溪河", "target": "Ⅲ类"}),
        ("廖家堰断面", 104.708, 29.385, {"level": "国控", "river": "威远河", "target": "Ⅲ类"}),
        ("九曲河断面", 105.240, 29.215, {"level": "省控", "river": "九曲河", "target": "Ⅲ类"}),
    ], named=True)  # fmt: skip
    draw_points(sheet, "outfall", [
        ("内江经开区示例污水处理厂排污口", 105.018, 29.508, {"river": "沱江", "outfall_type": "industrial"}),
        ("威远县城示例污水处理厂排污口", 104.672, 29.508, {"river": "威远河", "outfall_type": "municipal"}),
        ("隆昌市示例污水处理厂排污口", 105.278, 29.318, {"river": "九曲河", "outfall_type": "municipal"}),
    ])  # fmt: skip
    for name, place, use, named in (("双凤镇片区土壤详查地块", (105.226, 29.606), "固废堆放", True),
                                    ("三湾片区土壤详查地块", (105.098, 29.518), "清洗废水", True),
                                    ("示例磷石膏堆场", (104.640, 29.590), "磷石膏堆存", False)):  # fmt: skip
        shape = patch(PLANE, name, place, 0.5, 0.34, turn=25.0, rough=0.12)
        sheet.add("contaminated_land", name, shape, named=named, list_status="疑似", former_use=use)


def _claims(sheet: Sheet, farming: BaseGeometry) -> list[Claim]:
    town = shapely.union_all([sheet.shape("urban_boundary"), sheet.shape("built_up_area", scope="主城区"),
                              sheet.shape("built_up_area", scope="县城")])  # fmt: skip
    parks = sheet.zones["industrial_park"]
    park = sheet.shape("industrial_park")
    ecological = shapely.union_all([sheet.shape("general_ecological_space"), sheet.shape("nature_park")])
    sources = sheet.shape("water_source").difference(town)
    return [
        Claim("优先", "生态保护红线优先保护单元", sheet.shape("ecological_redline")),
        Claim("优先", "饮用水水源地优先保护单元", sources),
        Claim("优先", "一般生态空间优先保护单元", ecological.difference(town)),
        *[Claim("重点", f"{row['name']}重点管控单元", row["geometry"], "工业") for row in parks],
        Claim("重点", "城镇空间重点管控单元", town.difference(park), "城镇"),
        Claim("重点", "球溪河、小青龙河流域要素重点管控单元", farming, "要素"),
    ]
