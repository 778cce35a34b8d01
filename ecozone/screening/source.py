"""Where sites come from, a chunk at a time: tables and projects in memory, tables in files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import CRSError, InputError
from ecozone.project import Project
from ecozone.screening.chunks import Chunk


class Source(Protocol):
    """Rows in chunks, always the same rows in the same chunk."""

    @property
    def total(self) -> int | None:
        """Number of rows, where it is known beforehand."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of the columns."""

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Yield all rows."""

    def fingerprint(self) -> str:
        """Return a hash of the content."""


class Memory:
    """A table in memory; its chunks lie along a space-filling curve, so that each meets few zones.

    Parameters
    ----------
    columns : mapping of name to object array
    geometry : ndarray of shapely geometries, optional
    crs : str, optional
    """

    def __init__(
        self, n: int, columns: Mapping[str, NDArray[Any]], geometry: NDArray[Any] | None = None, crs: str | None = None
    ) -> None:
        self.total = n
        self._all = Chunk(np.arange(n), columns, geometry, crs)
        self.columns: Sequence[str] = list(columns)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Yield the rows along the curve."""
        order = along_curve(self._all.geometry) if self._all.geometry is not None else np.arange(self.total)
        for start in range(0, self.total, size):
            yield self._all.take(np.sort(order[start : start + size]))

    def fingerprint(self) -> str:
        """Return a hash of geometries and cells."""
        digest = hashlib.sha256(repr(self._all.crs).encode())
        if self._all.geometry is not None:
            for blob in shapely.to_wkb(self._all.geometry, byte_order=1):
                digest.update(blob or b"-")
        for name, values in self._all.columns.items():
            digest.update(repr((name, values.tolist())).encode())
        return digest.hexdigest()


class Projects:
    """Projects that are there already."""

    columns: Sequence[str] = ()

    def __init__(self, projects: Sequence[Project]) -> None:
        self.total = len(projects)
        self._projects = projects

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Yield the projects in their order."""
        for start in range(0, self.total, size):
            mine = list(self._projects[start : start + size])
            yield Chunk(np.arange(start, start + len(mine)), {}, projects=mine)

    def fingerprint(self) -> str:
        """Return a hash of the projects."""
        digest = hashlib.sha256()
        for project in self._projects:
            shapes = [
                (p.name, shapely.to_wkb(p.geometry), p.accuracy_m, p.extent_m, p.permanent) for p in project.parts
            ]
            digest.update(repr((project.name, project.profile().key(), shapes)).encode())
        return digest.hexdigest()


class File:
    """A table in a file: GeoParquet, Parquet, CSV, Excel or a vector file."""

    def __init__(self, path: Path, *, crs: str | None = None, layer: str | None = None) -> None:
        from ecozone.intake.sitetable import open_table

        self.path, self._table = path, open_table(path, layer=layer)
        self._crs = crs
        self.total = self._table.total
        self.columns: Sequence[str] = self._table.columns

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Yield the rows in the file's order."""
        start = 0
        for columns, geometry in self._table.chunks(size):
            n = len(geometry) if geometry is not None else len(next(iter(columns.values()), ()))
            yield Chunk(np.arange(start, start + n), columns, geometry, self._crs or self._table.crs)
            start += n

    def fingerprint(self) -> str:
        """Return a hash of the file's bytes."""
        digest = hashlib.sha256(repr(self._crs).encode())
        if self.path.is_file():
            with self.path.open("rb") as stream:
                while block := stream.read(1 << 22):
                    digest.update(block)
        return digest.hexdigest()


def source_of(projects: Any, crs: str | None) -> Source:
    """Return the source that something given stands for.

    Raises
    ------
    InputError
        It is no table and no projects.
    """
    if isinstance(projects, str | Path):
        return File(Path(projects), crs=crs)
    if isinstance(projects, Project):
        return Projects([projects])
    if hasattr(projects, "columns"):
        return _frame(projects, crs)
    if hasattr(projects, "geometry") and hasattr(projects, "crs"):
        found = crs or (projects.crs.to_string() if projects.crs else None)
        return Memory(len(projects), {}, np.asarray(projects.geometry.array, dtype=object), found)
    items = list(projects) if isinstance(projects, Sequence) and not isinstance(projects, bytes) else None
    if items is None or not all(isinstance(p, Project) for p in items):
        raise InputError("请提供 GeoDataFrame、DataFrame、Project 列表，或表格文件的路径。")
    return Projects(items)


def _frame(frame: Any, crs: str | None) -> Source:
    geometry, found = None, crs
    name = getattr(frame, "_geometry_column_name", None) if hasattr(frame, "crs") else None
    if name is not None and name in frame.columns:
        geometry = np.asarray(frame[name].array, dtype=object)
        if frame.crs is None and crs is None and not _degrees(geometry):
            raise CRSError("项目表没有坐标系，坐标也不是经纬度，请先用 set_crs(...) 指明，或给出 crs=。")
        found = crs or (frame.crs.to_string() if frame.crs is not None else None)
    columns = {str(c): np.asarray(frame[c].astype(object).array, dtype=object) for c in frame.columns if c != name}
    return Memory(len(frame), columns, geometry, found)


def _degrees(geometry: NDArray[Any]) -> bool:
    bounds = np.abs(shapely.total_bounds(geometry)) if len(geometry) else np.zeros(4)
    return not (bounds > 180).any()


def along_curve(geometry: NDArray[Any]) -> NDArray[np.int64]:
    """Return the order of geometries along a Z curve through their boxes' centres; those without a place go last."""
    bounds = shapely.bounds(geometry)
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    there = np.isfinite(x) & np.isfinite(y)
    code = np.full(len(geometry), np.iinfo(np.int64).max)
    if there.any():
        code[there] = _spread(_cells(x[there])) | (_spread(_cells(y[there])) << 1)
    return np.argsort(code, kind="stable")


def _cells(v: NDArray[np.float64]) -> NDArray[np.int64]:
    low, high = float(v.min()), float(v.max())
    return ((v - low) / (high - low) * 65535).astype(np.int64) if high > low else np.zeros(len(v), dtype=np.int64)


def _spread(v: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put a zero bit between the 16 bits of each number."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        v = (v | (v << shift)) & mask
    return v
