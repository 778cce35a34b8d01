"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to: it takes the target's place when the block ends well, else it vanishes.

    Parameters
    ----------
    target : Path
        Its folder is made when it is missing.

    Notes
    -----
    A killed process leaves at most a ``.part-…`` file, which no reader looks at.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".part-{os.getpid()}-{os.urandom(4).hex()}{target.suffix}"
    try:
        yield part
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
