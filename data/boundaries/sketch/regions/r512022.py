"""512022 资阳市乐至县: the watershed of 沱江 and 涪江; small streams, many reservoirs, hills in the north."""

from __future__ import annotations

from functools import cache

import shapely
from shapely.geometry.base import BaseGeometry

from ..county import Spot, draw_farm_areas, draw_fields, draw_forest, draw_livestock, draw_towns, open_ground
from ..course import Course, course
from ..ground import border, cells, closed, fitted, patch
from ..plane import Plane
from ..sheet import Sheet
from ..units import Claim, County, draw_control_units, draw_element_zones
from ..waterside import draw_points, draw_reaches, draw_reservoir, draw_river, draw_river_source

CODE, NAME, CITY = "512022", "乐至县", "资阳市"
PLAN = "乐至县“十四五”生态环境保护规划"
PLANE = Plane(105.02, 30.32)
REDLINE_KM2 = 0.84
FARMLAND_KM2 = 260.0  # a sample figure: the plan gives none
FOREST_KM2 = 60.0  # a sample figure: the plan gives a cover of 43.6 % and no map

BORDER = [
    (104.86, 30.61), (104.88, 30.63), (104.92, 30.63), (104.94, 30.61), (104.96, 30.60),
    (104.97, 30.56), (104.99, 30.53), (105.02, 30.54), (105.05, 30.55), (105.07, 30.52),
    (105.08, 30.48), (105.09, 30.45), (105.08, 30.42), (105.10, 30.39), (105.12, 30.35),
    (105.15, 30.34), (105.20, 30.31), (105.22, 30.29), (105.26, 30.28), (105.23, 30.26),
    (105.20, 30.22), (105.20, 30.18), (105.23, 30.16), (105.24, 30.11), (105.21, 30.08),
    (105.17, 30.07), (105.13, 30.06), (105.10, 30.05), (105.06, 30.05), (105.05, 30.08),
    (105.04, 30.12), (105.00, 30.16), (104.95, 30.18), (104.90, 30.17), (104.86, 30.20),
    (104.83, 30.24), (104.78, 30.27), (104.80, 30.29), (104.85, 30.31), (104.84, 30.36),
    (104.88, 30.38), (104.87, 30.43), (104.87, 30.50), (104.89, 30.55), (104.86, 30.59),
    (104.86, 30.61),
]  # fmt: skip
SEATS = {
    "天池街道": (105.020, 30.285),
    "童家镇": (104.960, 30.330),
    "中天镇": (104.890, 30.370),
    "佛星镇": (104.820, 30.270),
    "高寺镇": (104.920, 30.450),
    "大佛镇": (104.930, 30.215),
    "盛池镇": (104.985, 30.215),
    "劳动镇": (104.900, 30.560),
    "蟠龙镇": (105.090, 30.300),
    "石佛镇": (105.180, 30.270),
    "东山镇": (105.060, 30.180),
    "石湍镇": (105.120, 30.170),
    "通旅镇": (105.090, 30.100),
    "宝林镇": (105.190, 30.120),
    "金顺镇": (105.030, 30.480),
}
TOWNS = [
    Spot("乐至县城", (105.020, 30.282), 4.6, 3.2, 30.0, "县城"),
    Spot("童家镇镇区", (104.958, 30.332), 1.2, 0.8, 20.0, "镇区"),
    Spot("中天镇镇区", (104.888, 30.368), 1.0, 0.7, 0.0, "镇区"),
    Spot("大佛镇镇区", (104.928, 30.212), 1.1, 0.7, 60.0, "镇区"),
    Spot("石佛镇镇区", (105.182, 30.272), 1.1, 0.7, 0.0, "镇区"),
    Spot("石湍镇镇区", (105.122, 30.170), 0.9, 0.6, 40.0, "镇区"),
    Spot("劳动镇镇区", (104.902, 30.562), 0.9, 0.6, 10.0, "镇区"),
]
PARKS = [
    Spot("四川乐至经济开发区", (105.052, 30.262), 3.4, 2.0, 35.0, "省级经济开发区"),
    Spot("乐至专用汽车及零部件制造功能区", (105.058, 30.305), 2.0, 1.2, 10.0, "产业功能区"),
    Spot("童家发展区", (104.972, 30.318), 1.6, 0.9, 30.0, "产业功能区"),
    Spot("中天园区", (104.872, 30.358), 1.2, 0.8, 0.0, "产业功能区"),
]
OPEN_GROUND = [((105.045, 30.435), 1800.0), ((104.930, 30.590), 900.0), ((105.125, 30.245), 800.0),
               ((105.150, 30.110), 800.0), ((104.955, 30.255), 700.0)]  # fmt: skip


