"""From what a map is to show to the layers of a folium map: one overlay a kind, and what stands around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import folium
import shapely

from ecozone._version import __version__
from ecozone.report import beside, boxes, legend, shapes
from ecozone.report.layers import Panel, Surroundings, Zone, ZoneLayer
from ecozone.report.offline import OfflineMap
from ecozone.report.style import Style, styles
from ecozone.report.tiles import Ground, Tiles

#: Heading of what belongs to the project itself.
OWN = "本项目"
#: A zone that only carries a name.
HIDDEN = Style(label="", colour="#000000", fill=0, weight=0)
#: Colour of a region's own ground on a map without tiles.
PAPER = "#fdfcf8"
#: More zones than this are drawn on a canvas: an SVG of so many parts would stutter.
_CANVAS = 1500


@dataclass
class Plan:
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
        shown = [z.geometry for z in self.zones if z.style is not HIDDEN]
        dimension = max((int(shapely.get_dimensions(g)) for g in shown), default=2)
        looks = list(dict.fromkeys(s.label for s in self.styles))
        each = [next(s for s in self.styles if s.label == label) for label in looks]
        return legend.Key(self.theme, self.label, each, dimension, self.count)


@dataclass(frozen=True)
class Page:
    """What stands around the overlays.

    Attributes
    ----------
    title : str
        Of the page, not yet escaped.
    box, notice : str
        HTML of the title box; text of the notice.
    view : list or None
        What a new map opens with.
    rows : sequence of Row
        The table beside the map.
    """

    title: str
    box: str
    notice: str | None
    view: list[list[float]] | None
    rows: Sequence[beside.Row] = ()


def of_kind(kind: str, *, show: bool) -> Plan:
    """Return an empty overlay for the zones of a kind."""
    looks = styles()
    look = looks.kind(kind)
    theme, down, key = looks.rank(kind)
    return Plan(looks.theme(kind), look.label, look.order, (theme + 1, down, key), show)


def of_mark(mark: str, order: float) -> Plan:
    """Return an empty overlay for something of the project's own: site, line, belt."""
    look = styles().marks[mark]
    place = list(styles().marks).index(mark)
    return Plan(OWN, look.label, order, (0, place, mark), show=True, styles=[look])


def in_force(look: Style, attributes: Mapping[str, Any]) -> Style:
    """Return the look of a zone, dotted and faint when it is proposed or revoked."""
    return look if attributes.get("status") == "in_force" else replace(look, dash="2 5", fill=look.fill / 2)


def draw(plans: Sequence[Plan], m: folium.Map | None, page: Page, ground: Ground | None = None) -> folium.Map:
    """Turn overlays into layers of a map, with title, notice, legend, table and caption.

    Parameters
    ----------
    plans : sequence of Plan
    m : folium.Map or None
        A map to draw on; None: a new one without tiles, complete without a network.
    page : Page
    ground : Ground, optional
        A tile service to offer. On one in GCJ-02 everything is shown shifted; the plans keep their coordinates.
    """
    looks = styles()
    own = m is None
    view = _shown_view(page.view, ground)
    if m is None:
        _paper(plans)
        (south, west), (north, east) = view
        m = OfflineMap(page.title, location=[(south + north) / 2, (west + east) / 2], zoom_start=12)
    shown = [z.geometry for p in plans for z in p.zones]
    ready = shapes.drawn(ground.shown(shown) if ground else shown)
    canvas = len(shown) > _CANVAS
    layers: dict[int, ZoneLayer] = {}
    start = 0
    for i, plan in enumerate(plans):
        stop = start + len(plan.zones)
        layers[i] = ZoneLayer(plan.zones, ready.geometry[start:stop], plan.key(), show=plan.show, canvas=canvas)
        start = stop
    for i in sorted(layers, key=lambda i: plans[i].rank):
        m.add_child(layers[i])
    if ground:
        m.add_child(Tiles(ground))
    if not any(isinstance(child, folium.LayerControl) for child in m._children.values()):
        m.add_child(Panel("图例与图层"))
    places = [r.at for r in page.rows]
    m.add_child(
        Surroundings(
            [layers[i] for i in sorted(layers, key=lambda i: plans[i].order)],
            title=page.box,
            notice=boxes.notice_box(page.notice),
            caption=boxes.caption(looks.label, ready.caption, ground.caption if ground else ""),
            table=beside.table(page.rows, ground.shown(places) if ground else places, title="涉及和邻近的分区"),
            frame={"bounds": view, "credit": f"Leaflet | ecozone {__version__}"} if own else None,
        )
    )
    return m


def _shown_view(view: list[list[float]] | None, ground: Ground | None) -> list[list[float]]:
    (south, west), (north, east) = view or [[18.0, 73.0], [54.0, 135.0]]
    box = shapely.box(west, south, east, north)
    return shapes.bounds(ground.shown([box]) if ground else [box]) or [[south, west], [north, east]]


def _paper(plans: Sequence[Plan]) -> None:
    """On a map without tiles, the region's own ground is paper and everything beyond it grey."""
    for plan in plans:
        if plan.order == styles().kind("admin").order:
            plan.zones = [replace(z, style=replace(z.style, fill=1.0, inside=PAPER)) for z in plan.zones]
