"""Maps and views without a browser: complete offline, every value escaped, nothing drawn that was not measured."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
from importlib import resources
from typing import Any

import folium
import geopandas
import numpy as np
import pytest
import shapely

import ecozone
from ecozone import kinds, measure
from ecozone.assessment import VERDICTS, Assessment
from ecozone.demo import sample_projects
from ecozone.errors import InputError
from ecozone.gcj02 import to_gcj02
from ecozone.report import boxes, escape, legend, offline, shapes
from ecozone.report.layers import Panel, Surroundings, ZoneLayer
from ecozone.report.style import styles
from ecozone.report.summary import SummaryRow, summary_page
from ecozone.report.tiles import Tiles

DAY = "2026-11-22"
#: Names and attributes as nobody should give them.
HOSTILE = (
    "\"><script>alert(1)</script><img src=x onerror=alert(2)>'`${alert(3)}`</script></style><svg onload=alert(4)>&lt;"
)
#: What must never stand in a page: the raw beginnings of the above.
RAW = ("<script>alert", "<img src=x", "<svg onload", "${alert", "`$")


@pytest.fixture(scope="module")
def atlas() -> ecozone.Atlas:
    return ecozone.demo_atlas("511111")


@pytest.fixture(scope="module")
def samples(atlas: ecozone.Atlas) -> dict[str, Assessment]:
    return {s.id: ecozone.check(s.project, atlas, as_of=s.as_of) for s in sample_projects("511111")}


@pytest.fixture(scope="module")
def plant(samples: dict[str, Assessment]) -> Assessment:
    """Return a chemical plant 400 m from 大渡河."""
    return samples["SW-01"]


def page(m: folium.Map) -> str:
    return m.get_root().render()


def hostile_atlas() -> ecozone.Atlas:
    """Return an atlas in which everything that can hold a text holds a hostile one."""
    whole = shapely.box(103.50, 29.38, 103.60, 29.46)
    frames: dict[str, tuple[Any, dict[str, Any]]] = {
        "admin": (whole, {"code": "511111", "level": "county"}),
        "control_unit": (whole, {"code": "ZH51111120001", "category": "重点", "city": HOSTILE, "county": HOSTILE}),
        "river": (
            shapely.box(103.54, 29.38, 103.545, 29.46),
            {
                "river_class": "重要支流",
                "watercourse": "river",
                "line": "water_edge",
                "river": HOSTILE,
                HOSTILE: HOSTILE,
            },
        ),
        "water_source": (shapely.box(103.53, 29.41, 103.56, 29.43), {"grade": "二级", "source_name": HOSTILE}),
        "receptor": (shapely.Point(103.551, 29.421), {"receptor_type": "school"}),
    }
    layers = []
    for kind, (shape, columns) in frames.items():
        zones = geopandas.GeoDataFrame(
            {
                "zone": [f"{kind}{HOSTILE}"],
                "name": [HOSTILE],
                "document": [HOSTILE],
                **{k: [v] for k, v in columns.items()},
            },
            geometry=[shape],
            crs="EPSG:4490",
        )
        layers.append(
            ecozone.Layer(
                kind=kind,
                zones=zones,
                coverage=whole.buffer(0.1),
                accuracy_m=5,
                source=HOSTILE,
                notice=HOSTILE,
                version="1",
            )
        )
    return ecozone.Atlas(layers, region="511111", name=HOSTILE, notice=HOSTILE)


def hostile_answer() -> Assessment:
    project = ecozone.Project(
        shapely.box(103.548, 29.419, 103.552, 29.422), nature="new", industry="C2614", name=HOSTILE, facilities=["none"]
    )
    return ecozone.check(project, hostile_atlas(), as_of=DAY)


# ---- offline


class _Resources(html.parser.HTMLParser):
    """Collect what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag != "a":
            self.fetched += [v for k in ("src", "href", "srcset", "data", "poster") if (v := given.get(k))]


def fetched(text: str) -> list[str]:
    parser = _Resources()
    parser.feed(text)
    css = [u for u in re.findall(r"url\(([^)]+)\)", text) if not u.strip("'\"").startswith(("data:", "#"))]
    return (
        [u for u in parser.fetched if not u.startswith("data:")]
        + css
        + re.findall(r"@import[^;]*|sourceMappingURL", text)
    )


