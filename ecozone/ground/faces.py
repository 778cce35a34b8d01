"""A region cut along lines into faces, each judged at a point inside by the engine that judges a site."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone._batch import Batch
from ecozone._engine import Judged
from ecozone.rules.outcomes import HIT, NO_DATA, UNDETERMINED

if TYPE_CHECKING:
    from ecozone.atlas import Atlas
    from ecozone.crs import Plane
    from ecozone.project import Project
    from ecozone.rules.model import Rulebook

#: Verdict, completeness, rules that push it, rules that stay open and could.
Said = tuple[str, bool, tuple[str, ...], tuple[str, ...]]
#: Faces judged together.
_CHUNK = 20_000
#: Vertices closer than this are one, metres: lines drawn twice by different ways meet in it.
_GRID_M = 1e-3
#: A point nearer to its face's edge may lie beyond the line that is meant, metres.
_EDGE_M = 0.2
#: A face that is smaller is the seam of two lines that should be one, square metres.
_SEAM_M2 = 1e-4


@dataclass(frozen=True)
class Faces:
    """Faces of one region, alike ones put together.

    Attributes
    ----------
    geometry : ndarray of polygons, shape (n,)
        In the plane; they share no ground and fill the region.
    verdict : ndarray of str, shape (n,)
    complete : bool array of shape (n,)
    rules, open : sequence of tuple of str
        Rules that hit and push the verdict; rules that stay open and could.
    may : int8 array of shape (n,)
        How far what stays open could push the verdict, 0 to 3.
    cut : int
        Faces before alike ones were put together.
    """

    geometry: NDArray[Any]
    verdict: NDArray[np.str_]
    complete: NDArray[np.bool_]
    rules: Sequence[tuple[str, ...]]
    open: Sequence[tuple[str, ...]]
    may: NDArray[np.int8]
    cut: int


def faces(
    region: Any,
    lines: NDArray[Any],
    plane: Plane,
    project: Project,
    atlas: Atlas,
    shelf: Sequence[Rulebook],
    day: dt.date,
    *,
    accuracy_m: float,
    extent_m: float,
    threads: int = 1,
) -> Faces:
    """Cut a region along lines and judge what comes out.

    Parameters
    ----------
    region : shapely polygon
        In the plane.
    lines : ndarray of lines
        From `ecozone.ground.curves.lines`.
    plane : Plane
    project : Project
        Its facts count; its site doesn't.
    atlas, shelf, day
        As for `ecozone.check`.
    accuracy_m, extent_m : float
        Of the point that is judged in each face.
    """
    noded = shapely.union_all(np.append(lines, shapely.boundary(region)), grid_size=_GRID_M)
    cells = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inside = _middles(cells)
    shapely.prepare(region)  # noqa: TID251 - a polygon of our own, used by this thread alone
    keep = shapely.contains(region, inside) & (shapely.area(cells) > _SEAM_M2)
    cells, inside = cells[keep], inside[keep]
    at = shapely.transform(inside, plane.inverse)
    words: dict[Said, int] = {}
    kind, may = np.zeros(len(cells), dtype=np.int64), np.zeros(len(cells), dtype=np.int8)
    for first in range(0, len(cells), _CHUNK):
        rows = slice(first, first + _CHUNK)
        batch = points(at[rows], project, accuracy_m, extent_m)
        judged = Judged.of(batch, lambda _: project, atlas, shelf, day, outside="keep", threads=threads)
        may[rows] = judged.judgement.open_push
        for row, one in enumerate(answers(judged, day)):
            kind[first + row] = words.setdefault(one, len(words))
    said_of = list(words)
    geometry, which = [], []
    for i in range(len(said_of)):
        ground = shapely.get_parts(shapely.coverage_union_all(cells[kind == i]))
        geometry.append(ground)
        which += [i] * len(ground)
    said = [said_of[i] for i in which]
    return Faces(
        geometry=np.concatenate(geometry) if geometry else np.zeros(0, dtype=object),
        verdict=np.array([s[0] for s in said], dtype=np.str_),
        complete=np.array([s[1] for s in said], dtype=np.bool_),
        rules=[s[2] for s in said],
        open=[s[3] for s in said],
        may=np.array([may[kind == i].max() for i in range(len(said_of))], dtype=np.int8)[np.array(which, dtype=int)],
        cut=len(cells),
    )


def _middles(cells: NDArray[Any]) -> NDArray[Any]:
    """Return a point inside each face; one too near the edge to speak for it moves to where nothing is near, if any."""
    inside = shapely.point_on_surface(cells)
    near = np.flatnonzero(shapely.distance(inside, shapely.boundary(cells)) < _EDGE_M)
    deep = shapely.buffer(cells[near], -_EDGE_M, quad_segs=4)
    some = ~shapely.is_empty(deep)  # what is left of a face that is a strip between two edges speaks for nothing
    inside[near[some]] = shapely.point_on_surface(deep[some])
    return inside


def points(geometry: NDArray[Any], project: Project, accuracy_m: float, extent_m: float) -> Batch:
    """Return one project at many points as a batch."""
    n, more = len(geometry), len(project.has)
    elsewhere = np.repeat(np.arange(n), more)
    return Batch(
        projects=n,
        profiles=[project.profile()],
        profile=np.zeros(n, dtype=np.int64),
        project=np.concatenate([np.arange(n), elsewhere]).astype(np.int64),
        kinds=[()] * n + [(k,) for _ in range(n) for k in project.has],
        permanent=np.concatenate([np.full(n, project.parts[0].permanent), np.ones(n * more, dtype=bool)]),
        names=["site"] * n + [k for _ in range(n) for k in project.has],
        geometry=geometry,
        accuracy_m=np.full(n, float(accuracy_m)),
        extent_m=np.full(n, float(extent_m)),
        lacking_m=np.zeros(n),
        regional=True,
    )


def answers(judged: Judged, day: dt.date) -> list[Said]:
    """Return for each project (verdict, complete, rules that push it, rules that stay open and could)."""
    judgement = judged.judgement
    m = judged.batch.projects
    owner = judgement.table.project_of
    hits: list[list[str]] = [[] for _ in range(m)]
    open_: list[list[str]] = [[] for _ in range(m)]
    for j in judgement.rules:
        push = j.push()
        hit, left = ((np.isin(j.outcome, codes)) & (push > 0) for codes in ((HIT,), (NO_DATA, UNDETERMINED)))
        if not j.planned.rule.firm(day):  # a hit that decides nothing alone
            hit, left = np.zeros_like(hit), hit | left
        for out, chosen in ((hits, hit), (open_, left)):
            for i in np.unique(owner[chosen]).tolist():
                out[i].append(j.planned.rule.id)
    return [(str(judgement.verdict[i]), bool(judgement.complete[i]), tuple(hits[i]), tuple(open_[i])) for i in range(m)]


__all__ = ["Faces", "answers", "faces", "points"]
