"""Setting Chinese text on a terminal: display width, line breaks between Chinese signs, hanging labels, tables.

Everything printed stays within GBK, the encoding of many offices' consoles.
"""

from __future__ import annotations

import functools
import itertools
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

#: A line and how it is styled on a terminal that can.
Line = tuple[str, Mapping[str, Any]]
PLAIN: Mapping[str, Any] = {}
BOLD: Mapping[str, Any] = {"bold": True}
DIM: Mapping[str, Any] = {"dim": True}
#: Text is never set wider or narrower than this, whatever the terminal.
NARROWEST, WIDEST, USUAL = 60, 110, 100
#: No column of a table is folded to less.
_LEAST = 12
#: What GBK lacks, and what is written instead.
_GBK = (
    ("km²", "平方公里"),
    ("m²", "㎡"),
    ("m³", "立方米"),
    ("²", "2"),
    ("³", "3"),
    ("¶", "款"),
    ("✓", "√"),
    ("•", "·"),
    ("–", "-"),
    ("\xa0", " "),
)
_CLOSING = "，。、；：？！）》」』】〕”’…％%℃㎡"
_OPENING = "（《「『【〔“‘±"
_ATOM = re.compile(r"[!-~]+(?: (?:[米条亩项]|平方公里|平方米|公里|公顷|立方米))?|\s+|.", re.DOTALL)


def gbk(text: str) -> str:
    """Return a text without the signs that GBK lacks and that ecozone itself uses."""
    for sign, instead in _GBK:
        text = text.replace(sign, instead)
    return text


def columns() -> int:
    """Return how many columns a line may take."""
    return min(WIDEST, max(NARROWEST, shutil.get_terminal_size((USUAL, 24)).columns))


@functools.lru_cache(maxsize=4096)  # the same few hundred signs are asked thousands of times
def width(text: str) -> int:
    """Return how many columns a text takes on a Chinese console: one a byte of GBK."""
    return len(text.encode("gbk", "replace"))


def wrap(text: str, room: int) -> list[str]:
    """Break a text into lines of at most `room` columns.

    Chinese breaks between any two signs, but no line begins with a closing sign or ends with an opening one.
    Words, numbers and codes in ASCII stay whole while they fit, a number with its unit.
    """
    lines: list[str] = []
    for paragraph in gbk(text).splitlines() or [""]:
        if width(paragraph) <= room:
            lines.append(paragraph.strip())
            continue
        line, used = "", 0
        for atom in _atoms(paragraph, room):
            if line and used + width(atom.rstrip()) > room:
                lines.append(line.rstrip())
                line, used = "", 0
            piece = atom if line else atom.lstrip()
            line, used = line + piece, used + width(piece)
        lines.append(line.rstrip())
    return lines


def _atoms(text: str, room: int) -> Iterator[str]:
    """Yield what must not be broken: signs with the punctuation that clings to them."""
    glued = ""
    for atom in _ATOM.findall(text):
        if glued and atom not in _CLOSING and glued[-1] not in _OPENING:
            yield from _pieces(glued, room)
            glued = ""
        glued += atom
    if glued:
        yield from _pieces(glued, room)


def _pieces(atom: str, room: int) -> Iterator[str]:
    """Yield an atom, cut hard where it alone is longer than a line."""
    while width(atom) > room:
        cut = next(k for k in range(1, len(atom) + 1) if width(atom[: k + 1]) > room or k == len(atom))
        yield atom[:cut]
        atom = atom[cut:]
    yield atom


def labelled(label: str, text: str, *, indent: int = 0, column: int = 10) -> list[str]:
    """Return ``label  text``, continued under the text.

    Parameters
    ----------
    label : str
    text : str
    indent : int
        Columns before the label.
    column : int
        Columns from the label's first to the text's first.
    """
    lines = wrap(text, columns() - indent - column)
    heads = [label, *[""] * (len(lines) - 1)]
    return [
        " " * indent + h + " " * max(1 if h else 0, column - width(h)) + t for h, t in zip(heads, lines, strict=True)
    ]


def quantity(value: Any, unit: str | None = None) -> str:
    """Return a figure with its unit, a truth as 是 or 否."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value} {'米' if unit == 'm' else unit}" if unit else str(value)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows with their cells one under the other, as wide as they are."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    padded = ("  ".join(c + " " * (w - width(c)) for c, w in zip(row, widths, strict=True)) for row in rows)
    return [line.rstrip() for line in padded]


def field(label: str, text: str, style: Mapping[str, Any] = PLAIN, *, indent: int = 0) -> Iterable[Line]:
    """Yield one labelled entry of an answer."""
    return ((line, style) for line in labelled(label, text, indent=indent, column=8))


def title(text: str) -> Iterable[Line]:
    """Yield a heading after an empty line."""
    return (("", PLAIN), (text, BOLD))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: Sequence[int] = ()) -> str:
    """Return a table as text.

    Parameters
    ----------
    headings : sequence of str
    rows : sequence of sequences of str
    flexible : sequence of int
        Columns that are folded when the table is too wide; the others keep their width.
    """
    rooms = _rooms([headings, *rows], flexible)
    lines = [*_row(headings, rooms), "-" * (sum(rooms) + 2 * (len(rooms) - 1))]
    for row in rows:
        lines.extend(_row(row, rooms))
    return "\n".join(line.rstrip() for line in lines)


def _row(cells: Sequence[str], rooms: Sequence[int]) -> Iterator[str]:
    """Yield the lines of one row, its cells folded to their rooms."""
    folded = [wrap(cell, room) for cell, room in zip(cells, rooms, strict=True)]
    for line in itertools.zip_longest(*folded, fillvalue=""):
        yield "  ".join(text + " " * (room - width(text)) for text, room in zip(line, rooms, strict=True))


def _rooms(rows: Sequence[Sequence[str]], flexible: Sequence[int]) -> list[int]:
    """Return the columns each cell may take: what is too much is taken from the widest flexible ones."""
    rooms = [max(width(gbk(cell)) for cell in column) for column in zip(*rows, strict=True)]
    over = sum(rooms) + 2 * len(rooms) - columns()
    while over > 0 and flexible:
        widest = max(flexible, key=lambda i: rooms[i])
        if rooms[widest] <= _LEAST:
            break
        rooms[widest], over = rooms[widest] - 1, over - 1
    return rooms
