"""Judging on relations made of numbers alone: three-valued logic, places, outcomes, exceptions, natures, verdicts."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ecozone import words
from ecozone.relation import FALSE, TRUE, UNKNOWN, LayerUsed, Measured, Relations, Request
from ecozone.rules import place as places
from ecozone.rules.facts import FactTable, Profile
from ecozone.rules.judge import Judgement, judge
from ecozone.rules.logic import all_of, any_of, evaluate
from ecozone.rules.model import EFFECTS, Citation, Document, Exemption, Instrument, Period, Rule, Rulebook
from ecozone.rules.outcomes import ABSENT, CLEAR, HIT, NO_DATA, NOT_APPLICABLE, UNDETERMINED, Judged, judge_rules
from ecozone.rules.place import request_of
from ecozone.rules.plan import Plan, Planned, plan

DAY = dt.date(2026, 11, 22)
INF = float("inf")
VALUES = (int(FALSE), int(UNKNOWN), int(TRUE))

# --------------------------------------------------------------------------------- building blocks

LAW = Document("law", "某法", None, "law", "text", Period(dt.date(2020, 1, 1), None))
PLAN_OVER = Document("plan", "某规划", None, "plan", "text", Period(dt.date(2021, 1, 1), dt.date(2025, 12, 31)))
PLAN_ON = Document("plan2", "某新规划", None, "plan", "text", Period(dt.date(2021, 1, 1), dt.date(2030, 12, 31)))
RED = {"kind": "ecological_redline", "filter": [], "relation": "intersects"}
RIVER = {"kind": "river", "filter": [], "relation": "within_distance", "distance": {"metres": 1000.0}}
PARK = {"kind": "industrial_park", "filter": [], "relation": "outside"}


def rule(
    name: str = "r",
    effect: str = "prohibit",
    *,
    when: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = RED,
    natures: Sequence[str] = ("new", "expand", "rebuild", "upgrade", "relocate"),
    exceptions: Sequence[Exemption] = (),
    document: Document = LAW,
    text: str = "text",
    **more: Any,
) -> Rule:
    period = Period(document.period.first, document.period.last)
    citation = Citation(document, article="1")
    return Rule(
        id=name, book="b", title=name, requirement=name, source=(), citation=citation, authority=document.authority,
        text=text, period=period, natures=tuple(natures), when=when, where=where, effect=effect,
        exceptions=tuple(exceptions), **more,
    )  # fmt: skip


def exemption(
    when: Mapping[str, Any] | None, proof: Sequence[str] = (), pending: str = "restrict", where: Any = None
) -> Exemption:
    return Exemption("e", when, where, tuple(proof), pending, "例外", Citation(LAW, article="2"))


def book(*rules: Rule, jurisdiction: str = "", instruments: Sequence[Instrument] = ()) -> Rulebook:
    return Rulebook("b", "某规则集", jurisdiction, "1", "0", tuple(rules), instruments=tuple(instruments))


def table(*profiles: Profile, day: dt.date = DAY, parameters: Mapping[str, Any] | None = None) -> FactTable:
    """Return the facts of projects of one part each."""
    n = len(profiles)
    every = np.arange(n)
    return FactTable(list(profiles), every, every, [()] * n, np.ones(n, bool), parameters or {}, {}, day)


NEW = Profile(nature="new", industries=("C2614",), facilities=(), facilities_closed=True)


def answer(kind: str = "ecological_redline", n: int = 1, layer: bool = True, **values: Any) -> Measured:
    """Return a measurement of chosen numbers; everything is known far and wide unless said otherwise."""
    used = LayerUsed(kind, kind, "1", 0.0, lambda: "", complete_for=values.pop("complete_for", ()))
    out = Measured.nothing(Request(kind), n, used if layer else None)
    out.coverage_m[:] = 1e9
    for key, value in values.items():
        getattr(out, key)[:] = value
    if "distance_m" in values and "distance_low_m" not in values:
        out.distance_low_m[:] = out.distance_m
    return out


def relations(*leaves: tuple[Mapping[str, Any], Measured], n: int = 1, pieces: Any = None) -> Relations:
    return Relations(
        parts=n,
        pieces={"": np.arange(n) if pieces is None else np.asarray(pieces)},
        measured={request_of(leaf): m for leaf, m in leaves},
        codes=[("511111",)] * n,
        outside_admin=np.full(n, FALSE),
    )


def outcome(
    made: Rule, truth: int, profile: Profile = NEW, *, day: dt.date = DAY, layer: bool = True, **options: Any
) -> Judged:
    """Judge one rule where its place is as said."""
    facts = table(profile, day=day, **options)
    todo = plan([book(made)], facts, kinds=())
    measured = answer(meets=truth, layer=layer)
    return judge_rules(
        [todo.rules[0]], relations((RED, measured)), facts, np.ones(1, bool), np.zeros(1), frozenset()
    ).rules()[0]


def judged(
    rules: Sequence[Rule], related: Relations, profile: Profile = NEW, *, day: dt.date = DAY, **options: Any
) -> Judgement:
    facts = table(profile, day=day)
    todo = plan([book(*rules)], facts, kinds=())
    n = facts.n
    return judge(todo, facts, related, [book(*rules, **options)], placed=np.ones(n, bool), lacking_m=np.zeros(n))


# ----------------------------------------------------------------------------------------------- logic


def arrays(*values: int) -> list[Any]:
    return [np.array([v], dtype=np.int8) for v in values]


def test_truth_tables() -> None:
    """Kleene's strong logic, written out."""
    f, u, t = VALUES
    both = {(f, f): f, (f, u): f, (f, t): f, (u, u): u, (u, t): u, (t, t): t}
    either = {(f, f): f, (f, u): u, (f, t): t, (u, u): u, (u, t): t, (t, t): t}
    for a, b in itertools.product(VALUES, repeat=2):
        key = (min(a, b), max(a, b))
        assert all_of(arrays(a, b)) == both[key] and any_of(arrays(a, b)) == either[key]


