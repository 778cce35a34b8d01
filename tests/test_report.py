"""Reports: every medium says what the record says, whatever the data hold, in the words of the day and the language."""

from __future__ import annotations

import dataclasses
import hashlib
import html as markup
import json
import re
from pathlib import Path
from typing import Any

import pytest
import shapely
from reports import DAY, KINDS, answer, docx_texts, numbers, parts, squeezed

import ecozone
from ecozone import kinds, words
from ecozone.asked import Asked
from ecozone.assessment import VERDICTS, Assessment
from ecozone.demo import demo_atlas
from ecozone.errors import InputError, MissingDependencyError
from ecozone.report import fonts
from ecozone.report.chapters.cover import Handling
from ecozone.report.chapters.provisions import on_paper
from ecozone.report.document import document
from ecozone.report.docx import docx_bytes, template_bytes
from ecozone.report.html import html_text
from ecozone.report.messages import Say, table
from ecozone.report.pdf import pdf_bytes
from ecozone.report.tree import Document, Paragraph, Table
from ecozone.report.write import safe_name, write_reports
from ecozone.rules.access import CONFORMITY, DIMENSIONS
from ecozone.rules.model import EFFECTS, TEXTS

PLACE = (103.567297, 29.397710)


def record(of: Assessment) -> dict[str, Any]:
    """Return an answer as it is read from a file."""
    return json.loads(json.dumps(of.to_dict(), allow_nan=False))  # type: ignore[no-any-return]


def html_texts(page: str) -> str:
    body = page.partition("<body>")[2]
    return markup.unescape(re.sub(r"<br>", "\n", re.sub(r"<(?!br)[^>]*>", "\x1f", body)))


# ---- every number


@pytest.mark.parametrize("kind", KINDS)
def test_word_and_html_say_the_records_numbers(kind: str) -> None:
    of = answer(kind)
    content = document(of)
    word = "\n".join(docx_texts(docx_bytes(content)))
    page = html_texts(html_text(content))
    expected = list(numbers(record(of)))
    assert len(expected) > 80
    for what, text in expected:
        assert text in word, (what, text)
        assert text in page, (what, text)


@pytest.mark.parametrize("kind", KINDS)
def test_word_and_html_say_the_whole_tree_and_nothing_else(kind: str) -> None:
    content = document(answer(kind))
    wanted = [t for t in content.texts() if t and t != content.foot]
    got = [t.removesuffix("\t") for t in docx_texts(docx_bytes(content)) if t]
    assert got == wanted
    page = html_texts(html_text(content))
    assert [t for t in page.split("\x1f") if t.strip()][:-1] == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_units_and_targets_have_the_records_rows(kind: str) -> None:
    of = answer(kind)
    tables = {b.caption.split("  ")[-1]: b for b in document(of).blocks if isinstance(b, Table) and b.caption}
    units = tables["涉及的环境管控单元"]
    assert units.head[:6] == ["编码", "名称", "市（州）", "区县", "清单类型", "管控类型"]
    assert [r[0] for r in units.rows] == [u["code"] for u in of.units]
    targets = next(t for name, t in tables.items() if name.startswith("环境保护目标"))
    assert len(targets.rows) == len(of.neighbours)
    for row, near in zip(targets.rows, of.neighbours, strict=True):
        assert row[3] == ("" if near["distance_m"] is None else f"{near['distance_m']:,.1f}")
    named = {n["kind"] for n in of.neighbours}
    assert {"receptor", "water_source", "river", "ecological_redline"} <= named


def test_everything_checked_is_listed() -> None:
    of = answer("prohibited")
    text = "\n".join(document(of).texts())
    for finding in of.findings:
        if finding.outcome in ("clear", "not_applicable"):
            assert finding.title in text
    for o in of.open:
        assert o.label in text


# ---- cover, words of the day, languages


