"""511102 乐山市市中区: three rivers meet at the city; low hills and three poor streams in the east."""

from __future__ import annotations

import shapely
from shapely.geometry.base import BaseGeometry

from ..county import Spot, draw_farm_areas, draw_fields, draw_forest, draw_livestock, draw_towns, open_ground
from ..ground import border, cells, closed, fitted, lobe, patch
from ..sheet import Sheet
from ..units import Claim, County, draw_control_units, draw_element_zones
from ..waterside import draw_points, draw_reaches, draw_reservoir, draw_river, draw_river_source
from .leshan import BANK_M, PLANE, RIVER_CLASS, common_border, rivers

CODE, NAME, CITY = "511102", "市中区", "乐山市"
PLAN = "乐山市市中区打赢蓝天保卫战等九个实施方案"
REDLINE_KM2 = 28.0  # a sample figure: the plan gives none
FARMLAND_KM2 = 130.0  # a sample figure: the plan gives none
FOREST_KM2 = 4.0  # 0.6 万亩 of national public-welfare forest

OTHER_BORDER = [
    (103.57, 29.48), (103.55, 29.50), (103.54, 29.52), (103.55, 29.53), (103.57, 29.56),
    (103.60, 29.58), (103.61, 29.61), (103.62, 29.64), (103.65, 29.66), (103.68, 29.66),
    (103.70, 29.69), (103.72, 29.73), (103.74, 29.73), (103.77, 29.71), (103.80, 29.72),
    (103.84, 29.74), (103.88, 29.75), (103.92, 29.75), (103.95, 29.76), (103.96, 29.73),
    (103.99, 29.71), (103.97, 29.68), (103.97, 29.65), (103.98, 29.62), (103.96, 29.59),
    (103.95, 29.55), (103.93, 29.52), (103.90, 29.49), (103.87, 29.52), (103.83, 29.51),
    (103.78, 29.50), (103.74, 29.51), (103.72, 29.49), (103.70, 29.47), (103.68, 29.47),
]  # fmt: skip
SEATS = {
    "中心城区各街道": (103.753, 29.580),
    "苏稽镇": (103.655, 29.566),
    "水口镇": (103.700, 29.530),
    "杨湾乡": (103.690, 29.592),
    "罗汉镇": (103.640, 29.510),
    "临江镇": (103.575, 29.530),
    "棉竹镇": (103.660, 29.635),
    "牟子镇": (103.805, 29.600),
    "青平镇": (103.765, 29.685),
    "悦来镇": (103.850, 29.695),
    "全福镇": (103.865, 29.620),
    "土主镇": (103.930, 29.640),
    "白马镇": (103.940, 29.715),
    "凌云镇": (103.830, 29.545),
    "茅桥镇": (103.910, 29.545),
}
TOWNS = [
    Spot("乐山主城区", (103.748, 29.580), 6.2, 4.4, 35.0, "主城区"),
    Spot("苏稽镇镇区", (103.648, 29.567), 1.9, 1.0, 10.0, "镇区"),
    Spot("牟子镇镇区", (103.805, 29.606), 1.2, 0.8, 20.0, "镇区"),
    Spot("水口镇镇区", (103.705, 29.535), 1.0, 0.7, 0.0, "镇区"),
    Spot("罗汉镇镇区", (103.632, 29.522), 0.9, 0.6, 30.0, "镇区"),
    Spot("临江镇镇区", (103.585, 29.532), 0.9, 0.6, 0.0, "镇区"),
    Spot("全福镇镇区", (103.868, 29.622), 1.0, 0.7, 15.0, "镇区"),
    Spot("土主镇镇区", (103.915, 29.603), 1.0, 0.7, 40.0, "镇区"),
    Spot("棉竹镇镇区", (103.648, 29.628), 1.0, 0.6, -20.0, "镇区"),
    Spot("青平镇镇区", (103.752, 29.690), 0.8, 0.5, 0.0, "镇区"),
]
PARKS = [Spot("乐山市工业集中区", (103.848, 29.596), 3.2, 1.8, 25.0, "工业集中区")]
OPEN_GROUND = [((103.945, 29.630), 1500.0), ((103.615, 29.602), 900.0), ((103.800, 29.655), 700.0),
               ((103.758, 29.522), 600.0)]  # fmt: skip


