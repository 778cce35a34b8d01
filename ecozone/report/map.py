"""The map of an answer, with the zones it stands on. Complete without a network; every value escaped.

Everything drawn comes from the evidence that an `Assessment` carries (`pictures`, `ground`): the belt on the map is the
belt that was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import folium
import shapely

from ecozone import kinds
from ecozone.report import beside, boxes, overlays, popup, shapes, wording
from ecozone.report.layers import Zone
from ecozone.report.overlays import HIDDEN, Plan, of_kind, of_mark
from ecozone.report.style import Style, styles
from ecozone.report.tiles import ground as tiles

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Picture
    from ecozone.rules.finding import Finding

#: Kinds whose ground everybody lies in: a piece cut out of them says nothing.
GROUND = ("admin", "basin", "control_unit", "township")
_BELT_ORDER, _MARK_ORDER = 55, 100
_METRES_PER_DEGREE = 111_000
#: Ground that a map shows around the site at first, metres, however wide the belts are.
_LEAST_ROOM_M, _MOST_ROOM_M = 1000.0, 4000.0


def assessment_map(
    assessment: Assessment,
    m: folium.Map | None = None,
    *,
    ground: str | None = None,
    tianditu_key: str | None = None,
) -> folium.Map:
    """Draw an answer: the site, the zones hit, the ground shared, the nearest distance, the belt as measured.

    Beside it stands a table of the zones: a row finds its zone on the map, a zone its row.

    Parameters
    ----------
    assessment : Assessment
    m : folium.Map, optional
        A map to draw on; its view and its other layers stay as they are. None: a new map without tiles, complete
        without a network.
    ground : str, optional
        A tile service to offer: ``tianditu``, ``tianditu-image``, ``amap``, ``amap-image``. It is loaded when ticked.
        On Amap everything is shown shifted to GCJ-02; the answer keeps its coordinates.
    tianditu_key : str, optional
        Tianditu's key; else the environment variable ``ECOZONE_TIANDITU_KEY``.

    Returns
    -------
    folium.Map
        `m`, or the new map.

    Raises
    ------
    InputError
        No such ground, or Tianditu without a key.
    """
    offered = tiles(ground, tianditu_key)
    rows: dict[str, beside.Row] = {}
    plans = [*_zone_plans(assessment, rows), *_own_plans(assessment)]
    page = overlays.Page(
        title=f"{assessment.project.name}：{styles().verdicts[assessment.verdict].short}",
        box=boxes.assessment_box(assessment),
        notice=assessment.context.notice,
        view=_view(assessment),
        rows=list(rows.values()),
    )
    return overlays.draw(plans, m, page, offered)


# ---- an answer


def _zone_plans(assessment: Assessment, rows: dict[str, beside.Row]) -> list[Plan]:
    """Return one overlay a kind: ground that every picture stands on, and the zones that findings stand on.

    What the table beside the map says of a zone is put into `rows`, by the key of its feature.
    """
    looks = styles()
    told = {f.rule: f for f in reversed(assessment.hits)}
    around: dict[tuple[str, str], list[Picture]] = {}
    for p in assessment.pictures:
        around.setdefault((p.kind, p.zone), []).append(p)
    things = {(g.kind, g.zone): (g.name, g.attributes, g.geometry) for g in assessment.ground}
    for key, found in around.items():
        near = found[0].near if len(found) == 1 else shapely.union_all([p.near for p in found])
        things.setdefault(key, (found[0].name, found[0].attributes, near))
    standing = {g.kind for g in assessment.ground}
    waiting = {w["zone"] for f in assessment.findings if f.outcome == "undetermined" for w in f.where}
    units = {u["code"]: u for u in assessment.units}
    plans: dict[str, Plan] = {}
    for (kind, zone), (name, attributes, geometry) in things.items():
        found = around.get((kind, zone), [])
        rules = {r for p in found for r in p.rules}
        findings = [told[r] for r in reversed(told) if r in rules]  # the farthest pushing first
        hit = bool(findings)
        look = looks.kind(kind).of(attributes)
        plan = plans.setdefault(kind, of_kind(kind, show=kind in standing))
        plan.show = plan.show or hit
        plan.count = (plan.count or 0) + 1
        plan.styles.append(look)
        facts = {_to(p): _distance(p) for p in found}
        drawn = Zone(
            geometry,
            replace(look, weight=look.weight + 1.2) if hit else look,
            tooltip=popup.tip(name, wording.kind_and_look(kind, look.label), *(f"{k} {v}" for k, v in facts.items())),
            popup=popup.zone(
                kind, zone, name, attributes, facts=facts, findings=findings, notice=assessment.context.notice
            ),
            key=f"{kind}-{plan.count}",  # a zone's own id may hold anything
        )
        unit = units.get(zone) if kind == "control_unit" else None
        if unit or (found and kind not in GROUND):
            rows[drawn.key] = beside.Row(
                key=drawn.key,
                name=name,
                kind=wording.kind_and_look(kind, look.label),
                relation=wording.extent(unit) if unit else "；".join(_relation(p, len(found) > 1) for p in found),
                at=_nearest_place(assessment, found, geometry),
                look=look,
                **_standing(found, findings, zone in waiting),
            )
        plan.zones.insert(len(plan.zones) if hit else 0, drawn)
    for kind in ("river", "reservoir"):
        if kind in plans:
            plans[kind].zones.extend(_names(assessment, kind))
    return list(plans.values())


def _own_plans(assessment: Assessment) -> list[Plan]:
    """Return the overlays of the project itself: site, shared ground, nearest distance, belts."""
    marks, notice = styles().marks, assessment.context.notice
    project = assessment.project
    site = of_mark("site", _MARK_ORDER + 3)
    for part in project.parts:
        name = wording.part_name(part.name)
        rows = {"项目": project.name, "建设": wording.project_line(project)}
        if part.name == "site" and project.area_m2 is not None:
            rows["用地面积"] = wording.area(project.area_m2)
        if part.name == "site" and project.length_m is not None:
            rows["长度"] = wording.metres(project.length_m)
        if part.extent_m:
            rows["用地范围"] = f"点位周围 {wording.metres(part.extent_m)}"
            round_it = replace(marks["site"], fill=0.12, dash="5 4", weight=1.5)
            site.zones.append(Zone(part.geometry, round_it, radius_m=part.extent_m))
        words = popup.tip(name, project.name), popup.thing(name, rows, notice)
        if shapely.get_dimensions(part.geometry) == 1:  # a casing, and the line inside
            site.zones.append(Zone(part.geometry, replace(marks["site"], weight=6)))
            site.zones.append(
                Zone(part.geometry, replace(marks["site"], colour=marks["site"].inside, weight=2.5), *words)
            )
        else:
            site.zones.append(Zone(part.geometry, marks["site"], *words))
    shared, line = of_mark("shared", _MARK_ORDER + 4), of_mark("line", _MARK_ORDER + 5)
    belt = of_mark("belt", _BELT_ORDER)
    for p in assessment.pictures:
        rows = {"对象": f"{p.name}（{kinds.name(p.kind)}）", _to(p): _distance(p)}
        if p.rules and p.kind not in GROUND and p.shared is not None and shapely.get_dimensions(p.shared) > 0:
            told = popup.tip(p.name, f"{kinds.name(p.kind)}，{_distance(p)}")
            shared.zones.append(
                Zone(p.shared, _along(marks["shared"], p.shared), told, popup.thing(shared.label, rows, notice))
            )
        if p.belt is not None and p.belt_m is not None:
            said = f"{p.name} {p.belt_m:,.0f} 米距离带"
            look = marks["belt"] if p.rules else replace(marks["belt"], fill=0.03, weight=1)
            state = "已命中的规则按此宽度测算" if p.rules else "有规则按此宽度测算，尚未能判定"
            belt.zones.append(
                Zone(p.belt, look, popup.tip(said, state), popup.thing(said, {**rows, "说明": state}, notice))
            )
    for p in _measured(assessment.pictures):
        line.zones.append(Zone(p.line, marks["line"], label=popup.tip(f"距{p.name} {wording.metres(p.distance_m)}")))
    widths = {p.belt_m for p in assessment.pictures if p.belt is not None}
    if len(widths) == 1:
        belt.label = f"{belt.label}（{widths.pop():,.0f} 米）"
    return [plan for plan in (site, line, shared, belt) if plan.zones]


def _measured(pictures: Sequence[Picture]) -> Iterable[Picture]:
    """Return the pictures whose distance is drawn: all that a distance rule hit, and the nearest of each open kind."""
    apart = [p for p in pictures if p.line is not None and p.belt_m is not None and p.distance_m > 0]
    nearest: dict[tuple[str, str], Picture] = {}
    for p in sorted(apart, key=lambda p: p.distance_m):
        nearest.setdefault((p.kind, p.part), p)
    return (p for p in apart if p.rules or nearest[(p.kind, p.part)] is p)


def _along(look: Style, geometry: Any) -> Style:
    """Draw a line on top of a line broad, so that both are seen."""
    return replace(look, weight=7, fill=0) if shapely.get_dimensions(geometry) == 1 else look


def _to(p: Picture) -> str:
    return f"与{wording.part_name(p.part)}"


def _distance(p: Picture) -> str:
    return f"相距 {wording.metres(p.distance_m)}" if p.distance_m > 0 else "相接或重叠"


def _standing(found: Sequence[Picture], findings: Sequence[Finding], waiting: bool) -> dict[str, Any]:
    """Return what was concluded because of a zone, and its place in the table."""
    away = min((p.distance_m for p in found), default=0.0)
    if not findings:
        return {"effect": "尚未能判定" if waiting else beside.NOTHING, "rank": (1 if waiting else 2, 0, away)}
    worst = findings[0]
    effect = " ".join([worst.effect_text, *(f"［{m}］" for m in worst.marks)])
    return {"effect": effect, "rank": (0, -worst.push, away)}


def _relation(p: Picture, several: bool) -> str:
    return f"{_to(p)}{_distance(p)}" if several else _distance(p)


def _nearest_place(assessment: Assessment, found: Sequence[Picture], geometry: Any) -> Any:
    """Return where a zone is nearest to the project: the end of the line measured, or a point they share."""
    p = min(found, key=lambda p: p.distance_m, default=None)
    if p is not None and p.line is not None and p.distance_m > 0:
        ends = shapely.points(shapely.get_coordinates(p.line)[[0, -1]])
        return ends[int(shapely.distance(ends[0], p.near) > shapely.distance(ends[1], p.near))]
    if p is not None and p.shared is not None and not shapely.is_empty(p.shared):
        return shapely.point_on_surface(p.shared)
    sites = [part.geometry for part in assessment.project.parts]
    within = [g for g in shapely.intersection(sites, geometry) if not shapely.is_empty(g)]
    return shapely.point_on_surface(within[0] if within else geometry)


def _names(assessment: Assessment, kind: str) -> Iterable[Zone]:
    """Return lasting names of waters, where the opening view has room: above the site, else anywhere in it."""
    (south, west), (north, east) = _view(assessment)
    wide, high = east - west, north - south
    upper = shapely.box(west + 0.15 * wide, north - 0.35 * high, east - 0.1 * wide, north - 0.12 * high)
    for g in assessment.ground:
        for window in (upper, shapely.box(west, south, east, north)) if g.kind == kind else ():
            seen = shapely.intersection(g.geometry, window)
            if not shapely.is_empty(seen):
                at = shapely.point_on_surface(seen)
                yield Zone(at, HIDDEN, label=popup.tip(g.name), label_class="eco-place")
                break


def _view(assessment: Assessment) -> list[list[float]]:
    """Return the box a map opens with: the site, what it meets, and something of the belt around it."""
    things = [p.geometry for p in assessment.project.parts]
    for p in assessment.pictures:
        if p.rules:
            things += [p.line] if p.line is not None and p.distance_m > 0 else []
    (south, west), (north, east) = shapes.bounds(things) or [[0.0, 0.0], [0.0, 0.0]]
    widest = max((p.belt_m for p in assessment.pictures if p.rules and p.belt_m), default=_LEAST_ROOM_M)
    room = 1.3 * min(max(widest, _LEAST_ROOM_M), _MOST_ROOM_M) / _METRES_PER_DEGREE
    return [[south - room, west - room], [north + room, east + room]]
