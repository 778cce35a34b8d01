"""Importing: provenance, refusals, versions, the area that must not shrink, shifts, kills, two writers, the audit."""

from __future__ import annotations

import builtins
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from fixtures.make import SQUARE, geojson, polygon, prj, raw, ring, shapefile
from pyproj import Transformer

import ecozone
from ecozone.errors import AtlasError, LayerError
from ecozone.intake import datum, former, importing, limits

pytestmark = pytest.mark.xdist_group("intake-import")
GK = ring("EPSG:4523")
REDLINE = (("HXBM", "C", 10, 0), ("HXMC", "C", 40, 0), ("SFHXQ", "C", 4, 0))


def square(east: float = 0.0, north: float = 0.0, size: float = 1.0) -> list[tuple[float, float]]:
    """Return a closed square in EPSG:4523 beside the parcel, `size` times as wide."""
    n0, e0 = SQUARE[3]
    corners = [(0, 0), (0, 100), (100, 100), (100, 0), (0, 0)]
    return [(e0 + east + x * size, n0 + north + y * size) for x, y in corners]


def degrees(points: list[tuple[float, float]]) -> np.ndarray:
    to = Transformer.from_crs("EPSG:4523", "EPSG:4490", always_xy=True)
    return np.column_stack(to.transform([p[0] for p in points], [p[1] for p in points]))


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """Return a small atlas: a county of 20 km around the parcel."""
    folder = tmp_path / "图集"
    county = geojson(
        "县.geojson",
        polygon(degrees(square(-10_000, -10_000, 200)).tolist()),
        {"XZQDM": "511111", "XZQMC": "沙湾区", "XZJB": "county"},
    )(tmp_path)
    done = importing.import_layer(
        county, folder, kind="admin", version="1", accuracy_m=5.0, coverage="county", region="511111"
    )
    assert done.layer is not None, done.issues
    return folder


def redline(folder: Path, *sizes: float, **more: object) -> Path:
    shapes = [[square(i * 1000.0, 0, s)] for i, s in enumerate(sizes)]
    rows = [(f"R{i}", f"红线{i}", "否") for i in range(len(sizes))]
    return shapefile(
        f"红线{len(list(folder.glob('*.shp')))}",
        shapes,
        fields=REDLINE,
        rows=rows,
        **({"prj_code": "EPSG:4523"} | more),
    )(folder)  # type: ignore[arg-type]


def codes(done: importing.Imported) -> list[str]:
    return [i.code for i in done.issues]


def put(path: Path, atlas: Path, version: str, **more: object) -> importing.Imported:
    options = {"kind": "ecological_redline", "accuracy_m": 5.0} | more
    return importing.import_layer(path, atlas, version=version, **options)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ provenance


def test_import_keeps_provenance_and_shape(atlas: Path, tmp_path: Path) -> None:
    done = put(
        redline(tmp_path, 1, 2),
        atlas,
        "2026.1",
        source="区自然资源局",
        document="川府函〔2026〕1号",
        coverage="county",
        valid_from="2026-01-01",
    )
    assert done.layer is not None, done.issues
    layer = ecozone.open_atlas(atlas)["ecological_redline"]
    assert (layer.source, layer.document, layer.version) == ("区自然资源局", "川府函〔2026〕1号", "2026.1")
    assert layer.valid_from is not None
    assert layer.valid_from.isoformat() == "2026-01-01"
    assert list(layer.columns["name"]) == ["红线0", "红线1"]
    assert layer.coverage is not None
    assert ecozone.open_atlas(atlas)["ecological_redline"].sha256 == done.layer.sha256
    from ecozone.measure import area_m2

    assert area_m2(layer.geometry) == pytest.approx([9995.1, 39980.5], abs=1.0)


