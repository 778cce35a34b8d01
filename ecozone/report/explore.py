"""An atlas on a map: every layer of it, under its theme, complete without a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import folium
import shapely

from ecozone.errors import AtlasError, did_you_mean
from ecozone.public import FOLLOWING, MARK, coarse
from ecozone.report import boxes, overlays, popup, shapes, wording
from ecozone.report.layers import Zone
from ecozone.report.style import styles
from ecozone.report.tiles import ground as tiles

if TYPE_CHECKING:
    from ecozone.atlas import Atlas
    from ecozone.layer import Layer


def explore(
    atlas: Atlas,
    m: folium.Map | None = None,
    *,
    kinds: Iterable[str] | None = None,
    public: bool = False,
    ground: str | None = None,
    tianditu_key: str | None = None,
) -> folium.Map:
    """Draw the layers of an atlas, newest versions, one overlay a kind, themes in the layer control.

    Shapes with very many vertices are simplified for display, and the map says so; nothing of it goes back into the
    atlas.

    Parameters
    ----------
    atlas : Atlas
    m : folium.Map, optional
        A map to draw on; its view and its other layers stay as they are. None: a new map without tiles, complete
        without a network.
    kinds : iterable of str, optional
        Only these kinds of layers.
    public : bool
        Sensitive layers, and those drawn along them, coarsened; the map is marked 示意图.
    ground : str, optional
        A tile service to offer: ``tianditu``, ``tianditu-image``, ``amap``, ``amap-image``. It is loaded when ticked.
        On Amap everything is shown shifted to GCJ-02; the atlas keeps its coordinates.
    tianditu_key : str, optional
        Tianditu's key; else the environment variable ``ECOZONE_TIANDITU_KEY``.

    Returns
    -------
    folium.Map
        `m`, or the new map.

    Raises
    ------
    AtlasError
        The atlas has no layer of such a kind.
    InputError
        No such ground, or Tianditu without a key.
    """
    wanted = list(atlas.kinds) if kinds is None else list(kinds)
    for kind in wanted:
        if kind not in atlas.kinds:
            raise AtlasError(
                f"图集“{atlas.name}”没有图层“{kind}”{did_you_mean(kind, atlas.kinds)}"
                f"已有：{'、'.join(atlas.kinds) or '无'}。"
            )
    plans = [_layer(atlas[k], public=public) for k in styles().ordered(wanted) if len(atlas[k])]
    outline = atlas["admin"].geometry if "admin" in atlas else [z.geometry for p in plans for z in p.zones]
    page = overlays.Page(
        title=f"{atlas.name}：图集",
        box=boxes.atlas_box(atlas, wanted),
        notice="；".join(filter(None, (atlas.notice, MARK if public else None))) or None,
        view=shapes.bounds(list(outline)),
    )
    return overlays.draw(plans, m, page, tiles(ground, tianditu_key))


def _layer(layer: Layer, *, public: bool) -> overlays.Plan:
    look = styles().kind(layer.kind)
    plan = overlays.of_kind(layer.kind, show=look.show)
    plan.count = len(layer)
    columns = {k: v.tolist() for k, v in layer.columns.items()}
    geometry = layer.geometry
    if public and (layer.sensitive or layer.kind in FOLLOWING):
        geometry = coarse(geometry, shapely.box(*shapely.total_bounds(geometry)))
    for row, shape in enumerate(geometry):
        attributes = {k: v[row] for k, v in columns.items() if v[row] is not None}
        mine = overlays.in_force(look.of(attributes), attributes)
        plan.styles.append(mine)
        zone, name = str(attributes["zone"]), str(attributes.get("name") or attributes["zone"])
        plan.zones.append(
            Zone(
                shape,
                mine,
                tooltip=popup.tip(name, wording.kind_and_look(layer.kind, mine.label)),
                popup=popup.zone(layer.kind, zone, name, attributes, notice=layer.notice),
            )
        )
    return plan
