"""Derived zones: measured along the course, one grade within the other, always marked as no legal boundary."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from ecozone import crs, delineate, measure
from ecozone.delineate import DelineationError, river_belt, water_source

PLANE = crs.plane_at(round(103.5 / crs.LATTICE), round(29.5 / crs.LATTICE))


def back(geometry: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(geometry, PLANE.inverse)


X = np.linspace(-9000, 9000, 900)
MEANDERS = shapely.LineString(np.column_stack([X, 900 * np.sin(X / 900)]))
COURSE, WATER = back(MEANDERS), back(MEANDERS.buffer(60))
INTAKE = back(shapely.Point(40, 20))


def areas(frame) -> np.ndarray:
    return measure.area_m2(np.array(frame.geometry))


@pytest.mark.parametrize("water", [WATER, None], ids=["surface", "course only"])
def test_a_meandering_river_by_the_standard(water: shapely.Geometry | None) -> None:
    zones = water_source("river", INTAKE, name="甲", course=COURSE, water=water, width_m=120).set_index("grade")
    assert zones.loc["一级", "length_m"] == pytest.approx(1100, rel=0.01)
    assert zones.loc["二级", "length_m"] == pytest.approx(3300, rel=0.01)
    first, second = (shapely.transform(zones.loc[g].geometry, PLANE.forward) for g in ("一级", "二级"))
    whole = shapely.union_all([first, second])
    assert shapely.area(first) + shapely.area(second) == pytest.approx(shapely.area(whole), rel=1e-9)
    assert shapely.contains_properly(whole, first)  # the second zone lies all around the first
    for ground, length in ((first, 1100), (whole, 3300)):  # along the course, on the ellipsoid
        inside = shapely.intersection(shapely.segmentize(MEANDERS, 5), ground)
        assert measure.length_m(back(inside))[0] == pytest.approx(length, rel=0.01)
    assert areas(zones).sum() == pytest.approx(measure.area_m2(back(whole))[0], rel=1e-6)
    assert zones["missing_m"].tolist() == [0, 0]
    assert first.contains(shapely.Point(40, 20))
    width = 120 + 2 * 50
    assert shapely.area(first) == pytest.approx(1100 * width, rel=0.05)
    assert set(zones["notice"]) == {"推算，非法定边界"}


def test_the_course_may_come_in_pieces_and_against_its_flow() -> None:
    parts = [shapely.ops.substring(MEANDERS, a, b) for a, b in ((9000, 20000), (0, 9000))]
    whole = water_source("river", INTAKE, name="甲", course=COURSE, width_m=100)
    pieces = water_source("river", INTAKE, name="甲", course=[back(p) for p in parts], width_m=100)
    other = water_source(
        "river", INTAKE, name="甲", course=back(shapely.reverse(MEANDERS)), width_m=100, against_flow=True
    )
    assert areas(pieces) == pytest.approx(areas(whole), rel=1e-3)
    assert areas(other) == pytest.approx(areas(whole), rel=1e-3)
    with pytest.raises(DelineationError, match="方向不一致"):
        water_source("river", INTAKE, name="甲", course=[back(parts[0]), back(shapely.reverse(parts[1]))])
    with pytest.raises(DelineationError, match="不相连"):
        far = shapely.LineString([(20000, 0), (30000, 0)])
        water_source("river", INTAKE, name="甲", course=[COURSE, back(far)])
    short = shapely.ops.substring(MEANDERS, MEANDERS.project(shapely.Point(40, 20)) - 400, 20000)
    cut = water_source("river", INTAKE, name="甲", course=back(short), width_m=100)
    assert cut["length_m"].tolist() == pytest.approx([500, 700], rel=0.01)
    assert cut["missing_m"].tolist() == pytest.approx([600, 2600], rel=0.01)  # said, not passed over
    with pytest.raises(DelineationError, match="距河道"):
        water_source("river", back(shapely.Point(0, 5000)), name="甲", course=COURSE)


def test_the_second_zone_runs_up_a_tributary() -> None:
    mouth = MEANDERS.interpolate(MEANDERS.project(shapely.Point(40, 20)) - 1500)
    brook = back(shapely.LineString([(mouth.x, mouth.y + 4000), (mouth.x, mouth.y)]))
    zones = water_source("river", INTAKE, name="甲", course=COURSE, width_m=50, tributaries=[brook])
    assert zones["length_m"].tolist() == pytest.approx([1100, 3300 + 1500], rel=0.01)


def test_sichuan_of_1997_and_figures_set_otherwise() -> None:
    old = water_source("river", INTAKE, name="甲", course=COURSE, width_m=100, standard="四川1997")
    assert old["grade"].tolist() == ["一级", "二级", "准"]
    assert old["length_m"].tolist() == pytest.approx([1100, 3600, 8600], rel=0.01)
    wide = water_source("river", INTAKE, name="甲", course=COURSE, width_m=100, figures={"river_bank_1": 200})
    assert areas(wide)[0] > areas(water_source("river", INTAKE, name="甲", course=COURSE, width_m=100))[0]
    with pytest.raises(DelineationError, match="没有名为"):
        water_source("river", INTAKE, name="甲", course=COURSE, figures={"bank": 1})
    assert all(f.source for s in delineate.FIGURES.values() for f in s.values())


def test_reservoirs_and_wells() -> None:
    lake = back(shapely.Point(0, 0).buffer(1500))
    zones = water_source("reservoir", back(shapely.Point(1400, 0)), name="乙", water=lake, size="中型")
    assert areas(zones).sum() == pytest.approx(np.pi * 3500**2, rel=0.01)
    small = water_source("reservoir", back(shapely.Point(1400, 0)), name="乙", water=lake, size="小型")
    assert areas(small)[0] == pytest.approx(np.pi * 1700**2, rel=0.01)
    # R = 1.5 · 20 m/d · 0.005 · 100 d / 0.25 = 60 m, more than the 50 m of medium sand
    well = water_source("groundwater", INTAKE, name="丙", soil="中砂", well={"K": 20, "I": 0.005, "n": 0.25})
    assert areas(well)[0] == pytest.approx(np.pi * 60**2, rel=1e-3)
    assert areas(well).sum() == pytest.approx(np.pi * 600**2, rel=1e-3)
    with pytest.raises(DelineationError, match="n 缺失"):
        water_source("groundwater", INTAKE, name="丙", well={"K": 20, "I": 0.005})


def test_belts_by_width_ring_reach_and_side() -> None:
    island = shapely.difference(MEANDERS.buffer(60), MEANDERS.interpolate(0.5, normalized=True).buffer(30))
    both = river_belt(back(island), 50, name="丁", course=COURSE)
    ground = shapely.transform(both.geometry[0], PLANE.forward)
    assert shapely.area(shapely.intersection(ground, island)) < 1e-3 * shapely.area(ground)  # edges are geodesics
    assert ground.contains(MEANDERS.interpolate(0.5, normalized=True))  # the island is ground within 50 m of water
    sides = [areas(river_belt(WATER, 50, name="丁", course=COURSE, side=s))[0] for s in ("left", "right")]
    assert sum(sides) == pytest.approx(areas(river_belt(WATER, 50, name="丁"))[0], rel=0.02)
    ring = river_belt(WATER, (20.0, 50.0), name="丁")
    assert areas(ring)[0] < areas(river_belt(WATER, 50, name="丁"))[0]
    reach = river_belt(WATER, [(0, 5000, 30), (5000, 9000, 60)], name="丁", course=COURSE)
    assert areas(reach) == pytest.approx([5000 * 2 * 30, 4000 * 2 * 60], rel=0.06)
    with pytest.raises(DelineationError, match="course"):
        river_belt(WATER, 50, name="丁", side="left")


def test_a_gazetted_zone_wins() -> None:
    derived = water_source("river", INTAKE, name="甲", course=COURSE, width_m=100)
    first = delineate.as_layer(derived, "water_source")
    assert first.notice == "推算，非法定边界"
    again = delineate.as_layer(derived, "water_source", gazetted=first)
    assert len(again) == len(first)