@cache
def rivers() -> dict[str, Course]:
    """Draw the streams of the county and the canal that brings water from 毗河."""
    xiaoyanghua = course(
        PLANE, "小阳化河", [(104.92, 30.52), (104.91, 30.47), (104.92, 30.41), (104.90, 30.36),
            (104.89, 30.31), (104.87, 30.26), (104.85, 30.21), (104.83, 30.15), (104.82, 30.10)],
        width_m=(14.0, 52.0), meander_m=380.0, wavelength_m=3300.0, step_m=140.0,
    )  # fmt: skip
    tongjia = course(
        PLANE, "童家河", [(105.03, 30.32), (105.00, 30.31), (104.97, 30.30), (104.93, 30.30),
            (104.89, 30.29)],
        width_m=(10.0, 26.0), meander_m=300.0, wavelength_m=2900.0, joins=xiaoyanghua, step_m=140.0,
    )  # fmt: skip
    suoxi = course(
        PLANE, "索溪河", [(105.01, 30.25), (104.98, 30.23), (104.95, 30.21), (104.93, 30.18),
            (104.92, 30.14), (104.91, 30.09)],
        width_m=(10.0, 36.0), meander_m=320.0, wavelength_m=3000.0, step_m=140.0,
    )  # fmt: skip
    panlong = course(
        PLANE, "蟠龙河", [(105.05, 30.34), (105.08, 30.31), (105.12, 30.28), (105.15, 30.26),
            (105.19, 30.24), (105.24, 30.23), (105.30, 30.22)],
        width_m=(12.0, 44.0), meander_m=360.0, wavelength_m=3200.0, step_m=140.0,
    )  # fmt: skip
    mengxi = course(
        PLANE, "濛溪河", [(105.04, 30.23), (105.06, 30.19), (105.08, 30.15), (105.08, 30.11),
            (105.07, 30.07), (105.06, 30.00)],
        width_m=(10.0, 38.0), meander_m=320.0, wavelength_m=3000.0, step_m=140.0,
    )  # fmt: skip
    yangcha = course(
        PLANE, "羊叉河", [(105.16, 30.21), (105.18, 30.17), (105.19, 30.12), (105.19, 30.08),
            (105.20, 30.03)],
        width_m=(10.0, 28.0), meander_m=280.0, wavelength_m=2700.0, step_m=140.0,
    )  # fmt: skip
    pihe = course(
        PLANE, "毗河引水渠", [(104.82, 30.58), (104.88, 30.54), (104.93, 30.50), (104.97, 30.44),
            (104.99, 30.38), (105.01, 30.33), (105.06, 30.27), (105.11, 30.24)],
        width_m=(14.0, 10.0), meander_m=130.0, wavelength_m=2800.0, step_m=140.0,
    )  # fmt: skip
    drawn = [xiaoyanghua, tongjia, suoxi, panlong, mengxi, yangcha, pihe]
    return {river.name: river for river in drawn}


