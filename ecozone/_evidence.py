"""Evidence: what a picture of an answer is drawn from.

Shapes come from where they were measured; a report only draws them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone.assessment import Ground, Picture
from ecozone.rules.judge import HIT, NO_DATA, UNDETERMINED, pieces_of
from ecozone.rules.logic import leaves
from ecozone.rules.place import limits, request_of

if TYPE_CHECKING:
    from ecozone._engine import Judged
    from ecozone.atlas import Atlas
    from ecozone.project import Project

#: How far around a part its picture reaches, metres. Zones and belts are cut off there.
VIEW_M = 15_000.0
#: The same in degrees, rounded up (a degree of longitude is 65 km at China's northern end).
VIEW_DEGREES = 0.25
#: Kinds that every picture stands on. Sensitive layers never do.
GROUND = ("admin", "control_unit", "reservoir", "river")


def ground(atlas: Atlas, project: Project, day: dt.date) -> list[Ground]:
    """Return outline, units and waters around a project, whole, as they hold on a day."""
    boxes = shapely.bounds([p.geometry for p in project.parts])
    view = shapely.box(*(boxes + np.array([-1, -1, 1, 1]) * VIEW_DEGREES).T)
    out = []
    for kind in GROUND:
        layer = atlas.at(kind, day)
        if layer is None or layer.sensitive or not len(layer):
            continue
        seen = np.unique(layer.tree.query(view)[1])
        for row in seen[layer.active(day)[seen]].tolist():
            out.append(
                Ground(
                    kind=kind,
                    zone=str(layer.columns["zone"][row]),
                    name=str(layer.columns["name"][row]),
                    attributes={k: v[row] for k, v in layer.columns.items() if v[row] is not None},
                    geometry=layer.geometry[row],
                )
            )
    return out


def pictures(judged: Judged, rows: Sequence[int]) -> list[Picture]:
    """Return the zones that findings of a project's parts stand on, each once a part, with their belts."""
    out: dict[tuple[str, str, int], Picture] = {}
    for j in judged.judgement.rules:
        for part in rows:
            outcome = j.outcome[part]
            if outcome not in (HIT, NO_DATA, UNDETERMINED):
                continue
            pieces = pieces_of(judged.judgement.relations, j.planned.jurisdiction, judged.batch.placed)
            if pieces[part] < 0:
                continue
            for leaf in leaves(j.planned.rule.where):
                _collect(out, judged, j.planned.rule.id, bool(outcome == HIT), leaf, int(pieces[part]), part)
    return list(out.values())


def _collect(
    out: dict[tuple[str, str, int], Picture],
    judged: Judged,
    rule: str,
    hit: bool,
    leaf: Mapping[str, Any],
    piece: int,
    part: int,
) -> None:
    measured = judged.judgement.relations.measured[request_of(leaf)]
    if measured.layer is None:
        return
    shapes = getattr(measured.rows, "shapes", None)
    found = shapes(piece, VIEW_M) if shapes is not None else {}
    belt_m = _belt(judged, leaf, part)
    for row in measured.rows(piece):
        if row.zone not in found:
            continue
        shape = found[row.zone]
        key = (leaf["kind"], row.zone, part)
        before = out.get(key)
        rules = (before.rules if before else ()) + ((rule,) if hit else ())
        drawn, belt = (before.belt_m, before.belt) if before else (None, None)
        firmer = hit and before is not None and not before.rules  # a belt that hits goes before an open one
        if belt_m is not None and (drawn is None or firmer or (belt_m > drawn and (hit or not rules))):
            drawn, belt = belt_m, shape.belt(belt_m)
        out[key] = Picture(
            kind=leaf["kind"],
            zone=row.zone,
            name=row.name,
            attributes=row.attributes,
            near=shape.near,
            shared=shape.shared,
            line=shape.line,
            distance_m=row.distance_m,
            belt_m=drawn,
            belt=belt,
            rules=tuple(dict.fromkeys(rules)),
            part=judged.batch.names[part],
            sensitive=measured.layer.sensitive,
        )


def _belt(judged: Judged, leaf: Mapping[str, Any], part: int) -> float | None:
    """Return the width of the belt a rule measures, metres; None for other relations and for open widths."""
    if leaf["relation"] != "within_distance":
        return None
    width = float(limits(leaf, judged.judgement.table).high[part])
    return width if np.isfinite(width) and width > 0 else None
