"""Evidence: what a picture of an answer is drawn from.

Shapes come from where they were measured; a report only draws them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone.assessment import Ground, Picture
from ecozone.rules.logic import leaves
from ecozone.rules.outcomes import HIT, NO_DATA, UNDETERMINED, pieces_of
from ecozone.rules.place import limits, request_of

if TYPE_CHECKING:
    from ecozone._engine import Judged
    from ecozone.atlas import Atlas
    from ecozone.project import Project
    from ecozone.relation import Measured

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
        seen = np.array(sorted(set(layer.tree.query(view)[1].tolist())), dtype=np.int64)
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
    relations = judged.judgement.relations
    for j in judged.judgement.rules:
        for part in rows:
            if j.outcome[part] not in (HIT, NO_DATA, UNDETERMINED):
                continue
            piece = int(pieces_of(relations, j.planned.jurisdiction, judged.batch.placed)[part])
            for leaf in leaves(j.planned.rule.where) if piece >= 0 else ():
                proposed = bool(j.proposed[part]) and leaf["kind"] in judged.judgement.plan.proposed
                request = request_of(leaf, status="proposed" if proposed else "in_force")
                look = _Look(
                    kind=leaf["kind"],
                    belt_m=_belt(judged, leaf, part),
                    rule=j.planned.rule.id if j.outcome[part] == HIT else None,
                    part=part,
                    name=judged.batch.names[part],
                )
                _collect(out, relations.measured[request], piece, look)
    return list(out.values())


@dataclass(frozen=True)
class _Look:
    """One condition of one rule at one part: what it asks about, and the rule when it hit."""

    kind: str
    belt_m: float | None
    rule: str | None
    part: int
    name: str


def _collect(out: dict[tuple[str, str, int], Picture], measured: Measured, piece: int, look: _Look) -> None:
    shapes = getattr(measured.rows, "shapes", None)
    if measured.layer is None or shapes is None:
        return
    found = shapes(piece, VIEW_M)
    limit = look.belt_m or 0.0
    margin = float(measured.accuracy_m[piece] + measured.extent_m[piece])
    for row in measured.rows(piece):
        if row.distance_m > limit + margin:
            continue  # another condition looked farther
        shape = found[row.zone]
        key = (look.kind, row.zone, look.part)
        before = out.get(key)
        rules = before.rules if before else ()
        drawn, belt = (before.belt_m, before.belt) if before else (None, None)
        hit = look.rule is not None and row.distance_m <= limit
        firmer = hit and not rules  # a belt that hits goes before an open one
        if look.belt_m is not None and (drawn is None or firmer or (look.belt_m > drawn and (hit or not rules))):
            drawn, belt = look.belt_m, shape.belt(look.belt_m)
        out[key] = Picture(
            kind=look.kind,
            zone=row.zone,
            name=row.name,
            attributes=row.attributes,
            near=shape.near,
            shared=shape.shared,
            line=shape.line,
            distance_m=row.distance_m,
            belt_m=drawn,
            belt=belt,
            rules=tuple(dict.fromkeys((*rules, look.rule))) if hit and look.rule else rules,
            part=look.name,
            sensitive=measured.layer.sensitive,
        )


def _belt(judged: Judged, leaf: Mapping[str, Any], part: int) -> float | None:
    """Return the width of the belt a rule measures, metres; None for other relations and for open widths."""
    if leaf["relation"] != "within_distance":
        return None
    width = float(limits(leaf, judged.judgement.table).high[part])
    return width if np.isfinite(width) and width > 0 else None
