"""A chunk of sites: from cells to a batch, judged, with the rows that cannot be judged kept beside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone._batch import Batch
from ecozone._engine import Judged
from ecozone.errors import InputError
from ecozone.project import Part, Project
from ecozone.relation import PLANT_WIDTH_M
from ecozone.screening import places
from ecozone.screening.columns import Facts, Given, read_facts, understand

if TYPE_CHECKING:
    from ecozone.atlas import Atlas
    from ecozone.rules.model import Rulebook

#: Said of a row that a site outside the atlas stands in.
OUTSIDE = "全部位于图集“{name}”（{region}）之外，无法判定。请核对坐标，或改用项目所在区县的图集。"


@dataclass(frozen=True)
class Chunk:
    """Rows of a table, not read yet.

    Attributes
    ----------
    rows : int64 array of shape (n,)
        Their numbers in the table.
    columns : mapping of column name to object array of shape (n,)
    geometry : ndarray of shapely geometries or None
        None: the place stands in the columns.
    crs : str or None
    projects : sequence of Project or None
        Rows that are projects already.
    """

    rows: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]
    geometry: NDArray[Any] | None = None
    crs: str | None = None
    projects: Sequence[Project] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, at: NDArray[np.int64]) -> Chunk:
        """Return some of the rows."""
        return Chunk(
            self.rows[at],
            {k: v[at] for k, v in self.columns.items()},
            None if self.geometry is None else self.geometry[at],
            self.crs,
            None if self.projects is None else [self.projects[i] for i in at.tolist()],
        )


@dataclass(frozen=True)
class Read:
    """Rows as read: those that can be judged as a batch, and why the others cannot.

    Attributes
    ----------
    good : int64 array
        Positions in the chunk of the batch's projects.
    reason, name : object arrays of shape (n,)
    """

    rows: NDArray[np.int64]
    name: NDArray[Any]
    reason: NDArray[Any]
    good: NDArray[np.int64]
    batch: Batch
    facts: Facts | None
    projects: Sequence[Project] | None
    geometry: NDArray[Any]

    def project(self, i: int) -> Project:
        """Return the project of one row of the batch."""
        if self.projects is not None:
            return self.projects[i]
        assert self.facts is not None
        batch, at = self.batch, int(self.good[i])
        known = batch.profiles[batch.profile[i]]
        extent = float(self.facts.extent_m[at])
        part = Part(
            batch.geometry[i], (), bool(batch.permanent[i]), float(batch.accuracy_m[i]),
            None if np.isnan(extent) else extent,
        )  # fmt: skip
        made = object.__new__(Project)
        values = {
            "parts": (part,), "nature": known.nature, "industries": known.industries, "facilities": known.facilities,
            "facilities_closed": known.facilities_closed, "facts": known.facts, "name": str(self.name[at]),
            "has": known.has, "subject": known.subject, "stage": known.stage, "notes": (),
        }  # fmt: skip
        for key, value in values.items():
            object.__setattr__(made, key, value)
        return made


def read(chunk: Chunk, given: Given) -> Read:
    """Read a chunk's cells and places."""
    if chunk.projects is not None:
        n = len(chunk)
        names, none = np.full(n, None, dtype=object), np.full(n, None, dtype=object)
        names[:] = [p.name for p in chunk.projects]
        shapes = np.empty(n, dtype=object)
        shapes[:] = [p.site for p in chunk.projects]
        return Read(
            chunk.rows, names, none, np.arange(n), Batch.of(chunk.projects), None, list(chunk.projects), shapes
        )  # fmt: skip
    facts = read_facts(len(chunk), chunk.columns, given)
    there = _places(chunk)
    reason = np.where([r is None for r in facts.reason], there.reason, facts.reason)
    good = np.flatnonzero([r is None for r in reason]).astype(np.int64)
    geometry = there.geometry[good]
    stated = facts.accuracy_m[good]
    extent = facts.extent_m[good]
    bare = np.isnan(extent) & (shapely.get_dimensions(geometry) == 0)
    profile = facts.profile[good]
    has = [(i, k) for i, p in enumerate(profile.tolist()) for k in facts.profiles[p].has]
    n = len(good)
    batch = Batch(
        projects=n,
        profiles=facts.profiles,
        profile=profile,
        project=np.concatenate([np.arange(n), np.array([i for i, _ in has], dtype=np.int64)]),
        kinds=[()] * n + [(k,) for _, k in has],
        permanent=np.concatenate([~facts.temporary[good], np.ones(len(has), dtype=bool)]),
        names=["site"] * n + [k for _, k in has],
        geometry=geometry,
        accuracy_m=np.where(np.isnan(stated), there.accuracy_m[good], stated),
        extent_m=np.where(np.isnan(extent), 0.0, extent),
        lacking_m=np.where(bare, PLANT_WIDTH_M, 0.0),
    )
    return Read(chunk.rows, facts.name, reason, good, batch, facts, None, there.geometry)


def _places(chunk: Chunk) -> places.Places:
    if chunk.geometry is not None:
        return places.from_geometry(chunk.geometry, chunk.crs)
    fields, _, _ = understand(list(chunk.columns))
    found = places.place_columns(fields)
    if len(found) == 2:
        first, second = (chunk.columns[fields[k]] for k in found)
        return places.from_numbers(first, second, chunk.crs)
    return places.from_text(chunk.columns[fields[found[0]]], chunk.crs)


@dataclass(frozen=True)
class Answered:
    """A chunk with its answers: blocks of rows that were judged together, and reasons of those that were not."""

    read: Read
    blocks: Sequence[tuple[NDArray[np.int64], Judged]]
    reason: NDArray[Any]


def answer(
    chunk: Chunk, atlas: Atlas, shelf: Sequence[Rulebook], day: dt.date, given: Given, *, threads: int = 1
) -> Answered:
    """Judge a chunk. A row that breaks the measuring is found by halving and kept with its reason."""
    got = read(chunk, given)
    reason = got.reason.copy()
    blocks: list[tuple[NDArray[np.int64], Judged]] = []
    todo = [np.arange(len(got.good))] if len(got.good) else []
    while todo:
        mine = todo.pop()
        try:
            judged = Judged.of(
                got.batch.take(mine), lambda i, mine=mine: got.project(int(mine[i])), atlas, shelf, day,  # type: ignore[misc]
                outside="keep", threads=threads,
            )  # fmt: skip
        except InputError:
            raise
        except (shapely.GEOSException, ArithmeticError, ValueError) as error:  # what a geometry can cause
            if len(mine) == 1:
                what = str(error).splitlines()[0] if str(error) else type(error).__name__
                reason[got.good[mine[0]]] = f"这一行无法量算（{what}），请检查几何图形。"
                continue
            half = len(mine) // 2
            todo += [mine[half:], mine[:half]]
            continue
        blocks.append((got.good[mine], judged))
        away = ~judged.inside
        reason[got.good[mine[away]]] = OUTSIDE.format(name=atlas.name, region=atlas.region)
    return Answered(got, sorted(blocks, key=lambda b: int(b[0][0])), reason)
