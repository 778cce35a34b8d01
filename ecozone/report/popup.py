"""What a map tells about a zone: a line when pointed at, a table with citations when clicked. All of it escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ecozone import kinds
from ecozone.report import escape, wording

if TYPE_CHECKING:
    from ecozone.rules.finding import Finding


def tip(name: str, *lines: str) -> str:
    """Return a tooltip: a name and what else is worth one look."""
    rest = "".join(f"<br>{escape.text(line)}" for line in lines if line)
    return f"<b>{escape.text(name)}</b>{rest}"


def zone(
    kind: str,
    zone_id: str,
    name: str,
    attributes: Mapping[str, Any],
    *,
    facts: Mapping[str, Any] | None = None,
    findings: Iterable[Finding] = (),
    notice: str | None = None,
) -> str:
    """Return the popup of a zone.

    Parameters
    ----------
    kind, zone_id, name : str
    attributes : mapping
        The zone's columns.
    facts : mapping, optional
        What was measured between the project and the zone, by Chinese label.
    findings : iterable of Finding
        Findings that hit because of it.
    notice : str, optional
        A mark of the layer, e.g. 示例数据，非法定边界.
    """
    rows = {**wording.zone_rows(kind, zone_id, attributes), **(facts or {})}
    return _popup(name or kinds.name(kind), rows, findings, notice)


def thing(title: str, rows: Mapping[str, Any], notice: str | None = None) -> str:
    """Return the popup of something that is not a zone: a site, a belt, a line."""
    return _popup(title, rows, (), notice)


def finding_list(findings: Iterable[Finding]) -> str:
    """Return findings as a list: effect and title, and below where it stands."""
    items = "".join(
        f"<li><b>{escape.text(f.effect_text)}</b> {escape.text(f.title)}"
        f"<small>{escape.text(wording.cited(f))}</small></li>"
        for f in findings
    )
    return f"<ul>{items}</ul>" if items else ""


def _popup(title: str, rows: Mapping[str, Any], findings: Iterable[Finding], notice: str | None) -> str:
    dim = f'<p class="eco-dim">{escape.text(notice)}</p>' if notice else ""
    return f'<div class="eco-pop"><h2>{escape.text(title)}</h2>{escape.table(rows)}{finding_list(findings)}{dim}</div>'
