"""Draw ``docs/images/bench-*.svg`` from what the benchmarks wrote: ``python benchmarks/plots.py``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

TITLES = {
    "polygons": "20 000 polygons: shared areas",
    "points": "100 000 points in zones",
    "lines": "2 000 lines: shared lengths",
    "rivers": "100 000 points: a river within 1 km",
}
PAPER = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9, "svg.hashsalt": "ecozone"}


def main() -> None:
    """Draw what there is."""
    import matplotlib as mpl

    mpl.use("svg")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("build/bench"))
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(PAPER):
        for name, draw in (("kernel", kernel), ("growth", growth)):
            file = given.results / f"{name}.json"
            if file.exists():
                draw(json.loads(file.read_text(encoding="utf-8")), given.out / f"bench-{name}.svg")
                print(given.out / f"bench-{name}.svg")


def kernel(result: dict[str, Any], target: Path) -> None:
    """One panel a task: seconds of each engine."""
    from matplotlib import pyplot as plt

    tasks = [t for t in TITLES if t in result["tasks"]]
    figure, panels = plt.subplots(len(tasks), 1, figsize=(6.4, 1.5 * len(tasks)), layout="constrained", squeeze=False)
    for axis, task in zip(panels[:, 0], tasks, strict=True):
        rows = sorted(result["tasks"][task].items(), key=lambda e: -e[1]["wall_s"])
        colours = ["#1b6f5f" if name == "ecozone" else "#b8c4c2" for name, _ in rows]
        bars = axis.barh([name for name, _ in rows], [row["wall_s"] for _, row in rows], color=colours)
        axis.bar_label(bars, fmt="%.1f", padding=3)
        axis.set_title(TITLES[task], loc="left")
    panels[-1, 0].set_xlabel("seconds")
    figure.savefig(target, metadata={"Date": None})


def growth(result: dict[str, Any], target: Path) -> None:
    """Seconds and memory of screenings of growing tables."""
    from matplotlib import pyplot as plt

    rows = result["sites"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.6), layout="constrained")
    sites = [row["sites"] for row in rows]
    left.plot(sites, [row["cpu_s"] for row in rows], "o-", color="#1b6f5f")
    left.set(xlabel="sites", ylabel="processor seconds", ylim=(0, None), xlim=(0, None))
    right.plot(sites, [row["peak_mib"] for row in rows], "o-", color="#1b6f5f")
    right.set(xlabel="sites", ylabel="peak MiB", ylim=(0, None), xlim=(0, None))
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    main()
