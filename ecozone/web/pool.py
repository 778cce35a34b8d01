"""Processes that answer: a warm pool for checks, and one process each for what a user's file may do to its reader.

A process that dies or takes too long fails the one job it had, by name; a new one takes its place, the others go on.
"""

from __future__ import annotations

import contextlib
import multiprocessing as mp
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from logging import getLogger
from multiprocessing.connection import Connection
from typing import Any

from ecozone.errors import EcozoneError, InputError

log = getLogger("ecozone")
#: Modules that the mother of all workers has loaded already.
_PRELOAD = ["ecozone.web.warm"]


class WorkerLost(EcozoneError):
    """The process that had the job died or took too long."""


class WorkerFault(EcozoneError):
    """A defect: the job raised something that is no input error."""


def context() -> Any:
    """Return how processes are made: forked from a clean single-threaded mother where there is one, else spawned."""
    if "forkserver" not in mp.get_all_start_methods():
        return mp.get_context("spawn")
    made = mp.get_context("forkserver")
    made.set_forkserver_preload(_PRELOAD)
    return made


class Pool:
    """Warm processes.

    Parameters
    ----------
    size : int
    prepare : callable and its arguments
        Run first in every process; must be importable.
    seconds : float
        How long one job may take.
    """

    def __init__(self, size: int, prepare: tuple[Callable[..., Any], tuple[Any, ...]], seconds: float) -> None:
        self._context = context()
        self._prepare = prepare
        self._seconds = seconds
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...], str] | None] = (
            queue.SimpleQueue()
        )
        self._workers: list[Any] = [None] * size
        self._closed = False
        self._threads = [threading.Thread(target=self._serve, args=(i,), daemon=True) for i in range(size)]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., Any], *arguments: Any, name: str = "") -> Future[Any]:
        """Run an importable function in some process; `name` is what a failure is called by."""
        future: Future[Any] = Future()
        self._jobs.put((future, function, arguments, name))
        return future

    @property
    def waiting(self) -> int:
        """Jobs that no process has taken yet."""
        return self._jobs.qsize()

    @property
    def processes(self) -> list[int]:
        """Ids of the processes that live."""
        return [w[0].pid for w in self._workers if w is not None and w[0].is_alive()]

    def close(self) -> None:
        """End the processes."""
        self._closed = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(5)
        for worker in self._workers:
            if worker is not None:
                _end(*worker)

    def _serve(self, i: int) -> None:
        with contextlib.suppress(EcozoneError, OSError):  # the first job that needs it tries again and says why
            self._worker(i)
        while (job := self._jobs.get()) is not None:
            future, function, arguments, name = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                process, pipe = self._worker(i)
                pipe.send((function, arguments))
                result = _wait(pipe, process, self._seconds, name, None)
            except BaseException as error:
                if not isinstance(error, InputError | WorkerFault) and self._workers[i] is not None:
                    _end(*self._workers[i])
                    self._workers[i] = None
                known = isinstance(error, EcozoneError)
                future.set_exception(error if known else WorkerLost(f"“{name}”没有算完：{_LOST}"))
                with contextlib.suppress(EcozoneError, OSError):
                    self._worker(i)
            else:
                future.set_result(result)

    def _worker(self, i: int) -> tuple[Any, Connection]:
        found = self._workers[i]
        if found is not None and found[0].is_alive():
            return found
        if found is not None:
            _end(*found)
        mine, its = self._context.Pipe()
        process = self._context.Process(target=_work, args=(its, self._prepare), daemon=True, name=f"ecozone-desk-{i}")
        process.start()
        its.close()
        self._workers[i] = (process, mine)
        _wait(mine, process, self._seconds, "准备", None)
        return process, mine


_LOST = "计算进程意外结束，其他任务不受影响，请再试一次；再次出现请告诉维护者。"


