"""The smallest shift that frees a footprint, or what keeps it from being free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import affinity

from ecozone import crs, measure
from ecozone.asked import Asked
from ecozone.errors import InputError
from ecozone.ground.sweep import CLEARANCE_M, free_shifts, touching_shifts
from ecozone.project import Project
from ecozone.rules.finding import Finding
from ecozone.rules.judge import VERDICTS

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Open
    from ecozone.ground.faces import Faces

#: The first look around a footprint, metres; doubled until something is free.
_FIRST_LOOK_M = 500.0
#: A place that `check` refuses all the same takes so much around it out of the search, metres, and so often at most.
_REFUSED_M, _TRIES = 2.0, 40
#: A shift so much shorter meets what stops it, metres: twice the clearance, and more than what arcs are off.
_BACK_M = 2 * CLEARANCE_M + 0.2


#: How far a ban pushes; how many things a sentence names.
_BAN, _NAMED = 3, 4


class NoShiftError(InputError):
    """No shift within the radius frees the footprint."""


@dataclass(frozen=True)
class Shift:
    """The smallest shift found; `complete` says whether its answer is settled, `open` what would settle it.

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
        Rules that block the footprint where it stands now.
    stops : tuple of str
        Rules that stop it on the way: a shift in this direction that is a metre shorter still breaks them.
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

    @property
    def complete(self) -> bool:
        """Whether nothing that is open at the new place could make its answer stricter."""
        return self.assessment.complete

    @property
    def open(self) -> list[Open]:
        """What has to be settled before the new place may be called free; nothing where it is complete."""
        return [] if self.complete else self.assessment.open


@dataclass(frozen=True)
class Ground:
    """What the search needs: how a view is cut, how a project is judged, which answers do."""

    cut: Callable[[crs.Plane, Any], Faces]
    check: Callable[[Project], Assessment]
    accept: Sequence[str]
    incomplete: bool
    region: Any
    day: dt.date

    def free(self, answer: Assessment, *, complete: bool) -> bool:
        """Say whether an answer does."""
        return answer.verdict in self.accept and (answer.complete or not complete)

    def obstacles(self, answer: Assessment) -> list[Finding]:
        """Return the findings for which an answer does not do: hits that push too far, or else what stays open."""
        most = max((VERDICTS.index(v) for v in self.accept if v in VERDICTS), default=-1)
        hits = [f for f in answer.hits if f.firm and f.push > most]
        pushed = max((f.push for f in answer.hits if f.firm), default=0)
        return hits or [f for f in answer.findings if f.open and f.push > pushed]


@dataclass(frozen=True)
class _Place:
    """A footprint in a plane, and what it may do."""

    project: Project
    plane: crs.Plane
    foot: Any
    turns: tuple[float, ...]

    def moved(self, turn: float, east: float, north: float) -> Project:
        """Return the project at another place; its other parts stay."""
        plane, by = self.plane, np.array([east, north])
        there = shapely.transform(turned(self.foot, turn), lambda xy: plane.inverse(xy + by))
        first = self.project.parts[0]
        kept = {name: getattr(first, name) for name in first.__dataclass_fields__}
        return self.project.with_(parts=(type(first)(**{**kept, "geometry": there}), *self.project.parts[1:]))


def search(project: Project, ground: Ground, radius_m: float, turns: Sequence[float]) -> Shift:
    """Find the smallest shift within a radius; see `ecozone.siting.nearest_clear`."""
    now = ground.check(project)
    blocked = ground.obstacles(now)
    if ground.free(now, complete=not ground.incomplete):
        return Shift(0.0, 0.0, 0.0, float("nan"), 0.0, project, now, (), ())
    fixed = [f for f in blocked if f.part != project.parts[0].name]
    if fixed:
        raise NoShiftError(
            f"项目的“{fixed[0].part}”在现址不能通过（{fixed[0].title}），移动主体用地解决不了；"
            "请先给这一部分另选位置，或补充它的资料。"
        )
    plane = measure.plane_of(project.site)
    foot = measure.to_plane(np.array([project.site], dtype=object), plane)[0]
    place = _Place(project, plane, foot, tuple(dict.fromkeys([0.0, *turns])))
    region = measure.to_plane(np.array([ground.region], dtype=object), plane)[0]
    if shapely.area(foot) > shapely.area(region):
        raise NoShiftError(
            f"项目用地（{shapely.area(foot):,.0f} 平方米）比整个区域"
            f"（{shapely.area(region):,.0f} 平方米）还大，无处可移。"
        )
    rules = tuple(dict.fromkeys(f.rule for f in blocked))
    look = min(_FIRST_LOOK_M, radius_m)
    views: list[tuple[float, Faces]] = []
    while not views or views[-1][0] < radius_m:
        view = shapely.intersection(region, _around(place, look))
        views.append((look, ground.cut(plane, view)))
        found = _nearest(place, views[-1][1], look, ground, rules, complete=not ground.incomplete)
        if found is not None:
            return found
        look = min(2 * look, radius_m)
    if not ground.incomplete:  # nothing is complete here: say what the nearest place still waits for
        if ground.free(now, complete=False):
            raise NoShiftError(_unsettled(Shift(0.0, 0.0, 0.0, 0.0, 0.0, project, now, (), ()), ground, radius_m))
        for look, faces in views:
            found = _nearest(place, faces, look, ground, rules, complete=False)
            if found is not None:
                raise NoShiftError(_unsettled(found, ground, radius_m))
    raise NoShiftError(
        f"在 {radius_m:,.0f} 米范围内（1 米格网，离边线 {CLEARANCE_M:g} 米以上）没有能避开的位置"
        f"{_in_the_way(views[-1][1], ground)}；可放宽 radius_m，或缩小用地、允许转动（turns）。"
    )


