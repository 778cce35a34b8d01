"""510604 德阳市罗江区: 凯江 in the middle, 绵远河 in the west, two main canals, hills south and east."""

from __future__ import annotations

from functools import cache

import shapely
from shapely.geometry.base import BaseGeometry

from ..county import Spot, draw_farm_areas, draw_fields, draw_forest, draw_livestock, draw_towns, open_ground
from ..course import Course, course
from ..ground import border, cells, closed, fitted, patch
from ..plane import Plane, fit
from ..sheet import Sheet
from ..units import Claim, County, draw_control_units, draw_element_zones
from ..waterside import draw_points, draw_reaches, draw_reservoir, draw_river, draw_river_source

CODE, NAME, CITY = "510604", "罗江区", "德阳市"
PLAN = "德阳市罗江区“十四五”生态环境保护与治理规划"
PLANE = Plane(104.52, 31.32)
COUNTY_KM2 = 447.88
REDLINE_KM2 = COUNTY_KM2 * 0.0910  # 9.10 % of the district
ZHOUJIABA_KM2 = 173 / 1500  # about 173 亩
FARMLAND_KM2 = 58.0  # a sample figure: the plan gives none
FOREST_KM2 = 18.0  # a sample figure: the plan gives a cover of 25.17 % and no map

BORDER = [
    (104.32, 31.38), (104.34, 31.39), (104.37, 31.38), (104.39, 31.39), (104.42, 31.37),
    (104.44, 31.38), (104.47, 31.39), (104.48, 31.41), (104.50, 31.42), (104.50, 31.43),
    (104.52, 31.45), (104.56, 31.42), (104.58, 31.41), (104.59, 31.38), (104.58, 31.36),
    (104.62, 31.35), (104.65, 31.34), (104.66, 31.32), (104.67, 31.30), (104.68, 31.28),
    (104.71, 31.27), (104.70, 31.25), (104.66, 31.25), (104.63, 31.22), (104.61, 31.24),
    (104.59, 31.24), (104.57, 31.20), (104.54, 31.21), (104.52, 31.21), (104.50, 31.23),
    (104.48, 31.23), (104.45, 31.25), (104.44, 31.28), (104.41, 31.32), (104.37, 31.33),
    (104.35, 31.35), (104.32, 31.38),
]  # fmt: skip
SEATS = {
    "万安镇": (104.512, 31.322),
    "略坪镇": (104.385, 31.358),
    "新盛镇": (104.470, 31.262),
    "金山镇": (104.545, 31.385),
    "白马关镇": (104.470, 31.300),
    "鄢家镇": (104.630, 31.300),
    "调元镇": (104.570, 31.260),
}
TOWNS = [
    Spot("罗江主城区", (104.508, 31.318), 3.8, 2.4, 70.0, "主城区"),
    Spot("略坪镇镇区", (104.392, 31.356), 1.2, 0.8, 20.0, "镇区"),
    Spot("新盛镇镇区", (104.470, 31.268), 1.0, 0.7, 0.0, "镇区"),
    Spot("金山镇镇区", (104.547, 31.382), 1.4, 0.9, 60.0, "镇区"),
    Spot("白马关镇镇区", (104.462, 31.302), 0.8, 0.5, 0.0, "镇区"),
    Spot("鄢家镇镇区", (104.645, 31.312), 0.9, 0.6, 15.0, "镇区"),
]
PARKS = [Spot("四川罗江经济开发区", (104.538, 31.346), 3.6, 1.6, 65.0, "省级经济开发区")]
OPEN_GROUND = [((104.602, 31.308), 1000.0), ((104.430, 31.345), 600.0),
               ((104.530, 31.415), 700.0)]  # fmt: skip


