"""`inspect`: what a file is, what was found in it and why; nothing is written and a refusal is part of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import measure
from ecozone.errors import InputError
from ecozone.intake import crs as crs_decision
from ecozone.intake import encoding as encodings
from ecozone.intake import files, quality, reading
from ecozone.intake.issue import Issue, errors, ordered

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

#: How features without geometry are counted.
NO_GEOMETRY = "无几何"
_TYPES = {0: "点", 1: "线", 2: "面"}


@dataclass(frozen=True)
class Diagnosis:
    """Everything intake found about a file.

    Parameters
    ----------
    path : str
    format, layer : str
    others : tuple of str
        Further layers, not read.
    encoding, crs, how : str
        What was found and on what ground (``encoding`` with its ground in brackets).
    features : mapping of str to int
        Dimension in Chinese to number of features.
    vertices : int
    extent : tuple of four floats or None
        Degrees: west, south, east, north.
    place : str or None
        The atlas's region, and whether the data lies in it.
    area_ha : float or None
    columns : mapping of str to str
        Field to an example.
    matches : mapping of str to str
        Column of the kind to field.
    issues : tuple of Issue
    refusal : str or None
        Why it cannot be read as it is.
    candidates : tuple of Candidate
        The readings left when the CRS is open.
    """

    path: str
    format: str = ""
    layer: str = ""
    others: tuple[str, ...] = ()
    encoding: str = ""
    crs: str = ""
    how: str = ""
    features: Mapping[str, int] = field(default_factory=dict)
    vertices: int = 0
    extent: tuple[float, float, float, float] | None = None
    place: str | None = None
    area_ha: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    matches: Mapping[str, str] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    refusal: str | None = None
    candidates: tuple[crs_decision.Candidate, ...] = ()

    @property
    def usable(self) -> bool:
        """Nothing keeps the data out."""
        return self.refusal is None and not errors(self.issues)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        out = {k: getattr(self, k) for k in self.__dataclass_fields__}
        out["issues"] = [i.to_dict() for i in self.issues]
        out["candidates"] = [{"crs": c.crs, "label": c.label, "lon": c.lon, "lat": c.lat} for c in self.candidates]
        out["others"], out["extent"] = list(self.others), list(self.extent) if self.extent else None
        out["features"], out["columns"], out["matches"] = dict(self.features), dict(self.columns), dict(self.matches)
        out["usable"] = self.usable
        return out


def inspect(
    path: str | Path,
    *,
    kind: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    accuracy_m: float | None = None,
    atlas: Atlas | None = None,
    map_fields: Mapping[str, str] | None = None,
) -> Diagnosis:
    """Diagnose a file.

    Parameters
    ----------
    path, kind, crs, encoding, layer, accuracy_m, atlas, map_fields
        See `ecozone.read_layer`; without a kind, fields are listed and not matched.

    Returns
    -------
    Diagnosis
        What could not be read stands in `refusal`; no input error is raised.
    """
    shown = str(path).split("@")[-1] if "://" in str(path) else str(path)
    try:
        with files.tables(path, layer=layer, encoding_given=encoding) as found:
            table = found[0]
    except InputError as error:
        return Diagnosis(path=shown, refusal=str(error))
    said: dict[str, Any] = {
        "path": shown,
        "format": table.format,
        "layer": table.name,
        "others": table.others,
        "encoding": f"{encodings.shown(table.encoding)}（{table.encoding_how}）" if table.encoding else "",
        "features": _features(table.geometry),
        "vertices": int(shapely.get_num_coordinates(table.geometry).sum()) if len(table) else 0,
        "columns": {k.strip() or k: _example(v) for k, v in table.columns.items()},
    }
    place = reading.region_place(atlas)
    try:
        located = crs_decision.locate(table, crs=crs, place=place, accuracy_m=accuracy_m)
    except crs_decision.AmbiguousCRSError as error:
        return Diagnosis(**said, issues=ordered(table.issues), refusal=str(error), candidates=error.candidates)
    except InputError as error:
        return Diagnosis(**said, issues=ordered(table.issues), refusal=str(error))
    said |= {"crs": located.crs, "how": located.how, **_where(located.geometry, place, atlas)}
    if kind is None:
        labels = np.array([f"第 {i + 1} 条" for i in range(len(table))], dtype=object)
        _, _, shape_issues = quality.clean(located.geometry, None, labels)
        return Diagnosis(**said, issues=ordered([*table.issues, *located.issues, *shape_issues]))
    try:
        read = reading.read_layer(
            path, kind=kind, crs=crs, encoding=encoding, layer=layer, accuracy_m=accuracy_m, atlas=atlas,
            map_fields=map_fields,
        )  # fmt: skip
    except InputError as error:
        return Diagnosis(**said, issues=ordered([*table.issues, *located.issues]), refusal=str(error))
    return Diagnosis(**said, issues=read.issues, matches={m.name: m.field.strip() for m in read.matches})


def _features(geometry: Any) -> dict[str, int]:
    dimensions = shapely.get_dimensions(geometry)
    out = {}
    for value, count in zip(*np.unique(dimensions, return_counts=True), strict=True):
        out[_TYPES.get(int(value), NO_GEOMETRY)] = int(count)
    return out


def _example(column: Any) -> str:
    return next((str(v)[:24] for v in column if v is not None), "")


def _where(geometry: Any, place: crs_decision.Place | None, atlas: Atlas | None) -> dict[str, Any]:
    there = geometry[~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)]
    if not len(there):
        return {}
    bounds = tuple(float(v) for v in shapely.total_bounds(there))
    areal = there[(shapely.get_dimensions(there) == 2) & shapely.is_valid(there)]
    out: dict[str, Any] = {"extent": bounds}
    if len(areal):
        out["area_ha"] = float(measure.area_m2(areal).sum()) / 1e4
    if place is not None and atlas is not None:
        inside = int((shapely.distance(there, place.outline) == 0).sum())
        out["place"] = f"{place.name}（{atlas.region}）：{len(there)} 个要素中 {inside} 个在其范围内"
    return out
