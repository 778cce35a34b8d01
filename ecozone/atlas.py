"""`Atlas`: the layers of one region, in memory or in a folder, each kind with all its versions."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecozone.atlasfile import Accepted, Parameter, read_toml, write_toml
from ecozone.errors import AtlasError, did_you_mean
from ecozone.layer import Layer
from ecozone.versions import order

if TYPE_CHECKING:
    import folium
    import pandas

    from ecozone.raster import Raster
    from ecozone.renumbered import AtlasDiff
    from ecozone.rules.access import AccessList


def _plain(parameter: Parameter) -> Parameter:
    """Give numpy's numbers as Python's."""
    item = getattr(parameter.value, "item", None)
    return parameter if item is None else replace(parameter, value=item())


def in_order(access: Sequence[AccessList]) -> tuple[AccessList, ...]:
    """Return access lists oldest version first."""
    return tuple(sorted(access, key=lambda a: order(a.period.first, a.version)))


class _Version:
    """One layer version of an atlas folder, read when first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._layer: Layer | None = None

    @functools.cached_property
    def meta(self) -> dict[str, Any]:
        from ecozone import storage

        return self._layer.meta() if self._layer is not None else storage.read_layer_meta(self.path)

    def layer(self) -> Layer:
        if self._layer is None:
            from ecozone import storage

            layer = storage.read_layer(self.path)
            if layer.kind != self.path.parent.name:
                raise AtlasError(
                    f"文件夹 {self.path.parent.name} 里的 {self.path.name} 是“{layer.kind}”图层，"
                    f"请移到 {layer.kind} 文件夹。"
                )
            self._layer = layer
        return self._layer

    def valid_on(self, day: dt.date) -> bool:
        return self.layer().valid_on(day)


