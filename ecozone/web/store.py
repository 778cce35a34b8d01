"""Results that an officer finds again: answers, jobs, ground that was looked for, and the audit log."""

from __future__ import annotations

import csv
import io
import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecozone import words
from ecozone.assessment import VERDICTS
from ecozone.report import wording
from ecozone.report.ledger import neutral
from ecozone.web.tables import Run, Tables

#: Results a page, and rows of a ledger.
PAGE, LEDGER_ROWS = 50, 20_000
#: Searches for ground that are kept; older ones go, as they are large and can be made again.
SEARCHES = 40
_COLUMNS = "id, at, who, job, parent, name, verdict, complete, after, as_of, region"
_BODIES = "words, request, record, map, asked"


@dataclass(frozen=True)
class Case:
    """One kept answer; `kept` is its record as it stands in the store."""

    id: str
    row: Mapping[str, Any]
    request: Mapping[str, Any]
    record: dict[str, Any]
    map: Mapping[str, Any]
    asked: Mapping[str, Any]
    kept: bytes


class Store:
    """The results store.

    Parameters
    ----------
    tables : Tables
        A SQLite file, or a schema in PostGIS.
    desk : str
        What this server is called among those that share the store, e.g. ``host:port``: its own jobs that a restart
        has ended are marked so, those of others go on.
    """

    def __init__(self, tables: Tables, desk: str = "") -> None:
        self._tables, self._desk = tables, desk
        with tables.writing() as run:
            run(
                "UPDATE jobs SET state = 'lost', said = '服务重启时任务没有完成' WHERE state = 'running' AND desk = ?",
                desk,
            )

    def close(self) -> None:
        """Close the tables."""
        self._tables.close()

    # ---- answers

    def add(
        self, request: Mapping[str, Any], answer: Mapping[str, Any], *, at: str, who: str, job: str | None = None,
        parent: str | None = None,
    ) -> str:  # fmt: skip
        """Keep an answer and return its number."""
        record, key = answer["record"], secrets.token_urlsafe(9)
        values = (
            key, at, who, job, parent, record["project"]["name"], record["verdict"], int(record["complete"]),
            record["after_overrides"]["verdict"], record["as_of"], record["region"]["code"], _words(record),
            _packed(request), _packed(record), _packed(answer["map"]), _packed(answer["asked"]),
        )  # fmt: skip
        with self._tables.writing() as run:
            run(f"INSERT INTO results ({_COLUMNS}, {_BODIES}) VALUES ({','.join('?' * len(values))})", *values)
        return key

    def revise(self, case: Case, record: Mapping[str, Any]) -> bool:
        """Keep a record that an officer has struck a finding from; False when somebody else did so meanwhile."""
        with self._tables.writing() as run:
            done = run(
                "UPDATE results SET record = ?, after = ?, complete = ? WHERE id = ? AND record = ?",
                _packed(record), record["after_overrides"]["verdict"],
                int(record["after_overrides"]["complete"]), case.id, case.kept,
            )  # fmt: skip
            return bool(done.rowcount)

    def case(self, key: str) -> Case | None:
        """Return a kept answer, or None."""
        found = self._tables.read("SELECT * FROM results WHERE id = ?", key)
        if not found:
            return None
        row = found[0]
        kept = bytes(row["record"])
        request, record, drawn, asked = (_unpacked(row.pop(k)) for k in ("request", "record", "map", "asked"))
        return Case(key, row, request, record, drawn, asked, kept)

    def remove(self, key: str) -> bool:
        """Forget an answer."""
        with self._tables.writing() as run:
            return run("DELETE FROM results WHERE id = ?", key).rowcount > 0

    def find(
        self, text: str = "", *, verdict: str = "", job: str = "", page: int = 0, count: int = PAGE
    ) -> tuple[list[dict[str, Any]], int]:
        """Return answers whose name, industry, unit or rules hold every word of a text, newest first, and how many."""
        where, values = ["1 = 1"], []
        for word in text.split()[:8]:
            where.append("lower(words) LIKE lower(?) ESCAPE '\\'")
            escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            values.append(f"%{escaped}%")
        if verdict:
            where.append("verdict = ?")
            values.append(verdict)
        if job:
            where.append("job = ?")
            values.append(job)
        clause = " AND ".join(where)
        total = self._tables.read(f"SELECT count(*) AS n FROM results WHERE {clause}", *values)[0]["n"]
        order = "ORDER BY at DESC, rowid DESC LIMIT ? OFFSET ?"
        return self._tables.read(
            f"SELECT {_COLUMNS} FROM results WHERE {clause} {order}", *values, count, max(0, page) * count
        ), total

    def ledger(self, text: str = "", *, verdict: str = "", job: str = "") -> bytes:
        """Return the 台账 of the answers found, one line each: CSV that Excel opens, no cell taken for a formula."""
        found, _ = self.find(text, verdict=verdict, job=job, count=LEDGER_ROWS)
        out = io.StringIO()
        sheet = csv.writer(out)
        sheet.writerow(
            ["编号", "核对时间", "经办", "项目名称", "性质", "行业", "判定日期", "区域", "管控单元", "结论", "是否完整",
             "主要依据", "更正后结论", "更正", "待补充"]
        )  # fmt: skip
        for row in found:
            for kept in self._tables.read("SELECT record FROM results WHERE id = ?", row["id"]):
                sheet.writerow(map(neutral, _line(row, _unpacked(kept["record"]))))
        return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")

    # ---- jobs

    def start_job(self, name: str, total: int, *, at: str, who: str) -> str:
        """Open a job and return its number."""
        key = secrets.token_urlsafe(9)
        with self._tables.writing() as run:
            self._start(run, key, name, total, at, who)
        return key

    def _start(self, run: Run, key: str, name: str, total: int, at: str, who: str) -> None:
        run(
            "INSERT INTO jobs (id, at, who, name, state, done, total, said, refused, desk) "
            "VALUES (?, ?, ?, ?, 'running', 0, ?, '', '[]', ?)",
            key, at, who, name, total, self._desk,
        )  # fmt: skip

    def advance(self, key: str, refused: str | None = None) -> None:
        """Count one project of a job, with the reason when it could not be judged."""
        with self._tables.writing() as run:
            if refused is not None:
                listed = [*json.loads(run("SELECT refused FROM jobs WHERE id = ?", key).fetchone()["refused"]), refused]
                run("UPDATE jobs SET refused = ? WHERE id = ?", json.dumps(listed, ensure_ascii=False), key)
            run("UPDATE jobs SET done = done + 1 WHERE id = ?", key)

    def step(self, key: str, done: int, said: str) -> None:
        """Say what a job does now, `done` steps being behind it."""
        with self._tables.writing() as run:
            run("UPDATE jobs SET done = ?, said = ? WHERE id = ?", done, said, key)

    def end_job(self, key: str, state: str, said: str = "") -> None:
        """Close a job: ``done``, ``failed`` or ``cancelled``."""
        with self._tables.writing() as run:
            run("UPDATE jobs SET state = ?, said = ? WHERE id = ?", state, said, key)

    def job(self, key: str) -> dict[str, Any] | None:
        """Return a job, or None."""
        found = self._tables.read("SELECT * FROM jobs WHERE id = ?", key)
        return {**found[0], "refused": json.loads(found[0]["refused"])} if found else None

    def jobs(self, count: int = 10) -> list[dict[str, Any]]:
        """Return the newest jobs."""
        return self._tables.read("SELECT * FROM jobs ORDER BY rowid DESC LIMIT ?", count)

    # ---- ground that was looked for

    def start_search(self, name: str, total: int, request: Mapping[str, Any], *, at: str, who: str) -> str:
        """Open a job that looks for ground and return its number."""
        key = secrets.token_urlsafe(9)
        with self._tables.writing() as run:
            self._start(run, key, name, total, at, who)
            run("INSERT INTO searches (job, request) VALUES (?, ?)", key, _packed(request))
            old = "SELECT job FROM searches ORDER BY rowid DESC LIMIT ? OFFSET ?"
            for row in list(run(old, 1000, SEARCHES)):
                run("DELETE FROM searches WHERE job = ?", row["job"])
                run("DELETE FROM jobs WHERE id = ?", row["job"])
        return key

    def keep_search(self, key: str, totals: Mapping[str, Any], geojson: bytes, gpkg: bytes) -> None:
        """Keep what a search found."""
        with self._tables.writing() as run:
            run(
                "UPDATE searches SET totals = ?, geojson = ?, gpkg = ? WHERE job = ?",
                _packed(totals), zlib.compress(geojson, 6), zlib.compress(gpkg, 6), key,
            )  # fmt: skip

    def search(self, key: str) -> dict[str, Any] | None:
        """Return a search's request and totals (None as long as there are none), or None for another job."""
        found = self._tables.read("SELECT request, totals FROM searches WHERE job = ?", key)
        return {k: v if v is None else _unpacked(v) for k, v in found[0].items()} if found else None

    def ground(self, key: str, kind: str) -> bytes | None:
        """Return the file of a search, ``geojson`` or ``gpkg``, or None when there is none."""
        column = {"geojson": "geojson", "gpkg": "gpkg"}[kind]
        found = self._tables.read(f"SELECT {column} AS body FROM searches WHERE job = ?", key)
        return zlib.decompress(found[0]["body"]) if found and found[0]["body"] is not None else None

    # ---- audit

    def audit(self, lines: Sequence[Sequence[Any]]) -> None:
        """Write down who asked what: (at, address, who, method, path, status) each."""
        with self._tables.writing() as run:
            for line in lines:
                run("INSERT INTO audit (at, address, who, method, path, status) VALUES (?, ?, ?, ?, ?, ?)", *line)

    def audited(self, count: int = 200) -> list[dict[str, Any]]:
        """Return the newest lines of the audit log."""
        return self._tables.read("SELECT * FROM audit ORDER BY rowid DESC LIMIT ?", count)


