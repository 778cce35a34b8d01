"""Facts that nobody gives because they are measured: a share of steep ground, a mean on the site, one value a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.rules.logic import FALSE, TRUE, UNKNOWN, Truth

#: Why a part has no value: it has one, no layer holds on the day, the layer misses some of the ground, no place given.
KNOWN, NO_LAYER, NO_COVERAGE, NO_PLACE = (np.int8(i) for i in range(4))
_COMPARE: dict[str, Callable[[Any, float], Any]] = {
    "ge": np.greater_equal, "gt": np.greater, "le": np.less_equal, "lt": np.less,
}  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredFact:
    """One measured fact of all parts.

    Attributes
    ----------
    layer : str
        Kind of the layer it is measured on.
    value : float64 array of shape (n,)
        On the ground as given; NaN where there is none.
    low, high : float64 arrays of shape (n,)
        What it may be given the accuracy of the site and of the layer.
    why : int8 array of shape (n,)
        One of `KNOWN`, `NO_LAYER`, `NO_COVERAGE`, `NO_PLACE`.
    used : object
        The layer version (``version``, ``source``, ``document``, ``notice``, ``accuracy_m``, ``sha256``), None without.
    """

    layer: str
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    why: NDArray[np.int8]
    used: Any = None

    @classmethod
    def unmeasured(cls, layer: str, n: int) -> MeasuredFact:
        """Return the fact of `n` parts for which no layer of its kind holds."""
        nothing = np.full(n, np.nan)
        return cls(layer, nothing, nothing, nothing, np.full(n, NO_LAYER))

    def test(self, op: str, wanted: Any, otherwise: Truth) -> Truth:
        """Return the truth of a test for every part: open where the accuracy leaves it open.

        Parameters
        ----------
        op, wanted
            As a condition has them.
        otherwise : int8 array of shape (n,)
            The truth by what somebody said, for parts that have no value.
        """
        if op == "is":
            values = [float(w) for w in wanted if not isinstance(w, str)]
            sure = np.isin(self.value, values) & (self.low == self.high)
            never = np.all([(v < self.low) | (v > self.high) for v in values] or [self.why == KNOWN], axis=0)
            out = np.where(sure, TRUE, np.where(never, FALSE, UNKNOWN))
        else:
            low, high = (_COMPARE[op](v, float(wanted)) for v in (self.low, self.high))
            out = np.where(low == high, np.where(low, TRUE, FALSE), UNKNOWN)
        return np.where(self.why == KNOWN, out, otherwise).astype(np.int8)

    def missing(self, part: int, kinds: Sequence[str] = ()) -> str:
        """Return what is missing for a part whose test stays open."""
        head = {int(NO_LAYER): "raster", int(NO_COVERAGE): "raster_cover"}.get(int(self.why[part]), "raster_accuracy")
        return f"part:{'/'.join(kinds)}" if self.why[part] == NO_PLACE else f"{head}:{self.layer}"

    def read(self, part: int) -> float | list[float] | None:
        """Return the value of a part as the record keeps it: with what the accuracy leaves open, ``[low, high]``."""
        if self.why[part] != KNOWN:
            return None
        low, high = float(self.low[part]), float(self.high[part])
        return float(self.value[part]) if low == high else [low, high]