def test_cover_facts_as_the_form_has_them() -> None:
    say = Say()
    assert say.dms(106.9022561, 31.8583480) == "106度54分8.122秒，31度51分30.053秒"
    assert say.dms(105.99999999999, 30.0) == "106度0分0.000秒，30度0分0.000秒"
    text = "\n".join(document(answer("prohibited"), handling=Handling("沙环〔2026〕1号", "张三")).texts())
    assert "C2614 有机化学原料制造" in text
    assert "案号：沙环〔2026〕1号" in text
    assert "经办：张三" in text
    assert "复核：" in text and "签发：" in text


def test_the_word_for_impact_assessment_follows_the_day() -> None:
    atlas = demo_atlas("511111")
    plant = ecozone.Project(PLACE, "new", "C2614", ["none"], extent_m=50)
    before, after = (
        "\n".join(document(ecozone.check(plant, atlas, as_of=day)).texts()) for day in ("2026-08-14", "2026-08-15")
    )
    assert "生态环境影响评价" not in re.sub(r"《[^》]*》", "", before.partition("涉及的规定")[0])
    assert "环境影响评价（环境影响评价法）" in before
    assert "生态环境影响评价（生态环境法典" in after


def test_both_languages_have_every_message_with_the_same_places() -> None:
    place = re.compile(r"\{(\w+)")
    for key, pair in table()["messages"].items():
        assert len(pair) == 2 and all(isinstance(t, str) and t.strip() for t in pair), key
        assert set(place.findall(pair[0])) == set(place.findall(pair[1])), key
        assert not re.search(r"[\u4e00-\u9fff]", pair[1]), key
    source = "".join(
        p.read_text(encoding="utf-8") for p in Path(ecozone.__file__).parent.joinpath("report").rglob("*.py")
    )
    asked = set(re.findall(r"say\(\s*\"(\w+)\"", source)) | set(re.findall(r"self\(\"(\w+)\"", source))
    assert asked <= set(table()["messages"])
    quoted = set(re.findall(r"[\"'](\w+)[\"']", source))
    unused = {k for k in table()["messages"] if k not in quoted and not k.startswith("q_")}
    assert not unused


def test_the_word_table_holds_every_closed_list() -> None:
    known = table()["words"]
    lists: list[str] = [*VERDICTS.values(), *CONFORMITY, *DIMENSIONS, *(e[1] for e in EFFECTS.values())]
    lists += [n.name for n in words.natures().values()]
    lists += [str(s) for s in words.stages()]
    lists += [t for k, t in TEXTS.items() if k != "text"]
    for kind, column in (("receptor", "receptor_type"), ("water_source", "grade")):
        lists += kinds.get(kind).columns[column].values.values()
    for column in ("element", "category"):
        lists += kinds.get("element_zone").columns[column].values.values()
    assert not [w for w in lists if w not in known]
    assert all(k.name_en for k in kinds.registry().values())


def test_an_english_report_has_english_words() -> None:
    text = "\n".join(document(answer("linear"), language="en").texts())
    for word in ("Conclusion", "Control units", "Protection targets", "What was checked and is clear", "Page"):
        assert word in text or word == "Page"
    heads = [b.head for b in document(answer("linear"), language="en").blocks if isinstance(b, Table)]
    assert not [h for head in heads for h in head if re.search(r"[\u4e00-\u9fff]", h)]
    with pytest.raises(InputError, match="语言"):
        Say("fr")


def test_the_conclusion_says_what_expired_plans_count_for() -> None:
    def conclusion(kind: str) -> str:
        return "\n".join(document(answer(kind)).texts()).partition("2 结论")[2].partition("3 与环境管控单元")[0]

    of = answer("prohibited")
    soft, firm = ({f.rule for f in of.hits if f.push and f.firm is firm} for firm in (False, True))
    said = conclusion("prohibited")
    assert said.count("［规划期已届满］") >= 3
    assert f"以上规定中有 {len(soft)} 条标有“规划期已届满”，单凭这些规定不作出结论" in said
    assert f"结论依据的是其余 {len(firm)} 条" in said
    assert "结论已是最严一档" in said and "完整：" not in said.replace("核对已完整：", "")
    alone = answer("undetermined")
    assert not [f for f in alone.hits if f.push and f.firm]
    assert "其余没有使结论更严的规定" in conclusion("undetermined")
    assert "核对尚不完整" in conclusion("undetermined")
    assert "无论结果如何都不会使结论更严" in conclusion("conditional")


