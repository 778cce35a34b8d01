"""Finding a font that has Chinese: named by the office, on the system, or carried by a package. Never boxes.

``pip install ecozone[report]`` brings one along: ``pylopdf-fonts-zh-cn`` holds Noto Serif SC and Noto Sans SC (SIL Open
Font License 1.1) as Google published them, and nothing else. (``mplfonts`` would be five times as large, and has a font
in it that nobody may pass on.)
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ecozone.errors import InputError, MissingDependencyError

#: The office's own font file, when it wants another one.
VARIABLE = "ECOZONE_FONT"
#: Files that hold simplified Chinese, the best first: for print with serifs, for figures without.
SERIF = (
    "simsun.ttc",
    "NotoSerifCJK-Regular.ttc",
    "NotoSerifSC-Regular.otf",
    "SourceHanSerifSC-Regular.otf",
    "Songti.ttc",
    "uming.ttc",
)
SANS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC[wght].ttf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "msyh.ttc",
    "PingFang.ttc",
    "STHeiti Light.ttc",
    "simhei.ttf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
)
_LAST = ("ukai.ttc",)
#: Packages that carry one of these files.
PACKAGES = ("pylopdf_fonts_zh_cn",)
_HOW = (
    "没有找到中文字体，为免文字变成方框，不写这份文件。请安装报告所需的部分（pip install ecozone[report]，自带字体），"
    "或安装一种中文字体（Debian、Ubuntu：apt install fonts-wqy-microhei；Windows、macOS 自带），"
    f"或用环境变量 {VARIABLE} 指明字体文件（.ttf、.ttc、.otf）。"
)


@dataclass(frozen=True)
class Font:
    """A font file and the family name inside it."""

    path: Path
    family: str


@functools.cache
def chinese(*, serif: bool = True) -> Font:
    """Return a font that has Chinese.

    Parameters
    ----------
    serif : bool
        Prefer one with serifs, as print wants it; figures with small letters want one without.

    Raises
    ------
    MissingDependencyError
        There is none.
    InputError
        The file that the office named is no such font.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return _read(Path(named), strict=True)
    order = (*SERIF, *SANS, *_LAST) if serif else (*SANS, *SERIF, *_LAST)
    ranked = {name.lower(): i for i, name in enumerate(order)}
    found = [p for folder in (*_system(), *_packaged()) for p in _files(folder) if p.name.lower() in ranked]
    for path in sorted(found, key=lambda p: (ranked[p.name.lower()], str(p))):
        try:
            return _read(path, strict=False)
        except InputError:
            continue
    raise MissingDependencyError(_HOW)


def drawable(font: Font, text: str) -> str:
    """Return a text with 〓, the printer's mark for a sign he has no type for, where the font has none."""
    rare = {c for c in text if _rare(ord(c))}
    if not rare:
        return text
    from matplotlib.ft2font import FT2Font

    has = FT2Font(str(font.path)).get_charmap()
    return text.translate({ord(c): "〓" for c in rare if ord(c) not in has})


def _rare(code: int) -> bool:
    """Say whether a sign lies outside what every font of GB 2312 and GBK has: rare Han, emoji, private signs."""
    return 0x3400 <= code < 0x4E00 or 0x9FA5 < code < 0xFF00 or code > 0xFFEF


def _read(path: Path, *, strict: bool) -> Font:
    from PIL import ImageFont

    try:
        font = ImageFont.truetype(str(path), 24)
        unlike = bytes(font.getmask("环")) != bytes(font.getmask("\ufffe"))
    except OSError:
        unlike = False
    if not unlike:
        which = f"{VARIABLE} 指明的" if strict else ""
        raise InputError(f"{which}字体“{path}”打不开，或者不含汉字，请换一个字体文件。")
    return Font(path, str(font.getname()[0]))


def _system() -> Iterator[Path]:
    """Yield the folders in which systems keep fonts."""
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
        yield Path(os.environ.get("LOCALAPPDATA", str(home))) / "Microsoft" / "Windows" / "Fonts"
    elif sys.platform == "darwin":
        yield from (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts")
    else:
        yield from (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts")
        yield home / ".fonts"


def _packaged() -> Iterator[Path]:
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            yield Path(spec.origin).parent


def _files(folder: Path) -> Iterable[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)
