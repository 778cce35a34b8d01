"""`Layer`: the zones of one kind, with where they come from and where they can be trusted.

Zones are kept as plain arrays (geometries in EPSG:4490 and one object array a column), so that reading an atlas and
judging a site needs no data frame; `Layer.zones` makes the GeoDataFrame when somebody asks for it.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import crs, kinds, measure
from ecozone.errors import CRSError, GeometryError, LayerError
from ecozone.kinds import values
from ecozone.versions import provenance

if TYPE_CHECKING:
    import geopandas

#: A version names a file on every system, and cannot climb out of its folder.
_FILE_NAME = re.compile(r"[^\\/:*?\"<>|.\s\x00-\x1f][^\\/:*?\"<>|\x00-\x1f]{0,99}")


class Layer:
    """Zones of one kind, with provenance and coverage.

    Parameters
    ----------
    kind : str
        A key of the kinds registry, e.g. ``"river"``.
    zones : geopandas.GeoDataFrame
        One row a zone, in any CRS, with the kind's columns. `zone` (a unique id) and `name` are filled in when absent.
    coverage : shapely geometry, GeoSeries, GeoDataFrame or None
        Where the layer knows all zones of its kind; a bare geometry is in EPSG:4490. None: nobody knows, and "nothing
        found" proves nothing.
    accuracy_m : float
        How far a zone's drawn edge may lie from the true one, metres.
    version, source, licence, document : str, optional
        Provenance, shown in every answer.
    valid_from, valid_to : datetime.date or ISO str, optional
        Period of this version, both ends included.
    line : str, optional
        For rivers: which line the geometry is (``water_edge``, ``outer_edge``, ``management_range``, ``centreline``).
    complete_for : sequence of str
        Named objects that the layer holds completely; a rule about them needs no wider coverage.
    sensitive : bool, optional
        Exact shapes are not public. Default: what the kind says.
    notice : str, optional
        A mark that every output repeats, e.g. 示例数据，非法定边界.

    Raises
    ------
    LayerError
        A value outside a code list, a repeated zone id, a bad accuracy.
    CRSError, GeometryError
        Zones without a CRS, empty or of a dimension the kind does not have.
    """

    def __init__(
        self,
        *,
        kind: str,
        zones: geopandas.GeoDataFrame,
        coverage: Any = None,
        accuracy_m: float,
        version: str = "1",
        source: str = "",
        licence: str | None = None,
        document: str | None = None,
        valid_from: dt.date | str | None = None,
        valid_to: dt.date | str | None = None,
        line: str | None = None,
        complete_for: Sequence[str] = (),
        sensitive: bool | None = None,
        notice: str | None = None,
    ) -> None:
        from ecozone import zonetable

        if zones.crs is None:
            raise CRSError(f"图层“{kinds.name(kind)}”没有坐标系，请先用 zones.set_crs(...) 指明，例如 EPSG:4490。")
        frame = zones.set_geometry(zonetable.geographic(zones.geometry, f"图层“{kinds.name(kind)}”"))
        columns = {
            str(c): np.array([values.plain(v) for v in frame[c]], dtype=object)
            for c in frame.columns
            if c != frame.geometry.name
        }
        self._fill(
            kind=kind,
            geometry=np.array(frame.geometry.array, dtype=object),
            columns=columns,
            coverage=zonetable.as_geometry(coverage),
            meta={
                "accuracy_m": accuracy_m,
                "version": version,
                "source": source,
                "licence": licence,
                "document": document,
                "valid_from": valid_from,
                "valid_to": valid_to,
                "line": line,
                "complete_for": list(complete_for),
                "sensitive": sensitive,
                "notice": notice,
            },
        )
        self._check()

    @classmethod
    def from_arrays(
        cls,
        *,
        kind: str,
        geometry: NDArray[Any],
        columns: Mapping[str, NDArray[Any]],
        coverage: Any,
        meta: Mapping[str, Any],
    ) -> Layer:
        """Build a layer from what `ecozone.storage` read back: arrays that were checked when they were written."""
        layer = cls.__new__(cls)
        layer._fill(kind=kind, geometry=geometry, columns=dict(columns), coverage=coverage, meta=meta)
        return layer

    def _fill(
        self, *, kind: str, geometry: NDArray[Any], columns: dict[str, Any], coverage: Any, meta: Mapping[str, Any]
    ) -> None:
        n = len(geometry)
        spec = kinds.get(kind)
        columns.setdefault("zone", np.array([f"{kind}-{i + 1}" for i in range(n)], dtype=object))
        columns.setdefault("name", np.array([spec.name] * n, dtype=object))
        columns.setdefault("status", np.array(["in_force"] * n, dtype=object))
        for key in (*kinds.COMMON_COLUMNS, *spec.columns):
            columns.setdefault(key, np.array([None] * n, dtype=object))
        for key, column in spec.columns.items():
            if column.default is not None:
                columns[key] = np.array([column.default if v is None else v for v in columns[key]], dtype=object)
        columns["zone"] = values.objects(
            [f"{kind}-{i + 1}" if z is None else _id(z) for i, z in enumerate(columns["zone"])]
        )
        columns["status"] = np.array([s or "in_force" for s in columns["status"]], dtype=object)
        if meta.get("line") and "line" in columns:
            columns["line"] = np.array([v or meta["line"] for v in columns["line"]], dtype=object)
        self.kind = kind
        self.spec = spec
        self.geometry = geometry
        self.columns: Mapping[str, NDArray[Any]] = columns
        self.coverage = coverage
        self.accuracy_m = float(meta["accuracy_m"])
        self.version = str(meta.get("version") or "1")
        self.source = meta.get("source") or ""
        self.licence = meta.get("licence")
        self.document = meta.get("document")
        self.valid_from = as_date(meta.get("valid_from"))
        self.valid_to = as_date(meta.get("valid_to"))
        self.line = meta.get("line")
        self.complete_for = tuple(meta.get("complete_for") or ())
        self.sensitive = spec.sensitive if meta.get("sensitive") is None else bool(meta["sensitive"])
        self.notice = meta.get("notice")

    def _check(self) -> None:
        from ecozone import zonetable

        name = f"图层“{self.spec.name}”"
        if not (np.isfinite(self.accuracy_m) and self.accuracy_m >= 0):
            raise LayerError(f"{name}的精度 accuracy_m={self.accuracy_m} 不是非负数，请给出以米计的精度。")
        if not _FILE_NAME.fullmatch(self.version):
            raise LayerError(
                f"{name}的版本号“{self.version[:40]}”不能作文件名，请用字母、数字、汉字、点和横线，如 2026.1。"
            )
        self.columns = zonetable.read_columns(self.columns, self.spec, name)
        ids, counts = np.unique(self.columns["zone"].astype(str), return_counts=True)
        if (counts > 1).any():
            raise LayerError(f"{name}的编号 zone 有重复：{'、'.join(ids[counts > 1][:5])}，请改为唯一编号。")
        self.geometry = measure.without_empty_parts(self.geometry)
        zonetable.check_shapes(self.geometry, self.columns["zone"], self.spec, name)
        if len(self.geometry):
            if not np.isfinite(shapely.get_coordinates(self.geometry)).all():
                raise GeometryError(f"{name}的坐标含有空值或无穷大，请在原数据中改正。")
            crs.check_in_china(shapely.total_bounds(self.geometry), what=f"{name}的坐标")
        self.geometry = shapely.force_2d(self.geometry)
        self.geometry = zonetable.repaired(self.geometry, self.columns["zone"], self.spec, name)
        zonetable.check_coverage(self.coverage, f"{name}的覆盖范围 coverage")

    def __len__(self) -> int:
        return len(self.geometry)

    def __repr__(self) -> str:
        return (
            f"<Layer {self.kind} ({self.spec.name}): {len(self)} zones, version {self.version}, ±{self.accuracy_m:g} m>"
        )

    @functools.cached_property
    def zones(self) -> geopandas.GeoDataFrame:
        """The zones as a GeoDataFrame in EPSG:4490, one row a zone (a copy: changing it changes no answer)."""
        import geopandas

        order = [*kinds.COMMON_COLUMNS, *(c for c in self.columns if c not in kinds.COMMON_COLUMNS)]
        data = {c: list(self.columns[c]) for c in order}
        return geopandas.GeoDataFrame(data, geometry=list(self.geometry), crs=crs.GEOGRAPHIC)

    @functools.cached_property
    def tree(self) -> shapely.STRtree:
        """Index over the zones' boxes in degrees."""
        return shapely.STRtree(self.geometry)

    @functools.cached_property
    def dense(self) -> NDArray[Any]:
        """The zones with long edges cut along their geodesics, as measuring needs them."""
        return measure.dense(self.geometry)

    @functools.cached_property
    def proposed(self) -> bool:
        """Whether some of the zones are only proposed."""
        return bool((self.columns["status"] == "proposed").any())

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the canonical content: zones by id, normalised little-endian WKB, attributes by name, coverage."""
        digest = hashlib.sha256()
        order = np.argsort(self.columns["zone"].astype(str), kind="stable")
        wkb = shapely.to_wkb(shapely.normalize(self.geometry[order]), byte_order=1, output_dimension=2)
        keys = sorted(k for k in self.columns if any(v is not None for v in self.columns[k]))
        for row, blob in zip(order, wkb, strict=True):
            attributes = {k: values.plain(self.columns[k][row]) for k in keys if self.columns[k][row] is not None}
            digest.update(json.dumps(attributes, ensure_ascii=False, sort_keys=True).encode())
            digest.update(blob)
        if self.coverage is not None:
            digest.update(shapely.to_wkb(shapely.normalize(self.coverage), byte_order=1, output_dimension=2))
        digest.update(json.dumps([self.kind, self.accuracy_m, sorted(self.complete_for)]).encode())
        return digest.hexdigest()

    def valid_on(self, day: dt.date) -> bool:
        """Say whether this version holds on a day (both ends included)."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def active(self, day: dt.date, status: str = "in_force") -> NDArray[np.bool_]:
        """Mark the zones that have a status and hold on a day."""
        mask = self.columns["status"] == status
        iso = day.isoformat()
        for key, late in (("valid_from", False), ("valid_to", True)):
            values = self.columns[key]
            if any(v is not None for v in values):
                mask &= np.array(
                    [v is None or ((str(v)[:10] >= iso) if late else (str(v)[:10] <= iso)) for v in values]
                )
        return mask

    def meta(self) -> dict[str, Any]:
        """Return provenance as plain JSON values (what a layer file keeps beside its table)."""
        return {
            **provenance(self),
            "line": self.line,
            "complete_for": list(self.complete_for),
            "sensitive": self.sensitive,
            "notice": self.notice,
        }

    def _repr_html_(self) -> str:
        from ecozone.report.notebook import layer_html

        return layer_html(self)


def as_date(value: dt.date | str | None) -> dt.date | None:
    """Read an ISO date; None stays None, a time of day is dropped.

    Raises
    ------
    LayerError
        The text is not a date.
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, dt.date):
        return value
    try:
        return dt.datetime.fromisoformat(str(value).strip()).date()
    except ValueError:
        raise LayerError(f"“{value}”不是日期，请写成 2026-11-22 的样子。") from None


def _id(zone: Any) -> str:
    return str(int(zone)) if isinstance(zone, float) and zone.is_integer() else str(zone)
