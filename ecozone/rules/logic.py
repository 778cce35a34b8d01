"""Three-valued logic on int8 arrays: -1 false, 0 unknown, 1 true. And is the minimum, or the maximum, not the sign."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, TRUE, UNKNOWN

Truth = NDArray[np.int8]

#: Nodes with their keys, by identity; a node that is kept here keeps its identity.
_keys: dict[int, tuple[Mapping[str, Any], str]] = {}
_MOST_KEYS = 16_384

__all__ = ["FALSE", "TRUE", "UNKNOWN", "Truth", "all_of", "any_of", "evaluate", "key_of", "leaves", "truth"]


def truth(known: NDArray[np.bool_], value: NDArray[np.bool_]) -> Truth:
    """Return the truth of values, unknown where they are not known."""
    return np.where(known, np.where(value, TRUE, FALSE), UNKNOWN).astype(np.int8)


def all_of(values: Iterable[Truth]) -> Truth:
    """Return the conjunction; a false one decides."""
    return functools.reduce(np.minimum, values)


def any_of(values: Iterable[Truth]) -> Truth:
    """Return the disjunction; a true one decides."""
    return functools.reduce(np.maximum, values)


def evaluate(node: Mapping[str, Any] | None, leaf: Callable[[Mapping[str, Any]], Truth], n: int) -> Truth:
    """Evaluate a tree of all, any and not over `n` rows.

    Parameters
    ----------
    node : mapping or None
        None is true everywhere.
    leaf : callable
        Gives the truth of a node that is none of the three.
    n : int
    """
    if node is None:
        return np.full(n, TRUE)
    if "all" in node:
        return all_of(evaluate(c, leaf, n) for c in node["all"])
    if "any" in node:
        return any_of(evaluate(c, leaf, n) for c in node["any"])
    if "not" in node:
        return -evaluate(node["not"], leaf, n)
    return leaf(node)


def key_of(node: Mapping[str, Any]) -> str:
    """Return a text that equal nodes share; books keep their nodes, so it is worked out once for each."""
    kept = _keys.get(id(node))
    if kept is None or kept[0] is not node:
        if len(_keys) >= _MOST_KEYS:
            _keys.clear()
        kept = _keys[id(node)] = node, repr(sorted(node.items()))
    return kept[1]


def leaves(node: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the leaves of a tree, left to right."""
    if node is None:
        return []
    for key in ("all", "any"):
        if key in node:
            return [leaf for child in node[key] for leaf in leaves(child)]
    if "not" in node:
        return leaves(node["not"])
    return [node]
