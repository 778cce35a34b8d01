"""What a kind of project asks of a region: which ground, which facts, which books, and the ground cut for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import crs, measure
from ecozone._engine import Judged
from ecozone._known import HALF_WIDTH, fact_table, has_proposed
from ecozone.errors import InputError
from ecozone.ground.curves import lines, looks
from ecozone.ground.faces import Faces, faces, points
from ecozone.ground.offset import shrunk
from ecozone.project import Project
from ecozone.rules.library import stack
from ecozone.rules.plan import plan

if TYPE_CHECKING:
    from ecozone.assessment import Open
    from ecozone.atlas import Atlas
    from ecozone.rules.model import Rulebook


_AREA = 2


@dataclass(frozen=True)
class Asked:
    """A kind of project that walks over an atlas as a point.

    Attributes
    ----------
    project : Project
        Its facts count, its site doesn't.
    accuracy_m, extent_m : float
        Of the point.
    threads : int
        Threads that draw and measure.
    """

    project: Project
    atlas: Atlas
    shelf: Sequence[Rulebook]
    day: dt.date
    accuracy_m: float
    extent_m: float
    threads: int = 1

    def cut(self, plane: crs.Plane, view: Any) -> Faces:
        """Cut a view (in a plane) into faces and judge them."""
        atlas, shelf, day, a, extent = self.atlas, self.shelf, self.day, self.accuracy_m, self.extent_m
        batch = points(np.array([self.project.site], dtype=object), self.project, a, extent)
        table = fact_table(batch, atlas, shelf, day)
        admin = atlas.at("admin", day) if "admin" in atlas else None
        codes = {atlas.region} if admin is None else {str(c) for c in admin.columns["code"]}
        todo = plan(stack(shelf, codes), table, kinds=atlas.kinds, proposed=lambda kind: has_proposed(atlas, kind, day))
        half = table.parameters.get(HALF_WIDTH)
        wanted, coverage = looks(todo, table, atlas, day, a, extent, None if half is None else float(half))
        drawn = [lines(wanted, coverage, plane, view, threads=self.threads)]
        if admin is not None:
            counties = measure.to_plane(admin.geometry, plane, 1_000.0)
            drawn.append(shapely.boundary(counties))
            if extent > 0:  # ground that reaches over the rim of what is known stays open
                drawn.append(np.array([shapely.boundary(shrunk(counties, extent))], dtype=object))
        return faces(
            view, np.concatenate(drawn), plane, self.project, atlas, shelf, day,
            accuracy_m=a, extent_m=extent, threads=self.threads,
        )  # fmt: skip

    def questions(self, places: Sequence[Any]) -> list[Open]:
        """Return what would close what is open at some places (EPSG:4490), each thing once."""
        batch = points(np.array(places, dtype=object), self.project, self.accuracy_m, self.extent_m)
        judged = Judged.of(batch, lambda _: self.project, self.atlas, self.shelf, self.day, outside="keep")
        out: dict[str, Open] = {}
        for answer in judged.assessments():
            for one in answer.open:
                out.setdefault(one.what, one)
        return list(out.values())

    def rules(self) -> dict[str, tuple[str, int]]:
        """Return what the rules are called and how far they push, by id."""
        return {rule.id: (rule.title, rule.push) for book in self.shelf for rule in book.rules}


def region_of(atlas: Atlas, day: dt.date, within: Any) -> Any:
    """Return the ground to look at, EPSG:4490: all counties of an atlas, or what lies within a polygon of them.

    Raises
    ------
    InputError
        There is no polygon to look in, or it lies outside the atlas.
    """
    if within is not None:
        if shapely.get_dimensions(within) != _AREA or not shapely.is_valid(within):
            raise InputError("查找范围 within 不是有效的面，请改正后再试。")
        crs.check_in_china(np.array(shapely.bounds(within)), what="查找范围")
    admin = atlas.at("admin", day) if "admin" in atlas else None
    if admin is None or not admin.active(day).any():
        if within is None:
            why = "没有行政区图层" if "admin" not in atlas else f"的行政区图层在 {day.isoformat()} 没有有效的区划"
            raise InputError(f"图集“{atlas.name}”{why}，请用 within（命令行 --within）给出要查找的范围。")
        return within
    outline = shapely.union_all(admin.geometry[admin.active(day)])
    if within is None:
        return outline
    region = shapely.intersection(outline, within)
    if shapely.area(region) == 0:
        raise InputError(f"查找范围全部位于图集“{atlas.name}”（{atlas.region}）之外，请核对坐标。")
    return shapely.union_all([p for p in shapely.get_parts(region) if shapely.get_dimensions(p) == _AREA])
