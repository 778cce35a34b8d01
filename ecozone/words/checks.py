"""What the word files must keep; checked when they are compiled, so that a slip is named at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ecozone.errors import InputError, UnknownIndustryError, did_you_mean
from ecozone.words import industry
from ecozone.words.values import TYPES

_TERM = ("name", "aliases", "meaning")
_FACILITY = ("name", "aliases", "theme", "implied_by", "possible_for", "ancillary", "note")
_FACT = ("name", "type", "question", "aliases", "theme", "unit", "values", "strict", "infer", "when", "claim", "note")
_GROUP = (
    "name",
    "aliases",
    "codes",
    "exclude",
    "groups",
    "maybe",
    "settled_by",
    "borderline",
    "source",
    "recalled",
    "note",
)
_TABLES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "natures": ("natures.yaml", _TERM, ("name", "meaning")),
    "stages": ("natures.yaml", _TERM, ("name", "meaning")),
    "subjects": ("natures.yaml", _TERM, ("name", "meaning")),
    "facilities": ("facilities.yaml", _FACILITY, ("name", "theme")),
    "facts": ("facts.yaml", _FACT, ("name", "type", "question", "theme")),
    "groups": ("industry_groups.yaml", _GROUP, ("name", "source")),
}


def _fail(table: str, key: str, message: str) -> InputError:
    return InputError(f"词表 {_TABLES[table][0]} 的 {key}：{message}")


def _one_of(table: str, key: str, words: Iterable[Any], allowed: Iterable[str], what: str) -> None:
    names = list(allowed)
    for word in words:
        if word not in names:
            raise _fail(table, key, f"{what}“{word}”没有定义{did_you_mean(str(word), names, otherwise='。')}")


def check(tables: Mapping[str, Any]) -> None:
    """Check the parsed word files.

    Raises
    ------
    InputError
        The first thing that cannot be meant, with file and word.
    """
    for table, (file, allowed, required) in _TABLES.items():
        words = tables.get(table)
        if not isinstance(words, Mapping):
            raise InputError(f"词表 {file} 缺少 {table}。")
        _spellings(table, words)
        for key, word in words.items():
            if not isinstance(word, Mapping):
                raise _fail(table, key, "应为键值结构。")
            _one_of(table, key, word, allowed, "字段")
            for name in required:
                if not word.get(name):
                    raise _fail(table, key, f"缺少 {name}。")
    for key, word in tables["groups"].items():
        _group(key, word, tables)
    for key, word in tables["facilities"].items():
        for name in ("implied_by", "possible_for"):
            _industries("facilities", key, word.get(name) or (), tables)
    for key, word in tables["facts"].items():
        _fact(key, word, tables)


def _spellings(table: str, words: Mapping[str, Any]) -> None:
    seen: dict[str, str] = {}
    for key, word in words.items():
        for spelling in {key, word.get("name"), *(word.get("aliases") or ())}:
            if seen.setdefault(str(spelling), key) != key:
                raise _fail(table, key, f"“{spelling}”已经是 {seen[str(spelling)]} 的名称或别名。")


def _industries(table: str, key: str, names: Iterable[Any], tables: Mapping[str, Any]) -> None:
    for name in names:
        if name == "*" or name in tables["groups"]:
            continue
        _code(table, key, name)


def _code(table: str, key: str, code: Any) -> None:
    try:
        industry.normalise_prefix(code)
    except UnknownIndustryError as error:
        raise _fail(table, key, str(error)) from error


def _group(key: str, word: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
    for name in ("codes", "exclude", "maybe"):
        for code in word.get(name) or ():
            _code("groups", key, code)
    for code in word.get("borderline") or {}:
        _code("groups", key, code)
    _one_of("groups", key, word.get("groups") or (), tables["groups"], "行业组")
    if bool(word.get("maybe")) != bool(word.get("settled_by")):
        raise _fail("groups", key, "maybe 和 settled_by 应同时给出。")
    if word.get("settled_by"):
        _one_of("groups", key, [word["settled_by"]], tables["facts"], "事实")
        if tables["facts"][word["settled_by"]].get("type") != "bool":
            raise _fail("groups", key, "settled_by 应为 bool 类型的事实。")


def _fact(key: str, word: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
    _one_of("facts", key, [word["type"]], TYPES, "类型")
    if (word["type"] == "choice") != bool(word.get("values")):
        raise _fail("facts", key, "choice 类型应给出 values，其他类型不给。")
    strict = word.get("strict")
    strict = strict if isinstance(strict, list) else [strict]
    infer = word.get("infer") or []
    for given in infer if isinstance(infer, list) else [infer]:
        _one_of("facts", key, given, ("value", "industries", "facilities", "natures", "facts", "reason"), "字段")
        if "value" not in given or not given.get("reason"):
            raise _fail("facts", key, "infer 应写明 value 和 reason。")
        if given["value"] not in strict:
            raise _fail("facts", key, f"infer 的值“{given['value']}”不是 strict 所列的从严取值。")
        _conditions(key, given, tables)
    if word.get("when"):
        _one_of("facts", key, word["when"], ("industries", "facilities", "natures"), "字段")
        _conditions(key, word["when"], tables)


def _conditions(key: str, given: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
    if not any(given.get(name) for name in ("industries", "facilities", "natures", "facts")):
        raise _fail("facts", key, "infer 至少应有 industries、facilities、natures、facts 之一，when 应有前三者之一。")
    _industries("facts", key, given.get("industries") or (), tables)
    _one_of("facts", key, given.get("facilities") or (), tables["facilities"], "设施")
    _one_of("facts", key, given.get("natures") or (), tables["natures"], "项目性质")
    _one_of("facts", key, given.get("facts") or (), tables["facts"], "事实")
    for name in given.get("facts") or ():
        other = tables["facts"][name]
        again = other.get("infer") or []
        if other.get("type") != "bool" or any("facts" in i for i in (again if isinstance(again, list) else [again])):
            raise _fail("facts", key, f"infer 的“{name}”应为 bool 类型，并且自身不由别的事实推定。")
