"""The ledger holds the record's numbers, explains its columns, and no program takes its texts for formulas."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import openpyxl
import pytest
from reports import KINDS, answer

from ecozone.errors import InputError
from ecozone.report.ledger import DICTIONARY, SHEETS, columns, neutral, write_ledger


def near(value: float | None) -> object:
    """Return a number as a cell keeps it: sixteen digits."""
    return None if value is None else pytest.approx(value, rel=1e-14)


def rows(path: Path, sheet: str) -> list[dict[str, object]]:
    lines = list(openpyxl.load_workbook(path)[SHEETS[sheet]].iter_rows(values_only=True))
    keys = [c[0] for c in columns()[sheet]]
    return [dict(zip(keys, line, strict=True)) for line in lines[1:]]


def test_numbers_are_the_records(tmp_path: Path) -> None:
    answers = [answer(k) for k in KINDS]
    path = write_ledger(answers, tmp_path / "l.xlsx")
    projects = rows(path, "project")
    assert len(projects) == len(answers)
    for row, of in zip(projects, answers, strict=True):
        kept = of.to_dict()
        assert row["area_m2"] == near(kept["project"]["area_m2"])
        assert row["length_m"] == near(kept["project"]["length_m"])
        assert row["verdict"] == kept["verdict_text"]
        assert row["complete"] == ("是" if kept["complete"] else "否")
        assert row["units"] == len({u["code"] for u in kept["units"]})
        assert row["open"] == len(kept["open"])
        assert row["failed"] == sum(r["conformity"] == "不符合" for r in kept["requirements"])
    units = rows(path, "unit")
    wanted = [u for of in answers for u in of.units]
    assert [r["code"] for r in units] == [u["code"] for u in wanted]
    for key in ("overlap_m2", "overlap_m", "share"):
        assert [r[key] for r in units] == [near(u[key]) for u in wanted]
    findings = rows(path, "finding")
    open_or_hit = [f for of in answers for f in of.findings if f.outcome in ("hit", "no_data", "undetermined")]
    assert [r["rule"] for r in findings] == [f.rule for f in open_or_hit]
    assert [r["distance_m"] for r in findings] == [
        near(f.where[0]["distance_m"]) if f.where else None for f in open_or_hit
    ]


def test_every_column_is_explained(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_ledger([answer("prohibited")], tmp_path / "l.xlsx"))
    explained = {(r[0], r[1]) for r in book[DICTIONARY].iter_rows(min_row=2, values_only=True)}
    for title in SHEETS.values():
        assert {(title, c.value) for c in book[title][1]} <= explained
    assert all(r[2] for r in book[DICTIONARY].iter_rows(min_row=2, values_only=True))


@pytest.mark.parametrize(
    "text", ["=cmd()", "+1", "-1", "@SUM(A1)", "＝1", "|x", "\t=1", "<script>", "名" * 40_000, "a\x07b"]
)
def test_formulas_are_neutralised(text: str, tmp_path: Path) -> None:
    of = dataclasses.replace(answer("prohibited"), project=answer("prohibited").project.with_(name=text))
    book = openpyxl.load_workbook(write_ledger([of], tmp_path / "l.xlsx"))
    for sheet in book:
        assert not [c.coordinate for line in sheet.iter_rows() for c in line if c.data_type == "f"]
    name = str(book["项目"]["A2"].value)
    assert not name.startswith(("=", "+", "-", "@", "|", "＝"))
    assert neutral(5.0) == 5.0


def test_rows_are_added_to_a_ledger_and_to_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "l.xlsx"
    named = dataclasses.replace(answer("prohibited"), project=answer("prohibited").project.with_(name="=cmd()"))
    write_ledger([named], path)
    write_ledger([answer("conditional")], path, append=True)
    assert [r["name"] for r in rows(path, "project")] == ["'=cmd()", answer("conditional").project.name]
    write_ledger([answer("conditional")], path, append=True)
    assert len(rows(path, "project")) == 3
    other = openpyxl.Workbook()
    other.save(tmp_path / "other.xlsx")
    with pytest.raises(InputError, match="以免覆盖"):
        write_ledger([answer("conditional")], tmp_path / "other.xlsx", append=True)
    (tmp_path / "bad.xlsx").write_text("x")
    with pytest.raises(InputError, match="以免覆盖"):
        write_ledger([answer("conditional")], tmp_path / "bad.xlsx", append=True)
    with pytest.raises(InputError, match="xlsx"):
        write_ledger([], tmp_path / "x.csv")


def test_an_older_ledger_with_fewer_columns_is_added_to(tmp_path: Path) -> None:
    path = write_ledger([answer("prohibited")], tmp_path / "l.xlsx")
    book = openpyxl.load_workbook(path)
    keys = [c[0] for c in columns()["finding"]]
    book[SHEETS["finding"]].delete_cols(keys.index("marks") + 1)
    book.save(path)
    before = len(rows(path, "project"))
    write_ledger([answer("conditional")], path, append=True)
    found = rows(path, "finding")
    assert len(rows(path, "project")) == before + 1
    assert found[0]["marks"] is None and found[0]["cited"]
    assert any(row["marks"] == "规划期已届满" for row in found)
