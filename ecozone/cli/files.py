"""Writing what the user asked for: whole or not at all, and refused in one sentence."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

from ecozone._atomic import whole
from ecozone.cli.run import os_sentence
from ecozone.errors import InputError


def json_bytes(value: Any) -> bytes:
    """Return JSON for people and programs: UTF-8, indented, Chinese as it is."""
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode("utf-8", "replace")


def write(path: str | Path, data: bytes) -> Path:
    """Write a file, making its folder when there is none.

    Raises
    ------
    InputError
        The place cannot be written to.
    """
    target = Path(path)
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        with whole(target) as part:
            part.write_bytes(data)
    except OSError as error:
        error.filename = str(target)
        raise InputError(f"结果没有写成：{os_sentence(error)}") from error
    return target
