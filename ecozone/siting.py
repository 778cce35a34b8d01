"""Where may it go: a region's ground by verdict, and the nearest place where a blocked project would be free.

The region is cut along every line at which some rule's place can change, and each piece is judged at a point inside by
the very engine that judges a site: so `where_allowed` and `ecozone.check` cannot disagree, but for 0.2 m along an edge.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import crs, measure
from ecozone._check import check, choose, day_of
from ecozone._engine import HALF_WIDTH, _fact_table, _has_proposed
from ecozone._screen import processors
from ecozone.atlas import Atlas, open_atlas
from ecozone.errors import InputError
from ecozone.ground.curves import lines, looks
from ecozone.ground.faces import Faces, faces, points
from ecozone.ground.shift import Ground, NoShiftError, Shift, search
from ecozone.project import Project
from ecozone.relation import PLANT_WIDTH_M
from ecozone.rules.library import find_rule, stack
from ecozone.rules.plan import plan

if TYPE_CHECKING:
    import geopandas
    import pandas

    from ecozone.rules.model import Rulebook

__all__ = ["NoGroundError", "NoShiftError", "Shift", "Where", "nearest_clear", "where_allowed"]

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
        contiguous ground of this verdict that the piece is part of), ``large_enough``.
    as_of : datetime.date
    region_m2 : float
        The region's area.
    min_area_m2 : float
    notice : str or None
        The atlas' mark.
    cut : int
        Faces that were judged.
    """

    pieces: geopandas.GeoDataFrame
    as_of: dt.date
    region_m2: float
    min_area_m2: float
    notice: str | None
    cut: int = field(default=0, compare=False)

    def summary(self) -> pandas.DataFrame:
        """Return area, share and number of pieces by verdict; the areas add up to the region's."""
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
                    "pieces": len(mine),
                }
            )
        return pd.DataFrame(rows)

    def by_rule(self) -> pandas.DataFrame:
        """Return how much ground each rule binds, the most first: what to look at when too little is left."""
        import pandas as pd

        area: dict[str, float] = {}
        for rules, size in zip(self.pieces["rules"], self.pieces["area_m2"], strict=True):
            for rule in rules:
                area[rule] = area.get(rule, 0.0) + size
        found = sorted(area.items(), key=lambda e: -e[1])
        return pd.DataFrame(
            {
                "rule": [r for r, _ in found],
                "title": [_title(r) for r, _ in found],
                "area_m2": [a for _, a in found],
            }
        )

    def allowed(self) -> geopandas.GeoDataFrame:
        """Return the pieces on which the project may go ahead and that are large enough.

        Raises
        ------
        NoGroundError
            There are none.
        """
        found = self.pieces[self.pieces["verdict"].isin(ALLOWED) & self.pieces["large_enough"]]
        if not len(found):
            strictest = self.by_rule().head(3)["title"].tolist()
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
            open=["、".join(r) for r in self.pieces["open"]],
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


