"""HTML: a report as one file that needs nothing else, every text escaped."""

from __future__ import annotations

import base64
from importlib import resources

from ecozone.report.escape import text
from ecozone.report.tree import Block, Bullets, Document, Figure, Heading, Paragraph, Table


def html_text(document: Document) -> str:
    """Return a report as one HTML page without scripts and without addresses."""
    css = (resources.files("ecozone.report") / "report.css").read_text(encoding="utf-8")
    language = "zh-CN" if document.language == "zh" else "en"
    mark = f'<p class="mark">{text(document.mark)}</p>' if document.mark else ""
    body = "\n".join(_block(b) for b in document.blocks)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(document.title)}：{text(document.subtitle)}</title><style>{css}</style></head><body>"
        f'<h1>{text(document.title)}</h1><p class="sub">{text(document.subtitle)}</p>{mark}\n{body}\n'
        f"<footer>{text(document.foot)}</footer></body></html>\n"
    )


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level + 1}>{text(block.text)}</h{block.level + 1}>"
    if isinstance(block, Paragraph):
        return f'<p class="{block.style}">{_lines(block.text)}</p>'
    if isinstance(block, Bullets):
        return f"<ul>{''.join(f'<li>{_lines(i)}</li>' for i in block.items)}</ul>"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        data = base64.b64encode(block.png).decode("ascii")
        return (
            f'<figure><img alt="{text(block.caption)}" src="data:image/png;base64,{data}">'
            f"<figcaption>{text(block.caption)}</figcaption></figure>"
        )
    return f'<div class="sign">{"".join(f"<span>{text(label)}</span>" for label in block.labels)}</div>'


def _table(block: Table) -> str:
    total = sum(block.widths)
    columns = "".join(f'<col style="width:{100 * w / total:.2f}%">' for w in block.widths)
    caption = f"<caption>{text(block.caption)}</caption>" if block.caption else ""
    heads = "".join(f"<th>{text(h)}</th>" for h in block.head)
    head = f"<thead><tr>{heads}</tr></thead>" if block.head else ""
    rows = "".join(
        "<tr>"
        + "".join(
            f"<th>{_lines(cell)}</th>" if i in block.strong else f"<td>{_lines(cell)}</td>"
            for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in block.rows
    )
    return f'<div class="wide"><table>{caption}<colgroup>{columns}</colgroup>{head}<tbody>{rows}</tbody></table></div>'


def _lines(value: str) -> str:
    return "<br>".join(text(line) for line in value.split("\n"))
