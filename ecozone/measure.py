"""Measuring on the CGCS2000 ellipsoid: areas, lengths and distances.

An edge between two vertices in degrees is the geodesic between them (as in `pyproj.Geod`). `densify` cuts every edge
longer than 100 m along that geodesic; after that the straight edge of a local plane (`ecozone.crs.Plane`) lies within a
micrometre of it. Plane areas are then right to 1e-7, and to 1e-6 for a road 0.5 m wide whose sides have unlike vertices
(edges of 500 m would be 4 µm off: too much for anything narrower than 10 m). A project's own area takes edges of 25 m.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.crs import Plane, geod, lattice_node, plane_at

#: Longest edge of a source's own plane that is left as it is before coordinates become degrees, metres.
LONGEST_EDGE_M = 500.0
#: Longest edge that is measured as a straight line of a local plane, metres.
PLANE_EDGE_M = 100.0
#: The same where only an area is asked: right to 1e-6 for strips 0.1 m wide.
AREA_EDGE_M = 25.0
#: Metres in one degree of latitude, rounded up, for quick upper bounds.
METRES_PER_DEGREE = 111_700.0

Geometries = NDArray[Any]
#: Brings coordinates ``(n, 2)`` elsewhere.
Forward = Callable[[NDArray[np.float64]], NDArray[np.float64]]
#: Type ids of shapely: multi-part geometries from here on, and collections.
_MULTIPLE, _COLLECTION = 4, 7


def densify(geometry: Geometries, longest_m: float = PLANE_EDGE_M) -> Geometries:
    """Cut edges longer than `longest_m` along the geodesic between their ends.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
        Points, lines, polygons or multi-part geometries in EPSG:4490 degrees.
    longest_m : float
        Longest edge to keep, metres.

    Returns
    -------
    ndarray of shapely geometries, shape (n,)
        The same array when no edge was too long.
    """
    return _cut(geometry, longest_m)[0]


def _cut(
    geometry: Geometries, longest_m: float, forward: Forward | None = None
) -> tuple[Geometries, NDArray[np.int64]]:
    """Cut long edges, and project what comes out; also return the rows that may have had any."""
    coords, owner = shapely.get_coordinates(geometry, return_index=True)
    long = (owner[1:] == owner[:-1]) & (rough_edges(coords) > longest_m)
    rows = np.flatnonzero(np.bincount(owner[1:][long]))
    rows = rows[shapely.get_dimensions(geometry[rows]) > 0]  # points of one multipoint have no edge between them
    if not len(rows):
        return (geometry if forward is None else shapely.transform(geometry, forward)), rows
    if len(rows) == len(geometry) or forward is None:
        out = geometry.copy()
    else:
        out = np.empty(len(geometry), dtype=object)
        rest = np.delete(np.arange(len(geometry)), rows)
        out[rest] = shapely.transform(geometry[rest], forward)
    kind, dimension = shapely.get_type_id(geometry[rows]), shapely.get_dimensions(geometry[rows])
    for dim in (1, 2):
        some = rows[(dimension == dim) & (kind != _COLLECTION)]
        if len(some):
            out[some] = _cut_edges(geometry[some], longest_m, forward)
    for row in rows[kind == _COLLECTION].tolist():
        out[row] = shapely.geometrycollections(_cut(shapely.get_parts(geometry[row]), longest_m, forward)[0])
    return out, rows


def rough_edges(coords: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return upper bounds of the lengths between consecutive vertices, metres."""
    step = np.diff(coords, axis=0)
    south = np.radians(np.minimum(np.abs(coords[:-1, 1]), np.abs(coords[1:, 1])))
    east = step[:, 0] * np.cos(south)
    return np.sqrt(east * east + step[:, 1] * step[:, 1]) * METRES_PER_DEGREE


