"""Reading access lists (准入清单) and officers' answers from tables.

xlsx or csv, columns by alias, one requirement a row or one column a dimension.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecozone.errors import InputError, RuleError, did_you_mean
from ecozone.intake.grid import heading, read_grid, value_of
from ecozone.rules.access import CONFORMITY, DIMENSIONS, HEADING_EFFECTS, LEVELS, AccessList, Answer, parse
from ecozone.rules.library import find_rule
from ecozone.rules.model import EFFECTS

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
#: What they are, as officers read it.
LABELS: Mapping[str, str] = {key: next(n for n in names if not n.isascii()) for key, names in ALIASES.items()}
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
#: Column name to what it is: a key of `ALIASES` or a dimension.
_KNOWN: Mapping[str, str] = {n: key for names in (ALIASES, WIDE) for key, listed in names.items() for n in listed}
#: Codes of control units as Sichuan and its neighbours write them: ZH, county, category, number.
_UNIT = re.compile(r"^[A-Z]{2}\d{11}$")
#: What offices write where a unit has no requirement.
_NOTHING = ("/", "-", "—", "——", "无", "暂无", "\\")
_CATEGORIES = ("优先", "重点", "一般")
_SPLIT = re.compile(r"[\r\n]+|(?<=[。；;])\s*(?=[（(]?\d{1,2}[)）.、])")


@dataclass(frozen=True)
class Survey:
    """What a table of an access list holds, before anything is made of it.

    Attributes
    ----------
    rows : int
        Rows that hold anything.
    requirements : tuple of mapping
        Rows of the list, as `ecozone.rules.access.parse` reads them.
    refused : tuple of (line, reason)
        Rows that cannot be understood. A list with any is not read.
    blank : tuple of int
        Lines of units whose requirements are all blank: such a unit has no list.
    columns : mapping
        What each column was taken for, a key of `ALIASES` or a dimension; `ignored`: headings that mean nothing here.
    """

    path: Path
    rows: int
    requirements: tuple[Mapping[str, Any], ...]
    refused: tuple[tuple[int, str], ...]
    blank: tuple[int, ...]
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    others: tuple[str, ...] = ()
    merged: int = 0

    @property
    def units(self) -> tuple[str, ...]:
        """Codes of the units that rows name."""
        named = {a for r in self.requirements for a in r["applies_to"]}
        return tuple(sorted(named - {"*", *_CATEGORIES}))

    @property
    def levels(self) -> dict[str, int]:
        """How many rows there are of each level."""
        counted = Counter(str(r["level"]) for r in self.requirements)
        return {level: counted[level] for level in LEVELS if counted[level]}

    def access_list(
        self, *, version: str, document: str, valid_from: str | None = None, valid_to: str | None = None
    ) -> AccessList:
        """Return the list.

        Raises
        ------
        InputError
            A row was refused, or there is none.
        """
        if self.refused:
            raise InputError(self.refused[0][1])
        if not self.requirements:
            raise InputError(f"准入清单“{self.path}”没有数据行。")
        return parse(
            {
                "version": version,
                "document": document,
                "valid_from": valid_from,
                "valid_to": valid_to,
                "units": self.units or ["*"],
                "requirements": self.requirements,
            },
            "",
        )


def survey_access_list(
    path: str | Path, *, sheet: str | None = None, columns: Mapping[str, str] | None = None
) -> Survey:
    """Look through a table of an access list.

    Parameters
    ----------
    path : str or Path
        ``.xlsx`` or ``.csv`` (UTF-8 or GBK). Long form: one requirement a row. Wide form: one unit a row, a column
        for each dimension. Merged cells count for every cell they cover.
    sheet : str, optional
        Worksheet; the first by default.
    columns : mapping, optional
        The file's heading to what it is: a key or a name of `ALIASES` (``text``, 管控要求 …), or a dimension.

    Raises
    ------
    InputError
        No usable column.
    """
    mine = {heading(k): _meaning(k, v) for k, v in (columns or {}).items()}
    grid = read_grid(path, {*mine, *_KNOWN}, sheet=sheet)
    for name in mine:
        if name not in grid.headings:
            raise InputError(f"--map 的“{name}”不是表里的列，表里有：{'、'.join(filter(None, grid.headings))}。")
    meaning = {h: mine.get(h, _KNOWN.get(h, "")) for h in grid.headings if h}
    names = {what: [h for h, m in meaning.items() if m == what] for what in (*ALIASES, *DIMENSIONS)}
    if grid.rows and not (names["text"] or any(names[d] for d in DIMENSIONS)):
        raise InputError(
            f"准入清单“{path}”没有管控要求的列，请把列名写成“管控要求”（一行一条）或“空间布局约束”等四个维度"
            f"（一行一个单元），或用 --map 列名=管控要求 指定；表里有：{'、'.join(meaning)}。"
        )
    rows = list(grid.named())
    out: list[dict[str, Any]] = []
    refused: list[tuple[int, str]] = []
    blank: list[int] = []
    for line, row in rows:
        given = {key: value_of(row, found) for key, found in names.items()}
        wide = [(d, t) for d in DIMENSIONS for t in _texts(given[d])] if not given["text"] else []
        if not given["text"] and names["unit"] and any(names[d] for d in DIMENSIONS) and not wide:
            blank.append(line)
            continue
        try:
            for number, (dimension, text) in enumerate(wide or [(given["dimension"], given["text"])], start=1):
                each = {**given, "dimension": dimension, "text": text}
                if given["id"] and len(wide) > 1:
                    each["id"] = f"{given['id']}.{number}"
                out.append({**_requirement(line, each, len(out) + 1, path), "line": line})
        except (InputError, RuleError) as error:
            told = str(error)
            refused.append((line, told if f"第 {line} 行" in told else f"准入清单“{path}”第 {line} 行：{told}"))
    refused += _distinguish(out, path)
    return Survey(
        Path(path), len(rows), tuple(out), tuple(sorted(refused)), tuple(blank),
        {h: m for h, m in meaning.items() if m}, tuple(h for h, m in meaning.items() if not m),
        grid.others, grid.merged,
    )  # fmt: skip


def _meaning(name: str, what: str) -> str:
    allowed = {**{k: k for k in (*ALIASES, *DIMENSIONS)}, **_KNOWN}
    if what not in allowed:
        shown = (*LABELS.values(), *DIMENSIONS)
        raise InputError(f"--map {name}={what}：“{what}”{did_you_mean(what, shown)}应为 {'、'.join(shown)} 之一。")
    return allowed[what]


def _texts(cell: str) -> list[str]:
    """Return the requirements of a cell, one a numbered sentence; a dash or 无 is none."""
    return [t for t in (t.strip() for t in _SPLIT.split(cell)) if t and t not in _NOTHING]


def _distinguish(rows: list[dict[str, Any]], path: str | Path) -> list[tuple[int, str]]:
    """Tell rows of different units apart whose numbers begin anew in each; return those that stay alike."""
    counted = Counter(r["id"] for r in rows)
    for row in rows:
        if counted[row["id"]] > 1:
            row["id"] = f"{row['applies_to'][0] if row['applies_to'] != ['*'] else row['level']}-{row['id']}"
    counted = Counter(r["id"] for r in rows)
    alike = [(r["line"], f"准入清单“{path}”第 {r['line']} 行的编号重复：{r['id']}，请改为唯一编号。") for r in rows
             if counted[r["id"]] > 1]  # fmt: skip
    for row in rows:
        del row["line"]
    return alike


def read_access_list(
    path: str | Path,
    *,
    version: str,
    document: str,
    valid_from: str | None = None,
    valid_to: str | None = None,
) -> AccessList:
    """Read an access list (see `survey_access_list` for what it may look like).

    Parameters
    ----------
    path : str or Path
    version, document : str
        Kept with the list and printed in every answer.
    valid_from, valid_to : ISO str, optional

    Raises
    ------
    InputError
        No usable column, an unknown level, dimension, effect or rule; the row is named.
    """
    return survey_access_list(path).access_list(
        version=version, document=document, valid_from=valid_from, valid_to=valid_to
    )


def read_answers(path: str | Path) -> dict[tuple[str, str], Answer]:
    """Read what an officer said of each row: (unit code, row id) to `Answer`.

    Raises
    ------
    InputError
        A row without unit or id, or a conformity that is not 符合, 不符合, 不涉及 or 无法判定.
    """
    out: dict[tuple[str, str], Answer] = {}
    for line, row in read_grid(path, _KNOWN).named():
        given = {key: value_of(row, names) for key, names in ALIASES.items()}
        if not given["conformity"]:
            continue
        if not given["unit"] or not given["id"]:
            raise InputError(
                f"“{path}”第 {line} 行没有单元编码或清单编号，请用 ecozone check --answers-to 写出的比对表填写。"
            )
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

    units = [u.upper() for u in re.split(r"[\s、,，;；/]+", unicodedata.normalize("NFKC", given["unit"])) if u]
    for unit in units:
        if not _UNIT.match(unit):
            raise InputError(
                f"准入清单“{path}”第 {line} 行的单元编码“{unit}”不像管控单元编码（如 ZH51111130001），请核对。"
            )
    category = next((c for c in _CATEGORIES if c in given["category"]), "")
    level = next((v for v in LEVELS if v in given["level"]), "")
    if given["level"] and not level:
        raise bad("层级", given["level"], LEVELS)
    if not (units or category or level):
        raise InputError(
            f"准入清单“{path}”第 {line} 行没有单元编码、管控类型和层级，不知道约束哪些单元；"
            "合并单元格另存为 csv 会留下空白，请用 xlsx，或补齐。"
        )
    level = level or ("单元" if units else "普适性")
    if level == "单元" and not units:
        raise InputError(f"准入清单“{path}”第 {line} 行是单元层级，却没有单元编码，请补齐。")
    effect = _effect(given["effect"])
    if given["effect"] and effect is None:
        raise bad("效力", given["effect"], [label for _, label in EFFECTS.values()])
    dimension = next((d for d in DIMENSIONS if d[:4] == given["dimension"].replace(" ", "")[:4]), "")
    if not dimension:
        raise bad("维度", given["dimension"], DIMENSIONS)
    if not given["text"]:
        raise InputError(f"准入清单“{path}”第 {line} 行没有管控要求的内容。")
    rules = [r for r in re.split(r"[;；,，\s]+", given["rules"]) if r]
    for rule in rules:
        find_rule(rule)
    return {
        "id": given["id"] or f"{'、'.join(units) or category or level}-{number:03d}",
        "level": level,
        "applies_to": units or [category or "*"],
        "dimension": dimension,
        "heading": given["heading"],
        "text": given["text"],
        "effect": effect or HEADING_EFFECTS.get(given["heading"]),
        "rules": rules,
    }


def _effect(text: str) -> str | None:
    """Return an effect by its key or its Chinese name."""
    return next((key for key, (_, label) in EFFECTS.items() if text in (key, label)), None)


def _day(text: str, path: str | Path, line: int) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise InputError(f"“{path}”第 {line} 行的日期“{text}”应写成 2026-11-22。") from None
