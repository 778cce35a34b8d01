"""How much of each kind lies in each other kind: what a planner asks of an atlas before any project comes.

Zones of one kind are dissolved first, so that a share never exceeds 100 %; areas are those of the CGCS2000 ellipsoid,
in an equal-area plane centred on the atlas, with edges cut to 500 m along the geodesic as everywhere in ecozone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs, measure
from ecozone import kinds as registry
from ecozone.errors import LayerError, did_you_mean

if TYPE_CHECKING:
    import geopandas
    import pandas

    from ecozone.atlas import Atlas
    from ecozone.crs import Plane
    from ecozone.layer import Layer

_AREA = 2
#: Columns of the table that `overlaps` returns.
COLUMNS = ("kind_a", "kind_b", "overlap_m2", "share_a", "share_b")


def overlaps(atlas: Atlas, kinds: Sequence[str] | None = None, *, as_of: dt.date | None = None) -> pandas.DataFrame:
    """Return how much of each kind lies in each other kind.

    Parameters
    ----------
    atlas : Atlas
    kinds : sequence of str, optional
        Kinds to compare, e.g. ``["ecological_redline", "basic_farmland"]``. None: all that have areas.
    as_of : datetime.date, optional
        Layer versions and zones that hold on that day. None: the newest version of each layer.

    Returns
    -------
    pandas.DataFrame
        One row for every ordered pair of kinds, also of a kind with itself, with columns ``kind_a``, ``kind_b``,
        ``overlap_m2`` (square metres on the ellipsoid), ``share_a`` and ``share_b`` (of the dissolved area of either
        kind, 0 to 1). Only zones in force count; kinds without areas are left out.

    Raises
    ------
    LayerError
        The atlas has no layer of a kind that was asked for.

    Examples
    --------
    >>> table = atlas.overlaps(["ecological_redline", "basic_farmland"])  # doctest: +SKIP
    >>> pivot(table, "share_a")  # doctest: +SKIP
    """
    import pandas as pd

    shapes = _areas(atlas, kinds, as_of)
    plane = _plane([g for g, _ in shapes.values()])
    dissolved = {kind: _dissolve(geometry, plane) for kind, (geometry, _) in shapes.items()}
    whole = {kind: float(shapely.area(parts).sum()) for kind, parts in dissolved.items()}
    rows = []
    order = list(dissolved)
    for i, a in enumerate(order):
        for b in order[i:]:
            shared = whole[a] if a == b else _shared(dissolved[a], dissolved[b])
            rows.append((a, b, shared, _share(shared, whole[a]), _share(shared, whole[b])))
            if a != b:
                rows.append((b, a, shared, _share(shared, whole[b]), _share(shared, whole[a])))
    place = {kind: i for i, kind in enumerate(order)}
    rows.sort(key=lambda row: (place[row[0]], place[row[1]]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def overlap_pieces(atlas: Atlas, a: str, b: str, *, as_of: dt.date | None = None) -> geopandas.GeoDataFrame:
    """Return the ground that zones of two kinds share, piece by piece.

    Parameters
    ----------
    atlas : Atlas
    a, b : str
        Two kinds.
    as_of : datetime.date, optional
        See `overlaps`.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for every pair of zones that share ground, largest first, in EPSG:4490: ``zone_a``, ``name_a``,
        ``zone_b``, ``name_b``, ``overlap_m2``, ``share_a``, ``share_b`` (of the two zones' own areas). Where zones of
        one kind overlap each other, their pieces do too: the sum may exceed what `overlaps` says.
    """
    import geopandas

    shapes = _areas(atlas, [a, b], as_of)
    if a not in shapes or b not in shapes:
        none: dict[str, list[Any]] = {
            c: [] for c in ("zone_a", "name_a", "zone_b", "name_b", "overlap_m2", "share_a", "share_b")
        }
        return geopandas.GeoDataFrame(none, geometry=[], crs=crs.GEOGRAPHIC)
    (left, left_names), (right, right_names) = shapes[a], shapes[b]
    plane = _plane([left, right])
    flat_a, flat_b = measure.to_plane(left, plane), measure.to_plane(right, plane)
    i, j = shapely.STRtree(flat_b).query(flat_a, predicate="intersects")
    shared = _only_areas(shapely.intersection(flat_a[i], flat_b[j]))
    size = shapely.area(shared)
    keep = np.flatnonzero(size > 0)
    keep = keep[np.argsort(-size[keep], kind="stable")]
    i, j, shared, size = i[keep], j[keep], shared[keep], size[keep]
    return geopandas.GeoDataFrame(
        {
            "zone_a": left_names[i, 0],
            "name_a": left_names[i, 1],
            "zone_b": right_names[j, 0],
            "name_b": right_names[j, 1],
            "overlap_m2": size,
            "share_a": np.minimum(size / shapely.area(flat_a[i]), 1.0),
            "share_b": np.minimum(size / shapely.area(flat_b[j]), 1.0),
        },
        geometry=list(shapely.transform(shared, plane.inverse)),
        crs=crs.GEOGRAPHIC,
    )


def pivot(table: pandas.DataFrame, values: str = "share_a", *, chinese: bool = True) -> pandas.DataFrame:
    """Turn the long table into a matrix, rows ``kind_a`` and columns ``kind_b``.

    Parameters
    ----------
    table : pandas.DataFrame
        From `overlaps`.
    values : str
        ``share_a`` (of the row's kind, how much lies in the column's), ``share_b`` or ``overlap_m2``.
    chinese : bool
        Name rows and columns as officers do.
    """
    order = list(dict.fromkeys(table["kind_a"]))
    matrix = table.pivot(index="kind_a", columns="kind_b", values=values).loc[order, order]
    return matrix.rename(index=registry.name, columns=registry.name) if chinese else matrix


def _areas(
    atlas: Atlas, kinds: Iterable[str] | None, as_of: dt.date | None
) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """Return for each kind its polygons in force, and their ids and names; kinds without any are left out."""
    wanted = list(atlas.kinds if kinds is None else dict.fromkeys(kinds))
    for kind in wanted:
        if kind not in atlas:
            raise LayerError(
                f"图集“{atlas.name}”没有图层“{registry.name(kind)}”{did_you_mean(kind, atlas.kinds)}"
                f"已有的图层：{'、'.join(atlas.kinds)}。"
            )
    out = {}
    for kind in wanted:
        layer: Layer | None = atlas[kind] if as_of is None else atlas.at(kind, as_of)
        if layer is None:
            continue
        held = layer.columns["status"] == "in_force" if as_of is None else layer.active(as_of)
        rows = np.flatnonzero(held & (shapely.get_dimensions(layer.geometry) == _AREA))
        if len(rows):
            words = np.column_stack([layer.columns["zone"][rows], layer.columns["name"][rows]])
            out[kind] = (layer.geometry[rows], words)
    return out


def _plane(geometry: Sequence[NDArray[Any]]) -> Plane:
    """Return one equal-area plane in the middle of everything."""
    if not geometry:
        return crs.Plane(105.0, 35.0)
    west, south, east, north = shapely.total_bounds(np.concatenate(list(geometry))).tolist()
    return crs.Plane((west + east) / 2, (south + north) / 2)


def _dissolve(geometry: NDArray[Any], plane: Plane) -> NDArray[Any]:
    """Return the zones of one kind as polygons that share no ground."""
    return np.asarray(shapely.get_parts(shapely.union_all(measure.to_plane(geometry, plane))))


def _shared(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return the area that two sets of disjoint polygons share.

    Most pairs of an atlas lie whole in one another (a parcel in a county): those need no intersection.
    """
    tree_a, tree_b = shapely.STRtree(a), shapely.STRtree(b)
    inside_b = np.zeros(len(a), dtype=bool)
    inside_a = np.zeros(len(b), dtype=bool)
    inside_a[tree_b.query(a, predicate="covers")[1]] = True
    inside_b[tree_a.query(b, predicate="covers")[1]] = True
    total = float(shapely.area(a[inside_b]).sum() + shapely.area(b[inside_a & ~_same(b, a[inside_b])]).sum())
    rest_a, rest_b = a[~inside_b], b[~inside_a]
    if len(rest_a) and len(rest_b):
        i, j = shapely.STRtree(rest_b).query(rest_a, predicate="intersects")
        total += float(shapely.area(shapely.intersection(rest_a[i], rest_b[j])).sum())
    return total


def _same(geometry: NDArray[Any], others: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark polygons that are also among the others: each lies in the other, and counts once."""
    out = np.zeros(len(geometry), dtype=bool)
    if len(others):
        i, j = shapely.STRtree(others).query(geometry, predicate="covers")
        out[i[shapely.covers(others[j], geometry[i])]] = True
    return out


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole > 0 else 0.0


def _only_areas(geometry: NDArray[Any]) -> NDArray[Any]:
    """Drop the points and lines at which zones merely touch beside the ground they share."""
    out = geometry.copy()
    for row in np.flatnonzero(shapely.get_type_id(geometry) == shapely.GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(geometry[row])
        out[row] = shapely.union_all(parts[shapely.get_dimensions(parts) == _AREA])
    return out