def _cut_edges(geometry: Geometries, longest_m: float, forward: Forward | None) -> Geometries:
    """Cut the long edges of an array of lines or of polygons.

    Taken apart to lines or rings and put together again: shapely's ragged arrays would import `numpy.ma`, which takes
    longer than all of this, and make every polygon of a mixed array a multi-part one.
    """
    many = shapely.get_type_id(geometry) >= _MULTIPLE
    parts, owner = geometry, np.arange(len(geometry))
    if many.any():  # get_parts copies all that it is given
        geometry = without_empty_parts(geometry)
        parts, owner = shapely.get_parts(geometry, return_index=True)
    areal = bool((shapely.get_dimensions(geometry) == 2).all())
    strings, part = shapely.get_rings(parts, return_index=True) if areal else (parts, np.arange(len(parts)))
    coords, string = shapely.get_coordinates(strings, return_index=True)
    at = np.flatnonzero((string[1:] == string[:-1]) & (rough_edges(coords) > longest_m))
    start, end = coords[at], coords[at + 1]
    azimuth, _, metres = (np.asarray(v) for v in geod().inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1]))
    pieces = np.maximum(1, np.ceil(metres / longest_m).astype(np.int64))
    added = pieces - 1
    edge = np.repeat(np.arange(len(at)), added)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(added) - added, added) + 1
    lon, lat, _ = geod().fwd(start[edge, 0], start[edge, 1], azimuth[edge], (metres / pieces)[edge] * rank)
    copies = np.ones(len(coords), dtype=np.int64)
    copies[at] = pieces  # of each vertex that a long edge begins with; all but the first are moved along the edge
    filled, string = np.repeat(coords, copies, axis=0), np.repeat(string, copies)
    between = (np.cumsum(copies) - copies)[at[edge]] + rank
    filled[between, 0], filled[between, 1] = lon, lat
    if forward is not None:
        filled = forward(filled)
    if areal:
        parts = shapely.polygons(shapely.linearrings(filled, indices=string), indices=part)
    else:
        parts = shapely.linestrings(filled, indices=string)
    if not many.any():
        return np.asarray(parts, dtype=object)
    out = np.empty(len(geometry), dtype=object)
    one = ~many[owner]
    out[owner[one]] = parts[one]
    make = shapely.multipolygons if areal else shapely.multilinestrings
    make(parts[~one], indices=owner[~one], out=out)
    return out


def without_empty_parts(geometry: Geometries) -> Geometries:
    """Drop empty parts of multi-part geometries: shapely's ragged arrays crash the process on them."""
    parts, owner = shapely.get_parts(geometry, return_index=True)
    hollow = np.flatnonzero(np.bincount(owner[shapely.is_empty(parts)], minlength=0))  # np.unique would import numpy.ma
    if not len(hollow):
        return geometry
    out = geometry.copy()
    make = {4: shapely.multipoints, 5: shapely.multilinestrings, 6: shapely.multipolygons}
    for row in hollow.tolist():
        kind = int(shapely.get_type_id(geometry[row]))
        if kind in make:
            out[row] = make[kind](parts[(owner == row) & ~shapely.is_empty(parts)])
    return out


def dense(geometry: Geometries) -> Geometries:
    """Cut long edges as planes need it; a polygon that crosses itself then is mended as `to_plane` does.

    Returns
    -------
    ndarray of shapely geometries, shape (n,)
        The same array when no edge was too long.
    """
    out, bent = _cut(geometry, PLANE_EDGE_M)
    bent = bent[~shapely.is_valid(out[bent])]
    if len(bent):
        out[bent] = shapely.make_valid(out[bent], method="structure", keep_collapsed=False)
    return out


def to_plane(geometry: Geometries, plane: Plane, longest_m: float = PLANE_EDGE_M) -> Geometries:
    """Densify geometries in degrees and project them to a local plane in metres, shape kept.

    A polygon whose long edge passes a vertex closer than the geodesic bends away from the straight line in degrees may
    cross itself once the edge is cut; it is mended by what it encloses (millimetres for real data).
    """
    if not len(geometry):
        return geometry
    flat, bent = _cut(geometry, longest_m, plane.forward)
    bent = bent[~shapely.is_valid(flat[bent])]
    if len(bent):
        flat[bent] = shapely.make_valid(flat[bent], method="structure", keep_collapsed=False)
    return flat


def plane_of(geometry: Any) -> Plane:
    """Return the lattice plane of one geometry in degrees (its bounding box's centre decides)."""
    return plane_at(*plane_nodes(np.array([geometry], dtype=object))[0].tolist())