@pytest.mark.smoke
def test_a_map_is_complete_in_itself(plant: Assessment) -> None:
    text = page(plant.map())
    assert fetched(text) == []
    assert "Leaflet 1.9" in text
    assert not re.search(r"jquery|bootstrap|font-?awesome", text, re.IGNORECASE)
    assert len(text) < 600_000


def test_leaflet_is_the_published_one() -> None:
    """The files of the package are those that Leaflet published, by the hashes it published."""
    folder = resources.files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    for name, published in (
        ("leaflet.js", "20nQCchB9co0qIjJZRGuk2/Z9VM+kNiyxNV1lvTlZBo="),
        ("leaflet.css", "p4NxAoJBhIIN+hmNHrzRCf9tD/miZyoHS5obTRR9BMY="),
    ):
        assert base64.b64encode(hashlib.sha256((folder / name).read_bytes()).digest()).decode() == published
    assert "url(images" not in offline.leaflet_css()


def test_views_for_jupyter_fetch_nothing(atlas: ecozone.Atlas, plant: Assessment) -> None:
    for view in (atlas, atlas["river"], atlas["chemical_park"], plant):
        text = view._repr_html_()
        assert fetched(text) == []
        assert "示例数据，非法定边界" in text
    assert "srcdoc" in plant.map()._repr_html_()


# ---- escaping


@pytest.mark.parametrize("view", ["map", "atlas map", "answer", "atlas", "layer", "page"])
def test_hostile_text_stays_text(view: str) -> None:
    answer, atlas = hostile_answer(), hostile_atlas()
    row = SummaryRow("511111", HOSTILE, HOSTILE, answer, HOSTILE, f"javascript:alert(1)//{HOSTILE}", HOSTILE)
    text = {
        "map": lambda: page(answer.map()),
        "atlas map": lambda: page(atlas.map()),
        "answer": answer._repr_html_,
        "atlas": atlas._repr_html_,
        "layer": atlas["river"]._repr_html_,
        "page": lambda: summary_page([row], title=HOSTILE),
    }[view]()
    own = offline.leaflet_js() + "".join(offline._own(n) for n in ("map.js", "map.css", "summary.css"))
    for raw in RAW:
        assert text.count(raw) == own.count(raw) if view.endswith("map") else raw not in text
    parser = _Resources()
    parser.feed(text)
    assert "img" not in parser.tags
    assert 'href="javascript:' not in text.lower()
    assert "alert(1)" in text.replace("&#x27;", "'")  # it is there, as text


def test_escaping_covers_every_way_out() -> None:
    assert escape.text("<a href='x'>\"`${1}`&") == "&lt;a href=&#x27;x&#x27;&gt;&quot;&#96;&#36;&#123;1&#125;&#96;&amp;"
    assert escape.text(None) == ""
    assert escape.script("</script>\u2028<!--'&") == '"\\u003c/script\\u003e\\u2028\\u003c!--\\u0027\\u0026"'
    assert escape.attributes(class_="a", data_theme='"x"', href=None) == 'class="a" data-theme="&quot;x&quot;"'
    with pytest.raises(ValueError, match="JSON"):
        escape.script(float("nan"))


# ---- what is drawn


def test_the_belt_drawn_is_the_belt_measured(plant: Assessment) -> None:
    river = next(p for p in plant.pictures if p.kind == "river" and p.belt is not None)
    assert river.belt_m == 1000.0
    assert shapely.covers(river.belt, plant.project.site)
    rim = shapely.get_coordinates(shapely.boundary(river.belt))
    inner = rim[np.abs(rim - np.array(plant.project.site.centroid.coords[0])).max(axis=1) < 0.03]
    away, _ = measure.distance_m(shapely.points(inner), np.full(len(inner), river.near))
    assert len(inner) > 20
    assert np.all(np.abs(away - 1000.0) < 0.5)


