"""What is known of many profiles, turned from one row a profile into one column a thing: asked of all at once."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.rules.logic import FALSE, TRUE, UNKNOWN, Truth

_GIVEN, _UNKNOWN = -1, 0
#: Comparisons that conditions know.
COMPARE: Mapping[str, Callable[[Any, float], Any]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}


class FactColumn(Sequence[tuple[Any, str | None]]):
    """One fact of all profiles: given, taken for granted for a reason, or unknown.

    Reading a row gives (value, reason): value None when unknown, reason None when it was given.

    Parameters
    ----------
    m : int
        Number of profiles.
    given : mapping of int to object
        Row to what was given.
    """

    def __init__(self, m: int, given: Mapping[int, Any]) -> None:
        self._given = given
        self._rows = np.fromiter(given, dtype=np.int64, count=len(given))
        self._code = np.zeros(m, dtype=np.int16)
        self._code[self._rows] = _GIVEN
        self._answers: list[tuple[Any, str]] = []

    @property
    def open(self) -> NDArray[np.bool_]:
        """Rows of which nothing is known yet."""
        return np.asarray(self._code == _UNKNOWN)

    def assume(self, where: NDArray[np.bool_], value: Any, reason: str) -> None:
        """Take a value for granted in the open ones of some rows."""
        self._answers.append((value, reason))
        self._code[where & self.open] = len(self._answers)

    def test(self, check: Callable[[Any], np.int8], bound: tuple[str, float] | None = None) -> Truth:
        """Return the truth of a test of the value, each distinct value tested once.

        Parameters
        ----------
        check : callable
            The test of one value.
        bound : tuple of str and float, optional
            The same test of a number as a comparison (ge, gt, le, lt) with a figure: of many at once.
        """
        out = np.array([UNKNOWN, *(check(v) for v, _ in self._answers)], dtype=np.int8)[np.maximum(self._code, 0)]
        if not len(self._rows):
            return out
        if bound is not None and len(self._rows) > 1:
            number = self._numbers
            plain = ~np.isnan(number)
            out[self._rows[plain]] = np.where(COMPARE[bound[0]](number[plain], bound[1]), TRUE, FALSE)
            other = np.flatnonzero(~plain).tolist()
            values = list(self._given.values()) if other else []
            out[self._rows[other]] = [check(values[i]) for i in other]
            return out
        distinct, at = self._distinct
        out[self._rows] = np.array([check(v) for v in distinct], dtype=np.int8)[at]
        return out

    @functools.cached_property
    def _distinct(self) -> tuple[list[Any], NDArray[np.int64]]:
        return coded(self._given.values())

    @functools.cached_property
    def _numbers(self) -> NDArray[np.float64]:
        return np.array([_number(v) for v in self._given.values()], dtype=float)

    def numbers(self) -> NDArray[np.float64]:
        """Return the values as metres, tons and the like; NaN where there is no number."""
        out = np.array([np.nan, *(_number(v) for v, _ in self._answers)])[np.maximum(self._code, 0)]
        out[self._rows] = self._numbers
        return out

    def __len__(self) -> int:
        return len(self._code)

    def __getitem__(self, row: Any) -> Any:
        code = int(self._code[row])
        if code == _GIVEN:
            return self._given[int(row)], None
        return self._answers[code - 1] if code else (None, None)

    def __iter__(self) -> Iterator[tuple[Any, str | None]]:
        return (self[i] for i in range(len(self)))


class Rows:
    """Which rows carry a name: facility kinds of sites, of parts, of what lies elsewhere.

    Parameters
    ----------
    names : iterable of iterables of str
        The names of each row.
    """

    def __init__(self, names: Iterable[Iterable[str]]) -> None:
        self._at: dict[str, list[int]] = {}
        for i, row in enumerate(names):
            for name in row:
                self._at.setdefault(name, []).append(i)

    def __getitem__(self, name: str) -> list[int]:
        return self._at.get(name, [])


def coded(values: Iterable[Hashable]) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the distinct values in the order they come, and the position of each row's value among them."""
    seen: dict[Hashable, int] = {}
    at = [seen.setdefault(v, len(seen)) for v in values]
    return list(seen), np.array(at, dtype=np.int64)


def by_name(facts: Iterable[Mapping[str, Any]]) -> dict[str, dict[int, Any]]:
    """Return for each fact the rows that give it, with what they give."""
    out: dict[str, dict[int, Any]] = {}
    for i, row in enumerate(facts):
        for name, value in row.items():
            if value is not None:
                out.setdefault(name, {})[i] = value
    return out


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else np.nan
