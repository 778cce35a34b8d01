"""Which encoding bytes are in, and whether text that was decoded wrongly can be undone.

Chinese offices write GBK without saying so; a reader that takes it for Latin-1 or UTF-8 makes mojibake. Decided only
where one reading is Chinese and the other is not; otherwise the user is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecozone.errors import SiteError
from ecozone.intake.issue import Issue

#: Code pages by DBF language driver id (byte 29) that say something certain.
LANGUAGE_DRIVERS = {0x4D: "gb18030", 0x7A: "gb18030", 0x4E: "cp949", 0x4F: "big5", 0x78: "big5"}
_NAMES = {
    "utf-8": "utf-8", "utf8": "utf-8", "65001": "utf-8", "cp65001": "utf-8", "utf_8": "utf-8", "utf-8-sig": "utf-8",
    "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030", "936": "gb18030", "cp936": "gb18030",
    "ansi_936": "gb18030", "ansi 936": "gb18030", "oem": "", "ansi": "", "system": "",
    "big5": "big5", "950": "big5", "cp950": "big5", "utf-16": "utf-16", "utf16": "utf-16",
    "iso-8859-1": "latin-1", "iso8859-1": "latin-1", "8859_1": "latin-1", "88591": "latin-1", "latin1": "latin-1",
    "latin-1": "latin-1", "1252": "cp1252", "cp1252": "cp1252", "ansi_1252": "cp1252", "windows-1252": "cp1252",
}  # fmt: skip
#: How officers know them.
SHOWN = {"gb18030": "GBK", "utf-8": "UTF-8", "utf-16": "UTF-16", "ascii": "ASCII", "big5": "Big5", "latin-1": "Latin-1"}
#: Texts that only a wrong conversion leaves behind.
_LOST = re.compile(r"锟斤拷|锟斤|斤拷|烫烫|屯屯屯|\ufffd|锘")
_QUESTIONS = re.compile(r"^[?？]{2,}$|\?{3,}")
#: Hanzi that GB 2312 ranks as common (level 1) take lead bytes B0 to D7.
_LEVEL_1 = range(0xB0, 0xD8)


@dataclass(frozen=True)
class Decoded:
    """Texts, the encoding used, how it was found, and what there is to say."""

    texts: list[str | None]
    encoding: str
    how: str
    issues: tuple[Issue, ...] = ()


def named(name: str | None) -> str | None:
    """Return Python's name of an encoding as people and files write it; None when it says nothing.

    Raises
    ------
    SiteError
        Not an encoding.
    """
    if name is None or not name.strip():
        return None
    key = name.strip().strip("\x00").lower()
    if key in _NAMES:
        return _NAMES[key] or None
    try:
        "".encode(key)
    except (LookupError, ValueError):
        raise SiteError(f"无法识别文字编码“{name.strip()[:20]}”，请写成 GBK 或 UTF-8。") from None
    return key


def common(text: str) -> float:
    """Return the share of a text's non-ASCII signs that are common hanzi or Chinese punctuation."""
    signs = [c for c in text if c >= "\x80"]
    return sum(_is_common(c) for c in signs) / len(signs) if signs else 1.0


def _is_common(sign: str) -> bool:
    try:
        lead = sign.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return lead in _LEVEL_1 or lead in (0xA1, 0xA3)


def decode_text(data: bytes, *, given: str | None = None, what: str = "文件") -> Decoded:
    """Decode a whole text file: byte order mark, UTF-8, UTF-16 without a mark, GBK."""
    asked = named(given)
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return _lost(Decoded([data.decode(encoding).lstrip("\ufeff")], encoding, "文件开头的标记（BOM）"))
            except UnicodeDecodeError:
                break
    if asked is None and len(data) >= 4 and data[:200].count(0) >= min(len(data), 200) // 5:
        for encoding in ("utf-16-le", "utf-16-be"):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if sum(c.isprintable() or c.isspace() for c in text[:500]) > 0.95 * len(text[:500]):
                return _lost(Decoded([text], "utf-16", "内容"))
    lines = data.split(b"\n")
    found = decode(lines, given=given, declared=None, what=what)
    return Decoded(["\n".join(t or "" for t in found.texts)], found.encoding, found.how, found.issues)


