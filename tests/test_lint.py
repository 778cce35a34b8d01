"""The proof of rulebooks: the shipped ones pass, each broken one is refused with a message that says what to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Ran
from hypothesis import given
from hypothesis import strategies as st

from ecozone.errors import RuleError
from ecozone.rules import ladders, lint, versions
from ecozone.rules.library import packaged, read_book
from ecozone.rules.proof import NO, OPEN, YES, Theory, ways

BROKEN = sorted((Path(__file__).parent / "broken_books").glob("*.yaml"))
GOOD = """\
book: office
name: 本单位补充规则
jurisdiction: "511111"
version: "1"
documents:
  办法: {title: 某区办法, number: null, authority: normative, text: text, from: 2026-01-01, to: null}
rules:
- id: office.a
  title: 河边二十米内不得新建仓库
  requirement: 河流两侧二十米内不得新建仓库。
  citation: {document: 办法, article: "3"}
  natures: [new]
  when: {facility: [warehouse]}
  where: {kind: river, relation: within_distance, distance: 20}
  effect: prohibit
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "office.yaml"
    path.write_text(text, encoding="utf-8")
    return path


# ---- the shipped books


def test_shipped_books_have_no_errors_and_quickly() -> None:
    start = time.perf_counter()
    problems = lint.lint()
    assert [p.text for p in problems if not p.note] == []
    assert time.perf_counter() - start < 15  # 5 s on a machine of its own; tests share theirs


def test_provisions_without_a_read_successor_are_listed() -> None:
    told = [p.text for p in lint.lint() if p.note and "没有读到后继条文" in p.text]
    assert any("土壤污染防治法.66" in t for t in told)


def test_every_ladder_names_columns_and_values_that_exist() -> None:
    from ecozone import kinds

    for kind, column, rungs in ladders.LADDERS:
        spec = kinds.get(kind).columns[column]
        allowed = ("true", "false") if spec.type == "boolean" else tuple(spec.values)
        assert set(rungs) <= set(allowed), (kind, column)


def test_ladder_exceptions_of_shipped_books_are_needed() -> None:
    """A declared exception that nothing needs would hide the next mistake."""
    from dataclasses import replace

    for book in packaged().values():
        for rule in book.rules:
            if rule.ladder_exception is not None:
                rules = [
                    (replace(r, ladder_exception=None) if r is rule else r, b.jurisdiction)
                    for b in packaged().values()
                    for r in b.rules
                ]
                assert any(ladders.gaps(rules, Theory({}))), rule.id


# ---- broken books


def test_there_are_enough_broken_books() -> None:
    assert len(BROKEN) >= 12


@pytest.mark.parametrize("path", BROKEN, ids=lambda p: p.stem)
def test_a_broken_book_is_refused_with_what_its_first_line_says(path: Path) -> None:
    wanted = [w.strip() for w in path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").split(" | ")]
    problems = [p.text for p in lint.lint([path]) if not p.note]
    assert any(all(w in text for w in wanted) for text in problems), "\n".join([str(wanted), *problems])
    with pytest.raises(RuleError) as caught:
        read_book(path)
    assert all(w in str(caught.value) for w in wanted)


@pytest.mark.smoke
def test_the_command_line_refuses_a_broken_book(cli: Callable[..., Ran]) -> None:
    ran = cli("rules", "lint", BROKEN[0])
    assert ran.status == 1
    assert "错误 1 条" in ran.out


def test_several_mistakes_are_named_together(tmp_path: Path) -> None:
    text = GOOD.replace("warehouse", "warehouze").replace("effect: prohibit", "effect: prohibited")
    second = GOOD[GOOD.index("- id") :].replace("office.a", "office.b").replace("kind: river", "kind: rivers")
    problems = [p.text for p in lint.lint([written(tmp_path, text + second)]) if not p.note]
    assert len(problems) == 2
    assert "office.a" in problems[0] and "office.b" in problems[1]


# ---- a user's book


def test_a_good_book_is_read(tmp_path: Path) -> None:
    book = read_book(written(tmp_path, GOOD))
    assert [r.id for r in book.rules] == ["office.a"]
    assert [p.text for p in lint.lint([tmp_path / "office.yaml"]) if not p.note] == []


RIVER = """\
- id: office.b
  title: 本区一公里内化工
  requirement: 本区河流岸线{metres}米内不得新建、扩建化工项目。
  citation: {{document: 办法, article: "4"}}
  natures: {natures}
  replaces: cn.长江保护法.26-2
{more}  when: {{any: [{{industry: [化工]}}, {{facility: [chemical_park]}}]}}
  where:
    kind: river
    filter: {{river_class: [干流, 重要支流, 支流], watercourse: [river, reservoir, lake]}}
    relation: within_distance
    distance: {metres}
  effect: {effect}
"""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"metres": 2000}, None),
        ({"metres": 500}, "范围没有包括"),
        ({"natures": "[new]"}, "不再适用于扩建"),
        ({"effect": "restrict"}, "后果由禁止减为严控"),
        ({"more": "  season: 06-01/08-31\n"}, "限于某个季节"),
        ({"more": "  text: recalled\n"}, "效力更弱"),
        (
            {"more": "  exceptions: [{when: {fact: national_key_project}, proof: [state_council_approval]}]\n"},
            "增加了例外",
        ),
        ({"metres": 500, "more": "  empowered_by: {document: 办法, article: '9'}\n"}, None),
    ],
)
def test_replacing_a_higher_rule_may_tighten_and_needs_a_provision_to_loosen(
    tmp_path: Path, change: dict[str, Any], why: str | None
) -> None:
    given = {"metres": 1000, "natures": "[new, expand]", "effect": "prohibit", "more": "", **change}
    path = written(tmp_path, GOOD + RIVER.format(**given))
    if why is None:
        assert read_book(path).rules[1].replaces == ("cn.长江保护法.26-2",)
        return
    with pytest.raises(RuleError, match=r"放宽了上位规则") as caught:
        read_book(path)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("groups", "refused"),
    [
        ('{chemical: {codes: ["C26"], source: 本单位}}', True),
        ('{chemical: {codes: ["C26"], source: 本单位, empowered_by: 某条例第九条}}', False),
        ('{chemical: {codes: ["B", "C", "D"], source: 本单位}}', False),
        ("{chemical: {groups: [chemical], source: 本单位}}", True),
        ('{本区重点: {codes: ["C13"], source: 本单位}}', False),
    ],
)
def test_a_group_may_be_widened_and_needs_a_provision_to_be_narrowed(
    tmp_path: Path, groups: str, refused: bool
) -> None:
    path = written(tmp_path, GOOD.replace("rules:", f"groups: {groups}\nrules:"))
    if not refused:
        read_book(path)
        return
    with pytest.raises(RuleError, match=r"empowered_by|包含了它自己") as caught:
        read_book(path)
    assert "groups.chemical" in str(caught.value)


