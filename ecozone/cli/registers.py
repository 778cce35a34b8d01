"""`ecozone facts` and `ecozone rules`: the words of projects, and the rules that are encoded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.check import day
from ecozone.cli.command import Command, Group
from ecozone.cli.files import json_bytes
from ecozone.cli.layout import labelled, table
from ecozone.cli.run import say, say_bytes
from ecozone.errors import RuleError, did_you_mean

if TYPE_CHECKING:
    from ecozone.rules.model import Citation, Period, Rule, Rulebook
    from ecozone.words import Fact

_FACTS = """列出描述项目的词：性质、阶段、设施种类和事实。

命令和文件里写英文词，中文名称和别名也能识别。
"""
_TYPES = {
    "bool": "是或否",
    "number": "数字",
    "integer": "整数",
    "date": "日期",
    "document": "文号",
    "text": "文字",
}


@click.command("facts", cls=Command, help=_FACTS, short_help="列出项目性质、设施种类和事实，附中文名称")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 打印。")
def facts(as_json: bool) -> None:
    """List the words that projects are described with."""
    from ecozone import words

    if as_json:
        say_bytes(json_bytes(_as_json()))
        return
    _show(
        "项目性质（--nature）",
        ["词", "名称", "含义"],
        [[t.key, t.name, t.meaning] for t in words.natures().values()],
        [2],
    )
    _show("办理阶段（--stage）", ["词", "含义"], [[t.key, t.meaning] for t in words.stages().values()], [1])
    _show(
        "对象（--subject）",
        ["词", "名称", "含义"],
        [[t.key, t.name, t.meaning] for t in words.subjects().values()],
        [2],
    )
    for theme, found in _by_theme(words.facilities().values()):
        _show(
            f"设施种类（--facility、--has、--part）：{theme}",
            ["词", "名称"],
            [[f.key, f.name] for f in found],
            [1],
        )
    for theme, known in _by_theme(words.facts().values()):
        _show(
            f"事实（--fact）：{theme}",
            ["词", "名称", "取值"],
            [[f.key, f.name, _values(f)] for f in known],
            [1, 2],
        )


def _values(fact: Fact) -> str:
    if fact.type == "choice":
        return "、".join(f"{k}（{v}）" if k != v else k for k, v in fact.values.items())
    return _TYPES[fact.type] + (f"，{fact.unit}" if fact.unit else "")


def _by_theme(entries: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    out: dict[str, list[Any]] = {}
    for entry in entries:
        out.setdefault(entry.theme or "其他", []).append(entry)
    return list(out.items())


def _as_json() -> dict[str, Any]:
    from ecozone import words

    def terms(known: Any) -> list[dict[str, Any]]:
        return [
            {"key": t.key, "name": t.name, "aliases": list(t.aliases), "meaning": t.meaning} for t in known.values()
        ]

    return {
        "natures": terms(words.natures()),
        "stages": terms(words.stages()),
        "subjects": terms(words.subjects()),
        "facilities": [
            {"key": f.key, "name": f.name, "aliases": list(f.aliases), "theme": f.theme}
            for f in words.facilities().values()
        ],
        "facts": [
            {
                "key": f.key, "name": f.name, "aliases": list(f.aliases), "theme": f.theme, "type": f.type,
                "unit": f.unit, "values": dict(f.values), "question": f.question,
            }
            for f in words.facts().values()
        ],
    }  # fmt: skip


# ---- rules


@click.group("rules", cls=Group, help="列出或查看已编入的规则。", short_help="列出或查看已编入的规则")
def rules() -> None:
    """Hold the commands on rules."""


_AS_OF = click.option("--as-of", metavar="YYYY-MM-DD", help="只列出当日有效的规则。")
_BOOK = click.option(
    "--book", multiple=True, metavar="NAME|FILE", help="只看指定的内置规则集，或另加自己的规则文件；可重复。"
)


@rules.command("list", cls=Command, help="列出规则：编号、效力、内容、条文和有效期。", short_help="列出规则及其条文")
@_AS_OF
@_BOOK
def list_rules(as_of: str | None, book: tuple[str, ...]) -> None:
    """List rules, book by book."""
    from ecozone.rules.model import EFFECTS

    on = None if as_of is None else day(as_of)
    shown = 0
    for shelf in _books(book):
        chosen = [r for r in shelf.rules if on is None or r.in_force(on)]
        shown += len(chosen)
        say()
        say(f"{shelf.title}（{shelf.name}，{shelf.version}）{len(chosen)} 条", style={"bold": True})
        for rule in chosen:
            say(f"{rule.id}  【{EFFECTS[rule.effect][1]}】{rule.title}")
            say(f"    {short(rule.citation)}，{_period(rule.period)}")
        for instrument in shelf.instruments:
            number = f"（{instrument.number}）" if instrument.number else ""
            say(f"{instrument.id}  【未编入】《{instrument.title}》{number}")
    say()
    say(f"共 {shown} 条规则" + (f"，{on.isoformat()} 有效" if on else "") + "；查看一条：ecozone rules show 编号")


def short(citation: Citation) -> str:
    """Return a citation by the short name of its paper, e.g. 长江保护法 第26条第2款."""
    place = str(citation).partition("》")[2].removesuffix(f"（{citation.document.number}）")
    return f"{citation.document.key} {place}"


@rules.command(
    "show",
    cls=Command,
    help="查看编号为 ID 的规则：对谁、在哪里、什么后果、例外、条文。",
    short_help="查看一条规则的全部内容",
)
@click.argument("rule_id", metavar="ID")
@click.option("--as-of", metavar="YYYY-MM-DD", help="查看这一条在当日有效的版本。")
@_BOOK
def show_rule(rule_id: str, as_of: str | None, book: tuple[str, ...]) -> None:
    """Show one rule, or the version of it that holds on a day."""
    from ecozone.rules.versions import Versions

    known = {r.id: (r, b) for b in _books(book) for r in b.rules}
    if rule_id not in known:
        raise RuleError(f"没有编号为“{rule_id}”的规则{did_you_mean(rule_id, known)}全部规则见 ecozone rules list。")
    rule, shelf = known[rule_id]
    every = [r for r, _ in known.values()]
    if as_of is not None:
        on = day(as_of)
        held = Versions.of(rule, every).on(on)
        told = f"{on.isoformat()} 有效" if held == (rule,) else f"{rule_id} 在 {on.isoformat()} 没有效力"
        if held and held != (rule,):
            told += f"，当日有效的是 {'、'.join(r.id for r in held)}"
        say(told, style={"bold": True})
        for version in held or (rule,):
            _show_one(*known[version.id], every)
        return
    _show_one(rule, shelf, every)


def _show_one(rule: Rule, shelf: Rulebook, every: list[Rule]) -> None:
    """Show one version of a rule."""
    from ecozone import words
    from ecozone.rules import describe
    from ecozone.rules.model import AUTHORITIES, EFFECTS, TEXTS
    from ecozone.rules.sentences import natures
    from ecozone.rules.versions import Versions

    versions = Versions.of(rule, every)
    entries = [
        ("编号", rule.id), ("内容", rule.title), ("要求", rule.requirement),
        ("效力", EFFECTS[rule.effect][1]), ("条文", str(rule.citation)),
        ("位阶", f"{AUTHORITIES[rule.authority]}；{TEXTS[rule.text]}"), ("有效期", _period(rule.period)),
        ("性质", natures(rule.natures)), ("条件", describe.condition(rule.when)), ("范围", describe.place(rule.where)),
        ("季节", rule.season.replace("/", " 至 ") if rule.season else ""),
    ]  # fmt: skip
    for exception in rule.exceptions:
        proof = "、".join(words.fact(p).name for p in exception.proof)
        told = [exception.note] + [describe.condition(exception.when)] * bool(exception.when)
        told += [describe.place(exception.where)] * bool(exception.where) + [f"须提供：{proof}"] * bool(proof)
        entries.append(("例外", "；".join(t for t in told if t)))
    entries += [
        ("下一步", "；".join(rule.next)), ("主管", "、".join(rule.office)), ("来源", "、".join(rule.source)),
        ("备注", rule.note), *(("前身", _named(r)) for r in versions.before),
        ("后继", _named(versions.after) if versions.after else rule.superseded_by or ""),
        ("规则集", f"{shelf.title}（{shelf.name}，{shelf.version}）"),
    ]  # fmt: skip
    for label, text in entries:
        if text:
            for line in labelled(label, text, column=8):
                say(line)


def _named(rule: Rule) -> str:
    return f"{rule.id}（{short(rule.citation)}，{_period(rule.period)}）"


def _books(names: tuple[str, ...]) -> list[Rulebook]:
    from ecozone._check import choose

    return sorted(choose(list(names) or None), key=lambda b: (b.jurisdiction, b.name))


def _period(period: Period) -> str:
    first, last = period.as_list()
    if first is None and last is None:
        return ""
    return f"{first or ''} 起" if last is None else f"{first or ''} 至 {last}"


def _show(title: str, headings: list[str], rows: list[list[str]], flexible: list[int]) -> None:
    say()
    say(title, style={"bold": True})
    say(table(headings, rows, flexible=flexible))