class _InMemory:
    """One layer version that is already here."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self.meta = layer.meta()

    def layer(self) -> Layer:
        return self._layer

    def valid_on(self, day: dt.date) -> bool:
        return self._layer.valid_on(day)


class Atlas(Mapping[str, Layer]):
    """The layers of one region.

    Parameters
    ----------
    layers : sequence of Layer
        Several versions of one kind may be given.
    region : str
        Six-digit GB/T 2260 code of the region (district names repeat: two are called 市中区).
    name : str, optional
        Name shown to officers.
    parameters : mapping, optional
        Parameter name to `Parameter` (or to a bare value).
    accepted : mapping, optional
        Instrument id to `Accepted`.
    notice : str, optional
        A mark that every output repeats.
    access : sequence of AccessList
        Access lists (准入清单) of the control units, one a version.
    rasters : sequence of Raster
        Elevation, land cover … as evidence, one a version; each of a kind.

    Examples
    --------
    >>> atlas = ecozone.open_atlas("data/boundaries/511111")  # doctest: +SKIP
    >>> atlas["river"].zones[["zone", "name", "river_class"]]  # doctest: +SKIP
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        region: str,
        *,
        name: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        accepted: Mapping[str, Accepted] | Sequence[str] = (),
        notice: str | None = None,
        access: Sequence[AccessList] = (),
        rasters: Sequence[Raster] = (),
    ) -> None:
        versions: dict[str, list[_InMemory | _Version]] = {}
        for layer in layers:
            versions.setdefault(layer.kind, []).append(_InMemory(layer))
        self._set(versions, region, name, parameters or {}, accepted, notice, None)
        self.access: Sequence[AccessList] = in_order(access)
        self._rasters = tuple(rasters)

    #: Rasters, or the files of those not yet opened.
    _rasters: Sequence[Raster | Path] = ()

    def _set(
        self,
        versions: Mapping[str, list[Any]],
        region: str,
        name: str | None,
        parameters: Mapping[str, Any],
        accepted: Any,
        notice: str | None,
        path: Path | None,
    ) -> None:
        region = str(region)
        if not (len(region) == 6 and region.isdigit()):
            raise AtlasError(f"区域代码“{region}”不是六位行政区划代码，例如 511111（乐山市沙湾区）。")
        for kind, found in ((k, v) for k, v in versions.items() if len(v) > 1):
            repeated = [v.meta["version"] for v in found]
            if len(set(repeated)) < len(repeated):
                raise AtlasError(f"图层 {kind} 有两个同名版本：{'、'.join(map(str, repeated))}，请改版本号。")
            found.sort(key=lambda v: order(v.meta["valid_from"], str(v.meta["version"])))
        self._versions = dict(sorted(versions.items()))
        self.region = region
        self.name = name or region
        self.parameters: Mapping[str, Parameter] = {
            k: _plain(v if isinstance(v, Parameter) else Parameter(name=k, value=v)) for k, v in parameters.items()
        }
        if not isinstance(accepted, Mapping):
            accepted = {k: Accepted(k) for k in accepted}
        self.accepted: Mapping[str, Accepted] = dict(accepted)
        self.notice = notice
        self.path = path

    @property
    def kinds(self) -> list[str]:
        """Kinds that have at least one version here, in alphabetical order."""
        return list(self._versions)

    def __getitem__(self, kind: str) -> Layer:
        """Return the newest version of a kind."""
        if kind not in self._versions:
            raise KeyError(f"图集 {self.name} 没有图层“{kind}”{did_you_mean(kind, self._versions, otherwise='。')}")
        return self._versions[kind][-1].layer()

    def __contains__(self, kind: object) -> bool:
        return kind in self._versions

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def versions(self, kind: str) -> list[Layer]:
        """Return all versions of a kind, oldest first."""
        return [v.layer() for v in self._versions.get(kind, [])]

    def at(self, kind: str, day: dt.date) -> Layer | None:
        """Return the version of a kind that holds on a day (the newest such), or None: never the newest one instead."""
        valid = [v for v in self._versions.get(kind, []) if v.valid_on(day)]
        return valid[-1].layer() if valid else None

    def with_parameters(self, parameters: Mapping[str, Any]) -> Atlas:
        """Return the same atlas with some parameters set otherwise."""
        other = Atlas.__new__(Atlas)
        merged = {**self.parameters, **parameters}
        other._set(self._versions, self.region, self.name, merged, self.accepted, self.notice, self.path)
        other.access, other._rasters = self.access, self._rasters
        return other

    @functools.cached_property
    def rasters(self) -> Sequence[Raster]:
        """Rasters that may speak as evidence, oldest version first; opened when first asked for."""
        if not self._rasters:
            return ()
        from ecozone.raster.store import read_raster

        found = [read_raster(r) if isinstance(r, Path) else r for r in self._rasters]
        named = [(r.kind, r.version) for r in found]
        if not all(kind for kind, _ in named) or len(set(named)) < len(named):
            raise AtlasError("图集的每个栅格都要有类别（kind），同类的版本号不能相同，请改正。")
        return tuple(sorted(found, key=lambda r: (r.kind, order(r.valid_from, r.version))))

    def raster(self, kind: str, day: dt.date | None = None) -> Raster | None:
        """Return the newest raster of a kind that holds on a day (None: of all), or None."""
        valid = [r for r in self.rasters if r.kind == kind and (day is None or r.valid_on(day))]
        return valid[-1] if valid else None

    def access_at(self, day: dt.date) -> AccessList | None:
        """Return the access list that holds on a day (the newest such), or None."""
        valid = [a for a in self.access if a.period.holds(day)]
        return valid[-1] if valid else None

    def overlaps(self, kinds: Sequence[str] | None = None, *, as_of: dt.date | None = None) -> pandas.DataFrame:
        """Return how much of each kind lies in each other kind; see `ecozone.overlaps.overlaps`."""
        from ecozone.overlaps import overlaps

        return overlaps(self, kinds, as_of=as_of)

    def summary(
        self, *, as_of: dt.date | str, by: str | None = None, plan: Mapping[Any, float] | None = None
    ) -> pandas.DataFrame:
        """Return zones and area of each kind, beside the plan's figures; see `ecozone.consistency.summary`."""
        from ecozone.consistency import summary

        return summary(self, as_of=as_of, by=by, plan=plan)

    def diff(self, other: Atlas) -> AtlasDiff:
        """Return ground gained and lost by kind in another atlas; see `ecozone.renumbered.diff`."""
        from ecozone.renumbered import diff

        return diff(self, other)

    def map(self, m: folium.Map | None = None, **options: Any) -> folium.Map:
        """Return a folium map of all layers; see `ecozone.explore`."""
        from ecozone.report.explore import explore

        return explore(self, m, **options)

    def save(self, path: str | Path) -> Path:
        """Write the atlas as a folder: ``atlas.toml``, one GeoParquet file a layer version, one GeoTIFF a raster."""
        from ecozone import storage

        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        for kind in self._versions:
            for layer in self.versions(kind):
                storage.write_layer(layer, folder)
        for listed in self.access:
            storage.write_access(listed, folder)
        for raster in self.rasters:
            from ecozone.raster.store import write_raster

            write_raster(raster, folder)
        write_toml(
            folder,
            region=self.region,
            name=self.name,
            notice=self.notice,
            parameters=self.parameters,
            accepted=self.accepted,
        )
        return folder

    def __repr__(self) -> str:
        return f"<Atlas {self.region} {self.name}: {len(self)} kinds>"

    def _repr_html_(self) -> str:
        from ecozone.report.notebook import atlas_html

        return atlas_html(self)


def open_atlas(path: str | Path) -> Atlas:
    """Open an atlas folder.

    Parameters
    ----------
    path : str or Path
        A folder with ``atlas.toml`` and ``<kind>/<version>.parquet``, or ``postgresql://…`` of an atlas in PostGIS.
        Layers are read when first needed.

    Raises
    ------
    AtlasError
        No such folder, no ``atlas.toml``, a newer format, or a damaged file.
    """
    if str(path).startswith(("postgresql://", "postgres://")):
        from ecozone import postgis

        return postgis.open_atlas(str(path))
    folder = Path(path)
    said = read_toml(folder)
    versions: dict[str, list[Any]] = {}
    for parquet in sorted(folder.glob("*/*.parquet")):
        if not parquet.name.startswith("."):
            versions.setdefault(parquet.parent.name, []).append(_Version(parquet))
    from ecozone import storage

    atlas = Atlas.__new__(Atlas)
    atlas._rasters = tuple(sorted(f for f in folder.glob("raster/*/*.tif") if not f.name.startswith(".")))
    atlas.access = in_order([storage.read_access(f) for f in sorted(folder.glob(f"{storage.ACCESS}/*.json"))])
    atlas._set(versions, said.region, said.name, said.parameters, said.accepted, said.notice, folder)
    return atlas
