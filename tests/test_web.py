"""The desk from outside: the same answers as the command line, hostile uploads, tokens, processes that die, load."""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import hypothesis
import psutil
import pytest
import schemathesis
from conftest import run_cli
from desk import Served, served
from hostile import uploads

import ecozone
from ecozone.demo import demo_folder, sample_projects
from ecozone.errors import InputError
from ecozone.web import view
from ecozone.web.pool import Pool, WorkerLost, apart
from ecozone.web.security import Rates, Sessions
from ecozone.web.settings import Settings, read_token

pytestmark = pytest.mark.xdist_group("desk")

DAY = "2026-11-22"
ATLAS = demo_folder() / "511111"
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("desk") / "data", "--rate", "0", "--workers", "2") as one:
        yield one


@pytest.fixture(scope="module")
def client(desk: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=desk.url, timeout=60) as one:
        yield one


def csrf(client: httpx.Client) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', client.get("/", headers={"accept": "text/html"}).text)
    assert found is not None
    return found[1]


def asked(sample: Any, **changes: Any) -> dict[str, Any]:
    """Return a sample project as a request."""
    import shapely

    project = sample.project
    return {
        "site": json.loads(shapely.to_geojson(project.site)),
        "name": project.name,
        "nature": project.nature,
        "industry": list(project.industries),
        "facilities": [*(project.facilities or ()), *["none"] * project.facilities_closed],
        "facts": {k: v for k, v in project.facts.items() if isinstance(v, bool | int | float | str)},
        "parts": [{"facility": p.facilities[0], "site": shapely.to_wkt(p.geometry)} for p in project.parts[1:]],
        "site_accuracy_m": project.parts[0].accuracy_m,
        "extent_m": project.parts[0].extent_m,
        "as_of": DAY,
        **changes,
    }


# ---- the same answer


def test_the_api_answers_as_the_library_does(client: httpx.Client) -> None:
    atlas = ecozone.open_atlas(ATLAS)
    for sample in sample_projects("511111"):
        got = client.post("/api/check", json=asked(sample))
        assert got.status_code == 200, got.text
        mine = json.loads(json.dumps(ecozone.check(sample.project, atlas, as_of=DAY).to_dict()))
        theirs = got.json()
        assert theirs["verdict"] == sample.expected["verdict"]
        for key in ("verdict", "complete", "findings", "units", "requirements", "layers", "books", "overrides"):
            assert theirs[key] == mine[key], (sample.id, key)


def test_registers_and_pages_answer(client: httpx.Client) -> None:
    layers, rules = client.get("/api/layers").json(), client.get("/api/rules", params={"as_of": DAY}).json()
    assert {x["kind"] for x in layers} == set(ecozone.open_atlas(ATLAS).kinds)
    assert len(rules) > 100 and all(r["cited"] for r in rules)
    assert client.get("/api/here", params={"lon": 103.56, "lat": 29.4}).json()["units"][0]["code"].startswith("ZH")
    for page in ("/", "/results", "/layers", "/rules", "/docs", "/audit", "/map"):
        got = client.get(page, headers={"accept": "text/html"})
        assert got.status_code == 200 and "<script>" not in got.text, page
        assert "unsafe" not in got.headers["content-security-policy"] or page == "/map"
        assert not re.search(r'(src|href)="https?:', got.text), "nothing from elsewhere"


def test_no_text_of_a_request_is_taken_for_a_file(client: httpx.Client, tmp_path: Path) -> None:
    secret, degrees = tmp_path / "secret.geojson", tmp_path / "度,b、c.geojson"
    for file in (secret, degrees):
        file.write_text('{"type":"Point","coordinates":[103.56,29.4]}', encoding="utf-8")
    for site in (
        str(secret),
        str(degrees),
        "/etc/passwd",
        "postgresql://localhost/x",
        "/vsicurl/http://127.0.0.1/a.geojson",
    ):
        for body in ({"site": site}, {"site": "103.56,29.4", "parts": [{"facility": "outfall", "site": site}]}):
            got = client.post("/api/check", json={**body, "as_of": DAY})
            assert got.status_code == 422 and "不是坐标" in got.json()["error"], got.text
    got = client.post("/api/check", json={"site": "103.56,29.4", "crs": "+init=/etc/passwd"})
    assert got.status_code == 422


