"""The words that projects, rules and officers share: natures, stages, facility kinds, facts, industries.

Each word stands in a YAML file of this folder, whose head tells how to add one. English keys are stable;
Chinese names and aliases find them too.
"""

from __future__ import annotations

from ecozone.words.groups import (
    Extent,
    Membership,
    borderline,
    describe,
    extent,
    in_group,
    membership,
    settled_by,
    settling_facts,
)
from ecozone.words.industry import (
    Industry,
    all_codes,
    classes_under,
    entry,
    exists,
    find,
    name_of,
    normalise,
    normalise_prefix,
)
from ecozone.words.listed import Listed
from ecozone.words.rasters import RasterKind, raster_kind, raster_kinds
from ecozone.words.registry import (
    NOT_APPLICABLE,
    Facility,
    Fact,
    Group,
    NotApplicable,
    Term,
    Vocabulary,
    facilities,
    facility,
    fact,
    facts,
    group,
    groups,
    nature,
    natures,
    stage,
    stages,
    subjects,
)
from ecozone.words.values import UNITS, check_fact

__all__ = [
    "NOT_APPLICABLE",
    "UNITS",
    "Extent",
    "Facility",
    "Fact",
    "Group",
    "Industry",
    "Listed",
    "Membership",
    "NotApplicable",
    "RasterKind",
    "Term",
    "Vocabulary",
    "all_codes",
    "borderline",
    "check_fact",
    "classes_under",
    "describe",
    "entry",
    "exists",
    "extent",
    "facilities",
    "facility",
    "fact",
    "facts",
    "find",
    "group",
    "groups",
    "in_group",
    "membership",
    "name_of",
    "nature",
    "natures",
    "normalise",
    "normalise_prefix",
    "raster_kind",
    "raster_kinds",
    "settled_by",
    "settling_facts",
    "stage",
    "stages",
    "subjects",
]
