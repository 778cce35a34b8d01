"""Judged arrays as a table of one row a site. Codes until the end, words in dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE
from ecozone.rules.access import CONFORMITY, FAILS, OPEN
from ecozone.rules.judge import not_encoded
from ecozone.rules.model import EFFECTS
from ecozone.rules.outcomes import CLEAR, HIT, NO_DATA, NOT_APPLICABLE, OUTCOMES, UNDETERMINED, pieces_of
from ecozone.screening.chunks import Answered

if TYPE_CHECKING:
    import pyarrow as pa

    from ecozone._engine import Judged

#: Counted a site, in this order.
COUNTED = ("hit", "undetermined", "no_data", "clear", "not_applicable")
_CODES = {
    "hit": HIT,
    "undetermined": UNDETERMINED,
    "no_data": NO_DATA,
    "clear": CLEAR,
    "not_applicable": NOT_APPLICABLE,
}
_PUSH = np.array([push for push, _ in EFFECTS.values()], dtype=np.int8)
EFFECT_NAMES = list(EFFECTS)
REFUSED = "data.row"


@dataclass
class Words:
    """Strings by number, for dictionary columns."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, word: str) -> int:
        """Return the number of a word, a new one where it is new."""
        return self.numbers.setdefault(word, len(self.numbers))

    def column(self, codes: Any) -> pa.DictionaryArray:
        """Return the words of numbers; below 0 there is none."""
        import pyarrow as pa

        codes = np.asarray(codes, dtype=np.int32)
        known = pa.array(list(self.numbers) or [""], type=pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), known)


def results(answered: Answered) -> pa.Table:
    """Return one row a site: verdict, complete, the rule that pushes farthest, counts, why a row is open as a whole.

    Columns: ``row``, ``name``, ``verdict``, ``complete``, ``worst_rule``, ``worst_effect``, ``hit``, ``undetermined``,
    ``no_data``, ``clear``, ``not_applicable``, ``reason``.
    """
    import pyarrow as pa

    n = len(answered.read.rows)
    verdict = np.full(n, "undetermined", dtype=object)
    complete = np.zeros(n, dtype=bool)
    worst, effect = np.full(n, -1), np.full(n, -1)
    counts = np.zeros((len(COUNTED), n), dtype=np.int32)
    rules, effects = Words(), Words()
    for name in EFFECT_NAMES:
        effects.number(name)
    for at, judged in answered.blocks:
        verdict[at], complete[at] = judged.judgement.verdict, judged.judgement.complete
        counts[:, at] = _counts(judged)
        worst[at], effect[at] = _worst(judged, rules)
    reason = answered.reason
    refused = np.array([r is not None for r in reason], dtype=bool)
    verdict[refused], complete[refused], worst[refused], effect[refused] = "undetermined", False, -1, -1
    counts[:, refused] = 0
    counts[COUNTED.index("undetermined"), refused] = 1
    return pa.table(
        {
            "row": pa.array(answered.read.rows),
            "name": pa.array([str(v) for v in answered.read.name], type=pa.string()),
            "verdict": _dictionary(verdict),
            "complete": pa.array(complete),
            "worst_rule": rules.column(worst),
            "worst_effect": effects.column(effect),
            **{name: pa.array(counts[i]) for i, name in enumerate(COUNTED)},
            "reason": pa.array(list(reason), type=pa.string()),
        }
    )


def _dictionary(values: NDArray[Any]) -> Any:
    words = Words()
    return words.column([words.number(str(v)) for v in values.tolist()])


def _counts(judged: Judged) -> NDArray[np.int32]:
    """Return the counts of outcomes, shape (outcomes, projects)."""
    judgement, owner, m = judged.judgement, judged.batch.project, judged.batch.projects
    parts = np.zeros((len(COUNTED), len(owner)), dtype=np.int32)
    for rule in judgement.rules:
        for i, name in enumerate(COUNTED):
            parts[i] += rule.outcome == _CODES[name]
    out = np.zeros((len(COUNTED), m), dtype=np.int32)
    for i in range(len(COUNTED)):
        np.add.at(out[i], owner, parts[i])
    for kind in standing(judged):
        out[COUNTED.index(OUTCOMES[int(kind.outcome)]), kind.projects] += 1
    return out


