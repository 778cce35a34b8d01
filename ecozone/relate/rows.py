"""The zones behind an answer, one by one: measured when somebody reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.crs import Plane
from ecozone.relate.clip import clip, padded_boxes
from ecozone.relate.group import Group
from ecozone.relate.pairs import Pairs
from ecozone.relation import ZoneRow

_AREA, _LINE = 2, 1


class Rows:
    """``rows(piece)`` -> the zones within reach of a piece, nearest first, then by overlap."""

    def __init__(self, *, may_only: bool) -> None:
        self._groups: list[tuple[Group, Pairs, NDArray[np.bool_], Callable[[int], Pairs] | None]] = []
        self.may_only = may_only

    def add(
        self, group: Group, pairs: Pairs, sure: NDArray[np.bool_], far: Callable[[int], Pairs] | None = None
    ) -> None:
        """Keep the pairs of one group of pieces; `far` finds what lies farther off, for one row of the group."""
        if len(pairs.piece) or far is not None:
            self._groups.append((group, pairs, sure, far))

    def settle(self) -> None:
        """Bring the groups into the order of their pieces, whichever thread was first."""
        self._groups.sort(key=lambda g: int(g[0].rows[0]))

    def touched(self, within_m: NDArray[np.float64] | None = None) -> dict[int, NDArray[np.int64]]:
        """Return for each zone row that some piece touches, the pieces.

        Parameters
        ----------
        within_m : ndarray of shape (pieces,), optional
            Also zones so near each piece, metres; at most its extent and its accuracy, which are always looked at.
        """
        out: dict[int, list[NDArray[np.int64]]] = {}
        for group, pairs, _, _ in self._groups:
            near = 0.0 if within_m is None else within_m[group.rows[pairs.piece]]
            touching = pairs.distance_m <= near
            if not touching.any():
                continue
            piece, zone = group.rows[pairs.piece[touching]], pairs.zone[touching]
            order = np.argsort(zone, kind="stable")
            rows, first = np.unique(zone[order], return_index=True)
            for row, pieces in zip(rows.tolist(), np.split(piece[order], first[1:]), strict=True):
                out.setdefault(row, []).append(pieces)
        return {row: np.concatenate(out[row]) for row in sorted(out)}

    def _of(self, piece: int) -> tuple[Group, Pairs, NDArray[np.bool_]] | None:
        for group, pairs, sure, far in self._groups:
            at = np.flatnonzero(group.rows == piece)
            if not len(at):
                continue
            if far is not None:
                mine = far(int(at[0]))
                return (mine.group, mine, sure) if len(mine.piece) else None
            first, last = np.searchsorted(pairs.piece, [at[0], at[0] + 1])
            mask = np.zeros(len(pairs.piece), dtype=bool)
            mask[first:last] = True
            return (group, pairs.only(mask), sure) if last > first else None
        return None

    def __call__(self, piece: int) -> Sequence[ZoneRow]:
        """Return the zones within reach of a piece."""
        found = self._of(piece)
        if found is None:
            return ()
        group, pairs, sure = found
        ground = group.geometry[pairs.piece]
        lines = shapely.shortest_line(ground, pairs.near)
        metres, bearing = measure.line_metres(lines, group.plane)
        metres = np.where(pairs.distance_m == 0, 0.0, metres)
        shared = np.where(pairs.distance_m == 0, shapely.intersection(ground, pairs.near), None)
        dimension = np.minimum(shapely.get_dimensions(ground), shapely.get_dimensions(pairs.near))
        area, length = shapely.area(shared), shapely.length(shared)
        own_area, own_length = shapely.area(ground), shapely.length(ground)
        out = []
        for i in range(len(pairs.zone)):
            zone = int(pairs.zone[i])
            touches = pairs.distance_m[i] == 0
            whole = own_area[i] if dimension[i] == _AREA else own_length[i]
            part = area[i] if dimension[i] == _AREA else length[i]
            ratio = shapely.get_dimensions(ground[i]) == dimension[i] and whole > 0
            out.append(
                ZoneRow(
                    zone=str(pairs.layer.columns["zone"][zone]),
                    name=str(pairs.layer.columns["name"][zone]),
                    attributes={k: v[zone] for k, v in pairs.layer.columns.items() if v[zone] is not None},
                    distance_m=float(metres[i]),
                    bearing=None if np.isnan(bearing[i]) else float(bearing[i]),
                    overlap_m2=float(area[i]) if touches and dimension[i] == _AREA else None,
                    overlap_m=float(length[i]) if touches and dimension[i] == _LINE else None,
                    count=int(shapely.get_num_geometries(shared[i])) if touches and dimension[i] == 0 else None,
                    share=float(min(1.0, part / whole)) if touches and ratio else None,
                    sure=bool(sure[zone]),
                )
            )
        return sorted(out, key=lambda r: (r.distance_m, -(r.overlap_m2 or r.overlap_m or 0.0), r.zone))

    def shapes(self, piece: int, view_m: float) -> dict[str, Shape]:
        """Return the shapes of the zones within reach of a piece, drawn as far as `view_m` around it."""
        found = self._of(piece)
        if found is None:
            return {}
        group, pairs, _ = found
        ground = group.geometry[pairs.piece]
        box = padded_boxes(shapely.bounds(ground), view_m)
        whole = measure.to_plane(pairs.layer.geometry[pairs.zone], group.plane)
        near, _ = clip(whole, box)
        shared, lines = shapely.intersection(ground, pairs.near), shapely.shortest_line(ground, pairs.near)
        zones = pairs.layer.columns["zone"][pairs.zone]
        return {
            str(z): Shape(group.plane, whole[i], box[i], shared[i], lines[i], near[i])
            for i, z in enumerate(zones.tolist())
        }


@dataclass(frozen=True, eq=False, repr=False)
class Shape:
    """One zone beside one piece of ground, kept in the plane it was measured in, given out in EPSG:4490."""

    plane: Plane
    _whole: Any
    _box: NDArray[np.float64]
    _shared: Any
    _line: Any
    _near: Any

    @property
    def shared(self) -> Any:
        """The ground inside the zone; None where they share nothing."""
        return None if shapely.is_empty(self._shared) else self._back(self._shared)

    @property
    def line(self) -> Any:
        """Shortest line from the ground to the zone."""
        return self._back(self._line)

    @property
    def near(self) -> Any:
        """The zone within view."""
        return self._back(self._near)

    def belt(self, metres: float) -> Any:
        """Return the zone grown by `metres`, within view: the belt as it was measured."""
        view = np.array([self._box])
        wide, _ = clip(np.array([self._whole], dtype=object), view + np.array([-1, -1, 1, 1]) * metres)
        belt, _ = clip(shapely.buffer(wide, metres, quad_segs=32), view)
        return self._back(belt[0])

    def _back(self, geometry: Any) -> Any:
        return shapely.transform(geometry, self.plane.inverse)
