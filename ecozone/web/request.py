"""What is asked of the desk, as JSON says it: one project, checked in form before any of it is computed with."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ecozone.errors import FactError, GeometryError, SiteError

if TYPE_CHECKING:
    from ecozone.project import Project
    from ecozone.rules.access import Answer

#: Vertices of a site, brackets within each other, characters of a typed site.
VERTICES, DEPTH, SITE_TEXT = 100_000, 12, 2_000_000
#: Notes on how a site was read that a request keeps.
NOTES = 20
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_PAIR = re.compile(rf"^\(?（?\s*({_NUMBER})\s*[,，;；\s]\s*({_NUMBER})\s*\)?）?$")
_WKT = re.compile(r"^\s*(?:SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)\s*(Z|M|ZM)?\s*\(", re.IGNORECASE)
#: Characters of degrees, minutes and seconds: none of them makes a path.
_ANGLES = re.compile(r"[\d.\s+\-度分秒°º′″'\"’”‘“NSEWnsew东西南北经纬,，;；、:：()（）]+")
_LINE_NUMBER = re.compile(r"^\s*(?:J|j|№|第)?\d{1,4}(?:号|点|#)?\s*(?:[、．:：)）]|\.(?!\d))\s*")
_TEXT = Annotated[str, Field(max_length=400)]
_WORD = Annotated[str, Field(max_length=80)]
_DAY = Annotated[str, Field(max_length=20)]
_METRES = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PartRequest(_Strict):
    """A facility at a place of its own."""

    facility: _WORD
    site: Annotated[str, Field(max_length=SITE_TEXT)] | dict[str, Any]


class AnswerRequest(_Strict):
    """What an officer says of one row of an access list."""

    unit: _WORD
    row: _WORD
    conformity: Annotated[str, Field(pattern="^(符合|不符合|不涉及)$")]
    situation: _TEXT = ""
    basis: _TEXT = ""
    by: _TEXT = ""
    on: _DAY | None = None


class CheckRequest(_Strict):
    """A project and the day: what `ecozone check` takes."""

    site: Annotated[str, Field(max_length=SITE_TEXT)] | dict[str, Any] = Field(
        description="GeoJSON、WKT、“经度,纬度”或度分秒；坐标系为 EPSG:4490，另有坐标系时给出 crs。",
        examples=["103.5673,29.3975"],
    )
    name: _TEXT = Field("", description="项目名称。")
    nature: _WORD | None = Field(None, description="new、expand、rebuild、upgrade、relocate、existing 或中文。")
    industry: Annotated[list[_WORD], Field(max_length=20)] = Field([], description="国民经济行业代码，如 C2614。")
    facilities: Annotated[list[_WORD], Field(max_length=80)] | None = Field(
        None, description="用地本身是哪些设施；none 表示此外没有。"
    )
    has: Annotated[list[_WORD], Field(max_length=80)] = Field([], description="在别处有、位置尚未给出的设施。")
    parts: Annotated[list[PartRequest], Field(max_length=40)] = Field([], description="在别处的设施及其位置。")
    facts: Annotated[dict[_WORD, bool | int | float | _TEXT], Field(max_length=200)] = Field({}, description="事实。")
    crs: Annotated[str, Field(pattern=r"^EPSG:\d{4,6}$")] | None = Field(None, description="坐标系，如 EPSG:4544。")
    extent_m: _METRES | None = Field(None, description="点位到用地边缘的最远距离，米。")
    site_accuracy_m: _METRES | None = Field(None, description="坐标精度，米；缺省按小数位数。")
    permanent: bool = Field(True, description="false 为临时用地。")
    subject: _WORD = Field("project", description="project 建设项目，plan 规划。")
    stage: _WORD | None = Field(None, description="办理阶段：招商、立项、选址、用地预审、可研、安评、环评。")
    as_of: _DAY | None = Field(None, description="判定日期，如 2026-11-22；缺省取北京时间当天。")
    answers: Annotated[list[AnswerRequest], Field(max_length=400)] = Field([], description="准入清单的人工核对。")
    notes: Annotated[list[_TEXT], Field(max_length=NOTES)] = Field(
        [], description="位置是怎样读出来的（坐标系如何认定、精度有无说明），原样列入结论的推定。"
    )


class WhereRequest(_Strict):
    """A kind of project and the day: what `ecozone where` takes."""

    nature: _WORD | None = Field(None, description="new、expand、rebuild、upgrade、relocate、existing 或中文。")
    industry: Annotated[list[_WORD], Field(max_length=20)] = Field([], description="国民经济行业代码，如 C2614。")
    facilities: Annotated[list[_WORD], Field(max_length=80)] | None = Field(
        None, description="用地本身是哪些设施；none 表示此外没有。"
    )
    has: Annotated[list[_WORD], Field(max_length=80)] = Field([], description="在别处有、位置尚未给出的设施。")
    facts: Annotated[dict[_WORD, bool | int | float | _TEXT], Field(max_length=200)] = Field({}, description="事实。")
    within: Annotated[str, Field(max_length=SITE_TEXT)] | dict[str, Any] | None = Field(
        None, description="只在这个面内查找，GeoJSON 或 WKT，EPSG:4490；缺省为图集全域。"
    )
    min_area_m2: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] = Field(
        0.0, description="连片面积下限，平方米；小于它的标为过小。"
    )
    extent_m: _METRES = Field(0.0, description="点位到用地边缘的最远距离，米；0 为逐点判定。")
    site_accuracy_m: _METRES = Field(0.0, description="项目坐标的精度，米。")
    subject: _WORD = Field("project", description="project 建设项目，plan 规划。")
    stage: _WORD | None = Field(None, description="办理阶段。")
    as_of: _DAY | None = Field(None, description="判定日期，如 2026-11-22；缺省取北京时间当天。")


def project_of(asked: Mapping[str, Any]) -> Project:
    """Return the project that a request describes; no text in it is ever taken for the name of a file.

    Parameters
    ----------
    asked : mapping
        A `CheckRequest` as plain values.

    Raises
    ------
    InputError
        Something in it cannot be used.
    """
    from ecozone.project import Project

    site, accuracy = place(asked["site"], asked["site_accuracy_m"])
    project = Project(
        site,
        nature=asked["nature"] or None,
        industry=list(asked["industry"]) or None,
        facilities=asked["facilities"],
        facts=asked["facts"],
        name=asked["name"].strip(),
        crs=asked["crs"],
        has=list(asked["has"]),
        parts=[(p["facility"], place(p["site"], None)[0]) for p in asked["parts"]],
        site_accuracy_m=accuracy,
        extent_m=asked["extent_m"],
        subject=asked["subject"],
        stage=asked["stage"] or None,
        permanent=asked["permanent"],
    )
    said = tuple(dict.fromkeys([*asked.get("notes", ()), *project.notes]))
    return project.with_(notes=said) if said else project


def answers_of(asked: Mapping[str, Any]) -> dict[tuple[str, str], Answer]:
    """Return what the officer said of access-list rows."""
    from ecozone.rules.access import Answer

    out = {}
    for a in asked["answers"]:
        on = day(a["on"]) if a["on"] else None
        out[(a["unit"], a["row"])] = Answer(a["conformity"], a["situation"], a["basis"], a["by"], on)
    return out


def day(text: str) -> dt.date:
    """Read a date.

    Raises
    ------
    FactError
        It is none.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise FactError(f"日期“{text}”有误，请写成 2026-11-22 的样子。") from None


