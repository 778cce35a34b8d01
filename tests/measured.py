"""Hand-written cases measured together: each on ground of its own, far from the others, asked by every rule."""

from __future__ import annotations

import copy
import datetime as dt
import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
import shapely
import situations
from mutants import STEP, figures, scale

from ecozone import kinds, relate
from ecozone._batch import Batch
from ecozone._engine import Judged as Run
from ecozone.atlas import Atlas
from ecozone.crs import Plane
from ecozone.project import Project
from ecozone.rules.judge import VERDICTS, judge
from ecozone.rules.library import packaged
from ecozone.rules.logic import leaves
from ecozone.rules.model import EFFECTS, Period, Rule, Rulebook
from ecozone.rules.outcomes import ABSENT, HIT, NO_DATA, NOT_APPLICABLE, OUTCOMES, UNDETERMINED, Judged, judge_rules
from ecozone.rules.plan import Plan, Planned, gate

OPEN = (NO_DATA, UNDETERMINED)
PUSH = [push for push, _ in EFFECTS.values()]


@dataclass
class Case:
    """A case among others: its rows, what it expects, and how every rule weighs in its answer."""

    id: str
    expect: Mapping[str, Any]
    day: dt.date
    rows: list[int]
    site_open: bool
    jurisdictions: frozenset[str]

    @property
    def sums(self) -> bool:
        """Whether the case expects something of the whole answer."""
        return bool({"verdict", "complete", "exit"} & set(self.expect))

    def found(self, rule: Rule | None, judged: Judged | None) -> tuple[str, str] | None:
        """Return (outcome, effect) as the cases state them: of the last part the rule concerns, else of the first."""
        out = None
        if rule is not None and judged is not None and rule.in_force(self.day):
            for part in self.rows:
                code = judged.outcome[part]
                if code != ABSENT and (code != NOT_APPLICABLE or out is None):
                    out = OUTCOMES[int(code)], judged.effect_name(part)
        return out

    def weigh(self, rule: Rule | None, judged: Judged | None) -> tuple[int, int]:
        """Return how far a rule pushes, and how far what it leaves open could push."""
        if rule is None or judged is None or not rule.in_force(self.day):
            return 0, 0
        firm, push, loose = rule.firm(self.day), 0, 0
        for part in self.rows:
            code, reach = judged.outcome[part], int(PUSH[judged.effect[part]])
            if code == HIT and firm:
                push = max(push, reach)
            if code in OPEN or judged.near_miss[part] or (code == HIT and not firm):
                loose = max(loose, reach)
        return push, loose

    def answer(self, weights: Iterable[tuple[int, int]]) -> tuple[str, bool]:
        """Return (verdict, complete) of all rules' weights."""
        push, loose = 0, 3 if self.site_open else 0
        for p, o in weights:
            push, loose = max(push, p), max(loose, o)
        complete = loose <= push
        return ("undetermined" if push == 0 and not complete else VERDICTS[push]), complete

    def complaints(
        self, found: Mapping[str, tuple[str, str] | None], weights: Iterable[tuple[int, int]] | None
    ) -> list[str]:
        """Return what of the expectation does not hold, given what some rules found and how all of them weigh."""
        out = []
        for rule, came in found.items():
            wanted = (self.expect.get("findings") or {}).get(rule)
            if wanted is not None:
                outcome, effect = wanted if isinstance(wanted, list) else (wanted, None)
                if came is None or came[0] != outcome or effect not in (None, came[1]):
                    out.append(f"{rule} is {came}")
            if rule in (self.expect.get("absent") or ()) and came is not None and came[0] == "hit":
                out.append(f"{rule} hits")
        if weights is not None and self.sums:
            verdict, complete = self.answer(weights)
            for key, value in (("verdict", verdict), ("complete", complete), ("exit", exit_status(verdict, complete))):
                if key in self.expect and self.expect[key] != value:
                    out.append(f"{key} is {value}")
        return out


def exit_status(verdict: str, complete: bool) -> int:
    """Return the exit status of an answer (SEMANTICS 1)."""
    if verdict == "prohibited":
        return 1
    if not complete or verdict == "undetermined":
        return 3
    return 4 if verdict == "restricted" else 0