def test_rows_that_units_share_stand_once() -> None:
    of = answer("linear")
    tables = [b for b in document(of).blocks if isinstance(b, Table) and b.caption and "管控要求" in b.head]
    assert len({r["unit"] for r in of.requirements}) > len(tables)
    assert all(sum(u["code"] in t.caption for t in tables) == 1 for u in of.units)


def test_every_chinese_field_of_an_english_report_says_so() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    proper = {"Project", "Name", "City", "County", "Relation", "Where", "Set by", "Compared with", "Zone", "By"}
    found = set()
    for kind in KINDS:
        for early in (False, True):
            content = document(answer(kind), language="en", early_stage=early)
            assert any("quoted in Chinese" in t for t in content.texts())
            for b in content.blocks:
                rows = b.rows if isinstance(b, Table) else ()
                for head, cell in ((b.head[i] if b.head else r[0], c) for r in rows for i, c in enumerate(r)):
                    if chinese.search(cell):
                        assert head.endswith("(Chinese)") or head in proper, (head, cell)
                        found.add(head)
            quoted = re.compile(r"[“《][^”》]*[”》]|\w+\d \S+|（[^）]*）")
            said = [b.text for b in content.blocks if isinstance(b, Paragraph) and b.style != "body"]
            assert not [t for t in said if chinese.search(quoted.sub("", t))]
    assert {"Requirement (Chinese)", "Reasons (Chinese)", "What would follow (Chinese)"} <= found


def test_no_english_in_a_chinese_report() -> None:
    allowed = re.compile(
        r"[0-9a-f]{16,}|cn[-.\w（）\u4e00-\u9fff]*|[A-Z]{1,2}\d[\w.-]*|[a-z_]+-\w*\d\w*|ecozone|CGCS2000|EPSG|SHA-256|hm²|VOCs|"
        r"PM2\.5|PM10|COD|DB\w+|GB\S*|HJ\S*|[A-Z]{1,4}\b|K\d+"
    )
    for kind in KINDS:
        for text in document(answer(kind)).texts():
            rest = allowed.sub("", text)
            assert not re.search(r"[A-Za-z]{3,}", rest), text
            assert "--" not in text, text
    assert (
        on_paper("项目是否属于入河排污口？是：--facility outfall；否：--facility none。") == "项目是否属于入河排污口？"
    )
    assert on_paper("请用 --part outfall=位置 给出。") == "请给出其位置。"


def test_targets_say_what_their_distances_run_from() -> None:
    atlas, point = demo_atlas("511111"), ecozone.Project("103.553,29.405", "new", "C2614", extent_m=100)
    area = ecozone.Project(shapely.box(103.55, 29.405, 103.551, 29.406), "new", "C2614")
    both = ecozone.Project(area.site, "new", "C2614", parts={"outfall": "103.56,29.40"})
    for project, said in ((point, "距离为点位（"), (area, "距离为用地边界到"), (both, "距离为用地边界（点位的部分")):
        text = "\n".join(document(ecozone.check(project, atlas, as_of=DAY)).texts())
        assert text.count("距离为") == 1 and said in text
    assert "from the point given" in "\n".join(document(ecozone.check(point, atlas, as_of=DAY), language="en").texts())


# ---- the early list, overrides, the public edition


