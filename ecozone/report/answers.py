"""The 准入清单比对表: rows of the access lists that nobody has decided, to be filled in and read back as answers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecozone.report.ledger import fill
from ecozone.report.write import workbook, write_bytes

if TYPE_CHECKING:
    from ecozone.assessment import Assessment

#: Headings, as `ecozone.intake.access.read_answers` knows them, and what stands under each (a key of a requirement).
COLUMNS = {
    "管控单元编码": "unit", "单元名称": "unit_name", "编号": "id", "维度": "dimension", "管控要求": "text",
    "项目对应情况": "situation", "符合性": "conformity", "依据": "basis", "填写人": "by", "日期": "on",
}  # fmt: skip
_SHEET = "准入清单比对表"
_SAID = ("符合", "不符合", "不涉及")


def write_answers(answer: Assessment, path: str | Path) -> Path:
    """Write the rows of the access lists that an officer has to compare with the project.

    Rows that a rule decides are left out; what an officer has said already stands in its place. Filled in, the file
    is what ``ecozone check --answers`` reads.

    Parameters
    ----------
    answer : Assessment
    path : path
        ``.xlsx``.

    Raises
    ------
    InputError
        Another suffix, or a place that cannot be written to.
    MissingDependencyError
        openpyxl is not installed.
    """
    target, openpyxl = workbook(path, "比对表")
    asked = {(r["unit"], r["id"]): r for r in answer.requirements if r["decided_by"] != "rule"}
    return write_bytes(target, lambda: _bytes(openpyxl, [_row(r) for r in asked.values()]))


def _row(requirement: Any) -> list[Any]:
    given = {**requirement, "conformity": requirement["officer"] or ""}  # what was said, not what became of it
    return [given[key] for key in COLUMNS.values()]


def _bytes(openpyxl: Any, rows: list[list[Any]]) -> bytes:
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = _SHEET
    fill(sheet, list(COLUMNS), rows)
    choice = DataValidation(type="list", formula1=f'"{",".join(_SAID)}"', allow_blank=True)
    sheet.add_data_validation(choice)
    letter = openpyxl.utils.get_column_letter(list(COLUMNS).index("符合性") + 1)
    choice.add(f"{letter}2:{letter}{max(2, len(rows) + 1)}")
    book.properties.creator = "ecozone"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
