"""The engine: plan, measure, judge. Arrays first; the record is written when somebody reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecozone import _record as record
from ecozone._batch import Batch
from ecozone._evidence import ground, pictures
from ecozone._known import HALF_WIDTH, units_touched
from ecozone._neighbours import element_zones, neighbours, scenery
from ecozone._planned import planned
from ecozone.assessment import Assessment, Context
from ecozone.atlas import Atlas
from ecozone.errors import SiteError
from ecozone.project import Project
from ecozone.relate import cut, relate
from ecozone.rules.access import Answer
from ecozone.rules.judge import Judgement, judge
from ecozone.rules.library import stack
from ecozone.rules.model import Rulebook


@dataclass(frozen=True, eq=False, repr=False)
class Judged:
    """Projects judged on an atlas: arrays first, words when read.

    Attributes
    ----------
    batch : Batch
    project : callable
        The `Project` at a row of the batch, for answers that are read.
    inside : bool array of shape (projects,)
        Some of the project lies in the atlas.
    """

    batch: Batch
    project: Callable[[int], Project]
    atlas: Atlas
    as_of: dt.date
    judgement: Judgement
    context: Context
    inside: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        batch: Batch,
        project: Callable[[int], Project],
        atlas: Atlas,
        shelf: Sequence[Rulebook],
        day: dt.date,
        answers: Mapping[tuple[str, str], Answer] | None = None,
        *,
        outside: Literal["refuse", "keep"] = "refuse",
        threads: int = 1,
    ) -> Judged:
        """Plan, measure and judge.

        Parameters
        ----------
        batch : Batch
        project : callable
        atlas : Atlas
        shelf : sequence of Rulebook
            Books that may bind; those of other jurisdictions stay closed.
        day : datetime.date
        answers : mapping, optional
            What the officer said of rows of the access list: (unit code, row id) to `Answer`.
        outside : str
            ``refuse`` a project that lies wholly outside the atlas, or ``keep`` it and mark it in `inside`.
        threads : int
            Threads that measure.

        Raises
        ------
        SiteError
            A project lies wholly outside the atlas.
        ParameterError
            A parameter's value makes no sense.
        """
        prefixes = sorted({b.jurisdiction for b in shelf})
        pieces = cut(batch.geometry, batch.accuracy_m, batch.extent_m, atlas, prefixes, day)
        inside = _inside(batch, pieces.codes)
        if outside == "refuse":
            _refuse_outside(inside, project, atlas)
        books = stack(shelf, {c for codes in pieces.codes for c in codes})
        table, todo = planned(batch, atlas, shelf, books, day)
        half = table.parameters.get(HALF_WIDTH)
        relations = relate(
            pieces,
            atlas,
            todo.requests,
            as_of=day,
            threads=threads,
            half_width_m=None if half is None else float(half),
        )
        judgement = judge(
            todo,
            table,
            relations,
            books,
            placed=batch.placed,
            lacking_m=np.concatenate([batch.lacking_m, np.zeros(len(batch.project) - len(batch.geometry))]),
            accepted=frozenset(atlas.accepted),
            access=atlas.access_at(day),
            units=units_touched(relations, atlas, batch, day),
            answers=answers,
        )
        return cls(batch, project, atlas, day, judgement, record.context(atlas, books, table), inside)

    def assessments(self) -> list[Assessment]:
        """Return one assessment a project."""
        return [self.assessment(i) for i in range(self.batch.projects)]

    def assessment(self, i: int) -> Assessment:
        """Return the assessment of one project."""
        rows = self.batch.rows(i)
        return Assessment(
            project=self.project(i),
            as_of=self.as_of,
            verdict=str(self.judgement.verdict[i]),
            complete=bool(self.judgement.complete[i]),
            context=self.context,
            _findings=lambda: record.findings(self, rows),
            _units=lambda: record.units(self, rows),
            _layers=lambda: record.layers(self, rows),
            _assumptions=lambda: record.assumptions(self, i, rows),
            _requirements=lambda: record.requirements(self, rows),
            _groups=lambda: record.groups(self, rows),
            _pictures=lambda: pictures(self, rows),
            _ground=lambda: ground(self.atlas, self.project(i), self.as_of),
            _neighbours=lambda: neighbours(self.atlas, self.project(i), self.as_of),
            _element_zones=lambda: element_zones(self.atlas, self.project(i), self.as_of),
            _scenery=lambda: scenery(self.atlas, self.project(i), self.as_of),
        )


def _inside(batch: Batch, codes: Sequence[tuple[str, ...]]) -> NDArray[np.bool_]:
    """Mark the projects of which some part lies in the atlas."""
    inside = np.zeros(batch.projects, dtype=bool)
    np.logical_or.at(inside, batch.project[batch.placed], np.array([bool(c) for c in codes], dtype=bool))
    return inside


def _refuse_outside(inside: NDArray[np.bool_], project: Callable[[int], Project], atlas: Atlas) -> None:
    for i in np.flatnonzero(~inside)[:1].tolist():
        raise SiteError(
            f"项目“{project(i).name}”全部位于图集“{atlas.name}”（{atlas.region}）之外，无法判定。"
            "请核对坐标，或改用项目所在区县的图集。"
        )
