"""`ecozone kinds`: which layers an atlas can hold, and the columns of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ecozone.cli.command import Command
from ecozone.cli.files import json_bytes
from ecozone.cli.layout import field, table
from ecozone.cli.run import say, say_bytes

if TYPE_CHECKING:
    from ecozone.kinds import Column, Kind

_HELP = """列出图层类别；给出 KIND（英文词或中文名称）时，列出这一类的几何类型和字段。

导入图层时，--kind 写这里的英文词；文件的字段名不同时，用 --map 文件字段=列 对应；常见的写法会自动识别。
"""
_GEOMETRY = {"point": "点", "line": "线", "polygon": "面"}
_TYPES = {"boolean": "是或否", "choice": "选一", "integer": "整数", "number": "数字", "text": "文字", "code": "编码"}
_UNITS = {"m": "米", "km2": "平方公里", "mu": "亩"}


@click.command("kinds", cls=Command, help=_HELP, short_help="列出图层类别，或一类图层的字段")
@click.argument("kind", metavar="[KIND]", required=False)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 打印。")
def kinds(kind: str | None, as_json: bool) -> None:
    """List the kinds of layers, or the columns of one."""
    from ecozone.kinds import named, registry

    if as_json:
        known = registry().values() if kind is None else [named(kind)]
        say_bytes(json_bytes({"kinds": [_as_json(k) for k in known]}))
    elif kind is not None:
        _show(named(kind))
    else:
        _list()


def _list() -> None:
    from ecozone.kinds import registry
    from ecozone.words import rasters

    themes: dict[str, list[Kind]] = {}
    for known in registry().values():
        themes.setdefault(known.theme, []).append(known)
    headings = ["类别", "名称", "几何", "必填字段"]
    for theme, found in themes.items():
        rows = [[k.kind, k.name, _geometry(k), "、".join(_wanted(k))] for k in found]
        _table(theme, headings, rows, [3])
    rows = [[r.key, r.name, r.unit or ("代码表" if r.classes else "")] for r in rasters.raster_kinds().values()]
    _table("栅格", ["类别", "名称", "单位"], rows, [])
    say()
    say("一类图层的全部字段：ecozone kinds 类别，例如 ecozone kinds river")


def _show(known: Kind) -> None:
    entries = [
        ("类别", known.kind),
        ("名称", known.name),
        ("几何", _geometry(known)),
        (
            "覆盖",
            "应当全域覆盖，不重不漏"
            if known.wall_to_wall
            else "导入时用 --coverage 说明哪里已经查全，其中没有要素才算没有",
        ),
        ("公开", "边界不宜公开（涉密或敏感）" if known.sensitive else "可以公开"),
    ]
    for label, text in entries:
        for line, style in field(label, text):
            say(line, style=dict(style))
    _table(
        "字段",
        ["列", "名称", "类型", "必填", "取值", "可识别的写法"],
        [_row(c, (*c.aliases, *known.aliases.get(c.key, ()))) for c in known.columns.values()],
        [4, 5],
    )
    _table(
        "每类图层都有的字段",
        ["列", "名称", "取值", "可识别的写法"],
        [[key, name, *_common(key, known)] for key, name in _names().items()],
        [2, 3],
    )


def _names() -> dict[str, str]:
    from ecozone.kinds import COMMON_NAMES

    return COMMON_NAMES


def _common(key: str, known: Kind) -> tuple[str, str]:
    """Return the values of a column that every kind has, and how files spell its name."""
    from ecozone.kinds import STATUSES

    values = "、".join(f"{k}（{v}）" for k, v in STATUSES.items()) if key == "status" else ""
    return values, "、".join(known.aliases.get(key, ()))


def _row(column: Column, aliases: tuple[str, ...]) -> list[str]:
    unit = f"，{_UNITS.get(column.unit, column.unit)}" if column.unit else ""
    values = "、".join(k if k == v else f"{k}（{v}）" for k, v in column.values.items())
    taken = column.values.get(column.default or "", column.default)
    empty = f"{'；' if values else ''}空白按{taken}" if taken is not None else ""
    needed = "是" if column.required else ""
    return [column.key, column.name, _TYPES[column.type] + unit, needed, values + empty, "、".join(aliases)]


def _geometry(known: Kind) -> str:
    return "、".join(_GEOMETRY[g] for g in known.geometry)


def _wanted(known: Kind) -> list[str]:
    return [f"{c.name} {c.key}" for c in known.columns.values() if c.required]


def _table(title: str, headings: list[str], rows: list[list[str]], flexible: list[int]) -> None:
    if rows:
        say()
        say(title, style={"bold": True})
        say(table(headings, rows, flexible=flexible))


def _as_json(known: Kind) -> dict[str, Any]:
    return {
        "kind": known.kind,
        "name": known.name,
        "name_en": known.name_en,
        "theme": known.theme,
        "geometry": list(known.geometry),
        "wall_to_wall": known.wall_to_wall,
        "sensitive": known.sensitive,
        "columns": [
            {
                "key": c.key, "name": c.name, "type": c.type, "unit": c.unit, "required": c.required,
                "default": c.default, "values": dict(c.values), "aliases": list(c.aliases),
            }
            for c in known.columns.values()
        ],
        "aliases": {k: list(v) for k, v in known.aliases.items()},
    }  # fmt: skip