def draw() -> Sheet:
    """Draw the county's sheet."""
    outline = closed([border(PLANE, "乐至界", BORDER, ragged_m=280.0, step_m=380.0)])
    sheet = Sheet(CODE, f"{CITY}{NAME}", PLAN, PLANE, outline)
    sheet.add("admin", NAME, outline, clip=False, zone=CODE, code=CODE, level="county")
    unnamed = {"宝林镇", "金顺镇"}
    for seat, shape in cells(PLANE, "乐至乡镇", outline, SEATS).items():
        sheet.add("township", seat, shape, named=seat not in unnamed)
    tuo = shapely.union_all([
        patch(PLANE, "乐至沱江侧甲", (104.86, 30.36), 30.0, 62.0, turn=8.0), patch(PLANE, "乐至沱江侧乙",
            (104.97, 30.13), 24.0, 30.0)
    ]).intersection(sheet.coverage)  # fmt: skip
    sheet.add("basin", "沱江流域", tuo, basin_level=2)
    sheet.add("basin", "涪江流域", sheet.coverage.difference(tuo), basin_level=2)
    for name, river in rivers().items():
        draw_river(sheet, river, "支流", watercourse="canal" if name == "毗河引水渠" else "river", bank_m=12.0)
    _water(sheet)
    draw_towns(sheet, TOWNS, PARKS, centre=NAME)
    free = open_ground(sheet, OPEN_GROUND)
    _nature(sheet, free)
    draw_forest(
        sheet,
        [Spot("北部山林（劳动）", (104.905, 30.600), 4.6, 3.0, 20.0), Spot("北部山林（金顺）",
        (105.040, 30.515), 4.6, 3.2, -10.0),
         Spot("龙口山林地", (105.160, 30.300), 4.4, 2.4, -20.0), Spot("凤凰山林地", (104.960, 30.400), 3.6,
             2.4, 60.0)],
        target_km2=FOREST_KM2, forest_class="公益林",
    )  # fmt: skip
    draw_fields(sheet, free, cell_m=1350.0, share=0.55, target_km2=FARMLAND_KM2, named=False)
    draw_farm_areas(
        sheet, free,
        [Spot("佛星—中天", (104.855, 30.290), 4.6, 2.2, 70.0), Spot("石佛", (105.165, 30.265), 4.0, 2.0,
        -20.0),
         Spot("通旅", (105.095, 30.090), 4.0, 2.2, 30.0)],
        [Spot("佛星镇", (104.835, 30.262), 3.0, 1.6, 60.0), Spot("石佛镇", (105.205, 30.280), 2.6, 1.4,
        10.0)],
    )  # fmt: skip
    draw_livestock(sheet, free, banks=sheet.shape("reservoir"), bank_m=300.0, named=False)
    _places(sheet)
    county = [County(CODE, NAME, CITY, outline)]
    basins = rivers()["小阳化河"].line.buffer(1800.0).union(rivers()["蟠龙河"].line.buffer(1600.0)).difference(free)
    draw_control_units(sheet, county, _claims(sheet, basins))
    draw_element_zones(
        sheet, county, farming_water=basins,
        weak_air=patch(PLANE, "乐至弱扩散", (105.025, 30.285), 9.0, 7.0, turn=30.0).difference(free),
        layout_air=patch(PLANE, "乐至布局敏感", (104.975, 30.325), 5.0, 3.0, turn=30.0).difference(free),
    )  # fmt: skip
    sheet.remarks["ecological_redline"] = "规划：生态保护红线面积0.84平方千米"
    sheet.remarks["livestock_ban_zone"] = "规划未提畜禽禁养区，本图层全部为示例"
    sheet.remarks["basic_farmland"] = "规划未给出面积，面积为示例"
    sheet.remarks["river"] = "规划作“小阳化河”，另有一处作“阳化河”，本图层并为小阳化河"
    return sheet


