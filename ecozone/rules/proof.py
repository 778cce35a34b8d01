"""What follows from what: conditions of rules compared without a project and without a place.

A condition is taken apart into the ways in which it can be true, each a list of literals (a leaf and whether it is
true). From such a list the truth of other leaves may follow: who is of 农药 is of 化工, who is within 200 m is within
1 000 m. What does not follow is unknown, so that everything proved here is certain, and what is not proved may still
be so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecozone import words
from ecozone.rules.model import Rule

Leaf = Mapping[str, Any]
#: A leaf and whether it is true.
Literal = tuple[Leaf, bool]
#: Ways beyond which a condition is not taken apart any further.
MOST_WAYS = 4096

YES, OPEN, NO = 1, 0, -1


def ways(node: Mapping[str, Any] | None, *, truth: bool = True) -> list[tuple[Literal, ...]]:
    """Return the ways in which a condition can have a truth; one empty way when it always has it."""
    if node is None:
        return [()] if truth else []
    if "not" in node:
        return ways(node["not"], truth=not truth)
    for key, conjoins in (("all", truth), ("any", not truth)):
        if key in node:
            parts = [ways(child, truth=truth) for child in node[key]]
            if not conjoins:
                return [way for part in parts for way in part]
            out: list[tuple[Literal, ...]] = [()]
            for part in parts:
                out = [(*a, *b) for a in out for b in part]
                if len(out) > MOST_WAYS:
                    raise ValueError(f"more than {MOST_WAYS} ways")
            return out
    return [((node, truth),)]


@dataclass(frozen=True)
class Theory:
    """What follows from literals, given how a book defines its industry groups.

    Parameters
    ----------
    groups : mapping
        Industry groups that a book defines anew.
    """

    groups: Mapping[str, Any]

    def follows(self, node: Mapping[str, Any] | None, way: Sequence[Literal]) -> int:
        """Return whether a condition is true (1), false (-1) or left open (0) by some literals."""
        if node is None:
            return YES
        if "not" in node:
            return -self.follows(node["not"], way)
        if "all" in node:
            return min(self.follows(c, way) for c in node["all"])
        if "any" in node:
            return max(self.follows(c, way) for c in node["any"])
        if any(set(node.get(family, ())) >= domain for family, domain in _DOMAINS.items()):
            return YES
        found = [self._of(node, known, truth) for known, truth in way]
        return YES if YES in found else NO if NO in found else OPEN

    def possible(self, way: Sequence[Literal]) -> bool:
        """Say whether no literal of a way is contradicted by the others."""
        for i, (leaf, truth) in enumerate(way):
            others = (*way[:i], *way[i + 1 :])
            if self.follows(leaf, others) == (NO if truth else YES):
                return False
        return True

    def _of(self, asked: Leaf, known: Leaf, truth: bool) -> int:
        """Return what one literal says of a leaf."""
        if "kind" in asked:
            return _place(asked, known, truth) if "kind" in known else OPEN
        for family, compare in (("industry", self._industry), ("facility", _listed)):
            if family in asked:
                return compare(asked[family], known[family], truth) if family in known else OPEN
        for family in ("stage", "subject", "duration"):
            if family in asked:
                return _choice(asked[family], known[family], truth, family) if family in known else OPEN
        for family in ("fact", "parameter"):
            if family in asked and known.get(family) == asked[family]:
                return _value(asked, known, truth)
        return _inferred(asked, known, truth) if "fact" in asked and "fact" in known else OPEN

    def _industry(self, asked: Sequence[str], known: Sequence[str], truth: bool) -> int:
        a, b = self._classes(asked), self._classes(known)
        if truth:
            return YES if b.certain <= a.certain and b.maybe <= (a.certain | a.maybe) else OPEN
        return NO if a.certain | a.maybe <= b.certain else OPEN

    def _classes(self, names: Sequence[str]) -> _Classes:
        found = [words.extent(n, self.groups) for n in names]
        certain = frozenset(c for e in found for c in e.certain)
        maybe = frozenset(c for e in found for c in e.maybe)
        return _Classes(certain, maybe - certain)


@dataclass(frozen=True)
class _Classes:
    """Classes of industry: those surely in a list of groups, and those that a fact must settle."""

    certain: frozenset[str]
    maybe: frozenset[str]


def _listed(asked: Sequence[str], known: Sequence[str], truth: bool) -> int:
    """Compare "is any of these" where several may hold at once."""
    if truth:
        return YES if set(known) <= set(asked) else OPEN
    return NO if set(asked) <= set(known) else OPEN


_DOMAINS = {"subject": {"project", "plan"}, "duration": {"temporary", "permanent"}}


def _choice(asked: Iterable[Any], known: Iterable[Any], truth: bool, family: str = "") -> int:
    """Compare "is one of these" where exactly one holds."""
    a, b = set(asked), set(known)
    if not truth:
        rest = _DOMAINS.get(family, set()) - b
        return NO if a <= b else YES if rest and rest <= a else OPEN
    return YES if b <= a else OPEN if a & b else NO


def _value(asked: Leaf, known: Leaf, truth: bool) -> int:
    """Compare tests of the same fact or parameter."""
    if asked["op"] == "is" and known["op"] == "is":
        yes_or_no = all(isinstance(v, bool) for v in (*asked["value"], *known["value"]))
        return (
            _bool(asked["value"], known["value"], truth)
            if yes_or_no
            else _choice(asked["value"], known["value"], truth)
        )
    if "is" in (asked["op"], known["op"]):
        return OPEN
    a, b = _Span.of(asked), _Span.of(known)
    if truth:
        return YES if b.inside(a) else NO if not b.meets(a) else OPEN
    return NO if a.inside(b) else OPEN


def _inferred(asked: Leaf, known: Leaf, truth: bool) -> int:
    """Compare two facts of which one follows from the other by the words' own inferences."""
    if any(leaf["op"] != "is" or list(leaf["value"]) != [True] for leaf in (asked, known)):
        return OPEN
    if truth:
        return YES if known["fact"] in _grounds(asked["fact"]) else OPEN
    return NO if asked["fact"] in _grounds(known["fact"]) else OPEN


