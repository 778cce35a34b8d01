"""Mutation of the rulebooks against the hand-written cases alone.

Every case is measured once, with every rule that could ever ask; a mutant changes one thing of one rule (or one date
of one document), and only the rules it touches are judged again. A mutant that no case notices is a survivor.

    python tests/mutation.py                 # the rate of every book
    python tests/mutation.py cn-511111       # and the survivors of one
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import shapely
import situations
import yaml

from ecozone import kinds, relate
from ecozone._batch import Batch
from ecozone._engine import Judged as Run
from ecozone.atlas import Atlas
from ecozone.crs import Plane
from ecozone.project import Project
from ecozone.rules.judge import (
    ABSENT,
    HIT,
    NO_DATA,
    NOT_APPLICABLE,
    OUTCOMES,
    UNDETERMINED,
    VERDICTS,
    Judged,
    judge,
    judge_rule,
)
from ecozone.rules.library import packaged
from ecozone.rules.logic import leaves
from ecozone.rules.model import EFFECTS, Document, Exemption, Period, Rule, Rulebook
from ecozone.rules.plan import Plan, Planned, gate

CASES = Path(__file__).parent / "cases"
#: How far a distance is moved.
STEP = 0.01
WEAKER = {
    "prohibit": "restrict",
    "suspend": "restrict",
    "exit_close": "exit_rectify",
    "prohibit_in_principle": "restrict",
    "restrict": "require",
    "require": "inform",
    "exit_rectify": "inform",
}
OPEN = (NO_DATA, UNDETERMINED)
PUSH = [push for push, _ in EFFECTS.values()]


# ---------------------------------------------------------------------------------------------------- mutants


@dataclass(frozen=True)
class Mutant:
    """One change: what it is, and each rule it touches with what becomes of it (None: deleted)."""

    book: str
    kind: str
    what: str
    rules: Mapping[str, Rule | None]
    memo: dict[int, Judged] = field(default_factory=dict)


def mutants(book: Rulebook) -> Iterator[Mutant]:
    """Yield every mutant of a book."""
    for rule in book.rules:
        for kind, what, changed in _of_rule(rule):
            yield Mutant(book.name, kind, f"{rule.id}: {what}", {rule.id: changed})
    for document in book.documents.values():
        yield from _of_document(book, document)


def _of_rule(rule: Rule) -> Iterator[tuple[str, str, Rule | None]]:
    yield "deleted", "deleted", None
    for nature in rule.natures:
        if nature == "relocate":  # judged as `new`: dropping the word changes nothing
            continue
        rest = tuple(n for n in rule.natures if n != nature)
        yield "nature", f"nature {nature} dropped", replace(rule, natures=rest)
    if rule.effect in WEAKER:
        alike = tuple(_weaker(e) if e.pending_effect == rule.effect else e for e in rule.exceptions)
        weaker = replace(rule, effect=WEAKER[rule.effect], exceptions=alike)
        yield "effect", f"{rule.effect} -> {WEAKER[rule.effect]}", weaker
    for i, exception in enumerate(rule.exceptions):
        if exception.proof and exception.pending_effect in WEAKER:
            others = (*rule.exceptions[:i], _weaker(exception), *rule.exceptions[i + 1 :])
            what = f"exception {exception.id}: {exception.pending_effect} -> {WEAKER[exception.pending_effect]}"
            yield "effect", what, replace(rule, exceptions=others)
    for i, leaf in enumerate(leaves(rule.where)):
        for key, factor in ((k, f) for k in _figures(leaf) for f in (1 - STEP, 1 + STEP)):
            where = copy.deepcopy(rule.where)
            _scale(leaves(where)[i], key, factor)
            yield "distance", f"{leaf['kind']} {key} × {factor:.2f}", replace(rule, where=where)
    own = rule.period != rule.citation.document.period
    for end in ("first", "last"):
        if own and getattr(rule.period, end) != getattr(rule.citation.document.period, end):
            for days in (-1, 1):
                moved = _moved(rule.period, end, days)
                if moved is not None:
                    yield "date", f"period.{end} {days:+d} day", replace(rule, period=moved)


def _of_document(book: Rulebook, document: Document) -> Iterator[Mutant]:
    """Yield the document's dates moved by a day: a rule that states none of its own follows."""
    citing = [r for r in book.rules if r.citation.document.key == document.key]
    for end in ("first", "last"):
        touched = [r for r in citing if getattr(r.period, end) == getattr(document.period, end)]
        if not touched or getattr(document.period, end) is None:
            continue
        for days in (-1, 1):
            period = _moved(document.period, end, days)
            assert period is not None
            other = replace(document, period=period)
            changed = {}
            for rule in touched:
                own = replace(rule.period, **{end: getattr(period, end)})
                changed[rule.id] = replace(rule, period=own, citation=replace(rule.citation, document=other))
            yield Mutant(book.name, "date", f"{document.key}: {end} {days:+d} day", changed)


