"""`ecozone audit`: whole-atlas checks as a page and as places on a map."""

from __future__ import annotations

from pathlib import Path

import click

from ecozone.cli.check import day
from ecozone.cli.command import Command
from ecozone.cli.files import write
from ecozone.cli.layout import labelled
from ecozone.cli.run import say
from ecozone.clock import today

_HELP = """检查整个图集：重叠、缝隙、重复、细碎图斑、编码、登记面积、面积减少、过期的版本；图层之间的矛盾，例如永久基本
农田位于生态保护红线内、一级保护区旁没有二级保护区、县域内有未划入管控单元的用地、自然保护地相互重叠。

写出一个网页（带图）和一个 GeoPackage（需要查看的地点，可在 GIS 中打开）。
"""


_EXITS = {0: "没有“错误”级问题", 2: "有“错误”级问题，或输入有误"}


@click.command("audit", cls=Command, help=_HELP, exits=_EXITS, short_help="检查整个图集，列出需要查看的地点")
@click.argument("atlas", metavar="ATLAS")
@click.option("--out", default="audit", metavar="DIR", help="结果写入的文件夹，缺省为 audit。")
@click.option("--as-of", metavar="YYYY-MM-DD", help="按哪一天有效的版本检查；缺省取北京时间当天。")
def audit(atlas: str, out: str, as_of: str | None) -> int:
    """Check one atlas."""
    from ecozone.atlas import open_atlas
    from ecozone.audit import audit as run
    from ecozone.report import audit as report

    found = run(open_atlas(atlas), as_of=day(as_of) if as_of else today())
    html = write(Path(out) / "audit.html", report.page(found).encode("utf-8"))
    places = report.write_places(found.places, Path(out) / "places.gpkg")
    say(
        f"{found.name}（{found.region}）：图层 {len(found.layers)} 个，需要查看的地点 {len(found.places)} 处",
        style={"bold": True},
    )
    for layer in found.layers:
        for issue in layer.issues:
            if issue.severity != "info":
                for line in labelled(layer.name, f"[{issue.code}] {issue.message}", column=18):
                    say(line)
    for conflict in found.conflicts:
        said = f"[{conflict.rule}] {conflict.title} {conflict.found} 处"
        if conflict.beyond < conflict.found:
            said += f"，其中 {conflict.found - conflict.beyond} 处在数据精度以内"
        for line in labelled("图层之间", f"{said}；超出精度的合计 {conflict.area_m2 / 1e4:.2f} 公顷", column=18):
            say(line)
    say(f"网页：{html}")
    say(f"地点：{places}")
    return 2 if found.worst == "error" else 0