def test_the_early_list_stands_by_office() -> None:
    of = answer("prohibited")
    text = "\n".join(document(of, early_stage=True).texts())
    assert "建设项目选址制约因素清单" in text
    for finding in of.hits:
        if finding.push:
            assert finding.title in text
    assert "已核对且不涉及的规定" not in text


def test_an_override_stands_beside_the_original() -> None:
    of = answer("prohibited")
    rule = of.hits[0].rule
    struck = of.override(rule, by="李四", reason="实测岸线在一公里外", on="2026-11-23")
    text = "\n".join(document(struck).texts())
    assert "结论为：不符合" in text
    assert "更正后：" in text
    assert "李四" in text and "实测岸线在一公里外" in text


def test_what_stays_open_is_told_of_the_corrected_verdict() -> None:
    of = ecozone.check(ecozone.Project("103.553,29.405", "new", "C2614", extent_m=100), demo_atlas("511111"), as_of=DAY)
    struck = of.override("cn.长江保护法.26-2", by="张三", reason="岸线已实测", on=DAY)
    assert of.complete and struck.after_overrides == ("conditional", False)
    text = "\n".join(document(struck).texts())
    assert "更正后：有条件符合（尚有事项未能判定）" in text and "明确之前结论可能变严" in text
    assert "不影响结论" not in text and "不会使结论更严" not in text
    assert "尚有事项未能判定" not in "\n".join(document(of).texts())
    english = "\n".join(document(struck, language="en").texts())
    assert "(some matters are not decided)" in english and "do not change it" not in english
    assert [o.what for found in Asked.of(struck).now.values() for o in found] and not Asked.of(of).now[""]


def test_a_finding_struck_leaves_what_is_open() -> None:
    of = answer("undetermined")
    first = of.open[0]
    for rule in first.rules:
        for part in {f.part for f in of.findings if f.rule == rule and f.open}:
            of = of.override(rule, by="张三", reason="已核", on=DAY, part=part)
    assert first.what not in {o.what for o in of.open_after}
    assert {o.what for o in of.open_after} < {o.what for o in of.open}


def test_public_edition_hides_exact_shapes_everywhere() -> None:
    of = ecozone.check(
        ecozone.Project("LINESTRING (103.668 29.262, 103.70 29.292)", "new", "E4812", ["linear_works", "none"]),
        demo_atlas("511111"),
        as_of=DAY,
    )
    exact = {f"{x:.7f}" for p in of.pictures if p.sensitive for x in _coordinates(p.near)}  # a red line is met
    assert exact
    shown = of.public()
    assert shown.public() is shown
    assert "示意图" in str(shown.context.notice)
    assert shown.to_dict()["edition"] == "public"
    hidden = {f"{x:.7f}" for p in shown.pictures if p.sensitive for x in _coordinates(p.near)}
    hidden |= {f"{x:.7f}" for g in shown.scenery if g.sensitive for x in _coordinates(g.geometry)}
    assert not exact & hidden
    assert all(p.shared is None and p.line is None and p.belt is None for p in shown.pictures if p.sensitive)
    page = shown.map().get_root().render()
    assert not [x for x in exact if not x.endswith("0") and x in page]
    html = html_text(document(shown))
    assert "<svg" not in html and "geojson" not in html.lower()
    assert "公开版" in html


def _coordinates(geometry: Any) -> list[float]:

    return [float(x) for x in shapely.get_coordinates(geometry)[:, 0]]


# ---- bad input


HOSTILE = '<script>alert(1)</script>=cmd()|{{x}}\x07\ud800${y}#let #import \\" * _ ` @ ~ 环评'


def test_hostile_names_do_nothing(tmp_path: Path) -> None:
    of = dataclasses.replace(
        answer("prohibited"), project=answer("prohibited").project.with_(name=HOSTILE)
    )  # fmt: skip
    content = document(of)
    assert "\x07" not in content.subtitle
    page = html_text(content)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    word = docx_texts(docx_bytes(content))
    assert any("<script>alert(1)</script>=cmd()" in t for t in word)
    assert pdf_bytes(content).startswith(b"%PDF")
    for suffix in (".docx", ".html"):
        assert of.report(tmp_path / f"x{suffix}", figures=False).stat().st_size > 10_000


