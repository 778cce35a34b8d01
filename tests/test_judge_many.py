"""Ten thousand projects are judged as one is: the same findings, and not ten thousand times as long."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from conftest import ROOT

from ecozone.relation import Request

sys.path.insert(0, str(ROOT / "benchmarks"))
import bench_judge as bench


@pytest.mark.parametrize("alike", [True, False], ids=["40 descriptions", "no two alike"])
def test_judged_together_is_judged_alone(alike: bool) -> None:
    """On one set of relations, given: every outcome, effect, reason and verdict of each project."""
    n = 40
    asked = bench.projects(bench.sites(n), bench.described(n, alike=alike, seed=3))
    together, run = bench.judging(asked)
    many = together()
    assert {r.planned.rule.id for r in many.rules} == {r.planned.rule.id for r in run.judgement.rules}
    seen = set()
    for i, project in enumerate(asked):
        again, _ = bench.judging([project])
        alone = again()
        assert (alone.verdict[0], alone.complete[0]) == (many.verdict[i], many.complete[i])
        rows = np.flatnonzero(many.table.project_of == i)
        mine = {r.planned.rule.id: r for r in many.rules}
        for rule in alone.rules:
            there = mine[rule.planned.rule.id]
            for name in ("outcome", "effect", "why", "exception", "proposed", "near_miss"):
                assert getattr(there, name)[rows].tolist() == getattr(rule, name).tolist(), (rule.planned.rule.id, name)
            seen |= set(rule.outcome.tolist())
    assert Request("control_unit") in many.relations.measured
    assert len(seen) >= 4  # hits, clears and open findings were among them


@pytest.mark.parametrize("alike", [True, False], ids=["40 descriptions", "no two alike"])
def test_ten_thousand_take_no_fifty_times_as_long_as_one(alike: bool) -> None:
    """Loosely, on a machine that does other things too; `benchmarks/bench_judge.py` tells the number (at most 30)."""
    one, many = bench.compare(10_000, alike=alike, runs=2)
    assert many < 50 * one, f"{many * 1e3:.0f} ms against {one * 1e3:.1f} ms"
