"""The smallest shift that frees a footprint.

A footprint K stands free at a shift s when K + s shares no ground with what blocks it. The shifts at which it does
are the blocked ground swept by K turned about, so the smallest free shift is the nearest point of what is left: found
exactly, not by trying.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs, measure
from ecozone.errors import InputError
from ecozone.ground.faces import Faces

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.project import Project

#: How far inside the free ground a suggestion stays, metres: agreement with `check` holds outside 0.2 m of an edge.
CLEARANCE_M = 0.5
#: The first look around a footprint, metres; doubled until something is free.
_FIRST_LOOK_M = 500.0
_AREA = 2


class NoShiftError(InputError):
    """No shift within the radius frees the footprint."""


@dataclass(frozen=True)
class Shift:
    """The smallest shift found.

    Attributes
    ----------
    east_m, north_m : float
        The shift in the local plane.
    distance_m : float
    bearing : float
        Degrees clockwise from north; NaN where nothing has to move.
    turn : float
        Degrees counter-clockwise about the footprint's centroid.
    project : Project
        The project at its new place.
    assessment : Assessment
        What `ecozone.check` says there.
    blocked_by : tuple of str
        Rules that bind the footprint where it stands now.
    stops : tuple of str
        Rules that a shorter shift in this direction would still break.
    """

    east_m: float
    north_m: float
    distance_m: float
    bearing: float
    turn: float
    project: Project
    assessment: Assessment
    blocked_by: tuple[str, ...]
    stops: tuple[str, ...]


@dataclass(frozen=True)
class Ground:
    """What the search needs: how a view is cut, how a project is judged, which verdicts do."""

    cut: Callable[[crs.Plane, Any], Faces]
    check: Callable[[Project], Assessment]
    accept: Sequence[str]
    region: Any
    day: dt.date


def search(project: Project, ground: Ground, radius_m: float, turns: Sequence[float]) -> Shift:
    """Find the smallest shift within a radius; see `ecozone.siting.nearest_clear`."""
    now = ground.check(project)
    blocked = tuple(f.rule for f in now.hits if f.push > 0)
    if now.verdict in ground.accept:
        return Shift(0.0, 0.0, 0.0, float("nan"), 0.0, project, now, blocked, ())
    plane = measure.plane_of(project.site)
    foot = measure.to_plane(np.array([project.site], dtype=object), plane)[0]
    region = measure.to_plane(np.array([ground.region], dtype=object), plane)[0]
    if shapely.area(foot) > shapely.area(region):
        raise NoShiftError(
            f"项目用地（{shapely.area(foot):,.0f} 平方米）比整个区域"
            f"（{shapely.area(region):,.0f} 平方米）还大，无处可移。"
        )
    look = min(_FIRST_LOOK_M, radius_m)
    while True:
        view = shapely.intersection(region, shapely.box(*(np.array(foot.bounds) + np.array([-1, -1, 1, 1]) * look)))
        found = _nearest(project, foot, view, look, plane, ground, turns, blocked)
        if found is not None:
            return found
        if look >= radius_m:
            raise NoShiftError(
                f"在 {radius_m:,.0f} 米范围内（1 米格网）没有能避开的位置；"
                "可放宽 radius_m，或缩小用地、允许转动（turns）。"
            )
        look = min(2 * look, radius_m)


def _nearest(
    project: Project,
    foot: Any,
    view: Any,
    look: float,
    plane: crs.Plane,
    ground: Ground,
    turns: Sequence[float],
    blocked: tuple[str, ...],
) -> Shift | None:
    faces = ground.cut(plane, view)
    good = np.isin(faces.verdict, list(ground.accept))
    if (good & faces.complete).any():
        good &= faces.complete
    free_ground = shapely.union_all(faces.geometry[good])
    frame = shapely.box(*(np.array(foot.bounds) + np.array([-1, -1, 1, 1]) * look))
    bad = shapely.difference(frame, free_ground)
    origin, tries = shapely.Point(0, 0), []
    for turn in dict.fromkeys([0.0, *turns]):
        turned = _turned(foot, turn)
        free = free_shifts(bad, turned, look)
        for part in shapely.get_parts(free):
            line = shapely.shortest_line(origin, part)
            if line is not None and shapely.length(line) <= look:
                tries.append((float(shapely.length(line)), turn, shapely.get_coordinates(line)[-1]))
    for metres, turn, (east, north) in sorted(tries, key=lambda t: (t[0], abs(t[1])))[:20]:
        there = shapely.transform(_turned(foot, turn), lambda xy, e=east, n=north: plane.inverse(xy + np.array([e, n])))
        first = project.parts[0]
        moved = project.with_(parts=(type(first)(**{**_fields(first), "geometry": there}), *project.parts[1:]))
        said = ground.check(moved)
        if said.verdict in ground.accept:
            bearing = float(np.degrees(np.arctan2(east, north)) % 360)
            stops = _stops(
                faces, shapely.transform(_turned(foot, turn), lambda xy, e=east, n=north: xy + np.array([e, n]))
            )
            return Shift(float(east), float(north), metres, bearing, turn, moved, said, blocked, stops)
    return None


def free_shifts(bad: Any, foot: Any, look: float) -> Any:
    """Return the shifts (as ground about the origin) at which a footprint shares no ground with what blocks it.

    Parameters
    ----------
    bad : shapely geometry
        What blocks, in a plane, at least as far as the footprint's box grown by `look`.
    foot : shapely geometry
        Point, line or polygon.
    look : float
        Shifts are looked for in a square of twice this width, metres.
    """
    square = shapely.box(-look, -look, look, look)
    if shapely.is_empty(bad):
        return square
    anchor = shapely.get_coordinates(foot)[0]
    swept = [shapely.transform(bad, lambda xy: xy - anchor)]
    rings = shapely.get_parts(shapely.boundary(shapely.get_parts(shapely.simplify(bad, 0.02))))
    coords, owner = shapely.get_coordinates(rings, return_index=True)
    same = owner[1:] == owner[:-1]
    start, end = coords[:-1][same], coords[1:][same]
    for corner in _convex(foot):
        ends = np.concatenate([start[:, None] - corner[None], end[:, None] - corner[None]], axis=1)
        swept.append(shapely.union_all(shapely.convex_hull(shapely.multipoints(ends))))
    return shapely.difference(square, shapely.buffer(shapely.union_all(swept), CLEARANCE_M, quad_segs=4))


def _convex(foot: Any) -> list[NDArray[np.float64]]:
    """Return the corners of convex pieces that make up a footprint."""
    dimension = shapely.get_dimensions(foot)
    if dimension == 0:
        return [shapely.get_coordinates(foot)[[i]] for i in range(shapely.get_num_coordinates(foot))]
    if dimension < _AREA:
        coords, owner = shapely.get_coordinates(shapely.get_parts(foot), return_index=True)
        return [coords[i : i + 2] for i in np.flatnonzero(owner[1:] == owner[:-1]).tolist()]
    out = []
    for part in shapely.get_parts(foot):
        hull = shapely.convex_hull(part)
        if shapely.area(hull) - shapely.area(part) <= 1e-9 * shapely.area(hull):
            out.append(shapely.get_coordinates(hull)[:-1])
        else:
            out += [
                shapely.get_coordinates(t)[:-1] for t in shapely.get_parts(shapely.constrained_delaunay_triangles(part))
            ]
    return out


def _turned(foot: Any, degrees: float) -> Any:
    from shapely import affinity

    return affinity.rotate(foot, degrees, origin="centroid") if degrees else foot


def _fields(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__dataclass_fields__}


def _stops(faces: Faces, foot: Any) -> tuple[str, ...]:
    """Return the rules that bind ground beside a place: what a shorter shift would still break."""
    near = shapely.dwithin(faces.geometry, foot, 2 * CLEARANCE_M)
    strict = near & np.isin(faces.verdict, ["prohibited", "restricted"])
    return tuple(dict.fromkeys(r for i in np.flatnonzero(strict).tolist() for r in faces.rules[i]))
