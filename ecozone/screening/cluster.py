"""Screening on Dask: plain futures, one a chunk; each worker reads the atlas once, the client writes the parts.

Nothing twice and nothing lost: a chunk's rows depend on the table alone, its part appears whole or not at all, and a
chunk whose worker died is given to another one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ecozone.errors import EcozoneError, MissingDependencyError
from ecozone.screening.chunks import Chunk
from ecozone.screening.parts import Parts
from ecozone.screening.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

    from ecozone._screen import Progress, Task

#: Chunks under way a worker: one at work, one waiting.
AHEAD = 2
#: How often a chunk is tried before the run gives up: workers die of what stands in no chunk.
TRIES = 5


class ClusterError(EcozoneError):
    """The cluster cannot be reached, or a chunk kills every worker that takes it."""


def run(task: Task, chunk: Chunk) -> dict[str, pa.Table]:
    """Judge one chunk where this is called (a function of the package, so that workers find it by its name)."""
    return task.run(chunk)


def screen_on(
    parts: Parts,
    source: Source,
    task: Task,
    *,
    chunk: int,
    scheduler: str | None = None,
    workers: int | None = None,
    client: Any = None,
    progress: Progress | None = None,
) -> None:
    """Judge a source into a folder on a cluster.

    Parameters
    ----------
    parts, source, task, chunk, progress
        As for `ecozone._screen.screen_to`. An atlas given as a path must be readable there by every worker.
    scheduler : str, optional
        Address of a scheduler, e.g. ``tcp://10.0.0.1:8786``; default: processes on this machine.
    workers : int, optional
        How many of those.
    client : distributed.Client, optional
        A client that is there already.

    Raises
    ------
    MissingDependencyError
        ``distributed`` is not installed.
    ClusterError
        No such scheduler, or a chunk failed too often.
    """
    try:
        import distributed
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise MissingDependencyError('分布式计算需要 Dask，请安装：pip install "ecozone[dask]"。') from None
    from ecozone._screen import processors

    dask: Any = distributed  # carries no types
    own: list[Any] = []
    if client is None:
        if scheduler is None:
            count = workers or processors()
            own.append(dask.LocalCluster(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None))
        try:
            client = dask.Client(own[0] if own else scheduler, timeout="30s")
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(f"连不上 Dask 调度器“{scheduler}”，请核对地址和网络。") from error
        own.insert(0, client)
    try:
        size = max(1, len(client.scheduler_info().get("workers", {})))
        todo = _todo(parts, source, chunk)
        kept = client.scatter(replace(task, threads=1), broadcast=True) if not isinstance(task.atlas, str) else task
        under_way: dict[Any, tuple[int, Chunk, int]] = {}
        done = 0

        def send(k: int, piece: Chunk, tries: int) -> Any:
            future = client.submit(run, kept, piece, pure=False, retries=2)
            under_way[future] = (k, piece, tries)
            return future

        queue = dask.as_completed([], with_results=False)
        for k, piece in itertools.islice(todo, AHEAD * size):
            queue.add(send(k, piece, 1))
        while under_way:
            future = next(queue)
            k, piece, tries = under_way.pop(future)
            try:
                tables = future.result()
            except KilledWorker as error:
                if tries >= TRIES:
                    raise ClusterError(
                        f"第 {k + 1} 块使工作进程多次退出，可能内存不足，请减小 --chunk 后加 --resume 再算。"
                    ) from error
                queue.add(send(k, piece, tries + 1))
                continue
            parts.write(k, tables)
            future.release()
            done += len(piece)
            if progress is not None:
                progress(done, source.total)
            for j, more in itertools.islice(todo, 1):
                queue.add(send(j, more, 1))
    finally:
        for thing in own:
            thing.close()


def _todo(parts: Parts, source: Source, chunk: int) -> Iterator[tuple[int, Chunk]]:
    from ecozone._screen import _pieces

    return ((k, piece) for k, piece in enumerate(_pieces(source, chunk)) if not parts.done(k))
