"""The kernel beside plain shapely: the same answers, and no slow change unseen (loosely)."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import pytest
import shapely
from conftest import ROOT

from ecozone.layer import Layer
from ecozone.relate import table

sys.path.insert(0, str(ROOT / "benchmarks"))
import workload

LOAD = workload.make(zones=400, rivers=100, polygons=800, points=4_000, lines=60, side=workload.SIDE * 0.02**0.5)


def layer(kind: str, shapes: Any) -> Layer:
    return Layer.from_arrays(
        kind=kind, geometry=workload.degrees(shapes), columns={}, coverage=None, meta={"accuracy_m": 0.0}
    )


ZONES, RIVERS = layer("ecological_redline", LOAD.zones), layer("river", LOAD.rivers)


def plain(sites: Any, size: Any) -> dict[tuple[int, int], float]:
    zone, site = shapely.STRtree(sites).query(LOAD.zones, predicate="intersects")
    amount = size(shapely.intersection(sites[site], LOAD.zones[zone]))
    return {(s, z): a for s, z, a in zip(site.tolist(), zone.tolist(), amount.tolist(), strict=True) if a > 0}


@pytest.mark.parametrize(("sites", "size"), [("polygons", shapely.area), ("lines", shapely.length)])
@pytest.mark.parametrize("threads", [1, 2])
def test_shared_is_what_plain_intersections_say(sites: str, size: Any, threads: int) -> None:
    """Gauss-Krüger stretches by up to 1e-3 away from its meridian: the amounts agree to that."""
    shapes = getattr(LOAD, sites)
    right = plain(shapes, size)
    got = table.shared(workload.degrees(shapes), ZONES, threads=threads)
    mine = dict(zip(zip(got.site.tolist(), got.zone.tolist(), strict=True), got.amount.tolist(), strict=True))
    slivers = {k for k in set(right) ^ set(mine) if max(right.get(k, 0), mine.get(k, 0)) > 1e-2}
    assert not slivers
    both = sorted(set(right) & set(mine))
    assert np.allclose([right[k] for k in both], [mine[k] for k in both], rtol=3e-3, atol=1e-2)


def test_points_and_rivers() -> None:
    _zone, site = shapely.STRtree(LOAD.points).query(LOAD.zones, predicate="intersects")
    got = table.shared(workload.degrees(LOAD.points), ZONES)
    assert len(got.site) == len(site)
    nearest = shapely.STRtree(LOAD.rivers).query_nearest(LOAD.points, max_distance=1000, return_distance=True)
    found, metres = table.nearest(workload.degrees(LOAD.points), RIVERS, 1000.0)
    assert abs(int((found >= 0).sum()) - len(np.unique(nearest[0][0]))) <= 2
    order = np.full(len(LOAD.points), np.inf)
    np.minimum.at(order, nearest[0][0], nearest[1])
    there = np.isfinite(order) & np.isfinite(metres)
    assert np.allclose(order[there], metres[there], rtol=3e-3)


def asked(points: Any, _: Any) -> None:
    shapely.STRtree(LOAD.zones).query(points, predicate="intersects")


@pytest.mark.parametrize(
    ("sites", "plainly", "size", "share"),
    # as measured: 0.4, 0.65 and 0.33 of plain shapely's processor time; about twice that is a slow change
    [("polygons", plain, shapely.area, 0.8), ("lines", plain, shapely.length, 1.2), ("points", asked, None, 0.7)],
)
def test_a_slow_change_is_seen(sites: str, plainly: Any, size: Any, share: float) -> None:
    """The best of five turns: a busy machine slows both."""
    flat = getattr(LOAD, sites)
    there = workload.degrees(flat)
    table.shared(there, ZONES)
    ratios = []
    for _ in range(5):
        started = time.process_time()
        plainly(flat, size)
        middle = time.process_time()
        table.shared(there, ZONES)
        ratios.append((time.process_time() - middle) / (middle - started))
    assert min(ratios) < share, ratios
