"""Versions of access lists in an atlas: which one is used, and the one that would stand behind another is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from conftest import run_cli
from situations import situation
from test_access import WAREHOUSE, workbook

from ecozone import Atlas, open_atlas


def test_of_two_lists_the_later_one_counts_and_one_behind_is_refused(tmp_path: Path) -> None:
    path, folder = workbook(tmp_path / "清单.xlsx"), tmp_path / "图集"
    _, atlas = situation({"project": WAREHOUSE})
    Atlas([atlas[k] for k in atlas.kinds], "511111").save(folder)
    asked = ["import", str(path), "--kind", "access_list", "--atlas", str(folder)]
    assert run_cli(*asked, "--version", "2026.1", "--valid-from", "2019-01-01").status == 0
    behind = run_cli(*asked)
    assert behind.status == 2 and "仍是版本 2026.1" in behind.err and "--valid-from" in behind.err
    equal = run_cli(*asked, "--version", "2025.9", "--valid-from", "2019-01-01")
    assert equal.status == 2 and "--version" in equal.err
    assert len(open_atlas(folder).access) == 1
    done = run_cli(*asked, "--version", "2026-11-22", "--valid-from", "2026-06-01")  # as text it goes before 2026.1
    assert done.status == 0 and "自 2026-06-01 起采用本版，代替版本 2026.1" in done.out
    opened = open_atlas(folder)
    found = {d: opened.access_at(dt.date.fromisoformat(d)) for d in ("2018-12-31", "2026-05-31", "2026-06-01")}
    assert {d: a and a.version for d, a in found.items()} == {
        "2018-12-31": None, "2026-05-31": "2026.1", "2026-06-01": "2026-11-22",
    }  # fmt: skip
    memory = Atlas([], "511111", access=list(opened.access)[::-1])
    assert memory.access_at(dt.date(2026, 6, 1)).version == "2026-11-22"  # type: ignore[union-attr]
