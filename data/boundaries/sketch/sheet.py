"""The sheet a region is drawn on: zones by kind, with the mark every one of them carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from .needles import gashes, spikes, without_needles
from .plane import Plane

MARK = "示例数据，非法定边界"
REACH_M = 3600.0
"""How far every layer is drawn past the outline; the farthest rule looks three kilometres."""
WALL_TO_WALL = ("admin", "control_unit", "element_zone")
"""Kinds whose zones share their borders: what divided the ground has left no needles, and nothing is cut alone."""
HAIR_M, HAIR_LENGTH_M = 2e-3, 0.05
"""No zone that is handed out has a spike or a gash narrower than this over this length."""


@dataclass
class Sheet:
    """What is drawn for one region, in metres until it is handed out.

    Parameters
    ----------
    region : str
        Six-digit code.
    name : str
        Name officers know.
    plan : str
        The published plan that names and figures come from.
    plane : Plane
        Drawing plane.
    outline : shapely geometry
        The county or city.
    """

    region: str
    name: str
    plan: str
    plane: Plane
    outline: BaseGeometry
    zones: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    complete: dict[str, tuple[str, ...]] = field(default_factory=dict)
    narrowed: dict[str, BaseGeometry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.coverage = self.outline.buffer(REACH_M + 130.0, quad_segs=4).simplify(120.0)

    def add(
        self,
        kind: str,
        name: str,
        shape: BaseGeometry,
        *,
        named: bool = True,
        clip: bool = True,
        **columns: Any,
    ) -> None:
        """Draw a zone.

        Parameters
        ----------
        kind : str
            Kind of layer.
        name : str
            Name of the zone.
        shape : shapely geometry
            In metres.
        named : bool
            Whether the plan names it; the zone's document says so.
        clip : bool
            Whether it is cut at the sheet's coverage.
        **columns : Any
            The kind's columns, and ``status``, ``valid_from``, ``valid_to`` where they differ.
        """
        geometry = same_dimension(shape.intersection(self.coverage) if clip else shape)
        if kind not in WALL_TO_WALL:
            geometry = same_dimension(without_needles(geometry))
        if geometry.is_empty:
            raise ValueError(f"{self.region}: {kind} {name} lies outside the sheet")
        own = self.zones.setdefault(kind, [])
        row = {
            "zone": columns.pop("zone", f"{kind}-{len(own) + 1:03d}"),
            "name": name,
            "status": columns.pop("status", "in_force"),
            "valid_from": columns.pop("valid_from", None),
            "valid_to": columns.pop("valid_to", None),
            "document": f"{self.plan}（{MARK}）" if named else MARK,
        }
        own.append(row | columns | {"geometry": geometry})

    def shape(self, kind: str, **where: Any) -> BaseGeometry:
        """Everything drawn of a kind, dissolved; ``where`` filters by column."""
        rows = [
            row
            for row in self.zones.get(kind, [])
            if row["status"] == "in_force" and all(row.get(column) == value for column, value in where.items())
        ]
        return shapely.union_all([row["geometry"] for row in rows]) if rows else shapely.Polygon()

    def place(self, lon: float, lat: float) -> shapely.Point:
        """Return a place in metres."""
        return self.plane.point(lon, lat)

    def frames(self, kinds: Mapping[str, list[str]]) -> dict[str, gpd.GeoDataFrame]:
        """All layers in EPSG:4490, one table a kind, empty ones included.

        Parameters
        ----------
        kinds : mapping of str to list of str
            The columns of every kind, besides the common ones.
        """
        unknown = set(self.zones) - set(kinds)
        if unknown:
            raise ValueError(f"{self.region}: no such kind: {sorted(unknown)}")
        common = ["zone", "name", "status", "valid_from", "valid_to", "document"]
        frames = {}
        for kind, columns in kinds.items():
            rows = []
            for row in self.zones.get(kind, []):
                extra = set(row) - set(common) - set(columns) - {"geometry"}
                if extra:
                    raise ValueError(f"{self.region}: {kind} has no column {sorted(extra)}")
                geometry = self.plane.degrees(row["geometry"])
                flat = self.plane.metres(geometry)
                if shapely.get_dimensions(flat) == 2 and [
                    *spikes(flat, HAIR_M, HAIR_LENGTH_M), *gashes(flat, HAIR_M, HAIR_LENGTH_M)
                ]:  # fmt: skip
                    raise ValueError(f"{self.region}: {kind} {row['zone']} has needles")
                rows.append({**dict.fromkeys([*common, *columns]), **row, "geometry": geometry})
            table = {column: [row[column] for row in rows] for column in [*common, *columns]}
            frames[kind] = gpd.GeoDataFrame(table, geometry=[row["geometry"] for row in rows], crs="EPSG:4490")
        return frames

    def coverage_degrees(self, kind: str) -> BaseGeometry:
        """Where the layer knows all its zones, EPSG:4490: past the outline, unless the region narrows it."""
        return self.plane.degrees(self.narrowed.get(kind, self.coverage))


def same_dimension(geometry: BaseGeometry) -> BaseGeometry:
    """Drop the points and lines that cutting polygons leaves behind, and specks under ten square metres."""
    if shapely.get_dimensions(geometry) < 2:
        return geometry
    parts = shapely.get_parts(shapely.get_parts(geometry))
    polygons = [part for part in parts if part.geom_type == "Polygon" and part.area > 10.0]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
