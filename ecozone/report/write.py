"""Writing reports: one door for Word, PDF and HTML; whole files or a sentence that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ecozone._atomic import whole
from ecozone.errors import InputError, MissingDependencyError, os_reason
from ecozone.report.chapters.cover import Handling
from ecozone.report.document import document
from ecozone.report.tree import Document, Figure

if TYPE_CHECKING:
    from ecozone.assessment import Assessment

#: What a report can be, by the end of its name.
SUFFIXES = (".docx", ".pdf", ".html")
#: File names longer than this, in bytes, are refused by most file systems.
_NAME_BYTES = 240


def write_report(
    answer: Assessment,
    path: str | Path,
    *,
    language: str = "zh",
    public: bool = False,
    early_stage: bool = False,
    figures: bool = True,
    template: str | Path | None = None,
    handling: Handling | None = None,
) -> Path:
    """Write a report of one answer.

    Parameters
    ----------
    answer : Assessment
    path : str or Path
        Ends with ``.docx``, ``.pdf`` or ``.html``.
    language : str
        ``zh`` or ``en``; what the law says stays Chinese.
    public : bool
        The public edition (`Assessment.public`).
    early_stage : bool
        制约因素清单 by office instead of the full report.
    figures : bool
        With figures of the location.
    template : str or Path, optional
        The office's own .docx.
    handling : Handling, optional
        Case number and names.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        Another ending, a folder that cannot be written to, a template that cannot be read.
    MissingDependencyError
        A library or a Chinese font is missing.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"报告“{target.name}”应以 {'、'.join(SUFFIXES)} 结尾。")
    if template is not None and suffix != ".docx":
        raise InputError("模板只用于 Word 报告（.docx）。")
    shown = answer.public() if public else answer
    drawn = _drawn(shown, language) if figures else ()
    content = document(shown, language=language, handling=handling, early_stage=early_stage, figures=drawn)
    return write_bytes(target, lambda: _bytes(content, suffix, template))


def write_reports(
    answers: Iterable[Assessment], folder: str | Path, *, suffix: str = ".docx", **options: Any
) -> list[Path]:
    """Write one report a project into a folder, named after the projects.

    Parameters
    ----------
    answers : iterable of Assessment
    folder : str or Path
    suffix : str
        ``.docx``, ``.pdf`` or ``.html``.
    **options
        See `write_report`.
    """
    taken: set[str] = set()
    return [write_report(a, Path(folder) / f"{safe_name(a.project.name, taken)}{suffix}", **options) for a in answers]


def _drawn(answer: Assessment, language: str) -> Sequence[tuple[str, Figure]]:
    from ecozone.report.figures import figures

    return figures(answer, language=language)


def _bytes(content: Document, suffix: str, template: str | Path | None) -> bytes:
    if suffix == ".docx":
        from ecozone.report.docx import docx_bytes

        return docx_bytes(content, template)
    if suffix == ".pdf":
        from ecozone.report.pdf import pdf_bytes

        return pdf_bytes(content)
    from ecozone.report.html import html_text

    return html_text(content).encode("utf-8")


def workbook(path: str | Path, what: str) -> tuple[Path, ModuleType]:
    """Return where a workbook goes and the library that makes it.

    Parameters
    ----------
    path : str or Path
        Ends with ``.xlsx``.
    what : str
        What it is called in a refusal: 台账.

    Raises
    ------
    InputError
        Another ending.
    MissingDependencyError
        openpyxl is not installed.
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise InputError(f"{what}“{target.name}”应以 .xlsx 结尾。")
    try:
        import openpyxl
    except ImportError:
        raise MissingDependencyError(f"写{what}需要 openpyxl，请安装：pip install ecozone[report]。") from None
    return target, openpyxl


def write_bytes(target: Path, made: Callable[[], bytes]) -> Path:
    """Write a file whole or not at all.

    Raises
    ------
    InputError
        The place cannot be written to.
    """
    if len(target.name.encode("utf-8")) > _NAME_BYTES:
        raise InputError(f"文件名“{target.name[:30]}…”太长，请改短后再写。")
    data = made()
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        with whole(target) as part:
            part.write_bytes(data)
    except OSError as error:
        raise InputError(f"“{target}”没有写成：{os_reason(error)}。请换一个文件夹，或检查权限和磁盘空间。") from None
    return target


def safe_name(name: str, taken: set[str]) -> str:
    """Return a project's name as a file name: no path signs, not too long, not used before."""
    kept = "".join("_" if c in '\\/:*?"<>|=\n\r\t' or ord(c) < 32 else c for c in name).strip(" .") or "项目"
    while len(kept.encode("utf-8")) > _NAME_BYTES // 2:
        kept = kept[:-1]
    out, n = kept, 1
    while out.lower() in taken:
        n += 1
        out = f"{kept}-{n}"
    taken.add(out.lower())
    return out
