"""Mutation of the rulebooks against the hand-written cases alone.

Every case is measured once, with every rule that could ever ask; a mutant changes one thing of one rule (or one date
of one document), and only the rules it touches are judged again. A mutant that no case notices is a survivor.

    python tests/mutation.py                 # the rate of every book
    python tests/mutation.py cn-511111       # and the survivors of one
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from measured import Field, key
from mutants import Mutant, mutants
from situations import read_cases

from ecozone.rules.library import packaged
from ecozone.rules.model import Rule, Rulebook
from ecozone.rules.outcomes import Judged


class Trial:
    """All cases, measured, and who notices what.

    Parameters
    ----------
    cases : sequence of mapping
    """

    def __init__(self, cases: Sequence[Mapping[str, Any]]) -> None:
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for case in cases:
            groups.setdefault(key(case), []).append(case)
        self.fields = [Field(g) for g in groups.values()]
        self.failing: list[str] = []
        self._speak: dict[str, list[tuple[Field, list[int]]]] = {}
        self._sums: list[tuple[Field, list[int]]] = []
        for f in self.fields:
            broken = f.failing()
            self.failing += broken.values()
            sound = [i for i in range(len(f.cases)) if i not in broken]
            self._sums.append((f, [i for i in sound if f.cases[i].sums]))
            named: dict[str, list[int]] = {}
            for i in sound:
                for rule in {*(f.cases[i].expect.get("findings") or {}), *(f.cases[i].expect.get("absent") or ())}:
                    named.setdefault(rule, []).append(i)
            for rule, at in named.items():
                self._speak.setdefault(rule, []).append((f, at))

    def killer(self, mutant: Mutant) -> str | None:
        """Return the first case that notices a mutant; None: it survives."""
        for name in mutant.rules:
            for f, at in self._speak.get(name, ()):
                if killer := self._notice(f, at, mutant, ()):
                    return killer
        for f, at in self._sums:
            if at and (killer := self._notice(f, at, mutant, at)):
                return killer
        return None

    def _notice(self, f: Field, at: Sequence[int], mutant: Mutant, sums: Sequence[int]) -> str | None:
        changed = {k: (r, self._again(f, k, r, mutant)) for k, r in mutant.rules.items() if k in f.rules}
        if not changed:
            return None
        for i in at:
            case = f.cases[i]
            found = {k: case.found(r, j) for k, (r, j) in changed.items()} if not sums else {}
            weights = None
            if sums:
                instead = {k: case.weigh(r, j) for k, (r, j) in changed.items() if f.rules[k][1] in case.jurisdictions}
                if all(f.weights[i].get(k) == w for k, w in instead.items()):
                    continue
                weights = ({**f.weights[i], **instead}).values()
            if case.complaints(found, weights):
                return case.id
        return None

    @staticmethod
    def _again(f: Field, name: str, rule: Rule | None, mutant: Mutant) -> Judged | None:
        """Return a rule as it comes out after the change: dates and deletions leave the ground as it was."""
        if rule is None or mutant.kind == "date":
            return f.judged[name]
        cached = mutant.memo.get(id(f))
        if cached is None:
            cached = mutant.memo[id(f)] = f.judge(rule, f.rules[name][1])
        return cached

    def run(self, books: Iterable[Rulebook]) -> Score:
        """Try every mutant of some books."""
        score = Score()
        for book in books:
            for mutant in mutants(book):
                score.add(mutant, self.killer(mutant))
        return score


@dataclass
class Score:
    """Who was noticed and who was not."""

    tried: dict[tuple[str, str], int] = field(default_factory=dict)
    survivors: list[Mutant] = field(default_factory=list)

    def add(self, mutant: Mutant, killer: str | None) -> None:
        key = (mutant.book, mutant.kind)
        self.tried[key] = self.tried.get(key, 0) + 1
        if killer is None:
            self.survivors.append(mutant)

    def rate(self, keep: Callable[[str, str], bool] = lambda _book, _kind: True) -> float:
        """Return the share of mutants noticed, of all or of some books and kinds."""
        tried = sum(n for k, n in self.tried.items() if keep(*k))
        lived = sum(keep(m.book, m.kind) for m in self.survivors)
        return 1.0 if not tried else 1 - lived / tried

    def table(self) -> str:
        """Return killed/tried for every book and kind of mutant."""
        kinds = list(dict.fromkeys(k for _, k in self.tried))
        lines = ["book        " + "".join(f"{k:>14}" for k in kinds) + f"{'all':>14}"]
        for book in dict.fromkeys(b for b, _ in self.tried):
            cells = []
            for kind in (*kinds, None):
                tried = sum(n for (b, k), n in self.tried.items() if b == book and kind in (None, k))
                lived = sum(m.book == book and kind in (None, m.kind) for m in self.survivors)
                cells.append(f"{tried - lived}/{tried}".rjust(14))
            lines.append(f"{book:<12}" + "".join(cells))
        total = sum(self.tried.values())
        lines.append(f"{total - len(self.survivors)} of {total} mutants noticed: {self.rate():.1%}")
        return "\n".join(lines)


def main(names: Sequence[str]) -> None:
    trial = Trial(read_cases())
    for line in trial.failing:
        print("fails as it is:", line)
    score = trial.run(b for b in packaged().values() if not names or b.name in names)
    print(score.table())
    if names:
        for mutant in score.survivors:
            print(f"  {mutant.what}")


if __name__ == "__main__":
    main(sys.argv[1:])
