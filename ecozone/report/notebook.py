"""Views for Jupyter: a layer, an atlas, an answer, each a small piece of HTML, complete in itself and escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ecozone import kinds
from ecozone.report import escape, legend, wording
from ecozone.report.style import styles

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.atlas import Atlas
    from ecozone.layer import Layer

_ZONES, _COLUMNS = 6, 8
_CELL = "padding:3px 10px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.25)"
_DIM = "opacity:.7;font-size:12px"


def layer_html(layer: Layer) -> str:
    """Return a layer: what it is about, where it comes from, its first zones."""
    facts = {
        "要素": f"{len(layer):,} 个",
        "版本": layer.version,
        "精度": f"±{layer.accuracy_m:g} 米",
        "覆盖范围": "未说明" if layer.coverage is None else "有",
        "岸线口径": kinds.LINES.get(layer.line or ""),
        "有效期": _period(layer),
        "来源": layer.source,
        "划定文件": layer.document,
        "许可": layer.licence,
        "敏感图层": "是" if layer.sensitive else None,
    }
    columns = [c for c in layer.columns if any(v is not None for v in layer.columns[c][:_ZONES])]
    shown = sorted(columns, key=lambda c: c not in ("zone", "name"))[:_COLUMNS]
    labels = {"zone": "编号", "name": "名称", "status": "状态", "document": "划定文件"}
    head = [labels.get(c) or (layer.spec.columns[c].name if c in layer.spec.columns else c) for c in shown]
    rows = [[_value(layer, c, row) for c in shown] for row in range(min(len(layer), _ZONES))]
    more = len(layer) - len(rows)
    return _view(
        f"图层：{layer.spec.name}",
        layer.notice,
        _facts(facts),
        _table(head, rows) if rows else "<p>覆盖范围内没有此类要素。</p>",
        f'<p style="{_DIM}">另有 {more:,} 个要素，见 .zones。</p>' if more > 0 else "",
    )


def atlas_html(atlas: Atlas) -> str:
    """Return an atlas: its region, its layers by theme, its parameters."""
    looks = styles()
    rows = []
    for kind in sorted(atlas.kinds, key=looks.rank):
        layer = atlas[kind]
        count = f"{len(layer):,}" if len(layer) else "无（已覆盖）" if layer.coverage is not None else "无"
        versions = len(atlas.versions(kind))
        version = f"{layer.version}（共 {versions} 版）" if versions > 1 else layer.version
        rows.append([looks.theme(kind), layer.spec.name, kind, count, version, f"±{layer.accuracy_m:g} 米"])
    settings = [
        [p.name, f"{p.value}{f' {p.unit}' if p.unit else ''}", p.by, p.basis] for p in atlas.parameters.values()
    ]
    return _view(
        f"图集：{atlas.name}（{atlas.region}）",
        atlas.notice,
        _table(["主题", "图层", "kind", "要素", "版本", "精度"], rows),
        _folded(f"参数 {len(settings)} 项", _table(["名称", "值", "设定者", "依据"], settings)) if settings else "",
    )


def assessment_html(assessment: Assessment) -> str:
    """Return an answer: verdict, grounds, control units, open questions."""
    grounds = wording.grounds(assessment)
    hits = [[f.effect_text, f.title, wording.cited(f), "；".join(f.because)] for f in grounds]
    units = [
        [u["code"], u["name"], u["list_type"], u["category"], wording.extent(u), wording.part_name(u["part"])]
        for u in assessment.units
    ]
    asked = [[q.label, q.question] for q in wording.questions(assessment)]
    tally = {
        o: sum(f.outcome == o for f in assessment.findings)
        for o in ("hit", "clear", "not_applicable", "undetermined", "no_data")
    }
    return _view(
        assessment.project.name,
        assessment.context.notice,
        f"<p>{legend.badge(assessment.verdict, assessment.complete, style=True)}</p>",
        f"<p>{escape.text(wording.project_line(assessment.project))}；{escape.text(assessment.context.region_name)}；"
        f"判定日期 {assessment.as_of.isoformat()}</p>",
        _table(["效力", "规定", "依据", "理由"], hits) if hits else f"<p>{escape.text(assessment.sentence)}</p>",
        _table(["单元编码", "名称", "清单类型", "管控类别", "占用", "部分"], units) if units else "",
        _folded(f"待明确 {len(asked)} 项", _table(["事项", "如何明确"], asked)) if asked else "",
        f'<p style="{_DIM}">结论项：命中 {tally["hit"]}，未涉及 {tally["clear"]}，不适用 {tally["not_applicable"]}，'
        f"无法判定 {tally['undetermined']}，缺数据 {tally['no_data']}。</p>",
    )


def _view(title: str, notice: str | None, *parts: str) -> str:
    mark = (
        '<span style="margin-left:10px;padding:1px 8px;border-radius:4px;background:#fff3c4;color:#7a4b00;'
        f'font-size:12px;font-weight:600">{escape.text(notice)}</span>'
        if notice
        else ""
    )
    head = f'<p style="margin:0 0 6px;font-size:16px;font-weight:600">{escape.text(title)}{mark}</p>'
    return f'<div class="ecozone" style="line-height:1.5">{head}{"".join(parts)}</div>'


def _facts(facts: dict[str, Any]) -> str:
    items = "；".join(f"{escape.text(k)} {escape.text(v)}" for k, v in facts.items() if v)
    return f"<p>{items}</p>"


def _table(head: Sequence[str], rows: Sequence[Iterable[Any]]) -> str:
    top = "".join(f'<th style="{_CELL}">{escape.text(h)}</th>' for h in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape.text(v)}</td>' for v in row) + "</tr>" for row in rows
    )
    return f'<table style="border-collapse:collapse"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _folded(title: str, inside: str) -> str:
    return f"<details><summary>{escape.text(title)}</summary>{inside}</details>"


def _value(layer: Layer, column: str, row: int) -> Any:
    value = layer.columns[column][row]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if column == "status":
        return kinds.STATUSES.get(str(value), value)
    return layer.spec.label(column, value)


def _period(layer: Layer) -> str | None:
    if layer.valid_from is None and layer.valid_to is None:
        return None
    first, last = (d.isoformat() if d else "" for d in (layer.valid_from, layer.valid_to))
    return f"{first or '…'} 至 {last or '今'}"