def apart(
    function: Callable[..., Any],
    *arguments: Any,
    name: str,
    seconds: float,
    memory_bytes: int,
    told: Callable[[Any], None] | None = None,
    stop: threading.Event | None = None,
) -> Any:
    """Run an importable function in a process of its own, bounded in time and memory, and return its result.

    Parameters
    ----------
    function, *arguments
        Runs as ``function(*arguments, tell)``; what it tells goes to `told`.
    name : str
        What a failure is called by.
    seconds, memory_bytes
        Its bounds.
    told : callable, optional
    stop : threading.Event, optional
        Ends the process when set.

    Raises
    ------
    InputError
        What the function raised.
    WorkerLost
        It died, took too long or too much.
    """
    made = context()
    mine, its = made.Pipe()
    process = made.Process(target=_once, args=(its, function, arguments, memory_bytes, seconds), daemon=True)
    process.start()
    its.close()
    try:
        return _wait(mine, process, seconds, name, told, stop)
    finally:
        _end(process, mine)


def _wait(
    pipe: Connection,
    process: Any,
    seconds: float,
    name: str,
    told: Callable[[Any], None] | None,
    stop: threading.Event | None = None,
) -> Any:
    """Return what the other end answers."""
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise WorkerLost(f"“{name}”超过 {seconds:.0f} 秒没有完成，已停止；请减少数据后再试。")
        if stop is not None and stop.is_set():
            raise WorkerLost(f"“{name}”已取消。")
        if not pipe.poll(min(left, 0.5 if stop is not None else 5.0)):
            continue
        try:
            kind, value = pipe.recv()
        except (EOFError, OSError):
            raise WorkerLost(f"“{name}”没有完成：{_LOST}") from None
        if kind == "told":
            if told is not None:
                told(value)
        elif kind == "done":
            return value
        elif kind == "refused":
            raise InputError(value)
        elif kind == "memory":
            raise InputError(f"“{name}”展开后太大，超过内存上限，已停止；请拆分或简化后再试。")
        else:
            log.error("job %s failed\n%s", name, value)
            raise WorkerFault(f"“{name}”在计算中出错，没有得出结论；请把这句话和时间告诉维护者。")


def _end(process: Any, pipe: Connection) -> None:
    pipe.close()
    if process.is_alive():
        process.kill()
    process.join(5)


# ---- in the other process


def _quiet() -> None:
    """Leave Ctrl-C to the server, which then ends its processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(pipe: Connection, prepare: tuple[Callable[..., Any], tuple[Any, ...]]) -> None:
    _quiet()
    _answer(pipe, prepare[0], prepare[1])
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            function, arguments = pipe.recv()
            _answer(pipe, function, arguments)


def _once(
    pipe: Connection, function: Callable[..., Any], arguments: Sequence[Any], memory_bytes: int, seconds: float
) -> None:
    _quiet()
    _bound(memory_bytes, seconds)
    _answer(pipe, function, (*arguments, lambda value: pipe.send(("told", value))))


def _answer(pipe: Connection, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    try:
        answer: tuple[str, Any] = ("done", function(*arguments))
    except EcozoneError as error:
        answer = ("refused", str(error))
    except MemoryError:
        answer = ("memory", "")
    except Exception:  # whatever it is, the process that asked raises it (`_wait`, `Pool`) with this traceback
        answer = ("failed", traceback.format_exc())
    with contextlib.suppress(BrokenPipeError, OSError):
        pipe.send(answer)


def _bound(memory_bytes: int, seconds: float) -> None:
    """Bound this process: address space, processor time, size of files, no core file (where the system can)."""
    try:
        import resource
    except ImportError:  # Windows: the limits on bytes, features and time stand alone
        return
    from ecozone.intake.limits import _address_space

    used = _address_space() or 0
    wanted: Mapping[int, int] = {
        resource.RLIMIT_AS: used + memory_bytes,
        resource.RLIMIT_CPU: max(1, int(seconds)),
        resource.RLIMIT_FSIZE: 400_000_000,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in wanted.items():
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, hard))