def where_allowed(
    atlas: Atlas | str | Path,
    *,
    nature: str | None = None,
    industry: str | Sequence[str] | None = None,
    facilities: Sequence[str] | str | None = None,
    facts: Mapping[str, Any] | None = None,
    has: Sequence[str] = (),
    as_of: dt.date | str | None = None,
    rules: Sequence[str | Path | Rulebook] | None = None,
    within: Any = None,
    min_area_m2: float = 0.0,
    extent_m: float = 0.0,
    site_accuracy_m: float = 0.0,
    subject: str = "project",
    stage: str | None = None,
    threads: int | None = None,
) -> Where:
    """Return a region's ground by verdict for a kind of project, with the rules that bind each piece.

    Parameters
    ----------
    atlas : Atlas or path
    nature, industry, facilities, facts, has, subject, stage
        The project's facts, as for `ecozone.Project`.
    as_of : datetime.date or ISO str
    rules : sequence, optional
        As for `ecozone.check`.
    within : shapely polygon, optional
        Look only here, EPSG:4490. None: all of the atlas' counties.
    min_area_m2 : float
        Contiguous ground of one verdict below this is marked as too small.
    extent_m : float
        How far the project's ground reaches from the point that is judged.
    site_accuracy_m : float
        Accuracy of the coordinates a project will be given with.
    threads : int, optional
        Threads that draw and measure; default: the processors there are, at most four.

    Returns
    -------
    Where

    Raises
    ------
    InputError
        The region lies outside the atlas, a fact or a size makes no sense.

    Notes
    -----
    Each piece has the verdict that `ecozone.check` gives a point in it, outside 0.2 m of its edge; a footprint that
    lies wholly in one piece gets the same, unless a rule asks for a share of its area.
    """
    opened = atlas if isinstance(atlas, Atlas) else open_atlas(atlas)
    day = day_of(as_of)
    for name, value in (("最小面积", min_area_m2), ("用地范围", extent_m), ("坐标精度", site_accuracy_m)):
        if not (np.isfinite(value) and value >= 0):
            raise InputError(f"{name} {value} 不是非负数，请改正。")
    region = _region(opened, day, within)
    bounds = shapely.bounds(region)
    plane = crs.Plane(float(bounds[0] + bounds[2]) / 2, float(bounds[1] + bounds[3]) / 2)
    view = measure.to_plane(np.array([region], dtype=object), plane)[0]
    if min_area_m2 > shapely.area(view):
        raise NoGroundError(
            f"所需面积 {min_area_m2:,.0f} 平方米大于整个区域（{shapely.area(view):,.0f} 平方米），请核对面积和单位。"
        )
    project = Project(
        shapely.point_on_surface(region),
        nature=nature,
        industry=industry,
        facilities=facilities,
        facts=facts,
        has=has,
        site_accuracy_m=site_accuracy_m,
        extent_m=extent_m,
        subject=subject,
        stage=stage,
    )
    shelf = choose(rules)
    found = cut(
        project,
        opened,
        shelf,
        day,
        plane,
        view,
        accuracy_m=site_accuracy_m,
        extent_m=extent_m,
        threads=threads or processors(),
    )
    return Where(
        _frame(found, plane, min_area_m2), day, float(shapely.area(view)), min_area_m2, opened.notice, found.cut
    )


def nearest_clear(
    project: Project,
    atlas: Atlas | str | Path,
    rules: Sequence[str | Path | Rulebook] | None = None,
    *,
    as_of: dt.date | str | None = None,
    radius_m: float = 5_000.0,
    turns: Sequence[float] = (),
    accept: Sequence[str] = ALLOWED,
    incomplete: bool = False,
) -> Shift:
    """Return the smallest shift of a project's main site that frees it.

    Parameters
    ----------
    project : Project
        Point, line or polygon; its other parts stay where they are.
    atlas, rules, as_of
        As for `ecozone.check`.
    radius_m : float
        How far to look.
    turns : sequence of float
        Turns about the centroid that are allowed besides none, degrees, e.g. ``range(15, 180, 15)``.
    accept : sequence of str
        Verdicts that do.
    incomplete : bool
        Take the nearest place even if something stays open there. Else a place with a complete answer (`ecozone check`
        leaves 0) goes before a nearer one, and one that stays open is taken only where the radius holds no other.

    Returns
    -------
    Shift
        With what `ecozone.check` says at the new place.

    Raises
    ------
    NoShiftError
        Nothing within the radius is free (on a lattice of 1 m), another part of the project is what does not pass, or
        the footprint is larger than the region.
    """
    if not (np.isfinite(radius_m) and radius_m > 0):
        raise InputError(f"查找半径 {radius_m} 不是正数，请给出米数。")
    opened = atlas if isinstance(atlas, Atlas) else open_atlas(atlas)
    day = day_of(as_of)
    shelf = choose(rules)
    site = project.parts[0]

    # a bare point stays open wherever a plant could reach something: ground is free that is so for a plant's width
    extent = site.extent_m or (PLANT_WIDTH_M if site.lacks_extent and not incomplete else 0.0)

    def cut_view(plane: crs.Plane, view: Any) -> Faces:
        return cut(project, opened, shelf, day, plane, view, accuracy_m=site.accuracy_m, extent_m=extent)

    ground = Ground(
        cut=cut_view,
        check=lambda moved: check(moved, opened, shelf, as_of=day),
        accept=_verdicts(accept),
        incomplete=incomplete,
        region=_region(opened, day, None),
        day=day,
    )
    return search(project, ground, radius_m, turns)


