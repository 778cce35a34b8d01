"""Measuring: requests in, relations out. One path for one site and for a hundred thousand; it knows no law."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.layer import Layer
from ecozone.relate import dissolve
from ecozone.relate.index import index_of
from ecozone.relate.lines import Lines
from ecozone.relate.pairs import Pairs, Projected, find
from ecozone.relate.pieces import Group, Pieces, cut
from ecozone.relate.rows import Rows
from ecozone.relation import FALSE, TRUE, UNKNOWN, LayerUsed, Measured, Relations, Request

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

__all__ = ["cut", "relate"]

#: A zone that carries this line cannot clear a limit unless its half-width is known (SEMANTICS 2).
CENTRELINE = "centreline"
#: Half-width that a centreline without one may have, metres: ecozone's own caution, no legal figure. Inland rivers of
#: China are narrower than 10 km from bank to bank; a broader water belongs into an atlas as a surface.
WIDEST_HALF_M = 5_000.0
#: How many accuracies around the ground the zones must be known, to see whether the ground runs through a thin one.
SURROUNDINGS = 4.0


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
    look = _look(pieces, layers, reach, half_width_m)
    plans = {k: _Search.of(layers[k], mine, reach, look[k], half_width_m, as_of) for k, mine in by_kind.items()}
    away = {request.minus.kind for request in reach if request.minus is not None}
    for kind in away & set(plans):
        plans[kind] = replace(plans[kind], whole=True)
    done = {request: _Asked.of(request, pieces, layers, as_of) for request in reach}
    caches = threading.local()

    def one(index: int) -> None:
        if not hasattr(caches, "of_thread"):
            caches.of_thread = Projected()
        _group(index, pieces, layers, plans, done, half_width_m, caches.of_thread)

    _spread(one, len(pieces.groups), threads)
    measured = {request: asked.measured() for request, asked in done.items()}
    return Relations(
        parts=len(pieces.codes),
        pieces=pieces.of,
        measured=measured,
        codes=pieces.codes,
        outside_admin=pieces.outside_admin,
    )


def _look(
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
        half = float(_half_widths(layer, half_width_m).max(initial=0.0)) if layer else 0.0
        close = pieces.extent_m + SURROUNDINGS * exact
        far, near = out.get(request.kind, (none, none))
        out[request.kind] = np.maximum(far, metres + close + half), np.maximum(near, close)
    for request in reach:
        if request.minus is not None:
            taken, mine = out[request.minus.kind], out[request.kind]
            out[request.minus.kind] = np.maximum(taken[0], mine[0]), np.maximum(taken[1], mine[1])
    return out


def _mask(layer: Layer, request: Request, as_of: dt.date) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (zones that surely pass the filter, zones that may)."""
    sure = layer.active(as_of, request.status)
    may = sure.copy()
    for column, allowed in request.filter:
        values = layer.columns.get(column)
        if values is None:
            sure &= False
            continue
        blank = np.array([v is None for v in values], dtype=bool)
        passes = np.array([_text(v) in allowed for v in values], dtype=bool)
        sure &= passes & ~blank
        may &= passes | blank
    return sure, may


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _coverage(group: Group, coverage: Any, cache: Projected) -> NDArray[np.float64]:
    """Return how far a coverage polygon reaches beyond each piece, metres; -1 where it does not hold all of it."""
    out = np.full(len(group.rows), -1.0)
    if coverage is None or shapely.is_empty(coverage):
        return out
    held = np.flatnonzero(shapely.covers(cache.coverage(coverage, group.plane), group.geometry))
    if len(held):
        tree = cache.outline(coverage, group.plane)
        at, metres = tree.query_nearest(group.geometry[held], return_distance=True, all_matches=False)
        out[held[at[0]]] = metres
    return out