def test_an_empowered_replacement_takes_effect_in_its_place_only(tmp_path: Path) -> None:
    from situations import read_cases, situation

    from ecozone import check

    case = dict(next(c for c in read_cases() if c["id"] == "first-chemical-400m"))
    more = "  empowered_by: {document: 办法, article: '9'}\n"
    path = written(tmp_path, GOOD + RIVER.format(metres=200, natures="[new, expand]", effect="prohibit", more=more))
    for region, outcomes in (("511111", ("not_applicable", "clear")), ("511102", ("hit", None))):
        project, atlas = situation({**case, "region": region})
        answer = check(project, atlas, [path], as_of="2026-11-22")
        found = {f.rule: f for f in answer.findings}
        assert found["cn.长江保护法.26-2"].outcome == outcomes[0]
        assert (found["office.b"].outcome if "office.b" in found else None) == outcomes[1]
        if outcomes[0] == "not_applicable":
            assert "office.b" in found["cn.长江保护法.26-2"].because[0]


def test_a_parameter_stays_within_what_the_plan_gives() -> None:
    from situations import situation

    from ecozone import check
    from ecozone.errors import ParameterError

    case = {"id": "x", "region": "510604", "parameters": {"凯江重点管控宽度_m": 10}, "project": {}}
    project, atlas = situation(case)
    with pytest.raises(ParameterError, match="20～200"):
        check(project, atlas, as_of="2025-01-01")


# ---- anything at all

_WRONG = st.sampled_from(
    [
        None,
        0,
        -1,
        1e308,
        True,
        "",
        "x",
        "一公里",
        [],
        ["x"],
        {},
        {"x": 1},
        [[]],
        {"any": []},
        {"not": None},
        "2026-13-01",
    ]
)


def _paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(p for k, v in inner for p in _paths(v, (*path, k)))]


def _replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copied = dict(node) if isinstance(node, dict) else list(node)
    copied[path[0]] = _replaced(copied[path[0]], path[1:], value)
    return copied


FULL = yaml.safe_load(
    GOOD.replace("rules:", "parameters: {退让_m: {name: 退让, unit: m, type: distance, source: [], question: 请定}}\n"
                 "groups: {本区重点: {codes: [C13], source: 本单位}}\n"
                 "instruments: [{id: office.x, title: 某件, authority: rule, why: 无}]\nrules:")
    + """\
  exceptions: [{id: e, when: {fact: national_key_project}, proof: [state_council_approval], note: x}]
  period: {from: 2026-02-01, to: 2026-12-31}
  season: 06-01/08-31
  subject: [project]
  ladder_exception: {when: {stage: [环评]}, note: x, citation: {document: 办法, article: "5"}}
- id: office.b
  title: t
  requirement: r
  citation: {document: 办法, section: s}
  natures: building
  when: {all: [{industry: [本区重点]}, {any: [{fact: sewage_tpd, ge: 5}, {parameter: 退让_m, lt: 9}]}]}
  where:
    any:
    - {kind: river, relation: within_distance, distance: {parameter: 退让_m, at_least: 1}}
    - not: {kind: wetland, share: {ge: 0.5}, minus: {kind: nature_reserve}}
  effect: require
"""
)  # fmt: skip


