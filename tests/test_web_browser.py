"""The desk in headless Chromium with every host but this computer unresolvable: what an officer does and sees."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import shapely
from browser import Browser, Page, browser
from desk import Served, served

import ecozone
from ecozone.demo import sample_projects

pytestmark = [pytest.mark.chromium, pytest.mark.xdist_group("chromium")]

PLANT = {s.id: s for s in sample_projects("511111")}["SW-01"].project
RING = [f"{x:.6f},{y:.6f}" for x, y in PLANT.site.exterior.coords[:-1]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("desk") / "data", "--rate", "0", "--workers", "1") as one:
        yield one


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture
def form(chromium: Browser, desk: Served) -> Iterator[Page]:
    page = chromium.open(f"{desk.url}/")
    page.until(
        "frames[0] && !!frames[0].L && document.querySelector('[data-map]').contentDocument.readyState == 'complete'"
    )
    yield page
    assert page.troubles == []
    assert [u for u in page.requests if not u.startswith(desk.url)] == []
    page.close()


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.run(f"document.forms[0].elements[{json.dumps(name)}].value = {json.dumps(value)}")


def choose(page: Page, name: str, value: str) -> None:
    page.run(f"document.querySelector('[name={name}][value=\"{value}\"]').click()")


def go(page: Page, button: str = "[data-go]") -> str:
    before = page.run("location.pathname")
    page.run(f"document.querySelector({json.dumps(button)}).click()")
    page.until(f"location.pathname.startsWith('/results/') && location.pathname != {json.dumps(before)}", 60)
    page.until(
        "document.readyState == 'complete' && frames[0] && !!frames[0].L && !!frames[0].document.querySelector('path')"
    )
    return page.run("location.pathname")


def plant_fields(page: Page) -> None:
    fill(page, name="大渡河畔有机化工项目", industry="C2614 有机化学原料制造")
    choose(page, "nature", "new")
    choose(page, "facilities_closed", "1")


def test_upload_verdict_map_record_and_report(form: Page, desk: Served, tmp_path: Path) -> None:
    file = tmp_path / "厂区.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(PLANT.site))}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    choose(form, "site_from", "file")
    form.choose_files("#file", file)
    form.run("document.querySelector('[data-read=file]').click()")
    form.until("document.querySelector('[data-said]').textContent.startsWith('读到 1 个')", 30)
    plant_fields(form)
    path = go(form)
    assert form.text(".verdict .badge") == "不符合"
    assert "大渡河畔有机化工项目" in form.text("h1")
    assert "长江保护法" in form.text(".cited")
    assert form.run("frames[0].document.querySelectorAll('path.leaflet-interactive').length") > 5
    record = httpx.get(f"{desk.url}{path}/record.json").json()
    mine = ecozone.check(
        ecozone.Project(file, "new", "C2614", ["none"], name="大渡河畔有机化工项目"),
        ecozone.demo_atlas("511111"),
        as_of=record["as_of"],
    ).to_dict()
    assert (record["verdict"], record["complete"]) == (mine["verdict"], mine["complete"])
    assert record["findings"] == json.loads(json.dumps(mine["findings"]))
    docx = httpx.get(f"{desk.url}{path}/report.docx", timeout=120)
    assert docx.status_code == 200 and docx.content.startswith(b"PK"), docx.text[:300]
    ledger = httpx.get(f"{desk.url}{path}/report.xlsx", timeout=120)
    assert ledger.status_code == 200 and ledger.content.startswith(b"PK"), ledger.text[:300]
    form.screenshot(tmp_path / "result.png")


def test_drawn_polygon_has_a_verdict(form: Page, desk: Served, tmp_path: Path) -> None:
    left, top, wide, high = form.run(
        "(b => [b.left, b.top, b.width, b.height])(document.querySelector('[data-map]').getBoundingClientRect())"
    )
    form.run("document.querySelector('[data-tool=polygon]').click()")
    form.until("document.querySelector('[data-tool=polygon]').getAttribute('aria-pressed') == 'true'")
    for x, y in ((0.5, 0.5), (0.56, 0.5), (0.56, 0.6)):
        form.click(left + wide * x, top + high * y)
    form.run("document.querySelector('[data-tool=finish]').click()")
    form.until("document.querySelector('[data-said]').textContent.includes('共 3 个界址点')")
    drawn = json.loads(form.run("document.forms[0].site_geojson.value"))
    exact = float(form.run("document.forms[0].drawn_accuracy_m.value"))
    assert 20 < exact < 2000, "a county on a screen: two pixels are many metres"
    assert drawn["type"] == "Polygon" and len(drawn["coordinates"][0]) == 4
    plant_fields(form)
    form.screenshot(tmp_path / "drawn.png")
    record = httpx.get(f"{desk.url}{go(form)}/record.json").json()
    assert record["parts"][0]["accuracy_m"] == exact
    assert form.text(".verdict .badge") == "不符合"


def test_pasted_coordinates_and_boundary_txt_have_the_same_verdict(form: Page, desk: Served) -> None:
    choose(form, "site_from", "text")
    fill(form, site_text="\n".join(f"{i}、{p}" for i, p in enumerate(RING, 1)))
    plant_fields(form)
    first = httpx.get(f"{desk.url}{go(form)}/record.json").json()
    corners = "\n".join(f"J{i % 4 + 1},1,{RING[i % 4].split(',')[0]},{RING[i % 4].split(',')[1]}" for i in range(5))
    text = f"[属性描述]\n坐标系=2000国家大地坐标系\n[地块坐标]\n4,1.0,1,厂区,面,,,,@\n{corners}\n"
    form.run("history.back()")
    form.until("location.pathname == '/' && document.readyState == 'complete'")
    choose(form, "site_from", "text")
    fill(form, site_text=text)
    plant_fields(form)
    second = httpx.get(f"{desk.url}{go(form)}/record.json").json()
    assert first["verdict"] == second["verdict"] == "prohibited"
    assert first["project"]["area_m2"] == pytest.approx(second["project"]["area_m2"], rel=1e-6)


def test_a_missing_fact_supplied_changes_the_verdict(form: Page, tmp_path: Path) -> None:
    choose(form, "site_from", "text")
    fill(form, site_text="\n".join(RING), name="尚不知行业的项目")
    choose(form, "nature", "new")
    choose(form, "facilities_closed", "1")
    first = go(form)
    assert form.text(".verdict .badge") in ("无法判定", "限制，需论证", "有条件符合")
    before = form.text(".verdict .badge")
    assert "行业" in form.text("#supply")
    form.screenshot(tmp_path / "open.png")
    form.run("document.querySelector('#supply [name=industry]').value = 'C2614'")
    second = go(form, "#supply button.main")
    assert second != first
    assert form.text(".verdict .badge") == "不符合" != before
    assert form.run(f"document.querySelector('a[href=\"{first}\"]') !== null"), "the earlier answer stays"


def test_a_finding_struck_stands_beside_the_answer(form: Page, desk: Served) -> None:
    choose(form, "site_from", "text")
    fill(form, site_text="\n".join(RING), name='<script>alert(1)</script> " onload=x')
    fill(form, industry="C2614")
    choose(form, "nature", "new")
    choose(form, "facilities_closed", "1")
    path = go(form)
    assert "<script>alert(1)</script>" in form.text("h1"), "a name is text"
    assert form.run("document.querySelectorAll('script:not([src])').length") == 0
    form.run(
        "(f => { f.reason.value = '现场核实岸线在 1.2 千米外'; f.by.value = '王某'; "
        "f.querySelector('button').click() })"
        "(document.querySelector('.strike form'))"
    )
    form.until("!!document.querySelector('.after')", 30)
    record = httpx.get(f"{desk.url}{path}/record.json").json()
    assert record["verdict"] == "prohibited" and record["overrides"][0]["by"] == "王某"
    ledger = httpx.get(f"{desk.url}/ledger.csv", params={"q": "C2614"}).content.decode("utf-8-sig")
    assert "现场核实" in ledger
    assert path in httpx.get(f"{desk.url}/results", params={"q": "有机化学"}, headers={"accept": "text/html"}).text


def test_what_applies_where_the_map_is_clicked(form: Page) -> None:
    left, top, wide, high = form.run(
        "(b => [b.left, b.top, b.width, b.height])(document.querySelector('[data-map]').getBoundingClientRect())"
    )
    form.run("document.querySelector('[data-tool=query]').click()")
    form.until("document.querySelector('[data-tool=query]').getAttribute('aria-pressed') == 'true'")
    form.click(left + wide * 0.5, top + high * 0.5)
    form.until("!!document.querySelector('[data-here] h3')", 30)
    assert "管控单元" in form.text("[data-here]")


def test_the_form_is_reached_by_keyboard_and_every_field_has_a_name(form: Page) -> None:
    unnamed = form.run(
        "[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, iframe')].filter(e => "
        "!(e.labels && e.labels.length) && !e.getAttribute('aria-label') && !e.title && !e.textContent.trim())"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert unnamed == []
    seen = []
    for _ in range(40):
        form.key("Tab", 9)
        seen.append(form.run("document.activeElement.name || document.activeElement.getAttribute('href')"))
        if seen[-1] == "#what":  # past the map's many layers
            form.key("Enter", 13)
        if seen[-1] == "facilities_closed":
            break
    assert {"site_from", "#what", "name", "industry", "nature", "facilities_closed"} <= set(seen), seen
    assert form.run("document.documentElement.lang") == "zh-CN"
    assert form.run("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling at 1366 wide"


def test_many_projects_run_as_a_job_with_progress(form: Page, desk: Served, tmp_path: Path) -> None:
    file = tmp_path / "many.geojson"
    square = shapely.from_wkt("POLYGON ((103.60 29.42, 103.602 29.42, 103.602 29.422, 103.60 29.422, 103.60 29.42))")
    shapes = [shapely.transform(square, lambda xy, i=i: xy + 0.003 * i) for i in range(5)] + [
        shapely.transform(square, lambda xy: xy + 1.0)
    ]
    features = [
        {"type": "Feature", "properties": {"项目名称": f"项目{i}"}, "geometry": json.loads(shapely.to_geojson(g))}
        for i, g in enumerate(shapes)
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    choose(form, "site_from", "file")
    choose(form, "each", "1")
    form.choose_files("#file", file)
    fill(form, industry="C1353")
    choose(form, "nature", "new")
    form.run("document.querySelector('[data-go]').click()")
    form.until("location.pathname.startsWith('/jobs/')", 60)
    form.until(
        "document.querySelector('[data-state]') && document.querySelector('[data-state]').dataset.state == 'done'", 60
    )
    time.sleep(0.3)
    assert form.text("[data-count]") == "6 / 6"
    assert form.run("document.querySelectorAll('table.list tbody tr').length") == 5
    assert "项目5" in form.text("main") and "之外" in form.text("main"), "the one outside is named"


def test_where_a_kind_of_project_may_go(chromium: Browser, desk: Served, tmp_path: Path) -> None:
    page = chromium.open(f"{desk.url}/where")
    fill(page, industry="C2614 有机化学原料制造", min_area="15")
    fill(page, within="POLYGON ((103.55 29.38, 103.58 29.38, 103.58 29.41, 103.55 29.41, 103.55 29.38))")
    choose(page, "nature", "new")
    choose(page, "facilities_closed", "1")
    page.run("document.querySelector('button.main').click()")
    page.until("location.pathname.startsWith('/jobs/')", 60)
    page.until(
        "!!document.querySelector('table.figures') && frames[0] && frames[0].document.readyState == 'complete'", 60
    )
    page.until("(frames[0].document.getElementById('eco_map') || {dataset: {}}).dataset.pieces > 5", 30)
    assert "未能判定" in page.text("main") and "不符合" in page.text("table.figures")
    assert page.run("!!document.querySelector('a[href$=\"pieces.gpkg\"]')")
    page.screenshot(tmp_path / "ground.png")
    assert page.troubles == [] and [u for u in page.requests if not u.startswith(desk.url)] == []
    page.close()
