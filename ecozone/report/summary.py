"""The summary page of many answers: one section a region, one card a project. Plain HTML that needs no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote

from ecozone._version import __version__
from ecozone.report import escape, wording
from ecozone.report.style import styles

if TYPE_CHECKING:
    from ecozone.assessment import Assessment

#: The page asks for nothing from anywhere, and a browser holds it to that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_DISCLAIMER = "结论依据已载入的图层和规则得出，仅供参考，不替代有权部门的审查决定。"
_GROUNDS, _QUESTIONS = 2, 3


@dataclass(frozen=True)
class SummaryRow:
    """One project on the page.

    Attributes
    ----------
    region, region_name : str
        Six-digit code and name of the region; rows of one region stand in one section.
    id : str
        Identifier of the project.
    assessment : Assessment
    story : str
        What the project is meant to show.
    json_href, map_href : str
        Relative addresses of its record and its map.
    """

    region: str
    region_name: str
    id: str
    assessment: Assessment
    story: str
    json_href: str
    map_href: str


def summary_page(rows: Iterable[SummaryRow], *, title: str = "项目选址符合性核对：汇总") -> str:
    """Return the page as one HTML document.

    Parameters
    ----------
    rows : iterable of SummaryRow
        In the order in which they are shown; a region's rows follow each other.
    title : str
    """
    every = list(rows)
    notices = list(dict.fromkeys(r.assessment.context.notice for r in every if r.assessment.context.notice))
    body = [
        f"<h1>{escape.text(title)}</h1>",
        f'<p class="dim">共 {len(every)} 个项目。{_DISCLAIMER}</p>',
        *(f'<p class="notice">{escape.text(n)}</p>' for n in notices),
        _counts(every),
    ]
    for _, group in groupby(every, key=lambda r: r.region):
        body.append(_section(list(group)))
    css = (resources.files("ecozone.report") / "summary.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape.text(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + f"\n<footer>由 ecozone {escape.text(__version__)} 生成。颜色为{escape.text(styles().label)}。"
        "每个项目的全部结论项、依据和数据版本见其记录（JSON）。</footer>\n</main>\n</body>\n</html>\n"
    )


def _counts(rows: Sequence[SummaryRow]) -> str:
    items = []
    for verdict in styles().verdicts:
        n = sum(r.assessment.verdict == verdict for r in rows)
        if n:
            items.append(f"<li>{_badge(verdict)} {n} 个</li>")
    return f'<ul class="counts">{"".join(items)}</ul>' if items else ""


def _section(rows: Sequence[SummaryRow]) -> str:
    first = rows[0]
    head = f"<h2>{escape.text(first.region_name)} <small>{escape.text(first.region)} · {len(rows)} 个项目</small></h2>"
    return f'<section>\n{head}\n<ul class="projects">\n{"".join(map(_card, rows))}</ul>\n</section>'


def _card(row: SummaryRow) -> str:
    answer = row.assessment
    project, edge = answer.project, styles().verdicts[answer.verdict].colour
    settled = answer.complete or answer.verdict == "undetermined"
    open_ = "" if settled else '<span class="dim">尚有事项未能判定</span>'
    story = f'<p class="dim">{escape.text(row.story)}</p>' if row.story else ""
    links = "".join(
        f"<a {escape.attributes(href=quote(href, safe='/'))}>{label}</a>"
        for href, label in ((row.map_href, "地图"), (row.json_href, "记录（JSON）"))
        if href
    )
    return (
        f"<li {escape.attributes(class_='project', id=row.id, style=f'--edge:{edge}')}>\n"
        f'<div class="what"><h3>{escape.text(project.name)}</h3>'
        f'<p class="verdict">{_badge(answer.verdict)}{open_}</p>{story}</div>\n'
        f'<div class="why"><dl>{_rows(row)}</dl><div class="links">{links}</div></div>\n</li>\n'
    )


def _rows(row: SummaryRow) -> str:
    answer = row.assessment
    weak = answer.verdict == "undetermined" and wording.grounds(answer)
    said = {
        "项目": [wording.project_line(answer.project)],
        "已命中" if weak else "主要依据": _grounds(answer),
        "待明确": _questions(answer),
        "管控单元": list(dict.fromkeys(wording.unit(u) for u in answer.units))[:_QUESTIONS],
        "判定日期": [answer.as_of.isoformat()],
    }
    return "".join(f"<dt>{escape.text(k)}</dt><dd>{_list(v)}</dd>" for k, v in said.items() if v)


def _grounds(answer: Assessment) -> list[str]:
    """Return the hits that push as far as the verdict, or the sentence of a verdict without any."""
    grounds = wording.grounds(answer)
    if not grounds:
        return [answer.sentence]
    main = [f for f in grounds if f.push == grounds[0].push]
    more = len(main) - _GROUNDS
    shown = [f"{f.effect_text}：{f.title} {wording.cited(f)}" for f in main[:_GROUNDS]]
    return [*shown, f"同等效力的另有 {more} 条"] if more > 0 else shown


def _questions(answer: Assessment) -> list[str]:
    asked = wording.questions(answer)
    more = len(asked) - _QUESTIONS
    shown = [q.label for q in asked[:_QUESTIONS]]
    return [*shown, f"另有 {more} 项，见记录"] if more > 0 else shown


def _list(items: Sequence[str]) -> str:
    if len(items) == 1:
        return escape.text(items[0])
    return f"<ul>{''.join(f'<li>{escape.text(i)}</li>' for i in items)}</ul>"


def _badge(verdict: str) -> str:
    look = styles().verdicts[verdict]
    style = f"background:{look.colour};color:{look.ink}"
    return f"<span {escape.attributes(class_='badge', style=style)}>{escape.text(look.short)}</span>"
