"""How long a user waits before anything is computed: whole processes, the best of five.

Modules are read as compiled ones, as after any first run, even where the environment keeps Python from writing them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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


def seconds(arguments: list[str], environment: dict[str, str], *, runs: int = 5) -> float:
    """Return the shortest wall time of a Python process in seconds, after one run that compiles its modules."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment, check=False)
        times.append(time.perf_counter() - start)
    return min(times[1:])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for name, arguments in COMMANDS.items():
            print(f"{name:<20} {seconds(arguments, environment):6.2f} s")
