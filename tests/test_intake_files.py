"""The fixture set: each file is read right or refused with a reason; build/intake-fixtures.md is the table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from fixtures.cases import CASES
from fixtures.make import Case

from ecozone.intake import diagnose, files

pytestmark = pytest.mark.xdist_group("intake-files")
ROOT = Path(__file__).resolve().parent.parent
ROWS = ROOT / "build" / "intake-fixtures"
MOJIBAKE = re.compile(r"[ÃÂËÎÄºÓ]{2,}|锟斤|\ufffd|烫烫")


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Write the table of all rows there are: each worker has written its own."""
    ROWS.mkdir(parents=True, exist_ok=True)
    yield
    lines = ["| case | file | what intake said | right |", "|---|---|---|---|"]
    for case in CASES:
        row = ROWS / case.name
        lines.append(row.read_text(encoding="utf-8") if row.exists() else f"| {case.name} | | not run | |")
    ROWS.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def note(case: Case, file: str, said: str, *, right: bool) -> None:
    text = re.sub(r"[|\n]", " ", said)[:240]
    row = f"| {case.name} | {file} | {text} | {'yes' if right else 'NO'} |"
    (ROWS / case.name).write_text(row, encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_fixture(case: Case, tmp_path: Path) -> None:
    path = case.make(tmp_path)
    found = diagnose.inspect(path, kind=case.kind, **case.options)
    said = found.refusal or "; ".join(f"{i.severity}:{i.code}" for i in found.issues)
    note(case, path.name, f"{found.format} {found.crs}: {said}", right=False)
    codes = [i.code for i in found.issues]
    if case.refused is not None:
        assert found.refusal is not None, said
        assert case.refused in found.refusal
        assert not found.usable
        assert re.search(r"[\u4e00-\u9fff]", found.refusal)
    else:
        assert found.refusal is None, found.refusal
    if case.error is not None:
        assert case.error in [i.code for i in found.issues if i.severity == "error"], said
        assert not found.usable
    for code in case.issues:
        assert code in codes, said
    for code in case.never:
        assert code not in codes, said
    if case.crs is not None:
        assert case.crs in found.crs
    if case.hectares is not None:
        assert found.area_ha == pytest.approx(case.hectares, abs=1e-4)
    if case.at is not None and case.error is None:
        west, south, east, north = found.extent
        assert ((west + east) / 2, (south + north) / 2) == pytest.approx(case.at, abs=1e-5)
    if case.texts:
        with files.tables(path, encoding_given=case.options.get("encoding"), layer=case.options.get("layer")) as tables:
            out = [str(v) for c in tables[0].columns.values() for v in c] + list(tables[0].columns)
        for text in case.texts:
            assert any(text in o for o in out), out
    if found.format:
        assert not any(MOJIBAKE.search(f"{k}{v}") for k, v in found.columns.items()), found.columns
    note(case, path.name, f"{found.format} {found.crs}: {said}", right=True)


def test_size_of_the_fixture_set() -> None:
    assert len(CASES) >= 120
    assert len({c.name for c in CASES}) == len(CASES)
    assert sum(c.name.startswith("txt-") for c in CASES) >= 20


def test_the_set_is_made_the_same_every_time(tmp_path: Path) -> None:
    for case in [c for c in CASES if c.name.startswith(("shp-", "txt-", "kml", "bomb-m"))]:
        one, two = (case.make(tmp_path / side / case.name) for side in "ab")
        if one.is_file():
            assert one.read_bytes() == two.read_bytes(), case.name


def test_square_is_a_hectare_less_five(tmp_path: Path) -> None:
    from pyproj import Geod

    case = next(c for c in CASES if c.name == "txt-standard")
    found = diagnose.inspect(case.make(tmp_path))
    assert found.area_ha == pytest.approx(0.9995, abs=1e-4)
    with files.tables(case.make(tmp_path)) as tables:
        from ecozone.intake import crs

        located = crs.locate(tables[0])
    oracle = abs(Geod(a=6378137, rf=298.257222101).geometry_area_perimeter(located.geometry[0])[0]) / 1e4
    assert oracle == pytest.approx(0.9995, abs=1e-4)
    assert np.isfinite(shapely.get_coordinates(located.geometry)).all()
