"""`ecozone demo`: every sample project of every demo region, answered, drawn and summed up on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.command import Command
from ecozone.cli.files import json_bytes, write
from ecozone.cli.layout import columns, table, wrap
from ecozone.cli.run import say

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.demo import Sample

_HELP = """核对示例区域的全部示例项目，打印结论表，写出每个项目的记录（JSON）和地图，以及汇总页 index.html。

示例数据，非法定边界；申请人均为虚构。
"""
_MOST_GROUNDS = 2


@click.command("demo", cls=Command, help=_HELP, short_help="核对示例区域的全部示例项目，写出地图、记录和汇总页")
@click.option("--out", default="ecozone-demo", metavar="DIR", help="结果写入哪个文件夹；缺省为 ecozone-demo。")
@click.option("--region", multiple=True, metavar="CODE", help="只核对这些区域，六位行政区划代码；可重复。")
def demo(out: str, region: tuple[str, ...]) -> None:
    """Answer, write and draw all samples, then sum up."""
    from ecozone._check import check
    from ecozone.demo import demo_atlas, demo_regions, sample_projects
    from ecozone.report.summary import SummaryRow, summary_page

    folder = Path(out)
    summary: list[SummaryRow] = []
    rows: list[list[str]] = []
    surprises: list[str] = []
    for code in dict.fromkeys(region or demo_regions()):
        atlas = demo_atlas(code)
        for sample in sample_projects(code):
            answer = check(sample.project, atlas, as_of=sample.as_of)
            write(folder / code / f"{sample.id}.json", json_bytes(answer.to_dict()))
            write(folder / code / f"{sample.id}.html", answer.map().get_root().render().encode("utf-8"))
            href = f"{code}/{sample.id}"
            summary.append(
                SummaryRow(code, atlas.name, sample.id, answer, sample.story, f"{href}.json", f"{href}.html")
            )  # fmt: skip
            rows.append(_row(atlas.name, answer))
            surprises += [f"{sample.id} {sample.project.name}：{text}" for text in differences(sample, answer)]
    page = write(folder / "index.html", summary_page(summary).encode("utf-8"))
    say(table(["区域", "项目", "行业", "性质", "结论", "完整", "主要依据"], rows, flexible=[1, 6]))
    say()
    say("示例数据，非法定边界；申请人均为虚构。", style={"bold": True})
    for text in surprises:
        for line in wrap(f"与预期不同：{text}", columns()):
            say(line)
    say(f"共 {len(rows)} 个项目。汇总页：{page}（用浏览器打开；地图和记录在同一文件夹）")


def _row(region_name: str, answer: Assessment) -> list[str]:
    from ecozone import words
    from ecozone.cli.answer import SHORT, grounds

    project = answer.project
    why = grounds(answer)
    more = f" 等 {len(why)} 项" if len(why) > _MOST_GROUNDS else ""
    return [
        region_name,
        project.name,
        "、".join(project.industries) or "未提供",
        words.nature(project.nature).name if project.nature else "未提供",
        SHORT[answer.verdict],
        "是" if answer.complete else "否",
        "、".join(why[:_MOST_GROUNDS]) + more,
    ]


def differences(sample: Sample, answer: Assessment) -> list[str]:
    """Return where an answer is not the one the sample was made for."""
    given: dict[str, Any] = {
        "verdict": answer.verdict,
        "complete": answer.complete,
        "exit": answer.exit_status,
    }
    return [
        f"{key} 应为 {_word(wanted)}，实为 {_word(given[key])}"
        for key, wanted in sample.expected.items()
        if key in given and given[key] != wanted
    ]


def _word(value: Any) -> str:
    from ecozone.cli.answer import SHORT

    return {True: "是", False: "否"}[value] if isinstance(value, bool) else SHORT.get(str(value), str(value))
