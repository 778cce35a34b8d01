"""How long the workload's zones take to read from each format, and from the user's cache: medians of processes.

``build/bench/load.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas
import sample
import workload

FORMATS = {"Shapefile": "zones.shp", "GeoPackage": "zones.gpkg", "FlatGeobuf": "zones.fgb", "GeoJSON": "zones.geojson",
           "GeoParquet": "zones.parquet"}  # fmt: skip
READ = (
    "import sys, time; import geopandas, pyogrio, pyarrow; t = time.perf_counter();"
    "f = geopandas.read_parquet if sys.argv[1].endswith('parquet') else geopandas.read_file;"
    "f(sys.argv[1]); print(time.perf_counter() - t)"
)
OPEN = (
    "import sys, time; import ecozone; t = time.perf_counter(); a = ecozone.open_atlas(sys.argv[1]);"
    "n = sum(len(a[k]) for k in a.kinds); print(time.perf_counter() - t)"
)


def main() -> None:
    """Write the files, read them, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full workload")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("build/bench/load.json"))
    given = parser.parse_args()
    n = given.scale
    side = workload.SIDE * n**0.5
    load = workload.make(zones=int(20_000 * n), rivers=int(5_000 * n), polygons=10, points=10, lines=10, side=side)
    frame = geopandas.GeoDataFrame(geometry=workload.degrees(load.zones), crs="EPSG:4490")
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        for name, file in FORMATS.items():
            frame.to_parquet(room / file) if file.endswith("parquet") else frame.to_file(room / file)
            result[name] = row(READ, room / file, given.rounds, {})
        sample.atlas(load, side=side).save(room / "atlas")
        cache = {"XDG_CACHE_HOME": str(room / "cache")}
        result["an atlas of it, first time"] = row(OPEN, room / "atlas", 1, cache)
        result["an atlas of it, from the cache"] = row(OPEN, room / "atlas", given.rounds, cache)
    print(f"{'':32}{'s':>8}{'MB':>8}")
    for name, (seconds, megabytes) in result.items():
        print(f"{name:32}{seconds:8.2f}{megabytes:8.0f}")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1), encoding="utf-8")


def row(program: str, path: Path, rounds: int, environment: dict[str, str]) -> tuple[float, float]:
    """Return the median seconds of reading, and the size in MB."""
    times = []
    for _ in range(rounds):
        out = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True,
                             env={**os.environ, **environment})  # fmt: skip
        times.append(float(out.stdout))
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    if path.suffix == ".shp":  # with its companions
        files = [path.with_suffix(e) for e in (".shp", ".shx", ".dbf")]
    return statistics.median(times), sum(p.stat().st_size for p in files) / 1e6


if __name__ == "__main__":
    main()