def test_what_cannot_be_meant_is_a_sentence(client: httpx.Client) -> None:
    for body in (
        {}, {"site": "0,0"}, {"site": "103.56,29.4", "industry": ["C9999"]}, {"site": "103.56,29.4", "as_of": "soon"},
        {"site": "103.56,29.4", "facts": {"nonsense": True}}, {"site": {"type": "Point", "coordinates": [1e400, 2]}},
        {"site": "2.35,48.85"}, {"site": "POLYGON((103 29,104 30,104 29,103 30,103 29))"}, {"site": "(" * 5000},
    ):  # fmt: skip
        raw = json.dumps(body).encode()
        got = client.post("/api/check", content=raw, headers={"content-type": "application/json"})
        assert 400 <= got.status_code < 500, got.text
        assert re.search("[\u4e00-\u9fff]", got.json()["error"]) and "Traceback" not in got.text


def test_no_500_whatever_the_description_allows(tmp_path: Path) -> None:
    with served(
        tmp_path / "data", "--rate", "0", "--workers", "2"
    ) as desk:  # its own: searches go on in the background
        schema = schemathesis.openapi.from_url(f"{desk.url}/api/openapi.json")
        operations = [o.ok() for o in schema.get_all_operations()]
        served_here = {f"{o.method.upper()} {o.path}" for o in operations}
        assert served_here == {
            "POST /api/check", "POST /api/inspect", "GET /api/layers", "GET /api/rules", "GET /api/here",
            "POST /api/where", "GET /api/where", "GET /api/where/{key}", "GET /api/where/{key}/pieces.geojson",
            "GET /api/where/{key}/pieces.gpkg",
        }  # fmt: skip
        for operation in sorted(operations, key=lambda o: "where" in o.path):

            @hypothesis.settings(
                max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
            )
            @hypothesis.given(case=operation.as_strategy())
            def holds(case: Any) -> None:
                answer = case.call(timeout=60)
                assert answer.status_code < 500, (answer.status_code, answer.text)
                if answer.status_code >= 400:
                    assert answer.json()["error"]

            holds()


def test_rows_of_an_access_list_are_answered_by_name(client: httpx.Client) -> None:
    word = csrf(client)
    data = {"csrf": word, "site_from": "text", "site_text": "103.5673,29.3975", "extent_m": "100", "nature": "new",
            "industry": "C1353", "name": "肉制品厂"}  # fmt: skip
    first = client.post("/check", data=data).headers["location"]
    rows = client.get(f"{first}/record.json").json()["requirements"]
    asked_row = next(r for r in rows if r["decided_by"] != "rule")
    key = f"{asked_row['unit']}/{asked_row['id']}"
    said = {
        "csrf": word,
        f"answer.{key}": "不符合",
        f"answer_situation.{key}": "未做论证",
        f"answer_basis.{key}": "现场",
    }
    nobody = client.post(f"{first}/supply", data=said, headers={"accept": "text/html"})
    assert nobody.status_code == 422 and "经办人" in nobody.text
    second = client.post(f"{first}/supply", data={**said, "answer_by": "王某", "answer_on": DAY}).headers["location"]
    answered = next(
        r for r in client.get(f"{second}/record.json").json()["requirements"]
        if (r["unit"], r["id"]) == (asked_row["unit"], asked_row["id"])
    )  # fmt: skip
    assert (answered["conformity"], answered["situation"], answered["by"]) == ("不符合", "未做论证", "王某")
    kept = client.post(f"{second}/supply", data={"csrf": word, "fact.capacity_increase": "no"}).headers["location"]
    assert "王某" in client.get(kept, headers={"accept": "text/html"}).text, "an answer stays when more is supplied"
    assert asked_row["conformity"] == "无法判定" and first != second, "the earlier answer stays as it was"


