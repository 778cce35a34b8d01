"""The record: what an answer says besides its verdict, written from the judged arrays when somebody reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ecozone import kinds, words
from ecozone.assessment import Context
from ecozone.atlas import Atlas
from ecozone.relation import FALSE, UNKNOWN, Request
from ecozone.rules import access
from ecozone.rules.claims import claimed, contradicted
from ecozone.rules.facts import FactTable
from ecozone.rules.finding import Finding
from ecozone.rules.logic import leaves
from ecozone.rules.measured import KNOWN, NO_PLACE
from ecozone.rules.model import Rulebook
from ecozone.rules.outcomes import ABSENT, HIT, NO_DATA, UNDETERMINED, pieces_of
from ecozone.rules.plan import LOOKUPS

if TYPE_CHECKING:
    from ecozone._engine import Judged

_OPEN = (NO_DATA, UNDETERMINED)


def findings(judged: Judged, rows: Sequence[int]) -> list[Finding]:
    from ecozone.rules.explain import Explainer
    from ecozone.rules.standing import site_findings

    explainer = Explainer(judged.judgement, judged.batch.placed, judged.batch.names)
    return [
        *explainer.findings(rows),
        *site_findings(judged.judgement, judged.batch.placed, judged.batch.names, rows),
    ]


def units(judged: Judged, rows: Sequence[int]) -> list[dict[str, Any]]:
    measured = judged.judgement.relations.measured.get(Request("control_unit"))
    if measured is None or measured.layer is None:
        return []
    out = []
    for row in (r for r in rows if judged.batch.placed[r]):
        known = {code: meets[row] for (code, _), meets in judged.judgement.compared.units.items() if meets[row] > FALSE}
        listed = set()
        for zone in measured.rows(row):  # the nearest first
            a = zone.attributes
            code = str(a.get("code") or zone.zone)
            possible = bool(known.get(code) == UNKNOWN) and code not in listed
            if zone.distance_m == 0 or possible:
                listed.add(code)
                out.append(
                    {
                        "code": a.get("code"),
                        "name": zone.name,
                        "city": a.get("city"),
                        "county": a.get("county"),
                        "list_type": a.get("list_type"),
                        "category": a.get("category"),
                        "overlap_m2": zone.overlap_m2,
                        "overlap_m": zone.overlap_m,
                        "share": zone.share,
                        "possible": possible,
                        "distance_m": zone.distance_m if possible else None,
                        "part": judged.batch.names[row],
                        "within_accuracy": _sliver(zone, float(measured.accuracy_m[row])),
                    }
                )
    return out


def requirements(judged: Judged, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Return every row of the access list of every unit that is or may be touched, and how it stands."""
    return access.record(judged.judgement.compared, rows, {u["code"]: u["name"] for u in units(judged, rows)})


