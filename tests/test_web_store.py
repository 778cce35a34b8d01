"""The results store, in a file and in PostGIS: one interface, the same answers; what is written stays written."""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk import served

import ecozone
from ecozone.demo import demo_folder, sample_projects
from ecozone.errors import EcozoneError, InputError
from ecozone.web.audit import Audit
from ecozone.web.store import SEARCHES, Store
from ecozone.web.tables import Postgis, Sqlite, StoreError, Tables

pytestmark = pytest.mark.xdist_group("postgis")

DAY = "2026-11-22"
ATLAS = demo_folder() / "511111"
AT = "2026-11-22 10:00:00"
Open = Callable[[], Tables]


@functools.cache
def _record() -> str:
    sample = sample_projects("511111")[0]
    return json.dumps(ecozone.check(sample.project, ecozone.open_atlas(ATLAS), as_of=DAY).to_dict())


def answer(name: str) -> dict[str, Any]:
    record = json.loads(_record())
    record["project"]["name"] = name
    return {"record": record, "map": {"script": ""}, "asked": {"now": [], "later": [], "idle": []}}


def schema(address: str, name: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}schema={name}"


@pytest.fixture(params=["file", pytest.param("database", marks=pytest.mark.postgis)])
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return what opens the same tables, again and again."""
    if request.param == "file":
        return lambda: Sqlite(tmp_path)
    address = schema(request.getfixturevalue("server"), f"t{time.time_ns()}")
    return lambda: Postgis(address)


@pytest.fixture
def store(tables: Open) -> Iterator[Store]:
    one = Store(tables(), "here:1")
    yield one
    one.close()


def test_an_answer_is_found_again(store: Store, tables: Open) -> None:
    key = store.add({"name": "x"}, answer("=HYPERLINK(1) 化工Park"), at=AT, who="张")
    newer = store.add({"name": "y"}, answer("50%_厂\\"), at=AT, who="王", parent=key)
    assert [r["id"] for r in store.find()[0]] == [newer, key], "newest first, at the same second too"
    for text, count in {
        "有机化学": 2, "50%_": 1, "%": 1, "厂\\": 1, "化工park": 1, "C2614 大渡河": 2, "没有的": 0, "' OR 1=1 --": 0,
    }.items():  # fmt: skip
        assert store.find(text)[1] == count, text
    assert store.find(verdict="prohibited")[1] == 2 and store.find(verdict="clear")[1] == 0
    assert store.find(page=1, count=1)[0][0]["id"] == key
    again = Store(tables(), "here:1")
    found = again.case(key)
    assert found is not None and found.record == answer("=HYPERLINK(1) 化工Park")["record"]
    assert found.request == {"name": "x"} and again.case("nothing") is None
    changed = answer("z")["record"] | {"after_overrides": {"verdict": "clear", "complete": False}}
    seen = again.case(newer)
    assert seen is not None and again.revise(seen, changed)
    assert not again.revise(seen, answer("other")["record"]), "nobody strikes over what another has just struck"
    assert store.case(newer).record == changed and store.find()[0][0]["after"] == "clear"  # type: ignore[union-attr]
    assert not store.find()[0][0]["complete"], "the list tells what an override leaves open"
    assert again.remove(key) and again.case(key) is None and not again.remove(key)
    again.close()


def test_the_ledger_has_a_line_each_and_no_formula(store: Store) -> None:
    for name in ("=1+1", "@x", "化工厂,一期"):
        store.add({"name": name}, answer(name), at=AT, who="-张")
    rows = list(csv.reader(io.StringIO(store.ledger().decode("utf-8-sig"))))
    assert len(rows) == 4 and {len(r) for r in rows} == {len(rows[0])}
    assert [r[3] for r in rows[1:]] == ["化工厂,一期", "'@x", "'=1+1"] and rows[1][2] == "'-张"


def test_texts_that_no_database_takes(store: Store) -> None:
    key = store.add({"name": "a\0b\ud800"}, answer("a\0b\ud800"), at=AT, who="\ud800")
    assert store.case(key).row["name"] == "ab?"  # type: ignore[union-attr]
    assert store.find("a\0b")[1] == 1
    store.audit([(AT, "127.0.0.1", "本机", "GET", "/results/\0\udfff", 404)])
    assert store.audited()[0]["path"] == "/results/?"


def test_a_job_counts_and_ends(store: Store, tables: Open) -> None:
    key = store.start_job("许多.geojson", 3, at=AT, who="张")
    store.advance(key)
    store.advance(key, "第 2 个：位置不对")
    store.step(key, 2, "正在核对")
    job = store.job(key)
    assert job is not None and (job["done"], job["total"], job["state"]) == (2, 3, "running")
    assert job["refused"] == ["第 2 个：位置不对"] and store.job("nothing") is None
    Store(tables(), "elsewhere:2").close()
    assert store.job(key)["state"] == "running", "another desk that starts ends no job of ours"  # type: ignore[index]
    Store(tables(), "here:1").close()
    assert store.job(key)["state"] == "lost", "ours that a restart has ended is called so"  # type: ignore[index]


def test_ground_is_kept_until_there_is_much_of_it(store: Store) -> None:
    first = store.start_search("选址", 3, {"nature": "new"}, at=AT, who="张")
    assert store.search(first) == {"request": {"nature": "new"}, "totals": None} and store.ground(first, "gpkg") is None
    store.keep_search(first, {"pieces": 1}, b"{}", b"GPKG")
    assert store.search(first)["totals"] == {"pieces": 1}  # type: ignore[index]
    assert (store.ground(first, "geojson"), store.ground(first, "gpkg")) == (b"{}", b"GPKG")
    kept = store.add({"name": "x"}, answer("x"), at=AT, who="张")
    for _ in range(SEARCHES):
        last = store.start_search("选址", 3, {}, at=AT, who="张")
    assert store.search(first) is None and store.job(first) is None
    assert store.search(last) is not None and store.case(kept) is not None, "answers are never thrown away"


def test_half_a_transaction_is_none(tables: Open) -> None:
    one = tables()
    store = Store(one)
    with pytest.raises(RuntimeError), one.writing() as run:
        run("INSERT INTO searches (job, request) VALUES (?, ?)", "k", b"")
        raise RuntimeError
    assert store.search("k") is None
    with pytest.raises(StoreError, match="没有保存"), one.writing() as run:
        run("INSERT INTO searches (job, request) VALUES (?, ?)", "k", b"")
        run("INSERT INTO searches (job, request) VALUES (?, ?)", "k", b"")
    assert store.search("k") is None
    store.close()


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="--data"):
        Sqlite(file / "data")
    (tmp_path / "desk.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(InputError, match="--data"):
        Sqlite(tmp_path)


def test_an_earlier_file_is_taken_over(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "desk.sqlite")
    db.execute(
        "CREATE TABLE jobs (id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL, state TEXT "
        "NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL, said TEXT NOT NULL, refused TEXT NOT NULL)"
    )
    db.execute("INSERT INTO jobs VALUES ('old', '', '', 'n', 'done', 1, 1, '', '[]')")
    db.commit()
    db.close()
    store = Store(Sqlite(tmp_path), "here:1")
    assert store.job("old")["name"] == "n" and store.job(store.start_job("n", 1, at=AT, who=""))  # type: ignore[index]
    store.close()


_WRITER = """
import sys
from pathlib import Path
from test_web_store import AT, answer
from ecozone.web.store import Store
from ecozone.web.tables import Postgis, Sqlite

