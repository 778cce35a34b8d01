"""The public edition of an answer: exact shapes of sensitive layers never leave the house.

Map, page, record and report read the same evidence, so what is generalised here is generalised in all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone.crs import Plane

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Ground, Picture

#: Corners of a sensitive zone move to a grid of so many metres, and what lies farther from the site is cut off.
GRID_M, VIEW_M = 250.0, 3_000.0
MARK = "公开版，示意图：敏感图层已裁切、概化，不得用于量测"


def public(answer: Assessment) -> Assessment:
    """Return an answer for publication.

    Sensitive zones keep their name and what was measured; their shapes are clipped around the site and coarsened,
    and pieces, belts and shortest lines cut from them are left out.
    """
    if answer.edition == "public":
        return answer
    notice = "；".join(filter(None, (answer.context.notice, MARK)))
    return replace(
        answer,
        edition="public",
        context=replace(answer.context, notice=notice),
        _pictures=lambda: [_coarse(p, answer) for p in answer.pictures],
        _scenery=lambda: [_coarse_ground(g, answer) for g in answer.scenery],
    )


def _coarse(picture: Picture, answer: Assessment) -> Picture:
    if not picture.sensitive:
        return picture
    part = next((p for p in answer.project.parts if p.name == picture.part), answer.project.parts[0])
    return replace(
        picture, near=generalised(picture.near, part.geometry), shared=None, line=None, belt=None, belt_m=None
    )  # fmt: skip


def _coarse_ground(ground: Ground, answer: Assessment) -> Ground:
    if not ground.sensitive:
        return ground
    site = shapely.union_all([p.geometry for p in answer.project.parts])
    return replace(ground, geometry=generalised(ground.geometry, site))


def generalised(geometry: Any, site: Any) -> Any:
    """Return a shape clipped to `VIEW_M` around a site and snapped to a grid of `GRID_M`."""
    middle = shapely.centroid(site)
    plane = Plane(float(middle.x), float(middle.y))
    flat, ground = (shapely.transform(g, plane.forward) for g in (geometry, site))
    west, south, east, north = shapely.bounds(ground)
    box = shapely.box(west - VIEW_M, south - VIEW_M, east + VIEW_M, north + VIEW_M)
    near = shapely.intersection(shapely.make_valid(flat), box)
    if shapely.is_empty(near):
        return near
    coarse = shapely.set_precision(shapely.simplify(near, GRID_M / 2), GRID_M)
    if shapely.is_empty(coarse):  # smaller than the grid: a square that holds it
        x, y = (np.floor(v / GRID_M) * GRID_M for v in (shapely.get_x(near.centroid), shapely.get_y(near.centroid)))
        coarse = shapely.box(x, y, x + GRID_M, y + GRID_M)
    return shapely.transform(coarse, plane.inverse)
