"""Findings on what an answer stands on: unencoded instruments, ground outside the atlas, missing units and lists.

They cite no law. Each keeps an answer from being complete until somebody closes it, and says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, PLANT_WIDTH_M, TRUE, UNKNOWN, Request
from ecozone.rules.access import CONFORMITY, FAILS, OPEN, UnitRow
from ecozone.rules.finding import Finding
from ecozone.rules.judge import Judgement, not_encoded
from ecozone.rules.model import EFFECTS
from ecozone.rules.outcomes import pieces_of

#: Rows of a list that are named.
_NAMED = 6


def site_findings(
    judgement: Judgement, placed: NDArray[np.bool_], names: Sequence[str], rows: Sequence[int]
) -> list[Finding]:
    """Return the findings about what the answer rests on, for some parts."""
    out: list[Finding] = []
    here = [r for r in rows if placed[r]]
    for row in here:
        if judgement.relations.outside_admin[row] > FALSE:
            out.append(
                _finding(
                    "data.outside_admin",
                    "用地超出图集行政区范围",
                    names[row],
                    "no_data",
                    "outside_admin",
                    "用地有一部分不在图集的行政区范围内，那里的规则和图层未载入",
                )
            )
        if judgement.unit_missing[row]:
            out.append(
                _finding(
                    "data.control_unit",
                    "环境管控单元未全域覆盖",
                    names[row],
                    "undetermined",
                    "control_unit",
                    "环境管控单元应全域覆盖，用地处没有单元或不完整，属数据错误，不能视为符合",
                )
            )
        near = [j for j in judgement.rules if j.near_miss[row]]
        if near:
            worst = max(near, key=lambda j: int(j.push()[row]))
            titles = "；".join(dict.fromkeys(j.planned.rule.title for j in near))
            made = _finding("data.extent", "点位未给出用地范围", names[row], "undetermined", "extent_m",
                            f"点位周围 {PLANT_WIDTH_M:.0f} 米以内有下列规则的界线，用地可能进入：{titles}")  # fmt: skip
            out.append(replace(made, effect=worst.effect_name(row)))
    for book in judgement.books:
        bound = any(pieces_of(judgement.relations, book.jurisdiction, placed)[r] >= 0 for r in here)
        if bound and not_encoded(book, judgement.table.as_of):
            out.append(
                _finding(f"data.{book.name}.before", f"{book.title}：{book.encoded_from} 以前未编入", "site", "no_data",
                         f"rules_before:{book.name}", "判定日期早于该规则集编入的年代，当时有效的规定未载入", book.name)
            )  # fmt: skip
        for instrument in book.instruments:
            if bound and instrument.bears_on_siting and instrument.id not in judgement.accepted:
                out.append(
                    _finding(
                        f"register.{instrument.id}",
                        f"《{instrument.title}》未编入规则",
                        "site",
                        "no_data",
                        f"instrument:{instrument.id}",
                        instrument.why or "该文件涉及选址，但未编入规则",
                        book.name,
                    )
                )
    for code, meets in judgement.compared.without_list.items():
        if any(meets[r] == TRUE for r in rows):
            out.append(
                _finding(
                    f"access.{code}",
                    f"管控单元 {code} 没有准入清单",
                    "site",
                    "no_data",
                    f"access_list:{code}",
                    "图集没有该单元当日有效的生态环境准入清单，无法逐条比对",
                )
            )
    for listed in judgement.compared.rows:
        undecided = any(listed.state[r] == OPEN and listed.touches[r] and not listed.may[r] for r in rows)
        failed = listed.answer is not None and listed.answer.conformity == CONFORMITY[FAILS]
        if undecided or (failed and any(listed.touches[r] for r in rows)):
            out.append(_row_finding(listed, undecided and not failed))
    return out + _possible(judgement, rows)


def _possible(judgement: Judgement, rows: Sequence[int]) -> list[Finding]:
    """Return a finding on each unit that the ground touches only if its accuracy or extent lets it."""
    measured = judgement.relations.measured.get(Request("control_unit"))
    out: list[Finding] = []
    for (code, _), meets in judgement.compared.units.items():
        mine = [r for r in rows if meets[r] == UNKNOWN]
        if not mine or measured is None:
            continue
        bare = code in judgement.compared.without_list
        waiting = [
            listed.requirement for listed in judgement.compared.rows
            if listed.unit == code and any(listed.state[r] == OPEN for r in mine)
        ]  # fmt: skip
        if not (waiting or (bare and all(meets[r] != TRUE for r in rows))):
            continue
        near = [(z.distance_m, r) for r in mine for z in measured.rows(r) if code in (z.attributes.get("code"), z.zone)]
        metres, part = min(near)
        within = metres <= measured.accuracy_m[part]
        why = f"精度 ±{measured.accuracy_m[part]:g} 米" + (
            "" if within else f"和点位的用地范围 {measured.extent_m[part]:g} 米"
        )
        told = (
            "图集没有该单元当日有效的生态环境准入清单"
            if bare
            else f"涉及时须核对准入清单 {len(waiting)} 条："
            + "、".join(r.id for r in waiting[:_NAMED])
            + (" 等" if len(waiting) > _NAMED else "")
        )
        made = _finding(
            f"access.{code}", f"可能涉及管控单元 {code}", "site", "no_data" if bare else "undetermined",
            "accuracy:control_unit" if within else "outline:control_unit",
            f"用地与管控单元 {code} 相距 {metres:,.1f} 米，在{why}以内，可能涉及；{told}",
        )  # fmt: skip
        if bare:
            out.append(replace(made, missing=(*made.missing, f"access_list:{code}")))
        else:
            out.append(replace(made, effect=max((r.effect for r in waiting), key=lambda e: EFFECTS[e][0])))
    return out


def _row_finding(row: UnitRow, undecided: bool) -> Finding:
    r = row.requirement
    because = f"准入清单（{r.level}，{r.dimension}）：{r.text}"
    said = f"经办人认定不符合：{row.answer.situation or row.answer.basis}" if row.answer and not undecided else ""
    made = _finding(
        f"access.{row.unit}.{r.id}",
        f"准入清单 {r.id}：{r.heading or r.dimension}",
        "site",
        "undetermined" if undecided else "hit",
        f"access_row:{row.unit}/{r.id}",
        because,
    )
    return replace(
        made, effect=r.effect, because=tuple(t for t in (because, said) if t), missing=made.missing if undecided else ()
    )


def _finding(
    rule: str, title: str, part: str, outcome: str, missing: str, because: str, book: str = "ecozone"
) -> Finding:
    return Finding(
        rule=rule,
        book=book,
        title=title,
        requirement="",
        part=part,
        effect="prohibit",
        outcome=outcome,
        firm=True,
        authority="standard",
        text="text",
        because=(because,),
        missing=(missing,),
        branch=None,
        citation={
            "law": "",
            "title": "",
            "number": None,
            "article": None,
            "section": None,
            "paragraph": None,
            "item": None,
            "in_force": [None, None],
            "authority": "",
        },
    )