def test_same_layer_from_five_formats_has_one_area(atlas: Path, tmp_path: Path) -> None:
    from fixtures.make import by_gdal, gpkg

    paths = [
        redline(tmp_path / "a", 1),
        gpkg("d.gpkg", GK, 4523)(tmp_path),
        by_gdal("d.fgb", "FlatGeobuf", GK, "EPSG:4523")(tmp_path),
        by_gdal("d.gdb", "OpenFileGDB", GK, "EPSG:4523")(tmp_path),
        raw("d.wkt", "SRID=4523;" + shapely.Polygon(GK).wkt)(tmp_path),
    ]
    constants = {"core_reserve": "否"}
    areas = [former.total_km2(put(p, atlas, f"v{i}", constants=constants).layer) for i, p in enumerate(paths)]  # type: ignore[arg-type]
    assert areas == pytest.approx([0.0099951] * 5, abs=1e-7)


def test_river_needs_line_and_class(atlas: Path, tmp_path: Path, cli: Callable[..., object]) -> None:
    path = raw("河.wkt", "SRID=4523;" + shapely.LineString(GK[:3]).wkt)(tmp_path)
    without = put(path, atlas, "1", kind="river", constants={"watercourse": "river"})
    assert without.layer is None
    assert codes(without).count("field-missing") == 2
    done = cli(
        "import",
        path,
        "--kind",
        "river",
        "--atlas",
        atlas,
        "--accuracy",
        "5",
        "--line",
        "water_edge",
        "--river-class",
        "支流",
    )
    assert done.status == 0, done  # type: ignore[attr-defined]
    layer = ecozone.open_atlas(atlas)["river"]
    assert (layer.columns["line"][0], layer.columns["river_class"][0]) == ("water_edge", "支流")


def test_import_asks_for_accuracy(atlas: Path, tmp_path: Path, cli: Callable[..., object]) -> None:
    ran = cli("import", redline(tmp_path, 1), "--kind", "ecological_redline", "--atlas", atlas)
    assert ran.status == 2  # type: ignore[attr-defined]
    assert "--accuracy" in ran.err  # type: ignore[attr-defined]


@pytest.mark.smoke
def test_inspect_prints_and_writes_json(tmp_path: Path, cli: Callable[..., object]) -> None:
    path = redline(tmp_path, 1, encoding="gbk", cpg=None)
    shown = cli("inspect", path, "--kind", "ecological_redline")
    assert shown.status == 0  # type: ignore[attr-defined]
    for word in ("Shapefile", "GBK", "EPSG:4523", "encoding-inferred", "红线0"):
        assert word in shown.out  # type: ignore[attr-defined]
    record = json.loads(cli("inspect", path, "--json", "-", encoding="utf-8").out)  # type: ignore[attr-defined]
    assert record["usable"]
    assert record["area_ha"] == pytest.approx(0.9995, abs=1e-4)


# --------------------------------------------------------------------------------------------- versions, area


def test_versions_stay_and_are_addressable(atlas: Path, tmp_path: Path) -> None:
    put(redline(tmp_path, 1), atlas, "2025.1", valid_from="2025-01-01", valid_to="2025-12-31")
    put(redline(tmp_path, 2), atlas, "2026.1", valid_from="2026-01-01")
    opened = ecozone.open_atlas(atlas)
    assert [v.version for v in opened.versions("ecological_redline")] == ["2025.1", "2026.1"]
    import datetime as dt

    assert opened.at("ecological_redline", dt.date(2025, 6, 1)).version == "2025.1"  # type: ignore[union-attr]
    with pytest.raises(AtlasError, match="不会被覆盖"):
        put(redline(tmp_path, 3), atlas, "2025.1")


@pytest.mark.parametrize("version", ["../x", "a/b", "", "..", "a\\b", "C:x", "x" * 80])
def test_version_cannot_climb(atlas: Path, tmp_path: Path, version: str) -> None:
    with pytest.raises(AtlasError, match="版本号"):
        put(redline(tmp_path, 1), atlas, version)


def test_smaller_redline_must_be_acknowledged(atlas: Path, tmp_path: Path) -> None:
    put(redline(tmp_path, 2), atlas, "1")
    smaller = put(redline(tmp_path, 1), atlas, "2")
    assert smaller.layer is None
    assert [i.code for i in smaller.open_errors] == ["area-shrunk"]
    assert "减少 0.0300" in smaller.open_errors[0].message
    assert len(ecozone.open_atlas(atlas).versions("ecological_redline")) == 1
    assert put(redline(tmp_path, 1), atlas, "2", acknowledged=("area-shrunk",)).layer is not None


