"""The promises on real ground: never a silent clear, one path for one and many, a record that says what was decided."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ground
import numpy as np
import oracles
import pytest
import shapely
from ground import HERE, WIDE, Ground, layer
from situations import CASES, read_cases, situation

from ecozone import Atlas, Layer, Project, assess, check, words
from ecozone.demo import Sample, demo_atlas, demo_regions, sample_projects
from ecozone.rules.library import packaged
from ecozone.rules.logic import leaves
from ecozone.rules.model import EFFECTS

EXIT = {"prohibited": 1, "restricted": 4, "conditional": 0, "clear": 0}
ORDER = ("clear", "conditional", "restricted", "prohibited")
DAY = "2026-11-22"


@functools.cache
def atlas_of(region: str) -> Atlas:
    return demo_atlas(region)


def samples() -> list[tuple[str, Sample]]:
    return [(region, s) for region in demo_regions() for s in sample_projects(region)]


SAMPLES = [pytest.param(region, s, id=s.id) for region, s in samples()]
CLEAR = [p for p in SAMPLES if p.values[1].expected.get("verdict") == "clear" and p.values[1].expected.get("complete")]


# ------------------------------------------------------------------- the verdict follows from the record


def recomputed(record: Mapping[str, Any]) -> tuple[str, bool, int]:
    """Return verdict, completeness and exit status by SEMANTICS 1, from the findings of the JSON alone."""
    push = {k: v for k, (v, _) in EFFECTS.items()}
    firm, loose = 0, 0
    for f in record["findings"]:
        far = push[f["effect"]]
        if f["outcome"] == "hit" and f["firm"]:
            firm = max(firm, far)
        elif f["outcome"] in ("hit", "no_data", "undetermined"):
            loose = max(loose, far)
    complete = loose <= firm
    verdict = ORDER[firm] if firm or complete else "undetermined"
    status = 1 if verdict == "prohibited" else 3 if not complete or verdict == "undetermined" else EXIT[verdict]
    return verdict, complete, status


def assert_record(answer: Any) -> None:
    record = answer.to_dict()
    told = (record["verdict"], record["complete"], record["exit_status"])
    assert told == recomputed(record)
    assert told == (answer.verdict, answer.complete, answer.exit_status)
    for f in record["findings"]:
        open_ = f["outcome"] in ("no_data", "undetermined") and EFFECTS[f["effect"]][0] > 0
        assert not open_ or f["missing"], f"{f['rule']} is open and does not say what would close it"
        assert f["because"], f["rule"]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.parametrize(("region", "sample"), SAMPLES)
def test_the_record_of_every_sample(region: str, sample: Sample) -> None:
    assert_record(check(sample.project, atlas_of(region), as_of=sample.as_of))


def test_the_record_of_some_cases() -> None:
    for case in read_cases():
        if zlib.crc32(case["id"].encode()) % 60 == 0:
            project, atlas = situation(case)
            assert_record(check(project, atlas, as_of=str(case["as_of"])))


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda p: p.stem)
def test_the_record_of_every_case(path: Path) -> None:
    for case in read_cases([path]):
        project, atlas = situation(case)
        assert_record(check(project, atlas, as_of=str(case["as_of"])))


# ------------------------------------------------------------------------------ one path for one and many


def differences(a: Any, b: Any, path: str = "") -> Iterator[str]:
    """Yield where two records differ; numbers may in their last digits (a zone is clipped to another box)."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys([*a, *b]):
            yield from differences(a.get(key, "absent"), b.get(key, "absent"), f"{path}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from differences(x, y, f"{path}[{i}]")
    elif not (a == b or (isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=1e-9))):
        yield f"{path}: {a!r} against {b!r}"


