"""The guarded rectangle clip against unclipped GEOS intersections, on the grids where plain clipping goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from ecozone.relate.clip import ODD_PADS, clip, padded_boxes


def polygons(rng: np.random.Generator, count: int, grid: float, corners: int, size: int) -> NDArray[Any]:
    """Return valid polygons whose vertices lie on a grid: random rings, those that GEOS calls valid."""
    rings = rng.integers(0, size + 1, (count * 6, corners, 2)).astype(float) * grid
    made = shapely.polygons(np.concatenate([rings, rings[:, :1]], axis=1))
    return np.asarray(made[shapely.is_valid(made) & (shapely.area(made) > 0)][:count])


def blocks(rng: np.random.Generator, count: int, grid: float) -> NDArray[Any]:
    """Return unions of grid boxes and of triangles at 45 degrees, many with holes and several parts."""
    low = rng.integers(0, 12, (count, 4, 2)).astype(float) * grid
    side = rng.integers(1, 6, (count, 4, 2)).astype(float) * grid
    boxes = shapely.box(low[..., 0], low[..., 1], low[..., 0] + side[..., 0], low[..., 1] + side[..., 1])
    leg = side[..., :1]
    corners = np.stack([low, low + leg * [1, 1], low + leg * [2, 0], low], axis=2)
    triangles = shapely.polygons(corners)
    solid = shapely.union_all(np.concatenate([boxes[:, :3], triangles[:, :2]], axis=1), axis=1)
    return np.asarray(shapely.difference(solid, shapely.union(boxes[:, 3], triangles[:, 3])))


def boxes_on(rng: np.random.Generator, count: int, grid: float, size: int) -> NDArray[np.float64]:
    """Return tight boxes on the same grid: their sides meet vertices, and edges at 45 degrees pass their corners."""
    low = rng.integers(0, size, (count, 2))
    return np.hstack([low, low + rng.integers(1, size // 2 + 1, (count, 2))]).astype(float) * grid


def assert_areas(zones: NDArray[Any], tight: NDArray[np.float64], reach: float) -> None:
    """Clip with reach and pads; what lies in the tight box must be what an unclipped intersection finds there."""
    near, covers = clip(zones, padded_boxes(tight, reach))
    ground = shapely.box(*tight.T)
    true, got = shapely.area(shapely.intersection(zones, ground)), shapely.area(shapely.intersection(near, ground))
    assert np.abs(true - got).max() <= 1e-9 * shapely.area(ground).max()
    # a slanting edge through the very corner may pass it by an ulp once it is cut: contact is a distance below a micron
    assert ((shapely.distance(zones, ground) < 1e-6) == (shapely.distance(near, ground) < 1e-6)).all()
    grown = shapely.box(*padded_boxes(tight, reach).T)
    assert (covers == shapely.covers(zones, grown)).all()
    assert shapely.is_valid(near).all()


SHAPES: dict[str, Callable[[np.random.Generator, int, float], NDArray[Any]]] = {
    "triangles": lambda rng, n, grid: polygons(rng, n, grid, 3, 12),
    "quadrangles": lambda rng, n, grid: polygons(rng, n, grid, 4, 12),
    "pentagons": lambda rng, n, grid: polygons(rng, n, grid, 5, 8),
    "blocks": blocks,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("grid", [1.0, 10.0])
@pytest.mark.parametrize("reach", [0.0, 5.0])
def test_snapped_grids(shape: str, grid: float, reach: float) -> None:
    """Sixteen times 1 500 pairs, all on one grid."""
    rng = np.random.default_rng([list(SHAPES).index(shape), int(grid), int(reach)])
    zones = SHAPES[shape](rng, 1500, grid)
    assert len(zones) == 1500
    assert_areas(zones, boxes_on(rng, 1500, grid, 12), reach)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(16))
def test_snapped_grids_at_length(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for make in SHAPES.values():
        for grid in (1.0, 10.0):
            assert_areas(make(rng, 5000, grid), boxes_on(rng, 5000, grid, 12), float(rng.integers(0, 4)))


def test_the_trap_is_real() -> None:
    """Unpadded clips of the same pairs do go wrong: else the test above would prove nothing."""
    rng = np.random.default_rng(11)
    zones, tight = blocks(rng, 2000, 10.0), boxes_on(rng, 2000, 10.0, 12)
    plain = shapely.lib.clip_by_rect(zones, *tight.T)
    true = shapely.area(shapely.intersection(zones, shapely.box(*tight.T)))
    assert (~shapely.is_valid(plain)).any() or (np.abs(shapely.area(plain) - true) > 1e-6).any()


def test_pads_are_four_and_off_every_grid() -> None:
    assert len(set(ODD_PADS.tolist())) == 4
    for grid in (0.001, 0.01, 0.05, 0.1):
        off = np.abs(ODD_PADS / grid - np.rint(ODD_PADS / grid))
        assert grid < 0.01 or (off > 0.05).all()
    assert (ODD_PADS < 0.05).all()


@pytest.mark.parametrize(
    "wkt", ["POINT(3 4)", "LINESTRING(0 4, 9 4)", "LINESTRING(3 0, 3 9)", "MULTIPOINT((3 4),(3 4))"]
)
def test_empty_boxes_become_real_ones(wkt: str) -> None:
    ground = shapely.from_wkt(wkt)
    box = padded_boxes(np.array([shapely.bounds(ground)]), 0.0)
    assert (box[:, 2] > box[:, 0]).all() and (box[:, 3] > box[:, 1]).all()
    zones = np.array([shapely.box(-5, -5, 15, 15), shapely.box(100, 100, 101, 101)], dtype=object)
    near, covers = clip(zones, np.repeat(box, 2, axis=0))
    assert covers.tolist() == [True, False] and shapely.is_empty(near[1])
    assert shapely.covers(near[0], ground)


def test_lines_and_points_are_clipped_too() -> None:
    rng = np.random.default_rng(5)
    lines = shapely.linestrings(rng.integers(0, 13, (3000, 4, 2)).astype(float))
    lines = lines[shapely.is_simple(lines)][
        :1000
    ]  # a line that runs back on itself is counted once or twice, as it is cut
    tight = boxes_on(rng, 1000, 1.0, 12)
    ground = shapely.box(*tight.T)
    near, covers = clip(lines, padded_boxes(tight, 0.0))
    true = shapely.length(shapely.intersection(lines, ground))
    assert np.abs(shapely.length(shapely.intersection(near, ground)) - true).max() < 1e-9
    assert not covers.any()
    points = shapely.points(rng.integers(0, 13, (1000, 2)).astype(float))
    near, _ = clip(points, padded_boxes(tight, 0.0))
    assert (~shapely.is_empty(near) == shapely.intersects(points, ground)).all()


# --------------------------------------------------------------------------------------------- fallbacks


def _away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(shapely.lib, "clip_by_rect")


def _raising(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise shapely.GEOSException("TopologyException: side location conflict")

    monkeypatch.setattr(shapely.lib, "clip_by_rect", refuse)


def _scalars_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise TypeError("only length-1 arrays can be converted to Python scalars")

    monkeypatch.setattr(shapely.lib, "clip_by_rect", refuse)


def _always_refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise shapely.GEOSException("TopologyException: side location conflict")

    _away(monkeypatch)
    monkeypatch.setattr(shapely, "clip_by_rect", refuse)


def _invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    bow = shapely.from_wkt("POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))")
    monkeypatch.setattr(shapely.lib, "clip_by_rect", lambda zones, *_: np.array([bow] * len(zones), dtype=object))


def _real(_: pytest.MonkeyPatch) -> None: ...


@pytest.mark.parametrize("broken", [_real, _away, _raising, _scalars_only, _always_refusing, _invalid])
def test_fallbacks_give_the_same_answers(monkeypatch: pytest.MonkeyPatch, broken: Callable[..., None]) -> None:
    """However the fast clip fails, zones come back whole or rightly cut."""
    rng = np.random.default_rng(7)
    zones, tight = blocks(rng, 60, 10.0), boxes_on(rng, 60, 10.0, 12)
    broken(monkeypatch)
    near, covers = clip(zones, padded_boxes(tight, 1.0))
    monkeypatch.undo()
    ground = shapely.box(*tight.T)
    true = shapely.area(shapely.intersection(zones, ground))
    assert np.abs(shapely.area(shapely.intersection(near, ground)) - true).max() < 1e-6
    grown = shapely.box(*padded_boxes(tight, 1.0).T)
    assert not (covers & ~shapely.covers(zones, grown)).any()


def test_nothing_to_clip() -> None:
    near, covers = clip(np.empty(0, dtype=object), np.empty((0, 4)))
    assert len(near) == 0 and len(covers) == 0


def test_the_given_zones_stay_as_they_are() -> None:
    zones = np.array([shapely.box(0, 0, 100, 100)], dtype=object)
    clip(zones, np.array([[10.0, 10.0, 20.0, 20.0]]))
    assert zones[0].equals_exact(shapely.box(0, 0, 100, 100))
