"""The engines ecozone is timed against, each doing the same task on the same arrays in a plane (EPSG:4544).

A peer that is not installed is left out by name. Loading and indexing are outside the clock where an engine has an
index of its own to keep (DuckDB's and SedonaDB's tables, ecozone's layer index).
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from workload import Workload, degrees

Task = Callable[[], int]


def ecozone_tasks(load: Workload, threads: int) -> dict[str, Task]:
    """Return ecozone's tasks, on sites and zones in degrees."""
    from ecozone.layer import Layer
    from ecozone.relate import table

    def layer(kind: str, shapes: Any) -> Layer:
        meta = {"accuracy_m": 0.0}
        return Layer.from_arrays(kind=kind, geometry=degrees(shapes), columns={}, coverage=None, meta=meta)

    zones, rivers = layer("ecological_redline", load.zones), layer("river", load.rivers)
    table.index_of(zones)
    _ = table.index_of(rivers).pieces
    polygons, points, lines = degrees(load.polygons), degrees(load.points), degrees(load.lines)
    return {
        "polygons": lambda: len(table.shared(polygons, zones, threads=threads).site),
        "points": lambda: len(table.shared(points, zones, threads=threads).site),
        "lines": lambda: len(table.shared(lines, zones, threads=threads).site),
        "rivers": lambda: int((table.nearest(points, rivers, 1000.0, threads=threads)[0] >= 0).sum()),
    }


def overlay_tasks(load: Workload, _: int) -> dict[str, Task]:
    """geopandas.overlay and sjoin_nearest, the textbook way."""
    zones, polygons, points, lines, rivers = _frames(load)

    def overlay(sites: Any, how: str) -> int:
        return len(gpd.overlay(sites, zones, how=how, keep_geom_type=True))

    return {
        "polygons": lambda: overlay(polygons, "intersection"),
        "points": lambda: len(gpd.sjoin(points, zones, predicate="intersects")),
        "lines": lambda: overlay(lines, "intersection"),
        "rivers": lambda: len(gpd.sjoin_nearest(points, rivers, max_distance=1000.0).index.unique()),
    }


def sjoin_tasks(load: Workload, _: int) -> dict[str, Task]:
    """geopandas.sjoin with the arguments in the better order, then a vectorised intersection."""
    zones, polygons, points, lines, _rivers = _frames(load)

    def both(sites: Any, measure: Any) -> int:
        found = gpd.sjoin(zones, sites, predicate="intersects")
        a = zones.geometry.array[found.index]
        b = sites.geometry.array[found[_right(found)]]
        return int((measure(shapely.intersection(np.asarray(a), np.asarray(b))) > 0).sum())

    return {
        "polygons": lambda: both(polygons, shapely.area),
        "points": lambda: len(gpd.sjoin(zones, points, predicate="intersects")),
        "lines": lambda: both(lines, shapely.length),
    }


def shapely_tasks(load: Workload, _: int) -> dict[str, Task]:
    """Return the floor of GEOS without tricks: nothing but the intersections of the pairs that do intersect."""
    floor = shapely.STRtree(load.polygons).query(load.zones, predicate="intersects")
    zone, site = floor

    def only() -> int:
        return int((shapely.area(shapely.intersection(load.zones[zone], load.polygons[site])) > 0).sum())

    return {"polygons": only}


def duckdb_tasks(load: Workload, _: int) -> dict[str, Task]:
    """DuckDB with its spatial extension from PyPI."""
    import duckdb
    import duckdb_extension_spatial
    import pyarrow as pa

    folder = os.path.dirname(duckdb_extension_spatial.__file__)
    extension = glob.glob(os.path.join(folder, "extensions", "*", "spatial.duckdb_extension"))[0]
    base = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    base.execute(f"LOAD '{extension}'")
    for name in ("zones", "polygons", "points", "lines", "rivers"):
        blob = pa.table({"id": np.arange(len(getattr(load, name))), "wkb": shapely.to_wkb(getattr(load, name))})
        base.register("incoming", blob)
        base.execute(f"CREATE TABLE {name} AS SELECT id, ST_GeomFromWKB(wkb) AS g FROM incoming")

    def ask(sql: str) -> Task:
        return lambda: int(base.execute(sql).fetchone()[0])

    return _sql(ask)


