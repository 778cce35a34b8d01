"""Reading a rulebook's YAML: everything is checked before anything is loaded.

This runs when a book is compiled; afterwards the compiled form is read from the cache and trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ecozone import words
from ecozone.errors import EcozoneError, RuleError
from ecozone.rules.clauses import Clauses
from ecozone.rules.model import AUTHORITIES, BUILDING, EFFECTS, TEXTS
from ecozone.rules.reading import Lines

_BOOK = (
    "book",
    "name",
    "jurisdiction",
    "version",
    "documents",
    "instruments",
    "parameters",
    "groups",
    "rules",
    "note",
    "encoded_from",
)
_RULE = (
    "id", "title", "requirement", "source", "citation", "authority", "text", "period", "natures", "when", "where",
    "effect", "exceptions", "office", "next", "season", "subject", "superseded_by", "replaces", "empowered_by",
    "ladder_exception", "note",
)  # fmt: skip
_REQUIRED = ("id", "title", "requirement", "citation", "natures", "effect")
_EXCEPTION = ("id", "when", "where", "proof", "pending_effect", "note", "citation")
_GROUP = ("codes", "exclude", "groups", "maybe", "settled_by", "name", "source", "note", "empowered_by")
_PARAMETER_TYPES = ("distance", "number", "bool", "choice", "text")


class Reader(Clauses):
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

    def __init__(self, file: str, raw: Mapping[str, Any], lines: Lines, known_parameters: Iterable[str] = ()) -> None:
        declared = [n for n in (raw.get("parameters"), raw.get("groups")) if isinstance(n, Mapping)]
        names = {str(k) for node in declared for k in node}
        super().__init__(file, lines, {*known_parameters, *names}, names)
        self.raw = raw

    def book(self, wrong: list[RuleError] | None = None) -> dict[str, Any]:
        """Return the checked book as plain values.

        Parameters
        ----------
        wrong : list, optional
            What is wrong is put here, one error an entry, and the book comes back without those entries.

        Raises
        ------
        RuleError
            Something in it cannot be meant and `wrong` is not given; the first such thing is named.
        """
        raw = self.keys(self.raw, _BOOK, "")
        for key in ("book", "name", "jurisdiction", "version", "rules"):
            if raw.get(key) is None:
                raise self.fail(key, "缺失，规则集必须写明。")
        if not (str(raw["jurisdiction"]) == "" or str(raw["jurisdiction"]).isdigit()):
            raise self.fail(
                "jurisdiction", f'的“{raw["jurisdiction"]}”不是行政区划代码前缀，如 "51"、"511111"；全国为空。'
            )

        def kept(nodes: Iterable[tuple[Any, Any]], read: Any) -> list[tuple[str, Any]]:
            out = []
            for key, node in nodes:
                try:
                    out.append((str(key), read(key, node)))
                except RuleError as error:
                    if wrong is None:
                        raise
                    wrong.append(error)
            return out

        documents = dict(kept(self.mapping("documents", raw.get("documents")).items(), self._document))
        seen: set[str] = set()

        def rule(i: int, node: Any) -> dict[str, Any]:
            self.path = ("rules", i)
            self.rule = str(node.get("id", f"#{i + 1}")) if isinstance(node, Mapping) else f"#{i + 1}"
            return self._rule(node, documents, seen)

        rules = [r for _, r in kept(enumerate(self.listed("rules", raw["rules"])), rule)]
        self.path, self.rule = (), ""
        instruments = kept(enumerate(self.listed("instruments", raw.get("instruments"))), self._instrument)
        return {
            "book": str(raw["book"]),
            "name": str(raw["name"]),
            "jurisdiction": str(raw["jurisdiction"]),
            "version": str(raw["version"]),
            "encoded_from": self.day("encoded_from", raw.get("encoded_from")),
            "documents": documents,
            "rules": rules,
            "instruments": [v for _, v in instruments],
            "parameters": dict(kept(self.mapping("parameters", raw.get("parameters")).items(), self._parameter)),
            "groups": dict(kept(self.mapping("groups", raw.get("groups")).items(), self._group)),
        }

    # ---- what a book holds besides rules

    def _document(self, key: Any, node: Any) -> dict[str, Any]:
        field = f"documents.{key}"
        node = self.keys(node, ("title", "number", "authority", "text", "from", "to", "note"), field)
        if not node.get("title"):
            raise self.fail(f"{field}.title", "缺失，请写明文件全称。")
        return {
            "title": str(node["title"]),
            "number": _text_or_none(node.get("number")),
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
        for key in ("id", "title"):
            if not node.get(key):
                raise self.fail(f"{field}.{key}", "缺失，登记的文件要写明编号和全称。")
        return {
            "id": str(node["id"]),
            "title": str(node["title"]),
            "number": _text_or_none(node.get("number")),
            "authority": self.one_of(f"{field}.authority", node.get("authority", "normative"), AUTHORITIES),
            "bears_on_siting": bool(node.get("bears_on_siting", True)),
            "why": str(node.get("why") or node.get("note") or ""),
        }

    def _parameter(self, key: Any, node: Any) -> dict[str, Any]:
        field = f"parameters.{key}"
        node = self.keys(node, ("name", "unit", "type", "source", "question", "note", "values"), field)
        return {
            "name": str(node.get("name") or key),
            "unit": _text_or_none(node.get("unit")),
            "type": self.one_of(f"{field}.type", node.get("type", "number"), _PARAMETER_TYPES),
            "source": self.texts(f"{field}.source", node.get("source")),
            "question": str(node.get("question") or ""),
        }

    def _group(self, key: Any, node: Any) -> dict[str, Any]:
        field = f"groups.{key}"
        node = self.keys({"codes": node} if isinstance(node, list) else node, _GROUP, field)
        out: dict[str, Any] = {k: str(node[k]) for k in ("name", "source", "note", "empowered_by") if node.get(k)}
        for part in ("codes", "exclude", "maybe"):
            codes = self.texts(f"{field}.{part}", node.get(part))
            try:
                out[part] = [words.normalise_prefix(c) for c in codes]
            except EcozoneError as error:
                raise self.fail(f"{field}.{part}", f"：{error}") from None
        known = [*words.groups(), *self.groups]
        out["groups"] = [self.one_of(f"{field}.groups", g, known) for g in self.texts(field, node.get("groups"))]
        if bool(out["maybe"]) != bool(node.get("settled_by")):
            raise self.fail(f"{field}.settled_by", "应与 maybe 同时给出：写明由哪个事实判定。")
        if node.get("settled_by"):
            out["settled_by"] = self.word(f"{field}.settled_by", node["settled_by"], words.facts())
        return out

    # ---- rules

    def _rule(self, node: Any, documents: Mapping[str, Any], seen: set[str]) -> dict[str, Any]:
        node = self.keys(node, _RULE, "")
        for key in _REQUIRED:
            if node.get(key) in (None, "", []):
                raise self.fail(key, "缺失，每条规则都要写明。")
        if str(node["id"]) in seen:
            raise self.fail("id", f"“{node['id']}”重复，规则编号必须唯一。")
        seen.add(str(node["id"]))
        citation = self._citation("citation", node["citation"], documents, unread=node.get("text") == "missing")
        document = documents[citation["document"]]
        period = self.keys(node.get("period") or {}, ("from", "to"), "period")
        when = self.condition("when", node["when"]) if node.get("when") is not None else None
        if node.get("subject"):
            subject = {"subject": [self.one_of("subject", s, ("project", "plan")) for s in self._one("subject", node)]}
            when = {"all": [subject, when]} if when else subject
        where = node.get("where", "everywhere")
        exceptions = self.listed("exceptions", node.get("exceptions"))
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
            "natures": self._natures(node),
            "when": when,
            "where": None if where in ("everywhere", None) else self.place("where", where),
            "effect": self.one_of("effect", node["effect"], EFFECTS),
            "exceptions": [self._exception(i, e, citation, documents) for i, e in enumerate(exceptions)],
            "office": self.texts("office", node.get("office")),
            "next": self.texts("next", node.get("next")),
            "season": self.season(node.get("season")),
            "superseded_by": _text_or_none(node.get("superseded_by")),
            "replaces": self._one("replaces", node),
            "empowered_by": self._citation("empowered_by", node["empowered_by"], documents)
            if node.get("empowered_by")
            else None,
            "ladder_exception": self._ladder_exception(node.get("ladder_exception"), documents),
            "note": str(node.get("note") or "").strip(),
            "line": self.lines.get(self.path),
        }

    def _one(self, field: str, node: Mapping[str, Any]) -> list[str]:
        """Return a list of texts that may be written as one text."""
        value = node.get(field)
        return [value] if isinstance(value, str) else self.texts(field, value)

    def _natures(self, node: Mapping[str, Any]) -> list[str]:
        known = (*BUILDING, "existing", "building")
        listed = [self.one_of("natures", n, known) for n in self._one("natures", node)]
        return list(dict.fromkeys(n for v in listed for n in (BUILDING if v == "building" else (v,))))

    def _citation(self, field: str, node: Any, documents: Mapping[str, Any], *, unread: bool = False) -> dict[str, Any]:
        node = self.keys(node, ("document", "article", "paragraph", "item", "section"), field)
        document = self.one_of(f"{field}.document", node.get("document"), documents)
        article, section = _text_or_none(node.get("article")), _text_or_none(node.get("section"))
        if article is None and section is None:
            raise self.fail(field, "没有写明条（article）或章节（section）。")
        if article is None and not unread and documents[document]["authority"] in ("law", "regulation", "rule"):
            told = "不够：引用法律、法规、规章要写明条（article）；没有取得条文的写 text: missing。"
            raise self.fail(f"{field}.section", told)
        if article is not None and not _is_article(article):
            raise self.fail(f"{field}.article", f'的“{article}”应为阿拉伯数字，如 "26"，第十二条之一写 "12-1"。')
        paragraph = node.get("paragraph")
        if paragraph is not None and (not isinstance(paragraph, int) or isinstance(paragraph, bool) or paragraph < 1):
            raise self.fail(f"{field}.paragraph", f"的“{paragraph}”应为正整数。")
        return {
            "document": document,
            "article": article,
            "section": section,
            "paragraph": paragraph,
            "item": _text_or_none(node.get("item")),
        }

    def _exception(
        self, i: int, node: Any, citation: Mapping[str, Any], documents: Mapping[str, Any]
    ) -> dict[str, Any]:
        field = f"exceptions.{i}"
        node = self.keys(node, _EXCEPTION, field)
        if node.get("when") is None and node.get("where") is None:
            raise self.fail(field, "没有条件（when 或 where），这会使整条规则失效。")
        proofs = [
            self.word(f"{field}.proof", p, words.facts()) for p in self.texts(f"{field}.proof", node.get("proof"))
        ]
        cited = node.get("citation")
        return {
            "id": str(node.get("id") or i + 1),
            "when": self.condition(f"{field}.when", node["when"]) if node.get("when") is not None else None,
            "where": self.place(f"{field}.where", node["where"]) if node.get("where") is not None else None,
            "proof": proofs,
            "pending_effect": self.one_of(f"{field}.pending_effect", node.get("pending_effect") or "restrict", EFFECTS),
            "note": str(node.get("note") or ""),
            "citation": self._citation(f"{field}.citation", cited, documents) if cited else dict(citation),
        }

    def _ladder_exception(self, node: Any, documents: Mapping[str, Any]) -> dict[str, Any] | None:
        if node is None:
            return None
        field = "ladder_exception"
        node = self.keys(node, ("when", "note", "citation"), field)
        for key in ("note", "citation"):
            if not node.get(key):
                raise self.fail(f"{field}.{key}", "缺失：梯度的例外要写明理由和依据的条文。")
        return {
            "when": self.condition(f"{field}.when", node["when"]) if node.get("when") is not None else None,
            "note": str(node["note"]),
            "citation": self._citation(f"{field}.citation", node["citation"], documents),
        }


def _is_article(text: str) -> bool:
    number, dash, sub = text.partition("-")
    return number.isdigit() and (sub.isdigit() if dash else True)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)
