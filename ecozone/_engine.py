"""The engine: plan, measure, judge. Arrays first; the record is written when somebody reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone import _record as record
from ecozone._evidence import ground, pictures
from ecozone.assessment import Assessment, Context
from ecozone.atlas import Atlas
from ecozone.errors import ParameterError, SiteError, did_you_mean
from ecozone.project import PLANT_WIDTH_M, Part, Project
from ecozone.relate import cut, relate
from ecozone.rules.facts import FactTable
from ecozone.rules.judge import Judgement, judge
from ecozone.rules.library import stack
from ecozone.rules.model import Rulebook
from ecozone.rules.plan import plan

#: Parameter that vouches for the half-width of rivers drawn as centrelines, metres.
HALF_WIDTH = "river_half_width_m"


@dataclass(frozen=True)
class Parts:
    """All parts of all projects in one row each; the last ones are facilities whose place nobody gave."""

    parts: Sequence[Part | None]
    kinds: Sequence[tuple[str, ...]]
    project: NDArray[np.int64]
    placed: NDArray[np.bool_]
    names: Sequence[str]

    @classmethod
    def of(cls, projects: Sequence[Project]) -> Parts:
        placed = [(i, p) for i, project in enumerate(projects) for p in project.parts]
        elsewhere = [(i, k) for i, project in enumerate(projects) for k in project.has]
        return cls(
            parts=[p for _, p in placed] + [None] * len(elsewhere),
            kinds=[p.facilities for _, p in placed] + [(k,) for _, k in elsewhere],
            project=np.array([i for i, _ in placed] + [i for i, _ in elsewhere], dtype=np.int64),
            placed=np.array([True] * len(placed) + [False] * len(elsewhere), dtype=bool),
            names=[p.name for _, p in placed] + [k for _, k in elsewhere],
        )


def _profiles(projects: Sequence[Project]) -> tuple[list[Project], NDArray[np.int64]]:
    """Return projects that differ in what is known of them, and the row of each project among them."""
    rows: dict[Any, int] = {}
    first: list[Project] = []
    owner = np.empty(len(projects), dtype=np.int64)
    for i, p in enumerate(projects):
        key = (
            p.nature, p.industries, p.facilities, p.facilities_closed, p.has, p.subject, p.stage,
            tuple(sorted((k, str(v)) for k, v in p.facts.items())), tuple(part.facilities for part in p.parts),
        )  # fmt: skip
        if key not in rows:
            rows[key] = len(first)
            first.append(p)
        owner[i] = rows[key]
    return first, owner


@dataclass(frozen=True)
class Judged:
    """Projects judged on an atlas: arrays first, words when read."""

    projects: Sequence[Project]
    atlas: Atlas
    as_of: dt.date
    parts: Parts
    judgement: Judgement
    context: Context

    @classmethod
    def of(
        cls,
        projects: Sequence[Project],
        atlas: Atlas,
        shelf: Sequence[Rulebook],
        day: dt.date,
    ) -> Judged:
        """Plan, measure and judge.

        Parameters
        ----------
        projects : sequence of Project
        atlas : Atlas
        shelf : sequence of Rulebook
            Books that may bind; those of other jurisdictions stay closed.
        day : datetime.date

        Raises
        ------
        SiteError
            A project lies wholly outside the atlas.
        ParameterError
            A parameter's value makes no sense.
        """
        parts = Parts.of(projects)
        table = _fact_table(projects, parts, atlas, shelf, day)
        given = [p for p in parts.parts if p is not None]
        lacking = np.array([PLANT_WIDTH_M if p.lacks_extent else 0.0 for p in given])
        prefixes = sorted({b.jurisdiction for b in shelf})
        pieces = cut(
            _objects([p.geometry for p in given]),
            np.array([p.accuracy_m for p in given], dtype=float),
            np.array([p.extent_m or 0.0 for p in given], dtype=float),
            atlas,
            prefixes,
            day,
        )
        _refuse_outside(projects, parts, pieces.codes, atlas)
        books = stack(shelf, {c for codes in pieces.codes for c in codes})
        todo = plan(
            books,
            table,
            kinds=atlas.kinds,
            proposed=lambda kind: _has_proposed(atlas, kind, day),
            beyond_m=float(lacking.max(initial=0.0)),
        )
        half = table.parameters.get(HALF_WIDTH)
        relations = relate(pieces, atlas, todo.requests, as_of=day, half_width_m=None if half is None else float(half))  # type: ignore[arg-type]
        judgement = judge(
            todo,
            table,
            relations,
            books,
            placed=parts.placed,
            lacking_m=np.concatenate([lacking, np.zeros(int((~parts.placed).sum()))]),
            accepted=frozenset(atlas.accepted),
        )
        return cls(projects, atlas, day, parts, judgement, record.context(atlas, books, table))

    def assessments(self) -> list[Assessment]:
        """Return one assessment a project."""
        return [self.assessment(i) for i in range(len(self.projects))]

    def assessment(self, i: int) -> Assessment:
        """Return the assessment of one project."""
        rows = np.flatnonzero(self.parts.project == i).tolist()
        return Assessment(
            project=self.projects[i],
            as_of=self.as_of,
            verdict=str(self.judgement.verdict[i]),
            complete=bool(self.judgement.complete[i]),
            context=self.context,
            _findings=lambda: record.findings(self, rows),
            _units=lambda: record.units(self, rows),
            _layers=lambda: record.layers(self, rows),
            _assumptions=lambda: record.assumptions(self, i, rows),
            _groups=lambda: record.groups(self, rows),
            _pictures=lambda: pictures(self, rows),
            _ground=lambda: ground(self.atlas, self.projects[i], self.as_of),
        )


def _objects(items: Sequence[Any]) -> NDArray[Any]:
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


def _fact_table(
    projects: Sequence[Project], parts: Parts, atlas: Atlas, books: Sequence[Rulebook], day: dt.date
) -> FactTable:
    profiles, owner = _profiles(projects)
    declared = {name: spec for book in books for name, spec in book.parameters.items()}
    values = {k: p.value for k, p in atlas.parameters.items()}
    for name, value in values.items():
        if name in declared and declared[name].type in ("distance", "number"):
            if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
                raise ParameterError(f"参数 {name} 的值“{value}”不是非负数，请用 ecozone params 重新设置。")
        elif name not in declared and name != HALF_WIDTH and atlas.path is None:
            raise ParameterError(f"没有名为“{name}”的参数{did_you_mean(name, declared)}")
    groups = {k: v for book in books for k, v in book.groups.items()}
    permanent = np.array([p.permanent if p is not None else True for p in parts.parts], dtype=bool)
    return FactTable(profiles, owner[parts.project], parts.project, parts.kinds, permanent, values, groups, day)


def _refuse_outside(projects: Sequence[Project], parts: Parts, codes: Sequence[tuple[str, ...]], atlas: Atlas) -> None:
    inside = np.zeros(len(projects), dtype=bool)
    np.logical_or.at(inside, parts.project[parts.placed], np.array([bool(c) for c in codes], dtype=bool))
    for i in np.flatnonzero(~inside)[:1].tolist():
        raise SiteError(
            f"项目“{projects[i].name}”全部位于图集“{atlas.name}”（{atlas.region}）之外，无法判定。"
            "请核对坐标，或改用项目所在区县的图集。"
        )


def _has_proposed(atlas: Atlas, kind: str, day: dt.date) -> bool:
    layer = atlas.at(kind, day)
    return layer is not None and bool((layer.columns["status"] == "proposed").any())
