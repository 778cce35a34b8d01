"""Build the demo atlases from their sketches.

    python data/boundaries/build.py [--only 511111 ...] [--out DIR]

Every run gives the same content: control points and figures stand in ``sketch/regions``, legal figures that
the sources leave open in ``sketch/profiles/<adcode>.toml``, sample projects in ``<adcode>/projects.yaml``.
The shapes are the project's own samples (示例数据，非法定边界), not anybody's boundaries.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from sketch.sheet import MARK, Sheet  # noqa: E402

from ecozone import kinds  # noqa: E402
from ecozone.atlas import Atlas  # noqa: E402
from ecozone.atlasfile import Accepted, Parameter  # noqa: E402
from ecozone.compiled import parse_yaml  # noqa: E402
from ecozone.layer import Layer  # noqa: E402
from ecozone.rules.access import AccessList  # noqa: E402
from ecozone.rules.access import parse as parse_access  # noqa: E402
from ecozone.rules.library import find_rule  # noqa: E402

REGIONS = ("511111", "511102", "511000", "510604", "512022")
VERSION = "2026.1"
VALID_FROM = "2019-01-01"
SURVEYED = (
    "river", "river_management_range", "reservoir", "water_source", "shoreline_zone", "basic_farmland",
    "receptor", "air_station", "outfall", "monitoring_section", "industrial_park", "chemical_park",
    "contaminated_land",
)  # fmt: skip
PLANNED = ("control_unit", "element_zone", "township", "basin")
ACCURACY_M = dict.fromkeys(SURVEYED, 5.0) | dict.fromkeys(PLANNED, 20.0)
OTHER_ACCURACY_M = 10.0


def sheet_of(region: str) -> Sheet:
    """Draw the sheet of a region."""
    sheet: Sheet = importlib.import_module(f"sketch.regions.r{region}").draw()
    return sheet


def atlas_of(sheet: Sheet) -> Atlas:
    """Make the atlas of a sheet: one layer for every kind of the registry, empty ones included."""
    frames = sheet.frames({key: list(kind.columns) for key, kind in kinds.registry().items()})
    layers = []
    for kind, zones in frames.items():
        source = f"《{sheet.plan}》所列名称和数字；形状由 data/boundaries/build.py 绘制，{MARK}"
        if remark := sheet.remarks.get(kind):
            source = f"{source}。{remark}"
        layers.append(
            Layer(
                kind=kind,
                zones=zones,
                coverage=sheet.coverage_degrees(kind),
                accuracy_m=ACCURACY_M.get(kind, OTHER_ACCURACY_M),
                version=VERSION,
                source=source,
                licence="Apache-2.0",
                document=f"{sheet.plan}（{MARK}）",
                valid_from=VALID_FROM,
                line="water_edge" if kind == "river" else None,
                complete_for=sheet.complete.get(kind, ()),
                notice=MARK,
            )
        )
    parameters, accepted = profile_of(sheet.region)
    return Atlas(
        layers,
        region=sheet.region,
        name=sheet.name,
        parameters=parameters,
        accepted=accepted,
        notice=MARK,
        access=[access_list_of(sheet.region)],
    )


def access_list_of(region: str) -> AccessList:
    """Make the sample access list: rows say what the named rules of the region's plan require."""
    raw = parse_yaml((HERE / "sketch" / "lists" / f"{region}.yaml").read_text(encoding="utf-8"))
    rows = []
    for row in raw["rows"]:
        text = "；".join(dict.fromkeys(find_rule(rule).requirement.rstrip("。") for rule in row["rules"])) + "。"
        rows.append({"text": text, **row})
    content = {"version": raw["version"], "document": raw["document"], "valid_from": VALID_FROM, "requirements": rows}
    return parse_access(content, "")


def profile_of(region: str) -> tuple[dict[str, Parameter], dict[str, Accepted]]:
    """Read the sample profile: figures somebody set, instruments somebody accepted."""
    file = HERE / "sketch" / "profiles" / f"{region}.toml"
    raw = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    parameters = {key: Parameter(name=key, **entry) for key, entry in raw.get("parameters", {}).items()}
    accepted = {key: Accepted(instrument=key, **entry) for key, entry in raw.get("accepted", {}).items()}
    return parameters, accepted


def build(region: str, out: Path) -> Path:
    """Draw and save one region; sample projects go along when the atlas is built elsewhere."""
    folder = out / region
    atlas_of(sheet_of(region)).save(folder)
    projects = HERE / region / "projects.yaml"
    if projects.is_file() and folder.resolve() != projects.parent:
        shutil.copyfile(projects, folder / "projects.yaml")
    return folder


def main(arguments: list[str] | None = None) -> int:
    """Build the regions asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="ADCODE", choices=REGIONS, default=REGIONS)
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR")
    options = parser.parse_args(arguments)
    for region in options.only:
        folder = build(region, options.out)
        size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
        print(f"{folder}: {size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
