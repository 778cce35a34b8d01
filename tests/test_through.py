"""Ground that runs through a line: what is plain to see is what the whole look says too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecozone.relate.through import _plainly, _through, runs_through

Shapes = NDArray[Any]


def crossings(site: Shapes, zone: Shapes) -> tuple[Shapes, NDArray[np.int64]]:
    """Return what ground and lines share, one row a crossing, and the row of its ground."""
    shared, owner = shapely.get_parts(shapely.intersection(site, zone), return_index=True)
    return shared, owner


def looked(site: Shapes, zone: Shapes, accuracy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say of each ground whether the whole look finds that it runs through."""
    shared, owner = crossings(site, zone)
    out = np.zeros(len(site), dtype=bool)
    if len(shared):
        out[owner[_through(site, zone, shared, owner, accuracy_m)]] = True
    return out


def some(rng: np.random.Generator, n: int) -> tuple[Shapes, Shapes, NDArray[np.float64]]:
    """Return ragged ground, winding rivers that end, fork and close, and accuracies."""
    sites, zones = np.empty(n, dtype=object), np.empty(n, dtype=object)
    for i in range(n):
        k = int(rng.integers(4, 14))
        angle = np.sort(rng.random(k)) * 2 * np.pi
        reach = rng.uniform(8, 60, k)
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
        sites[i] = shapely.union_all(shapely.get_parts(shapely.make_valid(shapely.Polygon(ring))))
        lines = []
        for _ in range(int(rng.integers(1, 4))):
            m = int(rng.integers(2, 12))
            heading = rng.random() * 2 * np.pi + np.cumsum(rng.normal(0, rng.choice([0.1, 0.5, 1.2]), m))
            step = rng.uniform(2, 25)
            path = rng.uniform(-40, 40, 2) + np.cumsum(
                np.column_stack([np.cos(heading), np.sin(heading)]) * step, axis=0
            )
            lines.append(shapely.LineString(np.vstack([path, path[:1]]) if rng.random() < 0.1 else path))
        zones[i] = shapely.union_all(lines)
    return sites, zones, rng.choice([0.5, 2.0, 5.0], n)


@given(st.integers(0, 2**32 - 1))
def test_what_is_plain_is_so(seed: int) -> None:
    site, zone, a = some(np.random.default_rng(seed), 12)
    shared, owner = crossings(site, zone)
    if not len(shared):
        return
    plain = _plainly(site[owner], zone[owner], shared, a[owner])
    whole = _through(site, zone, shared, owner, a)
    assert not (plain & ~whole).any()
    assert (runs_through(site, zone, a) == looked(site, zone, a)).all()


def test_most_of_what_runs_through_is_plain() -> None:
    """The property above could hold by finding nothing."""
    site, zone, a = some(np.random.default_rng(1), 600)
    shared, owner = crossings(site, zone)
    plain = _plainly(site[owner], zone[owner], shared, a[owner])
    assert plain.sum() > 0.15 * _through(site, zone, shared, owner, a).sum() > 0


@pytest.mark.parametrize(
    ("river", "through"),
    [
        ([[(-50, 0), (50, 0)]], True),
        ([[(0, 0), (50, 0)]], False),  # ends inside: one can walk around its end
        ([[(-50, 0), (0, 0)], [(0, 0), (50, 0)]], True),
        ([[(-50, 19.5), (50, 19.5)]], False),  # the far side is nearer than the accuracy
        ([[(-50, 0), (0, 0), (0, 60)]], True),
        ([[(-10, 0), (10, 0), (10, 10), (-10, 10), (-10, 0)]], False),
    ],
    ids=["across", "dead end", "in two pieces", "grazes", "bends away", "a ring too small to hold anything"],
)
def test_cases_that_can_be_drawn(river: list[Any], through: bool) -> None:
    site = np.array([shapely.box(-20, -20, 20, 20)], dtype=object)
    zone = np.array([shapely.union_all([shapely.LineString(r) for r in river])], dtype=object)
    a = np.array([5.0])
    assert runs_through(site, zone, a)[0] == looked(site, zone, a)[0] == through
