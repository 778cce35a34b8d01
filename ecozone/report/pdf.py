"""PDF without an office suite and without a network: typst sets the tree, its data apart from its template."""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from ecozone.errors import MissingDependencyError
from ecozone.report.fonts import Font, chinese, drawable
from ecozone.report.tree import Block, Bullets, Document, Figure, Heading, Paragraph, Signature, Table


def pdf_bytes(document: Document) -> bytes:
    """Return a report as a PDF with a Chinese font embedded.

    Raises
    ------
    MissingDependencyError
        typst or a Chinese font is missing.
    """
    try:
        import typst
    except ImportError:
        raise MissingDependencyError("写 PDF 报告需要 typst，请安装：pip install ecozone[report]。") from None
    font = chinese()
    with tempfile.TemporaryDirectory(prefix="ecozone-") as folder:
        room = Path(folder)
        fonts = room / "fonts"
        fonts.mkdir()
        _lend(font, fonts)
        pictures = [b for b in document.blocks if isinstance(b, Figure)]
        for number, picture in enumerate(pictures):
            (room / f"figure-{number}.png").write_bytes(picture.png)
        data = {
            "title": document.title,
            "subtitle": document.subtitle,
            "mark": document.mark,
            "foot": document.foot,
            "page": document.page,
            "language": document.language,
            "fonts": [font.family],
            "blocks": [
                {**_plain(b, pictures), "stay": isinstance(after, Table | Bullets)}
                for b, after in zip(document.blocks, [*document.blocks[1:], None], strict=True)
            ],
        }
        (room / "report.json").write_text(drawable(font, json.dumps(data, ensure_ascii=False)), encoding="utf-8")
        main = room / "report.typ"
        main.write_text(
            (resources.files("ecozone.report") / "report.typ").read_text(encoding="utf-8"), encoding="utf-8"
        )
        made: bytes = typst.compile(str(main), root=str(room), font_paths=[str(fonts)], ignore_system_fonts=True)
    return made


def _lend(font: Font, folder: Path) -> None:
    """Put the font where typst looks, and nothing else of the system's fonts."""
    place = folder / font.path.name
    try:
        place.symlink_to(font.path)
    except OSError:  # Windows asks for a privilege to link
        shutil.copyfile(font.path, place)


def _plain(block: Block, pictures: list[Figure]) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "text": block.text, "level": block.level}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text, "style": block.style}
    if isinstance(block, Bullets):
        return {"kind": "bullets", "items": list(block.items)}
    if isinstance(block, Table):
        return {
            "kind": "table", "caption": block.caption, "head": list(block.head), "rows": [list(r) for r in block.rows],
            "widths": list(block.widths), "strong": list(block.strong), "whole": block.whole, "tall": block.tall,
        }  # fmt: skip
    if isinstance(block, Figure):
        number = next(i for i, p in enumerate(pictures) if p is block)
        return {"kind": "figure", "file": f"figure-{number}.png", "caption": block.caption, "share": block.share}
    assert isinstance(block, Signature)
    return {"kind": "signature", "labels": list(block.labels)}
