"""511111 乐山市沙湾区: hills west and south, 大渡河 in a great bend, the town on its left bank."""

from __future__ import annotations

import shapely
from shapely.geometry.base import BaseGeometry

from ..county import Spot, draw_farm_areas, draw_fields, draw_forest, draw_livestock, draw_towns, open_ground
from ..ground import border, cells, closed, fitted, lobe, patch, swell
from ..plane import fit
from ..sheet import Sheet
from ..units import Claim, County, draw_control_units, draw_element_zones
from ..waterside import draw_points, draw_reaches, draw_reservoir, draw_river, draw_river_source
from .leshan import BANK_M, PLANE, RIVER_CLASS, common_border, rivers

CODE, NAME, CITY = "511111", "沙湾区", "乐山市"
PLAN = "沙湾区“十四五”生态环境保护规划"
COUNTY_KM2 = 605.3  # 29460 hm² of eroded land are 48.67 % of the district
REDLINE_KM2 = 21.92  # indicator table; the text of the same plan has 4.8967 万亩 = 32.64 km²
NATURE_KM2 = 97.63  # three protected areas together
FARMLAND_KM2 = 68.07  # 10.2107 万亩
FOREST_KM2 = 20998 / 1500  # 20998 亩 of state forest

OTHER_BORDER = [
    (103.68, 29.47), (103.67, 29.45), (103.67, 29.41), (103.67, 29.37), (103.69, 29.34),
    (103.71, 29.34), (103.73, 29.32), (103.71, 29.30), (103.71, 29.27), (103.70, 29.25),
    (103.68, 29.23), (103.66, 29.22), (103.66, 29.19), (103.60, 29.19), (103.57, 29.21),
    (103.55, 29.24), (103.53, 29.26), (103.50, 29.26), (103.48, 29.29), (103.46, 29.30),
    (103.44, 29.29), (103.43, 29.32), (103.42, 29.35), (103.44, 29.38), (103.47, 29.39),
    (103.49, 29.42), (103.52, 29.45), (103.55, 29.47), (103.57, 29.48),
]  # fmt: skip
SEATS = {
    "沙湾镇": (103.535, 29.385),
    "铜河街道": (103.55, 29.43),
    "嘉农镇": (103.61, 29.48),
    "踏水镇": (103.64, 29.43),
    "太平镇": (103.65, 29.38),
    "牛石镇": (103.60, 29.37),
    "葫芦镇": (103.58, 29.315),
    "福禄镇": (103.62, 29.28),
    "范店乡": (103.69, 29.30),
    "轸溪镇": (103.47, 29.33),
}
TOWNS = [
    Spot("沙湾主城区", (103.541, 29.413), 6.4, 2.1, 78.0, "主城区"),
    Spot("太平镇镇区", (103.659, 29.392), 1.3, 0.7, 70.0, "镇区", named=False),
    Spot("嘉农镇镇区", (103.62, 29.476), 1.6, 0.8, 40.0, "镇区", named=False),
]
PARKS = [
    Spot("四川乐山沙湾经济开发区", (103.578, 29.474), 3.4, 1.7, 42.0, "省级经济开发区"),
    Spot("沙湾钒钛园区", (103.533, 29.372), 2.4, 1.1, 75.0, "省级经济开发区"),
]
OPEN_GROUND = [((103.615, 29.425), 1500.0), ((103.575, 29.395), 1300.0), ((103.51, 29.40), 900.0)]


