"""Running the command line: streams that carry Chinese anywhere, an exit status for every way to end.

SEMANTICS 1: 1, 3, 4 and 0 are given only once an answer exists, so a crash is never mistaken for "prohibited".
"""

from __future__ import annotations

import io
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ecozone.cli.command import sentence
from ecozone.cli.layout import gbk
from ecozone.errors import EcozoneError, EcozoneWarning, os_reason

#: Exit statuses besides those of an answer.
BAD_INPUT, INTERNAL, INTERRUPTED = 2, 70, 130


def run(program: click.Command, arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status; nothing escapes but a sentence.

    Parameters
    ----------
    program : click.Command
        Its commands return an exit status, or None for 0.
    arguments : list of str, optional
        What was typed after the program's name; None: what the process was given.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with _warnings_in_one_line():
            status = program.main(arguments, prog_name="ecozone", standalone_mode=False)
        _flush()
    except click.ClickException as error:
        return _complain(sentence(error), BAD_INPUT)
    except EcozoneError as error:
        return _complain(str(error), BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        return _complain("已中断。", INTERRUPTED)
    except OSError as error:
        return _complain(os_sentence(error), BAD_INPUT)
    except Exception as error:
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        return _complain(
            f"程序内部出错（{what}），没有得出结论。请把命令和这句话告诉维护者；设置 ECOZONE_DEBUG=1 可查看详情。",
            INTERNAL,
        )
    return status if isinstance(status, int) else 0


def os_sentence(error: OSError) -> str:
    """Return a sentence on a file that cannot be read or written."""
    what = f"“{error.filename}”" if error.filename else "文件或设备"
    return f"{what}无法读写：{os_reason(error)}，请检查路径、权限和磁盘。"


def say(text: str = "", *, style: dict[str, Any] | None = None, err: bool = False) -> None:
    """Print a line. A reader who stopped reading (``| head``) does not change the answer."""
    try:
        click.secho(gbk(text), err=err, **(style or {}))
    except BrokenPipeError:
        _hush()


def say_bytes(data: bytes) -> None:
    """Write bytes to stdout as they are, whatever its encoding."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _hush()


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _hush()


def _hush() -> None:
    """Send what is still to be printed nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _complain(text: str, status: int) -> int:
    if os.environ.get("ECOZONE_DEBUG") == "1":
        traceback.print_exc()
    _flush()
    say(text, err=True)
    return status


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Show ecozone's own warnings as sentences; those of libraries are for developers."""
    with warnings.catch_warnings():
        if os.environ.get("ECOZONE_DEBUG") != "1":
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", EcozoneWarning)
            warnings.showwarning = lambda message, *_: say(f"提示：{message}", err=True)
        yield
