"""A PostgreSQL server of our own for tests marked postgis: on a socket in a folder that goes afterwards.

``python tests/postgres.py COMMAND …`` runs a command that finds such a server in ECOZONE_POSTGIS; without PostgreSQL on
the machine it runs the command without one.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def running(memory: str = "32MB") -> Iterator[str]:
    """Start a server (PostgreSQL refuses to run as root), or use the one of ECOZONE_POSTGIS; yield its address."""
    if os.environ.get("ECOZONE_POSTGIS"):
        yield os.environ["ECOZONE_POSTGIS"]
        return
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "")]
    binaries = found[-1].parent
    as_root = os.getuid() == 0
    before = ["runuser", "-u", "postgres", "--"] if as_root else []
    folder = Path(
        subprocess.run(
            [*before, "mktemp", "-d", "/tmp/ecozone-pg-XXXXXX"], capture_output=True, text=True, check=True
        ).stdout.strip()
    )
    user = "postgres" if as_root else pwd.getpwuid(os.getuid()).pw_name
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    data = folder / "data"
    subprocess.run(
        [*before, binaries / "initdb", "-D", data, "-A", "trust", "-U", user, "-E", "UTF8", "--locale=C", "-N"],
        check=True,
        **quiet,
    )  # type: ignore[call-overload]
    options = f"-k {folder} -h '' -c fsync=off -c shared_buffers={memory}"
    subprocess.run(
        [*before, binaries / "pg_ctl", "-D", data, "-o", options, "-w", "-l", folder / "log", "start"],
        check=True,
        **quiet,
    )  # type: ignore[call-overload]
    yield f"postgresql:///postgres?host={folder}&user={user}"
    subprocess.run([*before, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **quiet)  # type: ignore[call-overload]
    shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run a command beside a server."""
    if not (os.environ.get("ECOZONE_POSTGIS") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        return subprocess.run(command, check=False).returncode
    with running("1GB") as address:
        return subprocess.run(command, check=False, env={**os.environ, "ECOZONE_POSTGIS": address}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
