"""Reading access lists (准入清单) and officers' answers from tables.

xlsx or csv, columns by alias, one requirement a row or one column a dimension.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecozone.errors import InputError, MissingDependencyError, did_you_mean
from ecozone.rules.access import CONFORMITY, DIMENSIONS, HEADING_EFFECTS, LEVELS, AccessList, Answer, parse
from ecozone.rules.library import find_rule

#: Column names met in the wild, after stripping white space and upper-casing (PWWPFGK is a slip that became a
#: field name).
ALIASES: Mapping[str, tuple[str, ...]] = {
    "unit": (
        "HJGKDYBM",
        "HJZHGKDYBM",
        "环境管控单元编码",
        "环境综合管控单元编码",
        "管控单元编码",
        "单元编码",
        "UNIT_CODE",
        "编码",
    ),
    "category": ("ZHGKDYFL", "GKDYFL", "HJGKDYFL", "管控类型", "管控单元分类", "综合管控单元分类", "类别", "CATEGORY"),
    "level": ("层级", "清单层级", "清单类型", "LEVEL"),
    "dimension": ("维度", "管控维度", "DIMENSION"),
    "heading": ("要求类别", "管控要求类别", "HEADING"),
    "text": ("管控要求", "要求内容", "具体要求", "内容", "TEXT"),
    "id": ("编号", "清单编号", "条目编号", "序号", "ID"),
    "rules": ("规则", "对应规则", "RULES"),
    "effect": ("效力", "EFFECT"),
    "situation": ("项目对应情况", "项目对应情况介绍", "对应情况", "SITUATION"),
    "conformity": ("符合性", "符合性分析", "CONFORMITY"),
    "basis": ("依据", "BASIS"),
    "by": ("经办人", "填写人", "姓名", "BY"),
    "on": ("日期", "填写日期", "ON"),
}
WIDE: Mapping[str, tuple[str, ...]] = {
    DIMENSIONS[0]: ("空间布局约束", "KJBJYS", "SPATIAL_LAYOUT_GUIDANCE"),
    DIMENSIONS[1]: ("污染物排放管控", "PWWPFGK", "WRWPFGK", "POLLUTANT_EMISSION_CONTROL"),
    DIMENSIONS[2]: ("环境风险防控", "HJFXFK", "ENVIRONMENTAL_RISK_PREVENTION"),
    DIMENSIONS[3]: (
        "资源开发利用效率",
        "资源开发利用效率要求",
        "资源开发效率要求",
        "ZYKFXLYQ",
        "RESOURCE_USE_EFFICIENCY_REQUIREMENTS",
    ),
}
_CATEGORIES = ("优先", "重点", "一般")
_SPLIT = re.compile(r"[\r\n]+|(?<=[。；;])\s*(?=[（(]?\d{1,2}[)）.、])")


def read_access_list(
    path: str | Path,
    *,
    version: str,
    document: str,
    valid_from: str | None = None,
    valid_to: str | None = None,
) -> AccessList:
    """Read an access list.

    Parameters
    ----------
    path : str or Path
        ``.xlsx`` or ``.csv`` (UTF-8 or GBK). Long form: one requirement a row. Wide form: one unit a row, a column
        for each dimension.
    version, document : str
        Kept with the list and printed in every answer.
    valid_from, valid_to : ISO str, optional

    Raises
    ------
    InputError
        No usable column, an unknown level, dimension or rule; the row is named.
    """
    rows = list(_table(Path(path)))
    if not rows:
        raise InputError(f"准入清单“{path}”没有数据行。")
    wide = {d: c for d, names in WIDE.items() for c in rows[0][1] if c in names}
    out: list[dict[str, Any]] = []
    for line, row in rows:
        given = {key: _value(row, names) for key, names in ALIASES.items()}
        if wide and not given["text"]:
            for dimension, column in wide.items():
                for text in filter(None, (t.strip() for t in _SPLIT.split(row[column] or ""))):
                    out.append(_requirement(line, {**given, "dimension": dimension, "text": text}, len(out) + 1, path))
        else:
            out.append(_requirement(line, given, len(out) + 1, path))
    ids = [r["id"] for r in out]
    repeated = {i for i in ids if ids.count(i) > 1}
    if repeated:
        raise InputError(f"准入清单“{path}”的编号重复：{'、'.join(sorted(repeated)[:5])}，请改为唯一编号。")
    units = sorted({a for r in out for a in r["applies_to"] if a.startswith("ZH")})
    return parse(
        {
            "version": version,
            "document": document,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "units": units or ["*"],
            "requirements": out,
        },
        "",
    )


def read_answers(path: str | Path) -> dict[tuple[str, str], Answer]:
    """Read what an officer said of each row: (unit code, row id) to `Answer`.

    Raises
    ------
    InputError
        A row without unit or id, or a conformity that is not 符合, 不符合, 不涉及 or 无法判定.
    """
    out: dict[tuple[str, str], Answer] = {}
    for line, row in _table(Path(path)):
        given = {key: _value(row, names) for key, names in ALIASES.items()}
        if not given["conformity"]:
            continue
        if not given["unit"] or not given["id"]:
            raise InputError(f"“{path}”第 {line} 行没有单元编码或清单编号，请用 ecozone check 导出的比对表填写。")
        if given["conformity"] not in CONFORMITY:
            raise InputError(f"“{path}”第 {line} 行的符合性“{given['conformity']}”应为 {'、'.join(CONFORMITY)} 之一。")
        if not given["by"]:
            raise InputError(f"“{path}”第 {line} 行没有填写人，请写明姓名。")
        out[given["unit"], given["id"]] = Answer(
            given["conformity"], given["situation"], given["basis"], given["by"], _day(given["on"], path, line)
        )
    return out


def _requirement(line: int, given: Mapping[str, str], number: int, path: str | Path) -> dict[str, Any]:
    def bad(what: str, value: str, allowed: Sequence[str]) -> InputError:
        return InputError(
            f"准入清单“{path}”第 {line} 行的{what}“{value}”{did_you_mean(value, allowed)}"
            f"应为 {'、'.join(allowed)} 之一。"
        )

    unit, category = given["unit"], next((c for c in _CATEGORIES if c in given["category"]), "")
    level = next((v for v in LEVELS if v in given["level"]), "") or ("单元" if unit else "普适性" if category else "市")
    dimension = next((d for d in DIMENSIONS if d[:4] == given["dimension"].replace(" ", "")[:4]), "")
    if not dimension:
        raise bad("维度", given["dimension"], DIMENSIONS)
    if not given["text"]:
        raise InputError(f"准入清单“{path}”第 {line} 行没有管控要求的内容。")
    rules = [r for r in re.split(r"[;；,，\s]+", given["rules"]) if r]
    for rule in rules:
        find_rule(rule)
    return {
        "id": given["id"] or f"{unit or category or level}-{number:03d}",
        "level": level,
        "applies_to": [unit or category or "*"],
        "dimension": dimension,
        "heading": given["heading"],
        "text": given["text"],
        "effect": given["effect"] or HEADING_EFFECTS.get(given["heading"]),
        "rules": rules,
    }


def _value(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((row[n].strip() for n in names if row.get(n)), "")


def _table(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row by cleaned heading) of a table's first sheet."""
    if not path.is_file():
        raise InputError(f"找不到文件“{path}”，请检查路径。")
    if path.suffix.lower() == ".csv":
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030", errors="replace")
        lines: Iterator[Sequence[Any]] = iter(csv.reader(io.StringIO(text)))
    elif path.suffix.lower() == ".xlsx":
        lines = _sheet(path)
    else:
        raise InputError(f"清单“{path.name}”应为 .xlsx 或 .csv 表格。")
    headings = [re.sub(r"\s+", "", str(h or "")).upper() for h in next(lines, ())]
    for number, cells in enumerate(lines, start=2):
        row = {h: "" if v is None else str(v).strip() for h, v in zip(headings, cells, strict=False) if h}
        if any(row.values()):
            yield number, row


def _sheet(path: Path) -> Iterator[Sequence[Any]]:
    try:
        import openpyxl
    except ImportError:
        raise MissingDependencyError(
            "读取 xlsx 需要 openpyxl，请安装：pip install ecozone[report]；或另存为 csv。"
        ) from None
    from zipfile import BadZipFile

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, OSError, ValueError):
        raise InputError(f"文件“{path.name}”不是正确的 xlsx，请重新导出。") from None
    return iter(book.worksheets[0].iter_rows(values_only=True))


def _day(text: str, path: str | Path, line: int) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise InputError(f"“{path}”第 {line} 行的日期“{text}”应写成 2026-11-22。") from None
