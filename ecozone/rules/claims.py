"""Claims: facts that say where a site lies. A layer that says otherwise counts, and the answer reports it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecozone import kinds, words
from ecozone.relation import FALSE, TRUE, Relations
from ecozone.rules.facts import FactTable, Profile
from ecozone.rules.place import judge_leaf, request_of


def leaf(claim: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claim as a place: all of the site inside the zones."""
    pairs = sorted([column, [str(v) for v in values]] for column, values in (claim.get("filter") or {}).items())
    return {"kind": claim["kind"], "filter": pairs, "relation": "within"}


def claimed(profiles: Sequence[Profile], kinds_here: Collection[str]) -> list[dict[str, Any]]:
    """Return the places that some project claims to lie in, of kinds the atlas has."""
    names = dict.fromkeys(itertools.chain.from_iterable(p.facts for p in profiles))
    claims = [words.fact(n).claim for n in names]
    return [leaf(c) for c in claims if c and c["kind"] in kinds_here]


def contradicted(
    profile: Profile, row: int, relations: Relations, pieces: NDArray[np.int64], table: FactTable
) -> list[tuple[str, str]]:
    """Return (fact, sentence) for each claim of a project that a layer contradicts at one part.

    Parameters
    ----------
    profile : Profile
    row : int
        The part: the project's main site.
    relations, pieces, table
        As for `ecozone.rules.place.judge_leaf`.
    """
    out = []
    for name, value in profile.facts.items():
        word = words.fact(name)
        if not word.claim or not isinstance(value, bool):
            continue
        place = leaf(word.claim)
        if request_of(place) not in relations.measured:
            continue
        found = int(judge_leaf(place, relations, pieces, table).value[row])
        if found == (int(FALSE) if value else int(TRUE)):
            where = kinds.name(word.claim["kind"])
            seen = "不在其内" if value else "在其内"
            out.append((name, f"申报“{word.name}：{word.label(value)}”，但“{where}”图层显示用地{seen}，以图层为准"))
    return out
