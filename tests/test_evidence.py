"""Rasters that rules ask: from the file into an atlas, from the atlas into an answer."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from conftest import run_cli
from rasterio.transform import from_origin

import ecozone
from ecozone import measure, raster
from ecozone.errors import AtlasError, InputError
from ecozone.raster import Raster, RasterError
from ecozone.raster.cover import cells
from ecozone.raster.store import import_raster

SHAWAN = Path("data/boundaries/511111")
DAY = dt.date(2026, 11, 22)
WEST, NORTH, PIXEL = 103.50, 29.45, 1 / 3600
BOOK = """\
book: ours
name: 本单位规则
jurisdiction: "511111"
version: "1"
documents:
  d: {title: 本单位选址规定, authority: normative, from: 2020-01-01}
rules:
- id: ours.slope
  title: 陡坡不建
  requirement: 坡度大于 25 度的用地超过三成的，不得建设。
  citation: {document: d, article: "1"}
  natures: building
  when: {fact: slope_share_gt_25, gt: 0.3}
  effect: prohibit
"""


def ramp(path: Path, *, size: int = 400, break_at: int = 200, degrees: float = 40.0, hole: bool = False) -> Path:
    """Write ground that is flat west of a column and rises eastward behind it."""
    metres = 2 * np.pi * 6_378_137 / 360 * PIXEL * np.cos(np.radians(NORTH - 0.05))
    rise = np.maximum(0, np.arange(size) - break_at) * metres * np.tan(np.radians(degrees))
    values = np.tile(500 + rise, (size, 1)).astype("float32")
    if hole:
        values[100:110, 100:110] = -9999
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="float32", crs="EPSG:4490", width=size, height=size, nodata=-9999,
        transform=from_origin(WEST, NORTH, PIXEL, PIXEL),
    ) as out:  # fmt: skip
        out.write(values, 1)
    return path


def ground(column: float, row: float, w: float, h: float) -> shapely.Polygon:
    x, y = WEST + column * PIXEL, NORTH - row * PIXEL
    return shapely.box(x, y - h * PIXEL, x + w * PIXEL, y)


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    shutil.copytree(SHAWAN, tmp_path / "atlas")
    return tmp_path / "atlas"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "ours.yaml").write_text(BOOK, encoding="utf-8")
    return tmp_path / "ours.yaml"


def asked(site: object, atlas: Path, book: Path, **more: object) -> tuple[ecozone.Assessment, object]:
    project = ecozone.Project(site, nature="new", industry="C2614", **more)  # type: ignore[arg-type]
    found = ecozone.check(project, ecozone.open_atlas(atlas), [book], as_of=DAY)
    return found, next(f for f in found.findings if f.rule == "ours.slope")


def test_coverage_is_exact() -> None:
    rng = np.random.default_rng(7)

    def star() -> shapely.Polygon:
        angle, r = np.sort(rng.uniform(0, 2 * np.pi, 9)), rng.uniform(0.2, 12, 9)
        return shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]) * r[:, None] + rng.uniform(-3, 33, 2))

    shapes = [s for s in (star() for _ in range(80)) if s.is_valid]
    shapes += [
        shapely.Polygon([(0, 0), (30, 0), (30, 30), (0, 30)], [[(3, 3), (9.5, 3), (9.5, 7.25), (3, 7)]]),
        shapely.MultiPolygon([shapely.box(1, 1, 2.5, 2.5), shapely.box(28.5, 4, 60, 6)]),
        shapely.box(4, 5, 8, 9),
        shapely.box(-9, -9, 99, 99),
    ]
    got = np.zeros((len(shapes), 30, 30))
    for found in cells(np.array(shapes, dtype=object), 30, 30):
        np.add.at(got, (found.site, found.row, found.column), found.share)
    x, y = np.meshgrid(np.arange(30), np.arange(30))
    pixels = shapely.box(x, y, x + 1, y + 1)
    for i, shape in enumerate(shapes):
        assert np.abs(shapely.area(shapely.intersection(pixels, shape)) - got[i]).max() < 1e-9


def test_a_site_larger_than_what_is_held_at_once_counts_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = np.array([shapely.Point(50, 50).buffer(45), shapely.box(1.5, 2.5, 90, 97)], dtype=object)

    def total() -> list[float]:
        out = np.zeros(2)
        for found in cells(shape, 100, 100):
            np.add.at(out, found.site, found.share)
        return out.tolist()

    whole = total()
    monkeypatch.setattr("ecozone.raster.cover.TOGETHER", 500)
    assert total() == pytest.approx(whole, abs=1e-9)
    assert whole == pytest.approx(shapely.area(shape).tolist(), rel=1e-12)


def test_exactextract_says_the_same(tmp_path: Path) -> None:
    exactextract = pytest.importorskip("exactextract")
    rng = np.random.default_rng(3)
    path = tmp_path / "r.tif"
    values = rng.uniform(0, 50, (80, 80)).astype("float32")
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="float32", crs="EPSG:4543", width=80, height=80,
        transform=from_origin(500_000, 3_260_000, 10, 10),
    ) as out:  # fmt: skip
        out.write(values, 1)
    centres = np.column_stack([rng.uniform(500_150, 500_650, 40), rng.uniform(3_259_350, 3_259_850, 40)])
    sites = geopandas.GeoSeries(shapely.buffer(shapely.points(centres), rng.uniform(5, 140, 40)), crs="EPSG:4543")
    theirs = exactextract.exact_extract(
        str(path), geopandas.GeoDataFrame(geometry=sites), ["mean", "min", "max"], output="pandas"
    )
    ours = raster.statistics(Raster.open(path), sites)
    for name in ("mean", "min", "max"):
        assert ours[name].to_numpy() == pytest.approx(theirs[name].to_numpy(), rel=1e-6)


@pytest.mark.parametrize("system", ["EPSG:4490", "EPSG:3857", "EPSG:4543", "EPSG:32648"])
def test_slope_is_that_of_the_ground_in_every_crs(tmp_path: Path, system: str) -> None:
    """A plane that rises 30° eastward has 30° in degrees, in Mercator's stretched metres, in a zone far off."""
    from pyproj import Transformer

    forward = Transformer.from_crs("EPSG:4490", system, always_xy=True)
    x0, y0 = forward.transform(103.55, 29.41)
    step = 1 / 3600 if system == "EPSG:4490" else 30.0
    n = 60
    x, y = x0 + step * np.arange(n), y0 - step * np.arange(n)
    lon, lat = Transformer.from_crs(system, "EPSG:4490", always_xy=True).transform(
        *np.meshgrid(x + step / 2, y - step / 2)
    )
    east = np.radians(np.asarray(lon) - 103.55) * 6_378_137 / np.sqrt(1 - 0.00669438 * np.sin(np.radians(lat)) ** 2)
    values = east * np.cos(np.radians(lat)) * np.tan(np.radians(30))
    path = tmp_path / "dem.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="float64", crs=system, width=n, height=n,
        transform=from_origin(x0, y0, step, step),
    ) as out:  # fmt: skip
        out.write(values, 1)
    dem = Raster.open(path, kind="elevation")
    corner = Transformer.from_crs(system, "EPSG:4490", always_xy=True).transform(x0 + 30 * step, y0 - 30 * step)
    site = [shapely.Point(corner).buffer(0.003)]
    assert raster.statistics(dem, site, surface="slope")["mean"][0] == pytest.approx(30, abs=0.02)
    percent = raster.statistics(dem, site, surface="slope_percent")["mean"][0]
    assert percent == pytest.approx(100 * np.tan(np.radians(30)), abs=0.1)


