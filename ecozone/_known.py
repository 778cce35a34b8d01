"""What rules are asked with, of a batch on an atlas on a day: its facts, the region's parameters, the units touched."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Sequence

import numpy as np

from ecozone import words
from ecozone._batch import Batch
from ecozone.atlas import Atlas
from ecozone.errors import ParameterError, did_you_mean
from ecozone.relate.rows import Rows
from ecozone.relation import FALSE, TRUE, UNKNOWN, Relations, Request
from ecozone.rules.facts import FactTable
from ecozone.rules.logic import Truth
from ecozone.rules.measured import MeasuredFact
from ecozone.rules.model import Rulebook
from ecozone.rules.place import bounds

#: Parameter that vouches for the half-width of rivers drawn as centrelines, metres.
HALF_WIDTH = "river_half_width_m"


def fact_table(batch: Batch, atlas: Atlas, books: Sequence[Rulebook], day: dt.date) -> FactTable:
    """Return what is known of a batch's projects, with the parameters that the region sets.

    Raises
    ------
    ParameterError
        A value that is no number, lies outside what its source allows, or belongs to no parameter.
    """
    declared = {name: spec for book in books for name, spec in book.parameters.items()}
    values = {k: p.value for k, p in atlas.parameters.items()}
    limits = bounds(books) if values else {}
    for name, value in values.items():
        if name in declared and declared[name].type in ("distance", "number"):
            if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
                raise ParameterError(f"参数 {name} 的值“{value}”不是非负数，请用 ecozone params 重新设置。")
            low, high = limits.get(name, (0.0, np.inf))
            if not low <= value <= high:
                unit = declared[name].unit or ""
                told = f"{low:g}～{high:g} {unit}" if np.isfinite(high) else f"不小于 {low:g} {unit}"
                raise ParameterError(
                    f"参数 {name} 的值 {value:g} 超出规划给出的范围（{told}），请用 ecozone params 在范围内设置。"
                )
        elif name not in declared and name != HALF_WIDTH and atlas.path is None:
            raise ParameterError(f"没有名为“{name}”的参数{did_you_mean(name, declared, otherwise='。')}")
    groups = {k: v for book in books for k, v in book.groups.items()}
    return FactTable(
        batch.profiles,
        batch.profile[batch.project],
        batch.project,
        batch.kinds,
        batch.permanent,
        values,
        groups,
        day,
        _evidence(batch, atlas, day),
    )


def _evidence(batch: Batch, atlas: Atlas, day: dt.date) -> Callable[[str], MeasuredFact | None]:
    """Return what measures facts on the atlas' rasters; nothing is opened before a rule asks.

    A region's pieces are not cut along pixels, so facts of that kind stay open there.
    """
    if batch.regional:
        return lambda _name: None
    if not atlas.rasters:  # keeps neither the batch nor the atlas: the table may outlive both (`ecozone._planned`)
        return functools.partial(_no_raster, n=len(batch.project))

    def measure(name: str) -> MeasuredFact | None:
        if words.facts()[name].measured is None:
            return None
        from ecozone.raster.evidence import Evidence

        return Evidence(batch, atlas, day)(name)

    return measure


def _no_raster(name: str, n: int) -> MeasuredFact | None:
    asked = words.facts()[name].measured
    return None if asked is None else MeasuredFact.unmeasured(asked.raster, n)


def units_touched(relations: Relations, atlas: Atlas, batch: Batch, day: dt.date) -> dict[tuple[str, str], Truth]:
    """Return whether each part touches each control unit, by its code and category.

    Unknown: the ground as given stays out of the unit, and its accuracy or the extent of a point lets it reach in
    (SEMANTICS 2). Units that no part may touch are left out.
    """
    measured, layer = relations.measured.get(Request("control_unit")), atlas.at("control_unit", day)
    if measured is None or layer is None or not isinstance(measured.rows, Rows):
        return {}
    out: dict[tuple[str, str], Truth] = {}
    sure = measured.rows.touched()
    for zone, pieces in measured.rows.touched(measured.accuracy_m + measured.extent_m).items():
        code, category = (layer.columns[c][zone] for c in ("code", "category"))
        key = (str(code or layer.columns["zone"][zone]), str(category or ""))
        meets = out.setdefault(key, np.full(len(batch.project), FALSE))
        mine = pieces[pieces < len(batch.geometry)]
        meets[mine] = np.maximum(meets[mine], UNKNOWN)
        certain = sure.get(zone, pieces[:0])
        meets[certain[certain < len(batch.geometry)]] = TRUE
    return out


def has_proposed(atlas: Atlas, kind: str, day: dt.date) -> bool:
    """Say whether zones of a kind are only proposed on a day: they are measured too, and inform."""
    layer = atlas.at(kind, day)
    return layer is not None and layer.proposed
