"""GB/T 4754-2017: the table, the one way a code is written, and three-valued membership of groups."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from ecozone import words
from ecozone.errors import RuleError, UnknownIndustryError
from ecozone.words.industry import LEVELS

CLASSES = [c for c in words.all_codes() if len(c) == 5]


# ---- the table


def test_counts_of_the_standard() -> None:
    """20 sections, 97 divisions, 473 groups; the table found has 1381 classes."""
    assert Counter(LEVELS[len(c)] for c in words.all_codes()) == {
        "section": 20,
        "division": 97,
        "group": 473,
        "class": 1381,
    }


def test_every_code_has_a_parent_and_a_name() -> None:
    codes = set(words.all_codes())
    for code in codes:
        found = words.entry(code)
        assert found.name == found.name.strip()
        assert found.name
        assert found.parent is None or found.parent in codes
    assert all(any(c.startswith(group) for c in CLASSES) for group in codes if len(group) == 4)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("A0313", "猪的饲养"),
        ("B0933", "放射性金属矿采选"),
        ("B1020", "化学矿开采"),
        ("C1353", "肉制品及副产品加工"),
        ("C1910", "皮革鞣制加工"),
        ("C1931", "毛皮鞣制加工"),
        ("C2221", "机制纸及纸板制造"),
        ("C2511", "原油加工及石油制品制造"),
        ("C2521", "炼焦"),
        ("C2614", "有机化学原料制造"),
        ("C2645", "染料制造"),
        ("C2710", "化学药品原料药制造"),
        ("C3011", "水泥制造"),
        ("C3041", "平板玻璃制造"),
        ("C3110", "炼铁"),
        ("C3216", "铝冶炼"),
        ("C3360", "金属表面处理及热处理加工"),
        ("C3985", "电子专用材料制造"),
        ("D4411", "火力发电"),
        ("D4417", "生物质能发电"),
        ("D4620", "污水处理及其再生利用"),
        ("F5265", "机动车燃油零售"),
        ("N7723", "固体废物治理"),
        ("N7724", "危险废物治理"),
        ("T9700", "国际组织"),
    ],
)
def test_names_of_codes_that_rules_rest_on(code: str, name: str) -> None:
    assert words.name_of(code) == name


# ---- how a code is written


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("191", "C1910"),
        ("1910", "C1910"),
        ("C191", "C1910"),
        ("C1910", "C1910"),
        ("c1910", "C1910"),
        (1910, "C1910"),
        (191, "C1910"),
        (2614, "C2614"),
        (2614.0, "C2614"),
        ("2614.0", "C2614"),
        (" C2614 ", "C2614"),
        ("Ｃ２６１４", "C2614"),
        ("C 2614", "C2614"),
        ("C3021水泥制品制造", "C3021"),
        ("2614 有机化学原料制造", "C2614"),
        ("C2614-有机化学原料制造", "C2614"),
        ("26", "C26"),
        ("C26", "C26"),
        ("C261", "C261"),
        ("C", "C"),
        ("C制造业", "C"),
        ("0313", "A0313"),
        ("A0313", "A0313"),
        ("水泥制造", "C3011"),
        ("皮革鞣制加工", "C1910"),
        ("B12", "B12"),
        ("120", "B1200"),
        ("01", "A01"),
    ],
)
def test_one_way_to_write_a_code(given: object, code: str) -> None:
    assert words.normalise(given) == code
    assert words.normalise(words.normalise(given)) == code


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("C2699", "C2689"),
        ("9999", "GB/T 4754-2017"),
        ("D2614", "C2614"),
        ("C26141", "C2614"),
        ("2614.5", "GB/T 4754-2017"),
        (2614.5, "小数"),
        ("", "空"),
        (None, "空"),
        (float("nan"), "空"),
        (True, "空"),
        ("U", "GB/T 4754-2017"),
        ("水泥厂子", "水泥"),
        ("-2614", "GB/T 4754-2017"),
    ],
)
def test_unknown_code_says_what_to_do(given: object, hint: str) -> None:
    with pytest.raises(UnknownIndustryError) as error:
        words.normalise(given)
    assert hint in str(error.value)
    assert "请" in str(error.value)


@pytest.mark.parametrize("given", ["313", 313, 313.0, "313.0", 111, "311"])
def test_lost_leading_zero_is_not_guessed(given: object) -> None:
    """313 may be steel rolling (C313) or pigs (A0313) out of a spreadsheet."""
    with pytest.raises(UnknownIndustryError, match="丢失了开头的 0"):
        words.normalise(given)


def test_lost_leading_zero_with_one_reading() -> None:
    assert words.normalise(610) == "B0610"
    assert words.normalise("610.0") == "B0610"


@pytest.mark.parametrize("given", ["2614", "26", "0313", "化工", ""])
def test_rules_write_codes_with_their_letter(given: str) -> None:
    with pytest.raises(UnknownIndustryError, match="门类字母"):
        words.normalise_prefix(given)


def test_every_code_normalises_to_itself_or_its_only_class() -> None:
    for code in words.all_codes():
        assert words.normalise(code) in (code, code + "0")
        assert words.normalise(code).startswith(code)


def test_find_by_name() -> None:
    assert words.find("水泥")[0].code == "C3011"
    assert "C2614" in [e.code for e in words.find("有机化学原料")]
    assert words.find("炼焦")[0].code == "C2521"
    assert "C3011" in [e.code for e in words.find("水泥制造厂")]
    assert words.find("") == []


# ---- groups


@pytest.mark.parametrize(
    ("codes", "group", "state"),
    [
        (["C2614"], "化工", 1),
        (["C26"], "化工", 1),
        (["C251"], "化工", 1),
        (["C1353"], "化工", -1),
        (["C2524"], "化工", -1),
        (["C25"], "化工", 0),
        (["C"], "化工", 0),
        (["C2710"], "化工", -1),
        (["A"], "化工", -1),
        (["C26"], "农药", 0),
        (["C263"], "农药", 1),
        (["C2631"], "农药", 1),
        (["C261"], "农药", -1),
        (["C2223"], "造纸", -1),
        (["C222"], "造纸", 0),
        (["C22"], "造纸", 0),
        (["C2211"], "制浆", 1),
        (["B12"], "采矿", 1),
        (["C3360"], "电镀", 0),
        (["C33"], "电镀", 0),
        (["C31"], "电镀", -1),
        (["B1020"], "磷矿", 0),
        (["C1353", "C2614"], "化工", 1),
        (["C1353", "C25"], "化工", 0),
        ([], "化工", 0),
        (["D4411"], "火电", 1),
        (["D4413"], "火电", -1),
        (["D441"], "火电", 0),
        (["D4411"], "煤电", 0),
        (["C2613"], "化工", 1),
        (["C3985"], "化工", -1),
        (["A0313"], "畜禽养殖", 1),
        (["A0392"], "畜禽养殖", -1),
        (["C2614"], "C26", 1),
        (["C26"], "C2614", 0),
        (["C27"], "C26", -1),
    ],
)
def test_membership_is_three_valued(codes: list[str], group: str, state: int) -> None:
    assert words.in_group(codes, group) == state


def test_group_by_key_name_and_alias_are_one() -> None:
    for key, group in words.groups().items():
        for spelling in (key, group.name, *group.aliases):
            assert words.extent(spelling) == words.extent(key)


def test_every_code_of_a_group_is_in_the_standard() -> None:
    for group in words.groups().values():
        for code in (*group.codes, *group.exclude, *group.maybe, *group.borderline):
            assert words.normalise_prefix(code)
        known = words.extent(group.key)
        assert known.certain or known.maybe, group.key
        assert not known.certain & set(known.maybe)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("化工", "医药原料药"),
        ("化工", "化纤"),
        ("化工", "制药"),
        ("钢铁", "铁合金"),
        ("炼油", "焦化"),
        ("水泥", "石灰"),
        ("平板玻璃", "水泥"),
        ("畜禽养殖", "水产养殖"),
        ("火电", "水电"),
        ("危废处置", "固废处置"),
        ("屠宰", "酿造"),
        ("有色冶炼", "钢铁"),
        ("制革", "印染"),
        ("餐饮", "仓储"),
        ("采矿", "制造业"),
        ("砖瓦", "陶瓷"),
        ("汽修", "汽车制造"),
    ],
)
def test_groups_meant_to_be_apart_share_nothing(one: str, other: str) -> None:
    a, b = words.extent(one), words.extent(other)
    assert not (a.certain | set(a.maybe)) & (b.certain | set(b.maybe))


def test_a_group_of_groups_holds_its_parts() -> None:
    for group in words.groups().values():
        whole = words.extent(group.key)
        for part in group.groups:
            assert words.extent(part).certain <= whole.certain
            assert set(words.extent(part).maybe) <= set(whole.maybe) | whole.certain


def test_small_ten_names_every_trade_of_the_article() -> None:
    """生态环境法典 §299: 造纸 制革 印染 染料 炼焦 炼硫炼砷炼汞 炼油 电镀 农药 石棉 水泥 玻璃 钢铁 火电."""
    for code in [
        "C2221",
        "C1910",
        "C1713",
        "C2645",
        "C2521",
        "C2511",
        "C2631",
        "C3081",
        "C3011",
        "C3041",
        "C3110",
        "D4411",
    ]:
        assert words.in_group([code], "小型十类") == 1, code
    assert words.in_group(["C3360"], "小型十类") == 0
    assert words.in_group(["C1353"], "小型十类") == -1


# ---- classes wider than the group


def facts(**given: int):
    return lambda name: np.array([given.get(name, 0)], dtype=np.int8)


@pytest.mark.parametrize("answer", [-1, 0, 1])
def test_a_fact_settles_a_wide_class(answer: int) -> None:
    found = words.membership([["C3360"]], "电镀", settle=facts(electroplating=answer))
    assert found.tolist() == [answer]


def test_a_fact_never_overrules_a_certain_class_nor_a_coarse_code() -> None:
    no = facts(two_high=-1, electroplating=-1, voc=-1, petroleum_based=-1)
    assert words.membership([["C3011"]], "两高", settle=no).tolist() == [1]
    assert words.membership([["C25"]], "石化", settle=no).tolist() == [0]
    assert words.membership([["C25"]], "土壤污染重点行业", settle=no).tolist() == [0]
    assert words.membership([["C2614"]], "石化", settle=no).tolist() == [-1]


def test_settled_by_only_where_the_group_has_no_class_of_its_own() -> None:
    assert words.settled_by("电镀") == "electroplating"
    assert words.settled_by("磷矿") == "phosphate_ore"
    assert words.settled_by("化工") is None
    assert words.settled_by("石化") is None
    assert words.settled_by("C26") is None
    assert "electroplating" in words.settling_facts("十小")


# ---- groups that a book or the user defines anew


def test_overrides_replace_a_group_and_what_is_made_of_it() -> None:
    mine = {"化工": ["C26"], "本地行业": {"codes": ["C13"], "exclude": ["C1351"]}}
    assert words.in_group(["C2521"], "化工") == 1
    assert words.in_group(["C2521"], "化工", mine) == -1
    assert words.in_group(["C2522"], "土壤污染重点行业", mine) == -1
    assert words.in_group(["C2710"], "chemical", {"化工项目": ["C26", "C2710"]}) == 1
    assert words.in_group(["C1351"], "本地行业", mine) == -1
    assert words.in_group(["C1352"], "本地行业", mine) == 1
    assert words.describe("化工", mine)["overridden"]
    assert words.describe("化工", mine)["codes"] == ["C26"]
    assert words.in_group(["C2521"], "化工") == 1


@pytest.mark.parametrize(
    "mine", [{"化工": {"code": ["C26"]}}, {"化工": 26}, {"甲": {"groups": ["乙"]}, "乙": {"groups": ["甲"]}}]
)
def test_overrides_that_cannot_be_meant(mine: dict[str, object]) -> None:
    with pytest.raises(RuleError):
        words.in_group(["C26"], next(iter(mine)), mine)


def test_unknown_group_offers_the_nearest() -> None:
    with pytest.raises(RuleError, match="化工"):
        words.in_group(["C26"], "化工业")
    with pytest.raises(UnknownIndustryError):
        words.in_group(["C26"], "C2699")
    with pytest.raises(UnknownIndustryError):
        words.in_group(["C26"], "化工", {"化工": ["C2699"]})


# ---- for the record


def test_borderline_codes_follow_the_code_given_and_say_so() -> None:
    """磷酸铁锂: C2613 is chemical, C3985 is not, and both say that they lie near the edge."""
    assert words.in_group(["C2613"], "化工") == 1
    assert words.in_group(["C3985"], "化工") == -1
    for code in ("C2613", "C3985"):
        assert "磷酸铁" in words.borderline([code], "化工")[0]
    assert words.borderline(["C2614"], "化工") == []
    assert words.borderline(["C2613"], "C26") == []


def test_describe_prints_the_set_used() -> None:
    used = words.describe("化工")
    assert used["codes"] == ["C251", "C252", "C26"]
    assert used["exclude"] == ["C2524"]
    assert "no statutory list" in used["source"]
    assert words.describe("C26")["codes"] == ["C26"]


def test_many_projects_are_judged_as_one_at_a_time() -> None:
    draw = random.Random(4754)
    codes = list(words.all_codes())
    projects = [[words.normalise(c) for c in draw.sample(codes, draw.randint(0, 3))] for _ in range(200)]
    given = np.array([draw.choice([-1, 0, 1]) for _ in projects], dtype=np.int8)
    for name in ("化工", "电镀", "十小", "涉VOCs", "C26"):
        found = words.membership(projects, name, settle=lambda _fact: given)
        assert found.dtype == np.int8
        for i, project in enumerate(projects):
            alone = words.membership([project], name, settle=lambda _fact, i=i: given[i : i + 1])
            assert found[i] == alone[0]


def test_a_finer_code_only_sharpens_the_answer() -> None:
    """What a coarse code decides, every class below it confirms."""
    for name in ("化工", "造纸", "两高", "电镀", "采矿", "涉磷"):
        for coarse in [c for c in words.all_codes() if len(c) in (1, 3, 4)]:
            state = words.in_group([coarse], name)
            below = {words.in_group([c], name) for c in words.classes_under(coarse)}
            assert state == 0 or below == {state}
