"""What a layer can be about: the registry of kinds, one YAML file each.

A kind's file names its columns with their code lists, the field aliases met in the wild, whether it is wall-to-wall,
and its theme. Rules, intake, maps and reports all read this one registry.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from ecozone import compiled
from ecozone.errors import LayerError, did_you_mean

#: Columns that every zone table has, whatever its kind.
COMMON_COLUMNS = ("zone", "name", "status", "valid_from", "valid_to", "document")
#: The same as an officer reads them.
COMMON_NAMES = dict(zip(COMMON_COLUMNS, ("编号", "名称", "状态", "生效日期", "失效日期", "批准文件"), strict=True))
#: What a zone's `status` may be.
STATUSES = {"in_force": "已生效", "proposed": "拟划定", "revoked": "已撤销"}
#: Which line of a river a geometry is (the law measures from 岸线; a centreline is not one).
LINES = {
    "water_edge": "临水边界线",
    "outer_edge": "外缘边界线",
    "management_range": "河道管理范围线",
    "centreline": "中心线",
}


@dataclass(frozen=True)
class Column:
    """One column of a kind: label, type, unit, code list, and what an empty cell means (always the strict side)."""

    key: str
    name: str
    type: str = "text"
    unit: str | None = None
    required: bool = False
    default: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of layer, as its file under ``ecozone/kinds`` says."""

    kind: str
    name: str
    name_en: str
    theme: str
    geometry: tuple[str, ...]
    wall_to_wall: bool
    sensitive: bool
    columns: Mapping[str, Column]
    aliases: Mapping[str, tuple[str, ...]]
    note: str

    def label(self, column: str, value: Any) -> str:
        """Return a value as an officer reads it."""
        known = self.columns.get(column)
        return known.values.get(str(value), str(value)) if known else str(value)


def _compile(texts: Mapping[str, str]) -> dict[str, Any]:
    return {name.removesuffix(".yaml"): compiled.parse_yaml(text) for name, text in texts.items()}


@functools.cache
def registry() -> Mapping[str, Kind]:
    """Return all kinds by their English key, in the order of their file names."""
    folder = resources.files("ecozone.kinds")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    return {key: _kind(raw) for key, raw in compiled.load(paths, _compile).items()}


def _kind(raw: Mapping[str, Any]) -> Kind:
    columns = {
        key: Column(
            key=key,
            name=spec["name"],
            type=spec.get("type", "text"),
            unit=spec.get("unit"),
            required=bool(spec.get("required", False)),
            default=spec.get("default"),
            values={str(k): str(v) for k, v in (spec.get("values") or {}).items()},
            aliases=tuple(str(a) for a in spec.get("aliases") or ()),
        )
        for key, spec in (raw.get("columns") or {}).items()
    }
    return Kind(
        kind=raw["kind"],
        name=raw["name"],
        name_en=raw.get("name_en", raw["kind"]),
        theme=raw.get("theme", "其他"),
        geometry=tuple(raw.get("geometry") or ("polygon",)),
        wall_to_wall=bool(raw.get("wall_to_wall", False)),
        sensitive=bool(raw.get("sensitive", False)),
        columns=columns,
        aliases={k: tuple(str(a) for a in v) for k, v in (raw.get("aliases") or {}).items()},
        note=raw.get("note", ""),
    )


def get(kind: str) -> Kind:
    """Return one kind.

    Raises
    ------
    LayerError
        No such kind; the nearest names are offered.
    """
    known = registry()
    if kind not in known:
        near = next((f"，是否为 {k.kind}？" for k in known.values() if k.name == kind), did_you_mean(kind, known))
        raise LayerError(f"没有名为“{kind}”的图层类别{near}全部类别见 ecozone kinds。")
    return known[kind]


def named(word: str) -> Kind:
    """Return one kind by its key or its Chinese name.

    Raises
    ------
    LayerError
        No such kind.
    """
    return next((k for k in registry().values() if k.name == word), None) or get(word)


def name(kind: str) -> str:
    """Return a kind's Chinese name, or the key itself for a kind that is not in the registry."""
    known = registry()
    return known[kind].name if kind in known else kind