def test_smaller_than_the_plan_must_be_acknowledged(atlas: Path, tmp_path: Path) -> None:
    assert put(redline(tmp_path, 1), atlas, "1", plan_area_km2=0.02).layer is None
    assert put(redline(tmp_path, 1), atlas, "1", plan_area_km2=0.0099).layer is not None


def test_a_version_that_nobody_would_use_is_refused(atlas: Path, tmp_path: Path, cli: Callable[..., object]) -> None:
    """The silent clear: what was imported without a day stood behind the version that was there."""
    import datetime as dt

    today = dt.date(2026, 11, 22)
    assert put(redline(tmp_path, 1), atlas, "2026.1", valid_from="2019-01-01").layer is not None
    ask = ("--kind", "ecological_redline", "--atlas", atlas, "--accuracy", "5")
    behind = cli("import", redline(tmp_path, 2), *ask)
    assert behind.status == 2  # type: ignore[attr-defined]
    for words in ("version-unused", "仍是版本2026.1", "自2019-01-01起有效", "--valid-from", "晚于2019-01-01"):
        assert words in re.sub(r"\s", "", behind.out), words  # type: ignore[attr-defined]
    unmoved = put(redline(tmp_path, 2), atlas, "9", today=today, acknowledged=("version-unused",))
    assert (unmoved.layer, unmoved.where, unmoved.used) == (None, "", "")  # nobody can acknowledge it away
    assert len(ecozone.open_atlas(atlas).versions("ecological_redline")) == 1
    done = cli("import", redline(tmp_path, 2), *ask, "--version", "2026-11-22", "--valid-from", "2026-06-01")
    assert done.status == 0, done  # type: ignore[attr-defined]
    assert "自 2026-06-01 起采用本版，代替版本 2026.1" in done.out  # type: ignore[attr-defined]
    opened = ecozone.open_atlas(atlas)
    at = {d: opened.at("ecological_redline", dt.date.fromisoformat(d)) for d in ("2026-05-31", "2026-06-01")}
    assert {d: v and v.version for d, v in at.items()} == {"2026-05-31": "2026.1", "2026-06-01": "2026-11-22"}
    past = put(redline(tmp_path, 1), atlas, "2018", today=today, valid_to="2018-12-31")
    assert past.layer is not None, past.issues  # of the past, and says so
    assert past.used == "至 2018-12-31 止采用本版，此前没有可用的版本"


def test_versions_without_days_go_by_their_numbers(atlas: Path, tmp_path: Path) -> None:
    import datetime as dt

    from ecozone.audit import audit

    today = dt.date(2026, 11, 22)
    for version in ("2026.1", "2026.9", "2026.10", "2026-11-22"):
        assert put(redline(tmp_path, 1), atlas, version, today=today).layer is not None, version
    opened = ecozone.open_atlas(atlas)
    assert [v.version for v in opened.versions("ecological_redline")] == ["2026.1", "2026.9", "2026.10", "2026-11-22"]
    assert opened.at("ecological_redline", today) is opened["ecological_redline"]
    lower = put(redline(tmp_path, 1), atlas, "2026.2", today=today)
    assert [i.code for i in lower.open_errors] == ["version-unused"]
    assert "--version" in lower.open_errors[0].message
    assert put(redline(tmp_path, 0.5), atlas, "2026.12", today=today, acknowledged=("area-shrunk",)).layer is not None
    found = next(v for v in audit(ecozone.open_atlas(atlas), as_of=today).layers if v.kind == "ecological_redline")
    assert found.version == "2026.12"
    assert [i.features for i in found.issues if i.code == "area-shrunk"] == [("2026-11-22",)]


