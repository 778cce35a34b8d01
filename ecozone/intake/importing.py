"""`import`: a file becomes a new layer version of an atlas, with full provenance, whole or not at all."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from ecozone import kinds
from ecozone._lock import locked
from ecozone.atlas import Atlas, open_atlas
from ecozone.atlasfile import write_toml
from ecozone.errors import AtlasError, LayerError
from ecozone.intake import crs as decision
from ecozone.intake import files, reading
from ecozone.intake.former import lost, shrunk
from ecozone.intake.issue import Issue, errors, ordered
from ecozone.layer import Layer
from ecozone.versions import Held, told, unused

#: Refuses for good: what nobody would use is not acknowledged but dated or named otherwise.
UNUSED = "version-unused"
_VERSION = re.compile(r"[\w\u4e00-\u9fff][\w\u4e00-\u9fff.\-]{0,63}")
_DATABASE = ("postgresql://", "postgres://")


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Parameters
    ----------
    layer : Layer or None
        None when errors kept it out; then nothing was written.
    where : str
        The file or table written.
    issues : tuple of Issue
    open_errors : tuple of Issue
        Errors that nobody has acknowledged.
    used : str
        On what days the version is used and which versions it replaces then; ``""`` when nothing was written.
    """

    layer: Layer | None
    where: str
    issues: tuple[Issue, ...]
    open_errors: tuple[Issue, ...]
    used: str = ""


def import_layer(
    path: str | Path,
    atlas: str | Path,
    *,
    kind: str,
    version: str,
    accuracy_m: float | None,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    map_fields: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    coverage: str | None = None,
    acknowledged: tuple[str, ...] = (),
    plan_area_km2: float | None = None,
    region: str | None = None,
    today: dt.date | None = None,
    **meta: Any,
) -> Imported:
    """Import a layer.

    Parameters
    ----------
    path, kind, crs, encoding, layer, map_fields, constants, accuracy_m, acknowledged
        See `ecozone.read_layer`.
    atlas : str or Path
        Folder, or ``postgresql://…``.
    version : str
        A version that is there already is never replaced.
    coverage : str, optional
        ``county`` (the atlas's outline) or a file with the area for which the layer is complete. None: unknown.
    plan_area_km2 : float, optional
        The figure of the plan that the layer must not stay below.
    region : str, optional
        Makes a new atlas of this region where there is none.
    today : datetime.date, optional
        A version without a first day must be used from then on (None: for good); one that another version would
        stand before is refused (issue ``version-unused``, which nobody can acknowledge).
    **meta
        See `ecozone.read_layer`.

    Raises
    ------
    AtlasError
        No atlas, a bad version name, a version that is there already.
    """
    if not _VERSION.fullmatch(version) or ".." in version:
        raise AtlasError(f"版本号“{version[:40]}”只能用字母、数字、汉字、点和连字符，例如 2026.1。")
    spec = kinds.get(kind)
    store = _store(atlas, region)
    opened = store.open()
    if version in {str(v.version) for v in opened.versions(kind)}:
        raise AtlasError(f"图集里已有“{spec.name}”版本 {version}，已有的版本不会被覆盖，请用 --version 换一个版本号。")
    read = reading.read_layer(
        path, kind=kind, crs=crs, encoding=encoding, layer=layer, map_fields=map_fields, constants=constants,
        accuracy_m=accuracy_m, atlas=opened if "admin" in opened else None,
        coverage=_coverage(coverage, opened), acknowledged=acknowledged, version=version, **meta,
    )  # fmt: skip
    made = read.layer
    if made is not None and coverage == "county" and made.coverage is None:
        made = _own_outline(made)
    issues = list(read.issues)
    if made is not None:
        issues += shrunk(made, opened, plan_area_km2)
        issues += lost(made, opened)
        if why := unused(_held(made), [_held(v) for v in opened.versions(kind)], today):
            issues.append(Issue(UNUSED, why))
    said = ordered(issues)
    bad = tuple(errors(said, set(acknowledged) - {UNUSED}))
    if made is None or bad:
        return Imported(None, "", said, bad)
    where = store.write(made)
    others = [_held(v) for v in store.open().versions(kind) if v.version != made.version]
    return Imported(made, where, said, (), told(_held(made), others))


def _held(layer: Layer) -> Held:
    return Held(layer.version, layer.valid_from, layer.valid_to)


def _own_outline(layer: Layer) -> Layer:
    """Give the county outline itself as its coverage."""
    return Layer.from_arrays(
        kind=layer.kind, geometry=layer.geometry, columns=layer.columns, coverage=shapely.union_all(layer.geometry),
        meta=layer.meta(),
    )  # fmt: skip


def _coverage(said: str | None, atlas: Atlas) -> Any:
    if said is None:
        return None
    if said == "county":
        return shapely.union_all(atlas["admin"].geometry) if "admin" in atlas else None
    with files.tables(said) as tables:
        table = tables[0]
    located = decision.locate(table, place=reading.region_place(atlas))
    areal = located.geometry[shapely.get_dimensions(located.geometry) == 2]
    if not len(areal) or not shapely.is_valid(areal).all():
        raise LayerError(f"覆盖范围文件“{said}”里没有面，或边界自相交，请检查。")
    return shapely.union_all(areal)


class _Folder:
    """An atlas folder that takes new versions."""

    def __init__(self, folder: Path, region: str | None) -> None:
        self.folder, self.region = folder, region

    def open(self) -> Atlas:
        if self.region is not None and not (self.folder / "atlas.toml").exists():
            return Atlas([], self.region)
        return open_atlas(self.folder)

    def write(self, layer: Layer) -> str:
        from ecozone import storage

        with locked(self.folder):
            for left in (self.folder / layer.kind).glob(".part-*"):
                left.unlink(missing_ok=True)  # of an import that was killed; we are the only writer now
            target = self.folder / layer.kind / f"{layer.version}.parquet"
            if target.exists():
                raise AtlasError(
                    f"图集里已有“{layer.spec.name}”版本 {layer.version}（刚由另一次导入写入），请换一个版本号。"
                )
            written = storage.write_layer(layer, self.folder)
            if self.region is not None and not (self.folder / "atlas.toml").exists():
                write_toml(self.folder, region=self.region, name=self.region, notice=None, parameters={}, accepted={})
        return str(written)


class _Database:
    """An atlas in PostGIS that takes new versions."""

    def __init__(self, address: str, region: str | None) -> None:
        self.address, self.region = address, region

    def open(self) -> Atlas:
        from ecozone import postgis

        if self.region is not None and not postgis.exists(self.address):
            postgis.save(Atlas([], self.region), self.address)
        return postgis.open_atlas(self.address)

    def write(self, layer: Layer) -> str:
        from ecozone import postgis

        return postgis.write_layer(layer, self.address)


def _store(atlas: str | Path, region: str | None) -> _Folder | _Database:
    if str(atlas).startswith(_DATABASE):
        return _Database(str(atlas), region)
    return _Folder(Path(atlas), region)


def free_version(atlas: str | Path, kind: str, day: dt.date, region: str | None = None) -> str:
    """Return a version named after a day, with a number where that day has one already."""
    opened = _store(atlas, region).open()
    taken = {str(v.version) for v in opened.versions(kind)}
    name, n = day.isoformat(), 2
    while name in taken:
        name, n = f"{day.isoformat()}-{n}", n + 1
    return name
