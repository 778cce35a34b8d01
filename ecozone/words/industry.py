"""GB/T 4754-2017: which codes exist, what they are called, and the one way they are written here.

The table beside this module holds every code with its letter and its name, one a line: 20 sections,
97 divisions, 473 groups, 1381 classes. It is read when a code is first looked up, in about a millisecond.
(The standard was announced with 1380 classes and amended in 2019; the amendment itself was not read.)
"""

from __future__ import annotations

import bisect
import difflib
import functools
import math
import re
import unicodedata
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ecozone.errors import UnknownIndustryError

#: Length of a code with its letter -> level.
LEVELS = {1: "section", 3: "division", 4: "group", 5: "class"}
_WRITTEN = re.compile(r"^(?:([A-Z])[\s.\-]*)?(\d{1,4})(\.0+)?(?![\d.])(.*)$", re.DOTALL)
_SECTION = re.compile(r"^([A-T])(门类)?(?![A-Z\d])")


@dataclass(frozen=True)
class Industry:
    """One entry of the standard."""

    code: str
    name: str
    level: str
    parent: str | None


@dataclass(frozen=True)
class _Table:
    names: dict[str, str]
    by_digits: dict[str, str]
    classes: tuple[str, ...]


@functools.cache
def _table() -> _Table:
    text = resources.files("ecozone.words").joinpath("industry.tsv").read_text(encoding="utf-8")
    names = dict(line.split("\t") for line in text.splitlines())
    by_digits = {code[1:]: code for code in names if len(code) > 1}
    return _Table(names, by_digits, tuple(sorted(code for code in names if len(code) == 5)))


def all_codes() -> tuple[str, ...]:
    """Return every code of the standard with its letter, in the order of the standard."""
    return tuple(_table().names)


def exists(code: str) -> bool:
    """Return whether a code, written with its letter, is in the standard."""
    return code in _table().names


def name_of(code: Any) -> str:
    """Return what the standard calls a code.

    Raises
    ------
    UnknownIndustryError
        No such code.
    """
    return _table().names[normalise(code)]


def entry(code: Any) -> Industry:
    """Return one entry of the standard with its level and parent."""
    code = normalise(code)
    letter, digits = code[0], code[1:]
    parent = None if not digits else letter if len(digits) == 2 else letter + digits[:-1]
    return Industry(code, _table().names[code], LEVELS[len(code)], parent)


@functools.lru_cache(maxsize=4096)
def classes_under(code: str) -> tuple[str, ...]:
    """Return the classes that a code stands for: itself for a class, all below it for a coarser code.

    Parameters
    ----------
    code : str
        Any level, with its letter.
    """
    start, end = span(code)
    return _table().classes[start:end]


def span(code: str) -> tuple[int, int]:
    """Return where the classes under a code begin and end among all classes, in the order of the standard."""
    classes = _table().classes
    return bisect.bisect_left(classes, code), bisect.bisect_left(classes, code + "\uffff")


@functools.cache
def positions() -> dict[str, int]:
    """Return the place of each class among all classes, in the order of the standard."""
    return {code: i for i, code in enumerate(_table().classes)}


def find(name: str, *, count: int = 10) -> list[Industry]:
    """Return the entries whose name is, begins with, holds or resembles a text, best first.

    Parameters
    ----------
    name : str
        Part of a name, in Chinese.
    count : int
        How many to return at most. A group and its only class are one entry, the class.
    """
    wanted = unicodedata.normalize("NFKC", str(name)).strip()
    if not wanted:
        return []
    names = {code: text for code, text in _table().names.items() if not _is_doubled(code)}
    ranked = [
        (0 if text == wanted else 1 if text.startswith(wanted) else 2, code)
        for code, text in names.items()
        if wanted in text
    ]
    codes = [code for _, code in sorted(ranked, key=lambda pair: (pair[0], -len(pair[1]), pair[1]))]
    if len(codes) < count:
        near = set(difflib.get_close_matches(wanted, set(names.values()), n=count, cutoff=0.5))
        codes += [code for code, text in names.items() if text in near and code not in codes]
    return [entry(code) for code in codes[:count]]


