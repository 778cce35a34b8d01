"""The sheet a figure is drawn on: a local plane with graticule, true scale bar, north arrow, legend and notes."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from PIL import Image

from ecozone.crs import Plane, geod
from ecozone.report.fonts import chinese, drawable
from ecozone.report.style import Style

#: Inches and dots of a figure, and where the map lies on it (left, bottom, width, height in shares).
SIZE, DPI = (7.4, 5.0), 150
_MAP = (0.062, 0.085, 0.668, 0.885)
_STEPS = (0.5, 1, 2, 5, 10, 15, 20, 30, 60)
_INK, _DIM = "#111827", "#57606a"


@dataclass
class Canvas:
    """One figure around a box in degrees.

    Parameters
    ----------
    bounds : tuple
        West, south, east, north of what has to be seen, degrees; the sheet's shape makes it wider or higher.
    margin_m : float
        Ground to show around it, metres.
    """

    bounds: tuple[float, float, float, float]
    margin_m: float
    plane: Plane = field(init=False)
    box: tuple[float, float, float, float] = field(init=False)
    _legend: dict[str, Any] = field(default_factory=dict)
    _taken: list[tuple[float, float, float, float]] = field(default_factory=list)
    _named: list[tuple[Any, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out the sheet."""
        west, south, east, north = self.bounds
        self.plane = Plane((west + east) / 2, (south + north) / 2)
        corners = self.plane.forward(np.array([[west, south], [east, south], [west, north], [east, north]]))
        (left, bottom), (right, top) = corners.min(axis=0) - self.margin_m, corners.max(axis=0) + self.margin_m
        wide, high = SIZE[0] * _MAP[2], SIZE[1] * _MAP[3]
        grow_x = max(0.0, (top - bottom) * wide / high - (right - left)) / 2
        grow_y = max(0.0, (right - left + 2 * grow_x) * high / wide - (top - bottom)) / 2
        self.box = (left - grow_x, bottom - grow_y, right + grow_x, top + grow_y)
        path = str(chinese(serif=False).path)
        self._small, self._text = (FontProperties(fname=path, size=s) for s in (6.5, 7.5))
        self._figure = Figure(figsize=SIZE, dpi=DPI)
        self._agg = FigureCanvasAgg(self._figure)
        self.axes = self._figure.add_axes(_MAP)
        self.axes.set_xlim(self.box[0], self.box[2])
        self.axes.set_ylim(self.box[1], self.box[3])
        self.axes.set_xticks([])
        self.axes.set_yticks([])
        self.axes.set_facecolor("#fdfcf8")

    @property
    def pixel_m(self) -> float:
        """Metres of one dot."""
        return (self.box[2] - self.box[0]) / (SIZE[0] * _MAP[2] * DPI)

    def seen(self, geometry: Any) -> Any:
        """Return what of a geometry (EPSG:4490) the sheet shows, in the plane; empty where nothing."""
        flat = shapely.transform(geometry, self.plane.forward)
        flat = shapely.simplify(flat, self.pixel_m / 2)
        room = 0.02 * (self.box[2] - self.box[0])
        left, bottom, right, top = self.box
        view = shapely.box(left - room, bottom - room, right + room, top + room)
        return shapely.intersection(shapely.make_valid(flat) if not shapely.is_valid(flat) else flat, view)

    def draw(self, geometry: Any, look: Style, *, label: str = "", name: str = "", order: float = 1.0) -> bool:
        """Draw a geometry (EPSG:4490) in a style; say whether any of it is seen."""
        shape = self.seen(geometry)
        if shapely.is_empty(shape):
            return False
        dash = _dashes(look.dash)
        line = {"edgecolor": look.colour, "linewidth": 0.55 * look.weight, "linestyle": dash, "zorder": order}
        for part in shapely.get_parts(shape):
            dimension = shapely.get_dimensions(part)
            xy = shapely.get_coordinates(part)
            if dimension == 2:
                self.axes.add_artist(
                    PathPatch(_outline(part), facecolor=_with_alpha(look.inside or look.colour, look.fill), **line)
                )
            elif dimension == 1:
                self._line(
                    *xy.T, color=look.colour, linewidth=0.7 * look.weight, linestyle=dash, zorder=order,
                    solid_capstyle="round",
                )  # fmt: skip
            else:
                self._line(*xy.T, "o", color=look.inside or look.colour, markeredgecolor=look.colour, markersize=5,
                               zorder=order)  # fmt: skip
        if label:
            self._legend.setdefault(label, _key(look, int(shapely.get_dimensions(shape))))
        if name:
            self._named.append((shape, name, look.colour))
        return True

    def keep_clear(self, geometry: Any) -> None:
        """Let no name lie on a geometry (EPSG:4490); ring it where it is too small to be found."""
        shape = self.seen(geometry)
        if shapely.is_empty(shape):
            return
        left, bottom, right, top = shapely.bounds(shape)
        room = 6 * self.pixel_m
        if shapely.get_dimensions(shape) == 2 or right - left < _SMALL * self.pixel_m:
            self._taken.append((left - room, bottom - room, right + room, top + room))
        if max(right - left, top - bottom) < _SMALL * self.pixel_m:
            middle = ((left + right) / 2, (bottom + top) / 2)
            self._line(*middle, "o", markersize=15, markerfacecolor="none", markeredgecolor="#b91c1c",
                           markeredgewidth=1.3, zorder=58)  # fmt: skip

    def name(self, shape: Any, text: str, colour: str = _INK) -> None:
        """Write a name inside what is seen of a shape (plane): where it hides nothing, else not at all."""
        text = drawable(chinese(serif=False), text)
        short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        wide = sum(1.0 if ord(c) > 0x2E80 else 0.58 for c in short) * 6.5 / 72 * DPI * self.pixel_m
        high = 9.5 / 72 * DPI * self.pixel_m
        left, bottom, right, top = self.box
        edge = 8 * self.pixel_m
        middle_x, middle_y = (left + right) / 2, (bottom + top) / 2
        corners = ((left, bottom, middle_x, middle_y), (middle_x, bottom, right, middle_y),
                   (left, middle_y, middle_x, top), (middle_x, middle_y, right, top))  # fmt: skip
        for window in (self.box, *corners):
            inner = shapely.intersection(shape, shapely.box(*window))
            if shapely.is_empty(inner):
                continue
            at = shapely.point_on_surface(inner)
            x = min(max(at.x, left + wide / 2 + edge), right - wide / 2 - edge)
            y = min(max(at.y, bottom + high / 2 + 4 * edge), top - high / 2 - edge)
            mine = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
            far = abs(x - at.x) > wide / 2 or abs(y - at.y) > 5 * edge
            if far or any(_meet(mine, other) for other in self._taken):
                continue
            self._taken.append(mine)
            self.axes.text(
                x, y, short, fontproperties=self._small, color=colour, ha="center", va="center", zorder=60,
                path_effects=[withStroke(linewidth=2, foreground="white")],
            )  # fmt: skip
            return

    def note(self, key: str) -> None:
        """Add a line without a sign to the legend."""
        self._legend.setdefault(key, Line2D([], [], linestyle="none"))

    def png(self, *, notes: Iterable[str], mark: str, north: str, legend: str) -> bytes:
        """Finish the sheet and return it as PNG."""
        for shape, text, colour in sorted(self._named, key=lambda n: -shapely.area(n[0])):
            self.name(shape, text, colour)
        self._graticule()
        self._scale()
        self._north(north)
        if mark:
            self.axes.text(
                0.5, 0.5, mark, transform=self.axes.transAxes, fontproperties=replace_size(self._text, 15), color=_DIM,
                alpha=0.16, rotation=24, ha="center", va="center", zorder=70,
            )  # fmt: skip
        keys = self._figure.legend(
            list(self._legend.values()), list(self._legend), title=legend, loc="upper left", prop=self._small,
            bbox_to_anchor=(0.738, 0.985), frameon=False, handlelength=1.9, borderaxespad=0, labelspacing=0.65,
        )  # fmt: skip
        keys.set_title(legend, prop=self._text)
        for i, text in enumerate(notes):
            self._figure.text(
                0.744, 0.085 + 0.03 * i, text, fontproperties=self._small, color=_DIM, va="bottom", wrap=False
            )
        out = io.BytesIO()
        self._agg.draw()  # type: ignore[no-untyped-call]
        picture = Image.fromarray(np.asarray(self._agg.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
        picture.save(out, "PNG", compress_level=3, dpi=(DPI, DPI))
        return out.getvalue()

    def _line(self, x: Any, y: Any, *signs: str, **look: Any) -> None:
        """Add a line as it is: `Axes.plot` would measure it for limits that are set already."""
        if signs:
            look |= {"marker": signs[0], "linestyle": "none"}
        self.axes.add_artist(Line2D(np.atleast_1d(x), np.atleast_1d(y), **look))

    # ---- what every sheet has

    def _graticule(self) -> None:
        left, bottom, right, top = self.box
        corners = np.array([[left, bottom], [right, bottom], [left, top], [right, top]])
        degrees = self.plane.inverse(corners)
        (west, south), (east, north) = degrees.min(axis=0), degrees.max(axis=0)
        step = next((s for s in _STEPS if (east - west) * 60 / s <= 4.5), _STEPS[-1]) / 60
        for axis, low, high, other in ((0, west, east, (south, north)), (1, south, north, (west, east))):
            for k in range(math.ceil(low / step), math.floor(high / step) + 1):
                along = np.linspace(*other, 30)
                value = np.full(30, k * step)
                line = self.plane.forward(np.column_stack([value, along] if axis == 0 else [along, value]))
                self._line(*line.T, color="#9aa5b1", linewidth=0.35, zorder=0.5)
                self._degree_label(axis, k * step, line)

    def _degree_label(self, axis: int, value: float, line: Any) -> None:
        edge = self.box[1] if axis == 0 else self.box[0]
        order = np.argsort(line[:, 1 - axis])
        at = float(np.interp(edge, line[order, 1 - axis], line[order, axis]))
        low, high = (self.box[0], self.box[2]) if axis == 0 else (self.box[1], self.box[3])
        if not low <= at <= high:
            return
        seconds = round(value * 3600)
        text = f"{seconds // 3600}°{seconds // 60 % 60:02d}′" + (f"{seconds % 60:02d}″" if seconds % 60 else "")
        offset = {"xytext": (0, -3), "ha": "center", "va": "top"} if axis == 0 else {
            "xytext": (-3, 0), "ha": "right", "va": "center", "rotation": 90,
        }  # fmt: skip
        self.axes.annotate(
            text, (at, edge) if axis == 0 else (edge, at), textcoords="offset points", fontproperties=self._small,
            color=_DIM, annotation_clip=False, **offset,
        )  # fmt: skip

    def scale_m(self) -> float:
        """Return the length of the scale bar, metres: 1, 2 or 5 of a power of ten, about a quarter of the sheet."""
        room = (self.box[2] - self.box[0]) / 4
        power = 10.0 ** math.floor(math.log10(room))
        return max(n * power for n in (1, 2, 5) if n * power <= room)

    def scale_ends(self) -> Any:
        """Return both ends of the scale bar in the plane: `scale_m` apart on the ellipsoid, along the parallel."""
        start = np.array([[self.box[0] + 18 * self.pixel_m, self.box[1] + 16 * self.pixel_m]])
        lon, lat = self.plane.inverse(start)[0]
        east, north, _ = geod().fwd(lon, lat, 90.0, self.scale_m())
        return np.vstack([start, self.plane.forward(np.array([[east, north]]))])

    def _scale(self) -> None:
        ends, metres = self.scale_ends(), self.scale_m()
        halo = [withStroke(linewidth=4, foreground="white")]
        self._line(*ends.T, color=_INK, linewidth=2, zorder=80, solid_capstyle="butt", path_effects=halo)
        middle = ends.mean(axis=0)
        self._line(*np.vstack([ends[0], middle]).T, color="white", linewidth=1, zorder=81, solid_capstyle="butt")
        text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
        self.axes.text(
            ends[1, 0] + 6 * self.pixel_m, ends[1, 1], f"0–{text}", fontproperties=self._small, va="center", zorder=80,
            path_effects=halo,
        )  # fmt: skip

    def _north(self, label: str) -> None:
        x, y = self.box[2] - 26 * self.pixel_m, self.box[3] - 58 * self.pixel_m
        lon, lat = self.plane.inverse(np.array([[x, y]]))[0]
        up = self.plane.forward(np.array([[lon, lat + 0.01]]))[0] - [x, y]
        right, rise = (float(v) for v in up / np.hypot(*up) * self.pixel_m)
        self.axes.annotate(
            "", xy=(x + 34 * right, y + 34 * rise), xytext=(x, y), zorder=80,
            arrowprops={"arrowstyle": "-|>", "color": _INK, "linewidth": 1.6},
        )  # fmt: skip
        self.axes.text(
            x + 42 * right, y + 42 * rise, label, fontproperties=self._text, ha="center", va="center", zorder=80,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


#: A site smaller than so many dots gets a ring.
_SMALL = 22
#: Longest name written on a figure.
_LONGEST = 18


def replace_size(font: Any, size: float) -> Any:
    """Return a font in another size."""
    other = font.copy()
    other.set_size(size)
    return other


def _outline(polygon: Any) -> Outline:
    rings = [polygon.exterior, *polygon.interiors]
    vertices = [np.asarray(r.coords)[:, :2] for r in rings]
    codes = [
        np.array([Outline.MOVETO] + [Outline.LINETO] * (len(v) - 2) + [Outline.CLOSEPOLY], dtype=Outline.code_type)
        for v in vertices
    ]
    return Outline(np.concatenate(vertices), np.concatenate(codes))


def _with_alpha(colour: str, alpha: float) -> Any:
    return "none" if alpha <= 0 else (colour, min(1.0, alpha))


def _dashes(dash: str | None) -> Any:
    if not dash:
        return "solid"
    return (0, tuple(float(n) / 2 for n in dash.split()))


def _key(look: Style, dimension: int) -> Any:
    if dimension == 2:
        return Patch(
            facecolor=_with_alpha(look.inside or look.colour, look.fill), edgecolor=look.colour, linewidth=0.8,
            linestyle=_dashes(look.dash),
        )  # fmt: skip
    if dimension == 1:
        return Line2D([], [], color=look.colour, linewidth=max(1.0, 0.7 * look.weight), linestyle=_dashes(look.dash))
    return Line2D([], [], marker="o", linestyle="none", color=look.colour, markersize=5)


def thinner(look: Style, **changes: Any) -> Style:
    """Return a style with some of its parts changed."""
    return replace(look, **changes)
