"""Projects and places made from a rule itself: one for each way in which it can hold, and what lies just beside it.

Nothing is drawn here. A place is a table of numbers, as `ecozone.relate` would have measured it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ecozone import words
from ecozone.relation import FALSE, TRUE, UNKNOWN, LayerUsed, Measured, Relations, Request
from ecozone.rules.facts import FactTable, Profile
from ecozone.rules.logic import leaves
from ecozone.rules.model import Rule
from ecozone.rules.outcomes import OUTCOMES, judge_rules
from ecozone.rules.place import request_of
from ecozone.rules.plan import Planned, gate
from ecozone.rules.proof import Literal, Theory, ways, whole

ACCURACY = 1.0
AS_OF = dt.date(2025, 6, 1)
#: States of the zones that one leaf asks about: none near, all of the site inside, in doubt, or so many metres away.
ABSENT, INSIDE, EDGE = "absent", "inside", "edge"
State = str | float
THEORY = Theory({})


@dataclass(frozen=True)
class Scenario:
    """What is known of a project, and how the zones lie that a rule asks about."""

    profile: Profile
    permanent: bool = True
    parameters: Mapping[str, Any] = field(default_factory=dict)
    states: Mapping[Request, State] = field(default_factory=dict)

    def with_nature(self, nature: str | None) -> Scenario:
        return replace(self, profile=replace(self.profile, nature=nature))

    def with_facts(self, facts: Mapping[str, Any]) -> Scenario:
        return replace(self, profile=replace(self.profile, facts={**self.profile.facts, **facts}))

    def with_state(self, leaf: Mapping[str, Any], state: State) -> Scenario:
        return replace(self, states={**self.states, request_of(leaf): state})


def of_rule(rule: Rule) -> Iterator[tuple[Scenario, tuple[Literal, ...]]]:
    """Yield a scenario for each way in which a rule can hold."""
    for way in ways(whole(rule)):
        if THEORY.possible(way):
            made = _scenario(way, rule.natures[0])
            widths = {x["distance"]["parameter"]: _width(x) for x in leaves(rule.where) if _parameter(x)}
            yield replace(made, parameters={**widths, **made.parameters}), way


def extended(scenario: Scenario, node: Mapping[str, Any] | None) -> Scenario | None:
    """Return a scenario in which a further condition holds too; None where it cannot."""
    for way in ways(node):
        more = _scenario(way, scenario.profile.nature)
        other, mine = more.profile, scenario.profile
        if other.industries and not set(other.industries) <= set(mine.industries) and mine.industries:
            continue
        profile = replace(
            mine,
            industries=mine.industries or other.industries,
            facilities=(*(mine.facilities or ()), *(other.facilities or ())),
            facts={**mine.facts, **other.facts},
            subject=other.subject if any("subject" in leaf for leaf, _ in way) else mine.subject,
            stage=other.stage or mine.stage,
        )
        return replace(scenario, profile=profile, states={**scenario.states, **more.states})
    return None


def _parameter(leaf: Mapping[str, Any]) -> bool:
    return leaf["relation"] == "within_distance" and bool(leaf["distance"].get("parameter"))


def _width(leaf: Mapping[str, Any]) -> float:
    return float(leaf["distance"].get("at_least") or 100.0)


def without(scenario: Scenario, node: Mapping[str, Any] | None) -> Scenario:
    """Return the scenario in which a condition is false, where that takes facts that nobody gave."""
    for way in ways(node, truth=False):
        asked = [(leaf, truth) for leaf, truth in way if "fact" in leaf]
        if not any(leaf["fact"] in scenario.profile.facts for leaf, _ in asked):
            return scenario.with_facts({leaf["fact"]: _fact(leaf, truth, None) for leaf, truth in asked})
    return scenario


def _fact(leaf: Mapping[str, Any], truth: bool, before: Any) -> Any:
    return _value(leaf, truth, before, tuple(words.fact(leaf["fact"]).values) or (True, False))


def _scenario(way: Sequence[Literal], nature: str | None) -> Scenario:
    facts: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    states: dict[Request, State] = {}
    facilities: list[str] = []
    subject, stage, permanent = "project", None, True
    wanted = [leaf["industry"] for leaf, truth in way if truth and "industry" in leaf]
    barred = [name for leaf, truth in way if not truth and "industry" in leaf for name in leaf["industry"]]
    industries, settled = _industries(wanted, barred)
    facts.update(settled)
    for leaf, truth in way:
        if "facility" in leaf and truth:
            facilities.append(leaf["facility"][0])
        elif "fact" in leaf:
            facts[leaf["fact"]] = _fact(leaf, truth, facts.get(leaf["fact"]))
        elif "parameter" in leaf:
            parameters[leaf["parameter"]] = _value(leaf, truth, None, (True, False))
        elif "stage" in leaf:
            stage = next(s for s in words.stages() if (s in leaf["stage"]) == truth)
        elif "subject" in leaf:
            subject = next(s for s in ("project", "plan") if (s in leaf["subject"]) == truth)
        elif "duration" in leaf:
            permanent = ("permanent" in leaf["duration"]) == truth
        elif "kind" in leaf:
            inside = truth != (leaf["relation"] == "outside")
            states[request_of(leaf)] = INSIDE if inside else ABSENT
            if leaf["relation"] == "within_distance" and leaf["distance"].get("fact"):
                facts.setdefault(leaf["distance"]["fact"], 100.0)
    profile = Profile(
        nature=nature, industries=tuple(industries), facilities=tuple(facilities), facilities_closed=True,
        facts=facts, subject=subject, stage=stage,
    )  # fmt: skip
    return Scenario(profile, permanent, parameters, states)


def _industries(wanted: Sequence[Sequence[str]], barred: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Return codes that are of each wanted list and of none that is barred, and the facts that settle them."""
    never = {c for name in barred for e in [words.extent(name)] for c in (*e.certain, *e.maybe)}
    out: list[str] = []
    facts: dict[str, Any] = {}
    for names in wanted:
        if any(words.membership([out], n)[0] == 1 for n in names if out):
            continue
        extents = [words.extent(n) for n in names]
        sure = sorted({c for e in extents for c in e.certain} - never)
        if sure:
            out.append(sure[0])
            continue
        code, settling = next((c, f) for e in extents for c, f in sorted(e.maybe.items()) if c not in never)
        out.append(code)
        facts.update(dict.fromkeys(sorted(settling)[:1], True))
    return out or ["A0111"], facts


