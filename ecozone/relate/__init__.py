"""Measuring: requests in, relations out. One path for one site and for a hundred thousand; it knows no law."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.layer import Layer
from ecozone.relate import dissolve
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
    reach: dict[Request, float] = {}
    for request in requests:
        reach[request] = max(reach.get(request, 0.0), request.reach_m)
        if request.minus is not None:
            reach[request.minus] = max(reach.get(request.minus, 0.0), request.reach_m)
    cache = Projected()
    by_kind: dict[str, list[Request]] = {}
    for request in reach:
        by_kind.setdefault(request.kind, []).append(request)
    layers = {kind: atlas.at(kind, as_of) for kind in by_kind}
    look = _look(pieces, layers, reach, half_width_m)
    found: dict[str, list[Pairs]] = {}
    for kind, mine in by_kind.items():
        layer = layers[kind]
        if layer is None or not len(layer):
            continue
        wanted = np.any([_mask(layer, r, as_of)[1] for r in mine], axis=0)
        if wanted.any():
            found[kind] = [find(g, layer, look[kind][g.rows], wanted, cache) for g in pieces.groups]
    margins: dict[int, NDArray[np.float64]] = {}  # layers mostly share one coverage polygon
    for layer in layers.values():
        if layer is not None and id(layer.coverage) not in margins:
            margins[id(layer.coverage)] = _coverage(pieces, layer.coverage, cache)
    coverage = {k: margins[id(layer.coverage)] for k, layer in layers.items() if layer is not None}
    measured = {
        request: _measure(request.reaching(reach[request]), pieces, layers, found, coverage, as_of, half_width_m)
        for request in reach
    }
    return Relations(
        parts=len(pieces.codes),
        pieces=pieces.of,
        measured=measured,
        codes=pieces.codes,
        outside_admin=pieces.outside_admin,
    )


def _look(
    pieces: Pieces, layers: Mapping[str, Layer | None], reach: Mapping[Request, float], half_width_m: float | None
) -> dict[str, NDArray[np.float64]]:
    """Return for each kind how far around each piece its zones are wanted, metres.

    The reach of its requests, the ground's own extent, the surroundings that the accuracies call for, and half of the
    widest river drawn as a line; zones that are taken away from others are wanted as far as those.
    """
    out: dict[str, NDArray[np.float64]] = {}
    for request, metres in reach.items():
        layer, minus = layers[request.kind], layers[request.minus.kind] if request.minus is not None else None
        exact = pieces.accuracy_m + (layer.accuracy_m if layer else 0.0) + (minus.accuracy_m if minus else 0.0)
        half = float(_half_widths(layer, half_width_m).max(initial=0.0)) if layer else 0.0
        far = metres + pieces.extent_m + SURROUNDINGS * exact + half
        out[request.kind] = np.maximum(out.get(request.kind, 0.0), far)
    for request in reach:
        if request.minus is not None:
            out[request.minus.kind] = np.maximum(out[request.minus.kind], out[request.kind])
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


def _coverage(pieces: Pieces, coverage: Any, cache: Projected) -> NDArray[np.float64]:
    """Return how far a coverage polygon reaches beyond each piece, metres; -1 where it does not hold all of it."""
    out = np.full(len(pieces), -1.0)
    if coverage is None or shapely.is_empty(coverage):
        return out
    for group in pieces.groups:
        ground = cache.coverage(coverage, group.plane)
        held = shapely.covers(ground, group.geometry)
        out[group.rows[held]] = shapely.distance(group.geometry[held], shapely.boundary(ground))
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


def _measure(
    request: Request,
    pieces: Pieces,
    layers: Mapping[str, Layer | None],
    found: Mapping[str, Sequence[Pairs]],
    coverage: Mapping[str, NDArray[np.float64]],
    as_of: dt.date,
    half_width_m: float | None,
) -> Measured:
    layer, n = layers[request.kind], len(pieces)
    if layer is None:
        return Measured.nothing(request, n)
    out = Measured.nothing(request, n, _used(layer), layer.columns)
    out.coverage_m[:] = coverage[request.kind]
    out.accuracy_m[:] = pieces.accuracy_m + layer.accuracy_m
    out.extent_m[:] = pieces.extent_m
    minus = layers.get(request.minus.kind) if request.minus is not None else None
    if request.minus is not None:
        if minus is None:
            return Measured.nothing(request, n)
        out.accuracy_m[:] += minus.accuracy_m
    sure, may = _mask(layer, request, as_of)
    rows = Rows(may_only=bool((may & ~sure).any()))
    for index, group in enumerate(pieces.groups if request.kind in found else ()):
        pairs = found[request.kind][index]
        certain, possible = pairs.only(sure[pairs.zone]), pairs.only(may[pairs.zone])
        open_ = len(possible.piece) > len(certain.piece)
        if request.minus is not None and minus is not None and request.minus.kind in found:
            away, (takes, may_take) = found[request.minus.kind][index], _mask(minus, request.minus, as_of)
            open_ = open_ or bool((may_take & ~takes)[away.zone].any())
            certain = _subtract(certain, away.only(may_take[away.zone]))
            possible = _subtract(possible, away.only(takes[away.zone]))
        rows.add(group, possible, sure)
        _fill(out, group, certain, half_width_m)
        if open_:
            _loosen(out, request, group, possible, half_width_m)
    if request.minus is not None:
        _hold(out, coverage[request.minus.kind])
    return Measured(**{**{k: getattr(out, k) for k in out.__dataclass_fields__}, "rows": rows})


def _fill(out: Measured, group: Group, pairs: Pairs, half_width_m: float | None) -> None:
    """Write the dissolved facts of one group of pieces into the answer."""
    m, at = len(group.rows), group.rows
    if not len(pairs.piece):
        return
    a, extent = out.accuracy_m[at], out.extent_m[at]
    nearest = _nearest(pairs, m)
    rows = np.flatnonzero(nearest >= 0)
    out.nearest[at[rows]] = pairs.zone[nearest[rows]]
    dimension = shapely.get_dimensions(pairs.near)
    out.dimension[at[rows]] = np.minimum(shapely.get_dimensions(group.geometry[rows]), dimension[nearest[rows]])
    lines = shapely.shortest_line(group.geometry[rows], pairs.near[nearest[rows]])
    distance = np.full(m, np.inf)
    distance[rows] = np.where(pairs.distance_m[nearest[rows]] == 0, 0.0, measure.line_metres(lines, group.plane)[0])
    out.distance_m[at] = distance
    out.distance_low_m[at] = _least(pairs, distance, half_width_m)
    # banks as polygons and narrow waters as lines may stand in one layer: each dimension speaks for itself
    amount, low, high = (np.zeros(m) for _ in range(3))
    for d in np.unique(dimension).tolist():
        some = pairs.only(dimension == d)
        metres = np.full(m, np.inf)
        np.minimum.at(metres, some.piece, some.distance_m)
        close = some.only(some.distance_m <= (a + extent)[some.piece])
        zones = dissolve.unite(m, close.piece, close.near)
        deep = np.zeros(m, dtype=bool)
        deep[some.piece[some.covers]] = True  # the piece's box grown by more than accuracy and extent
        meets, inside = dissolve.states(group.geometry, zones, metres, deep, a, extent)
        out.meets[at], out.inside[at] = np.maximum(out.meets[at], meets), np.maximum(out.inside[at], inside)
        own = dissolve.amounts(group.geometry, np.where(metres <= 0, zones, None))
        bounds = dissolve.bounded_amounts(group.geometry, zones, own, a)
        use = ~shapely.is_missing(zones)  # the higher dimension, which comes later, counts
        amount, low, high = (
            np.where(use, new, old) for new, old in zip((own, *bounds), (amount, low, high), strict=True)
        )
    whole = dissolve.own_measure(group.geometry)
    # ground around a point lies in the zones wholly, partly or not at all: its amount is not the point's
    reaching = extent > 0
    low = np.where(reaching & (out.inside[at] < TRUE), 0.0, low)
    high = np.where(reaching & (out.meets[at] > FALSE), np.inf, high)
    for name, value in (("overlap", amount), ("overlap_low", low), ("overlap_high", high)):
        getattr(out, name)[at] = value
        share = np.divide(value, whole, out=np.zeros(m), where=whole > 0)
        getattr(out, name.replace("overlap", "share"))[at] = np.minimum(share, 1.0)


def _loosen(out: Measured, request: Request, group: Group, pairs: Pairs, half_width_m: float | None) -> None:
    """Open what zones without the filter's value could change: a fact they could bring is unknown, never certain."""
    wide = Measured.nothing(request, len(out.meets))
    wide.accuracy_m[:], wide.extent_m[:] = out.accuracy_m, out.extent_m
    _fill(wide, group, pairs, half_width_m)
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
