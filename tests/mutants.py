"""Changes to the rulebooks, one at a time: what a lawyer could get wrong by a word or a figure."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ecozone.rules.logic import leaves
from ecozone.rules.model import Document, Exemption, Period, Rule, Rulebook
from ecozone.rules.outcomes import Judged

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
        for key, factor in ((k, f) for k in figures(leaf) for f in (1 - STEP, 1 + STEP)):
            where = copy.deepcopy(rule.where)
            scale(leaves(where)[i], key, factor)
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


def figures(leaf: Mapping[str, Any]) -> list[str]:
    spec = leaf.get("distance") or {}
    return [k for k in ("metres", "at_least", "at_most") if spec.get(k)] + [
        k for k in ("share", "area_m2") if k in leaf
    ]


def scale(leaf: dict[str, Any], key: str, factor: float) -> None:
    if key in ("share", "area_m2"):
        leaf[key] = {op: value * factor for op, value in leaf[key].items()}
    else:
        leaf["distance"][key] *= factor


def _moved(period: Period, end: str, days: int) -> Period | None:
    day = getattr(period, end)
    return None if day is None else replace(period, **{end: day + dt.timedelta(days=days)})
