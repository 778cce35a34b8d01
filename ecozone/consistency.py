"""Do the layers of an atlas agree: kinds that must not overlap, grades that belong together, units that must fill.

Counted by county, and with summaries that a planner holds beside the plan's own figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs, kinds, measure
from ecozone.layer import as_date

if TYPE_CHECKING:
    import geopandas
    import pandas

    from ecozone.atlas import Atlas
    from ecozone.crs import Plane

#: Kinds of nature protected areas that 生态环境法典 §859 does not let overlap (text as recalled).
PROTECTED = ("national_park", "nature_reserve", "nature_park")
_AREA = 2


class Ground:
    """Dissolved and single zones of an atlas on a day, in one equal-area plane.

    Parameters
    ----------
    atlas : Atlas
    as_of : datetime.date or ISO str
    """

    def __init__(self, atlas: Atlas, as_of: dt.date | str) -> None:
        day = as_date(as_of)
        assert day is not None
        self.atlas, self.day = atlas, day
        admin = atlas.at("admin", day) if "admin" in atlas else None
        bounds = shapely.total_bounds(admin.geometry if admin is not None and len(admin) else self._everything())
        west, south, east, north = bounds.tolist()
        self.plane: Plane = crs.Plane((west + east) / 2, (south + north) / 2)
        self._zones: dict[str, tuple[NDArray[Any], Mapping[str, NDArray[Any]]]] = {}

    def _everything(self) -> NDArray[Any]:
        return np.concatenate([self.atlas[k].geometry for k in self.atlas.kinds])

    def zones(self, kind: str) -> tuple[NDArray[Any], Mapping[str, NDArray[Any]]]:
        """Return the polygons in force of a kind in the plane, and their columns."""
        if kind not in self._zones:
            layer = self.atlas.at(kind, self.day) if kind in self.atlas else None
            if layer is None:
                self._zones[kind] = (np.zeros(0, dtype=object), {})
            else:
                rows = np.flatnonzero(layer.active(self.day) & (shapely.get_dimensions(layer.geometry) == _AREA))
                columns = {k: v[rows] for k, v in layer.columns.items()}
                self._zones[kind] = (measure.to_plane(layer.geometry[rows], self.plane), columns)
        return self._zones[kind]

    def whole(self, kind: str, **only: str) -> Any:
        """Return the dissolved ground of a kind; `only` keeps zones with a column's value."""
        geometry, columns = self.zones(kind)
        keep = np.ones(len(geometry), dtype=bool)
        for column, value in only.items():
            keep &= np.array([v == value for v in columns.get(column, np.full(len(geometry), None))], dtype=bool)
        return shapely.union_all(geometry[keep])

    def accuracy(self, *of: str) -> float:
        """Return the accuracies of kinds together, metres."""
        layers = [self.atlas.at(k, self.day) for k in of if k in self.atlas]
        return float(sum(layer.accuracy_m for layer in layers if layer is not None))


def consistency(atlas: Atlas, *, as_of: dt.date | str) -> geopandas.GeoDataFrame:
    """Return where the layers of an atlas contradict one another or the law.

    Parameters
    ----------
    atlas : Atlas
    as_of : datetime.date or ISO str

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490, one row a finding: ``rule``, ``title``, ``basis``, ``zone_a``, ``zone_b``, ``area_m2``,
        ``within_accuracy`` (the finding is no wider than the layers' accuracies).
    """
    import geopandas

    ground = Ground(atlas, as_of)
    rows: list[dict[str, Any]] = []
    for rule, agreed in RULES.items():
        for zone_a, zone_b, shape, margin in agreed.find(ground):
            core = shapely.buffer(shape, -margin / 2) if margin > 0 else shape
            rows.append(
                {
                    "rule": rule,
                    "title": agreed.title,
                    "basis": agreed.basis,
                    "zone_a": zone_a,
                    "zone_b": zone_b,
                    "area_m2": float(shapely.area(shape)),
                    "within_accuracy": bool(shapely.is_empty(core)),
                    "geometry": shapely.transform(shape, ground.plane.inverse),
                }
            )
    columns = ["rule", "title", "basis", "zone_a", "zone_b", "area_m2", "within_accuracy", "geometry"]
    return geopandas.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=crs.GEOGRAPHIC)


Found = list[tuple[str, str | None, Any, float]]


def _shared(ground: Ground, a: str, b: str) -> Found:
    """Return the pairs of zones of two kinds that share ground."""
    left, words_a = ground.zones(a)
    right, words_b = ground.zones(b)
    if not len(left) or not len(right):
        return []
    i, j = shapely.STRtree(right).query(left, predicate="intersects")
    shared = shapely.intersection(left[i], right[j])
    margin = ground.accuracy(a, b)
    return [
        (str(words_a["name"][i[k]]), str(words_b["name"][j[k]]), shared[k], margin)
        for k in np.flatnonzero(shapely.area(shared) > 0).tolist()
    ]


def _protected_twice(ground: Ground) -> Found:
    pairs = [(a, b) for i, a in enumerate(PROTECTED) for b in PROTECTED[i + 1 :]]
    return [found for a, b in pairs for found in _shared(ground, a, b)]


def _first_alone(ground: Ground) -> Found:
    """Return first-grade zones of drinking water that touch no second-grade zone."""
    zones, words = ground.zones("water_source")
    if not len(zones):
        return []
    margin = ground.accuracy("water_source")
    grade = words["grade"]
    second = shapely.union_all(zones[np.array([g == "二级" for g in grade], dtype=bool)])
    out: Found = []
    for i in np.flatnonzero([g == "一级" for g in grade]).tolist():
        if shapely.is_empty(second) or shapely.distance(zones[i], second) > margin:
            out.append((str(words["name"][i]), None, zones[i], 0.0))
    return out


