"""Maps: an answer with the zones it stands on, and an atlas. Complete without a network; every value escaped.

Everything drawn comes from the evidence that an `Assessment` carries (`pictures`, `ground`): the belt on the map is the
belt that was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import folium
import shapely

from ecozone import kinds
from ecozone._version import __version__
from ecozone.report import boxes, legend, popup, shapes, wording
from ecozone.report.layers import Panel, Surroundings, Zone, ZoneLayer
from ecozone.report.offline import OfflineMap
from ecozone.report.style import Style, styles

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Picture
    from ecozone.atlas import Atlas
    from ecozone.layer import Layer

#: Kinds whose ground everybody lies in: a piece cut out of them says nothing.
GROUND = ("admin", "basin", "control_unit", "township")
#: Heading of what belongs to the project itself.
OWN = "本项目"
_BELT_ORDER, _MARK_ORDER = 55, 100
#: More zones than this are drawn on a canvas: an SVG of so many parts would stutter.
_CANVAS = 1500
_METRES_PER_DEGREE = 111_000
#: Ground that a map shows around the site at first, metres, however wide the belts are.
_LEAST_ROOM_M, _MOST_ROOM_M = 1000.0, 4000.0
_HIDDEN = Style(label="", colour="#000000", fill=0, weight=0)


@dataclass
class _Plan:
    """One overlay before it is drawn: what stands in it, and where."""

    theme: str
    label: str
    order: float
    rank: tuple[int, int, str]
    show: bool
    zones: list[Zone] = field(default_factory=list)
    styles: list[Style] = field(default_factory=list)
    count: int | None = None

    def key(self) -> legend.Key:
        """Return its line in the layer control."""
        shown = [z.geometry for z in self.zones if z.style is not _HIDDEN]
        dimension = max((int(shapely.get_dimensions(g)) for g in shown), default=2)
        looks = list(dict.fromkeys(s.label for s in self.styles))
        each = [next(s for s in self.styles if s.label == label) for label in looks]
        return legend.Key(self.theme, self.label, each, dimension, self.count)


def assessment_map(assessment: Assessment, m: folium.Map | None = None) -> folium.Map:
    """Draw an answer: the site, the zones hit, the ground shared, the nearest distance, the belt as measured.

    Parameters
    ----------
    assessment : Assessment
    m : folium.Map, optional
        A map to draw on; its view and its other layers stay as they are. None: a new map without tiles, complete
        without a network.

    Returns
    -------
    folium.Map
        `m`, or the new map.
    """
    plans = [*_zone_plans(assessment), *_own_plans(assessment)]
    own = m is None
    if own:
        plans = _paper(plans)
    project = assessment.project
    return _drawn(
        plans,
        m,
        title=f"{project.name}：{styles().verdicts[assessment.verdict].short}",
        box=boxes.assessment_box(assessment),
        notice=assessment.context.notice,
        view=_view(assessment),
    )


def atlas_map(atlas: Atlas, m: folium.Map | None = None) -> folium.Map:
    """Draw the layers of an atlas, newest versions, themes in the layer control.

    Parameters
    ----------
    atlas : Atlas
    m : folium.Map, optional
        A map to draw on. None: a new map without tiles, complete without a network.
    """
    looks = styles()
    plans = [_layer_plan(atlas[k]) for k in looks.ordered(atlas.kinds) if len(atlas[k])]
    outline = atlas["admin"].geometry if "admin" in atlas else [z.geometry for p in plans for z in p.zones]
    return _drawn(
        _paper(plans) if m is None else plans,
        m,
        title=f"{atlas.name}：图集",
        box=boxes.atlas_box(atlas),
        notice=atlas.notice,
        view=shapes.bounds(list(outline)),
    )


# ---- an answer


def _zone_plans(assessment: Assessment) -> list[_Plan]:
    """Return one overlay a kind: ground that every picture stands on, and the zones that findings stand on."""
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
    plans: dict[str, _Plan] = {}
    for (kind, zone), (name, attributes, geometry) in things.items():
        found = around.get((kind, zone), [])
        rules = {r for p in found for r in p.rules}
        findings = [told[r] for r in reversed(told) if r in rules]  # the farthest pushing first
        hit = bool(findings)
        look = looks.kind(kind).of(attributes)
        plan = plans.setdefault(kind, _plan(kind, show=kind in standing))
        plan.show = plan.show or hit
        plan.count = (plan.count or 0) + 1
        plan.styles.append(look)
        facts = {_to(p): _distance(p) for p in found}
        drawn = Zone(
            geometry,
            replace(look, weight=look.weight + 1.2) if hit else look,
            tooltip=popup.tip(name, _sub(kind, look), *(f"{k} {v}" for k, v in facts.items())),
            popup=popup.zone(
                kind, zone, name, attributes, facts=facts, findings=findings, notice=assessment.context.notice
            ),
        )
        plan.zones.insert(len(plan.zones) if hit else 0, drawn)
    for kind in ("river", "reservoir"):
        if kind in plans:
            plans[kind].zones.extend(_names(assessment, kind))
    return list(plans.values())


def _own_plans(assessment: Assessment) -> list[_Plan]:
    """Return the overlays of the project itself: site, shared ground, nearest distance, belts."""
    marks, notice = styles().marks, assessment.context.notice
    project = assessment.project
    site = _mark("site", _MARK_ORDER + 3)
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
    shared, line = _mark("shared", _MARK_ORDER + 4), _mark("line", _MARK_ORDER + 5)
    belt = _mark("belt", _BELT_ORDER)
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


def _sub(kind: str, look: Style) -> str:
    return kinds.name(kind) if look.label == kinds.name(kind) else f"{kinds.name(kind)} · {look.label}"


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
                yield Zone(at, _HIDDEN, label=popup.tip(g.name), label_class="eco-place")
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


# ---- an atlas


def _layer_plan(layer: Layer) -> _Plan:
    look = styles().kind(layer.kind)
    plan = _plan(layer.kind, show=look.show)
    plan.count = len(layer)
    columns = {k: v.tolist() for k, v in layer.columns.items()}
    for row, geometry in enumerate(layer.geometry):
        attributes = {k: v[row] for k, v in columns.items() if v[row] is not None}
        mine = look.of(attributes)
        if attributes.get("status") != "in_force":
            mine = replace(mine, dash="2 5", fill=mine.fill / 2)
        plan.styles.append(mine)
        zone, name = str(attributes["zone"]), str(attributes.get("name") or attributes["zone"])
        plan.zones.append(
            Zone(
                geometry,
                mine,
                tooltip=popup.tip(name, _sub(layer.kind, mine)),
                popup=popup.zone(layer.kind, zone, name, attributes, notice=layer.notice),
            )
        )
    return plan


# ---- drawing


def _plan(kind: str, *, show: bool) -> _Plan:
    looks = styles()
    look = looks.kind(kind)
    theme, down, key = looks.rank(kind)
    return _Plan(looks.theme(kind), look.label, look.order, (theme + 1, down, key), show)


def _mark(mark: str, order: float) -> _Plan:
    look = styles().marks[mark]
    place = list(styles().marks).index(mark)
    return _Plan(OWN, look.label, order, (0, place, mark), show=True, styles=[look])


def _paper(plans: Sequence[_Plan]) -> list[_Plan]:
    """On a map without tiles, the region's own ground is paper and everything beyond it grey."""
    for plan in plans:
        if plan.order == styles().kind("admin").order:
            plan.zones = [replace(z, style=replace(z.style, fill=1.0, inside="#fdfcf8")) for z in plan.zones]
    return list(plans)


