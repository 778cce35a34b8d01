"""Figures by which standards draw zones around a drinking-water source, each with where it is from.

None was read in the standard itself: they stand here as parameters that a caller may set otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_RECALLED = "HJ 338-2018，凭记忆转述，未核原文"
_SICHUAN = "四川省饮用水水源保护管理条例（1997年修正），现行条例不再载明，仅用于推测旧划区"


@dataclass(frozen=True)
class Figure:
    """One figure of a standard: its value, unit and where it is from."""

    value: float
    unit: str
    source: str


def _m(value: float, source: str = _RECALLED) -> Figure:
    return Figure(value, "m", source)


#: Figures by standard and name. Those of wells: least radii by soil, of a small porous phreatic source (< 50 000 m³/d).
FIGURES: Mapping[str, Mapping[str, Figure]] = {
    "HJ 338-2018": {
        "river_up_1": _m(1000), "river_down_1": _m(100), "river_bank_1": _m(50),
        "river_up_2": _m(2000), "river_down_2": _m(200), "river_bank_2": _m(1000),
        "lake_radius_1": _m(300), "lake_radius_1_large": _m(500), "lake_radius_2_large": _m(2000),
        "lake_bank_1": _m(200), "lake_bank_2": _m(2000), "lake_bank_2_large": _m(3000),
        "well_alpha": Figure(1.5, "", _RECALLED),
        "well_days_1": Figure(100, "d", _RECALLED), "well_days_2": Figure(1000, "d", _RECALLED),
        "well_细砂_1": _m(30), "well_中砂_1": _m(50), "well_粗砂_1": _m(100), "well_砾石_1": _m(200),
        "well_卵石_1": _m(500),
        "well_细砂_2": _m(300), "well_中砂_2": _m(500), "well_粗砂_2": _m(1000), "well_砾石_2": _m(2000),
        "well_卵石_2": _m(5000),
    },
    "四川1997": {
        "river_up_1": _m(1000, _SICHUAN), "river_down_1": _m(100, _SICHUAN), "river_bank_1": _m(200, _SICHUAN),
        "river_up_2": _m(2500, _SICHUAN), "river_down_2": _m(0, _SICHUAN), "river_bank_2": _m(200, _SICHUAN),
        "river_up_3": _m(5000, _SICHUAN), "river_bank_3": _m(200, _SICHUAN),
        "lake_radius_1": _m(500, _SICHUAN), "lake_radius_1_large": _m(500, _SICHUAN), "lake_bank_1": _m(500, _SICHUAN),
        "well_1": _m(30, _SICHUAN),
    },
}  # fmt: skip
#: Aquifers of a well.
SOILS = ("细砂", "中砂", "粗砂", "砾石", "卵石")
