"""Reading a table or query of a PostGIS database: read-only, bounded, nothing but SELECT."""

from __future__ import annotations

import re
from typing import Any

import shapely

from ecozone.errors import MissingDependencyError, SiteError
from ecozone.intake import limits
from ecozone.intake.raw import Declared, RawTable, objects


def connect(address: str) -> Any:
    """Connect to a database.

    Raises
    ------
    MissingDependencyError
        psycopg is not installed.
    SiteError
        The server does not answer or refuses; the password never stands in the message.
    """
    try:
        import psycopg
    except ImportError:
        raise MissingDependencyError('读取 PostGIS 需要 psycopg，请运行 pip install "ecozone[postgis]"。') from None
    try:
        return psycopg.connect(address, connect_timeout=10)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1][:160] if str(error).strip() else "没有应答"
        raise SiteError(f"连接数据库 {without_password(address)} 失败：{reason}。请检查地址、账号和网络。") from None


def without_password(address: str) -> str:
    """Return an address fit for a message."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", address).split("?")[0]


def read(address: str, *, layer: str | None) -> RawTable:
    """Read a table (``schema.table``) or a query.

    Raises
    ------
    SiteError
        No table named, none such, or without a geometry column.
    """
    import psycopg
    from psycopg import sql

    if layer is None:
        raise SiteError("请用 --layer 指定数据库中的表（模式.表名）或一条 SELECT 查询。")
    query: Any = sql.SQL(layer.strip().rstrip(";"))
    if re.fullmatch(r'[\w\u4e00-\u9fff."]+', layer):
        parts = [p.strip('"') for p in layer.split(".")]
        query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(*parts))
    elif not re.match(r"\s*(SELECT|WITH)\b", layer, re.IGNORECASE):
        raise SiteError("--layer 只能是表名或 SELECT 查询。")
    with connect(address) as db:
        try:
            db.read_only = True
            db.execute("SET LOCAL statement_timeout = '60s'")
            heads = db.execute(sql.SQL("SELECT * FROM ({}) AS q LIMIT 0").format(query)).description or ()
            types = dict(
                db.execute("SELECT oid, typname FROM pg_type WHERE typname IN ('geometry', 'geography')").fetchall()
            )
            names = [h.name for h in heads if h.type_code in types]
            if not names:
                raise SiteError(f"“{layer[:60]}”没有几何字段。")
            others = [h.name for h in heads if h.name != names[0]]
            picked = sql.SQL(", ").join(
                [sql.SQL("ST_AsEWKB({}::geometry)").format(sql.Identifier(names[0])), *map(sql.Identifier, others)]
            )
            rows = db.execute(
                sql.SQL("SELECT {} FROM ({}) AS q LIMIT {}").format(picked, query, sql.Literal(limits.FEATURES + 1))
            ).fetchall()
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[0][:160]
            raise SiteError(f"数据库查询没有成功：{reason}。请检查表名和权限。") from None
    shapes = [shapely.from_wkb(bytes(r[0])) if r[0] is not None else None for r in rows]
    srids = sorted({int(shapely.get_srid(s)) for s in shapes if s is not None} - {0})
    if len(srids) > 1:
        raise SiteError(
            f"“{layer[:60]}”混有几种坐标系（SRID {'、'.join(map(str, srids))}），请用 ST_Transform 统一后再读。"
        )
    shapes = [shapely.set_srid(s, 0) if s is not None else None for s in shapes]
    return RawTable(
        layer[:60], "PostGIS", objects(shapes),
        {n: objects([_plain(r[i + 1]) for r in rows]) for i, n in enumerate(others)},
        Declared(crs=f"EPSG:{srids[0]}" if srids else None, where="数据库 SRID"), "utf-8", "数据库",
    )  # fmt: skip


def _plain(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
