"""`check`: one project, and the same path for many. Plan, measure, judge; findings are written when somebody reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone._evidence import ground, pictures
from ecozone import words
from ecozone.assessment import Assessment, Context
from ecozone.atlas import Atlas
from ecozone.errors import FactError, ParameterError, SiteError, did_you_mean
from ecozone.layer import as_date
from ecozone.project import PLANT_WIDTH_M, Part, Project
from ecozone.relate import cut, relate
from ecozone.relation import FALSE, Request
from ecozone.rules.facts import FactTable
from ecozone.rules.finding import Finding
from ecozone.rules.judge import HIT, NO_DATA, UNDETERMINED, Judgement, judge
from ecozone.rules.library import load_books, packaged, stack
from ecozone.rules.logic import leaves
from ecozone.rules.model import Rulebook
from ecozone.rules.plan import plan

_OPEN = (NO_DATA, UNDETERMINED)
#: Parameter that vouches for the half-width of rivers drawn as centrelines, metres.
HALF_WIDTH = "river_half_width_m"


def check(
    project: Project,
    atlas: Atlas,
    rules: Sequence[str | Path | Rulebook] | None = None,
    *,
    as_of: dt.date | str | None = None,
) -> Assessment:
    """Say whether a project may be built on its site, under the rules in force on a day, and why.

    Parameters
    ----------
    project : Project
    atlas : Atlas
    rules : sequence of str, Path or Rulebook, optional
        None: the packaged books of the site's jurisdictions. Names of packaged books narrow the choice to them; files and
        `Rulebook` values are added.
    as_of : datetime.date or ISO str
        The day whose law and zones hold. There is no default: the clock is an argument.

    Returns
    -------
    Assessment

    Raises
    ------
    SiteError
        The whole site lies outside the atlas.
    InputError
        A fact, parameter, date or rulebook cannot be used.

    Examples
    --------
    >>> atlas = ecozone.open_atlas("data/boundaries/511111")  # doctest: +SKIP
    >>> plant = ecozone.Project("103.55,29.41", nature="new", industry="C2614")  # doctest: +SKIP
    >>> ecozone.check(plant, atlas, as_of="2026-11-22").verdict  # doctest: +SKIP
    'prohibited'
    """
    return assess([project], atlas, rules, as_of=as_of)[0]


def assess(
    projects: Sequence[Project],
    atlas: Atlas,
    rules: Sequence[str | Path | Rulebook] | None = None,
    *,
    as_of: dt.date | str | None = None,
) -> Sequence[Assessment]:
    """Check many projects at once; the findings are those of `check`, one by one.

    Returns
    -------
    sequence of Assessment
        Aligned with `projects`.
    """
    return Judged.of(projects, atlas, rules, as_of=as_of).assessments()


@dataclass(frozen=True)
class _Parts:
    """All parts of all projects in one row each; the last ones are facilities whose place nobody gave."""

    parts: Sequence[Part | None]
    kinds: Sequence[tuple[str, ...]]
    project: NDArray[np.int64]
    placed: NDArray[np.bool_]
    names: Sequence[str]

    @classmethod
    def of(cls, projects: Sequence[Project]) -> _Parts:
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
    parts: _Parts
    judgement: Judgement
    context: Context

    @classmethod
    def of(
        cls,
        projects: Sequence[Project],
        atlas: Atlas,
        rules: Sequence[str | Path | Rulebook] | None = None,
        *,
        as_of: dt.date | str | None = None,
    ) -> Judged:
        """Plan, measure and judge."""
        day = _day(as_of)
        shelf = choose(rules)
        parts = _Parts.of(projects)
        table = _table(projects, parts, atlas, shelf, day)
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
        return cls(projects, atlas, day, parts, judgement, _context(atlas, books, table))

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
            _findings=lambda: self._findings(rows),
            _units=lambda: self._units(rows),
            _layers=lambda: self._layers(rows),
            _assumptions=lambda: self._assumptions(i, rows),
            _groups=lambda: self._groups(rows),
            _pictures=lambda: pictures(self, rows),
            _ground=lambda: ground(self.atlas, self.projects[i], self.as_of),
        )

    # ---- written when read

    def _findings(self, rows: Sequence[int]) -> list[Finding]:
        from ecozone.rules.explain import Explainer
        from ecozone.rules.standing import site_findings

        explainer = Explainer(self.judgement, self.parts.placed, self.parts.names)
        return [*explainer.findings(rows), *site_findings(self.judgement, self.parts.placed, self.parts.names, rows)]

    def _units(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        measured = self.judgement.relations.measured.get(Request("control_unit"))
        if measured is None or measured.layer is None:
            return []
        out = []
        for row in (r for r in rows if self.parts.placed[r]):
            for zone in measured.rows(row):
                if zone.distance_m == 0:
                    a = zone.attributes
                    out.append(
                        {
                            "code": a.get("code"), "name": zone.name, "city": a.get("city"), "county": a.get("county"),
                            "list_type": a.get("list_type"), "category": a.get("category"), "overlap_m2": zone.overlap_m2,
                            "overlap_m": zone.overlap_m, "share": zone.share, "part": self.parts.names[row],
                            "within_accuracy": _sliver(zone, float(measured.accuracy_m[row])),
                        }
                    )  # fmt: skip
        return out

    def _layers(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Return what each kind that was asked answered for this project."""
        out: dict[str, dict[str, Any]] = {}
        hits = {
            leaf["kind"]
            for j in self.judgement.rules
            if any(j.outcome[r] == HIT for r in rows)
            for leaf in leaves(j.planned.rule.where)
        }
        given = [r for r in rows if self.parts.placed[r]]
        for request, measured in self.judgement.relations.measured.items():
            used = measured.layer
            hit = request.kind in hits or (request.kind == "control_unit" and any(measured.distance_m[r] == 0 for r in given))
            covers = used is not None and all(measured.coverage_m[r] >= 0 for r in given)
            entry = {
                "kind": request.kind, "name": _kind_name(request.kind), "source": used.source if used else None,
                "version": used.version if used else None, "sha256": used.sha256() if used else None,
                "accuracy_m": used.accuracy_m if used else None, "document": used.document if used else None,
                "notice": used.notice if used else None, "covers_site": covers,
                "outcome": "no_data" if used is None else "hit" if hit else "clear",
            }  # fmt: skip
            out.setdefault(request.kind, entry)
        return [out[k] for k in sorted(out)]

    def _groups(self, rows: Sequence[int]) -> dict[str, Any]:
        """Return the industry groups that hits and open findings turned on, with the codes used."""
        named = dict.fromkeys(
            name
            for j in self.judgement.rules
            if any(j.outcome[r] in (HIT, *_OPEN) for r in rows)
            for leaf in leaves(j.planned.rule.when)
            for name in leaf.get("industry", ())
        )
        overrides = self.judgement.table.groups
        return {name: words.describe(name, overrides) for name in named if name in words.groups() or name in overrides}

    def _assumptions(self, i: int, rows: Sequence[int]) -> list[dict[str, str]]:
        table = self.judgement.table
        asked = [
            leaf for j in self.judgement.rules if any(int(table.nature(j.planned.rule.natures)[r]) > FALSE for r in rows)
            for leaf in leaves(j.planned.rule.when)
        ]  # fmt: skip
        facts = list(dict.fromkeys(leaf["fact"] for leaf in asked if "fact" in leaf))
        facilities = list(dict.fromkeys(k for leaf in asked for k in leaf.get("facility", ())))
        out = [{"about": "site", "text": n} for n in self.projects[i].notes]
        inferred = table.assumptions(int(table.owner[rows[0]]), facts, facilities)
        return out + [{"about": a.about, "text": a.text} for a in inferred]


