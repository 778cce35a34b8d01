"""Relations: the table between `relate/`, which measures, and `rules/`, which judges.

A `Request` says what a rule wants to know about a place (which zones, how far to look); a `Measured` answers it for
every piece of ground at once, as plain numpy arrays. Neither knows a law, neither holds a geometry library's types:
so rules can be tested with numbers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Three-valued logic as int8: false, unknown, true. `and` is the minimum, `or` the maximum, `not` the sign.
FALSE, UNKNOWN, TRUE = np.int8(-1), np.int8(0), np.int8(1)

#: A plant's width, metres: a point without an extent cannot be cleared of a limit nearer than this.
PLANT_WIDTH_M = 300.0

#: How many accuracies beyond its reach a request sees for certain: enough to tell whether the ground runs through a
#: thin zone. Answers read no farther, so that what they say does not depend on who else was asked.
SURROUNDINGS = 4.0

Filter = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Request:
    """What to measure: the zones of one kind that pass a filter, minus those of another.

    Parameters
    ----------
    kind : str
        Kind of layer.
    filter : tuple of (column, allowed values)
        A zone counts when every column holds one of its values; a zone without a value *may* count.
    minus : Request, optional
        Zones whose ground is taken away first.
    status : str
        ``in_force`` or ``proposed``.
    reach_m : float
        How far from the site to look, metres. Not part of what the request *is*: equal requests share the farthest
        look.
    bounds : bool
        The least and the greatest overlap are wanted: somebody compares it with a threshold. Equal requests that differ
        in this want them.
    contact_m : float
        Contact decides something only where the accuracy is at least so many metres (a limit of 1 km holds for what
        touches anyway). Of equal requests the least counts.
    depth : bool
        How deep a point lies inside is wanted: the ground it may stand for could reach out.
    """

    kind: str
    filter: Filter = ()
    minus: Request | None = None
    status: str = "in_force"
    reach_m: float = field(default=0.0, compare=False)
    bounds: bool = field(default=True, compare=False)
    contact_m: float = field(default=0.0, compare=False)
    depth: bool = field(default=True, compare=False)

    def joined(self, other: Request | None) -> Request:
        """Return the request that asks all that this one and an equal one ask."""
        if other is None:
            return self
        return replace(
            self,
            reach_m=max(self.reach_m, other.reach_m),
            bounds=self.bounds or other.bounds,
            contact_m=min(self.contact_m, other.contact_m),
            depth=self.depth or other.depth,
        )

    def reaching(self, reach_m: float) -> Request:
        """Return the same request with another reach."""
        return replace(self, reach_m=reach_m)


@dataclass(frozen=True, eq=False, repr=False)
class LayerUsed:
    """Which layer version answered, as the record keeps it."""

    kind: str
    name: str
    version: str
    accuracy_m: float
    sha256: Callable[[], str]
    source: str = ""
    document: str | None = None
    line: str | None = None
    notice: str | None = None
    sensitive: bool = False
    complete_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class ZoneRow:
    """One measured fact between one piece of ground and one zone."""

    zone: str
    name: str
    attributes: Mapping[str, Any]
    distance_m: float
    bearing: float | None
    overlap_m2: float | None
    overlap_m: float | None
    count: int | None
    share: float | None
    sure: bool = True


#: Numbers of `Measured` where nothing is near.
_NOTHING = {
    **dict.fromkeys(("distance_m", "distance_low_m"), np.inf),
    **dict.fromkeys(("overlap", "overlap_low", "overlap_high", "share", "share_low", "share_high"), 0.0),
    "coverage_m": -1.0,
    **dict.fromkeys(("accuracy_m", "extent_m"), 0.0),
}


@dataclass(frozen=True, eq=False, repr=False)
class Measured:
    """The answer to one request, one value a piece of ground (arrays of shape ``(n,)``).

    Attributes
    ----------
    layer : LayerUsed or None
        None: no version of the kind holds on that day.
    meets : int8
        The ground runs into the zones (true), stays out of them (false), or the accuracy leaves it open.
    inside : int8
        All of the ground lies inside the zones.
    depth_m : float64
        How far a point inside lies at least from where the zones end; inf beyond the reach, and for what is no point.
    distance_m, distance_low_m : float64
        Nearest zone, and the least it can be when a centreline's half-width is taken off. inf beyond the reach.
    overlap, overlap_low, overlap_high : float64
        Dissolved overlap in square metres, metres or points, and its bounds with the zones shrunk and grown by the
        accuracy.
    share, share_low, share_high : float64
        The same over the piece's own measure, 0 to 1.
    coverage_m : float64
        How far the layer's coverage reaches beyond the ground in every direction; negative when it does not hold all
        of it.
    accuracy_m : float64
        Layer accuracy plus site accuracy.
    extent_m : float64
        How far the ground may reach beyond the geometry (a point that stands for a project).
    rows : callable
        ``rows(piece)`` -> zones within reach, nearest first.
    nearest : int64
        Row of the nearest zone in the layer, -1 where none is within reach.
    dimension : int64
        What an overlap is: 2 square metres, 1 metres, 0 a count of points.
    columns : mapping or None
        The layer's columns, to name zones by.
    """

    request: Request
    layer: LayerUsed | None
    meets: NDArray[np.int8]
    inside: NDArray[np.int8]
    distance_m: NDArray[np.float64]
    distance_low_m: NDArray[np.float64]
    overlap: NDArray[np.float64]
    overlap_low: NDArray[np.float64]
    overlap_high: NDArray[np.float64]
    share: NDArray[np.float64]
    share_low: NDArray[np.float64]
    share_high: NDArray[np.float64]
    coverage_m: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    extent_m: NDArray[np.float64]
    rows: Callable[[int], Sequence[ZoneRow]]
    nearest: NDArray[np.int64]
    dimension: NDArray[np.int64]
    depth_m: NDArray[np.float64]
    columns: Mapping[str, NDArray[Any]] | None = field(default=None, repr=False)

    @classmethod
    def nothing(
        cls,
        request: Request,
        n: int,
        layer: LayerUsed | None = None,
        columns: Mapping[str, NDArray[Any]] | None = None,
    ) -> Measured:
        """Return the answer of a layer that is missing (or holds nothing near), for `n` pieces."""
        amounts = np.empty((len(_NOTHING), n))
        amounts[:] = np.array(list(_NOTHING.values()))[:, None]
        named: dict[str, Any] = dict(zip(_NOTHING, amounts, strict=True))
        return cls(
            request,
            layer,
            meets=np.full(n, FALSE, dtype=np.int8),
            inside=np.full(n, FALSE, dtype=np.int8),
            **named,
            rows=lambda _piece: (),
            nearest=np.full(n, -1),
            dimension=np.zeros(n, dtype=np.int64),
            depth_m=np.full(n, np.inf),
            columns=columns,
        )


@dataclass(frozen=True, eq=False, repr=False)
class Relations:
    """All answers for a set of parts.

    Attributes
    ----------
    parts : int
        Number of parts.
    pieces : mapping of jurisdiction prefix to index array
        For each jurisdiction the piece that is a part's ground inside it, -1 where the part has none there. A part
        that lies inside one jurisdiction is its own piece.
    measured : mapping of Request to Measured
    codes : sequence of tuples
        For each part the county codes it lies in.
    outside_admin : int8 array
        Whether a part reaches beyond every county the atlas knows.
    """

    parts: int
    pieces: Mapping[str, NDArray[np.int64]]
    measured: Mapping[Request, Measured]
    codes: Sequence[tuple[str, ...]]
    outside_admin: NDArray[np.int8]

    def piece_of(self, jurisdiction: str) -> NDArray[np.int64]:
        """Return the piece of each part inside a jurisdiction (-1: none)."""
        return self.pieces.get(jurisdiction, np.full(self.parts, -1))