def _water(sheet: Sheet) -> None:
    river = rivers()
    for name, centre, length, turn, source, grade in (
        ("八角庙水库", (105.139, 30.203), 1.5, 40.0, (200.0, 900.0, 1500.0), "city"),
        ("棉花沟水库", (105.035, 30.201), 1.1, 70.0, (200.0, 800.0, None), "city"),
        ("桂花湾水库", (105.075, 30.352), 1.4, 60.0, (200.0, 900.0, None), "city"),
        ("十里河水库", (104.985, 30.480), 1.2, 50.0, (150.0, 700.0, None), "town"),
        ("猫儿沟水库", (104.905, 30.535), 0.9, 20.0, (150.0, 600.0, None), "town"),
    ):
        draw_reservoir(
            sheet, name, centre, length, length * 0.45, turn=turn, size="小型", use="供水、灌溉",
            source=(f"{name[:-2]}饮用水水源地", *source), supply=grade,
        )  # fmt: skip
    for name, centre, length, turn in (
        ("蟠龙河水库", (105.105, 30.297), 1.6, -30.0), ("书房坝水库", (105.105, 30.365), 1.0, 40.0),
        ("东禅寺水库", (105.095, 30.075), 1.1, 10.0), ("赵家沟水库", (104.885, 30.235), 0.9, 80.0),
        ("宝石水库", (105.215, 30.105), 0.8, 30.0),
    ):  # fmt: skip
        draw_reservoir(sheet, name, centre, length, length * 0.42, turn=turn, size="小型", use="灌溉")
    draw_river_source(
        sheet, river["索溪河"], "简家河饮用水水源地", (104.955, 30.212), first=(800.0, 100.0, 50.0),
            second=(2200.0, 300.0, 300.0),
        supply="town",
    )  # fmt: skip
    draw_river_source(
        sheet, river["羊叉河"], "岔岔河饮用水水源地", (105.185, 30.150), first=(800.0, 100.0, 50.0),
            second=(2200.0, 300.0, 300.0),
        supply="town",
    )  # fmt: skip
    for name, place in (("小阳化河", (104.88, 30.29)), ("蟠龙河", (105.14, 30.265))):
        draw_reaches(
            sheet, "water_function_zone", river[name], [("农业用水区", place, 6000.0, 6000.0)], "function",
            name="{river}乐至{value}", target="Ⅲ类",
        )  # fmt: skip
        draw_reaches(
            sheet, "shoreline_zone", river[name], [("保留区", place, 4000.0, 500.0), ("控制利用区", place,
                -500.0, 4000.0)],
            "zone_class", land_m=25.0, without_water=True, name="{river}岸线{value}", side="both",
        )  # fmt: skip
        draw_reaches(
            sheet, "sand_mining_zone", river[name], [("禁采区", place, 6000.0, 6000.0)], "zone_class",
                name="{river}采砂{value}",
            closed_season="05-01/09-30",
        )  # fmt: skip
    for name in ("八角庙水库", "蟠龙河水库", "书房坝水库"):
        water = next(row["geometry"] for row in sheet.zones["reservoir"] if row["name"] == name)
        title, grade = ("禁止养殖区", "禁养区") if name == "八角庙水库" else ("限制养殖区", "限养区")
        sheet.add("aquaculture_zone", f"{name}{title}", water, named=False, zone_class=grade)


def _nature(sheet: Sheet, free: BaseGeometry) -> None:
    inside = sheet.outline.buffer(-150.0).difference(free)
    dry = shapely.union_all(
        [sheet.shape("river_management_range"), sheet.shape("built_up_area"), sheet.shape("industrial_park")]
    )
    for name, centre, length, width, kind, named in (
        ("娑婆山森林公园", (105.000, 30.262), 1.3, 0.8, "森林公园", True),
        ("乐至北部示例森林公园", (104.905, 30.606), 3.4, 2.0, "森林公园", False),
    ):
        shape = patch(PLANE, name, centre, length, width, turn=25.0).intersection(inside).difference(dry)
        sheet.add("nature_park", name, shape, named=named, park_type=kind, level="县级")
    wet = rivers()["童家河"].strip(sheet.place(104.995, 30.31), 900.0, 700.0, 60.0)
    sheet.add("wetland", "童家河玉龙桥生态湿地", wet, importance="一般", wetland_type="人工湿地")
    redline = fitted(
        PLANE,
        [
            patch(PLANE, "红线八角庙", (105.128, 30.216), 0.9, 0.5, turn=50.0),
            patch(PLANE, "红线北部", (104.903, 30.609), 0.9, 0.5, turn=20.0),
        ],
        REDLINE_KM2,
        within=inside.difference(sheet.shape("reservoir")),
    )
    for name, shape in zip(("八角庙", "北部山林"), redline, strict=True):
        sheet.add(
            "ecological_redline", f"生态保护红线（{name}）", shape, core_reserve=False,
            redline_type="水土保持",
            area_km2=round(PLANE.area_m2(shape) / 1e6, 4),
        )  # fmt: skip
    red = sheet.shape("ecological_redline")
    for name, centre, length, width, turn in (
        ("北部山林", (104.905, 30.600), 5.4, 3.4, 20.0), ("金顺", (105.040, 30.520), 4.6, 3.0, -10.0),
        ("凤凰山", (104.958, 30.400), 4.0, 2.6, 60.0),
        ("龙口山", (105.155, 30.305), 4.6, 2.6, -20.0),
    ):  # fmt: skip
        shape = patch(PLANE, f"生态{name}", centre, length, width, turn=turn).intersection(inside)
        sheet.add(
            "general_ecological_space",
            f"一般生态空间（{name}）",
            shape.difference(red.union(dry)),
            named=False,
            space_type="水土保持",
        )


