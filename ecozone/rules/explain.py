"""From codes to findings: why each rule came out as it did, in words an officer can sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone import words
from ecozone.relation import FALSE, TRUE, UNKNOWN
from ecozone.rules import describe
from ecozone.rules import place as places
from ecozone.rules.finding import Finding
from ecozone.rules.judge import Judgement
from ecozone.rules.logic import leaves
from ecozone.rules.model import AUTHORITIES, EFFECTS, TEXTS, Citation, Rule
from ecozone.rules.outcomes import ABSENT, CLEAR, HIT, NOT_APPLICABLE, OUTCOMES, UNDETERMINED, Judged, pieces_of, proved
from ecozone.rules.sentences import Answer, explain, nature_sentence, outstanding
from ecozone.rules.spot import Spot


class Explainer:
    """Writes the findings of one judgement.

    Parameters
    ----------
    judgement : Judgement
    placed : ndarray of bool, shape (n,)
    names : sequence of str
        Name of each part.
    """

    def __init__(self, judgement: Judgement, placed: NDArray[np.bool_], names: Sequence[str]) -> None:
        self.judgement, self.placed, self.names = judgement, placed, names
        self.table, self.relations = judgement.table, judgement.relations

    def findings(self, parts: Iterable[int]) -> list[Finding]:
        """Return the findings of some parts, in the order of the books."""
        out = []
        for part in parts:
            for judged in self.judgement.rules:
                if judged.outcome[part] != ABSENT:
                    out.append(self.finding(judged, part))
        return out

    def finding(self, judged: Judged, part: int) -> Finding:
        """Return one finding."""
        rule, code = judged.planned.rule, judged.outcome[part]
        answers = self._gate(judged, part)
        because, missing = [a.text for a in answers], [m for a in answers if a.value == UNKNOWN for m in a.missing]
        where: list[dict[str, Any]] = []
        reads: dict[str, Any] = {}
        threshold: dict[str, Any] = {}
        line = None
        for leaf in leaves(rule.when):
            measured = self.table.measured(leaf["fact"]) if "fact" in leaf else None
            if measured is not None:
                reads[leaf["fact"]] = measured.read(part)
        if code != NOT_APPLICABLE:
            if rule.where is None:
                because.append("本条适用于全辖区")
            for leaf in leaves(rule.where):
                spot = self._spot(leaf, judged, part)
                if not (
                    code == HIT and _either(rule.where) and spot.value != TRUE
                ):  # one true place of several decides
                    because.extend(spot.because)
                    missing.extend(spot.missing)
                where.extend(spot.where)
                reads.update(spot.reads)
                threshold.update(spot.threshold)
                line = line or spot.line
            because.extend(self._exception(judged, part, missing))
        if judged.near_miss[part]:
            because.append("点位未给出用地范围，用地可能进入该界线以内")
        if code == CLEAR:
            missing = []
        return Finding(
            rule=rule.id,
            book=rule.book,
            title=rule.title,
            requirement=rule.requirement,
            part=self.names[part],
            effect=judged.effect_name(part),
            outcome=OUTCOMES[int(code)],
            firm=rule.firm(self.table.as_of),
            authority=rule.authority,
            text=rule.text,
            citation=citation(rule.citation, rule),
            source=rule.source,
            where=tuple(where),
            because=tuple(dict.fromkeys(because)),
            missing=tuple(dict.fromkeys(missing)),
            branch=self._branch(judged, part, code, answers),
            reads=reads,
            threshold=threshold,
            line=line,
            office=rule.office,
            next=rule.next if code in (HIT, UNDETERMINED) else (),
            marks=self._marks(judged, part),
            cited=str(rule.citation),
        )

    # ---- when

    def _gate(self, judged: Judged, part: int) -> list[Answer]:
        """Return the answers that decide whether the rule concerns the part: only the false ones when there is one."""
        rule, value = judged.planned.rule, int(judged.planned.gate[part])
        nature = nature_sentence(rule.natures, self.table, part)
        condition = explain(rule.when, self.table, part)
        if rule.season is not None and nature.value > FALSE:
            from ecozone.rules.plan import in_season

            state = int(in_season(rule.season, self.table)[part])
            text = {int(TRUE): "施工期在其内", int(FALSE): "施工期不在其内", int(UNKNOWN): "未说明施工期"}[state]
            condition.append(
                Answer(
                    state, f"限 {rule.season.replace('/', ' 至 ')}，{text}", ("works_from", "works_to"), "施工期在其内"
                )
            )
        if value == FALSE:
            if nature.value == FALSE:
                return [nature]
            against = [a for a in condition if a.value == FALSE]
            if not against and judged.planned.replaced:
                instead = "、".join(rule for _, rule in judged.planned.replaced)
                return [Answer(int(FALSE), f"本辖区依授权以 {instead} 代替本条")]
            return against or condition
        return [nature, *condition]

    def _branch(self, judged: Judged, part: int, code: int, answers: Sequence[Answer]) -> str | None:
        """Return what would follow if what is missing turned out against the project."""
        if code in (HIT, CLEAR, NOT_APPLICABLE):
            return None
        rule = judged.planned.rule
        condition, compound = outstanding(rule.when, self.table, part)
        others = [a.asked for a in answers if a.value == UNKNOWN and a.asked]
        if judged.why[part] or not (condition or others):
            alone = not (condition or others)
            others.append(describe.place(rule.where, alone=alone) if judged.why[part] else "不属于例外情形")
        when = f"（{condition}）" if compound and others else condition
        effect = EFFECTS[judged.effect_name(part)][1]
        return f"若{'，且'.join(t for t in (when, *others) if t)}：{effect}（{rule.title}）"

    # ---- where

    def _spot(self, leaf: Mapping[str, Any], judged: Judged, part: int) -> Spot:
        pieces = pieces_of(self.relations, judged.planned.jurisdiction, self.placed)
        proposed = bool(judged.proposed[part]) and leaf["kind"] in self.judgement.plan.proposed
        status = "proposed" if proposed else "in_force"
        state = places.judge_leaf(leaf, self.relations, pieces, self.table, status=status)
        measured = self.relations.measured[places.request_of(leaf, status=status)]
        return Spot.of(
            leaf, measured, int(pieces[part]), int(state.value[part]), int(state.why[part]), self.table, part,
            float(self.judgement.lacking_m[part]),
        )  # fmt: skip

    def _exception(self, judged: Judged, part: int, missing: list[str]) -> list[str]:
        rule = judged.planned.rule
        out = []
        for i, exception in enumerate(rule.exceptions):
            value = int(self.table.holds(exception.when)[part])
            note = exception.note or exception.id
            if judged.exception[part] == i:
                lacking = [words.fact(p).name for p in exception.proof if proved(self.table, p)[part] != TRUE]
                if lacking:
                    missing.extend(p for p in exception.proof if proved(self.table, p)[part] != TRUE)
                    out.append(
                        f"属于例外情形（{note}），但缺少{'、'.join(lacking)}，暂按{EFFECTS[exception.pending_effect][1]}处理"
                    )
                else:
                    papers = "、".join(self._paper(p, part) for p in exception.proof)
                    out.append(f"属于例外情形（{note}）" + (f"，依据：{papers}" if papers else ""))
            elif value == UNKNOWN and judged.outcome[part] == UNDETERMINED and judged.exception[part] < 0:
                answers = explain(exception.when, self.table, part)
                missing.extend(m for a in answers if a.value == UNKNOWN for m in a.missing)
                out.append(f"不知是否属于例外情形（{note}）")
        return out

    def _paper(self, name: str, part: int) -> str:
        value, _ = self.table.fact(name)[int(self.table.owner[part])]
        return f"{words.fact(name).name} {value if isinstance(value, str) else ''}".strip()

    def _marks(self, judged: Judged, part: int) -> tuple[str, ...]:
        rule = judged.planned.rule
        out = []
        if rule.expired(self.table.as_of):
            out.append("规划期已届满")
        if rule.text != "text":
            out.append(TEXTS[rule.text])
        if judged.proposed[part]:
            out.append("区域为拟划定，尚未生效")
        return tuple(out)


def citation(where: Citation, rule: Rule) -> dict[str, Any]:
    """Return a citation as plain JSON values."""
    return {
        "law": where.document.key,
        "title": where.document.title,
        "number": where.document.number,
        "article": where.article,
        "section": where.section,
        "paragraph": where.paragraph,
        "item": where.item,
        "in_force": rule.period.as_list(),
        "authority": AUTHORITIES[rule.authority],
    }


def _either(node: Mapping[str, Any] | None) -> bool:
    """Say whether a place is one of several, any of which is enough."""
    return node is not None and "any" in node and not any("not" in child for child in node["any"])
