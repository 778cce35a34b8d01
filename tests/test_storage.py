"""Atlas folders: what is written comes back, whole or not at all; what is damaged is said in one sentence."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow.parquet
import pytest
import shapely

from ecozone import Atlas, Layer, compiled, open_atlas, storage, versions
from ecozone.atlasfile import Accepted, Parameter
from ecozone.errors import AtlasError, EcozoneError

SQUARE = shapely.box(103.5, 29.4, 103.51, 29.41)
HOLED = shapely.difference(shapely.box(103, 29, 104, 30), shapely.Point(103.5, 29.5).buffer(0.1, quad_segs=5))
EMPTY_BUT = "一二三 \"引号\" 'x' \\ 反斜杠 # 注释 = [段] 🌊 末尾空格 "


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's cache out of it."""
    monkeypatch.setenv("ECOZONE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def rivers(**meta: Any) -> Layer:
    lines = [shapely.LineString([(103.4, 29.3), (103.6, 29.5), (103.61, 29.51)]), shapely.MultiPolygon([SQUARE])]
    zones = geopandas.GeoDataFrame(
        {"zone": ["r2", "r1"], "name": ["岷江", None], "river_class": ["干流", None], "half_width_m": [40, None],
         "document": ["川府发〔2020〕1号", None], "自己的": [1.5, None], "n": [1, 2]},
        geometry=lines, crs="EPSG:4490",
    )  # fmt: skip
    said: dict[str, Any] = {
        "accuracy_m": 5.5, "version": "2026.1 初稿", "source": "示例", "licence": "CC0", "document": "某规划",
        "valid_from": "2021-03-01", "valid_to": "2030-12-31", "line": "water_edge", "complete_for": ["主城区", "岷江"],
        "sensitive": True, "notice": "示例数据，非法定边界", "coverage": HOLED,
    }  # fmt: skip
    return Layer(kind="river", zones=zones, **{**said, **meta})


def wetlands(version: str = "1", **meta: Any) -> Layer:
    zones = geopandas.GeoDataFrame({"geometry": [SQUARE]}, crs="EPSG:4490")
    return Layer(kind="wetland", zones=zones, coverage=HOLED, accuracy_m=5, version=version, **meta)


def says(error: pytest.ExceptionInfo[EcozoneError], *words: str) -> None:
    text = str(error.value)
    assert "\n" not in text and re.search(r"[\u4e00-\u9fff]{3}", text) and "Traceback" not in text, text
    for word in words:
        assert word in text, text


# --------------------------------------------------------------------------------------------- round trip


def same(a: Layer, b: Layer) -> None:
    by_id = [np.argsort(x.columns["zone"].astype(str)) for x in (a, b)]
    for key in set(a.columns) | set(b.columns):
        left, right = (x.columns[key][order].tolist() for x, order in zip((a, b), by_id, strict=True))
        assert left == right and [type(v) for v in left] == [type(v) for v in right], key
    assert shapely.equals_exact(a.geometry[by_id[0]], b.geometry[by_id[1]], 0).all()
    assert (a.coverage is None) == (b.coverage is None)
    assert a.coverage is None or shapely.equals_exact(a.coverage, b.coverage, 0)
    assert a.meta() == b.meta() and a.sha256 == b.sha256


def test_a_layer_comes_back_as_it_was(tmp_path: Path) -> None:
    for made in (rivers(), rivers(coverage=None, valid_from=None, complete_for=()), wetlands()):
        path = storage.write_layer(made, tmp_path)
        assert path == tmp_path / made.kind / f"{made.version}.parquet"
        same(storage.read_layer(path), made)
        same(storage.read_layer(path), made)  # the second time from the cache


def test_a_layer_without_zones_comes_back(tmp_path: Path) -> None:
    none = Layer(
        kind="river", zones=geopandas.GeoDataFrame({"geometry": []}, crs="EPSG:4490"), coverage=HOLED, accuracy_m=5
    )
    same(storage.read_layer(storage.write_layer(none, tmp_path)), none)


def test_any_gis_reads_the_file(tmp_path: Path) -> None:
    made = rivers()
    path = storage.write_layer(made, tmp_path)
    got = geopandas.read_parquet(path)
    assert got.crs.to_epsg() == 4490 and got.geometry.name == "geometry"
    assert got["zone"].tolist() == ["r1", "r2"] and got["自己的"].tolist()[1] == 1.5
    assert got.geometry.iloc[1].equals_exact(made.geometry[0], 0)
    geo = json.loads(pyarrow.parquet.read_schema(path).metadata[b"geo"])
    assert geo["primary_column"] == "geometry" and geo["columns"]["geometry"]["encoding"] == "WKB"


def test_mixed_columns_of_ones_own_are_kept_as_text(tmp_path: Path) -> None:
    zones = geopandas.GeoDataFrame(
        {"mixed": [1, "一"], "flags": [True, 0.5], "geometry": [SQUARE, SQUARE.centroid.buffer(0.001)]}, crs="EPSG:4490"
    )
    made = Layer(kind="wetland", zones=zones, accuracy_m=5)
    back = storage.read_layer(storage.write_layer(made, tmp_path))
    assert back.columns["mixed"].tolist() == ["1", "一"]
    same(back, made)


def test_an_atlas_comes_back_as_it_was(tmp_path: Path) -> None:
    parameters = {
        "罗江绵远河管控带宽度_m": Parameter(
            "罗江绵远河管控带宽度_m", 50, "m", EMPTY_BUT, dt.date(2026, 1, 2), "制表\t换行\n回车\r"
        ),
        "a.b c": Parameter("a.b c", 1.5e-7, by="甲"),
        "是否": Parameter("是否", True),
        "文字": Parameter("文字", "二十"),
        "numpy": Parameter("numpy", np.float64(20.25)),
        "整数": Parameter("整数", np.int64(7)),
    }
    accepted = {"SC-沱江": Accepted("SC-沱江", "乙", dt.date(2026, 3, 4), EMPTY_BUT), "x": Accepted("x")}
    atlas = Atlas(
        [rivers(), wetlands()], "511111", name=EMPTY_BUT, notice="示例\n数据", parameters=parameters, accepted=accepted
    )
    atlas.save(tmp_path / "图集 甲")
    back = open_atlas(tmp_path / "图集 甲")
    assert (back.region, back.name, back.notice) == (atlas.region, atlas.name, atlas.notice)
    assert dict(back.parameters) == dict(atlas.parameters) and dict(back.accepted) == dict(atlas.accepted)
    assert back.kinds == atlas.kinds == ["river", "wetland"]
    for kind in atlas:
        same(back[kind], atlas[kind])
    assert tomllib.loads((tmp_path / "图集 甲" / "atlas.toml").read_text(encoding="utf-8"))["format"] == 1
    back.save(tmp_path / "again")
    assert (tmp_path / "again" / "atlas.toml").read_bytes() == (tmp_path / "图集 甲" / "atlas.toml").read_bytes()


def test_atlas_toml_as_an_office_leaves_it(tmp_path: Path) -> None:
    """Saved by Notepad: a byte order mark, CRLF, a comment, a date without quotes."""
    Atlas([wetlands()], "511111").save(tmp_path)
    text = (
        "\ufeff# 乐山\r\nformat = 1\r\nregion = '511111'\r\nname = \"沙湾\"\r\n\r\n"
        "[accepted.SC-沱江]\r\nby = '局'\r\non = 2026-01-01\r\n".replace("SC-沱江", '"SC-沱江"')
    )
    (tmp_path / "atlas.toml").write_bytes(text.encode())
    got = open_atlas(tmp_path)
    assert got.name == "沙湾" and got.accepted["SC-沱江"].on == dt.date(2026, 1, 1)


# ----------------------------------------------------------------------------------------------- versions


def test_the_version_of_a_day_is_never_the_newest_one_instead(tmp_path: Path) -> None:
    made = [
        wetlands("c", valid_from="2027-01-01"),
        wetlands("a", valid_from="2020-01-01", valid_to="2022-12-31"),
        wetlands("b", valid_from="2024-01-01", valid_to="2025-12-31"),
    ]
    memory = Atlas(made, "511111")
    for atlas in (memory, open_atlas(memory.save(tmp_path))):
        days = {
            "2019-12-31": None, "2020-01-01": "a", "2022-12-31": "a", "2023-06-01": None, "2024-01-01": "b",
            "2025-12-31": "b", "2026-11-22": None, "2027-01-01": "c", "2099-01-01": "c",
        }  # fmt: skip
        for day, version in days.items():
            got = atlas.at("wetland", dt.date.fromisoformat(day))
            assert (got.version if got else None) == version, day
        assert atlas["wetland"].version == "c"
        assert [v.version for v in atlas.versions("wetland")] == ["a", "b", "c"]
        assert atlas.at("river", dt.date(2026, 1, 1)) is None


def test_of_two_valid_versions_the_later_one_counts() -> None:
    atlas = Atlas(
        [wetlands("2", valid_from="2024-01-01"), wetlands("1"), wetlands("3", valid_from="2025-01-01")], "511111"
    )
    assert [atlas.at("wetland", dt.date(y, 6, 1)).version for y in (2023, 2024, 2026)] == ["1", "2", "3"]


def test_versions_are_ordered_by_day_and_then_as_one_reads_them(tmp_path: Path) -> None:
    names = ["1", "2", "10", "2025", "2026.1", "2026.9", "2026.10", "2026-11-22", "2026-11-22-2", "2026-11-22-10", "v9",
             "v10", "初稿"]  # fmt: skip
    shuffled = [*names[::2], *names[1::2]]
    assert sorted(shuffled, key=lambda v: versions.order(None, v)) == names
    assert versions.order(None, "9") < versions.order("2019-01-01", "1") == versions.order(dt.date(2019, 1, 1), "1")
    assert versions.order(None, "2026-1") != versions.order(None, "2026.1")  # never a tie
    atlas = Atlas([wetlands(v) for v in reversed(names)], "511111")
    assert [v.version for v in atlas.versions("wetland")] == names
    assert [v.version for v in open_atlas(atlas.save(tmp_path)).versions("wetland")] == names


def _version(name: str, first: str | None = None, last: str | None = None) -> versions.Held:
    return versions.Held(name, *(dt.date.fromisoformat(d) if d else None for d in (first, last)))


@pytest.mark.parametrize(
    ("new", "others", "words"),
    [
        (_version("2"), [_version("1", "2019-01-01")], ["仍是版本 1", "晚于 2019-01-01", "--valid-from"]),
        (_version("2", last="2018-12-31"), [_version("1", "2019-01-01")], []),
        (_version("2", last="2018-12-31"), [_version("1")], []),
        (_version("1"), [_version("2")], ["仍是版本 2", "--version", "--valid-to"]),
        (_version("1", "2026-01-01"), [_version("2")], []),
        (_version("1", "2026-01-01"), [_version("2", "2026-01-01")], ["2026-01-01 采用的仍是版本 2", "--version"]),
        (_version("1", "2025-01-01"), [_version("2", "2026-01-01")], []),
        (_version("1", "2026-01-01", "2025-01-01"), [], ["早于"]),
        (_version("1"), [], []),
    ],
)
def test_a_version_behind_another_is_seen_beforehand(
    new: versions.Held, others: list[versions.Held], words: list[str]
) -> None:
    said = versions.unused(new, others, dt.date(2026, 11, 22))
    assert bool(said) == bool(words), said
    for word in words:
        assert word in said
    if not said:  # what the sentence promises is what an atlas does
        start = new.first or min(dt.date(2026, 11, 22), new.last or dt.date.max)
        made = [wetlands(v.version, valid_from=v.first, valid_to=v.last) for v in (new, *others)]
        assert Atlas(made, "511111").at("wetland", start).version == new.version  # type: ignore[union-attr]


def test_what_a_version_replaces_is_told_day_by_day() -> None:
    old, later = _version("2026.1", "2019-01-01"), _version("2030", "2030-01-01")
    assert versions.told(_version("2", "2026-06-01"), [old]) == "自 2026-06-01 起采用本版，代替版本 2026.1"
    assert versions.told(_version("2", "2026-06-01"), [old, later]) == (
        "自 2026-06-01 起至 2029-12-31 止采用本版，代替版本 2026.1"
    )
    assert versions.told(_version("2"), []) == "对任何日期都采用本版，此前没有可用的版本"
    assert versions.told(_version("2"), [_version("1")]) == "对任何日期都采用本版，代替版本 1"
    assert versions.told(_version("2", "2018-01-01", "2026-12-31"), [old]) == (
        "自 2018-01-01 起至 2018-12-31 止采用本版，此前没有可用的版本"
    )
    assert versions.told(_version("1"), [_version("2")]) == "没有一天采用本版"


def test_two_layers_of_one_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AtlasError) as caught:
        Atlas([wetlands("1"), wetlands("1")], "511111")
    says(caught, "wetland", "两个同名版本")
    Atlas([wetlands("1")], "511111").save(tmp_path)
    shutil.copy(tmp_path / "wetland" / "1.parquet", tmp_path / "wetland" / "copy.parquet")
    with pytest.raises(AtlasError) as caught:
        open_atlas(tmp_path)
    says(caught, "两个同名版本")


