"""A table of sites as columns: which column means what, what its cells say, which rows cannot be used and why.

Cells are read once per distinct value, rows once per distinct set of facts: a hundred thousand parcels of one industry
are one fact profile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone import words
from ecozone.errors import FactError, InputError
from ecozone.rules.facts import Profile

#: What a column may be called besides the names in the fact registry.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "项目名称", "名称", "地块名称", "企业名称", "mc", "xmmc", "dkmc"),
    "nature": ("nature", "项目性质", "建设性质", "性质"),
    "industry": ("industry", "industries", "行业代码", "行业", "行业类别", "国民经济行业代码", "industry_code", "hydm"),
    "facilities": ("facilities", "facility", "设施", "设施种类"),
    "has": ("has", "别处设施"),
    "stage": ("stage", "阶段", "办理阶段"),
    "subject": ("subject", "对象"),
    "extent_m": ("extent_m", "extent", "用地半径", "用地范围"),
    "accuracy_m": ("accuracy_m", "site_accuracy", "site_accuracy_m", "坐标精度", "精度"),
    "temporary": ("temporary", "临时用地"),
    "lon": ("lon", "lng", "longitude", "经度", "jd", "x"),
    "lat": ("lat", "latitude", "纬度", "wd", "y"),
    "wkt": ("wkt", "geometry", "geom", "几何", "shape"),
    "place": ("site", "坐标", "位置"),
}
_SPELLED = {spelling: key for key, spellings in FIELDS.items() for spelling in spellings}
_SEVERAL = re.compile(r"[;；、,，|/]+")
_BLANK = ("", "nan", "none", "null", "<na>", "nat")


@dataclass(frozen=True)
class Facts:
    """What a table says of its rows besides their place.

    Attributes
    ----------
    profiles : sequence of Profile
        Those that differ; `profile` holds the row of each site.
    reason : object array of shape (n,)
        Why a row cannot be judged; None where it can.
    """

    profiles: Sequence[Profile]
    profile: NDArray[np.int64]
    reason: NDArray[Any]
    name: NDArray[Any]
    extent_m: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    temporary: NDArray[np.bool_]


@dataclass(frozen=True)
class Given:
    """What holds for every row, whatever its own cells say; None: nothing was given.

    `facts` are added to the rows' own facts and go before them.
    """

    nature: str | None = None
    industry: str | Sequence[str] | None = None
    facilities: str | Sequence[str] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    stage: str | None = None
    subject: str | None = None
    extent_m: float | None = None
    accuracy_m: float | None = None


def understand(names: Sequence[str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Say what columns mean.

    Returns
    -------
    fields : dict
        Field to column.
    facts : dict
        Fact to column.
    ignored : list of str
        Columns that mean nothing here.

    Raises
    ------
    InputError
        Two columns mean the same.
    """
    fields: dict[str, str] = {}
    facts: dict[str, str] = {}
    ignored = []
    for name in names:
        text = str(name).strip()
        key = _SPELLED.get(text) or _SPELLED.get(text.lower())
        target, word = (fields, key) if key else (facts, words.fact(text).key if text in words.facts() else None)
        if word is None:
            ignored.append(name)
        elif word in target:
            raise InputError(f"“{target[word]}”和“{name}”两列意思相同（{word}），请只保留一列。")
        else:
            target[word] = name
    return fields, facts, ignored


def read_facts(n: int, columns: Mapping[str, NDArray[Any]], given: Given) -> Facts:
    """Read all columns that are facts.

    Parameters
    ----------
    n : int
        Number of rows.
    columns : mapping of column name to object array of shape (n,)
    given : Given
    """
    fields, facts, _ = understand(list(columns))
    reason = np.full(n, None, dtype=object)
    read: dict[str, tuple[NDArray[np.int64], list[Any]]] = {}

    def column(key: str, source: str | None, parse: Callable[[Any], Any], fixed: Any = None) -> None:
        if fixed is not None:
            read[key] = np.zeros(n, dtype=np.int64), [parse(fixed)]
        elif source is not None:
            read[key] = _cells(columns[source], parse, reason, source)

    for key, parse in _PARSERS.items():
        column(key, fields.get(key), parse, getattr(given, key, None))
    for key in {**facts, **given.facts}:
        word = words.fact(key).key
        column(f"fact:{word}", facts.get(word), lambda v, w=word: words.check_fact(w, v)[1], given.facts.get(key))  # type: ignore[misc]
    told = [k for k in read if k not in ("name", "extent_m", "accuracy_m", "temporary")]
    codes = np.column_stack([read[k][0] for k in told]) if told else np.zeros((n, 0), dtype=np.int64)
    rows, profile = _distinct(codes)
    profiles = [_profile({k: read[k][1][c] for k, c in zip(told, row, strict=True)}) for row in rows.tolist()]
    names = _values(read, "name", n)
    names[[v is None for v in names]] = "未命名项目"
    return Facts(
        profiles, profile, reason, names,
        np.array(_values(read, "extent_m", n), dtype=float), np.array(_values(read, "accuracy_m", n), dtype=float),
        np.array([bool(v) for v in _values(read, "temporary", n)], dtype=bool),
    )  # fmt: skip