def rivers(folder: Path, name: str, *made: tuple[str, list[tuple[float, float]]], areal: bool = False) -> Path:
    """Return a file of rivers named and drawn as said, in metres beside the parcel."""
    base = SQUARE[3]
    features = []
    for title, points in made:
        line = degrees([(base[1] + x, base[0] + y) for x, y in points]).tolist()
        shape = {"type": "Polygon", "coordinates": [[*line, line[0]]]} if areal else {
            "type": "LineString", "coordinates": line
        }  # fmt: skip
        features.append({"type": "Feature", "properties": {"name": title}, "geometry": shape})
    path = folder / f"{name}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_rivers_that_a_new_version_lacks_are_named(atlas: Path, tmp_path: Path, cli: Callable[..., object]) -> None:
    options = {"kind": "river", "constants": {"watercourse": "river", "line": "water_edge", "river_class": "支流"}}
    east, north = [(0.0, 0.0), (1000.0, 0.0)], [(0.0, 500.0), (0.0, 3500.0)]
    all_of = [("甲河", east), *((f"乙{i}河", [(x + i * 50.0, y) for x, y in north]) for i in range(7))]
    first = put(rivers(tmp_path, "全", *all_of), atlas, "1", **options)
    assert first.layer is not None, first.issues
    assert not {"features-missing", "extent-shrunk", "geometry-reduced"} & set(codes(first))
    ask = ("--kind", "river", "--atlas", atlas, "--accuracy", "5", "--line", "water_edge", "--river-class", "支流")
    record = tmp_path / "记录.json"
    ran = cli("import", rivers(tmp_path, "少", ("甲河", east)), *ask, "--version", "2", "--json", record)
    assert ran.status == 0, ran  # type: ignore[attr-defined]
    said = {i["code"]: i for i in json.loads(record.read_text(encoding="utf-8"))["issues"]}
    assert said["features-missing"]["count"] == 7
    assert said["features-missing"]["severity"] == "warning"
    assert "乙0河、乙1河、乙2河、乙3河、乙4河 等 7 个" in said["features-missing"]["message"]
    assert "总长度 0.9998 公里，比上一版（1）的 21.9946 公里减少 20.9949" in said["extent-shrunk"]["message"]
    assert "[features-missing]" in ran.out and "[extent-shrunk]" in ran.out  # type: ignore[attr-defined]
    again = put(rivers(tmp_path, "又少", ("甲河", east)), atlas, "3", **options)
    assert not {"features-missing", "extent-shrunk", "geometry-reduced"} & set(codes(again))


def test_rivers_that_were_ground_and_become_lines_are_named(atlas: Path, tmp_path: Path) -> None:
    options = {"kind": "river", "constants": {"watercourse": "river", "line": "water_edge", "river_class": "支流"}}
    ring_of = [(0.0, 0.0), (1000.0, 0.0), (1000.0, 60.0), (0.0, 60.0)]
    wide = rivers(tmp_path, "面", ("甲河", ring_of), areal=True)
    narrow = rivers(tmp_path, "窄", ("甲河", [*ring_of[:2], (500.0, 60.0)]), areal=True)
    assert put(wide, atlas, "1", **options).layer is not None
    less = put(narrow, atlas, "2", **options)
    assert less.layer is not None, less.issues
    assert next(i for i in less.issues if i.code == "extent-shrunk").message.count("面积") == 1
    line = put(rivers(tmp_path, "线", ("甲河", ring_of[:2])), atlas, "3", **options)
    assert "geometry-reduced" in codes(line)
    assert "有面，这一版只有线" in next(i.message for i in line.issues if i.code == "geometry-reduced")
    back = put(wide, atlas, "4", **options)
    assert not {"features-missing", "extent-shrunk", "geometry-reduced"} & set(codes(back))


# ------------------------------------------------------------------------------------------------------ where


def test_region_decides_between_zones(atlas: Path, tmp_path: Path) -> None:
    points = [(x - 35e6, y) for x, y in square()]
    path = shapefile("d", [[points]], fields=REDLINE, rows=[("R", "红线", "否")])(tmp_path)
    done = put(path, atlas, "1")
    assert done.layer is not None, done.issues
    assert "crs-by-place" in codes(done)
    assert shapely.centroid(done.layer.geometry[0]).x == pytest.approx(103.5505, abs=1e-4)


def test_elsewhere_is_an_error(atlas: Path, tmp_path: Path) -> None:
    path = shapefile("d", [[square(80_000)]], fields=REDLINE, rows=[("R", "红线", "否")], prj_code="EPSG:4523")(
        tmp_path
    )
    assert [i.code for i in put(path, atlas, "1").open_errors] == ["place-outside"]


