"""The workload as an atlas of ecozone."""

from __future__ import annotations

from typing import Any

import geopandas
import numpy as np
import shapely
from workload import CORNER, KINDS, SIDE, Workload, degrees

import ecozone


def atlas(load: Workload, *, side: float = SIDE, accuracy_m: float = 5.0) -> ecozone.Atlas:
    """Return the workload's zones and rivers as an atlas whose one county is the whole square."""
    square = shapely.box(*CORNER, *(CORNER + side))
    outline, cover = degrees(
        np.array([shapely.segmentize(square, 500.0), shapely.segmentize(square.buffer(60_000), 5_000)])
    )
    layers = [layer("admin", np.array([outline]), cover, 10.0, code=["511111"], level=["county"])]
    flat = degrees(load.zones)
    for i, kind in enumerate(KINDS):
        layers.append(layer(kind, flat[load.theme == i], cover, accuracy_m))
    rivers = degrees(load.rivers)
    classes = np.resize(["干流", "重要支流", "支流", "支流"], len(rivers)).tolist()
    same = {"watercourse": ["river"] * len(rivers), "line": ["water_edge"] * len(rivers)}
    layers.append(layer("river", rivers, cover, accuracy_m, river_class=classes, **same))
    return ecozone.Atlas(layers, "511111", name="计时样本")


def layer(kind: str, geometry: Any, cover: Any, accuracy_m: float, **columns: Any) -> ecozone.Layer:
    """Return a layer of geometries in degrees."""
    frame = geopandas.GeoDataFrame(columns, geometry=list(geometry), crs="EPSG:4490")
    return ecozone.Layer(kind=kind, zones=frame, coverage=cover, accuracy_m=accuracy_m, source="benchmarks/workload.py")
