"""Ten times the pairs, and zones of a hundred thousand vertices: where designs part.

One round by default, since the slower peers take minutes; ``--rounds 5`` for medians. ``build/bench/great.json``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import workload
from bench_kernel import in_turn, show
from peers import PEERS, machine

#: Peers that are worth waiting for, by case.
CASES = {
    "many": ["ecozone", "geopandas.overlay", "DuckDB spatial", "SedonaDB", "polars-st"],
    "huge": ["ecozone", "sjoin + intersection"],
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--peers", nargs="*")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench/great.json"))
    given = parser.parse_args()
    result: dict[str, Any] = {"machine": machine(), "rounds": given.rounds, "tasks": {}}
    for case in given.cases:
        load = many() if case == "many" else huge()
        tasks: dict[str, Any] = {}
        for name in given.peers or CASES[case]:
            try:
                tasks[name] = PEERS[name](load, given.threads)["polygons"]
            except (ImportError, KeyError) as error:
                print(f"left out: {name} ({error})")
        result["tasks"][case] = in_turn(tasks, given.rounds)
        show(case, result["tasks"][case])
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    print(given.out)


def many() -> workload.Workload:
    """Return the workload with ten times the sites."""
    return workload.make(polygons=200_000, points=10, lines=10, rivers=10)


def huge() -> workload.Workload:
    """Return twenty zones of 100 000 vertices and 4 000 sites."""
    load = workload.make(zones=10, polygons=4_000, points=10, lines=10, rivers=10)
    zones = workload.huge(7, 20, 100_000)
    return dataclasses.replace(load, zones=zones, theme=np.zeros(len(zones), dtype=np.int64))


if __name__ == "__main__":
    main()
