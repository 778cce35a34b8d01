"""The smallest shift that frees a footprint: it passes `check`, and no place on a 5 m grid is nearer."""

from __future__ import annotations

import itertools

import pytest
import shapely
from blocked import Blocked, blocked
from lattice import nearer

import ecozone
from ecozone import siting
from ecozone.demo import demo_regions
from ecozone.ground.sweep import free_shifts

STEP_M, BEATEN_M = 5.0, 10.0
#: How far to look; where nothing was found, a coarser grid looks so far, the fine one less far, metres.
RADIUS_M, FINE_M, COARSE_M = 3_000.0, 1_000.0, 15.0
#: Footprints a region that could be moved: fifty in all.
EACH = 10


def passes(one: Blocked, atlas: ecozone.Atlas) -> siting.Shift | None:
    """Find a shift, settled or else (then it must be said) the nearest that stays open; None where there is none."""
    try:
        found = siting.nearest_clear(one.project, atlas, as_of=one.day, radius_m=RADIUS_M)
        assert found.complete and found.assessment.complete and found.open == []
    except siting.NoShiftError as error:
        if "1 米格网" in str(error) or "移动主体" in str(error):
            return None
        assert "没有已能定论的位置" in str(error) and "incomplete=True" in str(error)
        found = siting.nearest_clear(one.project, atlas, as_of=one.day, radius_m=RADIUS_M, incomplete=True)
        assert not found.complete and found.open
    again = ecozone.check(found.project, atlas, as_of=one.day)
    assert (again.verdict, again.complete) == (found.assessment.verdict, found.assessment.complete)
    assert again.verdict in siting.ALLOWED
    assert found.distance_m > 0
    assert found.blocked_by
    assert found.stops
    return found


def beating(one: Blocked, atlas: ecozone.Atlas, found: siting.Shift | None) -> list[str]:
    """Return the shifts on a grid that beat what was found; where nothing was, all that would do."""
    if found is None:
        looks, complete = ((FINE_M, STEP_M), (RADIUS_M, COARSE_M)), False
    else:
        looks, complete = ((found.distance_m - BEATEN_M, STEP_M),), found.complete
    return [
        f"{one.name}: {east:.1f} m east, {north:.1f} m north will do; found: {found and found.distance_m}"
        for reach, step in looks
        for east, north in nearer(one, atlas, reach, step_m=step, complete=complete)[:3].tolist()
    ]


def test_suggestions_pass_and_no_grid_beats_them() -> None:
    for region in demo_regions():
        atlas = ecozone.demo_atlas(region)
        known = (b for b in blocked(region) if b.project.facilities_closed and b.name.startswith(region))
        one, found = next((b, found) for b in itertools.islice(known, 3) if (found := passes(b, atlas)) is not None)
        assert beating(one, atlas, found) == []


def test_the_grid_finds_what_judging_every_shift_finds() -> None:
    one = next(b for b in blocked("511111") if b.name == "511111-2")
    atlas = ecozone.demo_atlas(one.region)
    found = passes(one, atlas)
    assert found is not None
    reach, complete = found.distance_m + 20, found.complete
    every = nearer(one, atlas, reach, step_m=STEP_M, complete=complete, spots=False)
    some = nearer(one, atlas, reach, step_m=STEP_M, complete=complete)
    assert len(every)
    assert sorted(some.tolist()) == sorted(every.tolist())


def test_open_ground_is_no_obstacle_where_a_condition_holds_for_the_rest() -> None:
    one = next(b for b in blocked("510604") if b.name == "LJ-04")
    atlas = ecozone.demo_atlas(one.region)
    found = passes(one, atlas)  # its footprint lies for the most part on ground where a condition stays open
    assert found is not None
    assert found.assessment.verdict == "conditional"


@pytest.mark.slow
@pytest.mark.parametrize("region", demo_regions())
def test_fifty_blocked_footprints(region: str) -> None:
    atlas, moved = ecozone.demo_atlas(region), 0
    for one in itertools.islice(blocked(region), 3 * EACH):
        found = passes(one, atlas)
        assert beating(one, atlas, found) == []
        moved += found is not None
        if moved == EACH:
            break
    assert moved == EACH


def test_an_open_ban_does_not_count_as_freed() -> None:
    atlas = ecozone.demo_atlas("511111")
    plant = ecozone.Project("103.553,29.405", nature="new", industry="C2614", extent_m=100)
    with pytest.raises(siting.NoShiftError, match=r"没有已能定论的位置.*一公里内禁止新建") as raised:
        siting.nearest_clear(plant, atlas, as_of="2026-11-22", radius_m=2000)
    assert "实测" in str(raised.value) and "incomplete=True" in str(raised.value)
    found = siting.nearest_clear(plant, atlas, as_of="2026-11-22", radius_m=2000, incomplete=True)
    assert not found.complete and "accuracy:river" in {o.what for o in found.open}
    with pytest.raises(siting.NoShiftError, match="最近的可能位置在现址"):  # nor does it where it stands already
        siting.nearest_clear(found.project, atlas, as_of="2026-11-22", radius_m=50)


def test_a_turn_never_makes_the_way_longer() -> None:
    one = next(b for b in blocked(demo_regions()[0]) if b.project.site.geom_type == "Polygon")
    atlas = ecozone.demo_atlas(one.region)
    straight = siting.nearest_clear(one.project, atlas, as_of=one.day, incomplete=True)
    turned = siting.nearest_clear(one.project, atlas, as_of=one.day, incomplete=True, turns=(45.0, 90.0))
    assert turned.distance_m <= straight.distance_m + 1e-6
    assert turned.turn in (0.0, 45.0, 90.0)
    assert ecozone.check(turned.project, atlas, as_of=one.day).verdict in siting.ALLOWED


def test_a_part_that_blocks_elsewhere_is_named() -> None:
    atlas = ecozone.demo_atlas("511111")
    water = atlas["water_source"]
    first = next(i for i, grade in enumerate(water.columns["grade"]) if "一级" in str(grade))
    outfall = shapely.point_on_surface(water.geometry[first])
    project = ecozone.Project(
        shapely.box(103.55, 29.405, 103.551, 29.406),
        nature="new",
        industry="C1353",
        facilities="none",
        parts={"outfall": outfall},
        site_accuracy_m=0.0,
    )
    assert ecozone.check(project, atlas, as_of="2026-11-22").verdict == "prohibited"
    with pytest.raises(siting.NoShiftError, match=r"outfall.*移动主体用地解决不了"):
        siting.nearest_clear(project, atlas, as_of="2026-11-22")


def test_a_multi_part_footprint_is_free_with_all_its_parts() -> None:
    bad = shapely.box(-20, -20, 220, 20)
    foot = shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(100, 0, 105, 5)])
    free = free_shifts(bad, foot, 120)
    for shift in ((0, 0), (-60, 0), (-100, 0)):  # one part lies inside, away from every edge
        assert not shapely.intersects(free, shapely.Point(shift))
    assert shapely.intersects(free, shapely.Point(0, 21))
