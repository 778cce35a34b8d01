"""What the law says to it: access-list rows, provisions that hit, what is open, what is clear, what to do next."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ecozone.assessment import Assessment
from ecozone.report.chapters.place import table
from ecozone.report.messages import Say
from ecozone.report.tree import Block, Heading, Paragraph, Table, clean

if TYPE_CHECKING:
    from ecozone.assessment import Open
    from ecozone.rules.finding import Finding

_STANDING = ("不符合", "无法判定", "符合", "不涉及")
_ZONES, _RULES = 6, 3
#: What only the command line understands, and what paper says instead.
_TYPED = (
    (re.compile(r"（--[^）]*）|，如 --[^。；]*|是：--[^。]*。?|：--\w[^。；]*"), ""),
    (re.compile(r"请用 --part [^。]*"), "请给出其位置"),
    (re.compile(r"请用 --extent 给出"), "请给出"),
    (re.compile(r"[，\s]*[^，。；？]*：ecozone [^。]*"), ""),
)


def access(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield the comparison with the access list, one table a unit, one row a requirement."""
    rows = answer.requirements
    if not rows:
        yield Paragraph(say("no_access"))
        return
    counted = Counter(r["conformity"] for r in rows)
    counts = say.join(say("count_of", word=say.word(w), n=counted[w]) for w in _STANDING if counted[w])
    yield Paragraph(say("access_count", n=len(rows), counts=counts))
    titles = {f.rule: f.title for f in answer.findings}
    by_unit: dict[str, list[Mapping[str, Any]]] = {}
    for r in rows:
        by_unit.setdefault(r["unit"], []).append(r)
    head = [say(k) for k in ("c_id", "c_dimension", "c_text", "c_situation", "c_conformity")]
    alike: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for unit, mine in by_unit.items():
        cells = tuple(
            (r["id"], say.word(r["dimension"]), r["text"], _situation(r, titles, say), say.word(r["conformity"]))
            for r in mine
        )
        alike.setdefault(cells, []).append(say("t_access", name=mine[0]["unit_name"] or "", unit=unit))
    for rows_alike, units in alike.items():
        caption = units[0] if len(units) == 1 else say("t_access_many", n=len(units), names=say.join(units))
        yield table(caption, head, rows_alike, (0.95, 1.2, 3.6, 3.0, 0.9))


def _situation(row: Mapping[str, Any], titles: Mapping[str, str], say: Say) -> str:
    told = say(
        "by_officer", situation=row["situation"] or "—", by=row["by"], on=row["on"] or "", basis=row["basis"] or "—"
    )
    if row["decided_by"] == "officer":
        return told
    if row["decided_by"] == "rule":
        ruled = say("by_rule", titles=say.join(titles.get(r, r) for r in row["rules"]))
        return say("by_both", ruled=ruled, said=say.word(row["officer"]), told=told) if row["differs"] else ruled
    return say("by_nobody")


