"""The pages an officer holds: Word through LibreOffice, PDF as written, text and layout read back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image
from reports import KINDS, answer, numbers, squeezed

from ecozone.report.document import document
from ecozone.report.ledger import write_ledger
from ecozone.report.tree import Table

pytestmark = pytest.mark.libreoffice
_DOTS = 40


def test_word_pages_through_libreoffice(tmp_path: Path) -> None:
    """One conversion of all four: a soffice starts slowly."""
    made = [answer(kind).report(tmp_path / f"{kind}.docx") for kind in KINDS]
    _converted(made, "pdf", tmp_path)
    for kind in KINDS:
        _check(tmp_path / "again" / f"{kind}.pdf", kind)


def test_pdf_pages(tmp_path: Path) -> None:
    for kind in KINDS:
        path = answer(kind).report(tmp_path / f"{kind}.pdf", figures=kind == "linear")
        _check(path, kind)
        done = subprocess.run(["pdffonts", path], check=True, capture_output=True)
        fonts = done.stdout.decode("utf-8").splitlines()[2:]
        assert fonts and all(" yes " in line for line in fonts), "a font is not embedded"


def _check(pdf: Path, kind: str) -> None:
    _numbers(pdf, kind)
    _heads_and_page_numbers(pdf, kind)
    _layout(pdf)


def _numbers(pdf: Path, kind: str) -> None:
    read = squeezed(_text(pdf, "-raw"))
    missing = []
    for what, said in numbers(answer(kind).to_dict()):
        # A long text may be cut by the end of a page; labels with quotes are set in two fonts and read in pieces.
        if len(said) <= 24 and what != "parameter" and squeezed(said) not in read:
            missing.append((what, said))
    assert not missing


def _heads_and_page_numbers(pdf: Path, kind: str) -> None:
    each = _text(pdf, "-layout").split("\f")[:-1]
    content = document(answer(kind))
    long = max((b for b in content.blocks if isinstance(b, Table) and b.head), key=lambda b: len(b.rows))
    assert sum(all(h in page for h in long.head) for page in each) > 2
    for number, page in enumerate(each, 1):
        assert squeezed(f"第 {number} 页 共 {len(each)} 页") in squeezed(page)
        assert "示例数据，非法定边界" in page


def _layout(pdf: Path) -> None:
    """Look at the sheets: nothing runs into the margins, none is empty."""
    subprocess.run(["pdftoppm", "-r", str(_DOTS), "-gray", "-png", pdf, pdf.with_suffix("")], check=True)
    found = [np.asarray(Image.open(p)) for p in sorted(pdf.parent.glob(f"{pdf.stem}-*.png"))]
    assert 8 <= len(found) <= 60
    edge = round(1.6 / 2.54 * _DOTS)
    for number, sheet in enumerate(found, 1):
        assert (sheet[:, :edge] > 250).all(), f"page {number}: ink in the left margin"
        assert (sheet[:, -edge:] > 250).all(), f"page {number}: ink in the right margin"
        body = sheet[round(0.09 * len(sheet)) : round(0.9 * len(sheet))]
        assert (body < 200).mean() > 0.001, f"page {number} is empty"


def _text(pdf: Path, how: str) -> str:
    done = subprocess.run(["pdftotext", how, pdf, "-"], check=True, capture_output=True)
    return done.stdout.decode("utf-8")


def _converted(files: list[Path], to: str, folder: Path) -> None:
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", to, "--outdir", folder / "again", *files],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip


def test_the_ledger_opens_in_calc(tmp_path: Path) -> None:
    path = write_ledger([answer(k) for k in KINDS], tmp_path / "l.xlsx")
    _converted([path], "xlsx", tmp_path)
    before, after = (openpyxl.load_workbook(p) for p in (path, tmp_path / "again" / "l.xlsx"))
    assert before.sheetnames == after.sheetnames
    for sheet in before.sheetnames:
        for old, new in zip(before[sheet].iter_rows(), after[sheet].iter_rows(), strict=True):
            for a, b in zip(old, new, strict=False):
                same = a.value == b.value or (
                    isinstance(a.value, float) and b.value == pytest.approx(a.value, rel=1e-12)
                )
                assert same or str(a.value) == str(b.value) or hasattr(a.value, "year"), (sheet, a.coordinate)
