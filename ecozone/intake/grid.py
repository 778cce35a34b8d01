"""Tables as offices keep them (xlsx, csv): cells as text, merged cells filled, headings found below a title."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from ecozone.errors import InputError, MissingDependencyError, did_you_mean
from ecozone.intake import limits
from ecozone.intake.container import check_archive

#: Rows above the headings that may hold a title, and columns read.
_TITLE_ROWS, _COLUMNS = 10, 60


@dataclass(frozen=True)
class Grid:
    """A table's rows below its headings.

    Attributes
    ----------
    headings : tuple of str
        As `heading` cleans them; empty where a column has none.
    rows : tuple of (line, cells)
        Lines as a spreadsheet counts them; cells stripped.
    others : tuple of str
        Sheets that were not read.
    merged : int
        Merged ranges whose value was filled into all their cells.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    others: tuple[str, ...] = ()
    merged: int = 0

    def named(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield (line, cells by heading) of the rows that hold anything."""
        for line, cells in self.rows:
            row = {h: c for h, c in zip(self.headings, cells, strict=False) if h}
            if any(row.values()):
                yield line, row


def heading(text: Any) -> str:
    """Return a heading without white space (names with a trailing newline), in half-width capitals."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(text if text is not None else ""))).upper()


def read_grid(path: str | Path, known: Collection[str], *, sheet: str | None = None) -> Grid:
    """Read a table.

    Parameters
    ----------
    path : str or Path
        ``.xlsx``, or ``.csv`` in UTF-8 or GBK.
    known : collection of str
        Headings that mean something: they stand in the row, among the first ten, that holds most of them
        (two at least; else in the first row that fills two cells).
    sheet : str, optional
        Worksheet to read; the first by default.

    Raises
    ------
    InputError
        No such file or sheet, not a table, too large, or in another encoding.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"找不到文件“{path}”，请检查路径。")
    others: tuple[str, ...] = ()
    merged = 0
    if path.suffix.lower() == ".csv":
        lines = _csv(path)
    elif path.suffix.lower() == ".xlsx":
        lines, others, merged = _xlsx(path, sheet)
    else:
        raise InputError(f"清单“{path.name}”应为 .xlsx 或 .csv 表格。")
    counts = [sum(heading(c) in known for c in cells) for cells in lines[:_TITLE_ROWS]]
    if not lines:
        return Grid((), (), others, merged)
    full = (i for i, cells in enumerate(lines) if sum(map(bool, cells)) > 1)  # a title stands in one cell
    top = counts.index(max(counts)) if max(counts) > 1 else next(full, 0)
    rows = tuple((i, tuple(cells)) for i, cells in enumerate(lines[top + 1 :], start=top + 2))
    return Grid(tuple(heading(c) for c in lines[top]), rows, others, merged)


def _csv(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    limits.check_size(path.name, len(raw), limits.TEXT_BYTES)
    for name in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        try:
            return [[c.strip() for c in row] for row in csv.reader(io.StringIO(text.replace("\x00", "")))]
        except csv.Error:
            raise InputError(f"文件“{path.name}”不是正确的 CSV，请用表格软件重新导出。") from None
    raise InputError(f"文件“{path.name}”既不是 UTF-8 也不是 GBK 编码，请用表格软件另存为“CSV UTF-8”。")


def _xlsx(path: Path, sheet: str | None) -> tuple[list[list[str]], tuple[str, ...], int]:
    try:
        import openpyxl
    except ImportError:
        raise MissingDependencyError(
            "读取 xlsx 需要 openpyxl，请安装：pip install ecozone[report]；或另存为 csv。"
        ) from None
    from xml.etree.ElementTree import ParseError

    limits.check_size(path.name, path.stat().st_size, limits.TEXT_BYTES)
    damaged = (
        BadZipFile, ParseError, zlib.error, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError,
        EOFError, AssertionError,
    )  # fmt: skip
    if path.read_bytes()[:2] != b"PK":
        raise InputError(f"文件“{path.name}”不是正确的 xlsx，请重新导出。")
    check_archive(path, entities=True)
    try:
        book = openpyxl.load_workbook(path, data_only=True)  # merged ranges are known only when all is read
    except damaged:
        raise InputError(f"文件“{path.name}”不是正确的 xlsx，请重新导出。") from None
    names = [s.title for s in book.worksheets]
    if sheet is not None and sheet not in names:
        told = did_you_mean(sheet, names)
        raise InputError(f"文件“{path.name}”没有工作表“{sheet}”{told}工作表有：{'、'.join(names)}。")
    found = book[sheet] if sheet is not None else book.worksheets[0]
    lines = [[_text(c) for c in row] for row in found.iter_rows(values_only=True, max_col=_COLUMNS)]
    spans = list(found.merged_cells.ranges)
    for span in spans:
        value = lines[span.min_row - 1][span.min_col - 1] if span.min_col <= _COLUMNS else ""
        for row in range(span.min_row - 1, min(span.max_row, len(lines))):
            for column in range(span.min_col - 1, min(span.max_col, len(lines[row]))):
                lines[row][column] = value
    return lines, tuple(n for n in names if n != found.title), len(spans)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def value_of(row: dict[str, str], names: Sequence[str]) -> str:
    """Return the first of some columns that holds something."""
    return next((row[n] for n in names if row.get(n)), "")