def layers(judged: Judged, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Return what each kind that this project's rules asked about answered for it."""
    out: dict[str, dict[str, Any]] = {}
    asked = _asked(judged, rows)
    hits = {
        leaf["kind"]
        for j in judged.judgement.rules
        if any(j.outcome[r] == HIT for r in rows)
        for leaf in leaves(j.planned.rule.where)
    }
    given = [r for r in rows if judged.batch.placed[r]]
    for request, measured in judged.judgement.relations.measured.items():
        if request.kind not in asked:
            continue  # another project's rules asked
        used = measured.layer
        hit = request.kind in hits or (
            request.kind == "control_unit" and any(measured.distance_m[r] == 0 for r in given)
        )
        covers = used is not None and all(measured.coverage_m[r] >= 0 for r in given)
        entry = {
            "kind": request.kind,
            "name": kinds.name(request.kind),
            "source": used.source if used else None,
            "version": used.version if used else None,
            "sha256": used.sha256() if used else None,
            "accuracy_m": used.accuracy_m if used else None,
            "document": used.document if used else None,
            "notice": used.notice if used else None,
            "covers_site": covers,
            "outcome": "no_data" if used is None else "hit" if hit else "clear",
        }
        out.setdefault(request.kind, entry)
    return [out[k] for k in sorted(out)] + _rasters(judged, rows)


def _rasters(judged: Judged, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Return what each raster that this project's rules asked about answered for it."""
    table, rules = judged.judgement.table, judged.judgement.rules
    out: dict[str, dict[str, Any]] = {}
    for name, measured in table.measurements.items():
        asking = [j for j in rules if any(leaf.get("fact") == name for leaf in leaves(j.planned.rule.when))]
        if not any(table.nature(j.planned.rule.natures)[r] > FALSE for j in asking for r in rows):
            continue
        used, hit = measured.used, any(j.outcome[r] == HIT for j in asking for r in rows)
        before = out.get(measured.layer, {}).get("outcome")
        out[measured.layer] = {
            "kind": measured.layer,
            "name": words.raster_kind(measured.layer).name,
            "source": used.source if used else None,
            "version": used.version if used else None,
            "sha256": used.sha256 if used else None,
            "accuracy_m": used.accuracy_m if used else None,
            "document": used.document if used else None,
            "notice": used.notice if used else None,
            "covers_site": used is not None and all(measured.why[r] in (KNOWN, NO_PLACE) for r in rows),
            "outcome": "no_data" if used is None else "hit" if hit or before == "hit" else "clear",
        }
    return [out[k] for k in sorted(out)]


def _asked(judged: Judged, rows: Sequence[int]) -> set[str]:
    """Return the kinds that rules, claims and look-ups of one project ask about, whoever else was asked."""
    concerned = [
        j.planned.rule for j in judged.judgement.rules
        if any(j.outcome[r] != ABSENT and j.planned.gate[r] > FALSE for r in rows)
    ]  # fmt: skip
    places = [where for rule in concerned for where in (rule.where, *(e.where for e in rule.exceptions))]
    asked = [leaf for where in places for leaf in leaves(where)]
    kinds_taken = [leaf["minus"]["kind"] for leaf in asked if leaf.get("minus")]
    profile = judged.judgement.table.projects[int(judged.judgement.table.owner[rows[0]])]
    claims = [place["kind"] for place in claimed([profile], judged.atlas.kinds)]
    return {leaf["kind"] for leaf in asked} | set(kinds_taken) | set(claims) | set(LOOKUPS)


def groups(judged: Judged, rows: Sequence[int]) -> dict[str, Any]:
    """Return the industry groups that hits and open findings turned on, with the codes used."""
    named = dict.fromkeys(
        name
        for j in judged.judgement.rules
        if any(j.outcome[r] in (HIT, *_OPEN) for r in rows)
        for leaf in leaves(j.planned.rule.when)
        for name in leaf.get("industry", ())
    )
    overrides = judged.judgement.table.groups
    return {name: words.describe(name, overrides) for name in named if name in words.groups() or name in overrides}


def assumptions(judged: Judged, i: int, rows: Sequence[int]) -> list[dict[str, str]]:
    table = judged.judgement.table
    asked = [
        leaf
        for j in judged.judgement.rules
        if any(int(table.nature(j.planned.rule.natures)[r]) > FALSE for r in rows)
        for leaf in leaves(j.planned.rule.when)
    ]
    facts = list(dict.fromkeys(leaf["fact"] for leaf in asked if "fact" in leaf))
    facilities = list(dict.fromkeys(k for leaf in asked for k in leaf.get("facility", ())))
    out = [{"about": "site", "text": n} for n in judged.project(i).notes]
    profile = table.projects[int(table.owner[rows[0]])]
    pieces = pieces_of(judged.judgement.relations, "", judged.batch.placed)
    said = contradicted(profile, rows[0], judged.judgement.relations, pieces, table)
    out += [{"about": f"claim:{name}", "text": text} for name, text in said]
    inferred = table.assumptions(int(table.owner[rows[0]]), facts, facilities)
    return out + [{"about": a.about, "text": a.text} for a in inferred]


def _sliver(zone: Any, accuracy_m: float) -> bool:
    """Say whether an overlap is no wider than the data's own accuracy."""
    if zone.overlap_m2 is not None:
        return bool(zone.overlap_m2 <= accuracy_m * accuracy_m)
    return zone.overlap_m is not None and bool(zone.overlap_m <= accuracy_m)


def context(atlas: Atlas, books: Sequence[Rulebook], table: FactTable) -> Context:
    declared = {name: spec for book in books for name, spec in book.parameters.items()}
    return Context(
        region=atlas.region,
        region_name=atlas.name,
        notice=atlas.notice,
        books=[
            {"name": b.name, "title": b.title, "version": b.version, "sha256": b.sha256, "jurisdiction": b.jurisdiction}
            for b in books
        ],
        parameters=[
            {
                "name": name,
                "label": spec.label,
                "unit": spec.unit,
                "book": spec.book,
                **_setting(atlas.parameters.get(name)),
            }
            for name, spec in sorted(declared.items())
        ],
        instruments=[
            {
                "id": i.id,
                "title": i.title,
                "number": i.number,
                "book": i.book,
                "bears_on_siting": i.bears_on_siting,
                "why": i.why,
                "accepted": i.id in atlas.accepted,
            }
            for b in books
            for i in b.instruments
        ],
    )


def _setting(parameter: Any) -> dict[str, Any]:
    if parameter is None:
        return {"value": None, "by": None, "on": None, "basis": None}
    return {
        "value": parameter.value,
        "by": parameter.by,
        "on": parameter.on.isoformat() if parameter.on else None,
        "basis": parameter.basis,
    }
