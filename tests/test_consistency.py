"""Layers that contradict one another are found, and summaries add up."""

from __future__ import annotations

import datetime as dt

import geopandas
import pytest
import shapely

import ecozone
from ecozone.consistency import consistency, overlaps_by_county, summary

DAY = dt.date(2026, 11, 22)


def box(x: float, w: float = 0.02) -> shapely.Polygon:
    """Return a box with vertices on a common grid: neighbours share their geodesics."""
    whole = shapely.segmentize(shapely.box(103.5 + x, 29.4, 103.5 + x + w, 29.42), 0.0100001)
    return shapely.transform(whole, lambda xy: xy.round(9))


def layer(kind: str, shapes: dict[str, shapely.Polygon], **columns: object) -> ecozone.Layer:
    frame = geopandas.GeoDataFrame(
        {"zone": list(shapes), "name": list(shapes), **columns}, geometry=list(shapes.values()), crs="EPSG:4490"
    )
    return ecozone.Layer(kind=kind, zones=frame, coverage=box(-0.1, 0.5), accuracy_m=5.0)


@pytest.fixture
def atlas() -> ecozone.Atlas:
    return ecozone.Atlas(
        [
            layer(
                "admin",
                {"甲县": box(0, 0.04), "乙县": box(0.04, 0.04)},
                code=["511111", "511112"],
                level=["county"] * 2,
            ),
            layer("control_unit", {"U": box(0, 0.07)}, code=["ZH1"], category=["一般"]),
            layer("basic_farmland", {"F": box(0.01, 0.04)}),
            layer("ecological_redline", {"R": box(0.03, 0.03)}),
            layer("water_source", {"W": box(0.06, 0.01)}, grade=["一级"], source_type=["river"]),
            layer("nature_reserve", {"N": box(0.0)}, grade=["实验区"]),
            layer("nature_park", {"P": box(0.01)}, park_type=["森林公园"]),
        ],
        region="511111",
    )


def test_every_contradiction_is_found_once(atlas: ecozone.Atlas) -> None:
    found = consistency(atlas, as_of=DAY)
    assert sorted(found["rule"]) == [
        "farmland_in_redline", "first_without_second", "protected_areas_overlap", "units_miss_ground",
    ]  # fmt: skip
    assert (found["area_m2"] > 1e5).all()
    assert not found["within_accuracy"].any()


def test_counties_add_up_to_the_region(atlas: ecozone.Atlas) -> None:
    whole = summary(atlas, as_of=DAY).set_index("kind")["area_m2"]
    counties = summary(atlas, as_of=DAY, by="county").groupby("kind")["area_m2"].sum()
    for kind in whole.index:
        assert counties[kind] == pytest.approx(whole[kind], rel=1e-6)
    shared = overlaps_by_county(atlas, "basic_farmland", "ecological_redline", as_of=DAY)
    table = atlas.overlaps(["basic_farmland", "ecological_redline"])
    assert shared["overlap_m2"].sum() == pytest.approx(table.iloc[1]["overlap_m2"], rel=1e-5)


def test_the_demo_atlases_say_what_they_say() -> None:
    found = consistency(ecozone.demo_atlas("511111"), as_of=DAY)
    assert set(found.columns) >= {"rule", "title", "basis", "area_m2", "within_accuracy"}
