"""The hand-written cases notice what is changed in the rulebooks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mutation import Score, Trial
from situations import read_cases, situation

from ecozone import check
from ecozone.rules.library import packaged

REPORT = Path(__file__).resolve().parent.parent / "build" / "mutation.txt"


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial(read_cases())


@pytest.fixture(scope="module")
def score(trial: Trial) -> Score:
    """Every mutant of every book tried; what came of it is left in build/mutation.txt."""
    score = trial.run(packaged().values())
    REPORT.parent.mkdir(exist_ok=True)
    survivors = "\n".join(f"  {m.book} {m.kind}: {m.what}" for m in score.survivors)
    REPORT.write_text(f"{score.table()}\nsurvivors:\n{survivors}\n", encoding="utf-8")
    return score


@pytest.mark.xdist_group("mutation")
def test_cases_hold_before_anything_is_changed(trial: Trial) -> None:
    assert trial.failing == []


@pytest.mark.xdist_group("mutation")
def test_deleting_any_rule_is_noticed(score: Score) -> None:
    assert [m.what for m in score.survivors if m.kind == "deleted"] == []


@pytest.mark.xdist_group("mutation")
@pytest.mark.parametrize("kind", ["distance", "nature", "date", "effect"])
def test_changes_of_each_kind_are_noticed(score: Score, kind: str) -> None:
    assert score.rate(lambda _book, k: k == kind) >= 0.90, score.table()


@pytest.mark.xdist_group("mutation")
@pytest.mark.parametrize("book", [b.name for b in packaged().values() if b.rules])
def test_changes_of_each_book_are_noticed(score: Score, book: str) -> None:
    assert score.rate(lambda b, _kind: b == book) >= 0.90, score.table()


@pytest.mark.xdist_group("mutation")
@pytest.mark.parametrize("case", read_cases()[::97], ids=lambda c: c["id"])
def test_measured_together_is_measured_alone(trial: Trial, case: Mapping[str, Any]) -> None:
    """Cases share one atlas here: each must come out as when it has an atlas of its own."""
    f, i = next((f, i) for f in trial.fields for i, c in enumerate(f.cases) if c.id == case["id"])
    project, atlas = situation(case)
    answer = check(project, atlas, as_of=str(case["as_of"]))
    alone = {}
    for finding in answer.findings:
        if finding.rule in f.rules and (finding.outcome != "not_applicable" or finding.rule not in alone):
            alone[finding.rule] = finding.outcome, finding.effect
    found = {k: f.cases[i].found(r, f.judged[k]) for k, (r, _) in f.rules.items()}
    assert {k: v for k, v in found.items() if v is not None} == alone
    weights = [f.cases[i].weigh(r, f.judged[k]) for k, (r, _) in f.rules.items()]
    assert f.cases[i].answer(weights) == (answer.verdict, answer.complete)
