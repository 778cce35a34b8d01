"""Time whole screenings: sites × 1, 2, 4, against the kernel alone; memory; one warm check; one cold process.

``python benchmarks/bench_screen.py --sites 5000`` prints seconds, CPU seconds and peak memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas
import numpy as np
import sample
import shapely
import workload

import ecozone
from ecozone.relate import cut, relate
from ecozone.relate.index import index_of
from ecozone.relate.table import shared
from ecozone.rules.facts import FactTable
from ecozone.rules.library import load_books, stack
from ecozone.rules.plan import plan

DAY = dt.date(2026, 11, 22)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.25, help="share of the full workload")
    parser.add_argument(
        "--sites", type=int, default=5_000, help="sites of the first run; then twice, four times as many"
    )
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    n = given.scale
    side = workload.SIDE * n**0.5
    load = workload.make(
        zones=int(20_000 * n), rivers=int(5_000 * n), polygons=4 * given.sites, points=10, lines=10, side=side
    )
    atlas = sample.atlas(load, side=side)
    for kind in atlas.kinds:
        _ = index_of(atlas[kind]).pieces
    shapes = workload.degrees(load.polygons)
    table = geopandas.GeoDataFrame({"nature": "new", "industry": "C2614"}, index=range(len(shapes)), geometry=shapes,
                                   crs="EPSG:4490")  # fmt: skip
    ecozone.screen(table.head(20), atlas, as_of=DAY)
    print(f"{'sites':>8}{'screen s':>10}{'cpu s':>8}{'kernel s':>10}{'cpu s':>8}{'ratio (cpu)':>12}{'peak MiB':>10}")
    for count in (given.sites, 2 * given.sites, 4 * given.sites):
        mine = table.head(count)
        whole = timed(lambda m=mine: ecozone.screen(m, atlas, as_of=DAY, threads=given.threads))
        bare = timed(lambda m=mine: kernel(np.asarray(m.geometry.array), atlas, given.threads))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{count:8}{whole[0]:10.2f}{whole[1]:8.2f}{bare[0]:10.2f}{bare[1]:8.2f}"
            f"{whole[1] / bare[1]:12.2f}{peak:10.0f}"
        )
    warm(shapes[:200], atlas)
    cold(atlas, shapes[0])


def timed(task) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Return wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - wall, time.process_time() - cpu


def kernel(shapes, atlas: ecozone.Atlas, threads: int) -> None:  # type: ignore[no-untyped-def]
    """Measure what the books ask, and judge nothing."""
    from ecozone.rules.facts import Profile

    shelf = load_books()
    zero = np.zeros(len(shapes))
    pieces = cut(shapes, zero, zero, atlas, sorted({b.jurisdiction for b in shelf}), DAY)
    owner = np.zeros(len(shapes), dtype=np.int64)
    profile = Profile(nature="new", industries=("C2614",))
    facts = FactTable([profile], owner, owner, [()] * len(shapes), owner == 0, {}, {}, DAY)
    todo = plan(stack(shelf, {c for codes in pieces.codes for c in codes}), facts, kinds=atlas.kinds)
    relate(pieces, atlas, todo.requests, as_of=DAY, threads=threads)


def warm(shapes, atlas: ecozone.Atlas) -> None:  # type: ignore[no-untyped-def]
    """Time one check after another, and bare shapely clip-first on the same zones; in turn, medians."""
    projects = [ecozone.Project(g, nature="new", industry="C2614") for g in shapes]
    zones = np.concatenate([atlas[k].geometry for k in workload.KINDS])
    meta = {"accuracy_m": 0.0}
    layer = ecozone.Layer.from_arrays(kind=workload.KINDS[0], geometry=zones, columns={}, coverage=None, meta=meta)
    tree = shapely.STRtree(zones)
    tree.query(shapes[0])
    tasks = {
        "bare shapely, clip first": lambda g, _: clip_first(g, zones, tree),
        "measured": lambda g, _: shared(np.array([g], dtype=object), layer),
        "checked with all books": lambda _, p: ecozone.check(p, atlas, as_of=DAY),
    }
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for warming in (True, False):
        for g, p in zip(shapes, projects, strict=True):
            for name, task in tasks.items():
                seconds = timed(lambda t=task, g=g, p=p: t(g, p))[1]
                times[name] += [] if warming else [seconds]
    median = {name: statistics.median(v) * 1000 for name, v in times.items()}
    bare = median["bare shapely, clip first"]
    print(f"one warm site against {len(zones)} zones: " + "; ".join(
        f"{name} {ms:.2f} ms ({ms / bare:.1f} ×)" for name, ms in median.items()
    ))  # fmt: skip


def clip_first(site, zones, tree: shapely.STRtree) -> float:  # type: ignore[no-untyped-def]
    """Return the shared area of a site and zones in one plane, without a rule or a care."""
    found = tree.query(site)
    box = shapely.bounds(site)
    near = shapely.lib.clip_by_rect(zones[found], *box)
    return float(shapely.area(shapely.intersection(site, near)).sum())


def cold(atlas: ecozone.Atlas, shape) -> None:  # type: ignore[no-untyped-def]
    """Time a whole process, from its start to an answer."""
    with tempfile.TemporaryDirectory() as folder:
        atlas.save(Path(folder) / "atlas")
        site = Path(folder) / "site.geojson"
        site.write_text(json.dumps(json.loads(shapely.to_geojson(shape))))
        command = [sys.executable, "-m", "ecozone", "check", str(site), "--atlas", str(Path(folder) / "atlas"),
                   "--nature", "new", "--industry", "C2614", "--as-of", DAY.isoformat()]  # fmt: skip
        times = []
        for _ in range(4):
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            times.append(time.perf_counter() - started)
    print(
        f"one cold process: first {times[0]:.2f} s (reads Parquet), then {statistics.median(times[1:]):.2f} s (sidecar)"
    )


if __name__ == "__main__":
    main()