def test_line_and_shared_ground_are_those_of_the_finding(samples: dict[str, Assessment]) -> None:
    river = next(p for p in samples["SW-01"].pictures if p.kind == "river" and p.rules)
    assert measure.length_m(river.line)[0] == pytest.approx(river.distance_m, abs=1e-3)
    pig = samples["SW-04"]
    picture = next(p for p in pig.pictures if p.kind == "ecological_redline" and p.rules)
    where = next(w for f in pig.hits for w in f.where if w["zone"] == picture.zone and w["overlap_m"])
    assert measure.length_m(picture.shared)[0] == pytest.approx(where["overlap_m"], rel=1e-6)


def test_only_zones_that_made_a_rule_hit_carry_it(plant: Assessment) -> None:
    for p in plant.pictures:
        assert not p.rules or p.distance_m <= (p.belt_m or 0.0)
    assert {p.name for p in plant.pictures if "cn.长江保护法.26-2" in p.rules} == {"大渡河"}


def test_an_answer_says_what_it_says_on_the_map(plant: Assessment) -> None:
    m = plant.map()
    text = page(m)
    for words in (
        "大渡河畔有机化工原料项目",
        "不符合",
        "第26条",
        "规划期已届满",
        "示例数据，非法定边界",
        "ecozone 默认样式",
        DAY,
    ):
        assert words in text
    layers = [c for c in m._children.values() if isinstance(c, ZoneLayer)]
    shown = {layer.key.label.partition("（")[0] for layer in layers if layer.show}
    assert shown >= {"项目用地", "最近距离", "测算的距离带", "河流", "行政区", "环境管控单元"}
    themes = [layer.key.theme for layer in layers]
    assert themes[0] == "本项目"
    assert themes == sorted(themes, key=["本项目", *styles().themes].index)


def test_parts_points_and_extents_are_drawn(samples: dict[str, Assessment]) -> None:
    two = page(samples["SW-06"].map())
    assert "入河排污口" in two
    point = ecozone.Project("103.57,29.40", nature="new", industry="G5990", extent_m=120, name="点")
    text = page(ecozone.check(point, ecozone.demo_atlas("511111"), as_of=DAY).map())
    assert '"r":120' in text
    assert "点位周围 120.0 米" in text


def test_a_given_map_is_drawn_on_and_returned(plant: Assessment, atlas: ecozone.Atlas) -> None:
    mine = folium.Map(location=[30.0, 104.0], zoom_start=7)
    assert plant.map(mine) is mine
    assert atlas.map(mine) is mine
    text = page(mine)
    assert mine.location == [30.0, 104.0]
    assert "fitBounds" not in text.rpartition("</script>")[0].rpartition("<script>")[2]
    assert sum(isinstance(c, folium.LayerControl) for c in mine._children.values()) == 1
    assert any(isinstance(c, folium.TileLayer) for c in mine._children.values())
    with_control = folium.Map(tiles=None).add_child(folium.LayerControl())
    assert not any(isinstance(c, Panel) for c in plant.map(with_control)._children.values())
    (south, west), (north, east) = plant.map(folium.Map(tiles=None)).get_bounds()
    assert 29 < south < north < 30
    assert 103 < west < east < 104


def test_every_kind_of_an_atlas_is_on_its_map(atlas: ecozone.Atlas) -> None:
    m = atlas.map()
    labels = {c.key.label for c in m._children.values() if isinstance(c, ZoneLayer)}
    assert labels == {kinds.name(k) for k in atlas.kinds if len(atlas[k])}
    assert "覆盖范围内没有：" in boxes.atlas_box(atlas)


def test_an_empty_atlas_still_has_a_map() -> None:
    assert "图集" in page(ecozone.Atlas([], region="511111").map())


def test_very_many_vertices_are_simplified_and_it_says_so() -> None:
    ring = shapely.Point(103.5, 29.4).buffer(0.05, quad_segs=5000)
    tiny = shapely.Point(103.7, 29.4).buffer(1e-7)
    whole, less = shapes.drawn([ring, tiny, None]), shapes.drawn([ring, tiny, None], most=500)
    assert (whole.tolerance_m, whole.caption) == (0.0, "")
    assert less.tolerance_m > 0
    assert "判定用的是原始图形" in less.caption
    assert len(less.geometry[0]["coordinates"][0]) < len(whole.geometry[0]["coordinates"][0])  # type: ignore[index]
    assert less.geometry[1] is not None
    assert less.geometry[2] is None


