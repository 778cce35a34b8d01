"""The page of an answer: what an override leaves open, and how the site was read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import shapely
from desk import served

import ecozone
from ecozone.asked import Asked
from ecozone.demo import demo_folder
from ecozone.web import view

pytestmark = pytest.mark.xdist_group("desk")

DAY = "2026-11-22"
ATLAS = demo_folder() / "511111"
RULE = "cn.长江保护法.26-2"
PLACE = {"nature": "new", "industry": ["C2614"], "as_of": DAY}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    data = tmp_path_factory.mktemp("desk") / "data"
    with (
        served(data, "--rate", "0", "--workers", "1") as one,
        httpx.Client(base_url=one.url, timeout=60, follow_redirects=True) as client,
    ):
        client.headers["accept"] = "text/html"
        yield client


def csrf(client: httpx.Client) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', client.get("/").text)
    assert found is not None
    return found[1]


def test_an_override_shows_what_stays_open(client: httpx.Client) -> None:
    sent = {"csrf": csrf(client), "site_from": "text", "site_text": "103.553,29.405", "nature": "new",
            "industry": "C2614", "extent_m": "100", "as_of": DAY, "name": "化工厂"}  # fmt: skip
    first = client.post("/check", data=sent)
    assert first.status_code == 200
    assert "还缺什么" not in first.text and "不符合" in first.text
    stroke = {"csrf": csrf(client), "rule": RULE, "part": "site", "by": "张三", "reason": "岸线已实测"}
    page = client.post(f"{first.url}/override", data=stroke).text
    after = re.search(r'<p class="after">.*?</p>', page, re.S)
    assert after is not None and "有条件符合（尚有事项未能判定" in after[0]
    assert '<h2 id="missing">还缺什么' in page
    listed = client.get("/results").text
    assert "不完整" in listed


def test_questions_follow_the_corrected_verdict() -> None:
    of = ecozone.check(
        ecozone.Project("103.553,29.405", "new", "C2614", extent_m=100), ecozone.open_atlas(ATLAS), as_of=DAY
    )
    struck = of.override(RULE, by="张三", reason="岸线已实测", on=DAY)
    kept = {"now": [], "later": [], "idle": [o.what for o in of.open]}
    shown = view.result(json.loads(json.dumps(struck.to_dict())), kept)
    asked = Asked.of(struck)
    assert not shown["settled"]
    assert {o["what"] for o in shown["single"]} <= {o.what for found in asked.now.values() for o in found}
    assert shown["facilities"] and len(shown["idle"]) == len(asked.idle) < len(of.open)


def test_the_page_tells_how_the_site_was_read(client: httpx.Client, tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    here = shapely.box(103.553, 29.405, 103.554, 29.406)
    geopandas.GeoDataFrame({"name": ["厂"]}, geometry=[here], crs="EPSG:4490").to_crs("EPSG:4544").to_file(
        tmp_path / "厂区.shp"
    )
    (tmp_path / "厂区.prj").unlink()
    files = [("file", (p.name, p.read_bytes())) for p in sorted(tmp_path.iterdir())]
    sent = {"csrf": csrf(client), "site_from": "file", "nature": "new", "industry": "C2614", "as_of": DAY, "name": "厂"}
    got = client.post("/check", data=sent, files=files)
    assert got.status_code == 200, re.findall(r"alert.{0,300}|wrong.{0,300}", got.text)
    told = re.search(r"<dt>读取</dt><dd>(.*?)</dd>", got.text, re.S)
    assert told is not None and "坐标系" in told[1] and "未说明测量精度，按 0 米计" in told[1]
    assert "--" not in told[1] and "±0.0" not in got.text and "坐标精度按 0 米计" in got.text
    record = client.get(f"{got.url}/record.json").json()
    notes = [a["text"] for a in record["assumptions"] if a["about"] == "site"]
    assert len(notes) >= 2
    stroke = {"csrf": csrf(client), "rule": RULE, "part": "site", "by": "张三", "reason": "岸线已实测"}
    assert "<dt>读取</dt>" in client.post(f"{got.url}/override", data=stroke).text