def _used(layer: Layer) -> LayerUsed:
    return LayerUsed(
        kind=layer.kind,
        name=layer.spec.name,
        version=layer.version,
        accuracy_m=layer.accuracy_m,
        sha256=lambda: layer.sha256,
        source=layer.source,
        document=layer.document,
        line=layer.line,
        notice=layer.notice,
        sensitive=layer.sensitive,
        complete_for=layer.complete_for,
    )


def _spread(one: Callable[[int], None], groups: int, threads: int) -> None:
    """Measure groups of ground, in several threads when there is enough to share."""
    if threads < 2 or groups < 2:
        for index in range(groups):
            one(index)
        return
    with ThreadPoolExecutor(min(threads, groups)) as pool:
        for _ in pool.map(one, range(groups)):
            pass


@dataclass(frozen=True)
class _Search:
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
    ) -> _Search:
        """Plan the search for a kind."""
        if layer is None or not len(layer):
            return cls(None, np.zeros(0, dtype=bool), *look, False)
        wanted = np.any([_mask(layer, r, as_of)[1] for r in requests], axis=0)
        centre = bool((_half_widths(layer, half_width_m) > 0).any())
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


@dataclass(frozen=True)
class _Asked:
    """One request while it is measured; threads write to different rows of `out`."""

    request: Request
    out: Measured
    rows: Rows
    sure: NDArray[np.bool_]
    may: NDArray[np.bool_]
    minus: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None
    blind_m: NDArray[np.float64]
    void: bool

    @classmethod
    def of(cls, request: Request, pieces: Pieces, layers: Mapping[str, Layer | None], as_of: dt.date) -> _Asked:
        """Begin a request."""
        layer, n = layers[request.kind], len(pieces)
        minus = layers.get(request.minus.kind) if request.minus is not None else None
        nobody = np.zeros(0, dtype=bool)
        void = layer is None or (request.minus is not None and minus is None)
        blind = np.full(n, -1.0)
        if layer is None or void:
            return cls(request, Measured.nothing(request, n), Rows(may_only=False), nobody, nobody, None, blind, True)
        out = Measured.nothing(request, n, _used(layer), layer.columns)
        out.accuracy_m[:] = pieces.accuracy_m + layer.accuracy_m + (minus.accuracy_m if minus is not None else 0.0)
        out.extent_m[:] = pieces.extent_m
        sure, may = _mask(layer, request, as_of)
        masks = _mask(minus, request.minus, as_of) if minus is not None and request.minus is not None else None
        return cls(request, out, Rows(may_only=bool((may & ~sure).any())), sure, may, masks, blind, False)

    def fill(
        self, group: Group, pairs: Pairs | None, away: Pairs | None, far: _Far, half_width_m: float | None
    ) -> None:
        """Measure one group."""
        if pairs is None:
            return
        certain, possible = pairs.only(self.sure[pairs.zone]), pairs.only(self.may[pairs.zone])
        open_ = bool((self.may & ~self.sure).any())
        if self.minus is not None and away is not None:
            takes, may_take = self.minus
            open_ = open_ or bool((may_take & ~takes)[away.zone].any())
            certain = _subtract(certain, away.only(may_take[away.zone]))
            possible = _subtract(possible, away.only(takes[away.zone]))
        if self.minus is not None or far.lines is None:
            self.rows.add(group, possible, self.sure)
        else:
            self.rows.add(group, possible, self.sure, far=lambda row: far.of(row).only(self.may[far.of(row).zone]))
        lines = far.lines if self.minus is None else None
        _fill(self.out, group, certain, self.sure, lines, half_width_m, self.request, None if self.minus else far.memo)
        if open_:
            _loosen(self.out, self.request, group, possible, self.may, lines, half_width_m)

    def measured(self) -> Measured:
        """Return the answer."""
        if self.void:
            return self.out
        if self.request.minus is not None:
            _hold(self.out, self.blind_m)
        self.rows.settle()
        return replace(self.out, rows=self.rows)


