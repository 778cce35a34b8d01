"""The words of the registry: natures, stages, facility kinds, facts, industry groups.

The YAML files are for people and are checked when they are compiled; the program reads the compiled JSON.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from ecozone import compiled
from ecozone.errors import FactError, InputError, UnknownFactError, did_you_mean
from ecozone.words.rasters import Measured, measured, surfaces

#: The files that hold the words.
_FILES = ("natures.yaml", "facilities.yaml", "facts.yaml", "industry_groups.yaml")


class NotApplicable:
    """The value of a fact that means nothing for a project (a boiler's capacity where there is none)."""

    def __repr__(self) -> str:
        return "NOT_APPLICABLE"


NOT_APPLICABLE = NotApplicable()


class Word(Protocol):
    """Anything with a key, a Chinese name and other spellings."""

    @property
    def key(self) -> str:
        """The stable English key (a stage's is Chinese)."""

    @property
    def name(self) -> str:
        """The Chinese name."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other spellings."""


W = TypeVar("W", bound=Word)


class Vocabulary(Mapping[str, W], Generic[W]):
    """Words by key; Chinese names and aliases find them too.

    Iterating gives the keys in the order of the file.

    Parameters
    ----------
    beyond : callable, optional
        Returns the word of a spelling that no file lists, None where there is none.
    """

    def __init__(self, words: Iterable[W], beyond: Callable[[str], W | None] | None = None) -> None:
        self._words = {w.key: w for w in words}
        self._beyond = beyond
        self._spelled = {s: w for w in self._words.values() for s in (*w.aliases, w.name, w.key)}

    def __getitem__(self, spelling: str) -> W:
        word = self._spelled.get(spelling) or (self._beyond(spelling) if self._beyond else None)
        if word is None:
            raise KeyError(spelling)
        return word

    def __contains__(self, spelling: object) -> bool:
        return spelling in self._spelled or (
            self._beyond is not None and isinstance(spelling, str) and self._beyond(spelling) is not None
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def spellings(self) -> tuple[str, ...]:
        """Return every key, name and alias."""
        return tuple(self._spelled)


@dataclass(frozen=True)
class Term:
    """A nature, a stage or a subject: a word with one sentence on what it means."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    meaning: str = ""


@dataclass(frozen=True)
class Facility:
    """A kind of facility that a project may be or have."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    theme: str = ""
    implied_by: tuple[str, ...] = ()
    possible_for: tuple[str, ...] = ()
    ancillary: bool = False
    note: str = ""


@dataclass(frozen=True)
class Fact:
    """A fact that conditions may read.

    Parameters
    ----------
    type : str
        bool, number, integer, choice, date, document or text.
    values : mapping
        Of a choice: key to Chinese.
    strict : tuple
        Values that can only make an answer stricter; inference gives no others.
    infer : tuple of mapping
        ``{value, industries, facilities, natures, facts, reason}``.
    when : mapping
        ``{industries, facilities, natures}``: for other projects the fact means nothing.
    claim : mapping
        ``{kind, filter}``: zones that a yes claims the site to lie in.
    measured : Measured
        What it asks of a raster of the atlas; None for facts that somebody gives.
    """

    key: str
    name: str
    type: str
    question: str
    aliases: tuple[str, ...] = ()
    theme: str = ""
    unit: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    strict: tuple[Any, ...] = ()
    infer: tuple[Mapping[str, Any], ...] = ()
    when: Mapping[str, Any] = field(default_factory=dict)
    claim: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    measured: Measured | None = None

    def label(self, value: Any) -> str:
        """Return a value as an officer reads it."""
        if value is None:
            return "未知"
        if value is NOT_APPLICABLE:
            return "不适用"
        if isinstance(value, bool):
            return "是" if value else "否" if self.type == "bool" else "无"
        if self.type == "choice":
            return self.values.get(str(value), str(value))
        if self.measured is not None and self.measured.statistic == "share":
            return f"{value:.1%}"
        return f"{value:g} {self.unit or ''}".rstrip() if isinstance(value, int | float) else str(value)


@dataclass(frozen=True)
class Group:
    """A named group of industries."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    settled_by: str | None = None
    borderline: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    recalled: bool = False
    note: str = ""

    def spec(self) -> dict[str, Any]:
        """Return the group as an override would write it."""
        return {
            "codes": self.codes, "exclude": self.exclude, "groups": self.groups, "maybe": self.maybe,
            "settled_by": self.settled_by, "source": self.source,
        }  # fmt: skip


@functools.cache
def _raw() -> Mapping[str, Any]:
    folder = resources.files("ecozone.words")
    value: Mapping[str, Any] = compiled.load([folder.joinpath(f) for f in _FILES], _compile)
    return value


def _compile(texts: Mapping[str, str]) -> dict[str, Any]:
    from ecozone.words.checks import check

    tables: dict[str, Any] = {}
    for file, text in texts.items():
        try:
            tables |= compiled.parse_yaml(text)
        except compiled.YAMLError as error:
            raise InputError(f"词表 {file} 不是有效的 YAML：{error}") from error
    check(tables)
    return tables


@functools.cache
def natures() -> Vocabulary[Term]:
    """Return the natures a project can have (新建, 扩建 …)."""
    return _terms("natures")


@functools.cache
def stages() -> Vocabulary[Term]:
    """Return the stages of approval, by their Chinese words."""
    return _terms("stages")


@functools.cache
def subjects() -> Vocabulary[Term]:
    """Return what can be checked: a project or a plan."""
    return _terms("subjects")


def _terms(table: str) -> Vocabulary[Term]:
    return Vocabulary(Term(key=k, **_fields(v)) for k, v in _raw()[table].items())


@functools.cache
def facilities() -> Vocabulary[Facility]:
    """Return the facility kinds."""
    return Vocabulary(Facility(key=k, **_fields(v)) for k, v in _raw()["facilities"].items())


@functools.cache
def facts() -> Vocabulary[Fact]:
    """Return the facts that conditions may read."""
    return Vocabulary((_fact(k, v) for k, v in _raw()["facts"].items()), _measured)


def _measured(name: str) -> Fact | None:
    asked = measured(name)
    if asked is None:
        return None
    question = f"须有“{surfaces()[asked.raster].name}”栅格才能量算。"
    return Fact(name, asked.name, "number", question, theme="栅格", unit=asked.unit, measured=asked)


@functools.cache
def groups() -> Vocabulary[Group]:
    """Return the named industry groups; Chinese names and aliases find them too."""
    return Vocabulary(Group(key=k, **_fields(v)) for k, v in _raw()["groups"].items())


def _fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: tuple(v) if isinstance(v, list) else MappingProxyType(v) if isinstance(v, dict) else v
        for k, v in raw.items()
    }


def _fact(key: str, raw: Mapping[str, Any]) -> Fact:
    given = dict(raw)
    infer = given.pop("infer", None) or []
    strict = given.pop("strict", None)
    values = {str(k): str(v) for k, v in (given.pop("values", None) or {}).items()}
    return Fact(
        key=key,
        infer=tuple(MappingProxyType(i) for i in (infer if isinstance(infer, list) else [infer])),
        strict=() if strict is None else tuple(strict) if isinstance(strict, list) else (strict,),
        values=MappingProxyType(values),
        **_fields(given),
    )


def nature(word: str) -> Term:
    """Return a nature by key, Chinese name or alias.

    Raises
    ------
    FactError
        No such nature.
    """
    return _get(natures(), word, "项目性质")


def stage(word: str) -> Term:
    """Return a stage by its Chinese word or an alias.

    Raises
    ------
    FactError
        No such stage.
    """
    return _get(stages(), word, "阶段")


def facility(word: str) -> Facility:
    """Return a facility kind by key, Chinese name or alias.

    Raises
    ------
    FactError
        No such kind.
    """
    return _get(facilities(), word, "设施类型")


def fact(word: str) -> Fact:
    """Return a fact by key, Chinese name or alias.

    Raises
    ------
    UnknownFactError
        No such fact.
    """
    known = facts()
    if _clean(word) not in known:
        hint = did_you_mean(_clean(word), known.spellings())
        raise UnknownFactError(f"没有名为“{word}”的项目事实{hint}可用的事实见 ecozone facts。")
    return known[_clean(word)]


def group(word: str) -> Group:
    """Return an industry group by key, Chinese name or alias.

    Raises
    ------
    FactError
        No such group.
    """
    return _get(groups(), word, "行业组")


def _get(known: Vocabulary[W], word: str, what: str) -> W:
    text = _clean(word)
    if text not in known:
        hint = did_you_mean(text, known.spellings())
        offer = (
            "、".join(f"{k}（{known[k].name}）" if k != known[k].name else k for k in known) if len(known) < 10 else ""
        )
        where = f"应为 {offer}。" if offer else "可用的词见 ecozone facts。"
        raise FactError(f"{what}“{word}”无法识别{hint}{where}")
    return known[text]


def _clean(word: Any) -> str:
    return str(word).strip()
