"""What would close an open answer, in the order in which an officer can ask for it.

Nature and industry decide most rules, facilities many; what hangs on their answer is named after them, not asked yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
#: What is one question for many things of a kind, in the order of asking; what is of no such kind stands between.
_FAMILIES = ("layer", "access_list", "", "parameter", "facility", "access_row", "instrument")


#: Families that one question stands for: what is asked, and how it is answered.
_TOGETHER = {
    "layer": ("缺少的图层", "请向主管部门取得后导入图集。"),
    "facility": (
        "有无下列设施",
        "用地本身是的，写 --facility 词；在别处有的，写 --has 词或 --part 词=位置；此外没有的，写 --facility none。",
    ),
    "access_row": ("准入清单中须人工核对的条目", "请在清单比对表中逐条填写项目对应情况和符合性（--answers）。"),
    "instrument": (
        "已知而未编入规则的文件",
        "请人工核对，核对后逐件登记：ecozone params --atlas 图集 --accept 编号 --basis 核对情况。",
    ),
}


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
        """Sort what is open in an answer."""
        reached = max((f.push for f in assessment.hits if f.firm), default=0)
        weighty = [] if assessment.complete else [o for o in assessment.open if EFFECTS[o.worst][0] > reached]
        first = sorted((o for o in weighty if o.what in _FIRST), key=lambda o: _FIRST.index(o.what))
        settled = {r for o in first for r in o.rules}
        now = first
        for family in ("layer", "facility"):
            found = [
                o for o in weighty if _family(o) == family and (family == "layer" or not settled.issuperset(o.rules))
            ]
            settled |= {r for o in found for r in o.rules}
            now = [*now, *found]
        rest = [o for o in weighty if o not in now]
        now = [*now, *(o for o in rest if not settled.issuperset(o.rules))]
        return cls(
            {family: [o for o in now if _family(o) == family] for family in _FAMILIES},
            [o for o in rest if settled.issuperset(o.rules)],
            [o for o in assessment.open if o not in weighty],
        )

    @property
    def labels(self) -> list[str]:
        """What is to be asked now, in a few words each; nature and industry first."""
        first = [o.label for o in self.now[""] if o.what in _FIRST]
        rest = [o.label for o in self.now[""] if o.what not in _FIRST]
        layers = [f"{len(self.now['layer'])} 个图层"] if self.now["layer"] else []
        facilities = ["有无特定设施"] if self.now["facility"] else []
        others = [o.label for f in ("access_list", "parameter", "access_row", "instrument") for o in self.now[f]]
        return [*first, *layers, *rest, *facilities, *others]

    @property
    def rules(self) -> set[str]:
        """Rules that could push the verdict."""
        return {r for found in (*self.now.values(), self.later) for o in found for r in o.rules}


def _family(item: Open) -> str:
    head, colon, _ = item.what.partition(":")
    return head if colon and head in _FAMILIES else ""


def wanted(asked: Asked, *, everything: bool = False) -> Iterable[Line]:
    """Yield what is missing, how to supply it, and what would follow."""
    if asked.rules:
        yield from title(f"未能判定 {len(asked.rules)} 条，补充以下事项即可判定")
        first = [o for o in asked.now[""] if o.what in _FIRST]
        groups: list[Sequence[Open]] = [[o] for o in first]
        for family in _FAMILIES:
            found = [o for o in asked.now[family] if o not in first]
            groups += [[o] for o in found] if everything or family not in _TOGETHER else [found] if found else []
        for n, group in enumerate(groups, 1):
            yield "", PLAIN
            yield from _together(n, group, everything)
        if asked.later:
            yield from title("以上答复后，可能还须说明")
            yield from _brief(asked.later, everything)
    if asked.idle:
        yield from title(f"另有 {len(asked.idle)} 类待定事项，不会使结论更严")
        yield from _brief(asked.idle, everything)


def _together(n: int, group: Sequence[Open], everything: bool) -> Iterable[Line]:
    """Yield one question for one or many things of a family."""
    if len(group) == 1:
        yield from _item(n, group[0].label, group[0].question, group[0].branches, everything)
        return
    label, how = _TOGETHER[_family(group[0])]
    listed = [_named(o) for o in group]
    branches = list(dict.fromkeys(b for o in group for b in o.branches))
    yield from _item(n, label, f"{'、'.join(listed)}。\n{how}", branches, everything)


def _named(item: Open) -> str:
    """Return how one thing among many is called, with what has to be typed for it."""
    family, _, name = item.what.partition(":")
    if family == "facility":
        return f"{words.facility(name).name} {name}"
    if family == "instrument":
        return f"{item.label.removesuffix('未编入规则')} {name}"
    return item.label.removeprefix("图层").strip("“”")


def _item(n: int, label: str, question: str, branches: Sequence[str], everything: bool) -> Iterable[Line]:
    yield from ((line, BOLD) for line in labelled(f"{n}.", label, indent=1, column=4))
    if question:
        yield from ((" " * 5 + line, PLAIN) for line in wrap(question, columns() - 5))
    shown = branches if everything else branches[:_BRANCHES]
    for branch in shown:
        yield from ((line, DIM) for line in labelled("·", branch, indent=5, column=2))
    if len(branches) > len(shown):
        yield f"     · 另有 {len(branches) - len(shown)} 种后果（用 --all 列出）", DIM


def _brief(items: Sequence[Open], everything: bool) -> Iterable[Line]:
    if everything:
        for i, item in enumerate(items, 1):
            yield from _item(i, item.label, item.question, item.branches, everything)
    else:
        text = "、".join(o.label for o in items) + "（用 --all 逐项列出）"
        yield from ((" " * 2 + line, PLAIN) for line in wrap(text, columns() - 2))
