"""Which zones of a layer a request means, and how wide its waters are: worked out once a layer version."""

from __future__ import annotations

import datetime as dt
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.layer import Layer
from ecozone.relation import Request

#: A zone that carries this line cannot clear a limit unless its half-width is known (SEMANTICS 2).
CENTRELINE = "centreline"
#: Half-width that a centreline without one may have, metres: ecozone's own caution, no legal figure. Inland rivers of
#: China are narrower than 10 km from bank to bank; a broader water belongs into an atlas as a surface.
WIDEST_HALF_M = 5_000.0
#: Answers kept for a layer: more days and filters than anybody asks at a time.
MOST = 256

_kept: weakref.WeakKeyDictionary[Layer, dict[Any, Any]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def mask(layer: Layer, request: Request, as_of: dt.date) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (zones that surely pass the filter, zones that may); not to be written to."""
    return _once(layer, (request.filter, request.status, as_of), lambda: _mask(layer, request, as_of))


def half_widths(layer: Layer, half_width_m: float | None) -> NDArray[np.float64]:
    """Return how far each zone's water may reach from its geometry; not to be written to.

    0 for banks, a half-width for centrelines, the widest there is where nobody said.
    """
    return _once(layer, ("half", half_width_m), lambda: _half_widths(layer, half_width_m))


def _once(layer: Layer, key: Any, make: Callable[[], Any]) -> Any:
    with _lock:
        kept = _kept.setdefault(layer, {})
        found = kept.get(key)
    if found is None:
        found = make()
        for array in found if isinstance(found, tuple) else (found,):
            array.flags.writeable = False
        with _lock:
            while len(kept) >= MOST:
                del kept[next(iter(kept))]
            kept[key] = found
    return found


def _mask(layer: Layer, request: Request, as_of: dt.date) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (zones that surely pass the filter, zones that may)."""
    sure = layer.active(as_of, request.status)
    may = sure.copy()
    for column, allowed in request.filter:
        values = layer.columns.get(column)
        if values is None:
            sure &= False
            continue
        blank = np.array([v is None for v in values], dtype=bool)
        passes = np.array([_text(v) in allowed for v in values], dtype=bool)
        sure &= passes & ~blank
        may &= passes | blank
    return sure, may


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _half_widths(layer: Layer, half_width_m: float | None) -> NDArray[np.float64]:
    """Return how far each zone's water may reach from its geometry: 0 for banks, a half-width for centrelines."""
    line = layer.columns.get("line")
    out = np.zeros(len(layer))
    if line is None:
        return out
    centre = np.array([v == CENTRELINE for v in line], dtype=bool)
    if centre.any():
        unknown = WIDEST_HALF_M if half_width_m is None else half_width_m
        given = layer.columns.get("half_width_m", np.full(len(layer), None, dtype=object))
        out[centre] = [unknown if v is None else float(v) for v in given[centre]]
    return out