@pytest.mark.parametrize("region", demo_regions())
def test_many_together_are_answered_as_one_at_a_time(region: str) -> None:
    """Points, lines, polygons and parts, chemistry beside meat: who else is asked changes no finding and no number."""
    by_day: dict[str, list[Sample]] = {}
    for sample in sample_projects(region):
        by_day.setdefault(sample.as_of, []).append(sample)
    for day, group in by_day.items():
        middles = [s.project.site.centroid for s in group[:2]]
        extra = [Project((p.x, p.y), name="点") for p in middles]
        asked = [s.project for s in group] + extra
        together = assess(asked, atlas_of(region), as_of=day)
        for project, mine in zip(asked, together, strict=True):
            alone = check(project, atlas_of(region), as_of=day)
            assert not list(differences(mine.to_dict(), alone.to_dict())), project.name


# ----------------------------------------------------------------------------------- never a silent clear


def without(atlas: Atlas, kind: str) -> Atlas:
    return _like(atlas, [atlas[k] for k in atlas if k != kind])


def _like(atlas: Atlas, layers: list[Layer]) -> Atlas:
    return Atlas(
        layers, atlas.region, name=atlas.name, parameters=atlas.parameters, accepted=atlas.accepted, access=atlas.access
    )


def known_only(atlas: Atlas, kind: str, coverage: Any) -> Atlas:
    """Return the atlas with one layer that knows less ground."""
    was = atlas[kind]
    made = Layer.from_arrays(
        kind=kind, geometry=was.geometry, columns=dict(was.columns), coverage=coverage,
        meta={**was.meta(), "complete_for": []},
    )  # fmt: skip
    return _like(atlas, [made if k == kind else atlas[k] for k in atlas])


def needed(answer: Any) -> dict[str, list[str]]:
    """Return the kinds whose loss must open a rule: those that alone clear a rule that could push, and the rules."""
    rules = {r.id: r for b in packaged().values() for r in b.rules}
    out: dict[str, list[str]] = {}
    for finding in answer.findings:
        found = rules.get(finding.rule)
        if found is None or finding.outcome != "clear" or finding.push == 0 or found.where is None:
            continue
        if "any" in found.where or len(leaves(found.where)) == 1:
            for leaf in leaves(found.where):
                out.setdefault(leaf["kind"], []).append(finding.rule)
    return out


@pytest.mark.parametrize(("region", "sample"), CLEAR)
def test_without_a_layer_that_a_rule_needs_nothing_is_clear(region: str, sample: Sample) -> None:
    atlas = atlas_of(region)
    answer = check(sample.project, atlas, as_of=sample.as_of)
    assert (answer.verdict, answer.complete) == ("clear", True)
    kinds = needed(answer)
    assert len(kinds) >= 5
    for kind, rules in kinds.items():
        less = check(sample.project, without(atlas, kind), as_of=sample.as_of)
        assert not less.complete and less.exit_status == 3, kind
        told = {f.rule: f for f in less.findings}
        assert all(told[r].outcome == "no_data" and f"layer:{kind}" in told[r].missing for r in rules), kind
        assert any(o.what == f"layer:{kind}" for o in less.open)


@pytest.mark.parametrize(("region", "sample"), CLEAR)
def test_where_a_layer_ends_beside_the_site_nothing_is_clear(region: str, sample: Sample) -> None:
    """The layer knows the site and a metre around it, or nobody knows what it knows."""
    atlas = atlas_of(region)
    kinds = needed(check(sample.project, atlas, as_of=sample.as_of))
    tight = sample.project.site.buffer(1e-5)
    for kind in list(kinds)[:6]:
        for coverage in (tight, None):
            less = check(sample.project, known_only(atlas, kind, coverage), as_of=sample.as_of)
            assert not (less.complete and less.verdict == "clear"), (kind, coverage)
            assert any(o.what == f"coverage:{kind}" for o in less.open), kind


TRADES = ("A0320", "B0610", "C1713", "C2211", "C2511", "C2614", "C3011", "C3110", "C3360", "D4411", "E4811", "G5951")


