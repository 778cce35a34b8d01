"""Land: outlines with ragged borders, rounded patches, quilts of fields."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from .course import even, largest, normals, smooth
from .noise import round_waves, signed, unit, waves
from .plane import Plane, fit


def border(
    plane: Plane,
    name: str,
    points: Sequence[tuple[float, float]],
    *,
    ragged_m: float = 260.0,
    step_m: float = 320.0,
) -> np.ndarray:
    """Draw a piece of border through control points: smooth, then ragged; its two ends stay."""
    path = smooth(plane.xy(points), step_m)
    along = np.arange(len(path)) * step_m
    calm = np.clip(np.minimum(along, along[::-1]) / 1500.0, 0.0, 1.0)
    ragged = (waves(along, 5200.0, name, "long") * 1.0 + waves(along, 1900.0, name, "short") * 0.55) * ragged_m
    return even(path + normals(path) * (ragged * calm)[:, None], step_m)


def swell(arc: np.ndarray, by_m: float) -> np.ndarray:
    """Push an arc to its left by up to ``by_m`` in the middle and not at all at its ends."""
    share = np.linspace(0.0, 1.0, len(arc))
    return arc + normals(arc) * (np.sin(math.pi * share) ** 0.5 * by_m)[:, None]


def closed(arcs: Sequence[np.ndarray]) -> shapely.Polygon:
    """Join arcs, each starting where the one before ends, to a polygon."""
    ring = np.vstack([arc[:-1] for arc in arcs])
    polygon = shapely.Polygon(ring)
    return polygon if polygon.is_valid else largest(shapely.make_valid(polygon))


def patch(
    plane: Plane,
    name: str,
    centre: tuple[float, float],
    length_km: float,
    width_km: float,
    *,
    turn: float = 0.0,
    rough: float = 0.22,
    vertices: int = 64,
) -> shapely.Polygon:
    """Draw a rounded, irregular patch: length along ``turn`` degrees from east, width across it."""
    angle = np.linspace(0.0, 2.0 * math.pi, vertices, endpoint=False)
    radius = 1.0 + rough * (round_waves(angle, name) + 0.3 * round_waves(angle * 4.0, name, "fine"))
    ring = np.column_stack([np.cos(angle) * radius * length_km * 500.0, np.sin(angle) * radius * width_km * 500.0])
    shape = affinity.rotate(shapely.Polygon(ring), turn, origin=(0.0, 0.0))
    x, y = plane.xy([centre])[0]
    return affinity.translate(shape, x, y)


def lobe(
    plane: Plane,
    name: str,
    points: Sequence[tuple[float, float]],
    *,
    ragged_m: float = 240.0,
    step_m: float = 160.0,
) -> shapely.Polygon:
    """Draw an area by its own control points, rounded and slightly ragged."""
    ring = smooth(plane.xy(points), step_m, closed=True)[:-1]
    turn = np.linspace(0.0, 2.0 * math.pi, len(ring), endpoint=False)
    ragged = round_waves(turn * 3.0, name) + 0.5 * round_waves(turn * 9.0, name, "fine")
    shape = shapely.Polygon(ring + normals(ring) * (ragged * ragged_m)[:, None])
    return shape if shape.is_valid else largest(shapely.make_valid(shape))


def block(
    plane: Plane, centre: tuple[float, float], length_m: float, width_m: float, *, turn: float = 0.0
) -> shapely.Polygon:
    """Draw a plain rectangle, as surveyed plots are."""
    x, y = plane.xy([centre])[0]
    box = shapely.box(x - length_m / 2, y - width_m / 2, x + length_m / 2, y + width_m / 2)
    return affinity.rotate(box, turn)


def fitted(
    plane: Plane, shapes: Sequence[BaseGeometry], target_km2: float, *, within: BaseGeometry | None = None
) -> list[BaseGeometry]:
    """Grow or shrink shapes alike until together they have the wanted area."""

    def grown(by: float) -> list[BaseGeometry]:
        scaled = [affinity.scale(shape, by, by, origin=shape.representative_point()) for shape in shapes]
        return scaled if within is None else [shape.intersection(within) for shape in scaled]

    by = fit(lambda by: shapely.union_all(grown(by)), plane, target_km2 * 1e6, 0.05, 8.0)
    return grown(by)


def quilt(
    plane: Plane,
    name: str,
    ground: BaseGeometry,
    *,
    keep_out: BaseGeometry,
    cell_m: float,
    share: float,
    target_km2: float,
) -> list[shapely.Polygon]:
    """Fields of irregular shape on a part of the ground.

    Parameters
    ----------
    plane : Plane
        Drawing plane.
    name : str
        Seeds the pattern.
    ground : shapely geometry
        Where fields may lie.
    keep_out : shapely geometry
        Where none may lie.
    cell_m : float
        Usual distance between fields.
    share : float
        Share of the cells that carry a field.
    target_km2 : float
        Area of all fields together.

    Returns
    -------
    list of polygon
        Fields that do not touch, in a stable order.
    """
    left, bottom, right, top = ground.bounds
    seeds = []
    for row, y in enumerate(np.arange(bottom - cell_m, top + 2 * cell_m, cell_m)):
        for column, x in enumerate(np.arange(left - cell_m, right + 2 * cell_m, cell_m)):
            dx, dy = signed(name, row, column, "x") * 0.38, signed(name, row, column, "y") * 0.38
            seeds.append((x + dx * cell_m, y + dy * cell_m))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seeds)))
    order = sorted(range(len(cells)), key=lambda i: (round(cells[i].centroid.y), round(cells[i].centroid.x)))
    shapely.prepare(ground)  # noqa: TID251  drawn here, owned by nobody else
    shapely.prepare(keep_out)  # noqa: TID251
    chosen = []
    for i in order:
        cell = cells[i]
        key = f"{round(cell.centroid.x / 50)}/{round(cell.centroid.y / 50)}"
        if unit(name, key) < share and ground.contains(cell) and not keep_out.intersects(cell.buffer(60.0)):
            chosen.append(cell)

    def fields(size: float) -> list[shapely.Polygon]:
        shrink = cell_m * 0.45 * (1.0 - size)
        drawn = [
            cell.buffer(-shrink - cell_m * 0.06).buffer(cell_m * 0.06, quad_segs=2).simplify(cell_m * 0.01)
            for cell in chosen
        ]
        return [part for part in drawn if not part.is_empty and part.geom_type == "Polygon"]

    return fields(fit(lambda size: shapely.MultiPolygon(fields(size)), plane, target_km2 * 1e6, 0.0, 0.985))


def cells(
    plane: Plane,
    name: str,
    outline: BaseGeometry,
    seats: dict[str, tuple[float, float]],
    *,
    ragged_m: float = 150.0,
) -> dict[str, BaseGeometry]:
    """Divide an outline among seats, each place to about the nearest one, with ragged borders."""
    points = {seat: shapely.Point(*plane.xy([place])[0]) for seat, place in seats.items()}
    edges = shapely.voronoi_polygons(shapely.MultiPoint(list(points.values())), extend_to=outline, only_edges=True)
    lines = [outline.boundary]
    for edge in shapely.get_parts(shapely.line_merge(edges)):
        straight = np.asarray(edge.coords)
        if tuple(straight[0]) > tuple(straight[-1]):
            straight = straight[::-1]
        path = even(straight, 300.0)
        along = np.arange(len(path)) * 300.0
        calm = np.clip(np.minimum(along, along[::-1]) / 1200.0, 0.0, 1.0)
        swing = waves(along, 3600.0, name, round(straight[0][0]), round(straight[0][1])) * ragged_m * calm
        lines.append(shapely.LineString(path + normals(path) * swing[:, None]))
    noded = shapely.union_all([shapely.set_precision(line, 0.01) for line in lines], grid_size=0.01)
    faces = [f for f in shapely.get_parts(shapely.polygonize([noded])) if outline.covers(f.representative_point())]
    owned: dict[str, list[shapely.Polygon]] = {seat: [] for seat in seats}
    for face in faces:
        inside = face.representative_point()
        owned[min(points, key=lambda seat: points[seat].distance(inside))].append(face)
    return {seat: shapely.coverage_union_all(own) for seat, own in owned.items() if own}
