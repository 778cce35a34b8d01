"""How much of the plans is encoded: every row of the traceability table against the rules and the expected outcomes.

A row that decides about a site counts as encoded when its rules have the effect, natures, industries and distance that
the row has, and each of them hits in one case at least and just misses in another. A rule that only informs about the
whole region counts for nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecozone import compiled
from ecozone.errors import RuleError
from ecozone.rules.logic import leaves
from ecozone.rules.model import BUILDING, Rule, Rulebook

#: Section of the plans and the share of its siting rows that must be encoded.
GOALS: Mapping[str, float] = {"B": 0.95, "C": 0.80}
_COLUMNS = ("id", "section", "siting", "rules", "effect", "natures", "concerns", "distance_m", "reason")


@dataclass(frozen=True)
class Row:
    """One row of a plan: what it says, and the rules or the reason that answer for it."""

    id: str
    section: str
    siting: bool
    rules: tuple[str, ...]
    effect: frozenset[str]
    natures: frozenset[str]
    concerns: frozenset[str]
    distance: str
    reason: str


@dataclass(frozen=True)
class Evidence:
    """How often each rule is expected to hit and not to hit in the cases."""

    hits: Mapping[str, int] = field(default_factory=dict)
    misses: Mapping[str, int] = field(default_factory=dict)
    cases: int = 0


@dataclass(frozen=True)
class Found:
    """One row, and why it does not count as encoded (empty: it does)."""

    row: Row
    wrong: tuple[str, ...]


def read_table(path: Path) -> list[Row]:
    """Read a traceability table.

    Raises
    ------
    RuleError
        There is none, or it has other columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise RuleError(f"没有找到规则追溯表“{path}”，请在源代码目录运行，或用 --table 指定。") from None
    lacking = [c for c in _COLUMNS if not rows or c not in rows[0]]
    if lacking:
        raise RuleError(f"规则追溯表“{path}”缺少列 {'、'.join(lacking)}，应有 {'、'.join(_COLUMNS)}。")
    return [
        Row(
            id=r["id"],
            section=r["section"],
            siting=r["siting"] == "yes",
            rules=_listed(r["rules"]),
            effect=frozenset(_listed(r["effect"])),
            natures=frozenset(n for v in _listed(r["natures"]) for n in (BUILDING if v == "building" else (v,))),
            concerns=frozenset(_listed(r["concerns"])),
            distance=r["distance_m"],
            reason=r["reason"],
        )
        for r in rows
    ]


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(v for v in cell.split(";") if v)


def read_evidence(folder: Path) -> Evidence:
    """Count the expected outcomes of a folder of cases (the tests prove that they come true)."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise RuleError(f"“{folder}”里没有案例（*.yaml），请在源代码目录运行，或用 --cases 指定。")
    raw = compiled.load(files, _count)
    return Evidence(raw["hits"], raw["misses"], raw["cases"])


def _count(texts: Mapping[str, str]) -> dict[str, Any]:
    hits: dict[str, int] = {}
    misses: dict[str, int] = {}
    cases = 0
    for text in texts.values():
        for case in compiled.parse_yaml(text) or ():
            cases += 1
            for rule, wanted in (case["expect"].get("findings") or {}).items():
                outcome = wanted[0] if isinstance(wanted, list) else wanted
                kept = hits if outcome == "hit" else misses if outcome in ("clear", "not_applicable") else {}
                kept[rule] = kept.get(rule, 0) + 1
            for rule in case["expect"].get("absent") or ():
                misses[rule] = misses.get(rule, 0) + 1
    return {"hits": hits, "misses": misses, "cases": cases}


def cover(rows: Iterable[Row], books: Iterable[Rulebook], evidence: Evidence) -> list[Found]:
    """Return for every row why it is not accounted for, or, where it decides about a site, not encoded."""
    rules = {r.id: r for b in books for r in b.rules}
    return [Found(row, tuple(_wrong(row, rules, evidence))) for row in rows]


def _wrong(row: Row, rules: Mapping[str, Rule], evidence: Evidence) -> Iterable[str]:
    if not row.rules and not row.reason:
        yield "既没有规则，也没有写明理由"
    unknown = [r for r in row.rules if r not in rules]
    if unknown:
        yield f"没有规则 {'、'.join(unknown)}"
    if not row.siting or unknown:
        return
    if not row.rules:
        yield f"未编入：{row.reason}"
        return
    mine = [rules[r] for r in row.rules]
    for rule in mine:
        if row.id not in rule.source:
            yield f"{rule.id} 的 source 没有写 {row.id}"
        if not evidence.hits.get(rule.id):
            yield f"{rule.id} 没有命中的案例"
        if not evidence.misses.get(rule.id):
            yield f"{rule.id} 没有差一点不命中的案例"
    if all(r.effect == "inform" and r.where is None for r in mine):
        yield "只有对全辖区的提示，不算编入"
    yield from _unlike(row, mine)


def _unlike(row: Row, mine: Sequence[Rule]) -> Iterable[str]:
    """Yield where the rules together differ from what the row says."""
    for what, wanted, found in (
        ("后果", row.effect, {r.effect for r in mine}),
        ("性质", row.natures, {n for r in mine for n in r.natures}),
        ("对象", row.concerns, {name for r in mine for name in _names(r)}),
    ):
        if wanted != found:
            gone, new = "、".join(sorted(wanted - found)), "、".join(sorted(found - wanted))
            yield f"{what}与原文不同" + (f"，缺 {gone}" if gone else "") + (f"，多 {new}" if new else "")
    if row.distance and row.distance not in {d for r in mine for d in _distances(r)}:
        yield f"没有原文的距离 {row.distance}"


def _names(rule: Rule) -> Iterable[str]:
    for leaf in leaves(rule.when):
        yield from leaf.get("industry", ())
        yield from leaf.get("facility", ())
        yield from (leaf[k] for k in ("fact", "parameter") if k in leaf)


def _distances(rule: Rule) -> Iterable[str]:
    """Yield the distances of a rule as the table writes them: a figure, an interval, ``?`` where none is given."""
    for spec in (leaf["distance"] for leaf in leaves(rule.where) if "distance" in leaf):
        if "metres" in spec:
            yield f"{spec['metres']:g}"
        elif "at_least" in spec or "at_most" in spec:
            yield f"{spec.get('at_least', 0):g}-{spec.get('at_most', float('inf')):g}"
        else:
            yield "?"


def share(found: Sequence[Found], section: str) -> tuple[int, int]:
    """Return how many of a section's siting rows are encoded, of how many."""
    mine = [f for f in found if f.row.siting and f.row.section == section]
    return sum(not f.wrong for f in mine), len(mine)


def kinds_of(books: Iterable[Rulebook]) -> dict[str, list[str]]:
    """Return the kinds of layers that books ask for, each with the rules that do."""
    out: dict[str, list[str]] = {}
    for rule in (r for b in books for r in b.rules):
        nodes = [rule.where, *(e.where for e in rule.exceptions)]
        for kind in dict.fromkeys(leaf["kind"] for node in nodes for leaf in leaves(node)):
            out.setdefault(kind, []).append(rule.id)
    return out
