"""Leaflet inside the page: a folium map that asks the network for nothing.

folium's own maps load Leaflet, jQuery, Bootstrap and Font Awesome from four content-delivery networks; an office
without internet sees a blank page. Here Leaflet (BSD-2-Clause) comes from an installed package and stands in the page
itself, its images as data. The rest is not needed: `ecozone.report.layers` binds popups and tooltips through Leaflet
alone.

The package is ``django-js-lib-leaflet``: despite its name plain files without any dependency, in a wheel, with Leaflet
1.9.4 byte for byte as published. (``XStatic-Leaflet`` has 1.9.3 and comes as an sdist only; ``jupyter-leaflet`` has
Leaflet inside a bundle that cannot be taken apart.)
"""

from __future__ import annotations

import base64
import functools
import re
from importlib import resources
from typing import Any

import folium
from branca.element import Element, Figure, MacroElement
from jinja2 import Template

from ecozone.report import escape

_PACKAGE = "js_lib_leaflet"
_IMAGES = ("layers.png", "layers-2x.png", "marker-icon.png", "marker-icon-2x.png", "marker-shadow.png")


def _leaflet(name: str) -> bytes:
    return (resources.files(_PACKAGE) / "static" / "js_lib_leaflet" / name).read_bytes()


def _own(name: str) -> str:
    return (resources.files("ecozone.report") / name).read_text(encoding="utf-8")


@functools.cache
def _images() -> dict[str, str]:
    """Return Leaflet's five images as data URLs."""
    return {n: "data:image/png;base64," + base64.b64encode(_leaflet(f"images/{n}")).decode() for n in _IMAGES}


@functools.cache
def leaflet_css() -> str:
    """Return Leaflet's style sheet with its images inside."""
    css = _leaflet("leaflet.css").decode("utf-8")
    for name, url in _images().items():
        css = css.replace(f"url(images/{name})", f"url({url})")
    return re.sub(r"\s*behavior:\s*url\(#default#VML\);", "", css)  # a leftover of Internet Explorer 8


@functools.cache
def leaflet_js() -> str:
    """Return Leaflet's code without the pointer to its source map, and with marker images that need no folder."""
    code = re.sub(r"\n//# sourceMappingURL=.*\s*$", "\n", _leaflet("leaflet.js").decode("utf-8"))
    images = _images()
    icons = {
        "iconUrl": images["marker-icon.png"],
        "iconRetinaUrl": images["marker-icon-2x.png"],
        "shadowUrl": images["marker-shadow.png"],
    }
    return f"{code}\ndelete L.Icon.Default.prototype._getIconUrl;L.Icon.Default.mergeOptions({escape.script(icons)});"


class _Inline(Element):
    """Code or style that stands in the page as it is: no template reads its braces."""

    def __init__(self, tag: str, code: str) -> None:
        super().__init__()
        self._name = "Inline"
        self.tag, self.code = tag, code

    _template = Template("<{{ this.tag }}>\n{{ this.code }}\n</{{ this.tag }}>")


class Helped(MacroElement):
    """An element whose page carries ecozone's own script and style (once, however many such elements it has)."""

    def render(self, **kwargs: Any) -> Any:
        """Render the element, and its helpers into the head of the page."""
        header = _page(self).header
        header.add_child(_Inline("style", _own("map.css")), name="ecozone_css")
        header.add_child(_Inline("script", _own("map.js")), name="ecozone_js")
        return super().render(**kwargs)  # type: ignore[no-untyped-call]


def _page(element: Element) -> Figure:
    page = element.get_root()
    if not isinstance(page, Figure):
        raise TypeError("a folium element is rendered as part of a page (branca's Figure)")
    return page


class OfflineMap(Helped, folium.Map):
    """A `folium.Map` without tiles whose page is complete in itself.

    A tile layer added to it needs a network, as anywhere; markers with folium's own icons need Font Awesome and stay
    empty.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own shape
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, title: str, **options: Any) -> None:
        super().__init__(tiles=None, zoom_control=False, font_size="13px", zoom_snap=0.5, **options)
        self.title = title

    def render(self, **kwargs: Any) -> Any:
        """Render the map into its page, Leaflet first."""
        page = _page(self)
        page.title = escape.text(self.title)
        page.header.add_child(_Inline("style", leaflet_css()), name="leaflet_css")
        page.header.add_child(_Inline("script", leaflet_js()), name="leaflet")
        return super().render(**kwargs)
