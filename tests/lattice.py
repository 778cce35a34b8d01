"""A search on a grid for places nearer than one that was found: every shift of a footprint, judged by the engine.

Shifts share spots: where two of them put some point of the footprint on the same spot, it is judged once. A footprint
is never judged more freely than a point of it (`agreement.looser`), so spots drop most shifts. What is left is judged
as the footprint that it is, and so is a sample of what was dropped, lest the rule that drops it be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from blocked import Blocked
from numpy.typing import NDArray

import ecozone
from ecozone import crs, siting
from ecozone._check import choose, day_of
from ecozone._engine import Judged
from ecozone.ground.faces import points

#: Places judged together.
_BATCH = 50_000
#: So few shifts are judged in full at once; so many of the dropped ones are, too (a line crosses a lot of ground).
_FEW, _SAMPLE, _SAMPLE_OF_LINES = 500, 200, 40
#: Pieces of a line; the longest that shifts share, and the squares of shifts that try the same, steps of the grid.
_PIECES, _PIECE, _SQUARES = 30, 32, (16, 16, 8, 8, 4)
#: A spot inside a footprint keeps away from its edge, metres.
_INSIDE_M = 0.01
_LINE, _AREA = 1, 2
#: Sides of the squares of shifts that are asked together, the largest and the smallest, steps of the grid.
_SWEPT, _SWEPT_LEAST = 64, 16
#: How far a condition pushes.
_CONDITION = 1


def nearer(
    one: Blocked, atlas: ecozone.Atlas, reach_m: float, *, step_m: float, complete: bool, spots: bool = True
) -> NDArray[np.float64]:
    """Return the shifts on a grid that are shorter than `reach_m` and at which a project may stand, the shortest first.

    Parameters
    ----------
    one, atlas
        The project that is blocked where it stands, and its region.
    reach_m, step_m : float
        How far to look, and the grid's width; the grid lies along the footprint's longest edge.
    complete : bool
        Only a place at which nothing stays open will do.
    spots : bool
        Drop shifts by spots first; else judge every one in full.
    """
    ground = _Ground(one, atlas, ecozone.measure.plane_of(one.project.site), complete)
    foot = shapely.transform(one.project.site, ground.plane.forward)
    grid = _Grid.of(foot, reach_m, step_m)
    every = grid.near(reach_m)
    spots = spots and shapely.get_dimensions(foot) > 0  # a point is the spot itself
    left = _left(ground, grid, foot, every) if spots else every
    line = shapely.get_dimensions(foot) == _LINE
    if line and spots:
        left = _past(ground, grid, foot, left)
    shifts, dropped = grid.shifts(left), grid.shifts(every & ~left)
    sample = np.random.default_rng(len(dropped)).permutation(dropped)[: _SAMPLE_OF_LINES if line else _SAMPLE]
    shifts = np.concatenate([shifts, sample])
    shifts = shifts[ground.does(foot, shifts)]
    return shifts[np.argsort(np.hypot(*shifts.T))]


def _left(ground: _Ground, grid: _Grid, foot: Any, every: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the shifts that no spot bars: far apart spots first, then those between that are still wanted."""
    left, quiet = every.copy(), _quiet(ground, grid, foot, every)
    asked, barred, open_ = (np.zeros(grid.spots, dtype=bool) for _ in range(3))
    for stride in grid.strides():
        if left.sum() <= _FEW:
            break
        wanted = np.zeros(grid.spots, dtype=bool)
        for shift, spot in grid.meet(stride):
            wanted[spot] |= left[shift]
        wanted &= ~asked
        asked |= wanted
        barred[wanted], open_[wanted] = ground.spots(grid.at(wanted, stride))
        for shift, spot in grid.meet(stride):
            left[shift] &= ~(barred[spot] | (open_[spot] & quiet[shift]))
    return left