@given(path=st.sampled_from(_paths(FULL)), value=_WRONG)
def test_whatever_is_written_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[Any, ...], value: Any
) -> None:
    broken = _replaced(FULL, path, value)
    file = written(tmp_path_factory.mktemp("book"), yaml.safe_dump(broken, allow_unicode=True))
    for problem in lint.lint([file]):
        assert problem.text.startswith("office.yaml")


# ---- what follows from what


def follows(node: dict[str, Any], *known: tuple[dict[str, Any], bool]) -> int:
    return Theory({}).follows(node, known)


def leaf(op: str, value: Any, fact: str = "sewage_tpd") -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


def near(distance: float, **more: Any) -> dict[str, Any]:
    place = {"kind": "river", "filter": [], "relation": "within_distance", "distance": {"metres": distance}}
    return {**place, **more}


@pytest.mark.parametrize(
    ("asked", "known", "truth", "answer"),
    [
        ({"industry": ["化工"]}, {"industry": ["农药"]}, True, YES),
        ({"industry": ["农药"]}, {"industry": ["化工"]}, True, OPEN),
        ({"industry": ["农药"]}, {"industry": ["化工"]}, False, NO),
        ({"facility": ["outfall", "boiler"]}, {"facility": ["outfall"]}, True, YES),
        ({"facility": ["outfall"]}, {"facility": ["outfall", "boiler"]}, False, NO),
        (leaf("ge", 3.0), leaf("ge", 5.0), True, YES),
        (leaf("lt", 5.0), leaf("ge", 5.0), True, NO),
        (leaf("le", 5.0), leaf("ge", 5.0), True, OPEN),
        (leaf("gt", 5.0), leaf("ge", 5.0), False, NO),
        (leaf("is", [True], "voc"), leaf("is", [False], "voc"), True, NO),
        (leaf("is", [False], "voc"), leaf("is", [True], "voc"), False, YES),
        (leaf("is", [True], "discharges_pollutants"), leaf("is", [True], "heavily_polluting_water"), True, YES),
        (leaf("is", [True], "heavily_polluting_water"), leaf("is", [True], "discharges_pollutants"), False, NO),
        ({"subject": ["plan"]}, {"subject": ["project"]}, True, NO),
        ({"subject": ["plan"]}, {"subject": ["project"]}, False, YES),
        (near(1000.0), near(200.0), True, YES),
        (near(200.0), near(1000.0), True, OPEN),
        (near(200.0), near(1000.0), False, NO),
        (near(1000.0), near(0, relation="intersects"), True, YES),
        (near(0, relation="within"), near(0, relation="outside"), True, NO),
        (near(0, relation="outside"), near(0, relation="within"), False, YES),
        (
            near(9.0, filter=[["river_class", ["支流", "干流"]]]),
            near(9.0, filter=[["river_class", ["支流"]]]),
            True,
            YES,
        ),
        (near(9.0, filter=[["river_class", ["支流"]]]), near(9.0), True, OPEN),
    ],
)
def test_what_one_condition_says_of_another(asked: Any, known: Any, truth: bool, answer: int) -> None:
    assert follows(asked, (known, truth)) == answer


def test_ways_of_being_true() -> None:
    a, b, c = ({"facility": [k]} for k in "abc")
    assert ways({"all": [a, {"any": [b, {"not": c}]}]}) == [((a, True), (b, True)), ((a, True), (c, False))]
    assert ways({"all": [a, b]}, truth=False) == [((a, False),), ((b, False),)]
    assert ways(None) == [()] and ways(None, truth=False) == []


# ---- versions


def test_versions_of_a_provision() -> None:
    import datetime as dt

    every = [r for b in packaged().values() for r in b.rules]
    rules = {r.id: r for r in every}
    found = versions.Versions.of(rules["cn.生态环境法典.318"], every)
    assert [r.id for r in found.before] == ["cn.水污染防治法.64"] and found.after is None
    assert [r.id for r in found.on(dt.date(2024, 1, 1))] == ["cn.水污染防治法.64"]
    assert [r.id for r in found.on(dt.date(2026, 8, 15))] == ["cn.生态环境法典.318"]
    assert found.on(dt.date(2010, 1, 1)) == ()


@pytest.mark.smoke
def test_show_names_the_version_of_a_day(cli: Callable[..., Ran]) -> None:
    ran = cli("rules", "show", "cn.生态环境法典.318", "--as-of", "2024-01-01")
    assert ran.status == 0
    for text in ("当日有效的是 cn.水污染防治法.64", "第64条", "后继", "cn.生态环境法典.318", "2026-08-14"):
        assert text in ran.out
    assert "前身" in cli("rules", "show", "cn.生态环境法典.318", "--as-of", "2026-11-22").out


def test_every_shipped_rule_can_be_explained() -> None:
    from ecozone.cli.rulebooks import _explained

    for book in packaged().values():
        for rule in book.rules:
            assert all(label and text for label, text in _explained(rule, {}))