def draw() -> Sheet:
    """Draw the district's sheet."""
    river = rivers()
    outline = _outline()
    sheet = Sheet(CODE, f"{CITY}{NAME}", PLAN, PLANE, outline)
    sheet.add("admin", NAME, outline, clip=False, zone=CODE, code=CODE, level="county")
    for seat, shape in cells(PLANE, "沙湾乡镇", outline, SEATS).items():
        sheet.add("township", seat, shape, named=seat in {"沙湾镇", "铜河街道", "太平镇", "牛石镇"})
    sheet.add("basin", "岷江流域（大渡河水系）", sheet.coverage, basin_level=2)
    for name in ("大渡河", "沫溪河", "余溪河"):
        draw_river(sheet, river[name], RIVER_CLASS.get(name, "支流"), bank_m=BANK_M.get(name, 15.0))
    for name in ("岷江", "青衣江", "临江河", "峨眉河"):
        if river[name].water.intersects(sheet.coverage):
            draw_river(sheet, river[name], RIVER_CLASS.get(name, "支流"), bank_m=BANK_M.get(name, 15.0), named=False)
    _water(sheet)
    draw_towns(sheet, TOWNS, PARKS, centre=NAME)
    _nature(sheet)
    draw_forest(
        sheet,
        [
            Spot("国有林地（美女峰）", (103.688, 29.272), 4.0, 2.0, 70.0),
            Spot("国有林地（二峨山）", (103.455, 29.360), 3.4, 1.6, 35.0),
        ],
        target_km2=FOREST_KM2,
        forest_class="公益林",
    )
    free = open_ground(sheet, OPEN_GROUND)
    _land(sheet, free)
    _places(sheet)
    county = [County(CODE, NAME, CITY, outline)]
    draw_control_units(sheet, county, _claims(sheet, free))
    valley = lobe(PLANE, "沙湾河谷", [(103.53, 29.36), (103.58, 29.37), (103.59, 29.42), (103.63, 29.47),
        (103.61, 29.50),
                                  (103.57, 29.46), (103.53, 29.43)])  # fmt: skip
    farming = lobe(PLANE, "太平踏水", [(103.62, 29.39), (103.65, 29.39), (103.66, 29.45), (103.63, 29.46)])
    draw_element_zones(
        sheet,
        county,
        farming_water=farming.difference(free),
        weak_air=valley.difference(free),
        layout_air=patch(PLANE, "布局敏感", (103.63, 29.49), 3.0, 2.0),
    )
    sheet.remarks["ecological_redline"] = (
        "规划自身两处数字不一致：正文4.8967万亩（约32.64平方千米），指标表21.92平方千米（3.288万亩）；本图层取21.92平方千米"
    )
    sheet.remarks["nature_park"] = sheet.remarks["scenic_area"] = (
        "规划：森林公园、湿地公园、风景名胜区3个自然保护地合计97.63平方千米，分项未列，分项面积为示例"
    )
    return sheet


def _outline() -> shapely.Polygon:
    arc = border(PLANE, "沙湾外界", OTHER_BORDER)
    north = common_border()
    by = fit(lambda by: closed([north, swell(arc, by)]), PLANE, COUNTY_KM2 * 1e6, -3000.0, 3000.0)
    return closed([north, swell(arc, by)])


def _water(sheet: Sheet) -> None:
    river = rivers()
    dadu, moxi, yuxi = river["大渡河"], river["沫溪河"], river["余溪河"]
    draw_river_source(
        sheet, moxi, "太平镇沫溪河饮用水水源地", (103.66, 29.355), first=(1000.0, 100.0, 50.0),
        second=(3000.0, 300.0, 350.0), supply="town", named=False,
    )  # fmt: skip
    draw_river_source(
        sheet, yuxi, "轸溪镇余溪河饮用水水源地", (103.49, 29.36), first=(800.0, 100.0, 50.0),
        second=(2400.0, 300.0, 300.0), quasi=(4000.0, 300.0, 700.0), supply="town", named=False,
    )  # fmt: skip
    draw_river_source(
        sheet, dadu, "沙湾城区大渡河饮用水水源地", (103.56, 29.38), first=(1000.0, 100.0, 50.0),
        second=(3000.0, 300.0, 150.0), supply="city", status="revoked", valid_to="2019-12-31",
    )  # fmt: skip
    draw_reservoir(
        sheet, "范店水库", (103.677, 29.325), 0.7, 0.32, turn=60.0, use="灌溉、供水", named=False,
            supply="village",
        source=("范店水库饮用水水源地", 120.0, 450.0, None),
    )  # fmt: skip
    draw_reservoir(sheet, "踏水水库", (103.648, 29.455), 0.8, 0.35, turn=20.0, named=False)
    draw_reaches(
        sheet, "water_function_zone", dadu,
        [("保留区", (103.53, 29.27), 12_000.0, 9_000.0), ("工业用水区", (103.56, 29.40), 5_000.0, 5_500.0),
         ("景观娱乐用水区", (103.60, 29.47), 2_000.0, 4_000.0)],
        "function", name="{river}沙湾{value}", target="Ⅲ类",
    )  # fmt: skip
    draw_reaches(
        sheet, "shoreline_zone", dadu,
        [("保护区", (103.62, 29.34), 5_000.0, 4_500.0), ("保留区", (103.62, 29.22), 7_000.0, 7_000.0),
         ("控制利用区", (103.56, 29.39), 3_000.0, 3_500.0), ("开发利用区", (103.59, 29.46), 2_500.0,
         2_500.0)],
        "zone_class", land_m=40.0, without_water=True, name="{river}岸线{value}", side="both",
    )  # fmt: skip
    draw_reaches(
        sheet, "sand_mining_zone", dadu,
        [("禁采区", (103.60, 29.34), 6_000.0, 8_000.0), ("可采区", (103.61, 29.485), 900.0, 1_400.0),
         ("保留区", (103.585, 29.455), 2_200.0, 1_500.0)],
        "zone_class", name="{river}采砂{value}", closed_season="04-01/08-31",
    )  # fmt: skip
    sheet.add(
        "germplasm_reserve", "大渡河沙坪二级水电站至龚嘴库区省级水产种质资源保护区（筹建）",
        dadu.strip(sheet.place(103.43, 29.31), 6_000.0, 5_500.0, 0.0), status="proposed", core=False,
            level="省级",
    )  # fmt: skip


