"""Ground cut by verdict agrees with `check`: 1 000 points and 1 000 footprints of each verdict's ground."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from agreement import Drawn, disagreements, looser

import ecozone
from ecozone.demo import demo_regions
from ecozone.siting import VERDICTS

DAY = "2026-11-22"
HARMLESS = {"nature": "new", "industry": "G5990", "facilities": "none"}
CHEMICAL = {"nature": "new", "industry": "C2614"}
PIGS = {"nature": "expand", "industry": "A0313"}
#: A window of each region; small ones that hold all five verdicts together.
WINDOWS = {"511111": (103.50, 29.34, 103.62, 29.44), "510604": (104.47, 31.28, 104.56, 31.36)}


@pytest.mark.parametrize("region", WINDOWS)
def test_points_and_footprints_of_a_window(region: str) -> None:
    atlas, rng = ecozone.demo_atlas(region), np.random.default_rng(11)
    drawn = Drawn.of(atlas, HARMLESS, DAY, within=shapely.box(*WINDOWS[region]))
    there = [v for v in VERDICTS if len(drawn.rows(v))]
    assert len(there) >= 4
    for verdict in there:
        assert list(disagreements(drawn, atlas, DAY, verdict, 80, rng)) == []
    assert list(looser(drawn, atlas, DAY, 150, rng)) == []


def test_points_that_stand_for_ground_agree_at_the_rim_of_the_region() -> None:
    atlas, rng = ecozone.demo_atlas("511111"), np.random.default_rng(3)
    known = {"extent_m": 200.0, "site_accuracy_m": 1.0}
    drawn = Drawn.of(atlas, HARMLESS, DAY, within=shapely.box(103.40, 29.36, 103.45, 29.41), **known)
    for verdict in ("clear", "undetermined"):
        at, rows = drawn.points(verdict, 120, rng)
        assert drawn.judge_points(atlas, at, DAY, **known) == [drawn.said(row) for row in rows.tolist()]


@pytest.mark.slow
@pytest.mark.parametrize("facts", [HARMLESS, CHEMICAL, PIGS, {}], ids=["harmless", "chemical", "pigs", "unknown"])
@pytest.mark.parametrize("region", demo_regions())
def test_a_thousand_points_and_footprints_of_each_verdict(region: str, facts: dict) -> None:
    atlas, rng = ecozone.demo_atlas(region), np.random.default_rng(int(region))
    drawn = Drawn.of(atlas, facts, DAY)
    there = [v for v in VERDICTS if len(drawn.rows(v))]
    if facts is HARMLESS:
        assert there == list(VERDICTS)
    for verdict in there:
        assert list(disagreements(drawn, atlas, DAY, verdict, 1_000, rng)) == []
    assert list(looser(drawn, atlas, DAY, 1_000, rng)) == []
