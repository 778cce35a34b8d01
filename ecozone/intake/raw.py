"""What a reader hands on: geometries and columns as they stand in the file, nothing decided yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.intake.issue import Issue


@dataclass(frozen=True)
class Declared:
    """What a file says about its coordinates.

    Parameters
    ----------
    crs : str or None
        EPSG code or WKT.
    datum : str or None
        ``CGCS2000``, ``WGS84``, ``Xian80``, ``Beijing54``, ``GCJ02``, ``BD09`` when only the datum is said.
    zone_width : int or None
        3 or 6 degrees.
    zone : int or None
        带号.
    north_first : bool or None
        The first number of a pair is the northing (TXT); None: x is east, y is north.
    parameters : tuple of float
        Seven parameters to CGCS2000 (dx, dy, dz in m; rx, ry, rz in arc-seconds; scale in ppm).
    where : str
        Where it was said, in Chinese: ``.prj``, ``文件头``.
    """

    crs: str | None = None
    datum: str | None = None
    zone_width: int | None = None
    zone: int | None = None
    north_first: bool | None = None
    parameters: tuple[float, ...] = ()
    where: str = "文件"

    @property
    def silent(self) -> bool:
        """Nothing is said."""
        return not (self.crs or self.datum or self.zone or self.zone_width)


@dataclass(frozen=True)
class RawTable:
    """One layer of a file.

    Parameters
    ----------
    name, format : str
        Layer name; format as officers call it.
    geometry : ndarray of shapely geometries or None, shape (n,)
        In the file's own coordinates.
    columns : mapping of str to object ndarray of shape (n,)
    declared : Declared
    encoding : str or None
        Encoding of the texts and, in `encoding_how`, how it was found.
    digits : int or None
        Decimals printed in a text file's coordinates.
    accuracy_m : float or None
        Accuracy that the file states.
    issues : tuple of Issue
    """

    name: str
    format: str
    geometry: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    declared: Declared = field(default_factory=Declared)
    encoding: str | None = None
    encoding_how: str = ""
    digits: int | None = None
    accuracy_m: float | None = None
    issues: tuple[Issue, ...] = ()
    path: Path | None = None
    others: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.geometry)

    def with_(self, **changes: Any) -> RawTable:
        """Return the same table with some fields replaced."""
        return replace(self, **changes)

    def noting(self, *issues: Issue) -> RawTable:
        """Return the same table with more issues."""
        return replace(self, issues=(*self.issues, *issues))

    def rows(self, keep: NDArray[Any]) -> RawTable:
        """Return some of the rows (a mask or indices)."""
        return replace(self, geometry=self.geometry[keep], columns={k: v[keep] for k, v in self.columns.items()})


def objects(values: Any) -> NDArray[Any]:
    """Return a sequence as a one-dimensional object array."""
    out = np.empty(len(values), dtype=object)
    for i, v in enumerate(values):
        out[i] = v
    return out


def polygons_of_rings(rings: list[NDArray[np.float64]]) -> Any:
    """Make one (multi)polygon of rings, holes by containment and not by order or direction.

    A ring inside an even number of others is an outer one, inside an odd number a hole of the smallest that holds it.
    """
    if len(rings) == 1:
        return shapely.polygons(rings[0])
    faces = shapely.polygons([shapely.linearrings(r) for r in rings])
    area = shapely.area(faces)
    order = np.argsort(-area, kind="stable")
    tree = shapely.STRtree(faces)
    depth = np.zeros(len(rings), dtype=int)
    parent = np.full(len(rings), -1)
    inner, outer = tree.query(_inside_points(rings), predicate="intersects")
    for i, o in zip(inner.tolist(), outer.tolist(), strict=True):
        if i == o or area[o] <= area[i]:
            continue
        depth[i] += 1
        if parent[i] < 0 or area[o] < area[parent[i]]:
            parent[i] = o
    shells = [i for i in order.tolist() if depth[i] % 2 == 0]
    holes: dict[int, list[Any]] = {i: [] for i in shells}
    for i in order.tolist():
        if depth[i] % 2 == 1:
            holes[int(parent[i])].append(rings[i])
    made = [shapely.Polygon(rings[i], holes[i]) for i in shells]
    return made[0] if len(made) == 1 else shapely.multipolygons(made)


def _inside_points(rings: list[NDArray[np.float64]]) -> NDArray[Any]:
    """Return for each ring a point inside of it (a hole may touch its shell at vertices, never inside)."""
    faces = shapely.polygons([shapely.linearrings(r) for r in rings])
    valid = shapely.is_valid(faces)
    out = shapely.points([r[0] for r in rings])
    out[valid] = shapely.point_on_surface(faces[valid])
    return np.asarray(out)
