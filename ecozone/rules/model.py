"""What a rulebook says, as values: books, rules, citations, exceptions, the register of what is not encoded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Effects, how far each pushes the verdict (0 nothing, 1 conditional, 2 restricted, 3 prohibited), and their
#: Chinese names (SEMANTICS 1).
EFFECTS: Mapping[str, tuple[int, str]] = {
    "prohibit": (3, "禁止"),
    "suspend": (3, "暂停审批"),
    "exit_close": (3, "关停、退出"),
    "prohibit_in_principle": (2, "原则上禁止"),
    "restrict": (2, "严控、限制"),
    "require": (1, "须满足条件"),
    "exit_rectify": (1, "整改"),
    "inform": (0, "提示"),
    "prefer": (0, "鼓励"),
}
AUTHORITIES: Mapping[str, str] = {
    "law": "法律",
    "regulation": "法规",
    "rule": "规章",
    "normative": "规范性文件",
    "standard": "标准",
    "plan": "规划",
}
TEXTS: Mapping[str, str] = {"text": "已核原文", "recalled": "凭记忆转述，未核原文", "missing": "未取得文本"}
#: Natures of building something; `existing` alone is judged by exit rules (SEMANTICS 3).
BUILDING = ("new", "expand", "rebuild", "upgrade", "relocate")


@dataclass(frozen=True)
class Period:
    """A period of days, both ends included; None is open."""

    first: dt.date | None = None
    last: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        """Say whether a day lies in the period."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def as_list(self) -> list[str | None]:
        """Return both ends as ISO text."""
        return [d.isoformat() if d else None for d in (self.first, self.last)]


@dataclass(frozen=True)
class Document:
    """A law, plan or other paper that rules cite."""

    key: str
    title: str
    number: str | None
    authority: str
    text: str
    period: Period


@dataclass(frozen=True)
class Citation:
    """Where a rule stands: document, article (decimal digits) or section, paragraph, item."""

    document: Document
    article: str | None = None
    section: str | None = None
    paragraph: int | None = None
    item: str | None = None

    def __str__(self) -> str:
        text = f"《{self.document.title}》"
        if self.article:
            number, _, sub = self.article.partition("-")
            text += f"第{number}条" + (f"之{sub}" if sub else "")
        if self.section:
            line = self.section.removeprefix("L")
            text += f"（原文第{line}行）" if line[:1].isdigit() else f"（{self.section}）"
        if self.paragraph:
            text += f"第{self.paragraph}款"
        if self.item:
            text += f"第{self.item}项"
        return text + (f"（{self.document.number}）" if self.document.number else "")


@dataclass(frozen=True)
class Exemption:
    """A lawful exception of a rule: when it applies, what proves it, what holds until then."""

    id: str
    when: Mapping[str, Any] | None
    where: Mapping[str, Any] | None
    proof: tuple[str, ...]
    pending_effect: str
    note: str
    citation: Citation


@dataclass(frozen=True)
class LadderException:
    """Why a stricter zone lets something pass that a laxer one does not, and the provision that says so."""

    when: Mapping[str, Any] | None
    note: str
    citation: Citation


@dataclass(frozen=True, eq=False, repr=False)
class Rule:
    """One provision for one case: where, when, effect, exceptions, citation, period, office."""

    id: str
    book: str
    title: str
    requirement: str
    source: tuple[str, ...]
    citation: Citation
    authority: str
    text: str
    period: Period
    natures: tuple[str, ...]
    when: Mapping[str, Any] | None
    where: Mapping[str, Any] | None
    effect: str
    exceptions: tuple[Exemption, ...] = ()
    office: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    season: str | None = None
    superseded_by: str | None = None
    note: str = ""
    line: int | None = None
    replaces: tuple[str, ...] = ()
    empowered_by: Citation | None = None
    ladder_exception: LadderException | None = None

    @property
    def push(self) -> int:
        """How far a hit pushes the verdict."""
        return EFFECTS[self.effect][0]

    def expired(self, day: dt.date) -> bool:
        """Say whether the rule is of a plan whose period is over: it still hits, but decides nothing alone."""
        last = self.citation.document.period.last
        return self.authority == "plan" and last is not None and last < day

    def firm(self, day: dt.date) -> bool:
        """Say whether a hit may carry the verdict alone: text read, plan not over."""
        return self.text == "text" and not self.expired(day)

    def in_force(self, day: dt.date) -> bool:
        """Say whether the rule is to be looked at on a day: its period, but a plan's end does not remove it."""
        if self.authority == "plan":
            return self.period.first is None or self.period.first <= day
        return self.period.holds(day)


@dataclass(frozen=True)
class Instrument:
    """A paper known to exist and not encoded; one that bears on siting keeps an answer from being complete."""

    id: str
    title: str
    number: str | None
    authority: str
    bears_on_siting: bool
    why: str
    book: str = ""


@dataclass(frozen=True)
class ParameterSpec:
    """A figure that a source leaves open."""

    name: str
    label: str
    unit: str | None
    type: str
    source: tuple[str, ...]
    question: str
    book: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Rulebook:
    """Rules of one jurisdiction; on a day before `encoded_from` they are not all there, and nothing is complete."""

    name: str
    title: str
    jurisdiction: str
    version: str
    sha256: str
    rules: tuple[Rule, ...]
    documents: Mapping[str, Document] = field(default_factory=dict)
    instruments: tuple[Instrument, ...] = ()
    parameters: Mapping[str, ParameterSpec] = field(default_factory=dict)
    groups: Mapping[str, Any] = field(default_factory=dict)
    encoded_from: dt.date | None = None
