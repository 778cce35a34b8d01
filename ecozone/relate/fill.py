"""The facts of a group of ground and its zones: distance, contact, amounts, and what unknown values leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.relate import contact, dissolve
from ecozone.relate.group import Group
from ecozone.relate.index import index_of
from ecozone.relate.lines import Lines
from ecozone.relate.masks import half_widths
from ecozone.relate.pairs import Pairs
from ecozone.relation import FALSE, TRUE, UNKNOWN, Measured, Request


def fill(
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
    if not len(pairs.piece) and lines is None:
        return  # nothing near: what the answer says from its beginning
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


def loosen(
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
    fill(wide, group, pairs, zones_meant, lines, half_width_m, request, None)
    at = group.rows
    for name in ("meets", "inside"):
        mine, other = getattr(out, name)[at], getattr(wide, name)[at]
        getattr(out, name)[at] = np.where(other > mine, UNKNOWN, mine)
    out.distance_low_m[at] = np.minimum(wide.distance_low_m[at], out.distance_low_m[at])
    out.overlap_high[at] = np.maximum(out.overlap_high[at], wide.overlap_high[at])
    out.share_high[at] = np.maximum(out.share_high[at], wide.share_high[at])
    out.dimension[at] = np.where(out.nearest[at] < 0, wide.dimension[at], out.dimension[at])


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
    for d in (np.flatnonzero(np.bincount(dimension + 1)) - 1).tolist():  # np.unique would import numpy.ma
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
        whole_zones = dissolve.seamless(zones, (np.bincount(close.piece, minlength=m) > 1) & (a > 0))
        least, most = dissolve.bounded_amounts(group.geometry, whole_zones, own, a) if bounds else (own, own)
        one, other = contact.states(group.geometry, whole_zones, metres, deep, a, extent, own)
        meets, inside = np.maximum(meets, one), np.maximum(inside, other)
        use = deep | ~shapely.is_missing(zones)  # the higher dimension, which comes later, counts
        amount, low, high = (
            np.where(use, new, old) for new, old in zip((own, least, most), (amount, low, high), strict=True)
        )
    return meets, inside, amount, low, high


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
    half = half_widths(pairs.layer, half_width_m)[pairs.zone]
    np.minimum.at(low, pairs.piece, np.where(half > 0, pairs.distance_m - half, np.inf))
    return low