def decode(values: Sequence[bytes], *, given: str | None, declared: str | None, what: str = "属性表") -> Decoded:
    """Decode values that stand in one file.

    Parameters
    ----------
    values : sequence of bytes
    given : str, optional
        What the user says; it is obeyed, and values that it cannot read are lost.
    declared : str, optional
        What the file says (``.cpg``, language driver).

    Raises
    ------
    SiteError
        Two readings are equally good: the user is asked.
    """
    asked, said = named(given), named(declared)
    if said in ("latin-1", "cp1252"):
        said = None  # what software writes that does not know; Latin-1 reads any bytes
    raised = [v for v in values if any(b >= 0x80 for b in v)]
    if not raised:
        return _lost(Decoded([v.decode("ascii") for v in values], "ascii", "全部为 ASCII"))
    if asked:
        return _lost(_with(values, asked, "指定"))
    if said and all(_reads(v, said) for v in raised):
        utf8_too = said == "gb18030" and all(_reads(v, "utf-8") for v in raised)
        if utf8_too and _score(raised, "utf-8") > _score(raised, said) + 0.25:
            message = f"{what}声明为 GBK，但全部内容是正确的 UTF-8，按 UTF-8 读取。"
            return _lost(_with(values, "utf-8", "按内容推断", [Issue("encoding-contradicts", message, len(raised))]))
        return _lost(_with(values, said, "文件声明"))
    utf8 = [_reads(v, "utf-8") for v in raised]
    gbk = [_reads(v, "gb18030") for v in raised]
    issues: list[Issue] = []
    if said:
        bad = sum(not _reads(v, said) for v in raised)
        issues.append(
            Issue(
                "encoding-contradicts", f"{what}声明为 {shown(said)}，但有 {bad} 个值不是这种编码，已按内容判断。", bad
            )
        )
    if all(utf8) and all(gbk):
        return _either(values, raised, what, issues)
    if all(utf8):
        issues.append(_inferred(what, "utf-8", raised))
        return _lost(_with(values, "utf-8", "按内容推断", issues))
    surely = {v for v, u in zip(raised, utf8, strict=True) if u and _surely_utf8(v)}
    rest = [g for v, g in zip(raised, gbk, strict=True) if v not in surely]
    if all(gbk) and not surely:
        issues.append(_inferred(what, "gb18030", raised))
        return _lost(_with(values, "gb18030", "按内容推断", issues))
    if surely and all(rest):
        n8 = sum(v in surely for v in raised)
        message = f"{what}中 {n8} 个值为 UTF-8，{len(raised) - n8} 个为 GBK，已逐个解码。"
        issues.append(Issue("encoding-mixed", message, len(raised)))
        texts = [_decode_one(v, "utf-8" if v in surely else "gb18030") for v in values]
        return _lost(Decoded(list(texts), "gb18030", "逐个推断", tuple(issues)))
    encoding = "utf-8" if sum(utf8) >= sum(gbk) else "gb18030"
    issues.append(_inferred(what, encoding, raised))
    return _lost(_with(values, encoding, "按内容推断", issues))


def _either(values: Sequence[bytes], raised: Sequence[bytes], what: str, issues: list[Issue]) -> Decoded:
    """Choose between UTF-8 and GBK where both can read all values."""
    scores = {e: _score(raised, e) for e in ("utf-8", "gb18030")}
    best = max(scores, key=lambda e: scores[e])
    worst = "gb18030" if best == "utf-8" else "utf-8"
    if scores[best] - scores[worst] < 0.25:
        samples = {e: "、".join(_decode_one(v, e) for v in raised[:2])[:40] for e in scores}
        raise SiteError(
            f"{what}的文字按 UTF-8 读是“{samples['utf-8']}”，按 GBK 读是“{samples['gb18030']}”，两种都说得通，"
            "请用 --encoding UTF-8 或 --encoding GBK 指定。"
        )
    issues.append(_inferred(what, best, raised))
    return _lost(_with(values, best, "按内容推断", issues))


def _surely_utf8(value: bytes) -> bool:
    """Say whether a value that UTF-8 reads is Chinese in UTF-8 and not in GBK."""
    if not _reads(value, "gb18030"):
        return True
    return common(_decode_one(value, "utf-8")) > common(_decode_one(value, "gb18030")) + 0.25


def _score(values: Sequence[bytes], encoding: str) -> float:
    return common("".join(_decode_one(v, encoding) for v in values[:2000]))


