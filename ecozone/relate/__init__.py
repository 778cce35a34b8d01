"""Measuring: requests in, relations out. One path for one site and for a hundred thousand; it knows no law."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecozone.layer import Layer
from ecozone.relate.asked import Asked
from ecozone.relate.pairs import Projected
from ecozone.relate.pieces import Pieces, cut
from ecozone.relate.search import Far, Search, look_from, margin_m
from ecozone.relation import Measured, Relations, Request

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

__all__ = ["cut", "relate"]


def relate(
    pieces: Pieces,
    atlas: Atlas,
    requests: Sequence[Request],
    *,
    as_of: dt.date,
    half_width_m: float | None = None,
    threads: int = 1,
) -> Relations:
    """Measure every piece of ground against every request.

    Parameters
    ----------
    pieces : Pieces
        From `cut`.
    atlas : Atlas
    requests : sequence of Request
        Equal requests with different reaches are measured once, as far as the farthest.
    as_of : datetime.date
        Selects layer versions and zones.
    half_width_m : float, optional
        Half-width that somebody vouches for where a centreline gives none.
    threads : int
        How many threads measure.

    Returns
    -------
    Relations
        In ``measured`` one `Measured` a request, arrays aligned with the pieces.
    """
    every: dict[Request, Request] = {}
    for request in requests:
        every[request] = request.joined(every.get(request))
    for request in list(every.values()):
        if request.minus is not None:
            taken = replace(request.minus, reach_m=request.reach_m, bounds=False, contact_m=np.inf, depth=False)
            every[taken] = every[taken].joined(taken) if taken in every else taken
    reach = {request: request.reach_m for request in every.values()}
    by_kind: dict[str, list[Request]] = {}
    for request in reach:
        by_kind.setdefault(request.kind, []).append(request)
    layers = {kind: atlas.at(kind, as_of) for kind in by_kind}
    look = look_from(pieces, layers, reach, half_width_m)
    plans = {k: Search.of(layers[k], mine, reach, look[k], half_width_m, as_of) for k, mine in by_kind.items()}
    away = {request.minus.kind for request in reach if request.minus is not None}
    for kind in away & set(plans):
        plans[kind] = replace(plans[kind], whole=True)
    done: dict[Request, Asked] = {}
    for request in reach:
        layer, minus = layers[request.kind], layers[request.minus.kind] if request.minus is not None else None
        if layer is not None and (minus is not None or request.minus is None):
            done[request] = Asked.of(request, pieces, layer, minus, as_of)
    nothing = Measured.nothing(requests[0], len(pieces)) if requests else None  # of layers that are not there

    def one(index: int) -> None:
        _group(index, pieces, layers, plans, done, half_width_m, Projected.own())

    _spread(one, len(pieces.groups), threads)
    measured = {r: done[r].measured() if r in done else _of(nothing, r) for r in reach}
    return Relations(
        parts=len(pieces.codes),
        pieces=pieces.of,
        measured=measured,
        codes=pieces.codes,
        outside_admin=pieces.outside_admin,
    )


def _group(
    index: int,
    pieces: Pieces,
    layers: Mapping[str, Layer | None],
    plans: Mapping[str, Search],
    done: Mapping[Request, Asked],
    half_width_m: float | None,
    cache: Projected,
) -> None:
    """Measure one group of ground against all requests."""
    group = pieces.groups[index]
    margins: dict[int, NDArray[np.float64]] = {}  # layers mostly share one coverage polygon
    for layer in layers.values():
        if layer is not None and id(layer.coverage) not in margins:
            margins[id(layer.coverage)] = margin_m(group, layer.coverage, cache)
    found = {kind: search.pairs(group, cache) for kind, search in plans.items()}
    far = {kind: Far(group, search) for kind, search in plans.items() if found[kind] is not None}
    for request, asked in done.items():
        layer = layers[request.kind]
        assert layer is not None
        asked.out.coverage_m[group.rows] = margins[id(layer.coverage)]
        minus = layers[request.minus.kind] if request.minus is not None else None
        if minus is not None:
            asked.blind_m[group.rows] = margins[id(minus.coverage)]
        away = found.get(request.minus.kind) if request.minus is not None else None
        if request.kind in far:
            asked.fill(group, found[request.kind], away, far[request.kind], half_width_m)


def _of(nothing: Measured | None, request: Request) -> Measured:
    assert nothing is not None
    return replace(nothing, request=request)


def _spread(one: Callable[[int], None], groups: int, threads: int) -> None:
    """Measure groups of ground, in several threads when there is enough to share."""
    if threads < 2 or groups < 2:
        for index in range(groups):
            one(index)
        return
    with ThreadPoolExecutor(min(threads, groups)) as pool:
        for _ in pool.map(one, range(groups)):
            pass
