"""Every rule at its own boundaries, from cases made out of the rule: inside, edge, outside; each nature; each date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scenarios import ABSENT, ACCURACY, EDGE, INSIDE, Scenario, extended, of_rule, outcome, outcomes, without

from ecozone.rules.facts import FactTable
from ecozone.rules.library import packaged
from ecozone.rules.logic import leaves
from ecozone.rules.model import BUILDING, EFFECTS, Rule
from ecozone.rules.place import request_of
from ecozone.rules.plan import plan

RULES = [pytest.param(r, id=r.id) for b in packaged().values() for r in b.rules]
DAY = dt.timedelta(days=1)
NATURES = (*BUILDING, "existing")


def in_season(rule: Rule, scenario: Scenario) -> Scenario:
    """Return the scenario with works in the rule's season."""
    if rule.season is None:
        return scenario
    first = dt.date.fromisoformat(f"2025-{rule.season.partition('/')[0]}")
    return scenario.with_facts({"works_from": first, "works_to": first})


def hitting(rule: Rule) -> Iterator[tuple[Scenario, Any]]:
    """Yield scenarios in which the rule holds and none of its exceptions does."""
    for scenario, way in of_rule(rule):
        made = in_season(rule, scenario)
        for exception in rule.exceptions:
            made = without(made, exception.when)
        yield made, way


@pytest.mark.parametrize("rule", RULES)
def test_each_way_of_holding_is_a_hit(rule: Rule) -> None:
    found = list(hitting(rule))
    assert found
    for (scenario, way), (came, _) in zip(found, outcomes(rule, [s for s, _ in found]), strict=True):
        assert came == "hit", (way, scenario)


@pytest.mark.parametrize("rule", RULES)
def test_each_nature(rule: Rule) -> None:
    scenario, _ = next(hitting(rule))
    tried: list[tuple[Scenario, str]] = [(scenario.with_nature(None), "undetermined")]
    for nature in NATURES:
        judged_as = "new" if nature == "relocate" else nature
        for grown in (True, False, None) if nature == "upgrade" else (None,):
            facts = {"capacity_increase": grown, **scenario.profile.facts} if grown is not None else {}
            concerned: bool | None = judged_as in rule.natures
            if nature == "upgrade" and ("upgrade" in rule.natures) != ("expand" in rule.natures):
                known = {**scenario.profile.facts, **facts}.get("capacity_increase")
                concerned = None if known is None else known == ("expand" in rule.natures)
            wanted = {True: "hit", False: "not_applicable", None: "undetermined"}[concerned]
            tried.append((scenario.with_facts(facts).with_nature(nature), wanted))
    assert [came for came, _ in outcomes(rule, [s for s, _ in tried])] == [wanted for _, wanted in tried]


@pytest.mark.parametrize("rule", [p for p in RULES if p.values[0].where is not None])
def test_inside_edge_outside(rule: Rule) -> None:
    tried = [
        (scenario.with_state(leaf, state), wanted, (leaf, state))
        for scenario, way in hitting(rule)
        for leaf, truth in way
        if truth and "kind" in leaf and not _asked_twice(rule, leaf)
        for state, wanted in _beside(leaf, scenario)
    ]
    for (_, wanted, told), (came, _) in zip(tried, outcomes(rule, [s for s, _, _ in tried]), strict=True):
        assert came == wanted, told


def _asked_twice(rule: Rule, leaf: Mapping[str, Any]) -> bool:
    """Say whether a place asks twice about the same zones: leaving one way may be entering another."""
    return sum(request_of(x) == request_of(leaf) for x in leaves(rule.where)) > 1


def _beside(leaf: Mapping[str, Any], scenario: Scenario) -> Iterator[tuple[Any, str]]:
    """Yield states of the zones at and beyond the boundary of one leaf, and what then comes out."""
    yield (INSIDE if leaf["relation"] == "outside" else ABSENT), "clear"
    if leaf["relation"] != "within_distance":
        yield EDGE, "undetermined"
        return
    spec = leaf["distance"]
    given = {**scenario.parameters, **scenario.profile.facts}
    limit = spec.get("metres") or given[spec.get("parameter") or spec["fact"]]
    yield limit - 2 * ACCURACY, "hit"
    yield limit, "undetermined"
    yield limit + 2 * ACCURACY + 0.01, "clear"


@pytest.mark.parametrize("rule", [p for p in RULES if p.values[0].exceptions])
def test_exceptions_weaken_unproved_and_lift_proved(rule: Rule) -> None:
    scenario, _ = next(hitting(rule))
    for exception in rule.exceptions:
        made = extended(scenario, exception.when)
        made = made and extended(made, exception.where)
        if made is None:
            continue
        bare = made.with_facts(dict.fromkeys(exception.proof, False))
        if exception.proof:
            found, effect = outcome(rule, bare)
            assert found == "hit" and EFFECTS[effect][0] <= EFFECTS[rule.effect][0]
        assert outcome(rule, made.with_facts(dict.fromkeys(exception.proof, "某函〔2026〕1号")))[0] == "clear"


@pytest.mark.parametrize("rule", RULES)
def test_each_side_of_each_date(rule: Rule) -> None:
    scenario, _ = next(hitting(rule))
    book = replace(next(b for b in packaged().values() if b.name == rule.book), rules=(rule,))

    def looked_at(day: dt.date) -> bool:
        table = FactTable(
            [scenario.profile], np.array([0]), np.array([0]), [()], np.array([True]), scenario.parameters, {}, day
        )
        return bool(plan([book], table, kinds=[]).rules)

    first, last = rule.period.first, rule.period.last
    if first is not None:
        assert looked_at(first) and not looked_at(first - DAY)
    if last is not None:
        assert looked_at(last)
        assert looked_at(last + DAY) == (rule.authority == "plan")
        if rule.authority == "plan" and rule.text == "text":
            assert rule.firm(last) and not rule.firm(last + DAY)
