"""What would close open findings: one line a missing thing, not one a rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecozone import kinds, words
from ecozone.rules.finding import Finding
from ecozone.rules.library import packaged
from ecozone.rules.model import EFFECTS


def grouped(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return open findings that could push the verdict, grouped by what would close them, the gravest first."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.push and finding.open:
            for what in finding.missing or _weak(finding):
                groups.setdefault(what, []).append(finding)
    out = []
    for what, found in groups.items():
        label, question = _ask(what)
        worst = max((f.effect for f in found), key=lambda e: EFFECTS[e][0])
        branches = tuple(dict.fromkeys(f.branch for f in found if f.branch))
        out.append(
            {
                "what": what,
                "label": label,
                "question": question,
                "rules": tuple(dict.fromkeys(f.rule for f in found)),
                "worst": worst,
                "branches": branches,
            }
        )
    return sorted(out, key=lambda o: (-EFFECTS[o["worst"]][0], -len(o["rules"]), o["what"]))


def _weak(finding: Finding) -> tuple[str, ...]:
    """Return what a hit on weak ground waits for."""
    return ("ground:" + ("expired" if "规划期已届满" in finding.marks else "text"),) if finding.outcome == "hit" else ()


def _ask(what: str) -> tuple[str, str]:
    """Return the Chinese label of a missing thing and the question that closes it."""
    head, _, name = what.partition(":")
    if head == "layer":
        return f"图层“{kinds.name(name)}”", f"请向主管部门取得“{kinds.name(name)}”图层并导入图集。"
    if head == "coverage":
        return f"“{kinds.name(name)}”图层的覆盖范围", f"请补充用地周边（含邻县）的“{kinds.name(name)}”数据。"
    if head == "accuracy":
        return f"与“{kinds.name(name)}”界线的实测", f"用地与“{kinds.name(name)}”界线之差在数据精度以内，请实测后再判。"
    if head == "outline":
        zone = kinds.name(name)
        return f"与“{zone}”有关的用地红线", f"点位在“{zone}”界线以外，但所给范围的用地可能伸入，请提供用地红线后再判。"
    if head in ("raster", "raster_cover", "raster_accuracy"):
        return _ask_raster(head, name)
    if head == "half_width":
        return f"“{kinds.name(name)}”的岸线或半宽", "请提供岸线（临水边界线、外缘边界线或管理范围线），或给出半宽。"
    if head == "parameter":
        spec = next((b.parameters[name] for b in packaged().values() if name in b.parameters), None)
        ask = f"确定后设置：ecozone params --atlas 图集 --set {name}=值 --basis 依据。"
        return f"参数“{spec.label if spec else name}”", (spec.question + " " if spec and spec.question else "") + ask
    if head == "facility":
        word = words.facility(name).name
        return f"是否属于{word}", f"项目是否属于{word}？是：--facility {name}；否：--facility none。"
    if head == "part":
        return f"{words.facility(name).name}的位置", f"请用 --part {name}=位置 给出。"
    if head == "instrument":
        found = next((i for b in packaged().values() for i in b.instruments if i.id == name), None)
        return (
            f"《{found.title if found else name}》未编入规则",
            f"请人工核对该文件，核对后登记：ecozone params --atlas 图集 --accept {name} --basis 核对情况。",
        )
    if head == "access_list":
        return f"管控单元 {name} 的准入清单", "请导入该单元的生态环境准入清单（xlsx、csv）。"
    if head == "access_row":
        unit, _, row = name.partition("/")
        return (
            f"准入清单 {row}（{unit}）",
            "请在清单比对表中逐条填写项目对应情况和符合性（--answers-to 写出，--answers 读回）。",
        )
    if head == "rules_before":
        return f"规则集 {name} 所编年代以前的规定", "请改用较晚的判定日期，或人工核对当时有效的法律法规。"
    if head == "ground":
        text = {"expired": "规划期已届满的规划是否仍须执行", "text": "凭记忆转述的条文是否与原文一致"}[name]
        return text, "请核对现行有效的依据；仅凭此项不能作出结论。"
    return _ask_fact(what)


def _ask_raster(head: str, kind: str) -> tuple[str, str]:
    label = words.raster_kind(kind).name
    if head == "raster":
        return f"“{label}”栅格", f"请取得“{label}”栅格并导入：ecozone import 文件.tif --kind {kind} --atlas 图集。"
    if head == "raster_cover":
        return f"“{label}”栅格的覆盖范围", f"“{label}”栅格在用地处有空值或没有完整覆盖，请补充数据后重新导入。"
    return f"“{label}”的实测", f"按“{label}”栅格量算的结果与界限之差在数据精度以内，请实测后再判。"


def _ask_fact(what: str) -> tuple[str, str]:
    fixed = {
        "industry": ("行业代码", "请提供国民经济行业代码（GB/T 4754-2017），如 --industry C2614。"),
        "nature": ("项目性质", "请说明项目性质：--nature new|expand|rebuild|upgrade|relocate|existing。"),
        "extent_m": (
            "用地范围",
            "点位未给用地范围，请用 --extent 给出点位到用地边缘的最远距离（米），或提供用地红线。",
        ),
        "stage": ("办理阶段", "请说明办理阶段。"),
        "outside_admin": ("图集以外的用地", "用地超出图集的行政区范围，请补充相邻区县的图集。"),
        "control_unit": ("环境管控单元", "环境管控单元应全域覆盖，用地处却没有单元，请检查坐标系和图层。"),
    }
    if what in fixed:
        return fixed[what]
    word = words.fact(what)
    value = {"bool": "yes 或 no", "choice": "|".join(word.values)}.get(word.type, "…")
    return word.name, f"{word.question or word.name}（--fact {what}={value}）"