def _drawn(
    plans: Sequence[_Plan],
    m: folium.Map | None,
    *,
    title: str,
    box: str,
    notice: str | None,
    view: list[list[float]] | None,
) -> folium.Map:
    """Turn overlays into layers of a map, with title, notice, legend and caption."""
    looks = styles()
    own = m is None
    if m is None:
        zones = sum(len(p.zones) for p in plans)
        (south, west), (north, east) = view or [[18.0, 73.0], [54.0, 135.0]]
        m = OfflineMap(
            title, location=[(south + north) / 2, (west + east) / 2], zoom_start=12, prefer_canvas=zones > _CANVAS
        )
        view = [[south, west], [north, east]]
    ready = shapes.drawn([z.geometry for p in plans for z in p.zones])
    layers: dict[int, ZoneLayer] = {}
    start = 0
    for i, plan in enumerate(plans):
        stop = start + len(plan.zones)
        layers[i] = ZoneLayer(plan.zones, ready.geometry[start:stop], plan.key(), show=plan.show)
        start = stop
    for i in sorted(layers, key=lambda i: plans[i].rank):
        m.add_child(layers[i])
    if not any(isinstance(child, folium.LayerControl) for child in m._children.values()):
        m.add_child(Panel("图例与图层"))
    m.add_child(
        Surroundings(
            [layers[i] for i in sorted(layers, key=lambda i: plans[i].order)],
            title=box,
            notice=boxes.notice_box(notice),
            caption=boxes.caption(looks.label, ready.caption),
            frame={"bounds": view, "credit": f"Leaflet | ecozone {__version__}"} if own else None,
        )
    )
    return m
