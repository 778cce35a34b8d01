"""Grounds that come from a tile service: named by the user, loaded only when somebody ticks them.

A map has none by default. Tianditu stands in CGCS2000 and wants the user's own key. Amap stands in GCJ-02: what a map
*shows* is shifted along with it, what the answer, the record and the layers hold is not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from folium.map import Layer
from jinja2 import Template

from ecozone.errors import InputError, did_you_mean
from ecozone.gcj02 import to_gcj02
from ecozone.report import escape
from ecozone.report.offline import Helped

#: Where Tianditu's key is read from when it is not given.
VARIABLE = "ECOZONE_TIANDITU_KEY"
THEME = "底图"
_TIANDITU = (
    "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)
_AMAP = "https://web{host}0{{s}}.is.autonavi.com/appmaptile?{style}&x={{x}}&y={{y}}&z={{z}}"
_KEY = re.compile(r"[0-9A-Za-z]{8,64}")


@dataclass(frozen=True)
class Ground:
    """One ground.

    Attributes
    ----------
    name : str
        As the user types it.
    label : str
        As the layer control says it.
    urls : tuple of str
        Addresses of tiles, the lowest first, as Leaflet wants them.
    credit : str
        Whose tiles they are.
    subdomains : str
    shifted : bool
        The tiles stand in GCJ-02: what is drawn on them has to be shifted.
    """

    name: str
    label: str
    urls: tuple[str, ...] = field(repr=False)
    credit: str
    subdomains: str
    shifted: bool = False

    @property
    def caption(self) -> str:
        """What the page must say about it."""
        if not self.shifted:
            return ""
        return "为与高德底图（GCJ-02）对齐，图上显示位置已偏移；数据和判定仍为 CGCS2000，未作偏移"

    def shown(self, geometry: Sequence[Any]) -> list[Any]:
        """Return geometries (EPSG:4490) where this ground shows them; the ones given stay as they are."""
        if not self.shifted:
            return list(geometry)
        return [None if g is None else shapely.transform(g, to_gcj02) for g in geometry]


def _tianditu(layers: tuple[str, str], key: str) -> tuple[str, ...]:
    return tuple(_TIANDITU.format(layer=layer, key=key) for layer in layers)


_LABELS: Mapping[str, str] = {
    "tianditu": "天地图 电子地图",
    "tianditu-image": "天地图 影像",
    "amap": "高德 电子地图",
    "amap-image": "高德 影像",
}


def ground(name: str | None, key: str | None = None) -> Ground | None:
    """Return a ground by name.

    Parameters
    ----------
    name : str or None
        ``tianditu``, ``tianditu-image``, ``amap``, ``amap-image``; None for none.
    key : str, optional
        Tianditu's key (天地图“浏览器端”密钥); else the environment variable `VARIABLE`. It stands in the page.

    Raises
    ------
    InputError
        No such ground, or Tianditu without a key.
    """
    if not name:
        return None
    if name not in _LABELS:
        raise InputError(f"没有底图“{name}”{did_you_mean(name, _LABELS)}可用的底图：{'、'.join(_LABELS)}。")
    if name.startswith("tianditu"):
        given = (key or os.environ.get(VARIABLE) or "").strip()
        if not _KEY.fullmatch(given):
            how = "密钥写法有误" if given else "需要本单位自己的密钥"
            raise InputError(
                f"天地图{how}，请在 https://console.tianditu.gov.cn 申请“浏览器端”密钥，"
                f"用 --tianditu-key 给出，或写入环境变量 {VARIABLE}。"
            )
        layers = ("img", "cia") if name.endswith("image") else ("vec", "cva")
        return Ground(name, _LABELS[name], _tianditu(layers, given), "底图：天地图", "01234567")
    road, labels = "lang=zh_cn&size=1&scale=1&style=8", "style=8"
    urls = (
        (_AMAP.format(host="st", style="style=6"), _AMAP.format(host="st", style=labels))
        if name.endswith("image")
        else (_AMAP.format(host="rd", style=road),)
    )
    return Ground(name, _LABELS[name], urls, "底图：高德地图", "1234", shifted=True)


class Tiles(Helped, Layer):
    """A ground as an overlay of a folium map, off until it is ticked.

    A page that opens asks nobody for anything: without a network nothing fails, and with one no tile service learns
    which site is looked at before the reader wants it to.

    Parameters
    ----------
    of : Ground
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = ecozone.ground({{ this._parent.get_name() }}, {{ this.urls }},
                {{ this.options_js }});
        {% endmacro %}
        """
    )

    def __init__(self, of: Ground) -> None:
        key = escape.attributes(class_="eco-key", data_theme=THEME)
        label = f"<span {key}>{escape.text(of.label)} <small>{escape.text('勾选后联网加载')}</small></span>"
        super().__init__(name=label, overlay=True, control=True, show=False)
        self._name = "Tiles"
        self.urls = escape.script(list(of.urls))
        self.options_js = escape.script(
            {"subdomains": of.subdomains, "attribution": escape.text(of.credit), "maxNativeZoom": 18, "maxZoom": 20}
        )
