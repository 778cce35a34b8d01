"""Word: a report as .docx with real styles, heads that repeat, captions and page numbers.

The office may give a template of its own: its page, header, footer and styles are kept, and what it lacks is added.
Tables are written as XML at once; cell by cell a report of 200 rows would take seconds.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from ecozone.errors import InputError, MissingDependencyError
from ecozone.report.tree import LONG_ROW, Block, Bullets, Document, Figure, Heading, Paragraph, Signature, Table

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
#: Styles of ecozone's own, with the built-in style each is based on, size in points, bold, grey.
_OWN = {
    "ecozone Lead": ("Normal", 12.0, True, False),
    "ecozone Note": ("Normal", 9.0, False, True),
    "ecozone Mark": ("Normal", 10.0, True, False),
    "ecozone Cell": ("Normal", 9.0, False, False),
    "ecozone Head": ("Normal", 9.0, True, False),
    "ecozone Sign": ("Normal", 11.0, False, False),
}
_BUILT_IN = ("Title", "Subtitle", "Heading 1", "Heading 2", "Heading 3", "Caption", "List Bullet", "Table Grid")
_HEAD_FILL, _LABEL_FILL = "E8EEF4", "F4F6F8"
#: After the comma of a list of codes, and before a code in brackets.
_BETWEEN = re.compile(r"(?<=[0-9A-Za-z]、)(?=[A-Z]\d)|(?<=[0-9A-Za-z])(?=（[A-Z]+\d)")


def docx_bytes(document: Document, template: str | Path | None = None) -> bytes:
    """Return a report as a Word file.

    Parameters
    ----------
    document : Document
    template : str or Path, optional
        A .docx whose page, header, footer and styles are used; the report follows what stands in it.

    Raises
    ------
    MissingDependencyError
        python-docx is not installed.
    InputError
        The template cannot be read.
    """
    try:
        import docx
    except ImportError:
        raise MissingDependencyError("写 Word 报告需要 python-docx，请安装：pip install ecozone[report]。") from None
    word = docx.Document() if template is None else _opened(template)
    if template is None:
        _house(word)
    _complete(word)
    _frame(word, document, own=template is None)
    names = {s.name: s.style_id for s in word.styles}
    width = _text_width(word)
    for text, style in ((document.title, "Title"), (document.subtitle, "Subtitle"), (document.mark, "ecozone Mark")):
        if text:
            word.element.body._insert_p(_paragraph(text, names[style]))
    for block, following in zip(document.blocks, [*document.blocks[1:], None], strict=True):
        _write(word, block, names, width, stay=isinstance(following, Table | Bullets))
    word.core_properties.title = f"{document.title}：{document.subtitle}"[:255]
    word.core_properties.author = "ecozone"
    word.core_properties.comments = document.mark[:255]
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


def template_bytes() -> bytes:
    """Return ecozone's own template, empty, for an office to change."""
    import docx

    word = docx.Document()
    _house(word)
    _complete(word)
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


def _opened(template: str | Path) -> Any:
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        return docx.Document(str(template))
    except (PackageNotFoundError, OSError, KeyError, ValueError):
        raise InputError(f"模板“{template}”打不开，请给出 Word 的 .docx 文件。") from None


# ---- styles


def _house(word: Any) -> None:
    """Set page and styles as ecozone has them: A4, Song for text, Hei for headings."""
    from docx.shared import Cm, Pt

    section = word.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.3)
    section.top_margin = section.bottom_margin = Cm(2.3)
    _font(word.styles["Normal"], "宋体", 10.5)
    _speak(word)
    word.styles["Normal"].paragraph_format.space_after = Pt(4)
    sizes = {"Title": 20, "Subtitle": 14, "Heading 1": 15, "Heading 2": 13, "Heading 3": 11.5, "Caption": 9.5}
    for name, size in sizes.items():
        style = word.styles[name]
        _font(style, "黑体", size, bold=name != "Caption")
        style.font.italic = False
        style.paragraph_format.keep_with_next = True
        style.paragraph_format.space_before = Pt(14 if name == "Heading 1" else 8)
        style.paragraph_format.space_after = Pt(6 if name.startswith("Heading") else 4)
    _font(word.styles["List Bullet"], "宋体", 10.5)
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    for name in ("Title", "Subtitle", "Caption"):
        word.styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for border in word.styles["Title"].element.xpath(".//w:pBdr"):
        border.getparent().remove(border)


