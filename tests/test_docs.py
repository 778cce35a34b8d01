"""The documentation builds with strict links, and every Python block in it runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ecozone

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs" / "site").glob("*.md"))


@pytest.mark.parametrize(
    "page", [p for p in PAGES if "```python" in p.read_text(encoding="utf-8")], ids=lambda p: p.stem
)
def test_the_blocks_of_a_page_run(page: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), names)


#: Commands that serve or draw on what the reader alone has.
_NOT_RUN = ("ecozone serve",)


@pytest.mark.parametrize("page", [p for p in PAGES if "```bash" in p.read_text(encoding="utf-8")], ids=lambda p: p.stem)
def test_the_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    """Each in its order, in one folder, with the files that the page takes for granted."""
    import shlex

    from conftest import run_cli

    text = page.read_text(encoding="utf-8")
    _given(tmp_path, text)
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    commands = [line for line in lines if line.startswith("ecozone ") and not line.startswith(_NOT_RUN)]
    assert commands
    for command in commands:
        ran = run_cli(*shlex.split(command, comments=True)[1:], cwd=tmp_path)
        assert ran.status in (0, 1, 3, 4), f"{command}\n{ran.out}{ran.err}"


def _given(folder: Path, text: str) -> None:
    """Put what a page's commands read into a folder: atlases, an atlas to import into, a ledger, a raster, rules."""
    import geopandas
    import numpy as np
    import openpyxl
    import rasterio
    import shapely
    from rasterio.transform import from_origin
    from test_access import workbook

    (folder / "data").symlink_to(ROOT / "data")
    shutil.copytree(ROOT / "data" / "boundaries" / "511111", folder / "atlas")
    sites = shapely.points([103.55, 103.58], [29.41, 29.35])
    ledger = geopandas.GeoDataFrame({"nature": "new", "industry": "C2614"}, index=[0, 1], geometry=sites, crs=4490)
    ledger.to_parquet(folder / "ledger.parquet")
    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", count=1, dtype="float32", crs="EPSG:4490", width=60, height=60,
        transform=from_origin(103.5, 29.45, 1 / 600, 1 / 600),
    ) as out:  # fmt: skip
        out.write(np.arange(3600, dtype="float32").reshape(60, 60), 1)
        cover = {**out.profile, "dtype": "uint8"}
    with rasterio.open(folder / "cover.tif", "w", **cover) as out:
        out.write(np.full((60, 60), 1, dtype="uint8"), 1)
    redline = ecozone.open_atlas(folder / "atlas")["ecological_redline"].zones[
        ["zone", "name", "core_reserve", "geometry"]
    ]
    redline.to_file(folder / "红线.gpkg")
    unit = ecozone.open_atlas(folder / "atlas")["control_unit"].columns["code"][0]
    rows = f"管控单元编码,维度,管控要求\n{unit},空间布局约束,禁止新建化工园区。\n"
    (folder / "清单.csv").write_text(rows, encoding="utf-8")
    (folder / "图集").symlink_to(folder / "atlas")
    workbook(folder / "准入清单.xlsx")
    answers = openpyxl.Workbook()
    for row in (
        ["单元编码", "编号", "项目对应情况", "符合性", "填写人"],
        [unit, "1", "不涉及化工园区", "符合", "张三"],
    ):
        answers.active.append(row)
    answers.save(folder / "比对.xlsx")
    ledger.iloc[[0]].to_crs(4544).buffer(60).to_file(folder / "项目.shp")
    books = [b for b in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if b.startswith("book:")]
    for book in books:
        (folder / "rules.yaml").write_text(book, encoding="utf-8")


def test_every_kind_has_its_row() -> None:
    from ecozone import kinds
    from ecozone.words.rasters import surfaces

    listed = (ROOT / "docs" / "site" / "kinds.md").read_text(encoding="utf-8")
    assert [k for k in (*kinds.registry(), *surfaces()) if f"| `{k}` |" not in listed] == []


def test_the_site_builds_with_strict_links(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "api" / "siting" / "index.html").is_file()