TREES = st.recursive(
    st.integers(0, 3).map(lambda i: {"leaf": i}),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda c: {"all": c}),
        st.lists(inner, min_size=1, max_size=3).map(lambda c: {"any": c}),
        inner.map(lambda c: {"not": c}),
    ),
    max_leaves=8,
)


def classic(node: Mapping[str, Any], values: Sequence[bool]) -> bool:
    """Evaluate with two values, by Python's own words."""
    if "all" in node:
        return all(classic(c, values) for c in node["all"])
    if "any" in node:
        return any(classic(c, values) for c in node["any"])
    return not classic(node["not"], values) if "not" in node else values[node["leaf"]]


@given(TREES, st.lists(st.sampled_from(VALUES), min_size=4, max_size=4))
def test_what_is_decided_holds_in_every_world(tree: Mapping[str, Any], values: list[int]) -> None:
    """A decided value is what two-valued logic gives however the unknown leaves turn out."""
    got = int(evaluate(tree, lambda node: np.array([values[node["leaf"]]], dtype=np.int8), 1)[0])
    worlds = itertools.product(*[[v == TRUE] if v != UNKNOWN else [False, True] for v in values])
    truths = {classic(tree, world) for world in worlds}
    if got != UNKNOWN:
        assert truths == {got == TRUE}


@given(TREES, st.lists(st.sampled_from(VALUES), min_size=4, max_size=4), st.integers(0, 3), st.sampled_from((-1, 1)))
def test_knowing_more_never_opens_or_turns_what_was_decided(
    tree: Mapping[str, Any], values: list[int], which: int, learnt: int
) -> None:
    assume(values[which] == UNKNOWN)
    before = evaluate(tree, lambda node: np.array([values[node["leaf"]]], dtype=np.int8), 1)[0]
    known = [learnt if i == which else v for i, v in enumerate(values)]
    after = evaluate(tree, lambda node: np.array([known[node["leaf"]]], dtype=np.int8), 1)[0]
    assert before in (UNKNOWN, after)


def test_laws() -> None:
    for a, b, c in itertools.product(VALUES, repeat=3):
        x, y, z = arrays(a, b, c)
        assert all_of([x, y]) == all_of([y, x]) and any_of([x, y]) == any_of([y, x])
        assert all_of([x, all_of([y, z])]) == all_of([x, y, z])
        assert -all_of([x, y]) == any_of([-x, -y]) and -any_of([x, y]) == all_of([-x, -y])
        assert all_of([x, any_of([y, z])]) == any_of([all_of([x, y]), all_of([x, z])])


# ------------------------------------------------------------------------------- places: distances

METRES = st.floats(0, 3000)


@given(
    distance=st.one_of(METRES, st.just(INF)), low_by=st.floats(0, 500), accuracy=st.floats(0, 60),
    extent=st.sampled_from([0.0, 0.0, 100.0]), first=st.floats(0, 1500), wide=st.sampled_from([0.0, 0.0, 300.0, INF]),
    coverage=st.one_of(st.just(-1.0), METRES, st.just(1e9)),
)  # fmt: skip
def test_a_distance_is_decided_only_where_every_world_agrees(
    distance: float, low_by: float, accuracy: float, extent: float, first: float, wide: float, coverage: float
) -> None:
    """A decided value holds in every world; one that every world shares is decided.

    Worlds: the true distance within the accuracies (and nearer by a half-width, or by the ground's extent), the true
    limit within its interval, and a zone that nobody drew anywhere outside of the coverage.
    """
    leaf = {**RIVER, "distance": {"parameter": "p", "at_least": first, "at_most": first + wide}}
    if wide == 0:
        leaf = {**RIVER, "distance": {"metres": first}}
    elif wide == INF:
        leaf["distance"].pop("at_most")
    least = distance - low_by
    measured = answer(
        "river", distance_m=distance, distance_low_m=least, accuracy_m=accuracy, extent_m=extent, coverage_m=coverage,
        meets=FALSE if distance > accuracy + extent else UNKNOWN,
    )  # fmt: skip
    got = places.judge_leaf(leaf, relations((leaf, measured)), np.zeros(1, dtype=np.int64), table(NEW))
    unseen = coverage - accuracy if coverage >= 0 else 0.0
    nearest = max(0.0, min(least - accuracy - extent, unseen - extent))
    farthest = distance + accuracy
    highest = first + wide
    if got.value[0] == TRUE:
        assert farthest <= first or np.isclose(farthest, first)
    elif got.value[0] == FALSE:
        assert nearest > highest or np.isclose(nearest, highest)
    else:
        assert (farthest > first or np.isclose(farthest, first)) and got.why[0] > 0
        assert nearest <= highest or np.isclose(nearest, highest)


