"""What would close an open answer, in the order in which an officer can ask for it.

Nature and industry decide most rules, facilities many; what hangs on their answer is named after them, not asked yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecozone import words
from ecozone.cli.layout import BOLD, DIM, PLAIN, Line, columns, labelled, title, wrap
from ecozone.rules.model import EFFECTS

if TYPE_CHECKING:
    from ecozone.assessment import Assessment, Open

#: Consequences shown of each thing.
_BRANCHES = 3
_FIRST = ("nature", "industry")


@dataclass(frozen=True)
class Asked:
    """What is open, sorted by when it is to be asked.

    Attributes
    ----------
    now : sequence of Open
        Could push the verdict, and hangs on nothing else that is open.
    facilities : sequence of Open
        The same for facility kinds: one question for all.
    later : sequence of Open
        Could push the verdict, but every rule that wants it wants something of the others first.
    idle : sequence of Open
        Cannot push the verdict.
    """

    now: Sequence[Open]
    facilities: Sequence[Open]
    later: Sequence[Open]
    idle: Sequence[Open]

    @classmethod
    def of(cls, assessment: Assessment) -> Asked:
        """Sort what is open in an answer."""
        reached = max((f.push for f in assessment.hits if f.firm), default=0)
        weighty = [] if assessment.complete else [o for o in assessment.open if EFFECTS[o.worst][0] > reached]
        first = sorted((o for o in weighty if o.what in _FIRST), key=lambda o: _FIRST.index(o.what))
        settled = {r for o in first for r in o.rules}
        kinds = [o for o in weighty if o.what.startswith("facility:") and not settled.issuperset(o.rules)]
        settled |= {r for o in kinds for r in o.rules}
        rest = [o for o in weighty if o not in first and o not in kinds]
        now = [*first, *(o for o in rest if not settled.issuperset(o.rules))]
        later = [o for o in rest if settled.issuperset(o.rules)]
        return cls(now, kinds, later, [o for o in assessment.open if o not in weighty])

    @property
    def labels(self) -> list[str]:
        """What is to be asked now, in a few words each."""
        return [o.label for o in self.now] + (["有无特定设施"] if self.facilities else [])

    @property
    def rules(self) -> set[str]:
        """Rules that could push the verdict."""
        return {r for o in (*self.now, *self.facilities, *self.later) for r in o.rules}


def wanted(asked: Asked, *, everything: bool = False) -> Iterable[Line]:
    """Yield what is missing, how to supply it, and what would follow."""
    if asked.rules:
        yield from title(f"未能判定 {len(asked.rules)} 条，补充以下事项即可判定")
        n = 0
        for n, item in enumerate(asked.now, 1):
            yield "", PLAIN
            yield from _item(n, item.label, item.question, item.branches, everything)
        if asked.facilities:
            yield "", PLAIN
            yield from _facilities(n + 1, asked.facilities, everything)
        if asked.later:
            yield from title("以上答复后，可能还须说明")
            yield from _brief(asked.later, everything)
    if asked.idle:
        yield from title(f"另有 {len(asked.idle)} 类待定事项，不会使结论更严")
        yield from _brief(asked.idle, everything)


def _item(n: int, label: str, question: str, branches: Sequence[str], everything: bool) -> Iterable[Line]:
    yield from ((line, BOLD) for line in labelled(f"{n}.", label, indent=1, column=4))
    if question:
        yield from ((" " * 5 + line, PLAIN) for line in wrap(question, columns() - 5))
    shown = branches if everything else branches[:_BRANCHES]
    for branch in shown:
        yield from ((line, DIM) for line in labelled("·", branch, indent=5, column=2))
    if len(branches) > len(shown):
        yield f"     · 另有 {len(branches) - len(shown)} 种后果（用 --all 列出）", DIM


def _facilities(n: int, kinds: Sequence[Open], everything: bool) -> Iterable[Line]:
    names = [words.facility(o.what.partition(":")[2]) for o in kinds]
    listed = "、".join(f"{f.name} {f.key}" for f in names)
    how = "用地本身是的，写 --facility 词；在别处有的，写 --has 词或 --part 词=位置；此外没有的，写 --facility none。"
    question = f"{listed}。\n{how}"
    branches = list(dict.fromkeys(b for o in kinds for b in o.branches))
    yield from _item(n, "有无下列设施", question, branches, everything)


def _brief(items: Sequence[Open], everything: bool) -> Iterable[Line]:
    if everything:
        for i, item in enumerate(items, 1):
            yield from _item(i, item.label, item.question, item.branches, everything)
    else:
        text = "、".join(o.label for o in items) + "（用 --all 逐项列出）"
        yield from ((" " * 2 + line, PLAIN) for line in wrap(text, columns() - 2))
