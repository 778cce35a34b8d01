"""准入清单 (access lists): what a control unit requires, row by row, and how each row stands for a project.

A row names the encoded rules that decide it, or nobody's but the officer's judgement. A row that nobody decided, and
a unit without a list, keep an answer from being complete.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, TRUE
from ecozone.rules.logic import Truth
from ecozone.rules.model import EFFECTS, Period

#: The four dimensions of a list (环办环评函〔2019〕590号, recalled).
DIMENSIONS = ("空间布局约束", "污染物排放管控", "环境风险防控", "资源开发利用效率")
#: Levels a unit inherits from, the widest first.
LEVELS = ("全省", "片区", "市", "普适性", "单元")
#: How a row stands.
CONFORMITY = ("符合", "不符合", "不涉及", "无法判定")
#: What a heading of a list makes of a row that says nothing else (headings as Sichuan's lists have them, recalled).
HEADING_EFFECTS: Mapping[str, str] = {
    "禁止开发建设活动的要求": "prohibit",
    "限制开发建设活动的要求": "restrict",
    "允许开发建设活动的要求": "inform",
    "不符合空间布局要求活动的退出要求": "exit_rectify",
}
MEETS, FAILS, NOT_CONCERNED, OPEN = (np.int8(i) for i in range(4))


@dataclass(frozen=True)
class Requirement:
    """One row of an access list.

    Attributes
    ----------
    id : str
        Unique in its list.
    level : str
        One of `LEVELS`.
    applies_to : tuple of str
        Unit codes, categories (优先, 重点, 一般) or ``*``.
    dimension, heading, text : str
    effect : str
        What breaking the row amounts to.
    rules : tuple of str
        Rules that decide the row; empty: left to the officer.
    """

    id: str
    level: str
    applies_to: tuple[str, ...]
    dimension: str
    heading: str
    text: str
    effect: str
    rules: tuple[str, ...] = ()

    def binds(self, code: str, category: str) -> bool:
        """Say whether the row binds a unit."""
        return any(a in ("*", code, category) for a in self.applies_to)


@dataclass(frozen=True, eq=False, repr=False)
class AccessList:
    """The access list of a region: rows of all levels, for units named by code or by category."""

    version: str
    document: str
    requirements: tuple[Requirement, ...]
    units: tuple[str, ...] = ("*",)
    period: Period = field(default_factory=Period)
    sha256: str = ""

    def of(self, code: str, category: str) -> list[Requirement] | None:
        """Return a unit's rows, inherited ones first; None: the list does not hold the unit."""
        if "*" not in self.units and code not in self.units:
            return None
        rows = [r for r in self.requirements if r.binds(code, category)]
        return sorted(rows, key=lambda r: (LEVELS.index(r.level), DIMENSIONS.index(r.dimension), r.id))


@dataclass(frozen=True)
class Answer:
    """What an officer said about one row: the situation, whether it conforms, on what ground, who and when."""

    conformity: str
    situation: str = ""
    basis: str = ""
    by: str = ""
    on: dt.date | None = None


@dataclass(frozen=True, eq=False, repr=False)
class UnitRow:
    """A row of one unit, on the parts that touch the unit.

    Attributes
    ----------
    touches, may : bool arrays
        Parts that touch the unit or may; of these, parts that only may.
    state : int8 array
        How the row stands, index into `CONFORMITY`.
    ruled : bool array
        Rules decided it: the officer's answer stands beside theirs.
    """

    unit: str
    requirement: Requirement
    touches: NDArray[np.bool_]
    may: NDArray[np.bool_]
    state: NDArray[np.int8]
    ruled: NDArray[np.bool_]
    answer: Answer | None


@dataclass(frozen=True, eq=False, repr=False)
class Compared:
    """Access lists compared with all parts: the rows, units without a list, how far what is open could push.

    `units` and `without_list` say of each unit whether each part touches it, unknown where it only may.
    """

    units: Mapping[tuple[str, str], Truth]
    rows: Sequence[UnitRow]
    without_list: Mapping[str, Truth]
    push: NDArray[np.int8]
    fails: NDArray[np.int8]


def compare(
    access: AccessList | None,
    units: Mapping[tuple[str, str], Truth],
    outcomes: Mapping[str, tuple[NDArray[np.int8], NDArray[np.int8]]],
    answers: Mapping[tuple[str, str], Answer],
    n: int,
) -> Compared:
    """Compare every requirement of every unit touched.

    Parameters
    ----------
    access : AccessList or None
        None: no list of any unit is known.
    units : mapping of (code, category) to int8 array of shape (n,)
        Whether each part touches each unit; unknown: only if accuracy or extent let it.
    outcomes : mapping of rule id to (outcome codes, pushes), arrays of shape (n,)
        Of the rules judged; codes as in `ecozone.rules.judge`.
    answers : mapping of (unit code, row id) to Answer
        Decide what rules leave open. Where rules decide, theirs is the word and the officer's stands beside it; what
        breaks a requirement by the officer's word still pushes the verdict.
    n : int

    Returns
    -------
    Compared
        `push` is what open rows could still do, `fails` what the officer's 不符合 does, both per part.
    """
    rows: list[UnitRow] = []
    missing: dict[str, Truth] = {}
    push, fails = np.zeros(n, np.int8), np.zeros(n, np.int8)
    for (code, category), meets in units.items():
        touches, may = meets > FALSE, (meets > FALSE) & (meets < TRUE)
        listed = access.of(code, category) if access is not None else None
        if listed is None:
            missing[code] = meets
            push = np.where(touches, np.int8(3), push)
            continue
        for requirement in listed:
            answer = answers.get((code, requirement.id))
            effect = np.int8(EFFECTS[requirement.effect][0])
            state = _by_rules(requirement, outcomes, n)
            broken = state == FAILS
            state = np.where(may & broken, OPEN, state)  # broken only if the unit is touched at all
            ruled = state != OPEN
            if answer is not None:
                said = np.int8(CONFORMITY.index(answer.conformity))
                # where rules break the row if the unit is touched, the officer can say that it is not, or agree
                mine = ~ruled & ~(broken & (said == MEETS))
                state = np.where(mine, said, state)
                if said == FAILS:
                    fails = np.where(touches, np.maximum(fails, effect), fails)
            push = np.where(touches & (state == OPEN), np.maximum(push, effect), push)
            rows.append(UnitRow(code, requirement, touches, may, state.astype(np.int8), ruled, answer))
    return Compared(units, rows, missing, push.astype(np.int8), fails.astype(np.int8))