def _worlds(name: str) -> list[Any]:
    """Return values that a fact may have."""
    word = words.fact(name)
    if word.type == "bool":
        return [True, False]
    if word.type in ("number", "integer"):
        return [0, 1, 20, 500, 1e6]
    return list(word.values) if getattr(word, "values", None) else []


@pytest.mark.parametrize(("region", "sample"), CLEAR)
def test_a_forgotten_fact_never_clears(region: str, sample: Sample) -> None:
    """Whatever is clear without a fact, nature, industry or facility is clear whichever way that turns out.

    Nature is no exception (SEMANTICS 3 asks for none): where no place decides against any nature, none is needed.
    """
    project = sample.project
    asked: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    for name in project.facts:
        rest = {k: v for k, v in project.facts.items() if k != name}
        asked.append(({"facts": rest}, [{"facts": {**rest, name: value}} for value in _worlds(name)]))
    asked.append(({"nature": None}, [{"nature": n} for n in words.natures()]))
    asked.append(({"industries": ()}, [{"industries": (c,)} for c in TRADES]))
    unknown = {"industries": (), "facilities": None, "facilities_closed": False}  # an industry rules facilities out
    asked.append((unknown, [{"facilities": (f,), "facilities_closed": True} for f in words.facilities()]))
    clear = 0
    for less, worlds in asked:
        answers = assess(
            [project.with_(**{**less, **world}) for world in ({}, *worlds)], atlas_of(region), as_of=sample.as_of
        )
        if answers[0].complete and answers[0].verdict == "clear":
            clear += 1
            for world, there in zip(worlds, answers[1:], strict=True):
                assert (there.verdict, there.complete) == ("clear", True), world
    assert clear < len(asked)  # a harmless place does not make every fact idle


@pytest.mark.parametrize(("region", "sample"), CLEAR[:2])
def test_a_bare_point_in_the_middle_of_a_clear_site_is_not_looser(region: str, sample: Sample) -> None:
    at = sample.project.site.representative_point()
    whole = check(sample.project, atlas_of(region), as_of=sample.as_of)
    point = check(
        sample.project.with_(parts=(dataclasses.replace(sample.project.parts[0], geometry=at, extent_m=None),)),
        atlas_of(region), as_of=sample.as_of,
    )  # fmt: skip
    assert ORDER.index(point.verdict) >= ORDER.index(whole.verdict) if point.complete else True


# ----------------------------------------------------------------------------- monotonicity on real ground

RIVERBANK = shapely.box(0, -30_000, 400, 30_000)


def world(*more: Layer, river: Any = RIVERBANK, accuracy_m: float = 5.0, **options: Any) -> Atlas:
    """Return an atlas of 沙湾's code with a river east of the origin, and every other kind known to hold nothing."""
    from ecozone import kinds

    base = {
        "admin": layer("admin", [WIDE], columns={"code": ["511111"], "level": ["county"]}),
        "control_unit": layer(
            "control_unit", [WIDE], columns={"code": ["ZH51111130001"], "category": ["一般"]}, accuracy_m=1.0
        ),
        "river": layer(
            "river", [river], accuracy_m=accuracy_m, **{"coverage": WIDE, **options},
            columns={"river_class": ["干流"], "watercourse": ["river"], "line": ["water_edge"], "name": ["岷江"]},
        ),
    }  # fmt: skip
    given = {made.kind: made for made in more}
    made = {**base, **given}  # a layer without zones is false, and still a layer
    layers = [made[k] if k in made else layer(k, [], accuracy_m=1.0) for k in kinds.registry()]
    every = [i.id for b in packaged().values() for i in b.instruments]
    return Atlas(layers, "511111", accepted=every)


BAN = "cn.长江保护法.26-2"


def plant(site: Any, place: Ground = HERE, **options: Any) -> Project:
    known = {"nature": "new", "industry": "C2614", "facilities": ["none"], "site_accuracy_m": 0, **options}
    return Project(place.lonlat(site), **known)


def river_finding(project: Project, atlas: Atlas) -> Any:
    answer = check(project, atlas, as_of=DAY)
    return next(f for f in answer.findings if f.rule == BAN and f.part == "site")