def units(tmp_path: Path, points: np.ndarray) -> Path:
    return geojson("单元.geojson", polygon(points.tolist()), {"HJGKDYBM": "ZH51111130001", "ZHGKDYFL": "一般"})(
        tmp_path
    )


@pytest.mark.parametrize(
    ("shift", "code", "crs"), [(datum.to_gcj02, "gcj02-suspected", "GCJ02"), (datum.to_bd09, "bd09-suspected", "BD09")]
)
def test_shifted_basemap_is_suspected_and_undone_when_said(
    atlas: Path, tmp_path: Path, shift: Callable[[np.ndarray], np.ndarray], code: str, crs: str
) -> None:
    path = units(tmp_path, shift(degrees(square(-10_000, -10_000, 200))))
    found = put(path, atlas, "1", kind="control_unit")
    assert code in [i.code for i in found.open_errors]
    message = next(i.message for i in found.issues if i.code == code)
    assert " 米" in message
    assert f"--crs {crs}" in message
    right = put(path, atlas, "1", kind="control_unit", crs=crs)
    assert right.layer is not None, right.issues


def test_displaced_outline_is_named_with_its_shift(atlas: Path, tmp_path: Path) -> None:
    path = units(tmp_path, degrees(square(-10_000 + 12_000, -10_000 + 14_000, 200)))
    found = put(path, atlas, "1", kind="control_unit")
    message = next(i.message for i in found.open_errors if i.code == "shift-suspected")
    assert re.search(
        r"向东 11\.8\d 公里、向北 14\.1\d 公里", message
    )  # 12 and 14 km on the grid, which is turned by 0.7 degrees


def test_right_outline_is_not_suspected(atlas: Path, tmp_path: Path) -> None:
    found = put(units(tmp_path, degrees(square(-10_000, -10_000, 200)) + 2e-5), atlas, "1", kind="control_unit")
    assert found.layer is not None, found.issues


def test_inverse_shifts_are_exact() -> None:
    places = np.array([[103.55, 29.41], [104.9, 29.6], [105.0, 30.3], [104.5, 31.3], [73.5, 39.5], [134.5, 48.3]])
    for there, back in ((datum.to_gcj02, datum.from_gcj02), (datum.to_bd09, datum.from_bd09)):
        assert np.abs(back(there(places)) - places).max() < 1e-11


# --------------------------------------------------------------------------------------------- python, issues


def test_read_layer_returns_the_issues_beside_the_data(tmp_path: Path) -> None:
    read = ecozone.read_layer(redline(tmp_path, 1, encoding="gbk", cpg=None), kind="ecological_redline", accuracy_m=5.0)
    assert len(read.require()) == 1
    assert [i.code for i in read.issues] == ["encoding-inferred", "field-matched"]
    bad = ecozone.read_layer(redline(tmp_path / "b", 1), kind="control_unit", accuracy_m=5.0)
    assert bad.layer is None
    with pytest.raises(LayerError, match="field-missing"):
        bad.require()


def test_read_projects_never_repairs(tmp_path: Path) -> None:
    good, bad = square(), [square()[i] for i in (0, 2, 1, 3, 4)]
    fields = (("项目名称", "C", 20, 0), ("行业代码", "C", 10, 0))
    path = shapefile(
        "d", [[good], [bad]], fields=fields, rows=[("甲", "C2614"), ("乙", "C2614")], prj_code="EPSG:4523"
    )(tmp_path)
    read = ecozone.read_projects(path)
    assert [p.name for p in read.projects] == ["甲"]
    assert read.projects[0].industries == ("C2614",)
    assert [(i.code, i.features) for i in read.issues if i.severity == "error"] == [("ring-refused", ("乙",))]


