"""The published shape of an answer."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import jsonschema
import pytest
import shapely

import ecozone
from ecozone.demo import demo_folder, demo_regions, sample_projects

DAY = "2026-11-22"
SITES = (
    "POINT (103.55 29.41)",
    "MULTIPOINT ((103.55 29.41), (103.56 29.41))",
    "LINESTRING (103.55 29.41, 103.57 29.43)",
    "POLYGON ((103.55 29.41, 103.56 29.41, 103.56 29.42, 103.55 29.41))",
)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(resources.files("ecozone.schema").joinpath("assessment-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def plain(assessment: ecozone.Assessment) -> dict[str, Any]:
    """Return the record as it is read from a file."""
    return json.loads(json.dumps(assessment.to_dict(), allow_nan=False))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    sample = sample_projects("511111")[0]
    return plain(ecozone.check(sample.project, ecozone.demo_atlas("511111"), as_of=DAY))


@pytest.mark.parametrize("region", demo_regions())
def test_answers_of_the_samples(validator: jsonschema.Draft202012Validator, region: str) -> None:
    samples = sample_projects(region)
    answers = ecozone.assess([s.project for s in samples], ecozone.demo_atlas(region), as_of=DAY)
    for sample, answer in zip(samples, answers, strict=True):
        wrong = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(plain(answer))]
        assert not wrong, (sample.id, wrong[:3])


@pytest.mark.parametrize(
    "project",
    [
        {},
        {"nature": "existing", "stage": "环评", "subject": "plan"},
        {"nature": "new", "industry": ["C2614", "D4430"], "has": ["outfall"], "facilities": "none"},
        {
            "facts": {
                "approved_on": "2020-01-01",
                "boiler_tph": 35,
                "fuel": "coal",
                "fishery_opinion": "某函〔2026〕1号",
            }
        },
        {"parts": {"outfall": "103.556,29.405"}, "extent_m": 100, "permanent": False},
    ],
)
@pytest.mark.parametrize("site", SITES)
def test_answers_of_any_project(validator: jsonschema.Draft202012Validator, site: str, project: dict[str, Any]) -> None:
    answer = ecozone.check(ecozone.Project(site, **project), ecozone.demo_atlas("511111"), as_of=DAY)
    assert [f"{e.json_path}: {e.message}" for e in validator.iter_errors(plain(answer))][:3] == []


def test_answer_of_an_atlas_without_layers(validator: jsonschema.Draft202012Validator) -> None:
    whole = ecozone.demo_atlas("511111")
    bare = ecozone.Atlas([whole["admin"]], region="511111")
    answer = ecozone.check(ecozone.Project("103.55,29.41"), bare, as_of=DAY)
    record = plain(answer)
    assert [f"{e.json_path}: {e.message}" for e in validator.iter_errors(record)][:3] == []
    assert {layer["outcome"] for layer in record["layers"] if layer["kind"] != "admin"} == {"no_data"}
    assert record["verdict"] == "undetermined"


def test_unknown_keys_are_welcome(validator: jsonschema.Draft202012Validator, record: dict[str, Any]) -> None:
    later = copy.deepcopy(record)
    later["new"] = later["project"]["new"] = later["findings"][0]["new"] = later["findings"][0]["citation"]["new"] = 1
    assert validator.is_valid(later)


def test_promised_keys_may_not_go(validator: jsonschema.Draft202012Validator, record: dict[str, Any]) -> None:
    promised = {
        "": "schema ecozone as_of project verdict complete findings units layers books parameters assumptions "
        "requirements parts open",
        "project": "name nature industry industries facilities facts site area_m2 length_m",
        "findings": "rule book title effect outcome citation where because missing reads threshold line authority text "
        "office next if part source",
        "units": "code name city county list_type category overlap_m2 share",
        "layers": "kind name version sha256 covers_site outcome",
        "books": "name version sha256",
    }
    for where, keys in promised.items():
        for key in keys.split():
            lacking = copy.deepcopy(record)
            place = lacking[where] if where else lacking
            del (place[0] if isinstance(place, list) else place)[key]
            assert not validator.is_valid(lacking), (where, key)
    for key in ("law", "article", "paragraph", "in_force"):
        lacking = copy.deepcopy(record)
        del lacking["findings"][0]["citation"][key]
        assert not validator.is_valid(lacking), key


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "allowed"),
        (("as_of",), "22.11.2026"),
        (("findings", 0, "outcome"), "maybe"),
        (("findings", 0, "citation", "article"), "二十六"),
        (("findings", 0, "citation", "in_force"), ["2021-03-01"]),
        (("project", "site"), {"type": "Circle", "coordinates": []}),
        (("layers", 0, "sha256"), "0"),
        (("complete",), "yes"),
    ],
)
def test_values_out_of_their_range_are_refused(
    validator: jsonschema.Draft202012Validator, record: dict[str, Any], path: tuple[Any, ...], value: object
) -> None:
    wrong = copy.deepcopy(record)
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not validator.is_valid(wrong)


def test_site_of_the_record_is_the_site(record: dict[str, Any]) -> None:
    sample = sample_projects("511111")[0]
    site = shapely.from_geojson(json.dumps(record["project"]["site"]))
    assert shapely.equals_exact(site, sample.project.site, 1e-9)
    assert record["project"]["area_m2"] == pytest.approx(sample.project.area_m2)


def test_schema_travels_beside_the_sample_atlases() -> None:
    assert resources.files("ecozone.schema").joinpath("assessment-1.json").is_file()
    assert demo_folder().is_dir()
