"""Findings on what an answer stands on: unencoded instruments, ground outside the atlas, missing units and lists.

They cite no law. Each keeps an answer from being complete until somebody closes it, and says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ecozone.relation import FALSE, PLANT_WIDTH_M
from ecozone.rules.access import FAILS, OPEN, UnitRow
from ecozone.rules.finding import Finding
from ecozone.rules.judge import Judgement, not_encoded, pieces_of


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
    for code, touches in judgement.compared.without_list.items():
        if any(touches[r] for r in rows):
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
        states = {int(listed.state[r]) for r in rows if listed.touches[r]}
        if int(OPEN) in states or (int(FAILS) in states and listed.answer is not None):
            out.append(_row_finding(listed, int(OPEN) in states))
    return out


def _row_finding(row: UnitRow, undecided: bool) -> Finding:
    r = row.requirement
    because = f"准入清单（{r.level}，{r.dimension}）：{r.text}"
    said = f"经办人认定不符合：{row.answer.situation or row.answer.basis}" if row.answer else ""
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
