"""One raster: where it lies, what its values mean, where it comes from."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecozone import crs
from ecozone.errors import InputError
from ecozone.layer import as_date
from ecozone.versions import provenance
from ecozone.words.rasters import RasterKind, raster_kind

_VERSION = re.compile(r"[\w\u4e00-\u9fff][\w\u4e00-\u9fff.\-]{0,63}")
#: Side of the look by which a raster without any value is told, pixels.
_LOOK = 256


class RasterError(InputError):
    """A raster cannot be used as it is."""


@dataclass(frozen=True)
class Raster:
    """One band of a raster with its provenance; its pixels stay on disk and are read block by block.

    Attributes
    ----------
    path : Path
    kind : str
        ``elevation``, ``land_cover``, ``pm25`` … (`ecozone.words.rasters`); empty for one that is only looked at.
    band : int
    classes : mapping of int to str
        What the values mean, for land cover.
    version, source, licence, document, notice
        As of a `Layer`.
    valid_from, valid_to : datetime.date, optional
        The days it may speak for, both included.
    accuracy_m : float
        How far its grid may lie from the ground, metres; default: half a pixel.
    """

    path: Path
    kind: str = ""
    band: int = 1
    classes: Mapping[int, str] | None = None
    version: str = "1"
    source: str = ""
    licence: str | None = None
    document: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    accuracy_m: float = 0.0
    notice: str | None = None

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        kind: str = "",
        band: int = 1,
        classes: Mapping[int, str] | None = None,
        version: str = "1",
        valid_from: dt.date | str | None = None,
        valid_to: dt.date | str | None = None,
        accuracy_m: float | None = None,
        **meta: str | None,
    ) -> Raster:
        """Check a raster and return it.

        Parameters
        ----------
        path : str or Path
            Anything GDAL reads: GeoTIFF, IMG, ASC …
        kind, band, classes, version, valid_from, valid_to, accuracy_m
            See the attributes. A class table goes with kinds that have classes, and only with them.
        **meta
            `source`, `licence`, `document`, `notice`.

        Raises
        ------
        RasterError
            No such file, no CRS, another datum, a rotated grid, no such band, nodata everywhere (of a coarse look), a
            class table missing or out of place, a version that is no file name, a negative accuracy.
        """
        import rasterio

        name = Path(path).name
        spec = raster_kind(kind) if kind else None
        if not _VERSION.fullmatch(version) or ".." in version:
            raise RasterError(f"版本号“{version[:40]}”只能用字母、数字、汉字、点和连字符，例如 2026.1。")
        _check_classes(name, spec, classes)
        try:
            with rasterio.open(path) as source:
                _check(source, name, band)
                half = half_pixel_m(source)
        except rasterio.errors.RasterioIOError as error:
            raise RasterError(f"栅格“{path}”打不开，请检查路径和格式（GeoTIFF 等）。") from error
        if accuracy_m is not None and not (math.isfinite(accuracy_m) and accuracy_m >= 0):
            raise RasterError(f"栅格“{name}”的精度 {accuracy_m} 不是非负数，请给出以米计的精度。")
        return cls(
            path=Path(path),
            kind=spec.key if spec else "",
            band=band,
            classes=dict(classes) if classes else None,
            version=version,
            valid_from=as_date(valid_from),
            valid_to=as_date(valid_to),
            accuracy_m=half if accuracy_m is None else float(accuracy_m),
            **{k: v for k, v in meta.items() if v is not None},
        )

    @property
    def spec(self) -> RasterKind:
        """What is known of its kind."""
        return raster_kind(self.kind)

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the file and of what its values mean."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        digest.update(repr((self.kind, self.band, sorted((self.classes or {}).items()), self.accuracy_m)).encode())
        return digest.hexdigest()

    def valid_on(self, day: dt.date) -> bool:
        """Say whether this version holds on a day (both ends included)."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def meta(self) -> dict[str, Any]:
        """Return provenance as plain JSON values."""
        return {
            **provenance(self),
            "classes": {str(k): v for k, v in self.classes.items()} if self.classes else None,
            "notice": self.notice,
        }


def half_pixel_m(source: Any) -> float:
    """Return half a pixel's longer side on the ground at the raster's centre, metres."""
    from pyproj import Transformer

    t, back = source.transform, Transformer.from_crs(source.crs, crs.GEOGRAPHIC, always_xy=True)
    x, y = t.c + t.a * source.width / 2, t.f + t.e * source.height / 2
    lon, lat = back.transform([x, x + t.a, x], [y, y, y + t.e])
    return float(max(crs.geod().inv([lon[0]] * 2, [lat[0]] * 2, lon[1:], lat[1:])[2]) / 2)


def _check(source: Any, name: str, band: int) -> None:
    from pyproj import CRS

    if source.crs is None:
        raise RasterError(f"栅格“{name}”没有坐标系，请先用 gdal_edit.py -a_srs 写入。")
    if source.transform.b or source.transform.d:
        raise RasterError(f"栅格“{name}”是旋转的格网，请先用 gdalwarp 摆正。")
    if source.transform.is_identity:
        raise RasterError(f"栅格“{name}”没有写明位置（仿射参数），请先配准。")
    crs.check_datum(CRS.from_user_input(source.crs), f"栅格“{name}”")
    if not 1 <= band <= source.count:
        raise RasterError(f"栅格“{name}”没有第 {band} 波段，共 {source.count} 个。")
    side = (min(_LOOK, source.height), min(_LOOK, source.width))
    values, mask = source.read(band, out_shape=side), source.read_masks(band, out_shape=side)
    if not (mask.astype(bool) & np.isfinite(values)).any():
        raise RasterError(f"栅格“{name}”全是空值（nodata），请核对文件。")


def _check_classes(name: str, spec: RasterKind | None, classes: Mapping[int, str] | None) -> None:
    if spec is None:
        return
    if spec.classes and not classes:
        raise RasterError(f"“{spec.name}”栅格的数值是代码，请给出各代码的含义（--class 1=林地）。")
    if classes and not spec.classes:
        raise RasterError(f"“{spec.name}”栅格“{name}”的数值是量，不是代码，不能给代码表。")
