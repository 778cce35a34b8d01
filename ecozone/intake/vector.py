"""Reading a project's site from a file: all features as one place, with what was assumed said beside it.

GeoJSON, GeoPackage, shapefile, KML and boundary-point TXT are read with the standard library, numpy and shapely alone,
so that one check does not pay for geopandas; FileGDB, DXF and FlatGeobuf go through GDAL, by an allow-list of drivers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone.errors import GeometryError, SiteError
from ecozone.intake import crs as decision
from ecozone.intake import files, reading
from ecozone.intake.issue import PLACELESS_ROWS, errors, ordered

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

#: Issues that a site's answer need not repeat.
_QUIET = {
    "field-matched",
    "field-unused",
    "txt-parts",
    "txt-precision",
    "shx-missing",
    "txt-fullwidth",
    "datum-assumed",
}


@dataclass(frozen=True)
class SiteFile:
    """One geometry from a file in EPSG:4490, its accuracy in metres and what was assumed."""

    geometry: Any
    accuracy_m: float
    notes: tuple[str, ...] = ()


def read_site_file(
    path: Path | str, *, crs: str | None = None, accuracy_m: float | None = None, atlas: Atlas | None = None
) -> SiteFile:
    """Read all features of a file as one site.

    Parameters
    ----------
    path : Path or str
        File, folder, archive or ``postgresql://…``.
    crs : str, optional
        What the user says; otherwise what the file says and its numbers leave open no more than one reading of.
    accuracy_m : float, optional
        What the user says.
    atlas : Atlas, optional
        Where the site should lie: it decides between readings of numbers whose CRS nobody said.

    Raises
    ------
    SiteError, GeometryError, CRSError
        No such file, empty, damaged, of a format that is not read, or of a CRS that the evidence leaves open.
    """
    with files.tables(path) as tables:
        table = tables[0]
    bad = errors(table.issues)
    if bad:
        raise SiteError("；".join(i.message for i in bad))
    located = decision.locate(table, crs=crs, place=reading.region_place(atlas), accuracy_m=accuracy_m)
    issues = ordered([*table.issues, *located.issues])
    notes = [i.message.rstrip("。") for i in issues if i.severity != "info" and i.code not in _QUIET]
    name = Path(path).name
    without = int((shapely.is_missing(table.geometry) | shapely.is_empty(table.geometry)).sum())
    without -= sum(i.count for i in table.issues if i.code in PLACELESS_ROWS)
    if without > 0:
        notes.append(f"文件“{name}”有 {without} 个要素没有几何，未计入用地")
    if accuracy_m is not None:
        accuracy = accuracy_m
    else:
        accuracy = reading.printed_accuracy(table)
        if table.accuracy_m is None and table.digits is None:
            notes.append(f"文件“{name}”未说明测量精度，按 0 米计；如有测绘精度请用 --site-accuracy 给出")
    return SiteFile(_one(located.geometry, name), accuracy, tuple(notes))


def _one(shapes: Any, name: str) -> Any:
    from ecozone.intake.site import _merge

    array = np.asarray(shapes, dtype=object)
    if not len(array) or (shapely.is_missing(array) | shapely.is_empty(array)).all():
        raise GeometryError(f"文件“{name}”里没有几何图形，请检查导出的图层。")
    return _merge(array)