def _bare(ground: Ground) -> Found:
    """Return ground of the county that no control unit holds."""
    units, _ = ground.zones("control_unit")
    outline = ground.whole("admin")
    if not len(units) or shapely.is_empty(outline):
        return []
    missing = shapely.get_parts(shapely.difference(outline, shapely.union_all(units)))
    return [("行政区范围", None, m, ground.accuracy("admin", "control_unit")) for m in missing if shapely.area(m) > 1.0]


@dataclass(frozen=True)
class Agreement:
    """A rule that layers must keep among themselves: what breaks it, on what ground, in which kind, how to find it."""

    title: str
    basis: str
    kind: str
    find: Callable[[Ground], Found]


#: Rules that layers must keep among themselves.
RULES: Mapping[str, Agreement] = {
    "farmland_in_redline": Agreement(
        "永久基本农田位于生态保护红线内",
        "三条控制线不交叉重叠（中办国办2019，凭记忆转述）",
        "basic_farmland",
        lambda g: _shared(g, "basic_farmland", "ecological_redline"),
    ),
    "first_without_second": Agreement(
        "一级保护区旁没有二级保护区", "HJ 338-2018（凭记忆转述）", "water_source", _first_alone
    ),
    "units_miss_ground": Agreement("县域内有未划入管控单元的用地", "环境管控单元全域覆盖", "control_unit", _bare),
    "protected_areas_overlap": Agreement(
        "自然保护地相互重叠", "生态环境法典第859条（凭记忆转述）", "nature_reserve", _protected_twice
    ),
    "farmland_in_urban": Agreement(
        "永久基本农田位于城镇开发边界内",
        "三条控制线不交叉重叠（中办国办2019，凭记忆转述）",
        "basic_farmland",
        lambda g: _shared(g, "basic_farmland", "urban_boundary"),
    ),
}


def summary(
    atlas: Atlas, *, as_of: dt.date | str, by: str | None = None, plan: Mapping[Any, float] | None = None
) -> pandas.DataFrame:
    """Return zones and dissolved area of each kind, in all or by county, beside the plan's own figures.

    Parameters
    ----------
    atlas : Atlas
    as_of : datetime.date or ISO str
    by : str, optional
        ``county``: one row a county and kind.
    plan : mapping, optional
        What the plan says, square kilometres: by kind for the region, or by (county code, kind). None: the atlas'
        parameters ``plan_area_<kind>_km2``.

    Returns
    -------
    pandas.DataFrame
        ``county``, ``county_name`` (by county only), ``kind``, ``name``, ``zones``, ``area_m2``, ``share`` (of the
        county's or the region's ground), ``plan_m2`` and ``apart`` (area over the plan's figure, less 1); NaN where
        the plan says nothing.
    """
    import pandas as pd

    ground = Ground(atlas, as_of)
    places = _places(ground, by)
    rows = []
    given = _plan(atlas) if plan is None else plan
    for code, name, place in places:
        size = float(shapely.area(place))
        for kind in atlas.kinds:
            zones, _ = ground.zones(kind)
            if kind == "admin" or not len(zones):
                continue
            inside = shapely.STRtree(zones).query(place, predicate="intersects")
            cut = shapely.intersection(zones[inside], place)
            held = shapely.area(cut) > 0
            area = float(shapely.area(shapely.union_all(cut[held])))
            said = given.get((code, kind), given.get(kind, np.nan) if len(places) == 1 else np.nan) * 1e6
            share = area / size if size else 0.0
            rows.append((code, name, kind, kinds.name(kind), int(held.sum()), area, share, said, area / said - 1))
    columns = ["county", "county_name", "kind", "name", "zones", "area_m2", "share", "plan_m2", "apart"]
    table = pd.DataFrame(rows, columns=columns)
    return table if by == "county" else table.drop(columns=["county", "county_name"])


def overlaps_by_county(atlas: Atlas, a: str, b: str, *, as_of: dt.date | str) -> pandas.DataFrame:
    """Return how much two kinds share in each county.

    Columns ``county``, ``county_name``, ``overlap_m2``, ``share_a``, ``share_b``.

    Parameters
    ----------
    atlas : Atlas
    a, b : str
    as_of : datetime.date or ISO str
    """
    import pandas as pd

    ground = Ground(atlas, as_of)
    left, right = ground.whole(a), ground.whole(b)
    rows = []
    for code, name, place in _places(ground, "county"):
        here = [shapely.intersection(g, place) for g in (left, right)]
        shared = float(shapely.area(shapely.intersection(*here)))
        size = [float(shapely.area(h)) for h in here]
        rows.append((code, name, shared, *(min(1.0, shared / s) if s > 0 else 0.0 for s in size)))
    return pd.DataFrame(rows, columns=["county", "county_name", "overlap_m2", "share_a", "share_b"])


def _plan(atlas: Atlas) -> dict[Any, float]:
    """Return the plan's areas that somebody set for the region, square kilometres by kind."""
    named = {k: f"plan_area_{k}_km2" for k in atlas.kinds}
    return {k: float(atlas.parameters[p].value) for k, p in named.items() if p in atlas.parameters}


def _places(ground: Ground, by: str | None) -> list[tuple[str, str, Any]]:
    zones, words = ground.zones("admin")
    if by == "county":
        return [(str(words["code"][i]), str(words["name"][i]), zones[i]) for i in range(len(zones))]
    return [("", "", shapely.union_all(zones))]
