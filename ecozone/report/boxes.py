"""The boxes around a map: title with verdict and grounds, the sample-data notice, the caption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecozone import kinds
from ecozone.report import escape, legend, wording

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.atlas import Atlas

_GROUNDS, _QUESTIONS, _UNITS = 3, 2, 2


def assessment_box(assessment: Assessment) -> str:
    """Return the title box of an answer: project, verdict, grounds, unit, open questions."""
    project, context = assessment.project, assessment.context
    out = [
        f"<h1>{escape.text(project.name)}</h1>",
        legend.badge(assessment.verdict, assessment.complete),
        f"<p>{escape.text(wording.project_line(project))}</p>",
        f'<p class="eco-dim">{escape.text(context.region_name)} · 判定日期 {assessment.as_of.isoformat()}</p>',
    ]
    grounds = wording.grounds(assessment)
    if grounds:
        items = "".join(
            f"<li><b>{escape.text(f.effect_text)}</b> {escape.text(f.title)}"
            f"<small>{escape.text(wording.cited(f))}</small></li>"
            for f in grounds[:_GROUNDS]
        )
        more = len(grounds) - _GROUNDS
        out.append(f"<ul>{items}</ul>" + (f'<p class="eco-dim">另有 {more} 条，见结论记录。</p>' if more > 0 else ""))
    else:
        out.append(f"<p>{escape.text(assessment.sentence)}</p>")
    units = list(dict.fromkeys(wording.unit(u) for u in assessment.units))
    if units:
        rest = f" 等 {len(units)} 个" if len(units) > _UNITS else ""
        out.append(f'<p class="eco-dim">管控单元：{escape.text("；".join(units[:_UNITS]) + rest)}</p>')
    questions = wording.questions(assessment)
    if questions:
        names = "；".join(q.label for q in questions[:_QUESTIONS])
        rest = f" 等 {len(questions)} 项" if len(questions) > _QUESTIONS else ""
        out.append(f'<p class="eco-dim">待明确：{escape.text(names + rest)}</p>')
    return f'<div class="eco-box eco-title">{"".join(out)}</div>'


def atlas_box(atlas: Atlas, shown: Sequence[str] | None = None) -> str:
    """Return the title box of an atlas: region, layers shown, and kinds that are known to have nothing here."""
    shown = atlas.kinds if shown is None else shown
    empty = [kinds.name(k) for k in shown if not len(atlas[k])]
    zones = sum(len(atlas[k]) for k in shown)
    out = [
        f"<h1>{escape.text(atlas.name)}</h1>",
        f"<p>区域代码 {escape.text(atlas.region)}，图层 {len(shown)} 类，要素 {zones:,} 个</p>",
    ]
    if empty:
        out.append(f'<p class="eco-dim">覆盖范围内没有：{escape.text("、".join(empty))}</p>')
    return f'<div class="eco-box eco-title">{"".join(out)}</div>'


def notice_box(notice: str | None) -> str:
    """Return the notice that a map of sample data carries at its head."""
    return f'<div class="eco-notice">{escape.text(notice)}</div>' if notice else ""


def caption(style: str, simplified: str, shifted: str = "") -> str:
    """Return the caption below a map: whose colours, which coordinates, what was left out or shifted for display."""
    parts = [style, shifted or "坐标系 CGCS2000（EPSG:4490）", simplified]
    return f'<div class="eco-caption">{escape.text("；".join(p for p in parts if p))}</div>'
