"""`check` and `assess`: one project, and the same path for many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from ecozone._batch import Batch
from ecozone._engine import Judged
from ecozone.assessment import Assessment
from ecozone.atlas import Atlas
from ecozone.errors import FactError
from ecozone.layer import as_date
from ecozone.project import Project
from ecozone.rules.access import Answer
from ecozone.rules.library import load_books, packaged
from ecozone.rules.model import Rulebook


def check(
    project: Project,
    atlas: Atlas,
    rules: Sequence[str | Path | Rulebook] | None = None,
    *,
    as_of: dt.date | str | None = None,
    answers: Mapping[tuple[str, str], Answer] | None = None,
) -> Assessment:
    """Say whether a project may be built on its site, under the rules in force on a day, and why.

    Parameters
    ----------
    project : Project
    atlas : Atlas
    rules : sequence of str, Path or Rulebook, optional
        None: the packaged books of the site's jurisdictions. Names of packaged books narrow the choice to them; files
        and `Rulebook` values are added.
    as_of : datetime.date or ISO str
        The day whose law and zones hold. There is no default: the clock is an argument.
    answers : mapping, optional
        What the officer said of rows of the access list: (unit code, row id) to `ecozone.rules.access.Answer`.

    Returns
    -------
    Assessment

    Raises
    ------
    SiteError
        The whole site lies outside the atlas.
    InputError
        A fact, parameter, date or rulebook cannot be used.

    Examples
    --------
    >>> atlas = ecozone.open_atlas("data/boundaries/511111")  # doctest: +SKIP
    >>> plant = ecozone.Project("103.55,29.41", nature="new", industry="C2614")  # doctest: +SKIP
    >>> ecozone.check(plant, atlas, as_of="2026-11-22").verdict  # doctest: +SKIP
    'prohibited'
    """
    judged = Judged.of(Batch.of([project]), [project].__getitem__, atlas, choose(rules), day_of(as_of), answers)
    return judged.assessment(0)


def assess(
    projects: Sequence[Project],
    atlas: Atlas,
    rules: Sequence[str | Path | Rulebook] | None = None,
    *,
    as_of: dt.date | str | None = None,
) -> Sequence[Assessment]:
    """Check many projects at once; the findings are those of `check`, one by one.

    Returns
    -------
    sequence of Assessment
        Aligned with `projects`.
    """
    judged = Judged.of(Batch.of(projects), projects.__getitem__, atlas, choose(rules), day_of(as_of))
    return judged.assessments()


def choose(rules: Sequence[str | Path | Rulebook] | None) -> list[Rulebook]:
    """Return the books an answer may draw on: names narrow the packaged ones, files and values are added."""
    if rules is None:
        return load_books()
    given = list(rules)
    named = [r for r in given if isinstance(r, str) and r in packaged()]
    extra = [r for r in given if r not in named]
    return load_books(named or None) + load_books(extra)


def day_of(as_of: dt.date | str | None) -> dt.date:
    """Return the day an answer is for.

    Raises
    ------
    FactError
        None, or not a date.
    """
    if as_of is None:
        raise FactError('请给出判定日期 as_of，例如 as_of="2026-11-22"；结论取决于当日有效的规则和图层。')
    try:
        day = as_date(as_of)
    except Exception as error:
        raise FactError(f"判定日期“{as_of}”有误，请写成 2026-11-22 的样子。") from error
    assert day is not None
    return day
