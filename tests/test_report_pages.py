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
_DOTS = 50


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with reports of four answers: word/<kind>.pdf through LibreOffice, pdf/<kind>.pdf as written."""
    folder = tmp_path_factory.mktemp("pages")
    made = []
    for kind in KINDS:
        made.append(answer(kind).report(folder / f"{kind}.docx"))
        answer(kind).report(folder / "pdf" / f"{kind}.pdf")
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder / "word", *made],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return folder


def text(pdf: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True)
    return done.stdout.decode("utf-8")


def sheets(pdf: Path) -> list[np.ndarray]:
    subprocess.run(["pdftoppm", "-r", str(_DOTS), "-gray", "-png", pdf, pdf.with_suffix("")], check=True)
    return [np.asarray(Image.open(p)) for p in sorted(pdf.parent.glob(f"{pdf.stem}-*.png"))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("medium", ["word", "pdf"])
def test_pages_hold_every_number(pages: Path, medium: str, kind: str) -> None:
    raw = subprocess.run(
        ["pdftotext", "-raw", pages / medium / f"{kind}.pdf", "-"], check=True, capture_output=True
    ).stdout.decode("utf-8")
    read = squeezed(raw)
    missing = []
    for what, said in numbers(answer(kind).to_dict()):
        # A long text may be cut by the end of a page; labels with quotes are set in two fonts and read in pieces.
        if len(said) <= 24 and what != "parameter" and squeezed(said) not in read:
            missing.append((what, said))
    assert not missing


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("medium", ["word", "pdf"])
def test_pages_have_clean_margins_and_no_empty_sheet(pages: Path, medium: str, kind: str) -> None:
    found = sheets(pages / medium / f"{kind}.pdf")
    assert 8 <= len(found) <= 60
    for number, sheet in enumerate(found, 1):
        edge = round(1.6 / 2.54 * _DOTS)
        assert (sheet[:, :edge] > 250).all(), f"page {number}: ink in the left margin"
        assert (sheet[:, -edge:] > 250).all(), f"page {number}: ink in the right margin"
        body = sheet[round(0.09 * len(sheet)) : round(0.9 * len(sheet))]
        assert (body < 200).mean() > 0.001, f"page {number} is empty"


@pytest.mark.parametrize("medium", ["word", "pdf"])
def test_heads_repeat_and_pages_are_numbered(pages: Path, medium: str) -> None:
    each = text(pages / medium / "prohibited.pdf").split("\f")[:-1]
    content = document(answer("prohibited"))
    long = max((b for b in content.blocks if isinstance(b, Table) and b.head), key=lambda b: len(b.rows))
    with_head = [i for i, page in enumerate(each) if all(h in page for h in long.head)]
    assert len(with_head) > 3
    for number, page in enumerate(each, 1):
        assert squeezed(f"第 {number} 页 共 {len(each)} 页") in squeezed(page)
        assert "示例数据，非法定边界" in page


def test_chinese_is_set_in_an_embedded_font(pages: Path) -> None:
    done = subprocess.run(["pdffonts", pages / "pdf" / "linear.pdf"], check=True, capture_output=True)
    fonts = done.stdout.decode("utf-8").splitlines()[2:]
    assert fonts and all(" yes " in line for line in fonts)


def test_the_ledger_opens_in_calc(tmp_path: Path) -> None:
    path = write_ledger([answer(k) for k in KINDS], tmp_path / "l.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", tmp_path / "again", path],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    before, after = (openpyxl.load_workbook(p) for p in (path, tmp_path / "again" / "l.xlsx"))
    assert before.sheetnames == after.sheetnames
    for sheet in before.sheetnames:
        for old, new in zip(before[sheet].iter_rows(), after[sheet].iter_rows(), strict=True):
            for a, b in zip(old, new, strict=False):
                same = a.value == b.value or (
                    isinstance(a.value, float) and b.value == pytest.approx(a.value, rel=1e-12)
                )
                assert same or str(a.value) == str(b.value) or hasattr(a.value, "year"), (sheet, a.coordinate)
