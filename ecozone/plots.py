"""Pictures for notebooks: overlaps as a matrix, ground and points by verdict, layers, surfaces.

Every function draws on a matplotlib axis and returns it; Chinese is drawn with a font that has it, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    import geopandas
    import matplotlib.axes
    import pandas

    from ecozone.atlas import Atlas
    from ecozone.raster import Raster

__all__ = ["axis", "layers", "overlap_matrix", "surface", "verdicts"]

#: From the freest to the strictest.
_ORDER = ("clear", "conditional", "undetermined", "restricted", "prohibited")
#: Pixels of a surface drawn at most on a side.
_FINEST = 800


def verdicts(
    frame: geopandas.GeoDataFrame,
    column: Any = "verdict",
    *,
    ax: matplotlib.axes.Axes | None = None,
    title: str = "",
    notice: str | None = None,
) -> matplotlib.axes.Axes:
    """Draw sites or ground in the colours of their verdicts, with how many there are of each.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Points or polygons, e.g. ``where_allowed(…).pieces`` or a screened table.
    column : str or sequence
        The column with the verdicts, or the verdicts themselves.
    ax : matplotlib axis, optional
    title, notice : str
        The notice stands below (示例数据，非法定边界).
    """
    from ecozone.report.style import styles

    found = np.asarray(frame[column] if isinstance(column, str) else column, dtype=object)
    if len(found) != len(frame):
        raise InputError(f"结论有 {len(found)} 个，用地有 {len(frame)} 处，数目不符，请逐行对应。")
    ax = _axis(ax)
    looks = styles().verdicts
    areal = shapely.get_dimensions(np.array(frame.geometry, dtype=object)) == 2
    handles = []
    for verdict in _ORDER:
        mine = found == verdict
        if not mine.any():
            continue
        look = looks[verdict]
        shown = frame[mine]
        if areal[mine].any():
            shown.plot(ax=ax, color=look.colour, alpha=0.75, linewidth=0)
            size = shown.to_crs(_equal_area(frame)).area.sum() / 1e6
            told = f"{look.short} {size:,.1f} 平方公里"
        else:
            shown.plot(ax=ax, color=look.colour, markersize=max(0.2, min(20.0, 4e4 / len(frame))), linewidth=0)
            told = f"{look.short} {int(mine.sum()):,} 处"
        handles.append(_patch(look.colour, told))
    return _finish(ax, handles, title, notice)


def layers(
    atlas: Atlas,
    kinds: Sequence[str],
    *,
    ax: matplotlib.axes.Axes | None = None,
    title: str = "",
    within: Any = None,
) -> matplotlib.axes.Axes:
    """Draw some kinds of an atlas on its outline, in the looks of ecozone's maps.

    Parameters
    ----------
    atlas : Atlas
    kinds : sequence of str
    ax : matplotlib axis, optional
    title : str
    within : shapely geometry, optional
        Ground to show, EPSG:4490.
    """
    from ecozone.report.style import styles

    ax = _axis(ax)
    if "admin" in atlas:
        atlas["admin"].zones.boundary.plot(ax=ax, color="#57606a", linewidth=1)
    handles = []
    for kind in styles().ordered(kinds):
        look, zones = styles().kind(kind), atlas[kind].zones
        if within is not None:
            zones = zones[zones.intersects(within)]
        if len(zones):
            handles.append(_patch(look.inside or look.colour, f"{look.label} {len(zones)} 处"))
            zones.plot(ax=ax, facecolor=look.inside or look.colour, edgecolor=look.colour, alpha=0.6, linewidth=0.8)
    if within is not None:
        west, south, east, north = shapely.bounds(within)
        ax.set_xlim(west, east)
        ax.set_ylim(south, north)
    return _finish(ax, handles, title, atlas.notice)


def overlap_matrix(
    table: pandas.DataFrame,
    *,
    ax: matplotlib.axes.Axes | None = None,
    title: str = "",
    notice: str | None = None,
) -> matplotlib.axes.Axes:
    """Draw overlaps as a matrix: how much of each row's kind lies in each column's.

    Parameters
    ----------
    table : pandas.DataFrame
        From `ecozone.overlaps.overlaps`.
    ax : matplotlib axis, optional
    title, notice : str
    """
    from ecozone.overlaps import pivot

    matrix = pivot(table, "share_a")
    ax = _axis(ax, (0.62 * len(matrix) + 3, 0.5 * len(matrix) + 2))
    shares = matrix.to_numpy()
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(matrix)), matrix.columns, rotation=45, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(matrix)), matrix.index)
    ax.xaxis.tick_top()
    for i, j in zip(*np.nonzero(shares > 0), strict=True):
        share = shares[i, j]
        told = f"{share:.0%}" if share >= 0.01 else "<1%"
        ax.text(j, i, told, ha="center", va="center", fontsize=8, color="white" if share > 0.55 else "#1f2328")
    ax.set_ylabel("这一类")
    ax.set_xlabel("有多少落在" + (f"　　{notice}" if notice else ""))
    ax.set_title(title)
    return ax


def surface(
    raster: Raster, *, surface: str = "", ax: matplotlib.axes.Axes | None = None, title: str = "", within: Any = None
) -> matplotlib.axes.Axes:
    """Draw a raster, or the slope of an elevation raster, thinned to what a picture shows.

    Parameters
    ----------
    raster : Raster
    surface : str
        See `ecozone.raster.statistics`.
    ax : matplotlib axis, optional
    title : str
    within : shapely geometry, optional
        Ground to show, EPSG:4490; None: all of it.
    """
    from ecozone.raster.grid import Grid
    from ecozone.words.rasters import surfaces

    ax = _axis(ax)
    with Grid(raster, surface) as grid:
        rim = shapely.box(0, 0, grid.width, grid.height)
        if within is not None:
            rim = shapely.intersection(rim, shapely.box(*shapely.bounds(grid.to_pixels(np.array([within]))[0])))
        if shapely.is_empty(rim):
            raise InputError("要画的范围不在栅格以内，请核对。")
        x0, y0, x1, y1 = shapely.bounds(rim)
        step = max(1.0, (x1 - x0) / _FINEST, (y1 - y0) / _FINEST)
        columns, rows = (np.arange(a, b, step).astype(np.int64) for a, b in ((x0, x1), (y0, y1)))
        r, c = (m.ravel() for m in np.meshgrid(rows, columns, indexing="ij"))
        values, valid = grid.gather(r, c)
        west, south, east, north = shapely.bounds(grid.to_degrees(np.array([rim]))[0])
    image = np.where(valid, values, np.nan).reshape(len(rows), len(columns))
    drawn = ax.imshow(image, extent=(west, east, south, north), cmap="terrain" if not surface else "YlOrRd")
    ax.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    known = surfaces().get(surface or raster.kind)
    ax.figure.colorbar(drawn, ax=ax, shrink=0.8, label=f"{known.name}（{known.unit}）" if known else "")
    ax.set_title(title)
    return ax


def axis(size: tuple[float, float] = (9.0, 6.5)) -> matplotlib.axes.Axes:
    """Return an axis on which Chinese can be written.

    Parameters
    ----------
    size : pair of float
        Width and height, inches.

    Raises
    ------
    MissingDependencyError
        matplotlib is not installed, or there is no Chinese font.
    """
    return _axis(None, size)


def _axis(ax: Any, size: tuple[float, float] = (9.0, 6.5)) -> Any:
    try:
        import matplotlib as mpl
        import matplotlib.pyplot as plt
        from matplotlib import font_manager
    except ImportError as error:
        raise MissingDependencyError("画图需要 matplotlib：pip install 'ecozone[notebooks]'。") from error
    from ecozone.report.fonts import chinese

    font = chinese(serif=False)
    font_manager.fontManager.addfont(str(font.path))
    families = [f for f in mpl.rcParams["font.sans-serif"] if f != font.family]
    mpl.rcParams["font.family"] = "sans-serif"
    mpl.rcParams["font.sans-serif"] = [font.family, *families]
    mpl.rcParams["axes.unicode_minus"] = False
    return ax if ax is not None else plt.subplots(figsize=size, layout="constrained")[1]


def _patch(colour: str, label: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, label=label, alpha=0.75)


def _finish(ax: Any, handles: Sequence[Any], title: str, notice: str | None) -> Any:
    if handles:
        ax.legend(handles=list(handles), loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)
    ax.set_title(title)
    ax.set_xlabel(notice or "")
    ax.set_ylabel("")
    ax.ticklabel_format(useOffset=False)
    ax.tick_params(labelsize=8)
    return ax


def _equal_area(frame: geopandas.GeoDataFrame) -> str:
    west, south, east, north = frame.total_bounds
    return f"+proj=laea +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +ellps=GRS80"
