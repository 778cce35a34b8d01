"""Wall-to-wall: every place belongs to exactly one piece, and neighbours share their vertices."""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from .needles import spikes

GRID = 0.01
"""Metres; all nodes of a partition lie on this grid."""
ROUNDS = 5
"""How often needles are looked for again after the last ones were given away."""


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
    thin: list[shapely.Polygon] = []
    for _ in range(ROUNDS):
        pieces = _pieces(ground, noded, claims, rest, crumb_m2, thin)
        more = [spike for piece in pieces.values() for spike in spikes(piece)]
        if not more:
            return pieces
        thin += more
        noded = shapely.union_all([noded, *shapely.boundary(more)], grid_size=GRID)
    raise ValueError(f"pieces keep {len(more)} needles")


def _pieces(
    ground: BaseGeometry,
    noded: BaseGeometry,
    claims: Sequence[tuple[str, BaseGeometry]],
    rest: str,
    crumb_m2: float,
    thin: Sequence[BaseGeometry],
) -> dict[str, BaseGeometry]:
    """Give every face between lines to a claim, crumbs and needles to a neighbour."""
    faces = [f for f in shapely.get_parts(shapely.polygonize([noded])) if ground.covers(f.representative_point())]
    faces.sort(key=lambda f: (round(f.representative_point().y, 3), round(f.representative_point().x, 3)))
    labels = []
    for face in faces:
        inside = face.representative_point()
        labels.append(next((label for label, shape in claims if shape.covers(inside)), rest))
    _give_crumbs_away(faces, labels, crumb_m2)
    _give_needles_away(faces, labels, thin)
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


def _give_needles_away(faces: list[shapely.Polygon], labels: list[str], thin: Sequence[BaseGeometry]) -> None:
    """Give faces that are mostly needle to the label with the longest common border; it may be their own."""
    tree, needle = shapely.STRtree(faces), shapely.union_all(thin)
    for i in sorted(tree.query(needle)) if thin else []:
        face = faces[i]
        if face.intersection(needle).area < face.area / 2.0:
            continue
        border = dict.fromkeys(labels, 0.0)
        for j in sorted(tree.query(face, predicate="intersects")):
            if j != i:
                border[labels[j]] += face.boundary.intersection(faces[j].boundary).length
        best = max(border, key=border.__getitem__)
        if border[best] > 0.0:
            labels[i] = best


def edge_matched(pieces: Sequence[BaseGeometry]) -> bool:
    """Whether pieces neither overlap nor miss each other's vertices."""
    polygons = [part for piece in pieces for part in shapely.get_parts(piece)]
    return bool(shapely.coverage_is_valid(polygons))
