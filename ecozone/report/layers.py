"""Layers of a folium map that need nothing but Leaflet: zones with tooltips and popups, and what stands around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from folium.map import Layer, LayerControl
from jinja2 import Template

from ecozone.report import escape, legend, shapes
from ecozone.report.offline import Helped
from ecozone.report.style import Style


@dataclass(frozen=True)
class Zone:
    """One thing to draw.

    Attributes
    ----------
    geometry : shapely geometry, EPSG:4490
    style : Style
    tooltip, popup, label : str
        HTML, escaped; `label` lasts, the others come when pointed at or clicked.
    label_class : str
        CSS class of the label.
    radius_m : float or None
        Draw a point as a circle of so many metres.
    key : str
        What a row of the table beside the map calls it.
    """

    geometry: Any
    style: Style
    tooltip: str = ""
    popup: str = ""
    label: str = ""
    label_class: str = "eco-label"
    radius_m: float | None = None
    key: str = ""


class ZoneLayer(Helped, Layer):
    """Zones as one overlay of a folium map.

    Parameters
    ----------
    zones : sequence of Zone
        Later ones are drawn on top.
    geometry : sequence of GeoJSON geometries
        What of each zone is drawn (`ecozone.report.shapes.drawn`).
    key : legend.Key
        What the layer control says.
    show : bool
        On from the start.
    canvas : bool
        Drawn on a canvas, as very many zones have to be.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = ecozone.zones(
                {{ this.data }}, {{ this.looks }}, {{ this._parent.get_name() if this.canvas else "null" }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        zones: Sequence[Zone],
        geometry: Sequence[dict[str, Any] | None],
        key: legend.Key,
        *,
        show: bool = True,
        canvas: bool = False,
    ) -> None:
        super().__init__(name=key.html(), overlay=True, control=True, show=show)
        self._name = "ZoneLayer"
        self.key = key
        self.canvas = canvas
        looks: dict[str, int] = {}
        features = []
        for zone, shape in zip(zones, geometry, strict=True):
            if shape is None:
                continue
            dimension = int(shapely.get_dimensions(zone.geometry))
            row = looks.setdefault(escape.script(zone.style.path(dimension)), len(looks))
            features.append({"type": "Feature", "properties": _properties(zone, row), "geometry": shape})
        self.data = escape.script({"type": "FeatureCollection", "features": features})
        self.looks = f"[{','.join(looks)}]"
        self._bounds = shapes.bounds([z.geometry for z in zones])

    def _get_self_bounds(self) -> list[list[float | None]]:
        return self._bounds or [[None, None], [None, None]]  # type: ignore[return-value]


def _properties(zone: Zone, look: int) -> dict[str, Any]:
    given = {"t": zone.tooltip, "p": zone.popup, "l": zone.label, "r": zone.radius_m, "k": zone.key}
    if zone.label and zone.label_class != "eco-label":
        given["c"] = zone.label_class
    return {"s": look, **{k: v for k, v in given.items() if v}}


class Panel(Helped, LayerControl):
    """Folium's layer control with legend keys under theme headings.

    It is made when all of the page's script has run, so that layers added to the map after it are in it too.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            queueMicrotask(() => ecozone.panel({{ this._parent.get_name() }}, L.control.layers({
                {%- for key, val in this.base_layers.items() %}{{ this.text(key) }}: {{ val }},{% endfor -%}
            }, {
                {%- for key, val in this.overlays.items() %}{{ this.text(key) }}: {{ val }},{% endfor -%}
            }, {collapsed: window.innerWidth < 760, position: {{ this.text(this.options["position"]) }}}),
            {{ this.text(this.title) }}));
        {% endmacro %}
        """
    )

    def __init__(self, title: str) -> None:
        super().__init__(position="topright", collapsed=False)
        self._name = "Panel"
        self.title = title
        self.text = escape.script


class Surroundings(Helped):
    """Title box, table, notice, caption and order of layers.

    Parameters
    ----------
    layers : sequence of ZoneLayer
        From bottom to top.
    title, caption : str
        HTML, escaped.
    notice, table : str
        HTML, escaped; empty for none.
    frame : mapping or None
        ``bounds`` and ``credit`` when the map is ecozone's own; None leaves view and buttons of a given map alone.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {%- set map = this._parent.get_name() %}
            ecozone.box({{ map }}, {{ this.title }}, "topleft");
            {% if this.caption %}ecozone.box({{ map }}, {{ this.caption }}, "bottomleft");{% endif %}
            {% if this.notice %}ecozone.notice({{ map }}, {{ this.notice }});{% endif %}
            ecozone.ordered({{ map }}, [{{ this.order }}]);
            {% if this.table %}ecozone.table({{ map }}, {{ this.table }}, [{{ this.order }}]);{% endif %}
            {% if this.frame %}ecozone.frame({{ map }}, {{ this.frame[0] }}, {{ this.frame[1] }});{% endif %}
        {% endmacro %}
        """
    )

    def __init__(
        self,
        layers: Sequence[ZoneLayer],
        *,
        title: str,
        notice: str = "",
        caption: str = "",
        table: str = "",
        frame: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Surroundings"
        self.title = escape.script(title)
        self.notice = escape.script(notice) if notice else ""
        self.caption = escape.script(caption) if caption else ""
        self.table = escape.script(table) if table else ""
        self.order = ",".join(layer.get_name() for layer in layers)
        self.frame = (escape.script(frame["bounds"]), escape.script(frame["credit"])) if frame else None
