"""A finding: one rule on one part of a project, with its evidence, as it is shown and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecozone.rules.model import EFFECTS


@dataclass(frozen=True)
class Finding:
    """One rule × one part of a project.

    Attributes
    ----------
    rule, book, title, requirement : str
    part : str
        ``site`` or the name of another part.
    effect : str
        The rule's effect, or the weaker one that holds while an exception waits for its proof.
    outcome : str
        ``hit``, ``clear``, ``not_applicable``, ``no_data`` or ``undetermined``.
    firm : bool
        A hit may carry the verdict alone (text read, plan's period not over).
    citation : mapping
    where : tuple of mapping
        Zones measured: kind, layer, zone, name, overlap_m2, overlap_m, share, distance_m, accuracy_m.
    because, missing : tuple of str
        Why the outcome is what it is, in Chinese; what would close it, as keys.
    branch : str or None
        What would follow if what is missing turned out against the project (JSON key ``if``).
    reads, threshold : mapping
        Raw values read and what they were compared with.
    """

    rule: str
    book: str
    title: str
    requirement: str
    part: str
    effect: str
    outcome: str
    firm: bool
    authority: str
    text: str
    citation: Mapping[str, Any]
    source: tuple[str, ...] = ()
    where: tuple[Mapping[str, Any], ...] = ()
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    branch: str | None = None
    reads: Mapping[str, Any] = field(default_factory=dict)
    threshold: Mapping[str, Any] = field(default_factory=dict)
    line: str | None = None
    office: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    cited: str = ""

    @property
    def push(self) -> int:
        """How far the effect pushes the verdict, 0 to 3."""
        return EFFECTS[self.effect][0]

    @property
    def effect_text(self) -> str:
        """The effect as an officer reads it."""
        return EFFECTS[self.effect][1]

    @property
    def open(self) -> bool:
        """Whether the finding could still push the verdict: nobody knows, or it does not stand on firm ground."""
        return self.outcome in ("no_data", "undetermined") or (self.outcome == "hit" and not self.firm)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {
            "rule": self.rule,
            "book": self.book,
            "title": self.title,
            "requirement": self.requirement,
            "part": self.part,
            "effect": self.effect,
            "outcome": self.outcome,
            "firm": self.firm,
            "authority": self.authority,
            "text": self.text,
            "citation": dict(self.citation),
            "cited": self.cited,
            "source": list(self.source),
            "where": [dict(w) for w in self.where],
            "because": list(self.because),
            "missing": list(self.missing),
            "if": self.branch,
            "reads": dict(self.reads),
            "threshold": dict(self.threshold),
            "line": self.line,
            "office": list(self.office),
            "next": list(self.next),
            "marks": list(self.marks),
        }
