"""Cover facts, the conclusion, the handling lines: what stands first and last in a report."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from ecozone import words
from ecozone._version import __version__
from ecozone.assessment import VERDICTS, Assessment
from ecozone.report.messages import Say
from ecozone.report.tree import Block, Bullets, Paragraph, Signature, Table, clean

if TYPE_CHECKING:
    from ecozone.rules.finding import Finding

#: From this day the Code speaks of 生态环境影响评价 (生态环境法典, in force 2026-08-15).
CODE_IN_FORCE = dt.date(2026, 8, 15)
_CATEGORIES = {"优先": "优先保护单元", "重点": "重点管控单元", "一般": "一般管控单元"}
_GROUNDS = 8
#: Marks of provisions that decide nothing alone, and what has to be settled first.
_SOFT = {
    "规划期已届满": "soft_expired",
    "凭记忆转述，未核原文": "soft_text",
    "未取得文本": "soft_text",
}


@dataclass(frozen=True)
class Handling:
    """Who handles a case: number and names, blank where somebody signs by hand."""

    case: str = ""
    made_by: str = ""
    checked_by: str = ""
    approved_by: str = ""


def eia(answer: Assessment, say: Say) -> str:
    """Return what the law calls an impact assessment on the day of the answer."""
    return say("eia_word_new" if answer.as_of >= CODE_IN_FORCE else "eia_word_old")


def industries(answer: Assessment) -> list[str]:
    """Return industries as the form has them: ``C3021 水泥制品制造``."""
    return [f"{code} {words.name_of(code)}" for code in answer.project.industries]


def facts(answer: Assessment, say: Say, handling: Handling) -> Table:
    """Return the cover's table of facts."""
    project = answer.project
    main = project.parts[0]
    rows: list[tuple[str, str]] = [
        (say("case"), handling.case),
        (say("name"), project.name),
        (say("nature"), say.word(words.nature(project.nature).name) if project.nature else say("not_given")),
        (say("industry"), say.join(industries(answer)) or say("not_given")),
    ]
    if project.subject == "plan":
        rows.append((say("subject"), say("subject_plan")))
    given = [say.facility(k) for k in (*(project.facilities or ()), *project.has)]
    if given:
        rows.append((say("facilities"), say.join(dict.fromkeys(given))))
    if project.facts:
        rows.append((say("facts"), say.join((say.fact(k, v) for k, v in project.facts.items()), by="semicolon")))
    rows.append((say("coordinates"), "\n".join(coordinates(main.geometry, say))))
    if project.area_m2 is not None:
        rows.append((say("site_area"), say.area_all(project.area_m2) + _temporary(main, say)))
    if project.length_m is not None:
        km = f"{project.length_m / 1000:,.3f}"
        rows.append((say("length"), say("length_all", m=f"{project.length_m:,.1f}", km=km) + _temporary(main, say)))
    if main.extent_m is not None:
        rows.append((say("extent"), say("extent_all", m=f"{main.extent_m:,.1f}") + _temporary(main, say)))
    rows.append((say("accuracy"), say("plus_minus", m=f"{main.accuracy_m:,.1f}")))
    others = [
        say.pair(say.part(p.name), say.join(coordinates(p.geometry, say), by="semicolon")) for p in project.parts[1:]
    ]
    if others:
        rows.append((say("parts"), "\n".join(others)))
    rows.append((say("region"), answer.context.region_name + say.aside(answer.context.region)))
    if project.stage:
        rows.append((say("stage"), say.word(project.stage)))
    rows.append((say("as_of"), answer.as_of.isoformat()))
    rows.append((say("procedure"), say("eia_new" if answer.as_of >= CODE_IN_FORCE else "eia_old")))
    return Table("", (), [(k, clean(v)) for k, v in rows], (1.0, 3.4), strong=(0,))


def _temporary(part: Any, say: Say) -> str:
    return "" if part.permanent else say.aside(say("temporary"))