# ---- the table beside the map


def test_rows_are_the_zones_with_what_was_measured(plant: Assessment) -> None:
    m = plant.map()
    surroundings = next(c for c in m._children.values() if isinstance(c, Surroundings))
    said = str(surroundings.table)
    assert "大渡河" in said and "相距 400.0 米" in said
    keys = {
        f["properties"]["k"]
        for c in m._children.values()
        if isinstance(c, ZoneLayer)
        for f in json.loads(str(c.data))["features"]
        if "k" in f["properties"]
    }
    told = re.findall(r'data-key=\\"([^\\]+)\\"', said)
    assert told and set(told) <= keys
    assert sum(k.startswith("control_unit-") for k in told) == len(plant.units) == 1
    place = next(re.finditer(r'river-[^\\]+\\" data-at=\\"([\d.,]+)', said))[1]
    lat, lon = map(float, place.split(","))
    away, _ = measure.distance_m(np.array([shapely.Point(lon, lat)]), np.array([plant.project.site]))
    assert away[0] == pytest.approx(400.0, abs=0.05)  # the bank's nearest point


# ---- exploring an atlas, grounds


def test_explore_draws_on_a_given_map_and_only_what_is_asked(atlas: ecozone.Atlas) -> None:
    mine = folium.Map(location=[30.0, 104.0], zoom_start=7, tiles=None)
    assert ecozone.explore(atlas, m=mine, kinds=["river", "control_unit"]) is mine
    assert {c.key.label for c in mine._children.values() if isinstance(c, ZoneLayer)} == {"河流", "环境管控单元"}
    assert mine.location == [30.0, 104.0]
    with pytest.raises(InputError, match="没有图层“rivers”，是否为 river"):
        ecozone.explore(atlas, kinds=["rivers"])


def test_a_public_atlas_map_holds_no_exact_corner_of_a_sensitive_layer(atlas: ecozone.Atlas) -> None:
    def corners(m: folium.Map, kind: str) -> set[tuple[float, float]]:
        layer = next(c for c in m._children.values() if isinstance(c, ZoneLayer) and c.key.label == kinds.name(kind))
        drawn = [shapely.from_geojson(json.dumps(f["geometry"])) for f in json.loads(str(layer.data))["features"]]
        return {(round(x, 7), round(y, 7)) for x, y in shapely.get_coordinates(drawn).tolist()}

    whole, shown = ecozone.explore(atlas), ecozone.explore(atlas, public=True)
    assert atlas["ecological_redline"].sensitive and not atlas["river"].sensitive
    assert len(corners(whole, "ecological_redline")) > 20
    for kind in ("ecological_redline", "control_unit"):
        assert corners(shown, kind) and not corners(whole, kind) & corners(shown, kind)
    assert corners(whole, "river") == corners(shown, "river")
    assert "示意图" in page(shown) and "示意图" not in page(whole)


def test_no_ground_by_default_and_none_is_fetched_before_it_is_ticked(plant: Assessment) -> None:
    assert "tileLayer" not in page(plant.map()).rpartition("<script>")[2]
    for name, host in (("tianditu", "tianditu.gov.cn/vec_w"), ("tianditu-image", "img_w"), ("amap", "autonavi")):
        m = plant.map(ground=name, tianditu_key="a" * 32)
        tiles = next(c for c in m._children.values() if isinstance(c, Tiles))
        assert host in str(tiles.urls) and not tiles.show
        assert "勾选后联网加载" in page(m)
        assert fetched(page(m)) == []


