"""The audit log: who asked what, written by a thread of its own so that nobody waits for the disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, MutableMapping, Sequence
from logging import getLogger
from typing import Any

from ecozone.errors import EcozoneError
from ecozone.web.store import Store

log = getLogger("ecozone")
_MOST = 500
#: Characters of a line on what was asked, and of each thing it names.
_LINE, _THING = 300, 80


def noted(scope: MutableMapping[str, Any], *said: Any) -> None:
    """Say what a request asks, for its line in the log."""
    scope.setdefault("state", {})["asked"] = "，".join(" ".join(str(t)[:_THING].split()) for t in said if t)


class Audit:
    """Lines on their way into the store.

    Parameters
    ----------
    store : Store
    now : callable
        The time of a line, as text.
    """

    def __init__(self, store: Store, now: Callable[[], str]) -> None:
        self._store, self._now = store, now
        self._lines: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def __call__(self, address: str, who: str, method: str, path: str, status: int) -> None:
        """Take one line; files of the page itself are not worth one."""
        if not path.startswith("/static/"):
            line = (self._now(), address, who, method[:10], path[:_LINE], status)
            if self._thread.is_alive():
                self._lines.put(line)
            else:
                _unwritten([line])

    def close(self) -> None:
        """Write what is left."""
        self._lines.put(None)
        self._thread.join(5)

    def _write(self) -> None:
        last = False
        while not last:
            lines = [self._lines.get()]
            while not self._lines.empty() and len(lines) < _MOST:
                lines.append(self._lines.get())
            last = None in lines
            written = [line for line in lines if line is not None]
            try:
                self._store.audit(written)
            except EcozoneError as error:
                log.error("the audit log could not be written: %s", error)
                _unwritten(written)


def _unwritten(lines: Sequence[tuple[Any, ...]]) -> None:
    """Put lines that the store did not take into the server's log: none is lost."""
    for line in lines:
        log.error("audit %s", line)
