"""The package as a stranger meets it: a wheel elsewhere, a GBK console, an import that costs nothing."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, Ran, run_cli

import ecozone

ODD = "路径 有空格"
HEAVY = ("geopandas", "pandas", "folium", "rasterio", "pyarrow", "matplotlib", "pyogrio", "click", "rich")
SITE = "103.5514,29.4118"  # a point in the county town of 沙湾区


def quiet(*command: str | os.PathLike[str], cwd: Path | None = None) -> str:
    """Run a command and return what it printed; show all of it when it fails."""
    words = [os.fspath(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


# ------------------------------------------------------------------------------------------ the import


def test_importing_ecozone_pulls_in_nothing_heavy() -> None:
    code = f"import ecozone, sys; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    assert quiet(sys.executable, "-c", code).strip() == "[]"


def test_version_is_one_and_the_same() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.?\w+)?", ecozone.__version__)
    assert ecozone.__version__ in run_cli("--version").out


def test_constraints_name_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


def test_every_requirement_of_the_core_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    }
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in wanted}  # type: ignore[index]
    assert names - pinned == set()


# ------------------------------------------------------------------------------------------- the wheel


@dataclass(frozen=True)
class Office:
    """A fresh environment in an odd place with the wheel in it."""

    folder: Path
    python: Path
    package: Path
    names: frozenset[str]

    def ecozone(self, *arguments: str) -> Ran:
        """Run the installed command line here, on a GBK console."""
        return run_cli(*arguments, python=self.python, cwd=self.folder, encoding="gbk")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Install the wheel, alone, in a fresh environment that borrows its dependencies from this one."""
    folder = tmp_path_factory.mktemp("office") / ODD
    folder.mkdir()
    pip = (sys.executable, "-m", "pip")
    alone = ("--quiet", "--no-deps", "--no-index")
    quiet(*pip, "wheel", *alone, "--no-build-isolation", "--wheel-dir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("ecozone-*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=os.name != "nt")
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    quiet(*pip, "--python", python, "install", *alone, wheel, cwd=folder)
    site = Path(quiet(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # A folder named in a .pth joins sys.path, but the .pth files inside it are not read: so the editable
    # install of this checkout stays invisible.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n", encoding="utf-8")
    with zipfile.ZipFile(wheel) as archive:
        names = frozenset(archive.namelist())
    return Office(folder, python, site / "ecozone", names)


@pytest.mark.xdist_group("wheel")
def test_wheel_carries_every_file_of_the_package(office: Office) -> None:
    package = [path for path in (ROOT / "ecozone").rglob("*") if path.is_file()]
    wanted = {path.relative_to(ROOT).as_posix() for path in package if path.parent.name != "__pycache__"}
    assert wanted <= office.names
    assert "ecozone/py.typed" in office.names


@pytest.mark.xdist_group("wheel")
def test_wheel_carries_the_sample_atlases_and_not_what_makes_them(office: Office, demo_atlases: list[Path]) -> None:
    assert demo_atlases
    for atlas in demo_atlases:
        inside = {path.relative_to(atlas).as_posix() for path in atlas.rglob("*") if path.is_file()}
        assert {f"ecozone/_demo/{atlas.name}/{name}" for name in inside} <= office.names
    assert [name for name in office.names if not name.startswith(("ecozone/", "ecozone-"))] == []
    assert [name for name in office.names if name.startswith("ecozone/_demo/") and name.endswith(".py")] == []


@pytest.mark.xdist_group("wheel")
def test_installed_package_is_the_wheel_and_not_the_checkout(office: Office) -> None:
    code = "import ecozone, pathlib; print(ascii(str(pathlib.Path(ecozone.__file__).parent)))"
    assert quiet(office.python, "-c", code, cwd=office.folder).strip() == ascii(str(office.package))


@pytest.mark.xdist_group("wheel")
def test_installed_command_line_under_an_odd_path_and_a_gbk_console(office: Office) -> None:
    atlas = str(office.package / "_demo" / "511111")
    assert ecozone.__version__ in office.ecozone("--version").out
    for words in (["--help"], ["facts"], ["rules", "list"], ["params", "--atlas", atlas]):
        assert office.ecozone(*words).status == 0
    answered = office.ecozone(
        *("check", SITE, "--atlas", atlas, "--industry", "C2614", "--nature", "new", "--extent", "100"),
        *("--as-of", "2026-11-22", "--json", "答案 一.json", "--map", "地图 一.html"),
    )
    assert answered.status in {0, 1, 3, 4}, answered
    assert "示例数据，非法定边界" in answered.out
    assert (office.folder / "答案 一.json").stat().st_size > 0
    assert (office.folder / "地图 一.html").stat().st_size > 0
    refused = office.ecozone("check", "不存在.geojson", "--atlas", atlas)
    assert refused.status == 2
    assert "不存在.geojson" in refused.err


# --------------------------------------------- the checkout, again under an odd path and a GBK console


@pytest.mark.smoke
def test_command_line_of_the_checkout(tmp_path: Path) -> None:
    atlas = ROOT / "data" / "boundaries" / "511111"
    for words in (["--help"], ["facts"], ["rules", "list"]):
        assert run_cli(*words, cwd=tmp_path).status == 0
    answered = run_cli(
        *("check", SITE, "--atlas", atlas, "--industry", "C1353", "--nature", "new", "--extent", "100"),
        *("--as-of", "2026-11-22", "--json", tmp_path / "答案.json", "--map", tmp_path / "地图.html"),
        cwd=tmp_path,
    )
    assert answered.status in {0, 1, 3, 4}, answered
    assert (tmp_path / "答案.json").stat().st_size > 0
    assert (tmp_path / "地图.html").stat().st_size > 0


# --------------------------------------------------------------------------- what the README promises


def fenced(readme: str, language: str) -> str:
    """Return the code of one language in a README, its blocks one after another."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_python_of_the_readme_runs(readme: str) -> None:
    quiet(sys.executable, "-X", "utf8", "-c", fenced(readme, "python"), cwd=ROOT)


def commands(readme: str) -> list[list[str]]:
    """Return the calls of ecozone that a README shows, as words, comments left out."""
    lines = fenced(readme, "sh").replace("\\\n", " ").splitlines()
    calls = [shlex.split(line, comments=True) for line in lines if line.startswith("ecozone ")]
    assert calls
    return calls


def test_both_readmes_show_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh.md")


def test_commands_of_the_readme_run(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    for words in commands("README.md"):
        told = [str(ROOT / word) if word.startswith("data/") else word for word in words[1:]]
        ran = run_cli(*told, cwd=tmp_path)
        assert ran.status in ({0, 1, 3, 4} if words[1] == "check" else {0}), words
        assert ran.out.strip(), words
