"""`ecozone check`: one site, one answer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.command import Command
from ecozone.cli.files import json_bytes, write
from ecozone.cli.outputs import files, map_given, map_options, output_options, paper, write_map, write_outputs
from ecozone.cli.run import say, say_bytes
from ecozone.clock import today
from ecozone.errors import FactError, InputError

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.atlas import Atlas
    from ecozone.project import Project
    from ecozone.rules.access import Answer

_HELP = """核对一个项目能否在 SITE 建设。

SITE 可以是矢量文件、WKT、“经度,纬度”，或表格上的写法“103度33分5.04秒,29度24分42.48秒”；
含空格、括号的请用引号括起来。
"""
_DATE = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$")
#: Units and rows that are named.
_NAMED = 10
#: Said when nobody gave a day.
TODAY = "（未给 --as-of，取北京时间当天）"
_EXITS = {
    0: "未发现禁止、限制情形，或有条件符合；没有可能使结论更严的待定事项",
    1: "不符合",
    3: "无法判定，或尚有可能使结论更严的待定事项",
    4: "限制，需论证",
}


@click.command("check", cls=Command, help=_HELP, exits=_EXITS, short_help="核对一个项目能否在某处建设，并说明理由")
@click.argument("site", metavar="SITE")
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹，例如 data/boundaries/511111。")
@click.option(
    "--industry",
    multiple=True,
    metavar="CODE",
    help="国民经济行业代码（GB/T 4754-2017），可重复，例如 C2614。",
)
@click.option(
    "--nature",
    metavar="NATURE",
    help="项目性质：new 新建、expand 扩建、rebuild 改建、upgrade 技改、relocate 迁建、existing 既有。",
)
@click.option(
    "--facility",
    multiple=True,
    metavar="KIND|none",
    help="SITE 本身是哪种设施，可重复；none 表示没有别的设施。种类见 ecozone facts。",
)
@click.option("--has", multiple=True, metavar="KIND", help="项目在别处还有这种设施，位置尚未给出；可重复。")
@click.option(
    "--part",
    multiple=True,
    metavar="KIND=SITE",
    help="项目的一部分设施及其位置，例如 outfall=103.56,29.40；可重复。",
)
@click.option(
    "--fact",
    multiple=True,
    metavar="KEY=VALUE",
    help="项目的一项事实，例如 capacity_increase=no；可重复，见 ecozone facts。",
)
@click.option("--name", default="", metavar="TEXT", help="项目名称。")
@click.option("--crs", metavar="EPSG:CODE", help="坐标的坐标系，缺省为 EPSG:4490；文件自带坐标系时不用给。")
@click.option("--extent", metavar="M", help="点位到用地边缘的最远距离，米。")
@click.option("--site-accuracy", metavar="M", help="坐标的精度，米；缺省按坐标的小数位数推算。")
@click.option("--temporary", is_flag=True, help="临时用地。")
@click.option("--subject", default="project", metavar="SUBJECT", help="对象：project 建设项目（缺省）或 plan 规划。")
@click.option("--stage", metavar="STAGE", help="办理阶段：招商、立项、选址、用地预审、可研、安评、环评。")
@click.option("--as-of", metavar="YYYY-MM-DD", help="判定日期，决定用哪些规则和图层；缺省取北京时间当天。")
@click.option("--book", multiple=True, metavar="NAME|FILE", help="只用指定的内置规则集，或另加自己的规则文件；可重复。")
@click.option("--answers", metavar="FILE", help="填好的准入清单比对表（xlsx、csv），用 --answers-to 写出。")
@click.option("--json", "json_to", metavar="FILE|-", help="把完整记录写成 JSON；- 表示写到标准输出，此时不再打印文字。")
@map_options
@output_options
@click.option("--all", "everything", is_flag=True, help="逐条列出全部规则、图层和待定事项。")
def check(site: str, atlas: str, json_to: str | None, everything: bool, **given: Any) -> int:
    """Judge one project and print, write and draw the answer."""
    from ecozone._check import check as judge
    from ecozone.atlas import open_atlas

    as_of = given.pop("as_of")
    books = list(given.pop("book")) or None
    said = given.pop("answers")
    wanted, options, drawing = files(given), paper(given), map_given(given)
    on = day(as_of) if as_of is not None else today()
    opened = open_atlas(atlas)
    answers = _answers(said, opened, on) if said else None
    answer = judge(project(site, opened, **given), opened, books, as_of=on, answers=answers)
    _idle(answers or {}, answer)
    answer = answer.public() if options["public"] else answer
    written = []
    record = json_bytes(answer.to_dict()) if json_to else b""
    if json_to and json_to != "-":
        written.append(f"记录：{write(json_to, record)}")
    written += write_map(answer, drawing)
    written += write_outputs(answer, wanted, options)
    if json_to == "-":
        if as_of is None:
            say(f"判定日期 {answer.as_of.isoformat()}{TODAY}", err=True)
        say_bytes(record)
    else:
        from ecozone.cli.answer import lines

        for line, style in lines(answer, date_note=TODAY if as_of is None else "", everything=everything):
            say(line, style=dict(style))
        for note in written:
            say(note)
    return answer.exit_status


def _answers(path: str, atlas: Atlas, on: dt.date) -> Mapping[tuple[str, str], Answer]:
    """Read what the officer said; rows of no unit or of no list are refused by name."""
    from ecozone.intake.access import read_answers
    from ecozone.rules.access import rows_of

    answers = read_answers(path)
    layer, access = atlas.at("control_unit", on), atlas.access_at(on)
    held = [layer.columns[c].tolist() for c in ("code", "category")] if layer is not None else [[], []]
    units = {(str(c), str(k or "")) for c, k in zip(*held, strict=True) if c}
    strange = sorted({unit for unit, _ in answers} - {code for code, _ in units})
    if strange:
        raise InputError(f"“{path}”里有图集没有的管控单元：{_some(strange)}，请核对单元编码。")
    unknown = sorted(f"{unit}/{row}" for unit, row in set(answers) - rows_of(access, units))
    if unknown:
        raise InputError(f"“{path}”里有当日准入清单没有的条目：{_some(unknown)}，请核对单元编码和清单编号。")
    return answers


def _idle(answers: Mapping[tuple[str, str], Answer], answer: Assessment) -> None:
    """Name answers about units that the project does not touch: they count for nothing."""
    rows = {(r["unit"], r["id"]) for r in answer.requirements} if answers else set()
    idle = sorted(f"{unit}/{row}" for unit, row in set(answers) - rows)
    if idle:
        say(f"注意：比对表有 {len(idle)} 条不属于本项目涉及的管控单元，没有采用：{_some(idle)}", err=True)


def _some(names: list[str]) -> str:
    return "、".join(names[:_NAMED]) + (f" 等 {len(names)} 条" if len(names) > _NAMED else "")


def day(text: str) -> dt.date:
    """Read a date: ``2026-11-22``, ``2026/11/22`` or ``2026年11月22日``.

    Raises
    ------
    InputError
        It is none.
    """
    found = _DATE.match(text.strip())
    try:
        return dt.date(*map(int, found.groups())) if found else dt.date.fromisoformat("")
    except ValueError:
        raise InputError(f"日期“{text}”有误，请写成 2026-11-22 的样子。") from None


def project(site: str, atlas: Atlas, **given: Any) -> Project:
    """Make a project of what was typed.

    Raises
    ------
    InputError
        Something typed cannot be meant.
    """
    from ecozone.project import Project
    from ecozone.words.values import read_metres

    return Project(
        site,
        nature=given["nature"],
        industry=list(given["industry"]) or None,
        facilities=list(given["facility"]) or None,
        facts=pairs("--fact", given["fact"], "capacity_increase=no"),
        name=given["name"],
        crs=given["crs"],
        has=list(given["has"]),
        parts=split("--part", given["part"], "outfall=103.56,29.40"),
        site_accuracy_m=read_metres("--site-accuracy", given["site_accuracy"]),
        extent_m=read_metres("--extent", given["extent"]),
        subject=given["subject"],
        stage=given["stage"],
        permanent=not given["temporary"],
        atlas=atlas,
    )


def split(option: str, items: tuple[str, ...], example: str) -> list[tuple[str, str]]:
    """Cut ``KEY=VALUE`` texts in two."""
    out = []
    for item in items:
        key, sign, value = item.replace("＝", "=", 1).partition("=")
        if not sign or not key.strip() or not value.strip():
            raise InputError(f"{option} “{item}”写法有误，应为“名称=值”，例如 {option} {example}。")
        out.append((key.strip(), value.strip()))
    return out


def pairs(option: str, items: tuple[str, ...], example: str) -> dict[str, str]:
    """Return ``KEY=VALUE`` texts as a mapping.

    Raises
    ------
    FactError
        A key is given twice with different values.
    """
    out: dict[str, str] = {}
    for key, value in split(option, items, example):
        if out.setdefault(key, value) != value:
            raise FactError(f"{option} 的“{key}”给了两个不同的值（{out[key]}、{value}），请只给一个。")
    return out