def _places(sheet: Sheet) -> None:
    draw_points(sheet, "receptor", [
        ("乐至县城示例小学", 105.018, 30.285, {"receptor_type": "school", "people": 1800}),
        ("乐至示例中学", 105.025, 30.278, {"receptor_type": "school", "people": 2700}),
        ("乐至示例医院", 105.012, 30.281, {"receptor_type": "hospital", "people": 800}),
        ("天池示例小区", 105.022, 30.290, {"receptor_type": "home", "people": 4100}),
        ("乐至示例养老院", 105.008, 30.276, {"receptor_type": "elderly_care", "people": 140}),
        ("石佛镇示例小学", 105.183, 30.273, {"receptor_type": "school", "people": 560}),
        ("大佛镇示例小学", 104.929, 30.213, {"receptor_type": "school", "people": 610}),
        ("劳动镇示例卫生院", 104.903, 30.562, {"receptor_type": "hospital", "people": 40}),
        ("石湍镇示例聚居点", 105.121, 30.171, {"receptor_type": "home", "people": 330}),
    ])  # fmt: skip
    draw_points(
        sheet,
        "receptor",
        [("陈毅故里", 105.095, 30.205, {"receptor_type": "heritage", "people": None})],
        named=True,
    )
    draw_points(sheet, "air_station", [("乐至省控空气自动监测站（示例）", 105.016, 30.283, {"level": "省控"})])
    sheet.complete["air_station"] = ("国控空气自动监测站", "省控空气自动监测站")
    draw_points(sheet, "monitoring_section", [
        ("小阳化河断面（示例位置）", 104.858, 30.228, {"level": "国控", "river": "小阳化河",
        "target": "Ⅲ类"}),
        ("蟠龙河断面（示例位置）", 105.195, 30.238, {"level": "省控", "river": "蟠龙河", "target": "Ⅲ类"}),
        ("索溪河断面（示例位置）", 104.928, 30.172, {"level": "市控", "river": "索溪河", "target": "Ⅲ类"}),
    ])  # fmt: skip
    draw_points(sheet, "outfall", [
        ("县城污水处理厂排污口", 105.003, 30.307, {"river": "童家河", "outfall_type": "municipal"}),
        ("中天园区污水处理厂排污口", 104.896, 30.352, {"river": "小阳化河", "outfall_type": "industrial"}),
        ("童家发展区污水处理厂排污口", 104.962, 30.302, {"river": "童家河", "outfall_type": "industrial"}),
    ], named=True)  # fmt: skip
    sheet.add(
        "contaminated_land", "乐至示例农药仓库地块", patch(PLANE, "农药地块", (105.038, 30.296), 0.30, 0.2,
        turn=15.0, rough=0.12),
        named=False, list_status="疑似", former_use="农药",
    )  # fmt: skip


def _claims(sheet: Sheet, basins: BaseGeometry) -> list[Claim]:
    park = sheet.shape("industrial_park")
    town = shapely.union_all([sheet.shape("urban_boundary"), sheet.shape("built_up_area", scope="县城")])
    ecological = shapely.union_all([sheet.shape("general_ecological_space"), sheet.shape("nature_park")])
    return [
        Claim("优先", "乐至县生态保护红线优先保护单元", sheet.shape("ecological_redline")),
        Claim("优先", "乐至县饮用水水源地优先保护单元", sheet.shape("water_source").difference(town)),
        Claim("优先", "乐至县一般生态空间优先保护单元", ecological.difference(town)),
        Claim("重点", "乐至县园区建设用地重点管控单元", park, "工业"),
        Claim("重点", "乐至县城镇空间重点管控单元", town.difference(park), "城镇"),
        Claim("重点", "小阳化河、蟠龙河控制单元要素重点管控单元", basins, "要素"),
    ]