def test_a_rule_on_slope_hits_clears_and_stays_open(atlas: Path, book: Path, tmp_path: Path) -> None:
    _, nothing = asked(ground(250, 100, 40, 40), atlas, book)
    assert nothing.outcome == "undetermined"
    assert nothing.missing == ("raster:elevation",)
    import_raster(ramp(tmp_path / "dem.tif", hole=True), atlas, kind="elevation", version="1", source="试验")
    found, steep = asked(ground(250, 100, 40, 40), atlas, book)
    assert (steep.outcome, steep.reads["slope_share_gt_25"]) == ("hit", 1.0)
    assert found.verdict == "prohibited"
    layer = next(x for x in found.to_dict()["layers"] if x["kind"] == "elevation")
    assert (layer["version"], layer["source"], layer["outcome"], layer["covers_site"]) == ("1", "试验", "hit", True)
    assert asked(ground(20, 20, 40, 40), atlas, book)[1].outcome == "not_applicable"
    for site in (ground(80, 80, 60, 60), ground(-20, 200, 40, 40), ground(380, 200, 40, 40)):  # a hole, two edges
        _, opened = asked(site, atlas, book)
        assert (opened.outcome, opened.missing) == ("undetermined", ("raster_cover:elevation",))


def test_a_share_at_the_limit_is_open_within_the_accuracy(atlas: Path, book: Path, tmp_path: Path) -> None:
    """Steep ground begins at column 201 (Horn looks at neighbours): 30 % of it waits for a survey, 20 or 45 % not."""
    import_raster(ramp(tmp_path / "dem.tif"), atlas, kind="elevation", version="1")
    outcomes = []
    for share in (0.20, 0.30, 0.45):
        finding = asked(ground(201 - 40 * (1 - share), 100, 40, 40), atlas, book)[1]
        outcomes.append(finding.outcome)
        if share == 0.30:
            low, high = finding.reads["slope_share_gt_25"]
            assert low < 0.3 < high < low + 0.1
            assert finding.missing == ("raster_accuracy:elevation",)
    assert outcomes == ["not_applicable", "undetermined", "hit"]