def _worst(judged: Judged, rules: Words) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each project the hit that pushes farthest (firm before weak, then by the books' order)."""
    owner, m = judged.batch.project, judged.batch.projects
    best = np.zeros(m, dtype=np.int16)
    rule_at, effect_at = np.full(m, -1), np.full(m, -1)
    for rule in judged.judgement.rules:
        hit = np.flatnonzero(rule.outcome == HIT)
        if not len(hit):
            continue
        firm = rule.planned.rule.firm(judged.as_of)
        score = (2 * _PUSH[rule.effect[hit]].astype(np.int16) + 1) * 2 + firm
        better = score > best[owner[hit]]
        mine, value = hit[better], score[better]
        order = np.argsort(value, kind="stable")  # of several parts of one project the worst is written last
        mine, value = mine[order], value[order]
        best[owner[mine]] = value
        rule_at[owner[mine]] = rules.number(rule.planned.rule.id)
        effect_at[owner[mine]] = rule.effect[mine]
    return rule_at, effect_at


@dataclass(frozen=True)
class Standing:
    """A finding about the ground of the answers themselves (see `ecozone.rules.standing`), for some projects."""

    rule: str
    book: str
    outcome: np.int8
    projects: NDArray[np.int64]
    part: NDArray[np.int64] | None = None
    effect: str = "prohibit"

    def without(self, refused: NDArray[np.bool_]) -> Standing:
        """Return the finding without some projects."""
        kept = ~refused[self.projects]
        part = None if self.part is None else self.part[kept]
        return Standing(self.rule, self.book, self.outcome, self.projects[kept], part, self.effect)


def standing(judged: Judged) -> list[Standing]:
    """Return what `ecozone.rules.standing.site_findings` says, over columns."""
    judgement, batch = judged.judgement, judged.batch
    placed = np.flatnonzero(batch.placed)
    away = placed[judgement.relations.outside_admin > FALSE]
    bare = placed[judgement.unit_missing[placed]]
    out = [
        Standing("data.outside_admin", "ecozone", NO_DATA, batch.project[away], away),
        Standing("data.control_unit", "ecozone", UNDETERMINED, batch.project[bare], bare),
    ]
    out += _extents(judged)
    for book in judgement.books:
        waiting = [i for i in book.instruments if i.bears_on_siting and i.id not in judgement.accepted]
        early = not_encoded(book, judgement.table.as_of)
        if waiting or early:
            bound = pieces_of(judgement.relations, book.jurisdiction, batch.placed)[placed] >= 0
            projects = np.unique(batch.project[placed[bound]])
            if early:
                out.append(Standing(f"data.{book.name}.before", book.name, NO_DATA, projects))
            out += [Standing(f"register.{i.id}", book.name, NO_DATA, projects) for i in waiting]
    for code, meets in judgement.compared.without_list.items():
        out.append(Standing(f"access.{code}", "ecozone", NO_DATA, np.unique(batch.project[meets > FALSE])))
    for row in judgement.compared.rows:
        rule, effect = f"access.{row.unit}.{row.requirement.id}", row.requirement.effect
        if row.answer is not None and row.answer.conformity == CONFORMITY[FAILS]:
            out.append(Standing(rule, "ecozone", HIT, np.unique(batch.project[row.touches]), effect=effect))
        else:
            open_ = np.unique(batch.project[row.touches & ~row.may & (row.state == OPEN)])
            out.append(Standing(rule, "ecozone", UNDETERMINED, open_, effect=effect))
    return [s for s in (*out, *_possible(judged)) if len(s.projects)]


def _possible(judged: Judged) -> list[Standing]:
    """Return units that sites only may touch, by the worst effect of the rows that wait for it."""
    project, waiting = judged.batch.project, [r for r in judged.judgement.compared.rows if r.may.any()]
    out = []
    for unit in dict.fromkeys(r.unit for r in waiting):
        push, effect = (np.full(judged.batch.projects, -1) for _ in range(2))
        for row in (r for r in waiting if r.unit == unit):
            mine = np.unique(project[row.may & (row.state == OPEN)])
            code = EFFECT_NAMES.index(row.requirement.effect)
            mine = mine[_PUSH[code] > push[mine]]
            push[mine], effect[mine] = _PUSH[code], code
        out += [
            Standing(f"access.{unit}", "ecozone", UNDETERMINED, np.flatnonzero(effect == e), effect=EFFECT_NAMES[e])
            for e in np.unique(effect[effect >= 0]).tolist()
        ]
    return out


def _extents(judged: Judged) -> list[Standing]:
    """Return bare points whose ground may reach into something, by the worst effect that it may have."""
    owner = judged.batch.project
    push, effect = np.full(len(owner), -1), np.full(len(owner), -1)
    for rule in judged.judgement.rules:
        worse = rule.near_miss & (rule.push() > push)
        push = np.where(worse, rule.push(), push)
        effect = np.where(worse, rule.effect, effect)
    return [
        Standing("data.extent", "ecozone", UNDETERMINED, owner[at], at, EFFECT_NAMES[e])
        for e in np.unique(effect[effect >= 0]).tolist()
        for at in [np.flatnonzero(effect == e)]
    ]
