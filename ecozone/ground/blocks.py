"""A region's ground by verdict: what a search for ground answers, in pieces, in sums and as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import crs
from ecozone.errors import InputError

if TYPE_CHECKING:
    import geopandas
    import pandas

    from ecozone.assessment import Open
    from ecozone.ground.faces import Faces

#: Verdicts from the freest to the strictest, with what officers read.
VERDICTS: Mapping[str, str] = {
    "clear": "未发现禁止、限制情形",
    "conditional": "有条件符合",
    "undetermined": "无法判定",
    "restricted": "限制，需论证",
    "prohibited": "不符合",
}
#: Ground on which a project may go ahead.
ALLOWED = ("clear", "conditional")
#: How far rules must push to bring a verdict about.
_PUSHES = {"conditional": 1, "restricted": 2, "prohibited": 3}
#: Vertices closer than this are one, metres.
_GRID_M = 1e-3


class NoGroundError(InputError):
    """No ground is left on which the project could be built."""


@dataclass(frozen=True)
class Where:
    """A region's ground by verdict.

    Attributes
    ----------
    pieces : geopandas.GeoDataFrame
        EPSG:4490; pieces share no ground and fill the region. ``verdict``, ``complete``, ``rules`` (ids of rules that
        bind and push the verdict), ``open`` (ids of rules that stay open and could), ``area_m2``, ``block_m2`` (the
        contiguous ground of this verdict, or of all verdicts in `ALLOWED`, that the piece is part of),
        ``large_enough``.
    as_of : datetime.date
    region_m2 : float
        The region's area.
    min_area_m2 : float
    notice : str or None
        The atlas' mark.
    cut : int
        Faces that were judged.
    titles, pushes : mapping
        What rules are called, and how far they push the verdict (0 to 3), by id.
    slope_max : float or None
        Steepest ground that will do, degrees.
    """

    pieces: geopandas.GeoDataFrame
    as_of: dt.date
    region_m2: float
    min_area_m2: float
    notice: str | None
    cut: int = field(default=0, compare=False)
    titles: Mapping[str, str] = field(default_factory=dict, compare=False)
    pushes: Mapping[str, int] = field(default_factory=dict, compare=False)
    slope_max: float | None = None
    _questions: Callable[[Sequence[Any]], list[Open]] | None = field(default=None, repr=False, compare=False)

    def summary(self) -> pandas.DataFrame:
        """Return area, share and number of pieces by verdict; the areas add up to the region's.

        ``incomplete_m2`` is ground where something is open that could push the verdict further.
        """
        import pandas as pd

        rows = []
        for verdict, name in VERDICTS.items():
            mine = self.pieces[self.pieces["verdict"] == verdict]
            area = float(mine["area_m2"].sum())
            rows.append(
                {
                    "verdict": verdict,
                    "name": name,
                    "area_m2": area,
                    "share": area / self.region_m2 if self.region_m2 else 0.0,
                    "large_enough_m2": float(mine.loc[mine["large_enough"], "area_m2"].sum()),
                    "incomplete_m2": float(mine.loc[~mine["complete"].astype(bool), "area_m2"].sum()),
                    "pieces": len(mine),
                }
            )
        return pd.DataFrame(rows)

    def by_rule(self, verdict: str | None = None) -> pandas.DataFrame:
        """Return how much ground each rule binds, the most first: what to look at when too little is left.

        Parameters
        ----------
        verdict : str, optional
            Only ground of this verdict, and only the rules that push as far. None: all.
        """
        mine = self.pieces if verdict is None else self.pieces[self.pieces["verdict"] == verdict]
        least = 0 if verdict is None else _PUSHES.get(verdict, 0)
        return self._areas(mine["rules"], mine["area_m2"], least)

    def by_open_rule(self) -> pandas.DataFrame:
        """Return how much ground each rule leaves open that could push its verdict further, the gravest rules first."""
        mine = self.pieces[~self.pieces["complete"].astype(bool)]
        found = self._areas(mine["open"], mine["area_m2"], 0)
        return found.sort_values("push", ascending=False, kind="stable", ignore_index=True)

    def _areas(self, rules: Iterable[Sequence[str]], sizes: Iterable[float], least: int) -> pandas.DataFrame:
        import pandas as pd

        area: dict[str, float] = {}
        for ids, size in zip(rules, sizes, strict=True):
            for rule in ids:
                area[rule] = area.get(rule, 0.0) + size
        found = sorted(((r, a) for r, a in area.items() if self.pushes.get(r, 3) >= least), key=lambda e: -e[1])
        return pd.DataFrame(
            {
                "rule": [r for r, _ in found],
                "title": [self.title(r) for r, _ in found],
                "area_m2": [a for _, a in found],
                "push": [self.pushes.get(r, 3) for r, _ in found],
            }
        )

    def questions(self, most: int = 3) -> list[Open]:
        """Return what would settle the ground that is not judged completely: facts, parameters, layers.

        Asked at one place in each of the `most` largest grounds that are open for different rules.
        """
        mine = self.pieces[~self.pieces["complete"].astype(bool)]
        if self._questions is None or not len(mine):
            return []
        largest = mine.assign(key=[" ".join(r) for r in mine["open"]]).sort_values("area_m2", ascending=False)
        size = largest.groupby("key", sort=False)["area_m2"].sum().sort_values(ascending=False)
        places = [largest[largest["key"] == key].geometry.iloc[0].representative_point() for key in size.index[:most]]
        return self._questions(places)

    def title(self, rule: str) -> str:
        """Return what a rule is called."""
        return self.titles.get(rule, rule)

    def allowed(self) -> geopandas.GeoDataFrame:
        """Return the pieces on which the project may go ahead and that are large enough.

        Raises
        ------
        NoGroundError
            There are none.
        """
        found = self.pieces[self.pieces["verdict"].isin(ALLOWED) & self.pieces["large_enough"]]
        if not len(found):
            strictest = [t for v in ("prohibited", "restricted") for t in self.by_rule(v).head(2)["title"]]
            because = f"占地最多的限制：{'；'.join(strictest)}。" if strictest else ""
            open_m2 = float(self.pieces.loc[self.pieces["verdict"] == "undetermined", "area_m2"].sum())
            still = f"另有 {open_m2 / 1e4:,.1f} 公顷无法判定，补充资料后可能可用。" if open_m2 else ""
            size = f"不小于 {self.min_area_m2:,.0f} 平方米的" if self.min_area_m2 else ""
            raise NoGroundError(f"区域内没有{size}可建用地。{because}{still}")
        return found

    def save(self, path: str | Path) -> Path:
        """Write the pieces as a GeoPackage, GeoJSON or GeoParquet file, by the name's ending."""
        target = Path(path)
        frame = self.pieces.assign(
            rules=["、".join(r) for r in self.pieces["rules"]],
            rule_names=["；".join(self.title(x) for x in r) for r in self.pieces["rules"]],
            open=["、".join(r) for r in self.pieces["open"]],
            open_names=["；".join(self.title(x) for x in r) for r in self.pieces["open"]],
            verdict_name=[VERDICTS[v] for v in self.pieces["verdict"]],
            as_of=self.as_of.isoformat(),
            notice=self.notice or "",
        )
        ending = target.suffix.lower()
        if ending not in (".gpkg", ".geojson", ".json", ".parquet"):
            raise InputError(f"“{target.name}”的扩展名无法识别，请写成 .gpkg、.geojson 或 .parquet。")
        target.parent.mkdir(parents=True, exist_ok=True)
        if ending == ".parquet":
            frame.to_parquet(target)
        else:
            frame.to_file(target, driver="GPKG" if ending == ".gpkg" else "GeoJSON")
        return target


