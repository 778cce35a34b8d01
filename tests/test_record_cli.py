"""Records, reports and ledgers as an officer types them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import shapely
from conftest import run_cli

import ecozone
from ecozone import storage
from ecozone.crs import geod

SITE = (
    "POLYGON ((103.568637 29.397036, 103.568411 29.398648, 103.565957 29.398384, 103.566183 29.396772, "
    "103.568637 29.397036))"
)
RULE = "cn.长江保护法.26-2"


@pytest.fixture(scope="module")
def written(demo_atlases: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a folder with a record, its report and ledger, and the atlas."""
    tmp_path = tmp_path_factory.mktemp("kept")
    atlas = next(a for a in demo_atlases if a.name == "511111")
    record = tmp_path / "x.ecozone.json"
    ran = run_cli(
        "check", SITE, "--atlas", atlas, "--industry", "C2614", "--nature", "new", "--facility", "none", "--name",
        "=示例<b>", "--as-of", "2026-11-22", "--save", record, "--report", tmp_path / "x.docx", "--case", "甲1号",
        "--ledger", tmp_path / "l.xlsx",
    )  # fmt: skip
    assert ran.status == 1, ran.err
    for said in ("记录：", "报告：", "台账："):
        assert said in ran.out
    assert (tmp_path / "x.docx").stat().st_size > 50_000  # with figures
    assert openpyxl.load_workbook(tmp_path / "l.xlsx")["项目"]["A2"].value == "'=示例<b>"
    return record, atlas