def _weaker(exception: Exemption) -> Exemption:
    return replace(exception, pending_effect=WEAKER[exception.pending_effect])


def _figures(leaf: Mapping[str, Any]) -> list[str]:
    spec = leaf.get("distance") or {}
    return [k for k in ("metres", "at_least", "at_most") if spec.get(k)] + [
        k for k in ("share", "area_m2") if k in leaf
    ]


def _scale(leaf: dict[str, Any], key: str, factor: float) -> None:
    if key in ("share", "area_m2"):
        leaf[key] = {op: value * factor for op, value in leaf[key].items()}
    else:
        leaf["distance"][key] *= factor


def _moved(period: Period, end: str, days: int) -> Period | None:
    day = getattr(period, end)
    return None if day is None else replace(period, **{end: day + dt.timedelta(days=days)})


# ------------------------------------------------------------------------------------------------------ cases


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
        with mock.patch.object(relate, "_coverage", _known_around):
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
        placed = self.run.batch.placed
        return judge_rule(planned, judgement.relations, judgement.table, placed, self.lacking, judgement.plan.proposed)

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
            for key in _figures(leaf):
                _scale(leaf, key, 1 + 2 * STEP)
        rules.append(replace(rule, where=where, period=Period()))
    return replace(book, rules=tuple(rules))


@functools.cache
def _wide_shelf() -> list[Rulebook]:
    return [_widened(b) for b in packaged().values()]


def _key(case: Mapping[str, Any]) -> str:
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


def read_cases(paths: Iterable[Path] | None = None) -> list[Mapping[str, Any]]:
    """Return the cases of some files, of all by default."""
    files = sorted(CASES.glob("*.yaml")) if paths is None else paths
    return [c for p in files for c in yaml.safe_load(p.read_text(encoding="utf-8")) or []]


# ------------------------------------------------------------------------------------------------------ trial


