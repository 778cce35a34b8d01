"""What all tests share: services that may be missing, the command line as a user runs it, the header."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("default", deadline=None, max_examples=50)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(
    "soak" if os.environ.get("ECOZONE_SOAK") else "ci" if os.environ.get("ECOZONE_CI") else "default"
)


# ------------------------------------------------------------------------------------ services by name


def _chromium_missing() -> str | None:
    browsers = ("chromium", "chromium-browser", "google-chrome")
    if any(shutil.which(name) for name in browsers):
        return None
    return "chromium is not installed (apt install chromium chromium-driver)"


def _postgis_missing() -> str | None:
    if os.environ.get("ECOZONE_POSTGIS") or any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        return None
    return "no PostGIS: set ECOZONE_POSTGIS to a connection string, or apt install postgresql-postgis"


def _libreoffice_missing() -> str | None:
    if shutil.which("soffice") and shutil.which("pdftoppm"):
        return None
    return "LibreOffice or poppler is not installed (apt install libreoffice-writer libreoffice-calc poppler-utils)"


SERVICES: dict[str, Callable[[], str | None]] = {
    "chromium": _chromium_missing,
    "libreoffice": _libreoffice_missing,
    "postgis": _postgis_missing,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests to ``make soak``; skip, by name, what needs a service that is missing."""
    absent = {name: reason for name, missing in SERVICES.items() if (reason := missing())}
    if not config.getoption("--run-slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
    for item in items:
        for name, reason in absent.items():
            if item.get_closest_marker(name) and not os.environ.get("ECOZONE_CI"):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail, under ECOZONE_CI, a test whose service is missing: there a skip would hide it."""
    for name, missing in SERVICES.items():
        if item.get_closest_marker(name) and (reason := missing()):
            pytest.fail(f"ECOZONE_CI is set and {reason}", pytrace=False)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return the address of a PostgreSQL server with PostGIS, started once for all tests that ask for it."""
    from postgres import running

    with running() as address:
        yield address


# --------------------------------------------------------------------------------------------- header


def pytest_report_header() -> list[str]:
    """Name the versions that answers depend on."""
    import pyogrio
    import pyproj
    import shapely

    names = ("numpy", "pandas", "geopandas", "shapely", "pyproj", "pyogrio", "pyarrow", "rasterio", "folium")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    gdal = ".".join(map(str, pyogrio.__gdal_version__))
    return [
        f"ecozone with GEOS {shapely.geos_version_string}, PROJ {pyproj.proj_version_str}, GDAL {gdal}",
        versions,
        f"stdout of subprocesses: {os.environ.get('PYTHONIOENCODING', 'utf-8 (default)')}",
    ]


# --------------------------------------------------------------------------- the command line, outside


@dataclass(frozen=True)
class Ran:
    """What a finished command left behind, its output decoded as its console would."""

    status: int
    out: str
    err: str


def run_cli(
    *arguments: str | os.PathLike[str],
    python: str | os.PathLike[str] = sys.executable,
    cwd: Path | None = None,
    encoding: str | None = None,
) -> Ran:
    """Run ``python -m ecozone`` as a user would and fail on anything a user must never see.

    Parameters
    ----------
    *arguments
        What follows ``ecozone``.
    python
        The interpreter whose ecozone runs.
    cwd
        Where it runs; the test's own folder when left out.
    encoding
        The console's encoding; PYTHONIOENCODING of the environment, or UTF-8, when left out.

    Returns
    -------
    Ran
        Exit status, stdout and stderr. Output that the encoding cannot carry, a traceback, and the exit
        status of an internal error fail the test.
    """
    encoding = encoding or os.environ.get("PYTHONIOENCODING") or "utf-8"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for name in ("PYTHONPATH", "PYTHONUTF8"):
        environment.pop(name, None)
    done = subprocess.run(
        [os.fspath(python), "-m", "ecozone", *map(os.fspath, arguments)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))
    told = f"ecozone {' '.join(map(os.fspath, arguments))}\n{ran.out}\n{ran.err}"
    for never in ("Traceback", "UnicodeEncodeError", "No module named"):
        assert never not in told, told
    assert ran.status in {0, 1, 2, 3, 4}, told
    return ran


@pytest.fixture
def cli() -> Callable[..., Ran]:
    """`run_cli`, for tests that only need the command line of this checkout."""
    return run_cli


@pytest.fixture(scope="session")
def demo_atlases() -> list[Path]:
    """Return the sample atlases of the checkout, one folder a region."""
    found: Iterable[Path] = (ROOT / "data" / "boundaries").glob("*/atlas.toml")
    return sorted(path.parent for path in found)