def draw() -> Sheet:
    """Draw the district's sheet."""
    river = rivers()
    outline = closed([border(PLANE, "市中外界", OTHER_BORDER), common_border()[::-1]])
    sheet = Sheet(CODE, f"{CITY}{NAME}", PLAN, PLANE, outline)
    sheet.add("admin", NAME, outline, clip=False, zone=CODE, code=CODE, level="county")
    named = {
        "苏稽镇",
        "牟子镇",
        "水口镇",
        "杨湾乡",
        "罗汉镇",
        "临江镇",
        "全福镇",
        "土主镇",
        "棉竹镇",
        "青平镇",
    }
    for seat, shape in cells(PLANE, "市中乡镇", outline, SEATS).items():
        sheet.add("township", seat, shape, named=seat in named)
    sheet.add("basin", "岷江流域", sheet.coverage, basin_level=2)
    for name, course in river.items():
        if course.water.intersects(sheet.coverage):
            draw_river(
                sheet,
                course,
                RIVER_CLASS.get(name, "支流"),
                bank_m=BANK_M.get(name, 15.0),
                named=name not in ("沫溪河", "余溪河"),
            )
    _water(sheet)
    draw_towns(sheet, TOWNS, PARKS, centre=f"{CITY}{NAME}", both_banks=True)
    _nature(sheet)
    draw_forest(
        sheet,
        [
            Spot("国家级公益林（平羌）", (103.862, 29.722), 2.4, 1.2, 50.0),
            Spot("国家级公益林（凌云）", (103.806, 29.532), 2.0, 1.0, 80.0),
        ],
        target_km2=FOREST_KM2,
        forest_class="公益林",
    )
    free = open_ground(sheet, OPEN_GROUND)
    draw_fields(sheet, free, cell_m=1050.0, share=0.55, target_km2=FARMLAND_KM2, named=False)
    draw_farm_areas(
        sheet,
        free,
        [
            Spot("全福—土主", (103.895, 29.625), 5.0, 2.4, 20.0),
            Spot("棉竹", (103.640, 29.640), 2.6, 1.4, 30.0),
        ],
        [Spot("土主镇", (103.900, 29.628), 3.4, 1.6, 20.0), Spot("白马镇", (103.93, 29.72), 2.6, 1.4, 0.0)],
    )
    banks = shapely.union_all([river[name].water for name in ("岷江", "大渡河", "青衣江")])
    draw_livestock(sheet, free, banks=banks, bank_m=200.0, named=True)
    _places(sheet)
    county = [County(CODE, NAME, CITY, outline)]
    streams = shapely.union_all([river[name].line.buffer(1600.0) for name in ("磨池河", "泥溪河", "剑峰河")])
    draw_control_units(sheet, county, _claims(sheet, streams.difference(free)))
    draw_element_zones(
        sheet,
        county,
        farming_water=streams.difference(free),
        weak_air=patch(PLANE, "市中弱扩散", (103.735, 29.575), 12.0, 8.0, turn=20.0).difference(free),
        layout_air=patch(PLANE, "市中布局敏感", (103.70, 29.625), 6.0, 3.0, turn=40.0).difference(free),
    )
    for kind in ("ecological_redline", "basic_farmland"):
        sheet.remarks[kind] = "方案未给出面积，面积为示例"
    return sheet


def _water(sheet: Sheet) -> None:
    river = rivers()
    draw_river_source(
        sheet, river["大渡河"], "大渡河安谷电站库区饮用水水源地", (103.665, 29.534), first=(1000.0, 100.0,
            50.0),
        second=(3000.0, 300.0, 250.0), quasi=(4600.0, 300.0, 250.0), supply="city",
    )  # fmt: skip
    draw_river_source(
        sheet, river["青衣江"], "青衣江陶渡饮用水水源地", (103.675, 29.608), first=(1000.0, 100.0, 50.0),
        second=(3000.0, 300.0, 250.0), quasi=(4800.0, 300.0, 250.0), supply="city",
    )  # fmt: skip
    draw_reservoir(
        sheet, "高中水库", (103.775, 29.672), 1.1, 0.5, turn=35.0, use="灌溉、供水", supply="town",
        source=("青平镇高中水库饮用水水源地", 150.0, 650.0, None),
    )  # fmt: skip
    draw_reservoir(sheet, "白马示例水库", (103.925, 29.700), 0.9, 0.4, turn=-30.0, named=False)
    for name, place, up, down, target in (
        ("岷江", (103.78, 29.60), 9_000.0, 3_000.0, "Ⅲ类"), ("大渡河", (103.70, 29.55), 4_000.0, 3_000.0,
        "Ⅱ类"),
        ("青衣江", (103.66, 29.63), 4_000.0, 3_500.0, "Ⅱ类"),
    ):  # fmt: skip
        draw_reaches(
            sheet, "water_function_zone", river[name],
            [("保留区" if name == "岷江" else "饮用水源区", place, up, down)], "function",
            name="{river}乐山{value}", target=target,
        )  # fmt: skip
    draw_reaches(
        sheet, "shoreline_zone", river["岷江"],
        [("保护区", (103.83, 29.71), 4_000.0, 4_000.0), ("控制利用区", (103.78, 29.59), 2_500.0, 2_500.0),
         ("保留区", (103.78, 29.52), 2_000.0, 2_500.0)],
        "zone_class", land_m=40.0, without_water=True, name="{river}岸线{value}", side="both",
    )  # fmt: skip
    draw_reaches(
        sheet, "sand_mining_zone", river["岷江"],
        [("禁采区", (103.78, 29.57), 4_500.0, 3_500.0), ("可采区", (103.82, 29.67), 900.0, 1_500.0),
         ("保留区", (103.84, 29.72), 2_000.0, 1_600.0)],
        "zone_class", name="{river}采砂{value}", closed_season="04-01/08-31",
    )  # fmt: skip
    for name, place in (("岷江", (103.78, 29.56)), ("大渡河", (103.67, 29.54)), ("青衣江", (103.67, 29.62))):
        draw_reaches(
            sheet, "aquaculture_zone", river[name], [("禁养区", place, 5_000.0, 2_500.0)], "zone_class",
            name="{river}水产禁止养殖区",
        )  # fmt: skip


