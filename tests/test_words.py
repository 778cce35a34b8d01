"""The registry of words: what stands in it, what may not, and how people's values are read."""

from __future__ import annotations

import copy
import datetime as dt
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from ecozone import compiled, words
from ecozone.errors import BadFactError, FactError, InputError, UnknownFactError
from ecozone.words import registry
from ecozone.words.checks import check
from ecozone.words.values import UNITS

STABLE_FACILITIES = [
    "chemical_park",
    "industrial_park",
    "tailings_pond",
    "slag_pond",
    "phosphogypsum_pond",
    "linear_works",
    "port",
    "outfall",
    "water_supply",
    "flood_control",
    "ecological_restoration",
    "tourism",
    "housing",
    "catering",
    "livestock_farm",
    "cage_farming",
    "sand_mining",
    "small_hydropower",
    "landfill",
    "hazardous_waste",
    "sewage_works",
    "boiler",
]
STABLE_FACTS = [
    "discharges_pollutants",
    "capacity_increase",
    "in_recognised_park",
    "boiler_tph",
    "fuel",
    "approved_on",
    "started_on",
    "major_change",
    "heavily_polluting_water",
    "increases_discharge",
    "soil_pollution_risk",
    "groundwater_risk",
    "two_high",
    "voc_increase",
    "heavy_metal",
    "heavy_metal_increase",
    "uses_coal",
    "sells_high_pollution_fuel",
    "produces_fumes",
    "fume_duct",
    "noise_industry",
    "major_hazard",
    "farm_scale",
    "animal_heads",
    "energy_tce",
    "coal_tpa",
    "sewage_tpd",
    "national_key_project",
    "avoidance_report",
    "provincial_opinion",
    "safety_rebuild_opinion",
    "park_recognition",
    "river_permit",
    "park_agency_consent",
    "eia_approved",
    "related_to_water_supply",
    "limited_activity",
    "land_use",
]


def tables() -> dict[str, Any]:
    """Return the word files as parsed, free to be spoilt."""
    folder = resources.files("ecozone.words")
    out: dict[str, Any] = {}
    for file in ("natures.yaml", "facilities.yaml", "facts.yaml", "industry_groups.yaml"):
        out |= compiled.parse_yaml(folder.joinpath(file).read_text(encoding="utf-8"))
    return out


# ---- what stands in it


def test_natures_stages_subjects() -> None:
    assert list(words.natures()) == ["new", "expand", "rebuild", "upgrade", "relocate", "existing"]
    assert [words.nature(n).key for n in ("新建", "扩建", "改建", "技改", "迁建", "既有")] == list(words.natures())
    assert list(words.stages()) == ["招商", "立项", "选址", "用地预审", "可研", "安评", "环评"]
    assert words.stage("环境影响评价").key == "环评"
    assert list(words.subjects()) == ["project", "plan"]


@pytest.mark.parametrize("key", STABLE_FACILITIES)
def test_stable_facilities(key: str) -> None:
    assert words.facility(key).key == key


@pytest.mark.parametrize("key", STABLE_FACTS)
def test_stable_facts(key: str) -> None:
    assert words.fact(key).key == key


def test_every_word_speaks_chinese() -> None:
    for vocabulary in (words.natures(), words.stages(), words.facilities(), words.facts(), words.groups()):
        for word in vocabulary.values():
            assert any("\u4e00" <= c <= "\u9fff" for c in word.name), word.key
            for spelling in (word.name, *word.aliases):
                assert vocabulary[spelling] is word


def test_every_fact_asks_a_question() -> None:
    for fact in words.facts().values():
        assert fact.question.endswith("？"), fact.key
        assert fact.theme
        assert fact.type in ("bool", "number", "integer", "choice", "date", "document", "text")
        assert bool(fact.values) == (fact.type == "choice")
        assert fact.unit is None or fact.unit in UNITS, fact.key


def test_every_bool_says_which_side_is_strict() -> None:
    for fact in words.facts().values():
        if fact.type == "bool":
            assert fact.strict in ((True,), (False,)), fact.key


def test_inference_only_adds_on_the_strict_side() -> None:
    for fact in words.facts().values():
        for inference in fact.infer:
            assert inference["value"] in fact.strict, fact.key
            assert inference["reason"]
            assert words.check_fact(fact.key, inference["value"]) == (fact.key, inference["value"])


def test_proofs_are_never_inferred() -> None:
    assert not [f.key for f in words.facts().values() if f.type == "document" and f.infer]


