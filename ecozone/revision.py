"""Kept records taken up again: strike a finding in one, or bring one back as an answer to report on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecozone import archive
from ecozone.override import Override, checked, revised
from ecozone.rules.finding import Finding

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.atlas import Atlas
    from ecozone.rules.model import Rulebook

_TUPLES = ("source", "where", "because", "missing", "office", "next", "marks")


def strike(record: Mapping[str, Any], override: Override) -> dict[str, Any]:
    """Return a record with one more override; the original answer in it stays as it was.

    Raises
    ------
    InputError
        Nothing such to strike, or no name or reason.
    """
    findings = [finding_of(f) for f in record["findings"]]
    strokes = [*overrides_of(record), checked(override, findings)]
    verdict, complete = revised(findings, strokes)
    return {
        **record,
        "overrides": [o.to_dict() for o in strokes],
        "after_overrides": {"verdict": verdict, "complete": complete},
    }


def overrides_of(record: Mapping[str, Any]) -> list[Override]:
    """Return the overrides that a record holds."""
    import datetime as dt

    return [
        Override(o["rule"], o["by"], o["reason"], dt.date.fromisoformat(o["on"]), o["zone"], o["part"])
        for o in record.get("overrides") or ()
    ]


def finding_of(kept: Mapping[str, Any]) -> Finding:
    """Return a finding as it was before it was written."""
    known = {f.name for f in fields(Finding)}
    named = {("branch" if k == "if" else k): v for k, v in kept.items()}
    given: dict[str, Any] = {k: tuple(v) if k in _TUPLES else v for k, v in named.items() if k in known}
    return Finding(**given)


def answer_of(
    record: Mapping[str, Any], atlas: Atlas, rules: Sequence[str | Path | Rulebook] | None = None
) -> Assessment:
    """Compute a record's answer again, with its overrides, as an `Assessment` to draw and report on.

    Compare it with the record first (`ecozone.archive.verify`): this is today's answer, not the record's.
    """
    from ecozone._check import check

    answer = check(archive.project_of(record), atlas, rules, as_of=record["as_of"], answers=archive.answers_of(record))
    strokes = tuple(checked(o, answer.findings) for o in overrides_of(record))
    answer = replace(answer, overrides=strokes)
    return answer.public() if record.get("edition") == "public" else answer
