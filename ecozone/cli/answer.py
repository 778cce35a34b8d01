"""An `Assessment` as an officer reads it on a terminal: the conclusion, its grounds, what stays open.

Nothing is judged here: numbers are rounded for display, findings are grouped and set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ecozone import kinds, words
from ecozone.asked import Asked
from ecozone.cli.basis import basis
from ecozone.cli.layout import BOLD, PLAIN, Line, columns, field, labelled, title, wrap
from ecozone.cli.units import access_list, control_units, part_name
from ecozone.cli.wanted import wanted
from ecozone.rules.model import AUTHORITIES, EFFECTS

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.rules.finding import Finding

COLOURS = {
    "prohibited": "red",
    "restricted": "yellow",
    "conditional": "yellow",
    "undetermined": "yellow",
    "clear": "green",
}
#: Verdicts in a table's cell; `clear` is never a bare 符合.
SHORT = {
    "prohibited": "不符合",
    "restricted": "限制，需论证",
    "conditional": "有条件符合",
    "clear": "未发现禁止、限制",
    "undetermined": "无法判定",
}
#: Square metres of one 亩.
MU_M2 = 2000 / 3
_ZONES, _LABELS = 3, 4
_POINTS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


def area(m2: float) -> str:
    """Return an area as officers write it."""
    return f"{m2:,.1f} 平方米（{m2 / MU_M2:,.2f} 亩）"


def fine(metres: float) -> str:
    """Return an accuracy without pretending to more or less than it says."""
    return f"{metres:,.1f}" if metres >= 1 or not metres else f"{metres:.1g}"


def grounds(assessment: Assessment) -> list[str]:
    """Return the articles that carry the verdict, or what it waits for, for one cell of a table."""
    if assessment.verdict == "undetermined":
        return Asked.of(assessment).labels
    carrying = [f for f in assessment.hits if f.push and f.push == assessment.hits[0].push]
    return list(dict.fromkeys(_article(f.citation) for f in carrying if f.firm))


def _article(citation: Mapping[str, Any]) -> str:
    """Return a citation as short as can be, e.g. 长江保护法第26条第2款; papers that are no law by their title."""
    law = (
        citation["law"]
        if citation["authority"] == AUTHORITIES["law"]
        else f"《{citation['title'].partition('（')[0]}》"
    )
    number, _, sub = (citation["article"] or "").partition("-")
    article = f"第{number}条" + (f"之{sub}" if sub else "") if number else ""
    return f"{law}{article}" + (f"第{citation['paragraph']}款" if citation["paragraph"] else "")


def lines(assessment: Assessment, *, date_note: str = "", everything: bool = False) -> Iterable[Line]:
    """Yield the whole answer.

    Parameters
    ----------
    assessment : Assessment
    date_note : str
        Said after the date.
    everything : bool
        Also the findings that do not concern the project, each layer with its hash, every branch.
    """
    yield from _head(assessment, date_note)
    asked = Asked.of(assessment)
    yield from _conclusion(assessment, asked)
    yield from control_units(assessment)
    yield from _hits(assessment)
    yield from access_list(assessment, everything=everything)
    yield from wanted(asked, everything=everything)
    yield from basis(assessment, everything=everything)


# ---- what was asked


def _head(assessment: Assessment, date_note: str) -> Iterable[Line]:
    project = assessment.project
    nature = words.nature(project.nature).name if project.nature else "未提供"
    industry = "、".join(f"{c} {words.name_of(c)}" for c in project.industries) or "未提供"
    yield from field("项目", project.name)
    yield from field("性质", f"{nature}；行业：{industry}")
    facilities = [words.facility(k).name for k in (*(project.facilities or ()), *project.has)]
    if facilities:
        yield from field("设施", "、".join(dict.fromkeys(facilities)))
    if project.facts:
        yield from field(
            "事实",
            "；".join(f"{words.fact(k).name}：{words.fact(k).label(v)}" for k, v in project.facts.items()),
        )
    yield from field("用地", _ground(assessment))
    for part in project.parts[1:]:
        yield from field("", f"{part_name(part.name)}：{_where(part.geometry)}，{_exact(part.accuracy_m)}")
    for i, note in enumerate(a["text"] for a in assessment.assumptions if a["about"] == "site"):
        yield from field("读取" if i == 0 else "", note)
    yield from field("图集", f"{assessment.context.region_name}（{assessment.context.region}）")
    yield from field("日期", f"{assessment.as_of.isoformat()}{date_note}")


def _ground(assessment: Assessment) -> str:
    project = assessment.project
    main = project.parts[0]
    text = _where(main.geometry)
    if project.area_m2 is not None:
        text = area(project.area_m2)
    elif project.length_m is not None:
        text = f"线状，长 {project.length_m:,.1f} 米"
    elif main.extent_m is not None:
        text += f"，用地范围 {main.extent_m:,.0f} 米"
    return f"{text}{'' if main.permanent else '，临时用地'}；{_exact(main.accuracy_m)}"


def _exact(accuracy_m: float) -> str:
    return f"坐标精度 ±{fine(accuracy_m)} 米" if accuracy_m else "坐标精度按 0 米计"


def _where(geometry: Any) -> str:
    if geometry.geom_type == "Point":
        return f"点位，经度 {geometry.x:.6f}，纬度 {geometry.y:.6f}"
    return {"MultiPoint": "多个点位", "LineString": "线状", "MultiLineString": "线状"}.get(geometry.geom_type, "面状")


# ---- what follows


def _conclusion(assessment: Assessment, asked: Asked) -> Iterable[Line]:
    yield "", PLAIN
    yield from field("结论", assessment.sentence, {"bold": True, "fg": COLOURS[assessment.verdict]})
    if assessment.complete:
        idle = f"另有 {len(asked.idle)} 类待定事项，无论如何答复都不会使结论更严"
        yield from field("完整性", f"完整：{idle if asked.idle else '没有待定事项'}")
        return
    shown = "、".join(asked.labels[:_LABELS]) + (" 等" if len(asked.labels) > _LABELS else "")
    unsettled = f"{len(asked.rules)} 条规则未能判定，可能使结论更严；须补充：{shown}"
    yield from field("完整性", f"不完整：{unsettled if asked.rules else '现有依据不足以作出结论'}")


def _hits(assessment: Assessment) -> Iterable[Line]:
    """Yield the hits, those that decide nothing alone (SEMANTICS 4) under a heading of their own."""
    weak = [f for f in assessment.hits if f.push and not f.firm]
    strong = [f for f in assessment.hits if not f.push or f.firm]
    if strong:
        yield from title(f"命中 {len(strong)} 条")
        yield from _by_effect(strong, 1)
    if weak:
        why = "、".join(dict.fromkeys(m for f in weak for m in f.marks))
        yield "", PLAIN
        head = f"{'另' if strong else ''}命中 {len(weak)} 条，单独不能定论，没有计入结论"
        yield from ((line, BOLD) for line in wrap(f"{head}（{why}，是否仍须执行请向主管部门核实）", columns()))
        yield from _by_effect(weak, len(strong) + 1)


def _by_effect(hits: Sequence[Finding], first: int) -> Iterable[Line]:
    """Yield hits under their effects, the gravest first, numbered from `first`."""
    by_effect: dict[str, list[Finding]] = {}
    for finding in hits:
        by_effect.setdefault(finding.effect, []).append(finding)
    n = first
    for effect, found in sorted(by_effect.items(), key=lambda item: -EFFECTS[item[0]][0]):
        yield "", PLAIN
        grave = EFFECTS[effect][0] > 2 and found[0].firm
        yield f"【{EFFECTS[effect][1]}】", {"bold": True, "fg": "red" if grave else None}
        for finding in found:
            yield from _hit(n, finding, brief=not EFFECTS[effect][0])
            n += 1


def _hit(n: int, finding: Finding, *, brief: bool) -> Iterable[Line]:
    """Yield one hit; what only informs takes two lines."""
    where = "" if finding.part == "site" else f"（{part_name(finding.part)}）"
    yield from ((line, PLAIN) for line in labelled(f"{n}.", finding.title + where, indent=1, column=4))
    marks = f"（{'；'.join(finding.marks)}）" if finding.marks else ""
    yield from field("依据", finding.cited + marks, indent=5)
    if brief:
        return
    if finding.because:
        yield from field("理由", "；".join(finding.because), indent=5)
    for i, text in enumerate(_zones(finding.where)):
        yield from field("位置" if i == 0 else "", text, indent=5)
    for i, step in enumerate(finding.next):
        yield from field("下一步" if i == 0 else "", step, indent=5)
    if finding.office:
        yield from field("主管", "、".join(finding.office), indent=5)


def _zones(where: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Yield the nearest zones with their code and what was measured."""
    for zone in where[:_ZONES]:
        text = f"{kinds.name(zone['kind'])} {zone['zone']} {zone['name']}："
        share = f"，占用地 {zone['share']:.2%}" if zone["share"] is not None else ""
        if zone["overlap_m2"] is not None:
            yield f"{text}重叠 {area(zone['overlap_m2'])}{share}"
        elif zone["overlap_m"] is not None:
            yield f"{text}重叠 {zone['overlap_m']:,.1f} 米{share}"
        elif zone["distance_m"] == 0:
            yield f"{text}在其范围内"
        elif zone["distance_m"] is not None:
            yield f"{text}距离 {zone['distance_m']:,.1f} 米{_bearing(zone.get('bearing'))}"
    if len(where) > _ZONES:
        yield f"另有 {len(where) - _ZONES} 处较远"


def _bearing(degrees: float | None) -> str:
    return "" if degrees is None else f"，在项目{_POINTS[round(degrees / 45) % 8]}方"