@pytest.fixture
def kept(written: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Return a copy of the record, to change, and its atlas."""
    return Path(shutil.copy(written[0], tmp_path)), written[1]


def test_verify_override_diff_report(cli: Callable[..., Any], kept: tuple[Path, Path], tmp_path: Path) -> None:
    record, atlas = kept
    same = cli("verify", record, "--atlas", atlas)
    assert same.status == 0 and "一致" in same.out
    struck = tmp_path / "y.ecozone.json"
    ran = cli(
        "override", record, "--rule", RULE, "--by", "张三", "--reason", "已实测", "--on", "2026-11-23", "--out", struck
    )
    assert ran.status == 0 and "原结论：不符合" in ran.out and "更正后：" in ran.out
    assert json.loads(struck.read_text("utf-8"))["verdict"] == "prohibited"
    apart = cli("diff", record, struck)
    assert apart.status == 3 and "张三" in apart.out
    ran = cli("report", record, struck, "--atlas", atlas, "--out", tmp_path / "all", "--format", "html", "--no-figures",
              "--ledger", tmp_path / "all.xlsx", "--lang", "en")  # fmt: skip
    assert ran.status == 0, ran.err
    pages = sorted((tmp_path / "all").iterdir())
    assert len(pages) == 2
    assert any("张三" in p.read_text("utf-8") for p in pages)
    assert openpyxl.load_workbook(tmp_path / "all.xlsx")["项目"].max_row == 3
    changed = json.loads(record.read_text("utf-8"))
    changed["findings"] = changed["findings"][1:]
    record.write_text(json.dumps(changed), "utf-8")
    assert cli("verify", record, "--atlas", atlas).status == 3
    refused = cli("report", record, "--atlas", atlas, "--out", tmp_path / "z.html")
    assert refused.status == 2 and "verify" in refused.err


def moved_by_ten_metres(atlas: Path, folder: Path, kind: str, *, far: bool) -> Path:
    """Return a copy of an atlas with one vertex, the nearest or the farthest of the nearest zone, 10 m farther east."""
    copied = Path(shutil.copytree(atlas, folder / f"{kind}-{far}"))
    layer = ecozone.open_atlas(copied)[kind]
    site = shapely.from_wkt(SITE)
    row = int(np.argmin(shapely.distance(layer.geometry, site)))
    xy = shapely.get_coordinates(layer.geometry[row])
    away = shapely.distance(shapely.points(xy), site)
    at = int(np.argmax(away) if far else np.argmin(away))
    east, north, _ = geod().fwd(*xy[at], 90.0, 10.0)
    moved = np.where(np.all(xy == xy[at], axis=1)[:, None], [east, north], xy)
    zones = layer.zones.copy()
    zones.loc[row, "geometry"] = shapely.set_coordinates(layer.geometry[row], moved)
    again = ecozone.Layer(
        kind=kind, zones=zones, coverage=layer.coverage, accuracy_m=layer.accuracy_m, version=layer.version,
        source=layer.source, notice=layer.notice, line=layer.line,
    )  # fmt: skip
    storage.write_layer(again, copied)
    return copied


@pytest.mark.parametrize(
    ("kind", "far", "named"),
    [
        ("river", False, ("图层 river（河流）", RULE, "长江干支流岸线一公里内禁止新建、扩建化工园区和化工项目")),
        ("control_unit", False, ("图层 control_unit（环境管控单元）", "cn.长江保护法.22-1", "结论未受影响")),
        ("river", True, ("图层 river（河流）", RULE, "结论未受影响")),
    ],
)
def test_verify_names_the_layer_and_the_finding_of_a_vertex_moved_by_10_m(
    cli: Callable[..., Any], kept: tuple[Path, Path], tmp_path: Path, kind: str, far: bool, named: tuple[str, ...]
) -> None:
    record, atlas = kept
    ran = cli("verify", record, "--atlas", moved_by_ten_metres(atlas, tmp_path, kind, far=far))
    said = "".join(line.strip() for line in ran.out.splitlines())
    assert ran.status == (3 if (kind, far) == ("river", False) else 0), ran.out
    for words in named:
        assert words in said, ran.out


def test_bad_input_is_one_sentence(cli: Callable[..., Any], kept: tuple[Path, Path], tmp_path: Path) -> None:
    record, atlas = kept
    newer = tmp_path / "newer.json"
    newer.write_text('{"schema": "ecozone.assessment/2"}', "utf-8")
    for arguments, said in (
        (("verify", newer, "--atlas", atlas), "更新的 ecozone"),
        (("override", record, "--rule", "没有", "--by", "甲", "--reason", "乙"), "没有规则"),
        (("override", record, "--rule", RULE, "--by", " ", "--reason", "乙"), "经办人"),
        (("report", record, "--atlas", atlas), "--out"),
        (("template", tmp_path / "t.odt"), ".docx"),
    ):
        ran = cli(*arguments)
        assert ran.status == 2 and said in ran.err, ran.err
        assert len(ran.err.strip().splitlines()) == 1
    assert cli("template", tmp_path / "t.docx").status == 0


def test_grounds_are_asked_for_by_name(
    cli: Callable[..., Any], kept: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECOZONE_TIANDITU_KEY", raising=False)
    plain = ("check", "103.553,29.405", "--atlas", kept[1], "--as-of", "2026-11-22", "--map", tmp_path / "m.html")
    for more, said in (
        (("--ground", "tianditu"), "密钥"),
        (("--ground", "google"), "可用的底图"),
    ):
        ran = cli(*plain, *more)
        assert ran.status == 2 and said in ran.err and not (tmp_path / "m.html").exists()
    ran = cli(*plain[:-2], "--ground", "amap")
    assert ran.status == 2 and "--map" in ran.err
    assert cli(*plain, "--ground", "amap").status == 3
    page = (tmp_path / "m.html").read_text("utf-8")
    assert "autonavi.com" in page and "未作偏移" in page


@pytest.mark.slow
def test_a_report_costs_less_than_four_checks(demo_atlases: list[Path], tmp_path: Path) -> None:
    atlas = next(a for a in demo_atlases if a.name == "511111")
    plain = ("check", SITE, "--atlas", atlas, "--industry", "C2614", "--nature", "new", "--as-of", "2026-11-22")
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(4):
        for report in (False, True):
            start = time.perf_counter()
            run_cli(*plain, *(("--report", tmp_path / "x.docx") if report else ()))
            seconds[report].append(time.perf_counter() - start)
    assert min(seconds[True]) < 4 * min(seconds[False])