def _line(row: Mapping[str, Any], record: Mapping[str, Any]) -> list[Any]:
    project = record["project"]
    hits = [f for f in record["findings"] if f["outcome"] == "hit"]
    grounds = list(dict.fromkeys(f["cited"] for f in hits if f["effect"] not in ("inform", "prefer")))
    units = list(dict.fromkeys(wording.unit(u) for u in record["units"]))
    strokes = [f"{o['rule']}：{o['reason']}（{o['by']} {o['on']}）" for o in record["overrides"]]
    nature = words.nature(project["nature"]).name if project["nature"] else ""
    return [
        row["id"], row["at"], row["who"], project["name"], nature,
        "；".join(f"{c} {words.name_of(c)}" for c in project["industries"]), record["as_of"], record["region"]["name"],
        "；".join(units), VERDICTS[record["verdict"]], "是" if record["complete"] else "否", "；".join(grounds[:6]),
        _after(record) if strokes else "", "；".join(strokes),
        "" if record["after_overrides"]["complete"] else "；".join(o["label"] for o in record["open"][:12]),
    ]  # fmt: skip


def _after(record: Mapping[str, Any]) -> str:
    after = record["after_overrides"]
    told = "" if after["complete"] or after["verdict"] == "undetermined" else "（尚有事项未能判定）"
    return VERDICTS[after["verdict"]] + told


def _words(record: Mapping[str, Any]) -> str:
    """Return what a search looks in."""
    project = record["project"]
    said = [project["name"], record["region"]["name"], VERDICTS[record["verdict"]]]
    said += [f"{c} {words.name_of(c)}" for c in project["industries"]]
    said += [f"{u['name']} {u['code']}" for u in record["units"]]
    hits = [f for f in record["findings"] if f["outcome"] == "hit"]
    said += [f"{f['rule']} {f['cited']}" for f in hits]
    said += dict.fromkeys(z["name"] for f in hits for z in f["where"])
    return " ".join(map(str, said))


def _packed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"), 6)


def _unpacked(value: bytes) -> Any:
    return json.loads(zlib.decompress(value))
