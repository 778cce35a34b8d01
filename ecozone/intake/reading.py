"""`read_layer` and `read_projects`: data with the issues beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import kinds
from ecozone.errors import FactError, GeometryError, InputError, LayerError
from ecozone.intake import codes, coordinates, crs, fields, files, fit, quality, topology
from ecozone.intake.candidates import SLACK, Place
from ecozone.intake.issue import Issue, errors, ordered
from ecozone.intake.raw import RawTable

if TYPE_CHECKING:
    from ecozone.atlas import Atlas
    from ecozone.layer import Layer
    from ecozone.project import Project


@dataclass(frozen=True)
class LayerRead:
    """A layer read from a file, and everything there is to say about it.

    Parameters
    ----------
    layer : Layer or None
        None when an error keeps the data out; `issues` says which.
    issues : tuple of Issue
        Worst first.
    crs, how : str
        The CRS found and on what ground.
    raw : RawTable
        What stood in the file.
    matches : tuple of Match
        Which field became which column.
    """

    layer: Layer | None
    issues: tuple[Issue, ...]
    crs: str
    how: str
    raw: RawTable
    matches: tuple[fields.Match, ...]

    def require(self) -> Layer:
        """Return the layer.

        Raises
        ------
        LayerError
            An error keeps the data out.
        """
        if self.layer is None:
            bad = errors(self.issues)
            raise LayerError("；".join(f"[{i.code}] {i.message}" for i in bad) or "图层没有读成。")
        return self.layer


@dataclass(frozen=True)
class ProjectsRead:
    """Projects read from a file, one a feature, and everything there is to say about them."""

    projects: tuple[Project, ...]
    issues: tuple[Issue, ...]
    crs: str
    how: str


def region_place(atlas: Atlas | None) -> Place | None:
    """Return the outline of an atlas's region, for deciding between readings."""
    if atlas is None or "admin" not in atlas:
        return None
    outline = shapely.union_all(atlas["admin"].geometry)
    return Place(outline, atlas.name)


def read_layer(
    path: str | Path,
    *,
    kind: str,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    map_fields: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    accuracy_m: float | None = None,
    atlas: Atlas | None = None,
    coverage: Any = None,
    acknowledged: tuple[str, ...] = (),
    **meta: Any,
) -> LayerRead:
    """Read a layer of one kind from a file, folder, archive or database.

    Parameters
    ----------
    path : str or Path
        Shapefile, GeoPackage, GeoJSON, FileGDB, KML/KMZ, OVKML, DXF, FlatGeobuf, GeoParquet, CSV, XLSX, WKT,
        boundary-point TXT, a folder or zip of one, or ``postgresql://…``.
    kind : str
        What it is about, e.g. ``"river"``.
    crs, encoding : str, optional
        What the user says; otherwise found, and refused where the evidence leaves two readings.
    layer : str, optional
        Which layer, file of an archive, or table or query of a database.
    map_fields : mapping, optional
        Field of the file to column of the kind.
    constants : mapping, optional
        Column to a value for the rows that have none (``{"river_class": "支流"}``).
    accuracy_m : float, optional
        How far a drawn edge may lie from the true one. Needed for the layer; without it, only the issues come back.
    atlas : Atlas, optional
        Where the data should lie; also what it is compared with.
    coverage : geometry, optional
        EPSG:4490; None: unknown.
    acknowledged : tuple of str
        Codes of errors that a person vouches for.
    **meta
        ``version``, ``source``, ``licence``, ``document``, ``valid_from``, ``valid_to``, ``line``, ``sensitive``,
        ``complete_for``, ``notice`` of `ecozone.Layer`.

    Returns
    -------
    LayerRead

    Raises
    ------
    SiteError, CRSError, LayerError
        The file cannot be opened, placed or understood at all.

    Examples
    --------
    >>> read = ecozone.read_layer("红线.zip", kind="ecological_redline", accuracy_m=5)  # doctest: +SKIP
    >>> read.layer, [i.code for i in read.issues]  # doctest: +SKIP
    """
    spec = kinds.get(kind)
    place = region_place(atlas)
    with files.tables(path, layer=layer, encoding_given=encoding) as found:
        table = found[0]
    located = _locate(table, crs, place, accuracy_m)
    issues = [*table.issues, *located.issues]
    labels = np.array([f"第 {i + 1} 条" for i in range(len(table))], dtype=object)
    geometry, keep, shape_issues = quality.clean(located.geometry, spec, labels)
    issues += shape_issues
    kept = table.rows(np.flatnonzero(keep))
    geometry = geometry[keep]
    matched = fields.match(kept.columns, spec, given=map_fields, constants=constants, count=len(kept))
    issues += matched.issues
    zones = matched.columns["zone"]
    if len(kept):
        issues += codes.check(kind, matched.columns, atlas.region if atlas else None)
        valid = shapely.is_valid(geometry)
        issues += topology.stated_areas(matched.columns, geometry, zones) if valid.all() else []
        outline = place.outline if place is not None and spec.wall_to_wall else None
        spots = topology.spots(geometry[valid], zones[valid], wall_to_wall=spec.wall_to_wall, outline=outline)
        issues += topology.issues_of(spots, wall_to_wall=spec.wall_to_wall)
        issues += _placed(geometry, zones, place, spec, atlas)
    if accuracy_m is None:
        issues.append(Issue("accuracy-unknown", "没有说明精度，请用 --accuracy 给出（米）：图上边界可能偏离实地多少。"))
    said = ordered(issues)
    made = None
    if accuracy_m is not None and not errors(said, acknowledged):
        made = _layer(spec.kind, geometry, matched.columns, coverage, {"accuracy_m": accuracy_m, **meta})
    return LayerRead(made, said, located.crs, located.how, table, matched.matches)