def _nature(sheet: Sheet) -> None:
    river = rivers()
    inside = sheet.outline.buffer(-150.0)
    heart = patch(PLANE, "绿心", (103.742, 29.596), 2.4, 1.7, turn=60.0)
    zhugong = river["竹公溪"].strip(sheet.place(103.735, 29.62), 1800.0, 1500.0, 60.0)
    sheet.add("nature_park", "竹公溪湿地公园", zhugong, park_type="湿地公园", level="市级")
    for name, shape, grade in (
        ("绿心湿地", heart.buffer(-420.0), "一般"),
        ("岷江湿地", river["岷江"].strip(sheet.place(103.83, 29.70), 2200.0, 2200.0, 50.0), "省级重要"),
        ("大渡河湿地", river["大渡河"].strip(sheet.place(103.73, 29.56), 1800.0, 1500.0, 50.0), "省级重要"),
        ("峨眉河湿地", river["峨眉河"].strip(sheet.place(103.67, 29.56), 1500.0, 1200.0, 40.0), "一般"),
        ("竹公溪湿地", zhugong, "一般"),
    ):
        sheet.add(
            "wetland",
            name,
            shape,
            importance=grade,
            wetland_type="河流湿地" if name != "绿心湿地" else "人工湿地",
        )
    gorge = lobe(PLANE, "平羌", [(103.80, 29.705), (103.83, 29.725), (103.865, 29.735), (103.875, 29.715),
        (103.85, 29.695),
                               (103.835, 29.67), (103.815, 29.672)]).intersection(inside)  # fmt: skip
    lingyun = lobe(PLANE, "凌云山", [(103.79, 29.555), (103.80, 29.53), (103.805, 29.515), (103.82, 29.52),
        (103.825, 29.545),
                                  (103.81, 29.565)]).intersection(inside)  # fmt: skip
    west = patch(PLANE, "临江丘陵", (103.565, 29.507), 3.2, 1.6, turn=35.0).intersection(inside)
    redline = fitted(
        PLANE,
        [
            patch(PLANE, "红线平羌", (103.845, 29.708), 5.6, 2.8, turn=50.0).difference(
                river["岷江"].water.buffer(60.0)
            ),
            patch(PLANE, "红线凌云", (103.810, 29.540), 4.2, 2.2, turn=80.0).difference(
                river["凌云河"].water.buffer(40.0)
            ),
            patch(PLANE, "红线临江", (103.565, 29.507), 2.2, 1.1, turn=35.0),
        ],
        REDLINE_KM2,
        within=shapely.union_all([gorge, lingyun, west]).difference(
            shapely.union_all([river["岷江"].water, river["凌云河"].water, sheet.shape("built_up_area")])
        ),
    )
    for name, shape in zip(("平羌三峡", "凌云山", "临江丘陵"), redline, strict=True):
        sheet.add(
            "ecological_redline", f"生态保护红线（{name}）", shape, named=False, core_reserve=False,
            redline_type="水源涵养、水土保持", area_km2=round(PLANE.area_m2(shape) / 1e6, 4),
        )  # fmt: skip
    red = sheet.shape("ecological_redline")
    off = shapely.union_all([red, sheet.shape("river"), sheet.shape("built_up_area")])
    for name, shape in (
        ("平羌三峡", gorge),
        ("凌云山", lingyun),
        ("临江丘陵", west),
        ("绿心", heart.buffer(-250.0)),
    ):
        space = shape.difference(red if name == "绿心" else off)
        sheet.add("general_ecological_space", f"一般生态空间（{name}）", space, named=False, space_type="水土保持")