def frame(found: Faces, plane: crs.Plane, min_area_m2: float, *, cut_after: bool = False) -> geopandas.GeoDataFrame:
    """Return faces as the table of `Where`; `cut_after`: some do not meet their neighbours vertex by vertex."""
    import geopandas

    area = shapely.area(found.geometry)
    block = np.zeros(len(area))
    together = np.where(np.isin(found.verdict, ALLOWED), ALLOWED[0], found.verdict)
    for verdict in set(together.tolist()):
        rows = np.flatnonzero(together == verdict)
        # pieces share their vertices, but for those cut along pixels afterwards
        ground = found.geometry[rows]
        united = shapely.union_all(ground, grid_size=_GRID_M) if cut_after else shapely.coverage_union_all(ground)
        blocks = shapely.get_parts(united)
        i, j = shapely.STRtree(blocks).query(shapely.point_on_surface(found.geometry[rows]), predicate="intersects")
        block[rows[i]] = shapely.area(blocks)[j]
    return geopandas.GeoDataFrame(
        {
            "verdict": found.verdict.astype(object),
            "complete": found.complete,
            "rules": list(found.rules),
            "open": list(found.open),
            "area_m2": area,
            "block_m2": block,
            "large_enough": block >= min_area_m2,
        },
        geometry=list(shapely.transform(found.geometry, plane.inverse)),
        crs=crs.GEOGRAPHIC,
    )