def place(given: Any, accuracy_m: float | None) -> tuple[Any, float | None]:
    """Return a site that `Project` reads, and its accuracy; several typed points are joined in their order.

    Raises
    ------
    SiteError, GeometryError
        What was given is no place.
    """
    if isinstance(given, Mapping):
        return _geojson(given), accuracy_m
    text = given.strip()
    if not text:
        raise SiteError("没有给出项目位置，请画出用地、粘贴坐标或上传文件。")
    if len(text) > SITE_TEXT or max(_depths(text)) > DEPTH:
        raise GeometryError("坐标文字太长或括号层数太多，请改用文件。")
    if _WKT.match(text):
        if text.count(",") > VERTICES:
            raise GeometryError(f"用地的界址点超过 {VERTICES} 个，请简化后再试。")
        return text, accuracy_m
    lines = [_LINE_NUMBER.sub("", line).strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and (_PAIR.match(lines[0]) or _dms(lines[0])):
        return lines[0], accuracy_m
    return _joined(lines, accuracy_m)


def typed(text: str) -> bool:
    """Say whether a text is a site that `place` reads; other texts are contents of a file (界址点 TXT, a table)."""
    lines = [_LINE_NUMBER.sub("", line).strip() for line in text.strip().splitlines() if line.strip()]
    return bool(_WKT.match(text.strip())) or (bool(lines) and all(_PAIR.match(n) or _dms(n) for n in lines))


def _dms(line: str) -> bool:
    return (
        len(re.split(r"[,，;；]", line)) == 2
        and any(mark in line for mark in "度°º")
        and len(line) < 100
        and bool(_ANGLES.fullmatch(line))
    )


def _joined(lines: list[str], accuracy_m: float | None) -> tuple[Any, float | None]:
    import shapely

    from ecozone.intake.site import read_place

    pairs = [_PAIR.match(line) for line in lines]
    if all(pairs):
        xy = [f"{p[1]} {p[2]}" for p in pairs if p]
        ring = [*xy, xy[0]] if xy[0] != xy[-1] else xy
        if len(lines) == 2:
            return f"LINESTRING ({', '.join(xy)})", accuracy_m
        if len(ring) > VERTICES:
            raise GeometryError(f"用地的界址点超过 {VERTICES} 个，请简化后再试。")
        return f"POLYGON (({', '.join(ring)}))", accuracy_m  # as text: the printed digits say how precise it is
    if not all(map(_dms, lines)):
        bad = next(n for n, line in enumerate(lines, 1) if not (_PAIR.match(line) or _dms(line)))
        raise SiteError(
            f"第 {bad} 行“{lines[bad - 1][:40]}”不是坐标。每行一个点，写成“103.5673,29.3975”或"
            "“103度34分2.3秒,29度23分51.0秒”；也可以粘贴 WKT 或界址点 TXT 的全文。"
        )
    places = [read_place(line) for line in lines]
    points = [p.geometry for p in places]
    shape = shapely.LineString(points) if len(points) == 2 else shapely.Polygon(points)
    return shape, max(p.accuracy_m for p in places) if accuracy_m is None else accuracy_m


def _depths(text: str) -> list[int]:
    depth, out = 0, [0]
    for character in text:
        if character in "(（[{":
            depth += 1
            out.append(depth)
        elif character in ")）]}":
            depth -= 1
    return out


def _geojson(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return GeoJSON whose numbers are finite, not too many, not too deep."""
    count = 0
    stack: list[tuple[Any, int]] = [(node, 0)]
    while stack:
        value, depth = stack.pop()
        if depth > DEPTH + 8:
            raise GeometryError("GeoJSON 的层数太多，请检查 coordinates。")
        if isinstance(value, Mapping):
            stack += [(v, depth + 1) for k, v in value.items() if k != "properties"]
        elif isinstance(value, list | tuple):
            stack += [(v, depth + 1) for v in value]
        elif isinstance(value, bool):
            raise GeometryError("GeoJSON 里没有可用的几何图形，请检查 type 和 coordinates。")
        elif isinstance(value, int | float):
            count += 1
            if not (math.isfinite(value) and abs(value) < 1e9):
                raise GeometryError("GeoJSON 的坐标里有不是经纬度的数，请检查。")
        if count > 3 * VERTICES:
            raise GeometryError(f"用地的界址点超过 {VERTICES} 个，请简化后再试。")
    return {k: v for k, v in node.items() if k in ("type", "coordinates", "geometry", "geometries", "features")}