def test_a_point_stands_for_the_ground_around_it(atlas: Path, book: Path, tmp_path: Path) -> None:
    """Its ground may be any of what lies within its extent: steep ground near by leaves it open, none clears it."""
    import_raster(ramp(tmp_path / "dem.tif"), atlas, kind="elevation", version="1")

    def at(column: float, **more: object) -> str:
        return str(asked(ground(column, 150, 1, 1).centroid, atlas, book, **more)[1].outcome)

    assert at(150, extent_m=100) == "not_applicable"
    assert at(197, extent_m=200) == "undetermined"
    assert at(250, extent_m=100) == "hit"
    assert at(197) == "undetermined"  # a bare point may be a plant 300 m wide


def test_a_raster_and_a_vector_agree_within_a_pixels_edge(atlas: Path, tmp_path: Path) -> None:
    """Land cover as pixels, and the same as polygons: no site's share differs by more than a pixel along the border."""
    rng = np.random.default_rng(11)
    truth = shapely.Point(WEST + 100 * PIXEL, NORTH - 100 * PIXEL).buffer(60 * PIXEL)
    x, y = WEST + (np.arange(200) + 0.5) * PIXEL, NORTH - (np.arange(200) + 0.5) * PIXEL
    inside = shapely.contains_xy(truth, *np.meshgrid(x, y))
    path = tmp_path / "cover.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="uint8", crs="EPSG:4490", width=200, height=200,
        transform=from_origin(WEST, NORTH, PIXEL, PIXEL),
    ) as out:  # fmt: skip
        out.write(np.where(inside, 1, 2).astype("uint8"), 1)
    cover = Raster.open(path, kind="land_cover", classes={1: "林地", 2: "耕地"})
    sites = [ground(*rng.uniform(20, 140, 2), *rng.uniform(3, 40, 2)) for _ in range(60)]
    shares = raster.statistics(cover, sites)
    exact = measure.area_m2(shapely.intersection(sites, truth)) / measure.area_m2(sites)
    edge = truth.boundary.buffer(PIXEL * np.sqrt(0.5))  # pixels that the border runs through
    most = shapely.area(shapely.intersection(sites, edge)) / shapely.area(sites)
    apart = np.abs(shares["share_林地"] - exact)
    assert (apart <= most + 1e-6).all()
    assert 0 < apart.max() < 0.05