def _nature(sheet: Sheet) -> None:
    dadu = rivers()["大渡河"]
    inside = sheet.outline.buffer(-150.0)
    forest = lobe(PLANE, "美女峰", [(103.665, 29.24), (103.69, 29.25), (103.705, 29.27), (103.71, 29.30),
        (103.715, 29.315), (103.69, 29.32), (103.674, 29.30),
                                 (103.665, 29.27)]).intersection(inside)  # fmt: skip
    wet = dadu.strip(sheet.place(103.60, 29.34), 5_200.0, 3_400.0, 70.0)
    rough = lobe(PLANE, "风景名胜区", [(103.56, 29.265), (103.585, 29.238), (103.622, 29.228),
        (103.63, 29.26), (103.635, 29.29), (103.64, 29.315), (103.61, 29.325), (103.58, 29.322),
                                  (103.555, 29.30)])  # fmt: skip
    others = forest.union(wet).union(dadu.water.buffer(60.0))
    target = NATURE_KM2 - PLANE.area_m2(forest) / 1e6 - PLANE.area_m2(wet) / 1e6
    scenic = fitted(PLANE, [rough], target, within=inside.difference(others))[0]
    core = shapely.union_all([
        patch(PLANE, "核心景区甲", (103.595, 29.285), 2.6, 1.8, turn=25.0),
        patch(PLANE, "核心景区乙", (103.61, 29.25), 1.5, 1.1, turn=-20.0),
    ]).intersection(scenic)  # fmt: skip
    sheet.add("nature_park", "四川美女峰国家森林公园", forest, park_type="森林公园", level="国家级")
    sheet.add("nature_park", "四川沙湾大渡河国家湿地公园", wet, park_type="湿地公园", level="国家级")
    sheet.add("scenic_area", "大渡河—美女峰风景名胜区", scenic.difference(core), core=False, level="省级")
    sheet.add("scenic_area", "大渡河—美女峰风景名胜区核心景区", core, core=True, level="省级")
    sheet.add("wetland", "沙湾大渡河湿地", wet, named=False, importance="国家重要", wetland_type="河流湿地")
    for name, place in (("沫溪河湿地", (103.653, 29.405)), ("余溪河湿地", (103.545, 29.342))):
        reach = rivers()[name[:3]].strip(sheet.place(*place), 700.0, 700.0, 35.0)
        sheet.add("wetland", name, reach, importance="一般", wetland_type="河流湿地")
    west = patch(PLANE, "二峨山", (103.462, 29.365), 6.0, 2.6, turn=35.0).intersection(inside)
    redline = fitted(
        PLANE,
        [
            patch(PLANE, "红线美女峰", (103.692, 29.285), 5.0, 2.0, turn=70.0),
            patch(PLANE, "红线风景区", (103.592, 29.288), 3.6, 2.2, turn=25.0),
            patch(PLANE, "红线二峨山", (103.462, 29.368), 3.4, 1.5, turn=35.0),
            patch(PLANE, "红线铜街子", (103.605, 29.247), 2.2, 1.0, turn=-10.0),
        ],
        REDLINE_KM2,
        within=shapely.union_all([forest, scenic, west]),
    )
    for name, shape in zip(("美女峰", "大渡河峡谷", "二峨山", "铜街子库周"), redline, strict=True):
        sheet.add("ecological_redline", f"生态保护红线（{name}）", shape, core_reserve=False,
                  redline_type="水土保持、生物多样性维护", area_km2=round(PLANE.area_m2(shape) / 1e6,
                      4))  # fmt: skip
    red = sheet.shape("ecological_redline")
    south = patch(PLANE, "三峨山", (103.525, 29.29), 5.0, 2.0, turn=-30.0).difference(dadu.water.buffer(150.0))
    for name, shape in (("美女峰", forest), ("大渡河—美女峰", scenic), ("二峨山", west), ("三峨山", south)):
        space = shape.intersection(inside).difference(red)
        sheet.add("general_ecological_space", f"一般生态空间（{name}）", space, space_type="水土保持")


