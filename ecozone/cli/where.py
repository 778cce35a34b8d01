"""`ecozone where`: not "may it be here" but "where may it be"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.check import TODAY, day, pairs
from ecozone.cli.command import Command
from ecozone.cli.layout import aligned, title
from ecozone.cli.run import say
from ecozone.clock import today
from ecozone.errors import InputError
from ecozone.words.values import read_metres

if TYPE_CHECKING:
    from ecozone.siting import Where

_HELP = """一类项目在整个图集范围内哪里能建：按结论划分的用地，逐块写明起约束的规则。

结论与 ecozone check 一致（图斑边线 0.2 米以内除外）。
"""
_UNITS = {
    "": 1.0,
    "m2": 1.0,
    "㎡": 1.0,
    "平方米": 1.0,
    "hm2": 1e4,
    "ha": 1e4,
    "公顷": 1e4,
    "亩": 2000 / 3,
    "km2": 1e6,
    "平方公里": 1e6,
}


_EXITS = {0: "有可建用地", 1: "没有可建用地", 3: "没有可建用地，但有无法判定的用地"}


@click.command("where", cls=Command, help=_HELP, exits=_EXITS, short_help="一类项目在哪里能建：全域按结论划分用地")
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹。")
@click.option("--out", metavar="FILE", help="各块用地：.gpkg、.geojson 或 .parquet。")
@click.option("--industry", multiple=True, metavar="CODE", help="国民经济行业代码，可重复。")
@click.option("--nature", metavar="NATURE", help="项目性质：new、expand、rebuild、upgrade、relocate、existing。")
@click.option(
    "--facility", multiple=True, metavar="KIND|none", help="用地本身是哪种设施，可重复；none 表示没有别的设施。"
)
@click.option("--has", multiple=True, metavar="KIND", help="项目在别处还有这种设施；可重复。")
@click.option("--fact", multiple=True, metavar="KEY=VALUE", help="项目的一项事实；可重复。")
@click.option("--min-area", metavar="AREA", help="连片面积下限，例如 20hm2、300亩；小于它的标为过小。")
@click.option("--extent", metavar="M", help="点位到用地边缘的最远距离，米；缺省 0，即逐点判定。")
@click.option("--within", metavar="SITE", help="只在这个面内查找：矢量文件或 WKT。")
@click.option("--slope-max", type=float, metavar="DEG", help="坡度上限，度；须同时给 --dem。")
@click.option("--dem", metavar="FILE.tif", help="高程栅格，用来计算坡度。")
@click.option("--as-of", metavar="YYYY-MM-DD", help="判定日期；缺省取北京时间当天。")
@click.option("--book", multiple=True, metavar="NAME|FILE", help="只用指定的内置规则集，或另加规则文件；可重复。")
def where(atlas: str, out: str | None, **given: Any) -> int:
    """Cut a region by verdict and print what is left."""
    from ecozone.siting import where_allowed

    on = day(given["as_of"]) if given["as_of"] else today()
    found = where_allowed(
        atlas,
        nature=given["nature"],
        industry=list(given["industry"]) or None,
        facilities=list(given["facility"]) or None,
        facts=pairs("--fact", given["fact"], "capacity_increase=no"),
        has=list(given["has"]),
        as_of=on,
        rules=list(given["book"]) or None,
        within=_within(given["within"]),
        min_area_m2=area(given["min_area"]),
        extent_m=read_metres("--extent", given["extent"]) or 0.0,
    )
    if given["slope_max"] is not None:
        if not given["dem"]:
            raise InputError("--slope-max 要有高程栅格才能计算，请用 --dem 给出。")
        from ecozone.raster import without_steep

        found = without_steep(found, given["dem"], given["slope_max"])
    elif given["dem"]:
        raise InputError("给了 --dem 而没有坡度上限，请同时给出 --slope-max。")
    say(f"判定日期 {on.isoformat()}{'' if given['as_of'] else TODAY}")
    _print(found)
    if out:
        say(f"用地图斑：{found.save(out)}")
    return _status(found)


def area(text: str | None) -> float:
    """Read an area: ``20hm2``, ``300亩``, ``5000``.

    Raises
    ------
    InputError
        It is none.
    """
    if text is None:
        return 0.0
    read = re.fullmatch(r"\s*([0-9.]+)\s*(\S*)\s*", text)
    unit = read[2].lower().replace("²", "2") if read else None
    if read is None or unit not in _UNITS or read[1].count(".") > 1 or read[1] == ".":
        raise InputError(f"--min-area “{text}”无法识别，请写成 20hm2、300亩 或以平方米计的数字。")
    return float(read[1]) * _UNITS[unit]


def _within(text: str | None) -> Any:
    if text is None:
        return None
    from ecozone.project import Project

    return Project(text).site


def _print(found: Where) -> None:
    from ecozone.siting import VERDICTS

    for line, style in title("用地按结论划分"):
        say(line, style=dict(style))
    table = [["结论", "面积（公顷）", "占比", "其中连片足够大（公顷）", "块数"]]
    for row in found.summary().itertuples():
        cells = [VERDICTS[row.verdict], f"{row.area_m2 / 1e4:,.1f}", f"{row.share:.1%}"]
        table.append([*cells, f"{row.large_enough_m2 / 1e4:,.1f}", str(row.pieces)])
    for line in aligned(table):
        say(f" {line}")
    rules = found.by_rule().head(8)
    if len(rules):
        for line, style in title("占地最多的规则"):
            say(line, style=dict(style))
        for line in aligned([[r.title, f"{r.area_m2 / 1e4:,.1f} 公顷"] for r in rules.itertuples()]):
            say(f" {line}")
    if found.notice:
        say()
        say(found.notice)


def _status(found: Where) -> int:
    from ecozone.siting import NoGroundError

    try:
        found.allowed()
    except NoGroundError as error:
        say(str(error), err=True)
        return 3 if (found.pieces["verdict"] == "undetermined").any() else 1
    return 0
