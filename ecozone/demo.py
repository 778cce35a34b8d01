"""The demo atlases and sample projects that travel with ecozone: sample data, never a legal boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecozone import compiled
from ecozone.atlas import Atlas, open_atlas
from ecozone.errors import AtlasError, did_you_mean
from ecozone.project import Project


def demo_folder() -> Path:
    """Return the folder of the demo atlases: ``data/boundaries`` of a checkout, ``ecozone/_demo`` of a package."""
    here = Path(__file__).resolve().parent
    for folder in (here / "_demo", here.parent / "data" / "boundaries"):
        if folder.is_dir() and any(folder.glob("*/atlas.toml")):
            return folder
    raise AtlasError("没有找到示例图集，请在源码目录运行 python data/boundaries/build.py 生成。")


def demo_regions() -> list[str]:
    """Return the region codes of the demo atlases."""
    return sorted(p.parent.name for p in demo_folder().glob("*/atlas.toml"))


def demo_atlas(region: str) -> Atlas:
    """Open one of the demo atlases by its region code, e.g. ``"511111"``.

    Raises
    ------
    AtlasError
        No demo for that region.
    """
    if region not in demo_regions():
        raise AtlasError(
            f"没有区域“{region}”的示例图集{did_you_mean(region, demo_regions())}可用：{'、'.join(demo_regions())}。"
        )
    return open_atlas(demo_folder() / region)


@dataclass(frozen=True)
class Sample:
    """One sample project of a demo region, with the answer it is meant to get."""

    id: str
    project: Project
    as_of: str
    story: str
    applicant: str
    expected: Mapping[str, Any] = field(default_factory=dict)


def sample_projects(region: str) -> list[Sample]:
    """Return the sample projects of a demo region (fictitious applicants)."""
    path = demo_folder() / region / "projects.yaml"
    raw = compiled.load([path], lambda texts: compiled.parse_yaml(next(iter(texts.values()))))
    return [_sample(p) for p in (raw["projects"] if isinstance(raw, Mapping) else raw)]


def _sample(raw: Mapping[str, Any]) -> Sample:
    project = Project(
        raw["site"],
        nature=raw.get("nature"),
        industry=raw.get("industries") or None,
        facilities=raw.get("facilities"),
        facts=raw.get("facts") or {},
        name=raw["name"],
        parts={p["facility"]: p["site"] for p in raw.get("parts") or ()},
        extent_m=raw.get("extent_m"),
        site_accuracy_m=raw.get("site_accuracy_m"),
    )
    return Sample(
        str(raw["id"]),
        project,
        str(raw["as_of"]),
        raw.get("story", ""),
        raw.get("applicant", ""),
        raw.get("expected") or {},
    )
