"""Proof of rulebooks: mistakes of form, versions that overlap or leave a gap, contradictions, rules nothing can meet.

Every problem names file, line, rule and field. An error keeps a user's book from being loaded and fails
``ecozone rules lint``; a note says what somebody should know (a repealed provision whose successor nobody has read).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ecozone import compiled, words
from ecozone.errors import EcozoneError, RuleError, did_you_mean
from ecozone.rules import conflicts, ladders, library, loosening
from ecozone.rules.model import EFFECTS, TEXTS, Rule, Rulebook
from ecozone.rules.proof import Theory, ways, whole
from ecozone.rules.reading import Lines
from ecozone.rules.schema import Reader

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong (or worth knowing) in a book.

    Attributes
    ----------
    note : bool
        Worth knowing, and no error.
    text : str
        A Chinese sentence that begins with file and line.
    """

    text: str
    note: bool = False


@dataclass(frozen=True)
class Source:
    """A book as it is written: file name, where each node stands, and what was read from it."""

    file: str
    lines: Lines
    at: Mapping[str, int]
    book: Rulebook

    def where(self, rule: Rule | None, field: str) -> str:
        """Return ``file 第 N 行：规则 X 字段“F”``."""
        steps: tuple[Any, ...] = tuple(int(s) if s.isdigit() else s for s in field.split("."))
        path = (("rules", self.at[rule.id]) if rule is not None else ()) + steps
        line = next((self.lines[path[:k]] for k in range(len(path), 0, -1) if path[:k] in self.lines), None)
        named = f"规则 {rule.id} " if rule is not None else ""
        return f"{self.file}{f' 第 {line} 行' if line else ''}：{named}字段“{field}”"


