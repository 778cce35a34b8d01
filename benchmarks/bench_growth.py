"""How time and memory grow: sites × 1, 2, 4, 8; vertices of zones × 1, 10, 100; 200 000 points and eight times as many.

Each screening runs in a process of its own and writes Parquet, as the command does; CPU seconds hold on a busy machine.
``build/bench/growth.json``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import sample
import workload

DAY = "2026-11-22"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=2_500, help="sites of the first run")
    parser.add_argument("--points", type=int, nargs="*", default=[200_000, 1_600_000])
    parser.add_argument("--scale", type=float, default=0.1, help="share of the full workload's zones and rivers")
    parser.add_argument("--only", nargs="*", default=["sites", "vertices", "memory"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench/growth.json"))
    given = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        side = workload.SIDE * given.scale**0.5
        counts = {"zones": int(20_000 * given.scale), "rivers": int(5_000 * given.scale)}
        load = workload.make(**counts, polygons=8 * given.sites, points=max(given.points), lines=10, side=side)
        sample.atlas(load, side=side).save(room / "atlas")
        if "sites" in given.only:
            result["sites"] = [
                screened(room, load.polygons[: k * given.sites], given.threads) for k in (1, 1, 2, 4, 8)
            ][1:]
        if "memory" in given.only:
            result["memory"] = [screened(room, load.points[:n], given.threads) for n in given.points]
        if "vertices" in given.only:
            result["vertices"] = [vertices(factor, given.threads) for factor in (1, 10, 100)]
    for name, rows in result.items():
        print(name)
        for row in rows:
            print("  ", "  ".join(f"{k} {v}" for k, v in row.items()))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1), encoding="utf-8")


def screened(room: Path, shapes: Any, threads: int) -> dict[str, float]:
    """Screen sites in a process of their own: wall and CPU seconds, peak memory in MiB."""
    import geopandas

    sites = room / "sites.parquet"
    frame = geopandas.GeoDataFrame({"industry": "C2614", "nature": "new"}, index=range(len(shapes)),
                                   geometry=workload.degrees(shapes), crs="EPSG:4490")  # fmt: skip
    frame.to_parquet(sites)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # a process between, so that this one's own size does not count as the child's peak
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-m", "ecozone", "screen", str(sites), "--atlas", str(room / "atlas"), "--as-of", DAY,
               "--out", str(room / "out.parquet"), "--findings", str(room / "findings.parquet"),
               "--workers", str(threads)]  # fmt: skip
    out = subprocess.run([sys.executable, "-c", program, *command], check=True, capture_output=True, text=True).stdout
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"sites": len(shapes), "wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "peak_mib": int(out) // 1024}


def vertices(factor: float, threads: int) -> dict[str, float]:
    """Measure 2 000 sites against 100 zones of so many times the usual vertices."""
    from peers import ecozone_tasks

    side = workload.SIDE * 0.005**0.5
    load = workload.make(zones=100, rivers=10, polygons=2_000, points=10, lines=10, vertices=factor, side=side)
    task = ecozone_tasks(load, threads)["polygons"]
    task()
    times = []
    for _ in range(3):
        started = time.process_time()
        found = task()
        times.append(time.process_time() - started)
    number = np.array([len(z.exterior.coords) for z in load.zones]).mean()
    return {"vertices": int(number), "pairs": found, "cpu_s": round(float(np.median(times)), 3)}


if __name__ == "__main__":
    main()