def _quiet(ground: _Ground, grid: _Grid, foot: Any, every: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark shifts at which surely no rule pushes: where something stays open as well, the answer is not known.

    The footprint swept over a square of shifts is judged: what pushes none of that pushes no shift in the square.
    """
    quiet, size = np.zeros_like(every), _SWEPT
    while size >= _SWEPT_LEAST:
        starts = np.arange(0, len(every), size)
        i, j = (g.ravel() for g in np.meshgrid(starts, starts, indexing="ij"))
        some = np.array([(every & ~quiet)[a : a + size, b : b + size].any() for a, b in zip(i, j, strict=True)])
        i, j = i[some], j[some]
        middle = (np.column_stack([i, j]) + (size - 1) / 2 - grid.reach) @ grid.axes
        half = (size - 1) / 2
        box = shapely.polygons(np.array([(-half, -half), (half, -half), (half, half), (-half, half)]) @ grid.axes)
        still = ground.quiet(foot, middle, box)
        for a, b in zip(i[still], j[still], strict=True):
            quiet[a : a + size, b : b + size] = True
        size //= 2
    return quiet


def _past(ground: _Ground, grid: _Grid, line: Any, left: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the shifts of a line that no piece of it bars: tried is one that bars the middle of a square of shifts."""
    edges = _edges(shapely.segmentize(line, shapely.length(line) / _PIECES))
    pieces = shapely.linestrings(edges[np.any(edges[:, 0] != edges[:, 1], axis=1)])
    rng, left = np.random.default_rng(len(pieces)), left.copy()
    for size in _SQUARES:
        if left.sum() <= _FEW:
            break
        at = np.argwhere(left)
        squares, mine = np.unique(at // size, axis=0, return_inverse=True)
        middle = (squares * size + size // 2 - grid.reach) @ grid.axes
        barring = np.array([ground.spots(_at(piece, middle))[0] for piece in pieces])
        tried = np.argmax(barring * rng.random(barring.shape), axis=0)[mine.ravel()]
        tried[~barring.any(axis=0)[mine.ravel()]] = -1
        for k, piece in enumerate(pieces):
            these = at[tried == k]
            barred, _ = ground.spots(_at(piece, (these - grid.reach) @ grid.axes))
            left[tuple(these[barred].T)] = False
    return left


@dataclass(frozen=True)
class _Ground:
    """A project, and the plane in which it moves."""

    one: Blocked
    atlas: ecozone.Atlas
    plane: crs.Plane
    complete: bool

    def spots(self, at: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Say of spots (in the plane) whether no footprint over them will do, and whether something stays open there.

        What pushes a spot too far pushes all that lies over it. So does what stays open and could push farther than a
        condition, where nothing may stay open.
        """
        verdict, settled, may = self._judged(at)
        barred = np.isin(verdict, ("restricted", "prohibited")) | (self.complete & (may > _CONDITION))
        return barred, ~settled

    def quiet(self, foot: Any, shifts: NDArray[np.float64], box: Any) -> NDArray[np.bool_]:
        """Say of shifts whether no rule pushes a footprint there, nor anywhere within a box about it."""
        corners = shapely.get_coordinates(box)[:-1]
        hulls = shapely.convex_hull(shapely.multipoints((_edges(foot)[:, :, None] + corners).reshape(-1, 8, 2)))
        verdict, _, _ = self._judged(_at(shapely.union_all([foot, *hulls]), shifts))
        return np.isin(verdict, ("clear", "undetermined"))

    def does(self, foot: Any, shifts: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say whether a footprint may stand at shifts."""
        verdict, settled, _ = self._judged(_at(foot, shifts))
        return np.isin(verdict, siting.ALLOWED) & (settled | (not self.complete))

    def _judged(self, at: NDArray[Any]) -> tuple[NDArray[np.str_], NDArray[np.bool_], NDArray[np.int8]]:
        """Return verdicts, completeness, and how far what stays open may push, of the project at other places."""
        project, day = self.one.project, day_of(self.one.day)
        part, shelf = project.parts[0], choose(None)
        verdict, settled, may = np.zeros(len(at), "U12"), np.zeros(len(at), bool), np.zeros(len(at), np.int8)
        for first in range(0, len(at), _BATCH):
            rows = slice(first, first + _BATCH)
            where = shapely.transform(at[rows], self.plane.inverse)
            batch = points(where, project, part.accuracy_m, part.extent_m or 0.0)
            told = Judged.of(batch, lambda _: project, self.atlas, shelf, day, outside="keep", threads=2).judgement
            verdict[rows], settled[rows], may[rows] = told.verdict, told.complete, told.open_push
        return verdict, settled, may


@dataclass(frozen=True)
class _Grid:
    """Shifts on a grid, and the spots on which they put points of a footprint.

    Shift (i, j) puts point (a, b) on spot (i + a, j + b).

    Attributes
    ----------
    axes : ndarray of shape (2, 2)
        Steps of the grid in the plane, metres.
    reach : int
        Steps to either side.
    first : ndarray of shape (2,)
        The point (0, 0) of the footprint.
    held : list of (int, int)
        Points of the footprint, all >= 0.
    pieces : bool
        The footprint is a line, its points follow each other: the line between two is asked, not the points.
    """

    axes: NDArray[np.float64]
    reach: int
    first: NDArray[np.float64]
    held: Sequence[tuple[int, int]]
    pieces: bool

    @classmethod
    def of(cls, foot: Any, reach_m: float, step_m: float) -> _Grid:
        """Lay a grid along a footprint's longest edge."""
        edges = _edges(foot)
        start, end = edges[np.argmax(np.hypot(*(edges[:, 1] - edges[:, 0]).T))]
        length = float(np.hypot(*(end - start)))
        along = (end - start) / length if length else np.array([1.0, 0.0])
        axes = step_m * np.array([along, [-along[1], along[0]]])
        held, first = np.zeros((1, 2), dtype=np.int64), start
        if shapely.get_dimensions(foot) == _LINE:
            held = np.column_stack([np.arange(int(length // step_m) + 1), np.zeros(int(length // step_m) + 1, int)])
        elif shapely.get_dimensions(foot) == _AREA:
            first = shapely.get_coordinates(shapely.point_on_surface(foot))[0]
            west, south, east, north = ((shapely.get_coordinates(foot) - first) @ axes.T / step_m**2)[:, [0, 1, 0, 1]].T
            held = np.stack(
                np.meshgrid(
                    np.arange(np.ceil(west.min()), np.floor(east.max()) + 1, dtype=int),
                    np.arange(np.ceil(south.min()), np.floor(north.max()) + 1, dtype=int),
                    indexing="ij",
                ),
                axis=-1,
            ).reshape(-1, 2)
            at = shapely.points(first + held @ axes)
            deep = shapely.intersects(foot, at) & (shapely.distance(shapely.boundary(foot), at) > _INSIDE_M)
            held = held[deep | (held == 0).all(axis=1)]
        low = held.min(axis=0)
        on = [(int(a), int(b)) for a, b in held - low]
        line = shapely.get_dimensions(foot) == _LINE and len(held) > 1
        return cls(axes, int(reach_m // step_m) + 1, first + low @ axes, on, line)

    @property
    def spots(self) -> tuple[int, int]:
        """The shape of all spots."""
        wide, high = np.max(self.held, axis=0)
        return 2 * self.reach + 1 + int(wide), 2 * self.reach + 1 + int(high)

    def strides(self) -> Iterator[tuple[int, int]]:
        """Yield how far apart spots are asked: no farther than the footprint is wide, then closer and closer."""
        wide, high = (1 << int(np.log2(n + 1)) for n in np.max(self.held, axis=0))
        if self.pieces:
            yield min(_PIECE, max(1, wide // 4)), 1
            return
        for k in range(max(wide, high).bit_length() - 1, -1, -1):
            yield min(1 << k, wide), min(1 << k, high)

    def meet(self, stride: tuple[int, int]) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
        """Yield slices of shifts, and of the spots on every stride-th row and column on which they put a point."""
        m = 2 * self.reach + 1
        for point in self.held[: len(self.held) - stride[0] if self.pieces else None]:
            starts = [-a % s for a, s in zip(point, stride, strict=True)]
            shift = tuple(slice(i, m, s) for i, s in zip(starts, stride, strict=True))
            spot = tuple(slice(i + a, m + a, s) for i, a, s in zip(starts, point, stride, strict=True))
            yield shift, spot  # type: ignore[misc]

    def near(self, reach_m: float) -> NDArray[np.bool_]:
        """Mark the shifts that are shorter than a distance."""
        far = np.arange(-self.reach, self.reach + 1) * np.hypot(*self.axes[0])
        return np.hypot(far[:, None], far[None]) < reach_m

    def shifts(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return shifts in the plane, metres."""
        return (np.argwhere(chosen) - self.reach) @ self.axes

    def at(self, chosen: NDArray[np.bool_], stride: tuple[int, int]) -> NDArray[Any]:
        """Return the points on spots in the plane, or the pieces of the line that begin there."""
        here = self.first + self.shifts(chosen)
        if self.pieces:
            return np.asarray(shapely.linestrings(np.stack([here, here + stride[0] * self.axes[0]], axis=1)))
        return np.asarray(shapely.points(here))


def _at(foot: Any, shifts: NDArray[np.float64]) -> NDArray[Any]:
    """Return a footprint at shifts."""
    if shapely.get_dimensions(foot) == 0:
        return np.asarray(shapely.points(shapely.get_coordinates(foot) + shifts))
    out = np.empty(len(shifts), dtype=object)
    out[:] = [shapely.transform(foot, lambda xy, by=s: xy + by) for s in shifts]
    return out


def _edges(foot: Any) -> NDArray[np.float64]:
    """Return the edges of a footprint as pairs of points; a point is an edge without length."""
    coords, owner = shapely.get_coordinates(_rings(foot), return_index=True)
    if shapely.get_dimensions(foot) == 0:
        return np.stack([coords, coords], axis=1)
    same = owner[1:] == owner[:-1]
    return np.stack([coords[:-1][same], coords[1:][same]], axis=1)


def _rings(foot: Any) -> NDArray[Any]:
    """Return the lines along which edges follow each other."""
    return shapely.get_parts(shapely.boundary(foot) if shapely.get_dimensions(foot) == _AREA else foot)
