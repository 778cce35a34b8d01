"""A desk of its own for a test: `ecozone serve` in a process, on a free port, with a folder that goes afterwards."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from ecozone.demo import demo_folder


@dataclass(frozen=True)
class Served:
    """A desk that runs."""

    url: str
    process: subprocess.Popen[bytes]
    data: Path

    def workers(self) -> list[psutil.Process]:
        """Return all processes below the server."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def memory(self) -> int:
        """Return the resident bytes of the server itself."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def served(
    data: Path, *options: str, region: str = "511111", host: str = "127.0.0.1", atlas: str = "", keep: bool = True
) -> Iterator[Served]:
    """Run `ecozone serve` for a while; without `keep`, nothing is said of where results go."""
    port = free_port()
    command = ["serve", "--atlas", atlas or str(demo_folder() / region), "--port", str(port), "--host", host]
    command += ["--data", str(data)] if keep else []
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    with (data.parent / f"{data.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ecozone", *command, *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{url}/static/desk.css", timeout=5)
                break
            assert process.poll() is None and time.monotonic() < end, (data.parent / f"{data.name}.log").read_text()
            time.sleep(0.1)
        yield Served(url, process, data)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
