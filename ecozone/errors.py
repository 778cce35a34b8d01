"""The errors a user can meet, each a Chinese sentence that says what to do.

Everything ecozone raises on purpose derives from `EcozoneError`. `InputError` and its children mean "what you gave
cannot be used"; the command line turns them into one sentence and exit status 2. Anything else that escapes is a
defect of ecozone (exit status 70).
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable


class EcozoneError(Exception):
    """Base of all errors raised on purpose."""


class InputError(EcozoneError):
    """Something the user gave cannot be used as it is."""


class SiteError(InputError):
    """A project's site cannot be read or is not a place in China."""


class GeometryError(InputError):
    """A geometry is empty, self-crossing, or of a dimension its kind does not allow."""


class CRSError(InputError):
    """The coordinate reference system is missing or cannot be used."""


class FactError(InputError):
    """A fact, nature, facility or industry code is unknown or has a value that makes no sense."""


class UnknownFactError(FactError):
    """A fact's name is not in the registry."""


class BadFactError(FactError):
    """A fact's value cannot be read as the type the registry gives it."""


class UnknownIndustryError(FactError):
    """An industry code is not in GB/T 4754-2017."""


class LayerError(InputError):
    """A layer's table lacks a column, repeats an id, or holds a value outside its code list."""


class AtlasError(InputError):
    """An atlas folder is missing, damaged, or of a format this version does not read."""


class RuleError(InputError):
    """A rulebook says something that cannot be meant; nothing of it is loaded."""


class ParameterError(InputError):
    """A parameter's name or value is not one that the rulebooks ask for."""


class MissingDependencyError(EcozoneError):
    """An optional library is needed for what was asked."""


class EcozoneWarning(UserWarning):
    """Base of ecozone's warnings."""


class RepairWarning(EcozoneWarning):
    """A layer's geometry was mended; the message says how much its area changed."""


_REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限，或者文件正被别的程序打开",
    errno.EPERM: "没有权限",
    errno.EROFS: "所在磁盘只读",
    errno.ENOSPC: "磁盘空间不足",
    errno.EEXIST: "路径中有一段不是文件夹",
    errno.EISDIR: "这是一个文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.ENAMETOOLONG: "名称太长",
}


def os_reason(error: OSError) -> str:
    """Return why the system refused a file, in Chinese; what it says itself when nothing better is known."""
    return _REASONS.get(error.errno or 0, error.strerror or "原因不明")


def did_you_mean(word: str, names: Iterable[str], *, count: int = 3, otherwise: str = "，") -> str:
    """Return ``，是否为 a、b？`` with the nearest names, for the middle of a sentence or its end.

    Parameters
    ----------
    word : str
        What the user typed.
    names : iterable of str
        The words that would have been right.
    count : int
        How many to offer at most.
    otherwise : str
        What stands there when none is near: a comma before more words, a full stop at the end.
    """
    near = difflib.get_close_matches(str(word), list(names), n=count, cutoff=0.5)
    return f"，是否为 {'、'.join(near)}？" if near else otherwise
