"""The command line: what it answers, what it refuses, how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import shapely
from conftest import ROOT, run_cli
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Proj, Transformer

import ecozone
from ecozone.cli import program
from ecozone.cli.layout import gbk, table, width, wrap
from ecozone.cli.run import run
from ecozone.demo import Sample, demo_folder, demo_regions, sample_projects

SHAWAN = demo_folder() / "511111"
SHIZHONG = demo_folder() / "511102"
DAY = "2026-11-22"
TOWN = "103.5514,29.4118"
GEOD = Geod(ellps="GRS80")
SECTION_26 = "cn.长江保护法.26-2"
PLAN_RULE = "cn-511111.B01.一公里化工"


@dataclass(frozen=True)
class Ended:
    """What a command in this process left behind."""

    status: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        """Return the JSON it wrote to stdout."""
        return json.loads(self.out)  # type: ignore[no-any-return]

    def finding(self, rule: str) -> dict[str, Any]:
        """Return the one finding of a rule."""
        (found,) = [f for f in self.record["findings"] if f["rule"] == rule]
        return found  # type: ignore[no-any-return]


Call = Callable[..., Ended]


@pytest.fixture
def call(capsysbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Run a command in this process: no start-up to wait for."""

    def called(*arguments: object) -> Ended:
        capsysbinary.readouterr()
        status = run(program, [str(a) for a in arguments])
        out, err = capsysbinary.readouterr()
        return Ended(status, out.decode(), err.decode())

    return called


# ------------------------------------------------------------------------------ places found in the atlas


def metres(zone: Any, lon: float, lat: float) -> float:
    """Return how far a place lies from a zone, by a plane centred on the place itself."""
    near = shapely.clip_by_rect(zone, lon - 0.05, lat - 0.05, lon + 0.05, lat + 0.05)
    plane = Proj(proj="aeqd", lat_0=lat, lon_0=lon, ellps="GRS80")
    flat = shapely.transform(shapely.segmentize(near, 0.001), plane, interleaved=False)
    return float(shapely.distance(flat, shapely.Point(0, 0)))


def beside(zone: Any, inside: Any, distance_m: float, *, fits: Callable[[float, float], bool]) -> tuple[float, float]:
    """Return a place at a distance from a zone's edge that fits."""
    edge = zone if shapely.get_dimensions(zone) == 1 else zone.boundary
    for at in range(5, 96):
        start = edge.interpolate(at / 100, normalized=True)
        for azimuth in range(0, 360, 10):
            lon, lat, _ = GEOD.fwd(start.x, start.y, azimuth, distance_m)
            place = shapely.Point(lon, lat)
            if inside.contains(place) and not zone.contains(place) and fits(lon, lat):
                return lon, lat
    raise AssertionError("no such place in the atlas")


@pytest.fixture(scope="module")
def shawan() -> ecozone.Atlas:
    return ecozone.open_atlas(SHAWAN)


@pytest.fixture(scope="module")
def bank(shawan: ecozone.Atlas) -> str:
    """Return a place 400 m from 大渡河 as the atlas draws it, as lon,lat."""
    zones = shawan["river"].zones
    river = zones[zones["name"].str.contains("大渡河")].geometry.union_all()
    outline = shapely.buffer(shawan["admin"].zones.geometry.union_all(), -0.01)
    lon, lat = beside(river, outline, 400.0, fits=lambda x, y: abs(metres(river, x, y) - 400.0) < 0.2)
    return f"{lon:.7f},{lat:.7f}"


def asked(site: object, *more: object, atlas: Path = SHAWAN, as_of: str = DAY) -> list[object]:
    return ["check", site, "--atlas", atlas, "--as-of", as_of, "--json", "-", *more]


# -------------------------------------------------------------------------------- the answers of issue 2


def test_chemical_plant_by_the_river(call: Call, bank: str) -> None:
    ended = call(*asked(bank, "--extent", 20, "--industry", "C2614", "--nature", "new"))
    assert ended.status == 1
    law, plan = ended.finding(SECTION_26), ended.finding(PLAN_RULE)
    assert (law["outcome"], law["citation"]["law"]) == ("hit", "长江保护法")
    assert (law["citation"]["article"], law["citation"]["paragraph"]) == ("26", 2)
    assert law["where"][0]["distance_m"] == pytest.approx(400.0, abs=0.5)
    assert any(b.endswith("（有机化学原料制造）属于化工") for b in law["because"])
    assert plan["outcome"] == "hit"
    assert "规划期已届满" in plan["marks"]


def test_meat_at_the_same_place(call: Call, bank: str) -> None:
    ended = call(*asked(bank, "--extent", 20, "--industry", "C1353", "--nature", "new"))
    assert ended.status != 1
    assert {ended.finding(r)["outcome"] for r in (SECTION_26, PLAN_RULE)} == {"not_applicable"}


