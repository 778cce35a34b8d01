"""What a user's book may do to the books above it: add and tighten, never loosen, unless a provision empowers it.

A book loosens a higher one in three ways, and in no other, because rules only ever add to each other:

* a rule `replaces` a higher rule and is not at least as strict: it misses a project, a place or a nature that the
  replaced rule concerns, pushes less far, excepts more, or stands on weaker ground (text not read);
* a group of industries is defined so narrowly that a higher rule misses a class (or so widely that a higher rule's
  exception takes in another one);
* a rule replaces a rule of a place that its own book does not bind.

The first two are accepted when the rule or the group declares which provision empowers it (`empowered_by`); the
third never is. (Parameters have bounds of their own, see `ecozone.rules.place.bounds`.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ecozone import words
from ecozone.errors import did_you_mean
from ecozone.rules.logic import leaves
from ecozone.rules.model import EFFECTS, Exemption, Rule, Rulebook
from ecozone.rules.proof import YES, Theory, ways, whole

Where = Callable[[Rule | None, str], str]


def problems(book: Rulebook, above: Sequence[Rulebook], where: Where) -> Iterator[str]:
    """Yield a sentence for each way in which a book loosens the books above it without being empowered.

    Parameters
    ----------
    book : Rulebook
        A user's book.
    above : sequence of Rulebook
        The books that travel with ecozone.
    where : callable
        ``where(rule, field)`` -> file, line, rule and field, as messages begin.
    """
    higher = {r.id: (r, b) for b in above for r in b.rules}
    theory = Theory(book.groups)
    for rule in book.rules:
        for replaced in rule.replaces:
            if replaced not in higher:
                near = did_you_mean(replaced, higher, otherwise="。")
                yield f"{where(rule, 'replaces')}的“{replaced}”没有这条规则{near}"
                continue
            other, its_book = higher[replaced]
            if not book.jurisdiction.startswith(its_book.jurisdiction):
                told = f"只约束 {its_book.jurisdiction} 的规则不能由约束 {book.jurisdiction or '全国'} 的规则集代替。"
                yield f"{where(rule, 'replaces')}的“{replaced}”：{told}"
                continue
            why = looser(rule, other, theory)
            if why and rule.empowered_by is None:
                yield (
                    f"{where(rule, 'replaces')}放宽了上位规则 {replaced}：{why}。规则集只能增加和从严；"
                    "依法有权放宽的，请用 empowered_by 写明授权条文。"
                )
    yield from _groups(book, above, where)


def looser(rule: Rule, other: Rule, theory: Theory) -> str:
    """Return in what a rule is laxer than another, in Chinese; empty when it is at least as strict."""
    missed = [n for n in other.natures if n not in rule.natures and not (n == "relocate" and "new" in rule.natures)]
    if missed:
        return f"不再适用于{'、'.join(words.nature(n).name for n in missed)}"
    if rule.push < other.push:
        return f"后果由{EFFECTS[other.effect][1]}减为{EFFECTS[rule.effect][1]}"
    if rule.season not in (None, other.season):
        return "限于某个季节"
    open_ways = [w for w in ways(whole(other)) if theory.possible(w)]
    for field, node in (("条件", rule.when), ("范围", rule.where)):
        if any(theory.follows(node, w) != YES for w in open_ways):
            return f"{field}没有包括它所管的全部情形"
    if any(not any(_no_wider(e, f, theory) for f in other.exceptions) for e in rule.exceptions):
        return "增加了例外"
    if (rule.text != "text" and other.text == "text") or (rule.authority == "plan" and other.authority != "plan"):
        return "依据的效力更弱"
    return ""


def _no_wider(one: Exemption, two: Exemption, theory: Theory) -> bool:
    """Say whether one exception applies only where another does, and asks for at least the same proof."""
    lifted = [w for w in ways({"all": [n for n in (one.when, one.where) if n is not None]}) if theory.possible(w)]
    inside = all(theory.follows(node, w) == YES for w in lifted for node in (two.when, two.where))
    weaker = EFFECTS[one.pending_effect][0] < EFFECTS[two.pending_effect][0]
    return inside and set(two.proof) <= set(one.proof) and not weaker


def _groups(book: Rulebook, above: Sequence[Rulebook], where: Where) -> Iterator[str]:
    """Yield the groups that a book defines so that a higher rule misses a class."""
    used, lifting = _uses(above)
    for name, spec in book.groups.items():
        if name not in words.groups() or (isinstance(spec, Mapping) and spec.get("empowered_by")):
            continue
        key = words.group(name).key
        old, new = words.extent(name), words.extent(name, book.groups)
        lost = (old.certain - new.certain) | (set(old.maybe) - new.certain - set(new.maybe))
        if lost and key in used:
            yield _group_sentence(where, name, f"少了 {_codes(lost)}，上位规则 {used[key]} 等会漏掉它们")
        gained = new.certain - old.certain
        if gained and key in lifting:
            yield _group_sentence(where, name, f"多了 {_codes(gained)}，上位规则 {lifting[key]} 等的例外会随之放宽")


def _group_sentence(where: Where, name: str, why: str) -> str:
    told = "规则集只能增加和从严；依法有权放宽的，请在该行业组里用 empowered_by 写明授权条文。"
    return f"{where(None, f'groups.{name}')}放宽了上位规则：{why}。{told}"


def _codes(codes: Any) -> str:
    listed = sorted(codes)
    return "、".join(listed[:3]) + (f" 等 {len(listed)} 个类别" if len(listed) > 3 else "")


def _uses(above: Sequence[Rulebook]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the groups that higher rules ask for, and those that let something off, each with one such rule."""
    used: dict[str, str] = {}
    lifting: dict[str, str] = {}
    for rule in (r for b in above for r in b.rules):
        for into, nodes in ((used, [rule.when]), (lifting, [e.when for e in rule.exceptions])):
            for leaf in (x for node in nodes for x in leaves(node)):
                for name in leaf.get("industry", ()):
                    for key in _with_parts(name):
                        into.setdefault(key, rule.id)
        for way in ways(rule.when):
            for leaf, truth in way:
                for name in leaf.get("industry", ()) if not truth else ():
                    for key in _with_parts(name):
                        lifting.setdefault(key, rule.id)
    return used, lifting


def _with_parts(name: str) -> set[str]:
    """Return a group with the groups it is made of; nothing for a code."""
    if name not in words.groups():
        return set()
    word = words.group(name)
    return {word.key}.union(*(_with_parts(part) for part in word.groups))