def test_a_layer_in_another_kinds_folder_is_refused(tmp_path: Path) -> None:
    """Moved by hand: it would answer for a kind it is not."""
    Atlas([wetlands("1")], "511111").save(tmp_path)
    shutil.move(tmp_path / "wetland", tmp_path / "river")
    with pytest.raises(AtlasError) as caught:
        open_atlas(tmp_path)["river"]
    says(caught, "river", "wetland")


@pytest.mark.parametrize("region", ["", "5111", "51111a", "乐山", "5111111"])
def test_a_region_is_six_digits(region: str) -> None:
    with pytest.raises(AtlasError) as caught:
        Atlas([], region)
    says(caught, "六位")


# ----------------------------------------------------------------------------------- whole or not at all


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = storage.write_layer(rivers(), tmp_path)
    before = path.read_bytes()

    def half(table: Any, part: Any, **_: Any) -> None:
        Path(part).write_bytes(before[: len(before) // 2])
        raise OSError("No space left on device")

    monkeypatch.setattr(pyarrow.parquet, "write_table", half)
    with pytest.raises(OSError, match="No space"):
        storage.write_layer(rivers(accuracy_m=9), tmp_path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


KILLED = """
import os, sys, pyarrow.parquet
from ecozone import open_atlas
real = pyarrow.parquet.write_table
def half(table, part, **options):
    real(table, part, **options)
    data = open(part, "rb").read()
    open(part, "wb").write(data[: len(data) // 2])
    os._exit(9)
pyarrow.parquet.write_table = half
open_atlas(sys.argv[1]).save(sys.argv[1])
"""


def test_a_killed_write_leaves_a_readable_atlas(tmp_path: Path) -> None:
    folder = Atlas([rivers(), wetlands()], "511111").save(tmp_path / "atlas")
    before = {p: p.read_bytes() for p in folder.rglob("*.parquet")}
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False, capture_output=True, timeout=60)
    assert done.returncode == 9, done.stderr.decode()
    assert {p: p.read_bytes() for p in before} == before
    assert list(folder.rglob(".part-*")), "the killed process was writing"
    back = open_atlas(folder)
    assert back.kinds == ["river", "wetland"] and back["river"].sha256 == rivers().sha256
    assert [v.version for v in back.versions("river")] == ["2026.1 初稿"]


@pytest.mark.skipif(os.name == "nt", reason="permissions of another kind")
def test_what_is_written_others_may_read(tmp_path: Path) -> None:
    """A shared folder: files get the modes of the folder's owner's umask, not those of a private temporary file."""
    before = os.umask(0o022)
    try:
        folder = Atlas([wetlands()], "511111").save(tmp_path / "atlas")
    finally:
        os.umask(before)
    for path in (p for p in folder.rglob("*") if p.is_file()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644, path


# ------------------------------------------------------------------------------------------------ damage


def _schema(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    table = pyarrow.parquet.read_table(path)
    meta = json.loads(table.schema.metadata[b"ecozone"])
    change(meta)
    kept = {**table.schema.metadata, b"ecozone": json.dumps(meta).encode()}
    pyarrow.parquet.write_table(table.replace_schema_metadata(kept), path)


def _columns(path: Path, change: Callable[[Any], Any]) -> None:
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)


def _bad_wkb(table: Any) -> Any:
    at = table.schema.get_field_index("geometry")
    return table.set_column(at, "geometry", pyarrow.array([b"\x01\x02\x03"] * len(table)))


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "empty": lambda p: p.write_bytes(b""),
    "text": lambda p: p.write_text("这不是 Parquet", encoding="utf-8"),
    "half": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "without its end": lambda p: p.write_bytes(p.read_bytes()[:-1]),
    "its data overwritten": lambda p: p.write_bytes(b"PAR1" + b"\x00" * 400 + p.read_bytes()[404:]),
    "somebody else's": lambda p: geopandas.GeoDataFrame({"geometry": [SQUARE]}, crs="EPSG:4490").to_parquet(p),
    "of a newer format": lambda p: _schema(p, lambda m: m.update(format=2)),
    "without a kind": lambda p: _schema(p, lambda m: m.pop("kind")),
    "without an accuracy": lambda p: _schema(p, lambda m: m.pop("accuracy_m")),
    "of no known kind": lambda p: _schema(p, lambda m: m.update(kind="湿地")),
    "with a broken coverage": lambda p: _schema(p, lambda m: m.update(coverage={"type": "Polygon"})),
    "with a broken date": lambda p: _schema(p, lambda m: m.update(valid_from="昨天")),
    "with a list for metadata": lambda p: _columns(p, lambda t: t) or _list_meta(p),
    "with broken shapes": lambda p: _columns(p, _bad_wkb),
    "without shapes": lambda p: _columns(p, lambda t: t.drop_columns(["geometry"])),
    "without ids": lambda p: _columns(p, lambda t: t.drop_columns(["zone"])) or None,
    "a folder": lambda p: (p.unlink(), p.mkdir()),
}


def _list_meta(path: Path) -> None:
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(table.replace_schema_metadata({"ecozone": "[1]"}), path)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_layer_is_one_sentence(tmp_path: Path, damage: str) -> None:
    folder = Atlas([rivers(), wetlands()], "511111").save(tmp_path / "atlas")
    path = folder / "wetland" / "1.parquet"
    DAMAGE[damage](path)
    if damage == "without ids":  # ids are filled in: that is no damage
        assert len(open_atlas(folder)["wetland"]) == 1
        return
    with pytest.raises(EcozoneError) as caught:
        open_atlas(folder)["wetland"]
    says(caught)
    assert open_atlas(folder)["river"].sha256 == rivers().sha256  # the others are still there


def test_every_cut_of_a_file_is_one_sentence(tmp_path: Path) -> None:
    path = storage.write_layer(rivers(), tmp_path)
    whole = path.read_bytes()
    for size in np.linspace(0, len(whole) - 1, 60).astype(int).tolist():
        path.write_bytes(whole[:size])
        with pytest.raises(EcozoneError):
            storage.read_layer(path)


def test_a_damaged_cache_changes_no_answer(tmp_path: Path, own_cache: Path) -> None:
    path = storage.write_layer(rivers(), tmp_path)
    storage.read_layer(path)
    kept = list(own_cache.rglob("*.bin"))
    assert kept and compiled.cache_folder() == own_cache
    whole = kept[0].read_bytes()
    rng = np.random.default_rng(1)
    damaged = [
        b"",
        whole[:10],
        whole[: len(whole) // 2],
        whole[:-3],
        b"\x00" * len(whole),
        whole.replace(b"ends", b"dnes"),
    ]
    for _ in range(40):
        at = int(rng.integers(len(whole)))
        damaged.append(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    for data in damaged:
        kept[0].write_bytes(data)
        same(storage.read_layer(path), rivers())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "格式"),
        ("format = 2\nregion = '511111'", "格式"),
        ("format = 1", "六位"),
        ("format = 1\nregion = '511111'\nname = 未加引号", "atlas.toml"),
        ("format = 1\nregion = '511111'\n[parameters.x]\nunit = 'm'", "value"),
        ("format = 1\nregion = '511111'\n[parameters]\nx = 5", "parameters"),
        ("format = 1\nregion = '511111'\nparameters = 5", "parameters"),
        ("format = 1\nregion = '511111'\n[accepted]\nx = true", "accepted"),
        ("format = 1\nregion = '511111'\n[accepted.x]\non = '昨天'", "日期"),
        ("format = 1\nregion = 511111", None),
    ],
)
def test_a_damaged_atlas_toml_is_one_sentence(tmp_path: Path, text: str, word: str | None) -> None:
    (tmp_path / "atlas.toml").write_text(text, encoding="utf-8")
    if word is None:
        assert open_atlas(tmp_path).region == "511111"
        return
    with pytest.raises(EcozoneError) as caught:
        open_atlas(tmp_path)
    says(caught, word)


def test_no_atlas_there(tmp_path: Path) -> None:
    for path, word in ((tmp_path / "没有", "找不到"), (tmp_path, "atlas.toml")):
        with pytest.raises(AtlasError) as caught:
            open_atlas(path)
        says(caught, word)
    (tmp_path / "atlas.toml").write_bytes("format = 1\nname = '乐山'".encode("gbk"))
    with pytest.raises(AtlasError) as caught:
        open_atlas(tmp_path)
    says(caught, "UTF-8")


def test_nothing_is_written_into_an_atlas_that_is_read(tmp_path: Path) -> None:
    folder = Atlas([rivers(), wetlands()], "511111").save(tmp_path / "atlas")
    before = sorted((p, p.stat().st_mtime_ns) for p in folder.rglob("*"))
    atlas = open_atlas(folder)
    assert [atlas[k].sha256 for k in atlas] and atlas["river"].zones is not None
    assert sorted((p, p.stat().st_mtime_ns) for p in folder.rglob("*")) == before
