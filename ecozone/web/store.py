"""Results that an officer finds again: answers, jobs and the audit log in one SQLite file."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecozone import words
from ecozone.assessment import VERDICTS
from ecozone.errors import InputError

_TABLES = """
CREATE TABLE IF NOT EXISTS results (
    id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, job TEXT, parent TEXT,
    name TEXT NOT NULL, verdict TEXT NOT NULL, complete INTEGER NOT NULL, after TEXT NOT NULL,
    as_of TEXT NOT NULL, region TEXT NOT NULL, words TEXT NOT NULL,
    request BLOB NOT NULL, record BLOB NOT NULL, map BLOB NOT NULL, asked BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS results_at ON results (at);
CREATE INDEX IF NOT EXISTS results_job ON results (job);
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL,
    state TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL, said TEXT NOT NULL, refused TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS audit (
    at TEXT NOT NULL, address TEXT NOT NULL, who TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    status INTEGER NOT NULL
);
"""
#: Results a page, and rows of a ledger.
PAGE, LEDGER_ROWS = 50, 20_000
_COLUMNS = "id, at, who, job, parent, name, verdict, complete, after, as_of, region"
#: Characters that make a spreadsheet take a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Case:
    """One kept answer."""

    id: str
    row: Mapping[str, Any]
    request: Mapping[str, Any]
    record: dict[str, Any]
    map: Mapping[str, Any]
    asked: Mapping[str, Any]


class Store:
    """The results store; one connection, one writer at a time.

    Parameters
    ----------
    folder : Path
        Made when it is not there.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(folder / "desk.sqlite", check_same_thread=False, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_TABLES)
        except (OSError, sqlite3.Error):
            raise InputError(f"结果库文件夹“{folder}”不能写入，请检查权限，或用 --data 另指一个。") from None
        self._db.execute("UPDATE jobs SET state = 'lost', said = '服务重启时任务没有完成' WHERE state = 'running'")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _read(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(r) for r in self._db.execute(sql, values)]

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
        with self._writing() as db:
            db.execute(f"INSERT INTO results VALUES ({','.join('?' * len(values))})", values)
        return key

    def revise(self, key: str, record: Mapping[str, Any]) -> None:
        """Keep a record that an officer has struck a finding from."""
        with self._writing() as db:
            db.execute(
                "UPDATE results SET record = ?, after = ? WHERE id = ?",
                (_packed(record), record["after_overrides"]["verdict"], key),
            )

    def case(self, key: str) -> Case | None:
        """Return a kept answer, or None."""
        found = self._read("SELECT * FROM results WHERE id = ?", key)
        if not found:
            return None
        row = found[0]
        parts = [_unpacked(row.pop(k)) for k in ("request", "record", "map", "asked")]
        return Case(key, row, *parts)

    def remove(self, key: str) -> bool:
        """Forget an answer."""
        with self._writing() as db:
            return db.execute("DELETE FROM results WHERE id = ?", (key,)).rowcount > 0

    def find(
        self, text: str = "", *, verdict: str = "", job: str = "", page: int = 0, count: int = PAGE
    ) -> tuple[list[dict[str, Any]], int]:
        """Return answers whose name, industry, unit or rules hold every word of a text, newest first, and how many."""
        where, values = ["1"], []
        for word in text.split()[:8]:
            where.append("words LIKE ? ESCAPE '\\'")
            escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            values.append(f"%{escaped}%")
        if verdict:
            where.append("verdict = ?")
            values.append(verdict)
        if job:
            where.append("job = ?")
            values.append(job)
        clause = " AND ".join(where)
        total = self._read(f"SELECT count(*) AS n FROM results WHERE {clause}", *values)[0]["n"]
        order = "ORDER BY at DESC, rowid DESC LIMIT ? OFFSET ?"
        return self._read(
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
            case = self.case(row["id"])
            if case is not None:
                sheet.writerow(map(_cell, _line(row, case.record)))
        return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")

    # ---- jobs

    def start_job(self, name: str, total: int, *, at: str, who: str) -> str:
        """Open a job and return its number."""
        key = secrets.token_urlsafe(9)
        with self._writing() as db:
            db.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, 'running', 0, ?, '', '[]')", (key, at, who, name, total))
        return key

    def advance(self, key: str, refused: str | None = None) -> None:
        """Count one project of a job, with the reason when it could not be judged."""
        with self._writing() as db:
            row = db.execute("SELECT refused FROM jobs WHERE id = ?", (key,)).fetchone()
            listed = json.loads(row["refused"]) + ([refused] if refused else [])
            db.execute(
                "UPDATE jobs SET done = done + 1, refused = ? WHERE id = ?",
                (json.dumps(listed, ensure_ascii=False), key),
            )

    def end_job(self, key: str, state: str, said: str = "") -> None:
        """Close a job: ``done``, ``failed`` or ``cancelled``."""
        with self._writing() as db:
            db.execute("UPDATE jobs SET state = ?, said = ? WHERE id = ?", (state, said, key))

    def job(self, key: str) -> dict[str, Any] | None:
        """Return a job, or None."""
        found = self._read("SELECT * FROM jobs WHERE id = ?", key)
        return {**found[0], "refused": json.loads(found[0]["refused"])} if found else None

    # ---- audit

    def audit(self, lines: Sequence[Sequence[Any]]) -> None:
        """Write down who asked what: (at, address, who, method, path, status) each."""
        with self._writing() as db:
            db.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", lines)

    def audited(self, count: int = 200) -> list[dict[str, Any]]:
        """Return the newest lines of the audit log."""
        return self._read("SELECT * FROM audit ORDER BY rowid DESC LIMIT ?", count)


def _line(row: Mapping[str, Any], record: Mapping[str, Any]) -> list[Any]:
    project = record["project"]
    hits = [f for f in record["findings"] if f["outcome"] == "hit"]
    grounds = list(dict.fromkeys(f["cited"] for f in hits if f["effect"] not in ("inform", "prefer")))
    units = list(dict.fromkeys(f"{u['name']}（{u['code']}）" for u in record["units"]))
    strokes = [f"{o['rule']}：{o['reason']}（{o['by']} {o['on']}）" for o in record["overrides"]]
    nature = words.nature(project["nature"]).name if project["nature"] else ""
    return [
        row["id"], row["at"], row["who"], project["name"], nature,
        "；".join(f"{c} {words.name_of(c)}" for c in project["industries"]), record["as_of"], record["region"]["name"],
        "；".join(units), VERDICTS[record["verdict"]], "是" if record["complete"] else "否", "；".join(grounds[:6]),
        VERDICTS[record["after_overrides"]["verdict"]] if strokes else "", "；".join(strokes),
        "" if record["complete"] else "；".join(o["label"] for o in record["open"][:12]),
    ]  # fmt: skip


def _words(record: Mapping[str, Any]) -> str:
    """Return what a search looks in."""
    project = record["project"]
    said = [project["name"], record["region"]["name"], VERDICTS[record["verdict"]]]
    said += [f"{c} {words.name_of(c)}" for c in project["industries"]]
    said += [f"{u['name']} {u['code']}" for u in record["units"]]
    said += [f"{f['rule']} {f['cited']}" for f in record["findings"] if f["outcome"] == "hit"]
    return " ".join(map(str, said))


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _packed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"), 6)


def _unpacked(value: bytes) -> Any:
    return json.loads(zlib.decompress(value))
