"""Kept answers: a record computes to the same answer, and says what differs and why when something changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import shapely

from ecozone import Atlas, Layer, archive, check, demo
from ecozone.errors import InputError
from ecozone.override import Override, revised, struck

REGION = "511111"


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    """Return a demo atlas."""
    return demo.demo_atlas(REGION)


@pytest.fixture(scope="module")
def sample(atlas: Atlas) -> demo.Sample:
    """Return the chemical plant at the river."""
    return next(s for s in demo.sample_projects(REGION) if s.expected["verdict"] == "prohibited")


def test_every_sample_computes_again(tmp_path: Path) -> None:
    for region in demo.demo_regions():
        atlas = demo.demo_atlas(region)
        for s in demo.sample_projects(region):
            path = check(s.project, atlas, as_of=s.as_of).save(tmp_path / f"{s.id}.ecozone.json")
            compared = archive.verify(archive.load(path), atlas)
            assert compared.same, f"{s.id}: {compared}"
            assert not compared.grounds
            assert "一致" in str(compared)


def test_a_moved_vertex_names_layer_and_finding(atlas: Atlas, sample: demo.Sample) -> None:
    record = check(sample.project, atlas, as_of=sample.as_of).to_dict()
    river = atlas["river"]
    zones = river.zones.copy()
    nearest = int(np.argmin(shapely.distance(river.geometry, sample.project.site)))
    shape = river.geometry[nearest]
    coords = shapely.get_coordinates(shape)
    line = shapely.shortest_line(shape, sample.project.site)
    moved = int(np.argmin(np.hypot(*(coords - shapely.get_coordinates(line)[0]).T)))
    step = np.where(np.arange(len(coords))[:, None] == moved, [1e-4, 0.0], 0.0)  # about 10 m east
    zones.loc[nearest, "geometry"] = shapely.set_coordinates(shape, coords + step)
    layer = Layer(
        kind="river", zones=zones, coverage=river.coverage, accuracy_m=river.accuracy_m, version=river.version
    )
    others = [atlas[k] for k in atlas.kinds if k != "river"]
    changed = Atlas(
        [*others, layer],
        REGION,
        parameters=atlas.parameters,
        accepted=atlas.accepted,
        notice=atlas.notice,
        access=atlas.access,
    )
    compared = archive.verify(record, changed)
    assert not compared.same
    assert any(d.what.startswith("图层 river") for d in compared.grounds)
    turned = [d for d in compared.answers if "cn.长江保护法.26-2" in d.what]
    assert turned
    assert any("图层 river" in cause for cause in turned[0].causes)


def test_rows_that_no_finding_reads_are_compared_too(atlas: Atlas, sample: demo.Sample) -> None:
    record = check(sample.project, atlas, as_of=sample.as_of).to_dict()
    for section, change, said in (
        ("element_zones", {"share": 0.5}, "要素分区"),
        ("units", {"category": "优先"}, "管控单元"),
        ("neighbours", {"distance_m": 1.0}, "环境保护目标"),
        ("requirements", {"conformity": "符合"}, "准入清单"),
    ):
        other = {**record, section: [{**record[section][0], **change}, *record[section][1:]]}
        found = archive.diff(record, other)
        assert [d.what.startswith(said) for d in found.answers] == [True], str(found)
    bare = {k: v for k, v in record.items() if k not in ("element_zones", "neighbours")}
    assert archive.diff(bare, record).same  # a record from before there were such rows


def test_a_new_parameter_is_named(atlas: Atlas, sample: demo.Sample) -> None:
    record = check(sample.project, atlas, as_of=sample.as_of).to_dict()
    name = next(
        k for k, p in atlas.parameters.items() if isinstance(p.value, int | float) and not isinstance(p.value, bool)
    )
    compared = archive.verify(record, atlas.with_parameters({name: atlas.parameters[name].value + 1}))
    assert [d.what.split("（")[0] for d in compared.grounds] == [f"参数 {name}"]


def test_bad_records_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="找不到"):
        archive.load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="JSON"):
        archive.load(tmp_path / "bad.json")
    (tmp_path / "new.json").write_text('{"schema": "ecozone.assessment/2"}', encoding="utf-8")
    with pytest.raises(InputError, match="更新的 ecozone"):
        archive.load(tmp_path / "new.json")


def test_a_folder_that_cannot_be_written(tmp_path: Path, atlas: Atlas, sample: demo.Sample) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="写不到"):
        check(sample.project, atlas, as_of=sample.as_of).save(tmp_path / "file" / "x.json")


def test_an_override_stands_beside_the_answer(atlas: Atlas, sample: demo.Sample) -> None:
    answer = check(sample.project, atlas, as_of=sample.as_of)
    banned = [f.rule for f in answer.hits if f.push == 3]
    assert "cn.长江保护法.26-2" in banned
    officer = answer
    for rule in banned:
        officer = officer.override(rule, by="李某", reason="岸线实测后在一公里以外", on="2026-11-23")
    assert (officer.verdict, officer.complete) == (answer.verdict, answer.complete)
    assert officer.after_overrides[0] != "prohibited"
    kept = officer.to_dict()
    assert kept["verdict"] == "prohibited"
    assert kept["overrides"][0]["by"] == "李某"
    assert kept["after_overrides"]["verdict"] == officer.after_overrides[0]


def test_without_strokes_the_verdict_is_the_answers_own() -> None:
    for region in demo.demo_regions():
        atlas = demo.demo_atlas(region)
        for s in demo.sample_projects(region):
            answer = check(s.project, atlas, as_of=s.as_of)
            assert revised(answer.findings, ()) == (answer.verdict, answer.complete), s.id


def test_a_zone_struck_leaves_the_others(atlas: Atlas, sample: demo.Sample) -> None:
    finding = next(f for f in check(sample.project, atlas, as_of=sample.as_of).hits if f.rule == "cn.长江保护法.26-2")
    stroke = Override(finding.rule, "李某", "理由", dt.date(2026, 11, 23), zone=str(finding.where[0]["zone"]))
    assert struck(finding, [stroke]) == (len({w["zone"] for w in finding.where}) == 1)


@pytest.mark.parametrize(
    ("rule", "by", "zone", "says"),
    [
        ("cn.长江保护法.26-9", "李某", None, "没有规则"),
        ("cn.长江保护法.26-2", " ", None, "经办人"),
        ("cn.长江保护法.26-2", "李某", "river-999", "没有涉及区域"),
    ],
)
def test_bad_strokes_are_refused(
    atlas: Atlas, sample: demo.Sample, rule: str, by: str, zone: str | None, says: str
) -> None:
    answer = check(sample.project, atlas, as_of=sample.as_of)
    with pytest.raises(InputError, match=says):
        answer.override(rule, by=by, reason="理由", on="2026-11-23", zone=zone)