def coordinates(geometry: Any, say: Say) -> list[str]:
    """Return where a part lies: a point, the ends of a line, the middle of an area."""
    dimension = int(shapely.get_dimensions(geometry))
    if dimension == 1:
        xy = shapely.get_coordinates(geometry)
        places = [("start", xy[0]), ("end", xy[-1])]
    elif dimension == 0:
        xy = shapely.get_coordinates(geometry)
        places = [("point", c) for c in xy[:5]]
    else:
        places = [("centre", shapely.get_coordinates(shapely.centroid(geometry))[0])]
    if len(places) == 1 and dimension == 0:
        return [say.dms(*map(float, places[0][1]))]
    return [say("coordinates_of", where=say(where), at=say.dms(float(c[0]), float(c[1]))) for where, c in places]


def conclusion(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield the conclusion: one sentence, completeness, grounds; what overrides make of it stands after it."""
    if say.language != "zh":
        yield Paragraph(say("original"), "note")
    units = {u["code"]: u["category"] for u in answer.units if not u["possible"]}
    counts = Counter(_CATEGORIES.get(c, c or "") for c in units.values())
    split = say.join(say("split_one", category=say.word(c), n=counts[c]) for c in (*_CATEGORIES.values(),) if counts[c])
    named = say.join(industries(answer))
    project = answer.project
    yield Paragraph(
        clean(
            say(
                "concluded",
                name=project.name,
                industry=say("belongs", industry=named) if named else say("belongs_none"),
                nature=say.word(words.nature(project.nature).name) if project.nature else say("nature_none"),
                units=len(units),
                split=say("split", counts=split) if split else "",
                day=answer.as_of.isoformat(),
                verdict=say.word(VERDICTS[answer.verdict]),
            )
        ),
        "lead",
    )
    if not answer.overrides:
        yield Paragraph(_completeness(answer, say))
    elif not answer.complete:
        yield Paragraph(say("incomplete_before", n=len(answer.open)))
    pushing = list({f.rule: f for f in reversed(answer.hits) if f.push}.values())[::-1]
    grounds = list(dict.fromkeys(_ground(f, say) for f in pushing))
    if grounds:
        yield Paragraph(say.pair(say("grounds")))
        more = [say("more_rules", n=len(grounds) - _GROUNDS)] if len(grounds) > _GROUNDS else []
        yield Bullets([*grounds[:_GROUNDS], *more])
        yield from _standing(pushing, say)
    if answer.overrides:
        verdict, complete = answer.after_overrides
        told = say("settled" if complete else "undecided" if verdict == "undetermined" else "unsettled")
        yield Paragraph(say("after_overrides", verdict=say.word(VERDICTS[verdict]), complete=told), "lead")
        yield Paragraph(_completeness(answer, say))
    if answer.edition == "public":
        yield Paragraph(say("public_note"), "note")


def _ground(finding: Any, say: Say) -> str:
    return clean(say("ground", effect=say.word(finding.effect_text), title=finding.title, cited=say.cited(finding)))


def _completeness(answer: Assessment, say: Say) -> str:
    """Return whether what is open could change the answer, as overrides leave it: all that "complete" says."""
    (verdict, complete), n = answer.after_overrides, len(answer.open_after)
    if not complete:
        return say("incomplete", n=n)
    if not n:
        return say("complete")
    return say("complete_worst" if verdict == "prohibited" else "complete_idle", n=n)


def _standing(pushing: Sequence[Finding], say: Say) -> Iterable[Block]:
    """Yield that a provision whose plan is over, or whose text nobody read, decides nothing by itself."""
    for mark, key in _SOFT.items():
        soft = [f for f in pushing if not f.firm and mark in f.marks]
        firm = sum(f.firm for f in pushing)
        if soft:
            what = say("soft", n=len(soft), mark=say.word(mark), how=say(key))
            yield Paragraph(what + say("soft_rest", n=firm) if firm else what + say("soft_all"), "note")


def disclaimer(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield what the report does not claim."""
    yield Paragraph(say("disclaimer", day=answer.as_of.isoformat(), eia=eia(answer, say)))


def handling_lines(say: Say, handling: Handling) -> Iterable[Block]:
    """Yield the lines to sign on."""
    people = (("made_by", handling.made_by), ("checked_by", handling.checked_by), ("approved_by", handling.approved_by))
    labels = [say.pair(say(k), clean(v)) for k, v in (("case", handling.case), *people, ("date", ""))]
    yield Signature(labels)


def foot(answer: Assessment, say: Say) -> str:
    """Return the running foot."""
    return say("foot", version=__version__, day=answer.as_of.isoformat())
