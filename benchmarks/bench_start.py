"""How long a user waits before anything is computed: whole processes, the best of five."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ATLAS = Path(__file__).resolve().parent.parent / "data" / "boundaries" / "511111"
SITE = "POLYGON((103.55 29.41, 103.552 29.41, 103.552 29.412, 103.55 29.412, 103.55 29.41))"
COMMANDS = {
    "import geopandas": ["-c", "import geopandas"],
    "import ecozone": ["-c", "import ecozone"],
    "ecozone check WKT": [
        *("-m", "ecozone", "check", SITE, "--atlas", str(ATLAS)),
        *("--industry", "C1353", "--nature", "new", "--as-of", "2026-11-22"),
    ],
}


def seconds(arguments: list[str], *, runs: int = 5) -> float:
    """Return the shortest wall time of a Python process in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    for name, arguments in COMMANDS.items():
        print(f"{name:<20} {seconds(arguments):6.2f} s")
