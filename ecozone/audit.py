"""`audit`: whole-atlas checks. What lies over what, what shrank, what is stale, where to look."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from ecozone import kinds, measure
from ecozone.atlas import Atlas
from ecozone.consistency import RULES, consistency
from ecozone.errors import AtlasError
from ecozone.intake import codes, topology
from ecozone.intake.former import lost, shrunk
from ecozone.intake.issue import CODES, Issue, ordered
from ecozone.layer import Layer


@dataclass(frozen=True)
class Place:
    """A place to look at: which layer, what is there (code and Chinese title), how large, which zones."""

    kind: str
    code: str
    title: str
    geometry: Any
    area_m2: float
    zones: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """Layers that contradict one another or the law, see `ecozone.consistency`: how often, and how much ground.

    Attributes
    ----------
    found, beyond : int
        Places, and those of them that are wider than the layers' accuracies.
    area_m2 : float
        Of those beyond.
    """

    rule: str
    title: str
    basis: str
    found: int
    beyond: int
    area_m2: float


@dataclass(frozen=True)
class LayerAudit:
    """One layer version and what was found."""

    kind: str
    name: str
    version: str
    zones: int
    area_km2: float
    accuracy_m: float
    covered: bool
    issues: tuple[Issue, ...]


@dataclass(frozen=True)
class Audit:
    """What the whole-atlas checks found."""

    region: str
    name: str
    as_of: dt.date
    layers: tuple[LayerAudit, ...]
    missing: tuple[str, ...]
    places: tuple[Place, ...]
    outline: Any = None
    conflicts: tuple[Conflict, ...] = ()

    @property
    def worst(self) -> str:
        """The worst severity found, or ``""``."""
        found = {i.severity for layer in self.layers for i in layer.issues}
        return next((s for s in ("error", "warning", "info") if s in found), "")


def audit(atlas: Atlas, *, as_of: dt.date) -> Audit:
    """Check a whole atlas.

    Parameters
    ----------
    atlas : Atlas
    as_of : datetime.date
        The day whose versions count as current.

    Returns
    -------
    Audit
        A layer file that cannot be read is an issue, not a failure.
    """
    layers: list[LayerAudit] = []
    places: list[Place] = []
    outline = shapely.union_all(atlas["admin"].geometry) if "admin" in atlas else None
    for kind in atlas.kinds:
        try:
            layer = atlas.at(kind, as_of) or atlas[kind]
            found, spots = _layer(layer, atlas, as_of, outline)
        except AtlasError as error:
            name = kinds.name(kind)
            layers.append(LayerAudit(kind, name, "?", 0, 0.0, 0.0, False, (Issue("atlas-damaged", str(error)),)))
            continue
        layers.append(found)
        places += spots
    missing = tuple(k for k in kinds.registry() if k not in atlas)
    conflicts: list[Conflict] = []
    if all(layer.version != "?" for layer in layers):  # of a damaged layer nothing can be said
        conflicts, spots = _conflicts(atlas, as_of)
        places += spots
    return Audit(atlas.region, atlas.name, as_of, tuple(layers), missing, tuple(places), outline, tuple(conflicts))


def _conflicts(atlas: Atlas, as_of: dt.date) -> tuple[list[Conflict], list[Place]]:
    """Return what layers say against one another: counted by rule, and the places beyond the layers' accuracies."""
    table = consistency(atlas, as_of=as_of)
    conflicts, places = [], []
    for rule, found in table.groupby("rule", sort=False):
        far = found[~found["within_accuracy"]]
        title, basis = found["title"].iloc[0], found["basis"].iloc[0]
        conflicts.append(Conflict(rule, title, basis, len(found), len(far), float(far["area_m2"].sum())))
        for row in far.itertuples():
            zones = tuple(z for z in (row.zone_a, row.zone_b) if isinstance(z, str))
            places.append(Place(RULES[rule].kind, rule, title, row.geometry, float(row.area_m2), zones))
    return conflicts, places


def _layer(layer: Layer, atlas: Atlas, as_of: dt.date, outline: Any) -> tuple[LayerAudit, list[Place]]:
    zones = layer.columns["zone"]
    issues: list[Issue] = []
    inside = outline if layer.spec.wall_to_wall else None
    spots = topology.spots(layer.geometry, zones, wall_to_wall=layer.spec.wall_to_wall, outline=inside)
    issues += topology.issues_of(spots, wall_to_wall=layer.spec.wall_to_wall)
    issues += codes.check(layer.kind, dict(layer.columns), atlas.region)
    if len(layer):
        issues += topology.stated_areas(layer.columns, layer.geometry, zones)
    issues += shrunk(layer, atlas)
    issues += lost(layer, atlas)
    if not layer.valid_on(as_of):
        issues.append(
            Issue("period-reversed", f"没有在 {as_of} 有效的版本，最新的是 {layer.version}。", severity="warning")
        )
    if layer.coverage is not None and len(layer):
        beyond = shapely.difference(layer.geometry, layer.coverage)
        areas = measure.area_m2(beyond)
        over = np.flatnonzero((areas > 100.0) & (shapely.get_dimensions(beyond) == 2))
        if len(over) and layer.spec.wall_to_wall:
            message = f"有 {len(over)} 个要素伸出覆盖范围，合计 {areas[over].sum() / 1e4:.2f} 公顷。"
            issues.append(Issue("place-partly-outside", message, len(over), tuple(zones[over][:20])))
    size = measure.area_m2(layer.geometry).sum() / 1e6 if len(layer) else 0.0
    done = LayerAudit(
        layer.kind, layer.spec.name, layer.version, len(layer), float(size), layer.accuracy_m,
        layer.coverage is not None, ordered(issues),
    )  # fmt: skip
    return done, [Place(layer.kind, s.code, CODES[s.code][2], s.geometry, s.area_m2, s.zones) for s in spots]
