"""Builds the situations of tests/cases as real geometry: a site, and zones at stated distances around it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import yaml

from ecozone import kinds
from ecozone.atlas import Atlas
from ecozone.crs import Plane
from ecozone.layer import Layer
from ecozone.project import Part, Project
from ecozone.rules.access import AccessList
from ecozone.rules.library import packaged

CASES = Path(__file__).parent / "cases"
#: Where situations take place: anywhere would do; the plane is centred here, so plane metres are metres.
CENTRE = (104.03, 29.83)
PLANE = Plane(*CENTRE)
HALF = 50.0
ACCURACY = 1.0
#: How far around everything is known.
KNOWN = 40_000.0
#: Places of further parts, metres east of the site: farther than any rule looks.
APART = 60_000.0


def read_cases(paths: Iterable[Path] | None = None) -> list[Mapping[str, Any]]:
    """Return the cases of some files, of all by default."""
    return [c for p in (sorted(CASES.glob("*.yaml")) if paths is None else paths) for c in _read(p)]


@functools.cache
def _read(path: Path) -> list[Mapping[str, Any]]:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or []


def lonlat(geometry: Any) -> Any:
    """Bring plane metres to degrees."""
    return shapely.transform(shapely.segmentize(geometry, 400.0), PLANE.inverse)


def ground(shape: str, east: float = 0.0) -> Any:
    """Return the site: a 100 m square, a 100 m line or a point."""
    if shape == "point":
        return shapely.Point(east, 0)
    if shape == "line":
        return shapely.LineString([(east - HALF, 0), (east + HALF, 0)])
    return shapely.box(east - HALF, -HALF, east + HALF, HALF)


def zone(relation: Mapping[str, Any], shape: str, east: float, allowed: tuple[str, ...]) -> Any:
    """Return a zone with a stated relation to the site at `east`."""
    edge = east + (0.0 if shape == "point" else HALF)
    far = 3_000.0
    if relation.get("distance_m") is not None:
        start = edge + float(relation["distance_m"])
        made = shapely.box(start, -far, start + far, far)
    elif relation["overlap"] == "inside":
        made = shapely.box(east - far, -far, east + far, far)
    elif relation["overlap"] == "partial":
        made = shapely.box(east, -far, east + far, far)
    elif relation["overlap"] == "edge":
        made = shapely.box(edge, -far, edge + far, far)
    else:
        made = shapely.box(east - 10, -far, east + 10, far)
    if "polygon" in allowed:
        return made
    west, _, right, _ = made.bounds
    at = max(west, min(right, edge)) if relation.get("distance_m") is not None else east
    return shapely.LineString([(at, -far), (at, far)]) if "line" in allowed else shapely.Point(at, 0)


def situation(case: Mapping[str, Any]) -> tuple[Project, Atlas]:
    """Return the project and atlas of a case."""
    missing = set((case.get("site") or {}).get("missing") or ())
    rows, world = surroundings(case)
    layers = [layer(kind, rows.get(kind, []), world) for kind in kinds.registry() if kind not in missing]
    return project(case), atlas(case, layers)


def atlas(case: Mapping[str, Any], layers: list[Layer]) -> Atlas:
    """Return layers as the atlas of a case, with its parameters and what it accepts by name."""
    listed = case.get("accepted", "all")
    every = [i.id for b in packaged().values() for i in b.instruments]
    accepted = every if listed == "all" else [] if listed == "none" else listed
    access = AccessList(version="case", document="", requirements=())  # every unit has a list, and it asks for nothing
    parameters = case.get("parameters") or {}
    return Atlas(layers, region(case), parameters=parameters, accepted=accepted, access=[access])


def surroundings(case: Mapping[str, Any]) -> tuple[dict[str, list[tuple[Any, Mapping[str, Any]]]], Any]:
    """Return the zones of a case by kind, with their attributes, and how far around everything is known."""
    site = case.get("site") or {}
    rows: dict[str, list[tuple[Any, Mapping[str, Any]]]] = {}

    def place(relations: Any, form: str, east: float) -> None:
        for relation in relations or ():
            spec = kinds.get(relation["kind"])
            made = zone(relation, form, east, spec.geometry)
            rows.setdefault(relation["kind"], []).append((lonlat(made), relation.get("zone") or {}))

    parts = case.get("parts") or ()
    place(site.get("relations"), site.get("shape", "polygon"), 0.0)
    for i, part in enumerate(parts):
        place(part.get("at"), "point", APART * (i + 1))
    world = lonlat(shapely.box(-KNOWN, -KNOWN, max(KNOWN, APART * len(parts) + KNOWN), KNOWN))
    here = county(region(case))
    rows.setdefault("admin", [(world, {"code": here, "level": "county", "name": region(case)})])
    if "control_unit" not in (site.get("missing") or ()):
        unit = {"code": f"ZH{here}30001", "category": "一般", "name": "一般管控单元"}
        rows.setdefault("control_unit", [(world, unit)])
    return rows, world


def project(case: Mapping[str, Any]) -> Project:
    """Return the project of a case."""
    site = case.get("site") or {}
    described = case.get("project") or {}
    parts = [
        Part(lonlat(ground("point", APART * (i + 1))), (part["facility"],), accuracy_m=ACCURACY, name=part["facility"])
        for i, part in enumerate(case.get("parts") or ())
    ]
    return Project(
        lonlat(ground(site.get("shape", "polygon"))),
        nature=described.get("nature"),
        industry=described.get("industry"),
        facilities=described.get("facilities"),
        facts=described.get("facts"),
        has=described.get("has") or (),
        parts=parts,
        subject=described.get("subject", "project"),
        stage=described.get("stage"),
        permanent=described.get("permanent", True),
        site_accuracy_m=ACCURACY,
        extent_m=site.get("extent_m"),
        name=str(case.get("situation", "")),
    )


def region(case: Mapping[str, Any]) -> str:
    """Return the region of a case."""
    return str(case.get("region", "511111"))


def county(region: str) -> str:
    """Return a county code of a region: 内江 (511000) is a city of counties."""
    return "511011" if region == "511000" else region


def layer(kind: str, rows: list[tuple[Any, Mapping[str, Any]]], world: Any) -> Layer:
    """Return a layer with some zones and coverage everywhere."""
    spec = kinds.get(kind)
    geometry = np.empty(len(rows), dtype=object)
    geometry[:] = [g for g, _ in rows]
    names = {c for _, attributes in rows for c in attributes}
    unknown = names - set(spec.columns) - set(kinds.COMMON_COLUMNS)
    assert not unknown, f"{kind} has no column {unknown}"
    columns = {c: np.array([attributes.get(c) for _, attributes in rows], dtype=object) for c in names}
    columns["zone"] = np.array([f"{kind}-{i}" for i in range(len(rows))], dtype=object)
    columns["name"] = np.array([a.get("name", f"示例{spec.name}") for _, a in rows], dtype=object)
    meta = {"accuracy_m": ACCURACY, "version": "case"}
    return Layer.from_arrays(kind=kind, geometry=geometry, columns=columns, coverage=world, meta=meta)