def test_names_of_300_signs_and_400_units() -> None:
    base = answer("linear")
    unit = dict(base.units[0])
    many = [{**unit, "code": f"ZH5110{i:07d}", "name": "长名称" * 100} for i in range(400)]
    long = dataclasses.replace(base, _units=lambda: many, project=base.project.with_(name="名" * 300))
    content = document(long)
    word = docx_bytes(content)
    texts = docx_texts(word)
    assert sum(t == "长名称" * 100 for t in texts) == 400
    xml = parts(word)["word/document.xml"].decode("utf-8")
    heads = sum(1 for b in content.blocks if isinstance(b, Table) and b.head)
    assert xml.count("<w:tblHeader/>") == heads
    assert pdf_bytes(content).startswith(b"%PDF")
    taken: set[str] = set()
    name = safe_name("名" * 300, taken)
    assert len(name.encode("utf-8")) < 200
    assert safe_name("名" * 300, taken) != name
    assert safe_name("../a=b|c", taken) == "_a_b_c"


def test_no_hits_at_all_is_a_good_report() -> None:
    of = ecozone.check(
        ecozone.Project(
            "POLYGON ((103.6192 29.4268, 103.6196 29.4282, 103.6169 29.4287, 103.6166 29.4273, 103.6192 29.4268))",
            "new", "G5990", ["none"], site_accuracy_m=1,
        ),
        demo_atlas("511111"),
        as_of=DAY,
    )  # fmt: skip
    text = "\n".join(document(of).texts())
    assert "没有使结论更严的规定" in text
    assert "未发现禁止、限制情形" in text
    assert "环境敏感目标" in text


def test_an_atlas_without_layers_says_so() -> None:
    whole = demo_atlas("511111")
    kept = [whole[k] for k in whole.kinds if k not in ("element_zone", "ecological_redline", "receptor")]
    atlas = ecozone.Atlas(kept, "511111", parameters=whole.parameters)
    of = ecozone.check(ecozone.Project(PLACE, "new", "C2614", ["none"], extent_m=50), atlas, as_of=DAY)
    lines = next(b for b in document(of).blocks if isinstance(b, Table) and b.caption.endswith("与三条线的关系"))
    assert lines.rows[0][2] == "未载入"
    assert {r[2] for r in lines.rows[2:]} == {"未载入"}


def test_bad_paths_are_refused_in_a_sentence(tmp_path: Path) -> None:
    of = answer("prohibited")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(InputError, match="请换一个文件夹"):
        of.report(file / "x.html", figures=False)
    with pytest.raises(InputError, match="结尾"):
        of.report(tmp_path / "x.odt")
    with pytest.raises(InputError, match="太长"):
        of.report(tmp_path / ("名" * 300 + ".html"), figures=False)
    with pytest.raises(InputError, match="模板"):
        of.report(tmp_path / "x.docx", template=file, figures=False)
    with pytest.raises(InputError, match="模板只用于"):
        of.report(tmp_path / "x.pdf", template=file, figures=False)
    folder = tmp_path / "x.html"
    folder.mkdir()
    with pytest.raises(InputError, match="这是一个文件夹"):
        of.report(folder, figures=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "x.html"]


def test_without_a_chinese_font_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    monkeypatch.setattr(fonts, "_system", lambda: iter(()))
    monkeypatch.setattr(fonts, "_packaged", lambda: iter(()))
    fonts.chinese.cache_clear()
    try:
        with pytest.raises(MissingDependencyError, match="中文字体"):
            answer("prohibited").report(tmp_path / "x.pdf", figures=False)
        monkeypatch.setenv(fonts.VARIABLE, str(tmp_path / "none.ttf"))
        fonts.chinese.cache_clear()
        with pytest.raises(InputError, match="打不开"):
            answer("prohibited").report(tmp_path / "x.pdf", figures=False)
    finally:
        fonts.chinese.cache_clear()
    assert not list(tmp_path.iterdir())
    assert answer("prohibited").report(tmp_path / "x.html", figures=False).is_file()