def test_implied_facilities_are_also_possible_nowhere_else() -> None:
    """What opens an exception must not be implied for a plant that makes things."""
    for key in (
        "linear_works",
        "flood_control",
        "water_supply",
        "ecological_restoration",
        "protection_facility",
    ):
        for code in words.facility(key).implied_by:
            assert not code.startswith("C"), key


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("tailings_pond", "B0911"),
        ("tailings_pond", "C3211"),
        ("outfall", "C2614"),
        ("outfall", "D4620"),
        ("boiler", "C1353"),
        ("hazardous_waste", "C2614"),
        ("storage_yard", "C3011"),
        ("oil_depot", "C2511"),
        ("port", "C2614"),
        ("phosphogypsum_pond", "C2622"),
    ],
)
def test_what_a_rule_forbids_stays_possible(kind: str, code: str) -> None:
    word = words.facility(kind)
    assert max(words.in_group([code], name) for name in (*word.implied_by, *word.possible_for)) >= 0


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("tailings_pond", "C1353"),
        ("sand_mining", "C2614"),
        ("linear_works", "C2614"),
        ("cage_farming", "C2614"),
    ],
)
def test_what_an_industry_cannot_have_is_absent(kind: str, code: str) -> None:
    word = words.facility(kind)
    assert max(words.in_group([code], name) for name in (*word.implied_by, *word.possible_for)) == -1


def test_what_settles_a_group_can_be_asked_of_its_industries() -> None:
    """A fact that is meaningless for an industry could never settle a class of it."""
    for group in words.groups().values():
        if group.settled_by is None:
            continue
        when = words.fact(group.settled_by).when.get("industries")
        for code in group.maybe if when else ():
            assert max(words.in_group([code], name) for name in when) == 1, (group.key, code)


# ---- a slip in a word file


def spoil(table: str, key: str, **change: Any) -> dict[str, Any]:
    spoilt = copy.deepcopy(tables())
    spoilt[table].setdefault(key, {}).update(change)
    return spoilt


def test_the_word_files_pass_their_own_check() -> None:
    check(tables())


@pytest.mark.parametrize(
    ("table", "key", "change", "hint"),
    [
        ("facts", "fuel", {"tpye": "bool"}, "type"),
        ("facts", "fuel", {"question": ""}, "question"),
        ("facts", "fuel", {"values": {}}, "values"),
        ("facts", "fuel", {"type": "boolean"}, "bool"),
        ("facts", "fuel", {"aliases": ["锅炉吨位"]}, "锅炉吨位"),
        ("facts", "fume_duct", {"infer": {"value": True, "industries": ["H62"], "reason": "因为"}}, "从严"),
        (
            "facts",
            "voc",
            {"infer": {"value": True, "industries": ["voc_keys"], "reason": "因为"}},
            "voc_keys",
        ),
        ("facts", "voc", {"infer": {"value": True, "reason": "因为"}}, "industries"),
        ("facts", "voc", {"infer": {"value": True, "industries": ["C26"]}}, "reason"),
        ("facts", "voc", {"when": {"facilities": ["boilers"]}}, "boiler"),
        ("facts", "voc", {"when": {"natures": ["newly"]}}, "new"),
        ("facilities", "boiler", {"possible_for": ["C99"]}, "C99"),
        ("facilities", "boiler", {"implied_by": [313]}, "门类字母"),
        ("groups", "chemical", {"codes": ["C2699"]}, "C2699"),
        ("groups", "chemical", {"groups": ["petrochem"]}, "petrochemical"),
        ("groups", "chemical", {"source": ""}, "source"),
        ("groups", "chemical", {"maybe": ["C2710"]}, "settled_by"),
        ("groups", "electroplating", {"settled_by": "electroplate"}, "electroplating"),
        ("groups", "electroplating", {"settled_by": "fuel"}, "bool"),
        ("natures", "new", {"meaning": ""}, "meaning"),
    ],
)
def test_a_slip_is_named_with_file_and_word(table: str, key: str, change: dict[str, Any], hint: str) -> None:
    with pytest.raises(InputError) as error:
        check(spoil(table, key, **change))
    assert key in str(error.value)
    assert ".yaml" in str(error.value)
    assert hint in str(error.value)


