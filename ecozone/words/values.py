"""Reading the value of a fact as somebody typed it: yes and 是, 35 蒸吨, 2026年8月15日, 文号."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from typing import Any

from ecozone.errors import BadFactError, InputError, did_you_mean
from ecozone.words.registry import Fact, fact

_YES = {"yes", "y", "true", "t", "1", "on", "是", "有", "对", "真", "已", "√", "✓", "符合", "属于"}
_NO = {"no", "n", "false", "f", "0", "off", "否", "无", "没有", "不是", "假", "未", "×", "不属于", "不"}
_UNKNOWN = {"", "unknown", "?", "未知", "不详", "不清楚", "待定", "null", "none given"}
_NUMBER = re.compile(r"^([+-]?(?:\d[\d,]*)?\.?\d+(?:[eE][+-]?\d+)?)\s*(.*)$")
_DATE = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s].*)?$")
_PLAIN_DATE = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_TONNES_A_DAY: dict[str, float] = {
    "t/d": 1,
    "吨/日": 1,
    "吨/天": 1,
    "吨": 1,
    "t": 1,
    "m3/d": 1,
    "立方米/日": 1,
    "立方米/天": 1,
    "m3": 1,
    "立方米": 1,
    "吨每日": 1,
    "方/天": 1,
}
_TONNES_A_YEAR: dict[str, float] = {"t/a": 1, "吨/年": 1, "吨": 1, "t": 1, "t/y": 1, "吨每年": 1}
#: Unit of a fact -> what people write -> factor. A leading 万 multiplies by ten thousand.
UNITS: dict[str, dict[str, float]] = {
    "t/h": {
        "t/h": 1,
        "吨/小时": 1,
        "吨/时": 1,
        "蒸吨": 1,
        "蒸吨/小时": 1,
        "蒸吨/时": 1,
        "吨": 1,
        "t": 1,
        "吨每小时": 1,
        "蒸吨每小时": 1,
    },
    "t/d": _TONNES_A_DAY,
    "m³/d": _TONNES_A_DAY,
    "t/a": _TONNES_A_YEAR,
    "tce/a": {"tce/a": 1, "tce": 1, "吨标煤": 1, "吨标准煤": 1, "吨标煤/年": 1, "吨标准煤/年": 1},
    "m": {"m": 1, "米": 1, "km": 1000, "公里": 1000, "千米": 1000},
    "mg/m³": {"mg/m3": 1, "毫克/立方米": 1, "毫克每立方米": 1},
    "倍": {"倍": 1, ":1": 1},
    "%": {"%": 1, "百分之": 1},
    "头（只、羽）": {"头": 1, "只": 1, "羽": 1, "头(只、羽)": 1, "尾": 1, "匹": 1},
    "头": {"头": 1, "猪当量": 1, "头猪当量": 1},
}


def check_fact(name: str, value: Any) -> tuple[str, Any]:
    """Read a fact's value.

    Parameters
    ----------
    name : str
        Key, Chinese name or alias.
    value : object
        As typed: text, number, bool, date.

    Returns
    -------
    key : str
    value : bool, int, float, str or None
        A date as ISO text; a choice as its key; a document as its number, or False when there is none; None
        when said to be unknown.

    Raises
    ------
    UnknownFactError
        No such fact; the nearest name is offered.
    BadFactError
        The value cannot be read as the fact's type.
    """
    word = fact(name)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return word.key, None
    if isinstance(value, str):
        value = unicodedata.normalize("NFKC", value).strip() if word.type not in ("text", "document") else value.strip()
        if value.lower() in _UNKNOWN:
            return word.key, None
    return word.key, _READERS[word.type](word, value)


def _bad(word: Fact, value: Any, wanted: str) -> BadFactError:
    return BadFactError(f"事实“{word.name}”（{word.key}）的值“{value}”无法识别，{wanted}")


def _bool(word: Fact, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower().removesuffix(".0")
    if text in _YES or text in _NO:
        return text in _YES
    raise _bad(word, value, "请填写 yes/no 或 是/否。")


def _number(word: Fact, value: Any) -> int | float:
    unit = f"（{word.unit}）" if word.unit else ""
    if isinstance(value, bool):
        raise _bad(word, "是" if value else "否", f"请填写数字{unit}。")
    if isinstance(value, int | float):
        number = float(value)
    else:
        match = _NUMBER.match(str(value))
        if match is None:
            raise _bad(word, value, f"请填写数字{unit}。")
        number = float(match[1].replace(",", "")) * _factor(word, match[2], value)
    if not math.isfinite(number) or number < 0:
        raise _bad(word, value, f"请填写不小于 0 的数字{unit}。")
    return int(number) if number == int(number) else number


def _factor(word: Fact, written: str, value: Any) -> float:
    text = written.replace(" ", "")
    factor = 1.0
    if text.startswith("万"):
        factor, text = 10_000.0, text[1:]
    if not text:
        return factor
    known = UNITS.get(word.unit or "", {})
    for spelling, size in known.items():
        if text.lower() == unicodedata.normalize("NFKC", spelling).lower():
            return factor * size
    raise _bad(word, value, f"单位应为 {word.unit}。" if word.unit else "请只填写数字。")


def _integer(word: Fact, value: Any) -> int:
    number = _number(word, value)
    if number != int(number):
        raise _bad(word, value, "请填写整数。")
    return int(number)


def _choice(word: Fact, value: Any) -> str:
    text = str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
    text = text.strip()
    names = {unicodedata.normalize("NFKC", v): k for k, v in word.values.items()}
    bare = re.sub(r"^第|[类项]$", "", text)
    for key in (text, text.lower(), bare):
        if key in word.values:
            return key
    if text in names:
        return names[text]
    part = [k for n, k in names.items() if text and text in n]
    if len(part) == 1:
        return part[0]
    offer = "、".join(f"{k}（{v if len(v) <= 16 else v[:15] + '…'}）" for k, v in word.values.items())
    raise _bad(word, value, f"{did_you_mean(text, [*word.values, *names]).lstrip('，')}应为以下之一：{offer}。")


def _date(word: Fact, value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    match = _DATE.match(str(value)) or _PLAIN_DATE.match(str(value).removesuffix(".0"))
    try:
        return dt.date(*(int(g) for g in match.groups())).isoformat()  # type: ignore[union-attr]
    except (AttributeError, ValueError):
        raise _bad(word, value, "请填写日期，如 2026-08-15 或 2026年8月15日。") from None


def _document(word: Fact, value: Any) -> str | bool:
    text = str(value).strip()
    if value is False or text.lower() in _NO:
        return False
    if value is True or text.lower() in _YES:
        raise _bad(word, text, "这是证明文件，请填写文号或者文件名称；没有时填 no。")
    return text


def _text(word: Fact, value: Any) -> str:
    return str(value).strip()


_READERS = {
    "bool": _bool,
    "number": _number,
    "integer": _integer,
    "choice": _choice,
    "date": _date,
    "document": _document,
    "text": _text,
}
#: The types a fact may have.
TYPES = tuple(_READERS)


def read_metres(label: str, text: str | None) -> float | None:
    """Read a number of metres as somebody typed it: ``200``, ``200 m``, ``200米``.

    Parameters
    ----------
    label : str
        What the number is called where it was typed.
    text : str or None
        None stays None.

    Raises
    ------
    InputError
        It is none.
    """
    if text is None:
        return None
    try:
        value = float(unicodedata.normalize("NFKC", text).strip().removesuffix("米").removesuffix("m").strip())
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise InputError(f"{label} “{text}”不是非负的米数，请写成数字，例如 {label} 200。")
    return value