def test_rules_ask_for_classes_and_means(atlas: Path, tmp_path: Path) -> None:
    path = tmp_path / "cover.tif"
    values = np.full((400, 400), 2, dtype="uint8")
    values[:, :200] = 1
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="uint8", crs="EPSG:4490", width=400, height=400,
        transform=from_origin(WEST, NORTH, PIXEL, PIXEL),
    ) as out:  # fmt: skip
        out.write(values, 1)
    import_raster(path, atlas, kind="land_cover", version="1", classes={1: "林地", 2: "耕地"})
    with rasterio.open(
        tmp_path / "pm.tif", "w", driver="GTiff", count=1, dtype="int16", crs="EPSG:4490", width=400, height=400,
        transform=from_origin(WEST, NORTH, PIXEL, PIXEL),
    ) as out:  # fmt: skip
        out.write(np.full((400, 400), 412, dtype="int16"), 1)
        out.scales = [0.1]
    import_raster(tmp_path / "pm.tif", atlas, kind="pm25", version="1")
    book = tmp_path / "two.yaml"
    text = BOOK.replace("when: {fact: slope_share_gt_25, gt: 0.3}", "when: {fact: land_cover_share_林地, ge: 0.5}")
    second = text.partition("rules:\n")[2].replace("ours.slope", "ours.pm").replace(
        "{fact: land_cover_share_林地, ge: 0.5}", "{fact: pm25_mean, gt: 35}"
    )  # fmt: skip
    book.write_text(text + second, encoding="utf-8")
    opened = ecozone.open_atlas(atlas)

    def outcomes(column: float) -> dict[str, str]:
        site = ecozone.Project(ground(column, 100, 40, 40), nature="new")
        found = ecozone.check(site, opened, [book], as_of=DAY).findings
        return {f.rule: f.outcome for f in found if f.book == "ours"}

    assert outcomes(100) == {"ours.slope": "hit", "ours.pm": "hit"}
    assert outcomes(300) == {"ours.slope": "not_applicable", "ours.pm": "hit"}
    book.write_text(text.replace("share_林地", "share_森林"), encoding="utf-8")
    with pytest.raises(InputError, match=r"没有类别“森林”.*林地、耕地"):
        outcomes(100)


def test_screening_and_check_say_the_same(atlas: Path, book: Path, tmp_path: Path) -> None:
    import_raster(ramp(tmp_path / "dem.tif", hole=True), atlas, kind="elevation", version="1")
    rng = np.random.default_rng(5)
    sites = [ground(*rng.uniform(-20, 380, 2), *rng.uniform(1, 30, 2)) for _ in range(16)]
    sites += [s.centroid for s in sites[:6]]
    table = geopandas.GeoDataFrame(
        {"nature": "new", "industry": "C2614"}, index=range(len(sites)), geometry=sites, crs=4490
    )
    screened = ecozone.screen(table, atlas, [book], as_of=DAY)
    opened = ecozone.open_atlas(atlas)
    for i, site in enumerate(sites):
        try:
            one = ecozone.check(ecozone.Project(site, nature="new", industry="C2614"), opened, [book], as_of=DAY)
        except InputError:
            continue
        assert (one.verdict, one.complete) == tuple(screened.table.loc[i, ["verdict", "complete"]])


def test_a_search_leaves_open_what_pixels_decide(atlas: Path, book: Path, tmp_path: Path) -> None:
    """Pieces of a region are not cut along pixels: what one point reads says nothing of a piece."""
    from ecozone import siting

    import_raster(ramp(tmp_path / "dem.tif"), atlas, kind="elevation", version="1")
    found = siting.where_allowed(
        atlas, nature="new", industry="C2614", rules=[book], as_of=DAY, within=ground(150, 150, 100, 100)
    ).pieces
    assert all("ours.slope" in opened for opened in found["open"])
    assert not found.loc[found["verdict"] != "prohibited", "complete"].any()


def test_versions_hold_in_their_time_and_survive_saving(atlas: Path, tmp_path: Path) -> None:
    dem = ramp(tmp_path / "dem.tif")
    import_raster(dem, atlas, kind="elevation", version="old", valid_to="2025-12-31")
    with pytest.raises(AtlasError, match="不会被覆盖"):
        import_raster(dem, atlas, kind="DEM", version="old")
    opened = ecozone.open_atlas(atlas)
    assert opened.raster("elevation", DAY) is None
    assert opened.raster("elevation", dt.date(2025, 6, 1)).version == "old"
    with pytest.raises(RasterError, match="2026-11-22"):
        raster.steeper_than(opened, 25, ground(0, 0, 9, 9), as_of=DAY)
    import_raster(dem, atlas, kind="elevation", version="new", valid_from="2026-01-01", licence="CC BY 4.0")
    saved = ecozone.open_atlas(ecozone.open_atlas(atlas).save(tmp_path / "copy"))
    again = saved.raster("elevation", DAY)
    assert (again.version, again.licence) == ("new", "CC BY 4.0")
    assert again.sha256 == ecozone.open_atlas(atlas).raster("elevation", DAY).sha256
    assert saved.with_parameters({}).raster("elevation").version == "new"


