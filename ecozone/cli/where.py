"""`ecozone where`: not "may it be here" but "where may it be"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.check import TODAY, day, pairs
from ecozone.cli.command import Command
from ecozone.cli.layout import aligned, columns, labelled, title, wrap
from ecozone.cli.run import say
from ecozone.clock import today
from ecozone.errors import InputError
from ecozone.words.values import read_metres

if TYPE_CHECKING:
    from ecozone.siting import Surface, Where

_HELP = """一类项目在整个图集范围内哪里能建：按结论划分的用地，逐块写明起约束的规则。

结论与 ecozone check 一致（图斑边线 0.2 米以内除外）；整块用地跨几块的，不会比其中最严的一块宽。
--out 写成 .tif 时按 --cell 的格网输出栅格，大区域用它。
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


_EXITS = {
    0: "有可建用地，且结论完整",
    1: "没有可建用地",
    3: "可建的都尚有事项未判定，或只有无法判定的用地",
}
#: Side of a raster's cells where nobody says, metres; square metres in a hectare.
_CELL_M, _HECTARE = 30.0, 1e4
_MEANING = (
    "“未发现禁止、限制情形”仅指在已载入的图层和规则范围内未发现，不等于准予建设；“有条件符合”须满足所列规则。"
    "各块按点位判定，整块用地请再用 ecozone check 核对。"
)
#: Rules that are listed for each verdict, and questions that are printed.
_MOST_RULES, _MOST_QUESTIONS = 4, 8


@click.command("where", cls=Command, help=_HELP, exits=_EXITS, short_help="一类项目在哪里能建：全域按结论划分用地")
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹。")
@click.option("--out", metavar="FILE", help="各块用地：.gpkg、.geojson、.parquet，或栅格 .tif。")
@click.option("--cell", metavar="M", help="栅格的格网大小，米；--out 为 .tif 时用，缺省 30。")
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
@click.option("--slope-max", type=float, metavar="DEG", help="坡度上限，度；用图集的高程栅格，或 --dem。")
@click.option("--dem", metavar="FILE.tif", help="高程栅格，代替图集自己的。")
@click.option("--as-of", metavar="YYYY-MM-DD", help="判定日期；缺省取北京时间当天。")
@click.option("--book", multiple=True, metavar="NAME|FILE", help="只用指定的内置规则集，或另加规则文件；可重复。")
def where(atlas: str, out: str | None, **given: Any) -> int:
    """Cut a region by verdict and print what is left."""
    from ecozone.siting import where_allowed, where_surface

    on = day(given["as_of"]) if given["as_of"] else today()
    raster = out is not None and out.lower().endswith((".tif", ".tiff"))
    if given["cell"] is not None and not raster:
        raise InputError("--cell 只用于栅格，请用 --out 文件.tif 指定栅格文件。")
    about = {
        "nature": given["nature"],
        "industry": list(given["industry"]) or None,
        "facilities": list(given["facility"]) or None,
        "facts": pairs("--fact", given["fact"], "capacity_increase=no"),
        "has": list(given["has"]),
    }
    asked = {
        "as_of": on,
        "rules": list(given["book"]) or None,
        "within": _within(given["within"]),
        "slope_max": given["slope_max"],
        "elevation": given["dem"],
        "extent_m": read_metres("--extent", given["extent"]) or 0.0,
    }
    said = f"判定日期 {on.isoformat()}{'' if given['as_of'] else TODAY}"
    if raster and out is not None:
        if given["min_area"] is not None:
            raise InputError("栅格不计连片面积，--min-area 请与 .gpkg、.geojson 或 .parquet 一起用。")
        cell_m = read_metres("--cell", given["cell"]) or _CELL_M
        surface = where_surface(atlas, out, cell_m=cell_m, **asked, **about)
        say(said)
        return _print_surface(surface)
    found = where_allowed(atlas, min_area_m2=area(given["min_area"]), **asked, **about)
    say(said)
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

    _title("用地按结论划分")
    table = [["结论", "面积（公顷）", "占比", "连片足够大", "尚有未决", "块数"]]
    rows = [r._asdict() for r in found.summary().itertuples()]
    for row in rows:
        sizes = [f"{row[k] / _HECTARE:,.1f}" for k in ("large_enough_m2", "incomplete_m2")]
        area = f"{row['area_m2'] / _HECTARE:,.1f}"
        table.append([VERDICTS[row["verdict"]], area, f"{row['share']:.1%}", *sizes, str(row["pieces"])])
    for line in aligned(table):
        say(f" {line}")
    _title("各类用地受哪些规则约束")
    for row in reversed(rows):
        rules = found.by_rule(row["verdict"])
        if row["area_m2"] and len(rules):
            say(f" {VERDICTS[row['verdict']]}（{len(rules)} 条）")
            for rule in rules.head(_MOST_RULES).itertuples():
                say(f"   {rule.title}：{rule.area_m2 / _HECTARE:,.1f} 公顷")
    _print_open(found, rows)
    say()
    _print_meaning(found.notice)