def _locate(table: RawTable, said: str | None, place: Place | None, accuracy_m: float | None) -> crs.Located:
    return crs.locate(table, crs=said, place=place, accuracy_m=accuracy_m)


def _placed(geometry: Any, zones: Any, place: Place | None, spec: kinds.Kind, atlas: Atlas | None) -> list[Issue]:
    """Compare with the region: outside of it, or shifted."""
    if place is None or atlas is None:
        return []
    far = shapely.distance(geometry, place.outline) > SLACK
    out = []
    if far.all():
        centre = shapely.centroid(shapely.box(*shapely.total_bounds(geometry)))
        message = (
            f"数据在东经 {centre.x:.4f}°、北纬 {centre.y:.4f}° 附近，"
            f"不在{place.name}（{atlas.region}）内，请核对坐标系或图集。"
        )
        out.append(Issue("place-outside", message, len(geometry), tuple(zones[:20])))
    elif far.any():
        message = f"有 {int(far.sum())} 个要素在{place.name}以外 5 公里以上。"
        out.append(Issue("place-partly-outside", message, int(far.sum()), tuple(zones[far][:20])))
    known, what = None, ""
    areal = geometry[(shapely.get_dimensions(geometry) == 2) & shapely.is_valid(geometry)]
    if spec.kind in atlas.kinds and spec.kind != "admin" and not spec.wall_to_wall and len(atlas[spec.kind]):
        known, what = shapely.union_all(atlas[spec.kind].geometry), f"图集里上一版“{spec.name}”"
        if shapely.get_dimensions(known) != 2:
            known = None
    elif spec.wall_to_wall:
        known, what = place.outline, f"{place.name}边界"
    if known is not None and len(areal) and not far.all():
        out += fit.suspicions(shapely.union_all(areal), known, what)
    return out


def _layer(kind: str, geometry: Any, columns: dict[str, Any], coverage: Any, meta: dict[str, Any]) -> Layer:
    from ecozone.layer import Layer

    made = Layer.from_arrays(kind=kind, geometry=geometry, columns=columns, coverage=coverage, meta=meta)
    made._check()
    return made


_PROJECT = {
    "name": ("项目名称", "name", "名称", "地块名称", "XMMC", "project"),
    "industry": ("行业代码", "industry", "行业", "HYDM", "国民经济行业代码"),
    "nature": ("项目性质", "nature", "建设性质", "性质", "XMXZ"),
}


def read_projects(
    path: str | Path,
    *,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    accuracy_m: float | None = None,
    atlas: Atlas | None = None,
) -> ProjectsRead:
    """Read projects from a file, one a feature (a parcel of a boundary-point TXT, a row of a table).

    Parameters
    ----------
    path, crs, encoding, layer, atlas
        See `read_layer`.
    accuracy_m : float, optional
        Accuracy of the coordinates; otherwise what the file states or its printed digits.

    Returns
    -------
    ProjectsRead
        Project outlines are never repaired: one that crosses itself is named and left out.
    """
    from ecozone.project import Project

    with files.tables(path, layer=layer, encoding_given=encoding) as found:
        table = found[0]
    located = _locate(table, crs, region_place(atlas), accuracy_m)
    issues = [*table.issues, *located.issues]
    names = _column(table, "name")
    labels = np.array([str(n or f"第 {i + 1} 条") for i, n in enumerate(names)], dtype=object)
    missing = shapely.is_missing(located.geometry) | shapely.is_empty(located.geometry)
    if missing.any():
        issues.append(Issue("geometry-null", f"有 {int(missing.sum())} 个要素没有几何，已略过。", int(missing.sum())))
    issues += quality.refuse_invalid(located.geometry, labels)
    industries, natures = _column(table, "industry"), _column(table, "nature")
    accuracy = accuracy_m if accuracy_m is not None else printed_accuracy(table)
    projects = []
    refused: list[str] = []
    for i in np.flatnonzero(~missing & shapely.is_valid(located.geometry)).tolist():
        facts = {"industry": industries[i], "nature": natures[i]}
        try:
            made = Project(located.geometry[i], name=str(labels[i]), site_accuracy_m=accuracy, **facts)
        except FactError as error:
            issues.append(Issue("value-unreadable", f"{labels[i]}：{error}", 1, (str(labels[i]),)))
            made = Project(located.geometry[i], name=str(labels[i]), site_accuracy_m=accuracy)
        except (GeometryError, InputError) as error:
            refused.append(f"{labels[i]}：{error}")
            continue
        projects.append(made)
    if refused:
        issues.append(
            Issue("ring-refused", f"有 {len(refused)} 个项目不能使用：{refused[0]}", len(refused), tuple(refused))
        )
    return ProjectsRead(tuple(projects), ordered(issues), located.crs, located.how)


def _column(table: RawTable, key: str) -> list[Any]:
    for alias in _PROJECT[key]:
        for field, column in table.columns.items():
            if field.strip().casefold() == alias.casefold() or fields.truncated(field, alias):
                return [str(v) if v is not None else None for v in column]
    return [None] * len(table)


def printed_accuracy(table: RawTable) -> float:
    """Return a table's accuracy: what it states, or half a unit of its last printed digit, or 0."""
    if table.accuracy_m is not None:
        return table.accuracy_m
    if table.digits is None:
        return 0.0
    xy, unit = shapely.get_coordinates(table.geometry), 10.0**-table.digits
    degrees = bool(len(xy)) and np.abs(xy).max() <= 180
    return float(coordinates.printed_m(unit, unit, float(xy[:, 1].min()) if degrees else None))
