"""Rules against each other and against themselves: contradictions, copies, conditions that nothing can meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ecozone import kinds, words
from ecozone.rules.logic import leaves
from ecozone.rules.model import EFFECTS, Rule, Rulebook
from ecozone.rules.proof import YES, Theory, ways, whole

Leaf = Mapping[str, Any]


#: Effects of which two cannot stand for the same thing: one would make the other pointless.
_BANS = ("prohibit", "suspend", "exit_close", "prohibit_in_principle", "restrict", "exit_rectify")
#: Effects whose content is their requirement: several of them may stand side by side.
_DUTIES = ("require", "inform", "prefer", "exit_rectify")


def of_book(book: Rulebook, above: Iterable[Rulebook], theory: Theory) -> Iterator[tuple[Rule, str, str]]:
    """Yield (rule, field, sentence) where a rule contradicts or repeats another of its book.

    Parameters
    ----------
    book : Rulebook
    above : iterable of Rulebook
        Books that bind the same ground: what one book encourages another must not forbid altogether.
    theory : Theory
    """
    rules = [r for r in book.rules if r.text != "missing"]
    higher = [r for b in above if b is not book and book.jurisdiction.startswith(b.jurisdiction) for r in b.rules]
    for one in (r for r in rules if r.effect == "prefer"):
        for two in higher:
            said = _praised(one, two, theory) if _meet(one, two) else None
            if said is not None:
                yield said
    for i, one in enumerate(rules):
        for two in rules[i + 1 :]:
            if not _meet(one, two):
                continue
            said = _between(one, two, theory)
            if said is not None:
                yield said


def _between(one: Rule, two: Rule, theory: Theory) -> tuple[Rule, str, str] | None:
    for praised, banned in ((one, two), (two, one)):
        said = _praised(praised, banned, theory)
        if said is not None:
            return said
    if one.citation.document != two.citation.document or set(one.natures) != set(two.natures):
        return None
    if one.season != two.season or not (_within(one, two, theory) and _within(two, one, theory)):
        return None
    if one.effect != two.effect and _same_place(one, two) and _clash(one.effect, two.effect):
        told = f"同一条件下一条是{EFFECTS[one.effect][1]}，一条是{EFFECTS[two.effect][1]}"
        return two, "effect", f"与 {one.id} 矛盾：{told}，请合并或者写明各自的条件。"
    same = one.effect not in _DUTIES or one.requirement == two.requirement
    if one.effect == two.effect and _same_place(one, two) and same:
        return two, "period", f"与 {one.id} 重复：同一条文、同样的条件和后果，有效期重叠。"
    return None


def _praised(praised: Rule, banned: Rule, theory: Theory) -> tuple[Rule, str, str] | None:
    """Return what to say of a rule that encourages only what another forbids or restricts."""
    if praised.effect != "prefer" or banned.push < EFFECTS["restrict"][0] or not _within(praised, banned, theory):
        return None
    lifted = [{"all": [n for n in (e.when, e.where) if n is not None]} for e in banned.exceptions if not e.proof]
    if any(theory.follows(e, w) == YES for e in lifted for w in ways(whole(praised)) if theory.possible(w)):
        return None
    return praised, "effect", f"与 {banned.id} 矛盾：鼓励的项目全部被它{EFFECTS[banned.effect][1]}。"


def _clash(one: str, two: str) -> bool:
    """Say whether two effects cannot both be meant of the same thing."""
    if one in _BANS and two in _BANS:
        return True
    return "require" in (one, two) and bool({one, two} & {"prohibit", "suspend"})


def _meet(one: Rule, two: Rule) -> bool:
    """Say whether two rules can concern the same project on the same day."""
    if not set(one.natures) & set(two.natures):
        return False
    return not (_ends_before(one, two) or _ends_before(two, one))


def _ends_before(one: Rule, two: Rule) -> bool:
    """Say whether a rule is over when another begins; a plan's rules are looked at after its period too."""
    last, first = one.period.last, two.period.first
    return one.authority != "plan" and last is not None and first is not None and last < first


def _same_place(one: Rule, two: Rule) -> bool:
    """Say whether two rules stand at the same place of their paper."""
    a, b = one.citation, two.citation
    return (a.article, a.section, a.paragraph, a.item) == (b.article, b.section, b.paragraph, b.item)


def _within(inner: Rule, outer: Rule, theory: Theory) -> bool:
    """Say whether the outer rule concerns everything that the inner one concerns."""
    if not set(inner.natures) <= set(outer.natures) or outer.season not in (None, inner.season):
        return False
    open_ways = [w for w in ways(whole(inner)) if theory.possible(w)]
    return bool(open_ways) and all(theory.follows(whole(outer), w) == YES for w in open_ways)


def impossible(node: Mapping[str, Any] | None, theory: Theory) -> Iterator[tuple[str, str]]:
    """Yield (what, why) for leaves that can never be true."""
    for leaf in leaves(node):
        if "industry" in leaf:
            for name in leaf["industry"]:
                found = words.extent(name, theory.groups)
                if not found.certain and not found.maybe:
                    yield f"行业组“{name}”", "没有任何行业类别"
        if "kind" in leaf:
            yield from _impossible_place(leaf)


def _impossible_place(leaf: Leaf) -> Iterator[tuple[str, str]]:
    kind = kinds.get(leaf["kind"])
    name = f"“{kind.name}”"
    if "polygon" not in kind.geometry and (leaf["relation"] in ("within", "outside") or "area_m2" in leaf):
        yield name, f"只有{'、'.join({'line': '线', 'point': '点'}[g] for g in kind.geometry)}，用地不可能在其内外"
    for key, most in (("share", 1.0), ("area_m2", float("inf"))):
        for op, limit in leaf.get(key, {}).items():
            if (op == "ge" and limit > most) or (op == "gt" and limit >= most) or (op == "lt" and limit <= 0):
                yield f"{key} 的界限 {limit:g}", "永远达不到"
    spec = leaf.get("distance") or {}
    if (spec.get("at_least") or 0) > (spec.get("at_most") or float("inf")):
        yield "distance", f"的下限 {spec['at_least']:g} 大于上限 {spec['at_most']:g}"


def parameters(rule: Rule) -> set[str]:
    """Return the parameters that a rule reads."""
    out = set()
    nodes = [rule.when, rule.where, *(n for e in rule.exceptions for n in (e.when, e.where))]
    for leaf in (x for node in nodes for x in leaves(node)):
        if "parameter" in leaf:
            out.add(leaf["parameter"])
        if isinstance(leaf.get("distance"), Mapping) and leaf["distance"].get("parameter"):
            out.add(leaf["distance"]["parameter"])
    return out
