"""Where may it go: a region's ground by verdict, and the nearest place where a blocked project would be free.

The region is cut along every line at which some rule's place can change, and each piece is judged at a point inside by
the very engine that judges a site: so `where_allowed` and `ecozone.check` cannot disagree, but for 0.2 m along an edge.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import crs, measure
from ecozone._check import check, choose, day_of
from ecozone._screen import processors
from ecozone.atlas import Atlas, open_atlas
from ecozone.errors import InputError
from ecozone.ground.asked import Asked, region_of
from ecozone.ground.blocks import ALLOWED, VERDICTS, NoGroundError, Where, frame
from ecozone.ground.shift import Ground, NoShiftError, Shift, search
from ecozone.ground.slope import SLOPE_RULE, without_steep
from ecozone.ground.surface import Surface, draw
from ecozone.project import Project
from ecozone.relation import PLANT_WIDTH_M

if TYPE_CHECKING:
    from ecozone.rules.model import Rulebook

__all__ = [
    "ALLOWED", "VERDICTS", "NoGroundError", "NoShiftError", "Shift", "Surface", "Where", "nearest_clear",
    "where_allowed", "where_surface",
]  # fmt: skip

_STEEPEST = 90.0
#: How far the user's own limit pushes a verdict.
_PROHIBITS = 3


def where_allowed(
    atlas: Atlas | str | Path,
    *,
    nature: str | None = None,
    industry: str | Sequence[str] | None = None,
    facilities: Sequence[str] | str | None = None,
    facts: Mapping[str, Any] | None = None,
    has: Sequence[str] = (),
    as_of: dt.date | str | None = None,
    rules: Sequence[str | Path | Rulebook] | None = None,
    within: Any = None,
    min_area_m2: float = 0.0,
    slope_max: float | None = None,
    elevation: str | Path | None = None,
    extent_m: float = 0.0,
    site_accuracy_m: float = 0.0,
    subject: str = "project",
    stage: str | None = None,
    threads: int | None = None,
) -> Where:
    """Return a region's ground by verdict for a kind of project, with the rules that bind each piece.

    Parameters
    ----------
    atlas : Atlas or path
    nature, industry, facilities, facts, has, subject, stage
        The project's facts, as for `ecozone.Project`.
    as_of : datetime.date or ISO str
    rules : sequence, optional
        As for `ecozone.check`.
    within : shapely polygon, optional
        Look only here, EPSG:4490. None: all of the atlas' counties.
    min_area_m2 : float
        Contiguous ground below this is marked as too small.
    slope_max : float, optional
        Steepest ground that will do, degrees: what is steeper is ``prohibited`` by ``user.slope_max``, what has no
        elevation is ``undetermined``.
    elevation : path, optional
        Elevation raster for `slope_max`. None: the atlas' own.
    extent_m : float
        How far the project's ground reaches from the point that is judged.
    site_accuracy_m : float
        Accuracy of the coordinates a project will be given with.
    threads : int, optional
        Threads that draw and measure; default: the processors there are, at most four.

    Returns
    -------
    Where

    Raises
    ------
    NoGroundError
        The region is smaller than `min_area_m2`.
    InputError
        The region lies outside the atlas, there is no elevation, a fact or a size makes no sense.

    Notes
    -----
    Each piece has the verdict that `ecozone.check` gives a point in it, outside 0.2 m of its edge, and a footprint that
    lies wholly in one piece gets the same. A footprint across several is judged at least as strictly as the strictest.
    A rule that asks for a share or an area of the site, or for several places at once, may say otherwise of footprints.
    """
    for name, value in (("最小面积", min_area_m2), ("用地范围", extent_m), ("坐标精度", site_accuracy_m)):
        if not (np.isfinite(value) and value >= 0):
            raise InputError(f"{name} {value} 不是非负数，请改正。")
    about = {"nature": nature, "industry": industry, "facilities": facilities, "facts": facts, "has": has}
    kind = {**about, "subject": subject, "stage": stage}
    asked, region = _asked(atlas, kind, as_of, rules, within, extent_m, site_accuracy_m, threads)
    heights = _heights(asked.atlas, slope_max, elevation)
    bounds = shapely.bounds(region)
    plane = crs.Plane(float(bounds[0] + bounds[2]) / 2, float(bounds[1] + bounds[3]) / 2)
    view = measure.to_plane(np.array([region], dtype=object), plane)[0]
    if min_area_m2 > shapely.area(view):
        raise NoGroundError(
            f"所需面积 {min_area_m2:,.0f} 平方米大于整个区域（{shapely.area(view):,.0f} 平方米），请核对面积和单位。"
        )
    steep = None
    if slope_max is not None:
        from ecozone.raster import steeper_than

        steep = steeper_than(heights, slope_max, region, as_of=asked.day)
    found, known = asked.cut(plane, view), asked.rules()
    if steep is not None:
        found = without_steep(found, plane, steep)
        known[SLOPE_RULE] = (f"坡度大于 {slope_max:g} 度（用户自定）", _PROHIBITS)
    return Where(
        frame(found, plane, min_area_m2, cut_after=steep is not None),
        asked.day,
        float(shapely.area(view)),
        min_area_m2,
        asked.atlas.notice,
        found.cut,
        {rule: title for rule, (title, _) in known.items()},
        {rule: push for rule, (_, push) in known.items()},
        slope_max,
        asked.questions,
    )


def where_surface(
    atlas: Atlas | str | Path,
    path: str | Path,
    *,
    cell_m: float,
    as_of: dt.date | str | None = None,
    rules: Sequence[str | Path | Rulebook] | None = None,
    within: Any = None,
    slope_max: float | None = None,
    elevation: str | Path | None = None,
    extent_m: float = 0.0,
    site_accuracy_m: float = 0.0,
    threads: int | None = None,
    **about: Any,
) -> Surface:
    """Write a region's ground by verdict as a GeoTIFF: for regions too big for polygons.

    The region is cut tile by tile, each as exactly as `where_allowed` does: a cell has the verdict of the ground under
    its centre, and memory does not grow with the region.

    Parameters
    ----------
    atlas, as_of, rules, within, slope_max, elevation, extent_m, site_accuracy_m, threads
        As for `where_allowed`.
    path : path
        ``.tif``: one byte a cell with a colour table, in the region's 3-degree zone of CGCS2000. 0 lies beyond the
        region; 1 to 5 are the verdicts from ``clear`` to ``prohibited``, 11 to 15 the same where something stays open.
    cell_m : float
        Side of a cell, metres.
    **about
        The project's facts: ``nature``, ``industry``, ``facilities``, ``facts``, ``has``, ``subject``, ``stage``.

    Raises
    ------
    InputError
        As for `where_allowed`; a cell size that makes no sense, a file that is no ``.tif``.
    """
    asked, region = _asked(atlas, about, as_of, rules, within, extent_m, site_accuracy_m, threads)
    heights = _heights(asked.atlas, slope_max, elevation)
    return draw(asked, region, path, cell_m, slope_max=slope_max, elevation=heights)


def nearest_clear(
    project: Project,
    atlas: Atlas | str | Path,
    rules: Sequence[str | Path | Rulebook] | None = None,
    *,
    as_of: dt.date | str | None = None,
    radius_m: float = 5_000.0,
    turns: Sequence[float] = (),
    accept: Sequence[str] = ALLOWED,
    incomplete: bool = False,
) -> Shift:
    """Return the smallest shift of a project's main site that frees it.

    Parameters
    ----------
    project : Project
        Point, line or polygon; its other parts stay where they are.
    atlas, rules, as_of
        As for `ecozone.check`.
    radius_m : float
        How far to look.
    turns : sequence of float
        Turns about the centroid that are allowed besides none, degrees, e.g. ``range(15, 180, 15)``.
    accept : sequence of str
        Verdicts that do.
    incomplete : bool
        Take the nearest place even if something stays open there: `Shift.complete` says whether it is settled,
        `Shift.open` what it waits for. Else only a place with a complete answer (`ecozone check` leaves 0) will do.

    Returns
    -------
    Shift
        With what `ecozone.check` says at the new place.

    Raises
    ------
    NoShiftError
        Nothing within the radius is free (on a lattice of 1 m) or known to be: the sentence names what stays open at
        the nearest place that may be. Another part of the project is what does not pass, or
        the footprint is larger than the region.
    """
    if not (np.isfinite(radius_m) and radius_m > 0):
        raise InputError(f"查找半径 {radius_m} 不是正数，请给出米数。")
    opened = atlas if isinstance(atlas, Atlas) else open_atlas(atlas)
    day = day_of(as_of)
    shelf = choose(rules)
    site = project.parts[0]
    # a bare point stays open wherever a plant could reach something: ground is free that is so for a plant's width
    extent = site.extent_m or (PLANT_WIDTH_M if site.lacks_extent and not incomplete else 0.0)

    walks = Asked(project, opened, shelf, day, site.accuracy_m, extent, processors())
    ground = Ground(
        cut=walks.cut,
        check=lambda moved: check(moved, opened, shelf, as_of=day),
        accept=_verdicts(accept),
        incomplete=incomplete,
        region=region_of(opened, day, None),
        day=day,
    )
    return search(project, ground, radius_m, turns)


def _verdicts(accept: Sequence[str]) -> tuple[str, ...]:
    unknown = [v for v in accept if v not in VERDICTS]
    if unknown or not accept:
        raise InputError(f"可接受的结论 accept 应取自 {'、'.join(VERDICTS)}，不是“{'、'.join(unknown)}”。")
    return tuple(accept)


def _asked(
    atlas: Atlas | str | Path,
    about: Mapping[str, Any],
    as_of: dt.date | str | None,
    rules: Sequence[str | Path | Rulebook] | None,
    within: Any,
    extent_m: float,
    site_accuracy_m: float,
    threads: int | None,
) -> tuple[Asked, Any]:
    """Return what walks over the atlas, and the ground to look at (EPSG:4490)."""
    opened = atlas if isinstance(atlas, Atlas) else open_atlas(atlas)
    day = day_of(as_of)
    region = region_of(opened, day, within)
    at = shapely.point_on_surface(region)
    project = Project(at, **about, site_accuracy_m=site_accuracy_m, extent_m=extent_m)
    walks = Asked(project, opened, choose(rules), day, site_accuracy_m, extent_m, threads or processors())
    return walks, region


def _heights(atlas: Atlas, slope_max: float | None, elevation: str | Path | None) -> Any:
    """Return where elevations are read, before anything long begins."""
    if slope_max is None:
        if elevation is not None:
            raise InputError("给了高程栅格而没有坡度上限，请同时给出 slope_max（命令行 --slope-max）。")
        return None
    if not (np.isfinite(slope_max) and 0 <= slope_max <= _STEEPEST):
        raise InputError(f"坡度上限 {slope_max} 应在 0 到 90 度之间。")
    return elevation if elevation is not None else atlas
