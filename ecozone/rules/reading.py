"""Reading YAML that people wrote: every message names file, line, rule, field, what is allowed and what is nearest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ecozone import words
from ecozone.errors import RuleError, did_you_mean

#: Longer lists are not spelled out in a message; the nearest names are.
_LONGEST_LIST = 60

Lines = Mapping[tuple[Any, ...], int]


class Node:
    """Where in a file the reader stands, and the checks that every field shares.

    Parameters
    ----------
    file : str
        File name, for messages.
    lines : mapping
        Path of a node (tuple of keys and positions) to its line.
    """

    def __init__(self, file: str, lines: Lines) -> None:
        self.file, self.lines = file, lines
        self.rule = ""
        self.path: tuple[Any, ...] = ()

    def line(self, field: str) -> int | None:
        """Return the line of a field such as ``where.all.0.kind``, or of what holds it."""
        path = self.path
        for step in field.split(".") if field else ():
            found = next((s for s in (step, int(step) if step.isdigit() else None) if (*path, s) in self.lines), None)
            if found is None:
                break
            path = (*path, found)
        return next((self.lines[path[:k]] for k in range(len(path), -1, -1) if path[:k] in self.lines), None)

    def fail(self, field: str, message: str) -> RuleError:
        """Return an error that names file, line, rule and field."""
        line = self.line(field)
        where = f"{self.file}" + (f" 第 {line} 行" if line else "")
        rule = f"规则 {self.rule} " if self.rule else ""
        return RuleError(f"{where}：{rule}字段“{field or '（整体）'}”{message}")

    def one_of(self, field: str, value: Any, allowed: Iterable[str]) -> str:
        """Check a value against a list."""
        names = list(allowed)
        if str(value) not in names:
            raise self.fail(field, f"的取值“{value}”不在允许范围{did_you_mean(str(value), names)}{_offer(names)}")
        return str(value)

    def word(self, field: str, value: Any, known: words.Vocabulary[Any]) -> str:
        """Check a word of a registry and return its key."""
        if str(value) not in known:
            near = did_you_mean(str(value), known.spellings())
            raise self.fail(field, f"的“{value}”不在词表里{near}{_offer(list(known))}")
        return str(known[str(value)].key)

    def mapping(self, field: str, node: Any) -> Mapping[str, Any]:
        """Check that a node is a mapping; nothing is an empty one."""
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            raise self.fail(field, "应为键值结构。")
        return node

    def listed(self, field: str, node: Any) -> Sequence[Any]:
        """Check that a node is a list; nothing is an empty one."""
        if node is None:
            return []
        if not isinstance(node, list):
            raise self.fail(field, "应为列表。")
        return node

    def keys(self, node: Any, allowed: Sequence[str], field: str) -> Mapping[str, Any]:
        """Check that a node is a mapping with known keys."""
        if not isinstance(node, Mapping):
            raise self.fail(field, "应为键值结构。")
        for key in node:
            if key not in allowed:
                where = f"{field}.{key}" if field else str(key)
                near = did_you_mean(str(key), allowed)
                raise self.fail(where, f"无法识别{near}允许：{'、'.join(allowed)}。")
        return node

    def texts(self, field: str, value: Any) -> list[str]:
        """Check a list of texts."""
        for i, item in enumerate(self.listed(field, value)):
            if isinstance(item, Mapping | list) or item is None:
                raise self.fail(f"{field}.{i}", "应为文字。")
        return [str(v) for v in value or ()]

    def number(self, field: str, value: Any) -> float:
        """Check a finite number."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
            raise self.fail(field, f"的“{value}”应为数字。")
        return float(value)

    def day(self, field: str, value: Any) -> str | None:
        """Check a date."""
        if value is None:
            return None
        try:
            return dt.date.fromisoformat(str(value)).isoformat()
        except ValueError:
            raise self.fail(field, f"的“{value}”不是日期，应写成 2026-08-15。") from None


def _offer(names: Sequence[str]) -> str:
    if len(names) > _LONGEST_LIST:
        return f"允许的词共 {len(names)} 个，见 ecozone facts。"
    return f"允许：{'、'.join(names)}。"
