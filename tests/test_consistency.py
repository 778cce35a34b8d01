"""Layers that contradict one another are found, and summaries add up."""

from __future__ import annotations

import datetime as dt

import geopandas
import pytest
import shapely

import ecozone
from ecozone import measure
from ecozone.audit import audit
from ecozone.consistency import consistency, overlaps_by_county, summary
from ecozone.report.audit import page

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


def test_an_audit_names_them_and_shows_where(atlas: ecozone.Atlas) -> None:
    found = audit(atlas, as_of=DAY)
    assert {c.rule: (c.found, c.beyond) for c in found.conflicts} == {
        "farmland_in_redline": (1, 1), "first_without_second": (1, 1), "units_miss_ground": (1, 1),
        "protected_areas_overlap": (1, 1),
    }  # fmt: skip
    spots = {p.code: p for p in found.places}
    assert spots["farmland_in_redline"].zones == ("F", "R")
    assert spots["farmland_in_redline"].area_m2 == pytest.approx(measure.area_m2(box(0.03, 0.02))[0], rel=1e-6)
    html = page(found)
    for words in ("永久基本农田位于生态保护红线内", "一级保护区旁没有二级保护区", "生态环境法典第859条"):
        assert words in html
    agree = ecozone.Atlas([atlas["admin"], layer("basic_farmland", {"F": box(0.01, 0.01)})], region="511111")
    assert audit(agree, as_of=DAY).conflicts == ()
    assert "没有发现相互矛盾之处" in page(audit(agree, as_of=DAY))


def test_what_lies_within_the_accuracy_is_counted_and_not_shown() -> None:
    thin = box(0.04, 0.0000400001)  # 4 m wide, drawn to ± 5 m each
    pair = [layer("basic_farmland", {"F": thin}), layer("ecological_redline", {"R": box(0.03)})]
    found = audit(ecozone.Atlas([layer("admin", {"甲": box(0, 0.1)}, code=["511111"], level=["county"]), *pair],
                                region="511111"), as_of=DAY)  # fmt: skip
    assert [(c.rule, c.found, c.beyond) for c in found.conflicts] == [("farmland_in_redline", 1, 0)]
    assert not [p for p in found.places if p.code == "farmland_in_redline"]


@pytest.mark.parametrize(
    ("region", "kind", "km2"),
    [
        ("511111", "ecological_redline", 21.92),  # 指标表
        ("511111", "basic_farmland", 68.07),  # 10.2107 万亩
        ("512022", "ecological_redline", 0.84),
        ("510604", "ecological_redline", 447.88 * 0.0910),  # 占国土 9.10 %
    ],
)
def test_the_demo_layers_hold_what_their_plans_say(region: str, kind: str, km2: float) -> None:
    table = ecozone.demo_atlas(region).summary(as_of=DAY, by="county", plan={kind: km2}).set_index("kind")
    assert abs(table.loc[kind, "apart"]) < 1e-3
    assert table["apart"].notna().sum() == 1


def test_the_plans_figure_is_read_from_the_atlas(atlas: ecozone.Atlas) -> None:
    said = atlas.with_parameters({"plan_area_basic_farmland_km2": 8.0}).summary(as_of=DAY).set_index("kind")
    assert said.loc["basic_farmland", "plan_m2"] == 8e6
    assert said.loc["basic_farmland", "apart"] == pytest.approx(said.loc["basic_farmland", "area_m2"] / 8e6 - 1)
    counties = atlas.summary(as_of=DAY, by="county", plan={("511112", "basic_farmland"): 2.0})
    assert counties["plan_m2"].dropna().tolist() == [2e6]


def test_the_demo_atlases_say_what_they_say() -> None:
    found = consistency(ecozone.demo_atlas("511111"), as_of=DAY)
    assert set(found.columns) >= {"rule", "title", "basis", "area_m2", "within_accuracy"}
