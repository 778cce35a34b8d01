"""Conditions as Chinese sentences: what was asked of a project, what was answered, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecozone import words
from ecozone.rules.facts import FactTable
from ecozone.rules.logic import FALSE, TRUE, UNKNOWN
from ecozone.rules.measured import KNOWN, NO_LAYER, NO_PLACE, MeasuredFact

_OPS = {"ge": "不小于", "gt": "大于", "le": "不大于", "lt": "小于"}


@dataclass(frozen=True)
class Answer:
    """What a leaf of a rule's condition, its nature or its season says of one part.

    Attributes
    ----------
    value : int
        Its truth.
    text : str
        The sentence.
    missing : tuple of str
        Names of what is missing.
    asked : str
        What is still to be answered about the nature or the season; of conditions `outstanding` tells it.
    """

    value: int
    text: str
    missing: tuple[str, ...] = ()
    asked: str = ""


def natures(names: Sequence[str]) -> str:
    """Return natures as 新建、扩建."""
    return "、".join(words.nature(n).name for n in names)


def requirement(node: Mapping[str, Any]) -> str:
    """Return what a leaf asks, e.g. 行业属于化工."""
    if "industry" in node:
        return f"行业属于{'、'.join(_group(g) for g in node['industry'])}"
    if "facility" in node:
        return f"属于{'、'.join(words.facility(k).name for k in node['facility'])}"
    if "fact" in node:
        return _comparison(words.fact(node["fact"]).name, node, words.fact(node["fact"]).label)
    if "parameter" in node:
        return _comparison(node["parameter"], node, str)
    if "stage" in node:
        return f"处于{'、'.join(node['stage'])}阶段"
    if "subject" in node:
        return f"对象为{'、'.join({'project': '建设项目', 'plan': '规划'}[s] for s in node['subject'])}"
    return "临时用地" if "temporary" in node["duration"] else "永久用地"


def _group(name: str) -> str:
    """Return a group's Chinese name, or a code with its name."""
    known = words.groups()
    return known[name].name if name in known else f"{name}{words.name_of(name)}"


def _limit(node: Mapping[str, Any]) -> str:
    """Return a limit: of a share that is measured, per cent."""
    measured = words.fact(node["fact"]).measured if "fact" in node else None
    share = measured is not None and measured.statistic == "share"
    return f"{node['value']:g}" if not share else f"{node['value'] * 100:g}%"


def _comparison(name: str, node: Mapping[str, Any], show: Any) -> str:
    if node["op"] != "is":
        return f"{name}{_OPS[node['op']]} {_limit(node)}"
    if list(node["value"]) in ([True], [False]):
        yes, bare = node["value"][0], name.replace("是否", "", 1)  # 是否从外地转入 -> 从外地转入
        return f"{name}：{'是' if yes else '否'}" if bare == name else bare if yes else f"并非{bare}"
    return f"{name}为{'、'.join(show(v) for v in node['value'])}"


def answer(node: Mapping[str, Any], table: FactTable, part: int) -> Answer:
    """Return what a leaf says of one part."""
    value = int(table.leaf(node)[part])
    row = int(table.owner[part])
    project = table.projects[row]
    asked = requirement(_narrowed(node, table, part))
    missing: list[str] = []
    if "industry" in node:
        if not project.industries:
            return Answer(value, f"未提供行业代码，不知是否{asked}", ("industry",))
        given = "、".join(f"{c}（{words.name_of(c)}）" for c in project.industries)
        names = "、".join(_group(g) for g in _narrowed(node, table, part)["industry"])
        if value == UNKNOWN:
            settle = [f for g in node["industry"] if g in words.groups() for f in words.settling_facts(g, table.groups)]
            return Answer(value, f"行业 {given}是否属于{names}须进一步核实", tuple(settle) or ("industry",))
        return Answer(value, f"行业 {given}{'属于' if value == TRUE else '不属于'}{names}")
    if "facility" in node:
        missing.extend(f"facility:{k}" for k in node["facility"] if table.facility(k)[part] == UNKNOWN)
    elif "fact" in node:
        known, reason = table.fact(node["fact"])[row]
        measured = table.measured(node["fact"])
        if measured is not None and (known is None or measured.why[part] == KNOWN):
            return _measured(node, measured, value, part, table.kinds[part], asked)
        if known is None:
            missing.append(node["fact"])
        elif value != UNKNOWN:
            shown = words.fact(node["fact"]).label(known)
            return Answer(value, f"{words.fact(node['fact']).name}：{shown}" + ("（推定）" if reason else ""))
    elif "parameter" in node and value == UNKNOWN:
        missing.append(f"parameter:{node['parameter']}")
    elif "stage" in node and value == UNKNOWN:
        missing.append("stage")
    text = {
        int(TRUE): asked,
        int(FALSE): f"不{asked}" if asked.startswith("属于") else f"不满足“{asked}”",
        int(UNKNOWN): f"不知是否{asked}",
    }[value]
    return Answer(value, text, tuple(missing))


