"""Reading a rulebook's YAML: all is checked before anything is loaded, every message names file, line, rule and field.

This runs when a book is compiled; afterwards the compiled form is read from the cache and trusted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ecozone import kinds, words
from ecozone.errors import EcozoneError, RuleError, did_you_mean
from ecozone.rules.model import AUTHORITIES, BUILDING, EFFECTS, TEXTS

_RELATIONS = ("intersects", "within", "outside", "within_distance")
_COMPARE = ("ge", "gt", "le", "lt", "is")
_BOOK = ("book", "name", "jurisdiction", "version", "documents", "instruments", "parameters", "groups", "rules", "note")
_RULE = (
    "id",
    "title",
    "requirement",
    "source",
    "citation",
    "authority",
    "text",
    "period",
    "natures",
    "when",
    "where",
    "effect",
    "exceptions",
    "office",
    "next",
    "season",
    "subject",
    "superseded_by",
    "note",
)
_EXCEPTION = ("id", "when", "where", "proof", "pending_effect", "note", "citation")
_LEAF = ("kind", "filter", "relation", "distance", "share", "area_m2", "minus")


class Reader:
    """Checks one book.

    Parameters
    ----------
    file : str
        File name, for messages.
    raw : mapping
        The parsed YAML.
    lines : mapping
        Path of a node (tuple of keys and positions) to its line.
    known_parameters : iterable of str
        Parameters that other books declare.
    """

    def __init__(
        self,
        file: str,
        raw: Mapping[str, Any],
        lines: Mapping[tuple[Any, ...], int],
        known_parameters: Iterable[str] = (),
    ) -> None:
        self.file, self.raw, self.lines = file, raw, lines
        self.rule = ""
        self.path: tuple[Any, ...] = ()
        self.parameters = (
            set(known_parameters) | set(raw.get("parameters") or {}) if isinstance(raw, Mapping) else set()
        )
        self.groups = set((raw.get("groups") or {}) if isinstance(raw, Mapping) else ())

    # ---- messages

    def fail(self, field: str, message: str) -> RuleError:
        """Return an error that names file, line, rule and field."""
        path = (*self.path, *field.split(".")) if field else self.path
        line = next((self.lines[path[:k]] for k in range(len(path), -1, -1) if path[:k] in self.lines), None)
        where = f"{self.file}" + (f" 第 {line} 行" if line else "")
        rule = f"规则 {self.rule} " if self.rule else ""
        return RuleError(f"{where}：{rule}字段“{field or '（整体）'}”{message}")

    def one_of(self, field: str, value: Any, allowed: Iterable[str]) -> str:
        """Check a value against a list."""
        names = list(allowed)
        if str(value) not in names:
            raise self.fail(
                field, f"的取值“{value}”不在允许范围{did_you_mean(str(value), names)}允许：{'、'.join(names)}。"
            )
        return str(value)

    def word(self, field: str, value: Any, known: words.Vocabulary[Any]) -> str:
        """Check a word of a registry and return its key."""
        if str(value) not in known:
            raise self.fail(
                field, f"的“{value}”不在词表里{did_you_mean(str(value), known.spellings())}允许：{'、'.join(known)}。"
            )
        return str(known[str(value)].key)

    def keys(self, node: Any, allowed: Sequence[str], field: str) -> Mapping[str, Any]:
        """Check that a node is a mapping with known keys."""
        if not isinstance(node, Mapping):
            raise self.fail(field, "应为键值结构。")
        for key in node:
            if key not in allowed:
                raise self.fail(
                    field, f"里有未知的键“{key}”{did_you_mean(str(key), allowed)}允许：{'、'.join(allowed)}。"
                )
        return node

    def texts(self, field: str, value: Any) -> list[str]:
        """Check a list of texts."""
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.fail(field, "应为列表。")
        return [str(v) for v in value]

    def day(self, field: str, value: Any) -> str | None:
        """Check a date."""
        if value is None:
            return None
        try:
            return dt.date.fromisoformat(str(value)).isoformat()
        except ValueError:
            raise self.fail(field, f"的“{value}”不是日期，应写成 2026-08-15。") from None

    # ---- the book

    def book(self) -> dict[str, Any]:
        """Return the checked book as plain values.

        Raises
        ------
        RuleError
            Something in it cannot be meant; the first such thing is named.
        """
        raw = self.keys(self.raw, _BOOK, "")
        for key in ("book", "name", "jurisdiction", "version", "rules"):
            if key not in raw:
                raise self.fail(key, "缺失，规则集必须写明。")
        if not (str(raw["jurisdiction"]) == "" or str(raw["jurisdiction"]).isdigit()):
            raise self.fail(
                "jurisdiction", f'的“{raw["jurisdiction"]}”不是行政区划代码前缀，如 "51"、"511111"；全国为空。'
            )
        documents = {str(k): self._document(str(k), v) for k, v in (raw.get("documents") or {}).items()}
        rules, seen = [], set[str]()
        if not isinstance(raw["rules"], list):
            raise self.fail("rules", "应为列表。")
        for i, node in enumerate(raw["rules"]):
            self.path = ("rules", i)
            self.rule = str(node.get("id", f"#{i + 1}")) if isinstance(node, Mapping) else f"#{i + 1}"
            rules.append(self._rule(node, documents))
            if rules[-1]["id"] in seen:
                raise self.fail("id", f"“{rules[-1]['id']}”重复，规则编号必须唯一。")
            seen.add(rules[-1]["id"])
        self.path, self.rule = (), ""
        return {
            "book": str(raw["book"]),
            "name": str(raw["name"]),
            "jurisdiction": str(raw["jurisdiction"]),
            "version": str(raw["version"]),
            "documents": documents,
            "rules": rules,
            "instruments": [self._instrument(i, v) for i, v in enumerate(raw.get("instruments") or [])],
            "parameters": {str(k): self._parameter(str(k), v) for k, v in (raw.get("parameters") or {}).items()},
            "groups": raw.get("groups") or {},
        }

    def _document(self, key: str, node: Any) -> dict[str, Any]:
        field = f"documents.{key}"
        node = self.keys(node, ("title", "number", "authority", "text", "from", "to", "note"), field)
        if not node.get("title"):
            raise self.fail(f"{field}.title", "缺失，请写明文件全称。")
        return {
            "title": str(node["title"]),
            "number": node.get("number"),
            "authority": self.one_of(f"{field}.authority", node.get("authority"), AUTHORITIES),
            "text": self.one_of(f"{field}.text", node.get("text", "text"), TEXTS),
            "from": self.day(f"{field}.from", node.get("from")),
            "to": self.day(f"{field}.to", node.get("to")),
        }

    def _instrument(self, i: int, node: Any) -> dict[str, Any]:
        field = f"instruments.{i}"
        node = self.keys(
            node, ("id", "title", "number", "authority", "bears_on_siting", "why", "note", "superseded_by"), field
        )
        return {
            "id": str(node["id"]),
            "title": str(node["title"]),
            "number": node.get("number"),
            "authority": self.one_of(f"{field}.authority", node.get("authority", "normative"), AUTHORITIES),
            "bears_on_siting": bool(node.get("bears_on_siting", True)),
            "why": str(node.get("why") or node.get("note") or ""),
        }

    def _parameter(self, key: str, node: Any) -> dict[str, Any]:
        field = f"parameters.{key}"
        node = self.keys(node, ("name", "unit", "type", "source", "question", "note", "values"), field)
        return {
            "name": str(node.get("name") or key),
            "unit": node.get("unit"),
            "type": self.one_of(
                f"{field}.type", node.get("type", "number"), ("distance", "number", "bool", "choice", "text")
            ),
            "source": self.texts(f"{field}.source", node.get("source")),
            "question": str(node.get("question") or ""),
        }

    def _rule(self, node: Any, documents: Mapping[str, Any]) -> dict[str, Any]:
        node = self.keys(node, _RULE, "")
        for key in ("id", "title", "requirement", "citation", "natures", "effect"):
            if node.get(key) in (None, "", []):
                raise self.fail(key, "缺失，每条规则都要写明。")
        citation = self._citation("citation", node["citation"], documents)
        document = documents[citation["document"]]
        period = self.keys(node.get("period") or {}, ("from", "to"), "period")
        natures = [node["natures"]] if isinstance(node["natures"], str) else node["natures"]
        listed = [
            n
            for v in natures
            for n in (
                BUILDING if v == "building" else (self.one_of("natures", v, (*BUILDING, "existing", "building")),)
            )
        ]
        when = self._condition("when", node["when"]) if node.get("when") is not None else None
        if node.get("subject"):
            subject = {
                "subject": [
                    self.one_of("subject", s, ("project", "plan")) for s in self.texts("subject", node["subject"])
                ]
            }
            when = {"all": [subject, when]} if when else subject
        where = node.get("where", "everywhere")
        return {
            "id": str(node["id"]),
            "title": str(node["title"]),
            "requirement": str(node["requirement"]).strip(),
            "source": self.texts("source", node.get("source")),
            "citation": citation,
            "authority": self.one_of("authority", node.get("authority") or document["authority"], AUTHORITIES),
            "text": self.one_of("text", node.get("text") or document["text"], TEXTS),
            "period": [
                self.day("period.from", period.get("from", document["from"])),
                self.day("period.to", period.get("to", document["to"])),
            ],
            "natures": list(dict.fromkeys(listed)),
            "when": when,
            "where": None if where in ("everywhere", None) else self._place("where", where),
            "effect": self.one_of("effect", node["effect"], EFFECTS),
            "exceptions": [
                self._exception(i, e, citation, documents) for i, e in enumerate(node.get("exceptions") or [])
            ],
            "office": self.texts("office", node.get("office")),
            "next": self.texts("next", node.get("next")),
            "season": self._season(node.get("season")),
            "superseded_by": node.get("superseded_by"),
            "note": str(node.get("note") or "").strip(),
            "line": self.lines.get(self.path),
        }

    def _citation(self, field: str, node: Any, documents: Mapping[str, Any]) -> dict[str, Any]:
        node = self.keys(node, ("document", "article", "paragraph", "item", "section"), field)
        self.one_of(f"{field}.document", node.get("document"), documents)
        article = node.get("article")
        if article is None and node.get("section") is None:
            raise self.fail(field, "没有写明条（article）或章节（section）。")
        if article is not None and not str(article).replace("-", "").isdigit():
            raise self.fail(f"{field}.article", f'的“{article}”应为阿拉伯数字，如 "26"，第十二条之一写 "12-1"。')
        if node.get("paragraph") is not None and not isinstance(node["paragraph"], int):
            raise self.fail(f"{field}.paragraph", "应为整数。")
        return {
            "document": str(node["document"]),
            "article": None if article is None else str(article),
            "section": None if node.get("section") is None else str(node["section"]),
            "paragraph": node.get("paragraph"),
            "item": None if node.get("item") is None else str(node["item"]),
        }

    def _exception(
        self, i: int, node: Any, citation: Mapping[str, Any], documents: Mapping[str, Any]
    ) -> dict[str, Any]:
        field = f"exceptions.{i}"
        node = self.keys(node, _EXCEPTION, field)
        if node.get("when") is None and node.get("where") is None:
            raise self.fail(field, "没有条件（when 或 where），这会使整条规则失效。")
        proofs = self.texts(f"{field}.proof", node.get("proof"))
        for fact in proofs:
            self.word(f"{field}.proof", fact, words.facts())
        return {
            "id": str(node.get("id") or i + 1),
            "when": self._condition(f"{field}.when", node["when"]) if node.get("when") is not None else None,
            "where": self._place(f"{field}.where", node["where"]) if node.get("where") is not None else None,
            "proof": proofs,
            "pending_effect": self.one_of(f"{field}.pending_effect", node.get("pending_effect") or "restrict", EFFECTS),
            "note": str(node.get("note") or ""),
            "citation": self._citation(f"{field}.citation", node["citation"], documents)
            if node.get("citation")
            else dict(citation),
        }

    def _season(self, value: Any) -> str | None:
        if value is None:
            return None
        try:
            first, last = str(value).split("/")
            for end in (first, last):
                dt.date.fromisoformat(f"2024-{end}")
        except ValueError:
            raise self.fail("season", f"的“{value}”应写成 06-01/08-31。") from None
        return str(value)

    # ---- conditions on the project

    def _condition(self, field: str, node: Any) -> dict[str, Any]:
        if not isinstance(node, Mapping) or not node:
            raise self.fail(field, "应为条件，如 {industry: [化工]}。")
        if len(node) == 1:
            key, value = next(iter(node.items()))
            if key in ("all", "any", "not"):
                return self._branch(field, key, value, self._condition)
            if key == "industry":
                return {
                    "industry": [self._industry(f"{field}.industry", v) for v in self.texts(f"{field}.industry", value)]
                }
            if key == "facility":
                return {
                    "facility": [
                        self.word(f"{field}.facility", v, words.facilities()) for v in self.texts(field, value)
                    ]
                }
            if key == "stage":
                return {"stage": [self.word(f"{field}.stage", v, words.stages()) for v in self.texts(field, value)]}
            if key == "subject":
                return {
                    "subject": [
                        self.one_of(f"{field}.subject", v, ("project", "plan")) for v in self.texts(field, value)
                    ]
                }
            if key == "duration":
                return {
                    "duration": [self.one_of(field, v, ("temporary", "permanent")) for v in self.texts(field, value)]
                }
        if "fact" in node or "parameter" in node:
            return self._comparison(field, node)
        allowed = ("all", "any", "not", "industry", "facility", "fact", "parameter", "stage", "subject", "duration")
        raise self.fail(
            field,
            f"不是能识别的条件：{dict(node)}{did_you_mean(str(next(iter(node))), allowed)}允许：{'、'.join(allowed)}。",
        )

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
            raise self.fail(
                field,
                f"的“{value}”既不是行业组也不是 GB/T 4754 代码{did_you_mean(value, words.groups(), otherwise='。')}",
            ) from None

    def _comparison(self, field: str, node: Mapping[str, Any]) -> dict[str, Any]:
        what = "fact" if "fact" in node else "parameter"
        self.keys(node, (what, *_COMPARE), field)
        name = str(node[what])
        name = (
            self.word(f"{field}.fact", name, words.facts())
            if what == "fact"
            else self.one_of(f"{field}.{what}", name, self.parameters)
        )
        tests = [(op, node[op]) for op in _COMPARE if op in node] or [("is", True)]
        out: list[dict[str, Any]] = []
        for op, value in tests:
            if op == "is":
                values = value if isinstance(value, list) else [value]
                if what == "fact":
                    values = [self._fact_value(field, name, v) for v in values]
                out.append({what: name, "op": "is", "value": values})
            elif isinstance(value, int | float) and not isinstance(value, bool):
                out.append({what: name, "op": op, "value": float(value)})
            else:
                raise self.fail(f"{field}.{op}", f"的“{value}”应为数字。")
        return out[0] if len(out) == 1 else {"all": out}

    def _fact_value(self, field: str, name: str, value: Any) -> Any:
        try:
            return words.check_fact(name, value)[1]
        except EcozoneError as error:
            raise self.fail(field, f"：{error}") from None

    # ---- places

    def _place(self, field: str, node: Any) -> dict[str, Any]:
        if not isinstance(node, Mapping) or not node:
            raise self.fail(field, "应为空间条件，如 {kind: river, relation: within_distance, distance: 1000}。")
        if len(node) == 1 and next(iter(node)) in ("all", "any", "not"):
            key, value = next(iter(node.items()))
            return self._branch(field, key, value, self._place)
        node = self.keys(node, _LEAF, field)
        relation = self.one_of(f"{field}.relation", node.get("relation", "intersects"), _RELATIONS)
        out: dict[str, Any] = {**self._zones(field, node), "relation": relation}
        if (relation == "within_distance") != (node.get("distance") is not None):
            raise self.fail(f"{field}.distance", "应与 relation: within_distance 一起给出。")
        if relation == "within_distance":
            out["distance"] = self._distance(f"{field}.distance", node["distance"])
        for key in ("share", "area_m2"):
            if node.get(key) is not None:
                bound = self.keys(node[key], ("ge", "gt", "le", "lt"), f"{field}.{key}")
                if len(bound) != 1 or not isinstance(next(iter(bound.values())), int | float):
                    raise self.fail(f"{field}.{key}", "应写成一个界限，如 {ge: 0.5}。")
                out[key] = dict(bound)
        if node.get("minus") is not None:
            out["minus"] = self._zones(f"{field}.minus", self.keys(node["minus"], ("kind", "filter"), f"{field}.minus"))
        return out

    def _zones(self, field: str, node: Mapping[str, Any]) -> dict[str, Any]:
        kind = kinds.registry()[self.one_of(f"{field}.kind", node.get("kind"), kinds.registry())]
        pairs = []
        for column, values in (node.get("filter") or {}).items():
            columns = (*kind.columns, *kinds.COMMON_COLUMNS)
            self.one_of(f"{field}.filter", column, columns)
            listed = [_text(v) for v in (values if isinstance(values, list) else [values])]
            codes = kind.columns[column].values if column in kind.columns else {}
            for value in listed:
                if codes:
                    self.one_of(f"{field}.filter.{column}", value, codes)
            pairs.append([str(column), listed])
        return {"kind": kind.kind, "filter": sorted(pairs)}

    def _distance(self, field: str, node: Any) -> dict[str, Any]:
        if isinstance(node, int | float) and not isinstance(node, bool):
            return {"metres": float(node)}
        node = self.keys(node, ("parameter", "fact", "at_least", "at_most"), field)
        if node.get("parameter"):
            self.one_of(f"{field}.parameter", node["parameter"], self.parameters)
        elif node.get("fact"):
            self.one_of(f"{field}.fact", node["fact"], words.facts())
        else:
            raise self.fail(field, "应为米数、{parameter: 名称} 或 {fact: 名称}。")
        return dict(node)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