@pytest.mark.parametrize(
    ("distance", "value"), [(990, TRUE), (995, TRUE), (995.01, UNKNOWN), (999, UNKNOWN), (1000, UNKNOWN),
                            (1001, UNKNOWN), (1005, UNKNOWN), (1005.01, FALSE), (1010, FALSE)],
)  # fmt: skip
def test_within_a_thousand_metres_of_five(distance: float, value: int) -> None:
    measured = answer("river", distance_m=distance, accuracy_m=5.0)
    assert places.judge_leaf(RIVER, relations((RIVER, measured)), np.zeros(1, int), table(NEW)).value[0] == value


def test_the_number_itself_counts() -> None:
    """以内 includes the number."""
    for distance, value in ((1000.0, TRUE), (np.nextafter(1000.0, 2000), FALSE)):
        measured = answer("river", distance_m=distance)
        assert places.judge_leaf(RIVER, relations((RIVER, measured)), np.zeros(1, int), table(NEW)).value[0] == value


def test_standing_in_the_water_is_within_any_distance() -> None:
    leaf = {**RIVER, "distance": {"metres": 3.0}}
    measured = answer("river", distance_m=0.0, meets=TRUE, accuracy_m=20.0)
    assert places.judge_leaf(leaf, relations((leaf, measured)), np.zeros(1, int), table(NEW)).value[0] == TRUE


def test_a_limit_set_by_a_fact() -> None:
    leaf = {**RIVER, "distance": {"fact": "hygiene_distance_m"}}
    if "hygiene_distance_m" not in words.facts():
        leaf = {**RIVER, "distance": {"fact": next(k for k, f in words.facts().items() if f.type == "number")}}
    name = leaf["distance"]["fact"]
    known = table(Profile(facts={name: 500}), Profile(facts={name: 100}), Profile())
    measured = answer("river", n=3, distance_m=300.0)
    got = places.judge_leaf(leaf, relations((leaf, measured), n=3), np.arange(3), known)
    assert got.value.tolist() == [TRUE, FALSE, UNKNOWN]


def test_complete_for_named_objects_needs_no_wider_coverage() -> None:
    named = {**RIVER, "filter": [["river", ["岷江"]]]}
    for filter_, complete, value in (
        (named["filter"], ("岷江",), FALSE),
        (named["filter"], ("沱江",), UNKNOWN),
        ([["river", ["岷江", "沱江"]]], ("岷江",), UNKNOWN),
        ([], ("岷江",), UNKNOWN),
    ):
        leaf = {**RIVER, "filter": filter_}
        measured = answer("river", distance_m=INF, coverage_m=100.0, complete_for=complete)
        got = places.judge_leaf(leaf, relations((leaf, measured)), np.zeros(1, int), table(NEW))
        assert got.value[0] == value


# --------------------------------------------------------------------- places: contact, inside, amounts


@pytest.mark.parametrize("relation", ["intersects", "within", "outside"])
@pytest.mark.parametrize("state", VALUES)
@pytest.mark.parametrize("covered", [True, False])
def test_contact(relation: str, state: int, covered: bool) -> None:
    """Nothing found where the layer does not know the ground is open; outside is the opposite of within."""
    leaf = {**RED, "relation": relation}
    measured = answer(meets=state, inside=state, coverage_m=500.0 if covered else -1.0)
    got = places.judge_leaf(leaf, relations((leaf, measured)), np.zeros(1, int), table(NEW)).value[0]
    expected = UNKNOWN if state == FALSE and not covered else state
    assert got == (-expected if relation == "outside" else expected)


def test_a_layer_that_is_missing() -> None:
    for leaf in (RED, RIVER, PARK):
        got = places.judge_leaf(
            leaf, relations((leaf, answer(leaf["kind"], layer=False))), np.zeros(1, int), table(NEW)
        )
        assert got.value[0] == UNKNOWN and got.why[0] == places.NO_LAYER


AMOUNT = st.floats(0, 1)


@given(
    op=st.sampled_from(["ge", "gt", "le", "lt"]), limit=AMOUNT, low=AMOUNT, high=AMOUNT, share=st.booleans(),
    covered=st.booleans(),
)  # fmt: skip
def test_a_threshold_is_decided_only_where_both_bounds_agree(
    op: str, limit: float, low: float, high: float, share: bool, covered: bool
) -> None:
    low, high = min(low, high), max(low, high)
    key, scale = ("share", 1.0) if share else ("area_m2", 1000.0)
    leaf = {**RED, key: {op: limit * scale}}
    bounds = {"share_low": low, "share_high": high, "overlap_low": low * 1000, "overlap_high": high * 1000}
    measured = answer(meets=TRUE, dimension=2, coverage_m=500.0 if covered else -1.0, **bounds)
    got = places.judge_leaf(leaf, relations((leaf, measured)), np.zeros(1, int), table(NEW)).value[0]
    passes = {
        "ge": lambda v: v >= limit,
        "gt": lambda v: v > limit,
        "le": lambda v: v <= limit,
        "lt": lambda v: v < limit,
    }
    # zones nobody drew can only add to what is shared
    worlds = {passes[op](v) for v in (low, high, *([] if covered else [1.0 if share else INF]))}
    assert got == (UNKNOWN if len(worlds) == 2 else TRUE if worlds == {True} else FALSE)