def _unsettled(found: Shift, ground: Ground, radius_m: float) -> str:
    """Say that the nearest place is not known to be free, and what it waits for."""
    waiting = ground.obstacles(found.assessment)
    bans = list(dict.fromkeys(f"“{f.title}”" for f in waiting if f.push == _BAN))
    asked = Asked.of(found.assessment).labels
    way = f"向方位 {found.bearing:.0f}° 移动 {found.distance_m:,.0f} 米处" if found.distance_m else "现址"
    told = (
        f"，其中 {len(bans)} 条可能禁止：{'、'.join(bans[:_NAMED])}{' 等' if len(bans) > _NAMED else ''}"
        if bans
        else ""
    )
    return (
        f"在 {radius_m:,.0f} 米范围内没有已能定论的位置。最近的可能位置在{way}，但尚有 "
        f"{len({f.rule for f in waiting})} 条规则未能判定{told}。请先补充："
        f"{'、'.join(asked[:_NAMED])}{' 等' if len(asked) > _NAMED else ''}；仍要取这一位置请用 incomplete=True。"
    )


def _around(place: _Place, look: float) -> Any:
    """Return the ground that a footprint may reach, however it is turned."""
    box = shapely.total_bounds([turned(place.foot, t) for t in place.turns])
    return shapely.box(*(box + np.array([-1, -1, 1, 1]) * (look + 1.0)))


def _nearest(
    place: _Place, faces: Faces, look: float, ground: Ground, blocked: tuple[str, ...], *, complete: bool
) -> Shift | None:
    wanted = list(_wanted(faces, ground, complete=complete))
    if not wanted:
        return None
    for metres, turn, (east, north) in _candidates(place, wanted, look):
        moved = place.moved(turn, east, north)
        said = ground.check(moved)
        if ground.free(said, complete=complete):
            bearing = float(np.degrees(np.arctan2(east, north)) % 360) if metres else float("nan")
            short = max(0.0, 1 - _BACK_M / metres) if metres else 0.0
            stops = ground.obstacles(ground.check(place.moved(turn, east * short, north * short))) if metres else []
            rules = tuple(dict.fromkeys(f.rule for f in stops))
            return Shift(east, north, metres, bearing, turn, moved, said, blocked, rules)
    return None


def _wanted(faces: Faces, ground: Ground, *, complete: bool) -> Iterator[tuple[Any, Any]]:
    """Yield (ground on which a footprint will do, ground of which it must have some, or None), each as polygons.

    First what will do itself. But a footprint's answer is the strictest of its ground: where a condition holds for some
    of it, what stays open elsewhere and could push no farther (any, if it need not be settled) is no obstacle.
    """
    good = np.isin(faces.verdict, list(ground.accept)) & (faces.complete | (not complete))
    if good.any():
        yield faces.geometry[good], None
    push = np.array([VERDICTS.index(v) if v in VERDICTS else 0 for v in faces.verdict.tolist()], dtype=np.int8)
    for level in (VERDICTS.index(v) for v in ground.accept if v in VERDICTS[1:]):
        lies = (push <= level) & ((faces.may <= level) | (not complete))
        if (lies & ~good).any() and (lies & (push == level)).any():
            yield faces.geometry[lies], faces.geometry[lies & (push == level)]


def _candidates(
    place: _Place, wanted: Sequence[tuple[Any, Any]], look: float
) -> Iterator[tuple[float, float, tuple[float, float]]]:
    """Yield (metres, turn, shift), the shortest first; one that is asked beyond was refused, with what lies around."""
    around = _around(place, look)
    free: dict[float, Any] = {}
    for turn in place.turns:
        foot, shifts = turned(place.foot, turn), []
        for lies, some in wanted:
            here = free_shifts(shapely.difference(around, shapely.union_all(lies)), foot, look)
            if some is not None:
                here = shapely.intersection(here, touching_shifts(shapely.union_all(some), foot))
            shifts.append(here)
        free[turn] = shapely.union_all(shifts)
    origin = shapely.Point(0, 0)
    for _ in range(_TRIES):
        tries = []
        for turn, ground in free.items():
            line = shapely.shortest_line(origin, ground)
            if line is not None and shapely.length(line) <= look:
                east, north = shapely.get_coordinates(line)[-1].tolist()
                tries.append((float(shapely.length(line)), abs(turn), turn, (east, north)))
        if not tries:
            return
        metres, _, turn, at = min(tries)
        yield metres, turn, at
        free[turn] = shapely.difference(free[turn], shapely.buffer(shapely.Point(at), _REFUSED_M))


def _in_the_way(faces: Faces, ground: Ground) -> str:
    """Say what takes the ground that was searched: rules, or facts that nobody gave."""
    size = np.asarray(shapely.area(faces.geometry))
    area: dict[str, float] = {}
    for i in np.flatnonzero(~np.isin(faces.verdict, [*ground.accept, "undetermined"])).tolist():
        for rule in faces.rules[i]:
            area[rule] = area.get(rule, 0.0) + float(size[i])
    most = sorted(area, key=lambda rule: -area[rule])[:3]
    text = f"，占地最多的是 {'、'.join(most)}" if most else ""
    share = float(size[faces.verdict == "undetermined"].sum() / size.sum()) if len(size) else 0.0
    if share > 0 and "undetermined" not in ground.accept:
        text += f"；其中 {share:.0%} 的用地因资料不全无法判定，请先补充项目资料（ecozone check 会逐条列出）"
    return text


def turned(foot: Any, degrees: float) -> Any:
    """Turn a footprint about its centroid, counter-clockwise."""
    return affinity.rotate(foot, degrees, origin="centroid") if degrees else foot