def test_an_officer_is_told_of_fields_not_of_options(client: httpx.Client) -> None:
    for said, shown in {
        "如取自百度地图，请用 --crs GCJ02 或 BD09 指定。": "如取自百度地图，请在“坐标系”一栏填 GCJ02 或 BD09。",
        "坐标不在中国范围内，请用 --crs 指定正确的坐标系。": "坐标不在中国范围内，请在“坐标系”一栏填写坐标系。",
        "横坐标的带号是 35，请加上 --crs EPSG:4523。": "横坐标的带号是 35，请在“坐标系”一栏填 EPSG:4523。",
        "请提供国民经济行业代码（GB/T 4754-2017），如 --industry C2614。": "请提供国民经济行业代码（GB/T 4754-2017）。",
        "里有 2 个图层（a、b），请用 --layer 指定一个。": "里有 2 个图层（a、b），请只上传其中一个。",
        "项目是否属于尾矿库？是：--facility tailings；否：--facility none。": "项目是否属于尾矿库？",
    }.items():
        assert view.plain(said) == shown
    far = b'{"type":"Point","coordinates":[500000,3250000]}'
    got = client.post("/read", data={"csrf": csrf(client)}, files={"file": ("a.geojson", far)})
    assert got.status_code == 422 and "坐标系" in got.json()["error"] and "--" not in got.json()["error"]
    shifted = {"csrf": csrf(client), "crs": "gcj-02"}
    point = b'{"type":"Point","coordinates":[103.56,29.4]}'
    read = client.post("/read", data=shifted, files={"file": ("a.geojson", point)}).json()["sites"][0]
    assert 0.001 < abs(read["geometry"]["coordinates"][0] - 103.56) < 0.01, "brought back from the web map's shift"
    typed = client.post("/read", data={**shifted, "site_text": "103.56,29.4"})
    assert typed.status_code == 422 and "GCJ02" in typed.json()["error"]


# ---- where it may go

SQUARE = "POLYGON ((103.55 29.38, 103.58 29.38, 103.58 29.41, 103.55 29.41, 103.55 29.38))"
LOOKED_FOR = {"nature": "new", "industry": ["C2614"], "facilities": ["none"], "min_area_m2": 10_000, "within": SQUARE,
              "as_of": DAY}  # fmt: skip


def found(client: httpx.Client, job: str) -> dict[str, Any]:
    """Wait for a search."""
    end = time.monotonic() + 60
    while (state := client.get(f"/api/where/{job}").json())["state"] == "running":
        assert time.monotonic() < end, state
        time.sleep(0.1)
    return state


def test_where_it_may_go_is_what_the_library_says(client: httpx.Client, tmp_path: Path) -> None:
    import pyogrio
    import shapely

    from ecozone.siting import where_allowed

    begun = client.post("/api/where", json=LOOKED_FOR)
    assert begun.status_code in (200, 202), begun.text
    job = begun.json()["job"]
    assert begun.headers["location"] == f"/api/where/{job}"
    got = found(client, job)
    assert got["state"] == "done" and got["done"] == got["total"], got
    mine = where_allowed(
        ATLAS, nature="new", industry="C2614", facilities=["none"], min_area_m2=10_000,
        within=shapely.from_wkt(SQUARE), as_of=DAY,
    )  # fmt: skip
    theirs = {v["verdict"]: v for v in got["totals"]["verdicts"]}
    for row in mine.summary().to_dict("records"):
        assert theirs[row["verdict"]]["area_m2"] == pytest.approx(row["area_m2"], rel=1e-9)
        assert theirs[row["verdict"]]["pieces"] == row["pieces"]
    open_m2 = mine.pieces.loc[~mine.pieces["complete"].astype(bool), "area_m2"].sum()
    assert open_m2 > 0 and not got["totals"]["complete"] and "未能判定" in got["totals"]["sentence"]
    assert sum(v["incomplete_m2"] for v in theirs.values()) == pytest.approx(open_m2, rel=1e-9)
    for kind, address in got["files"].items():
        file = tmp_path / f"pieces.{kind}"
        file.write_bytes(client.get(address).content)
        frame = pyogrio.read_dataframe(file)
        assert sorted(frame["verdict"]) == sorted(mine.pieces["verdict"])
        assert frame["area_m2"].sum() == pytest.approx(mine.pieces["area_m2"].sum(), rel=1e-9)
        assert (~frame["complete"].astype(bool)).sum() == (~mine.pieces["complete"].astype(bool)).sum()
    query = {"nature": "new", "industry": "C2614", "facility": "none", "min_area_m2": 10_000, "within": SQUARE,
             "as_of": DAY}  # fmt: skip
    again = client.get("/api/where", params=query)
    assert (again.status_code, again.json()["job"]) == (200, job), "asked before: nothing is computed twice"
    with client.stream("GET", got["events"]) as events:
        assert '"state": "done"' in events.read().decode()
    page = client.get(f"/jobs/{job}", headers={"accept": "text/html"}).text
    assert "未判定完整" in page and f"/api/where/{job}/pieces.gpkg" in page