@pytest.mark.parametrize("dimension", [0, 1])
def test_an_area_of_a_line_or_a_point_is_not_known(dimension: int) -> None:
    """A road drawn as a line has ground; its metres inside are not square metres."""
    for op in ("ge", "le"):
        leaf = {**RED, "area_m2": {op: 500.0}}
        measured = answer(meets=TRUE, dimension=dimension, overlap=2000.0, overlap_low=2000.0, overlap_high=2000.0)
        assert places.judge_leaf(leaf, relations((leaf, measured)), np.zeros(1, int), table(NEW)).value[0] == UNKNOWN
        away = answer(meets=FALSE, dimension=dimension)
        got = places.judge_leaf(leaf, relations((leaf, away)), np.zeros(1, int), table(NEW)).value[0]
        assert got == FALSE  # what does not meet the zone shares nothing with it: the leaf asks for both


# ------------------------------------------------------------------------------- places: a bare point


def bare(leaf: Mapping[str, Any], **values: Any) -> tuple[int, int]:
    """Return the value of a leaf for the point as given, and for the ground of 300 m it may stand for."""
    measured = answer(leaf["kind"], **values)
    related, facts, at = relations((leaf, measured)), table(NEW), np.zeros(1, int)
    plain = places.judge_leaf(leaf, related, at, facts).value[0]
    wide = places.judge_leaf(leaf, related, at, facts, lacking_m=np.array([300.0])).value[0]
    return int(plain), int(wide)


def test_a_bare_point_is_never_cleared_of_what_is_nearer_than_a_plant_is_wide() -> None:
    assert bare(RED, meets=FALSE, distance_m=299.0) == (FALSE, UNKNOWN)
    assert bare(RED, meets=FALSE, distance_m=301.0) == (FALSE, FALSE)
    assert bare(RED, meets=TRUE, distance_m=0.0) == (TRUE, TRUE)
    assert bare(RIVER, distance_m=1299.0) == (FALSE, UNKNOWN)
    assert bare(RIVER, distance_m=1301.0) == (FALSE, FALSE)


def test_a_bare_point_is_not_known_to_lie_inside_with_all_its_ground() -> None:
    """A park's edge may be nearer than the plant is wide: "outside the park" is not cleared by a point inside."""
    assert bare({**RED, "relation": "within"}, meets=TRUE, inside=TRUE, depth_m=299.0) == (TRUE, UNKNOWN)
    assert bare({**RED, "relation": "within"}, meets=TRUE, inside=TRUE, depth_m=301.0) == (TRUE, TRUE)
    assert bare({**RED, "relation": "outside"}, meets=TRUE, inside=TRUE, depth_m=299.0) == (FALSE, UNKNOWN)
    assert bare({**RED, "relation": "outside"}, meets=TRUE, inside=TRUE, depth_m=301.0) == (FALSE, FALSE)


def test_a_bare_point_needs_the_coverage_of_its_ground() -> None:
    assert bare(RED, meets=FALSE, distance_m=INF, coverage_m=299.0) == (FALSE, UNKNOWN)
    assert bare(RED, meets=FALSE, distance_m=INF, coverage_m=301.0) == (FALSE, FALSE)
    assert bare(RIVER, distance_m=INF, coverage_m=1299.0) == (FALSE, UNKNOWN)
    assert bare(RIVER, distance_m=INF, coverage_m=1301.0) == (FALSE, FALSE)


def test_the_share_of_a_bare_point_is_not_known() -> None:
    leaf = {**RED, "share": {"ge": 0.5}}
    inside = {"meets": TRUE, "inside": TRUE, "distance_m": 0.0, "share_low": 1.0, "share_high": 1.0, "depth_m": 10.0}
    assert bare(leaf, **inside)[1] == UNKNOWN


def test_a_near_miss_keeps_the_answer_open() -> None:
    facts = table(NEW)
    for distance, complete in ((299.0, False), (301.0, True)):
        related = relations((RED, answer(meets=FALSE, distance_m=distance)))
        todo = plan([book(rule())], facts, kinds=(), beyond_m=300.0)
        got = judge(todo, facts, related, [], placed=np.ones(1, bool), lacking_m=np.array([300.0]))
        assert (bool(got.complete[0]), str(got.verdict[0])) == (complete, "clear" if complete else "undetermined")


# ---------------------------------------------------------------------------------------------- outcomes

OPEN_FACT = {"fact": "discharges_pollutants", "op": "is", "value": [True]}


def profile(gate: int) -> Profile:
    given_ = {} if gate == UNKNOWN else {"in_recognised_park": gate == TRUE}
    return Profile(nature="new", facilities=(), facilities_closed=True, facts=given_)


