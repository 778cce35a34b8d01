"""Groups of ground that are measured in one local plane, each brought there by whoever measures it first."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.crs import Plane, plane_at


class Group:
    """Pieces of ground that are measured in one plane.

    Parameters
    ----------
    plane : Plane
    rows : int64 array of shape (n,)
        Which pieces of the whole they are.
    ground : ndarray of shapely geometries, shape (n,)
        EPSG:4490.

    Notes
    -----
    Bringing ground into its plane takes a good part of the time of measuring it: it is done when first asked for, by
    the thread that measures the group.
    """

    def __init__(self, plane: Plane, rows: NDArray[np.int64], ground: NDArray[Any]) -> None:
        self.plane, self.rows, self._ground = plane, rows, ground

    @functools.cached_property
    def geometry(self) -> NDArray[Any]:
        """The ground in the plane, shape ``(n,)``."""
        return measure.to_plane(self._ground, self.plane)

    @functools.cached_property
    def bounds(self) -> NDArray[np.float64]:
        """Boxes in the plane, metres, shape ``(n, 4)``."""
        return np.asarray(shapely.bounds(self.geometry))

    @functools.cached_property
    def degrees(self) -> NDArray[np.float64]:
        """Boxes in EPSG:4490, shape ``(n, 4)``."""
        return np.asarray(shapely.bounds(self._ground))

    def alone(self, row: int) -> Group:
        """Return one row as a group of its own."""
        at = slice(row, row + 1)
        out = Group(self.plane, self.rows[at], self._ground[at])
        out.__dict__["geometry"] = self.geometry[at]
        return out


def spans(geometry: NDArray[Any]) -> list[tuple[Plane, NDArray[np.int64]]]:
    """Return the planes that ground in EPSG:4490 is measured in, each with the rows of its ground.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
    """
    if not len(geometry):
        return []
    node = measure.plane_nodes(geometry)
    order = np.lexsort(node.T)
    new = np.concatenate([[True], (node[order[1:]] != node[order[:-1]]).any(axis=1)])
    ends = np.append(np.flatnonzero(new), len(order))
    rows = [order[a:b] for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
    return [(plane_at(*node[mine[0]].tolist()), mine) for mine in rows]


def grouped(geometry: NDArray[Any]) -> tuple[Group, ...]:
    """Return ground in EPSG:4490 as groups of one plane each."""
    return tuple(Group(plane, rows, geometry[rows]) for plane, rows in spans(geometry))
