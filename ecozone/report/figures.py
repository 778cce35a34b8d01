"""Figures of an answer: location against units, against the red line, against rivers, belts and water sources.

Drawn from the evidence an `Assessment` carries: the belt on the figure is the belt that was measured.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import shapely

from ecozone import kinds
from ecozone.errors import MissingDependencyError
from ecozone.report.messages import Say
from ecozone.report.style import styles
from ecozone.report.tree import Figure

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Ground
    from ecozone.report.canvas import Canvas

#: Ground shown around the site, metres: at least, and at most when something nearest lies far.
LEAST_M, MOST_M = 1_200.0, 12_000.0
_RED = ("ecological_redline", "general_ecological_space")
_WATER = ("water_source", "river", "reservoir", "river_belt")


def figures(answer: Assessment, *, language: str = "zh") -> list[tuple[str, Figure]]:
    """Return the figures of a report as (name, Figure).

    Raises
    ------
    MissingDependencyError
        matplotlib or a Chinese font is missing.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingDependencyError("绘图需要 matplotlib，请安装：pip install ecozone[report]。") from None
    say = Say(language)
    made: Sequence[tuple[str, str, Callable[[Assessment, Say], bytes]]] = (
        ("units", "f_units", units_figure),
        ("redline", "f_redline", redline_figure),
        ("water", "f_water", water_figure),
    )
    schematic = say.aside(say("f_schematic")) if answer.edition == "public" else ""
    return [(name, Figure(say(title) + schematic, draw(answer, say))) for name, title, draw in made]


def units_figure(answer: Assessment, say: Say) -> bytes:
    """Draw the site against the control units."""
    canvas = _sheet(answer, LEAST_M * 1.6)
    _ground(canvas, answer, say, ("admin", "river", "reservoir"))
    there = [g for g in answer.ground if g.kind == "control_unit"]
    _zones(canvas, there, say, named=True)
    _state(canvas, answer, say, "control_unit", bool(there))
    return _finished(canvas, answer, say)


def redline_figure(answer: Assessment, say: Say) -> bytes:
    """Draw the site against the ecological red line and the general ecological space."""
    canvas = _sheet(answer, _room(answer, _RED))
    _ground(canvas, answer, say, ("admin", "river", "reservoir"))
    for kind in reversed(_RED):
        seen = _zones(canvas, [g for g in answer.scenery if g.kind == kind], say, named=True)
        _state(canvas, answer, say, kind, seen)
    return _finished(canvas, answer, say)


def water_figure(answer: Assessment, say: Say) -> bytes:
    """Draw the site against rivers, the belts as measured, and water sources."""
    widest = max((p.belt_m for p in answer.pictures if p.belt_m and p.rules), default=0.0)
    canvas = _sheet(answer, max(_room(answer, ("river", "water_source")), min(1.2 * widest, MOST_M)))
    _ground(canvas, answer, say, ("admin",))
    marks = styles().marks
    for p in answer.pictures:
        if p.belt is not None and p.belt_m is not None and p.rules:
            canvas.draw(p.belt, marks["belt"], label=say("f_belt", m=f"{p.belt_m:,.0f}"), order=5)
    _zones(canvas, [g for g in answer.ground if g.kind in _WATER], say, named=True)
    seen = _zones(canvas, [g for g in answer.scenery if g.kind in _WATER], say, named=True)
    _state(canvas, answer, say, "water_source", seen)
    for p in answer.pictures:
        if p.line is not None and p.rules and p.belt_m is not None and p.distance_m > 0:
            canvas.draw(p.line, marks["line"], label=f"{say('f_line')} {say.metres(p.distance_m)}", order=50)
    return _finished(canvas, answer, say)


# ---- what figures share


def _sheet(answer: Assessment, room_m: float) -> Canvas:
    from ecozone.report.canvas import Canvas

    west, south, east, north = shapely.total_bounds([p.geometry for p in answer.project.parts]).tolist()
    return Canvas((west, south, east, north), room_m)