def _speak(word: Any) -> None:
    """Say that the text is Chinese: lines break and quotes are set as Chinese wants them."""
    from docx.oxml.ns import qn

    for language in word.styles.element.xpath("w:docDefaults//w:lang"):
        language.set(qn("w:eastAsia"), "zh-CN")


def _font(style: Any, family: str, size: float, *, bold: bool | None = None) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size = "Times New Roman", Pt(size)
    style.font.color.rgb = RGBColor(0x11, 0x18, 0x27)
    if bold is not None:
        style.font.bold = bold
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), family)


def _complete(word: Any) -> None:
    """Add the styles that a template lacks."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt, RGBColor

    known = {s.name for s in word.styles}
    for name in _BUILT_IN:
        if name not in known:
            kind = WD_STYLE_TYPE.TABLE if name == "Table Grid" else WD_STYLE_TYPE.PARAGRAPH
            word.styles.add_style(name, kind)
    for name, (base, size, bold, grey) in _OWN.items():
        if name in known:
            continue
        style = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        if base in known:
            style.base_style = word.styles[base]
        style.font.size, style.font.bold = Pt(size), bold
        if grey:
            style.font.color.rgb = RGBColor(0x57, 0x60, 0x6A)
        cell = name in ("ecozone Cell", "ecozone Head")
        style.paragraph_format.space_before = Pt(1 if cell else 2)
        style.paragraph_format.space_after = Pt(1 if cell else 6)
        if name == "ecozone Mark":
            style.font.color.rgb = RGBColor(0xB4, 0x53, 0x09)
            style.paragraph_format.alignment = 1
        if name == "ecozone Sign":
            from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER

            style.paragraph_format.space_before = Pt(12)
            style.paragraph_format.keep_with_next = True
            style.paragraph_format.tab_stops.add_tab_stop(Cm(9), WD_TAB_ALIGNMENT.LEFT, WD_TAB_LEADER.LINES)


def _frame(word: Any, document: Document, *, own: bool) -> None:
    """Write the running head and foot, unless the template has its own."""
    section = word.sections[-1]
    if own or not any(p.text.strip() for p in section.header.paragraphs):
        head = section.header.paragraphs[0]
        head.text = document.mark
        head.alignment = 2
        for run in head.runs:
            run.font.size = 12700 * 9
    if own or not any(p.text.strip() or p._p.xpath(".//w:fldSimple") for p in section.footer.paragraphs):
        foot = section.footer.paragraphs[0]
        foot.alignment = 1
        before, _, rest = document.page.partition("{page}")
        middle, _, after = rest.partition("{pages}")
        foot._p.append(_xml(f"<w:r {_W}>{_text(document.foot + '    ' + before)}</w:r>"))
        for field, text in (("PAGE", middle), ("NUMPAGES", after)):
            foot._p.append(_xml(f'<w:fldSimple {_W} w:instr="{field}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'))
            foot._p.append(_xml(f"<w:r {_W}>{_text(text)}</w:r>"))


# ---- blocks


def _write(word: Any, block: Block, names: dict[str, str], width: int, *, stay: bool) -> None:
    """Add a block; with `stay`, a paragraph keeps to what follows it."""
    body = word.element.body
    if isinstance(block, Heading):
        body._insert_p(_paragraph(block.text, names[f"Heading {block.level}"]))
    elif isinstance(block, Paragraph):
        styles = {"lead": "ecozone Lead", "note": "ecozone Note", "mark": "ecozone Mark"}
        body._insert_p(_paragraph(block.text, names.get(styles.get(block.style, "Normal"), ""), "<w:keepNext/>" * stay))
    elif isinstance(block, Bullets):
        for item in block.items:
            body._insert_p(_paragraph(item, names["List Bullet"]))
    elif isinstance(block, Table):
        if block.caption:
            body._insert_p(_paragraph(block.caption, names["Caption"]))
        body._insert_tbl(_xml("".join(_table(block, names, width))))
        # two tables in a row would run into one
        body._insert_p(_paragraph("", names["ecozone Cell"], '<w:spacing w:after="0"/>'))
    elif isinstance(block, Figure):
        picture = word.add_picture(io.BytesIO(block.png), width=int(width * 635 * block.share))
        picture._inline.docPr.set("descr", block.caption)
        word.paragraphs[-1].alignment = 1
        word.paragraphs[-1].paragraph_format.keep_with_next = True
        body._insert_p(_paragraph(block.caption, names["Caption"], '<w:keepNext w:val="0"/>'))
    elif isinstance(block, Signature):
        for label in block.labels:
            body._insert_p(_paragraph(label, names["ecozone Sign"], tail="<w:tab/>"))


def _paragraph(text: str, style: str, more: str = "", *, tail: str = "") -> Any:
    """Return a paragraph; python-docx looks a style up in milliseconds, and a report has hundreds."""
    run = f"<w:r>{_text(text)}{tail}</w:r>" if text or tail else ""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return _xml(f"<w:p {_W}><w:pPr>{named}{more}</w:pPr>{run}</w:p>")


def _table(block: Table, names: dict[str, str], width: int) -> Iterable[str]:
    share = width / sum(block.widths)
    columns = [round(w * share) for w in block.widths]
    grid = names["Table Grid"]
    yield f'<w:tbl {_W}><w:tblPr><w:tblStyle w:val="{grid}"/><w:tblW w:w="{width}" w:type="dxa"/>'
    yield _BORDERS + '<w:tblLayout w:type="fixed"/>'
    yield '<w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
    yield "<w:tblGrid>" + "".join(f'<w:gridCol w:w="{c}"/>' for c in columns) + "</w:tblGrid>"
    cell, head = names["ecozone Cell"], names["ecozone Head"]
    if block.head:
        yield "<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>"
        yield from (_cell(t, w, head, _HEAD_FILL, keep=True) for t, w in zip(block.head, columns, strict=True))
        yield "</w:tr>"
    for number, row in enumerate(block.rows, 1):
        keep = block.whole and number < len(block.rows)
        split = "" if sum(map(len, row)) > LONG_ROW else "<w:trPr><w:cantSplit/></w:trPr>"
        yield f"<w:tr>{split}"
        for i, (text, w) in enumerate(zip(row, columns, strict=True)):
            strong = i in block.strong
            yield _cell(text, w, head if strong else cell, _LABEL_FILL if strong else "", keep=keep)
        yield "</w:tr>"
    yield "</w:tbl>"


_BORDERS = "<w:tblBorders>{}</w:tblBorders>".format(
    "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="9AA5B1"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
)


def _cell(text: str, width: int, style: str, fill: str, *, keep: bool = False) -> str:
    stay = "<w:keepNext/>" if keep else ""
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{stay}</w:pPr><w:r>{_text(text)}</w:r></w:p></w:tc>'
    )


def _text(text: str) -> str:
    """Return a text as XML; between codes it may break (LibreOffice would break inside one)."""
    free = _BETWEEN.sub("\u200b", text)
    lines = [f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in free.split("\n")]
    return "<w:br/>".join(lines)


def _xml(text: str) -> Any:
    from docx.oxml import parse_xml

    return parse_xml(text)


def _text_width(word: Any) -> int:
    """Return the width of the text, twentieths of a point."""
    section = word.sections[-1]
    page: Sequence[int | None] = (section.page_width, section.left_margin, section.right_margin)
    wide, left, right = (int(v or 0) for v in page)
    return max(2000, (wide - left - right) // 635)