def test_a_search_that_makes_no_sense_is_a_sentence(client: httpx.Client) -> None:
    for change in (
        {"within": "103.56,29.4"}, {"within": "POLYGON((1 2"}, {"within": "/etc/passwd"}, {"industry": ["C9999"]},
        {"min_area_m2": -1}, {"facts": {"nonsense": "yes"}}, {"as_of": "soon"}, {"stage": "睡觉"}, {"nature": "x"},
        {"within": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}}, {"extra": 1},
    ):  # fmt: skip
        got = client.post("/api/where", json={**LOOKED_FOR, **change})
        assert got.status_code == 422 and re.search("[\u4e00-\u9fff]", got.json()["error"]), (change, got.text)
    assert client.get("/api/where", params={"fact": "nonsense"}).status_code == 422
    for address in ("/api/where/nothing", "/api/where/nothing/pieces.gpkg", "/jobs/nothing/map", "/jobs/nothing"):
        assert client.get(address).status_code == 404
    large = client.post("/api/where", json={**LOOKED_FOR, "min_area_m2": 1e11}).json()["job"]
    got = found(client, large)
    assert got["state"] == "failed" and "大于整个区域" in got["said"] and got["totals"] is None
    assert client.get(f"/api/where/{large}/pieces.gpkg").status_code == 404
    word = csrf(client)
    page = client.post("/where", data={"csrf": word, "min_area": "很大"}, headers={"accept": "text/html"})
    assert page.status_code == 422 and "不是数字" in page.text


# ---- harm


def test_hostile_uploads_are_each_refused_with_a_sentence(desk: Served, client: httpx.Client) -> None:
    client.post("/api/inspect", files={"file": ("a.geojson", b'{"type":"Point","coordinates":[103.56,29.4]}')})
    word, before = csrf(client), desk.memory()

    def send(upload: tuple[str, bytes]) -> tuple[str, httpx.Response]:
        return upload[0], client.post("/read", data={"csrf": word}, files={"file": upload})

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        for name, got in threads.map(send, uploads(200)):
            assert 400 <= got.status_code < 500, (name, got.status_code, got.text[:300])
            sentence = got.json()["error"]
            assert re.search("[\u4e00-\u9fff]", sentence), name
            assert not re.search(r"/tmp|/home|/root|/work|/var|Traceback", sentence), (name, sentence)
    assert client.post("/api/check", json={"site": "103.5673,29.3975", "as_of": DAY}).status_code == 200
    assert desk.memory() - before < 60e6, "the server's memory is back"
    assert not list(Path("/tmp").glob("ecozone-desk-*/in/*")), "no user's file is left"
    assert not (desk.data / "uploads").exists()


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: httpx.Client) -> None:
    got = client.post("/api/check", content=bytes(6_000_000), headers={"content-type": "application/json"})
    assert got.status_code == 413

    def pieces() -> Iterator[bytes]:
        yield b"{}"

    assert client.post("/api/check", content=pieces()).status_code == 411


