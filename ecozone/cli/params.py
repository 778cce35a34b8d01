"""`ecozone params`: figures that law and plans leave open, papers that a user vouches for.

Both are kept in the atlas with who, when and why.
"""

from __future__ import annotations

import getpass
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.check import split
from ecozone.cli.command import Command
from ecozone.cli.layout import labelled, quantity
from ecozone.cli.run import say
from ecozone.clock import today
from ecozone.errors import InputError, ParameterError, did_you_mean

if TYPE_CHECKING:
    from ecozone.atlas import Atlas
    from ecozone.atlasfile import Accepted, Parameter
    from ecozone.rules.model import Instrument, ParameterSpec, Rulebook

_HELP = """列出规则要用而原文没有写明的数值（参数）：由谁、何时、依据什么设置；
不设置时，相关规则保持“未能判定”。

--set 设置参数，--accept 认可文件；都写入图集的 atlas.toml，每个结论都会列出。
"""
_YES, _NO = ("yes", "true", "是", "有", "属于"), ("no", "false", "否", "无", "不属于")


@click.command("params", cls=Command, help=_HELP, short_help="列出或设置法律、规划没有写明的数值")
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹，或 postgresql:// 地址。")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="设置一个参数，须同时给出 --basis；可重复。",
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="INSTRUMENT",
    help="认可一份已知而未编入规则的文件（已人工核对），须同时给出 --basis；可重复。",
)
@click.option("--basis", metavar="TEXT", help="依据：批准文件、文号或核对情况。")
@click.option("--by", metavar="WHO", help="由谁设置；缺省为当前登录用户。")
@click.option("--book", multiple=True, metavar="NAME|FILE", help="只看指定的内置规则集，或另加自己的规则文件；可重复。")
def params(
    atlas: str,
    settings: tuple[str, ...],
    accepted: tuple[str, ...],
    basis: str | None,
    by: str | None,
    book: tuple[str, ...],
) -> None:
    """Set what is given, then list."""
    from ecozone._check import choose
    from ecozone.atlas import open_atlas
    from ecozone.atlasfile import Accepted, Parameter
    from ecozone.rules.library import stack

    opened = open_atlas(atlas)
    shelf = choose(list(book) or None)
    if settings or accepted:
        if not (basis or "").strip():
            raise InputError('设置参数或认可文件须说明依据，请加上 --basis，例如 --basis "区政府批复 2026年3号"。')
        wanted = {p.name: p for b in shelf for p in b.parameters.values()}
        known = {i.id: i for b in shelf for i in b.instruments}
        who, day, why = by or _login(), today(), str(basis)
        values: dict[str, Parameter] = {}
        for name, text in split("--set", settings, "河岸带宽度_m=50"):
            spec = _named(name, wanted)
            values[spec.name] = Parameter(spec.name, _value(spec, text), spec.unit, who, day, why)
        papers: dict[str, Accepted] = {}
        for name in accepted:
            paper = _paper(name, known)
            papers[paper.id] = Accepted(paper.id, who, day, why)
        say(f"已写入 {_write(opened, atlas, values, papers)}")
        opened = open_atlas(atlas)
        say()
    _list(opened, stack(shelf, _codes(opened)))


def _write(opened: Atlas, where: str, values: Mapping[str, Parameter], papers: Mapping[str, Accepted]) -> str:
    """Write what was set beside what an atlas already has, and return where."""
    from ecozone import postgis
    from ecozone.atlasfile import write_toml

    if postgis.is_address(where):
        postgis.write_settings(where, values, papers)
        return postgis.shown(where)
    folder = Path(where)
    write_toml(
        folder,
        region=opened.region,
        name=opened.name,
        notice=opened.notice,
        parameters={**opened.parameters, **values},
        accepted={**opened.accepted, **papers},
        others=_others(folder),
    )
    return str(folder / "atlas.toml")


def _others(folder: Path) -> dict[str, Any]:
    """Return what an ``atlas.toml`` says besides what is written anew."""
    raw = tomllib.loads((folder / "atlas.toml").read_text(encoding="utf-8-sig"))
    return {k: v for k, v in raw.items() if k not in ("format", "region", "name", "notice", "parameters", "accepted")}


