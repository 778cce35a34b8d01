"""The zones behind an answer, one by one: measured when somebody reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.relate.pairs import Pairs
from ecozone.relate.pieces import Group
from ecozone.relation import ZoneRow

_AREA, _LINE = 2, 1


class Rows:
    """``rows(piece)`` -> the zones within reach of a piece, nearest first, then by overlap."""

    def __init__(self, *, may_only: bool) -> None:
        self._groups: list[tuple[Group, Pairs, NDArray[np.bool_]]] = []
        self.may_only = may_only

    def add(self, group: Group, pairs: Pairs, sure: NDArray[np.bool_]) -> None:
        """Keep the pairs of one group of pieces."""
        if len(pairs.piece):
            self._groups.append((group, pairs, sure))

    def _of(self, piece: int) -> tuple[Group, Pairs, NDArray[np.bool_]] | None:
        for group, pairs, sure in self._groups:
            at = np.flatnonzero(group.rows == piece)
            if len(at):
                first, last = np.searchsorted(pairs.piece, [at[0], at[0] + 1])
                mask = np.zeros(len(pairs.piece), dtype=bool)
                mask[first:last] = True
                return (group, pairs.only(mask), sure) if last > first else None
        return None

    def __call__(self, piece: int) -> Sequence[ZoneRow]:
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

    def shapes(self, piece: int) -> dict[str, tuple[Any, Any, Any]]:
        """Return for each zone (shared ground, shortest line, zone near the site) in EPSG:4490, for pictures and the record."""
        found = self._of(piece)
        if found is None:
            return {}
        group, pairs, _ = found
        ground = group.geometry[pairs.piece]
        shared = shapely.intersection(ground, pairs.near)
        lines = shapely.shortest_line(ground, pairs.near)
        back = [shapely.transform(v, group.plane.inverse) for v in (shared, lines, pairs.near)]
        zones = pairs.layer.columns["zone"][pairs.zone]
        return {str(z): (back[0][i], back[1][i], back[2][i]) for i, z in enumerate(zones)}