def test_of_two_rasters_the_later_one_counts_and_one_behind_is_refused(atlas: Path, tmp_path: Path) -> None:
    dem = ramp(tmp_path / "dem.tif")
    import_raster(dem, atlas, kind="elevation", version="2026.1", valid_from="2019-01-01")
    with pytest.raises(AtlasError, match=r"仍是版本 2026\.1.*--valid-from"):
        import_raster(dem, atlas, kind="elevation", version="2026-11-22", today=DAY)
    with pytest.raises(AtlasError, match="--version"):
        import_raster(dem, atlas, kind="elevation", version="2025", valid_from="2019-01-01")
    for version in ("2026.9", "2026.10", "2026-11-22"):
        import_raster(dem, atlas, kind="elevation", version=version, valid_from="2019-01-01")
        assert ecozone.open_atlas(atlas).raster("elevation", DAY).version == version
    asked = ("--kind", "elevation", "--atlas", atlas, "--version", "1", "--valid-from", "2026-06-01")
    ended = run_cli("import", dem, *asked)
    assert ended.status == 0 and "自 2026-06-01 起采用本版，代替版本 2026-11-22" in ended.out


def test_only_the_atlas_ground_is_copied(atlas: Path, tmp_path: Path) -> None:
    dem = ramp(tmp_path / "dem.tif", size=2000)
    made, where = import_raster(dem, atlas, kind="elevation", version="1")
    _, south, east, _ = ecozone.open_atlas(atlas)["admin"].zones.total_bounds
    with rasterio.open(where) as kept, rasterio.open(dem) as given:
        assert kept.width < given.width
        assert kept.bounds.right == pytest.approx(east + 0.03, abs=PIXEL)
        assert kept.bounds.bottom == pytest.approx(south - 0.03, abs=PIXEL)
        assert (kept.read(1)[:50, :50] == given.read(1)[:50, :50]).all()
    assert made.accuracy_m == pytest.approx(15.4, abs=0.1)  # half of 30.8 m
    with rasterio.open(tmp_path / "far.tif", "w", driver="GTiff", count=1, dtype="uint8", crs="EPSG:4490", width=9,
                       height=9, transform=from_origin(116, 40, PIXEL, PIXEL)) as out:  # fmt: skip
        out.write(np.ones((9, 9), dtype="uint8"), 1)
    with pytest.raises(RasterError, match="没有重叠"):
        import_raster(tmp_path / "far.tif", atlas, kind="elevation", version="2")


def test_steep_ground_as_polygons(tmp_path: Path) -> None:
    dem = Raster.open(ramp(tmp_path / "dem.tif", hole=True), kind="elevation")
    whole = ground(50, 50, 300, 300)
    cut = raster.steeper_than(dem, 25.0, whole)
    shares = shapely.area(cut.steep) / shapely.area(whole)
    assert shares == pytest.approx(149 / 300, rel=1e-9)  # from column 201 on
    assert shapely.area(cut.unknown) == pytest.approx(12 * 12 * PIXEL**2, rel=1e-6)  # the hole and its rim
    assert shapely.area(raster.steeper_than(dem, 25.0, ground(-10, 50, 20, 10)).unknown) == pytest.approx(
        11 * 10 * PIXEL**2, rel=1e-6
    )
    for wrong in (-1.0, 91.0, float("nan")):
        with pytest.raises(InputError, match="0 到 90"):
            raster.steeper_than(dem, wrong, whole)


def test_import_through_the_command_line(atlas: Path, book: Path, tmp_path: Path) -> None:
    dem = ramp(tmp_path / "dem.tif")

    def call(*words: object) -> tuple[int, str]:
        ended = run_cli(*words)
        return ended.status, ended.out + ended.err

    before = call("check", ground(250, 100, 40, 40).wkt, "--atlas", atlas, "--nature", "new", "--book", book)
    assert "“高程”栅格" in before[1]
    status, said = call("import", dem, "--kind", "elevation", "--atlas", atlas, "--source", "试验")
    assert (status, "已导入“高程”栅格" in said) == (0, True)
    status, said = call("check", ground(250, 100, 40, 40).wkt, "--atlas", atlas, "--nature", "new", "--book", book)
    assert status == 1
    assert "陡坡不建" in said
    for words, message in (
        (["--kind", "land_cover"], "代码"),
        (["--kind", "elevation", "--class", "1=林地"], "不能给代码表"),
        (["--kind", "elevation", "--coverage", "county"], "--coverage"),
        (["--kind", "river", "--accuracy", "5", "--band", "2"], "只用于栅格"),
    ):
        status, said = call("import", dem, "--atlas", atlas, *words)
        assert (status, message in said) == (2, True), said
