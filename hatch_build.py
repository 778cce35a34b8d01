"""Build hook: the sample atlases travel in the wheel.

The repository keeps the atlases under ``data/boundaries/<adcode>``, where people look for them; an installed
package finds them under ``ecozone/_demo/<adcode>``. The script that makes them, and what it makes them from,
stay in the repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ADCODE = re.compile(r"\d{6}")


def sample_atlases(root: Path) -> dict[str, str]:
    """Map each atlas folder below `root` to its place in the wheel.

    Parameters
    ----------
    root
        The folder of ``pyproject.toml``.

    Returns
    -------
    dict of str to str
        Folder in the repository to folder in the wheel. A folder is an atlas when it is named by a six-digit
        administrative code and holds an ``atlas.toml``.
    """
    folders = sorted((root / "data" / "boundaries").glob("*/atlas.toml"))
    return {
        str(found.parent): f"ecozone/_demo/{found.parent.name}"
        for found in folders
        if ADCODE.fullmatch(found.parent.name)
    }


class SampleAtlases(BuildHookInterface[Any]):
    """Put the sample atlases into a wheel; an editable install reads them in the checkout."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the atlases to what the wheel holds, unless `version` is ``"editable"``."""
        if version != "editable":
            build_data["force_include"].update(sample_atlases(Path(self.root)))
