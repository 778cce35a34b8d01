"""PostGIS as an independent judge: geodesic areas and lengths of the same ground, by another engine and another way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from conftest import ROOT
from ground import DAY

from ecozone.atlas import Atlas
from ecozone.layer import Layer
from ecozone.relate import cut, relate, table
from ecozone.relation import Request

sys.path.insert(0, str(ROOT / "benchmarks"))
import workload

pytestmark = pytest.mark.postgis
#: Edges this short, metres, are one line in degrees, on the ellipsoid and in a plane, to a hundredth of a millimetre.
SHORT = 10.0
LOAD = workload.make(zones=150, rivers=40, polygons=250, points=300, lines=40, side=workload.SIDE * 0.0075**0.5)


def degrees(shapes: Any) -> Any:
    return workload.degrees(shapely.segmentize(shapes, SHORT))


ZONES, SITES, LINES, POINTS = (degrees(s) for s in (LOAD.zones, LOAD.polygons, LOAD.lines, LOAD.points))
LAYER = Layer.from_arrays(
    kind="ecological_redline", geometry=ZONES, columns={}, meta={"accuracy_m": 0.0},
    coverage=shapely.box(*np.add(shapely.total_bounds(ZONES), (-0.5, -0.5, 0.5, 0.5))),
)  # fmt: skip


@pytest.fixture(scope="module")
def base(server: str) -> Iterator[Any]:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(server, autocommit=True) as base:
        base.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        for name, shapes in (("zones", ZONES), ("sites", SITES), ("lines", LINES), ("points", POINTS)):
            base.execute(f"CREATE TEMP TABLE {name} (id int, g geometry)")
            with base.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                for i, blob in enumerate(shapely.to_wkb(shapely.set_srid(shapes, 4490), hex=True, include_srid=True)):
                    copy.write_row((i, blob))
        yield base


def agree(mine: Any, judge: Any, size: str) -> None:
    """Areas within a millionth or 0.001 m²; lengths, taken in a plane true to area, within what that stretches them."""
    mine, judge = np.asarray(mine, dtype=float), np.asarray(judge, dtype=float)
    part = 1e-6 if size == "ST_Area" else 1.2e-5  # see `ecozone.relate.pairs.SLACK_M`
    assert (np.abs(mine - judge) <= np.maximum(part * judge, 1e-3)).all(), np.abs(mine - judge).max()


@pytest.mark.parametrize(("sites", "shapes", "size"), [("sites", SITES, "ST_Area"), ("lines", LINES, "ST_Length")])
def test_single_pairs(base: Any, sites: str, shapes: Any, size: str) -> None:
    rows = base.execute(
        f"SELECT s.id, z.id, {size}(ST_Intersection(s.g, z.g)::geography) FROM {sites} s JOIN zones z"
        " ON ST_Intersects(s.g, z.g)"
    ).fetchall()
    right = {(s, z): amount for s, z, amount in rows if amount > 1e-3}
    got = table.shared(shapes, LAYER, threads=2)
    mine = dict(zip(zip(got.site.tolist(), got.zone.tolist(), strict=True), got.amount.tolist(), strict=True))
    both = sorted(set(right) & set(mine))
    assert len(both) > 200
    agree([mine[k] for k in both], [right[k] for k in both], size)
    assert all(max(right.get(k, 0), mine.get(k, 0)) < 2e-3 for k in set(right) ^ set(mine))


@pytest.mark.parametrize(("sites", "shapes", "size"), [("sites", SITES, "ST_Area"), ("lines", LINES, "ST_Length")])
def test_dissolved_as_rules_read_them(base: Any, sites: str, shapes: Any, size: str) -> None:
    """What a rule's threshold is compared with: overlaps of one theme together, once."""
    rows = base.execute(
        f"SELECT s.id, {size}(ST_Intersection(s.g, (SELECT ST_Union(z.g) FROM zones z WHERE ST_Intersects(s.g, z.g)))"
        f"::geography) FROM {sites} s ORDER BY s.id"
    ).fetchall()
    right = np.array([amount or 0.0 for _, amount in rows])
    atlas, zero = Atlas([LAYER], "511111"), np.zeros(len(shapes))
    request = Request("ecological_redline")
    measured = relate(cut(shapes, zero, zero, atlas, [""], DAY), atlas, [request], as_of=DAY).measured[request]
    assert (right > 0).sum() > 20
    agree(measured.overlap[: len(shapes)], right, size)


def test_points_in_zones(base: Any) -> None:
    rows = base.execute("SELECT s.id, z.id FROM points s JOIN zones z ON ST_Intersects(s.g, z.g)").fetchall()
    got = table.shared(POINTS, LAYER)
    assert set(zip(got.site.tolist(), got.zone.tolist(), strict=True)) == set(rows) and len(rows) > 100
