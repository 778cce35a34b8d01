"""`Assessment`: the answer for one project, with every finding and all that is needed to repeat it."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from ecozone._version import __version__
from ecozone.override import Override, checked, revised, still_open
from ecozone.project import Project
from ecozone.rules.finding import Finding
from ecozone.rules.model import EFFECTS

if TYPE_CHECKING:
    import folium

#: Name of the JSON shape; the schema travels with the package.
SCHEMA = "ecozone.assessment/1"
#: Verdicts as an officer reads them (SEMANTICS 1).
VERDICTS: Mapping[str, str] = {
    "prohibited": "不符合",
    "restricted": "限制，需论证",
    "conditional": "有条件符合",
    "clear": "在已载入的图层和规则范围内，未发现禁止、限制情形",
    "undetermined": "无法判定",
}
#: Said under every answer that leaves the program.
DISCLAIMER = "本结果依据已载入的图层和规则得出，仅供参考，不替代有权部门的审查决定。"
_EXIT = {"restricted": 4, "conditional": 0, "clear": 0}


@dataclass(frozen=True)
class Open:
    """One thing that would close open findings: a fact, a parameter, a layer, an instrument."""

    what: str
    label: str
    question: str
    rules: tuple[str, ...]
    worst: str
    branches: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "what": self.what,
            "label": self.label,
            "question": self.question,
            "rules": list(self.rules),
            "worst": self.worst,
            "if": list(self.branches),
        }


@dataclass(frozen=True, eq=False, repr=False)
class Context:
    """What an answer stands on besides the project: the books, layers, parameters and units it used."""

    region: str
    region_name: str
    notice: str | None
    books: Sequence[Mapping[str, Any]] = ()
    parameters: Sequence[Mapping[str, Any]] = ()
    instruments: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Assessment:
    """All findings of a project, the verdict, and the record needed to repeat it.

    Attributes
    ----------
    project : Project
    as_of : datetime.date
    verdict : str
        ``prohibited``, ``restricted``, ``conditional``, ``clear`` or ``undetermined``.
    complete : bool
        Nothing that is open could push the verdict further.
    context : Context
    edition : str
        ``full``, or ``public`` for what may be published.

    Notes
    -----
    Findings, units and layers are made when first read: a table of verdicts does not pay for sentences.
    """

    project: Project
    as_of: dt.date
    verdict: str
    complete: bool
    context: Context
    _findings: Callable[[], list[Finding]] = field(repr=False)
    _units: Callable[[], list[dict[str, Any]]] = field(repr=False)
    _layers: Callable[[], list[dict[str, Any]]] = field(repr=False)
    _assumptions: Callable[[], list[dict[str, str]]] = field(repr=False)
    _requirements: Callable[[], list[dict[str, Any]]] = field(repr=False)
    _groups: Callable[[], dict[str, Any]] = field(repr=False)
    _pictures: Callable[[], list[Picture]] = field(repr=False)
    _ground: Callable[[], list[Ground]] = field(repr=False)
    overrides: tuple[Override, ...] = ()
    edition: str = "full"
    _neighbours: Callable[[], list[dict[str, Any]]] = field(default=list, repr=False)
    _element_zones: Callable[[], list[dict[str, Any]] | None] = field(default=list, repr=False)
    _scenery: Callable[[], list[Ground]] = field(default=list, repr=False)

    @functools.cached_property
    def findings(self) -> list[Finding]:
        """One finding a rule and part, in a stable order."""
        return self._findings()

    @functools.cached_property
    def units(self) -> list[dict[str, Any]]:
        """Control units the site lies in."""
        return self._units()

    @functools.cached_property
    def layers(self) -> list[dict[str, Any]]:
        """Layers that were asked, with version, hash and what they answered."""
        return self._layers()

    @functools.cached_property
    def assumptions(self) -> list[dict[str, str]]:
        """Facts nobody gave and the answer took for granted."""
        return self._assumptions()

    @functools.cached_property
    def pictures(self) -> list[Picture]:
        """What a picture needs: zones hit, the pieces cut out, shortest lines, belts as measured (EPSG:4490)."""
        return self._pictures()

    @functools.cached_property
    def ground(self) -> list[Ground]:
        """What a picture stands on: the outline, the units and the waters around the site (EPSG:4490)."""
        return self._ground()

    @functools.cached_property
    def requirements(self) -> list[dict[str, Any]]:
        """Rows of the access lists of every unit touched, each with 符合, 不符合, 不涉及 or 无法判定."""
        return self._requirements()

    @functools.cached_property
    def neighbours(self) -> list[dict[str, Any]]:
        """The nearest protection target (环境保护目标) of each kind, whether or not a rule asks for it."""
        return self._neighbours()

    @functools.cached_property
    def element_zones(self) -> list[dict[str, Any]] | None:
        """Element zones (要素管控分区) the site lies in; None when the atlas has no such layer."""
        return self._element_zones()

    @functools.cached_property
    def scenery(self) -> list[Ground]:
        """Red line, ecological space, water sources and belts around the site, for figures (EPSG:4490)."""
        return self._scenery()

    @functools.cached_property
    def groups(self) -> dict[str, Any]:
        """Industry groups that hits and open findings turned on, with the codes used."""
        return self._groups()

    @property
    def hits(self) -> list[Finding]:
        """Findings that hit, the farthest pushing first."""
        return sorted((f for f in self.findings if f.outcome == "hit"), key=lambda f: (-f.push, not f.firm))

    @property
    def exit_status(self) -> int:
        """Exit status of the command line (SEMANTICS 1)."""
        if self.verdict == "prohibited":
            return 1
        if not self.complete or self.verdict == "undetermined":
            return 3
        return _EXIT[self.verdict]

    @property
    def sentence(self) -> str:
        """The verdict as an officer reads it, with what it rests on."""
        text = VERDICTS[self.verdict]
        return text if self.complete or self.verdict == "undetermined" else f"{text}（尚有事项未能判定）"

    @functools.cached_property
    def open(self) -> list[Open]:
        """What would close the open findings, each thing once, the gravest first."""
        from ecozone.rules.questions import grouped

        return [Open(**o) for o in grouped(self.findings)]

    def override(
        self, rule: str, *, by: str, reason: str, on: dt.date | str, zone: str | None = None, part: str = "site"
    ) -> Assessment:
        """Return the same answer with a finding, or one zone of it, struck by an officer.

        Raises
        ------
        InputError
            Nothing such to strike, or no name or reason.
        """
        stroke = checked(Override(rule, by, reason, dt.date.fromisoformat(str(on)), zone, part), self.findings)
        return replace(self, overrides=(*self.overrides, stroke))

    @property
    def after_overrides(self) -> tuple[str, bool]:
        """Verdict and completeness without what was struck; the answer's own when nothing was."""
        return revised(self.findings, self.overrides) if self.overrides else (self.verdict, self.complete)

    @property
    def open_after(self) -> list[Open]:
        """What would close the open findings that still stand; the answer's own when nothing was struck."""
        return still_open(self.open, self.findings, self.overrides) if self.overrides else self.open

    def save(self, path: str | Path) -> Path:
        """Write the record; see `ecozone.archive.save`."""
        from ecozone.archive import save

        return save(self, path)

    def public(self) -> Assessment:
        """Return the same answer for publication: shapes of sensitive layers clipped and generalised, marked 示意图."""
        from ecozone.public import public

        return public(self)

    def report(self, path: str | Path, **options: Any) -> Path:
        """Write a report, ``.docx``, ``.pdf`` or ``.html``; see `ecozone.report.write.write_report`."""
        from ecozone.report.write import write_report

        return write_report(self, path, **options)

    def to_dict(self) -> dict[str, Any]:
        """Return the assessment as plain JSON values, after the published schema ``ecozone.assessment/1``."""
        project = self.project
        return {
            "schema": SCHEMA,
            "ecozone": __version__,
            "as_of": self.as_of.isoformat(),
            "region": {"code": self.context.region, "name": self.context.region_name},
            "notice": self.context.notice,
            "project": {
                "name": project.name,
                "nature": project.nature,
                "industry": project.industries[0] if project.industries else None,
                "industries": list(project.industries),
                "facilities": list(project.facilities or ()),
                "facilities_closed": project.facilities_closed,
                "has": list(project.has),
                "facts": {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in project.facts.items()},
                "subject": project.subject,
                "stage": project.stage,
                "site": json.loads(shapely.to_geojson(project.site)),
                "area_m2": project.area_m2,
                "length_m": project.length_m,
            },
            "parts": [
                {
                    "name": p.name,
                    "facilities": list(p.facilities),
                    "permanent": p.permanent,
                    "accuracy_m": p.accuracy_m,
                    "extent_m": p.extent_m,
                    "geometry": json.loads(shapely.to_geojson(p.geometry)),
                }
                for p in project.parts
            ],
            "verdict": self.verdict,
            "verdict_text": VERDICTS[self.verdict],
            "complete": self.complete,
            "exit_status": self.exit_status,
            "findings": [f.to_dict() for f in self.findings],
            "open": [o.to_dict() for o in self.open],
            "units": self.units,
            "layers": self.layers,
            "books": [dict(b) for b in self.context.books],
            "parameters": [dict(p) for p in self.context.parameters],
            "instruments": [dict(i) for i in self.context.instruments],
            "overrides": [o.to_dict() for o in self.overrides],
            "after_overrides": dict(zip(("verdict", "complete"), self.after_overrides, strict=True)),
            "groups": self.groups,
            "assumptions": self.assumptions,
            "requirements": self.requirements,
            "element_zones": self.element_zones,
            "neighbours": self.neighbours,
            "edition": self.edition,
        }

    def map(self, m: folium.Map | None = None, **options: Any) -> folium.Map:
        """Return a folium map of the answer; see `ecozone.report.map.assessment_map`."""
        from ecozone.report.map import assessment_map

        return assessment_map(self, m, **options)

    def _repr_html_(self) -> str:
        from ecozone.report.notebook import assessment_html

        return assessment_html(self)

    def __repr__(self) -> str:
        whole = "" if self.complete else ", not complete"
        return f"<Assessment {self.project.name}: {self.verdict}{whole}, as of {self.as_of}>"


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """One zone near one part of a project, as a map needs it. Geometries in EPSG:4490.

    Attributes
    ----------
    kind, zone, name : str
    attributes : mapping
    near : geometry
        The zone as far as a picture reaches.
    shared : geometry or None
        The piece of ground inside it.
    line : geometry or None
        Shortest line from the site.
    distance_m : float
    belt_m : float or None
        Width of the belt a rule measured along it, metres; of several, the widest that hit.
    belt : geometry or None
        That belt as measured (the zone grown by `belt_m` in the local plane), as far as a picture reaches.
    rules : tuple of str
        Rules that hit because of it.
    part : str
        The part of the project it is near to.
    sensitive : bool
        Its exact shape is not public.
    """

    kind: str
    zone: str
    name: str
    attributes: Mapping[str, Any]
    near: Any
    shared: Any
    line: Any
    distance_m: float
    belt_m: float | None
    belt: Any
    rules: tuple[str, ...]
    part: str = "site"
    sensitive: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Ground:
    """One zone that a picture stands on, whether or not a rule asks for it: outline, control unit, river."""

    kind: str
    zone: str
    name: str
    attributes: Mapping[str, Any]
    geometry: Any
    sensitive: bool = False


def worst(effects: Sequence[str]) -> str:
    """Return the effect that pushes farthest."""
    return max(effects, key=lambda e: EFFECTS[e][0], default="inform")
