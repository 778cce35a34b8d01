"""How the zones of a kind are looked for: how far from each piece of ground, which of them, pairs or lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.layer import Layer
from ecozone.relate.group import Group
from ecozone.relate.lines import Lines, closest
from ecozone.relate.masks import half_widths, mask
from ecozone.relate.pairs import Pairs, Projected, find
from ecozone.relate.pieces import Pieces
from ecozone.relation import SURROUNDINGS, Request

#: Farther than anything on Earth, metres.
ANYWHERE_M = 1e8


def look_from(
    pieces: Pieces, layers: Mapping[str, Layer | None], reach: Mapping[Request, float], half_width_m: float | None
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return for each kind how far around each piece its zones are wanted, and how far they are needed whole, metres.

    The reach of its requests, the ground's own extent, the surroundings that the accuracies call for, and half of the
    widest river drawn as a line; zones that are taken away from others are wanted as far as those.
    """
    out: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    none = np.zeros(len(pieces))
    for request, metres in reach.items():
        layer, minus = layers[request.kind], layers[request.minus.kind] if request.minus is not None else None
        exact = pieces.accuracy_m + (layer.accuracy_m if layer else 0.0) + (minus.accuracy_m if minus else 0.0)
        half = float(half_widths(layer, half_width_m).max(initial=0.0)) if layer else 0.0
        close = pieces.extent_m + SURROUNDINGS * exact
        far, near = out.get(request.kind, (none, none))
        out[request.kind] = np.maximum(far, metres + close + half), np.maximum(near, close)
    for request in reach:
        if request.minus is not None:
            taken, mine = out[request.minus.kind], out[request.kind]
            out[request.minus.kind] = np.maximum(taken[0], mine[0]), np.maximum(taken[1], mine[1])
    return out


def margin_m(group: Group, coverage: Any, cache: Projected) -> NDArray[np.float64]:
    """Return how far a coverage polygon reaches beyond each piece, metres; -1 where it does not hold all of it."""
    out = np.full(len(group.rows), -1.0)
    if coverage is None or shapely.is_empty(coverage):
        return out
    held = np.flatnonzero(shapely.covers(cache.coverage(coverage, group.plane), group.geometry))
    if len(held):
        tree = cache.outline(coverage, group.plane)
        row, _, metres = closest(tree, group.geometry[held], np.full(len(held), ANYWHERE_M))
        out[held] = np.inf
        np.minimum.at(out, held[row], metres)
    return out


@dataclass(frozen=True)
class Search:
    """How the zones of one kind are looked for.

    Attributes
    ----------
    wanted : bool array of shape (zones,)
        Zones that any request may mean.
    look_m : float64 array of shape (pieces,)
        How far around each piece a request looks at most.
    close_m : float64 array of shape (pieces,)
        How far states and amounts need the zones themselves.
    whole : bool
        All within `look_m` is measured zone by zone: rivers drawn as centrelines have widths of their own, and ground
        taken away from zones changes what is nearest.
    """

    layer: Layer | None
    wanted: NDArray[np.bool_]
    look_m: NDArray[np.float64]
    close_m: NDArray[np.float64]
    whole: bool

    @classmethod
    def of(
        cls,
        layer: Layer | None,
        requests: Sequence[Request],
        reach: Mapping[Request, float],
        look: tuple[NDArray[np.float64], NDArray[np.float64]],
        half_width_m: float | None,
        as_of: dt.date,
    ) -> Search:
        """Plan the search for a kind."""
        if layer is None or not len(layer):
            return cls(None, np.zeros(0, dtype=bool), *look, False)
        wanted = np.any([mask(layer, r, as_of)[1] for r in requests], axis=0)
        centre = bool((half_widths(layer, half_width_m) > 0).any())
        less = any(r.minus is not None and reach[r] > 0 for r in requests)
        return cls(layer if wanted.any() else None, wanted, *look, centre or less)

    def pairs(self, group: Group, cache: Projected) -> Pairs | None:
        """Return the pairs that states and amounts need."""
        if self.layer is None:
            return None
        return find(group, self.layer, (self.look_m if self.whole else self.close_m)[group.rows], self.wanted, cache)

    def lines(self, group: Group) -> Lines | None:
        """Return the lines around a group, to find what is nearest; None when the pairs hold that."""
        if self.layer is None or self.whole or not (self.look_m > self.close_m).any():
            return None
        return Lines(group, self.layer, self.look_m[group.rows])


class Far:
    """All that a kind's requests look at around one piece, zone by zone: found when somebody reads it."""

    def __init__(self, group: Group, search: Search) -> None:
        self._group, self._search = group, search
        self.lines = search.lines(group)
        self._found: dict[int, Pairs] = {}
        self.memo: dict[Any, Any] = {}  # requests that mean the same zones here have the same answer

    def of(self, row: int) -> Pairs:
        """Return the pairs of one row of the group."""
        if row not in self._found:
            assert self._search.layer is not None
            alone = self._group.alone(row)
            look = self._search.look_m[alone.rows]
            self._found[row] = find(alone, self._search.layer, look, self._search.wanted, Projected.own())
        return self._found[row]
