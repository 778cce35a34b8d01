"""The shelf of rulebooks: those that travel with ecozone and those a user brings, compiled once and read as JSON."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from ecozone import compiled
from ecozone.errors import RuleError, did_you_mean
from ecozone.rules.model import (
    EFFECTS,
    Citation,
    Document,
    Exemption,
    Instrument,
    LadderException,
    ParameterSpec,
    Period,
    Rule,
    Rulebook,
)


def _compile(texts: Mapping[str, str], known: Iterable[str] = ()) -> dict[str, Any]:
    """Check and flatten rulebook texts; parameters may be declared in any of them."""
    from ecozone.rules.schema import Reader

    parsed: dict[str, tuple[Any, dict[tuple[Any, ...], int]]] = {}
    for name, text in texts.items():
        try:
            parsed[name] = compiled.parse_yaml_with_lines(text)
        except compiled.YAMLError as error:
            raise RuleError(f"{name}：不是正确的 YAML：{error}。请检查缩进和引号。") from None
    parameters = set(known)
    for raw, _ in parsed.values():
        if isinstance(raw, Mapping) and isinstance(raw.get("parameters"), Mapping):
            parameters |= set(raw["parameters"])
    out = {}
    for name, (raw, lines) in parsed.items():
        if not isinstance(raw, Mapping):
            raise RuleError(f"{name}：内容为空或不是规则集。")
        out[name] = Reader(name, raw, lines, parameters).book()
        out[name]["sha256"] = hashlib.sha256(texts[name].encode()).hexdigest()
    ids: dict[str, str] = {}
    for name, book in out.items():
        for rule in book["rules"]:
            if rule["id"] in ids:
                raise RuleError(f"{name}：规则编号 {rule['id']} 已在 {ids[rule['id']]} 中使用，请改为唯一编号。")
            ids[rule["id"]] = name
    return out


@functools.cache
def packaged() -> Mapping[str, Rulebook]:
    """Return the rulebooks that travel with ecozone, by name."""
    folder = resources.files("ecozone.rulebooks")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    books = [from_compiled(raw) for raw in compiled.load(paths, _compile).values()]
    return {b.name: b for b in books}


def read_book(path: str | Path) -> Rulebook:
    """Read a user's rulebook.

    Raises
    ------
    RuleError
        Nothing of a book with a mistake is loaded; the message names file, line, rule, field and the nearest allowed
        value.
    """
    file = Path(path)
    if not file.is_file():
        raise RuleError(
            f"找不到规则集“{path}”{did_you_mean(str(path), packaged())}内置规则集：{'、'.join(packaged())}。"
        )
    known = {p for b in packaged().values() for p in b.parameters}
    try:
        raw = compiled.load([file], functools.partial(_compile, known=known))
    except UnicodeDecodeError as error:
        raise RuleError(f"{file.name}：不是 UTF-8 编码，请用编辑器另存为 UTF-8 后再试。") from error
    book = from_compiled(next(iter(raw.values())))
    if book.name in packaged():
        raise RuleError(f"{file.name}：规则集名称 {book.name} 与内置规则集相同，请改名，例如 {book.name}-本单位。")
    from ecozone.rules.lint import refuse

    refuse(file)
    return book


def load_books(names: Sequence[str | Path | Rulebook] | None = None) -> list[Rulebook]:
    """Return rulebooks by name, file or value.

    Parameters
    ----------
    names : sequence, optional
        None: all that travel with ecozone. Otherwise just these; a file is added to what the names say.
    """
    if names is None:
        return list(packaged().values())
    out: list[Rulebook] = []
    for item in names:
        if isinstance(item, Rulebook):
            out.append(item)
        elif str(item) in packaged():
            out.append(packaged()[str(item)])
        else:
            out.append(read_book(item))
    return out


def stack(books: Sequence[Rulebook], codes: Iterable[str]) -> list[Rulebook]:
    """Return the books that bind ground in any of the counties, nation first."""
    prefixes = set(codes)
    return sorted(
        (b for b in books if any(c.startswith(b.jurisdiction) for c in prefixes)),
        key=lambda b: (b.jurisdiction, b.name),
    )


def find_rule(rule_id: str) -> Rule:
    """Return a packaged rule.

    Raises
    ------
    RuleError
        No such rule; the nearest are named.
    """
    rules = {r.id: r for b in packaged().values() for r in b.rules}
    if rule_id not in rules:
        raise RuleError(f"没有编号为“{rule_id}”的规则{did_you_mean(rule_id, rules)}全部规则见 ecozone rules list。")
    return rules[rule_id]


def _period(ends: Sequence[str | None]) -> Period:
    return Period(*(dt.date.fromisoformat(e) if e else None for e in ends))


def from_compiled(raw: Mapping[str, Any]) -> Rulebook:
    """Return a book from its compiled form."""
    documents = {
        k: Document(k, d["title"], d["number"], d["authority"], d["text"], _period([d["from"], d["to"]]))
        for k, d in raw["documents"].items()
    }

    def citation(c: Mapping[str, Any]) -> Citation:
        return Citation(documents[c["document"]], c["article"], c["section"], c["paragraph"], c["item"])

    rules = tuple(
        Rule(
            id=r["id"],
            book=raw["book"],
            title=r["title"],
            requirement=r["requirement"],
            source=tuple(r["source"]),
            citation=citation(r["citation"]),
            authority=r["authority"],
            text=r["text"],
            period=_period(r["period"]),
            natures=tuple(r["natures"]),
            when=r["when"],
            where=r["where"],
            effect=r["effect"],
            exceptions=tuple(
                Exemption(
                    e["id"],
                    e["when"],
                    e["where"],
                    tuple(e["proof"]),
                    e["pending_effect"],
                    e["note"],
                    citation(e["citation"]),
                )
                for e in r["exceptions"]
            ),
            office=tuple(r["office"]),
            next=tuple(r["next"]),
            season=r["season"],
            superseded_by=r["superseded_by"],
            note=r["note"],
            line=r["line"],
            replaces=tuple(r["replaces"]),
            empowered_by=citation(r["empowered_by"]) if r["empowered_by"] else None,
            ladder_exception=LadderException(
                **{**r["ladder_exception"], "citation": citation(r["ladder_exception"]["citation"])}
            )
            if r["ladder_exception"]
            else None,
        )
        for r in raw["rules"]
    )
    return Rulebook(
        name=raw["book"],
        title=raw["name"],
        jurisdiction=raw["jurisdiction"],
        version=raw["version"],
        sha256=raw["sha256"],
        rules=rules,
        documents=documents,
        instruments=tuple(Instrument(**i, book=raw["book"]) for i in raw["instruments"]),
        parameters={
            k: ParameterSpec(k, p["name"], p["unit"], p["type"], tuple(p["source"]), p["question"], raw["book"])
            for k, p in raw["parameters"].items()
        },
        encoded_from=dt.date.fromisoformat(raw["encoded_from"]) if raw.get("encoded_from") else None,
        groups=raw["groups"],
    )


def worst_effect(rules: Iterable[Rule]) -> str:
    """Return the effect that pushes farthest among rules."""
    return max((r.effect for r in rules), key=lambda e: EFFECTS[e][0], default="inform")
