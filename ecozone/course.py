"""A river's own course: put together from pieces, measured along, cut between two places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.ops import linemerge, substring

from ecozone.errors import InputError

#: Ends of pieces that lie closer than this belong together, metres.
GAP_M = 5.0
#: An intake farther from the course than this belongs to another river, metres.
FAR_M = 1_000.0


class DelineationError(InputError):
    """What a zone is to be derived from does not fit together."""


@dataclass(frozen=True)
class Course:
    """One line in a plane, in the direction of the flow.

    Attributes
    ----------
    line : shapely.LineString
    """

    line: Any

    @classmethod
    def of(cls, lines: Any, *, against_flow: bool = False) -> Course:
        """Put pieces together.

        Parameters
        ----------
        lines : shapely lines in a plane
            In any order, each in the direction of the flow (or each against it).
        against_flow : bool
            The pieces run from mouth to source.

        Raises
        ------
        DelineationError
            The pieces leave gaps, branch, or run against one another.
        """
        parts = shapely.get_parts(np.atleast_1d(np.asarray(lines, dtype=object)))
        parts = parts[(shapely.get_dimensions(parts) == 1) & ~shapely.is_empty(parts)]
        if not len(parts):
            raise DelineationError("没有河道中心线，请给出沿水流方向的线。")
        merged = parts[0] if len(parts) == 1 else linemerge(list(_joined(parts)), directed=True)
        if merged.geom_type != "LineString":
            undirected = linemerge(list(_joined(parts)))
            if undirected.geom_type == "LineString":
                raise DelineationError("河道各段的方向不一致，请把每一段都改为顺水流方向后再试。")
            raise DelineationError(
                f"河道由 {len(merged.geoms)} 段不相连的线组成（端点相距超过 {GAP_M:g} 米或有分叉），"
                "请先接成一条，支流另用 tributaries 给出。"
            )
        return cls(shapely.reverse(merged) if against_flow else merged)

    @property
    def length(self) -> float:
        """Length, metres."""
        return float(self.line.length)

    def position(self, point: Any) -> float:
        """Return how far down the course a point lies, metres.

        Raises
        ------
        DelineationError
            The point lies far from the course.
        """
        away = float(self.line.distance(point))
        if away > FAR_M:
            raise DelineationError(
                f"取水口距河道 {away:,.0f} 米（超过 {FAR_M:,.0f} 米），请核对取水口坐标，或换用它所在的河道。"
            )
        return float(self.line.project(point))

    def between(self, first: float, last: float) -> Any:
        """Return the course between two positions, metres from its upper end; cut off where it begins or ends."""
        first, last = max(0.0, first), min(self.length, last)
        if last - first <= 0:
            raise DelineationError("取水口位于河道端点之外，截不出河段，请延长河道。")
        return substring(self.line, first, last)

    def beside(self, first: float, last: float, width_m: float) -> Any:
        """Return the ground within a width of a reach, cut square at both ends."""
        return shapely.buffer(self.between(first, last), width_m, cap_style="flat", quad_segs=32)

    def side(self, which: str, width_m: float) -> Any:
        """Return the ground on one side of the course, seen downstream: ``left`` or ``right``."""
        sign = {"left": 1.0, "right": -1.0}[which]
        return shapely.buffer(self.line, sign * width_m, single_sided=True, quad_segs=32)


def _joined(parts: Any) -> Any:
    """Snap ends of pieces that nearly meet onto one another."""
    ends = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    return [shapely.snap(p, shapely.multipoints(ends[: i + 1]), GAP_M) for i, p in enumerate(parts)]
