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
from ecozone.relation import LayerUsed, Measured, Relations, Request

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

__all__ = ["cut", "relate"]

#: A zone that carries this line cannot clear a limit unless its half-width is known (SEMANTICS 2).
CENTRELINE = "centreline"
#: Half-width that a centreline without one may have, metres: ecozone's own caution, no legal figure. Inland rivers
#: of China are narrower than
#: 10 km from bank to bank; a broader water belongs into an atlas as a surface.
WIDEST_HALF_M = 5_000.0


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
            reach.setdefault(request.minus, 0.0)
    cache = Projected()
    by_kind: dict[str, list[Request]] = {}
    for request in reach:
        by_kind.setdefault(request.kind, []).append(request)
    margin = pieces.accuracy_m + pieces.extent_m
    found: dict[str, list[Pairs]] = {}
    layers: dict[str, Layer | None] = {}
    for kind, mine in by_kind.items():
        layer = layers[kind] = atlas.at(kind, as_of)
        if layer is None or not len(layer):
            continue
        farthest = max(reach[r] for r in mine)
        wanted = np.any([_mask(layer, r, as_of)[1] for r in mine], axis=0)
        if wanted.any():
            widest = float(_half_widths(layer, half_width_m)[wanted].max())
            found[kind] = [
                find(g, layer, farthest + layer.accuracy_m + margin[g.rows] + widest, wanted, cache)
                for g in pieces.groups
            ]
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
        out.coverage_m[:] = np.minimum(out.coverage_m, coverage[request.minus.kind])
    sure, may = _mask(layer, request, as_of)
    rows = Rows(may_only=bool((may & ~sure).any()))
    for index, group in enumerate(pieces.groups):
        if request.kind not in found:
            continue
        all_pairs = found[request.kind][index]
        pairs = all_pairs.only(may[all_pairs.zone])
        if request.minus is not None and minus is not None:
            away = found[request.minus.kind][index] if request.minus.kind in found else None
            taken = away.only(_mask(minus, request.minus, as_of)[0][away.zone]) if away is not None else None
            pairs = _subtract(pairs, taken)
        rows.add(group, pairs, sure)
        _fill(out, group, pairs.only(sure[pairs.zone]), half_width_m)
        if (may & ~sure)[pairs.zone].any():
            _loosen(out, request, group, pairs, half_width_m)
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
    zone_dimension = shapely.get_dimensions(pairs.near[nearest[rows]])
    out.dimension[at[rows]] = np.minimum(shapely.get_dimensions(group.geometry[rows]), zone_dimension)
    lines = shapely.shortest_line(group.geometry[rows], pairs.near[nearest[rows]])
    distance = np.full(m, np.inf)
    distance[rows] = np.where(pairs.distance_m[nearest[rows]] == 0, 0.0, measure.line_metres(lines, group.plane)[0])
    out.distance_m[at] = distance
    out.distance_low_m[at] = _least(pairs, distance, half_width_m)
    touching = pairs.only(pairs.distance_m <= 0)
    zones = dissolve.unite(m, touching.piece, touching.near)
    deep = np.zeros(m, dtype=bool)
    # the zone covers the piece's box grown by the whole reach, which is never less than the accuracy
    deep[pairs.piece[pairs.covers]] = True
    out.meets[at], out.inside[at] = dissolve.states(group.geometry, zones, distance, deep, a, extent)
    own = dissolve.own_measure(group.geometry)
    low, high = dissolve.bounded_amounts(group.geometry, zones, a)
    for name, value in (
        ("overlap", dissolve.amounts(group.geometry, zones)),
        ("overlap_low", low),
        ("overlap_high", high),
    ):
        getattr(out, name)[at] = value
        share = np.divide(value, own, out=np.zeros(m), where=own > 0)
        getattr(out, name.replace("overlap", "share"))[at] = np.minimum(share, 1.0)


def _loosen(out: Measured, request: Request, group: Group, pairs: Pairs, half_width_m: float | None) -> None:
    """Open what zones without the filter's value could change: a fact they could bring is unknown, never certain."""
    wide = Measured.nothing(request, len(out.meets))
    wide.accuracy_m[:], wide.extent_m[:] = out.accuracy_m, out.extent_m
    _fill(wide, group, pairs, half_width_m)
    at = group.rows
    for name in ("meets", "inside"):
        mine, other = getattr(out, name)[at], getattr(wide, name)[at]
        getattr(out, name)[at] = np.where(other > mine, np.int8(0), mine)
    out.distance_low_m[at] = np.where(
        wide.distance_low_m[at] < out.distance_low_m[at], wide.distance_low_m[at], out.distance_low_m[at]
    )
    out.overlap_high[at] = np.maximum(out.overlap_high[at], wide.overlap_high[at])
    out.share_high[at] = np.maximum(out.share_high[at], wide.share_high[at])


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
    distance = shapely.distance(pairs.group.geometry[pairs.piece], near)
    return Pairs(pairs.group, pairs.layer, pairs.piece, pairs.zone, near, covers, distance).only(left)