def test_a_nearer_site_is_never_looser() -> None:
    atlas = world()
    order = {"clear": 0, "undetermined": 1, "hit": 2}
    rank = [
        order[river_finding(plant(shapely.box(-d - 100, -50, -d, 50)), atlas).outcome]
        for d in (3000, 1500, 1006, 1004, 1000, 996, 994, 500, 10, 0)
    ]
    assert rank == sorted(rank) and {0, 1, 2} == set(rank)


def test_another_zone_is_never_looser() -> None:
    rng = np.random.default_rng(3)

    def push(answer: Any) -> int:
        return ORDER.index(answer.verdict) if answer.verdict in ORDER else 0

    project = plant(shapely.box(-3100, -50, -3000, 50))
    for kind, columns in (
        ("ecological_redline", {"core_reserve": True}), ("basic_farmland", {}), ("nature_reserve", {"grade": "核心区"}),
        ("water_source", {"grade": "二级"}), ("wetland", {"importance": "国家重要"}),
    ):  # fmt: skip
        zones = [shapely.Point(-3050 + rng.uniform(-500, 500), rng.uniform(-500, 500)).buffer(200) for _ in range(6)]
        before = push(check(project, world(), as_of=DAY))
        for n in range(1, len(zones) + 1):
            made = layer(kind, zones[:n], accuracy_m=1.0, columns={k: [v] * n for k, v in columns.items()})
            after = push(check(project, world(made), as_of=DAY))
            assert after >= before, kind
            before = after


# -------------------------------------------------------------------------------------- Shows 4 and 5


def beside(metres: float, shape: str) -> Project:
    """Return a site whose nearest place lies so many metres west of the bank, built with Geod alone."""
    bank = HERE.lonlat(shapely.Point(0, 0))
    edge = oracles.go(bank.x, bank.y, 270, metres)
    made: Any = shapely.Point(*edge)
    if shape == "polygon":
        made = shapely.Polygon([edge, *(oracles.go(*edge, turn, 150) for turn in (300, 270, 240))])
    return Project(made, nature="new", industry="C2614", facilities=["none"], site_accuracy_m=0,
                   extent_m=0.0 if shape == "point" else None)  # fmt: skip


@pytest.mark.parametrize("shape", ["point", "polygon"])
@pytest.mark.parametrize(
    ("metres", "outcome"),
    [(990, "hit"), (994.9, "hit"), (995.1, "undetermined"), (999, "undetermined"), (1001, "undetermined"),
     (1004.9, "undetermined"), (1005.1, "clear"), (1010, "clear")],
)  # fmt: skip
def test_show_5_a_kilometre_from_a_line_accurate_to_five_metres(shape: str, metres: float, outcome: str) -> None:
    """The bank runs north and south through the place; the raw value is shown whatever comes of it."""
    bank = HERE.lonlat(shapely.Point(0, 0))
    line = shapely.LineString(
        [oracles.go(bank.x, bank.y, 0, 9000), (bank.x, bank.y), oracles.go(bank.x, bank.y, 180, 9000)]
    )
    edge = Layer.from_arrays(
        kind="river", geometry=ground.objects([line]), coverage=HERE.lonlat(WIDE), meta={"accuracy_m": 5.0},
        columns={
            "river_class": ground.objects(["干流"]), "watercourse": ground.objects(["river"]),
            "line": ground.objects(["water_edge"]), "name": ground.objects(["岷江"]),
        },
    )  # fmt: skip
    atlas = world(edge)
    found = river_finding(beside(metres, shape), atlas)
    assert found.outcome == outcome
    assert found.reads["river.distance_m"] == pytest.approx(metres, abs=0.05)
    assert found.threshold["distance_m"] == 1000 and found.threshold["accuracy_m"] == 5
    assert any(f"{found.reads['river.distance_m']:.1f} 米" in b for b in found.because)
    answer = check(beside(metres, shape), atlas, as_of=DAY)
    assert answer.exit_status == {"hit": 1, "undetermined": 3}.get(outcome, answer.exit_status)
    assert outcome != "undetermined" or "accuracy:river" in found.missing