def _value(leaf: Mapping[str, Any], truth: bool, before: Any, domain: Sequence[Any]) -> Any:
    """Return a value for which a test has a truth, keeping an earlier one that does."""
    if leaf["op"] == "is":
        fits = list(leaf["value"]) if truth else [v for v in domain if v not in leaf["value"]]
        return before if before in fits else fits[0] if fits else f"not {leaf['value'][0]}"
    limit = leaf["value"]
    above = (leaf["op"] in ("ge", "gt")) == truth
    edge = (leaf["op"] in ("ge", "le")) == truth
    return limit if edge else limit + 1 if above else limit - 1


# ---- judging without drawing


def outcome(rule: Rule, scenario: Scenario) -> tuple[str, str]:
    """Return (outcome, effect) of a rule on a scenario."""
    return outcomes(rule, [scenario])[0]


def outcomes(rule: Rule, scenarios: Sequence[Scenario]) -> list[tuple[str, str]]:
    """Return (outcome, effect) of a rule on several scenarios; those under the same parameters are judged at once."""
    together: dict[str, list[int]] = {}
    for i, scenario in enumerate(scenarios):
        together.setdefault(repr(sorted(scenario.parameters.items())), []).append(i)
    out: dict[int, tuple[str, str]] = {}
    for rows in together.values():
        out.update(zip(rows, _outcomes(rule, [scenarios[i] for i in rows]), strict=True))
    return [out[i] for i in range(len(scenarios))]


def _outcomes(rule: Rule, scenarios: Sequence[Scenario]) -> list[tuple[str, str]]:
    n = len(scenarios)
    every = np.arange(n)
    table = FactTable(
        [s.profile for s in scenarios], every, every, [()] * n, np.array([s.permanent for s in scenarios]),
        scenarios[0].parameters, {}, AS_OF,
    )  # fmt: skip
    nodes = [rule.where, *(e.where for e in rule.exceptions)]
    asked = {request_of(leaf): leaf for node in nodes for leaf in leaves(node)}
    relations = Relations(
        parts=n,
        pieces={"": every},
        measured={r: _measured(r, [s.states.get(r, ABSENT) for s in scenarios]) for r in asked},
        codes=[("511111",)] * n,
        outside_admin=np.full(n, FALSE),
    )
    planned = Planned(rule, "", gate(rule, table))
    judged = judge_rules([planned], relations, table, np.ones(n, bool), np.zeros(n), frozenset()).rules()[0]
    return [(OUTCOMES[int(judged.outcome[i])], judged.effect_name(i)) for i in range(n)]


def _measured(request: Request, states: Sequence[State]) -> Measured:
    """Return what would be measured of zones in some states, one a scenario."""
    n = len(states)
    used = LayerUsed(request.kind, request.kind, "1", ACCURACY, lambda: "")
    inside, edge = np.array([s == INSIDE for s in states]), np.array([s == EDGE for s in states])
    away = np.array([np.inf if isinstance(s, str) else s for s in states], dtype=float)
    truth = np.where(inside, TRUE, np.where(edge, UNKNOWN, FALSE)).astype(np.int8)
    distance = np.where(inside | edge, 0.0, away)
    sure, may = inside.astype(float), (inside | edge).astype(float)
    return replace(
        Measured.nothing(request, n, used), accuracy_m=np.full(n, 2 * ACCURACY), coverage_m=np.full(n, 1e6),
        meets=truth, inside=truth.copy(), distance_m=distance, distance_low_m=distance,
        share=sure, share_low=sure, share_high=may, overlap=sure * 1e9, overlap_low=sure * 1e9, overlap_high=may * 1e9,
    )  # fmt: skip