def _named(name: str, wanted: Mapping[str, ParameterSpec]) -> ParameterSpec:
    by_label = {p.label: p for p in wanted.values()}
    if name in wanted or name in by_label:
        return wanted.get(name) or by_label[name]
    near = did_you_mean(name, [*wanted, *by_label])
    raise ParameterError(f"没有名为“{name}”的参数{near}全部参数见 ecozone params --atlas DIR。")


def _paper(name: str, known: Mapping[str, Instrument]) -> Instrument:
    title = name.strip("《》")
    by_title = {i.title: i for i in known.values()}
    if name in known or title in by_title:
        return known.get(name) or by_title[title]
    near = did_you_mean(name, [*known, *by_title])
    raise ParameterError(f"登记簿里没有“{name}”这份文件{near}全部文件见 ecozone params --atlas DIR。")


def _value(spec: ParameterSpec, text: str) -> Any:
    """Read a parameter's value as its type."""
    if spec.type == "bool":
        if text.lower() not in (*_YES, *_NO):
            raise ParameterError(f"参数 {spec.name}（{spec.label}）的值“{text}”无法识别，请写 是 或 否。")
        return text.lower() in _YES
    if spec.type not in ("distance", "number"):
        return text
    try:
        number = float(text.removesuffix(spec.unit or " ").removesuffix("米").strip())
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        unit = f"（{spec.unit}）" if spec.unit else ""
        raise ParameterError(f"参数 {spec.name}（{spec.label}）的值“{text}”不是非负数，请写成数字{unit}。")
    return int(number) if number == int(number) else number


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise InputError("无法取得当前登录用户，请用 --by 说明由谁设置。") from None


def _codes(atlas: Atlas) -> set[str]:
    """Return the counties of an atlas: of a city, those of its outline."""
    codes = {atlas.region}
    if "admin" in atlas.kinds:
        codes |= {str(c) for c in atlas["admin"].columns.get("code", ()) if c}
    return codes


def _list(atlas: Atlas, books: Sequence[Rulebook]) -> None:
    specs = [p for b in books for p in b.parameters.values()]
    unset = [p for p in specs if p.name not in atlas.parameters]
    say(
        f"{atlas.name}（{atlas.region}）：规则要用的参数 {len(specs)} 个，已设置 {len(specs) - len(unset)} 个",
        style={"bold": True},
    )
    for spec in specs:
        if spec.name in atlas.parameters:
            given = atlas.parameters[spec.name]
            say()
            _entry(spec.name, spec.label, quantity(given.value, spec.unit), given)
    for name in sorted(set(atlas.parameters) - {p.name for p in specs}):
        given = atlas.parameters[name]
        say()
        _entry(name, "没有规则用到", quantity(given.value, given.unit), given)
    if unset:
        say()
        say(f"尚未设置 {len(unset)} 个，相关规则保持“未能判定”", style={"bold": True})
    for spec in unset:
        say()
        _lines(spec.name, f"{spec.label}{f'（{spec.unit}）' if spec.unit else ''}")
        _lines("", spec.question)
    papers = {i.id: i for b in books for i in b.instruments}
    say()
    say(f"已知而未编入规则的文件 {len(papers)} 件", style={"bold": True})
    for paper in papers.values():
        say()
        _lines(paper.id, f"《{paper.title}》" + (f"（{paper.number}）" if paper.number else ""))
        if paper.id in atlas.accepted:
            _lines("", _signed(atlas.accepted[paper.id], "已认可"))
        elif paper.bears_on_siting:
            _lines("", "涉及选址，认可前结论不完整")
    say()
    say("设置：ecozone params --atlas DIR --set 名称=值 --basis 依据；认可文件：--accept 编号 --basis 核对情况")


def _entry(name: str, label: str, value: str, given: Any) -> None:
    _lines(name, f"{label} = {value}")
    _lines("", _signed(given, "设置"))


def _signed(given: Any, verb: str) -> str:
    when = given.on.isoformat() if given.on else "日期不明"
    return f"{given.by or '未署名'} {when} {verb}；依据：{given.basis or '未注明'}"


def _lines(label: str, text: str) -> None:
    if label:
        say(label)
    for line in labelled("", text, column=4) if text else ():
        say(line)
