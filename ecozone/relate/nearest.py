"""What lies nearest to a piece of ground, and what it touches: one layer at a time, for lists that no rule asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.layer import Layer
from ecozone.relate.pairs import Pairs, Projected, find
from ecozone.relate.pieces import Pieces
from ecozone.relate.rows import Rows
from ecozone.relation import ZoneRow

#: How far to look, metres: near first, farther only where nothing is near. The last is as far as a plane is true.
REACHES_M = (5_000.0, 50_000.0)


def nearest(
    pieces: Pieces, layer: Layer, day: dt.date, *, column: str | None = None, all_within_m: float = 0.0
) -> list[tuple[int, ZoneRow]]:
    """Return the nearest zone to any piece, one for each value of a column.

    Parameters
    ----------
    pieces : Pieces
    layer : Layer
    day : datetime.date
        Zones in force on it count.
    column : str, optional
        A nearest zone for each of its values; None: one nearest zone.
    all_within_m : float
        Also every zone within so many metres: 0 lists all that are touched, less than 0 none but the nearest.

    Returns
    -------
    list of (piece, ZoneRow)
        Nearest first; zones that touch the ground have distance 0.
    """
    wanted = layer.active(day)
    values = layer.columns.get(column) if column else None
    classes = np.array([str(v) for v in values]) if values is not None else np.full(len(layer), "")
    out: dict[str, tuple[int, ZoneRow]] = {}
    for reach in REACHES_M:
        if not wanted.any():
            break
        found = _pairs(pieces, layer, wanted, reach)
        closest: dict[str, float] = {}
        for pairs in found:
            for zone, metres in zip(pairs.zone.tolist(), pairs.distance_m.tolist(), strict=True):
                name = str(classes[zone])
                closest[name] = min(closest.get(name, np.inf), metres)
        for pairs in found:
            best = np.array([closest[str(classes[z])] for z in pairs.zone.tolist()])
            keep = (pairs.distance_m <= np.minimum(best + 1.0, reach)) | (pairs.distance_m <= all_within_m)
            for piece, row in _rows(pairs.only(keep)):
                if row.zone not in out or row.distance_m < out[row.zone][1].distance_m:
                    out[row.zone] = (piece, row)
        wanted = wanted & ~np.isin(classes, list(closest))
    by_zone = dict(zip((str(z) for z in layer.columns["zone"]), classes.tolist(), strict=True))
    told: set[str] = set()
    kept = []
    for piece, row in sorted(out.values(), key=lambda e: (e[1].distance_m, e[1].zone)):
        if by_zone[row.zone] not in told or row.distance_m <= all_within_m:
            told.add(by_zone[row.zone])
            kept.append((piece, row))
    return kept


def touched(pieces: Pieces, layer: Layer, day: dt.date) -> list[tuple[int, ZoneRow]]:
    """Return the zones that pieces touch, with what they share."""
    out: list[tuple[int, ZoneRow]] = []
    for pairs in _pairs(pieces, layer, layer.active(day), 0.0):
        out += _rows(pairs.only(pairs.distance_m <= 0))
    return sorted(out, key=lambda e: (e[0], e[1].zone))


def covered_m(pieces: Pieces, layer: Layer) -> float | None:
    """Return how far a layer's coverage reaches beyond all pieces, metres; None where it does not hold them."""
    if layer.coverage is None or shapely.is_empty(layer.coverage):
        return None
    cache = Projected.own()
    least = np.inf
    for group in pieces.groups:
        ground = cache.coverage(layer.coverage, group.plane)
        if not shapely.covers(ground, group.geometry).all():
            return None
        least = min(least, float(shapely.distance(group.geometry, shapely.boundary(ground)).min()))
    return least


def _pairs(pieces: Pieces, layer: Layer, wanted: NDArray[np.bool_], reach_m: float) -> Sequence[Pairs]:
    cache = Projected.own()
    return [find(g, layer, np.full(len(g.rows), reach_m), wanted, cache) for g in pieces.groups]


def _rows(pairs: Pairs) -> list[tuple[int, ZoneRow]]:
    rows = Rows(may_only=False)
    rows.add(pairs.group, pairs, np.ones(len(pairs.layer), dtype=bool))
    return [(p, r) for p in pairs.group.rows.tolist() for r in rows(p)]
