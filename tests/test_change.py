"""What changed: between two days the law moves, verdicts as the law says; between two atlases the ground adds up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas
import pandas
import pytest
import shapely

import ecozone
from ecozone.assessment import VERDICTS
from ecozone.change import changes, diff
from ecozone.demo import demo_regions, sample_projects
from ecozone.errors import InputError


@pytest.mark.parametrize("region", demo_regions())
def test_the_code_takes_over_and_no_project_is_lost(region: str) -> None:
    samples = [s.project for s in sample_projects(region)]
    found = changes(samples, ecozone.demo_atlas(region), first="2026-08-14", last="2026-08-15")
    assert len(found.table) == len(samples)
    assert "生态环境法典" not in "".join(c for cited in found.table["cited_from"] for c in cited)
    assert "生态环境法典" in "".join(c for cited in found.table["cited_to"] for c in cited)
    after = "".join(c for cited in found.table["cited_to"] for c in cited)
    assert not [law for law in ("《中华人民共和国环境保护法》", "《中华人民共和国水污染防治法") if law in after]
    assert not found.table["flips"].any()  # the Code moved these provisions and changed none of their thresholds
    for before, after, (_, row) in zip(
        ecozone.assess(samples, ecozone.demo_atlas(region), as_of="2026-08-14"),
        ecozone.assess(samples, ecozone.demo_atlas(region), as_of="2026-08-15"),
        found.table.iterrows(),
        strict=True,
    ):
        assert (row["verdict_from"], row["verdict_to"]) == (before.verdict, after.verdict)
        if row["gone"] or row["come"]:
            assert row["why"]
    moved = found.turned
    assert all(any("法典" in s or "条文更替" in s for s in why) for why in moved["why"])


def zone(x: float, size: float = 0.01) -> shapely.Polygon:
    return shapely.box(103.5 + x, 29.4, 103.5 + x + size, 29.4 + size)


def units(version: str, ground: dict[str, shapely.Polygon], **period: str) -> ecozone.Layer:
    frame = geopandas.GeoDataFrame(
        {"zone": list(ground), "name": list(ground), "code": list(ground), "category": ["一般"] * len(ground)},
        geometry=list(ground.values()),
        crs="EPSG:4490",
    )
    return ecozone.Layer(
        kind="control_unit", zones=frame, coverage=zone(-0.1, 0.5), accuracy_m=5.0, version=version, **period
    )


def test_ground_adds_up_and_renumbered_units_are_matched() -> None:
    old = ecozone.Atlas([units("1", {"A": zone(0), "B": zone(0.01), "C": zone(0.03)})], region="511111")
    new = ecozone.Atlas([units("2", {"A": zone(0), "B2": zone(0.01, 0.011), "D": zone(0.05)})], region="511111")
    found = diff(old, new)
    kind = found.kinds.iloc[0]
    assert kind["kept_m2"] + kind["gained_m2"] == pytest.approx(kind["after_m2"])
    assert kind["kept_m2"] + kind["lost_m2"] == pytest.approx(kind["before_m2"])
    states = {(r.before, r.after): r.state for r in found.zones.itertuples()}
    assert states[("A", "A")] == "同一"
    assert states[("B", "B2")] == "改编号并重划"
    assert sorted(found.zones["state"]) == sorted(["同一", "改编号并重划", "撤销", "新增"])
    same = diff(old, old)
    assert set(same.zones["state"]) == {"同一"}
    assert same.kinds["gained_m2"].sum() == pytest.approx(0, abs=1e-3)


def test_a_layer_drawn_anew_is_named_as_the_cause() -> None:
    atlas = ecozone.demo_atlas("511111")
    redline = atlas["ecological_redline"]
    middle = shapely.point_on_surface(redline.geometry[0])
    gone = ecozone.Layer(
        kind="ecological_redline", zones=redline.zones.iloc[1:], coverage=redline.coverage,
        accuracy_m=redline.accuracy_m, version="2027.1",
    )  # fmt: skip
    others = [atlas[k] for k in atlas.kinds if k != "ecological_redline"]
    later = ecozone.Atlas(
        [*others, gone], region="511111", parameters=atlas.parameters, accepted=atlas.accepted, access=atlas.access
    )
    plant = ecozone.Project(middle, nature="new", industry="C2614", extent_m=20)
    found = changes([plant], atlas, first="2026-11-22", last="2026-11-23", atlas_last=later)
    assert any("生态保护红线”重划" in s for s in found.table["why"].iloc[0])
    with pytest.raises(InputError, match="对调"):
        changes([plant], atlas, first=dt.date(2026, 1, 2), last=dt.date(2026, 1, 1))


def test_a_saved_table_names_rows_in_words_and_holds_no_formula(tmp_path: Path) -> None:
    samples = [s.project for s in sample_projects("511111")]
    samples[0] = samples[0].with_(name="=cmd()")
    found = changes(samples, ecozone.demo_atlas("511111"), first="2026-08-14", last="2026-08-15")
    for name in ("变化.csv", "变化.xlsx"):
        path = found.save(tmp_path / name)
        table = pandas.read_csv(path, dtype=str) if name.endswith("csv") else pandas.read_excel(path, dtype=str)
        assert table["行号"].tolist() == [str(i + 1) for i in range(len(samples))]
        assert table["名称"].tolist()[0] == "'=cmd()"
        assert set(table["起始日结论"]) <= set(VERDICTS.values())
        assert set(table["结论是否变化"]) == {"否"}
