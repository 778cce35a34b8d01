"""Screening: the answers of `check`, row by row, whatever the table, the engine, or who kills the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import ROOT

import ecozone
from ecozone._screen import Task, asked, screen_to
from ecozone.errors import InputError
from ecozone.screening.columns import Given
from ecozone.screening.parts import Parts
from ecozone.screening.source import File, Memory

DAY = "2026-11-22"
ATLAS = ROOT / "data" / "boundaries" / "511111"
OPEN = ("hit", "undetermined", "no_data")


def sites(n: int, seed: int = 1) -> gpd.GeoDataFrame:
    """Polygons, lines and points over and around the district, with facts as offices write them."""
    rng = np.random.default_rng(seed)
    west, south, east, north = ecozone.open_atlas(ATLAS)["admin"].geometry[0].bounds
    at = shapely.points(rng.uniform((west, south), (east, north), (n, 2)))
    blobs = shapely.buffer(at, rng.lognormal(-6.5, 0.7, n), quad_segs=3)
    moved = shapely.transform(at, lambda xy: xy + rng.normal(0, 0.02, xy.shape))
    lines = shapely.shortest_line(at, moved)
    geometry = np.choose(rng.integers(0, 3, n), [at, lines, blobs])
    return gpd.GeoDataFrame(
        {
            "名称": [f"地块{i}" for i in range(n)],
            "行业代码": rng.choice(["C2614", "C3011", "B0912", "2614.0", None], n),
            "项目性质": rng.choice(["new", "扩建", "existing", None], n),
            "备注": "x",
        },
        geometry=geometry,
        crs="EPSG:4490",
        index=[f"r{i}" for i in range(n)],
    )


def project(row: pd.Series) -> ecozone.Project:
    def given(key: str) -> str | None:
        return row[key] if isinstance(row[key], str) else None

    return ecozone.Project(row.geometry, nature=given("项目性质"), industry=given("行业代码"), name=row["名称"])


@pytest.fixture(scope="module")
def atlas() -> ecozone.Atlas:
    return ecozone.open_atlas(ATLAS)


def test_the_answers_of_check_one_by_one(atlas: ecozone.Atlas) -> None:
    table = sites(60)
    got = ecozone.screen(table, atlas, as_of=DAY, chunk=25)
    assert list(got.table.index) == list(table.index) and list(got.ignored) == ["备注"]
    compared = 0
    for key, row in table.iterrows():
        mine = got.table.loc[key]
        if isinstance(mine.reason, str):
            assert mine.verdict == "undetermined" and not mine.complete
            with pytest.raises(InputError):
                ecozone.check(project(row), atlas, as_of=DAY)
            continue
        compared += 1
        answer = ecozone.check(project(row), atlas, as_of=DAY)
        assert (mine.verdict, mine.complete) == (answer.verdict, answer.complete)
        for outcome in (*OPEN, "clear", "not_applicable"):
            assert mine[outcome] == sum(f.outcome == outcome for f in answer.findings), (key, outcome)
        found = got.findings.loc[[key]] if key in got.findings.index else got.findings.iloc[:0]
        short = {(f.rule, f.part, f.outcome, f.effect) for f in found.itertuples() if f.outcome in OPEN}
        assert short == {(f.rule, f.part, f.outcome, f.effect) for f in answer.findings if f.outcome in OPEN}
        told = {f.rule: f for f in answer.findings}
        for f in found[found.zone.notna() & (found.outcome == "hit")].itertuples():
            there = {w["zone"]: w for w in told[f.rule].where}
            assert f.zone in there and there[f.zone]["distance_m"] == pytest.approx(f.distance_m, abs=1e-6)
        if answer.hits and answer.hits[0].firm:
            assert told[mine.worst_rule].push == answer.hits[0].push
    assert compared > 20


def test_projects_are_screened_as_they_are(atlas: ecozone.Atlas) -> None:
    table = sites(200)
    inside = shapely.intersects(np.array(table.geometry.array), atlas["admin"].geometry[0])
    projects = [project(row) for _, row in table[inside].head(10).iterrows()]
    got = ecozone.screen(projects, atlas, as_of=DAY, chunk=3)
    answers = ecozone.assess(projects, atlas, as_of=DAY)
    assert got.table.verdict.tolist() == [a.verdict for a in answers]
    assert got.table.complete.tolist() == [a.complete for a in answers]


def test_bad_rows_stay_and_say_why(atlas: ecozone.Atlas) -> None:
    good = "103.55,29.41"
    rows = {
        "site": [
            good,
            "",
            "POLYGON((103.5 29.4,103.6 29.5,103.6 29.4,103.5 29.5,103.5 29.4))",
            "29.41,103.55",
            good,
            good,
            "1,2,3",
        ],
        "行业代码": ["C2614", "C2614", "C2614", "C2614", "9999", 2614.0, "C2614"],
    }
    got = ecozone.screen(pd.DataFrame(rows), atlas, as_of=DAY).table
    assert len(got) == 7
    bad = got.reason.notna()
    assert bad.tolist() == [False, True, True, True, True, False, True]
    assert (got.verdict[bad] == "undetermined").all() and not got.complete[bad].any()
    assert got.verdict[0] == got.verdict[5]
    for row, word in ((1, "几何"), (2, "自相交"), (3, "纬度"), (4, "9999")):
        assert word in got.reason[row]


def test_an_empty_table_and_sites_all_outside(atlas: ecozone.Atlas) -> None:
    empty = ecozone.screen(sites(5).iloc[:0], atlas, as_of=DAY)
    assert len(empty.table) == 0 and len(empty.findings) == 0
    away = gpd.GeoDataFrame(geometry=gpd.points_from_xy([120.0, 121.0], [30.0, 31.0]), crs="EPSG:4490")
    got = ecozone.screen(away, atlas, as_of=DAY).table
    assert (got.verdict == "undetermined").all() and got.reason.str.contains("之外").all()


def test_many_sites_on_one_spot_and_great_ones(atlas: ecozone.Atlas) -> None:
    outline = atlas["admin"].geometry[0]
    x, y = outline.representative_point().coords[0]
    many = [shapely.Point(x, y).buffer(0.001)] * 500
    parts = shapely.MultiPolygon(
        [
            shapely.box(x + i * 2e-5, y + j * 2e-5, x + i * 2e-5 + 1e-5, y + j * 2e-5 + 1e-5)
            for i in range(70)
            for j in range(70)
        ]
    )
    west, south, east, north = outline.bounds
    great = [outline, shapely.LineString([(west, south), (east, north)]), parts]
    table = gpd.GeoDataFrame({"项目性质": "new"}, index=range(503), geometry=[*many, *great], crs="EPSG:4490")
    started = time.monotonic()
    got = ecozone.screen(table, atlas, as_of=DAY).table
    assert time.monotonic() - started < 60
    assert len(got) == 503 and got.reason[:500].isna().all() and got.verdict[:500].nunique() == 1


def test_very_many_vertices_parts_and_a_long_line(atlas: ecozone.Atlas) -> None:
    """A polygon of 100 000 vertices, 200 km of line, ground beyond the county: answers, and none that says clear."""
    x, y = atlas["admin"].geometry[0].representative_point().coords[0]
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    reach = 0.02 * (1 + 0.02 * np.random.default_rng(1).random(len(angle)))
    star = shapely.Polygon(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)]))
    line = shapely.LineString([(x - 1, y - 0.2), (x, y), (x + 1, y + 0.2)])
    wide = shapely.box(*np.add(atlas["admin"].geometry[0].bounds, (-0.1, -0.1, 0.1, 0.1)))
    table = gpd.GeoDataFrame(
        {"行业代码": 2614.0, "项目性质": "新建"}, index=range(3), geometry=[star, line, wide], crs="EPSG:4490"
    )
    got = ecozone.screen(table, atlas, as_of=DAY).table
    assert got.reason.isna().all() and (got.verdict != "clear").all() and (got.hit > 0).all()


def screened(tmp_path: Path, table: gpd.GeoDataFrame, *given: str, limit: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command; `limit` is the size in bytes that a file may have (what a full disk does to a process)."""
    resource = pytest.importorskip("resource")
    if not (tmp_path / "sites.gpkg").exists():
        table.to_file(tmp_path / "sites.gpkg")
    return subprocess.run(
        [sys.executable, "-m", "ecozone", "screen", str(tmp_path / "sites.gpkg"), "--atlas", str(ATLAS),
         "--out", str(tmp_path / "out.parquet"), "--as-of", DAY, *given],
        capture_output=True, text=True, check=False,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,
    )  # fmt: skip