def _grounds(fact: str) -> set[str]:
    """Return the facts each of which alone makes another true."""
    alone = [
        i for i in words.fact(fact).infer if i.get("facts") and not set(i) & {"industries", "facilities", "natures"}
    ]
    return {name for i in alone if i["value"] is True for name in i["facts"]}


def _bool(asked: Sequence[bool], known: Sequence[bool], truth: bool) -> int:
    left = set(known) if truth else {True, False} - set(known)
    return YES if left <= set(asked) else NO if not left & set(asked) else OPEN


@dataclass(frozen=True)
class _Span:
    """Numbers between two ends, each in or out."""

    low: float
    low_in: bool
    high: float
    high_in: bool

    @classmethod
    def of(cls, leaf: Leaf) -> _Span:
        op, value = leaf["op"], float(leaf["value"])
        if op in ("ge", "gt"):
            return cls(value, op == "ge", float("inf"), False)
        return cls(-float("inf"), False, value, op == "le")

    def inside(self, other: _Span) -> bool:
        low = self.low > other.low or (self.low == other.low and (other.low_in or not self.low_in))
        high = self.high < other.high or (self.high == other.high and (other.high_in or not self.high_in))
        return low and high

    def meets(self, other: _Span) -> bool:
        low, low_in = max((self.low, not self.low_in), (other.low, not other.low_in))
        high, high_in = min((self.high, self.high_in), (other.high, other.high_in))
        return low < high or (low == high and not low_in and high_in)


# ---- places


def _place(asked: Leaf, known: Leaf, truth: bool) -> int:
    """Compare two leaves of places: what one says of a site to what the other asks of it."""
    if asked["kind"] != known["kind"] or asked.get("minus") != known.get("minus"):
        return OPEN
    if dict(asked) == dict(known):
        return YES if truth else NO
    ask, know = asked["relation"], known["relation"]
    if know == "outside":  # any part outside is: not all inside
        return _place(asked, {**known, "relation": "within"}, not truth)
    if ask == "outside":
        return -_place({**asked, "relation": "within"}, known, truth)
    if truth and narrower(known, asked):
        if ask == "within_distance":
            return YES if know != "within_distance" or _nearer(known["distance"], asked["distance"]) else OPEN
        if ask == "within":
            return YES if know == "within" else OPEN
        return YES if know in ("intersects", "within") and _bounds(known, asked) else OPEN
    if not truth and narrower(asked, known):
        if know == "within_distance":
            return NO if ask != "within_distance" or _nearer(asked["distance"], known["distance"]) else OPEN
        if know == "intersects":
            return NO if ask in ("intersects", "within") and _bounds(asked, known) else OPEN
        return NO if ask == "within" else OPEN
    return OPEN


def narrower(a: Leaf, b: Leaf) -> bool:
    """Say whether every zone that one leaf means is meant by the other."""
    wide, tight = dict(b.get("filter") or ()), dict(a.get("filter") or ())
    return all(column in tight and set(tight[column]) <= set(values) for column, values in wide.items())


def _nearer(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Say whether one distance is never greater than the other."""
    if a == b:
        return True
    most = a.get("metres", a.get("at_most"))
    least = b.get("metres", b.get("at_least"))
    return most is not None and least is not None and most <= least


def _bounds(a: Leaf, b: Leaf) -> bool:
    """Say whether the thresholds of one leaf are at least as hard to pass as the other's."""
    for key in ("share", "area_m2"):
        if key in b:
            if key not in a:
                return False
            one = _Span.of({"op": (op := next(iter(a[key]))), "value": a[key][op]})
            two = _Span.of({"op": (op := next(iter(b[key]))), "value": b[key][op]})
            if not one.inside(two):
                return False
    return True


# ---- rules


def whole(rule: Rule) -> Mapping[str, Any] | None:
    """Return all that must hold for a rule: its condition on the project and its condition on the place."""
    parts = [node for node in (rule.when, rule.where) if node is not None]
    return {"all": parts} if len(parts) > 1 else parts[0] if parts else None
