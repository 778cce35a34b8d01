"""Kept answers on the command line: `verify`, `diff`, `override`, `report`, `template`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ecozone.cli.command import Command
from ecozone.cli.files import json_bytes, write
from ecozone.cli.layout import columns, wrap
from ecozone.cli.outputs import on_paper, paper, paper_options
from ecozone.cli.run import say
from ecozone.errors import InputError

#: Exit status when an answer is not the one that was kept (SEMANTICS 1: not complete as it stands).
DIFFERS = 3
_VERIFY = """重新核对一份记录：同一项目、同一判定日期，用现在的图集和规则再算一遍。

不一致时写明哪些规定不同，是图层、规则、参数还是程序变了。
"""
_OVERRIDE = """更正记录中的一条规定，或其中一个区域。原结论保留在记录里，更正并列，须写明经办人、理由和日期。"""
_REPORT = """由记录写报告。先用图集重新核对，结论与记录一致才写；记录中的更正一并写入。

给出多份记录时，OUT 是文件夹，每个项目一份；另可用 --ledger 写一份台账。
"""


_EXITS = {0: "一致", DIFFERS: "不一致"}


@click.command("verify", cls=Command, help=_VERIFY, exits=_EXITS, short_help="重新核对一份记录，说明是否一致、何处不同")
@click.argument("record", metavar="RECORD")
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹。")
@click.option("--book", multiple=True, metavar="NAME|FILE", help="当时用 --book 指定的规则集；可重复。")
def verify(record: str, atlas: str, book: tuple[str, ...]) -> int:
    """Compute a record's answer again and say what differs."""
    from ecozone import archive
    from ecozone.atlas import open_atlas

    found = archive.verify(archive.load(record), open_atlas(atlas), list(book) or None)
    _tell(str(found))
    return 0 if found.same else DIFFERS


@click.command(
    "diff", cls=Command, help="比较两份记录，列出结论、规定和依据的不同。", exits=_EXITS, short_help="比较两份记录"
)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
def diff(before: str, after: str) -> int:
    """Compare two records."""
    from ecozone import archive

    records = [archive.load(before), archive.load(after)]
    found = archive.diff(*records)
    _tell(str(found))
    struck = [{(o["rule"], o["part"], o["zone"]): o for o in r["overrides"]} for r in records]
    for which, mine, theirs in (("A", struck[0], struck[1]), ("B", struck[1], struck[0])):
        for key in (k for k in mine if k not in theirs):
            o = mine[key]
            _tell(f"只在 {which} 中更正：{o['rule']}（{o['zone'] or '整条'}），{o['by']} {o['on']}，{o['reason']}")
    return 0 if found.same and struck[0].keys() == struck[1].keys() else DIFFERS


@click.command("override", cls=Command, help=_OVERRIDE, short_help="更正记录中的一条规定，原结论保留")
@click.argument("record", metavar="RECORD")
@click.option("--rule", required=True, metavar="ID", help="规则编号，见记录或报告。")
@click.option("--part", default="site", metavar="NAME", help="项目的哪一部分；缺省为项目用地。")
@click.option("--zone", metavar="ID", help="只更正这一区域；缺省为整条。")
@click.option("--by", required=True, metavar="NAME", help="经办人。")
@click.option("--reason", required=True, metavar="TEXT", help="理由。")
@click.option("--on", metavar="YYYY-MM-DD", help="日期；缺省取北京时间当天。")
@click.option("--out", metavar="FILE", help="写到另一个文件；缺省写回原记录。")
def override(
    record: str, rule: str, part: str, zone: str | None, by: str, reason: str, on: str | None, out: str | None
) -> None:
    """Strike a finding, or one zone of it, in a record."""
    from ecozone import archive
    from ecozone.assessment import VERDICTS
    from ecozone.cli.check import day
    from ecozone.clock import today
    from ecozone.override import Override
    from ecozone.revision import strike

    kept = archive.load(record)
    made = strike(kept, Override(rule, by, reason, day(on) if on else today(), zone, part))
    written = write(out or record, json_bytes(made))
    after = made["after_overrides"]
    say(f"原结论：{VERDICTS[kept['verdict']]}")
    say(f"更正后：{VERDICTS[after['verdict']]}" + ("" if after["complete"] else "（尚有事项未能判定）"))
    say(f"记录：{written}")


@click.command("report", cls=Command, help=_REPORT, short_help="由保存的记录写报告、台账")
@click.argument("records", nargs=-1, required=True, metavar="RECORD…")
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹。")
@click.option("--out", metavar="FILE|DIR", help="报告：一份记录时为文件（.docx、.pdf、.html），多份时为文件夹。")
@click.option("--format", "suffix", default="docx", metavar="docx|pdf|html", help="多份报告的格式；缺省 docx。")
@click.option("--ledger", "ledger_to", metavar="FILE.xlsx", help="写一份台账。")
@paper_options
def report(
    records: tuple[str, ...], atlas: str, out: str | None, suffix: str, ledger_to: str | None, **given: Any
) -> None:
    """Report on kept answers, once they have been found the same."""
    from ecozone import archive
    from ecozone.atlas import open_atlas
    from ecozone.report.ledger import write_ledger
    from ecozone.report.write import write_reports
    from ecozone.revision import answer_of

    if not out and not ledger_to:
        raise InputError("请用 --out 给出报告的文件，或用 --ledger 给出台账的文件。")
    options, opened = on_paper(paper(given)), open_atlas(atlas)
    answers = []
    for path in records:
        kept = archive.load(path)
        answer = answer_of(kept, opened)
        if not archive.diff(kept, answer.to_dict()).same:
            raise InputError(f"“{path}”与现在的图集、规则不一致，没有写报告；请先用 ecozone verify 查看不同之处。")
        answers.append(answer)
    if out and len(answers) == 1 and Path(out).suffix:
        say(f"报告：{answers[0].report(out, **options)}")
    elif out:
        written = write_reports(answers, out, suffix=f".{suffix.lower().lstrip('.')}", **options)
        say(f"报告 {len(written)} 份：{Path(out)}")
    if ledger_to:
        shown = [a.public() if options["public"] else a for a in answers]
        say(f"台账：{write_ledger(shown, ledger_to)}")


@click.command("template", cls=Command, help="写出报告所用的 Word 模板，供本单位修改后用 --template 套用。",
               short_help="写出 Word 报告模板")  # fmt: skip
@click.argument("out", metavar="FILE.docx")
def template(out: str) -> None:
    """Write the Word template for an office to change."""
    from ecozone.report.docx import template_bytes

    if Path(out).suffix.lower() != ".docx":
        raise InputError(f"模板“{out}”应以 .docx 结尾。")
    say(f"模板：{write(out, template_bytes())}")


def _tell(text: str) -> None:
    for paragraph in text.splitlines():
        indent = len(paragraph) - len(paragraph.lstrip())
        for line in wrap(paragraph.strip(), columns() - indent):
            say(" " * indent + line)