@cache
def rivers() -> dict[str, Course]:
    """Draw the rivers and canals of the district."""
    mianyuan = course(
        PLANE, "绵远河",
        [(104.28, 31.46), (104.32, 31.42), (104.35, 31.39), (104.37, 31.36), (104.39, 31.32), (104.41, 31.28),
         (104.42, 31.23), (104.42, 31.18)],
        width_m=(120.0, 150.0), meander_m=260.0, wavelength_m=4200.0,
    )  # fmt: skip
    kai = course(
        PLANE, "凯江",
        [(104.47, 31.49), (104.48, 31.45), (104.49, 31.41), (104.50, 31.36), (104.52, 31.32), (104.54, 31.29),
         (104.56, 31.25), (104.58, 31.21), (104.60, 31.16)],
        width_m=(60.0, 110.0), meander_m=330.0, wavelength_m=3600.0,
    )  # fmt: skip
    xiushui = course(
        PLANE, "秀水河", [(104.37, 31.44), (104.41, 31.42), (104.44, 31.39), (104.47, 31.37),
            (104.50, 31.36)],
        width_m=(30.0, 46.0), meander_m=230.0, wavelength_m=2900.0, joins=kai,
    )  # fmt: skip
    huangshui = course(
        PLANE, "黄水河", [(104.58, 31.44), (104.57, 31.41), (104.56, 31.38), (104.56, 31.35), (104.55, 31.32),
                       (104.54, 31.30)],
        width_m=(16.0, 34.0), meander_m=240.0, wavelength_m=2600.0, joins=kai,
    )  # fmt: skip
    tuqiao = course(
        PLANE, "土桥沟", [(104.59, 31.37), (104.58, 31.36), (104.56, 31.35)],
        width_m=(8.0, 14.0), meander_m=120.0, wavelength_m=1600.0, joins=huangshui,
    )  # fmt: skip
    liushu = course(
        PLANE, "柳树河", [(104.43, 31.37), (104.42, 31.36), (104.40, 31.34), (104.39, 31.32)],
        width_m=(10.0, 18.0), meander_m=160.0, wavelength_m=2100.0, joins=mianyuan,
    )  # fmt: skip
    mulong = course(
        PLANE, "木龙河", [(104.44, 31.29), (104.46, 31.28), (104.49, 31.27), (104.52, 31.26),
            (104.56, 31.25)],
        width_m=(10.0, 24.0), meander_m=220.0, wavelength_m=2400.0, joins=kai,
    )  # fmt: skip
    furong = course(
        PLANE, "芙蓉溪", [(104.63, 31.29), (104.65, 31.27), (104.67, 31.26), (104.70, 31.25),
            (104.74, 31.24)],
        width_m=(10.0, 22.0), meander_m=200.0, wavelength_m=2300.0,
    )  # fmt: skip
    renmin = course(
        PLANE, "人民渠", [(104.27, 31.39), (104.32, 31.36), (104.38, 31.34), (104.42, 31.33),
            (104.46, 31.335), (104.49, 31.345), (104.53, 31.365), (104.58, 31.345), (104.62, 31.325),
            (104.66, 31.30), (104.71, 31.29), (104.76, 31.28)],
        width_m=(22.0, 18.0), meander_m=120.0, wavelength_m=2600.0,
    )  # fmt: skip
    baili = course(
        PLANE, "百里渠", [(104.46, 31.335), (104.48, 31.32), (104.48, 31.29), (104.50, 31.25),
            (104.52, 31.22), (104.53, 31.17)],
        width_m=(12.0, 10.0), meander_m=110.0, wavelength_m=2300.0, leaves=renmin,
    )  # fmt: skip
    drawn = [mianyuan, kai, xiushui, huangshui, tuqiao, liushu, mulong, furong, renmin, baili]
    return {river.name: river for river in drawn}


CANALS = ("人民渠", "百里渠")
BANK_M = {"绵远河": 30.0, "凯江": 30.0}


