"""`Project`: what somebody wants to build, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ecozone import crs, measure
from ecozone.errors import FactError, GeometryError, did_you_mean
from ecozone.rules.facts import Profile

if TYPE_CHECKING:
    from ecozone.atlas import Atlas

#: What GEOS says of an invalid geometry, for officers.
_INVALID = {
    "Self-intersection": "的边界自相交",
    "Ring Self-intersection": "的边界在一点上自相接",
    "Hole lies outside shell": "的内环在外环之外",
    "Holes are nested": "的内环互相嵌套",
    "Interior is disconnected": "被内环分成互不相连的几块",
    "Nested shells": "的各块互相嵌套",
    "Duplicate Rings": "有重复的环",
    "Too few points in geometry component": "的界址点太少",
    "Ring is not closed": "的边界没有闭合",
}

#: No project's ground reaches farther from its point, metres: more is a slip of the pen.
LARGEST_EXTENT_M = 100_000.0


@dataclass(frozen=True)
class Part:
    """One piece of a project with a place of its own.

    Parameters
    ----------
    geometry : shapely geometry
        Point, line, polygon or multi-part, EPSG:4490.
    facilities : tuple of str
        Facility kinds that this part is, e.g. ``("outfall",)``; empty for the project's main site.
    permanent : bool
        False for a temporary use of ground.
    accuracy_m : float
        How far the given coordinates may lie from the true ones, metres.
    extent_m : float or None
        For a point that stands for ground: how far the ground reaches from it, metres. None: nobody said.
    name : str
        ``site``, or what the part is called in the answer.
    """

    geometry: Any
    facilities: tuple[str, ...] = ()
    permanent: bool = True
    accuracy_m: float = 0.0
    extent_m: float | None = None
    name: str = "site"

    @property
    def lacks_extent(self) -> bool:
        """A point whose ground nobody described."""
        return self.extent_m is None and shapely.get_dimensions(self.geometry) == 0 and not self.facilities


@dataclass(frozen=True, init=False)
class Project:
    """What somebody wants to build: a site and facts.

    Parameters
    ----------
    site : shapely geometry, str, (lon, lat), GeoJSON mapping, GeoSeries or GeoDataFrame
        Where. Text may be WKT, ``lon,lat`` or the form's ``106度54分8.122秒,31度51分30.053秒``.
    nature : str, optional
        ``new``, ``expand``, ``rebuild``, ``upgrade``, ``relocate`` or ``existing`` (or the Chinese words). None:
        unknown.
    industry : str or sequence of str, optional
        GB/T 4754-2017 codes. None: unknown.
    facilities : sequence of str, optional
        What the site itself is; ``"none"`` closes the list. None: inferred from the industry, otherwise unknown.
    facts : mapping, optional
        Facts by their names in the registry (``ecozone facts`` lists them).
    name : str
    crs : str, optional
        CRS of `site` when it is not EPSG:4490.
    has : sequence of str
        Facility kinds that the project has elsewhere, at a place not given yet.
    parts : mapping or sequence
        Facility kind to site; or pairs of these, where a kind may repeat (two outfalls); or `Part` objects.
    site_accuracy_m, extent_m : float, optional
        See `Part`.
    subject, stage : str, optional
        ``project`` or ``plan``; the stage of approval.
    permanent : bool
    atlas : Atlas, optional
        Where the project should lie: it decides between readings of a file whose CRS nobody said.

    Raises
    ------
    SiteError, GeometryError, CRSError
        The site cannot be used; a self-crossing ring is refused, never mended.
    FactError
        An unknown nature, industry, facility or fact.
    """

    parts: tuple[Part, ...]
    nature: str | None
    industries: tuple[str, ...]
    facilities: tuple[str, ...] | None
    facilities_closed: bool
    facts: Mapping[str, Any]
    name: str
    has: tuple[str, ...]
    subject: str
    stage: str | None
    notes: tuple[str, ...] = field(default=())

    def __init__(
        self,
        site: Any,
        nature: str | None = None,
        industry: str | Sequence[str] | None = None,
        facilities: Sequence[str] | str | None = None,
        facts: Mapping[str, Any] | None = None,
        name: str = "",
        crs: str | None = None,
        *,
        has: Sequence[str] = (),
        parts: Mapping[str, Any] | Sequence[Part | tuple[str, Any]] = (),
        site_accuracy_m: float | None = None,
        extent_m: float | None = None,
        subject: str = "project",
        stage: str | None = None,
        permanent: bool = True,
        atlas: Atlas | None = None,
    ) -> None:
        from ecozone import words
        from ecozone.intake.site import read_place

        notes: list[str] = []
        place = read_place(site, crs=crs, accuracy_m=site_accuracy_m, atlas=atlas)
        notes.extend(place.notes)
        kinds, closed = _facilities(facilities)
        given = [Part(place.geometry, permanent=permanent, accuracy_m=place.accuracy_m, extent_m=extent_m, name="site")]
        for part in parts.items() if isinstance(parts, Mapping) else parts:
            if isinstance(part, Part):
                given.append(part)
                continue
            word = words.facility(part[0])
            there = read_place(part[1], crs=crs, accuracy_m=site_accuracy_m, atlas=atlas)
            notes.extend(f"{word.name}：{n}" for n in there.notes)
            again = sum(word.key in p.facilities for p in given[1:])
            name_of_part = f"{word.key}#{again + 1}" if again else word.key
            given.append(Part(there.geometry, (word.key,), permanent, there.accuracy_m, None, name_of_part))
        if subject not in ("project", "plan"):
            raise FactError(f"对象“{subject}”无法识别，应为 project（建设项目）或 plan（规划）。")
        if stage is not None and stage not in words.stages():
            raise FactError(
                f"阶段“{stage}”无法识别{did_you_mean(stage, words.stages())}可用的阶段：{'、'.join(words.stages())}。"
            )
        if extent_m is not None and not (np.isfinite(extent_m) and 0 <= extent_m <= LARGEST_EXTENT_M):
            raise FactError(f"用地范围 {extent_m} 应为 0 到 100000 之间的米数，请给出点位到用地边缘的最远距离。")
        codes = [industry] if isinstance(industry, str | int | float) else list(industry or [])
        values = {
            "parts": tuple(given),
            "nature": words.nature(nature).key if nature else None,
            "industries": tuple(dict.fromkeys(words.normalise(c) for c in codes)),
            "facilities": kinds,
            "facilities_closed": closed,
            "facts": dict(words.check_fact(k, v) for k, v in (facts or {}).items()),
            "name": name or "未命名项目",
            "has": tuple(
                k
                for k in dict.fromkeys(words.facility(h).key for h in has)
                if not any(k in p.facilities for p in given)
            ),
            "subject": subject,
            "stage": stage,
            "notes": tuple(notes),
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        for part in self.parts:
            _check_geometry(part)

    @property
    def site(self) -> Any:
        """The main site's geometry, EPSG:4490."""
        return self.parts[0].geometry

    @property
    def area_m2(self) -> float | None:
        """Area of the main site on the ellipsoid, square metres; None for points and lines."""
        return float(measure.area_m2(self.site)[0]) if shapely.get_dimensions(self.site) == 2 else None

    @property
    def length_m(self) -> float | None:
        """Geodesic length of a line site, metres; None for points and polygons."""
        return float(measure.length_m(self.site)[0]) if shapely.get_dimensions(self.site) == 1 else None

    def profile(self) -> Profile:
        """Return what is known of the project, without its place."""
        return Profile(
            nature=self.nature,
            industries=self.industries,
            facilities=self.facilities,
            facilities_closed=self.facilities_closed,
            facts=self.facts,
            has=self.has,
            subject=self.subject,
            stage=self.stage,
            part_facilities=tuple(f for part in self.parts for f in part.facilities),
        )

    def with_(self, **changes: Any) -> Project:
        """Return the same project with some fields replaced (values as they are kept, not as they are typed)."""
        other = object.__new__(Project)
        for key in self.__dataclass_fields__:
            object.__setattr__(other, key, changes.get(key, getattr(self, key)))
        return other


