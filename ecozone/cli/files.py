"""Writing what the user asked for: whole or not at all, and refused in one sentence."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

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
    part = None
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "", str(target))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.chmod(part, 0o666 & ~_umask())
        os.replace(part, target)
    except OSError as error:
        if part is not None:
            Path(part).unlink(missing_ok=True)
        error.filename = str(target)
        raise InputError(f"结果没有写成：{os_sentence(error)}") from error
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
