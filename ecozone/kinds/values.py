"""Reading one attribute value as its column's type: code lists by code, label or wording; numbers, dates, truths."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.kinds import Column

_YES = {"是", "有", "y", "yes", "t", "true", "1", "1.0", "属于", "√"}
_NO = {"否", "无", "n", "no", "f", "false", "0", "0.0", "不属于", "×"}
_DATE = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T].*)?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
#: Words that mean the same as a code list's, by column.
SAME: Mapping[str, Mapping[str, str]] = {
    "category": {"1": "优先", "2": "重点", "3": "一般"},
    "subtype": {"产业": "工业"},
    "grade": {"1": "一级", "2": "二级", "3": "准", "Ⅰ级": "一级", "Ⅱ级": "二级", "一级区": "一级", "二级区": "二级"},
    "element": {"自然资源": "资源", "岸线": "资源"},
    "status": {"生效": "in_force", "有效": "in_force", "拟": "proposed", "撤销": "revoked", "废止": "revoked"},
}


class Unreadable(ValueError):
    """A value cannot be read as its column's type."""


def clean(value: Any) -> Any:
    """Return a value without full-width digits and blanks around; empty texts and usual blanks as None."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFKC", value) if re.search(r"[０-９Ａ-Ｚａ-ｚ．]", value) else value
    text = text.strip(" \t\r\n\x00\u3000")
    return None if text in ("", "/", "-", "—", "null", "NULL", "<空>", "None", "nan") else text


def read(column: Column, value: Any) -> Any:
    """Read a value as a column's type; None stays None.

    Raises
    ------
    Unreadable
        It cannot be read; the message names the value.
    """
    value = clean(value)
    if value is None:
        return None
    reader = {"number": _number, "integer": _number, "boolean": _boolean, "date": date}.get(column.type)
    if column.values:
        return choice(column.key, column.values, value)
    if reader is None:
        return _text(value)
    out = reader(value)
    return int(out) if column.type == "integer" and isinstance(out, float) else out


def _text(value: Any) -> str:
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def choice(key: str, values: Mapping[str, str], value: Any) -> str:
    """Read a code list's value: its code, its label, another wording, or the one code that the text contains."""
    text = _text(value)
    if text in values:
        return text
    for code, label in values.items():
        if text == label or text.casefold() == code.casefold():
            return code
    same = SAME.get(key, {}).get(text)
    if same in values:
        return str(same)
    for code, label in values.items():
        if len(text) >= 2 and label.startswith(text) and sum(v.startswith(text) for v in values.values()) == 1:
            return code
    held = [c for c, label in values.items() if not c.isascii() and (c in text or label in text)]
    held = [c for c in held if not any(c != o and c in o for o in held)]
    if len(held) == 1:
        return held[0]
    labels = [c for c, label in values.items() if label in text]
    if len(labels) == 1:
        return labels[0]
    swapped = [code for word, code in SAME.get(key, {}).items() if len(word) > 1 and word in text]
    if len(swapped) == 1 and swapped[0] in values:
        return swapped[0]
    raise Unreadable(text)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise Unreadable(str(value))
    if isinstance(value, int | float):
        return float(value)
    found = re.fullmatch(r"([-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?)\s*[a-zA-Z\u4e00-\u9fff²㎡]*", str(value))
    if not found:
        raise Unreadable(str(value))
    try:
        return float(found[1].replace(",", ""))
    except ValueError:
        raise Unreadable(str(value)) from None


def _boolean(value: Any) -> bool:
    text = str(value).strip().lower()
    if isinstance(value, bool) or text in _YES or text in _NO:
        return value if isinstance(value, bool) else text in _YES
    raise Unreadable(str(value))


def date(value: Any) -> str:
    """Read a date as ISO text: ``2024-1-5``, ``2024年1月5日``, ``20240105``; a bare year is not a date."""
    text = str(value).strip()
    found = _DATE.match(text) or _COMPACT.match(text.removesuffix(".0"))
    try:
        return dt.date(*map(int, found.groups())).isoformat() if found else dt.date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise Unreadable(text) from None


def plain(value: Any) -> Any:
    """Turn numpy and pandas scalars into plain JSON values; missing ones into None."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dt.date):
        text = str(value.isoformat())[:10]
    else:
        text = str(value)
    return None if text in ("NaT", "<NA>", "nan") else text


def objects(items: Sequence[Any]) -> NDArray[Any]:
    """Return a column as the object array a layer keeps."""
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out
