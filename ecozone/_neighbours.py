"""What lies around a project whether or not a rule asks: protection targets, and element zones it lies in.

Measured when somebody reads it: a table of verdicts does not pay for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import kinds
from ecozone._evidence import VIEW_DEGREES
from ecozone.assessment import Ground
from ecozone.relate.nearest import REACHES_M, covered_m, nearest, touched
from ecozone.relate.pieces import Pieces, cut

if TYPE_CHECKING:
    from ecozone.atlas import Atlas
    from ecozone.project import Project

#: Kinds that a table of 环境保护目标 lists, with the column whose values each get a nearest one.
TARGETS: Mapping[str, str | None] = {
    "receptor": "receptor_type",
    "water_source": "grade",
    "river": None,
    "reservoir": None,
    "ecological_redline": None,
    "general_ecological_space": None,
    "national_park": None,
    "nature_reserve": None,
    "nature_park": None,
    "scenic_area": None,
    "wetland": None,
    "germplasm_reserve": None,
    "basic_farmland": None,
    "air_station": None,
    "monitoring_section": None,
}
#: Every receptor within so many metres is listed: the circle for air targets of the report form of 2020 (recalled).
ALL_WITHIN_M = 500.0
#: Kinds of so many small zones that only the nearest is listed, not all that are touched.
MANY = ("basic_farmland",)

#: Kinds that figures show around a site besides its ground (`ecozone._evidence.GROUND`).
SCENERY = ("ecological_redline", "general_ecological_space", "water_source", "river_belt")


def neighbours(atlas: Atlas, project: Project, day: dt.date) -> list[dict[str, Any]]:
    """Return the nearest protection target of each kind as plain JSON values.

    Each entry has ``outcome``: ``found``; ``none`` within `reach_m`; ``no_layer`` on that day. A nearer one may lie
    beyond `covered_m`, where the layer's coverage ends.
    """
    pieces = _ground(atlas, project, day)
    out: list[dict[str, Any]] = []
    for kind, column in TARGETS.items():
        layer = atlas.at(kind, day)
        empty = {
            "kind": kind, "name": kinds.name(kind), "class": None, "zone": None, "zone_name": None, "part": None,
            "bearing": None, "distance_m": None, "overlap_m2": None, "overlap_m": None, "share": None,
            "accuracy_m": None, "covered_m": None, "reach_m": REACHES_M[-1],
            "layer": layer.version if layer else None, "sensitive": bool(layer.sensitive) if layer else False,
        }  # fmt: skip
        if layer is None:
            out.append({**empty, "outcome": "no_layer"})
            continue
        covered = covered_m(pieces, layer)
        within = ALL_WITHIN_M if kind == "receptor" else -1.0 if kind in MANY else 0.0
        found = nearest(pieces, layer, day, column=column, all_within_m=within)
        if not found:
            out.append({**empty, "covered_m": covered, "outcome": "none"})
        for piece, row in found:
            value = row.attributes.get(column) if column else None
            out.append(
                {
                    **empty, "class": kinds.get(kind).label(column, value) if column and value is not None else None,
                    "zone": row.zone, "zone_name": row.name, "part": project.parts[piece].name, "bearing": row.bearing,
                    "distance_m": row.distance_m, "overlap_m2": row.overlap_m2, "overlap_m": row.overlap_m,
                    "share": row.share, "accuracy_m": layer.accuracy_m + project.parts[piece].accuracy_m,
                    "covered_m": covered, "outcome": "found",
                }
            )  # fmt: skip
    return out


def element_zones(atlas: Atlas, project: Project, day: dt.date) -> list[dict[str, Any]] | None:
    """Return the element zones a project lies in; None when the atlas has no such layer on that day."""
    layer = atlas.at("element_zone", day)
    if layer is None:
        return None
    label = kinds.get("element_zone").label
    return [
        {
            "code": row.attributes.get("code"), "name": row.name, "element": row.attributes.get("element"),
            "element_name": label("element", row.attributes.get("element")), "category": row.attributes.get("category"),
            "category_name": label("category", row.attributes.get("category")), "detail": row.attributes.get("detail"),
            "overlap_m2": row.overlap_m2, "overlap_m": row.overlap_m, "share": row.share,
            "part": project.parts[piece].name,
        }
        for piece, row in touched(_ground(atlas, project, day), layer, day)
    ]  # fmt: skip


def scenery(atlas: Atlas, project: Project, day: dt.date) -> list[Ground]:
    """Return the zones of `SCENERY` around a project, cut off where a figure ends (`VIEW_DEGREES`)."""
    west, south, east, north = shapely.total_bounds([p.geometry for p in project.parts]).tolist()
    room = VIEW_DEGREES
    view = shapely.box(west - room, south - room, east + room, north + room)
    out = []
    for kind in SCENERY:
        layer = atlas.at(kind, day)
        if layer is None:
            continue
        seen = np.sort(layer.tree.query(view))
        for row in seen[layer.active(day)[seen]].tolist():
            shape = shapely.intersection(layer.geometry[row], view)
            if not shapely.is_empty(shape):
                columns = {k: v[row] for k, v in layer.columns.items() if v[row] is not None}
                out.append(
                    Ground(kind, str(columns["zone"]), str(columns["name"]), columns, shape, bool(layer.sensitive))
                )
    return out


def _ground(atlas: Atlas, project: Project, day: dt.date) -> Pieces:
    parts = project.parts
    geometry = np.empty(len(parts), dtype=object)
    geometry[:] = [p.geometry for p in parts]
    return cut(
        geometry,
        np.array([p.accuracy_m for p in parts], dtype=float),
        np.array([p.extent_m or 0.0 for p in parts], dtype=float),
        atlas,
        (),
        day,
    )
