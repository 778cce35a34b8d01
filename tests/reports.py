"""Answers that reports are tried on, and reading written reports back."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

import ecozone
from ecozone.assessment import Assessment
from ecozone.demo import demo_atlas, sample_projects

DAY = "2026-11-22"
#: A pipeline across a whole city, 42 km long.
LONG = "LINESTRING (104.70 29.62, 104.95 29.62, 105.12 29.56)"


@functools.cache
def answer(kind: str) -> Assessment:
    """Return one of four answers: ``prohibited``, ``conditional``, ``undetermined``, ``linear``."""
    if kind == "linear":
        pipe = ecozone.Project(
            LONG, "new", "G5720", ["linear_works", "none"], name="横贯内江示例输气管道", site_accuracy_m=1
        )
        return ecozone.check(pipe, demo_atlas("511000"), as_of=DAY)
    region, name = {
        "prohibited": ("511111", "SW-01"), "conditional": ("511000", "NJ-04"), "undetermined": ("510604", "LJ-03"),
    }[kind]  # fmt: skip
    sample = next(s for s in sample_projects(region) if s.id == name)
    return ecozone.check(sample.project, demo_atlas(region), as_of=DAY)


KINDS = ("prohibited", "conditional", "undetermined", "linear")


def numbers(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (what, text) for every number of a record that a report has to show, as it has to show it."""
    project = record["project"]
    if project["area_m2"] is not None:
        yield "area", f"{project['area_m2']:,.2f} 平方米"
        yield "hectares", f"{project['area_m2'] / 1e4:,.4f} hm²"
        yield "mu", f"{project['area_m2'] * 3 / 2000:,.2f} 亩"
    if project["length_m"] is not None:
        yield "length", f"{project['length_m']:,.1f} 米"
    for zone in (*record["units"], *(record["element_zones"] or ())):
        yield "code", zone["code"]
        if zone["overlap_m2"] is not None:
            yield "overlap", f"{zone['overlap_m2']:,.2f} 平方米"
        if zone["overlap_m"] is not None:
            yield "overlap", f"{zone['overlap_m']:,.1f} 米"
        if zone["share"] is not None:
            yield "share", f"{zone['share']:.2%}"
    for near in record["neighbours"]:
        if near["distance_m"] is not None:
            yield near["zone_name"], f"{near['distance_m']:,.1f}"
    for finding in record["findings"]:
        if finding["outcome"] == "hit" and finding["effect"] not in ("inform", "prefer"):
            yield finding["rule"], finding["rule"]
            yield finding["rule"], finding["cited"]
            for key, value in finding["reads"].items():
                if key.endswith((".distance_m", ".beyond_m")) and value is not None:
                    yield f"{finding['rule']} {key}", f"{value:,.1f} 米"
            if isinstance(finding["threshold"].get("distance_m"), float):
                yield finding["rule"], f"界线 {finding['threshold']['distance_m']:,.1f} 米"
    for layer in record["layers"]:
        if layer["sha256"]:
            yield layer["kind"], layer["sha256"]
    for book in record["books"]:
        yield book["name"], book["sha256"]
    for row in record["requirements"]:
        yield "requirement", row["id"]
        yield "requirement", row["text"]
    for figure in record["parameters"]:
        yield "parameter", figure["label"]


def docx_texts(data: bytes) -> list[str]:
    """Return the texts of a Word file in order: paragraphs and cells."""
    import docx
    from docx.table import Table

    word = docx.Document(io.BytesIO(data))
    out: list[str] = []
    for block in word.iter_inner_content():
        if isinstance(block, Table):
            out += ["".join(_run(p) for p in c.xpath("./w:p")) for c in block._tbl.iter_tcs()]
        else:
            out.append(block.text)
    return out


def _run(paragraph: Any) -> str:
    said = ("\n" if n.tag.endswith("}br") else n.text or "" for n in paragraph.xpath(".//w:t | .//w:br"))
    return "".join(said).replace("\u200b", "")


def squeezed(text: str) -> str:
    """Return a text without white space: a page breaks lines where it likes."""
    return re.sub(r"[\s\u200b]+", "", text)


def parts(data: bytes) -> dict[str, bytes]:
    """Return the files inside an Office file."""
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
