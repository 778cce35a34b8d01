"""Reading the conditions of a rule: on the project (`when`) and on the place (`where`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ecozone import kinds, words
from ecozone.errors import EcozoneError, did_you_mean
from ecozone.rules.reading import Lines, Node

RELATIONS = ("intersects", "within", "outside", "within_distance")
_COMPARE = ("ge", "gt", "le", "lt", "is")
_BOUNDS = ("ge", "gt", "le", "lt")
_LEAF = ("kind", "filter", "relation", "distance", "share", "area_m2", "minus")
_CONDITIONS = ("all", "any", "not", "industry", "facility", "fact", "parameter", "stage", "subject", "duration")


class Clauses(Node):
    """Checks conditions.

    Parameters
    ----------
    file, lines
        See `Node`.
    parameters, groups : iterable of str
        Parameters and industry groups that may be named besides those of the registries.
    """

    def __init__(self, file: str, lines: Lines, parameters: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        super().__init__(file, lines)
        self.parameters, self.groups = set(parameters), set(groups)

    def season(self, value: Any) -> str | None:
        """Check a season that recurs, ``06-01/08-31``."""
        if value is None:
            return None
        try:
            first, last = str(value).split("/")
            for end in (first, last):
                dt.date.fromisoformat(f"2024-{end}")
        except ValueError:
            raise self.fail("season", f"的“{value}”应写成 06-01/08-31。") from None
        return str(value)

    # ---- on the project

    def condition(self, field: str, node: Any) -> dict[str, Any]:
        """Check a condition on the project."""
        if not isinstance(node, Mapping) or not node:
            raise self.fail(field, "应为条件，如 {industry: [化工]}。")
        if "fact" in node or "parameter" in node:
            return self._comparison(field, node)
        key, value = next(iter(node.items()))
        if key not in _CONDITIONS:
            near = did_you_mean(str(key), _CONDITIONS)
            raise self.fail(f"{field}.{key}", f"不是能识别的条件{near}允许：{'、'.join(_CONDITIONS)}。")
        if len(node) > 1:
            raise self.fail(field, f"一个条件只能有一个键，这里有 {'、'.join(map(str, node))}；请用 all 或 any 组合。")
        if key in ("all", "any", "not"):
            return self._branch(field, key, value, self.condition)
        here = f"{field}.{key}"
        listed = [value] if isinstance(value, str) else self.texts(here, value)
        if not listed:
            raise self.fail(here, "应为非空列表。")
        check: Callable[[str], str] = {
            "industry": lambda v: self._industry(here, v),
            "facility": lambda v: self.word(here, v, words.facilities()),
            "stage": lambda v: self.word(here, v, words.stages()),
            "subject": lambda v: self.one_of(here, v, ("project", "plan")),
            "duration": lambda v: self.one_of(here, v, ("temporary", "permanent")),
        }[key]
        return {key: [check(v) for v in listed]}

    def _branch(self, field: str, key: str, value: Any, inner: Callable[[str, Any], dict[str, Any]]) -> dict[str, Any]:
        if key == "not":
            return {"not": inner(f"{field}.not", value)}
        if not isinstance(value, list) or not value:
            raise self.fail(f"{field}.{key}", "应为非空列表。")
        return {key: [inner(f"{field}.{key}.{i}", v) for i, v in enumerate(value)]}

    def _industry(self, field: str, value: str) -> str:
        if value in words.groups() or value in self.groups:
            return value
        try:
            return words.normalise_prefix(value)
        except EcozoneError:
            near = did_you_mean(value, [*words.groups().spellings(), *self.groups], otherwise="。")
            raise self.fail(field, f"的“{value}”既不是行业组也不是 GB/T 4754 代码{near}") from None

    def _comparison(self, field: str, node: Mapping[str, Any]) -> dict[str, Any]:
        what = "fact" if "fact" in node else "parameter"
        self.keys(node, (what, *_COMPARE), field)
        name = str(node[what])
        if what == "fact":
            name = self.word(f"{field}.fact", name, words.facts())
        else:
            name = self.one_of(f"{field}.parameter", name, sorted(self.parameters))
        out: list[dict[str, Any]] = []
        for op, value in [(op, node[op]) for op in _COMPARE if op in node] or [("is", True)]:
            if op == "is":
                values = value if isinstance(value, list) else [value]
                if not values or any(isinstance(v, Mapping | list) or v is None for v in values):
                    raise self.fail(f"{field}.is", "应为一个取值或者取值的非空列表。")
                if what == "fact":
                    values = [self._fact_value(f"{field}.is", name, v) for v in values]
                out.append({what: name, "op": "is", "value": values})
            else:
                if what == "fact" and words.facts()[name].type not in ("number", "integer"):
                    raise self.fail(f"{field}.{op}", f"不能用于“{name}”：它不是数字。")
                out.append({what: name, "op": op, "value": self.number(f"{field}.{op}", value)})
        return out[0] if len(out) == 1 else {"all": out}

    def _fact_value(self, field: str, name: str, value: Any) -> Any:
        try:
            return words.check_fact(name, value)[1]
        except EcozoneError as error:
            raise self.fail(field, f"：{error}") from None

    # ---- on the place

    def place(self, field: str, node: Any) -> dict[str, Any]:
        """Check a condition on the place."""
        if not isinstance(node, Mapping) or not node:
            raise self.fail(field, "应为空间条件，如 {kind: river, relation: within_distance, distance: 1000}。")
        if len(node) == 1 and next(iter(node)) in ("all", "any", "not"):
            key, value = next(iter(node.items()))
            return self._branch(field, key, value, self.place)
        node = self.keys(node, _LEAF, field)
        relation = self.one_of(f"{field}.relation", node.get("relation", "intersects"), RELATIONS)
        out: dict[str, Any] = {**self._zones(field, node), "relation": relation}
        if (relation == "within_distance") != (node.get("distance") is not None):
            raise self.fail(f"{field}.distance", "应与 relation: within_distance 一起给出。")
        if relation == "within_distance":
            out["distance"] = self._distance(f"{field}.distance", node["distance"])
        for key in ("share", "area_m2"):
            if node.get(key) is not None:
                bound = self.keys(node[key], _BOUNDS, f"{field}.{key}")
                if len(bound) != 1:
                    raise self.fail(f"{field}.{key}", "应写成一个界限，如 {ge: 0.5}。")
                out[key] = {op: self.number(f"{field}.{key}.{op}", value) for op, value in bound.items()}
        if node.get("minus") is not None:
            out["minus"] = self._zones(f"{field}.minus", self.keys(node["minus"], ("kind", "filter"), f"{field}.minus"))
        return out

    def _zones(self, field: str, node: Mapping[str, Any]) -> dict[str, Any]:
        kind = kinds.registry()[self.one_of(f"{field}.kind", node.get("kind"), kinds.registry())]
        pairs = []
        for column, values in self.mapping(f"{field}.filter", node.get("filter")).items():
            here = f"{field}.filter.{column}"
            self.one_of(here, column, (*kind.columns, *kinds.COMMON_COLUMNS))
            listed = [_text(v) for v in (values if isinstance(values, list) else [values])]
            spec = kind.columns.get(column)
            allowed = ("true", "false") if spec and spec.type == "boolean" else tuple(spec.values) if spec else ()
            for value in listed:
                if allowed:
                    self.one_of(here, value, allowed)
            if not listed:
                raise self.fail(here, "应为非空列表。")
            pairs.append([str(column), listed])
        return {"kind": kind.kind, "filter": sorted(pairs)}

    def _distance(self, field: str, node: Any) -> dict[str, Any]:
        if not isinstance(node, Mapping):
            if isinstance(node, bool) or not isinstance(node, int | float) or not 0 <= node < float("inf"):
                raise self.fail(field, f"的“{node}”应为米数、{{parameter: 名称}} 或 {{fact: 名称}}。")
            return {"metres": float(node)}
        node = self.keys(node, ("parameter", "fact", "at_least", "at_most"), field)
        out = dict(node)
        for end in ("at_least", "at_most"):
            if node.get(end) is not None:
                out[end] = self.number(f"{field}.{end}", node[end])
        if node.get("parameter"):
            self.one_of(f"{field}.parameter", node["parameter"], sorted(self.parameters))
        elif node.get("fact"):
            self.word(f"{field}.fact", node["fact"], words.facts())
        else:
            raise self.fail(field, "应为米数、{parameter: 名称} 或 {fact: 名称}。")
        return out


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
