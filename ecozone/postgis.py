"""The same atlas in PostGIS: three tables of one schema, every layer version a transaction.

Geometries keep every bit of their coordinates and attributes stay JSON text, so the canonical SHA-256 of a layer is
the same from the database as from a folder.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import shapely

from ecozone.atlas import Atlas, in_order
from ecozone.atlasfile import FORMAT, Accepted, Parameter
from ecozone.errors import AtlasError, EcozoneWarning, MissingDependencyError
from ecozone.layer import Layer, as_date
from ecozone.rules.access import dump, parse

_TABLES = """
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.atlas (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), format integer NOT NULL, about json NOT NULL);
CREATE TABLE IF NOT EXISTS {schema}.layer (
    kind text, version text, meta json NOT NULL, sha256 text NOT NULL, coverage geometry(Geometry, 4490),
    PRIMARY KEY (kind, version));
CREATE TABLE IF NOT EXISTS {schema}.zone (
    kind text, version text, zone text, name text, attributes json NOT NULL, geom geometry(Geometry, 4490) NOT NULL,
    PRIMARY KEY (kind, version, zone),
    FOREIGN KEY (kind, version) REFERENCES {schema}.layer ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS {schema}.access_list (version text PRIMARY KEY, sha256 text NOT NULL, body text NOT NULL);
CREATE INDEX IF NOT EXISTS zone_geom ON {schema}.zone USING gist (geom);
"""
#: Key of the advisory lock: one writer at a time.
_LOCK = 0x65636F7A


def is_address(text: object) -> bool:
    """Say whether a text names a database."""
    return str(text).startswith(("postgresql://", "postgres://"))


def connect(address: str) -> tuple[Any, str]:
    """Return an open connection and the atlas's schema; the address may end in ``?schema=name``.

    Raises
    ------
    MissingDependencyError
        psycopg is not installed.
    AtlasError
        No answer, or a schema that is no plain name.
    """
    try:
        import psycopg
    except ImportError:
        raise MissingDependencyError('图集在 PostGIS 中需要 psycopg，请运行 pip install "ecozone[postgis]"。') from None
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    schema = query.pop("schema", ["ecozone"])[0]
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,50}", schema):
        raise AtlasError(f"数据库模式名“{schema[:30]}”只能用小写字母、数字和下划线。")
    rest = urlencode({k: v[0] for k, v in query.items()})
    try:
        return psycopg.connect(f"{parts.scheme}://{parts.netloc}{parts.path}?{rest}", connect_timeout=10), schema
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["没有应答"])[-1][:160]
        raise AtlasError(f"连接数据库 {shown(address)} 失败：{reason}。请检查地址、账号和网络。") from None


def shown(address: str) -> str:
    """Return what a database is called in a sentence: its host and name, no user and no password."""
    parts = urlsplit(address)
    return f"{parts.hostname or 'localhost'}{parts.path}"


@contextmanager
def told(address: str) -> Iterator[None]:
    """Turn what a database refuses into a sentence.

    Raises
    ------
    AtlasError
        A statement failed.
    """
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise AtlasError(f"数据库 {shown(address)} 操作失败：{reason}。请检查权限和 PostGIS 扩展。") from None


@contextmanager
def _session(address: str) -> Iterator[tuple[Any, Any]]:
    """Yield a connection and the schema as an identifier, for one transaction."""
    db, schema = connect(address)
    from psycopg import sql

    with told(address), db:
        yield db, sql.Identifier(schema)


def _sql(text: str, schema: Any) -> Any:
    from psycopg import sql

    return sql.SQL(text).format(schema=schema)


def exists(address: str) -> bool:
    """Say whether an atlas is there."""
    with _session(address) as (db, schema):
        name = schema.as_string(db).strip('"')
        return db.execute("SELECT to_regclass(%s)", (f"{name}.atlas",)).fetchone()[0] is not None


def save(atlas: Atlas, address: str) -> None:
    """Write an atlas with all versions; a version that is there already stays as it is.

    Parameters
    ----------
    atlas : Atlas
    address : str
        ``postgresql://user:password@host/database?schema=ecozone``.

    Warns
    -----
    EcozoneWarning
        The atlas has rasters, which stay behind: rules that ask of them will be open.
    """
    if atlas.rasters:
        left = "、".join(f"{r.kind} {r.version}" for r in atlas.rasters)
        warnings.warn(
            f"数据库不存栅格，下列栅格没有写入：{left}。用到它们的规则在这个图集里无法判定；需要时请用文件夹形式的图集。",
            EcozoneWarning,
            stacklevel=2,
        )
    about = {
        "region": atlas.region,
        "name": atlas.name,
        "notice": atlas.notice,
        **_settings(atlas.parameters, atlas.accepted),
    }
    with _session(address) as (db, schema):
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        db.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        db.execute(_sql(_TABLES, schema))
        db.execute(
            _sql("INSERT INTO {schema}.atlas (format, about) VALUES (%s, %s) "
                 "ON CONFLICT (one) DO UPDATE SET format = EXCLUDED.format, about = EXCLUDED.about", schema),
            (FORMAT, json.dumps(about, ensure_ascii=False)),
        )  # fmt: skip
        for kind in atlas.kinds:
            for layer in atlas.versions(kind):
                _insert(db, schema, layer, replace=True)
        for listed in atlas.access:
            db.execute(
                _sql("INSERT INTO {schema}.access_list VALUES (%s, %s, %s) ON CONFLICT (version) DO UPDATE "
                     "SET sha256 = EXCLUDED.sha256, body = EXCLUDED.body", schema),
                (listed.version, listed.sha256, json.dumps(dump(listed), ensure_ascii=False)),
            )  # fmt: skip


def write_settings(address: str, parameters: Mapping[str, Parameter], accepted: Mapping[str, Accepted]) -> None:
    """Set parameters and accepted instruments by name, in one transaction; those not named stay as they are.

    Raises
    ------
    AtlasError
        No atlas there, or nobody may write it.
    """
    with _session(address) as (db, schema):
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        (about,) = db.execute(_sql("SELECT about FROM {schema}.atlas", schema)).fetchone()
        for section, entries in _settings(parameters, accepted).items():
            about[section] = {**about.get(section, {}), **entries}
        db.execute(_sql("UPDATE {schema}.atlas SET about = %s", schema), (json.dumps(about, ensure_ascii=False),))


def _settings(parameters: Mapping[str, Parameter], accepted: Mapping[str, Accepted]) -> dict[str, dict[str, Any]]:
    return {
        "parameters": {k: _plain(p, "name") for k, p in parameters.items()},
        "accepted": {k: _plain(a, "instrument") for k, a in accepted.items()},
    }


def write_layer(layer: Layer, address: str) -> str:
    """Write one layer version in one transaction.

    Raises
    ------
    AtlasError
        It is there already.
    """
    with _session(address) as (db, schema):
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        _insert(db, schema, layer, replace=False)
    return f"{layer.kind}/{layer.version}（PostGIS）"


def _insert(db: Any, schema: Any, layer: Layer, *, replace: bool) -> None:
    key = (layer.kind, layer.version)
    there = db.execute(
        _sql("SELECT sha256 FROM {schema}.layer WHERE kind = %s AND version = %s", schema), key
    ).fetchone()
    if there is not None:
        if not replace or there[0] != layer.sha256:
            raise AtlasError(
                f"数据库里已有“{layer.spec.name}”版本 {layer.version}，已有的版本不会被覆盖，请换一个版本号。"
            )
        return
    coverage = (
        shapely.to_wkb(shapely.set_srid(layer.coverage, 4490), include_srid=True)
        if layer.coverage is not None
        else None
    )
    db.execute(
        _sql("INSERT INTO {schema}.layer (kind, version, meta, sha256, coverage) VALUES (%s, %s, %s, %s, %s)", schema),
        (*key, json.dumps(layer.meta(), ensure_ascii=False), layer.sha256, coverage),
    )
    names = [c for c in layer.columns if c not in ("zone",)]
    blobs = shapely.to_wkb(shapely.set_srid(layer.geometry, 4490), include_srid=True, output_dimension=2)
    with db.cursor() as cursor:
        copy = _sql("COPY {schema}.zone (kind, version, zone, name, attributes, geom) FROM STDIN", schema)
        with cursor.copy(copy) as rows:
            for i, blob in enumerate(blobs):
                values = {c: layer.columns[c][i] for c in names if layer.columns[c][i] is not None}
                text = json.dumps(values, ensure_ascii=False)
                rows.write_row((*key, layer.columns["zone"][i], layer.columns["name"][i], text, blob.hex()))


def open_atlas(address: str) -> Atlas:
    """Open an atlas in PostGIS; layers are read when first needed.

    Raises
    ------
    AtlasError
        No answer, or no atlas there.
    """
    if not exists(address):
        raise AtlasError("数据库里没有图集，请先用 ecozone import --region 建立，或用 ecozone.postgis.save 写入。")
    with _session(address) as (db, schema):
        found = db.execute(_sql("SELECT format, about FROM {schema}.atlas", schema)).fetchone()
        rows = db.execute(
            _sql("SELECT kind, version, meta FROM {schema}.layer ORDER BY kind, version", schema)
        ).fetchall()
        lists = db.execute(_sql("SELECT body, sha256 FROM {schema}.access_list ORDER BY version", schema)).fetchall()
    if found is None or found[0] != FORMAT:
        raise AtlasError(f"数据库中的图集格式为 {found[0] if found else '空'}，本版本只能读取格式 {FORMAT}。")
    about = found[1]
    versions: dict[str, list[Any]] = {}
    for kind, version, meta in rows:
        versions.setdefault(kind, []).append(_Version(address, kind, version, meta))
    parameters = {k: Parameter(**(v | {"name": k, "on": as_date(v.get("on"))})) for k, v in about["parameters"].items()}
    accepted = {
        k: Accepted(**(v | {"instrument": k, "on": as_date(v.get("on"))})) for k, v in about["accepted"].items()
    }
    atlas = Atlas.__new__(Atlas)
    atlas.access = in_order([parse(json.loads(body), sha256) for body, sha256 in lists])
    atlas._set(versions, about["region"], about["name"], parameters, accepted, about["notice"], None)
    return atlas


class _Version:
    """One layer version of a database, read when first needed."""

    def __init__(self, address: str, kind: str, version: str, meta: dict[str, Any]) -> None:
        self.address, self.key, self.meta = address, (kind, version), meta

    @functools.cached_property
    def _layer(self) -> Layer:
        with _session(self.address) as (db, schema):
            coverage = db.execute(
                _sql("SELECT ST_AsBinary(coverage) FROM {schema}.layer WHERE kind = %s AND version = %s", schema),
                self.key,
            ).fetchone()[0]
            rows = db.execute(
                _sql("SELECT zone, attributes, ST_AsBinary(geom) FROM {schema}.zone WHERE kind = %s AND version = %s "
                     'ORDER BY zone COLLATE "C"', schema),
                self.key,
            ).fetchall()  # fmt: skip
        names = dict.fromkeys(c for r in rows for c in r[1])
        columns = {c: _objects([r[1].get(c) for r in rows]) for c in names}
        columns["zone"] = _objects([r[0] for r in rows])
        return Layer.from_arrays(
            kind=self.key[0],
            geometry=_objects(list(shapely.from_wkb([bytes(r[2]) for r in rows]))),
            columns=columns,
            coverage=shapely.from_wkb(bytes(coverage)) if coverage is not None else None,
            meta=self.meta,
        )

    def layer(self) -> Layer:
        return self._layer

    def valid_on(self, day: dt.date) -> bool:
        return self._layer.valid_on(day)


def _objects(values: list[Any]) -> Any:
    out = np.empty(len(values), dtype=object)
    for i, v in enumerate(values):
        out[i] = v
    return out


def _plain(entry: Any, without: str) -> dict[str, Any]:
    return {
        k: v.isoformat() if isinstance(v, dt.date) else v
        for k, v in entry.__dict__.items()
        if k != without and v is not None
    }