def test_without_industry_it_says_what_would_follow(call: Call, bank: str) -> None:
    ended = call(*asked(bank, "--extent", 20, "--nature", "new"))
    assert ended.status == 3
    assert ended.record["complete"] is False
    assert "industry" in ended.finding(SECTION_26)["missing"]
    (industry,) = [o for o in ended.record["open"] if o["what"] == "industry"]
    assert any(b.startswith("若行业属于化工，或属于化工园区：禁止") for b in industry["if"])
    told = call("check", bank, "--extent", 20, "--nature", "new", "--atlas", SHAWAN, "--as-of", DAY).out
    assert "--industry C2614" in told
    assert "若行业属于化工" in told


def test_upgrade_hangs_on_the_capacity(call: Call, bank: str) -> None:
    plant = ("--extent", 20, "--industry", "C2614", "--nature")
    without = call(*asked(bank, *plant, "upgrade", "--fact", "capacity_increase=no")).finding(SECTION_26)
    assert without["outcome"] == "not_applicable"
    assert any("不新增产能" in b for b in without["because"])
    unknown = call(*asked(bank, *plant, "upgrade"))
    assert unknown.finding(SECTION_26)["outcome"] == "undetermined"
    assert unknown.finding(SECTION_26)["missing"] == ["capacity_increase"]
    expanded = call(*asked(bank, *plant, "expand"))
    assert expanded.finding(SECTION_26)["outcome"] == "hit"
    assert expanded.finding(PLAN_RULE)["outcome"] == "not_applicable"


def test_the_law_changes_between_two_days(call: Call) -> None:
    zones = ecozone.open_atlas(SHIZHONG)["water_source"].zones
    strict, second = (zones[zones["grade"] == g].geometry for g in ("一级", "二级"))
    place = shapely.difference(second.iloc[0], strict.union_all()).representative_point()
    plant = ("--extent", 5, "--nature", "new", "--industry", "C1392", "--fact", "discharges_pollutants=yes")
    for day, law, article in (("2026-08-14", "水污染防治法", "66"), ("2026-08-15", "生态环境法典", "320")):
        ended = call(*asked(f"{place.x:.7f},{place.y:.7f}", *plant, atlas=SHIZHONG, as_of=day))
        cited = {
            (f["citation"]["law"], f["citation"]["article"]) for f in ended.record["findings"] if f["outcome"] == "hit"
        }
        assert (law, article) in cited, day
        assert not cited & ({("水污染防治法", "66"), ("生态环境法典", "320")} - {(law, article)})
        assert ended.status == 1


@pytest.fixture(scope="module")
def harmless() -> Sample:
    return next(s for s in sample_projects("511111") if s.expected == {"verdict": "clear", "complete": True, "exit": 0})


def arguments(sample: Sample) -> list[object]:
    """Return a sample project as somebody would type it."""
    p = sample.project
    out: list[object] = [p.site.wkt, "--nature", p.nature, "--name", p.name, "--site-accuracy", p.parts[0].accuracy_m]
    for code in p.industries:
        out += ["--industry", code]
    for kind in (*(p.facilities or ()), *(["none"] if p.facilities_closed else [])):
        out += ["--facility", kind]
    for key, value in p.facts.items():
        out += ["--fact", f"{key}={value}"]
    for part in p.parts[1:]:
        out += ["--part", f"{part.facilities[0]}={part.geometry.wkt}"]
    return out + (["--extent", p.parts[0].extent_m] if p.parts[0].extent_m is not None else [])


def test_a_missing_layer_is_named_and_never_clear(call: Call, harmless: Sample, tmp_path: Path) -> None:
    folder = tmp_path / "atlas"
    shutil.copytree(SHAWAN, folder)
    whole = call(*asked(*arguments(harmless), atlas=folder))
    assert (whole.status, whole.record["verdict"]) == (0, "clear")
    shutil.rmtree(folder / "water_source")
    ended = call(*asked(*arguments(harmless), atlas=folder))
    assert ended.status == 3
    assert ended.record["verdict"] != "clear"
    assert [layer["outcome"] for layer in ended.record["layers"] if layer["kind"] == "water_source"] == ["no_data"]
    told = call("check", *arguments(harmless), "--atlas", folder, "--as-of", DAY).out
    assert "饮用水水源保护区" in told.partition("未能判定")[2]


