"""Two atlases of one region compared: ground gained and lost by kind, renumbered zones matched by overlap."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs, kinds, measure

if TYPE_CHECKING:
    import pandas

    from ecozone.atlas import Atlas
    from ecozone.layer import Layer

#: Zones that share at least this much of each other are one zone drawn again.
SAME_SHARE = 0.5
#: Zones that share at least this much are the same ground to the last metre.
_ALIKE = 0.9999
_AREA = 2
_STATES = ("同一", "重划", "改编号", "改编号并重划", "新增", "撤销")


@dataclass(frozen=True)
class AtlasDiff:
    """What differs between two atlases.

    Attributes
    ----------
    kinds : pandas.DataFrame
        One row a kind: ``kind``, ``name``, ``before_m2``, ``after_m2``, ``kept_m2``, ``gained_m2``, ``lost_m2`` (kept
        and gained add up to after, kept and lost to before), ``zones_before``, ``zones_after``.
    zones : pandas.DataFrame
        One row a zone of either side: ``kind``, ``before``, ``after`` (ids), ``code_before``, ``code_after``, ``name``,
        ``state`` (同一, 重划, 改编号, 改编号并重划, 新增, 撤销), ``share_before``, ``share_after`` (of either zone).
    """

    kinds: pandas.DataFrame
    zones: pandas.DataFrame


def diff(before: Atlas, after: Atlas, *, first: dt.date | None = None, last: dt.date | None = None) -> AtlasDiff:
    """Compare two atlases, or one on two days.

    Parameters
    ----------
    before, after : Atlas
    first, last : datetime.date, optional
        The day whose layers count on either side; None: the newest version of each layer.

    Returns
    -------
    AtlasDiff
        Kinds with areas only.
    """
    import pandas as pd

    rows, zones = [], []
    for kind in sorted({*before.kinds, *after.kinds}):
        a, b = _ground(before, kind, first), _ground(after, kind, last)
        if not len(a.geometry) and not len(b.geometry):
            continue
        plane = _middle(np.concatenate([a.geometry, b.geometry]))
        flat = [measure.to_plane(g.geometry, plane) for g in (a, b)]
        whole = [shapely.union_all(f) for f in flat]
        kept = float(shapely.area(shapely.intersection(*whole)))
        size = [float(shapely.area(w)) for w in whole]
        rows.append(
            (
                *(kind, kinds.name(kind), size[0], size[1], kept, max(0.0, size[1] - kept), max(0.0, size[0] - kept)),
                *(len(a.geometry), len(b.geometry)),
            )
        )
        zones += [(kind, *row) for row in _match(a, b, flat[0], flat[1])]
    names = ["kind", "name", "before_m2", "after_m2", "kept_m2", "gained_m2", "lost_m2", "zones_before", "zones_after"]
    of_zones = ["kind", "before", "after", "code_before", "code_after", "name", "state", "share_before", "share_after"]
    return AtlasDiff(pd.DataFrame(rows, columns=names), pd.DataFrame(zones, columns=of_zones))


@dataclass(frozen=True)
class _Zones:
    geometry: NDArray[Any]
    zone: list[str]
    code: list[str | None]
    name: list[str]


def _ground(atlas: Atlas, kind: str, day: dt.date | None) -> _Zones:
    layer: Layer | None = None
    if kind in atlas:
        layer = atlas[kind] if day is None else atlas.at(kind, day)
    if layer is None:
        return _Zones(np.zeros(0, dtype=object), [], [], [])
    held = layer.columns["status"] == "in_force" if day is None else layer.active(day)
    rows = np.flatnonzero(held & (shapely.get_dimensions(layer.geometry) == _AREA))
    code = layer.columns.get("code", np.full(len(layer), None, dtype=object))
    return _Zones(
        layer.geometry[rows],
        [str(z) for z in layer.columns["zone"][rows]],
        [None if c is None else str(c) for c in code[rows]],
        [str(n) for n in layer.columns["name"][rows]],
    )


def _match(a: _Zones, b: _Zones, flat_a: NDArray[Any], flat_b: NDArray[Any]) -> list[tuple[Any, ...]]:
    """Pair zones that share most of each other; the rest came or went."""
    pairs: list[tuple[float, float, int, int]] = []
    if len(flat_a) and len(flat_b):
        i, j = shapely.STRtree(flat_b).query(flat_a, predicate="intersects")
        shared = shapely.area(shapely.intersection(flat_a[i], flat_b[j]))
        of_a, of_b = shared / shapely.area(flat_a[i]), shared / shapely.area(flat_b[j])
        for k in np.flatnonzero((of_a >= SAME_SHARE) & (of_b >= SAME_SHARE)).tolist():
            pairs.append((float(of_a[k]), float(of_b[k]), int(i[k]), int(j[k])))
    pairs.sort(key=lambda p: -min(p[0], p[1]))
    left_a, left_b = set(range(len(flat_a))), set(range(len(flat_b)))
    out: list[tuple[Any, ...]] = []
    for of_a_, of_b_, i_, j_ in pairs:
        if i_ in left_a and j_ in left_b:
            left_a.remove(i_)
            left_b.remove(j_)
            alike = min(of_a_, of_b_) >= _ALIKE
            renamed = (a.code[i_] or a.zone[i_]) != (b.code[j_] or b.zone[j_])
            state = _STATES[2 * renamed + (not alike)]
            out.append(
                (a.zone[i_], b.zone[j_], a.code[i_], b.code[j_], b.name[j_], state, min(1.0, of_a_), min(1.0, of_b_))
            )
    out += [(a.zone[i_], None, a.code[i_], None, a.name[i_], _STATES[5], 0.0, 0.0) for i_ in sorted(left_a)]
    out += [(None, b.zone[j_], None, b.code[j_], b.name[j_], _STATES[4], 0.0, 0.0) for j_ in sorted(left_b)]
    return out


def _middle(geometry: NDArray[Any]) -> crs.Plane:
    west, south, east, north = shapely.total_bounds(geometry).tolist()
    return crs.Plane((west + east) / 2, (south + north) / 2)