def _land(sheet: Sheet, free: BaseGeometry) -> None:
    draw_fields(sheet, free, cell_m=820.0, share=0.66, target_km2=FARMLAND_KM2, named=True)
    draw_farm_areas(
        sheet,
        free,
        [
            Spot("太平—踏水", (103.645, 29.40), 4.6, 2.0, 80.0),
            Spot("嘉农", (103.585, 29.495), 2.0, 1.4, 20.0),
        ],
        [Spot("太平镇", (103.645, 29.402), 3.2, 1.6, 80.0)],
    )
    draw_livestock(sheet, free, banks=rivers()["大渡河"].water, bank_m=200.0, named=True)
    suited = patch(PLANE, "适养区", (103.66, 29.445), 2.6, 1.0, turn=80.0).intersection(sheet.outline)
    suited = suited.difference(sheet.shape("livestock_ban_zone"))
    sheet.add("livestock_ban_zone", "踏水适度养殖区", suited, zone_class="适养区", animals="生猪、家禽")
    for zone_class, place, up, down in (
        ("禁养区", (103.60, 29.34), 6000.0, 4000.0),
        ("限养区", (103.61, 29.48), 1500.0, 1500.0),
    ):
        reach = rivers()["大渡河"].strip(sheet.place(*place), up, down, 0.0)
        sheet.add("aquaculture_zone", f"大渡河水产{zone_class}", reach, named=False, zone_class=zone_class)
    sheet.add(
        "contaminated_land", "原四川圣达焦化污染地块",
        patch(PLANE, "圣达", (103.547, 29.449), 0.42, 0.26, turn=55.0, rough=0.12),
        list_status="名录", former_use="炼焦",
    )  # fmt: skip


def _places(sheet: Sheet) -> None:
    draw_points(sheet, "receptor", [
        ("沙湾主城区示例小学", 103.540, 29.418, {"receptor_type": "school", "people": 1200}),
        ("沙湾主城区示例中学", 103.545, 29.428, {"receptor_type": "school", "people": 2300}),
        ("沙湾区示例医院", 103.538, 29.407, {"receptor_type": "hospital", "people": 400}),
        ("女神路示例小区", 103.543, 29.401, {"receptor_type": "home", "people": 2600}),
        ("沙湾示例养老院", 103.536, 29.425, {"receptor_type": "elderly_care", "people": 90}),
        ("太平镇示例小学", 103.660, 29.394, {"receptor_type": "school", "people": 520}),
        ("太平镇示例卫生院", 103.658, 29.389, {"receptor_type": "hospital", "people": 40}),
        ("嘉农镇示例中心校", 103.621, 29.478, {"receptor_type": "school", "people": 640}),
        ("牛石镇示例聚居点", 103.602, 29.372, {"receptor_type": "home", "people": 310}),
        ("福禄镇示例聚居点", 103.654, 29.266, {"receptor_type": "home", "people": 260}),
    ])  # fmt: skip
    draw_points(sheet, "air_station", [("沙湾区环境空气自动监测站（示例位置）", 103.541, 29.413, {"level": "省控"})])
    sheet.complete["air_station"] = ("国控空气自动监测站", "省控空气自动监测站")
    draw_points(sheet, "monitoring_section", [
        ("大渡河省控断面（示例位置）", 103.600, 29.470, {"level": "省控", "river": "大渡河",
        "target": "Ⅲ类"}),
        ("沫溪河市控断面（示例位置）", 103.656, 29.414, {"level": "市控", "river": "沫溪河",
        "target": "Ⅲ类"}),
    ])  # fmt: skip
    draw_points(sheet, "outfall", [
        ("沙湾城市污水处理厂排污口", 103.559, 29.432, {"river": "大渡河", "outfall_type": "municipal"}),
        ("沙湾经开区污水处理厂排污口", 103.590, 29.462, {"river": "大渡河", "outfall_type": "industrial"}),
        ("太平镇污水处理设施排污口", 103.652, 29.397, {"river": "沫溪河", "outfall_type": "municipal"}),
    ])  # fmt: skip


def _claims(sheet: Sheet, free: BaseGeometry) -> list[Claim]:
    parks = shapely.union_all([sheet.shape("nature_park"), sheet.shape("scenic_area")])
    town, park = sheet.shape("built_up_area", scope="主城区"), sheet.shape("industrial_park")
    town_unit = sheet.shape("urban_boundary").union(town).difference(park)
    mining = patch(PLANE, "要素重点", (103.60, 29.365), 4.2, 1.6, turn=15.0).difference(free)
    return [
        Claim("优先", "沙湾区生态保护红线优先保护单元", sheet.shape("ecological_redline")),
        Claim("优先", "四川美女峰国家森林公园、大渡河—美女峰风景名胜区优先保护单元", parks),
        Claim("优先", "沙湾区乡镇集中式饮用水水源地优先保护单元", sheet.shape("water_source")),
        Claim("优先", "沙湾区一般生态空间优先保护单元", sheet.shape("general_ecological_space")),
        Claim("重点", "四川乐山沙湾经济开发区重点管控单元", park, "工业"),
        Claim("重点", "沙湾区城镇空间重点管控单元", town_unit, "城镇"),
        Claim("重点", "沙湾区要素重点管控单元", mining, "要素"),
    ]