def test_show_4_without_the_water_sources() -> None:
    atlas = without(world(), "water_source")
    answer = check(plant(shapely.box(-5100, 0, -5000, 100), industry="C1353"), atlas, as_of=DAY)
    assert answer.verdict != "clear" and answer.exit_status == 3
    assert any(o.what == "layer:water_source" and "水源" in o.label for o in answer.open)
    layers = {entry["kind"]: entry["outcome"] for entry in answer.layers}
    assert layers["water_source"] == "no_data"


def test_show_4_a_river_layer_that_ends_at_the_outline() -> None:
    """A plant 300 m inside the outline: the next county's river, which nobody drew, may be 400 m away."""
    outline = shapely.box(-20_000, -20_000, 0, 20_000)
    admin = layer("admin", [outline], columns={"code": ["511111"], "level": ["county"]})
    nothing = layer("river", [], accuracy_m=5.0, coverage=outline)
    site = plant(shapely.box(-400, -50, -300, 50))
    answer = check(site, world(admin, nothing), as_of=DAY)
    found = next(f for f in answer.findings if f.rule == BAN)
    assert found.outcome == "undetermined" and "coverage:river" in found.missing
    assert answer.verdict != "clear" and not answer.complete and answer.exit_status == 3
    wide = layer("river", [], accuracy_m=5.0, coverage=shapely.box(-20_000, -20_000, 3500, 20_000))
    assert river_finding(site, world(admin, wide)).outcome == "clear"
    inland = plant(shapely.box(-1500, -50, -1400, 50))
    assert river_finding(inland, world(admin, nothing)).outcome == "clear"


@pytest.mark.parametrize(("half_width", "outcome"), [(None, "undetermined"), (100.0, "clear"), (250.0, "undetermined")])
def test_a_centreline_clears_nothing_without_its_width(half_width: float | None, outcome: str) -> None:
    middle = layer(
        "river", [shapely.LineString([(0, -30_000), (0, 30_000)])], accuracy_m=5.0,
        columns={
            "river_class": ["干流"], "watercourse": ["river"], "line": ["centreline"], "half_width_m": [half_width],
        },
    )  # fmt: skip
    found = river_finding(plant(shapely.box(-1300, -50, -1200, 50)), world(middle))
    assert found.outcome == outcome
    assert river_finding(plant(shapely.box(-1000, -50, -900, 50)), world(middle)).outcome == "hit"


def test_a_bare_point_inside_a_park_may_reach_out_of_it() -> None:
    """内江: some trades only inside parks. at 100 m from its edge nobody knows; 400 m is enough."""
    rules = [r for b in packaged().values() for r in b.rules if r.where and r.where.get("relation") == "outside"]
    assert rules
    parks = [shapely.box(-2000, -2000, 2000, 2000)]
    from ecozone.relation import Request

    for x, inside, deep in ((1900, True, False), (1500, True, True), (2400, False, True)):
        park = layer("industrial_park", parks, accuracy_m=1.0)
        got = ground.measured(shapely.Point(x, 0), park, Request("industrial_park", reach_m=300))
        assert (got.inside[0] == 1) == inside
        assert (got.depth_m[0] > 301) == deep or not inside


def test_as_of_is_asked_for_and_checked() -> None:
    site = plant(shapely.box(-100, 0, 0, 100))
    for bad in (None, "昨天", "2026-02-30", "20261", 5):
        with pytest.raises(Exception) as caught:
            check(site, world(), as_of=bad)
        assert type(caught.value).__name__ == "FactError" and "as_of" in str(caught.value) + "判定日期as_of"
    late = dt.datetime.combine(dt.date(2026, 11, 22), dt.time(9))
    assert check(site, world(), as_of=late).as_of == dt.date(2026, 11, 22)
