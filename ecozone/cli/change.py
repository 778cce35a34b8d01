"""`ecozone change`: whose answer turns between two days, and why."""

from __future__ import annotations

from typing import Any

import click

from ecozone.cli.check import day
from ecozone.cli.command import Command
from ecozone.cli.layout import aligned, title
from ecozone.cli.run import say

_HELP = """台账中的项目，从一个日期到另一个日期（或换一版图集），结论和依据有没有变化，为什么。
"""


#: Projects that a terminal lists; all of them stand in the table.
_MOST = 50
_EXITS = {0: "结论都没有变化", 4: "有项目的结论变了"}


@click.command("change", cls=Command, help=_HELP, exits=_EXITS, short_help="两个日期之间，哪些项目的结论或依据变了")
@click.option("--projects", required=True, metavar="FILE", help="项目表（与 ecozone screen 相同）。")
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹。")
@click.option("--atlas-to", metavar="DIR", help="截止日期所用的图集；缺省与 --atlas 相同。")
@click.option("--from", "first", required=True, metavar="YYYY-MM-DD", help="起始日期。")
@click.option("--to", "last", required=True, metavar="YYYY-MM-DD", help="截止日期。")
@click.option("--out", metavar="FILE", help="逐项目的变化：.csv、.xlsx 或 .parquet。")
@click.option("--crs", metavar="EPSG:CODE", help="表中坐标的坐标系，文件自带时不用给。")
@click.option("--book", multiple=True, metavar="NAME|FILE", help="只用指定的内置规则集，或另加规则文件；可重复。")
def change(projects: str, atlas: str, atlas_to: str | None, first: str, last: str, **given: Any) -> int:
    """Judge a table twice and print what turned."""
    from ecozone.assessment import VERDICTS
    from ecozone.change import changes

    found = changes(
        projects,
        atlas,
        first=day(first),
        last=day(last),
        atlas_last=atlas_to,
        rules=list(given["book"]) or None,
        crs=given["crs"],
    )
    turned, flips = found.turned, int(found.table["flips"].sum())
    for line, style in title(f"{len(found.table)} 个项目：结论变化 {flips} 个，仅依据变化 {len(turned) - flips} 个"):
        say(line, style=dict(style))
    number = {label: i for i, label in enumerate(found.table.index, 1)}
    shown = turned.sort_values("flips", ascending=False, kind="stable").head(_MOST)
    for row in shown.itertuples():
        turn = f"{VERDICTS[row.verdict_from]} → {VERDICTS[row.verdict_to]}" if row.flips else "结论不变，依据变化"
        for line in aligned([[f"第 {number[row.Index]} 行", row.name, turn]]):
            say(f" {line}")
        for sentence in row.why:
            say(f"   · {sentence}")
    if len(turned) > len(shown):
        say(f" 另有 {len(turned) - len(shown)} 个没有列出，全部见变化表（--out FILE）。")
    if given["out"]:
        say(f"变化表：{found.save(given['out'])}")
    return 4 if flips else 0
