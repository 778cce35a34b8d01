"""What would close an open answer, as the command line asks for it: the options to type, and what would follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ecozone import words
from ecozone.asked import FAMILIES, FIRST, Asked, family_of
from ecozone.cli.layout import BOLD, DIM, PLAIN, Line, columns, labelled, title, wrap

if TYPE_CHECKING:
    from ecozone.assessment import Open

#: Consequences shown of each thing.
_BRANCHES = 3
#: Families that one question stands for: what is asked, and how it is answered.
_TOGETHER = {
    "layer": ("缺少的图层", "请向主管部门取得后导入图集。"),
    "facility": (
        "有无下列设施",
        "用地本身是的，写 --facility 词；在别处有的，写 --has 词或 --part 词=位置；此外没有的，写 --facility none。",
    ),
    "access_row": (
        "准入清单中须人工核对的条目",
        "请在清单比对表中逐条填写项目对应情况和符合性（--answers-to 写出，--answers 读回）。",
    ),
    "instrument": (
        "已知而未编入规则的文件",
        "请人工核对，核对后逐件登记：ecozone params --atlas 图集 --accept 编号 --basis 核对情况。",
    ),
}


def wanted(asked: Asked, *, everything: bool = False) -> Iterable[Line]:
    """Yield what is missing, how to supply it, and what would follow."""
    if asked.rules:
        yield from title(f"未能判定 {len(asked.rules)} 条，补充以下事项即可判定")
        first = [o for o in asked.now[""] if o.what in FIRST]
        groups: list[Sequence[Open]] = [[o] for o in first]
        for family in FAMILIES:
            found = [o for o in asked.now[family] if o not in first]
            groups += [[o] for o in found] if everything or family not in _TOGETHER else [found] if found else []
        for n, group in enumerate(groups, 1):
            yield "", PLAIN
            yield from _together(n, group, everything)
        if asked.later:
            yield from title("以上答复后，可能还须说明")
            yield from _brief(asked.later, everything)
    if asked.idle:
        yield from title(f"另有 {len(asked.idle)} 类待定事项，无论如何答复都不会使结论更严")
        yield from _brief(asked.idle, everything)


def _together(n: int, group: Sequence[Open], everything: bool) -> Iterable[Line]:
    """Yield one question for one or many things of a family."""
    if len(group) == 1:
        yield from _item(n, group[0].label, group[0].question, group[0].branches, everything)
        return
    label, how = _TOGETHER[family_of(group[0])]
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
