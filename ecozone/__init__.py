"""May this project be built here, under the rules in force on this day, and why.

Names are loaded when first used: ``import ecozone`` alone reads neither geopandas nor pandas, folium nor rasterio.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ecozone._version import __version__

if TYPE_CHECKING:
    from ecozone._check import assess, check
    from ecozone._screen import screen
    from ecozone.assessment import Assessment
    from ecozone.atlas import Atlas, open_atlas
    from ecozone.atlasfile import Accepted, Parameter
    from ecozone.demo import demo_atlas
    from ecozone.errors import EcozoneError, InputError
    from ecozone.intake.reading import read_layer, read_projects
    from ecozone.layer import Layer
    from ecozone.project import Part, Project
    from ecozone.report.explore import explore
    from ecozone.rules.library import load_books

_HOME = {
    "Accepted": "atlasfile",
    "Assessment": "assessment",
    "Atlas": "atlas",
    "EcozoneError": "errors",
    "InputError": "errors",
    "Layer": "layer",
    "Parameter": "atlasfile",
    "Part": "project",
    "Project": "project",
    "assess": "_check",
    "check": "_check",
    "demo_atlas": "demo",
    "explore": "report.explore",
    "load_books": "rules.library",
    "open_atlas": "atlas",
    "read_layer": "intake.reading",
    "read_projects": "intake.reading",
    "screen": "_screen",
}

__all__ = [
    "Accepted",
    "Assessment",
    "Atlas",
    "EcozoneError",
    "InputError",
    "Layer",
    "Parameter",
    "Part",
    "Project",
    "__version__",
    "assess",
    "check",
    "demo_atlas",
    "explore",
    "load_books",
    "open_atlas",
    "read_layer",
    "read_projects",
    "screen",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ecozone' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"ecozone.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
