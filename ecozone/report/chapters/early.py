"""The early-stage list (招商, 选址 …): what constrains the site, by the office that speaks for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ecozone.assessment import VERDICTS, Assessment
from ecozone.report.chapters.place import table
from ecozone.report.messages import Say
from ecozone.report.tree import Block, Paragraph, clean

if TYPE_CHECKING:
    from ecozone.rules.finding import Finding


def lead(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield one sentence on project, stage and present answer."""
    if say.language != "zh":
        yield Paragraph(say("original"), "note")
    project = answer.project
    stage = say.word(project.stage) if project.stage else say("early_stage")
    yield Paragraph(
        clean(
            say(
                "early_lead", name=project.name, stage=stage, day=answer.as_of.isoformat(),
                verdict=say.word(VERDICTS[answer.verdict]),
            )
        ),
        "lead",
    )  # fmt: skip


def constraints(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield hits and open provisions that push the answer, one table an office, the gravest first."""
    by_office: dict[str, list[Finding]] = {}
    found = [f for f in answer.findings if f.push and f.outcome in ("hit", "no_data", "undetermined")]
    for finding in sorted(found, key=lambda f: (f.outcome != "hit", -f.push)):
        for office in finding.office or ("",):
            by_office.setdefault(office, []).append(finding)
    if not by_office:
        yield Paragraph(say("no_constraints"))
        return
    head = [say(k) for k in ("c_constraint", "c_degree", "c_citation", "c_because", "c_next")]
    for office, mine in sorted(by_office.items(), key=lambda item: (not item[0], -len(item[1]), item[0])):
        rows = [
            [
                f.title,
                _degree(f, say),
                say.cited(f),
                say.join(f.because, by="semicolon"),
                say.join(f.next, by="semicolon"),
            ]
            for f in mine
        ]
        caption = say.pair(say("h_constraints"), office or say("office_other"))
        yield table(caption, head, rows, (2.2, 0.9, 2.0, 2.4, 1.6))


def _degree(finding: Finding, say: Say) -> str:
    effect = say.word(finding.effect_text)
    return effect if finding.outcome == "hit" else say("pending", effect=effect)