def test_a_river_layer_that_ends_at_the_outline_clears_nothing(
    call: Call, shawan: ecozone.Atlas, tmp_path: Path
) -> None:
    outline = shawan["admin"].zones.geometry.union_all()
    rivers = shawan["river"]
    cut = rivers.zones.clip(outline)
    cut = cut[cut.geom_type.str.endswith(("Polygon", "LineString"))]
    short = ecozone.Layer(
        kind="river", zones=cut, coverage=outline, accuracy_m=rivers.accuracy_m, version="2026.1", source="…"
    )
    layers = [short if kind == "river" else shawan[kind] for kind in shawan.kinds]
    about = {"region": shawan.region, "name": shawan.name, "parameters": shawan.parameters, "accepted": shawan.accepted}
    ecozone.Atlas(layers, **about).save(tmp_path / "atlas")
    water = cut.geometry.union_all()
    edge = outline.boundary
    lon, lat = beside(
        edge, outline, 300.0, fits=lambda x, y: abs(metres(edge, x, y) - 300.0) < 1 and metres(water, x, y) > 1_500
    )
    plant = ("--extent", 20, "--industry", "C2614", "--nature", "new", "--facility", "none")
    ended = call(*asked(f"{lon:.7f},{lat:.7f}", *plant, atlas=tmp_path / "atlas"))
    finding = ended.finding(SECTION_26)
    assert (finding["outcome"], finding["missing"]) == ("undetermined", ["coverage:river"])
    assert ended.status == 3
    assert ended.record["verdict"] != "clear"


# ------------------------------------------------------------------------------------------ how it ends

BY_STATUS = {s.expected["exit"]: (region, s) for region in demo_regions() for s in sample_projects(region)}


@pytest.mark.parametrize("status", sorted(BY_STATUS))
def test_exit_status_is_that_of_the_answer(call: Call, status: int) -> None:
    region, sample = BY_STATUS[status]
    folder = demo_folder() / region
    ended = call(*asked(*arguments(sample), atlas=folder, as_of=sample.as_of))
    assert ended.status == status == ended.record["exit_status"]
    typed = ecozone.Project(sample.project.site, **keywords(sample.project))
    kept = ecozone.check(typed, ecozone.open_atlas(folder), as_of=sample.as_of).to_dict()
    assert ended.record == json.loads(json.dumps(kept, ensure_ascii=False))


def keywords(p: ecozone.Project) -> dict[str, Any]:
    """Return a project's fields as `Project` takes them."""
    return {
        "nature": p.nature, "industry": list(p.industries), "name": p.name, "facts": dict(p.facts),
        "parts": p.parts[1:],
        "facilities": [*(p.facilities or ()), *(["none"] if p.facilities_closed else [])],
        "site_accuracy_m": p.parts[0].accuracy_m, "extent_m": p.parts[0].extent_m,
    }  # fmt: skip


def test_every_status_of_an_answer_has_a_sample() -> None:
    assert set(BY_STATUS) == {0, 1, 3, 4}


@pytest.mark.parametrize("debug", [False, True])
def test_a_defect_is_70_and_says_so(call: Call, monkeypatch: pytest.MonkeyPatch, debug: bool) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("ecozone._check.check", broken)
    monkeypatch.setenv("ECOZONE_DEBUG", "1" if debug else "0")
    ended = call("check", TOWN, "--atlas", SHAWAN)
    assert ended.status == 70
    assert "程序内部出错" in ended.err
    assert ("Traceback" in ended.err) is debug
    assert ended.out == ""


