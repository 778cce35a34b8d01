"""What pages say about projects, zones and findings: labels and rounded figures, not yet escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ecozone import kinds, words

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Open
    from ecozone.project import Project
    from ecozone.rules.finding import Finding

_SQUARE_KILOMETRE, _KILOMETRE = 1e6, 1e4
#: Columns that a popup says in words of its own, or not at all.
_SAID = ("zone", "name", "status", "valid_from", "valid_to", "document")


def metres(value: float) -> str:
    """Return a length as officers read it; rounded for display only."""
    return f"{value / 1000:,.2f} 千米" if value >= _KILOMETRE else f"{value:,.1f} 米"


def area(value: float) -> str:
    """Return an area as officers read it; rounded for display only."""
    return f"{value / 1e6:,.2f} 平方千米" if value >= _SQUARE_KILOMETRE else f"{value:,.1f} 平方米"


def percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.2f}%"


def unit(entry: Mapping[str, Any]) -> str:
    """Return a control unit of an answer by name and code, and whether the ground only may touch it."""
    return f"{entry['name']}（{entry['code']}）" + ("，可能涉及" if entry.get("possible") else "")


def extent(where: Mapping[str, Any]) -> str:
    """Return how much of the site lies in a zone, or how far away the zone is."""
    share = f"（占用地 {percent(where['share'])}）" if where.get("share") is not None else ""
    if where.get("overlap_m2") is not None:
        return f"重叠 {area(where['overlap_m2'])}{share}"
    if where.get("overlap_m") is not None:
        return f"穿越 {metres(where['overlap_m'])}{share}"
    if where.get("distance_m") == 0:
        return "位于其中"
    return f"相距 {metres(where['distance_m'])}" if where.get("distance_m") is not None else ""


def zone_rows(kind: str, zone: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a zone, by Chinese label."""
    known = kinds.registry().get(kind)
    rows: dict[str, Any] = {"类别": kinds.name(kind), "编号": zone}
    for key, value in attributes.items():
        if key in _SAID or value is None or str(value) == zone:
            continue
        column = known.columns.get(key) if known else None
        if isinstance(value, bool):
            said: Any = "是" if value else "否"
        else:
            said = known.label(key, value) if known else value
        unit = f" {column.unit}" if column and column.unit else ""
        rows[column.name if column else key] = f"{said}{unit}"
    status = attributes.get("status")
    if status and status != "in_force":
        rows["状态"] = kinds.STATUSES.get(status, status)
    first, last = attributes.get("valid_from"), attributes.get("valid_to")
    if first or last:
        rows["有效期"] = f"{first or '…'} 至 {last or '今'}"
    rows["划定文件"] = attributes.get("document")
    return rows


def kind_and_look(kind: str, look: str) -> str:
    """Return a kind, and the label its zone has in the legend where that says more."""
    return kinds.name(kind) if look == kinds.name(kind) else f"{kinds.name(kind)} · {look}"


def project_line(project: Project) -> str:
    """Return nature, industry and facilities of a project in one line."""
    nature = words.nature(project.nature).name if project.nature else "性质未提供"
    industry = "、".join(f"{c} {words.name_of(c)}" for c in project.industries) or "行业未提供"
    facilities = [words.facility(k).name for k in (*(project.facilities or ()), *project.has)]
    return "，".join([nature, industry, *dict.fromkeys(facilities)])


def part_name(part: str) -> str:
    """Return a part of a project as officers name it."""
    if part == "site":
        return "项目用地"
    known = words.facilities()
    return known[part].name if part in known else part


def grounds(assessment: Assessment) -> list[Finding]:
    """Return the hits that push the verdict, the farthest first, each title once."""
    seen: dict[str, Finding] = {}
    for finding in assessment.hits:
        if finding.push:
            seen.setdefault(finding.rule, finding)
    return list(seen.values())


def questions(assessment: Assessment) -> Sequence[Open]:
    """Return what is open, gravest first; nothing when the answer is complete."""
    return () if assessment.complete else assessment.open


def cited(finding: Finding) -> str:
    """Return where a finding stands, with the marks that weaken it."""
    return " ".join([finding.cited, *(f"［{mark}］" for mark in finding.marks)]).strip()