def hits(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield every provision that pushes the answer, with citation and evidence; then advice, in a table."""
    pushing = [f for f in answer.hits if f.push]
    if not pushing:
        yield Paragraph(say("no_hits"))
    else:
        yield Paragraph(say("hit_count", n=len(pushing)))
    for n, finding in enumerate(pushing, 1):
        where = "" if finding.part == "site" else say.aside(say.part(finding.part))
        title = say("hit", n=n, effect=say.word(finding.effect_text), title=finding.title + where)
        yield Heading(clean(title), 3)
        yield Table("", (), [(k, clean(v)) for k, v in _evidence(finding, answer, say) if v], (1, 5), strong=(0,))
    advice = [f for f in answer.hits if not f.push]
    if advice:
        rows = [
            [say.word(f.effect_text), f.title, say.cited(f), say.join(f.because, by="semicolon")] for f in _once(advice)
        ]
        head = [say(k) for k in ("c_effect", "c_provision", "c_citation", "c_because")]
        yield table(say("h_hits_inform"), head, rows, (0.7, 2.4, 2.6, 2.8))


def _once(findings: Iterable[Finding]) -> Iterable[Finding]:
    return {f.rule: f for f in reversed(list(findings))}.values().__reversed__()


def _evidence(finding: Finding, answer: Assessment, say: Say) -> Iterable[tuple[str, str]]:
    yield say("c_requirement"), finding.requirement
    yield say("c_citation"), finding.cited
    yield say("c_rule"), finding.rule
    yield say("c_marks"), say.join(say.word(m) for m in finding.marks)
    yield say("c_because"), say.join(finding.because, by="semicolon")
    yield say("c_where"), "\n".join(_where(finding.where, say))
    yield say("c_reads"), say.join(_reads(finding, say), by="semicolon")
    yield say("c_threshold"), say.join(_threshold(finding.threshold, say), by="semicolon")
    yield say("c_next"), say.join(finding.next, by="semicolon")
    yield say("c_office"), say.join(finding.office)
    for o in answer.overrides:
        if (o.rule, o.part) == (finding.rule, finding.part):
            told = say("struck", by=o.by, on=o.on.isoformat(), reason=o.reason)
            yield say("h_overrides"), told + (say.aside(o.zone) if o.zone else "")


def _where(where: Sequence[Mapping[str, Any]], say: Say) -> Iterable[str]:
    for zone in where[:_ZONES]:
        # an id that an import counted out says nothing to a reader
        named = "" if str(zone["zone"]).startswith(f"{zone['kind']}-") else f" {zone['zone']}"
        yield say("where_zone", kind=say.kind(zone["kind"]), zone=named, name=zone["name"], amount=say.amount(zone))
    if len(where) > _ZONES:
        yield say("more_zones", n=len(where) - _ZONES)


def _reads(finding: Finding, say: Say) -> Iterable[str]:
    for key, value in finding.reads.items():
        kind, _, quantity = key.rpartition(".")
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue
        name = say.kind(kind)
        if quantity == "share":
            yield say("q_share", v=f"{value:.2%}")
        elif quantity == "overlap":
            line = any(w.get("overlap_m") is not None for w in finding.where)
            areal = any(w.get("overlap_m2") is not None for w in finding.where)
            told = say.area(value) if areal else say.metres(value) if line else say("count", v=f"{value:,.0f}")
            yield say("q_overlap", kind=name, v=told)
        elif quantity == "beyond_m" and not value:
            yield say("q_here", kind=name, v="0.0")
        else:
            yield say(f"q_{quantity}", kind=name, v=f"{value:,.1f}")


def _threshold(threshold: Mapping[str, Any], say: Say) -> Iterable[str]:
    for key, name in (("distance_m", "q_limit"), ("accuracy_m", "q_accuracy")):
        if isinstance(threshold.get(key), int | float):
            yield say(name, v=f"{threshold[key]:,.1f}")
    if threshold.get("parameter"):
        yield say("q_parameter", v=str(threshold["parameter"]).replace("_m", ""))


def open_matters(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield what could not be decided, and which document, layer or fact would decide it."""
    opened = answer.open_after
    if not opened:
        yield Paragraph(say("no_open"))
        return
    told = say("open_idle" if answer.after_overrides[1] else "open_push")
    yield Paragraph(say("open_after") + told if answer.overrides else told)
    effects = {f.effect: f.effect_text for f in answer.findings}
    rows = [_open(o, effects, say) for o in opened]
    head = [say(k) for k in ("c_matter", "c_how", "c_worst", "c_if")]
    yield table(say("t_open"), head, rows, (2.2, 2.7, 0.95, 3.1))


def _open(o: Open, effects: Mapping[str, str], say: Say) -> list[str]:
    branches = list(o.branches[:_RULES])
    if len(o.branches) > _RULES:
        branches.append(say("more_rules", n=len(o.branches) - _RULES))
    return [o.label, on_paper(o.question), say.word(effects.get(o.worst, o.worst)), "\n".join(branches)]


def on_paper(question: str) -> str:
    """Return a question without what only the command line understands."""
    for typed, instead in _TYPED:
        question = typed.sub(instead, question)
    return question.strip().replace("。。", "。")


def next_steps(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield what to do next, by office."""
    offices: dict[str, dict[str, list[str]]] = {}
    for finding in answer.hits:
        for step in finding.next:
            for office in finding.office or ("",):
                offices.setdefault(office, {}).setdefault(step, []).append(finding.title)
    if not offices:
        yield Paragraph(say("no_next"))
        return
    for office, steps in sorted(offices.items(), key=lambda item: (not item[0], item[0])):
        named = clean(office) or say("office_other")
        rows = [[step, _few(titles, say)] for step, titles in steps.items()]
        yield table(say.pair(say("t_next"), named), [say("c_step"), say("c_for")], rows, (3, 4))


def _few(titles: Sequence[str], say: Say) -> str:
    once = list(dict.fromkeys(titles))
    more = [say("more_rules", n=len(once) - _RULES)] if len(once) > _RULES else []
    return say.join([*once[:_RULES], *more], by="semicolon")


def clear(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield every provision that was checked and does not concern the project, with the reason."""
    away = [f for f in answer.findings if f.outcome == "clear"]
    apart = [f for f in answer.findings if f.outcome == "not_applicable"]
    yield Paragraph(say("clear_count", n=len(away) + len(apart), clear=len(away), apart=len(apart)))
    head = [say(k) for k in ("c_provision", "c_citation", "c_checked")]
    for caption, found in (("t_clear", away), ("t_not_applicable", apart)):
        if found:
            rows = [[_titled(f, say), f.cited, say.join(f.because, by="semicolon")] for f in found]
            yield table(say(caption), head, rows, (2.9, 2.5, 3.2))


def _titled(finding: Finding, say: Say) -> str:
    return finding.title + ("" if finding.part == "site" else say.aside(say.part(finding.part)))
