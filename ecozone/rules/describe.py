"""A rule in words: for whom it holds, where, and what it is taken from, as somebody reads who looks it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecozone import kinds
from ecozone.rules.sentences import requirement

_BOUNDS = {"ge": "不小于", "gt": "大于", "le": "不大于", "lt": "小于"}


def condition(node: Mapping[str, Any] | None) -> str:
    """Return a condition on the project, e.g. 行业属于化工，且排放污染物."""
    return "不限" if node is None else _tree(node, requirement)


def place(node: Mapping[str, Any] | None, *, alone: bool = True) -> str:
    """Return a condition on the place, e.g. 距河流（干流）1000 米以内; several in brackets unless `alone`."""
    if node is None:
        return "全辖区"
    return _tree(node, _leaf) if alone else _nested(node, _leaf)


def _tree(node: Mapping[str, Any], leaf: Any) -> str:
    for key, word in (("all", "，且"), ("any", "，或")):
        if key in node:
            return word.join(_nested(child, leaf) for child in node[key])
    if "not" in node:
        return f"并非{_nested(node['not'], leaf)}"
    return str(leaf(node))


def _nested(node: Mapping[str, Any], leaf: Any) -> str:
    text = _tree(node, leaf)
    return f"（{text}）" if len(node.get("all") or node.get("any") or ()) > 1 else text


def _leaf(leaf: Mapping[str, Any]) -> str:
    zones = f"{kinds.name(leaf['kind'])}{filter_text(leaf)}"
    if leaf.get("minus"):
        zones += f"（除去{kinds.name(leaf['minus']['kind'])}{filter_text(leaf['minus'])}）"
    if leaf["relation"] == "within_distance":
        return f"距{zones}{_distance(leaf['distance'])}以内"
    text = {
        "intersects": f"涉及{zones}",
        "within": f"全部位于{zones}之内",
        "outside": f"有部分位于{zones}之外",
    }[leaf["relation"]]
    for key, name, show in (("share", "占用地的比例", "{:.0%}"), ("area_m2", "重叠面积", "{:g} 平方米")):
        for op, limit in (leaf.get(key) or {}).items():
            text += f"，{name}{_BOUNDS[op]} {show.format(limit)}"
    return text


def _distance(spec: Mapping[str, Any]) -> str:
    if "metres" in spec:
        return f" {spec['metres']:g} 米"
    what = f"参数“{spec['parameter']}”" if spec.get("parameter") else f"事实“{spec['fact']}”"
    bounds = [f"{spec[k]:g} 米" for k in ("at_least", "at_most") if spec.get(k) is not None]
    return f"{what}所定距离{'（' + ' 至 '.join(bounds) + '）' if bounds else ''}"


def filter_text(leaf: Mapping[str, Any]) -> str:
    """Return which zones of a kind a leaf means, in brackets, e.g. （一级保护区）; empty for all."""
    kind = kinds.registry()[leaf["kind"]]
    parts = [
        "、".join(
            {"true": kind.columns[c].name, "false": f"非{kind.columns[c].name}"}.get(v, kind.label(c, v))
            for v in values
        )
        if c in kind.columns
        else "、".join(values)
        for c, values in leaf.get("filter") or ()
    ]
    return f"（{'；'.join(parts)}）" if parts else ""