def draw() -> Sheet:
    """Draw the district's sheet."""
    outline = _outline()
    sheet = Sheet(CODE, f"{CITY}{NAME}", PLAN, PLANE, outline)
    sheet.add("admin", NAME, outline, clip=False, zone=CODE, code=CODE, level="county")
    for seat, shape in cells(PLANE, "罗江乡镇", outline, SEATS).items():
        sheet.add("township", seat, shape, named=seat != "调元镇")
    tuo = patch(PLANE, "沱江侧", (104.33, 31.36), 26.0, 40.0, turn=-25.0).intersection(sheet.coverage)
    sheet.add("basin", "沱江流域", tuo, basin_level=2)
    sheet.add("basin", "涪江流域", sheet.coverage.difference(tuo), basin_level=2)
    for name, river in rivers().items():
        watercourse = "canal" if name in CANALS else "river"
        draw_river(sheet, river, "支流", watercourse=watercourse, bank_m=BANK_M.get(name, 12.0))
    _water(sheet)
    draw_towns(sheet, TOWNS, PARKS, centre=NAME, both_banks=True)
    _nature(sheet)
    draw_forest(
        sheet,
        [Spot("宝峰山林地", (104.600, 31.262), 4.0, 2.4, 30.0, named=False), Spot("新盛林地",
        (104.500, 31.240), 3.0, 1.8, -20.0, named=False),
         Spot("金山林地", (104.515, 31.425), 2.4, 1.4, 60.0, named=False)],
        target_km2=FOREST_KM2, forest_class="公益林",
    )  # fmt: skip
    free = open_ground(sheet, OPEN_GROUND)
    draw_fields(sheet, free, cell_m=800.0, share=0.6, target_km2=FARMLAND_KM2, named=False)
    draw_farm_areas(
        sheet, free, [Spot("略坪", (104.365, 31.368), 3.0, 1.6, -25.0), Spot("鄢家", (104.640, 31.325), 2.6,
            1.4, 0.0)],
        [Spot("略坪镇", (104.370, 31.362), 2.2, 1.2, -25.0)],
    )  # fmt: skip
    banks = shapely.union_all([rivers()[name].water for name in ("绵远河", "凯江")])
    draw_livestock(sheet, free, banks=banks, bank_m=200.0, named=False)
    _places(sheet)
    county = [County(CODE, NAME, CITY, outline)]
    hollow = rivers()["黄水河"].line.buffer(1100.0).union(rivers()["木龙河"].line.buffer(800.0)).difference(free)
    draw_control_units(sheet, county, _claims(sheet, hollow))
    draw_element_zones(
        sheet, county, farming_water=hollow,
        weak_air=patch(PLANE, "罗江弱扩散", (104.515, 31.325), 7.0, 4.6, turn=70.0).difference(free),
        layout_air=patch(PLANE, "罗江布局敏感", (104.55, 31.385), 3.4, 2.4, turn=40.0).difference(free),
    )  # fmt: skip
    sheet.remarks["ecological_redline"] = "规划：占国土面积9.10%，区域面积447.88平方千米，推算约40.757平方千米"
    sheet.remarks["nature_reserve"] = "规划：自然保护区面积占比“不涉及”，本区无自然保护区"
    sheet.remarks["basic_farmland"] = "规划未给出面积，面积为示例"
    return sheet


def _outline() -> shapely.Polygon:
    rough = closed([border(PLANE, "罗江界", BORDER, ragged_m=200.0)])
    by = fit(lambda by: shapely.affinity.scale(rough, by, by), PLANE, COUNTY_KM2 * 1e6, 0.8, 1.25)
    return shapely.affinity.scale(rough, by, by)


def _water(sheet: Sheet) -> None:
    river = rivers()
    draw_river_source(
        sheet, river["人民渠"], "罗江区人民渠黑牛湾集中式饮用水水源地", (104.445, 31.333),
            first=(2200.0, 100.0, 60.0),
        second=(4600.0, 300.0, 280.0), quasi=(5700.0, 300.0, 450.0), supply="city",
    )  # fmt: skip
    draw_reservoir(sheet, "黑牛湾囤蓄池", (104.449, 31.3375), 0.34, 0.2, turn=20.0, use="供水", named=False)
    draw_reservoir(
        sheet, "鄢家示例水库", (104.650, 31.292), 0.6, 0.3, turn=40.0, use="灌溉、供水", named=False,
            supply="town",
        source=("鄢家镇示例水库饮用水水源地", 100.0, 420.0, None),
    )  # fmt: skip
    for name, place, length, turn in (("凤雏水库", (104.455, 31.288), 0.7, 50.0), ("红旗水库",
        (104.474, 31.296), 0.6, -10.0),
                                      ("团结水库", (104.463, 31.281), 0.5, 80.0), ("罗汉堰",
                                      (104.470, 31.286), 0.3, 30.0)):  # fmt: skip
        draw_reservoir(sheet, name, place, length, length * 0.42, turn=turn, size="小型", use="灌溉、景观")
    for name, place in (("凯江", (104.52, 31.32)), ("绵远河", (104.37, 31.36))):
        draw_reaches(
            sheet, "water_function_zone", river[name], [("农业用水区", place, 5000.0, 5000.0)], "function",
            name="{river}罗江{value}", target="Ⅲ类",
        )  # fmt: skip
        draw_reaches(
            sheet, "shoreline_zone", river[name],
            [("保留区", place, 3500.0, 800.0), ("控制利用区", place, -800.0, 3000.0)],
            "zone_class", land_m=30.0, without_water=True, name="{river}岸线{value}", side="both",
        )  # fmt: skip
        draw_reaches(
            sheet, "sand_mining_zone", river[name], [("禁采区", place, 5000.0, 5000.0)], "zone_class",
            name="{river}采砂{value}", closed_season="04-01/09-30",
        )  # fmt: skip
        draw_reaches(
            sheet,
            "aquaculture_zone",
            river[name],
            [("禁养区", place, 5000.0, 5000.0)],
            "zone_class",
            name="{river}水产禁养区",
        )


