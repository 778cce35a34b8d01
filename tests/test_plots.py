"""Pictures show what was found: as many colours as verdicts, Chinese in a font that has it, surfaces where they lie."""

from __future__ import annotations

from pathlib import Path

import geopandas
import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

import ecozone
from ecozone import plots
from ecozone.errors import InputError, MissingDependencyError
from ecozone.raster import Raster

mpl.use("Agg")
NOTICE = "示例数据，非法定边界"


@pytest.fixture(autouse=True)
def closed():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def frame(*verdicts: str, points: bool = False) -> geopandas.GeoDataFrame:
    shapes = [shapely.box(103.5 + 0.01 * i, 29.4, 103.51 + 0.01 * i, 29.41) for i in range(len(verdicts))]
    geometry = [s.centroid for s in shapes] if points else shapes
    return geopandas.GeoDataFrame({"verdict": verdicts}, geometry=geometry, crs=4490)


def legend(ax) -> list[str]:
    return [t.get_text() for t in ax.get_legend().get_texts()]


def drawn(ax) -> None:
    """Draw for real: a sign without a glyph warns, and a warning is an error here."""
    ax.figure.canvas.draw()


def test_ground_by_verdict_says_how_much() -> None:
    ax = plots.verdicts(frame("clear", "prohibited", "prohibited"), title="用地", notice=NOTICE)
    drawn(ax)
    assert ax.get_title() == "用地"
    assert ax.get_xlabel() == NOTICE
    first, second = legend(ax)
    assert first.startswith("未发现禁止、限制情形 1.1 平方公里")
    assert second.startswith("不符合 2.2 平方公里")
    drawn(points := plots.verdicts(frame("clear", "restricted", points=True), ["clear", "clear"]))
    assert legend(points) == ["未发现禁止、限制情形 2 处"]
    with pytest.raises(InputError, match="数目不符"):
        plots.verdicts(frame("clear"), ["clear", "clear"])


def test_layers_and_overlaps() -> None:
    atlas = ecozone.demo_atlas("511111")
    kinds = ["ecological_redline", "nature_park", "wetland"]
    ax = plots.layers(atlas, kinds, title="分区", within=shapely.box(103.45, 29.3, 103.6, 29.4))
    drawn(ax)
    assert {t.split()[0] for t in legend(ax)} == {"生态保护红线", "自然公园", "湿地"}
    assert ax.get_xlim() == (103.45, 103.6)
    table = atlas.overlaps(kinds)
    matrix = plots.overlap_matrix(table, title="重叠")
    drawn(matrix)
    said = {t.get_text() for t in matrix.texts}
    assert "100%" in said
    assert len(matrix.texts) == int((table["share_a"] > 0).sum())


def test_a_surface_lies_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="float32", crs="EPSG:4490", width=1200, height=900,
        transform=from_origin(103.5, 29.5, 1 / 3600, 1 / 3600),
    ) as out:  # fmt: skip
        out.write(np.tile(np.arange(1200, dtype="float32"), (900, 1)), 1)
    dem = Raster.open(path, kind="elevation")
    ax = plots.surface(dem, title="高程")
    drawn(ax)
    assert ax.images[0].get_extent() == pytest.approx([103.5, 103.5 + 1 / 3, 29.25, 29.5])
    assert max(ax.images[0].get_array().shape) <= 801
    near = plots.surface(dem, surface="slope", within=shapely.box(103.55, 29.4, 103.6, 29.45))
    assert near.images[0].get_extent() == pytest.approx([103.55, 103.6, 29.4, 29.45], abs=1e-6)
    with pytest.raises(InputError, match="不在栅格以内"):
        plots.surface(dem, within=shapely.box(110, 30, 111, 31))


def test_a_map_of_very_many_sites() -> None:
    pytest.importorskip("lonboard")
    from ecozone.bigmap import bigmap

    n = 20_000
    rng = np.random.default_rng(0)
    found = rng.choice(["clear", "prohibited"], n)
    points = shapely.points(rng.uniform(103.5, 103.6, n), rng.uniform(29.3, 29.4, n))
    sites = geopandas.GeoDataFrame({"verdict": found}, geometry=points, crs=4490)
    made = bigmap(sites, atlas=ecozone.demo_atlas("511111"))
    outline, dots = made.layers
    assert dots.table.num_rows == n
    assert outline.table.num_rows == 1
    assert made.basemap is None
    colours = {tuple(c) for c in pa.chunked_array(dots.get_fill_color).to_pylist()}
    assert colours == {(31, 122, 61, 200), (185, 28, 28, 200)}  # the verdicts' own
    mixed = bigmap(
        geopandas.GeoDataFrame(
            {"verdict": ["clear", "restricted"]}, geometry=[points[0], points[1].buffer(0.01)], crs=4490
        )
    )
    assert [type(layer).__name__ for layer in mixed.layers] == ["PolygonLayer", "ScatterplotLayer"]
    with pytest.raises(InputError, match="不为空"):
        bigmap(sites.iloc[:0])


def test_without_lonboard_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lonboard", None)
    from ecozone.bigmap import bigmap

    with pytest.raises(MissingDependencyError, match=r"ecozone\[lonboard\]"):
        bigmap(frame("clear"))
