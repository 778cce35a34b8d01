"""What an answer rests on, at the end of the printed text: layers, books, figures, assumptions, reservations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ecozone.assessment import DISCLAIMER
from ecozone.cli.layout import BOLD, DIM, PLAIN, Line, columns, field, labelled, quantity, table, title, wrap

if TYPE_CHECKING:
    from ecozone.assessment import Assessment
    from ecozone.rules.finding import Finding

#: Assumptions of one sort that are named when not everything is asked for.
_LISTED = 5
_OUTCOMES = {"hit": "命中", "clear": "不涉及", "no_data": "缺失"}


def basis(assessment: Assessment, *, everything: bool = False) -> Iterable[Line]:
    """Yield the rules that do not concern the project, what was used and taken for granted, and the reservations.

    Parameters
    ----------
    assessment : Assessment
    everything : bool
        Each rule and each layer on its own.
    """
    yield from _settled(assessment, everything)
    yield from _used(assessment, everything)
    yield "", PLAIN
    if assessment.context.notice:
        yield assessment.context.notice, BOLD
    yield from ((line, DIM) for line in wrap(DISCLAIMER, columns()))


def _settled(assessment: Assessment, everything: bool) -> Iterable[Line]:
    away = [f for f in assessment.findings if f.outcome == "clear"]
    apart = [f for f in assessment.findings if f.outcome == "not_applicable"]
    yield from title(
        f"已核对且不涉及 {len(away) + len(apart)} 条（不在其范围内 {len(away)} 条，不适用于本项目 {len(apart)} 条）"
    )
    if everything:
        yield from _findings((*away, *apart))
        unsettled = [f for f in assessment.findings if f.outcome in ("no_data", "undetermined")]
        yield from title(f"未能判定的规则 {len(unsettled)} 条")
        yield from _findings(unsettled)


def _findings(findings: Iterable[Finding]) -> Iterable[Line]:
    """Yield findings with their reasons."""
    for finding in findings:
        yield from ((line, PLAIN) for line in labelled("·", f"{finding.title} {finding.cited}", indent=1, column=2))
        yield from ((" " * 3 + line, DIM) for line in wrap("；".join(finding.because), columns() - 3))


def _used(assessment: Assessment, everything: bool) -> Iterable[Line]:
    yield from title("本结论所依据的")
    if everything:
        yield from ((line, PLAIN) for line in _layer_table(assessment.layers))
    else:
        versions: dict[str, list[str]] = {}
        for layer in assessment.layers:
            if layer["version"] is not None:
                versions.setdefault(layer["version"], []).append(
                    layer["name"] + ("" if layer["covers_site"] else "（未完整覆盖用地）")
                )
        for i, (version, names) in enumerate(versions.items()):
            yield from field("图层" if i == 0 else "", f"{version} 版：{'、'.join(names)}", indent=1)
    absent = [layer["name"] for layer in assessment.layers if layer["version"] is None]
    if absent:
        yield from field("缺图层", "、".join(absent), BOLD, indent=1)
    yield from field(
        "规则集",
        "；".join(f"{b['title']}（{b['name']}，{b['version']}）" for b in assessment.context.books),
        indent=1,
    )
    for i, text in enumerate(_parameters(assessment.context.parameters)):
        yield from field("参数" if i == 0 else "", text, indent=1)
    for i, text in enumerate(_register(assessment.context.instruments, everything)):
        yield from field("未编入" if i == 0 else "", text, indent=1)
    taken = [a["text"] for a in assessment.assumptions if a["about"] != "site"]  # of the site: said beside it
    if taken:
        yield from field("推定", "；".join(_assumed(taken, everything)), indent=1)


def _register(instruments: Sequence[Mapping[str, Any]], everything: bool) -> Iterable[str]:
    """Yield how many instruments are known and not encoded, and which of them matter."""
    if not instruments:
        yield "没有已知而未编入规则的文件"
        return
    accepted: list[str] = []
    bearing: list[str] = []
    other: list[str] = []
    for paper in instruments:
        into = accepted if paper["accepted"] else bearing if paper["bears_on_siting"] else other
        into.append(f"《{paper['title']}》")
    told = (
        (accepted, "已人工核对并登记", True),
        (bearing, "涉及选址，尚未核对登记", True),
        (other, "不涉及选址", everything),
    )
    counts = "，".join(f"{len(papers)} 件{what}" for papers, what, _ in told if papers)
    yield f"已知而未编入规则的文件 {len(instruments)} 件：{counts}{'' if everything else '（用 --all 逐件列出）'}"
    yield from (f"{what}：{'、'.join(papers)}" for papers, what, shown in told if papers and shown)


def _assumed(texts: Sequence[str], everything: bool) -> Iterable[str]:
    """Yield assumptions, those that a fact means nothing here in one, lists of absent things by their number."""
    idle, absent = "：对本项目不适用", "按行业推定不具有："
    for text in texts:
        head, found, listed = text.partition(absent)
        if found:
            yield f"{head}{absent}{_shortened(listed.split('、'), everything)}"
        elif not text.endswith(idle):
            yield text
    unasked = [t.removesuffix(idle) for t in texts if t.endswith(idle)]
    if unasked:
        yield f"对本项目不适用：{_shortened(unasked, everything)}"


def _shortened(listed: Sequence[str], everything: bool) -> str:
    if everything or len(listed) <= _LISTED:
        return "、".join(listed)
    return f"{'、'.join(listed[:_LISTED])} 等 {len(listed)} 项（用 --all 列出）"


def _parameters(parameters: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Yield the figures that were set, those of one author, day and basis together."""
    signed: dict[tuple[Any, ...], list[str]] = {}
    for p in parameters:
        if p["value"] is not None:
            figures = signed.setdefault((p["by"], p["on"], p["basis"]), [])
            figures.append(f"{p['label']} = {quantity(p['value'], p['unit'])}")
    for (by, on, basis_), figures in signed.items():
        yield f"{'；'.join(figures)}（{by or '未署名'} {on or ''} 设置，依据：{basis_ or '未注明'}）"


def _layer_table(layers: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for layer in layers:
        exact = f"±{layer['accuracy_m']:g} 米" if layer["accuracy_m"] is not None else ""
        covers = "是" if layer["covers_site"] else "否"
        rows.append(
            [
                layer["name"],
                layer["version"] or "",
                exact,
                _OUTCOMES[layer["outcome"]],
                covers,
                (layer["sha256"] or "")[:12],
            ]
        )
    return table(["图层", "版本", "精度", "结果", "覆盖用地", "校验"], rows).splitlines()