def _distinct(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not codes.shape[1]:
        return np.zeros((1, 0), dtype=np.int64), np.zeros(len(codes), dtype=np.int64)
    rows, inverse = np.unique(codes, axis=0, return_inverse=True)
    return rows, inverse.ravel().astype(np.int64)


def _cells(
    values: NDArray[Any], parse: Callable[[Any], Any], reason: NDArray[Any], source: str
) -> tuple[NDArray[np.int64], list[Any]]:
    """Read each distinct value of a column once; rows whose value cannot be read get the reason."""
    seen: dict[Any, int] = {}
    out: list[Any] = []
    bad: dict[int, str] = {}
    codes = np.empty(len(values), dtype=np.int64)
    for i, value in enumerate(values.tolist()):
        key = (type(value), value) if isinstance(value, str | int | float | bool) else (None, str(value))
        code = seen.get(key)
        if code is None:
            code = seen[key] = len(out)
            try:
                out.append(None if _blank(value) else parse(value))
            except InputError as error:
                out.append(None)
                bad[code] = f"“{source}”列：{error}"
        codes[i] = code
    for code, why in bad.items():
        at = codes == code
        reason[at] = [why if r is None else f"{r} {why}" for r in reason[at]]
    return codes, out


def _blank(value: Any) -> bool:
    return value is None or value != value or str(value).strip().lower() in _BLANK  # noqa: PLR0124 - NaN differs from itself


def _values(read: Mapping[str, tuple[NDArray[np.int64], list[Any]]], key: str, n: int) -> NDArray[Any]:
    out = np.full(n, None, dtype=object)
    if key in read:
        codes, values = read[key]
        table = np.empty(len(values), dtype=object)
        table[:] = values
        out = table[codes]
    return out


def _profile(values: Mapping[str, Any]) -> Profile:
    kinds, closed = values.get("facilities") or (None, False)
    facts = {k.removeprefix("fact:"): v for k, v in values.items() if k.startswith("fact:") and v is not None}
    return Profile(
        nature=values.get("nature"),
        industries=values.get("industry") or (),
        facilities=kinds,
        facilities_closed=closed,
        facts=facts,
        has=values.get("has") or (),
        subject=values.get("subject") or "project",
        stage=values.get("stage"),
    )


def _several(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    return [v.strip() for v in _SEVERAL.split(value) if v.strip()] if isinstance(value, str) else [value]


def _industry(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words.normalise(v) for v in _several(value)))


def _facilities(value: Any) -> tuple[tuple[str, ...], bool]:
    items = _several(value)
    named = tuple(dict.fromkeys(words.facility(k).key for k in items if k not in ("none", "无")))
    return named, "none" in items or "无" in items


def _metres(value: Any) -> float:
    try:
        metres = float(str(value).strip().removesuffix("米").removesuffix("m"))
    except ValueError:
        metres = -1.0
    if not 0 <= metres < float("inf"):
        raise FactError(f"“{value}”不是非负的米数。")
    return metres


def _subject(value: Any) -> str:
    known = {"project": "project", "plan": "plan", "建设项目": "project", "规划": "plan"}
    if str(value) not in known:
        raise FactError(f"对象“{value}”无法识别，应为 project（建设项目）或 plan（规划）。")
    return known[str(value)]


def _yes(value: Any) -> bool:
    text = str(value).strip().lower().removesuffix(".0")
    if text in ("1", "true", "yes", "y", "是", "临时"):
        return True
    if text in ("0", "false", "no", "n", "否", "永久"):
        return False
    raise FactError(f"“{value}”应为 是 或 否。")


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "name": str,
    "nature": lambda v: words.nature(v).key,
    "industry": _industry,
    "facilities": _facilities,
    "has": lambda v: tuple(words.facility(k).key for k in _several(v)),
    "stage": lambda v: words.stage(v).key,
    "subject": _subject,
    "extent_m": _metres,
    "accuracy_m": _metres,
    "temporary": _yes,
}
