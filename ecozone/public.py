"""The public edition of an answer: exact shapes of sensitive layers never leave the house.

Map, page, record and report read the same evidence, so what is generalised here is generalised in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.crs import Plane

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Ground, Picture

#: Corners of a sensitive zone move to a grid of so many metres, and what lies farther from the site is cut off.
GRID_M, VIEW_M = 250.0, 3_000.0
#: Kinds whose outlines follow those of sensitive layers: coarsened too, though not clipped.
FOLLOWING = ("control_unit", "element_zone", "general_ecological_space")
MARK = "公开版，示意图：敏感图层已裁切、概化，不得用于量测"


def public(answer: Assessment) -> Assessment:
    """Return an answer for publication.

    Sensitive zones keep their name and what was measured; their shapes are clipped around the site and coarsened,
    and pieces, belts and shortest lines cut from them are left out. Zones drawn along them are coarsened too.
    """
    if answer.edition == "public":
        return answer
    notice = "；".join(filter(None, (answer.context.notice, MARK)))
    return replace(
        answer,
        edition="public",
        context=replace(answer.context, notice=notice),
        _pictures=lambda: [_coarse(p, answer) for p in answer.pictures],
        _ground=lambda: [_coarse_ground(g, answer) for g in answer.ground],
        _scenery=lambda: [_coarse_ground(g, answer) for g in answer.scenery],
    )


def _coarse(picture: Picture, answer: Assessment) -> Picture:
    if not picture.sensitive and picture.kind not in FOLLOWING:
        return picture
    near = generalised(picture.near, _site(answer), clip=picture.sensitive)
    return replace(picture, near=near, shared=None, line=None, belt=None, belt_m=None)


def _coarse_ground(ground: Ground, answer: Assessment) -> Ground:
    if not ground.sensitive and ground.kind not in FOLLOWING:
        return ground
    return replace(ground, geometry=generalised(ground.geometry, _site(answer), clip=ground.sensitive))


def _site(answer: Assessment) -> Any:
    return shapely.union_all([p.geometry for p in answer.project.parts])


def generalised(geometry: Any, site: Any, *, clip: bool = True) -> Any:
    """Return a shape snapped to a grid of `GRID_M`, and clipped to `VIEW_M` around a site."""
    near = geometry
    if clip:
        plane = _plane(site)
        west, south, east, north = shapely.bounds(shapely.transform(site, plane.forward))
        window = shapely.box(west - VIEW_M, south - VIEW_M, east + VIEW_M, north + VIEW_M)
        flat = shapely.make_valid(shapely.transform(geometry, plane.forward))
        near = shapely.transform(shapely.intersection(flat, window), plane.inverse)
    return near if shapely.is_empty(near) else coarse([near], site)[0]


def coarse(geometry: Sequence[Any] | NDArray[Any], site: Any) -> NDArray[Any]:
    """Return shapes (EPSG:4490) whose corners stand on a grid of `GRID_M` in the plane of a site.

    One that is smaller than the grid becomes a square of it that holds its middle.
    """
    plane = _plane(site)
    flat = shapely.make_valid(shapely.transform(np.asarray(geometry, dtype=object), plane.forward))
    snapped = shapely.set_precision(shapely.simplify(flat, GRID_M / 2), GRID_M)
    lost = shapely.is_empty(snapped) & ~shapely.is_empty(flat)
    if lost.any():
        middle = shapely.centroid(flat[lost])
        x, y = (np.floor(f(middle) / GRID_M) * GRID_M for f in (shapely.get_x, shapely.get_y))
        snapped[lost] = shapely.box(x, y, x + GRID_M, y + GRID_M)
    return np.asarray(shapely.transform(snapped, plane.inverse), dtype=object)


def _plane(site: Any) -> Plane:
    middle = shapely.centroid(site)
    return Plane(float(middle.x), float(middle.y))