where = sys.argv[1]
store = Store(Postgis(where) if "://" in where else Sqlite(Path(where)))
kept = answer("x")
while True:
    print(store.add({"name": "x"}, kept, at=AT, who=""), flush=True)
"""


@pytest.mark.parametrize("where", ["file", pytest.param("database", marks=pytest.mark.postgis)])
def test_what_was_said_to_be_kept_is_there_after_kill_9(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = str(tmp_path) if where == "file" else schema(request.getfixturevalue("server"), f"t{time.time_ns()}")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, place], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert writer.stdout is not None
    said = [writer.stdout.readline().strip() for _ in range(20)]
    writer.send_signal(signal.SIGKILL)
    said += writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    store = Store(Sqlite(tmp_path) if where == "file" else Postgis(place))
    found = {r["id"] for r in store.find(count=100_000)[0]}
    assert len(said) >= 20 and set(said) <= found and len(found) <= len(said) + 1
    assert all(store.case(key) is not None for key in said)
    store.close()


@pytest.mark.postgis
def test_a_connection_that_was_cut_is_made_anew(server: str) -> None:
    import psycopg

    tables = Postgis(schema(server, f"t{time.time_ns()}"))
    store = Store(tables)
    key = store.add({"name": "x"}, answer("x"), at=AT, who="")
    with psycopg.connect(server, autocommit=True) as other:
        mine = tables.read("SELECT pg_backend_pid() AS pid")[0]["pid"]
        other.execute("SELECT pg_terminate_backend(%s)", (mine,))
    assert store.case(key) is not None, "the first question after it is answered"
    store.close()


@pytest.mark.postgis
def test_the_desk_of_an_atlas_in_postgis_keeps_its_results_there(server: str, tmp_path: Path) -> None:
    from ecozone import postgis

    address = schema(server, f"t{time.time_ns()}")
    postgis.save(ecozone.open_atlas(ATLAS), address)
    with served(tmp_path / "data", "--workers", "1", atlas=address, keep=False) as desk:
        client = httpx.Client(base_url=desk.url, timeout=60)
        with client:
            asked = {"site": "103.5673,29.3975", "extent_m": 100, "nature": "new", "industry": ["C2614"], "as_of": DAY}
            got = client.post("/api/check", json=asked).json()
            mine = ecozone.check(
                ecozone.Project("103.5673,29.3975", "new", "C2614", extent_m=100), ecozone.open_atlas(ATLAS), as_of=DAY
            )
            assert got["verdict"] == mine.verdict == "prohibited"
            word = client.get("/", headers={"accept": "text/html"}).text.split('name="csrf" value="')[1].split('"')[0]
            form = {"csrf": word, "site_from": "text", "site_text": "103.5673,29.3975", "extent_m": "100",
                    "nature": "new", "industry": "C2614", "name": "在库里"}  # fmt: skip
            kept = client.post("/check", data=form).headers["location"]
            assert client.get(f"{kept}/record.json").json()["verdict"] == "prohibited"
    store = Store(Postgis(address))
    assert [r["name"] for r in store.find("在库里")[0]] == ["在库里"] and store.audited()
    store.close()
    assert not (tmp_path / "data" / "desk.sqlite").exists()


@pytest.mark.postgis
def test_who_may_only_read_is_told(server: str) -> None:
    import psycopg

    name = f"reader{time.time_ns()}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"CREATE ROLE {name} LOGIN")
    reader = server.replace("user=postgres", f"user={name}")
    try:
        if reader != server:
            with pytest.raises(EcozoneError, match="权限") as refused:
                Postgis(schema(reader, f"t{time.time_ns()}"))
            assert name not in str(refused.value)
    finally:
        with psycopg.connect(server, autocommit=True) as db:
            db.execute(f"DROP ROLE {name}")


def test_lines_that_the_store_refuses_stand_in_the_servers_log(caplog: pytest.LogCaptureFixture) -> None:
    class Full:
        def audit(self, lines: object) -> None:
            raise StoreError("磁盘已满")

    audit = Audit(Full(), lambda: AT)  # type: ignore[arg-type]
    audit("127.0.0.1", "本机", "GET", "/results/9", 200)
    audit.close()
    audit("127.0.0.1", "本机", "GET", "/results/10", 200)
    assert "磁盘已满" in caplog.text and "/results/9'" in caplog.text and "/results/10'" in caplog.text