def _facilities(given: Sequence[str] | str | None) -> tuple[tuple[str, ...] | None, bool]:
    """Return (kinds, closed): None when nothing was said."""
    from ecozone import words

    if given is None:
        return None, False
    items = [given] if isinstance(given, str) else list(given)
    closed = not items or "none" in items or "无" in items
    return tuple(dict.fromkeys(words.facility(k).key for k in items if k not in ("none", "无"))), closed


def _check_geometry(part: Part) -> None:
    what = "项目用地" if part.name == "site" else f"“{part.name}”的位置"
    geometry = part.geometry
    if geometry is None or shapely.is_empty(geometry):
        raise GeometryError(f"{what}没有几何图形，请提供点、线或面。")
    if shapely.get_type_id(geometry) == 7:
        raise GeometryError(f"{what}混有点、线、面，请拆成单独的部分（--part 类型=位置）。")
    crs.check_in_china(np.array(shapely.bounds(geometry)), what=what)
    if not shapely.is_valid(geometry):
        reason, _, at = str(shapely.is_valid_reason(geometry)).rstrip("]").partition("[")
        where = f"（{'，'.join(at.split()[:2])} 附近）" if at else ""
        raise GeometryError(
            f"{what}{_INVALID.get(reason, '图形无效')}{where}，请按实际边界改正界址点后再提交；项目边界不自动修复。"
        )