def test_a_machine_without_fonts_uses_the_one_that_the_report_brings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    monkeypatch.setattr(fonts, "_system", lambda: iter(()))
    fonts.chinese.cache_clear()
    try:
        carried = {s: fonts.chinese(serif=s) for s in (True, False)}
        assert [carried[s].family for s in (True, False)] == ["Noto Serif SC", "Noto Sans SC"]
        # the files that Google published, by the hashes of its repository (notofonts/noto-cjk, SubsetOTF/SC)
        for s, published in ((True, "e8f396decc1f0963a016a989c3d8852e"), (False, "faa6c9df652116dde789d351359f3d7e")):
            assert hashlib.sha256(carried[s].path.read_bytes()).hexdigest().startswith(published)
        texts = "".join(t for kind in KINDS for t in document(answer(kind)).texts())
        from matplotlib.ft2font import FT2Font

        for font in carried.values():
            has = FT2Font(str(font.path)).get_charmap()
            assert not {c for c in texts if c.isprintable() and ord(c) not in has}
        assert answer("prohibited").report(tmp_path / "x.pdf").stat().st_size > 100_000
    finally:
        fonts.chinese.cache_clear()


# ---- templates and batches


def test_an_office_template_is_kept(tmp_path: Path) -> None:
    import docx

    word = docx.Document()
    word.add_paragraph("某某市生态环境局")
    word.sections[0].header.paragraphs[0].text = "局内文件"
    template = tmp_path / "office.docx"
    word.save(template)
    made = docx.Document(str(answer("prohibited").report(tmp_path / "x.docx", template=template, figures=False)))
    assert made.paragraphs[0].text == "某某市生态环境局"
    assert made.sections[0].header.paragraphs[0].text == "局内文件"
    assert {"Heading 1", "Caption", "ecozone Cell"} <= {p.style.name for p in made.paragraphs}
    assert docx.Document(_stream(template_bytes())).styles["ecozone Lead"]


def _stream(data: bytes) -> Any:
    import io

    return io.BytesIO(data)


def test_word_has_fields_captions_and_repeating_heads() -> None:
    files = parts(docx_bytes(document(answer("prohibited"))))
    footer = next(v.decode("utf-8") for k, v in files.items() if k.startswith("word/footer"))
    assert 'w:instr="PAGE"' in footer and 'w:instr="NUMPAGES"' in footer
    body = files["word/document.xml"].decode("utf-8")
    assert 'w:val="Caption"' in body
    assert "<w:tblHeader/>" in body


def test_a_batch_is_one_file_a_project(tmp_path: Path) -> None:
    made = write_reports([answer("prohibited"), answer("prohibited")], tmp_path, suffix=".html", figures=False)
    assert [p.name for p in made] == ["大渡河畔有机化工原料项目.html", "大渡河畔有机化工原料项目-2.html"]


def test_the_tree_is_plain() -> None:
    content = document(answer("conditional"))
    assert isinstance(content, Document)
    assert all(isinstance(t, str) for t in content.texts())
    for block in content.blocks:
        if isinstance(block, Table):
            assert block.rows, block.caption
            assert {len(r) for r in block.rows} == {len(block.widths)}
            assert len(block.head) in (0, len(block.widths))
    assert squeezed("a b\n") == "ab"


def test_signs_without_a_type_are_marked_not_boxed() -> None:
    font = fonts.chinese()
    assert fonts.drawable(font, "普通文字 ASCII “引号”") == "普通文字 ASCII “引号”"
    assert fonts.drawable(font, "张\U0003134a\U0010fffd") == "张〓〓"
