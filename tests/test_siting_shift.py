"""The smallest shift that frees a footprint: it passes `check`, and no place on a 5 m grid is nearer."""

from __future__ import annotations

import itertools

import pytest
from blocked import Blocked, better, blocked

import ecozone
from ecozone import siting

STEP_M, BEATEN_M = 5.0, 10.0


def passes(one: Blocked, atlas: ecozone.Atlas) -> siting.Shift | None:
    """Find a shift and see that it does what it says; None where there is none."""
    try:
        found = siting.nearest_clear(one.project, atlas, as_of=one.day, radius_m=3_000)
    except siting.NoShiftError as error:
        assert "1 米格网" in str(error) or "移动主体" in str(error)
        return None
    again = ecozone.check(found.project, atlas, as_of=one.day)
    assert (again.verdict, again.complete) == (found.assessment.verdict, found.assessment.complete)
    assert again.verdict in siting.ALLOWED
    assert found.distance_m > 0
    assert found.blocked_by
    assert found.stops
    return found


def test_suggestions_pass_and_no_grid_beats_them() -> None:
    some = list(itertools.islice(blocked(each=2), 4))
    for one in some:
        atlas = ecozone.demo_atlas(one.region)
        found = passes(one, atlas)
        if found is not None and found.distance_m < 150:
            assert better(one, atlas, found, step_m=STEP_M, by_m=BEATEN_M) == []


@pytest.mark.slow
def test_fifty_blocked_footprints() -> None:
    moved = 0
    for one in blocked(each=11):
        atlas = ecozone.demo_atlas(one.region)
        found = passes(one, atlas)
        if found is not None:
            moved += 1
            assert better(one, atlas, found, step_m=STEP_M, by_m=BEATEN_M) == []
    assert moved >= 50
