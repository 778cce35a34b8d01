"""Where the results store stands: a SQLite file, or a schema beside the atlas's own in PostGIS; one SQL."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from ecozone.errors import EcozoneError, InputError

_TABLES = """
CREATE TABLE IF NOT EXISTS results (
    {serial} id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, job TEXT, parent TEXT,
    name TEXT NOT NULL, verdict TEXT NOT NULL, complete INTEGER NOT NULL, after TEXT NOT NULL,
    as_of TEXT NOT NULL, region TEXT NOT NULL, words TEXT NOT NULL,
    request {blob} NOT NULL, record {blob} NOT NULL, map {blob} NOT NULL, asked {blob} NOT NULL
);
CREATE INDEX IF NOT EXISTS results_at ON results (at);
CREATE INDEX IF NOT EXISTS results_job ON results (job);
CREATE TABLE IF NOT EXISTS jobs (
    {serial} id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL,
    state TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL, said TEXT NOT NULL, refused TEXT NOT NULL,
    desk TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS searches (
    {serial} job TEXT PRIMARY KEY, request {blob} NOT NULL, totals {blob}, geojson {blob}, gpkg {blob}
);
CREATE TABLE IF NOT EXISTS audit (
    {serial} at TEXT NOT NULL, address TEXT NOT NULL, who TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    status INTEGER NOT NULL
);
"""


class StoreError(EcozoneError):
    """The results store does not answer."""


class Tables(Protocol):
    """The tables of a results store; SQL has ``?`` for values and ``rowid`` for the order of arrival."""

    def read(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of a query."""

    def writing(self) -> contextlib.AbstractContextManager[Run]:
        """Run statements as one transaction: all of them, or none."""

    def close(self) -> None:
        """Close the connection."""


class Run(Protocol):
    """Runs one statement of a transaction."""

    def __call__(self, sql: str, *values: Any) -> Any:
        """Return a cursor: the rows, and how many were changed."""


class Sqlite:
    """Tables in one file, ``desk.sqlite``; one connection, one writer at a time.

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
            self._db.executescript(_TABLES.format(serial="", blob="BLOB"))
            if "desk" not in {r["name"] for r in self._db.execute("PRAGMA table_info(jobs)")}:  # an earlier file
                self._db.execute("ALTER TABLE jobs ADD COLUMN desk TEXT NOT NULL DEFAULT ''")
        except (OSError, sqlite3.Error):
            raise InputError(f"结果库文件夹“{folder}”不能写入，请检查权限，或用 --data 另指一个。") from None

    def read(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        with self._lock, _said():
            return [dict(r) for r in self._db.execute(sql, _plain(values))]

    @contextlib.contextmanager
    def writing(self) -> Iterator[Run]:
        """Run statements as one transaction."""
        with self._lock, _said():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield lambda sql, *values: self._db.execute(sql, _plain(values))
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


class Postgis:
    """Tables in a schema of the atlas's database, ``<schema of the atlas>_desk``; made when it is not there.

    Parameters
    ----------
    address : str
        The atlas's: ``postgresql://user:password@host/database?schema=ecozone``.

    Raises
    ------
    AtlasError
        No answer, or the user may not write there.
    """

    def __init__(self, address: str) -> None:
        from ecozone import postgis

        self._lock = threading.Lock()
        self._address = address
        self._db, schema = self._connected()
        try:
            with postgis.told(address):
                self._make(schema)
        except BaseException:
            self._db.close()
            raise

    def _make(self, schema: str) -> None:
        made = self._db.execute("SELECT to_regclass(%s) AS t", (f"{schema}.searches",)).fetchone()
        if made["t"] is not None:  # asked first: who may write there need not be allowed to make schemas
            return
        with self._db.transaction():
            self._db.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (schema,))
            self._db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            self._db.execute(_TABLES.format(serial="rowid bigint GENERATED ALWAYS AS IDENTITY,", blob="bytea"))

    def _connected(self) -> tuple[Any, str]:
        from ecozone import postgis

        db, atlas_schema = postgis.connect(self._address)
        from psycopg.rows import dict_row

        schema = f"{atlas_schema}_desk"  # letters, digits and underscores: `connect` refuses anything else
        db.autocommit = True
        db.row_factory = dict_row
        db.execute(f"SET search_path TO {schema}")
        return db, schema

    def _living(self) -> Any:
        """Return a connection that answers: a database may have been started anew since the last question."""
        import psycopg

        try:
            self._db.execute("SELECT 1")
        except psycopg.OperationalError:
            self._db.close()
            try:
                self._db, _ = self._connected()
            except InputError as error:
                raise StoreError(f"结果库没有应答，这一步没有保存：{error}") from error
        return self._db

    def read(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        with self._lock, _said():
            rows = self._living().execute(sql.replace("?", "%s"), _plain(values))
            return list(rows)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Run]:
        """Run statements as one transaction."""
        with self._lock, _said():
            db = self._living()
            with db.transaction():
                yield lambda sql, *values: db.execute(sql.replace("?", "%s"), _plain(values))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Turn what a database says into a sentence; what it said exactly goes to the log."""
    try:
        yield
    except EcozoneError:
        raise
    except Exception as error:
        if not isinstance(error, sqlite3.Error) and type(error).__module__.partition(".")[0] != "psycopg":
            raise
        raise StoreError("结果库读写不成功，这一步没有保存；请检查磁盘空间和数据库，再试一次。") from error


def _plain(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return values that every database takes: no NUL and no half of a character in a text."""
    return tuple(
        v.replace("\0", "").encode("utf-8", "replace").decode("utf-8") if isinstance(v, str) else v for v in values
    )
