"""`screen`: many sites, one answer each, in chunks; the path is that of `check`."""

from __future__ import annotations

import datetime as dt
import functools
import gc
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecozone._check import choose, day_of
from ecozone._version import __version__
from ecozone.atlas import Atlas, open_atlas
from ecozone.errors import InputError
from ecozone.screening import chunks, tables
from ecozone.screening.chunks import Chunk
from ecozone.screening.columns import Given
from ecozone.screening.findings import findings
from ecozone.screening.parts import Parts
from ecozone.screening.source import Source, source_of

if TYPE_CHECKING:
    import pandas
    import pyarrow as pa

    from ecozone.rules.model import Rulebook

#: Sites that are judged together: memory grows with it, not with the table.
CHUNK = 20_000

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Task:
    """What every chunk is judged by; travels to other processes as it is.

    Attributes
    ----------
    atlas : Atlas or str
        An atlas, or the folder that each process opens for itself.
    """

    atlas: Atlas | str
    rules: tuple[Any, ...] | None
    day: dt.date
    given: Given
    threads: int = 1

    def opened(self) -> tuple[Atlas, Sequence[Rulebook]]:
        """Return atlas and books, read once a process."""
        atlas = _opened(self.atlas) if isinstance(self.atlas, str) else self.atlas
        return atlas, choose(list(self.rules) if self.rules is not None else None)

    def run(self, chunk: Chunk) -> dict[str, pa.Table]:
        """Judge one chunk, then let go of what it took: answers hold one another, and large arrays, in circles."""
        atlas, shelf = self.opened()
        answered = chunks.answer(chunk, atlas, shelf, self.day, self.given, threads=self.threads)
        made = {"results": tables.results(answered), "findings": findings(answered)}
        del answered
        gc.collect()
        return made


@functools.lru_cache(maxsize=2)
def _opened(path: str) -> Atlas:
    return open_atlas(path)


@dataclass(frozen=True)
class Screening:
    """The answers of many sites.

    Attributes
    ----------
    table : pandas.DataFrame
        On the input's index: ``name``, ``verdict``, ``complete``, ``worst_rule``, ``worst_effect``, counts of
        findings by outcome, ``reason`` (why a row could not be judged).
    ignored : sequence of str
        Columns of the input that mean nothing here.
    """

    table: pandas.DataFrame
    _findings: Sequence[pa.Table] = field(repr=False)
    _index: Any = field(repr=False)
    ignored: Sequence[str] = ()

    @functools.cached_property
    def findings(self) -> pandas.DataFrame:
        """Hits, open findings, and clear ones with a zone within reach: one row each, on the input's index."""
        import pyarrow as pa

        whole = pa.concat_tables([_plain(t) for t in self._findings]).to_pandas()
        whole.index = self._index[whole.pop("row").to_numpy()]
        return whole

    def __repr__(self) -> str:
        counts = self.table["verdict"].value_counts()
        return f"<Screening {len(self.table)} sites: {', '.join(f'{k} {v}' for k, v in counts.items())}>"


def screen(
    projects: Any,
    atlas: Atlas | str | Path,
    rules: Sequence[str | Path | Rulebook] | None = None,
    *,
    as_of: dt.date | str | None = None,
    crs: str | None = None,
    nature: str | None = None,
    industry: str | Sequence[str] | None = None,
    facilities: str | Sequence[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    chunk: int = CHUNK,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Screening:
    """Check many sites; each gets the answer that `check` would give.

    Parameters
    ----------
    projects : GeoDataFrame, DataFrame, GeoSeries, sequence of Project, or path
        Facts come from columns by their names in the registry or what offices call them (行业代码, 项目性质 …); a table
        without geometry has ``lon`` and ``lat``, or WKT.
    atlas : Atlas or path
    rules, as_of
        As for `check`.
    crs : str, optional
        CRS of the sites where they do not say themselves.
    nature, industry, facilities, facts : optional
        What holds for every row, whatever its own cells say.
    chunk : int
        Sites judged together.
    threads : int, optional
        Threads that measure; default: the processors there are, at most four.
    progress : callable, optional
        Called with (sites done, sites in all or None) after every chunk.

    Returns
    -------
    Screening
        One row in, one row out: a row that cannot be judged is ``undetermined`` and says why.

    Raises
    ------
    InputError
        The table as a whole, the atlas, a date or a rulebook cannot be used.
    """
    import pyarrow as pa

    source = source_of(projects, crs)
    given = Given(nature=nature, industry=industry, facilities=facilities, facts=facts or {})
    opened = atlas if isinstance(atlas, Atlas) else open_atlas(atlas)
    rules = tuple(rules) if rules is not None else None
    task = Task(opened, rules, day_of(as_of), given, threads or processors())
    made: dict[str, list[pa.Table]] = {"results": [], "findings": []}
    done = 0
    for piece in _pieces(source, chunk):
        for name, table in task.run(piece).items():
            made[name].append(table)
        done += len(piece)
        if progress is not None:
            progress(done, source.total)
    results = pa.concat_tables([_plain(t) for t in made["results"]]).to_pandas().sort_values("row", kind="stable")
    index = _index_of(projects, len(results))
    results.index = index[results.pop("row").to_numpy()]
    from ecozone.screening.columns import understand

    return Screening(results, made["findings"], index, understand(source.columns)[2])


def screen_to(parts: Parts, source: Source, task: Task, *, chunk: int, progress: Progress | None = None) -> None:
    """Judge a source into a folder, leaving out the chunks that are there already."""
    done = 0
    for k, piece in enumerate(_pieces(source, chunk)):
        if not parts.done(k):
            parts.write(k, task.run(piece))
        done += len(piece)
        if progress is not None:
            progress(done, source.total)


def asked(source: Source, task: Task, *, chunk: int, crs: str | None) -> dict[str, Any]:
    """Return what a run was asked, as plain values: runs that are alike may go on with one another."""
    atlas, shelf = task.opened()
    layers = {kind: [layer.sha256 for layer in atlas.versions(kind)] for kind in atlas.kinds}
    layers |= {f"raster/{r.kind}/{r.version}": [r.sha256] for r in atlas.rasters}
    settings = [sorted((k, str(p.value)) for k, p in atlas.parameters.items()), sorted(atlas.accepted)]
    return {
        "ecozone": __version__, "sites": source.fingerprint(), "atlas": _hash([layers, settings]),
        "books": _hash(sorted((b.name, b.sha256) for b in shelf)), "as_of": task.day.isoformat(),
        "given": _hash(repr(task.given)), "chunk": chunk, "crs": crs,
    }  # fmt: skip


def processors() -> int:
    """Return how many threads measure: the processors this process may use, at most four."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, there))


def _pieces(source: Source, chunk: int) -> Iterator[Chunk]:
    """Yield the chunks of a source; an empty table is one empty chunk."""
    if not (isinstance(chunk, int) and chunk > 0):
        raise InputError(f"分块大小 {chunk} 不是正整数。")
    empty = True
    for piece in source.chunks(chunk):
        empty = False
        yield piece
    if empty:
        import numpy as np

        none = np.zeros(0, dtype=object)
        yield Chunk(np.zeros(0, dtype=np.int64), dict.fromkeys(source.columns, none), none)


def _index_of(projects: Any, n: int) -> Any:
    import pandas

    index = getattr(projects, "index", None)
    return index if isinstance(index, pandas.Index) else pandas.RangeIndex(n)


def _plain(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    fields = [f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields))


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