def _places(sheet: Sheet) -> None:
    draw_points(sheet, "receptor", [
        ("主城区示例第一小学", 103.752, 29.572, {"receptor_type": "school", "people": 1900}),
        ("主城区示例中学", 103.760, 29.588, {"receptor_type": "school", "people": 3100}),
        ("乐山示例医院", 103.742, 29.578, {"receptor_type": "hospital", "people": 1200}),
        ("滨河示例小区", 103.765, 29.572, {"receptor_type": "home", "people": 5200}),
        ("绿心示例养老院", 103.735, 29.590, {"receptor_type": "elderly_care", "people": 150}),
        ("苏稽镇示例小学", 103.648, 29.568, {"receptor_type": "school", "people": 860}),
        ("罗汉镇示例卫生院", 103.631, 29.523, {"receptor_type": "hospital", "people": 50}),
        ("全福镇示例小学", 103.869, 29.623, {"receptor_type": "school", "people": 540}),
        ("土主镇示例聚居点", 103.914, 29.602, {"receptor_type": "home", "people": 480}),
        ("青平镇示例中心校", 103.751, 29.690, {"receptor_type": "school", "people": 420}),
        ("区级机关示例办公楼", 103.756, 29.580, {"receptor_type": "office", "people": 300}),
    ])  # fmt: skip
    draw_points(sheet, "air_station", [
        ("国控空气自动监测站（示例甲）", 103.755, 29.573, {"level": "国控"}),
        ("国控空气自动监测站（示例乙）", 103.762, 29.592, {"level": "国控"}),
        ("省控空气自动监测站（示例）", 103.733, 29.578, {"level": "省控"}),
    ])  # fmt: skip
    sheet.complete["air_station"] = ("国控空气自动监测站", "省控空气自动监测站")
    draw_points(sheet, "monitoring_section", [
        ("岷江国考断面（示例位置）", 103.778, 29.525, {"level": "国控", "river": "岷江", "target": "Ⅲ类"}),
        ("大渡河断面（示例位置）", 103.742, 29.559, {"level": "省控", "river": "大渡河", "target": "Ⅱ类"}),
        ("青衣江断面（示例位置）", 103.700, 29.568, {"level": "省控", "river": "青衣江", "target": "Ⅱ类"}),
        ("磨池河断面（示例位置）", 103.835, 29.645, {"level": "市控", "river": "磨池河", "target": "Ⅳ类"}),
        ("泥溪河断面（示例位置）", 103.825, 29.495, {"level": "市控", "river": "泥溪河", "target": "Ⅳ类"}),
        ("剑峰河断面（示例位置）", 103.815, 29.695, {"level": "市控", "river": "剑峰河", "target": "Ⅳ类"}),
    ])  # fmt: skip
    draw_points(sheet, "outfall", [
        ("乐山市工业集中区污水处理厂排污口", 103.822, 29.578, {"river": "岷江",
        "outfall_type": "industrial"}),
        ("主城区示例污水处理厂排污口", 103.776, 29.548, {"river": "岷江", "outfall_type": "municipal"}),
    ])  # fmt: skip
    sheet.add(
        "contaminated_land", "主城区示例腾退地块", patch(PLANE, "腾退地块", (103.722, 29.589), 0.36, 0.22,
        turn=20.0, rough=0.12),
        named=False, list_status="疑似", former_use="化工",
    )  # fmt: skip


def _claims(sheet: Sheet, streams: BaseGeometry) -> list[Claim]:
    park = sheet.shape("industrial_park")
    town = shapely.union_all([sheet.shape("urban_boundary"), sheet.shape("built_up_area", scope="主城区")])
    return [
        Claim("优先", "市中区生态保护红线优先保护单元", sheet.shape("ecological_redline")),
        Claim("优先", "市中区城市饮用水水源地优先保护单元", sheet.shape("water_source", supply="city")),
        Claim("优先", "青平镇高中水库饮用水水源地优先保护单元", sheet.shape("water_source", supply="town")),
        Claim("优先", "市中区一般生态空间优先保护单元", sheet.shape("general_ecological_space").difference(town)),
        Claim("重点", "乐山市工业集中区重点管控单元", park, "工业"),
        Claim("重点", "乐山中心城区城镇空间重点管控单元", town.difference(park), "城镇"),
        Claim("重点", "磨池河、泥溪河、剑峰河流域要素重点管控单元", streams, "要素"),
    ]