def choose(rules: Sequence[str | Path | Rulebook] | None) -> list[Rulebook]:
    """Return the books an answer may draw on: names narrow the packaged ones, files and values are added."""
    if rules is None:
        return load_books()
    given = list(rules)
    named = [r for r in given if isinstance(r, str) and r in packaged()]
    extra = [r for r in given if r not in named]
    return load_books(named or None) + load_books(extra)


def _day(as_of: dt.date | str | None) -> dt.date:
    if as_of is None:
        raise FactError("请给出判定日期 as_of，例如 as_of=\"2026-11-22\"；结论取决于当日有效的规则和图层。")
    try:
        day = as_date(as_of)
    except Exception as error:
        raise FactError(f"判定日期“{as_of}”有误，请写成 2026-11-22 的样子。") from error
    assert day is not None
    return day


def _objects(items: Sequence[Any]) -> NDArray[Any]:
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


def _table(projects: Sequence[Project], parts: _Parts, atlas: Atlas, books: Sequence[Rulebook], day: dt.date) -> FactTable:
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


def _refuse_outside(projects: Sequence[Project], parts: _Parts, codes: Sequence[tuple[str, ...]], atlas: Atlas) -> None:
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


def _sliver(zone: Any, accuracy_m: float) -> bool:
    """Say whether an overlap is no wider than the data's own accuracy."""
    if zone.overlap_m2 is not None:
        return bool(zone.overlap_m2 <= accuracy_m * accuracy_m)
    return zone.overlap_m is not None and bool(zone.overlap_m <= accuracy_m)


def _kind_name(kind: str) -> str:
    from ecozone import kinds

    return kinds.name(kind)


def _context(atlas: Atlas, books: Sequence[Rulebook], table: FactTable) -> Context:
    declared = {name: spec for book in books for name, spec in book.parameters.items()}
    return Context(
        region=atlas.region,
        region_name=atlas.name,
        notice=atlas.notice,
        books=[
            {"name": b.name, "title": b.title, "version": b.version, "sha256": b.sha256, "jurisdiction": b.jurisdiction}
            for b in books
        ],
        parameters=[
            {
                "name": name, "label": spec.label, "unit": spec.unit, "book": spec.book,
                **_setting(atlas.parameters.get(name)),
            }
            for name, spec in sorted(declared.items())
        ],
        instruments=[
            {
                "id": i.id, "title": i.title, "number": i.number, "book": i.book, "bears_on_siting": i.bears_on_siting,
                "why": i.why, "accepted": i.id in atlas.accepted,
            }
            for b in books for i in b.instruments
        ],
    )  # fmt: skip


def _setting(parameter: Any) -> dict[str, Any]:
    if parameter is None:
        return {"value": None, "by": None, "on": None, "basis": None}
    return {
        "value": parameter.value, "by": parameter.by, "on": parameter.on.isoformat() if parameter.on else None,
        "basis": parameter.basis,
    }  # fmt: skip