def _room(answer: Assessment, wanted: Iterable[str]) -> float:
    """Return how much ground to show so that the nearest zone of each kind is seen, metres."""
    near: dict[str, float] = {}
    for n in answer.neighbours:
        if n["kind"] in wanted and n["distance_m"] is not None and n["distance_m"] <= MOST_M:
            near[n["kind"]] = min(near.get(n["kind"], MOST_M), n["distance_m"])
    return min(max(LEAST_M, 1.2 * max(near.values(), default=0.0)), MOST_M)


def _ground(canvas: Canvas, answer: Assessment, say: Say, wanted: Iterable[str]) -> None:
    for kind in wanted:
        for g in answer.ground:
            if g.kind == kind:
                name = g.name if kind == "river" else ""
                look = styles().kind(kind).of(g.attributes)
                canvas.draw(g.geometry, look, label=say.kind(kind), name=name, order=look.order / 10)


def _zones(canvas: Canvas, zones: Iterable[Ground], say: Say, *, named: bool) -> bool:
    seen = False
    for g in zones:
        base = styles().kind(g.kind)
        look = base.of(g.attributes)
        label = say.kind(g.kind)
        if look is not base:
            known = kinds.get(g.kind).label(base.column or "", g.attributes.get(base.column or ""))
            label = say.word(known) if g.kind != "control_unit" else _unit_label(str(known), say)
        seen |= canvas.draw(g.geometry, look, label=label, name=g.name if named else "", order=look.order / 10)
    return seen


def _unit_label(category: str, say: Say) -> str:
    full = {"优先": "优先保护单元", "重点": "重点管控单元", "一般": "一般管控单元"}
    return say.word(next((v for k, v in full.items() if category.startswith(k)), category))


def _state(canvas: Canvas, answer: Assessment, say: Say, kind: str, seen: bool) -> None:
    """Say in the legend why a kind is not on the sheet."""
    if seen:
        return
    loaded = any(n["kind"] == kind and n["outcome"] != "no_layer" for n in answer.neighbours)
    loaded |= any(layer["kind"] == kind and layer["version"] for layer in answer.layers)
    hidden = answer.edition == "public" and any(n["kind"] == kind and n["sensitive"] for n in answer.neighbours)
    why = say("f_missing") if not loaded else say("f_hidden") if hidden else say("f_none")
    canvas.note(say.pair(say.kind(kind), why))


def _finished(canvas: Canvas, answer: Assessment, say: Say) -> bytes:
    marks = styles().marks
    for p in answer.project.parts[::-1]:
        main = p.name == "site"
        look = marks["site"]
        if shapely.get_dimensions(p.geometry) == 1:
            from ecozone.report.canvas import thinner

            canvas.draw(p.geometry, thinner(look, weight=6), order=54)
            look = thinner(look, colour=look.inside, weight=2.5)
        canvas.draw(p.geometry, look, label=say("f_site" if main else "f_part"), order=55)
        canvas.keep_clear(p.geometry)
    notes = [say("f_style")]
    notes += reversed(say("f_crs").split("\n"))
    if answer.context.notice:
        notes += reversed(_folded(say.notice(answer.context.notice), 24))
    mark = say.notice((answer.context.notice or "").partition("；")[0])
    if answer.edition == "public":
        mark = "  ".join(filter(None, (mark, say("f_schematic"))))
    return canvas.png(notes=notes, mark=mark, north=say("f_north"), legend=say("f_legend"))


def _folded(text: str, columns: int) -> list[str]:
    """Break a note into lines; signs of ASCII count half, and their words stay whole."""
    if text.isascii():
        return textwrap.wrap(text, round(columns * 1.25))
    lines, line, used = [], "", 0.0
    for sign in text:
        wide: Any = 0.55 if ord(sign) < 0x2E80 else 1.0
        if used + wide > columns * 0.72:
            lines.append(line)
            line, used = "", 0.0
        line, used = line + sign, used + wide
    return [*lines, line]
