"""`ecozone rules lint|coverage|explain`: the proof of the rulebooks, and what one rule asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.command import Command
from ecozone.cli.layout import labelled, table
from ecozone.cli.registers import rules
from ecozone.cli.run import say
from ecozone.errors import RuleError, did_you_mean

if TYPE_CHECKING:
    from ecozone.rules.coverage import Found
    from ecozone.rules.model import Rule, Rulebook

#: Status of a proof that failed; 2 is kept for input that cannot be used.
FAILED = 1
_CHECKOUT = Path(__file__).resolve().parents[2]
_LINT = """检查规则集：写法、有效期的重叠和空档、互相矛盾、触发不了的规则、宽严倒置、放宽上位规则。

不写 FILE 时检查内置规则集；写了就检查自己的规则文件（连同它与内置规则集的关系）。
"""
_COVERAGE = """核对各规划的每一条（B、C 两部分）落到了哪些规则，或者为什么没有编入。

编入是指后果、性质、对象、距离与原文一致，并且每条规则至少有一个命中和一个差一点不命中的案例。没有达到要求时退出码为 1。
"""
_EXPLAIN = """说明编号为 ID 的规则怎样触发：读取哪些事实、行业、设施、图层和参数，怎样给出，差在哪里就不触发。"""


@rules.command(
    "lint", cls=Command, help=_LINT, exits={0: "没有错误", FAILED: "有错误"}, short_help="检查规则集有没有错误"
)
@click.argument("files", nargs=-1, metavar="[FILE]…", type=click.Path(path_type=Path))
@click.option("--notes/--no-notes", default=True, help="是否列出需要知道的事项（默认列出）。")
def lint_books(files: tuple[Path, ...], notes: bool) -> int:
    """Check rulebooks."""
    from ecozone.rules.lint import lint

    problems = lint(files)
    errors, told = [p for p in problems if not p.note], [p for p in problems if p.note]
    for title, found in (("错误", errors), ("须知", told if notes else [])):
        if found:
            say()
            say(f"{title} {len(found)} 条", style={"bold": True})
        for problem in found:
            for line in labelled("·", problem.text, indent=1, column=2):
                say(line)
    say()
    say("没有错误。" if not errors else f"有 {len(errors)} 条错误，请改正后再用。")
    return FAILED if errors else 0


@rules.command(
    "coverage",
    cls=Command,
    help=_COVERAGE,
    exits={0: "每一条都有着落", FAILED: "有未落实的条目"},
    short_help="核对规划的每一条落到哪些规则",
)
@click.option(
    "--table",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="规则追溯表，默认 docs/rules/traceability.csv。",
)
@click.option("--cases", metavar="DIR", type=click.Path(path_type=Path), help="案例所在文件夹，默认 tests/cases。")
@click.option("--all", "everything", is_flag=True, help="逐条列出全部条目。")
def coverage(path: Path | None, cases: Path | None, everything: bool) -> int:
    """Show how much of the plans is encoded."""
    from ecozone.rules import coverage as covering
    from ecozone.rules.library import packaged

    rows = covering.read_table(path or _CHECKOUT / "docs" / "rules" / "traceability.csv")
    evidence = covering.read_evidence(cases or _CHECKOUT / "tests" / "cases")
    found = covering.cover(rows, packaged().values(), evidence)
    accounted = [f for f in found if f.row.rules or f.row.reason]
    part = f"{len(accounted) / len(found):.0%}"
    say(f"规划条目 {len(found)} 条，已有去处 {len(accounted)} 条（{part}）；案例 {evidence.cases} 个")
    good = len(accounted) == len(found)
    lines = []
    for section, goal in covering.GOALS.items():
        encoded, total = covering.share(found, section)
        reached = encoded >= goal * total
        good = good and reached
        lines.append(
            [
                section,
                str(total),
                str(encoded),
                f"{encoded / max(total, 1):.1%}",
                f"{goal:.0%}",
                "达到" if reached else "未达到",
            ]
        )
    say()
    say(table(["部分", "涉及选址", "已编入", "占比", "要求", ""], lines))
    _rows(
        [f for f in found if everything or (f.wrong and (f.row.siting or not (f.row.rules or f.row.reason)))],
        everything,
    )
    good = _kinds(packaged()) and good
    return 0 if good else FAILED


def _rows(found: list[Found], everything: bool) -> None:
    if found:
        say()
        say("全部条目" if everything else "没有编入或者与原文不同的条目", style={"bold": True})
    for item in found:
        text = "；".join(item.wrong) or "、".join(item.row.rules) or f"不编入：{item.row.reason}"
        for line in labelled(item.row.id, text, indent=1, column=9):
            say(line)


def _kinds(books: Mapping[str, Rulebook]) -> bool:
    """Name the kinds of layers that rules ask for and an atlas lacks; say whether none is lacking."""
    from ecozone import kinds
    from ecozone.demo import demo_atlas, demo_regions
    from ecozone.rules.coverage import kinds_of

    say()
    complete = True
    for region in demo_regions():
        prefix = region.removesuffix("00") if region.endswith("00") else region
        bound = [b for b in books.values() if prefix.startswith(b.jurisdiction)]
        atlas = demo_atlas(region)
        lacking = [k for k in kinds_of(bound) if k not in atlas.kinds]
        complete = complete and not lacking
        told = "、".join(kinds.name(k) for k in lacking) or "没有"
        say(f"图集 {atlas.name}（{region}）缺少规则要用的图层：{told}")
    return complete


@rules.command("explain", cls=Command, help=_EXPLAIN, short_help="说明一条规则怎样触发")
@click.argument("rule_id", metavar="ID")
@click.option("--book", multiple=True, metavar="NAME|FILE", help="另加自己的规则文件；可重复。")
def explain_rule(rule_id: str, book: tuple[str, ...]) -> None:
    """Explain what one rule asks."""
    from ecozone._check import choose

    books = choose(list(book) or None)
    known = {r.id: r for b in books for r in b.rules}
    if rule_id not in known:
        raise RuleError(f"没有编号为“{rule_id}”的规则{did_you_mean(rule_id, known)}全部规则见 ecozone rules list。")
    for label, text in _explained(known[rule_id], {k: v for b in books for k, v in b.groups.items()}):
        for line in labelled(label, text, column=10):
            say(line)


def _explained(rule: Rule, groups: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from ecozone import words
    from ecozone.rules import describe
    from ecozone.rules.model import EFFECTS
    from ecozone.rules.sentences import natures

    yield "规则", f"{rule.id}：{rule.title}"
    yield "触发", f"{natures(rule.natures)}项目，{describe.condition(rule.when)}，并且{describe.place(rule.where)}"
    yield "后果", EFFECTS[rule.effect][1] + (f"（{rule.season.replace('/', ' 至 ')}）" if rule.season else "")
    for exception in rule.exceptions:
        proof = "、".join(words.fact(p).name for p in exception.proof)
        ends = f"提供{proof}后不再命中，此前按{EFFECTS[exception.pending_effect][1]}处理" if proof else "不命中"
        told = [describe.condition(exception.when)] * bool(exception.when) + [describe.place(exception.where)] * bool(
            exception.where
        )
        yield "例外", f"{'，并且'.join(told)}：{ends}" + (f"（{exception.note}）" if exception.note else "")
    yield from _asked(rule, groups)
    if rule.ladder_exception:
        yield "宽严", f"{rule.ladder_exception.note}（{rule.ladder_exception.citation}）"
    if rule.replaces:
        yield "代替", "、".join(rule.replaces) + (f"，依据{rule.empowered_by}" if rule.empowered_by else "，从严")


def _asked(rule: Rule, groups: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the rule reads and how to give it."""
    from ecozone import kinds, words
    from ecozone.rules.conflicts import parameters
    from ecozone.rules.library import packaged
    from ecozone.rules.logic import leaves

    nodes = [n for n in (rule.when, *(e.when for e in rule.exceptions)) if n is not None]
    conditions = [leaf for node in nodes for leaf in leaves(node)]
    for name in dict.fromkeys(n for leaf in conditions for n in leaf.get("industry", ())):
        told = words.describe(name, groups)
        extent = words.extent(name, groups)
        known = f"{len(extent.certain)} 个类别" + (f"，另有 {len(extent.maybe)} 个须核实" if extent.maybe else "")
        yield "行业", f"{told['name']}：{known}" + (f"；来源：{told['source']}" if told["source"] else "")
    for name in dict.fromkeys(n for leaf in conditions for n in leaf.get("facility", ())):
        yield "设施", f"{words.facility(name).name}：--facility {name}（在本址）或 --part {name}=位置（在别处）"
    facts = [leaf["fact"] for leaf in conditions if "fact" in leaf]
    for name in dict.fromkeys([*facts, *(p for e in rule.exceptions for p in e.proof)]):
        yield "事实", f"{words.fact(name).name}：--fact {name}=…；{words.fact(name).question}"
    places = [leaf for node in (rule.where, *(e.where for e in rule.exceptions)) for leaf in leaves(node)]
    for kind in dict.fromkeys(leaf["kind"] for leaf in places):
        yield "图层", f"{kinds.name(kind)}（{kind}）"
    specs = {k: v for b in packaged().values() for k, v in b.parameters.items()}
    for name in sorted(parameters(rule)):
        question = specs[name].question if name in specs else ""
        yield "参数", f"{name}：ecozone params --set {name}=…；{question}"
