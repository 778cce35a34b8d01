"""Geometry as a map shows it: GeoJSON with seven decimals, fewer vertices when there are very many.

Nothing of it goes back into an answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

#: Above this many vertices a map's zones are drawn with fewer.
MOST_VERTICES = 60_000
#: Tolerances to try, degrees: about 2 m to 100 m.
_TOLERANCES = (2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3)
_METRES_PER_DEGREE = 111_000
_DECIMALS = 7  # a centimetre


@dataclass(frozen=True)
class Drawn:
    """Geometries made ready for drawing.

    Attributes
    ----------
    geometry : list of GeoJSON geometries, or None where there is nothing to draw
    tolerance_m : float
        About how far a drawn edge may lie from the true one, metres; 0 when nothing was simplified.
    """

    geometry: list[dict[str, Any] | None]
    tolerance_m: float

    @property
    def caption(self) -> str:
        """What the page must say about it."""
        if not self.tolerance_m:
            return ""
        return f"图形较多，显示时已简化（偏差约 {self.tolerance_m:.0f} 米以内），判定用的是原始图形"


def drawn(geometry: Sequence[Any], most: int = MOST_VERTICES) -> Drawn:
    """Return geometries in EPSG:4490 as GeoJSON, simplified together when they have more than `most` vertices.

    Parameters
    ----------
    geometry : sequence of shapely geometries or None
    most : int
        Number of vertices up to which everything is drawn as it is.
    """
    shapes = np.empty(len(geometry), dtype=object)
    shapes[:] = list(geometry)
    kept, tolerance = shapes, 0.0
    for step in _TOLERANCES:
        if shapely.get_num_coordinates(kept).sum() <= most:
            break
        kept, tolerance = shapely.simplify(shapes, step), step
        lost = shapely.is_empty(kept)
        kept[lost] = shapes[lost]  # a small zone is still a zone
    rounded = shapely.transform(kept, lambda xy: np.round(xy, _DECIMALS))
    there = ~(shapely.is_missing(rounded) | shapely.is_empty(rounded))
    texts = shapely.to_geojson(rounded)
    return Drawn(
        [json.loads(t) if ok else None for t, ok in zip(texts, there.tolist(), strict=True)],
        tolerance * _METRES_PER_DEGREE,
    )


def bounds(geometry: Sequence[Any]) -> list[list[float]] | None:
    """Return Leaflet's ``[[south, west], [north, east]]`` of what is there."""
    there = [g for g in geometry if g is not None and not shapely.is_empty(g)]
    if not there:
        return None
    west, south, east, north = shapely.total_bounds(there).tolist()
    return [[south, west], [north, east]]
