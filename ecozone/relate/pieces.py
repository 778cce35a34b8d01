"""Pieces of ground: the parts of projects, cut where they cross from one jurisdiction into another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.relate.group import Group, grouped
from ecozone.relation import FALSE, TRUE, UNKNOWN

if TYPE_CHECKING:
    from ecozone.atlas import Atlas
    from ecozone.layer import Layer

#: A gap between two counties' outlines that is none, degrees: about a centimetre.
SEAM = 1e-7


@dataclass(frozen=True, eq=False, repr=False)
class Pieces:
    """Ground to measure.

    Attributes
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
        EPSG:4490; the first `parts` rows are the parts themselves.
    accuracy_m, extent_m : float64 arrays
        The site's own accuracy and, for points, how far the ground reaches.
    of : mapping of jurisdiction prefix to index array
        See `ecozone.relation.Relations.pieces`.
    """

    geometry: NDArray[Any]
    accuracy_m: NDArray[np.float64]
    extent_m: NDArray[np.float64]
    of: Mapping[str, NDArray[np.int64]]
    codes: Sequence[tuple[str, ...]]
    outside_admin: NDArray[np.int8]
    groups: Sequence[Group] = field(default=())

    def __len__(self) -> int:
        return len(self.geometry)


def cut(
    geometry: NDArray[Any],
    accuracy_m: NDArray[np.float64],
    extent_m: NDArray[np.float64],
    atlas: Atlas,
    jurisdictions: Sequence[str],
    as_of: dt.date,
) -> Pieces:
    """Find the counties of each part and cut parts that lie in several jurisdictions.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
        The parts, EPSG:4490.
    accuracy_m, extent_m : ndarray of shape (n,)
    atlas : Atlas
        Its `admin` layer says which county is where; without one every part counts as inside the atlas' region.
    jurisdictions : sequence of str
        Code prefixes that books bind.
    as_of : datetime.date

    Returns
    -------
    Pieces
    """
    n = len(geometry)
    admin = atlas.at("admin", as_of) if "admin" in atlas else None
    units = _units(admin, as_of) if admin is not None else np.zeros(0, dtype=bool)
    every = np.arange(n)
    of: dict[str, NDArray[np.int64]] = {}
    if admin is None or not units.any():
        region = atlas.region.removesuffix("00").removesuffix("00")
        for prefix in jurisdictions:
            of[prefix] = every if region.startswith(prefix) or not prefix else np.full(n, -1)
        codes: list[tuple[str, ...]] = [(atlas.region,)] * n
        return _grouped(geometry, accuracy_m, extent_m, of, codes, np.full(n, FALSE))
    county = np.array([str(c) for c in admin.columns["code"]])
    part, zone = admin.tree.query(geometry, predicate="intersects")
    part, zone = part[units[zone]], zone[units[zone]]
    home = np.full(n, -1)  # the one county a part lies in
    whole = shapely.covered_by(geometry[part], admin.geometry[zone])
    home[part[whole]] = zone[whole]
    home[np.bincount(part[whole], minlength=n) > 1] = -1  # a place on the border is in both
    single = np.empty(len(county) + 1, dtype=object)
    single[:] = [*((c,) for c in county.tolist()), ()]
    codes = list(single[home])
    outside = np.where(home >= 0, FALSE, TRUE).astype(np.int8)
    binds = {p: np.array([c.startswith(p) for c in county.tolist()], dtype=bool) for p in jurisdictions}
    for prefix, bound in binds.items():
        of[prefix] = every.copy() if not prefix else np.where((home >= 0) & bound[home], every, -1)
    extra: list[Any] = []
    owner: list[int] = []
    for p in np.flatnonzero(home < 0).tolist():  # parts across a border: few
        zones = zone[part == p]
        codes[p] = tuple(sorted(set(county[zones].tolist())))
        if not len(zones):
            continue
        mine_all = admin.dense[zones]
        site = measure.densify(geometry[p : p + 1])[0]
        if shapely.covers(shapely.buffer(shapely.union_all(mine_all), SEAM), site):
            outside[p] = FALSE
        elif extent_m[p] > 0 or shapely.get_dimensions(geometry[p]) == 0:
            outside[p] = UNKNOWN
        for prefix in jurisdictions:
            mine = zones[binds[prefix][zones]]
            if not prefix or not len(mine):
                continue
            if len(mine) == len(zones) and outside[p] == FALSE:
                of[prefix][p] = p
                continue
            there = _same_dimension(shapely.intersection(site, shapely.union_all(admin.dense[mine])), site)
            if not shapely.is_empty(there):
                of[prefix][p] = n + len(extra)
                extra.append(there)
                owner.append(p)
    reaching = np.flatnonzero((outside == FALSE) & (extent_m > 0))
    if len(reaching):
        known = shapely.union_all(admin.dense[np.flatnonzero(units)])
        shapely.prepare(known)  # noqa: TID251 - a union of our own, used by this thread alone
        reaching = reaching[~shapely.covers(known, _boxes(geometry[reaching], extent_m[reaching]))]
        held = shapely.covers(known, _discs(geometry[reaching], extent_m[reaching]))
        outside[reaching[~held]] = UNKNOWN
    if extra:
        more = np.empty(len(extra), dtype=object)
        more[:] = extra
        geometry = np.concatenate([geometry, more])
        accuracy_m, extent_m = (np.concatenate([v, v[owner]]) for v in (accuracy_m, extent_m))
    return _grouped(geometry, accuracy_m, extent_m, of, codes, outside)


def _units(admin: Layer, as_of: dt.date) -> NDArray[np.bool_]:
    """Mark the administrative units that bind on a day: the counties, or the smallest there are."""
    active = admin.active(as_of)
    level = admin.columns["level"]
    for smallest in ((None, "county"), ("city",), ("province",)):
        found = active & np.array([v in smallest for v in level], dtype=bool)
        if found.any():
            return found
    return active


def _boxes(points: NDArray[Any], extent_m: NDArray[np.float64]) -> NDArray[Any]:
    """Return boxes in degrees around the ground that points may reach."""
    west, south, east, north = shapely.bounds(points).T
    up = extent_m / 110_000.0
    across = up / np.cos(np.radians(np.minimum(np.abs(north) + 1.0, 85.0)))
    return np.asarray(shapely.box(west - across, south - up, east + across, north + up))


def _discs(points: NDArray[Any], extent_m: NDArray[np.float64]) -> NDArray[Any]:
    """Return the ground that points may reach, in degrees."""
    out = np.empty(len(points), dtype=object)
    for i, metres in enumerate(extent_m.tolist()):
        plane = measure.plane_of(points[i])
        disc = shapely.buffer(measure.to_plane(points[i : i + 1], plane), metres)
        out[i] = shapely.transform(disc, plane.inverse)[0]
    return out


def _same_dimension(cut_out: Any, whole: Any) -> Any:
    """Keep only the parts of an intersection that have the dimension of the whole (a shared border is no ground)."""
    dimension = shapely.get_dimensions(whole)
    parts = shapely.get_parts(cut_out)
    kept = parts[shapely.get_dimensions(parts) == dimension]
    return shapely.union_all(kept) if len(kept) else shapely.from_wkt("GEOMETRYCOLLECTION EMPTY")


def _grouped(
    geometry: NDArray[Any],
    accuracy_m: NDArray[np.float64],
    extent_m: NDArray[np.float64],
    of: Mapping[str, NDArray[np.int64]],
    codes: Sequence[tuple[str, ...]],
    outside: NDArray[np.int8],
) -> Pieces:
    return Pieces(geometry, accuracy_m, extent_m, of, codes, outside, grouped(geometry))