GATE = {"fact": "in_recognised_park", "op": "is", "value": [True]}


@pytest.mark.parametrize("place", VALUES)
@pytest.mark.parametrize("gate", VALUES)
def test_outcome_of_every_gate_and_place(gate: int, place: int) -> None:
    got = outcome(rule(when=GATE), place, profile(gate)).outcome[0]
    if gate == FALSE:
        assert got == NOT_APPLICABLE
    elif place == FALSE:
        assert got == CLEAR
    else:
        assert got == (HIT if (gate, place) == (TRUE, TRUE) else UNDETERMINED)


@pytest.mark.parametrize("gate", VALUES)
def test_outcome_without_the_layer(gate: int) -> None:
    got = outcome(rule(when=GATE), FALSE, profile(gate), layer=False).outcome[0]
    assert got == (NOT_APPLICABLE if gate == FALSE else NO_DATA)


def test_a_false_part_decides_without_the_layer() -> None:
    """Five kilometres from any river, nobody needs the other layer."""
    where = {"all": [RED, RIVER]}
    facts = table(NEW)
    missing = answer("ecological_redline", layer=False)
    for distance, expected in ((5000.0, CLEAR), (10.0, NO_DATA)):
        related = relations((RED, missing), (RIVER, answer("river", distance_m=distance)))
        todo = plan([book(rule(where=where))], facts, kinds=())
        got = judge_rules([todo.rules[0]], related, facts, np.ones(1, bool), np.zeros(1), frozenset()).rules()[0]
        assert got.outcome[0] == expected


def test_everywhere_holds_in_its_jurisdiction_only() -> None:
    made = rule(where=None)
    facts = table(NEW)
    todo = plan([book(made)], facts, kinds=())
    for piece, expected in ((0, HIT), (-1, ABSENT)):
        related = relations(pieces=[piece])
        got = judge_rules([todo.rules[0]], related, facts, np.ones(1, bool), np.zeros(1), frozenset()).rules()[0]
        assert got.outcome[0] == expected


# -------------------------------------------------------------------------------------------- exceptions

ESCAPE = {"fact": "legal_existing", "op": "is", "value": [True]}
PROOFS = [k for k, f in words.facts().items() if f.type == "document"]
PROOF = PROOFS[0]


def excepted(
    applies: bool | None, proof: Any, place: int = TRUE, *, gate: int = TRUE, proofs: Sequence[str] = (PROOF,)
) -> tuple[int, str]:
    made = rule(when=GATE, exceptions=[exemption({"fact": "major_change", "op": "is", "value": [True]}, proofs)])
    facts = {**profile(gate).facts}
    facts |= {} if applies is None else {"major_change": applies}
    facts |= {} if proof is None else {PROOF: proof}
    got = outcome(made, place, Profile(nature="new", facilities=(), facilities_closed=True, facts=facts))
    return int(got.outcome[0]), got.effect_name(0)


def test_an_exception_false_unknown_true_with_and_without_proof() -> None:
    assert excepted(False, None) == (HIT, "prohibit")
    assert excepted(False, "川府函〔2026〕1号") == (HIT, "prohibit")
    assert excepted(None, None) == (UNDETERMINED, "prohibit")
    assert excepted(None, "川府函〔2026〕1号") == (UNDETERMINED, "prohibit")
    for none in (None, False, ""):
        assert excepted(True, none) == (HIT, "restrict")
    assert excepted(True, "川府函〔2026〕1号")[0] == CLEAR
    assert excepted(True, None, proofs=())[0] == CLEAR


@pytest.mark.parametrize("place", [UNKNOWN, FALSE])
def test_an_exception_hits_nothing_that_did_not(place: int) -> None:
    for applies, proof in itertools.product((None, False, True), (None, "号")):
        got, _ = excepted(applies, proof, place)
        lifted = applies is True and proof is not None
        assert got == (CLEAR if place == FALSE or lifted else UNDETERMINED)


def test_of_several_exceptions_one_proved_lifts() -> None:
    yes, no = (
        {"fact": "major_change", "op": "is", "value": [True]},
        {"fact": "major_change", "op": "is", "value": [False]},
    )
    facts = Profile(nature="new", facilities=(), facilities_closed=True, facts={"major_change": True, PROOF: "号"})
    for order in itertools.permutations([exemption(yes, [PROOF]), exemption(yes, [PROOFS[1]]), exemption(no)]):
        assert outcome(rule(exceptions=order), TRUE, facts).outcome[0] == CLEAR
    weak = [exemption(yes, [PROOFS[1]], "require"), exemption(no)]
    for order in itertools.permutations(weak):
        got = outcome(rule(exceptions=order), TRUE, facts)
        assert (got.outcome[0], got.effect_name(0)) == (HIT, "require")


def test_a_proof_is_given_and_never_taken_for_granted() -> None:
    """Not applicable is no document, neither is what somebody inferred."""
    for name, word in words.facts().items():
        if word.type != "document":
            continue
        for nature in ("new", "existing", "upgrade"):
            facts = table(Profile(nature=nature, industries=("C1353",), facilities=(), facilities_closed=True))
            from ecozone.rules.outcomes import proved

            assert proved(facts, name)[0] == FALSE, (name, nature)