def _nature(sheet: Sheet) -> None:
    river = rivers()
    inside = sheet.outline.buffer(-120.0)
    wet = patch(PLANE, "周家坝", (104.527, 31.301), 0.5, 0.3, turn=-50.0).difference(river["凯江"].water)
    sheet.add("wetland", "周家坝生态湿地", fitted(PLANE, [wet],
        ZHOUJIABA_KM2)[0].difference(river["凯江"].water),
              importance="一般", wetland_type="人工湿地")  # fmt: skip
    baima = patch(PLANE, "白马关湿地", (104.466, 31.290), 0.9, 0.3, turn=60.0)
    sheet.add("wetland", "白马关景区生态湿地（罗汉堰至养心小镇）", baima, importance="一般", wetland_type="人工湿地")
    scenic = patch(PLANE, "白马关", (104.464, 31.290), 3.0, 2.2, turn=40.0).difference(
        sheet.shape("built_up_area").buffer(60.0)
    )
    core = patch(PLANE, "白马关核心", (104.462, 31.287), 0.9, 0.7)
    sheet.add("scenic_area", "白马关景区", scenic.difference(core), core=False, level="省级")
    sheet.add("scenic_area", "白马关景区核心景区（庞统祠）", core, core=True, level="省级")
    forest = patch(PLANE, "宝峰山", (104.605, 31.268), 5.4, 3.0, turn=30.0).intersection(inside)
    sheet.add("nature_park", "宝峰山森林公园", forest, park_type="森林公园", level="县级")
    west = patch(PLANE, "龙泉山南", (104.475, 31.252), 5.0, 3.6, turn=-20.0).intersection(inside)
    south = patch(PLANE, "龙泉山东", (104.545, 31.228), 4.6, 2.8, turn=20.0).intersection(inside)
    north = patch(PLANE, "金山北", (104.535, 31.428), 5.0, 2.2, turn=-30.0).intersection(inside)
    east = patch(PLANE, "鄢家东", (104.675, 31.268), 4.8, 2.4, turn=10.0).intersection(inside)
    dry = shapely.union_all(
        [river[name].water.buffer(60.0) for name in river] + [sheet.shape("built_up_area").buffer(200.0)]
    )
    free = open_ground(sheet, OPEN_GROUND)
    redline = fitted(
        PLANE,
        [
            patch(PLANE, "红线一", (104.478, 31.250), 4.6, 3.0, turn=-20.0),
            patch(PLANE, "红线二", (104.548, 31.228), 4.4, 2.6, turn=20.0),
            patch(PLANE, "红线三", (104.607, 31.266), 4.6, 2.6, turn=30.0),
            patch(PLANE, "红线四", (104.675, 31.266), 3.8, 1.8, turn=10.0),
        ],
        REDLINE_KM2,
        within=inside.difference(dry).difference(free).difference(scenic),
    )
    for name, shape in zip(("新盛", "调元", "宝峰山", "鄢家"), redline, strict=True):
        sheet.add(
            "ecological_redline", f"生态保护红线（{name}）", shape, core_reserve=False,
            redline_type="水源涵养、生物多样性维护", area_km2=round(PLANE.area_m2(shape) / 1e6, 4),
        )  # fmt: skip
    red = sheet.shape("ecological_redline")
    for name, shape in (
        ("新盛", west),
        ("调元", south),
        ("宝峰山", forest),
        ("鄢家", east),
        ("金山", north),
        ("白马关", scenic),
    ):
        space = shape.difference(shapely.union_all([red, dry, free]))
        sheet.add("general_ecological_space", f"一般生态空间（{name}）", space, named=False, space_type="水源涵养")


