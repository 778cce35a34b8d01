"""The table of access-list rows that `check` writes is the one that it reads back when it is filled in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import ecozone
from ecozone.demo import demo_folder
from ecozone.errors import InputError
from ecozone.intake.access import read_answers
from ecozone.report.answers import COLUMNS, write_answers

DAY = "2026-11-22"
SITE = ("check", "103.553,29.405", "--atlas", str(demo_folder() / "511111"), "--nature", "new", "--industry", "C2614",
        "--extent", "100", "--as-of", DAY)  # fmt: skip


def test_a_table_written_filled_in_and_read_back(cli: Callable[..., Any], tmp_path: Path) -> None:
    blank, filled = tmp_path / "比对表.xlsx", tmp_path / "填好.xlsx"
    assert "比对表：" in cli(*SITE, "--answers-to", str(blank)).out
    assert read_answers(blank) == {}, "nothing is said before somebody fills it in"
    book = openpyxl.load_workbook(blank)
    sheet = book.active
    at = {cell.value: cell.column for cell in sheet[1]}
    assert list(at) == list(COLUMNS)
    rows = range(2, sheet.max_row + 1)
    assert len(rows) > 3
    for row in rows:
        for head, value in (("符合性", "符合"), ("项目对应情况", "已落实"), ("依据", "可研"), ("填写人", "张三")):
            assert sheet.cell(row, at[head]).value is None
            sheet.cell(row, at[head], value)
        sheet.cell(row, at["日期"], DAY)
    book.save(filled)
    said = read_answers(filled)
    assert len(said) == len(rows) and {a.by for a in said.values()} == {"张三"}
    again = ecozone.check(
        ecozone.Project("103.553,29.405", nature="new", industry="C2614", extent_m=100),
        ecozone.demo_atlas("511111"),
        as_of=DAY,
        answers=said,
    )
    assert {(r["unit"], r["id"]) for r in again.requirements if r["decided_by"] == "officer"} == set(said)
    third = tmp_path / "再写.xlsx"
    write_answers(again, third)
    assert read_answers(third) == said, "what was said stands in the table that is written next"


def test_another_suffix_is_a_sentence(tmp_path: Path) -> None:
    answer = ecozone.check(ecozone.Project("103.553,29.405", nature="new"), ecozone.demo_atlas("511111"), as_of=DAY)
    with pytest.raises(InputError, match="xlsx"):
        write_answers(answer, tmp_path / "表.csv")
