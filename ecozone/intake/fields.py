"""Which field of a file is which column of a kind: by name, case, blanks, a DBF's ten bytes, by the values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone import kinds
from ecozone.errors import LayerError, did_you_mean
from ecozone.intake import codes
from ecozone.intake.issue import Issue
from ecozone.kinds import Column, Kind, values

#: How well names agree, best first.
HOW = ("指定", "名称相同", "不计大小写", "不计空白", "截断为 10 字节", "按取值判断")
_COMMON = {
    "zone": Column("zone", "编号", aliases=("zone", "编号", "编码", "BM", "BSM", "ID", "code")),
    "name": Column("name", "名称", aliases=("name", "名称", "MC", "NAME")),
    "status": Column("status", "状态", type="choice", values=kinds.STATUSES, aliases=("status", "状态", "ZT", "SXZT")),
    "valid_from": Column("valid_from", "生效日期", type="date", aliases=("valid_from", "生效日期", "SXRQ", "起始日期")),
    "valid_to": Column("valid_to", "失效日期", type="date", aliases=("valid_to", "失效日期", "截止日期", "终止日期")),
    "document": Column("document", "批准文件", aliases=("document", "批准文件", "文号", "批准文号", "PZWH", "WH")),
}  # fmt: skip
_RESERVED = {"geometry", "geom", "wkb_geometry"}


@dataclass(frozen=True)
class Match:
    """One column, the field it comes from, and how that was found."""

    column: str
    name: str
    field: str
    how: str


@dataclass(frozen=True)
class Matched:
    """The columns of a kind made from a file's, and what there is to say."""

    columns: dict[str, NDArray[Any]]
    matches: tuple[Match, ...]
    issues: tuple[Issue, ...]


def columns_of(kind: Kind) -> dict[str, Column]:
    """Return all columns that a zone table of a kind may have, with their aliases."""
    out = {}
    for key, column in {**_COMMON, **kind.columns}.items():
        own = tuple(kind.aliases.get(key, ()))
        names = dict.fromkeys((*own, *column.aliases, column.key, column.name))
        out[key] = replace(column, aliases=tuple(names))
    return out


def match(
    raw: Mapping[str, NDArray[Any]],
    kind: Kind,
    *,
    given: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    count: int,
) -> Matched:
    """Make a kind's columns of a file's fields.

    Parameters
    ----------
    raw : mapping of str to object ndarray
    kind : Kind
    given : mapping, optional
        Field of the file to column, as the user says (``--map FIELD=COLUMN``).
    constants : mapping, optional
        Column to one value for all rows; it fills what the file leaves empty.
    count : int
        Rows.

    Raises
    ------
    LayerError
        A field or column named by the user does not exist.
    """
    wanted = columns_of(kind)
    issues: list[Issue] = []
    matches = _given(raw, wanted, given or {})
    # Required columns choose first: a truncated name may be two columns', and the other one can do without. An id may
    # share its field with the code.
    for key in sorted(wanted, key=lambda k: (not wanted[k].required, k != "zone")):
        if key in matches:
            continue
        used = set() if key == "zone" else {m.field for m in matches.values() if m.column != "zone"}
        found = _find(raw, wanted[key], kind, used, issues)
        if found is not None:
            matches[key] = found
    matches = {key: matches[key] for key in wanted if key in matches}
    out: dict[str, NDArray[Any]] = {}
    for key, found in matches.items():
        out[key], said = _read(wanted[key], raw[found.field], found.field)
        issues += said
    _constants(out, wanted, constants or {}, count)
    _required(out, wanted, kind, raw, issues)
    _ids(out, kind, count, issues)
    issues += _periods(out)
    used = {m.field for m in matches.values()}
    left = {f: v for f, v in raw.items() if f not in used and any(x is not None for x in v)}
    for field, column_values in left.items():
        name = f"原_{field}" if field in wanted or field.lower() in _RESERVED else field.strip()
        out.setdefault(name, np.array([values.clean(v) for v in column_values], dtype=object))
    if left:
        issues.append(
            Issue("field-unused", f"未用到而保留的字段：{'、'.join(f.strip() for f in list(left)[:12])}。", len(left))
        )
    if matches:
        shown = "、".join(
            f"{m.field.strip()}→{m.name}" + (f"（{m.how}）" if m.how != HOW[1] else "") for m in matches.values()
        )
        issues.append(Issue("field-matched", f"字段对应：{shown}。", len(matches)))
    return Matched(out, tuple(matches.values()), tuple(issues))