def test_a_full_disk_is_said_and_the_run_goes_on_later(tmp_path: Path) -> None:
    full = screened(tmp_path, sites(60), limit=4096)
    assert full.returncode == 2 and "Traceback" not in full.stderr and "磁盘" in full.stderr + full.stdout, full.stderr
    assert not (tmp_path / "out.parquet").exists()
    assert screened(tmp_path, sites(60), "--resume").returncode == 0
    assert len(pd.read_parquet(tmp_path / "out.parquet")) == 60


def test_the_terminal_says_why_rows_failed_and_who_has_to_leave(tmp_path: Path, atlas: ecozone.Atlas) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    inside = shapely.buffer(shapely.point_on_surface(atlas["reservoir"].geometry[0]), 0.0002)
    away = [shapely.Point(120, 30), shapely.Point(121, 30)]
    table = gpd.GeoDataFrame({"行业代码": ["A0412", "A0412", "A0412", "9999"]},
                             geometry=[inside, *away, inside], crs="EPSG:4490")  # fmt: skip
    book = tmp_path / "ledger.xlsx"
    told = screened(tmp_path, table, "--nature", "existing", "--ledger", str(book)).stdout
    assert "未能判定 3 行" in told and "第 2 行等 2 行：全部位于图集" in told and "第 4 行" in told and "reason" in told
    sheet = [[c.value for c in row] for row in openpyxl.load_workbook(book)["退出整改清单"].iter_rows(min_row=2)]
    assert sheet and all(row[3] == 1 for row in sheet), "only the first row can have to leave"
    assert all(all(row) for row in sheet), "zone, measure, basis, demand and deadline"
    assert {row[0] for row in sheet} >= {"水库", "饮用水水源保护区"}


