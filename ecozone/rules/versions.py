"""One provision through time: what a rule took over from, what took over from it, which of them holds on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ecozone.rules.model import Rule


@dataclass(frozen=True)
class Versions:
    """A rule among its versions.

    Attributes
    ----------
    rule : Rule
    before : tuple of Rule
        The rules that it took over from, one step back.
    after : Rule or None
        The rule that took over from it.
    line : tuple of Rule
        All versions, the oldest first.
    """

    rule: Rule
    before: tuple[Rule, ...]
    after: Rule | None
    line: tuple[Rule, ...]

    @classmethod
    def of(cls, rule: Rule, rules: Iterable[Rule]) -> Versions:
        """Return the versions of a rule among all rules."""
        known = {r.id: r for r in rules}
        back: dict[str, list[Rule]] = {}
        for other in known.values():
            if other.superseded_by:
                back.setdefault(other.superseded_by, []).append(other)
        after = known.get(rule.superseded_by or "")
        line = sorted(_reached(rule, known, back).values(), key=lambda r: (r.period.first or dt.date.min, r.id))
        return cls(rule, tuple(back.get(rule.id, ())), after, tuple(line))

    def on(self, day: dt.date) -> tuple[Rule, ...]:
        """Return the versions that are looked at on a day: the rule itself, or those that stand in its place."""
        if self.rule.in_force(day):
            return (self.rule,)
        return tuple(r for r in self.line if r.in_force(day))


def _reached(rule: Rule, known: Mapping[str, Rule], back: Mapping[str, list[Rule]]) -> dict[str, Rule]:
    """Return a rule with everything before and after it; a circle ends where it began."""
    out = {rule.id: rule}
    todo = list(back.get(rule.id, ()))
    while todo:
        other = todo.pop()
        if other.id not in out:
            out[other.id] = other
            todo += back.get(other.id, ())
    step = known.get(rule.superseded_by or "")
    while step is not None and step.id not in out:
        out[step.id] = step
        step = known.get(step.superseded_by or "")
    return out
