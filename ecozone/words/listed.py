"""The industry codes of many projects as columns: each code is looked up once, however many projects list it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ecozone.words import industry


class Listed:
    """Codes of many projects.

    Parameters
    ----------
    codes : sequence of sequence of str
        Normalised codes of each project; none: unknown.

    Attributes
    ----------
    codes : list of str
        The codes that differ.
    code, row : int64 arrays of shape (pairs,)
        A project lists a code: position in `codes`, row of the project.
    known : bool array of shape (projects,)
        Projects that list any.
    """

    def __init__(self, codes: Sequence[Sequence[str]]) -> None:
        distinct: dict[str, int] = {}
        pairs = [distinct.setdefault(c, len(distinct)) for listed in codes for c in listed]
        counts = np.fromiter(map(len, codes), dtype=np.int64, count=len(codes))
        self.codes = list(distinct)
        self.code = np.array(pairs, dtype=np.int64)
        self.row = np.repeat(np.arange(len(codes)), counts)
        self.known = np.asarray(counts > 0)
        self._several = bool((counts > 1).any())

    def __len__(self) -> int:
        return len(self.known)

    def best(self, value: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return the greatest truth of each project's codes, from one a pair; 0 where no code is known."""
        out = np.where(self.known, np.int8(-1), np.int8(0))
        if self._several:
            np.maximum.at(out, self.row, value)
        else:
            out[self.row] = value
        return out

    def pairs_of(self, code: int) -> NDArray[np.int64]:
        """Return the pairs of one of the codes."""
        return self._pairs[code]

    @functools.cached_property
    def _pairs(self) -> list[NDArray[np.int64]]:
        ends = np.cumsum(np.bincount(self.code, minlength=len(self.codes)))
        return np.split(np.argsort(self.code, kind="stable"), ends[:-1])

    @functools.cached_property
    def spans(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First class under each of the codes, and the one after the last, as positions in `industry.classes`."""
        ends = np.array([industry.span(c) for c in self.codes], dtype=np.int64).reshape(-1, 2)
        return ends[:, 0], ends[:, 1]