def rows_of(access: AccessList | None, units: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the (unit code, row id) that a list holds of some units, given by code and category."""
    found = ((code, access.of(code, category) or ()) for code, category in units) if access is not None else ()
    return {(code, row.id) for code, rows in found for row in rows}


def _by_rules(
    requirement: Requirement, outcomes: Mapping[str, tuple[NDArray[np.int8], NDArray[np.int8]]], n: int
) -> NDArray[np.int8]:
    """Return how a row stands by its rules: broken by one, open by one, met, or concerned by none."""
    known = [outcomes[r] for r in requirement.rules if r in outcomes]
    if not known:  # the officer's row, or none of its rules is in force on the day
        return np.full(n, OPEN)
    hit, clear, unsure = (np.zeros(n, bool) for _ in range(3))
    for outcome, push in known:
        hit |= (outcome == 0) & (push >= 3)
        unsure |= (outcome == 3) | (outcome == 4) | ((outcome == 0) & (push > 0) & (push < 3))
        clear |= (outcome == 1) | ((outcome == 0) & (push == 0))
    concerned = hit | unsure | clear
    return np.select([hit, unsure, concerned], [FAILS, OPEN, MEETS], NOT_CONCERNED).astype(np.int8)


def dump(access: AccessList) -> dict[str, Any]:
    """Return an access list as plain JSON values; `parse` reads it back."""
    first, last = access.period.as_list()
    return {
        "format": 1,
        "version": access.version,
        "document": access.document,
        "valid_from": first,
        "valid_to": last,
        "units": list(access.units),
        "requirements": [
            {
                "id": r.id,
                "level": r.level,
                "applies_to": list(r.applies_to),
                "dimension": r.dimension,
                "heading": r.heading,
                "text": r.text,
                "effect": r.effect,
                "rules": list(r.rules),
            }
            for r in access.requirements
        ],
    }


def parse(raw: Mapping[str, Any], sha256: str) -> AccessList:
    """Read an access list from plain JSON values, as an atlas keeps it."""
    period = Period(*(dt.date.fromisoformat(raw[k]) if raw.get(k) else None for k in ("valid_from", "valid_to")))
    rows = tuple(
        Requirement(
            id=str(r["id"]),
            level=r["level"],
            applies_to=tuple(r["applies_to"]),
            dimension=r["dimension"],
            heading=r.get("heading", ""),
            text=r["text"],
            effect=r.get("effect") or HEADING_EFFECTS.get(r.get("heading", ""), "require"),
            rules=tuple(r.get("rules") or ()),
        )
        for r in raw["requirements"]
    )
    return AccessList(
        version=str(raw["version"]),
        document=str(raw.get("document") or ""),
        requirements=rows,
        units=tuple(raw.get("units") or ("*",)),
        period=period,
        sha256=sha256,
    )


def record(compared: Compared, rows: Sequence[int], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of a project's parts as plain JSON values; a row stands as on the part where it stands worst.

    Parameters
    ----------
    compared : Compared
    rows : sequence of int
        The project's parts.
    names : mapping of unit code to name
    """
    out: list[dict[str, Any]] = []
    for row in compared.rows:
        mine = [r for r in rows if row.touches[r]]
        if not mine:
            continue
        order = (int(NOT_CONCERNED), int(MEETS), int(OPEN), int(FAILS))
        part = max(mine, key=lambda p: order.index(int(row.state[p])))
        worst, ruled = int(row.state[part]), bool(row.ruled[part])
        r, answer = row.requirement, row.answer
        out.append(
            {
                "unit": row.unit,
                "unit_name": names.get(row.unit),
                "id": r.id,
                "level": r.level,
                "dimension": r.dimension,
                "heading": r.heading,
                "text": r.text,
                "effect": r.effect,
                "rules": list(r.rules),
                "conformity": CONFORMITY[worst],
                "possible": all(bool(row.may[p]) for p in mine),
                "decided_by": "rule" if ruled else "officer" if answer else None,
                "officer": answer.conformity if answer else None,
                "differs": bool(answer and ruled and answer.conformity != CONFORMITY[worst]),
                "situation": answer.situation if answer else "",
                "basis": answer.basis if answer else "",
                "by": answer.by if answer else "",
                "on": answer.on.isoformat() if answer and answer.on else None,
            }
        )
    return out
