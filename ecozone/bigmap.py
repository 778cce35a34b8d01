"""Maps of very many sites: drawn by the graphics card through lonboard, where folium's HTML gives up.

``pip install 'ecozone[lonboard]'``. A folium map holds some ten thousand features; this one holds millions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    import geopandas
    import lonboard

    from ecozone.atlas import Atlas

#: How solid points, lines and grounds are, 0 to 255.
_ALPHA = {0: 200, 1: 220, 2: 150}


def bigmap(
    frame: geopandas.GeoDataFrame, column: Any = "verdict", *, atlas: Atlas | None = None, basemap: Any = None
) -> lonboard.Map:
    """Return a map widget of sites or ground in the colours of their verdicts.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Points, lines and polygons, in any CRS.
    column : str or sequence
        The column with the verdicts, or the verdicts themselves.
    atlas : Atlas, optional
        Its outline is drawn below.
    basemap : lonboard basemap, optional
        None: nothing is asked of the network.

    Raises
    ------
    MissingDependencyError
        lonboard is not installed.
    InputError
        As many verdicts as sites are needed, and at least one site.
    """
    try:
        from lonboard import Map, PathLayer, PolygonLayer, ScatterplotLayer
    except ImportError as error:
        raise MissingDependencyError(
            "大图层的交互地图需要 lonboard：pip install 'ecozone[lonboard]'；几万个要素以内可用 ecozone.explore。"
        ) from error
    found = np.asarray(frame[column] if isinstance(column, str) else column, dtype=object)
    if not len(frame) or len(found) != len(frame):
        raise InputError(f"结论有 {len(found)} 个，用地有 {len(frame)} 处，应当逐行对应且不为空。")
    layers: list[Any] = []
    if atlas is not None and "admin" in atlas:
        outline = atlas["admin"].zones[["name", "geometry"]].to_crs(4326)
        outline.geometry = outline.boundary
        layers.append(PathLayer.from_geopandas(outline, get_color=[87, 96, 106, 255], width_min_pixels=2))
    shown = frame[[frame.geometry.name]].assign(结论=[str(v) for v in found]).to_crs(4326)
    dimension = shapely.get_dimensions(np.array(shown.geometry, dtype=object))
    for d in (2, 1, 0):
        mine = dimension == d
        if not mine.any():
            continue
        colours = _colours(found[mine], _ALPHA[d])
        part = shown[mine]
        if d == 2:
            layers.append(PolygonLayer.from_geopandas(part, get_fill_color=colours, stroked=False))
        elif d == 1:
            layers.append(PathLayer.from_geopandas(part, get_color=colours, width_min_pixels=2))
        else:
            layers.append(ScatterplotLayer.from_geopandas(part, get_fill_color=colours, radius_min_pixels=1.5))
    return Map(layers, basemap=basemap)


def _colours(verdicts: Any, alpha: int) -> Any:
    """Return red, green, blue and alpha of each verdict, as bytes."""
    from ecozone.report.style import styles

    looks = styles().verdicts
    table = {v: [int(b.colour[i : i + 2], 16) for i in (1, 3, 5)] for v, b in looks.items()}
    other = table["undetermined"]
    return np.array([[*table.get(v, other), alpha] for v in verdicts], dtype=np.uint8)
