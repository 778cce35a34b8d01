"""What would close an open answer, in the order in which somebody can ask for it.

Nature and industry decide most rules, layers and facilities many; what hangs on their answer is asked later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecozone.override import reached
from ecozone.rules.model import EFFECTS

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Open

#: What is asked before everything else.
FIRST = ("nature", "industry")
#: What is one question for many things of a kind, in the order of asking; what is of no such kind stands between.
FAMILIES = ("layer", "access_list", "", "parameter", "facility", "access_row", "instrument")


@dataclass(frozen=True)
class Asked:
    """What is open, sorted by when it is to be asked.

    Attributes
    ----------
    now : mapping of str to sequence of Open
        Could push the verdict, and hangs on nothing else that is open; by family, ``""`` for what stands alone.
    later : sequence of Open
        Could push the verdict, but every rule that wants it wants something of the others first.
    idle : sequence of Open
        Cannot push the verdict.
    """

    now: Mapping[str, Sequence[Open]]
    later: Sequence[Open]
    idle: Sequence[Open]

    @classmethod
    def of(cls, assessment: Assessment) -> Asked:
        """Sort what is open in an answer, after what an officer struck."""
        return cls.sort(assessment.open_after, reached(assessment.findings, assessment.overrides))

    @classmethod
    def sort(cls, opened: Sequence[Open], push: int) -> Asked:
        """Sort what is open where firm hits push the verdict so far (0 to 3)."""
        weighty = [o for o in opened if EFFECTS[o.worst][0] > push]
        first = sorted((o for o in weighty if o.what in FIRST), key=lambda o: FIRST.index(o.what))
        settled = {r for o in first for r in o.rules}
        now = first
        for family in ("layer", "facility"):
            found = [
                o for o in weighty if family_of(o) == family and (family == "layer" or not settled.issuperset(o.rules))
            ]
            settled |= {r for o in found for r in o.rules}
            now = [*now, *found]
        rest = [o for o in weighty if o not in now]
        now = [*now, *(o for o in rest if not settled.issuperset(o.rules))]
        return cls(
            {family: [o for o in now if family_of(o) == family] for family in FAMILIES},
            [o for o in rest if settled.issuperset(o.rules)],
            [o for o in opened if o not in weighty],
        )

    @property
    def labels(self) -> list[str]:
        """What is to be asked now, in a few words each; nature and industry first."""
        first = [o.label for o in self.now[""] if o.what in FIRST]
        rest = [o.label for o in self.now[""] if o.what not in FIRST]
        layers = [f"{len(self.now['layer'])} 个图层"] if self.now["layer"] else []
        facilities = ["有无特定设施"] if self.now["facility"] else []
        others = [o.label for f in ("access_list", "parameter", "access_row", "instrument") for o in self.now[f]]
        return [*first, *layers, *rest, *facilities, *others]

    @property
    def rules(self) -> set[str]:
        """Rules that could push the verdict."""
        return {r for found in (*self.now.values(), self.later) for o in found for r in o.rules}


def family_of(item: Open) -> str:
    """Return the family of a missing thing, empty when it stands alone."""
    head, colon, _ = item.what.partition(":")
    return head if colon and head in FAMILIES else ""
