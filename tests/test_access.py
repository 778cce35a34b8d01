"""Access lists (准入清单): read from any office's table, inherited by level, decided by rule or by the officer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from conftest import run_cli
from situations import lonlat, situation

from ecozone import Atlas, Project, archive, check, open_atlas
from ecozone.cli.answer import lines
from ecozone.demo import demo_folder
from ecozone.errors import InputError
from ecozone.intake.access import read_access_list, read_answers, survey_access_list
from ecozone.layer import Layer
from ecozone.rules.access import AccessList, Answer, dump, parse

UNIT = "ZH51111130001"
RIVER = {"kind": "river", "zone": {"river_class": "重要支流", "watercourse": "river", "line": "water_edge"}}
#: A warehouse is no chemical project, so the rule of the first row does not concern it.
WAREHOUSE = {"nature": "new", "industry": "G5990", "facilities": ["none"]}


def listed(*rows: dict[str, Any], units: tuple[str, ...] = ("*",)) -> AccessList:
    """Return an access list with some rows."""
    base = {"level": "普适性", "applies_to": ["一般"], "dimension": "空间布局约束", "text": "示例要求"}
    return parse(
        {"version": "t", "document": "示例", "units": units, "requirements": [{**base, **r} for r in rows]}, ""
    )


def ask(
    access: AccessList | None, *, project: dict[str, Any] = WAREHOUSE, metres: float = 400, answers: Any = None
) -> Any:
    """Check a project 400 m from a river against a list."""
    case = {"project": project, "site": {"relations": [{**RIVER, "distance_m": metres}]}}
    made, atlas = situation(case)
    layers = [atlas[k] for k in atlas.kinds]
    atlas = Atlas(layers, "511111", accepted=atlas.accepted, access=[access] if access else [])
    return check(made, atlas, as_of="2026-11-22", answers=answers)


def left_open(answer: Any) -> list[str]:
    """Return what the access list itself leaves open (the region's parameters are not set here)."""
    return [o.what for o in answer.open if o.what.startswith("access")]


def test_unit_without_list_is_no_data() -> None:
    answer = ask(None)
    assert not answer.complete
    assert any(f.outcome == "no_data" and f.missing == (f"access_list:{UNIT}",) for f in answer.findings)
    assert not ask(listed({"id": "1"}, units=("ZH51111110001",))).complete  # a list of another unit alone


def test_rows_follow_their_rules() -> None:
    rows = (
        {"id": "chem", "heading": "禁止开发建设活动的要求", "rules": ["cn.长江保护法.26-2"]},
        {"id": "other", "applies_to": ["优先"]},
    )
    warehouse = ask(listed(*rows))
    assert [(r["id"], r["conformity"], r["decided_by"]) for r in warehouse.requirements] == [("chem", "不涉及", "rule")]
    assert not left_open(warehouse)
    plant = {**WAREHOUSE, "industry": "C2614"}
    assert ask(listed(*rows), project=plant).requirements[0]["conformity"] == "不符合"
    assert ask(listed(*rows), project=plant, metres=1500).requirements[0]["conformity"] == "符合"
    unknown = {"nature": "new", "facilities": ["none"]}
    assert ask(listed(*rows), project=unknown).requirements[0]["conformity"] == "无法判定"


def test_officer_rows_stay_open_until_answered() -> None:
    access = listed({"id": "o1", "heading": "限制开发建设活动的要求"})
    before = ask(access)
    assert (before.complete, before.requirements[0]["conformity"]) == (False, "无法判定")
    assert any(o.what == f"access_row:{UNIT}/o1" for o in before.open)
    yes = ask(access, answers={(UNIT, "o1"): Answer("符合", "仓储项目，无生产", "现场踏勘", "张某")})
    assert not left_open(yes)
    assert yes.requirements[0]["decided_by"] == "officer"
    assert yes.requirements[0]["by"] == "张某"
    no = ask(access, answers={(UNIT, "o1"): Answer("不符合", "位于限制区", "现场踏勘", "张某")})
    assert no.verdict == "restricted"
    assert [f.effect for f in no.hits if f.rule == f"access.{UNIT}.o1"] == ["restrict"]


def test_levels_are_inherited_widest_first() -> None:
    access = listed(
        {"id": "unit", "level": "单元", "applies_to": [UNIT]},
        {"id": "province", "level": "全省", "applies_to": ["*"]},
        {"id": "class", "level": "普适性"},
        {"id": "city", "level": "市", "applies_to": ["*"]},
    )
    assert [r["id"] for r in ask(access).requirements] == ["province", "city", "class", "unit"]


def test_list_survives_the_folder(tmp_path: Path) -> None:
    access = listed({"id": "a", "rules": ["cn.长江保护法.26-2"]})
    _, atlas = situation({"project": WAREHOUSE})
    Atlas([atlas["admin"]], "511111", access=[access]).save(tmp_path / "图集")
    again = open_atlas(tmp_path / "图集").access[0]
    assert dump(again) == dump(access)
    assert again.sha256


LONG = (
    "环境管控单元编码,层级,维度,要求类别,管控要求,编号,规则\n"
    "ZH51111130001,单元,空间布局约束,禁止开发建设活动的要求,不得新建化工项目,1,cn.长江保护法.26-2\n"
)
WIDE = '"HJGKDYBM","空间布局约束\n","PWWPFGK"\nZH51111130001,"（1）不得开垦。\n（2）不得采砂。",达标排放\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_tables_of_both_forms(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "long.csv").write_bytes(LONG.encode(encoding))
    (tmp_path / "wide.csv").write_bytes(WIDE.encode(encoding))
    long = read_access_list(tmp_path / "long.csv", version="1", document="示例")
    assert (long.units, long.requirements[0].rules, long.requirements[0].effect) == (
        (UNIT,),
        ("cn.长江保护法.26-2",),
        "prohibit",
    )
    wide = read_access_list(tmp_path / "wide.csv", version="1", document="示例")
    assert [(r.dimension, r.text) for r in wide.requirements] == [
        ("空间布局约束", "（1）不得开垦。"),
        ("空间布局约束", "（2）不得采砂。"),
        ("污染物排放管控", "达标排放"),
    ]


def test_xlsx_answers(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["单元编码", "编号", "项目对应情况", "符合性", "依据", "经办人", "日期"])
    book.active.append([UNIT, "o1", "仓储", "符合", "踏勘", "张某", "2026-11-22"])
    book.active.append([UNIT, "o2", "", "", "", "", ""])
    book.save(tmp_path / "a.xlsx")
    answers = read_answers(tmp_path / "a.xlsx")
    assert list(answers) == [(UNIT, "o1")]
    assert str(answers[UNIT, "o1"].on) == "2026-11-22"


@pytest.mark.parametrize(
    ("text", "says", "error"),
    [
        (LONG.replace("空间布局约束", "空间"), "维度", InputError),
        (LONG.replace("cn.长江保护法.26-2", "cn.长江保护法.26-9"), "第 2 行.*没有编号", InputError),
        (LONG.replace("不得新建化工项目", ""), "没有管控要求", InputError),
        (LONG.splitlines()[0], "没有数据行", InputError),
        (LONG + LONG.splitlines()[1], "编号重复", InputError),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, text: str, says: str, error: type[Exception]) -> None:
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=says):
        read_access_list(tmp_path / "bad.csv", version="1", document="示例")


def test_bad_answers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"单元编码,编号,符合性,经办人\n{UNIT},o1,还行,张某\n", encoding="utf-8")
    with pytest.raises(InputError, match="符合性"):
        read_answers(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text(f"单元编码,编号,符合性,经办人\n{UNIT},o1,符合,\n", encoding="utf-8")
    with pytest.raises(InputError, match="填写人"):
        read_answers(tmp_path / "a.csv")


def workbook(path: Path) -> Path:
    """Write a list as an office keeps it: a title, merged cells, headings that break, numbers that begin anew."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["沙湾区生态环境准入清单（示例）"],
        ["环境管控单元\n编码", "层级", "管控类型", "管控维度", "要求类别", "管控要求\n", "序号", "备注"],
        [None, "全省", None, "空间布局约束", "禁止开发建设活动的要求", "示例要求甲", 1, "旧"],
        [None, "片区", None, "环境风险防控", None, "示例要求乙", 2],
        [None, "市", None, "资源开发利用效率", None, "示例要求丙", 3],
        [None, "普适性", "一般管控单元", "污染物排放管控", None, "示例要求丁", 4],
        [UNIT, "单元", None, "空间布局约束", "限制开发建设活动的要求", "示例要求戊", 1],
        [None, None, None, "污染物排放管控", None, "示例要求己", 2],
        ["ZH51111110001", "单元", None, "空间布局约束", None, "示例要求庚", 1],
    ):
        sheet.append(row)
    for span in ("A1:H1", "A7:A8", "B7:B8"):
        sheet.merge_cells(span)
    book.create_sheet("说明")
    book.save(path)
    return path


def test_a_list_as_an_office_keeps_it(tmp_path: Path) -> None:
    survey = survey_access_list(workbook(tmp_path / "清单.xlsx"))
    assert (survey.rows, len(survey.requirements), survey.refused, survey.merged) == (7, 7, (), 3)
    assert survey.levels == {"全省": 1, "片区": 1, "市": 1, "普适性": 1, "单元": 3}
    assert (survey.ignored, survey.others) == (("备注",), ("说明",))
    access = survey.access_list(version="1", document="示例")
    assert access.units == ("ZH51111110001", UNIT)
    mine = access.of(UNIT, "一般")
    assert mine is not None
    assert [r.level for r in mine] == ["全省", "片区", "市", "普适性", "单元", "单元"]
    assert [(r.text, r.effect) for r in mine if r.level == "单元"] == [
        ("示例要求戊", "restrict"), ("示例要求己", "require"),
    ]  # fmt: skip
    assert len({r.id for r in access.requirements}) == 7
    assert [r.level for r in access.of("ZH51111110001", "优先") or ()] == ["全省", "片区", "市", "单元"]
    assert access.of("ZH51111120001", "重点") is None  # a unit without its list


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("环境管控单元编码,维度,管控要求\n,空间布局约束,示例\n", "没有单元编码、管控类型和层级"),
        ("环境管控单元编码,维度,管控要求\n沙湾区,空间布局约束,示例\n", "不像管控单元编码"),
        ("层级,维度,管控要求\n全国,空间布局约束,示例\n", "层级“全国”"),
        ("层级,维度,管控要求\n单元,空间布局约束,示例\n", "没有单元编码，请补齐"),
        ("层级,维度,管控要求,效力\n全省,空间布局约束,示例,严禁\n", "效力“严禁”"),
        ("层级,维度,管控要求\n全省,空间布局约束,\n", "没有管控要求"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named_and_nothing_is_imported(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    survey = survey_access_list(path)
    assert len(survey.refused) == 1 and survey.refused[0][0] == 2
    assert says in survey.refused[0][1] and "第 2 行" in survey.refused[0][1]
    with pytest.raises(InputError, match="第 2 行"):
        survey.access_list(version="1", document="示例")


def test_a_unit_whose_cells_are_blank_has_no_list(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"单元编码,空间布局约束,污染物排放管控\n{UNIT},（1）甲。,/\nZH51111110001,无,—\n", encoding="utf-8")
    survey = survey_access_list(path)
    assert (survey.blank, survey.units) == ((3,), (UNIT,))
    assert survey.access_list(version="1", document="示例").of("ZH51111110001", "优先") is None


def test_columns_that_nobody_knows_are_named_by_the_user(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("级别,方面,说法\n全省,空间布局约束,示例\n", encoding="utf-8")
    with pytest.raises(InputError, match="--map"):
        survey_access_list(path)
    found = survey_access_list(path, columns={"级别": "层级", "方面": "dimension", "说法": "管控要求"})
    assert [r["text"] for r in found.requirements] == ["示例"]
    with pytest.raises(InputError, match="应为"):
        survey_access_list(path, columns={"说法": "管控要"})
    with pytest.raises(InputError, match="不是表里的列"):
        survey_access_list(path, columns={"说": "管控要求"})


def test_inspect_and_import_at_the_command_line(tmp_path: Path) -> None:
    path, folder = workbook(tmp_path / "清单.xlsx"), tmp_path / "图集"
    _, atlas = situation({"project": WAREHOUSE})
    Atlas([atlas[k] for k in atlas.kinds], "511111").save(folder)
    asked = [str(path), "--kind", "access_list", "--atlas", str(folder)]
    seen = run_cli("inspect", *asked)
    assert seen.status == 0
    assert "7 条要求" in seen.out and "说明（没有读" in seen.out and "备注" in seen.out
    assert not (folder / "access_list").exists()
    assert run_cli("import", *asked, "--version", "2026.1", "--document", "示例〔2026〕1号").status == 0
    access = open_atlas(folder).access[0]
    assert (access.version, access.document, len(access.requirements)) == ("2026.1", "示例〔2026〕1号", 7)
    again = run_cli("import", *asked, "--version", "2026.1")  # a version is never overwritten
    assert again.status == 2 and "不覆盖" in again.err
    path.with_suffix(".csv").write_text("层级,维度,管控要求\n全国,空间布局约束,示例\n", encoding="utf-8")
    bad = run_cli("import", str(path.with_suffix(".csv")), *asked[1:], "--version", "2")
    assert bad.status == 2 and "没有导入" in bad.out and "“全国”" in bad.out
    assert len(open_atlas(folder).access) == 1


# ---- units that the ground only may touch, answers beside rules

EAST, WEST = "ZH51111130001", "ZH51111120002"
FAR = 5_000.0


def two_units(access: AccessList | None) -> Atlas:
    """Return an atlas of two units on either side of x = 0, drawn to 2 m."""
    _, atlas = situation({"project": WAREHOUSE, "site": {"relations": []}})
    values = {"zone": ["E", "W"], "name": ["东", "西"], "code": [EAST, WEST], "category": ["一般", "重点"]}
    units = Layer.from_arrays(
        kind="control_unit",
        geometry=np.array([lonlat(shapely.box(0, -FAR, FAR, FAR)), lonlat(shapely.box(-FAR, -FAR, 0, FAR))]),
        columns={name: np.array(value, dtype=object) for name, value in values.items()},
        coverage=atlas["admin"].coverage,
        meta={"accuracy_m": 2.0, "version": "t"},
    )
    layers = [atlas[k] for k in atlas.kinds if k != "control_unit"]
    return Atlas([*layers, units], "511111", accepted=atlas.accepted, access=[access] if access else [])


def east_of(metres: float, access: AccessList | None, answers: Any = None, **given: Any) -> Any:
    """Check a warehouse so far east of the border, given to 1 m."""
    made = Project(lonlat(shapely.Point(metres, 0)), **WAREHOUSE, site_accuracy_m=1.0, **given)
    return check(made, two_units(access), as_of="2026-11-22", answers=answers)


def standing(answer: Any) -> dict[str, tuple[str, bool]]:
    return {r["unit"]: (r["conformity"], r["possible"]) for r in answer.requirements}


OFFICERS = listed({"id": "o1", "level": "单元", "applies_to": [WEST], "heading": "禁止开发建设活动的要求"})


def test_unit_within_the_extent_may_be_touched() -> None:
    alone = east_of(60, OFFICERS, extent_m=20)
    assert [u["code"] for u in alone.units] == [EAST] and not left_open(alone)
    near = east_of(60, OFFICERS, extent_m=100)
    assert [(u["code"], u["possible"]) for u in near.units] == [(EAST, False), (WEST, True)]
    assert near.units[1]["distance_m"] == pytest.approx(60, abs=0.5) and near.units[1]["overlap_m2"] is None
    assert standing(near) == {WEST: ("无法判定", True)}
    said = next(f for f in near.findings if f.rule == f"access.{WEST}")
    assert (said.outcome, said.effect, said.missing) == ("undetermined", "prohibit", ("outline:control_unit",))
    assert not near.complete and any(o.what == "outline:control_unit" for o in near.open)
    assert not any(f.rule == f"access.{WEST}.o1" for f in near.findings), "one finding a unit, not one a row"


def test_unit_within_the_accuracy_may_be_touched() -> None:
    near = east_of(2.5, OFFICERS, extent_m=0)
    assert standing(near) == {WEST: ("无法判定", True)}
    said = next(f for f in near.findings if f.rule == f"access.{WEST}")
    assert said.missing == ("accuracy:control_unit",) and not near.complete
    assert [u["code"] for u in east_of(3.5, OFFICERS, extent_m=0).units] == [EAST]
    touched = east_of(-0.5, OFFICERS, extent_m=0)  # in it as given: not merely possible
    assert standing(touched) == {WEST: ("无法判定", False)}
    assert any(f.rule == f"access.{WEST}.o1" for f in touched.findings)


@pytest.mark.parametrize(("word", "open_"), [("符合", False), ("不涉及", False), ("无法判定", True)])
def test_officer_settles_rows_of_a_possible_unit(word: str, open_: bool) -> None:
    answer = east_of(60, OFFICERS, {(WEST, "o1"): Answer(word, "踏勘", "现场", "张某")}, extent_m=100)
    assert standing(answer)[WEST] == (word, True)
    assert any(f.rule == f"access.{WEST}" for f in answer.findings) is open_


def test_rules_speak_for_rows_of_a_possible_unit() -> None:
    rule = listed({"id": "chem", "level": "单元", "applies_to": [WEST], "rules": ["cn.长江保护法.26-2"]})
    answer = east_of(60, rule, extent_m=100)
    assert standing(answer) == {WEST: ("不涉及", True)}
    assert not any(f.rule.startswith("access.") for f in answer.findings)


def test_possible_unit_without_list_is_no_data() -> None:
    only_east = listed({"id": "1", "rules": ["cn.长江保护法.26-2"]}, units=(EAST,))
    answer = east_of(60, only_east, extent_m=100)
    said = next(f for f in answer.findings if f.rule == f"access.{WEST}")
    assert (said.outcome, said.missing) == ("no_data", ("outline:control_unit", f"access_list:{WEST}"))
    assert not answer.complete
    assert not any(f.rule == f"access.{WEST}" for f in east_of(60, only_east, extent_m=20).findings)


def test_rule_stands_beside_an_officer_who_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")  # a narrow terminal breaks the sentence that is looked for
    rows = listed({"id": "chem", "heading": "禁止开发建设活动的要求", "rules": ["cn.长江保护法.26-2"]})
    plant = {**WAREHOUSE, "industry": "C2614"}
    said = {(UNIT, "chem"): Answer("符合", "无害", "自述", "张某")}
    answer = ask(rows, project=plant, answers=said)
    row = answer.requirements[0]
    assert (row["conformity"], row["decided_by"], row["officer"], row["differs"]) == ("不符合", "rule", "符合", True)
    assert answer.verdict == "prohibited"
    text = "".join(line for line, _ in lines(answer))
    assert "经办人认定符合，规则判定不符合，以规则为准" in text
    assert archive.answers_of(answer.to_dict()) == said, "a record keeps what was said"
    agreed = ask(rows, project=plant, answers={(UNIT, "chem"): Answer("不符合", "", "", "张某")}).requirements[0]
    assert (agreed["decided_by"], agreed["differs"]) == ("rule", False)


def test_officer_may_be_stricter_than_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")  # a narrow terminal breaks the sentence that is looked for
    rows = listed({"id": "chem", "heading": "限制开发建设活动的要求", "rules": ["cn.长江保护法.26-2"]})
    answer = ask(rows, answers={(UNIT, "chem"): Answer("不符合", "实为化工", "踏勘", "张某")})
    row = answer.requirements[0]
    assert (row["conformity"], row["officer"], row["differs"]) == ("不涉及", "不符合", True)
    assert answer.verdict == "restricted", "what an officer finds broken is never lost"
    assert "经办人认定不符合，规则判定不涉及" in "".join(line for line, _ in lines(answer))


SAID = "单元编码,编号,符合性,项目对应情况,依据,经办人\n"


def test_answers_that_meet_nothing_are_named(tmp_path: Path) -> None:
    atlas, table = demo_folder() / "511111", tmp_path / "a.csv"
    command = ["check", "103.553,29.405", "--atlas", str(atlas), "--industry", "C1353", "--nature", "new",
               "--facility", "none", "--extent", "20", "--site-accuracy", "1",
               "--as-of", "2026-11-22", "--answers", str(table)]  # fmt: skip
    opened = open_atlas(atlas)
    access = opened.access_at(dt.date(2026, 11, 22))
    assert access is not None
    row = access.of(WEST, "重点")[0].id  # type: ignore[index]
    table.write_text(SAID + f"{WEST},{row},符合,无,踏勘,张某\n", encoding="utf-8")
    ran = run_cli(*command)
    assert ran.status in (0, 3) and f"没有采用：{WEST}/{row}" in ran.err
    table.write_text(SAID + f"ZH51111199999,{row},符合,无,踏勘,张某\n", encoding="utf-8")
    ran = run_cli(*command)
    assert ran.status == 2 and "图集没有的管控单元：ZH51111199999" in ran.err
    table.write_text(SAID + f"{WEST},没有这条,符合,无,踏勘,张某\n", encoding="utf-8")
    ran = run_cli(*command)
    assert ran.status == 2 and f"准入清单没有的条目：{WEST}/没有这条" in ran.err