def test_interrupted_is_130(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ecozone._check.check", interrupted)
    ended = call("check", TOWN, "--atlas", SHAWAN)
    assert (ended.status, ended.err.strip()) == (130, "已中断。")


def test_a_reader_who_stops_reading_does_not_change_the_answer(bank: str) -> None:
    command = [sys.executable, "-m", "ecozone", "check", bank, "--atlas", str(SHAWAN), "--as-of", DAY]
    command += ["--extent", "20", "--industry", "C2614", "--nature", "new"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, b"")


# ----------------------------------------------------------------------------------------- what is refused


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a folder of files that cannot be used."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "空.geojson").write_text("")
    (folder / "nothing.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (folder / "book.yaml").write_text("book: [", encoding="utf-8")
    (folder / "gbk.yaml").write_bytes("book: 本单位".encode("gbk"))
    (folder / "rule.yaml").write_text(
        'book: ours\nname: 本单位\njurisdiction: ""\nversion: "1"\n'
        "documents:\n  甲: {title: 甲, authority: law}\n"
        "rules:\n  - id: ours.1\n    title: 试\n    requirement: 试\n    citation: {document: 甲, article: 1}\n"
        "    natures: [new]\n    effect: prohibt\n",
        encoding="utf-8",
    )
    (folder / "file").write_text("")
    (folder / "broken").mkdir()
    (folder / "broken" / "atlas.toml").write_text("format = ", encoding="utf-8")
    yield folder
    shutil.rmtree(folder)


BOW = "POLYGON((103.55 29.41, 103.552 29.412, 103.552 29.41, 103.55 29.412, 103.55 29.41))"
REFUSED = {
    "no file": (["{bad}/none.geojson"], "找不到文件"),
    "empty file": (["{bad}/空.geojson"], "空.geojson"),
    "no geometry": (["{bad}/nothing.geojson"], "没有几何图形"),
    "empty geometry": (["POLYGON EMPTY"], "没有几何图形"),
    "outside China": (["13.4,52.5"], "不在中国范围内"),
    "latitude first": (["29.4118,103.5514"], "经度,纬度"),
    "projected, no CRS": (["553400.5,3254000.2"], "--crs"),
    "projected polygon, no CRS": (["POLYGON((5e5 3e6, 5.1e5 3e6, 5.1e5 3.1e6, 5e5 3e6))"], "--crs"),
    "outside the atlas": (["116.4,39.9"], "之外"),
    "unknown CRS": ([TOWN, "--crs", "EPSG:99999"], "EPSG"),
    "industry": ([TOWN, "--industry", "C9999"], "C9999"),
    "nature": ([TOWN, "--nature", "newish"], "new（新建）"),
    "facility": ([TOWN, "--facility", "chem_park"], "chemical_park"),
    "facility elsewhere": ([TOWN, "--has", "nothing"], "ecozone facts"),
    "fact": ([TOWN, "--fact", "capacity_increse=no"], "capacity_increase"),
    "value of a fact": ([TOWN, "--fact", "capacity_increase=maybe"], "yes/no"),
    "fact without value": ([TOWN, "--fact", "capacity_increase"], "--fact"),
    "fact twice": ([TOWN, "--fact", "fuel=gas", "--fact", "fuel=coal"], "两个不同的值"),
    "self-crossing": ([BOW], "自相交"),
    "WKT": (["POLYGON((103.55 29.41, 103.552"], "WKT"),
    "nowhere": (["沙湾区某处"], "无法识别项目位置"),
    "three numbers": (["103.55 29.41 300.5"], "无法识别项目位置"),
    "degrees": (["103度75分8.122秒,29度51分30.053秒"], "60"),
    "book that is no YAML": ([TOWN, "--book", "{bad}/book.yaml"], "book.yaml"),
    "book with a mistake": ([TOWN, "--book", "{bad}/rule.yaml"], "prohibit"),
    "book in GBK": ([TOWN, "--book", "{bad}/gbk.yaml"], "UTF-8"),
    "no such book": ([TOWN, "--book", "cn-99"], "cn-99"),
    "month 13": ([TOWN, "--as-of", "2026-13-01"], "2026-11-22"),
    "no date": ([TOWN, "--as-of", "yesterday"], "2026-11-22"),
    "part without place": ([TOWN, "--part", "outfall"], "--part"),
    "unknown part": ([TOWN, "--part", "pond=103.56,29.40"], "pond"),
    "part nowhere": ([TOWN, "--part", "outfall=somewhere"], "somewhere"),
    "extent": ([TOWN, "--extent", "wide"], "--extent"),
    "accuracy": ([TOWN, "--site-accuracy", "-1"], "--site-accuracy"),
    "stage": ([TOWN, "--stage", "开工"], "环评"),
    "subject": ([TOWN, "--subject", "thing"], "plan"),
    "no answers": ([TOWN, "--answers", "{bad}/none.csv"], "none.csv"),
    "folder that is a file": ([TOWN, "--json", "{bad}/file/answer.json"], "answer.json"),
    "file that is a folder": ([TOWN, "--map", "{bad}"], "文件夹"),
    "no option": ([TOWN, "--natur", "new"], "--nature"),
    "too many words": ([TOWN, "29.4"], "引号"),
    "no site": ([], "SITE"),
    "blank site": ([" "], "没有给出项目位置"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_sentence(call: Call, bad: Path, case: str) -> None:
    typed, says = REFUSED[case]
    ended = call("check", *(t.replace("{bad}", str(bad)) for t in typed), "--atlas", SHAWAN)
    one_sentence(ended, says)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["check", TOWN], "--atlas"),
        (["check", TOWN, "--atlas"], "--atlas"),
        (["check", TOWN, "--atlas", "{bad}/none"], "--atlas"),
        (["check", TOWN, "--atlas", "{bad}"], "atlas.toml"),
        (["check", TOWN, "--atlas", "{bad}/broken"], "atlas.toml"),
        (["chek"], "check"),
        (["rules", "show", "cn.长江保护法.26-9"], "cn.长江保护法.26-2"),
        (["rules", "list", "--as-of", "x"], "2026-11-22"),
        (["demo", "--region", "511112"], "511111"),
        (["demo", "--out", "{bad}/file"], "file"),
    ],
)
def test_bad_commands_are_one_sentence(call: Call, bad: Path, typed: list[str], says: str) -> None:
    one_sentence(call(*(t.replace("{bad}", str(bad)) for t in typed)), says)


def one_sentence(ended: Ended, says: str) -> None:
    assert ended.status == 2, ended
    assert ended.out == ""
    assert says in ended.err
    assert ended.err.strip().endswith(("。", "？"))
    assert ended.err.count("\n") == 1
    assert "Traceback" not in ended.err


# ------------------------------------------------------------------------------------ what it prints and writes


def test_json_alone_on_stdout_in_utf8_on_any_console() -> None:
    command = [sys.executable, "-m", "ecozone", "check", TOWN, "--atlas", str(SHAWAN), "--name", "测试²", "--json", "-"]
    environment = {**os.environ, "PYTHONIOENCODING": "gbk"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)
    record = json.loads(done.stdout.decode("utf-8"))
    assert record["project"]["name"] == "测试²"
    assert done.returncode == record["exit_status"]
    assert "北京时间" in done.stderr.decode("gbk")


def test_today_is_taken_and_said(call: Call) -> None:
    told = call("check", TOWN, "--atlas", SHAWAN)
    assert "未给 --as-of，取北京时间当天" in told.out
    assert "未给 --as-of" not in call("check", TOWN, "--atlas", SHAWAN, "--as-of", DAY).out
    silent = call("check", TOWN, "--atlas", SHAWAN, "--json", "-")
    assert "取北京时间当天" in silent.err
    assert silent.record["as_of"] in told.out


def test_files_are_written_whole_and_folders_made(call: Call, tmp_path: Path) -> None:
    answer, picture = tmp_path / "新 文件夹" / "答案.json", tmp_path / "图.html"
    ended = call("check", TOWN, "--atlas", SHAWAN, "--as-of", DAY, "--json", answer, "--map", picture)
    assert json.loads(answer.read_text(encoding="utf-8"))["exit_status"] == ended.status
    assert "</html>" in picture.read_text(encoding="utf-8")
    assert [p.name for p in answer.parent.iterdir()] == ["答案.json"]
    assert str(answer) in ended.out


def test_text_of_an_answer(call: Call, bank: str) -> None:
    told = call(
        *("check", bank, "--extent", 20, "--industry", "C2614", "--nature", "new", "--name", "示例厂"),
        *("--atlas", SHAWAN, "--as-of", DAY, "--facility", "none"),
    ).out
    for text in ("示例厂", "C2614 有机化学原料制造", "不符合", "ZH511111", "【禁止】", "第26条第2款", "规划期已届满",
                 "已核对且不涉及", "示例数据，非法定边界", "仅供参考", "规则集", "推定"):  # fmt: skip
        assert text in told, text
    assert re.search(r"距大渡河（重要支流） (399|400)\.\d 米，界线 1000 米", re.sub(r"\n +", "", told))
    assert max(width(line) for line in told.splitlines()) <= 100
    order = [told.index(t) for t in ("结论", "环境管控单元", "命中", "已核对且不涉及", "本结论所依据的", "仅供参考")]
    assert order == sorted(order)


def test_hits_that_decide_nothing_alone_stand_apart(call: Call, bank: str) -> None:
    facts = ("--extent", 20, "--industry", "C2614", "--nature", "new")
    plant = ("check", bank, *facts, "--atlas", SHAWAN, "--as-of", DAY)
    hits = [f for f in call(*plant, "--json", "-").record["findings"] if f["outcome"] == "hit"]
    weak = [f for f in hits if not f["firm"] and f["effect"] not in ("inform", "prefer")]
    told = "".join(call(*plant).out.split())
    deciding, _, alone = told.partition(f"另命中{len(weak)}条，单独不能定论，没有计入结论（规划期已届满，")
    assert weak
    assert alone
    for finding in weak:
        assert "".join(finding["title"].split()) in alone.partition("准入清单")[0], finding["title"]
    assert "".join(next(f["title"] for f in hits if f["firm"]).split()) in deciding


def test_the_register_is_counted_in_every_answer(call: Call) -> None:
    plant = ("check", TOWN, "--atlas", SHAWAN, "--as-of", DAY)
    papers = call(*plant, "--json", "-").record["instruments"]
    accepted = sum(p["accepted"] for p in papers)
    for more in ((), ("--all",)):
        told = "".join(call(*plant, *more).out.split())
        assert f"已知而未编入规则的文件{len(papers)}件：{accepted}件已人工核对并登记" in told
    assert all("".join(p["title"].split()) in told for p in papers)


def test_what_a_file_left_open_stands_beside_the_site(call: Call, tmp_path: Path) -> None:
    plain = Transformer.from_crs(4490, 4544, always_xy=True).transform  # metres without a prefix: nine zones could be
    ring = [list(plain(x, y)) for x, y in shapely.box(103.55, 29.41, 103.551, 29.411).exterior.coords]
    shapes = [{"type": "Polygon", "coordinates": [ring]}, None]
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    (tmp_path / "红线.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    ended = call(*asked(tmp_path / "红线.geojson"))
    notes = [a["text"] for a in ended.record["assumptions"] if a["about"] == "site"]
    assert any("中央经线 105°" in n and "沙湾区" in n for n in notes), notes
    assert any("有 1 个要素没有几何" in n for n in notes), notes
    assert shapely.from_geojson(json.dumps(ended.record["project"]["site"])).contains(shapely.Point(103.5505, 29.4105))
    told = "".join(call("check", tmp_path / "红线.geojson", "--atlas", SHAWAN).out.split())
    head = told.partition("结论")[0]
    assert all("".join(n.split()) in head for n in notes)


def test_projected_numbers_are_told_their_zone(call: Call) -> None:
    assert "--crs EPSG:4523（" in call(*asked("35551234,3254321")).err
    assert "--crs EPSG:4496（" in call(*asked("3254321,18351234")).err


def test_rows_without_a_place_are_counted_with_their_reason(call: Call, tmp_path: Path) -> None:
    rows = ["名称,经度,纬度", "甲,103.55,29.41", "乙,,", "丙,103度33分八秒,29.40", "丁,103.56,29.42", "戊,,29.41"]
    (tmp_path / "点.csv").write_text("\n".join(rows), encoding="utf-8")
    told = "".join(call("inspect", tmp_path / "点.csv").out.split())
    assert "点2个、顶点2个；另有坐标写法有误2行、坐标空白1行，未计入" in told
    assert "坐标空白（第3行）" in told
    assert "（第4行、第6行）" in told
    assert "geometry-null" not in told


def test_kinds_are_listed_with_their_columns(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")  # a narrow terminal breaks the cells of a table
    every = call("kinds").out
    for key, kind in ecozone.kinds.registry().items():
        assert re.search(rf"^{key} +{re.escape(kind.name)} ", every, re.MULTILINE), key
    river = call("kinds", "河流").out
    assert river == call("kinds", "river").out
    for text in ("river_class", "临水边界线", "HLDJ", "空白按", "批准文件"):
        assert text in river, text
    assert max(width(line) for line in (every + river).splitlines()) <= 100
    assert {k["kind"] for k in call("kinds", "--json").record["kinds"]} == set(ecozone.kinds.registry())
    wrong = call("kinds", "rivr")
    assert wrong.status == 2
    assert "是否为 river" in wrong.err
    assert "ecozone kinds" in wrong.err


def test_all_lists_every_finding(call: Call) -> None:
    plant = ("check", TOWN, "--atlas", SHAWAN, "--as-of", DAY, "--industry", "C2614", "--nature", "new")
    record = call(*plant, "--json", "-").record
    told = "".join(call(*plant, "--all").out.split())
    for finding in record["findings"]:
        assert "".join(finding["title"].split()) in told, finding["title"]


def test_two_outfalls_are_two_parts(call: Call) -> None:
    ended = call(*asked(TOWN, "--part", "outfall=103.556,29.405", "--part", "入河排污口=103.557,29.404"))
    assert [p["name"] for p in ended.record["parts"]] == ["site", "outfall", "outfall#2"]
    told = call(
        "check", TOWN, "--atlas", SHAWAN, "--part", "outfall=103.556,29.405", "--part", "outfall=103.557,29.404"
    ).out
    assert "入河排污口2" in told


def test_own_book_is_added(call: Call, tmp_path: Path) -> None:
    book = tmp_path / "ours.yaml"
    book.write_text(
        'book: ours\nname: 本单位规则\njurisdiction: "511111"\nversion: "1"\n'
        "documents:\n  甲: {title: 甲文件, authority: normative, text: text}\n"
        "rules:\n  - id: ours.1\n    title: 全区禁止\n    requirement: 全区禁止新建。\n"
        "    citation: {document: 甲, article: 1}\n    natures: [new]\n    effect: prohibit\n",
        encoding="utf-8",
    )
    ended = call(*asked(TOWN, "--nature", "new", "--book", book))
    assert ended.finding("ours.1")["outcome"] == "hit"
    assert {b["name"] for b in ended.record["books"]} >= {"cn", "ours"}
    narrow = call(*asked(TOWN, "--nature", "new", "--book", "cn"))
    assert {b["name"] for b in narrow.record["books"]} == {"cn"}


# ---------------------------------------------------------------------------------------------- registers


def test_facts_lists_every_word(call: Call) -> None:
    from ecozone import words

    told = call("facts").out
    listed = json.loads(call("facts", "--json").out)
    for name, known in (("facilities", words.facilities()), ("facts", words.facts()), ("natures", words.natures())):
        assert [w["key"] for w in listed[name]] == list(known)
        for word in known.values():
            assert word.key in told
    for kind in ("chemical_park", "tailings_pond", "linear_works", "sewage_works", "boiler"):
        assert words.facility(kind).name in told


def test_rules_are_listed_by_day_and_book(call: Call) -> None:
    old, new = (call("rules", "list", "--as-of", d, "--book", "cn").out for d in ("2026-08-14", "2026-08-15"))
    assert "水污染防治法 第66条" in old
    assert "水污染防治法 第66条" not in new
    assert "生态环境法典 第320条" in new
    assert "cn-511111." not in new


def test_a_rule_is_shown_whole(call: Call) -> None:
    told = call("rules", "show", SECTION_26).out
    for text in ("第26条第2款", "行业属于化工，或属于化工园区", "1000 米以内", "新建、扩建", "禁止", "2021-03-01"):
        assert text in told, text


def test_every_seventh_rule_can_be_shown(call: Call) -> None:
    for rule in [r.id for b in ecozone.load_books() for r in b.rules][::7]:
        ended = call("rules", "show", rule)
        assert ended.status == 0
        assert rule in ended.out


# --------------------------------------------------------------------------------------------- parameters


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Make an atlas of one's own, with nothing set."""
    folder = tmp_path / "atlas"
    shutil.copytree(SHAWAN, folder)
    (folder / "atlas.toml").write_text(
        'format = 1\nregion = "511111"\nname = "沙湾"\nours = ["a", 2]\n\n[contact]\n"电 话" = "0833"\n',
        encoding="utf-8",
    )
    return folder


def test_parameters_are_listed_set_and_kept(call: Call, own: Path) -> None:
    assert "尚未设置" in call("params", "--atlas", own).out
    name = "沙湾河湖周边宽度_m"
    first = call("params", "--atlas", own, "--set", f"{name}=100", "--basis", "区政府“批复”\t3号", "--by", "张三")
    assert first.status == 0
    assert "张三" in first.out
    paper = "cn-51.沱江条例"
    second = call(
        "params", "--atlas", own, "--accept", paper, "--set", "集中供热覆盖=否", "--basis", "已核对", "--by", "李四"
    )
    assert second.status == 0
    atlas = ecozone.open_atlas(own)
    assert (atlas.parameters[name].value, atlas.parameters[name].unit) == (100, "m")
    assert (atlas.parameters[name].basis, atlas.parameters[name].by) == ("区政府“批复”\t3号", "张三")
    assert atlas.parameters["集中供热覆盖"].value is False
    assert atlas.accepted[paper].by == "李四"
    text = (own / "atlas.toml").read_text(encoding="utf-8")
    assert 'ours = ["a", 2]' in text
    assert '"电 话" = "0833"' in text
    assert [p.name for p in own.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["--set", "沙湾河湖周边宽_m=3", "--basis", "x"], "沙湾河湖周边宽度_m"),
        (["--set", "沙湾河湖周边宽度_m=宽", "--basis", "x"], "数字"),
        (["--set", "沙湾河湖周边宽度_m=-3", "--basis", "x"], "数字"),
        (["--set", "集中供热覆盖=3", "--basis", "x"], "是 或 否"),
        (["--set", "沙湾河湖周边宽度_m=3"], "--basis"),
        (["--set", "沙湾河湖周边宽度_m", "--basis", "x"], "--set"),
        (["--accept", "cn-51.沱江", "--basis", "x"], "cn-51.沱江条例"),
        (["--accept", "cn-51.沱江条例", "--basis", " "], "--basis"),
    ],
)
def test_parameters_nobody_asks_for_are_refused(call: Call, own: Path, typed: list[str], says: str) -> None:
    before = (own / "atlas.toml").read_bytes()
    one_sentence(call("params", "--atlas", own, *typed), says)
    assert (own / "atlas.toml").read_bytes() == before


def test_a_set_parameter_closes_what_waited_for_it(call: Call, own: Path) -> None:
    waits = "parameter:沙湾河湖周边宽度_m"
    site = ("--extent", 20, "--industry", "C1353", "--nature", "new", "--facility", "none")
    before = call(*asked(TOWN, *site, atlas=own)).record
    assert waits in {o["what"] for o in before["open"]}
    assert call("params", "--atlas", own, "--set", "沙湾河湖周边宽度_m=100", "--basis", "x", "--by", "y").status == 0
    after = call(*asked(TOWN, *site, atlas=own)).record
    assert waits not in {o["what"] for o in after["open"]}


# --------------------------------------------------------------------------------------------------- demo


def test_demo_answers_all_samples(call: Call, tmp_path: Path) -> None:
    ended = call("demo", "--out", tmp_path)
    assert ended.status == 0
    samples = {region: sample_projects(region) for region in demo_regions()}
    assert sum(len(s) for s in samples.values()) >= 20
    assert "与预期不同" not in ended.out
    for region, listed in samples.items():
        for sample in listed:
            record = json.loads((tmp_path / region / f"{sample.id}.json").read_text(encoding="utf-8"))
            assert record["project"]["name"] == sample.project.name
            assert (tmp_path / region / f"{sample.id}.html").stat().st_size > 0
        assert any(s.expected == {"verdict": "clear", "complete": True, "exit": 0} for s in listed)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(s.project.name in page for listed in samples.values() for s in listed)
    assert str(tmp_path / "index.html") in ended.out.replace("\n", "")


def test_demo_says_where_an_answer_is_not_the_expected_one(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Sample(
        "X-1", sample_projects("511111")[0].project, DAY, "", "", {"verdict": "clear", "complete": False, "exit": 0}
    )
    monkeypatch.setattr("ecozone.demo.sample_projects", lambda _region: [odd])
    ended = call("demo", "--out", tmp_path, "--region", "511111")
    assert ended.status == 0
    assert ended.out.count("与预期不同：X-1") == 3


# ---------------------------------------------------------------------------------- consoles and start-up


@pytest.mark.smoke
def test_gbk_console_shows_every_sign(tmp_path: Path) -> None:
    plant = ("check", TOWN, "--atlas", SHAWAN, "--as-of", DAY, "--nature", "new", "--all")
    for words in (plant, ("facts",), ("rules", "list"), ("params", "--atlas", SHAWAN), ("check", "--help")):
        ran = run_cli(*words, cwd=tmp_path, encoding="gbk")
        assert "?" not in ran.out, [line for line in ran.out.splitlines() if "?" in line]
        assert ran.out.strip()
    refused = run_cli("check", "没有 这个.geojson", "--atlas", SHAWAN, cwd=tmp_path, encoding="gbk")
    assert (refused.status, "没有 这个.geojson" in refused.err) == (2, True)


@pytest.mark.smoke
def test_demo_of_one_region_on_this_console(tmp_path: Path) -> None:
    ran = run_cli("demo", "--region", "511111", "--out", tmp_path / "结果 一", cwd=tmp_path)
    assert ran.status == 0
    assert "结果 一" in ran.out
    assert (tmp_path / "结果 一" / "index.html").is_file()


def test_a_typed_site_is_answered_without_anything_heavy() -> None:
    heavy = ["geopandas", "pandas", "folium", "rasterio", "pyarrow", "pyogrio", "matplotlib"]
    heavy += ["rich", "yaml", "numpy.ma"]
    site = "POLYGON((103.55 29.41, 103.552 29.41, 103.552 29.412, 103.55 29.412, 103.55 29.41))"
    code = (
        "import sys; from ecozone.cli import program; from ecozone.cli.run import run; "
        f"run(program, ['check', {site!r}, '--atlas', {str(SHAWAN)!r}, '--nature', 'new', '--industry', 'C1353']); "
        f"print(sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)"
    )
    for _ in range(2):  # the first run may have to compile words and books
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert done.stderr.decode().strip() == "[]"


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_exit_statuses_in_the_readme_are_those_of_help(call: Call, page: str) -> None:
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|([^|]*)\|$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    told = {
        name: set(re.findall(r"\b\d+\b", rest)) | {"0"}
        for names, _, rest in rows
        for name in re.findall(r"`([^`]+)`", names)
    }
    assert {"where", "screen", "change", "verify", "import", "rules lint"} <= set(told)
    for name, statuses in told.items():
        listed = call(*name.split(), "--help").out.partition("退出状态：")[2]
        assert set(re.findall(r"^  (\d+) ", listed, re.MULTILINE)) == statuses | {"2", "70", "130"}, name


def test_help_is_chinese(call: Call) -> None:
    for typed in ("", "--help", "check --help", "demo --help", "facts --help", "kinds --help", "rules --help",
                  "rules list --help", "rules show --help", "params --help"):  # fmt: skip
        ended = call(*typed.split())
        assert ended.status == 0
        assert "用法：" in ended.out
        assert not {"Usage", "Options", "Commands", "Show this"} & set(ended.out.replace(":", " ").split())
        assert max(width(line) for line in ended.out.splitlines()) <= 100


# -------------------------------------------------------------------------------------------------- layout


@given(st.text(alphabet="项目，。“”（）《》 abc12.5米±、-m²/", max_size=120), st.integers(14, 80))
def test_wrapping_loses_nothing_and_fits(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert "".join("".join(lines).split()) == "".join(gbk(text).split())
    assert all(width(line) <= room for line in lines) or any(c in text for c in "“”（）《》，。、±")
    assert all(line[0] not in "，。、）》" for line in lines[1:] if line)


def test_tables_fold_only_what_may_be_folded() -> None:
    text = table(["编号", "内容"], [["cn.长江保护法.26-2", "化工" * 60]], flexible=[1])
    assert "cn.长江保护法.26-2" in text
    assert max(width(line) for line in text.splitlines()) <= 100