def test_an_exception_may_hang_on_the_place() -> None:
    made = rule(exceptions=[exemption(None, (), where=RIVER)])
    facts = table(NEW)
    todo = plan([book(made)], facts, kinds=())
    for river, expected in (
        (answer("river", distance_m=10.0), CLEAR),
        (answer("river", distance_m=5000.0), HIT),
        (answer("river", layer=False), UNDETERMINED),
    ):
        related = relations((RED, answer(meets=TRUE)), (RIVER, river))
        got = judge_rules([todo.rules[0]], related, facts, np.ones(1, bool), np.zeros(1), frozenset()).rules()[0]
        assert got.outcome[0] == expected


# -------------------------------------------------------------------------------- verdict and completeness

PUSH = {"prohibit": 3, "suspend": 3, "exit_close": 3, "prohibit_in_principle": 2, "restrict": 2, "require": 1,
        "exit_rectify": 1, "inform": 0, "prefer": 0}  # fmt: skip
NAMES = ("clear", "conditional", "restricted", "prohibited")


def test_effects_push_as_semantics_says() -> None:
    assert {k: v for k, (v, _) in EFFECTS.items()} == PUSH


OUTCOMES = ("hit", "clear", "not_applicable", "no_data", "undetermined")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(PUSH)), st.sampled_from(OUTCOMES),
            st.sampled_from(["law", "recalled", "expired"]),
        ),
        max_size=6,
    )
)  # fmt: skip
def test_verdict_of_any_set_of_findings(found: list[tuple[str, str, str]]) -> None:
    rules, leaves = [], []
    for i, (effect, wanted, ground) in enumerate(found):
        leaf = {**RED, "filter": [["core_reserve", [str(i)]]]}
        state = {"hit": TRUE, "clear": FALSE, "not_applicable": TRUE, "no_data": FALSE, "undetermined": UNKNOWN}[wanted]
        leaves.append((leaf, answer(meets=state, layer=wanted != "no_data")))
        rules.append(
            rule(
                f"r{i}", effect, where=leaf, natures=("existing",) if wanted == "not_applicable" else ("new",),
                text="recalled" if ground == "recalled" else "text", document=PLAN_OVER if ground == "expired" else LAW,
            )
        )  # fmt: skip
    got = judged(rules, relations(*leaves))
    push = max([PUSH[e] for e, o, g in found if o == "hit" and g == "law"], default=0)
    loose = [PUSH[e] for e, o, g in found if o in ("no_data", "undetermined") or (o == "hit" and g != "law")]
    complete = max(loose, default=0) <= push
    assert bool(got.complete[0]) == complete
    assert str(got.verdict[0]) == (NAMES[push] if push or complete else "undetermined")
    for i, (_, wanted, _) in enumerate(found):
        assert OUTCOMES[int(got.rules[i].outcome[0])] == wanted


@pytest.mark.parametrize(
    ("made", "verdict", "complete"),
    [
        (rule(document=PLAN_OVER), "undetermined", False),
        (rule(text="recalled"), "undetermined", False),
        (rule(document=PLAN_ON), "prohibited", True),
        (rule(effect="inform", document=PLAN_OVER), "clear", True),
        (rule(effect="restrict", document=PLAN_OVER), "undetermined", False),
    ],
)
def test_weak_ground_alone_decides_nothing(made: Rule, verdict: str, complete: bool) -> None:
    got = judged([made], relations((RED, answer(meets=TRUE))))
    assert (str(got.verdict[0]), bool(got.complete[0])) == (verdict, complete)
    assert got.rules[0].outcome[0] == HIT


def test_a_law_that_is_over_is_not_looked_at() -> None:
    over = Document("old", "旧法", None, "law", "text", Period(None, dt.date(2026, 8, 14)))
    for day, rules in ((dt.date(2026, 8, 14), 1), (dt.date(2026, 8, 15), 0)):
        assert len(plan([book(rule(document=over))], table(NEW, day=day), kinds=()).rules) == rules
    later = Document("new", "新法", None, "law", "text", Period(dt.date(2026, 8, 15), None))
    for day, rules in ((dt.date(2026, 8, 14), 0), (dt.date(2026, 8, 15), 1)):
        assert len(plan([book(rule(document=later))], table(NEW, day=day), kinds=()).rules) == rules


def test_an_instrument_that_is_not_encoded_keeps_the_answer_open() -> None:
    paper = Instrument("SC", "某条例", None, "regulation", True, "")
    facts = table(NEW)
    related = relations((RED, answer(meets=FALSE)))
    todo = plan([book(rule())], facts, kinds=())
    for accepted, complete in ((frozenset(), False), (frozenset({"SC"}), True), (frozenset({"XX"}), False)):
        got = judge(
            todo, facts, related, [book(rule(), instruments=[paper])],
            placed=np.ones(1, bool), lacking_m=np.zeros(1), accepted=accepted,
        )  # fmt: skip
        assert bool(got.complete[0]) == complete


