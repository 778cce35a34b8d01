"""How kinds, marks and verdicts look: ``style.yaml``, read once."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

from ecozone import compiled, kinds


@dataclass(frozen=True)
class Style:
    """The look of one thing on a map.

    Attributes
    ----------
    label : str
        What the legend says.
    colour : str
        ``#rrggbb`` of its edge and, faded by `fill`, of its inside.
    fill : float
        Opacity of the inside, 0 to 1.
    weight : float
        Width of the edge, pixels.
    dash : str or None
        Dashes of the edge as SVG knows them, e.g. ``"6 4"``.
    order : int
        Lower is drawn first.
    show : bool
        On when a whole atlas is drawn.
    inside : str
        Colour of the inside where it is not the edge's.
    column : str or None
        Column whose values have looks of their own.
    by : mapping of str to Style
    """

    label: str
    colour: str
    fill: float
    weight: float
    dash: str | None = None
    order: int = 50
    show: bool = False
    inside: str = ""
    column: str | None = None
    by: Mapping[str, Style] = field(default_factory=dict)

    def of(self, attributes: Mapping[str, Any]) -> Style:
        """Return the look of one zone, by its own column value where it has one."""
        return self.by.get(str(attributes.get(self.column)), self) if self.column else self

    def path(self, dimension: int = 2) -> dict[str, Any]:
        """Return Leaflet's path options for points (0), lines (1) or areas (2): a line has no inside."""
        options: dict[str, Any] = {
            "color": self.colour,
            "weight": self.weight,
            "fillColor": self.inside or self.colour,
            "fillOpacity": self.fill,
            "fill": self.fill > 0 and dimension != 1,
        }
        return {**options, "dashArray": self.dash} if self.dash else options


@dataclass(frozen=True)
class Badge:
    """The look of one verdict: its short Chinese name, the badge's colour and the ink on it."""

    short: str
    colour: str
    ink: str


@dataclass(frozen=True)
class Styles:
    """All looks."""

    label: str
    themes: tuple[str, ...]
    default: Style
    kinds: Mapping[str, Style]
    marks: Mapping[str, Style]
    verdicts: Mapping[str, Badge]

    def kind(self, kind: str) -> Style:
        """Return the look of a kind; one that the file does not name gets the default with its own label."""
        return self.kinds.get(kind) or replace(self.default, label=kinds.name(kind))

    def theme(self, kind: str) -> str:
        """Return the theme under which a kind stands in the layer control."""
        known = kinds.registry()
        theme = known[kind].theme if kind in known else "其他"
        return theme if theme in self.themes else "其他"

    def rank(self, kind: str) -> tuple[int, int, str]:
        """Return the place of a kind in the layer control: by theme, then from top to bottom of the map."""
        return (self.themes.index(self.theme(kind)), -self.kind(kind).order, kind)

    def ordered(self, names: Iterable[str]) -> list[str]:
        """Return kinds in the order in which they are drawn, lowest first."""
        return sorted(names, key=lambda k: (self.kind(k).order, k))


@functools.cache
def styles() -> Styles:
    """Return ecozone's own looks (ecozone 默认样式)."""
    file = resources.files("ecozone.report") / "style.yaml"
    raw = compiled.load([file], lambda texts: compiled.parse_yaml(next(iter(texts.values()))))
    base = raw["default"]
    return Styles(
        label=raw["label"],
        themes=tuple(raw["themes"]),
        default=_style("", base, {}),
        kinds={k: _kind(k, v, base) for k, v in raw["kinds"].items()},
        marks={k: _style(v["label"], v, base) for k, v in raw["marks"].items()},
        verdicts={k: Badge(**v) for k, v in raw["verdicts"].items()},
    )


def _style(label: str, given: Mapping[str, Any], base: Mapping[str, Any]) -> Style:
    look = {**base, **{k: v for k, v in given.items() if k not in ("by", "label")}}
    return Style(label=label, **look)


def _kind(kind: str, given: Mapping[str, Any], base: Mapping[str, Any]) -> Style:
    style = _style(kinds.name(kind), given, base)
    split = given.get("by")
    if not split:
        return style
    known = kinds.get(kind)
    values = {
        str(value): replace(style, label=known.label(split["column"], value), **look)
        for value, look in split["values"].items()
    }
    return replace(style, column=split["column"], by=values)