class Field:
    """Cases under the same parameters, each on ground of its own, far from the others, measured in one go.

    Parameters
    ----------
    cases : sequence of mapping
    """

    def __init__(self, cases: Sequence[Mapping[str, Any]]) -> None:
        projects, atlas = _one_atlas(cases)
        batch = Batch.of(projects)
        day = dt.date.fromisoformat(str(cases[0]["as_of"]))
        with mock.patch.object(relate, "margin_m", _known_around):
            self.run = Run.of(batch, projects.__getitem__, atlas, _wide_shelf(), day)
        self.lacking = np.concatenate([batch.lacking_m, np.zeros(len(batch.project) - len(batch.geometry))])
        shelf = packaged()
        self.rules = {
            r.id: (r, shelf[b.name].jurisdiction) for b in self.run.judgement.books for r in shelf[b.name].rules
        }
        nothing = Plan([], [], frozenset())
        bare = judge(
            nothing,
            self.run.judgement.table,
            self.run.judgement.relations,
            [shelf[b.name] for b in self.run.judgement.books],
            placed=batch.placed,
            lacking_m=self.lacking,
            accepted=self.run.judgement.accepted,
        )
        self.judged = {k: self.judge(r, j) for k, (r, j) in self.rules.items()}
        codes = self.run.judgement.relations.codes
        self.cases = []
        for i, case in enumerate(cases):
            rows = batch.rows(i)
            here = {c for r in rows if r < len(codes) for c in codes[r]}
            bound = frozenset(j for _, j in self.rules.values() if any(c.startswith(j) for c in here))
            self.cases.append(
                Case(str(case["id"]), case["expect"], _day(case), rows, not bool(bare.complete[i]), bound)
            )
        self.weights = {
            i: {k: c.weigh(r, self.judged[k]) for k, (r, j) in self.rules.items() if j in c.jurisdictions}
            for i, c in enumerate(self.cases)
            if c.sums
        }

    def judge(self, rule: Rule, jurisdiction: str) -> Judged:
        """Judge one rule on all cases."""
        judgement = self.run.judgement
        planned = Planned(rule, jurisdiction, gate(rule, judgement.table))
        placed, proposed = self.run.batch.placed, judgement.plan.proposed
        return judge_rules([planned], judgement.relations, judgement.table, placed, self.lacking, proposed).rules()[0]

    def failing(self) -> dict[int, str]:
        """Return the cases that fail with the books as they are."""
        out = {}
        for i, case in enumerate(self.cases):
            found = {k: case.found(r, self.judged[k]) for k, (r, _) in self.rules.items()}
            weights = self.weights[i].values() if case.sums else None
            if complaints := case.complaints(found, weights):
                out[i] = f"{case.id}: {'; '.join(complaints)}"
        return out


def _day(case: Mapping[str, Any]) -> dt.date:
    return dt.date.fromisoformat(str(case["as_of"]))


def _widened(book: Rulebook) -> Rulebook:
    """Return a book whose rules hold on any day and look a step farther: it asks what any mutant could."""
    rules = []
    for rule in book.rules:
        where = copy.deepcopy(rule.where)
        for leaf in leaves(where):
            for key in figures(leaf):
                scale(leaf, key, 1 + 2 * STEP)
        rules.append(replace(rule, where=where, period=Period()))
    return replace(book, rules=tuple(rules))


@functools.cache
def _wide_shelf() -> list[Rulebook]:
    return [_widened(b) for b in packaged().values()]


def key(case: Mapping[str, Any]) -> str:
    """Return what cases must share to be measured together; a day matters only where zones or approvals have dates."""
    site = case.get("site") or {}
    text = json.dumps([case.get("site"), case.get("parts"), (case.get("project") or {}).get("facts")], default=str)
    dated = any(word in text for word in ("valid_", "approved_on", "started_on"))
    shared = [case.get("parameters") or {}, sorted(site.get("missing") or ()), case.get("accepted", "all")]
    return json.dumps([*shared, str(case["as_of"]) if dated else ""], sort_keys=True, default=str)


def _one_atlas(cases: Sequence[Mapping[str, Any]]) -> tuple[list[Project], Atlas]:
    """Return the projects of some cases and one atlas that holds what lies around each; equal grounds are shared."""
    projects: list[Project] = []
    rows: dict[str, list[tuple[Any, Mapping[str, Any]]]] = {}
    spots, planes = _spots(), dict[str, Plane]()
    usual = situations.PLANE
    try:
        for case in cases:
            ground = json.dumps([situations.region(case), case.get("site"), case.get("parts")], default=str)
            known = ground in planes
            situations.PLANE = planes.setdefault(ground, planes[ground] if known else Plane(*next(spots)))
            projects.append(situations.project(case))
            if not known:
                for kind, found in situations.surroundings(case)[0].items():
                    rows.setdefault(kind, []).extend(found)
                for _ in case.get("parts") or ():
                    next(spots)
    finally:
        situations.PLANE = usual
    missing = set((cases[0].get("site") or {}).get("missing") or ())
    nowhere = shapely.Polygon()
    layers = [situations.layer(k, rows.get(k, []), nowhere) for k in kinds.registry() if k not in missing]
    return projects, situations.atlas(cases[0], layers)


def _spots() -> Iterator[tuple[float, float]]:
    """Yield places so far from each other that no rule of one case sees another; parts take the next ones."""
    for lat in np.arange(20.0, 48.0, 1.0):
        for lon in np.arange(76.0, 130.0, 1.5):
            yield float(lon), float(lat)


def _known_around(group: Any, _coverage: Any, _cache: Any) -> np.ndarray:
    """Every case's surroundings are known as far as `situations` draws them; nobody has to measure that again."""
    return np.full(len(group.rows), situations.KNOWN - 2 * situations.HALF)