def test_other_sites_and_other_names_are_refused(desk: Served, client: httpx.Client) -> None:
    body = {"site": "103.5673,29.3975", "as_of": DAY}
    assert client.post("/api/check", json=body, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.get("/results", headers={"host": "evil.example"}).status_code == 403
    for address in ("/api/where?nature=new", "/api/here?lon=103.56&lat=29.4"):
        assert client.get(address, headers={"sec-fetch-site": "cross-site"}).status_code == 403, "not by a picture"
    assert client.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200, "by a link"
    got = client.post("/check", data={"site_from": "text", "site_text": "103.56,29.4"}, headers={"accept": "text/html"})
    assert got.status_code == 422 and "页面已过期" in got.text, "a form without the session's word"


# ---- the token


def test_without_a_token_every_route_is_401(tmp_path: Path) -> None:
    from ecozone.web.app import create_app

    settings = Settings(ATLAS, tmp_path / "data", host="0.0.0.0", token=TOKEN, workers=1, rate=0)
    app = create_app(settings)
    routes = [(m, r.path) for r in _flat(app.routes) for m in (r.methods or ())]
    assert len(routes) > 25

    async def walk() -> None:
        transport = httpx.ASGITransport(app, client=("10.0.0.9", 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk:8765") as stranger:
            for method, path in routes:
                asked_path = re.sub(r"\{\w+\}", "x", path)
                for headers in (
                    {},
                    {"accept": "text/html"},
                    {"authorization": "Bearer wrong"},
                    {"cookie": "ecozone_desk=a.9999999999.b"},
                ):
                    got = await stranger.request(method, asked_path, headers=headers)
                    assert got.status_code in ((401,) if path != "/login" else (401, 429)), (
                        method,
                        path,
                        got.status_code,
                    )
            got = await stranger.get("/api/layers", headers={"authorization": f"Bearer {TOKEN}"})
            assert got.status_code == 200
        async with httpx.AsyncClient(transport=transport, base_url="http://desk:8765") as known:
            app.middleware_stack = None  # the door counts wrong tokens by address: a new door
            got = await known.post("/login", data={"token": TOKEN})
            assert got.status_code == 303
            cookie = got.headers["set-cookie"].lower()
            assert "httponly" in cookie and "samesite=strict" in cookie and TOKEN not in cookie
            assert (await known.get("/results")).status_code == 200

    try:
        anyio.run(walk)
    finally:
        app.state.desk.close()


def _flat(routes: Any) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "methods"):
            yield route
        elif hasattr(route, "original_router"):
            yield from route.original_router.routes
        elif hasattr(route, "routes"):
            yield from _flat(route.routes)


def test_another_address_needs_a_token(tmp_path: Path) -> None:
    ran = run_cli("serve", "--atlas", ATLAS, "--data", tmp_path, "--host", "0.0.0.0")
    assert ran.status == 2 and "--token-file" in ran.err
    file = tmp_path / "token"
    file.write_text("short", encoding="utf-8")
    file.chmod(0o600)
    with pytest.raises(InputError, match="太短"):
        read_token(file)
    file.write_text(TOKEN, encoding="utf-8")
    file.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        read_token(file)


def test_sessions_end_and_cannot_be_made_up() -> None:
    now = [1000.0]
    sessions = Sessions(TOKEN, lambda: now[0])
    cookie = sessions.new()
    assert sessions.valid(cookie) and not sessions.forged(cookie, sessions.csrf(cookie))
    assert not sessions.valid(cookie[:-1] + ("0" if cookie[-1] != "0" else "1"))
    assert (
        sessions.forged(cookie, None) and sessions.forged(None, sessions.csrf(cookie)) and sessions.forged(cookie, "x")
    )
    now[0] += 13 * 3600
    assert not sessions.valid(cookie)
    rates = Rates(60, lambda: now[0])
    assert [rates.take("a") for _ in range(61)] == [True] * 60 + [False]
    now[0] += 1
    assert rates.take("a") and rates.take("b")


# ---- processes that die


def _nap(seconds: float) -> str:
    time.sleep(seconds)
    return "ok"


def _greedy(tell: Any) -> int:
    return len(bytearray(4_000_000_000))


def _endless(tell: Any) -> None:
    while True:
        tell("still here")
        time.sleep(0.05)


def _ready() -> None:
    pass


def test_a_killed_worker_fails_its_job_by_name_and_no_other() -> None:
    pool = Pool(2, (_ready, ()), 20.0)
    try:
        assert pool.submit(_nap, 0.0).result(30) == "ok"
        jobs = [pool.submit(_nap, 1.0, name=f"项目{i}") for i in range(5)]
        time.sleep(0.4)
        os.kill(pool.processes[0], signal.SIGKILL)
        ends = [job.exception(30) for job in jobs]
        failed = [e for e in ends if e is not None]
        assert len(failed) == 1 and isinstance(failed[0], WorkerLost) and "项目" in str(failed[0])
        assert [j.result() for j, e in zip(jobs, ends, strict=True) if e is None] == ["ok"] * 4
        assert len(pool.processes) == 2
    finally:
        pool.close()


def test_a_process_of_its_own_is_bounded() -> None:
    with pytest.raises(InputError, match="内存上限"):
        apart(_greedy, name="大文件", seconds=20, memory_bytes=500_000_000)
    seen: list[Any] = []
    with pytest.raises(WorkerLost, match=r"大文件.*8 秒"):
        apart(_endless, name="大文件", seconds=8, memory_bytes=500_000_000, told=seen.append)
    assert seen
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(WorkerLost, match="取消"):
        apart(_endless, name="大文件", seconds=20, memory_bytes=500_000_000, stop=stop)


def test_a_batch_whose_process_is_killed_keeps_what_it_answered(
    desk: Served, client: httpx.Client, tmp_path: Path
) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"项目名称": f"P{i}"},
            "geometry": {"type": "Point", "coordinates": [103.55 + i / 2000, 29.4]},
        }
        for i in range(150)
    ]
    body = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    word, known = csrf(client), {p.pid for p in desk.workers()}
    data = {"csrf": word, "site_from": "file", "each": "1", "nature": "new", "industry": "C2614"}
    got = client.post("/check", data=data, files={"file": ("many.geojson", body)})
    job = got.headers["location"]
    end = time.monotonic() + 60
    while "1 / 150" not in (text := client.get(job, headers={"accept": "text/html"}).text) and not re.search(
        r"data-count>[1-9]\d* / 150", text
    ):
        assert time.monotonic() < end, text[-500:]
        time.sleep(0.05)
    fresh = [p for p in desk.workers() if p.pid not in known and not p.children()]
    max(fresh, key=psutil.Process.create_time).kill()
    while 'data-state="running"' in (text := client.get(job, headers={"accept": "text/html"}).text):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert 'data-state="failed"' in text and "many.geojson" in text
    done = int(re.search(r"data-count>(\d+) / 150", text)[1])  # type: ignore[index]
    kept = client.get("/ledger.csv", params={"job": job.rpartition("/")[2]}).content.decode("utf-8-sig").splitlines()
    assert 1 <= done == len(kept) - 1 < 150
    assert client.post("/api/check", json={"site": "103.5673,29.3975", "as_of": DAY}).status_code == 200