class _Far:
    """All that a kind's requests look at around one piece, zone by zone: found when somebody reads it."""

    def __init__(self, group: Group, search: _Search) -> None:
        self._group, self._search = group, search
        self.lines = search.lines(group)
        self._found: dict[int, Pairs] = {}
        self.memo: dict[Any, Any] = {}  # requests that mean the same zones here have the same answer

    def of(self, row: int) -> Pairs:
        """Return the pairs of one row of the group."""
        if row not in self._found:
            assert self._search.layer is not None
            group, at = self._group, slice(row, row + 1)
            alone = Group(group.plane, group.rows[at], group.geometry[at], group.bounds[at], group.degrees[at])
            look = self._search.look_m[alone.rows]
            self._found[row] = find(alone, self._search.layer, look, self._search.wanted, Projected())
        return self._found[row]


def _group(
    index: int,
    pieces: Pieces,
    layers: Mapping[str, Layer | None],
    plans: Mapping[str, _Search],
    done: Mapping[Request, _Asked],
    half_width_m: float | None,
    cache: Projected,
) -> None:
    """Measure one group of ground against all requests."""
    group = pieces.groups[index]
    margins: dict[int, NDArray[np.float64]] = {}  # layers mostly share one coverage polygon
    for layer in layers.values():
        if layer is not None and id(layer.coverage) not in margins:
            margins[id(layer.coverage)] = _coverage(group, layer.coverage, cache)
    found = {kind: search.pairs(group, cache) for kind, search in plans.items()}
    far = {kind: _Far(group, search) for kind, search in plans.items() if found[kind] is not None}
    for request, asked in done.items():
        layer = layers[request.kind]
        if asked.void or layer is None:
            continue
        asked.out.coverage_m[group.rows] = margins[id(layer.coverage)]
        minus = layers[request.minus.kind] if request.minus is not None else None
        if minus is not None:
            asked.blind_m[group.rows] = margins[id(minus.coverage)]
        away = found.get(request.minus.kind) if request.minus is not None else None
        if request.kind in far:
            asked.fill(group, found[request.kind], away, far[request.kind], half_width_m)


def _fill(
    out: Measured,
    group: Group,
    pairs: Pairs,
    zones_meant: NDArray[np.bool_],
    lines: Lines | None,
    half_width_m: float | None,
    request: Request,
    memo: dict[Any, Any] | None,
) -> None:
    """Write the dissolved facts of one group of pieces into the answer."""
    m, at = len(group.rows), group.rows
    a, extent = out.accuracy_m[at], out.extent_m[at]
    nearest = _nearest(pairs, m)
    dimension = shapely.get_dimensions(pairs.near)
    distance, zone, kind = np.full(m, np.inf), np.full(m, -1), np.zeros(m, dtype=np.int64)
    rows = np.flatnonzero(nearest >= 0)
    touch = np.zeros(m, dtype=bool)
    touch[rows] = pairs.distance_m[nearest[rows]] == 0
    distance[touch] = 0.0
    zone[rows], kind[rows] = pairs.zone[nearest[rows]], dimension[nearest[rows]]
    rows = np.flatnonzero(~touch) if lines is not None else rows[~touch[rows]]
    if lines is not None:
        zone[rows], distance[rows] = lines.nearest(zones_meant, rows)
        kind[rows] = index_of(pairs.layer).dimension[zone[rows]]
    elif len(rows):
        short = shapely.shortest_line(group.geometry[rows], pairs.near[nearest[rows]])
        distance[rows] = measure.line_metres(short, group.plane)[0]
    out.nearest[at], out.distance_m[at] = zone, distance
    out.dimension[at] = np.where(zone >= 0, np.minimum(shapely.get_dimensions(group.geometry), kind), 0)
    out.distance_low_m[at] = _least(pairs, distance, half_width_m)
    if not len(pairs.piece):
        return
    whole = dissolve.own_measure(group.geometry)
    if request.contact_m > a.max(initial=0.0):  # what touches is within the limit anyway
        out.meets[at] = np.where(distance > a + extent, FALSE, UNKNOWN)
        out.inside[at] = np.where(distance > a, FALSE, UNKNOWN)
        return
    key = (pairs.layer.kind, pairs.zone.tobytes(), pairs.piece.tobytes(), request.bounds) if memo is not None else None
    if memo is None or key not in memo:
        made = _contact(group, pairs, dimension, a, extent, whole, request.bounds)
        if memo is not None:
            memo[key] = made
    else:
        made = memo[key]
    out.meets[at], out.inside[at], amount, low, high = made
    if request.depth:
        points = np.flatnonzero((out.inside[at] == TRUE) & (shapely.get_dimensions(group.geometry) == 0))
        out.depth_m[at[points]] = _depth(group, pairs, zones_meant, lines, points)
    # ground around a point lies in the zones wholly, partly or not at all: its amount is not the point's
    reaching = extent > 0
    low = np.where(reaching & (out.inside[at] < TRUE), 0.0, low)
    high = np.where(reaching & (out.meets[at] > FALSE), np.inf, high)
    for name, value in (("overlap", amount), ("overlap_low", low), ("overlap_high", high)):
        getattr(out, name)[at] = value
        share = np.divide(value, whole, out=np.zeros(m), where=whole > 0)
        getattr(out, name.replace("overlap", "share"))[at] = np.minimum(share, 1.0)


