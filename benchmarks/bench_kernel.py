"""Time the kernel against its peers: in turn (A B A B …), medians of the rounds, one table of ratios.

``make bench`` writes ``build/bench/kernel.json`` and prints the table; ``--scale 0.1`` is a smaller run. A figure says
how many times as long a peer takes as ecozone. CPU seconds stand beside wall seconds: they hold on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from pathlib import Path
from typing import Any

import workload
from peers import PEERS, machine

TASKS = ("polygons", "points", "lines", "rivers")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full workload")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=TASKS)
    parser.add_argument("--out", type=Path, default=Path("build/bench/kernel.json"))
    given = parser.parse_args()
    n = given.scale
    load = workload.make(
        zones=int(20_000 * n), rivers=int(5_000 * n), polygons=int(20_000 * n), points=int(100_000 * n),
        lines=int(2_000 * n), side=workload.SIDE * n**0.5,
    )  # fmt: skip
    ready: dict[str, Any] = {}
    for name in given.peers:
        try:
            ready[name] = PEERS[name](load, given.threads)
        except (ImportError, KeyError) as error:
            print(f"left out: {name} ({error})")
    result: dict[str, Any] = {"machine": machine(), "scale": n, "rounds": given.rounds, "tasks": {}}
    for task in given.tasks:
        result["tasks"][task] = in_turn(
            {name: tasks[task] for name, tasks in ready.items() if task in tasks}, given.rounds
        )
        show(task, result["tasks"][task])
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    print(given.out)


def in_turn(tasks: dict[str, Any], rounds: int) -> dict[str, dict[str, float]]:
    """Run each task once a round and return its medians and its answer."""
    wall: dict[str, list[float]] = {name: [] for name in tasks}
    cpu: dict[str, list[float]] = {name: [] for name in tasks}
    answer: dict[str, int] = {}
    for _ in range(rounds):
        for name, task in tasks.items():
            started, burnt = time.perf_counter(), _burnt()
            answer[name] = task()
            wall[name].append(time.perf_counter() - started)
            cpu[name].append(_burnt() - burnt)
    return {
        name: {"wall_s": statistics.median(wall[name]), "cpu_s": statistics.median(cpu[name]), "found": answer[name]}
        for name in tasks
    }


def _burnt() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def show(task: str, found: dict[str, dict[str, float]]) -> None:
    """Print one task's table."""
    mine = found.get("ecozone")
    print(f"\n{task}\n{'':30}{'wall s':>9}{'cpu s':>9}{'wall ×':>9}{'cpu ×':>9}{'found':>10}")
    for name, row in sorted(found.items(), key=lambda e: e[1]["wall_s"]):
        ratios = [row[k] / mine[k] if mine else float("nan") for k in ("wall_s", "cpu_s")]
        print(f"{name:30}{row['wall_s']:9.2f}{row['cpu_s']:9.2f}{ratios[0]:9.2f}{ratios[1]:9.2f}{row['found']:10}")


if __name__ == "__main__":
    main()
