"""Every row of sections B and C of the five plans: a rule that says what it says, or a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import traceability
from conftest import Ran

from ecozone import kinds
from ecozone.demo import demo_atlas, demo_regions
from ecozone.rules import coverage
from ecozone.rules.library import packaged

#: Rows of each plan, sections B and C together.
ROWS = {"SW": 97, "LZ": 91, "LJ": 92, "NJ": 82, "SZ": 126}


@pytest.fixture(scope="module")
def found() -> list[coverage.Found]:
    rows = coverage.read_table(traceability.TABLE)
    evidence = coverage.read_evidence(Path(__file__).parent / "cases")
    return coverage.cover(rows, packaged().values(), evidence)


def test_the_joined_table_is_current() -> None:
    assert traceability.TABLE.read_text(encoding="utf-8") == traceability.joined(), "run python tests/traceability.py"


def test_no_row_is_missing(found: list[coverage.Found]) -> None:
    assert Counter(f.row.id.partition("-")[0] for f in found) == ROWS
    assert all(f.row.section == f.row.id.partition("-")[2][0] for f in found)


def test_every_row_is_accounted_for(found: list[coverage.Found]) -> None:
    assert [f.row.id for f in found if not f.row.rules and not f.row.reason] == []
    assert [(f.row.id, f.wrong) for f in found if any("没有规则" in w for w in f.wrong)] == []


def test_rows_that_decide_nothing_have_no_rule_and_those_that_decide_say_how(found: list[coverage.Found]) -> None:
    for row in (f.row for f in found):
        assert not (row.rules and not row.siting), row.id
        assert not row.rules or (row.effect and row.natures), row.id


@pytest.mark.parametrize("section", coverage.GOALS)
def test_enough_siting_rows_are_encoded(found: list[coverage.Found], section: str) -> None:
    encoded, total = coverage.share(found, section)
    wrong = [(f.row.id, f.wrong) for f in found if f.wrong and f.row.siting and f.row.section == section]
    assert encoded >= coverage.GOALS[section] * total, wrong


def test_rules_and_rows_name_each_other(found: list[coverage.Found]) -> None:
    rows = {f.row.id: f.row for f in found}
    for rule in (r for b in packaged().values() for r in b.rules):
        for source in rule.source:
            assert source in rows, f"{rule.id} comes from {source}, which is no row"
            assert rule.id in rows[source].rules, f"{source} does not name {rule.id}"


def test_parameters_come_from_rows_that_exist(found: list[coverage.Found]) -> None:
    rows = {f.row.id for f in found}
    named = {s for b in packaged().values() for p in b.parameters.values() for s in p.source}
    assert named <= rows


def test_every_kind_that_rules_ask_for_is_in_the_atlases() -> None:
    for region in demo_regions():
        prefix = region.removesuffix("00")
        bound = [b for b in packaged().values() if prefix.startswith(b.jurisdiction)]
        assert set(coverage.kinds_of(bound)) <= set(demo_atlas(region).kinds) <= set(kinds.registry())


def test_coverage_on_the_command_line(cli: Callable[..., Ran]) -> None:
    ran = cli("rules", "coverage")
    assert ran.status == 0, ran.out
    assert "已有去处 488 条（100%）" in ran.out