def test_ground_outside_every_county_keeps_the_answer_open() -> None:
    facts = table(NEW)
    for state, complete in ((FALSE, True), (UNKNOWN, False), (TRUE, False)):
        related = relations((RED, answer(meets=FALSE)))
        related.outside_admin[:] = state
        todo = plan([book(rule())], facts, kinds=())
        got = judge(todo, facts, related, [], placed=np.ones(1, bool), lacking_m=np.zeros(1))
        assert bool(got.complete[0]) == complete


def test_ground_without_a_unit_is_a_data_error() -> None:
    facts = table(NEW)
    todo = Plan([], [], frozenset())
    for inside, complete in ((TRUE, True), (UNKNOWN, True), (FALSE, False)):
        unit = {Request("control_unit"): answer("control_unit", inside=inside, meets=TRUE)}
        related = Relations(1, {"": np.zeros(1, int)}, unit, [("511111",)], np.full(1, FALSE))
        got = judge(todo, facts, related, [], placed=np.ones(1, bool), lacking_m=np.zeros(1))
        assert bool(got.complete[0]) == complete


# -------------------------------------------------------------------------------------------- monotonicity

RANK = {"clear": 0, "undetermined": 0, "conditional": 1, "restricted": 2, "prohibited": 3}
SCENE = st.lists(
    st.tuples(st.sampled_from(sorted(PUSH)), st.sampled_from(VALUES), st.sampled_from(VALUES)), min_size=1, max_size=5
)


def verdict(scene: Sequence[tuple[str, int, int]]) -> tuple[str, bool]:
    rules, leaves = [], []
    for i, (effect, gate, state) in enumerate(scene):
        leaf = {**RED, "filter": [["core_reserve", [str(i)]]]}
        natures = {TRUE: ("new",), FALSE: ("existing",), UNKNOWN: ("expand",)}[np.int8(gate)]
        leaves.append((leaf, answer(meets=state)))
        rules.append(rule(f"r{i}", effect, where=leaf, natures=natures if gate != UNKNOWN else ("new",),
                          when=None if gate != UNKNOWN else GATE))  # fmt: skip
    got = judged(rules, relations(*leaves), Profile(nature="new", facilities=(), facilities_closed=True))
    return str(got.verdict[0]), bool(got.complete[0])


@given(SCENE, st.integers(0, 4), st.sampled_from(sorted(PUSH)))
def test_a_stricter_effect_never_loosens(scene: list[tuple[str, int, int]], at: int, effect: str) -> None:
    at %= len(scene)
    assume(PUSH[effect] >= PUSH[scene[at][0]])
    stricter = [(effect, *s[1:]) if i == at else s for i, s in enumerate(scene)]
    before, after = verdict(scene), verdict(stricter)
    assert RANK[after[0]] >= RANK[before[0]]
    assert not (after == ("clear", True) and before != ("clear", True))


@given(SCENE, st.tuples(st.sampled_from(sorted(PUSH)), st.sampled_from(VALUES), st.sampled_from(VALUES)))
def test_another_rule_never_loosens(scene: list[tuple[str, int, int]], more: tuple[str, int, int]) -> None:
    before, after = verdict(scene), verdict([*scene, more])
    assert RANK[after[0]] >= RANK[before[0]]
    assert not (after == ("clear", True) and before != ("clear", True))


@given(SCENE, st.integers(0, 4))
def test_what_becomes_unknown_never_clears(scene: list[tuple[str, int, int]], at: int) -> None:
    at %= len(scene)
    forgotten = [(s[0], s[1], int(UNKNOWN)) if i == at else s for i, s in enumerate(scene)]
    before, after = verdict(scene), verdict(forgotten)
    if after == ("clear", True):
        assert before == ("clear", True) or PUSH[scene[at][0]] == 0


@given(METRES, METRES, st.floats(0, 50))
def test_nearer_is_never_looser(a: float, b: float, accuracy: float) -> None:
    near, far = min(a, b), max(a, b)

    def value(distance: float) -> int:
        measured = answer("river", distance_m=distance, accuracy_m=accuracy)
        return int(places.judge_leaf(RIVER, relations((RIVER, measured)), np.zeros(1, int), table(NEW)).value[0])

    assert value(near) >= value(far)


# ------------------------------------------------------------------------------- natures (SEMANTICS 3)

NATURES = ("new", "expand", "rebuild", "upgrade", "relocate", "existing")


@pytest.mark.parametrize("nature", [*NATURES, None])
@pytest.mark.parametrize("increase", [None, True, False])
def test_natures(nature: str | None, increase: bool | None) -> None:
    facts = table(Profile(nature=nature, facts={} if increase is None else {"capacity_increase": increase}))
    for size in (1, 2, 5):
        for asked in itertools.combinations(NATURES, size):
            if nature is None:
                expected = UNKNOWN
            elif nature == "relocate":
                expected = TRUE if "new" in asked else FALSE
            elif nature != "upgrade":
                expected = TRUE if nature in asked else FALSE
            elif increase is None:
                both = ("expand" in asked, "upgrade" in asked)
                expected = TRUE if all(both) else UNKNOWN if any(both) else FALSE
            else:
                expected = TRUE if ("expand" if increase else "upgrade") in asked else FALSE
            assert facts.nature(asked)[0] == expected, (nature, increase, asked)


