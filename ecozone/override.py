"""Overrides: an officer strikes a finding or a zone, with name, reason and date.

The original answer stays; what follows without the struck finding stands beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ecozone.errors import InputError, did_you_mean
from ecozone.rules.finding import Finding
from ecozone.rules.judge import VERDICTS
from ecozone.rules.model import EFFECTS

if TYPE_CHECKING:
    from ecozone.assessment import Open


@dataclass(frozen=True)
class Override:
    """One stroke of an officer.

    Attributes
    ----------
    rule : str
        The finding struck.
    zone : str or None
        Only one zone of the finding: it falls when no other zone carries it.
    by, reason : str
    on : datetime.date
    part : str
    """

    rule: str
    by: str
    reason: str
    on: dt.date
    zone: str | None = None
    part: str = "site"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "rule": self.rule,
            "part": self.part,
            "zone": self.zone,
            "by": self.by,
            "reason": self.reason,
            "on": self.on.isoformat(),
        }


def checked(override: Override, findings: Sequence[Finding]) -> Override:
    """Return an override that strikes something, signed and reasoned.

    Raises
    ------
    InputError
        No such finding or zone, nothing to strike, or no name or reason.
    """
    if not override.by.strip() or not override.reason.strip():
        raise InputError("更正必须写明经办人和理由。")
    found = [f for f in findings if f.rule == override.rule and f.part == override.part]
    if not found:
        near = did_you_mean(override.rule, {f.rule for f in findings})
        raise InputError(f"结论里没有规则“{override.rule}”（{override.part}）{near}请核对编号。")
    finding = found[0]
    if finding.outcome not in ("hit", "no_data", "undetermined"):
        raise InputError(f"规则“{override.rule}”没有命中，也不是未定事项，无须更正。")
    zones = [str(w["zone"]) for w in finding.where]
    if override.zone is not None and override.zone not in zones:
        raise InputError(f"规则“{override.rule}”没有涉及区域“{override.zone}”，涉及的有：{'、'.join(zones) or '无'}。")
    return override


def struck(finding: Finding, overrides: Iterable[Override]) -> bool:
    """Say whether a finding falls: struck whole, or all its zones struck."""
    mine = [o for o in overrides if o.rule == finding.rule and o.part == finding.part]
    zones = {str(w["zone"]) for w in finding.where}
    return any(o.zone is None for o in mine) or (bool(zones) and zones <= {o.zone for o in mine})


def revised(findings: Iterable[Finding], overrides: Sequence[Override]) -> tuple[str, bool]:
    """Return verdict and completeness without the findings struck (SEMANTICS 1)."""
    left = [f for f in findings if not struck(f, overrides)]
    push = reached(left, ())
    could = max((f.push for f in left if f.open), default=0)
    complete = could <= push
    return ("undetermined" if push == 0 and not complete else VERDICTS[push]), complete


def reached(findings: Iterable[Finding], overrides: Sequence[Override]) -> int:
    """Return how far the firm hits that still stand push the verdict, 0 to 3."""
    left = (f for f in findings if not struck(f, overrides))
    return max((f.push for f in left if f.outcome == "hit" and f.firm), default=0)


def still_open(opened: Iterable[Open], findings: Iterable[Finding], overrides: Sequence[Override]) -> list[Open]:
    """Return what is open without the findings struck: each thing with the rules and the effect that still want it."""
    left = [f for f in findings if f.open and f.push and not struck(f, overrides)]
    out = []
    for one in opened:
        mine = [f for f in left if f.rule in one.rules and (one.what in f.missing or _waits(f, one.what))]
        if mine:
            worst = max((f.effect for f in mine), key=lambda e: EFFECTS[e][0])
            branches = tuple(dict.fromkeys(f.branch for f in mine if f.branch))
            out.append(replace(one, rules=tuple(dict.fromkeys(f.rule for f in mine)), worst=worst, branches=branches))
    return sorted(out, key=lambda o: (-EFFECTS[o.worst][0], -len(o.rules), o.what))


def _waits(finding: Finding, what: str) -> bool:
    """Say whether a hit on weak ground waits for its text or its period."""
    return not finding.missing and what.startswith("ground:")
