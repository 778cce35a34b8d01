"""Plans, kept for descriptions that come again: what binds and what to measure depends on no site."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Sequence

from ecozone._batch import Batch
from ecozone._known import fact_table, has_proposed
from ecozone.atlas import Atlas
from ecozone.rules.facts import FactTable
from ecozone.rules.model import Rulebook
from ecozone.rules.plan import Plan, plan

#: Plans kept, and the parts that a batch whose plan is kept has at most: planning for many costs no more than for one.
MOST, SMALL = 128, 16

_kept: OrderedDict[object, tuple[FactTable, Plan]] = OrderedDict()
_lock = threading.Lock()


def planned(
    batch: Batch, atlas: Atlas, shelf: Sequence[Rulebook], books: Sequence[Rulebook], day: dt.date
) -> tuple[FactTable, Plan]:
    """Return what is known of a batch's projects, and what to measure and judge for them.

    Parameters
    ----------
    batch : Batch
    atlas : Atlas
    shelf : sequence of Rulebook
        Books that may bind; their parameters and industry groups are known.
    books : sequence of Rulebook
        Those that bind here, nation first.
    day : datetime.date

    Raises
    ------
    ParameterError
        A parameter's value makes no sense.
    """
    tentative = frozenset(kind for kind in atlas.kinds if has_proposed(atlas, kind, day))
    beyond_m = float(batch.lacking_m.max(initial=0.0))

    def made() -> tuple[FactTable, Plan]:
        table = fact_table(batch, atlas, shelf, day)
        return table, plan(books, table, kinds=atlas.kinds, proposed=tentative.__contains__, beyond_m=beyond_m)

    if len(batch.project) > SMALL or atlas.rasters:  # what rasters say of a site is part of what is known
        return made()
    key = (
        tuple(shelf),
        tuple(books),
        day,
        tuple(atlas.kinds),
        tentative,
        tuple((k, repr(p.value)) for k, p in sorted(atlas.parameters.items())),
        atlas.path is None,
        tuple(p.key() for p in batch.profiles),
        tuple(batch.profile.tolist()),
        tuple(batch.project.tolist()),
        tuple(map(tuple, batch.kinds)),
        tuple(batch.permanent.tolist()),
        len(batch.geometry),
        batch.regional,
        beyond_m,
    )
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    found = made()
    with _lock:
        _kept[key] = found
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found
