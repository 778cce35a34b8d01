"""`atlas.toml`: what an atlas says of itself besides its layers, read and written.

The region and its name, the mark every output repeats, the figures somebody set, the instruments somebody accepted.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ecozone._atomic import whole
from ecozone.errors import AtlasError
from ecozone.layer import as_date

#: Version of the atlas folder.
FORMAT = 1


@dataclass(frozen=True)
class Parameter:
    """A figure that the sources leave open, as somebody set it for a region.

    `value` is a number or a text; `by`, `on` and `basis` say who set it, when, and on what ground; every answer
    prints them.
    """

    name: str
    value: Any
    unit: str | None = None
    by: str = ""
    on: dt.date | None = None
    basis: str = ""


@dataclass(frozen=True)
class Accepted:
    """A known but unencoded instrument that the user accepts by name: its absence no longer keeps an answer open."""

    instrument: str
    by: str = ""
    on: dt.date | None = None
    basis: str = ""


@dataclass(frozen=True)
class Settings:
    """What ``atlas.toml`` says."""

    region: str
    name: str | None
    notice: str | None
    parameters: Mapping[str, Parameter]
    accepted: Mapping[str, Accepted]


def read_toml(folder: Path) -> Settings:
    """Read ``atlas.toml`` of an atlas folder.

    Raises
    ------
    AtlasError
        No such folder, no ``atlas.toml``, a newer format, or not what an atlas says.
    """
    file = folder / "atlas.toml"
    if not folder.is_dir():
        raise AtlasError(f"找不到图集文件夹“{folder}”，请检查 --atlas 的路径。")
    if not file.is_file():
        raise AtlasError(
            f"“{folder}”里没有 atlas.toml，不是图集文件夹。示例图集在 data/boundaries 下，例如 data/boundaries/511111。"
        )
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"第 {line[1]} 行" if line else ""
        raise AtlasError(f"{file} {where}写法有误，请检查引号、方括号和文件编码（UTF-8）后再试。") from error
    if raw.get("format") != FORMAT:
        raise AtlasError(f"图集“{folder}”的格式为 {raw.get('format')}，本版本只能读取格式 {FORMAT}。")
    try:
        parameters = {
            k: Parameter(
                name=k,
                value=v["value"],
                unit=v.get("unit"),
                by=v.get("by", ""),
                on=as_date(v.get("on")),
                basis=v.get("basis", ""),
            )
            for k, v in raw.get("parameters", {}).items()
        }
        accepted = {
            k: Accepted(instrument=k, by=v.get("by", ""), on=as_date(v.get("on")), basis=v.get("basis", ""))
            for k, v in raw.get("accepted", {}).items()
        }
    except (KeyError, AttributeError, TypeError) as error:
        raise AtlasError(f"{file} 的 [parameters] 或 [accepted] 缺少内容：{error}。每个参数至少要有 value。") from error
    return Settings(str(raw.get("region", "")), raw.get("name"), raw.get("notice"), parameters, accepted)


def write_toml(
    folder: Path,
    *,
    region: str,
    name: str,
    notice: str | None,
    parameters: Mapping[str, Parameter],
    accepted: Mapping[str, Accepted],
    others: Mapping[str, Any] | None = None,
) -> None:
    """Write ``atlas.toml``, whole or not at all; `others` is what else the file says, and stays in it."""
    head = {"format": FORMAT, "region": region, "name": name, **({"notice": notice} if notice else {})}
    sections: dict[str, Any] = {}
    for section, entries in (("parameters", parameters), ("accepted", accepted)):
        sections[section] = {
            key: {k: v for k, v in asdict(entry).items() if k not in ("name", "instrument") and v is not None}
            for key, entry in entries.items()
        }
    lines = _table({**head, **sections, **(others or {})})
    with whole(folder / "atlas.toml") as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _table(values: Mapping[str, Any], path: str = "") -> list[str]:
    """Return the lines of a table: its values, then the tables in it."""
    plain = {k: v for k, v in values.items() if not isinstance(v, Mapping)}
    lines = [f"\n[{path}]"] if path and (plain or not values) else []
    lines += [f"{_key(k)} = {_toml(v)}" for k, v in plain.items()]
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            lines += _table(value, f"{path}.{_key(key)}" if path else _key(key))
    return lines


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value))  # numpy's repr is no TOML
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