class Trial:
    """All cases, measured, and who notices what.

    Parameters
    ----------
    cases : sequence of mapping
    """

    def __init__(self, cases: Sequence[Mapping[str, Any]]) -> None:
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for case in cases:
            groups.setdefault(_key(case), []).append(case)
        self.fields = [Field(g) for g in groups.values()]
        self.failing: list[str] = []
        self._speak: dict[str, list[tuple[Field, list[int]]]] = {}
        self._sums: list[tuple[Field, list[int]]] = []
        for f in self.fields:
            broken = f.failing()
            self.failing += broken.values()
            sound = [i for i in range(len(f.cases)) if i not in broken]
            self._sums.append((f, [i for i in sound if f.cases[i].sums]))
            named: dict[str, list[int]] = {}
            for i in sound:
                for rule in {*(f.cases[i].expect.get("findings") or {}), *(f.cases[i].expect.get("absent") or ())}:
                    named.setdefault(rule, []).append(i)
            for rule, at in named.items():
                self._speak.setdefault(rule, []).append((f, at))

    def killer(self, mutant: Mutant) -> str | None:
        """Return the first case that notices a mutant; None: it survives."""
        for name in mutant.rules:
            for f, at in self._speak.get(name, ()):
                if killer := self._notice(f, at, mutant, ()):
                    return killer
        for f, at in self._sums:
            if at and (killer := self._notice(f, at, mutant, at)):
                return killer
        return None

    def _notice(self, f: Field, at: Sequence[int], mutant: Mutant, sums: Sequence[int]) -> str | None:
        changed = {k: (r, self._again(f, k, r, mutant)) for k, r in mutant.rules.items() if k in f.rules}
        if not changed:
            return None
        for i in at:
            case = f.cases[i]
            found = {k: case.found(r, j) for k, (r, j) in changed.items()} if not sums else {}
            weights = None
            if sums:
                instead = {k: case.weigh(r, j) for k, (r, j) in changed.items() if f.rules[k][1] in case.jurisdictions}
                if all(f.weights[i].get(k) == w for k, w in instead.items()):
                    continue
                weights = ({**f.weights[i], **instead}).values()
            if case.complaints(found, weights):
                return case.id
        return None

    @staticmethod
    def _again(f: Field, name: str, rule: Rule | None, mutant: Mutant) -> Judged | None:
        """Return a rule as it comes out after the change: dates and deletions leave the ground as it was."""
        if rule is None or mutant.kind == "date":
            return f.judged[name]
        cached = mutant.memo.get(id(f))
        if cached is None:
            cached = mutant.memo[id(f)] = f.judge(rule, f.rules[name][1])
        return cached

    def run(self, books: Iterable[Rulebook]) -> Score:
        """Try every mutant of some books."""
        score = Score()
        for book in books:
            for mutant in mutants(book):
                score.add(mutant, self.killer(mutant))
        return score


@dataclass
class Score:
    """Who was noticed and who was not."""

    tried: dict[tuple[str, str], int] = field(default_factory=dict)
    survivors: list[Mutant] = field(default_factory=list)

    def add(self, mutant: Mutant, killer: str | None) -> None:
        key = (mutant.book, mutant.kind)
        self.tried[key] = self.tried.get(key, 0) + 1
        if killer is None:
            self.survivors.append(mutant)

    def rate(self, keep: Callable[[str, str], bool] = lambda _book, _kind: True) -> float:
        """Return the share of mutants noticed, of all or of some books and kinds."""
        tried = sum(n for k, n in self.tried.items() if keep(*k))
        lived = sum(keep(m.book, m.kind) for m in self.survivors)
        return 1.0 if not tried else 1 - lived / tried

    def table(self) -> str:
        """Return killed/tried for every book and kind of mutant."""
        kinds = list(dict.fromkeys(k for _, k in self.tried))
        lines = ["book        " + "".join(f"{k:>14}" for k in kinds) + f"{'all':>14}"]
        for book in dict.fromkeys(b for b, _ in self.tried):
            cells = []
            for kind in (*kinds, None):
                tried = sum(n for (b, k), n in self.tried.items() if b == book and kind in (None, k))
                lived = sum(m.book == book and kind in (None, m.kind) for m in self.survivors)
                cells.append(f"{tried - lived}/{tried}".rjust(14))
            lines.append(f"{book:<12}" + "".join(cells))
        total = sum(self.tried.values())
        lines.append(f"{total - len(self.survivors)} of {total} mutants noticed: {self.rate():.1%}")
        return "\n".join(lines)


def main(names: Sequence[str]) -> None:
    trial = Trial(read_cases())
    for line in trial.failing:
        print("fails as it is:", line)
    score = trial.run(b for b in packaged().values() if not names or b.name in names)
    print(score.table())
    if names:
        for mutant in score.survivors:
            print(f"  {mutant.what}")


if __name__ == "__main__":
    main(sys.argv[1:])
