"""Legend keys and verdict badges: small pieces of HTML that every page shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecozone.report import escape
from ecozone.report.style import Style, styles

_WIDTH, _HEIGHT = 22, 12


def swatch(style: Style, dimension: int = 2) -> str:
    """Return a small SVG that looks as the thing does on the map.

    Parameters
    ----------
    style : Style
    dimension : int
        0 for points, 1 for lines, 2 for areas.
    """
    look = {
        "stroke": style.colour,
        "stroke_width": style.weight,
        "stroke_dasharray": style.dash,
        "fill": (style.inside or style.colour) if style.fill > 0 and dimension != 1 else "none",
        "fill_opacity": style.fill,
    }
    if dimension == 0:
        shape = f"<circle {escape.attributes(cx=_WIDTH / 2, cy=_HEIGHT / 2, r=4.5, **look)}/>"
    elif dimension == 1:
        ends = {"x1": 1, "x2": _WIDTH - 1, "y1": _HEIGHT / 2, "y2": _HEIGHT / 2}
        shape = f"<line {escape.attributes(**ends, **look)}/>"
    else:
        shape = f"<rect {escape.attributes(x=1.5, y=1.5, width=_WIDTH - 3, height=_HEIGHT - 3, rx=1.5, **look)}/>"
    size = escape.attributes(class_="eco-swatch", width=_WIDTH, height=_HEIGHT, aria_hidden="true")
    return f"<svg {size}>{shape}</svg>"


@dataclass(frozen=True)
class Key:
    """One line of the layer control, which is also the legend.

    Attributes
    ----------
    theme : str
        Heading it stands under.
    label : str
        What it is, not yet escaped.
    styles : sequence of Style
        One, or several with labels of their own.
    dimension : int
        0, 1 or 2.
    count : int or None
        How many zones, shown behind the label.
    """

    theme: str
    label: str
    styles: Sequence[Style]
    dimension: int = 2
    count: int | None = None

    def html(self) -> str:
        """Return the line as HTML."""
        count = f" <small>{self.count}</small>" if self.count is not None else ""
        head = escape.attributes(class_="eco-key", data_theme=self.theme)
        if len(self.styles) == 1:
            return f"<span {head}>{swatch(self.styles[0], self.dimension)}{escape.text(self.label)}{count}</span>"
        lines = "".join(
            f'<span class="eco-sub">{swatch(s, self.dimension)}{escape.text(s.label)}</span>' for s in self.styles
        )
        return f"<span {head}>{escape.text(self.label)}{count}{lines}</span>"


def badge(verdict: str, complete: bool, *, style: bool = False) -> str:
    """Return a verdict as a coloured label, and beside it whether anything is left open.

    Parameters
    ----------
    verdict : str
    complete : bool
    style : bool
        Carry the shape of the label in the element itself, for pages without ecozone's style sheet.
    """
    look = styles().verdicts[verdict]
    css = f"background:{look.colour};color:{look.ink}"
    if style:
        css += ";display:inline-block;padding:2px 10px;border-radius:4px;font-weight:600"
    settled = complete or verdict == "undetermined"
    rest = "" if settled else '<span class="eco-part" style="margin-left:6px">尚有事项未能判定</span>'
    return f"<span {escape.attributes(class_='eco-badge', style=css)}>{escape.text(look.short)}</span>{rest}"
