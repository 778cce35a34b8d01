"""Environmental control units and element zones: wall-to-wall, with codes that follow their grammar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import shapely
from shapely.geometry.base import BaseGeometry

from .partition import partition
from .sheet import Sheet

CATEGORY_DIGIT = {"优先": "1", "重点": "2", "一般": "3"}
ELEMENT_DIGIT = {"生态": "1", "水": "2", "大气": "3", "土壤": "4", "资源": "5"}


@dataclass(frozen=True)
class County:
    """A county whose code its units carry."""

    code: str
    name: str
    city: str
    shape: BaseGeometry


@dataclass(frozen=True)
class Claim:
    """A control unit's name, its category and the ground it wants."""

    category: str
    name: str
    shape: BaseGeometry
    subtype: str | None = None

    def of(self, county: County) -> Claim:
        """Return the same claim with the county's name before its own."""
        return replace(self, name=f"{county.name}{self.name}")


def draw_control_units(sheet: Sheet, counties: Sequence[County], claims: Sequence[Claim]) -> None:
    """Divide the outline into control units; what no claim wants is the county's general unit."""
    wanted: list[tuple[str, BaseGeometry]] = []
    about: dict[str, tuple[County, Claim]] = {}
    for claim in claims:
        for county in counties:
            own = claim.shape.intersection(county.shape)
            if own.area < 30_000.0:
                continue
            label = f"{county.code}|{claim.name}"
            about[label] = (
                county,
                claim if claim.subtype == "工业" or len(counties) == 1 else claim.of(county),
            )
            wanted.append((label, own))
    for county in counties:
        label = f"{county.code}|一般管控单元"
        about[label] = (county, Claim("一般", f"{county.name}一般管控单元", county.shape))
        wanted.append((label, county.shape))
    pieces = partition(sheet.outline, wanted, rest=wanted[-1][0])
    serial: dict[tuple[str, str], int] = defaultdict(int)
    for label, shape in pieces.items():
        county, claim = about[label]
        serial[county.code, claim.category] += 1
        code = f"ZH{county.code}{CATEGORY_DIGIT[claim.category]}{serial[county.code, claim.category]:04d}"
        title = {"优先": "优先保护单元", "一般": "一般管控单元"}.get(claim.category, f"{claim.subtype}重点管控单元")
        sheet.add(
            "control_unit",
            claim.name,
            shape,
            named=False,
            clip=False,
            zone=code,
            code=code,
            category=claim.category,
            list_type=f"环境综合管控单元{title}",
            subtype=claim.subtype,
            city=county.city,
            county=county.name,
        )


def draw_element_zones(
    sheet: Sheet,
    counties: Sequence[County],
    *,
    farming_water: BaseGeometry,
    weak_air: BaseGeometry,
    layout_air: BaseGeometry,
) -> None:
    """Divide the outline once for each element, from the layers drawn before.

    Parameters
    ----------
    sheet : Sheet
        With red line, water sources, parks, built-up areas, farmland and fuel bans already drawn.
    counties : sequence of County
        Whose codes the zones carry.
    farming_water, weak_air, layout_air : shapely geometry
        Ground of the 水环境农业污染, 大气环境弱扩散 and 大气环境布局敏感 key zones.
    """
    industry = shapely.union_all([sheet.shape("industrial_park"), sheet.shape("chemical_park")])
    town = sheet.shape("built_up_area")
    parks = shapely.union_all([sheet.shape(kind) for kind in ("nature_park", "scenic_area", "nature_reserve")])
    scheme: dict[str, list[tuple[str, str, str, BaseGeometry | None]]] = {
        "生态": [
            ("优先", "1", "生态保护红线", sheet.shape("ecological_redline")),
            ("优先", "3", "一般生态空间", sheet.shape("general_ecological_space")),
            ("一般", "1", "生态空间一般管控区", None),
        ],
        "水": [
            ("优先", "1", "水环境优先保护区", sheet.shape("water_source")),
            ("重点", "1", "水环境工业污染重点管控区", industry),
            ("重点", "2", "水环境城镇生活污染重点管控区", town),
            ("重点", "3", "水环境农业污染重点管控区", farming_water),
            ("一般", "1", "水环境一般管控区", None),
        ],
        "大气": [
            ("优先", "1", "大气环境优先保护区", parks),
            ("重点", "1", "大气环境高排放重点管控区", industry),
            ("重点", "4", "大气环境受体敏感重点管控区", town),
            ("重点", "3", "大气环境弱扩散重点管控区", weak_air),
            ("重点", "2", "大气环境布局敏感重点管控区", layout_air),
            ("一般", "1", "大气环境一般管控区", None),
        ],
        "土壤": [
            ("优先", "1", "农用地优先保护区", sheet.shape("farmland_priority_area")),
            ("重点", "2", "建设用地污染风险重点管控区", sheet.shape("contaminated_land").buffer(120.0)),
            ("一般", "1", "土壤环境一般管控区", None),
        ],
        "资源": [
            ("重点", "4", "高污染燃料禁燃区", sheet.shape("fuel_ban_zone")),
            ("一般", "1", "自然资源一般管控区", None),
        ],
    }
    for element, rows in scheme.items():
        wanted: list[tuple[str, BaseGeometry]] = []
        about: dict[str, tuple[County, tuple[str, str, str]]] = {}
        for category, digit, detail, shape in rows:
            for county in counties:
                own = county.shape if shape is None else shape.intersection(county.shape)
                if own.area < 10_000.0:
                    continue
                label = f"{county.code}|{detail}"
                about[label] = (county, (category, digit, detail))
                wanted.append((label, own))
        for label, piece in partition(sheet.outline, wanted, rest=wanted[-1][0], crumb_m2=5_000.0).items():
            county, (category, digit, detail) = about[label]
            code = f"YS{county.code}{CATEGORY_DIGIT[category]}{ELEMENT_DIGIT[element]}{digit}0001"
            sheet.add(
                "element_zone",
                f"{county.name}{detail}",
                piece,
                named=False,
                clip=False,
                zone=code,
                code=code,
                element=element,
                category=category,
                detail=detail,
            )