def _depth(
    group: Group, pairs: Pairs, zones_meant: NDArray[np.bool_], lines: Lines | None, points: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how far points inside lie from the nearest outline of a zone that is meant: the zones end no nearer."""
    if lines is not None:
        return lines.nearest(zones_meant, points)[1]
    out = np.full(len(group.rows), np.inf)
    some = np.flatnonzero(np.isin(pairs.piece, points) & (pairs.distance_m <= 0))
    edge = shapely.distance(group.geometry[pairs.piece[some]], shapely.boundary(pairs.near[some]))
    np.minimum.at(out, pairs.piece[some], edge)
    return out[points]


def _contact(
    group: Group,
    pairs: Pairs,
    dimension: NDArray[np.int64],
    a: NDArray[np.float64],
    extent: NDArray[np.float64],
    whole: NDArray[np.float64],
    bounds: bool,
) -> tuple[NDArray[Any], ...]:
    """Return (meets, inside, amount, least amount, greatest amount) of a group's pieces and their dissolved zones."""
    m = len(group.rows)
    meets, inside = np.full(m, FALSE), np.full(m, FALSE)
    amount, low, high = (np.zeros(m) for _ in range(3))
    # banks as polygons and narrow waters as lines may stand in one layer: each dimension speaks for itself
    for d in np.unique(dimension).tolist():
        some = pairs.only(dimension == d)
        metres = np.full(m, np.inf)
        np.minimum.at(metres, some.piece, some.distance_m)
        deep = np.zeros(m, dtype=bool)
        deep[some.piece[some.covers]] = True  # the piece's box grown by more than accuracy and extent
        close = some.only((some.distance_m <= (a + extent)[some.piece]) & ~deep[some.piece])
        zones = dissolve.unite(m, close.piece, close.near)
        met = zones.copy()
        met[metres > 0] = None
        own = dissolve.amounts(group.geometry, met)
        own[deep] = whole[deep]
        least, most = dissolve.bounded_amounts(group.geometry, zones, own, a) if bounds else (own, own)
        one, other = dissolve.states(group.geometry, zones, metres, deep, a, extent, own)
        meets, inside = np.maximum(meets, one), np.maximum(inside, other)
        use = deep | ~shapely.is_missing(zones)  # the higher dimension, which comes later, counts
        amount, low, high = (
            np.where(use, new, old) for new, old in zip((own, least, most), (amount, low, high), strict=True)
        )
    return meets, inside, amount, low, high


def _loosen(
    out: Measured,
    request: Request,
    group: Group,
    pairs: Pairs,
    zones_meant: NDArray[np.bool_],
    lines: Lines | None,
    half_width_m: float | None,
) -> None:
    """Open what zones without the filter's value could change: a fact they could bring is unknown, never certain."""
    wide = Measured.nothing(request, len(out.meets))
    wide.accuracy_m[:], wide.extent_m[:] = out.accuracy_m, out.extent_m
    _fill(wide, group, pairs, zones_meant, lines, half_width_m, request, None)
    at = group.rows
    for name in ("meets", "inside"):
        mine, other = getattr(out, name)[at], getattr(wide, name)[at]
        getattr(out, name)[at] = np.where(other > mine, UNKNOWN, mine)
    out.distance_low_m[at] = np.minimum(wide.distance_low_m[at], out.distance_low_m[at])
    out.overlap_high[at] = np.maximum(out.overlap_high[at], wide.overlap_high[at])
    out.share_high[at] = np.maximum(out.share_high[at], wide.share_high[at])
    out.dimension[at] = np.where(out.nearest[at] < 0, wide.dimension[at], out.dimension[at])


def _hold(out: Measured, taking_m: NDArray[np.float64]) -> None:
    """Open what zones to be taken away could change where their layer does not know the ground."""
    blind = taking_m < out.accuracy_m + out.extent_m
    for name in ("meets", "inside"):
        getattr(out, name)[blind] = np.minimum(getattr(out, name)[blind], UNKNOWN)
    out.overlap_low[blind] = out.share_low[blind] = 0.0
    out.coverage_m[:] = np.minimum(out.coverage_m, taking_m)
    out.distance_m[taking_m < out.distance_m + out.accuracy_m + out.extent_m] = np.inf


def _nearest(pairs: Pairs, m: int) -> NDArray[np.int64]:
    """Return for each piece the row of its nearest pair, -1 where it has none."""
    out = np.full(m, -1)
    order = np.lexsort((pairs.zone, pairs.distance_m, pairs.piece))
    first = np.unique(pairs.piece[order], return_index=True)[1]
    out[pairs.piece[order][first]] = order[first]
    return out


def _least(pairs: Pairs, distance: NDArray[np.float64], half_width_m: float | None) -> NDArray[np.float64]:
    """Return the least a distance can be once a centreline's half-width is taken off."""
    low = distance.copy()
    half = _half_widths(pairs.layer, half_width_m)[pairs.zone]
    np.minimum.at(low, pairs.piece, np.where(half > 0, pairs.distance_m - half, np.inf))
    return low


def _half_widths(layer: Layer, half_width_m: float | None) -> NDArray[np.float64]:
    """Return how far each zone's water may reach from its geometry: 0 for banks, a half-width for centrelines."""
    line = layer.columns.get("line")
    out = np.zeros(len(layer))
    if line is None:
        return out
    centre = np.array([v == CENTRELINE for v in line], dtype=bool)
    if centre.any():
        unknown = WIDEST_HALF_M if half_width_m is None else half_width_m
        given = layer.columns.get("half_width_m", np.full(len(layer), None, dtype=object))
        out[centre] = [unknown if v is None else float(v) for v in given[centre]]
    return out


def _subtract(pairs: Pairs, away: Pairs | None) -> Pairs:
    """Take other zones' ground out of the near geometry of each pair."""
    if away is None or not len(away.piece) or not len(pairs.piece):
        return pairs
    taken = dissolve.unite(len(pairs.group.rows), away.piece, away.near)[pairs.piece]
    there = ~shapely.is_missing(taken)
    near = pairs.near.copy()
    near[there] = shapely.difference(near[there], taken[there])
    covers = pairs.covers & ~(there & shapely.intersects(taken, pairs.near))
    left = ~shapely.is_empty(near)
    # a seam of zones that end together is no ground: whatever is left narrower than a micron
    left &= (shapely.get_dimensions(near) < 2) | (shapely.area(near) > dissolve.CONTACT_M * shapely.length(near))
    distance = dissolve.apart(pairs.group.geometry[pairs.piece], near)
    return Pairs(pairs.group, pairs.layer, pairs.piece, pairs.zone, near, covers, distance).only(left)
