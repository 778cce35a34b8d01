"""The content of a report as a plain tree, built from one `Assessment`: what is said, in which order, in no medium."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ecozone.assessment import Assessment
from ecozone.report.chapters import basis, cover, early, place, provisions
from ecozone.report.chapters.cover import Handling
from ecozone.report.messages import Say
from ecozone.report.tree import Block, Document, Figure, Heading, Table, clean

Chapter = Callable[[Assessment, Say], Iterable[Block]]

#: Chapters of the full report after the cover, by the message key of their heading.
FULL: Sequence[tuple[str, Chapter]] = (
    ("h_conclusion", cover.conclusion),
    ("h_units", place.units),
    ("h_lines", place.lines),
    ("h_targets", place.targets),
    ("h_access", provisions.access),
    ("h_hits", provisions.hits),
    ("h_open", provisions.open_matters),
    ("h_next", provisions.next_steps),
    ("h_overrides", basis.overrides),
    ("h_clear", provisions.clear),
    ("h_basis", basis.versions),
    ("h_assumptions", basis.assumptions),
    ("h_registers", basis.registers),
    ("h_disclaimer", cover.disclaimer),
)
#: Chapters of the early-stage list.
EARLY: Sequence[tuple[str, Chapter]] = (
    ("h_conclusion", early.lead),
    ("h_constraints", early.constraints),
    ("h_units", place.units),
    ("h_targets", place.targets),
    ("h_open", provisions.open_matters),
    ("h_basis", basis.versions),
    ("h_disclaimer", cover.disclaimer),
)
#: The chapter after which each figure stands.
PLACES = {"units": "h_units", "redline": "h_lines", "water": "h_targets"}


def document(
    answer: Assessment,
    *,
    language: str = "zh",
    handling: Handling | None = None,
    early_stage: bool = False,
    figures: Sequence[tuple[str, Figure]] = (),
) -> Document:
    """Return a report's content.

    Parameters
    ----------
    answer : Assessment
    language : str
        ``zh`` or ``en``.
    handling : Handling, optional
        Case number and names; blank lines where none are given.
    early_stage : bool
        The list of constraints by office instead of the full report.
    figures : sequence of (name, Figure)
        From `ecozone.report.figures`; each stands in the chapter that `PLACES` names.
    """
    say, handling = Say(language), handling or Handling()
    blocks: list[Block] = [Heading(f"1 {say('h_cover')}"), cover.facts(answer, say, handling)]
    chapters = [(h, c) for h, c in (EARLY if early_stage else FULL) if h != "h_overrides" or answer.overrides]
    for number, (heading, chapter) in enumerate(chapters, 2):
        blocks.append(Heading(f"{number} {say(heading)}"))
        blocks += chapter(answer, say)
        blocks += [figure for name, figure in figures if PLACES[name] == heading]
    blocks += [Heading(f"{number + 1} {say('h_sign')}"), *cover.handling_lines(say, handling)]
    return Document(
        title=say("title_early" if early_stage else "title"),
        subtitle=clean(answer.project.name),
        mark=clean(say.notice(answer.context.notice)),
        foot=cover.foot(answer, say),
        page=say("page"),
        language=language,
        blocks=list(_numbered(blocks, say)),
    )


def _numbered(blocks: Iterable[Block], say: Say) -> Iterable[Block]:
    """Yield blocks, numbering tables and figures that have a caption."""
    tables = pictures = 0
    for block in blocks:
        if isinstance(block, Table) and block.caption:
            tables += 1
            yield Table(f"{say('table')} {tables}  {block.caption}", block.head, block.rows, block.widths, block.strong)
        elif isinstance(block, Figure):
            pictures += 1
            yield Figure(f"{say('figure')} {pictures}  {block.caption}", block.png, block.share)
        else:
            yield block
