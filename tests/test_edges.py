"""Sums over pairs of edges against GEOS intersections: where polygons meet at vertices and along edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from test_clip import SHAPES, boxes_on, polygons

from ecozone.relate import edges
from ecozone.relate.clip import clip, padded_boxes
from ecozone.relate.edges import PAIRS_AN_EDGE, shared_areas


def by_geos(ground: NDArray[Any], zones: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(shapely.area(shapely.intersection(ground, zones)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("corners", [3, 5])
@pytest.mark.parametrize("away", [0.0, 40_000.0])
def test_on_a_grid(shape: str, corners: int, away: float) -> None:
    """Vertices on vertices, edges along edges, upright edges, holes, several parts; near the origin and far from it."""
    rng = np.random.default_rng([list(SHAPES).index(shape), corners])
    ground = shapely.transform(polygons(rng, 1200, 1.0, corners, 12), lambda xy: xy + away)
    zones = shapely.transform(SHAPES[shape](rng, 1200, 1.0), lambda xy: xy + away)
    true = by_geos(ground, zones)
    got = shared_areas(ground, np.arange(len(ground)), zones)
    assert np.abs(got - true).max() < 1e-9
    assert ((got > 0) == (true > 1e-7)).all(), "what only touches shares nothing"
    assert (true > 0).sum() > 300 and (true == 0).sum() > 30


@pytest.mark.parametrize("shape", SHAPES)
def test_clips_that_nobody_looked_at(shape: str) -> None:
    """An odd-padded clip may be no valid polygon, and bounds the right ground all the same."""
    rng = np.random.default_rng([7, list(SHAPES).index(shape)])
    zones, tight = SHAPES[shape](rng, 4000, 1.0), boxes_on(rng, 4000, 1.0, 12)
    ground = shapely.box(*tight.T)
    near, covers = clip(zones, padded_boxes(tight, 0.0), trust=PAIRS_AN_EDGE)
    true = by_geos(ground, zones)
    got = np.where(covers, shapely.area(ground), shared_areas(ground, np.arange(len(ground)), near, few=0))
    assert np.abs(got - true).max() < 1e-9


@pytest.mark.slow
def test_clips_that_nobody_looked_at_at_length() -> None:
    doubtful = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        for make in SHAPES.values():
            zones, ground = make(rng, 5000, 10.0), polygons(rng, 5000, 10.0, 4, 12)
            near, covers = clip(zones, padded_boxes(shapely.bounds(ground), 0.0), trust=PAIRS_AN_EDGE)
            doubtful += int((~shapely.is_valid(near)).sum())
            got = np.where(covers, shapely.area(ground), shared_areas(ground, np.arange(5000), near))
            assert np.abs(got - by_geos(ground, zones)).max() < 1e-7
    assert doubtful, "no clip was doubtful: this proves nothing"


def test_great_pairs_and_odd_ones_go_to_geos() -> None:
    """Circles of many vertices, lines, empties and missing ground beside small polygons."""
    circle = shapely.buffer(shapely.Point(0, 0), 100.0, quad_segs=400)
    ground = np.array([circle, shapely.box(0, 0, 1, 1)], dtype=object)
    rows = np.array([0] + [1] * 20)
    zones = np.array(
        [shapely.transform(circle, lambda xy: xy + 50)] + [shapely.box(0.5, 0.25, 2, 2)] * 17
        + [shapely.LineString([(0, 0), (1, 1)]), shapely.Polygon(), shapely.from_wkt("GEOMETRYCOLLECTION(POINT(0 0))")],
        dtype=object,
    )  # fmt: skip
    got = shared_areas(ground, rows, zones)
    assert np.allclose(got, by_geos(ground[rows], zones), atol=1e-9) and got[1] == 0.375 and (got[-3:] == 0).all()


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    ground, zones = polygons(rng, 300, 1.0, 5, 12), SHAPES["blocks"](rng, 300, 1.0)
    rows = np.sort(rng.integers(0, 300, 300))
    once = shared_areas(ground, rows, zones)
    monkeypatch.setattr(edges, "BLOCK", 50)
    assert (shared_areas(ground, rows, zones) == once).all()
    assert np.allclose(once, by_geos(ground[rows], zones), atol=1e-9)


def test_few_pairs_are_left_to_geos() -> None:
    ground, zones = np.array([shapely.box(0, 0, 2, 2)], dtype=object), np.array([shapely.box(1, 1, 3, 3)], dtype=object)
    assert shared_areas(ground, np.array([0]), zones).tolist() == [1.0]
    none = np.zeros(0, dtype=object)
    assert not len(shared_areas(none, np.zeros(0, dtype=np.int64), none))
