"""The drawing plane of a region: metres for drawing, EPSG:4490 degrees for what is handed out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

GEOD = Geod(a=6378137.0, rf=298.257222101)
GRID_DEGREES = 1e-7
"""Degrees lie on a grid of about a centimetre, so that a last bit of arithmetic never changes a file."""


@dataclass(frozen=True)
class Plane:
    """A transverse Mercator plane on the CGCS2000 ellipsoid, true to scale at its centre."""

    lon: float
    lat: float
    _to_metres: Transformer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        definition = (
            f"+proj=tmerc +lat_0={self.lat} +lon_0={self.lon} +k=1 +x_0=0 +y_0=0 "
            "+a=6378137 +rf=298.257222101 +units=m +no_defs"
        )
        object.__setattr__(self, "_to_metres", Transformer.from_crs("EPSG:4490", definition, always_xy=True))

    def xy(self, lonlat: Sequence[Sequence[float]]) -> np.ndarray:
        """Longitudes and latitudes as an (n, 2) array of metres."""
        points = np.asarray(lonlat, dtype=float)
        return np.column_stack(self._to_metres.transform(points[:, 0], points[:, 1]))

    def point(self, lon: float, lat: float) -> shapely.Point:
        """One place as a point in metres."""
        return shapely.Point(*self.xy([(lon, lat)])[0])

    def degrees(self, geometry: BaseGeometry) -> BaseGeometry:
        """Return a geometry in metres as valid EPSG:4490 on the grid of :data:`GRID_DEGREES`."""

        def back(points: np.ndarray) -> np.ndarray:
            return np.column_stack(self._to_metres.transform(points[:, 0], points[:, 1], direction="INVERSE"))

        there = shapely.transform(geometry, back)
        if not there.is_valid:  # a vertex that touched an edge has crossed it: straight in one is bent in the other
            there = shapely.make_valid(there, method="structure", keep_collapsed=False)
        return shapely.set_precision(there, GRID_DEGREES)

    def metres(self, geometry: BaseGeometry) -> BaseGeometry:
        """Return a geometry in EPSG:4490 as metres."""
        return shapely.transform(geometry, self.xy)

    def area_m2(self, geometry: BaseGeometry) -> float:
        """Area on the ellipsoid of a geometry in metres, as it will be handed out."""
        return area_m2(self.degrees(geometry))


def area_m2(geometry: BaseGeometry) -> float:
    """Area of a geometry in EPSG:4490 on the CGCS2000 ellipsoid, square metres."""
    total = 0.0
    for part in shapely.get_parts(geometry):
        oriented = shapely.geometry.polygon.orient(part)
        total += GEOD.geometry_area_perimeter(oriented)[0]
    return total


def fit(make: Callable[[float], BaseGeometry], plane: Plane, target_m2: float, low: float, high: float) -> float:
    """Find the parameter for which ``make`` gives the wanted area.

    Parameters
    ----------
    make : callable
        Gives a geometry in metres; its area must grow with the parameter.
    plane : Plane
        Where the geometry lies.
    target_m2 : float
        Wanted area on the ellipsoid.
    low, high : float
        Ends of the search.

    Returns
    -------
    float
        The parameter whose area comes nearest to the target.
    """
    best, miss = low, float("inf")
    for _ in range(48):
        middle = (low + high) / 2.0
        area = plane.area_m2(make(middle))
        if abs(area - target_m2) < miss:
            best, miss = middle, abs(area - target_m2)
        if miss <= 2e-8 * target_m2:
            break
        if area < target_m2:
            low = middle
        else:
            high = middle
    if miss > 1e-5 * target_m2:
        raise ValueError(f"no size between the ends gives {target_m2} m2; the nearest misses by {miss:.1f} m2")
    return best
