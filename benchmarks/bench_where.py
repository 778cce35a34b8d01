"""Time `where` over a region against the screening of 10 000 points there: at most five times as long.

``python benchmarks/bench_where.py`` takes 内江, the largest demo region, with all layers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import geopandas
import numpy as np
import shapely

import ecozone
from ecozone import siting

DAY = "2026-11-22"
CASES: dict[str, dict[str, Any]] = {
    "new C2614": {"nature": "new", "industry": "C2614"},
    "new C2614, nothing else": {"nature": "new", "industry": "C2614", "facilities": "none"},
    "nothing known": {},
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", default="511000")
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=2, help="the best of so many runs counts")
    given = parser.parse_args()
    atlas = ecozone.demo_atlas(given.region)
    points = geopandas.GeoSeries(list(scattered(atlas, given.points)), crs="EPSG:4490")
    ecozone.screen(points.head(50), atlas, as_of=DAY)
    print(f"{'':26}{'where s':>9}{'screen s':>10}{'ratio':>7}{'pieces':>8}{'faces':>8}{'km2':>8}")
    for name, facts in CASES.items():
        found: list[siting.Where] = []
        where = best(given.times, lambda f=facts, out=found: out.append(siting.where_allowed(atlas, **f, as_of=DAY)))
        screen = best(given.times, lambda f=facts: ecozone.screen(points, atlas, as_of=DAY, **f))
        one = found[-1]
        print(
            f"{name:26}{where:9.2f}{screen:10.2f}{where / screen:7.2f}"
            f"{len(one.pieces):8}{one.cut:8}{one.region_m2 / 1e6:8.0f}"
        )


def scattered(atlas: ecozone.Atlas, n: int) -> Any:
    """Return points all over a region."""
    region = shapely.union_all(atlas["admin"].geometry)
    west, south, east, north = shapely.bounds(region).tolist()
    rng = np.random.default_rng(1)
    points = shapely.points(rng.uniform(west, east, 5 * n), rng.uniform(south, north, 5 * n))
    return points[shapely.contains_xy(region, shapely.get_coordinates(points))][:n]


def best(times: int, task: Callable[[], Any]) -> float:
    """Return the least wall seconds of some runs."""
    out = []
    for _ in range(times):
        start = time.perf_counter()
        task()
        out.append(time.perf_counter() - start)
    return min(out)


if __name__ == "__main__":
    main()
