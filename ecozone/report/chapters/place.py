"""Where the project lies: control units, element zones, the three lines, protection targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import shapely

from ecozone.assessment import Assessment
from ecozone.report.chapters.cover import eia
from ecozone.report.messages import Say
from ecozone.report.tree import Block, Paragraph, Table, clean

_CATEGORIES = {"优先": "优先保护单元", "重点": "重点管控单元", "一般": "一般管控单元"}
#: Elements of zones that speak for the second and the third line.
_QUALITY, _RESOURCE = ("水", "大气", "土壤"), ("资源",)


def units(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield the table of control units (编码|名称|市（州）|区县|清单类型|管控类型) and that of element zones."""
    if answer.units:
        several = len({u["part"] for u in answer.units}) > 1
        head = ["c_code", "c_name", "c_city", "c_county", "c_list_type", "c_category", "c_overlap"]
        rows = [
            [
                u["code"],
                u["name"] + _marked(u, say),
                u["city"], u["county"], u["list_type"], say.word(_CATEGORIES.get(u["category"], u["category"])),
                say.amount(u) + (say.aside(say.part(u["part"])) if several else ""),
            ]
            for u in answer.units
        ]  # fmt: skip
        yield _table("t_units", head, rows, (1.85, 1.5, 0.95, 0.8, 1.45, 1.1, 1.6), say)
    else:
        yield Paragraph(say("no_units"))
    zones = answer.element_zones
    if zones is None:
        yield Paragraph(say("no_elements"))
    elif not zones:
        yield Paragraph(say("none_elements"))
    else:
        several = len({z["part"] for z in zones}) > 1
        rows = [
            [
                z["code"], z["name"], say.word(z["element_name"]), say.word(z["category_name"]),
                say.amount(z) + (say.aside(say.part(z["part"])) if several else ""),
            ]
            for z in zones
        ]  # fmt: skip
        yield _table("t_elements", ["c_code", "c_name", "c_element", "c_category", "c_overlap"], rows,
                     (1.75, 2.4, 1, 1.2, 1.7), say)  # fmt: skip


def _marked(unit: Mapping[str, Any], say: Say) -> str:
    """Return what is said of a unit that is hardly touched, or only possibly."""
    if unit["possible"]:
        return say("may_touch")
    return say("within_accuracy") if unit["within_accuracy"] else ""


def lines(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield how the project stands to red line, quality and resource use; 未载入 where nothing is known."""
    rows = [
        [say("line_red"), say.kind(kind), _nearest(answer, kind, say)]
        for kind in ("ecological_redline", "general_ecological_space")
    ]
    for line, elements in (("line_quality", _QUALITY), ("line_resource", _RESOURCE)):
        rows += [[say(line), *_element(answer, element, say)] for element in elements]
    yield _table("t_lines", ["c_line", "c_layer", "c_relation"], rows, (1.3, 1.5, 4), say)
    yield Paragraph(say("quality_note", eia=eia(answer, say)), "note")


def _nearest(answer: Assessment, kind: str, say: Say) -> str:
    found = [n for n in answer.neighbours if n["kind"] == kind]
    if not found or found[0]["outcome"] == "no_layer":
        return say("not_loaded")
    n = found[0]
    if n["outcome"] == "none":
        return say("rel_none", km=_reach(n))
    if n["distance_m"] == 0:
        return say("rel_touch", name=n["zone_name"], amount=say.amount(n))
    return say(
        "rel_away", name=n["zone_name"], bearing=_side(say.bearing(n["bearing"]), say), m=f"{n['distance_m']:,.1f}"
    )


def _side(bearing: str, say: Say) -> str:
    return f"{bearing}方" if bearing and say.language == "zh" else bearing


def _reach(neighbour: Mapping[str, Any]) -> str:
    """Return how far "none" holds, kilometres: as far as was looked, and no farther than the layer's coverage."""
    covered = neighbour["covered_m"]
    metres = min(neighbour["reach_m"], covered) if covered is not None else 0.0
    return f"{metres / 1000:,.1f}"


def _element(answer: Assessment, element: str, say: Say) -> tuple[str, str]:
    labels = {"水": "水环境", "大气": "大气环境", "土壤": "土壤环境", "资源": "自然资源"}
    name = say.word(labels[element])
    if answer.element_zones is None:
        return name, say("not_loaded")
    mine: dict[str, list[str]] = {}
    for z in answer.element_zones:
        if z["element"] == element:
            mine.setdefault(z["category_name"], []).append(say("rel_zone_one", name=z["name"]))
    told = [
        say("rel_zone", names=say.join(dict.fromkeys(names)), category=say.word(category))
        for category, names in mine.items()
    ]
    return name, say.join(told, by="semicolon") or say("none_elements")


def targets(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield the table of protection targets: the nearest of each kind, also when no rule hits."""
    rows = [_target(n, answer, say) for n in answer.neighbours]
    head = ["c_kind", "c_target", "c_bearing", "c_distance", "c_note"]
    yield _table("t_targets", head, rows, (1.9, 2.6, 0.7, 1.1, 2.2), say)
    points = [int(shapely.get_dimensions(p.geometry)) == 0 for p in answer.project.parts]
    start = say("from_point" if all(points) else "from_mixed" if any(points) else "from_edge")
    yield Paragraph(say("targets_note", start=start, eia=eia(answer, say)), "note")


def _target(n: Mapping[str, Any], answer: Assessment, say: Say) -> list[str]:
    kind = say.kind(n["kind"]) + (say.aside(say.word(n["class"])) if n["class"] else "")
    if n["outcome"] == "no_layer":
        return [kind, say("not_loaded"), "", "", ""]
    notes = []
    if n["outcome"] == "none":
        if n["covered_m"] is None:
            return [kind, say("none"), "", "", say("t_uncovered")]
        return [kind, say("t_none", km=_reach(n)), "", "", ""]
    if n["distance_m"] == 0:
        notes.append(say.pair(say("t_touch"), say.amount(n)))
    if n["covered_m"] is None:
        notes.append(say("t_uncovered"))
    elif n["covered_m"] < n["distance_m"]:
        notes.append(say("t_beyond", m=f"{n['covered_m']:,.1f}"))
    if len(answer.project.parts) > 1:
        notes.append(say("of_part", part=say.part(n["part"])))
    return [
        kind, n["zone_name"], say.bearing(n["bearing"]), f"{n['distance_m']:,.1f}", say.join(notes, by="semicolon"),
    ]  # fmt: skip


def _table(
    caption: str, head: Iterable[str], rows: Iterable[Iterable[Any]], widths: Iterable[float], say: Say
) -> Table:
    return table(say(caption), [say(h) for h in head], rows, widths)


def table(caption: str, head: Iterable[str], rows: Iterable[Iterable[Any]], widths: Iterable[float]) -> Table:
    """Return a table whose cells every medium can hold."""
    return Table(clean(caption), list(head), [[clean(c) for c in row] for row in rows], tuple(widths))
