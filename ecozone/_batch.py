"""A batch: the parts of one or many projects as columns, the form in which everything is measured and judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.project import Project
from ecozone.relation import PLANT_WIDTH_M
from ecozone.rules.facts import Profile


@dataclass(frozen=True, eq=False, repr=False)
class Batch:
    """Parts of projects in one row each; the last rows are facilities whose place nobody gave.

    Attributes
    ----------
    projects : int
        Number of projects.
    profiles : sequence of Profile
        What differs in what is known of them; `profile` holds the row of each project, shape ``(projects,)``.
    project : int64 array of shape (n,)
        The project of each part.
    kinds : sequence of tuple of str
        Facility kinds of each part; empty for the main site.
    permanent : bool array of shape (n,)
    names : sequence of str
    geometry : ndarray of shapely geometries, shape (placed,)
        EPSG:4490, of the first rows.
    accuracy_m, extent_m, lacking_m : float64 arrays of shape (placed,)
        See `ecozone.project.Part`; `lacking_m` is how much ground a bare point may stand for.
    regional : bool
        Each point speaks for a whole piece of a region: what rasters say at the point says nothing of the piece.
    """

    projects: int
    profiles: Sequence[Profile]
    profile: NDArray[np.int64]
    project: NDArray[np.int64]
    kinds: Sequence[tuple[str, ...]]
    permanent: NDArray[np.bool_]
    names: Sequence[str]
    geometry: NDArray[Any]
    accuracy_m: NDArray[np.float64]
    extent_m: NDArray[np.float64]
    lacking_m: NDArray[np.float64]
    regional: bool = False

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Mark the parts that have a place."""
        return np.arange(len(self.project)) < len(self.geometry)

    def rows(self, project: int) -> list[int]:
        """Return the rows of one project's parts."""
        return np.flatnonzero(self.project == project).tolist()

    def take(self, projects: NDArray[np.int64]) -> Batch:
        """Return the batch of some projects, in their order here (ascending)."""
        number = np.full(self.projects, -1)
        number[projects] = np.arange(len(projects))
        at = np.flatnonzero(number[self.project] >= 0)
        placed = at[at < len(self.geometry)]
        return Batch(
            projects=len(projects),
            profiles=self.profiles,
            profile=self.profile[projects],
            project=number[self.project[at]],
            kinds=[self.kinds[i] for i in at.tolist()],
            permanent=self.permanent[at],
            names=[self.names[i] for i in at.tolist()],
            geometry=self.geometry[placed],
            accuracy_m=self.accuracy_m[placed],
            extent_m=self.extent_m[placed],
            lacking_m=self.lacking_m[placed],
            regional=self.regional,
        )

    @classmethod
    def of(cls, projects: Sequence[Project]) -> Batch:
        """Return projects as a batch."""
        placed = [(i, p) for i, project in enumerate(projects) for p in project.parts]
        elsewhere = [(i, kind) for i, project in enumerate(projects) for kind in project.has]
        profiles, profile = distinct(p.profile() for p in projects)
        return cls(
            projects=len(projects),
            profiles=profiles,
            profile=profile,
            project=np.array([i for i, _ in placed + elsewhere], dtype=np.int64),
            kinds=[p.facilities for _, p in placed] + [(kind,) for _, kind in elsewhere],
            permanent=np.array([p.permanent for _, p in placed] + [True] * len(elsewhere), dtype=bool),
            names=[p.name for _, p in placed] + [kind for _, kind in elsewhere],
            geometry=_objects([p.geometry for _, p in placed]),
            accuracy_m=np.array([p.accuracy_m for _, p in placed], dtype=float),
            extent_m=np.array([p.extent_m or 0.0 for _, p in placed], dtype=float),
            lacking_m=np.array([PLANT_WIDTH_M if p.lacks_extent else 0.0 for _, p in placed], dtype=float),
        )


def distinct(profiles: Iterable[Profile]) -> tuple[list[Profile], NDArray[np.int64]]:
    """Return the profiles that differ, and the row of each given one among them."""
    rows: dict[Any, int] = {}
    out: list[Profile] = []
    at = []
    for profile in profiles:
        key = profile.key()
        if key not in rows:
            rows[key] = len(out)
            out.append(profile)
        at.append(rows[key])
    return out, np.array(at, dtype=np.int64)


def _objects(items: Sequence[Any]) -> NDArray[Any]:
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out
