"""One request while it is measured: its masks, its answer so far, and ground taken away from its zones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.layer import Layer
from ecozone.relate import dissolve
from ecozone.relate.fill import fill, loosen
from ecozone.relate.group import Group
from ecozone.relate.masks import mask
from ecozone.relate.pairs import Pairs
from ecozone.relate.pieces import Pieces
from ecozone.relate.rows import Rows
from ecozone.relate.search import Far
from ecozone.relation import UNKNOWN, LayerUsed, Measured, Request


@dataclass(frozen=True)
class Asked:
    """One request while it is measured; threads write to different rows of `out`."""

    request: Request
    out: Measured
    rows: Rows
    sure: NDArray[np.bool_]
    may: NDArray[np.bool_]
    minus: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None
    blind_m: NDArray[np.float64]

    @classmethod
    def of(cls, request: Request, pieces: Pieces, layer: Layer, minus: Layer | None, as_of: dt.date) -> Asked:
        """Begin a request."""
        out = Measured.nothing(request, len(pieces), _used(layer), layer.columns)
        out.accuracy_m[:] = pieces.accuracy_m + layer.accuracy_m + (minus.accuracy_m if minus is not None else 0.0)
        out.extent_m[:] = pieces.extent_m
        blind = np.full(len(pieces), -1.0)
        sure, may = mask(layer, request, as_of)
        masks = mask(minus, request.minus, as_of) if minus is not None and request.minus is not None else None
        return cls(request, out, Rows(may_only=bool((may & ~sure).any())), sure, may, masks, blind)

    def fill(self, group: Group, pairs: Pairs | None, away: Pairs | None, far: Far, half_width_m: float | None) -> None:
        """Measure one group."""
        if pairs is None:
            return
        certain, possible = pairs.only(self.sure[pairs.zone]), pairs.only(self.may[pairs.zone])
        open_ = bool((self.may & ~self.sure).any())
        if self.minus is not None and away is not None:
            takes, may_take = self.minus
            open_ = open_ or bool((may_take & ~takes)[away.zone].any())
            certain = _subtract(certain, away.only(may_take[away.zone]))
            possible = _subtract(possible, away.only(takes[away.zone]))
        if self.minus is not None or far.lines is None:
            self.rows.add(group, possible, self.sure)
        else:
            self.rows.add(group, possible, self.sure, far=lambda row: far.of(row).only(self.may[far.of(row).zone]))
        lines = far.lines if self.minus is None else None
        fill(self.out, group, certain, self.sure, lines, half_width_m, self.request, None if self.minus else far.memo)
        if open_:
            loosen(self.out, self.request, group, possible, self.may, lines, half_width_m)

    def measured(self) -> Measured:
        """Return the answer."""
        if self.request.minus is not None:
            _hold(self.out, self.blind_m)
        self.rows.settle()
        return replace(self.out, rows=self.rows)


def _used(layer: Layer) -> LayerUsed:
    return LayerUsed(
        kind=layer.kind,
        name=layer.spec.name,
        version=layer.version,
        accuracy_m=layer.accuracy_m,
        sha256=lambda: layer.sha256,
        source=layer.source,
        document=layer.document,
        line=layer.line,
        notice=layer.notice,
        sensitive=layer.sensitive,
        complete_for=layer.complete_for,
    )


def _hold(out: Measured, taking_m: NDArray[np.float64]) -> None:
    """Open what zones to be taken away could change where their layer does not know the ground."""
    blind = taking_m < out.accuracy_m + out.extent_m
    for name in ("meets", "inside"):
        getattr(out, name)[blind] = np.minimum(getattr(out, name)[blind], UNKNOWN)
    out.overlap_low[blind] = out.share_low[blind] = 0.0
    out.coverage_m[:] = np.minimum(out.coverage_m, taking_m)
    out.distance_m[taking_m < out.distance_m + out.accuracy_m + out.extent_m] = np.inf


def _subtract(pairs: Pairs, away: Pairs | None) -> Pairs:
    """Take other zones' ground out of the near geometry of each pair."""
    if away is None or not len(away.piece) or not len(pairs.piece):
        return pairs
    taken = dissolve.unite(len(pairs.group.rows), away.piece, away.near)[pairs.piece]
    there = ~shapely.is_missing(taken)
    near = pairs.near.copy()
    near[there] = shapely.difference(near[there], taken[there])
    covers = pairs.covers & ~(there & shapely.intersects(taken, pairs.near))
    left = ~shapely.is_empty(near)
    # a seam of zones that end together is no ground: whatever is left narrower than a micron
    left &= (shapely.get_dimensions(near) < 2) | (shapely.area(near) > dissolve.CONTACT_M * shapely.length(near))
    distance = dissolve.apart(pairs.group.geometry[pairs.piece], near)
    return Pairs(pairs.group, pairs.layer, pairs.piece, pairs.zone, near, covers, distance).only(left)
