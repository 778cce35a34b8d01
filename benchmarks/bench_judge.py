"""Judging alone: 10 000 projects against all books of one region, relations given, against one project.

Two mixes: projects that share a few dozen descriptions, and projects of which no two are alike.

    python benchmarks/bench_judge.py
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely

from ecozone import words
from ecozone._batch import Batch
from ecozone._engine import Judged
from ecozone._known import fact_table, has_proposed, units_touched
from ecozone.demo import demo_atlas
from ecozone.project import Part, Project
from ecozone.rules.judge import Judgement, judge
from ecozone.rules.library import packaged
from ecozone.rules.plan import plan

REGION = "511111"
DAY = dt.date(2025, 6, 1)
NATURES = ("new", "expand", "rebuild", "upgrade", "relocate", "existing")


def sites(n: int, seed: int = 7) -> list[Any]:
    """Return squares of a hectare inside the region."""
    county = shapely.union_all(demo_atlas(REGION)["admin"].geometry)
    rng = np.random.default_rng(seed)
    west, south, east, north = county.bounds
    out: list[Any] = []
    while len(out) < n:
        lon, lat = rng.uniform(west, east, 2 * n), rng.uniform(south, north, 2 * n)
        inside = shapely.contains_xy(county, lon, lat)
        out += list(shapely.box(lon[inside], lat[inside], lon[inside] + 1e-3, lat[inside] + 9e-4))
    return out[:n]


def described(n: int, *, alike: bool, seed: int = 7) -> list[dict[str, Any]]:
    """Return what is known of each project: a few dozen descriptions, or no two alike."""
    rng = np.random.default_rng(seed)
    codes = list(words.all_codes())
    yes_or_no = [k for k, f in words.facts().items() if f.type == "bool"]
    numbers = [k for k, f in words.facts().items() if f.type == "number"]
    made = []
    for _ in range(40 if alike else n):
        facts: dict[str, Any] = {k: bool(rng.integers(2)) for k in rng.choice(yes_or_no, 8, replace=False)}
        facts |= {k: float(rng.uniform(0, 1e4)) for k in rng.choice(numbers, 4, replace=False)}
        made.append({"nature": str(rng.choice(NATURES)), "industry": str(rng.choice(codes)), "facts": facts})
    return [made[i % len(made)] for i in range(n)]


def projects(places: Sequence[Any], known: Sequence[dict[str, Any]]) -> list[Project]:
    """Return the projects (the first is read as users' are, the others take its form)."""
    return [
        Project(shapely.Point(103.5, 29.4), site_accuracy_m=1.0, **k).with_(parts=(Part(place, accuracy_m=1.0),))
        for place, k in zip(places, known, strict=True)
    ]


def judging(mine: Sequence[Project]) -> tuple[Callable[[], Judgement], Judged]:
    """Return a function that judges projects on relations measured before, and the whole run."""
    atlas, batch = demo_atlas(REGION), Batch.of(mine)
    shelf = list(packaged().values())
    run = Judged.of(batch, mine.__getitem__, atlas, shelf, DAY)
    relations, books = run.judgement.relations, run.judgement.books
    lacking = np.concatenate([batch.lacking_m, np.zeros(len(batch.project) - len(batch.geometry))])
    units = units_touched(relations, atlas, batch, DAY)

    def again() -> Judgement:
        table = fact_table(batch, atlas, shelf, DAY)
        todo = plan(books, table, kinds=atlas.kinds, proposed=lambda kind: has_proposed(atlas, kind, DAY))
        return judge(
            todo, table, relations, books, placed=batch.placed, lacking_m=lacking,
            accepted=frozenset(atlas.accepted), access=atlas.access_at(DAY), units=units,
        )  # fmt: skip

    return again, run


def seconds(work: Callable[[], Any], *, runs: int) -> float:
    """Return the least processor time of some runs: neighbours on the machine do not count."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def compare(n: int, *, alike: bool, runs: int = 5) -> tuple[float, float]:
    """Return the seconds of judging one project and `n`."""
    known = described(n, alike=alike)
    places = sites(n)
    many, _ = judging(projects(places, known))
    one, _ = judging(projects(places[:1], known[:1]))
    return seconds(one, runs=4 * runs), seconds(many, runs=runs)


if __name__ == "__main__":
    for alike, name in ((True, "40 descriptions"), (False, "no two alike")):
        one, many = compare(10_000, alike=alike)
        print(f"{name:<18} one {one * 1e3:7.1f} ms   10 000 {many * 1e3:7.1f} ms   {many / one:5.1f} ×")