def _given(raw: Mapping[str, Any], wanted: Mapping[str, Column], given: Mapping[str, str]) -> dict[str, Match]:
    out = {}
    by_name = {c.name: k for k, c in wanted.items()}
    for field, column in given.items():
        if field not in raw:
            raise LayerError(f"--map 的字段“{field}”不在文件里{did_you_mean(field, raw)}文件的字段：{'、'.join(raw)}。")
        key = column if column in wanted else by_name.get(column)
        if key is None:
            raise LayerError(
                f"--map 的列“{column}”不存在{did_you_mean(column, [*wanted, *by_name])}可用：{'、'.join(wanted)}。"
            )
        out[key] = Match(key, wanted[key].name, field, HOW[0])
    return out


def _find(
    raw: Mapping[str, NDArray[Any]], column: Column, kind: Kind, used: set[str], issues: list[Issue]
) -> Match | None:
    for how, agrees in ((HOW[1], _exact), (HOW[2], _case), (HOW[3], _blanks), (HOW[4], truncated)):
        hits = [f for alias in column.aliases for f in raw if agrees(f, alias) and f not in used]
        hits = list(dict.fromkeys(hits))
        if not hits:
            continue
        if len(hits) > 1 and (column.values or column.required):
            fitting = [f for f in hits if _fits(column, raw[f])]
            hits = fitting or hits
            same = all(list(raw[f]) == list(raw[hits[0]]) for f in hits)
            if len(hits) > 1 and column.required and not same and column.values:
                message = (
                    f"“{column.name}”可能是字段 {'、'.join(hits)}，请用 --map {hits[0]}={column.key} 这样的写法指定。"
                )
                issues.append(Issue("field-ambiguous", message, len(hits), tuple(hits)))
        return Match(column.key, column.name, hits[0], how)
    return _sniffed(raw, column, kind, used)


def _exact(field: str, alias: str) -> bool:
    return field == alias


def _case(field: str, alias: str) -> bool:
    return field.casefold() == alias.casefold()


def _blanks(field: str, alias: str) -> bool:
    return re.sub(r"[\s\x00_]", "", field).casefold() == re.sub(r"[\s_]", "", alias).casefold()


def truncated(field: str, alias: str) -> bool:
    """Say whether a field is an alias as a DBF cuts it, after ten bytes of GBK or UTF-8."""
    name = field.strip().casefold()
    for encoding in ("gb18030", "utf-8"):
        data = alias.encode(encoding)
        if len(data) > 10 and name == data[:10].decode(encoding, "ignore").casefold():
            return True
    return False


def _fits(column: Column, found: NDArray[Any]) -> bool:
    there = [v for v in found if values.clean(v) is not None]
    if not there:
        return False
    good = 0
    for v in there:
        try:
            values.read(column, v)
        except values.Unreadable:
            continue
        good += 1
    return good >= 0.9 * len(there)


def _sniffed(raw: Mapping[str, NDArray[Any]], column: Column, kind: Kind, used: set[str]) -> Match | None:
    """Find the one field whose values are a code list's or follow a code's grammar (at least nine in ten)."""
    pattern = codes.GRAMMAR.get(kind.kind) if column.key == "code" else None
    if pattern is None and not (column.required and column.values and column.key not in ("status", "line")):
        return None
    hits = []
    for field, found in raw.items():
        there = [str(v) for v in found if values.clean(v) is not None]
        if field in used or len(there) < 1:
            continue
        if pattern is not None:
            fits = sum(bool(pattern.match(v.strip())) for v in there) >= 0.9 * len(there)
        else:
            known = {*column.values, *column.values.values()}
            fits = sum(v.strip() in known for v in there) >= 0.9 * len(there)
        if fits:
            hits.append(field)
    return Match(column.key, column.name, hits[0], HOW[5]) if len(hits) == 1 else None