APPROVED = {"approved_on": "2020-05-06"}


@pytest.mark.parametrize(
    ("facts", "day", "expected"),
    [
        ({}, DAY, TRUE),
        ({**APPROVED, "major_change": False}, dt.date(2024, 1, 1), FALSE),
        ({**APPROVED, "major_change": True}, dt.date(2024, 1, 1), TRUE),
        ({**APPROVED}, dt.date(2024, 1, 1), UNKNOWN),
        ({**APPROVED, "major_change": False, "started_on": "2025-05-06"}, DAY, FALSE),
        ({**APPROVED, "major_change": False, "started_on": "2025-05-07"}, DAY, TRUE),
        ({**APPROVED, "started_on": "2025-05-07"}, DAY, TRUE),
        ({**APPROVED, "major_change": False}, dt.date(2025, 5, 6), FALSE),
        ({**APPROVED, "major_change": False}, dt.date(2025, 5, 7), TRUE),
        ({"approved_on": "2020-02-29", "major_change": False}, dt.date(2025, 2, 28), FALSE),
        ({"approved_on": "2020-02-29", "major_change": False}, dt.date(2025, 3, 1), TRUE),
        ({"approved_on": "2027-01-01", "major_change": False}, DAY, TRUE),
    ],
)
def test_an_approved_project_is_judged_anew_when_changed_or_late(
    facts: dict[str, Any], day: dt.date, expected: int
) -> None:
    """生态环境法典 106: a major change, or a start more than five years after the approval."""
    got = table(Profile(nature="new", facts=facts), day=day)
    assert got.nature(("new",))[0] == expected
    assert table(Profile(nature="existing", facts=facts), day=day).nature(("existing",))[0] == TRUE


def test_rules_on_existing_ones_concern_no_building() -> None:
    for nature in NATURES:
        got = outcome(rule(effect="exit_close", natures=("existing",)), TRUE, Profile(nature=nature)).outcome[0]
        assert got == (HIT if nature == "existing" else NOT_APPLICABLE)
        built = outcome(rule(), TRUE, Profile(nature=nature)).outcome[0]
        assert built == (NOT_APPLICABLE if nature == "existing" else HIT)


# ------------------------------------------------------------------------------ facilities (SEMANTICS 3)

IS_OUTFALL = {"facility": ["outfall"]}


def facility(**known: Any) -> int:
    return int(outcome(rule(when=IS_OUTFALL), TRUE, Profile(nature="new", **known)).outcome[0])


def test_facilities() -> None:
    assert facility(facilities=("outfall",)) == HIT
    assert facility(facilities=(), facilities_closed=True) == NOT_APPLICABLE
    assert facility(facilities=("port",), facilities_closed=True) == NOT_APPLICABLE
    assert facility() == UNDETERMINED
    assert facility(industries=("I6513",)) == NOT_APPLICABLE  # software: an outfall is implied by nothing


def test_what_lies_elsewhere_stays_open_until_it_has_a_place() -> None:
    """One row for the site, one for the outfall whose place nobody gave, one for the outfall once it has one."""
    known = Profile(nature="new", facilities=(), facilities_closed=True, has=("outfall",))
    facts = FactTable([known], np.zeros(2, int), np.zeros(2, int), [(), ("outfall",)], np.ones(2, bool), {}, {}, DAY)
    todo = plan([book(rule(when=IS_OUTFALL))], facts, kinds=())
    for placed, state, expected in (
        ([True, False], TRUE, [NOT_APPLICABLE, UNDETERMINED]),
        ([True, False], FALSE, [NOT_APPLICABLE, UNDETERMINED]),
        ([True, True], TRUE, [NOT_APPLICABLE, HIT]),
        ([True, True], FALSE, [NOT_APPLICABLE, CLEAR]),
    ):
        n = sum(placed)
        related = relations((RED, answer(meets=state, n=n)), n=n)
        got = judge(todo, facts, related, [], placed=np.array(placed), lacking_m=np.zeros(2))
        assert got.rules[0].outcome.tolist() == expected
        clear = expected[1] == CLEAR
        assert bool(got.complete[0]) == (expected[1] != UNDETERMINED) and (str(got.verdict[0]) == "clear") == clear


def test_forgetting_never_clears_and_learning_never_opens() -> None:
    """A rule on a fact nobody infers: unknown is open, and either answer decides."""
    decided = {state: outcome(rule(when=GATE), TRUE, profile(state)).outcome[0] for state in VALUES}
    assert decided == {int(TRUE): HIT, int(FALSE): NOT_APPLICABLE, int(UNKNOWN): UNDETERMINED}


def test_a_plan_asks_only_for_what_concerns_somebody() -> None:
    made = [rule("a", natures=("existing",)), rule("b", where=RIVER)]
    todo = plan([book(*made)], table(NEW), kinds=())
    assert [r.kind for r in todo.requests] == ["river"] and [isinstance(p, Planned) for p in todo.rules] == [True, True]
    assert plan([book(rule())], table(NEW), kinds=("control_unit",)).requests[-1].kind == "control_unit"
