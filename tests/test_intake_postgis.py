"""The same atlas in a folder and in PostGIS: same hashes, same answers; PostGIS as a source of layers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from fixtures.make import ring, shapefile

import ecozone
from ecozone.errors import AtlasError, InputError
from ecozone.intake import importing

pytestmark = [pytest.mark.postgis, pytest.mark.xdist_group("postgis")]
ROOT = Path(__file__).resolve().parent.parent
REDLINE = (("HXBM", "C", 10, 0), ("HXMC", "C", 40, 0), ("SFHXQ", "C", 4, 0))


@pytest.fixture(scope="module")
def demo(server: str) -> tuple[Path, str]:
    """Return a demo atlas as a folder and the same in PostGIS."""
    from ecozone import postgis

    folder = ROOT / "data" / "boundaries" / "511111"
    postgis.save(ecozone.open_atlas(folder), server)
    return folder, server


def test_hashes_are_the_same(demo: tuple[Path, str]) -> None:
    folder, database = map(ecozone.open_atlas, demo)
    assert folder.kinds == database.kinds
    assert folder.parameters == database.parameters
    for kind in folder:
        assert folder[kind].sha256 == database[kind].sha256, kind
        assert len(folder[kind]) == len(database[kind])


def test_answers_are_the_same(demo: tuple[Path, str]) -> None:
    folder, database = map(ecozone.open_atlas, demo)
    project = ecozone.Project("103.55,29.41", nature="new", industry="C2614", extent_m=100)
    answers = [ecozone.check(project, a, as_of="2026-11-22").to_dict() for a in (folder, database)]
    assert answers[0]["verdict"] == answers[1]["verdict"]
    assert answers[0]["findings"] == answers[1]["findings"]


def test_saving_twice_changes_nothing(demo: tuple[Path, str]) -> None:
    from ecozone import postgis

    postgis.save(ecozone.open_atlas(demo[0]), demo[1])
    assert len(ecozone.open_atlas(demo[1])) == len(ecozone.open_atlas(demo[0]))


def test_parameters_are_set_in_the_database(demo: tuple[Path, str], cli: Callable[..., object]) -> None:
    before = ecozone.open_atlas(demo[1])
    name = next(iter(before.parameters))
    done = cli("params", "--atlas", demo[1], "--set", f"{name}=123", "--basis", "批复 2030-1号", "--by", "甲")
    assert done.status == 0, done  # type: ignore[attr-defined]
    after = ecozone.open_atlas(demo[1])
    assert (after.parameters[name].value, after.parameters[name].basis) == (123, "批复 2030-1号")
    assert {k: v for k, v in after.parameters.items() if k != name} == {
        k: v for k, v in before.parameters.items() if k != name
    }
    assert (after.accepted, after.notice) == (before.accepted, before.notice)


def test_import_into_the_database(demo: tuple[Path, str], tmp_path: Path, cli: Callable[..., object]) -> None:
    path = shapefile("d", [[ring("EPSG:4523")]], fields=REDLINE, rows=[("R", "红线", "否")], prj_code="EPSG:4523")(
        tmp_path
    )
    options = (
        "import",
        path,
        "--kind",
        "ecological_redline",
        "--atlas",
        demo[1],
        "--accuracy",
        "5",
        "--version",
        "2030.1",
    )
    behind = cli(*options)
    assert behind.status == 2  # type: ignore[attr-defined]
    assert "version-unused" in behind.out  # type: ignore[attr-defined]
    options = (*options, "--valid-from", "2030-01-01")
    refused = cli(*options)
    assert refused.status == 2  # type: ignore[attr-defined]
    assert "area-shrunk" in refused.out  # type: ignore[attr-defined]
    done = cli(*options, "--acknowledge", "area-shrunk")
    assert done.status == 0, done  # type: ignore[attr-defined]
    assert "自 2030-01-01 起采用本版，代替版本 2026.1" in done.out  # type: ignore[attr-defined]
    opened = ecozone.open_atlas(demo[1])
    assert opened["ecological_redline"].version == "2030.1"
    assert len(opened.versions("ecological_redline")) == 2
    with pytest.raises(AtlasError, match="不会被覆盖"):
        importing.import_layer(path, demo[1], kind="ecological_redline", version="2030.1", accuracy_m=5.0)


def test_one_layer_one_hash_in_both(server: str, tmp_path: Path) -> None:
    path = shapefile("d", [[ring("EPSG:4523")]], fields=REDLINE, rows=[("R", "红线", "否")], prj_code="EPSG:4523")(
        tmp_path
    )
    both = (str(tmp_path / "a"), f"{server}&schema=other")
    for atlas in both:
        done = importing.import_layer(
            path, atlas, kind="ecological_redline", version="1", accuracy_m=5.0, region="511111"
        )
        assert done.layer is not None, done.issues
    hashes = {ecozone.open_atlas(a)["ecological_redline"].sha256 for a in both}
    assert len(hashes) == 1


def test_killed_import_leaves_old_or_new(server: str, tmp_path: Path) -> None:
    import random
    import time

    shapes = [[[(x + (i % 40) * 200, y + i // 40 * 200) for x, y in ring("EPSG:4523")]] for i in range(800)]
    rows = [(f"R{i}", "红线", "否") for i in range(800)]
    path = shapefile("d", shapes, fields=REDLINE, rows=rows, prj_code="EPSG:4523")(tmp_path)
    address = f"{server}&schema=kills"
    rng, there, whole, start = random.Random(1), 0, 0.0, time.monotonic()
    for i in range(20 if os.environ.get("ECOZONE_SOAK") else 3):
        command = [sys.executable, "-m", "ecozone", "import", path, "--kind", "ecological_redline", "--atlas", address]
        running = subprocess.Popen(
            [*command, "--region", "511111", "--accuracy", "5", "--version", f"v{i}"], stdout=subprocess.DEVNULL
        )
        if i:
            time.sleep(whole * rng.uniform(0.5, 1.0))
            running.kill()
        running.wait()
        if not i:
            whole = time.monotonic() - start
        layers = ecozone.open_atlas(address).versions("ecological_redline")
        assert all(len(layer) == 800 for layer in layers)
        assert there <= len(layers) <= there + 1
        there = len(layers)


def test_postgis_as_a_source(server: str, demo: tuple[Path, str]) -> None:
    read = ecozone.read_layer(
        server, kind="ecological_redline", layer="SELECT zone AS \"HXBM\", name AS \"HXMC\", geom, '否' AS \"SFHXQ\" "
        "FROM ecozone.zone WHERE kind = 'ecological_redline' AND version <> '2030.1'", accuracy_m=5.0,
    )  # fmt: skip
    layer = ecozone.open_atlas(demo[0])["ecological_redline"]
    assert shapely.area(read.require().geometry).sum() == pytest.approx(shapely.area(layer.geometry).sum(), rel=1e-12)
    assert "4490" in read.crs
    for bad in ("DROP TABLE ecozone.zone", "nowhere", "SELECT 1; DROP TABLE ecozone.zone", "SELECT 1 AS a"):
        with pytest.raises(InputError):
            ecozone.read_layer(server, kind="river", layer=bad, accuracy_m=5.0)
    assert ecozone.open_atlas(server).kinds


def test_the_password_is_never_said() -> None:
    for name in ("127.0.0.1:1", "nobody.invalid"):
        with pytest.raises(InputError) as error:
            ecozone.open_atlas(f"postgresql://u:geheim@{name}/x")
        assert "geheim" not in str(error.value)


def test_rasters_stay_behind_and_are_named(server: str, tmp_path: Path) -> None:
    from test_evidence import ramp

    from ecozone import postgis
    from ecozone.errors import EcozoneWarning
    from ecozone.raster.store import import_raster

    folder = tmp_path / "atlas"
    ecozone.Atlas([], "511111").save(folder)
    import_raster(ramp(tmp_path / "dem.tif"), folder, kind="elevation", version="2020", source="试验")
    with pytest.warns(EcozoneWarning, match="栅格没有写入：elevation 2020"):
        postgis.save(ecozone.open_atlas(folder), f"{server}{'&' if '?' in server else '?'}schema=rasterless")


def test_of_two_lists_in_a_database_the_later_one_counts(server: str) -> None:
    """Their names as text go the other way round."""
    import datetime as dt

    from ecozone import postgis
    from ecozone.rules.access import AccessList
    from ecozone.rules.model import Period

    lists = [AccessList(v, "示例", (), period=Period(dt.date(2019, 1, 1))) for v in ("2026-11-22", "2026.1", "2026.9")]
    address = f"{server}{'&' if '?' in server else '?'}schema=lists"
    postgis.save(ecozone.Atlas([], "511111", access=lists), address)
    opened = ecozone.open_atlas(address)
    assert [a.version for a in opened.access] == ["2026.1", "2026.9", "2026-11-22"]
    assert opened.access_at(dt.date(2026, 11, 22)) is opened.access[-1]
