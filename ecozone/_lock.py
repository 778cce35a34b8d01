"""One writer at a time for a folder: a lock that dies with its process, so a killed import never blocks the next."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ecozone.errors import AtlasError

#: Seconds to wait for another import to end.
PATIENCE = 60.0


@contextlib.contextmanager
def locked(folder: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the folder's lock file.

    Parameters
    ----------
    folder : Path
        Made when it is missing.
    patience : float
        Seconds to wait.

    Raises
    ------
    AtlasError
        Another process held it all the time.

    Notes
    -----
    The file ``.lock`` stays; what counts is the system's lock on it, which ends with the process that holds it
    (``flock``, on Windows ``msvcrt.locking``). Readers take no lock: every file appears whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "a+b") as file:
        end = time.monotonic() + patience
        while not _take(file):
            if time.monotonic() > end:
                raise AtlasError(f"另一个程序正在向图集“{folder}”写入，等了 {patience:.0f} 秒仍未结束，请稍后再试。")
            time.sleep(0.05)
        try:
            yield
        finally:
            _release(file)


def _take(file: IO[bytes]) -> bool:
    try:
        if os.name == "nt":  # pragma: no cover
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _release(file: IO[bytes]) -> None:
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