def test_grounds_are_named_and_keyed(plant: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECOZONE_TIANDITU_KEY", raising=False)
    for given, said in (
        ({"ground": "tianditu"}, "密钥"),
        ({"ground": "tianditu", "tianditu_key": "<script>"}, "写法有误"),
        ({"ground": "bing"}, "没有底图"),
    ):
        with pytest.raises(InputError, match=said):
            plant.map(**given)
    monkeypatch.setenv("ECOZONE_TIANDITU_KEY", "b" * 32)
    assert "b" * 32 in page(plant.map(ground="tianditu"))


def test_amap_shifts_what_is_shown_and_never_the_data(plant: Assessment) -> None:
    before = json.dumps(plant.to_dict(), sort_keys=True)
    corners = {name: shapely.get_coordinates(plant.project.site) for name in ("true", "shown")}
    corners["shown"] = to_gcj02(corners["true"])

    def drawn(m: folium.Map) -> Any:
        site = next(c for c in m._children.values() if isinstance(c, ZoneLayer) and c.key.label == "项目用地")
        return np.array(json.loads(str(site.data))["features"][-1]["geometry"]["coordinates"][0])

    for ground, key in ((None, "true"), ("tianditu", "true"), ("amap", "shown"), ("amap-image", "shown")):
        m = plant.map(ground=ground, tianditu_key="a" * 32)
        np.testing.assert_allclose(drawn(m), corners[key], atol=6e-8)
        assert ("仍为 CGCS2000，未作偏移" in page(m)) == (key == "shown")
    assert json.dumps(plant.to_dict(), sort_keys=True) == before
    lon, lat = corners["true"][0]
    away, _ = measure.distance_m(shapely.points([[lon, lat]]), shapely.points(corners["shown"][:1]))
    assert 300 < away[0] < 800  # as far as the shift is in Sichuan


def test_thousands_of_zones_are_drawn_on_one_canvas() -> None:
    west, south = (a.ravel() for a in np.meshgrid(103 + np.arange(50) / 500, 29 + np.arange(40) / 500))
    plots = shapely.box(west, south, west + 0.002, south + 0.002)
    zones = geopandas.GeoDataFrame(
        {"zone": [f"f{i}" for i in range(len(plots))], "name": "图斑"}, geometry=plots, crs="EPSG:4490"
    )
    layer = ecozone.Layer(
        kind="basic_farmland", zones=zones, coverage=shapely.union_all(plots), accuracy_m=1, source="x", version="1"
    )
    m = ecozone.explore(ecozone.Atlas([layer], region="511111"))
    assert all(c.canvas for c in m._children.values() if isinstance(c, ZoneLayer))


# ---- looks


def test_every_kind_and_verdict_has_a_look() -> None:
    looks = styles()
    assert set(looks.kinds) == set(kinds.registry())
    assert set(looks.verdicts) == set(VERDICTS)
    for kind, spec in kinds.registry().items():
        assert looks.kind(kind).label == spec.name
        assert spec.theme in looks.themes, kind
        assert set(looks.kind(kind).by) <= {v for c in spec.columns.values() for v in c.values}, kind
    assert looks.kind("control_unit").of({"category": "优先"}).label == "优先保护单元"
    assert looks.kind("river").of({}).label == "河流"


def _contrast(a: str, b: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    bright, dark = sorted((light(a), light(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_badges_can_be_read() -> None:
    for verdict, look in styles().verdicts.items():
        assert _contrast(look.colour, look.ink) >= 4.5, verdict
    assert "尚有事项未能判定" in legend.badge("restricted", complete=False)
    assert "尚有" not in legend.badge("restricted", complete=True)


# ---- the summary page


def test_the_summary_page_has_a_section_a_region(samples: dict[str, Assessment]) -> None:
    rows = [
        SummaryRow("511111", "乐山市沙湾区", k, a, "说明", f"511111/{k} 甲.json", f"511111/{k}.html")
        for k, a in samples.items()
    ]
    text = summary_page([*rows, SummaryRow("511102", "乐山市市中区", "X", rows[0].assessment, "", "", "")])
    assert text.count("<section>") == 2
    assert fetched(text) == []
    assert 'href="511111/SW-01.html"' in text
    assert 'href="511111/SW-01%20%E7%94%B2.json"' in text
    assert "default-src &#x27;none&#x27;" in text or "default-src 'none'" in text
    assert "第26条" in text
    assert "<section>" not in summary_page([])