def _verdicts(accept: Sequence[str]) -> tuple[str, ...]:
    unknown = [v for v in accept if v not in VERDICTS]
    if unknown or not accept:
        raise InputError(f"可接受的结论 accept 应取自 {'、'.join(VERDICTS)}，不是“{'、'.join(unknown)}”。")
    return tuple(accept)


def cut(
    project: Project,
    atlas: Atlas,
    shelf: Sequence[Rulebook],
    day: dt.date,
    plane: crs.Plane,
    view: Any,
    *,
    accuracy_m: float,
    extent_m: float,
    threads: int = 1,
) -> Faces:
    """Cut a view (in a plane) into faces for a project and judge them."""
    batch = points(np.array([project.site], dtype=object), project, accuracy_m, extent_m)
    table = _fact_table(batch, atlas, shelf, day)
    admin = atlas.at("admin", day) if "admin" in atlas else None
    codes = {atlas.region} if admin is None else {str(c) for c in admin.columns["code"]}
    todo = plan(stack(shelf, codes), table, kinds=atlas.kinds, proposed=lambda kind: _has_proposed(atlas, kind, day))
    half = table.parameters.get(HALF_WIDTH)
    wanted, coverage = looks(todo, table, atlas, day, accuracy_m, extent_m, None if half is None else float(half))
    drawn = lines(wanted, coverage, plane, view, threads=threads)
    if admin is not None:
        edges = shapely.boundary(measure.to_plane(admin.geometry, plane, 1_000.0))
        drawn = np.concatenate([drawn, edges])
    return faces(
        view, drawn, plane, project, atlas, shelf, day, accuracy_m=accuracy_m, extent_m=extent_m, threads=threads
    )


def _region(atlas: Atlas, day: dt.date, within: Any) -> Any:
    """Return the ground to look at, EPSG:4490."""
    admin = atlas.at("admin", day) if "admin" in atlas else None
    if admin is None or not len(admin):
        if within is None:
            raise InputError(f"图集“{atlas.name}”没有行政区图层，请用 within 给出要查找的范围。")
        return within
    outline = shapely.union_all(admin.geometry[admin.active(day)])
    if within is None:
        return outline
    if shapely.get_dimensions(within) != 2 or not shapely.is_valid(within):
        raise InputError("查找范围 within 不是有效的面，请改正后再试。")
    crs.check_in_china(np.array(shapely.bounds(within)), what="查找范围")
    region = shapely.intersection(outline, within)
    if shapely.area(region) == 0:
        raise InputError(f"查找范围全部位于图集“{atlas.name}”（{atlas.region}）之外，请核对坐标。")
    return region


def _frame(found: Faces, plane: crs.Plane, min_area_m2: float) -> geopandas.GeoDataFrame:
    import geopandas

    area = shapely.area(found.geometry)
    block = np.zeros(len(area))
    for verdict in set(found.verdict.tolist()):
        rows = np.flatnonzero(found.verdict == verdict)
        blocks = shapely.get_parts(shapely.coverage_union_all(found.geometry[rows]))
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


def _title(rule_id: str) -> str:
    try:
        return find_rule(rule_id).title
    except InputError:
        return rule_id  # a rule of the user's own book