def test_a_worker_killed_among_many_visitors_fails_one_of_them_by_name(desk: Served, client: httpx.Client) -> None:
    data = {"csrf": csrf(client), "site_from": "text", "site_text": "103.5673,29.3975", "extent_m": "100",
            "nature": "new", "industry": "C2614"}  # fmt: skip
    kept: dict[str, str] = {}
    refused: dict[str, httpx.Response] = {}

    def visit(name: str) -> None:
        got = client.post("/check", data={**data, "name": name}, headers={"accept": "text/html"})
        if got.status_code == 303:
            kept[name] = got.headers["location"]
        else:
            refused[name] = got

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        visits = [threads.submit(visit, f"访客{i:02d}的项目") for i in range(16)]
        while len(kept) < 3:
            time.sleep(0.01)
        leaves = [p for p in desk.workers() if not p.children()]
        max(leaves, key=lambda p: p.cpu_times().user).kill()
        for one in visits:
            one.result()
    assert len(refused) == 1 and len(kept) == 15
    ((name, got),) = refused.items()
    assert got.status_code == 503 and f"“{name}”没有" in got.text and "计算进程意外结束" in got.text
    listed = client.get("/results", params={"q": "访客"}, headers={"accept": "text/html"}).text
    assert "共 15 条" in listed and name not in listed
    for place in kept.values():
        assert client.get(f"{place}/record.json").json()["verdict"] == "prohibited"
