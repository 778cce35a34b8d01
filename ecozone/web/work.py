"""What the warm processes do: the functions of the command line on an atlas opened once, plain values in and out."""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecozone.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.atlas import Atlas

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_MAP = re.compile(r"\bmap_[0-9a-f]{32}\b")


@dataclass
class _Desk:
    atlas: Atlas


_desk: list[_Desk] = []


def prepare(folder: str) -> str:
    """Open the atlas and answer once, so that the first visitor does not wait for it."""
    import shapely

    from ecozone._check import check
    from ecozone.atlas import open_atlas
    from ecozone.project import Project

    _desk[:] = [_Desk(open_atlas(folder))]
    if "admin" in atlas():
        spot = shapely.point_on_surface(atlas()["admin"].geometry[0])
        check(Project(spot), atlas(), as_of="2026-11-22").to_dict()
    return atlas().name


def atlas() -> Atlas:
    """Return the atlas of this process."""
    return _desk[0].atlas


# ---- answers


def check_json(asked: Mapping[str, Any], today: str) -> bytes:
    """Return the record of a request, encoded: the answer of the JSON API."""
    return _encoded(assessed(asked, today).to_dict())


def check_page(asked: Mapping[str, Any], today: str) -> dict[str, Any]:
    """Return what the results store keeps of a request: the record, and the map."""
    return kept(assessed(asked, today))


def assessed(asked: Mapping[str, Any], today: str) -> Assessment:
    """Judge a request; `today` is the day of a request that names none."""
    from ecozone._check import check
    from ecozone.web.request import answers_of, day, project_of

    on = day(asked["as_of"] or today)
    return check(project_of(asked), atlas(), as_of=on, answers=answers_of(asked) or None)


def kept(answer: Assessment) -> dict[str, Any]:
    """Return an answer as plain values: record, map, and what is to be asked now, later, or never."""
    from ecozone.asked import Asked

    asked = Asked.of(answer)
    return {
        "record": answer.to_dict(),
        "map": split(answer.map().get_root().render()),
        "asked": {
            "now": [o.what for found in asked.now.values() for o in found],
            "later": [o.what for o in asked.later],
            "idle": [o.what for o in asked.idle],
        },
        "sentence": answer.sentence,
    }


def again(record: Mapping[str, Any]) -> Assessment:
    """Return the answer that a record holds, computed again with the record's own day.

    Raises
    ------
    InputError
        Layers, rules or program have changed and the answer with them.
    """
    from ecozone._check import check
    from ecozone.archive import answers_of, diff, project_of

    answer = check(project_of(record), atlas(), as_of=record["as_of"], answers=answers_of(record))
    compared = diff(record, answer.to_dict())
    if not compared.same:
        raise InputError("图集或规则在核对之后已更新，结论与记录不再一致，请重新核对。")
    for o in record["overrides"]:
        answer = answer.override(o["rule"], by=o["by"], reason=o["reason"], on=o["on"], zone=o["zone"], part=o["part"])
    return answer


def override(record: Mapping[str, Any], stroke: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with one more finding struck by an officer."""
    return again(record).override(**stroke).to_dict()


def report(record: Mapping[str, Any], kind: str) -> bytes:
    """Return a report, ``docx`` or ``html``, or the case's ledger, ``xlsx``."""
    if not has_reports():
        raise MissingDependencyError("这一版没有报告功能。")
    from ecozone.report.ledger import write_ledger

    with tempfile.TemporaryDirectory(prefix="ecozone-") as folder:
        file = Path(folder) / f"report.{kind}"
        answer = again(record)
        return Path(write_ledger([answer], file) if kind == "xlsx" else answer.report(file)).read_bytes()


def has_reports() -> bool:
    """Say whether reports can be written here."""
    return find_spec("ecozone.report.write") is not None


def here(lon: float, lat: float, today: str) -> dict[str, Any]:
    """Return what applies at a point: the record of a project of which nothing but its place is known."""
    from ecozone._check import check
    from ecozone.project import Project

    answer = check(Project((lon, lat), name="点位", extent_m=0), atlas(), as_of=today)
    record = answer.to_dict()
    zones: dict[tuple[str, str], dict[str, Any]] = {}
    for p in sorted(answer.pictures, key=lambda p: p.distance_m):
        zones.setdefault((p.kind, p.zone), {"kind": p.kind, "zone": p.zone, "name": p.name, "distance_m": p.distance_m})
    return {
        "lon": lon,
        "lat": lat,
        "as_of": record["as_of"],
        "notice": record["notice"],
        "units": record["units"],
        "element_zones": record["element_zones"],
        "zones": list(zones.values()),
        "neighbours": record["neighbours"],
        "findings": [f for f in record["findings"] if f["outcome"] in ("hit", "undetermined", "no_data")],
    }


def place(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a typed site as a map draws it."""
    import shapely

    from ecozone.web.request import project_of

    part = project_of(asked).parts[0]
    return {
        "geometry": json.loads(shapely.to_geojson(part.geometry)),
        "accuracy_m": part.accuracy_m,
        "name": "",
        "notes": [],
    }


# ---- registers


def layers() -> list[dict[str, Any]]:
    """Return every layer version of the atlas with its provenance."""
    from ecozone import kinds

    keep = ("version", "source", "licence", "document", "valid_from", "valid_to", "crs_found", "accuracy_m", "line",
            "sensitive", "notice", "sha256")  # fmt: skip
    out = []
    for kind in atlas().kinds:
        for layer in atlas().versions(kind):
            meta = layer.meta()
            out.append(
                {"kind": kind, "name": kinds.name(kind), "zones": len(layer), **{k: meta.get(k) for k in keep}}
                | {"sha256": layer.sha256}
            )
    return out


def rules(on: str | None) -> list[dict[str, Any]]:
    """Return the rules of the packaged books, those in force on a day when one is given."""
    from ecozone.rules.library import load_books
    from ecozone.rules.model import EFFECTS
    from ecozone.web.request import day

    when: dt.date | None = day(on) if on else None
    return [
        {
            "id": rule.id, "book": book.name, "book_title": book.title, "jurisdiction": book.jurisdiction,
            "title": rule.title, "requirement": rule.requirement, "effect": rule.effect,
            "effect_text": EFFECTS[rule.effect][1], "cited": str(rule.citation), "in_force": rule.period.as_list(),
        }
        for book in sorted(load_books(), key=lambda b: (b.jurisdiction, b.name))
        for rule in book.rules
        if when is None or rule.in_force(when)
    ]  # fmt: skip


def atlas_page() -> dict[str, Any]:
    """Return the map of the atlas."""
    return split(atlas().map().get_root().render())


def split(page: str) -> dict[str, Any]:
    """Take the script out of a map's page, so that no script stands in a page.

    Leaflet, ecozone's helpers and their style are files of the server.
    """
    scripts: Sequence[str] = _SCRIPT.findall(page)
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    return {"script": _MAP.sub("eco_map", scripts[-1]), "title": title[1] if title else ""}


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