def normalise(code: Any) -> str:
    """Return a code as ecozone writes it: the letter and the digits, ``C2614``.

    Parameters
    ----------
    code : str, int or float
        ``2614``, ``C2614``, ``c2614``, full-width letters, ``2614.0``, ``C3021水泥制品制造``, a coarser
        code (``C26``), or a full name. A group without classes and its class are one: ``191``, ``1910``,
        ``C191`` and ``C1910`` all give ``C1910``; a group padded with a zero as forms print it is the group.

    Raises
    ------
    UnknownIndustryError
        Not in the standard, or the leading zero was lost and two codes are possible.
    """
    if isinstance(code, str) and code in _table().names and not _is_doubled(code):
        return code
    return _normalise(code)


def normalise_prefix(code: Any) -> str:
    """Return a code of any level as rules write it; it must carry its letter.

    Raises
    ------
    UnknownIndustryError
        Not in the standard, or without its letter.
    """
    text = str(code).strip()
    if not text[:1].isalpha() or not text.isascii():
        raise UnknownIndustryError(f'行业代码“{code}”应带门类字母并加引号，如 "C2614"、"C26"。')
    return normalise(text)


def _is_doubled(code: str) -> bool:
    """Return whether a code is a group whose only class repeats it."""
    return len(code) == 4 and code + "0" in _table().names


def _normalise(code: Any) -> str:
    lost_zero = isinstance(code, int | float) and not isinstance(code, bool)
    empty = isinstance(code, str) and not code.strip()
    if empty or isinstance(code, bool) or code is None or (isinstance(code, float) and not math.isfinite(code)):
        raise UnknownIndustryError("行业代码是空的，请填写国民经济行业代码（GB/T 4754-2017），如 C2614。")
    if isinstance(code, float) and code != int(code):
        raise UnknownIndustryError(f"行业代码“{code}”带有小数，请填写四位代码，如 C2614。")
    text = unicodedata.normalize("NFKC", str(int(code) if lost_zero else code)).strip()
    written = _WRITTEN.match(text.upper())
    if written is None:
        return _by_name(str(code), text)
    letter, digits, decimal, _rest = written.groups()
    known = _table().by_digits
    found = known.get(digits)
    padded = known.get("0" + digits) if letter is None else None
    if padded is not None and found is not None and (lost_zero or decimal or len(digits) == 3):
        choices = "、".join(f"{_canonical(c)}（{_table().names[c]}）" for c in (padded, found))
        raise UnknownIndustryError(
            f"行业代码“{code}”可能丢失了开头的 0，无法确定是哪一个：{choices}，请写成带门类字母的代码。"
        )
    if found is None and padded is not None and (lost_zero or decimal):
        found = padded
    if found is None and len(digits) == 4 and digits.endswith("0"):
        found = known.get(digits[:3])  # a group that has classes, padded with a zero as forms print it: P8320 is P832
    if found is None:
        raise UnknownIndustryError(_unknown(str(code), (letter or "") + digits))
    if letter is not None and letter != found[0]:
        raise UnknownIndustryError(
            f"行业代码“{code}”的门类字母不对，应为 {_canonical(found)}（{_table().names[found]}），请核对。"
        )
    return _canonical(found)


def _canonical(code: str) -> str:
    return code + "0" if _is_doubled(code) else code


def _by_name(given: str, text: str) -> str:
    section = _SECTION.match(text.upper())
    if section is not None and (text[section.end() :].strip() in ("", _table().names[section[1]])):
        return section[1]
    exact = [e.code for e in find(text) if e.name == text] if text else []
    finest = [code for code in exact if len(code) == max(len(c) for c in exact)]
    if len(finest) == 1:
        return finest[0]
    raise UnknownIndustryError(_unknown(given, text))


def _unknown(given: str, text: str) -> str:
    """Return the sentence on a code that does not exist, with what may have been meant."""
    names = _table().names
    digits = re.sub(r"\D", "", text)
    near: list[str] = []
    if digits:
        wanted = (_table().by_digits.get(digits[:2]) or "")[:1] + digits
        finest = [code for code in names if not _is_doubled(code)]
        pools = ([code for code in finest if code.startswith(wanted[:k])] for k in range(len(wanted) - 1, 1, -1))
        near = difflib.get_close_matches(wanted, next((pool for pool in pools if pool), finest), n=3, cutoff=0.5)
    else:
        near = [e.code for e in find(text, count=3)]
    hint = f"是否为 {'、'.join(f'{c}（{names[c]}）' for c in near)}？" if near else ""
    return f"行业代码“{given}”不在国民经济行业分类（GB/T 4754-2017）中，{hint}请核对后填写，如 C2614。"