def _inferred(what: str, encoding: str, raised: Sequence[bytes]) -> Issue:
    sample = "、".join(_decode_one(v, encoding).strip() for v in raised[:3])[:60]
    return Issue("encoding-inferred", f"{what}没有声明文字编码，按内容判断为 {shown(encoding)}，例如“{sample}”。")


def _reads(value: bytes, encoding: str) -> bool:
    """Say whether bytes are text of an encoding, the last sign possibly cut off at the field's end."""
    try:
        text = value.decode(encoding)
    except UnicodeDecodeError as error:
        if error.end < len(value) or len(value) - error.start > 3 or error.start == 0:
            return False
        text = value[: error.start].decode(encoding)
    return not any(c < " " and c not in "\t\r\n" for c in text) and not any("\ue000" <= c <= "\uf8ff" for c in text)


def _decode_one(value: bytes, encoding: str) -> str:
    try:
        return value.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start > 0 and error.end >= len(value) and len(value) - error.start <= 3:
            return value[: error.start].decode(encoding, errors="replace")
        return value.decode(encoding, errors="replace")


def _with(values: Sequence[bytes], encoding: str, how: str, issues: Iterable[Issue] = ()) -> Decoded:
    cut = sum(_cut(v, encoding) for v in values)
    found = list(issues)
    if cut:
        found.append(Issue("text-truncated", f"有 {cut} 个值的最后一个字在字段长度处被截断，已去掉残字。", cut))
    return Decoded([_decode_one(v, encoding) for v in values], encoding, how, tuple(found))


def _cut(value: bytes, encoding: str) -> bool:
    try:
        value.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start > 0 and error.end >= len(value) and len(value) - error.start <= 3
    return False


def _lost(found: Decoded) -> Decoded:
    """Undo mojibake in decoded texts and report what cannot be undone."""
    texts, issues = mend(found.texts)
    return Decoded(texts, found.encoding, found.how, (*found.issues, *issues))


def mend(texts: Sequence[str | None]) -> tuple[list[str | None], list[Issue]]:
    """Undo mojibake where it can be undone; empty, and report, what was destroyed.

    Returns
    -------
    texts : list of str or None
        Destroyed signs are replaced by □; never mojibake.
    issues : list of Issue
        ``mojibake-undone``, ``text-lost``.
    """
    out: list[str | None] = []
    undone: list[tuple[str, str]] = []
    lost = 0
    for given in texts:
        text = given
        if text is None or text.isascii():
            if text is not None and _QUESTIONS.search(text):
                lost += 1
                text = re.sub(r"\?{2,}", "□", text)
            out.append(text)
            continue
        back = undo(text)
        if back is not None:
            undone.append((text, back))
            text = back
        if _LOST.search(text) or _QUESTIONS.search(text):
            lost += 1
            text = re.sub(r"(锟斤拷|锟斤|斤拷|锟|烫{2,}|屯{3,}|\ufffd|锘|\?{2,})+", "□", text)
        out.append(text)
    issues = []
    if undone:
        bad, good = undone[0]
        issues.append(
            Issue(
                "mojibake-undone", f"有 {len(undone)} 处乱码已还原，例如“{bad[:12]}”还原为“{good[:12]}”。", len(undone)
            )
        )
    if lost:
        issues.append(
            Issue(
                "text-lost",
                f"有 {lost} 处文字在以前的转换中已损坏（如“锟斤拷”“???”），"
                f"无法还原，以 □ 代替；请向提供单位索取原始数据。",
                lost,
            )
        )
    return out, issues


def undo(text: str) -> str | None:
    """Return what a wrongly decoded text meant, or None when it is right as it stands or cannot be undone.

    Three ways that text goes wrong: GBK or UTF-8 bytes read as Latin-1/CP-1252, and UTF-8 bytes read as GBK.
    """
    if _LOST.search(text) and "\ufffd" in text:
        return None
    if all(c < "\u0100" or c in "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ" for c in text):
        for wrong in ("latin-1", "cp1252"):
            for right in ("utf-8", "gb18030"):
                back = _reread(text, wrong, right)
                if back is not None and common(back) > 0.8:
                    return back
        return None
    back = _reread(text, "gb18030", "utf-8")
    if back is not None and common(back) > 0.8 and common(back) > common(text):
        return back
    return None


def _reread(text: str, wrong: str, right: str) -> str | None:
    try:
        return text.encode(wrong).decode(right)
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None


def shown(encoding: str) -> str:
    """Return an encoding's name as officers know it."""
    return SHOWN.get(encoding, encoding.upper())