def _read(column: Column, found: NDArray[Any], field: str) -> tuple[NDArray[Any], list[Issue]]:
    out = np.empty(len(found), dtype=object)
    bad: list[str] = []
    for i, value in enumerate(found):
        try:
            out[i] = values.read(column, value)
        except values.Unreadable as error:
            bad.append(str(error))
    if not bad:
        return out, []
    shown = "、".join(dict.fromkeys(b[:20] for b in bad[:50]))[:80]
    if column.values:
        message = (
            f"字段“{field.strip()}”（{column.name}）有 {len(bad)} 个值不在代码表内：{shown}；"
            f"可用：{'、'.join(column.values.values())}。"
        )
        severity = "error" if column.required else "warning"
        return out, [Issue("value-unknown", message, len(bad), tuple(bad), severity)]
    code = "date-unreadable" if column.type == "date" else "value-unreadable"
    return out, [
        Issue(
            code,
            f"字段“{field.strip()}”（{column.name}）有 {len(bad)} 个值无法识别，已置空：{shown}。",
            len(bad),
            tuple(bad),
        )
    ]


def _constants(
    out: dict[str, NDArray[Any]], wanted: Mapping[str, Column], constants: Mapping[str, Any], count: int
) -> None:
    for key, value in constants.items():
        if value is None or key not in wanted:
            continue
        try:
            read = values.read(wanted[key], value)
        except values.Unreadable:
            column = wanted[key]
            raise LayerError(
                f"“{column.name}”没有取值“{value}”，可用：{'、'.join(column.values) or '文字'}。"
            ) from None
        now = out.get(key, np.full(count, None, dtype=object))
        out[key] = np.array([read if v is None else v for v in now], dtype=object)


def _required(
    out: dict[str, NDArray[Any]], wanted: Mapping[str, Column], kind: Kind, raw: Mapping[str, Any], issues: list[Issue]
) -> None:
    for key, column in wanted.items():
        if not column.required:
            continue
        if key not in out:
            message = (
                f"“{kind.name}”必须有“{column.name}”，文件里没有对应的字段（有："
                f"{'、'.join(f.strip() for f in raw)[:80] or '无'}），"
                f"请用 --map 字段={key} 指定是哪个字段"
            )
            first = next(iter(column.values.values()), "值")
            message += f"，或用 --set {key}={first} 这样的写法给整层同一个值。"
            if column.values:
                message += f"取值为 {'、'.join(column.values.values())}。"
            issues.append(Issue("field-missing", message))
            continue
        empty = [i for i, v in enumerate(out[key]) if v is None]
        if empty and not any(i.code == "value-unknown" and column.name in i.message for i in issues):
            rows = tuple(f"第 {i + 1} 条" for i in empty[:20])
            issues.append(Issue("value-missing", f"“{column.name}”有 {len(empty)} 条为空，请补全。", len(empty), rows))


def _ids(out: dict[str, NDArray[Any]], kind: Kind, count: int, issues: list[Issue]) -> None:
    if "zone" not in out or all(v is None for v in out["zone"]):
        out["zone"] = np.array([f"{kind.kind}-{i + 1:03d}" for i in range(count)], dtype=object)
        if count:
            issues.append(Issue("id-made", "没有编号字段，已按顺序编号。", count))
        return
    seen: dict[str, int] = {}
    repeated = []
    ids = [str(v) if v is not None else f"{kind.kind}-{i + 1:03d}" for i, v in enumerate(out["zone"])]
    taken = set(ids)
    for i, value in enumerate(ids):
        seen[value] = seen.get(value, 0) + 1
        if seen[value] > 1:
            repeated.append(value)
            n = seen[value]
            while f"{value}#{n}" in taken:
                n += 1
            ids[i] = f"{value}#{n}"
            taken.add(ids[i])
    if repeated:
        issues.append(
            Issue(
                "id-repeated",
                f"有 {len(repeated)} 个编号重复，已加序号，例如 {repeated[0]}。",
                len(repeated),
                tuple(repeated),
            )
        )
    out["zone"] = np.array(ids, dtype=object)


def _periods(out: Mapping[str, NDArray[Any]]) -> list[Issue]:
    if "valid_from" not in out or "valid_to" not in out:
        return []
    pairs = zip(out["valid_from"], out["valid_to"], strict=True)
    bad = [str(out["zone"][i]) for i, (a, b) in enumerate(pairs) if a is not None and b is not None and str(a) > str(b)]
    return (
        [Issue("period-reversed", f"有 {len(bad)} 个要素的失效日期早于生效日期。", len(bad), tuple(bad))] if bad else []
    )