# ---- values as people type them


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("discharges_pollutants", "yes", True),
        ("discharges_pollutants", "是", True),
        ("排放污染物", "否", False),
        ("是否排放污染物", "True", True),
        ("discharges_pollutants", 1, True),
        ("discharges_pollutants", "0", False),
        ("discharges_pollutants", False, False),
        ("discharges_pollutants", "未知", None),
        ("discharges_pollutants", "", None),
        ("discharges_pollutants", float("nan"), None),
        ("boiler_tph", "35", 35),
        ("boiler_tph", "35蒸吨", 35),
        ("boiler_tph", "10.5 t/h", 10.5),
        ("boiler_tph", 4.0, 4),
        ("boiler_tph", "３５", 35),
        ("sewage_tpd", "1,000", 1000),
        ("sewage_tpd", "1万吨/日", 10000),
        ("sewage_tpd", "0.5 万m³/d", 5000),
        ("energy_tce", "1.2万吨标准煤", 12000),
        ("animal_heads", "500头", 500),
        ("protective_distance_m", "1.2公里", 1200),
        ("charging_share", "15%", 15),
        ("boiler_tph", 0, 0),
        ("fuel", "coal", "coal"),
        ("fuel", "COAL", "coal"),
        ("fuel", "煤", "coal"),
        ("燃料种类", "生物质", "biomass"),
        ("fuel", "天然气", "gas"),
        ("limited_activity", "6", "6"),
        ("limited_activity", 6, "6"),
        ("limited_activity", 6.0, "6"),
        ("limited_activity", "第6类", "6"),
        ("limited_activity", "不属于以上十类", "none"),
        ("catalogue_class", "限制类", "restricted"),
        ("approved_on", "2026-08-15", "2026-08-15"),
        ("approved_on", "2026年8月15日", "2026-08-15"),
        ("approved_on", "20260815", "2026-08-15"),
        ("approved_on", "2026/8/5", "2026-08-05"),
        ("approved_on", dt.date(2026, 8, 15), "2026-08-15"),
        ("批准日期", dt.datetime(2026, 8, 15, 9, tzinfo=dt.UTC), "2026-08-15"),
        ("avoidance_report", "自然资函〔2026〕12号", "自然资函〔2026〕12号"),
        ("不可避让论证", "无", False),
        ("eia_approved", False, False),
        ("operator", " 某某公司 ", "某某公司"),
    ],
)
def test_values_as_people_type_them(name: str, given: object, value: object) -> None:
    key, read = words.check_fact(name, given)
    assert key in words.facts()
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "hint"),
    [
        ("discharges_pollutants", "也许", "是/否"),
        ("boiler_tph", "三十五", "t/h"),
        ("boiler_tph", "35 kW", "t/h"),
        ("boiler_tph", -1, "不小于"),
        ("boiler_tph", True, "数字"),
        ("boiler_tph", "1e999", "不小于"),
        ("fuel", "柴火", "煤"),
        ("fuel", "col", "coal"),
        ("approved_on", "2026-02-30", "2026年8月15日"),
        ("approved_on", "去年", "日期"),
        ("eia_approved", "yes", "文号"),
        ("eia_approved", True, "文号"),
        ("limited_activity", "11", "10"),
    ],
)
def test_values_that_cannot_be_read(name: str, given: object, hint: str) -> None:
    with pytest.raises(BadFactError) as error:
        words.check_fact(name, given)
    assert words.fact(name).name in str(error.value)
    assert hint in str(error.value)


def test_unknown_words_offer_the_nearest() -> None:
    with pytest.raises(UnknownFactError, match="boiler_tph"):
        words.check_fact("boilr_tph", 35)
    with pytest.raises(FactError, match="tailings_pond"):
        words.facility("tailing_pond")
    with pytest.raises(FactError, match="尾矿库"):
        words.facility("尾矿")
    with pytest.raises(FactError, match="expand（扩建）"):
        words.nature("加建")
    with pytest.raises(FactError, match="招商"):
        words.stage("验收")
    with pytest.raises(FactError, match="化工"):
        words.group("化工业")


def test_labels_for_officers() -> None:
    assert words.fact("fuel").label("coal") == "煤"
    assert words.fact("boiler_tph").label(35) == "35 t/h"
    assert words.fact("voc").label(True) == "是"
    assert words.fact("voc").label(None) == "未知"
    assert words.fact("eia_approved").label(False) == "无"
    assert words.fact("boiler_tph").label(words.NOT_APPLICABLE) == "不适用"


# ---- reading it fast, and without a cache


def test_words_are_read_without_yaml_once_compiled(tmp_path: Path) -> None:
    """The second run reads compiled JSON: neither yaml nor pandas nor pydantic is imported."""
    code = (
        "import sys; from ecozone import words; words.facts(); words.groups(); words.normalise('C2614');"
        "print(sorted({'yaml', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    said = ""
    for _ in range(2):
        env = {**os.environ, "ECOZONE_CACHE": str(tmp_path)}
        said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_words_are_read_when_the_cache_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setenv("ECOZONE_CACHE", str(blocked))
    registry._raw.cache_clear()
    try:
        assert "facts" in registry._raw()
    finally:
        registry._raw.cache_clear()
