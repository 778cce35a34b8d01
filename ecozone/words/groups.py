"""Is a project of an industry group? True, false, or unknown when its code is coarser than the group.

A group is a set of classes of GB/T 4754-2017. Some classes are wider than the trade a law means (C3360 holds
electroplating and heat treatment): for those membership is unknown until the fact that settles it is given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.errors import RuleError, did_you_mean
from ecozone.words import industry
from ecozone.words.listed import Listed
from ecozone.words.registry import Group, groups

#: Truth of membership for each project: -1 no, 0 unknown, 1 yes.
Membership = NDArray[np.int8]
#: Group name -> a list of codes, or a mapping with the keys of `_OVERRIDE`.
Overrides = Mapping[str, Any]
#: From so many distinct codes on, classes are counted instead of compared.
_MANY = 32
_OVERRIDE = ("codes", "exclude", "maybe", "settled_by", "groups", "source", "note", "name", "empowered_by")


@dataclass(frozen=True)
class Extent:
    """The classes of a group: those surely in it, and those that the facts given with each settle."""

    certain: frozenset[str]
    maybe: Mapping[str, frozenset[str]]

    def states(self, listed: Listed) -> NDArray[np.int8]:
        """Return of each distinct code whether all its classes are in (1), none is (-1), or neither (0)."""
        if len(listed.codes) < _MANY:
            return np.array([self._state(c) for c in listed.codes], dtype=np.int8)
        first, end = listed.spans
        certain, either = self._counts
        some = either[end] - either[first]
        return np.where(certain[end] - certain[first] == end - first, 1, np.where(some == 0, -1, 0)).astype(np.int8)

    def _state(self, code: str) -> int:
        classes = industry.classes_under(code)
        if self.certain.issuperset(classes):
            return 1
        return -1 if self.certain.isdisjoint(classes) and self.maybe.keys().isdisjoint(classes) else 0

    @functools.cached_property
    def _counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many of the classes before each place are certain, and how many certain or possible."""
        at = industry.positions()
        certain, either = np.zeros((2, len(at) + 1), dtype=np.int64)
        certain[[at[c] + 1 for c in self.certain]] = 1
        either[[at[c] + 1 for c in (*self.certain, *self.maybe)]] = 1
        return np.cumsum(certain), np.cumsum(either)


_extents: dict[str, Extent] = {}


def extent(name: str, overrides: Overrides | None = None) -> Extent:
    """Return the classes of a group or of a code.

    Parameters
    ----------
    name : str
        Key, Chinese name or alias of a group, a group that only `overrides` holds, or a code with its letter.
    overrides : mapping, optional
        Groups that a book or the user defines anew; groups made of an overridden one follow it.

    Raises
    ------
    RuleError
        No such group, or an override that cannot be read.
    UnknownIndustryError
        A code that is not in the standard.
    """
    if overrides:
        return _extent(name, overrides, ())
    if name not in _extents:
        _extents[name] = _extent(name, {}, ())
    return _extents[name]


def _extent(name: str, overrides: Overrides, asked: tuple[str, ...]) -> Extent:
    if name in asked:
        raise RuleError(f"行业组“{name}”包含了它自己（{' → '.join((*asked, name))}），请改正。")
    spec = _override(name, overrides)
    if spec is None and name in groups():
        spec = groups()[name].spec()
    if spec is None:
        return Extent(frozenset(industry.classes_under(_code(name))), {})
    certain = _classes(spec.get("codes") or ()) - _classes(spec.get("exclude") or ())
    settled = frozenset([spec["settled_by"]] if spec.get("settled_by") else ())
    maybe = dict.fromkeys(_classes(spec.get("maybe") or ()), settled)
    for part in spec.get("groups") or ():
        inner = _extent(part, overrides, (*asked, name))
        certain |= inner.certain
        for c, facts in inner.maybe.items():
            maybe[c] = maybe.get(c, frozenset()) | facts
    return Extent(certain, {c: facts for c, facts in maybe.items() if c not in certain})


def _override(name: str, overrides: Overrides) -> Mapping[str, Any] | None:
    if not overrides:
        return None
    same = {name}
    if name in groups():
        word = groups()[name]
        same |= {word.key, word.name, *word.aliases}
    given = next((overrides[n] for n in overrides if n in same), None)
    if given is None:
        return None
    spec = {"codes": given} if isinstance(given, list | tuple) else given
    if not isinstance(spec, Mapping) or not set(spec) <= set(_OVERRIDE):
        raise RuleError(f"行业组“{name}”的定义应为代码列表，或者含 {'、'.join(_OVERRIDE)} 的键值结构。")
    return spec


def _classes(codes: Iterable[str]) -> frozenset[str]:
    return frozenset(c for code in codes for c in industry.classes_under(industry.normalise_prefix(code)))