def _print_open(found: Where, rows: Sequence[Mapping[str, Any]]) -> None:
    """Say how much ground is not judged completely, by which rules, and what would settle it."""
    left = sum(row["incomplete_m2"] for row in rows)
    if not left:
        return
    _title(f"尚有事项未判定：{left / _HECTARE:,.1f} 公顷")
    for rule in found.by_open_rule().head(_MOST_RULES).itertuples():
        say(f" {rule.title}：{rule.area_m2 / _HECTARE:,.1f} 公顷")
    questions = found.questions()
    if questions:
        say(" 补充以下各项后再找：")
    for one in questions[:_MOST_QUESTIONS]:
        for line in labelled("·", f"{one.label}：{one.question}", indent=2, column=2):
            say(line)
    if len(questions) > _MOST_QUESTIONS:
        say(f"   另有 {len(questions) - _MOST_QUESTIONS} 项。")


def _print_surface(found: Surface) -> int:
    from ecozone.siting import ALLOWED, VERDICTS

    _title(f"用地按结论划分（{found.cell_m:g} 米格网，以格子中心计）")
    rows = [r._asdict() for r in found.summary().itertuples()]
    table = [["结论", "面积（公顷）", "占比", "尚有未决"]]
    for row in rows:
        area, left = (f"{row[k] / _HECTARE:,.1f}" for k in ("area_m2", "incomplete_m2"))
        table.append([VERDICTS[row["verdict"]], area, f"{row['share']:.1%}", left])
    for line in aligned(table):
        say(f" {line}")
    say()
    _print_meaning(found.notice)
    say(f"结论栅格：{found.path}（{found.system}）")
    allowed = [row for row in rows if row["verdict"] in ALLOWED]
    whole, open_ = (float(sum(row[k] for row in allowed)) for k in ("area_m2", "incomplete_m2"))
    return _exit(whole - open_, whole, float(sum(r["area_m2"] for r in rows if r["verdict"] == "undetermined")))


def _print_meaning(notice: str | None) -> None:
    from ecozone.assessment import DISCLAIMER

    for line in [*wrap(_MEANING, columns()), DISCLAIMER, notice or ""]:
        if line:
            say(line)


def _title(text: str) -> None:
    for line, style in title(text):
        say(line, style=dict(style))


def _status(found: Where) -> int:
    from ecozone.siting import NoGroundError

    undetermined = float(found.pieces.loc[found.pieces["verdict"] == "undetermined", "area_m2"].sum())
    try:
        mine = found.allowed()
    except NoGroundError as error:
        say(str(error), err=True)
        return _exit(0.0, 0.0, undetermined)
    complete = float(mine.loc[mine["complete"].astype(bool), "area_m2"].sum())
    return _exit(complete, float(mine["area_m2"].sum()), undetermined)


def _exit(complete_m2: float, allowed_m2: float, undetermined_m2: float) -> int:
    """Return the exit status: ground that may be built on with a complete answer, or an open one, or none."""
    return 0 if complete_m2 else 3 if allowed_m2 or undetermined_m2 else 1