def test_columns_that_mean_the_same_are_refused(atlas: ecozone.Atlas) -> None:
    with pytest.raises(InputError, match="意思相同"):
        ecozone.screen(
            pd.DataFrame({"lon": [103.5], "lat": [29.4], "行业": ["C26"], "industry": ["C26"]}), atlas, as_of=DAY
        )


# ---------------------------------------------------------------------------------- folders, kills, clusters


def whole(folder: Path) -> tuple[list[dict], list[dict]]:
    parts = Parts(folder)
    return tuple([r for t in parts.tables(name) for r in t.to_pylist()] for name in ("results", "findings"))  # type: ignore[return-value]


def task() -> Task:
    return Task(str(ATLAS), None, ecozone._check.day_of(DAY), Given())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[list[dict], list[dict]]]:
    folder = tmp_path_factory.mktemp("screen")
    file = folder / "sites.parquet"
    sites(400).to_parquet(file)
    parts = Parts.open(folder / "run", asked(File(file), task(), chunk=20, crs=None), resume=False)
    screen_to(parts, File(file), task(), chunk=20)
    return file, whole(parts.folder)


@pytest.mark.parametrize("seed", range(2))
def test_killed_and_resumed_is_undisturbed(
    undisturbed: tuple[Path, tuple[list[dict], list[dict]]], tmp_path: Path, seed: int
) -> None:
    file, right = undisturbed
    command = [
        sys.executable,
        "-m",
        "ecozone",
        "screen",
        str(file),
        "--atlas",
        str(ATLAS),
        "--out",
        str(tmp_path / "out"),
        "--chunk",
        "20",
        "--as-of",
        DAY,
    ]
    rng = np.random.default_rng(seed)
    done = tmp_path / "out"
    for turn in range(3):
        run = subprocess.Popen([*command, *(["--resume"] if turn else [])], stdout=subprocess.DEVNULL)
        limit, want = time.monotonic() + 60, len(list(done.glob("results-*"))) + int(rng.integers(1, 6))
        while run.poll() is None and len(list(done.glob("results-*"))) < want and time.monotonic() < limit:
            time.sleep(0.005)
        time.sleep(float(rng.uniform(0, 0.05)))
        run.kill()
        run.wait()
    subprocess.run([*command, "--resume"], check=True, stdout=subprocess.DEVNULL)
    assert whole(done) == right
    assert not list(done.glob(".part-*"))


def test_resuming_something_else_is_refused(tmp_path: Path, undisturbed: tuple[Path, object]) -> None:
    source = File(undisturbed[0])
    Parts.open(tmp_path / "x", asked(source, task(), chunk=20, crs=None), resume=False)
    with pytest.raises(InputError, match="分块大小"):
        Parts.open(tmp_path / "x", asked(source, task(), chunk=30, crs=None), resume=True)


def test_two_workers_and_the_death_of_one(
    undisturbed: tuple[Path, tuple[list[dict], list[dict]]], tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    from ecozone.screening.cluster import screen_on

    file, right = undisturbed
    source = File(file)
    parts = Parts.open(tmp_path / "run", asked(source, task(), chunk=20, crs=None), resume=False)
    killed: list[int] = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):

        def progress(done: int, _: int | None) -> None:
            if done >= 60 and not killed:
                pid = next(iter(client.run(os.getpid).values()))
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

        screen_on(parts, source, task(), chunk=20, client=client, progress=progress)
    assert killed and whole(parts.folder) == right


def test_threads_may_share_an_atlas(atlas: ecozone.Atlas) -> None:
    """Two threads on one atlas; a minute of it with ECOZONE_SOAK."""
    until = time.monotonic() + (60 if os.environ.get("ECOZONE_SOAK") else 3)
    tables = [sites(60, seed) for seed in (3, 4)]
    first = [ecozone.screen(t, atlas, as_of=DAY, threads=2).table for t in tables]
    wrong: list[str] = []

    def hammer(which: int) -> None:
        while time.monotonic() < until:
            if not ecozone.screen(tables[which], atlas, as_of=DAY, threads=2).table.equals(first[which]):
                wrong.append(str(which))

    threads = [threading.Thread(target=hammer, args=(i,)) for i in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_chunks_lie_along_a_curve() -> None:
    grid = shapely.points(*(v.ravel() for v in np.meshgrid(np.linspace(103, 104, 32), np.linspace(29, 30, 32))))
    source = Memory(len(grid), {}, grid, None)
    spans = [np.ptp(shapely.get_coordinates(c.geometry), axis=0).max() for c in source.chunks(64)]
    rows = np.concatenate([c.rows for c in source.chunks(64)])
    assert max(spans) < 0.3 and sorted(rows.tolist()) == list(range(len(grid)))
