"""What an answer stands on: layers and books with hashes, figures set, groups, assumptions, overrides, registers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ecozone import words
from ecozone.assessment import Assessment
from ecozone.report.chapters.place import table
from ecozone.report.messages import Say
from ecozone.report.tree import Block, Bullets, Paragraph

_OUTCOMES = {"hit": "命中", "clear": "不涉及", "no_data": "缺失"}


def versions(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield the versions of layers and books with their hashes, the figures set, the industry groups used."""
    keys = ("c_layer", "c_version", "c_accuracy", "c_covers", "c_outcome", "c_hash")
    rows = [
        [
            say.kind(layer["kind"]), layer["version"] or say("not_loaded"),
            "" if layer["accuracy_m"] is None else f"{layer['accuracy_m']:g}",
            "" if layer["version"] is None else say("is_true" if layer["covers_site"] else "is_false"),
            say.word(_OUTCOMES[layer["outcome"]]), layer["sha256"],
        ]
        for layer in answer.layers
    ]  # fmt: skip
    yield table(say("t_layers"), [say(k) for k in keys], rows, (2.0, 0.9, 0.8, 0.8, 0.9, 3.8))
    books = [[b["title"] + say.aside(b["name"]), b["version"], b["sha256"]] for b in answer.context.books]
    yield table(say("t_books"), [say(k) for k in ("c_book", "c_version", "c_hash")], books, (3.0, 1.0, 4.0))
    if answer.context.parameters:
        figures = [
            [p["label"], say.value(p["value"], p["unit"]), _signed(p), p["basis"] or ""]
            for p in answer.context.parameters
        ]
        heads = [say(k) for k in ("c_parameter", "c_value", "c_by", "c_basis")]
        yield table(say("t_parameters"), heads, figures, (3.2, 1.1, 1.5, 2.4))
    if answer.groups:
        groups = [[name, _codes(spec, say)] for name, spec in answer.groups.items()]
        yield table(say("t_groups"), [say("c_group"), say("c_codes")], groups, (2, 6))


def _signed(entry: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (entry["by"], entry["on"])))


def _codes(spec: Mapping[str, Any], say: Say) -> str:
    known = words.groups()
    named = [known[g].name if g in known else str(g) for g in spec.get("groups") or ()]
    told = [
        say.join(spec.get("codes") or ()),
        say("exclude", codes=say.join(spec["exclude"])) if spec.get("exclude") else "",
        say("maybe", codes=say.join(spec["maybe"])) if spec.get("maybe") else "",
        say("through", names=say.join(named)) if named else "",
    ]
    return say.join(filter(None, told), by="semicolon")


def assumptions(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield what was taken for granted when the site was read and where nobody gave a fact."""
    told = list(dict.fromkeys(a["text"] for a in answer.assumptions))
    yield Bullets(told) if told else Paragraph(say("no_assumptions"))


def overrides(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield the overrides beside the original findings."""
    titles = {f.rule: (f.title, f.effect_text) for f in answer.findings}
    rows = []
    for o in answer.overrides:
        title, effect = titles.get(o.rule, (o.rule, ""))
        rows.append(
            [title + say.aside(o.rule), say.word(effect), o.zone or say("whole_finding"), o.reason, f"{o.by} {o.on}"]
        )
    heads = [say(k) for k in ("c_provision", "c_effect", "c_zone", "c_reason", "c_signed")]
    yield table(say("t_overrides"), heads, rows, (3, 1, 1.2, 2.4, 1.3))


def registers(answer: Assessment, say: Say) -> Iterable[Block]:
    """Yield the instruments that are known and not encoded."""
    if not answer.context.instruments:
        yield Paragraph(say("no_registers"))
        return
    rows = [
        [
            f"《{i['title']}》" + (say.aside(i["number"]) if i["number"] else ""),
            *(say("is_true" if i[key] else "is_false") for key in ("bears_on_siting", "accepted")), i["why"],
        ]
        for i in answer.context.instruments
    ]  # fmt: skip
    heads = [say(k) for k in ("c_document", "c_bears", "c_accepted", "c_why")]
    yield table(say("t_registers"), heads, rows, (3.2, 0.8, 0.8, 3.4))
