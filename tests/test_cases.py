"""Runs every expected outcome of tests/cases at its date."""

from __future__ import annotations

from typing import Any

import pytest
from situations import CASES, read_cases, situation

from ecozone import check


def cases() -> list[Any]:
    """Return all cases, named by their id."""
    out = []
    for path in sorted(CASES.glob("*.yaml")):
        for case in read_cases([path]):
            out.append(pytest.param(case, id=f"{path.stem}:{case['id']}"))
    return out


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any]) -> None:
    project, atlas = situation(case)
    answer = check(project, atlas, as_of=str(case["as_of"]))
    expect = case["expect"]
    found = {}
    for finding in answer.findings:
        if finding.outcome != "not_applicable" or finding.rule not in found:
            found[finding.rule] = finding
    for rule, wanted in (expect.get("findings") or {}).items():
        assert rule in found, f"no finding of {rule} on {case['as_of']}"
        outcome, effect = wanted if isinstance(wanted, list) else (wanted, None)
        assert found[rule].outcome == outcome, f"{rule}: {found[rule].outcome}, {found[rule].because}"
        assert effect is None or found[rule].effect == effect
    for rule in expect.get("absent") or ():
        assert rule not in found or found[rule].outcome != "hit", f"{rule} must not hit: {found[rule].because}"
    told = [
        (f.rule, f.outcome, f.effect, f.missing)
        for f in answer.findings
        if f.outcome in ("hit", "no_data", "undetermined")
    ]
    for key, value in (("verdict", answer.verdict), ("complete", answer.complete), ("exit", answer.exit_status)):
        assert key not in expect or expect[key] == value, f"{key} is {value}: {told}"


def test_case_ids_are_unique() -> None:
    ids = [p.values[0]["id"] for p in cases()]
    assert len(ids) == len(set(ids))
