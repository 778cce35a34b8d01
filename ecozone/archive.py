"""Kept answers: save the record, compute it again, say what differs and why.

A record holds the project as it was understood, the day, and the hashes of layers and books. `verify` checks the same
project on today's atlas and rules with the record's own date: the same answer, or the findings that differ, each with
its cause: data, rules or program.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from ecozone._atomic import whole
from ecozone.assessment import SCHEMA
from ecozone.comparison import Comparison, Difference, diff
from ecozone.errors import InputError, os_reason
from ecozone.project import Part, Project
from ecozone.rules.access import Answer

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.atlas import Atlas
    from ecozone.rules.model import Rulebook

__all__ = ["Comparison", "Difference", "answers_of", "diff", "load", "project_of", "save", "verify"]


def save(answer: Assessment, path: str | Path) -> Path:
    """Write an answer's record, whole or not at all.

    Parameters
    ----------
    answer : Assessment
    path : str or Path
        Customarily ``x.ecozone.json``.
    """
    target = Path(path)
    try:
        with whole(target) as part:
            part.write_text(json.dumps(answer.to_dict(), ensure_ascii=False, indent=1), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"记录写不到“{path}”：{os_reason(error)}。请换一个文件夹。") from None
    return target


def load(path: str | Path) -> dict[str, Any]:
    """Read a record.

    Raises
    ------
    InputError
        No such file, not a record, or of a newer form than this version reads.
    """
    try:
        raw = json.loads(Path(path).read_bytes().decode("utf-8-sig"))
    except OSError:
        raise InputError(f"找不到记录“{path}”，请检查路径。") from None
    except ValueError:
        raise InputError(f"“{path}”不是正确的记录文件（JSON）。") from None
    schema = raw.get("schema") if isinstance(raw, Mapping) else None
    if schema != SCHEMA:
        raise InputError(f"“{path}”的格式为 {schema or '未知'}，本版本只能读取 {SCHEMA}；请用更新的 ecozone 打开。")
    return dict(raw)


def project_of(record: Mapping[str, Any]) -> Project:
    """Return the project of a record, exactly as it was understood."""
    kept = record["project"]
    parts = tuple(
        Part(
            geometry=shapely.from_geojson(json.dumps(p["geometry"])),
            facilities=tuple(p["facilities"]),
            permanent=p["permanent"],
            accuracy_m=p["accuracy_m"],
            extent_m=p["extent_m"],
            name=p["name"],
        )
        for p in record["parts"]
    )
    bare = Project(parts[0].geometry, name=kept["name"])
    return bare.with_(
        parts=parts,
        nature=kept["nature"],
        industries=tuple(kept["industries"]),
        facilities=None if kept["facilities"] is None else tuple(kept["facilities"]),
        facilities_closed=kept["facilities_closed"],
        facts=dict(kept["facts"]),
        has=tuple(kept["has"]),
        subject=kept["subject"],
        stage=kept["stage"],
        notes=tuple(a["text"] for a in record["assumptions"] if a["about"] == "site"),
    )


def answers_of(record: Mapping[str, Any]) -> dict[tuple[str, str], Answer]:
    """Return what officers said of access-list rows in a record."""
    return {
        (r["unit"], r["id"]): Answer(
            r.get("officer") or r["conformity"],
            r["situation"],
            r["basis"],
            r["by"],
            dt.date.fromisoformat(r["on"]) if r["on"] else None,
        )
        for r in record["requirements"]
        if r.get("officer") or r["decided_by"] == "officer"
    }


def verify(record: Mapping[str, Any], atlas: Atlas, rules: Sequence[str | Path | Rulebook] | None = None) -> Comparison:
    """Compute a record's answer again and say what differs.

    Parameters
    ----------
    record : mapping
        From `load`.
    atlas : Atlas
    rules : sequence, optional
        See `ecozone.check`.
    """
    from ecozone._check import check

    again = check(project_of(record), atlas, rules, as_of=record["as_of"], answers=answers_of(record))
    return diff(record, again.to_dict())
