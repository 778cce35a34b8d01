"""Damaged files from a warm parent: each is read in a forked child that may neither crash, hang nor grow.

``python tests/mutate_intake.py COUNT SEED FOLDER`` prints one JSON line: how many, the worst time and memory, and what
went wrong.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

SECONDS, BYTES = 10.0, 1 << 30


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut, swap, blank, repeat or lie."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if not out:
            break
        at = rng.randrange(len(out))
        size = min(rng.choice((1, 2, 4, 8, 64, 512)), len(out) - at)
        how = rng.randrange(7)
        if how == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del out[at:]
        elif how == 2:
            other = rng.randrange(len(out) - size + 1)
            out[at : at + size], out[other : other + size] = out[other : other + size], out[at : at + size]
        elif how == 3:
            out[at : at + size] = bytes(size)
        elif how == 4:
            out[at:at] = out[at : at + size] * rng.choice((1, 3, 50))
        elif how == 5:
            out[at : at + size] = b"\xff" * size
        else:
            out[at : at + size] = rng.randbytes(size)
    return bytes(out)


def seeds(folder: Path) -> list[Path]:
    """Make the fixture files that mutations start from."""
    from fixtures.cases import CASES

    names = (
        "shp-utf8",
        "shp-gbk-no-cpg",
        "shp-z",
        "shp-hole",
        "shp-zip",
        "crs-4523-numbers-4544-prj",
        "geojson",
        "geojson-collection",
        "gpkg-4523",
        "fgb",
        "gdb",
        "parquet-4490",
        "dxf-closed",
        "kml",
        "kmz",
        "ovkml-gcj02",
        "csv-dms",
        "csv-wkt",
        "xlsx",
        "wkt",
        "txt-gbk",
        "txt-utf16",
        "txt-hole",
        "txt-packed-by-area",
        "txt-xian80-parameters",
        "kind-unit",
    )
    return [c.make(folder / c.name) for c in CASES if c.name in names]


def damaged(seed: Path, folder: Path, rng: random.Random) -> Path:
    """Copy a data set with one of its files mutated."""
    shutil.rmtree(folder, ignore_errors=True)
    if seed.is_dir():
        target = folder / seed.name
        shutil.copytree(seed, target)
        victims = sorted(target.iterdir())
    else:
        shutil.copytree(seed.parent, folder)
        target = folder / seed.name
        victims = sorted(p for p in folder.iterdir() if p.is_file())
    victim = rng.choice(victims)
    victim.write_bytes(mutate(victim.read_bytes(), rng))
    return target


def child(path: Path) -> int:
    """Read one file; 0 when intake had an answer, 99 when something else escaped."""
    from ecozone.errors import EcozoneError
    from ecozone.intake import diagnose

    try:
        diagnose.inspect(path, kind="control_unit")
    except EcozoneError:
        return 0
    except BaseException:
        traceback.print_exc()
        return 99
    return 0


def run(path: Path) -> tuple[str | None, float, int]:
    """Read a file in a forked child; return what went wrong, its seconds and its peak bytes."""
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(f"{path.parent.parent}/said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os._exit(child(path))
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        spent = time.monotonic() - start
        if done:
            break
        if spent > SECONDS:
            os.kill(pid, signal.SIGKILL)
            _, status, usage = os.wait4(pid, 0)
            return "hang", spent, usage.ru_maxrss * 1024
        time.sleep(0.002)
    peak = usage.ru_maxrss * 1024
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}", spent, peak
    if os.WEXITSTATUS(status):
        return "traceback", spent, peak
    return ("memory" if peak > BYTES else None), spent, peak


def main(count: int, seed: int, folder: Path) -> None:
    """Mutate and read `count` files."""
    import openpyxl
    import pyarrow.parquet
    import pyogrio

    from ecozone.intake import diagnose, gdal, kml, parquet, sheet, shp

    _ = (openpyxl, pyarrow.parquet, pyogrio, diagnose, gdal, kml, parquet, sheet, shp)
    rng = random.Random(seed)
    every = seeds(folder / "seeds")
    wrong = []
    worst_seconds, worst_bytes = 0.0, 0
    for number in range(count):
        path = damaged(every[number % len(every)], folder / "now", rng)
        what, seconds, peak = run(path)
        if seconds > worst_seconds:
            shutil.copytree(folder / "now", folder / "slowest", dirs_exist_ok=True)
        worst_seconds, worst_bytes = max(worst_seconds, seconds), max(worst_bytes, peak)
        if what:
            kept = folder / "wrong" / f"{number}"
            shutil.copytree(folder / "now", kept)
            said = (folder / "said").read_text(encoding="utf-8", errors="replace")[-1500:]
            wrong.append({"number": number, "what": what, "file": str(kept / path.name), "said": said})
    print(json.dumps({"count": count, "seconds": worst_seconds, "bytes": worst_bytes, "wrong": wrong}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
