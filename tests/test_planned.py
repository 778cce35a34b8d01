"""Plans that are kept: the same description elsewhere, and never for another description, day, atlas or parameter."""

from __future__ import annotations

import datetime as dt
import gc
import weakref
from typing import Any

import pytest

import ecozone
from ecozone import _planned
from ecozone._batch import Batch
from ecozone._planned import planned
from ecozone.demo import demo_atlas, sample_projects
from ecozone.rules.library import load_books

REGION, DAY = "511111", dt.date(2026, 11, 22)
PLACE, ELSEWHERE = "103.552,29.412", "103.561,29.405"
SHELF = tuple(load_books())


def of(atlas: ecozone.Atlas, day: dt.date = DAY, place: str = PLACE, **given: Any) -> Any:
    """Return what is planned for one project."""
    described = {"nature": "new", "industry": "C2614", "facilities": "none", **given}
    return planned(Batch.of([ecozone.Project(place, **described)]), atlas, SHELF, SHELF, day)


def test_a_description_that_comes_again_is_planned_once() -> None:
    atlas = demo_atlas(REGION)
    assert of(atlas) is of(atlas, place=ELSEWHERE)


@pytest.mark.parametrize(
    "other",
    [
        {"nature": "expand"},
        {"industry": "C1353"},
        {"facilities": ["outfall"]},
        {"facts": {"works_from": "2027-01-01"}},
        {"extent_m": 20.0},
        {"day": DAY + dt.timedelta(days=1)},
        {"region": "512022"},
        {"parameters": {"river_half_width_m": 100.0}},
    ],
    ids=lambda other: next(iter(other)),
)
def test_anything_else_is_planned_anew(other: dict[str, Any]) -> None:
    first = of(demo_atlas(REGION))
    atlas = demo_atlas(other.pop("region", REGION)).with_parameters(other.pop("parameters", {}))
    assert of(atlas, **other) is not first


def test_what_is_kept_keeps_no_atlas_and_no_site() -> None:
    atlas = demo_atlas(REGION).with_parameters({})
    batch = Batch.of([ecozone.Project(PLACE, nature="new", industry="C2614")])
    planned(batch, atlas, SHELF, SHELF, DAY)
    gone = weakref.ref(batch)
    del batch
    gc.collect()
    assert gone() is None


def test_answers_are_those_of_a_plan_made_anew() -> None:
    atlas = demo_atlas(REGION)
    projects = [s.project for s in sample_projects(REGION)]
    kept = [ecozone.check(p, atlas, as_of=DAY).to_dict() for p in [*projects, *projects]][len(projects) :]
    for project, again in zip(projects, kept, strict=True):
        _planned._kept.clear()
        assert ecozone.check(project, atlas, as_of=DAY).to_dict() == again
