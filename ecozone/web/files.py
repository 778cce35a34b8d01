"""What a process of its own does with a user's file: read it, diagnose it, or judge every project in it, and end."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecozone.errors import InputError, SiteError
from ecozone.web import view
from ecozone.web.request import NOTES

#: Characters of a note that a request keeps.
_NOTE = 400
Tell = Callable[[Any], None]


def read_sites(folder: str, crs: str | None, atlas_folder: str, each: bool, most: int, tell: Tell) -> dict[str, Any]:
    """Read an upload: one site made of all its features, or a site a feature.

    Returns
    -------
    dict
        ``sites`` (geometry as GeoJSON, accuracy_m, name, notes, nature, industry), ``issues``, ``crs``, ``how``.
    """
    path = _upload(folder)
    try:
        return _each(path, crs, atlas_folder, most) if each else _whole(path, crs, atlas_folder)
    except InputError as error:
        raise SiteError(_named(str(error), folder)) from None


def diagnose(folder: str, kind: str | None, crs: str | None, atlas_folder: str, tell: Tell) -> dict[str, Any]:
    """Return intake's diagnosis of an upload."""
    from ecozone.atlas import open_atlas
    from ecozone.intake.diagnose import inspect

    path = _upload(folder)
    found = inspect(path, kind=kind, crs=crs, atlas=open_atlas(atlas_folder)).to_dict()
    found["path"] = path.name
    return json.loads(_named(json.dumps(found, ensure_ascii=False, default=str), folder))


def judge_each(
    sites: Sequence[Mapping[str, Any]], asked: Mapping[str, Any], atlas_folder: str, today: str, tell: Tell
) -> int:
    """Judge many sites with one description, telling every answer when it is there; return how many were judged.

    Facts of a site's own row come before those of the description.
    """
    from ecozone.web import work

    work.prepare(atlas_folder)
    judged = 0
    for i, site in enumerate(sites):
        one = {**asked, "site": site["geometry"], "site_accuracy_m": site["accuracy_m"], "name": site["name"]}
        one["crs"], one["notes"] = None, notes_of(site)
        one["nature"] = site["nature"] or asked["nature"]
        one["industry"] = [site["industry"]] if site["industry"] else asked["industry"]
        try:
            tell({"row": i, "request": one, "answer": work.check_page(one, today)})
            judged += 1
        except InputError as error:
            tell({"row": i, "request": one, "refused": str(error)})
    return judged


def notes_of(site: Mapping[str, Any]) -> list[str]:
    """Return how a site was read, as a request keeps it: in words of the form."""
    said = (view.plain(n) or n for n in site["notes"])
    return [n[:_NOTE] for n in said][:NOTES]


def _whole(path: Path, crs: str | None, atlas_folder: str) -> dict[str, Any]:
    import shapely

    from ecozone.atlas import open_atlas
    from ecozone.intake.site import read_place

    found = read_place(path, crs=crs, atlas=open_atlas(atlas_folder))
    site = {
        "geometry": json.loads(shapely.to_geojson(found.geometry)), "accuracy_m": found.accuracy_m,
        "name": path.stem, "notes": list(found.notes), "nature": None, "industry": None,
    }  # fmt: skip
    return {"sites": [site], "issues": [], "crs": "", "how": ""}


def _each(path: Path, crs: str | None, atlas_folder: str, most: int) -> dict[str, Any]:
    import shapely

    from ecozone.atlas import open_atlas
    from ecozone.intake.reading import read_projects

    read = read_projects(path, crs=crs, atlas=open_atlas(atlas_folder))
    if not read.projects:
        raise SiteError("；".join(i.message for i in read.issues) or "文件里没有能用的项目图形。")
    if len(read.projects) > most:
        raise SiteError(
            f"文件里有 {len(read.projects)} 个项目，网页一次最多 {most} 个；请拆分，或用命令行 ecozone screen。"
        )
    sites = [
        {
            "geometry": json.loads(shapely.to_geojson(p.site)), "accuracy_m": p.parts[0].accuracy_m, "name": p.name,
            "notes": list(p.notes), "nature": p.nature, "industry": p.industries[0] if p.industries else None,
        }
        for p in read.projects
    ]  # fmt: skip
    return {"sites": sites, "issues": [i.to_dict() for i in read.issues], "crs": read.crs, "how": read.how}


def _upload(folder: str) -> Path:
    """Return what was uploaded: the one file, or the folder of the files that belong together."""
    tempfile.tempdir = os.environ["TMPDIR"] = str(Path(folder).parent)  # what is unpacked goes when the job goes
    found = sorted(Path(folder).iterdir())
    return found[0] if len(found) == 1 else Path(folder)


def _named(text: str, folder: str) -> str:
    """Take the server's folders out of a sentence."""
    for gone in (f"{folder}{os.sep}", folder, f"{Path(folder).parent}{os.sep}"):
        text = text.replace(gone, "")
    return text
