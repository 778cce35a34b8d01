"""A report as a plain tree of blocks, the same for every medium: writers set it, they add nothing of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

#: What no XML document and no cell may hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

#: Rows and signs up to which a table of labels and values is not broken over pages.
_WHOLE_ROWS, _WHOLE = 14, 1200
#: A row longer than so many signs may break over pages.
LONG_ROW = 900


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3; level 1 and 2 are numbered by the document, not by the writer."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Running text. `style`: ``body``, ``lead`` (the conclusion), ``note`` (small print) or ``mark`` (sample data)."""

    text: str
    style: str = "body"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table with a caption, heads that repeat on every page, and relative column widths.

    Without `head` the first column holds labels.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    strong: Sequence[int] = ()

    @property
    def whole(self) -> bool:
        """Say whether it stays on one page: a short one of labels and values."""
        return not self.head and len(self.rows) <= _WHOLE_ROWS and sum(len(t) for r in self.rows for t in r) < _WHOLE

    @property
    def tall(self) -> bool:
        """Say whether a row may break over pages: one of so many signs may not fit on any."""
        return any(sum(map(len, row)) > LONG_ROW for row in self.rows)


@dataclass(frozen=True)
class Figure:
    """A picture (PNG) with its caption; `share` is its part of the text width."""

    caption: str
    png: bytes = field(repr=False)
    share: float = 1.0


@dataclass(frozen=True)
class Signature:
    """Lines to sign on: label and blank."""

    labels: Sequence[str]


Block = Heading | Paragraph | Bullets | Table | Figure | Signature


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes
    ----------
    title, subtitle : str
    mark : str
        Printed on every page, e.g. 示例数据，非法定边界; empty for none.
    foot : str
        Running foot beside the page number.
    page : str
        How a page number is set, with ``{page}`` and ``{pages}``.
    language : str
        ``zh`` or ``en``.
    blocks : sequence of Block
    """

    title: str
    subtitle: str
    mark: str
    foot: str
    page: str
    language: str
    blocks: Sequence[Block]

    def texts(self) -> Iterator[str]:
        """Yield everything that is read, in order."""
        yield from (self.title, self.subtitle, self.mark, self.foot)
        for block in self.blocks:
            yield from block_texts(block)


def block_texts(block: Block) -> Iterator[str]:
    """Yield the texts of one block, in order."""
    if isinstance(block, Heading | Paragraph):
        yield block.text
    elif isinstance(block, Bullets):
        yield from block.items
    elif isinstance(block, Table):
        yield block.caption
        yield from block.head
        for row in block.rows:
            yield from row
    elif isinstance(block, Figure):
        yield block.caption
    else:
        yield from block.labels


def clean(text: object) -> str:
    """Return a value as text that every medium can hold: no control signs, no lone surrogates."""
    return _CONTROL.sub("", "" if text is None else str(text)).replace("\r\n", "\n").replace("\r", "\n").strip()