def _code(name: str) -> str:
    if name[:1].isascii():
        return industry.normalise_prefix(name)
    raise RuleError(f"没有名为“{name}”的行业组{did_you_mean(name, groups().spellings())}可用的行业组见 ecozone facts。")


def membership(
    codes: Sequence[Sequence[str]] | Listed,
    name: str,
    overrides: Overrides | None = None,
    *,
    settle: Callable[[str], NDArray[np.int8]] | None = None,
) -> Membership:
    """Return for each project whether any of its industries belongs to a group.

    Parameters
    ----------
    codes : sequence of sequence of str, or Listed
        Normalised codes of each project; none: unknown.
    name : str
        A group (key, Chinese name, alias) or a code.
    overrides : mapping, optional
        See `extent`.
    settle : callable, optional
        Fact name -> its truth for each project (-1, 0, 1), asked only for classes wider than the group.
        Without it they stay unknown. Facts may be inferred from groups: an inference asks without `settle`,
        or it would ask itself.

    Returns
    -------
    ndarray of int8, shape (n,)
        1: yes. -1: no. 0: the code is too coarse, the class too wide, or no industry is known.
    """
    known = extent(name, overrides)
    listed = codes if isinstance(codes, Listed) else Listed(codes)
    states = known.states(listed)
    value = states[listed.code]
    if settle is not None and known.maybe:
        for i in np.flatnonzero(states == 0).tolist():
            at = listed.pairs_of(i)
            value[at] = _settled(listed.codes[i], known, settle, listed.row[at])
    return listed.best(value)


def _settled(
    code: str, known: Extent, settle: Callable[[str], NDArray[np.int8]], rows: NDArray[np.int64]
) -> NDArray[np.int8]:
    """Return the state of one code for some projects, once the facts that settle its classes are asked."""
    low, high = np.full(len(rows), np.int8(1)), np.full(len(rows), np.int8(-1))
    for c in industry.classes_under(code):
        if c in known.certain:
            high[:] = 1
        elif c not in known.maybe:
            low[:] = -1
        else:
            facts = [settle(fact)[rows] for fact in sorted(known.maybe[c])]
            state = functools.reduce(np.maximum, facts, np.full(len(rows), np.int8(-1 if facts else 0)))
            low, high = np.minimum(low, state), np.maximum(high, state)
    return np.where(low == 1, 1, np.where(high == -1, -1, 0)).astype(np.int8)


def in_group(codes: Sequence[str], name: str, overrides: Overrides | None = None) -> int:
    """Return whether a project of some industries belongs to a group: -1, 0 or 1.

    Examples
    --------
    >>> in_group(["C2614"], "化工"), in_group(["C26"], "农药"), in_group(["C1353"], "化工")
    (1, 0, -1)
    """
    return int(membership([codes], name, overrides)[0])


def settled_by(name: str, overrides: Overrides | None = None) -> str | None:
    """Return the one fact that answers a group without a class of its own (电镀, 磷矿); None for others.

    Where a group has classes of its own too, an unknown may come from a coarse code, and the fact must not
    decide that: give `membership` a `settle` instead.
    """
    if name not in groups() and not (overrides and name in overrides):
        return None
    known = extent(name, overrides)
    facts = settling_facts(name, overrides)
    return facts[0] if len(facts) == 1 and not known.certain else None


def settling_facts(name: str, overrides: Overrides | None = None) -> tuple[str, ...]:
    """Return all facts that may settle membership of a group."""
    return tuple(sorted({fact for facts in extent(name, overrides).maybe.values() for fact in facts}))


def borderline(codes: Sequence[str], name: str) -> list[str]:
    """Return the Chinese sentences on those of a project's codes that lie near a group's edge.

    A code near the edge is judged as it is given; the sentence tells the officer to look twice.
    """
    if name not in groups():
        return []
    notes = groups()[name].borderline
    return [notes[code] for code in codes if code in notes]


def describe(name: str, overrides: Overrides | None = None) -> dict[str, Any]:
    """Return what a group was taken to be, for the record: codes, source, and whether overridden."""
    word: Group | None = groups().get(name)
    spec = _override(name, overrides or {})
    used: Mapping[str, Any] = (
        spec if spec is not None else word.spec() if word is not None else {"codes": [_code(name)]}
    )
    return {
        "group": word.key if word is not None else name,
        "name": word.name if word is not None else name,
        "codes": list(used.get("codes") or ()),
        "exclude": list(used.get("exclude") or ()),
        "maybe": list(used.get("maybe") or ()),
        "groups": list(used.get("groups") or ()),
        "source": used.get("source") or (word.source if word is not None and spec is None else ""),
        "overridden": spec is not None,
    }