def plane_nodes(geometry: Geometries) -> NDArray[np.int64]:
    """Return the lattice nodes of geometries in degrees, shape ``(n, 2)``."""
    bounds = shapely.bounds(geometry)
    return lattice_node((bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2)


def area_m2(geometry: Any) -> NDArray[np.float64]:
    """Return the areas of geometries in EPSG:4490 on the CGCS2000 ellipsoid, square metres.

    Parameters
    ----------
    geometry : geometry or sequence of geometries
        In degrees; lines and points have no area.

    Returns
    -------
    ndarray of shape (n,)
        Within 1e-6 of the area (or 2e-4 m²) of `pyproj.Geod.geometry_area_perimeter`.
    """
    array = np.atleast_1d(np.asarray(geometry, dtype=object))
    out = np.zeros(len(array))
    for plane, rows in _planes(array, shapely.is_empty(array) | shapely.is_missing(array)):
        out[rows] = shapely.area(to_plane(array[rows], plane, AREA_EDGE_M))
    return out


def length_m(geometry: Any) -> NDArray[np.float64]:
    """Return the geodesic lengths of lines in EPSG:4490, metres (0 for points and polygons)."""
    array = np.atleast_1d(np.asarray(geometry, dtype=object))
    lines = array.copy()
    lines[shapely.get_dimensions(array) != 1] = None
    coords, row = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    _, owner = shapely.get_parts(lines, return_index=True)
    out = np.zeros(len(array))
    if len(coords) < 2:
        return out
    same = row[1:] == row[:-1]
    _, _, metres = geod().inv(coords[:-1, 0][same], coords[:-1, 1][same], coords[1:, 0][same], coords[1:, 1][same])
    np.add.at(out, owner[row[1:][same]], metres)
    return out


def perimeter_m(geometry: Any) -> NDArray[np.float64]:
    """Return the geodesic length of the boundary of polygons in EPSG:4490, metres."""
    array = np.atleast_1d(np.asarray(geometry, dtype=object))
    return length_m(shapely.boundary(array))


def distance_m(a: Any, b: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distances of pairs of geometries in EPSG:4490 and the bearing from `a` to `b`.

    Parameters
    ----------
    a, b : geometry or sequence of geometries, shape (n,)
        In degrees. The plane of `a` finds the nearest pair of points, the ellipsoid measures it.

    Returns
    -------
    distance : ndarray of shape (n,)
        Metres; 0 for geometries that touch, NaN where one is empty.
    bearing : ndarray of shape (n,)
        Degrees clockwise from north, NaN where the distance is 0.
    """
    left, right = (np.atleast_1d(np.asarray(v, dtype=object)) for v in (a, b))
    left, right = np.broadcast_arrays(left, right)
    metres, bearing = np.full(len(left), np.nan), np.full(len(left), np.nan)
    for plane, rows in _planes(left, shapely.is_empty(left) | shapely.is_empty(right)):
        lines = shapely.shortest_line(to_plane(left[rows], plane), to_plane(right[rows], plane))
        metres[rows], bearing[rows] = line_metres(lines, plane)
    return metres, bearing


def line_metres(lines: Geometries, plane: Plane) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return geodesic length and bearing of two-point lines in a plane; NaN for missing lines."""
    metres, bearing = np.full(len(lines), np.nan), np.full(len(lines), np.nan)
    there = ~shapely.is_missing(lines) & ~shapely.is_empty(lines)
    if there.any():
        ends = plane.inverse(shapely.get_coordinates(lines[there])).reshape(-1, 4)
        azimuth, _, far = geod().inv(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3])
        far = np.where(shapely.length(lines[there]) == 0, 0.0, far)
        metres[there] = far
        bearing[there] = np.where(far > 0, np.asarray(azimuth) % 360.0, np.nan)
    return metres, bearing


def _planes(geometry: Geometries, without: NDArray[np.bool_]) -> Sequence[tuple[Plane, NDArray[np.int64]]]:
    """Group geometries by their lattice plane, leaving some out (an empty one lies nowhere)."""
    there = np.flatnonzero(~without)
    keys, group = np.unique(plane_nodes(geometry[there]), axis=0, return_inverse=True)
    return [(plane_at(*key.tolist()), there[group.ravel() == i]) for i, key in enumerate(keys)]