@pytest.mark.parametrize("crs", ["EPSG:4523", "EPSG:4544"])
def test_a_crossing_site_is_refused_in_any_plane(crs: str) -> None:
    """GEOS mends crossing rings while it cuts their edges: a project's outline must reach the check as it was drawn."""
    points = [ring(crs)[i] for i in (0, 2, 1, 3, 0)]
    with pytest.raises(ecozone.InputError, match="自相交"):
        ecozone.Project(shapely.Polygon(points).wkt, crs=crs)
    with pytest.raises(ecozone.InputError, match="自相交"):
        ecozone.Project(shapely.MultiPolygon([shapely.Polygon(points)]).wkt, crs=crs)


def test_check_reads_sites_through_intake(tmp_path: Path) -> None:
    from fixtures.make import txt

    project = ecozone.Project(raw("d.txt", txt(), "gbk")(tmp_path))
    assert project.area_m2 == pytest.approx(9995.1, abs=0.5)
    assert project.parts[0].accuracy_m == 0.001
    assert any("GBK" in n for n in project.notes)


def test_light_sites_load_no_data_frames(tmp_path: Path) -> None:
    from fixtures.make import gpkg, txt

    paths = [redline(tmp_path, 1), gpkg("d.gpkg", GK, 4523)(tmp_path), raw("d.txt", txt())(tmp_path)]
    code = (
        "import sys, ecozone\nfor s in sys.argv[1:]: ecozone.Project(s)\n"
        "print([m for m in ('pandas', 'geopandas', 'pyogrio', 'pyarrow') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, *map(str, paths), "103.55,29.41"], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"


# ------------------------------------------------------------------------------------------- storage: kills


def big(folder: Path, count: int, name: str) -> Path:
    shapes = [[square((i % 100) * 40.0, (i // 100) * 40.0, 0.3)] for i in range(count)]
    rows = [(f"R{i}", f"红线{i}", "否") for i in range(count)]
    return shapefile(name, shapes, fields=REDLINE, rows=rows, prj_code="EPSG:4523")(folder)


def started(path: Path, atlas: Path, version: str, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ecozone", "import", path, "--kind", "ecological_redline", "--atlas", atlas]
    return subprocess.Popen(
        [*command, "--accuracy", "5", "--version", version, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def sound(atlas: Path) -> set[str]:
    """Open an atlas as a reader would; every version is whole."""
    from ecozone import storage

    opened = ecozone.open_atlas(atlas)
    for version in opened.versions("ecological_redline"):
        meta = storage.read_layer_meta(atlas / "ecological_redline" / f"{version.version}.parquet")
        assert version.sha256 == meta["sha256"]
        assert len(version) == 1500
    return {v.version for v in opened.versions("ecological_redline")}


def test_killed_import_leaves_old_or_new(atlas: Path, tmp_path: Path) -> None:
    kills = 50 if os.environ.get("ECOZONE_SOAK") else 10
    path = big(tmp_path, 1500, "大")
    start = time.monotonic()
    first = started(path, atlas, "v0")
    first.communicate()
    whole = time.monotonic() - start
    assert first.returncode == 0
    rng = random.Random(20261122)
    there, killed = {"v0"}, 0
    for i in range(1, kills + 1):
        running = started(path, atlas, f"v{i}")
        pause = whole * rng.uniform(0.5, 1.02)
        time.sleep(pause)
        running.kill()
        running.communicate()
        killed += running.returncode != 0
        whole = whole if running.returncode else min(whole, pause)  # the machine has become quicker
        now = sound(atlas)
        assert there <= now <= there | {f"v{i}"}
        there = now
    assert killed >= kills // 3
    final = started(path, atlas, f"v{kills + 1}")
    out = final.communicate()[0]
    assert final.returncode == 0, out.decode(errors="replace")
    assert not list(atlas.rglob(".part-*"))


def test_two_imports_at_once(atlas: Path, tmp_path: Path) -> None:
    path = big(tmp_path, 1500, "大")
    days = {"a": "2026-01-01", "b": "2026-02-01", "same": "2026-03-01"}  # used from its day on, whoever comes first
    both = [started(path, atlas, v, "--valid-from", days[v]) for v in ("a", "b", "same", "same")]
    for one in both:
        one.communicate()
    assert [p.returncode for p in both[:2]] == [0, 0]
    assert sorted(p.returncode for p in both[2:]) == [0, 2]
    assert sound(atlas) == {"a", "b", "same"}


def test_lock_waits_and_says_so(atlas: Path) -> None:
    from ecozone._lock import locked

    with locked(atlas), pytest.raises(AtlasError, match="正在向图集"), locked(atlas, patience=0.1):
        pass


def test_open_files_do_not_break_an_import(atlas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a file that somebody has open cannot be replaced: an import never needs to."""
    put(redline(tmp_path, 1), atlas, "1")
    replace = os.replace

    def windows(source: str, target: str) -> None:
        if Path(target).exists():
            raise PermissionError(13, "in use", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", windows)
    with open(atlas / "ecological_redline" / "1.parquet", "rb"), open(atlas / "atlas.toml", "rb"):
        assert put(redline(tmp_path, 2), atlas, "2").layer is not None
    assert len(ecozone.open_atlas(atlas).versions("ecological_redline")) == 2


def test_memory_limit_says_where_it_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name == "resource":
            raise ImportError(name)
        return real(name, *args, **more)  # type: ignore[arg-type]

    with limits.memory() as said:
        assert said is None
    monkeypatch.setattr(builtins, "__import__", without)
    with limits.memory() as said:
        assert said is not None
        assert "RLIMIT" in said


def test_memory_limit_becomes_a_sentence() -> None:
    code = (
        "from ecozone.intake import limits\nfrom ecozone.errors import SiteError\n"
        "try:\n    with limits.memory(200_000_000): x = bytearray(900_000_000)\n"
        "except SiteError as e: print(e)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "内存" in out.stdout


# ---------------------------------------------------------------------------------------------------- audit


def test_audit_names_the_places_to_look_at(atlas: Path, tmp_path: Path, cli: Callable[..., object]) -> None:
    shapes = [[square(0)], [square(50)], [square(50)], [square(3000, 0, 0.02)]]
    rows = [(f"R{i}", f"红线{i}", "否") for i in range(4)]
    path = shapefile("d", shapes, fields=REDLINE, rows=rows, prj_code="EPSG:4523")(tmp_path)
    assert put(path, atlas, "1").layer is not None
    ran = cli("audit", atlas, "--out", tmp_path / "检查", "--as-of", "2026-11-22")
    assert ran.status == 0, ran  # type: ignore[attr-defined]
    page = (tmp_path / "检查" / "audit.html").read_text(encoding="utf-8")
    for word in ("要素相互重叠", "要素重复", "细碎多边形", "<svg", "R0、R1"):
        assert word in page
    assert "http://" not in page
    import pyogrio

    assert pyogrio.read_info(tmp_path / "检查" / "places.gpkg")["crs"] == "EPSG:4490"
    meta, _, wkb, fields = pyogrio.raw.read(tmp_path / "检查" / "places.gpkg")
    found = dict(zip(meta["fields"], fields, strict=True))
    assert sorted(found["code"]) == ["duplicate-zone", "overlap", "overlap", "sliver"]
    assert found["area_m2"].max() == pytest.approx(9995, rel=0.01)
    assert len(wkb) == 4


def test_audit_survives_a_damaged_layer(atlas: Path, tmp_path: Path) -> None:
    import datetime as dt

    from ecozone.audit import audit

    put(redline(tmp_path, 1), atlas, "1")
    file = atlas / "ecological_redline" / "1.parquet"
    file.write_bytes(file.read_bytes()[:-200])
    try:
        found = audit(ecozone.open_atlas(atlas), as_of=dt.date(2026, 11, 22))
    except AtlasError as error:
        assert "损坏" in str(error)
        return
    assert found.worst == "error"


# ------------------------------------------------------------------------------------------------- mutations


def test_damaged_files_end_in_a_sentence(tmp_path: Path) -> None:
    count = 2000 if os.environ.get("ECOZONE_SOAK") else 200
    script = Path(__file__).with_name("mutate_intake.py")
    ran = subprocess.run(
        [sys.executable, script, str(count), "20261122", tmp_path],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["count"] == count
    assert not found["wrong"], found["wrong"][:3]
    assert found["seconds"] < 10
    assert found["bytes"] < 1 << 30


_ = prj
