"""Why a rule about a distance stays open: what was measured is not exact enough, or the ground may reach in."""

from __future__ import annotations

import pytest

import ecozone

DAY = "2026-11-22"
RULE = "cn.长江保护法.26-2"


def opened(at: str, *, extent_m: float, accuracy_m: float) -> tuple[tuple[str, ...], str]:
    answer = ecozone.check(
        ecozone.Project(at, nature="new", industry="C2614", extent_m=extent_m, site_accuracy_m=accuracy_m),
        ecozone.demo_atlas("511111"),
        as_of=DAY,
    )
    found = next(f for f in answer.findings if f.rule == RULE and f.part == "site")
    assert found.outcome == "undetermined"
    return found.missing, "；".join(found.because)


def test_ground_that_may_reach_in_is_not_called_an_accuracy() -> None:
    missing, because = opened("103.5440,29.4118", extent_m=200, accuracy_m=1)
    assert missing == ("outline:river",)
    assert "1129.6 米" in because and "200 米的用地可能伸入" in because and "须实测" not in because


@pytest.mark.parametrize("extent_m", [0.0, 200.0])
def test_a_gap_within_the_accuracy_is_to_be_measured(extent_m: float) -> None:
    missing, because = opened("103.5440,29.4118", extent_m=extent_m, accuracy_m=200)
    assert missing == ("accuracy:river",)
    assert "须实测" in because and "可能伸入" not in because


def test_the_question_asks_for_the_boundary_of_the_ground() -> None:
    answer = ecozone.check(
        ecozone.Project("103.5440,29.4118", nature="new", industry="C2614", extent_m=200, site_accuracy_m=1),
        ecozone.demo_atlas("511111"),
        as_of=DAY,
    )
    asked = next(o for o in answer.open if o.what == "outline:river")
    assert "用地红线" in asked.label and "用地红线" in asked.question
