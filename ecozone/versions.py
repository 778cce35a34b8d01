"""Which of several versions goes before which, and on what days each is used: layers, access lists and rasters alike.

On a day, of the versions that hold then, the last one in `order` is used. Imports ask here beforehand, so that no
version comes into an atlas only to stand unseen behind another.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecozone.layer import Layer
    from ecozone.raster import Raster

_PIECES = re.compile(r"[0-9]+|[^\W0-9_]+")
_DAY = dt.timedelta(days=1)


def order(first: dt.date | str | None, version: str) -> tuple[str, tuple[tuple[int, int, str], ...], str]:
    """Return what versions of one kind are sorted by; of those that hold on a day the last one is used.

    First by the first day they hold, None (always) before any; then by the version as one reads it: runs of digits
    are numbers and what parts them says nothing, so ``2026.1`` < ``2026.9`` < ``2026.10`` < ``2026-11-22``; a number
    goes before a word.

    Parameters
    ----------
    first : datetime.date or ISO str, optional
    version : str
    """
    pieces = tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p.casefold()) for p in _PIECES.findall(version))
    return str(first or "")[:10], pieces, version


@dataclass(frozen=True)
class Held:
    """A version and the days it holds, both ends included; None is open."""

    version: str
    first: dt.date | None = None
    last: dt.date | None = None

    def on(self, day: dt.date) -> bool:
        """Say whether it holds on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def provenance(of: Layer | Raster) -> dict[str, Any]:
    """Return where a version comes from and when it holds, as plain JSON values."""
    return {
        "kind": of.kind,
        "version": of.version,
        "source": of.source,
        "licence": of.licence,
        "document": of.document,
        "valid_from": of.valid_from.isoformat() if of.valid_from else None,
        "valid_to": of.valid_to.isoformat() if of.valid_to else None,
        "accuracy_m": of.accuracy_m,
    }


def used(versions: Sequence[Held], day: dt.date) -> Held | None:
    """Return the version used on a day, or None."""
    return max((v for v in versions if v.on(day)), key=lambda v: order(v.first, v.version), default=None)


def unused(new: Held, others: Sequence[Held], today: dt.date | None = None) -> str:
    """Say why a version would not be used when it should begin to be: from its first day, else from today, on.

    Parameters
    ----------
    new : Held
        The version to come.
    others : sequence of Held
        The versions that are there.
    today : datetime.date, optional
        None: a version without a first day must be used for good.

    Returns
    -------
    str
        A sentence that names the version in front and what to do, or ``""``: it is used.
    """
    start = new.first or min(today or dt.date.max, new.last or dt.date.max)
    if not new.on(start):
        return f"版本 {new.version} 的失效日期 {new.last} 早于生效日期 {new.first}，没有一天有效，请核对后改正。"
    front = used([*others, new], start)
    if front is None or front == new:
        return ""
    when = "今后" if start == dt.date.max else f"{start} "
    if front.first == new.first:
        why = f"两版{_since(front)}，按版本号 {front.version} 在后，在前的让位于它"
        what = f"请用 --version 给一个排在 {front.version} 之后的版本号，或用 --valid-from 写明本版从哪一天起施行"
    else:
        why = f"它{_since(front)}，本版没有写明生效日期，按最早的一版对待"
        what = f"请用 --valid-from 写明本版从哪一天起施行（晚于 {front.first}）"
    return (
        f"版本 {new.version} 即使导入，{when}采用的仍是版本 {front.version}：{why}。{what}；"
        "只用于过去一段时间的，请用 --valid-to 写明止日。"
    )


def told(new: Held, others: Sequence[Held]) -> str:
    """Say on what days a version is used and which versions it replaces then, as a sentence without a full stop."""
    every = [*others, new]
    ends = {v.last + _DAY for v in every if v.last is not None and v.last < dt.date.max}
    cuts = sorted({dt.date.min, *ends, *(v.first for v in every if v.first is not None)})
    stretches: list[tuple[dt.date, Held | None, Held | None]] = []
    for day in cuts:
        here, before = used(every, day), used(others, day)
        if not stretches or stretches[-1][1:] != (here, before):
            stretches.append((day, here, before))
    said = []
    for i, (day, here, before) in enumerate(stretches):
        if here != new:
            continue
        until = stretches[i + 1][0] - _DAY if i + 1 < len(stretches) else None
        since = f"自 {day} 起" if day > dt.date.min else "" if until else "对任何日期都"
        to = f"至 {until} 止" if until else ""
        said.append(f"{since}{to}采用本版" + (f"，代替版本 {before.version}" if before else "，此前没有可用的版本"))
    return "；".join(said) or "没有一天采用本版"


def _since(version: Held) -> str:
    return f"自 {version.first} 起有效" if version.first else "没有写明生效日期"
