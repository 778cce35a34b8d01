"""What is known of projects, as columns: three-valued truths of conditions, one value a part.

A rule's condition is asked of all parts at once. Facts that nobody gave may be inferred from the industry, always on
the strict side; what was inferred is listed under the assumptions of the answer.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone import words
from ecozone.rules.known import COMPARE, FactColumn, Rows, by_name, coded
from ecozone.rules.logic import FALSE, TRUE, UNKNOWN, Truth, all_of, any_of, evaluate, key_of, truth
from ecozone.rules.measured import MeasuredFact


@dataclass(frozen=True)
class Profile:
    """What is known of a project, without its place. Many projects share one.

    Attributes
    ----------
    facilities : tuple of str or None
        What the site itself is; None: nobody said. `facilities_closed`: it is nothing else.
    has : tuple of str
        Facilities elsewhere, at a place not given yet.
    part_facilities : tuple of str
        Facilities at other places, given as parts.
    """

    nature: str | None = None
    industries: tuple[str, ...] = ()
    facilities: tuple[str, ...] | None = None
    facilities_closed: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    has: tuple[str, ...] = ()
    subject: str = "project"
    stage: str | None = None
    part_facilities: tuple[str, ...] = ()

    def key(self) -> tuple[Any, ...]:
        """Return a hashable key: projects with equal keys are judged alike wherever they lie."""
        facts = tuple(sorted((k, str(v)) for k, v in self.facts.items()))
        return (
            self.nature,
            self.industries,
            self.facilities,
            self.facilities_closed,
            facts,
            self.has,
            self.subject,
            self.stage,
            self.part_facilities,
        )


@dataclass(frozen=True)
class Assumption:
    """A fact that nobody gave and the answer took for granted."""

    about: str
    text: str


class FactTable:
    """Truths of conditions for the parts of some projects.

    Parameters
    ----------
    projects : sequence of Profile
        Projects that differ in what is known of them: many sites with the same facts are one row here.
    owner : ndarray of int64, shape (n,)
        The row of `projects` of each part.
    project_of : ndarray of int64, shape (n,)
        The project, as counted by the caller, of each part.
    kinds : sequence of tuple of str
        Facility kinds of each part; empty for the main site.
    permanent : ndarray of bool, shape (n,)
    parameters : mapping
        Parameter name to value, as set for the region.
    groups : mapping
        Industry groups that a book or the user overrides.
    as_of : datetime.date
    measure : callable, optional
        Measures a fact that nobody gives, by its name; None for a name that nothing measures.
    """

    def __init__(
        self,
        projects: Sequence[Profile],
        owner: NDArray[np.int64],
        project_of: NDArray[np.int64],
        kinds: Sequence[tuple[str, ...]],
        permanent: NDArray[np.bool_],
        parameters: Mapping[str, Any],
        groups: Mapping[str, Any],
        as_of: dt.date,
        measure: Callable[[str], MeasuredFact | None] | None = None,
    ) -> None:
        self._measure = measure
        self._measured: dict[str, MeasuredFact | None] = {}
        self.projects, self.owner, self.project_of = projects, owner, project_of
        self.kinds, self.permanent = kinds, permanent
        self.parameters, self.groups, self.as_of = parameters, groups, as_of
        self.n, self.m = len(owner), len(projects)
        self._memo: dict[Any, Truth] = {}
        self._columns: dict[str, FactColumn] = {}
        self._given = by_name(p.facts for p in projects)
        distinct, self._industry_at = coded(p.industries for p in projects)
        self._industries = words.Listed(distinct)
        self._natures, self._nature_at = coded(p.nature for p in projects)
        self._stages, self._stage_at = coded(p.stage for p in projects)
        self._subjects, self._subject_at = coded(p.subject for p in projects)
        self._site_kinds = Rows(p.facilities or () for p in projects)
        self._elsewhere = Rows((*p.has, *p.part_facilities) for p in projects)
        self._closed = np.array([p.facilities_closed for p in projects], dtype=bool)
        self._part_kinds = Rows(kinds)
        roles, at = coded(tuple(k) for k in kinds)
        self._main = np.array([not k for k in roles], dtype=bool)[at]
        carries = [not k or any(not words.facility(f).ancillary for f in k) for k in roles]
        self._carries = np.array(carries, dtype=bool)[at]

    # ---- leaves of conditions

    def holds(self, condition: Mapping[str, Any] | None) -> Truth:
        """Return the truth of a condition for every part, shape ``(n,)``."""
        return evaluate(condition, self.leaf, self.n)

    def leaf(self, node: Mapping[str, Any]) -> Truth:
        """Return the truth of one leaf."""
        key = key_of(node)
        if key not in self._memo:
            self._memo[key] = self._leaf(node)
        return self._memo[key]

    def _leaf(self, node: Mapping[str, Any]) -> Truth:
        if "industry" in node:
            member = any_of(self.industry(name) for name in node["industry"])[self.owner]
            return np.where(self._carries, member, FALSE).astype(np.int8)
        if "facility" in node:
            return any_of(self.facility(k) for k in node["facility"])
        if "fact" in node:
            given = self._fact_test(node["fact"], node["op"], node["value"])[self.owner]
            measured = self.measured(node["fact"])
            return given if measured is None else measured.test(node["op"], node["value"], given)
        if "parameter" in node:
            return self._parameter_test(node)
        if "stage" in node:
            asked = [UNKNOWN if v is None else TRUE if v in node["stage"] else FALSE for v in self._stages]
            return np.array(asked, dtype=np.int8)[self._stage_at][self.owner]
        if "subject" in node:
            asked = [TRUE if v in node["subject"] else FALSE for v in self._subjects]
            return np.array(asked, dtype=np.int8)[self._subject_at][self.owner]
        return truth(
            np.ones(self.n, bool),
            np.where(self.permanent, "permanent" in node["duration"], "temporary" in node["duration"]),
        )

    def industry(self, name: str, *, settle: bool = True) -> Truth:
        """Return whether each project is of an industry group or code, shape ``(projects,)``.

        Parameters
        ----------
        name : str
            Group or code.
        settle : bool
            Ask the facts that settle classes wider than the group. An inference asks without them, or a fact would
            ask itself.
        """
        key = ("industry", name, settle)
        if key not in self._memo:
            out = words.membership(self._industries, name, self.groups)[self._industry_at]
            if settle and (out == UNKNOWN).any() and words.settling_facts(name, self.groups):
                out = words.membership(self._listed, name, self.groups, settle=self._is_so)
            self._memo[key] = out
        return self._memo[key]

    @functools.cached_property
    def _listed(self) -> words.Listed:
        return words.Listed([p.industries for p in self.projects])

    def facility(self, kind: str) -> Truth:
        """Return whether each part is a facility, shape ``(n,)``."""
        key = ("facility", kind)
        if key not in self._memo:
            site = self._site_facility(kind)
            out = np.where(self._main, site[self.owner], FALSE).astype(np.int8)
            out[self._part_kinds[kind]] = TRUE
            self._memo[key] = out
        return self._memo[key]

    def _site_facility(self, kind: str) -> Truth:
        key = ("site facility", kind)
        if key not in self._memo:
            word = words.facility(kind)
            implied, possible = self._any_industry(word.implied_by), self._any_industry(word.possible_for)
            by_industry = np.where(
                implied == TRUE, TRUE, np.where(np.maximum(implied, possible) >= UNKNOWN, UNKNOWN, FALSE)
            )
            known = self._industries.known[self._industry_at]
            out = np.where(self._closed, FALSE, np.where(known, by_industry, UNKNOWN)).astype(np.int8)
            out[self._site_kinds[kind]] = TRUE
            self._memo[key] = out
        return self._memo[key]

    def has_facility(self, kind: str) -> Truth:
        """Return whether each project has a facility anywhere, shape ``(projects,)``."""
        out = self._site_facility(kind).copy()
        out[self._elsewhere[kind]] = TRUE
        return out

    def _any_industry(self, names: Sequence[str]) -> Truth:
        if not names:
            return np.full(self.m, FALSE)
        if "*" in names:
            return np.full(self.m, TRUE)
        return any_of(self.industry(name, settle=False) for name in names)

    # ---- facts

    def measured(self, name: str) -> MeasuredFact | None:
        """Return a fact that is measured on each part; None for one that somebody gives."""
        if self._measure is None:
            return None
        if name not in self._measured:
            self._measured[name] = self._measure(name)
        return self._measured[name]

    @property
    def measurements(self) -> Mapping[str, MeasuredFact]:
        """What was measured so far, by the fact's name."""
        return {k: v for k, v in self._measured.items() if v is not None}

    def fact(self, name: str) -> FactColumn:
        """Return for each project (value, reason): value None when unknown, reason None when it was given."""
        if name not in self._columns:
            self._columns[name] = self._fact(name)
        return self._columns[name]

    def _fact(self, name: str) -> FactColumn:
        word = words.fact(name)
        out = FactColumn(self.m, self._given.get(name, {}))
        if word.when and out.open.any():
            meaningless = False if word.type == "bool" else words.NOT_APPLICABLE
            out.assume(self._matches(word.when) == FALSE, meaningless, f"{word.name}：对本项目不适用")
        for inference in word.infer:
            if out.open.any():
                out.assume(self._matches(inference) == TRUE, inference["value"], f"{word.name}：{inference['reason']}")
        return out

    def _matches(self, given: Mapping[str, Any]) -> Truth:
        """Return whether each project matches every key of an inference."""
        tests = []
        if given.get("industries"):
            tests.append(self._any_industry(given["industries"]))
        if given.get("facilities"):
            tests.append(any_of(self.has_facility(k) for k in given["facilities"]))
        if given.get("natures"):
            asked = [UNKNOWN if v is None else TRUE if v in given["natures"] else FALSE for v in self._natures]
            tests.append(np.array(asked, dtype=np.int8)[self._nature_at])
        if given.get("facts"):
            tests.append(any_of(self._is_so(name) for name in given["facts"]))
        return all_of(tests) if tests else np.full(self.m, FALSE)

    def _fact_test(self, name: str, op: str, wanted: Any) -> Truth:
        column = self.fact(name)
        return column.test(lambda value: _test(value, op, wanted), None if op == "is" else (op, float(wanted)))

    def _is_so(self, name: str) -> Truth:
        key = ("is so", name)
        if key not in self._memo:
            self._memo[key] = self._fact_test(name, "is", [True])
        return self._memo[key]

    def _parameter_test(self, node: Mapping[str, Any]) -> Truth:
        value = _test(self.parameters.get(node["parameter"]), node["op"], node["value"])
        return np.full(self.n, value)

    # ---- nature

    def nature(self, natures: Sequence[str]) -> Truth:
        """Return whether a rule on some natures concerns each part (SEMANTICS 3)."""
        key = ("nature", tuple(natures))
        if key not in self._memo:
            self._memo[key] = self._nature(natures)[self.owner]
        return self._memo[key]

    def _nature(self, natures: Sequence[str]) -> Truth:
        asked = [UNKNOWN if v is None else TRUE if _as_judged(v) in natures else FALSE for v in self._natures]
        out = np.array(asked, dtype=np.int8)[self._nature_at]
        if ("upgrade" in natures) != ("expand" in natures) and "upgrade" in self._natures:
            grown = self._is_so("capacity_increase")
            upgrade = self._nature_at == self._natures.index("upgrade")
            out = np.where(upgrade, grown if "expand" in natures else -grown, out)
        if "existing" not in natures:
            out = np.minimum(out, self.judged_anew())
        return out.astype(np.int8)

    def given(self, name: str) -> Mapping[int, Any]:
        """Return the rows of `projects` that give a fact themselves, with what they give: nothing inferred."""
        return self._given.get(name, {})

    def judged_anew(self) -> Truth:
        """Return whether building rules judge each project: not one approved before, unchanged and begun in time."""
        out = np.full(self.m, TRUE)
        for i in self._given.get("approved_on", ()):
            p = self.projects[i]
            approved = day_of(p.facts["approved_on"])
            if approved is None or p.nature == "existing" or approved > self.as_of:
                continue
            changed = p.facts.get("major_change")
            if changed is True:
                continue
            started = day_of(p.facts.get("started_on"))
            late = (started or self.as_of) > _five_years_after(approved)
            out[i] = TRUE if late else UNKNOWN if changed is None else FALSE
        return out.astype(np.int8)

    # ---- what was taken for granted

    def assumptions(self, project: int, facts: Sequence[str], facilities: Sequence[str]) -> list[Assumption]:
        """Return what was inferred for a project among the facts and facilities that its rules asked for."""
        out = []
        p = self.projects[project]
        for name in facts:
            value, reason = self.fact(name)[project]
            if reason is not None and value is not None:
                out.append(Assumption(name, reason))
        if p.industries and not p.facilities_closed:
            states = {k: int(self._site_facility(k)[project]) for k in facilities if k not in (p.facilities or ())}
            for state, text in ((TRUE, "按行业推定具有"), (FALSE, "按行业推定不具有")):
                named = [words.facility(k).name for k, v in states.items() if v == state]
                if named:
                    out.append(Assumption("facilities", f"{'、'.join(p.industries)} {text}：{'、'.join(named)}"))
        return out


def _test(value: Any, op: str, wanted: Any) -> np.int8:
    if value is None:
        return UNKNOWN
    if value is words.NOT_APPLICABLE:
        return FALSE
    if op == "is":
        return TRUE if any(value == w for w in wanted) else FALSE
    return TRUE if COMPARE[op](float(value), float(wanted)) else FALSE


def _as_judged(nature: str) -> str:
    """Return the nature as which a project is judged: moving to a new site is building there anew."""
    return "new" if nature == "relocate" else nature


def day_of(value: Any) -> dt.date | None:
    """Return a date given as a date or as ISO text, None where nothing is given."""
    if value is None or isinstance(value, dt.date):
        return value
    return dt.date.fromisoformat(str(value))


def _five_years_after(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year + 5)
    except ValueError:  # 29 February
        return day.replace(year=day.year + 5, day=28)
