"""Rasters of an atlas folder: one GeoTIFF a version under ``raster/<kind>``, with its provenance in its tags."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone._atomic import whole
from ecozone._lock import locked
from ecozone.errors import AtlasError
from ecozone.raster.grid import BLOCK, Grid
from ecozone.raster.source import Raster, RasterError
from ecozone.versions import Held, told, unused

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

#: Folder of an atlas that holds its rasters.
FOLDER = "raster"
#: Version of the provenance in a file's tags.
FORMAT = 1
#: Ground kept around an atlas' outline, degrees (about 3 km): sites near the border, and the rim that has no slope.
AROUND = 0.03
_SPACE = "ECOZONE"


def import_raster(
    path: str | Path, atlas: str | Path, *, kind: str, version: str, today: dt.date | None = None, **meta: Any
) -> tuple[Raster, Path]:
    """Copy a raster into an atlas folder as a new version of its kind.

    What lies more than 3 km beyond the atlas' outline stays behind; pixels are not resampled.

    Parameters
    ----------
    path : str or Path
    atlas : str or Path
        Folder.
    kind, version, **meta
        See `Raster.open`.
    today : datetime.date, optional
        A raster without a first day must be used from then on (None: for good).

    Returns
    -------
    raster : Raster
        As it stands in the atlas.
    where : Path

    Raises
    ------
    RasterError
        The raster cannot be used, or lies beside the atlas.
    AtlasError
        No atlas folder, a version that is there already: it is never replaced; one that another would stand before.
    """
    from ecozone.atlas import open_atlas

    if str(atlas).startswith(("postgresql://", "postgres://")):
        raise AtlasError("PostGIS 图集不存放栅格，请导入文件夹图集。")
    raster = Raster.open(path, kind=kind, version=version, **meta)
    opened, folder = open_atlas(atlas), Path(atlas)
    outline = shapely.total_bounds(opened["admin"].geometry) if "admin" in opened and len(opened["admin"]) else None
    target = _target(raster, folder)
    with locked(folder):
        if target.exists():
            raise AtlasError(
                f"图集里已有“{raster.spec.name}”栅格版本 {version}，已有的版本不会被覆盖，请用 --version 换一个版本号。"
            )
        others = [_held(r) for r in open_atlas(folder).rasters if r.kind == raster.kind]
        if why := unused(_held(raster), others, today):
            raise AtlasError(f"没有导入“{raster.spec.name}”栅格：{why}")
        write_raster(raster, folder, outline)
    return read_raster(target), target


def write_raster(raster: Raster, folder: Path, outline: Any = None) -> Path:
    """Write a raster to ``folder/raster/<kind>/<version>.tif``, whole or not at all, block by block.

    Parameters
    ----------
    raster : Raster
    folder : Path
    outline : float64 array of shape (4,), optional
        West, south, east, north in degrees: what lies well beyond stays behind.
    """
    target = _target(raster, folder)
    if target.exists() and target.samefile(raster.path):
        return target
    with whole(target) as part:
        if outline is None and _tagged(raster.path):
            shutil.copyfile(raster.path, part)
        else:
            _copy(raster, part, outline)
    return target


def read_raster(path: Path) -> Raster:
    """Return a raster of an atlas folder.

    Raises
    ------
    AtlasError
        The file is damaged, of another format, or not ours.
    """
    import rasterio

    try:
        with rasterio.open(path) as source:
            meta = json.loads(source.tags(ns=_SPACE).get("meta", "null"))
    except (rasterio.errors.RasterioIOError, ValueError) as error:
        raise AtlasError(f"栅格文件 {path.name} 损坏，请重新导入。") from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT or meta.get("kind") != path.parent.name:
        raise AtlasError(f"栅格文件 {path.parent.name}/{path.name} 不是 ecozone 写入的，请用 ecozone import 导入。")
    classes = {int(k): v for k, v in meta["classes"].items()} if meta["classes"] else None
    from ecozone.layer import as_date

    return Raster(
        path=path,
        kind=meta["kind"],
        classes=classes,
        version=meta["version"],
        source=meta["source"],
        licence=meta["licence"],
        document=meta["document"],
        valid_from=as_date(meta["valid_from"]),
        valid_to=as_date(meta["valid_to"]),
        accuracy_m=meta["accuracy_m"],
        notice=meta["notice"],
    )


def days_used(raster: Raster, atlas: Atlas) -> str:
    """Say on what days a raster of an atlas is used and what it replaces then."""
    others = [_held(r) for r in atlas.rasters if r.kind == raster.kind and r.version != raster.version]
    return told(_held(raster), others)


def _held(raster: Raster) -> Held:
    return Held(raster.version, raster.valid_from, raster.valid_to)


def free_version(atlas: Atlas, kind: str, day: str) -> str:
    """Return a version named after a day, with a number where that day has one already."""
    taken, name, n = {r.version for r in atlas.rasters if r.kind == kind}, day, 2
    while name in taken:
        name, n = f"{day}-{n}", n + 1
    return name


def _target(raster: Raster, folder: Path) -> Path:
    return folder / FOLDER / raster.kind / f"{raster.version}.tif"


def _tagged(path: Path) -> bool:
    import rasterio

    with rasterio.open(path) as source:
        return "meta" in source.tags(ns=_SPACE)


def _copy(raster: Raster, part: Path, outline: Any) -> None:
    import rasterio
    from rasterio.windows import Window

    with rasterio.open(raster.path) as source:
        left, top, right, bottom = _kept(raster, outline)
        if right <= left or bottom <= top:
            raise RasterError(f"栅格“{raster.path.name}”与图集的区域没有重叠，请核对坐标系和范围。")
        window = Window(left, top, right - left, bottom - top)
        masked = source.nodata is None and "all_valid" not in {f.name for f in source.mask_flag_enums[raster.band - 1]}
        profile = {
            "driver": "GTiff", "count": 1, "dtype": source.dtypes[raster.band - 1], "crs": source.crs,
            "transform": source.window_transform(window), "width": right - left, "height": bottom - top,
            "nodata": source.nodata, "compress": "deflate", "tiled": True, "blockxsize": 256, "blockysize": 256,
            "BIGTIFF": "IF_SAFER",
        }  # fmt: skip
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(part, "w", **profile) as out:
            for r in range(top, bottom, BLOCK):
                for c in range(left, right, BLOCK):
                    size = (min(BLOCK, right - c), min(BLOCK, bottom - r))
                    here, there = Window(c, r, *size), Window(c - left, r - top, *size)
                    out.write(source.read(raster.band, window=here), 1, window=there)
                    if masked:
                        out.write_mask(source.read_masks(raster.band, window=here), window=there)
            out.scales, out.offsets = [source.scales[raster.band - 1]], [source.offsets[raster.band - 1]]
            meta = {**raster.meta(), "format": FORMAT}
            out.update_tags(ns=_SPACE, meta=json.dumps(meta, ensure_ascii=False))


def _kept(raster: Raster, outline: Any) -> tuple[int, int, int, int]:
    """Return first column, first row, last column, last row (exclusive) of what is copied."""
    with Grid(raster) as grid:
        if outline is None:
            return 0, 0, grid.width, grid.height
        west, south, east, north = outline
        around = shapely.segmentize(shapely.box(west - AROUND, south - AROUND, east + AROUND, north + AROUND), 0.05)
        box = shapely.total_bounds(grid.to_pixels(np.array([around], dtype=object)))
        x0, y0 = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
        return x0, y0, min(grid.width, int(np.ceil(box[2]))), min(grid.height, int(np.ceil(box[3])))
