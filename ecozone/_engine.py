"""The engine: plan, measure, judge. Arrays first; the record is written when somebody reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecozone import _record as record
from ecozone import words
from ecozone._batch import Batch
from ecozone._evidence import ground, pictures
from ecozone._neighbours import element_zones, neighbours, scenery
from ecozone.assessment import Assessment, Context
from ecozone.atlas import Atlas
from ecozone.errors import ParameterError, SiteError, did_you_mean
from ecozone.project import Project
from ecozone.relate import cut, relate
from ecozone.relate.rows import Rows
from ecozone.relation import Relations, Request
from ecozone.rules.access import Answer
from ecozone.rules.facts import FactTable
from ecozone.rules.judge import Judgement, judge
from ecozone.rules.library import stack
from ecozone.rules.measured import MeasuredFact
from ecozone.rules.model import Rulebook
from ecozone.rules.place import bounds
from ecozone.rules.plan import plan

#: Parameter that vouches for the half-width of rivers drawn as centrelines, metres.
HALF_WIDTH = "river_half_width_m"


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
        table = _fact_table(batch, atlas, shelf, day)
        prefixes = sorted({b.jurisdiction for b in shelf})
        pieces = cut(batch.geometry, batch.accuracy_m, batch.extent_m, atlas, prefixes, day)
        inside = _inside(batch, pieces.codes)
        if outside == "refuse":
            _refuse_outside(inside, project, atlas)
        books = stack(shelf, {c for codes in pieces.codes for c in codes})
        todo = plan(
            books,
            table,
            kinds=atlas.kinds,
            proposed=lambda kind: _has_proposed(atlas, kind, day),
            beyond_m=float(batch.lacking_m.max(initial=0.0)),
        )
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
            units=_units(relations, atlas, batch, day),
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


def _units(relations: Relations, atlas: Atlas, batch: Batch, day: dt.date) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """Return the parts that touch each control unit, by its code and category."""
    measured, layer = relations.measured.get(Request("control_unit")), atlas.at("control_unit", day)
    if measured is None or layer is None or not isinstance(measured.rows, Rows):
        return {}
    out: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for zone, pieces in measured.rows.touched().items():
        code, category = (layer.columns[c][zone] for c in ("code", "category"))
        key = (str(code or layer.columns["zone"][zone]), str(category or ""))
        touches = out.setdefault(key, np.zeros(len(batch.project), dtype=bool))
        touches[pieces[pieces < len(batch.geometry)]] = True
    return out


def _fact_table(batch: Batch, atlas: Atlas, books: Sequence[Rulebook], day: dt.date) -> FactTable:
    declared = {name: spec for book in books for name, spec in book.parameters.items()}
    values = {k: p.value for k, p in atlas.parameters.items()}
    limits = bounds(books) if values else {}
    for name, value in values.items():
        if name in declared and declared[name].type in ("distance", "number"):
            if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
                raise ParameterError(f"参数 {name} 的值“{value}”不是非负数，请用 ecozone params 重新设置。")
            low, high = limits.get(name, (0.0, np.inf))
            if not low <= value <= high:
                unit = declared[name].unit or ""
                told = f"{low:g}～{high:g} {unit}" if np.isfinite(high) else f"不小于 {low:g} {unit}"
                raise ParameterError(
                    f"参数 {name} 的值 {value:g} 超出规划给出的范围（{told}），请用 ecozone params 在范围内设置。"
                )
        elif name not in declared and name != HALF_WIDTH and atlas.path is None:
            raise ParameterError(f"没有名为“{name}”的参数{did_you_mean(name, declared, otherwise='。')}")
    groups = {k: v for book in books for k, v in book.groups.items()}
    return FactTable(
        batch.profiles,
        batch.profile[batch.project],
        batch.project,
        batch.kinds,
        batch.permanent,
        values,
        groups,
        day,
        _evidence(batch, atlas, day),
    )


def _evidence(batch: Batch, atlas: Atlas, day: dt.date) -> Callable[[str], MeasuredFact | None]:
    """Return what measures facts on the atlas' rasters; nothing is opened before a rule asks.

    A region's pieces are not cut along pixels, so facts of that kind stay open there.
    """

    def measure(name: str) -> MeasuredFact | None:
        if batch.regional or words.facts()[name].measured is None:
            return None
        from ecozone.raster.evidence import Evidence

        return Evidence(batch, atlas, day)(name)

    return measure


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


def _has_proposed(atlas: Atlas, kind: str, day: dt.date) -> bool:
    layer = atlas.at(kind, day)
    return layer is not None and bool((layer.columns["status"] == "proposed").any())
