"""Wall-to-wall: every place belongs to exactly one piece, and neighbours share their vertices."""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

GRID = 0.01
"""Metres; all nodes of a partition lie on this grid."""


def partition(
    ground: BaseGeometry, claims: Sequence[tuple[str, BaseGeometry]], rest: str, *, crumb_m2: float = 20_000.0
) -> dict[str, BaseGeometry]:
    """Divide ``ground`` among claims.

    Parameters
    ----------
    ground : shapely geometry
        What is divided, metres.
    claims : sequence of (label, geometry)
        Who wants what; an earlier claim wins over a later one.
    rest : str
        Label of what nobody claims.
    crumb_m2 : float
        Faces smaller than this go to the neighbour with the longest common border.

    Returns
    -------
    dict of str to shapely geometry
        The pieces by label, without empty ones, edge-matched.
    """
    lines = [shapely.boundary(ground)]
    lines += [shapely.boundary(shape.intersection(ground)) for _, shape in claims]
    noded = shapely.union_all([shapely.set_precision(line, GRID) for line in lines], grid_size=GRID)
    faces = [f for f in shapely.get_parts(shapely.polygonize([noded])) if ground.covers(f.representative_point())]
    faces.sort(key=lambda f: (round(f.representative_point().y, 3), round(f.representative_point().x, 3)))
    labels = []
    for face in faces:
        inside = face.representative_point()
        labels.append(next((label for label, shape in claims if shape.covers(inside)), rest))
    _give_crumbs_away(faces, labels, crumb_m2)
    pieces: dict[str, BaseGeometry] = {}
    for label in dict.fromkeys([label for label, _ in claims] + [rest]):
        own = [face for face, owner in zip(faces, labels, strict=True) if owner == label]
        if own:
            pieces[label] = shapely.coverage_union_all(own)
    return pieces


def _give_crumbs_away(faces: list[shapely.Polygon], labels: list[str], crumb_m2: float) -> None:
    tree = shapely.STRtree(faces)
    for i, face in enumerate(faces):
        if face.area >= crumb_m2:
            continue
        best, best_length = None, 0.0
        for j in sorted(tree.query(face, predicate="intersects")):
            if j == i or labels[j] == labels[i] or faces[j].area < crumb_m2:
                continue
            length = face.boundary.intersection(faces[j].boundary).length
            if length > best_length:
                best, best_length = j, length
        joined = any(
            j != i and labels[j] == labels[i] and face.boundary.intersection(faces[j].boundary).length > 0
            for j in tree.query(face, predicate="intersects")
        )
        if best is not None and not joined:
            labels[i] = labels[best]


def edge_matched(pieces: Sequence[BaseGeometry]) -> bool:
    """Whether pieces neither overlap nor miss each other's vertices."""
    polygons = [part for piece in pieces for part in shapely.get_parts(piece)]
    return bool(shapely.coverage_is_valid(polygons))