def sedona_tasks(load: Workload, _: int) -> dict[str, Task]:
    """SedonaDB."""
    import pyarrow as pa
    import sedonadb

    context = sedonadb.connect()
    for name in ("zones", "polygons", "points", "lines", "rivers"):
        frame = gpd.GeoDataFrame({"id": np.arange(len(getattr(load, name)))}, geometry=getattr(load, name))
        context.create_data_frame(frame.rename_geometry("g")).to_memtable().to_view(name, overwrite=True)

    def ask(sql: str) -> Task:
        return lambda: int(pa.table(context.sql(sql)).column(0)[0].as_py())

    return _sql(ask)


def polars_tasks(load: Workload, _: int) -> dict[str, Task]:
    """polars-st."""
    import polars as pl
    import polars_st as st

    def frame(name: str) -> Any:
        shapes = getattr(load, name)
        return st.GeoDataFrame({"id": np.arange(len(shapes)), "geometry": shapely.to_wkb(shapes)})

    zones, polygons, points, lines = (frame(n) for n in ("zones", "polygons", "points", "lines"))

    def both(sites: Any, measure: str) -> int:
        found = sites.st.sjoin(zones, on="geometry", predicate="intersects")
        common = st.geom("geometry").st.intersection(st.geom("geometry_right")).st
        return int(found.select((getattr(common, measure)() > 0).sum()).item())

    del pl
    return {
        "polygons": lambda: both(polygons, "area"),
        "points": lambda: len(points.st.sjoin(zones, on="geometry", predicate="intersects")),
        "lines": lambda: both(lines, "length"),
    }


def postgis_tasks(load: Workload, _: int) -> dict[str, Task]:
    """PostGIS, where ECOZONE_POSTGIS names a server."""
    import psycopg

    base = psycopg.connect(os.environ["ECOZONE_POSTGIS"], autocommit=True)
    base.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    for setting in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
        base.execute(f"SET {setting} = 0")  # it may use both cores
    for name in ("zones", "polygons", "points", "lines", "rivers"):
        base.execute(f"DROP TABLE IF EXISTS {name}")
        base.execute(f"CREATE UNLOGGED TABLE {name} (id int, g geometry)")
        with base.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            for i, blob in enumerate(shapely.to_wkb(getattr(load, name), hex=True)):
                copy.write_row((i, blob))
        base.execute(f"CREATE INDEX ON {name} USING gist (g)")
        base.execute(f"ANALYZE {name}")

    def ask(sql: str) -> Task:
        return lambda: int(base.execute(sql).fetchone()[0])  # type: ignore[index]

    return _sql(ask)


def _sql(ask: Callable[[str], Task]) -> dict[str, Task]:
    pairs = "FROM {s} s JOIN zones z ON ST_Intersects(s.g, z.g)"
    measured = "SELECT count(*) FROM (SELECT {m}(ST_Intersection(s.g, z.g)) AS m " + pairs + ") t WHERE m > 0"
    return {
        "polygons": ask(measured.format(m="ST_Area", s="polygons")),
        "points": ask("SELECT count(*) " + pairs.format(s="points")),
        "lines": ask(measured.format(m="ST_Length", s="lines")),
        "rivers": ask("SELECT count(DISTINCT s.id) FROM points s JOIN rivers r ON ST_DWithin(s.g, r.g, 1000)"),
    }


def _frames(load: Workload) -> list[Any]:
    return [
        gpd.GeoDataFrame({"id": np.arange(len(g))}, geometry=g, crs="EPSG:4544")
        for g in (load.zones, load.polygons, load.points, load.lines, load.rivers)
    ]


def _right(found: Any) -> str:
    return next(c for c in found.columns if str(c).startswith("index_"))


PEERS: dict[str, Callable[[Workload, int], dict[str, Task]]] = {
    "ecozone": ecozone_tasks,
    "geopandas.overlay": overlay_tasks,
    "sjoin + intersection": sjoin_tasks,
    "shapely, intersections only": shapely_tasks,
    "DuckDB spatial": duckdb_tasks,
    "SedonaDB": sedona_tasks,
    "polars-st": polars_tasks,
    "PostGIS": postgis_tasks,
}


def machine() -> dict[str, str]:
    """Say what machine this is."""
    model = "?"
    if shutil.which("lscpu"):
        out = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout
        model = next((line.split(":", 1)[1].strip() for line in out.splitlines() if line.startswith("Model name")), "?")
    return {"cpu": model, "cores": str(len(os.sched_getaffinity(0))), "GEOS": shapely.geos_version_string}
