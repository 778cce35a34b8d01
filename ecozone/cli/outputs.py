"""What `ecozone check` can write besides its text: the record, a report, a row of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.files import write
from ecozone.errors import InputError

if TYPE_CHECKING:
    from ecozone.assessment import Assessment

#: Options of a report that `check` and `report` share, in the order of the help page.
_PAPER = (
    click.option("--public", is_flag=True, help="公开版：敏感图层裁切、概化，附图为示意图；对记录、地图、报告都有效。"),
    click.option("--lang", default="zh", metavar="zh|en", help="报告的语言；法律条文保留中文。"),
    click.option("--early", is_flag=True, help="报告改为选址制约因素清单，按主管部门列出（招商、选址阶段）。"),
    click.option("--no-figures", is_flag=True, help="报告不附图。"),
    click.option("--template", metavar="FILE.docx", help="本单位的 Word 模板，报告沿用其版式。"),
    click.option("--case", default="", metavar="TEXT", help="案号。"),
    click.option("--made-by", default="", metavar="NAME", help="经办人；缺省留空待签。"),
    click.option("--checked-by", default="", metavar="NAME", help="复核人。"),
    click.option("--approved-by", default="", metavar="NAME", help="签发人。"),
)
_FILES = (
    click.option("--report", "report_to", metavar="FILE", help="写出报告：.docx、.pdf 或 .html。"),
    click.option("--save", "save_to", metavar="X.ecozone.json", help="保存记录，供 verify、diff、override 使用。"),
    click.option("--ledger", "ledger_to", metavar="FILE.xlsx", help="记入台账；已有的台账在末尾添加。"),
    click.option("--answers-to", metavar="FILE.xlsx", help="写出须人工核对的准入清单比对表；填好后用 --answers 读回。"),
)
_MAP = (
    click.option("--map", "map_to", metavar="FILE.html", help="把结果画成网页地图，断网也能打开。"),
    click.option(
        "--ground",
        metavar="NAME",
        help="地图可勾选的底图：tianditu、tianditu-image（天地图，须用本单位的密钥）、amap、amap-image（高德，仅显示位置"
        "偏移到 GCJ-02，数据不动）；缺省没有底图。",
    ),
    click.option(
        "--tianditu-key", metavar="KEY", help="天地图密钥，会写在地图文件里；也可用环境变量 ECOZONE_TIANDITU_KEY。"
    ),
)


def map_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a map."""
    for option in reversed(_MAP):
        command = option(command)
    return command


def map_given(given: dict[str, Any]) -> dict[str, str | None]:
    """Take the options of a map out of what was typed.

    Raises
    ------
    InputError
        A ground and no map.
    """
    out = {k: given.pop(k) for k in ("map_to", "ground", "tianditu_key")}
    if out["ground"] and not out["map_to"]:
        raise InputError("--ground 只用于地图，请同时用 --map 给出地图文件。")
    return out


def write_map(answer: Assessment, wanted: Mapping[str, str | None]) -> list[str]:
    """Write the map that was asked for, and return a line on it."""
    if not wanted["map_to"]:
        return []
    drawn = answer.map(ground=wanted["ground"], tianditu_key=wanted["tianditu_key"])
    return [f"地图：{write(wanted['map_to'], drawn.get_root().render().encode('utf-8'))}"]


def paper_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a report is made."""
    for option in reversed(_PAPER):
        command = option(command)
    return command


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name files to write, and those that say how a report is made."""
    command = paper_options(command)
    for option in reversed(_FILES):
        command = option(command)
    return command


def paper(given: dict[str, Any]) -> dict[str, Any]:
    """Take the options of a report out of what was typed; `on_paper` makes of them what `write_report` wants."""
    names = {k: given.pop(k) for k in ("case", "made_by", "checked_by", "approved_by")}
    return {
        "public": given.pop("public"),
        "language": given.pop("lang"),
        "early_stage": given.pop("early"),
        "figures": not given.pop("no_figures"),
        "template": given.pop("template"),
        "handling": names,
    }


def on_paper(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a report as `write_report` wants them; only this reads the report's own modules."""
    from ecozone.report.chapters.cover import Handling

    return {**options, "handling": Handling(**options["handling"])}


def files(given: dict[str, Any]) -> dict[str, str | None]:
    """Take the files to write out of what was typed."""
    return {k: given.pop(k) for k in ("report_to", "save_to", "ledger_to", "answers_to")}


def write_outputs(answer: Assessment, wanted: Mapping[str, str | None], options: Mapping[str, Any]) -> list[str]:
    """Write what was asked for, and return a line on each file."""
    notes = []
    if wanted["save_to"]:
        notes.append(f"记录：{answer.save(wanted['save_to'])}")
    if wanted["report_to"]:
        notes.append(f"报告：{answer.report(wanted['report_to'], **on_paper(options))}")
    if wanted["ledger_to"]:
        from ecozone.report.ledger import write_ledger

        notes.append(f"台账：{write_ledger([answer], wanted['ledger_to'], append=True)}")
    if wanted["answers_to"]:
        from ecozone.report.answers import write_answers

        notes.append(f"比对表：{write_answers(answer, wanted['answers_to'])}（填好后用 --answers 读回）")
    return notes
