"""Rasters as evidence: which kinds there are, and what rules may ask of them by name.

A fact's name says how it is measured: ``slope_share_gt_25`` is the share of a site's ground steeper than 25 degrees,
``pm25_mean`` a mean weighted by ground, ``land_cover_share_林地`` the share of a class. Nobody gives such facts: they
come from the atlas, part by part.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ecozone import compiled
from ecozone.errors import InputError, did_you_mean

_STATISTICS = {"mean": "平均", "min": "最小", "max": "最大"}
_OPS = {"gt": "大于", "ge": "不小于", "lt": "小于", "le": "不大于"}
_QUESTION = re.compile(r"(?P<stat>mean|min|max)|share_(?P<op>gt|ge|lt|le)_(?P<limit>\d+(?:\.\d+)?)|share_(?P<cls>.+)")


@dataclass(frozen=True)
class RasterKind:
    """A kind of raster, or a surface computed from one (`of`).

    Attributes
    ----------
    classes : bool
        Values are codes with a class table, not amounts.
    """

    key: str
    name: str
    unit: str = ""
    of: str = ""
    classes: bool = False
    aliases: tuple[str, ...] = ()
    name_en: str = ""

    @property
    def raster(self) -> str:
        """The kind of raster that an atlas must hold."""
        return self.of or self.key


@dataclass(frozen=True)
class Measured:
    """What a fact asks of a raster: a statistic, a share beyond a limit, or the share of a class.

    Attributes
    ----------
    surface : str
        Key of a kind or of a surface.
    statistic : str
        ``mean``, ``min``, ``max`` or ``share``.
    op, limit
        Of a share beyond a limit: ``gt``, ``ge``, ``lt`` or ``le``, in the surface's unit.
    label : str
        Of a class's share.
    """

    surface: str
    statistic: str
    op: str = ""
    limit: float = 0.0
    label: str = ""

    @property
    def raster(self) -> str:
        """The kind of raster that an atlas must hold."""
        return surfaces()[self.surface].raster

    @property
    def name(self) -> str:
        """What it is called in an answer."""
        known = surfaces()[self.surface]
        if self.label:
            return f"{known.name}为{self.label}的占地比例"
        if self.op:
            return f"{known.name}{_OPS[self.op]} {self.limit:g} {known.unit}的占地比例".replace(" %", "%")
        return f"{_STATISTICS[self.statistic]}{known.name}"

    @property
    def unit(self) -> str | None:
        """Unit of the value; None for shares."""
        return None if self.statistic == "share" else surfaces()[self.surface].unit or None


@functools.cache
def _raw() -> Mapping[str, Any]:
    file = resources.files("ecozone.words").joinpath("rasters.yaml")
    value: Mapping[str, Any] = compiled.load([file], lambda texts: compiled.parse_yaml(next(iter(texts.values()))))
    return value


@functools.cache
def raster_kinds() -> Mapping[str, RasterKind]:
    """Return the kinds of rasters by key."""
    return {k: _kind(k, v) for k, v in _raw()["rasters"].items()}


@functools.cache
def surfaces() -> Mapping[str, RasterKind]:
    """Return what rules may ask of: the kinds, and the surfaces computed from them."""
    return {**raster_kinds(), **{k: _kind(k, v) for k, v in _raw()["surfaces"].items()}}


def _kind(key: str, raw: Mapping[str, Any]) -> RasterKind:
    return RasterKind(key, **{**raw, "aliases": tuple(raw.get("aliases") or ())})


def raster_kind(word: str) -> RasterKind:
    """Return a kind of raster by key, Chinese name or alias.

    Raises
    ------
    InputError
        No such kind.
    """
    spelled = {s: k for k in raster_kinds().values() for s in (k.key, k.name, *k.aliases)}
    if word not in spelled:
        known = "、".join(f"{k.key}（{k.name}）" for k in raster_kinds().values())
        raise InputError(f"没有名为“{word}”的栅格类别{did_you_mean(word, spelled)}可用的类别：{known}。")
    return spelled[word]


@functools.lru_cache(maxsize=1024)
def measured(name: str) -> Measured | None:
    """Return what a fact's name asks of a raster, None where it asks nothing of one."""
    for key in sorted(surfaces(), key=len, reverse=True):
        read = _QUESTION.fullmatch(name[len(key) + 1 :]) if name.startswith(f"{key}_") else None
        if read is None:
            continue
        kind = surfaces()[key]
        if kind.classes != bool(read["cls"]):
            return None  # classes have no mean, amounts no classes
        if read["cls"]:
            return Measured(key, "share", label=read["cls"])
        if read["op"]:
            return Measured(key, "share", read["op"], float(read["limit"]))
        return Measured(key, read["stat"])
    return None