def _measured(
    node: Mapping[str, Any], measured: MeasuredFact, value: int, part: int, kinds: Sequence[str], asked: str
) -> Answer:
    """Return what a measured fact says of one part."""
    word, read = words.fact(node["fact"]), measured.read(part)
    layer = words.raster_kind(measured.layer).name
    missing = (measured.missing(part, kinds),) if value == UNKNOWN else ()
    if read is None:
        why = {int(NO_LAYER): f"图集中没有当日有效的“{layer}”栅格", int(NO_PLACE): "该设施的位置未提供"}
        told = why.get(int(measured.why[part]), f"“{layer}”栅格在用地处有空值，或没有完整覆盖用地")
        return Answer(value, f"{told}，不知是否{asked}", missing)
    shown = word.label(float(measured.value[part]))
    if isinstance(read, list):
        shown += f"，计及数据精度为 {word.label(read[0])}～{word.label(read[1])}"
    return Answer(value, f"{word.name}：{shown}" + ("，须实测" if value == UNKNOWN else ""), missing)


def _narrowed(node: Mapping[str, Any], table: FactTable, part: int) -> Mapping[str, Any]:
    """Return a leaf with only those of its kinds or groups that carry its truth for one part."""
    value, row = int(table.leaf(node)[part]), int(table.owner[part])
    if "facility" in node:
        return {"facility": [k for k in node["facility"] if int(table.facility(k)[part]) == value] or node["facility"]}
    if "industry" in node:
        return {"industry": [g for g in node["industry"] if int(table.industry(g)[row]) == value] or node["industry"]}
    return node


def explain(node: Mapping[str, Any] | None, table: FactTable, part: int) -> list[Answer]:
    """Return the leaves that decide a condition for one part: those that carry its truth."""
    if node is None:
        return []
    if "not" in node:
        return [Answer(-a.value, a.text, a.missing) for a in explain(node["not"], table, part)]
    for key, best in (("all", min), ("any", max)):
        if key in node:
            children = [(int(table.holds(c)[part]), c) for c in node[key]]
            value = best(v for v, _ in children)
            decisive = [c for v, c in children if v == value or (value == UNKNOWN and v == UNKNOWN)]
            if (key == "all" and value == FALSE) or (key == "any" and value == TRUE):
                decisive = decisive[:1]  # one false part of an "and", one true part of an "or" decides
            return [a for c in decisive for a in explain(c, table, part)]
    return [answer(node, table, part)]


def outstanding(node: Mapping[str, Any] | None, table: FactTable, part: int) -> tuple[str, bool]:
    """Return what of a condition is still to be answered for one part, e.g. 行业属于化工，或属于化工园区.

    Returns
    -------
    text : str
        Empty when the condition is settled.
    compound : bool
        The text joins several answers and needs brackets inside another.
    """
    if node is None or int(table.holds(node)[part]) != UNKNOWN:
        return "", False
    if "not" in node:
        text, compound = outstanding(node["not"], table, part)
        return f"并非（{text}）" if compound else f"并非{text}", False
    for key, word in (("all", "，且"), ("any", "，或")):
        if key in node:
            found = [(t, c) for t, c in (outstanding(child, table, part) for child in node[key]) if t]
            if len(found) == 1:
                return found[0]
            return word.join(f"（{t}）" if c else t for t, c in found), True
    return requirement(_narrowed(node, table, part)), False


def nature_sentence(rule_natures: Sequence[str], table: FactTable, part: int) -> Answer:
    """Return what the nature says: whether the rule concerns such a project."""
    value = int(table.nature(rule_natures)[part])
    row = int(table.owner[part])
    project = table.projects[row]
    about = f"本条针对{natures(rule_natures)}"
    if project.nature is None:
        return Answer(value, f"未提供项目性质，{about}", ("nature",), f"项目性质为{natures(rule_natures)}")
    name = words.nature(project.nature).name
    if "existing" not in rule_natures and project.nature != "existing" and int(table.judged_anew()[row]) != TRUE:
        if value == UNKNOWN:
            return Answer(
                value,
                f"项目已于 {project.facts['approved_on']} 批准，不知是否发生重大变动",
                ("major_change",),
                "发生重大变动",
            )
        return Answer(
            value,
            f"项目已于 {project.facts['approved_on']} 批准且未发生重大变动，"
            "不按建设类规则重新判定（生态环境法典第106条）",
        )
    if project.nature == "upgrade" and ("expand" in rule_natures) != ("upgrade" in rule_natures):
        if value == UNKNOWN:
            return Answer(
                value,
                f"{name}项目是否新增产能未知，{about}",
                ("capacity_increase",),
                "新增产能" if "expand" in rule_natures else "不新增产能",
            )
        grown = "新增产能，按扩建判定" if table.fact("capacity_increase")[row][0] is True else "不新增产能"
        return Answer(value, f"{name}项目{grown}，{about}")
    relocated = "（迁建按新建判定）" if project.nature == "relocate" else ""
    return Answer(value, f"项目性质为{name}{relocated}，{about}")
