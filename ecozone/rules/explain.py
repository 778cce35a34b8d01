"""From codes to findings: why each rule came out as it did, in words an officer can sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone import kinds, words
from ecozone.relation import FALSE, TRUE, UNKNOWN, Measured, ZoneRow
from ecozone.rules import describe
from ecozone.rules import place as places
from ecozone.rules.finding import Finding
from ecozone.rules.judge import (
    ABSENT,
    CLEAR,
    HIT,
    NOT_APPLICABLE,
    OUTCOMES,
    UNDETERMINED,
    Judged,
    Judgement,
    pieces_of,
    proved,
)
from ecozone.rules.logic import leaves
from ecozone.rules.model import AUTHORITIES, EFFECTS, TEXTS, Citation, Rule
from ecozone.rules.sentences import Answer, explain, nature_sentence, outstanding

#: Zones named per rule; the rest is counted.
MOST_ZONES = 20


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

    def _spot(self, leaf: Mapping[str, Any], judged: Judged, part: int) -> _Spot:
        pieces = pieces_of(self.relations, judged.planned.jurisdiction, self.placed)
        proposed = bool(judged.proposed[part]) and leaf["kind"] in self.judgement.plan.proposed
        status = "proposed" if proposed else "in_force"
        state = places.judge_leaf(leaf, self.relations, pieces, self.table, status=status)
        measured = self.relations.measured[places.request_of(leaf, status=status)]
        return _Spot.of(
            leaf, measured, int(pieces[part]), int(state.value[part]), int(state.why[part]), self.table, part
        )

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


class _Spot:
    """What one leaf of a place says of one part."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.because: list[str] = []
        self.missing: list[str] = []
        self.where: list[dict[str, Any]] = []
        self.reads: dict[str, Any] = {}
        self.threshold: dict[str, Any] = {}
        self.line: str | None = None

    @classmethod
    def of(
        cls, leaf: Mapping[str, Any], measured: Measured, piece: int, value: int, why: int, table: Any, part: int
    ) -> _Spot:
        spot = cls(value)
        kind = kinds.name(leaf["kind"])
        zones = f"{kind}{describe.filter_text(leaf)}"
        if piece == -2:
            spot.because.append(f"该设施的位置未提供，无法与{zones}比对")
            spot.missing.append(f"part:{'/'.join(table.kinds[part])}")
            return spot
        if measured.layer is None:
            spot.because.append(f"图集中没有当日有效的“{kind}”图层，无法判断")
            spot.missing.append(f"layer:{leaf['kind']}")
            return spot
        rows = measured.rows(piece)
        limit = places.limits(leaf, table)
        low, high = float(limit.low[part]), float(limit.high[part])
        a = float(measured.accuracy_m[piece])
        spot._numbers(leaf, measured, piece, low, high)
        spot.where = [_zone(r, leaf["kind"], measured, a) for r in rows[:MOST_ZONES]]
        if len(rows) > MOST_ZONES:
            spot.because.append(f"涉及{zones}共 {len(rows)} 处，仅列最近的 {MOST_ZONES} 处")
        spot.line = next((str(r.attributes["line"]) for r in rows if r.attributes.get("line")), measured.layer.line)
        spot._sentence(leaf, measured, piece, rows, zones, (low, high), value)
        spot._open(leaf, measured, piece, why, (low, high), kind)
        return spot

    def _numbers(self, leaf: Mapping[str, Any], measured: Measured, piece: int, low: float, high: float) -> None:
        self.threshold["accuracy_m"] = float(measured.accuracy_m[piece])
        if leaf["relation"] == "within_distance":
            self.threshold["distance_m"] = low if low == high else [low, high if np.isfinite(high) else None]
            spec = leaf["distance"]
            if spec.get("parameter"):
                self.threshold["parameter"] = spec["parameter"]
        for key in ("share", "area_m2"):
            if key in leaf:
                self.threshold[key] = dict(leaf[key])
        distance = float(measured.distance_m[piece])
        self.reads[f"{leaf['kind']}.distance_m"] = distance if np.isfinite(distance) else None
        if not np.isfinite(distance):
            self.reads[f"{leaf['kind']}.beyond_m"] = measured.request.reach_m
        if measured.overlap[piece] > 0:
            self.reads[f"{leaf['kind']}.overlap"] = float(measured.overlap[piece])
            self.reads[f"{leaf['kind']}.share"] = float(measured.share[piece])

    def _sentence(
        self,
        leaf: Mapping[str, Any],
        measured: Measured,
        piece: int,
        rows: Sequence[ZoneRow],
        zones: str,
        limit: tuple[float, float],
        value: int,
    ) -> None:
        relation, distance = leaf["relation"], float(measured.distance_m[piece])
        if relation == "within_distance":
            low, high = limit
            bound = f"{low:g} 米" if low == high else (f"{low:g}～{high:g} 米" if np.isfinite(high) else "未设定的距离")
            if rows:
                self.because.append(
                    f"距{_name(rows[0])} {distance:.1f} 米，界线 {bound}"
                    f"（数据精度 ±{measured.accuracy_m[piece]:.1f} 米）"
                )
            else:
                reach = measured.request.reach_m
                self.because.append(f"{reach:g} 米以内没有{zones}" if reach else f"用地没有触及{zones}")
        elif relation in ("within", "outside"):
            text = {1: "全部位于", -1: "不全在", 0: "是否全部位于"}[value if relation == "within" else -value]
            self.because.append(f"用地{text}{zones}范围内")
        elif distance == 0 and rows:
            self.because.append("；".join(f"涉及{_name(r)}{_amount(r)}" for r in rows[:5] if r.distance_m == 0))
        elif rows:
            self.because.append(f"不在{zones}范围内，最近的{_name(rows[0])}距 {distance:.1f} 米")
        else:
            self.because.append(f"不在{zones}范围内，附近也没有")

    def _open(
        self, leaf: Mapping[str, Any], measured: Measured, piece: int, why: int, limit: tuple[float, float], kind: str
    ) -> None:
        key = leaf["kind"]
        coverage = float(measured.coverage_m[piece])
        if why & places.NO_COVERAGE:
            known = f"只覆盖到用地外 {coverage:.0f} 米" if coverage >= 0 else "没有完整覆盖用地"
            self.because.append(f"“{kind}”图层{known}，覆盖范围以外情况不明")
            self.missing.append(f"coverage:{key}")
        if why & places.CENTRELINE:
            self.because.append(f"“{kind}”图层给的是中心线且没有半宽，不能据此排除；须提供岸线或半宽")
            self.missing.append(f"half_width:{key}")
        if why & places.NO_DISTANCE:
            spec = leaf.get("distance") or {}
            self.because.append("原文没有给出确定的距离，须由有权部门确定")
            self.missing.append(f"parameter:{spec['parameter']}" if spec.get("parameter") else str(spec.get("fact")))
        if why & places.ACCURACY:
            self.because.append(f"与界线之差在数据精度（±{measured.accuracy_m[piece]:.1f} 米）以内，须实测")
            self.missing.append(f"accuracy:{key}")


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


def _name(row: ZoneRow) -> str:
    extra = [str(row.attributes[k]) for k in ("river_class", "grade", "category") if row.attributes.get(k)]
    extra = [e for e in extra if e not in row.name]
    return row.name + (f"（{'、'.join(extra)}）" if extra else "")


def _amount(row: ZoneRow) -> str:
    share = f"，占 {row.share:.2%}" if row.share is not None else ""
    if row.overlap_m2 is not None:
        return f" {row.overlap_m2:.1f} 平方米{share}"
    if row.overlap_m is not None:
        return f" {row.overlap_m:.1f} 米{share}"
    return ""


def _zone(row: ZoneRow, kind: str, measured: Measured, accuracy_m: float) -> dict[str, Any]:
    used = measured.layer
    shown = {k: v for k, v in row.attributes.items() if k not in ("zone", "name", "status", "valid_from", "valid_to")}
    return {
        "kind": kind,
        "layer": used.version if used else None,
        "zone": row.zone,
        "name": row.name,
        "overlap_m2": row.overlap_m2,
        "overlap_m": row.overlap_m,
        "share": row.share,
        "distance_m": row.distance_m,
        "bearing": row.bearing,
        "accuracy_m": accuracy_m,
        "attributes": shown,
    }