def _places(sheet: Sheet) -> None:
    draw_points(sheet, "receptor", [
        ("罗江主城区示例小学", 104.505, 31.320, {"receptor_type": "school", "people": 1500}),
        ("罗江示例医院", 104.511, 31.326, {"receptor_type": "hospital", "people": 520}),
        ("潺亭水城示例小区", 104.513, 31.312, {"receptor_type": "home", "people": 3600}),
        ("罗江示例养老院", 104.503, 31.327, {"receptor_type": "elderly_care", "people": 120}),
        ("略坪镇示例小学", 104.393, 31.357, {"receptor_type": "school", "people": 430}),
        ("金山镇示例中心校", 104.546, 31.384, {"receptor_type": "school", "people": 690}),
        ("新盛镇示例卫生院", 104.470, 31.269, {"receptor_type": "hospital", "people": 45}),
        ("鄢家镇示例聚居点", 104.646, 31.313, {"receptor_type": "home", "people": 280}),
    ])  # fmt: skip
    draw_points(
        sheet,
        "receptor",
        [("庞统祠", 104.462, 31.287, {"receptor_type": "heritage", "people": None})],
        named=True,
    )
    draw_points(
        sheet,
        "air_station",
        [("省控空气自动站（罗江中学点位）", 104.508, 31.316, {"level": "省控"})],
        named=True,
    )
    sheet.complete["air_station"] = ("国控空气自动监测站", "省控空气自动监测站")
    draw_points(sheet, "monitoring_section", [
        ("凯江考核断面（示例位置）", 104.562, 31.243, {"level": "省控", "river": "凯江", "target": "Ⅲ类"}),
        ("绵远河考核断面（示例位置）", 104.392, 31.318, {"level": "市控", "river": "绵远河",
        "target": "Ⅲ类"}),
    ])  # fmt: skip
    draw_points(
        sheet,
        "outfall",
        [("周家坝城市生活污水处理厂排污口", 104.526, 31.304, {"river": "凯江", "outfall_type": "municipal"})],
    )
    for name, place, size, use in (
        ("电石渣堆场（示例一）", (104.523, 31.336), 0.40, "电石渣堆存"),
        ("罗江晨明生物制品有限公司地块", (104.530, 31.352), 0.24, "生物制品"),
        ("华远碱业有限公司地块", (104.548, 31.358), 0.26, "化工"),
    ):
        shape = patch(PLANE, name, place, size, size * 0.7, turn=30.0, rough=0.12)
        sheet.add("contaminated_land", name, shape, list_status="疑似", former_use=use)


def _claims(sheet: Sheet, hollow: BaseGeometry) -> list[Claim]:
    park = sheet.shape("industrial_park")
    town = shapely.union_all([sheet.shape("urban_boundary"), sheet.shape("built_up_area", scope="主城区")])
    ecological = shapely.union_all(
        [sheet.shape(kind) for kind in ("general_ecological_space", "nature_park", "scenic_area")]
    )
    return [
        Claim("优先", "罗江区生态保护红线优先保护单元", sheet.shape("ecological_redline")),
        Claim("优先", "人民渠黑牛湾饮用水水源地优先保护单元", sheet.shape("water_source", supply="city")),
        Claim("优先", "罗江区乡镇饮用水水源地优先保护单元", sheet.shape("water_source", supply="town")),
        Claim("优先", "罗江区一般生态空间优先保护单元", ecological.difference(town)),
        Claim("重点", "四川罗江经济开发区重点管控单元", park, "工业"),
        Claim("重点", "罗江区城镇空间重点管控单元", town.difference(park), "城镇"),
        Claim("重点", "黄水河、木龙河流域要素重点管控单元", hollow, "要素"),
    ]
