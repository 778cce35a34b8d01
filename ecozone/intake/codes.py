"""The grammar of unit codes: ZH + county + category + serial, YS + county + category + element + detail + serial.

County codes are those of the day a unit was drawn; renamed counties keep their old ones.
"""

from __future__ import annotations

import re
from typing import Any

from ecozone.intake.issue import Issue

GRAMMAR = {
    "control_unit": re.compile(r"^ZH(?P<county>\d{6})(?P<category>[123])\d{4}$"),
    "element_zone": re.compile(r"^YS(?P<county>\d{6})(?P<category>[123])(?P<element>[1-5])\d\d{4}$"),
    "admin": re.compile(r"^(?P<county>\d{6})$"),
    "township": re.compile(r"^(?P<county>\d{6})\d{3}(\d{3})?$"),
}
CATEGORY = {"1": "优先", "2": "重点", "3": "一般"}
ELEMENT = {"1": "生态", "2": "水", "3": "大气", "4": "土壤", "5": "资源"}
#: Codes that were replaced when a county became a district or a city; the current one first.
HISTORIC = {
    "510604": ("510626",),  # 罗江县 -> 罗江区, 2017
    "511083": ("511028",),  # 隆昌县 -> 隆昌市, 2017
    "511403": ("511422",),  # 彭山县 -> 彭山区, 2014
    "510705": ("510724",),  # 安县 -> 安州区, 2016
    "511504": ("511521",),  # 宜宾县 -> 叙州区, 2018
    "511503": ("511522",),  # 南溪县 -> 南溪区, 2011
    "510117": ("510124",),  # 郫县 -> 郫都区, 2016
    "510116": ("510122",),  # 双流县 -> 双流区, 2015
    "510118": ("510132",),  # 新津县 -> 新津区, 2020
}


def check(kind: str, columns: dict[str, Any], region: str | None) -> list[Issue]:
    """Check codes against their grammar, the region, and the category and element columns.

    Parameters
    ----------
    kind : str
    columns : mapping of str to object arrays
        With ``code``; ``category`` and ``element`` are compared where present.
    region : str or None
        Six-digit code of the atlas; a city's ends in 00.
    """
    pattern, codes = GRAMMAR.get(kind), columns.get("code")
    if pattern is None or codes is None:
        return []
    wrong: list[str] = []
    foreign: list[str] = []
    historic: list[str] = []
    category: list[str] = []
    element: list[str] = []
    for i, value in enumerate(codes):
        if value is None:
            continue
        found = pattern.match(str(value))
        if not found:
            wrong.append(str(value))
            continue
        parts = found.groupdict()
        if region and not _within(parts["county"], region):
            (historic if _was(parts["county"], region) else foreign).append(str(value))
        for key, digits, bad in (("category", CATEGORY, category), ("element", ELEMENT, element)):
            said = columns.get(key)
            if parts.get(key) and said is not None and said[i] is not None and digits[parts[key]] != said[i]:
                bad.append(f"{value}（{said[i]}）")
    issues = []
    if wrong:
        issues.append(
            Issue(
                "code-grammar",
                f"有 {len(wrong)} 个编码不符合规则，例如“{wrong[0][:30]}”，请更正。",
                len(wrong),
                tuple(wrong),
            )
        )
    if category or element:
        both = category + element
        message = f"有 {len(both)} 个编码的类别位与字段矛盾，例如 {both[0]}，请提供单位核对。"
        issues.append(Issue("code-category", message, len(both), tuple(both)))
    if foreign:
        message = f"有 {len(foreign)} 个编码的区县代码不属于 {region}，例如 {foreign[0]}。"
        issues.append(Issue("code-county", message, len(foreign), tuple(foreign)))
    if historic:
        message = f"有 {len(historic)} 个编码用的是调整前的区县代码，例如 {historic[0]}，已接受。"
        issues.append(Issue("code-historic", message, len(historic), tuple(historic)))
    return issues


def _within(county: str, region: str) -> bool:
    return county.startswith(region[:4]) if region.endswith("00") else county == region


def _was(county: str, region: str) -> bool:
    return any(county in old and _within(now, region) for now, old in HISTORIC.items())
