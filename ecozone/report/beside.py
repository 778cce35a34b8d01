"""The table beside a map: one row a zone, the gravest first; a row finds its zone on the map, a zone its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from ecozone.report import escape, legend
from ecozone.report.style import Style

#: What a row says of a zone that no finding stands on.
NOTHING = "—"


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes
    ----------
    key : str
        The zone's, as its feature on the map carries it.
    name, kind, relation, effect : str
        Not yet escaped.
    at : shapely Point, EPSG:4490
        Where the zone is nearest to the project.
    look : Style
        As the zone looks on the map.
    rank : tuple
        Rows stand in this order.
    """

    key: str
    name: str
    kind: str
    relation: str
    effect: str
    at: Any
    look: Style
    rank: tuple[float, ...] = ()


def table(rows: Sequence[Row], places: Sequence[Any], *, title: str) -> str:
    """Return the table as HTML.

    Parameters
    ----------
    rows : sequence of Row
    places : sequence of shapely Points
        `Row.at` of each where the map shows it (a ground may be shifted).
    title : str
    """
    if not rows:
        return ""
    order = sorted(range(len(rows)), key=lambda i: (rows[i].rank, rows[i].name))
    body = "".join(_row(rows[i], places[i]) for i in order)
    heads = "".join(f'<th scope="col">{h}</th>' for h in ("分区", "关系", "结论"))
    return (
        f'<details class="eco-box eco-list" open><summary>{escape.text(title)} <small>{len(rows)}</small></summary>'
        f'<div class="eco-rows"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div></details>'
    )


def _row(row: Row, place: Any) -> str:
    at = f"{shapely.get_y(place):.7f},{shapely.get_x(place):.7f}"
    button = escape.attributes(type="button", aria_pressed="false")
    return (
        f"<tr {escape.attributes(data_key=row.key, data_at=at)}><td><button {button}>{legend.swatch(row.look)}"
        f"{escape.text(row.name)}</button><small>{escape.text(row.kind)}</small></td>"
        f"<td>{escape.text(row.relation)}</td><td>{escape.text(row.effect)}</td></tr>"
    )