def lint(files: Sequence[str | Path] = ()) -> list[Problem]:
    """Check the rulebooks that travel with ecozone, or a user's books on top of them.

    Parameters
    ----------
    files : sequence of str or Path
        A user's books. None: the books that travel with ecozone.
    """
    problems: list[Problem] = []
    if not files:
        folder = resources.files("ecozone.rulebooks")
        shipped = sorted((p for p in folder.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
        own = _read({p.name: p.read_text(encoding="utf-8-sig") for p in shipped}, (), problems)
        return [*problems, *check(own)]
    shelf = library.packaged()
    known = {p for b in shelf.values() for p in b.parameters}
    mine: list[Source] = []
    for name in files:
        file = Path(name)
        if not file.is_file():
            raise RuleError(f"找不到规则集“{name}”，请核对路径。")
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise RuleError(f"{file.name}：不是 UTF-8 编码，请用编辑器另存为 UTF-8 后再试。") from error
        mine += _read({file.name: text}, known, problems)
    for source in mine:
        problems += [Problem(text) for text in loosening.problems(source.book, list(shelf.values()), source.where)]
    return [*problems, *check(mine, [Source(f"{b.name}.yaml", {}, {}, b) for b in shelf.values()])]


def _read(texts: Mapping[str, str], known: Iterable[str], problems: list[Problem]) -> list[Source]:
    """Read books as far as they can be read; what is wrong with their form goes to `problems`."""
    parsed: dict[str, tuple[Any, Lines]] = {}
    for name, text in texts.items():
        try:
            parsed[name] = compiled.parse_yaml_with_lines(text)
        except compiled.YAMLError as error:
            problems.append(Problem(f"{name}：不是正确的 YAML：{error}。请检查缩进和引号。"))
    declared = {*known}
    for raw, _ in parsed.values():
        if isinstance(raw, Mapping) and isinstance(raw.get("parameters"), Mapping):
            declared |= set(raw["parameters"])
    out: list[Any] = []
    for name, (raw, lines) in parsed.items():
        if not isinstance(raw, Mapping):
            problems.append(Problem(f"{name}：内容为空或不是规则集。"))
            continue
        wrong: list[RuleError] = []
        read: dict[str, Any] = {}
        try:
            read = Reader(name, raw, lines, declared).book(wrong)
        except RuleError as error:
            wrong.append(error)
        problems += [Problem(str(error)) for error in wrong]
        if wrong:  # the form first: what else is wrong shows when it is right
            continue
        book = library.from_compiled({**read, "sha256": ""})
        for group in book.groups:
            try:
                words.extent(group, book.groups)
            except EcozoneError as error:
                line = lines.get(("groups", group))
                problems.append(Problem(f"{name}{f' 第 {line} 行' if line else ''}：字段“groups.{group}”：{error}"))
                return out
        at = {str(n.get("id")): i for i, n in enumerate(raw["rules"]) if isinstance(n, Mapping)}
        out.append(Source(name, lines, at, book))
    return out


def check(sources: Sequence[Source], beside: Sequence[Source] = ()) -> Iterator[Problem]:
    """Yield what is wrong with books whose form is right.

    Parameters
    ----------
    sources : sequence of Source
        The books to check.
    beside : sequence of Source
        Books that hold as well: rules may be superseded by theirs, ladders may stand on them.
    """
    every = {r.id: r for s in (*beside, *sources) for r in s.book.rules}
    theory = Theory({k: v for s in sources for k, v in s.book.groups.items()})
    yield from _ids(sources, beside)
    for source in sources:
        for rule in source.book.rules:
            yield from _rule(source, rule, every, theory)
        yield from _documents(source)
        yield from _unused(source, sources)
    yield from _ladders(sources, beside, theory)
    books = [s.book for s in (*beside, *sources)]
    for source in sources:
        for one, field, text in conflicts.of_book(source.book, books, theory):
            yield Problem(f"{source.where(one, field)}{text}")


def _ids(sources: Sequence[Source], beside: Sequence[Source]) -> Iterator[Problem]:
    taken = {r.id: s.file for s in beside for r in s.book.rules}
    parameters = {p: s.file for s in beside for p in s.book.parameters}
    for source in sources:
        for rule in source.book.rules:
            if rule.id in taken:
                yield Problem(f"{source.where(rule, 'id')}“{rule.id}”已在 {taken[rule.id]} 中使用，请改为唯一编号。")
            taken.setdefault(rule.id, source.file)
            if not rule.id.startswith(f"{source.book.name}."):
                told = f"“{rule.id}”应以规则集名称开头，如 {source.book.name}.{rule.id.rpartition('.')[2]}。"
                yield Problem(f"{source.where(rule, 'id')}{told}")
        for name in source.book.parameters:
            if name in parameters:
                yield Problem(
                    f"{source.where(None, f'parameters.{name}')}已在 {parameters[name]} 中声明，直接引用即可。"
                )
            parameters.setdefault(name, source.file)


def _rule(source: Source, rule: Rule, every: Mapping[str, Rule], theory: Theory) -> Iterator[Problem]:
    first, last = rule.period.first, rule.period.last
    if first and last and last < first:
        yield Problem(f"{source.where(rule, 'period')}的终止日期 {last} 早于起始日期 {first}，没有一天有效。")
    document = rule.citation.document.period
    for end, outside in (
        ("from", document.first and (first is None or first < document.first)),
        ("to", document.last and rule.authority != "plan" and (last is None or last > document.last)),
    ):
        if outside:
            told = (
                f"超出所引文件“{rule.citation.document.key}”的有效期（{document.first} 至 {document.last or '今'}）。"
            )
            yield Problem(f"{source.where(rule, f'period.{end}')}{told}")
    building = [n for n in rule.natures if n != "existing"]
    if rule.effect.startswith("exit_") and building:
        told = "是对既有项目的要求，不能用于建设类性质；请把 natures 改为 [existing] 或者另写一条。"
        yield Problem(f"{source.where(rule, 'effect')}“{rule.effect}”{told}")
    if "relocate" in rule.natures and "new" not in rule.natures:
        yield Problem(f"{source.where(rule, 'natures')}的 relocate 按新建判断，没有 new 时不会起作用，请补上 new。")
    for i, exception in enumerate(rule.exceptions):
        if EFFECTS[exception.pending_effect][0] > rule.push:
            told = f"“{exception.pending_effect}”比规则本身的“{rule.effect}”更严，例外只能减轻后果。"
            yield Problem(f"{source.where(rule, f'exceptions.{i}.pending_effect')}{told}")
        for proof in exception.proof:
            if words.fact(proof).type not in ("document", "bool"):
                told = f"“{proof}”不是证明文件；证明应为 document 或 bool 类型的事实。"
                yield Problem(f"{source.where(rule, f'exceptions.{i}.proof')}{told}")
    yield from _reachable(source, rule, theory)
    yield from _successor(source, rule, every)
    if rule.text == "missing":
        yield Problem(
            f"{source.where(rule, 'text')}：{TEXTS['missing']}，命中也不能单独得出结论：{rule.title}", note=True
        )


def _reachable(source: Source, rule: Rule, theory: Theory) -> Iterator[Problem]:
    """Yield a rule that nothing can trigger."""
    for field, node in (("when", rule.when), ("where", rule.where)):
        for bad, why in conflicts.impossible(node, theory):
            yield Problem(f"{source.where(rule, field)}中的 {bad} {why}，没有项目能触发。")
    try:
        open_ways = [w for w in ways(whole(rule)) if theory.possible(w)]
    except ValueError:
        yield Problem(f"{source.where(rule, 'when')}的条件过于复杂，请拆成几条规则。")
        return
    if not open_ways:
        yield Problem(f"{source.where(rule, 'when')}的条件互相矛盾，没有项目能触发本条，请检查 all 和 not。")
    for i, exception in enumerate(rule.exceptions):
        lifted = {"all": [n for n in (exception.when, exception.where) if n is not None]}
        if not exception.proof and open_ways and all(theory.follows(lifted, w) == 1 for w in open_ways):
            told = "在本条适用时总是成立又不要证明，本条永远不会命中。"
            yield Problem(f"{source.where(rule, f'exceptions.{i}')}{told}")


def _successor(source: Source, rule: Rule, every: Mapping[str, Rule]) -> Iterator[Problem]:
    """Yield overlaps and gaps between a rule and the one that took over, and provisions without a read successor."""
    last = rule.period.last
    if rule.superseded_by is None:
        if last is not None and rule.authority != "plan":
            told = f"：{rule.citation.document.key} 的规定到 {last} 为止，没有读到后继条文：{rule.title}"
            yield Problem(f"{source.where(rule, 'superseded_by')}{told}", note=True)
        return
    after = every.get(rule.superseded_by)
    if after is None:
        near = did_you_mean(rule.superseded_by, every, otherwise="。")
        yield Problem(f"{source.where(rule, 'superseded_by')}的“{rule.superseded_by}”没有这条规则{near}")
        return
    seen, step = {rule.id}, after
    while step.superseded_by in every and step.id not in seen:
        seen.add(step.id)
        step = every[str(step.superseded_by)]
    if step.id in seen and step.superseded_by in seen:
        yield Problem(f"{source.where(rule, 'superseded_by')}首尾相接成环，请改正。")
    first = after.period.first
    if last is None or (first is not None and last >= first):
        told = f"：本条有效至 {last or '今'}，后继 {after.id} 从 {first or '最初'} 起有效，有效期重叠。"
        yield Problem(f"{source.where(rule, 'period')}{told}")
    elif first is None or last + ONE_DAY < first:
        told = f"：本条有效至 {last}，后继 {after.id} 从 {first} 起有效，中间有空档。"
        yield Problem(f"{source.where(rule, 'period')}{told}")


def _documents(source: Source) -> Iterator[Problem]:
    """Yield versions of one paper that overlap or leave a gap."""
    versions: dict[str, list[Any]] = {}
    for document in source.book.documents.values():
        versions.setdefault(document.title.partition("（")[0], []).append(document)
    for papers in versions.values():
        papers.sort(key=lambda d: d.period.first or dt.date.min)
        for before, after in itertools.pairwise(papers):
            last, first = before.period.last, after.period.first
            if last is None or first is None or last >= first:
                told = f"（至 {last or '今'}）与“{after.key}”（从 {first or '最初'} 起）有效期重叠。"
                yield Problem(f"{source.where(None, f'documents.{before.key}')}{told}")
            elif last + ONE_DAY < first:
                told = f"（至 {last}）与“{after.key}”（从 {first} 起）之间有空档。"
                yield Problem(f"{source.where(None, f'documents.{before.key}')}{told}")


def _unused(source: Source, sources: Sequence[Source]) -> Iterator[Problem]:
    """Yield what is declared and never used."""
    cited = {c.document.key for r in source.book.rules for c in _citations(r)}
    for key in source.book.documents:
        if key not in cited:
            yield Problem(f"{source.where(None, f'documents.{key}')}没有规则引用。", note=True)
    read = {p for s in sources for r in s.book.rules for p in conflicts.parameters(r)}
    for name in source.book.parameters:
        if name not in read:
            yield Problem(f"{source.where(None, f'parameters.{name}')}没有规则读取。", note=True)


def _citations(rule: Rule) -> list[Any]:
    own = [rule.citation, *(e.citation for e in rule.exceptions), rule.empowered_by]
    return [c for c in (*own, rule.ladder_exception.citation if rule.ladder_exception else None) if c is not None]


def _ladders(sources: Sequence[Source], beside: Sequence[Source], theory: Theory) -> Iterator[Problem]:
    of = {r.id: s for s in sources for r in s.book.rules}
    rules = [(r, s.book.jurisdiction) for s in (*beside, *sources) for r in s.book.rules]
    for gap in ladders.gaps(rules, theory):
        if gap.rule.id in of:
            told = (
                f"：{gap.rule.title}（{EFFECTS[gap.rule.effect][1]}），但更严的“{gap.rung}”上没有同样严的规则"
                f"（{words.nature(gap.nature).name}，{gap.day} 起）；依法如此的，请用 ladder_exception 写明条文。"
            )
            yield Problem(f"{of[gap.rule.id].where(gap.rule, 'where')}{told}")


def refuse(path: str | Path) -> None:
    """Refuse a user's book that has an error, naming all of them.

    Raises
    ------
    RuleError
    """
    errors = [p.text for p in lint([path]) if not p.note]
    if errors:
        raise RuleError("\n".join(errors))
