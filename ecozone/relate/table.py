"""What many sites share with the zones of one layer, as a table: the fastest way to the bare numbers.

Polygons: each zone is clipped to the site's box first; "covers" and "misses" need no intersection, the
rest is summed over pairs of edges. Lines: cut into pieces of four segments, then intersected. Points: an index of the
points is asked with each zone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.crs import Plane
from ecozone.layer import Layer
from ecozone.relate.edges import FEW, most_vertices, shared_areas
from ecozone.relate.group import Group, spans
from ecozone.relate.index import cut_lines, index_of
from ecozone.relate.lines import Lines
from ecozone.relate.pairs import Projected, candidates

#: Segments of a line site that are measured together.
LINE_SEGMENTS = 4


@dataclass(frozen=True)
class Shared:
    """Pairs of site and zone with what they share: square metres, metres, or points (1)."""

    site: NDArray[np.int64]
    zone: NDArray[np.int64]
    amount: NDArray[np.float64]


def shared(
    geometry: NDArray[Any], layer: Layer, wanted: NDArray[np.bool_] | None = None, *, threads: int = 1
) -> Shared:
    """Return all pairs that share ground.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
        Sites of one dimension, EPSG:4490, valid.
    layer : Layer
    wanted : ndarray of bool, shape (zones,), optional
        Default: all zones.
    threads : int
    """
    wanted = np.ones(len(layer), dtype=bool) if wanted is None else wanted
    if not len(geometry) or not len(layer):
        return Shared(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float64))
    dimension = int(shapely.get_dimensions(geometry).max())
    if dimension == 0 and (shapely.get_type_id(geometry) == 0).all() and index_of(layer).polygon.all():
        return _points(geometry, layer, wanted, threads)
    owner = np.arange(len(geometry))
    if dimension == 1:
        geometry, owner = cut_lines(measure.dense(geometry), LINE_SEGMENTS)

    def one(span: tuple[Plane, NDArray[np.int64]]) -> tuple[NDArray[Any], ...]:
        group = Group(*span, geometry[span[1]])
        none, many = np.zeros(len(group.rows)), len(group.rows) >= FEW
        trust = most_vertices(group.geometry) if dimension == 2 and many else None
        piece, zone, near, covers = candidates(group, layer, none, wanted, Projected.own(), trust=trust)
        amount = (shapely.area if dimension == 2 else shapely.length)(group.geometry)[piece]
        todo = np.flatnonzero(~covers)
        if dimension == 2:
            amount[todo] = shared_areas(group.geometry, piece[todo], near[todo], few=0 if many else FEW)
        else:
            amount[todo] = shapely.length(shapely.intersection(group.geometry[piece[todo]], near[todo]))
        return group.rows[piece], zone, amount

    piece, zone, amount = _together(one, spans(geometry), threads)
    keep = amount > 0
    site, zone, amount = owner[piece[keep]], zone[keep], amount[keep]
    key, at = np.unique(site * len(layer) + zone, return_inverse=True)
    return Shared(key // len(layer), key % len(layer), np.bincount(at, amount, minlength=len(key)).astype(np.float64))


def nearest(
    geometry: NDArray[Any], layer: Layer, within_m: float, *, threads: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each site the nearest line (or outline) of a layer within some metres (-1, inf: none)."""
    zone, metres = np.full(len(geometry), -1), np.full(len(geometry), np.inf)
    wanted = np.ones(len(layer), dtype=bool)

    def one(span: tuple[Plane, NDArray[np.int64]]) -> tuple[NDArray[Any], ...]:
        group = Group(*span, geometry[span[1]])
        here = Lines(group, layer, np.full(len(group.rows), within_m))
        return group.rows, *here.nearest(wanted, np.arange(len(group.rows)))

    rows, found, distance = _together(one, spans(geometry), threads)
    near = distance <= within_m
    zone[rows[near]], metres[rows[near]] = found[near], distance[near]
    return zone, metres


def _points(geometry: NDArray[Any], layer: Layer, wanted: NDArray[np.bool_], threads: int) -> Shared:
    """Ask an index of the points with each zone: zones are prepared by the query itself, in the thread that asks."""
    index = index_of(layer)
    tree = shapely.STRtree(geometry)
    tree.query(shapely.Point(0, 0))
    rows = np.flatnonzero(wanted)
    chunks = np.array_split(rows, max(1, 8 * threads))

    def one(mine: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        zone, site = tree.query(index.geometry[mine], predicate="intersects")
        return site, mine[zone], np.ones(len(site))

    site, zone, amount = _together(one, chunks, threads)
    order = np.lexsort((zone, site))
    return Shared(site[order].astype(np.int64), zone[order], amount[order])


def _together(one: Callable[[Any], tuple[NDArray[Any], ...]], items: Sequence[Any], threads: int) -> list[NDArray[Any]]:
    if threads < 2:
        found = [one(item) for item in items]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(one, items))
    return [np.concatenate(columns) for columns in zip(*found, strict=True)]
