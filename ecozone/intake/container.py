"""Archives and folders, unpacked into a private folder where nothing climbs out and nothing explodes."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ecozone.errors import SiteError
from ecozone.intake import encoding, limits

#: What a data set's main file ends in, in the order they are looked for.
MAIN = (
    ".gdb", ".shp", ".gpkg", ".geojson", ".json", ".kml", ".ovkml", ".fgb", ".parquet", ".geoparquet", ".dxf", ".txt",
    ".csv", ".xlsx", ".wkt",
)  # fmt: skip
_NESTED = (".zip", ".kmz", ".ovkmz", ".rar", ".7z", ".tar", ".gz", ".tgz")

#: What a damaged or locked archive makes the reader say.
_DAMAGED = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error),
    *(EOFError, OSError, ValueError, IndexError),
)


def check_archive(path: Path, *, entities: bool = False) -> list[zipfile.ZipInfo]:
    """Look through a zip's directory before anything is unpacked.

    Raises
    ------
    SiteError
        Not a zip, encrypted, too many or too large members, too high a ratio, paths that climb, links.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            _check_members(path.name, members)
            if entities:
                for member in members:
                    if member.filename.endswith((".xml", ".rels")):
                        with archive.open(member) as file:
                            limits.check_entities(path.name, file.read(4096))
            return members
    except _DAMAGED as error:
        if isinstance(error, RuntimeError) and "password" in str(error):
            raise SiteError(f"压缩包“{path.name}”有密码，请解密后再提供。") from None
        raise SiteError(f"压缩包“{path.name}”不完整或已损坏，请重新打包（ZIP 格式）。") from None


def _check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    if not members:
        raise SiteError(f"压缩包“{name}”里没有文件。")
    if len(members) > limits.ARCHIVE_MEMBERS:
        raise SiteError(
            f"压缩包“{name}”里有 {len(members)} 个文件，超过上限 {limits.ARCHIVE_MEMBERS} 个，请只打包需要的数据。"
        )
    total = sum(m.file_size for m in members)
    packed = sum(m.compress_size for m in members)
    if total > limits.ARCHIVE_BYTES or (total > 10_000_000 and total > limits.ARCHIVE_RATIO * max(packed, 1)):
        raise SiteError(
            f"压缩包“{name}”展开后有 {total / 1e6:.0f} MB（{total / max(packed, 1):.0f} 倍），疑似压缩炸弹，不予展开。"
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise SiteError(f"压缩包“{name}”有密码，请解密后再提供。")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise SiteError(f"压缩包“{name}”里有符号链接“{member.filename[:60]}”，不予展开。")
        _safe(name, member.filename)


def _safe(archive: str, filename: str) -> PurePosixPath:
    path = PurePosixPath(filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in filename or "\x00" in filename or len(filename) > 400:
        raise SiteError(f"压缩包“{archive}”里有越出文件夹的路径“{filename[:60]}”，不予展开。")
    return path


@contextlib.contextmanager
def opened(path: Path) -> Iterator[list[Path]]:
    """Yield the data sets of a file, a folder or an archive; what was unpacked is removed afterwards.

    Raises
    ------
    SiteError
        No such file, an archive that is refused, or no data set in it.
    """
    if not path.exists():
        raise SiteError(f"找不到文件“{path}”，请检查路径；如果要输入坐标，请写“经度,纬度”或 WKT。")
    if path.is_dir():
        yield [path] if path.suffix.lower() == ".gdb" else _main(path, path.name)
        return
    if path.suffix.lower() not in (".zip", ".kmz", ".ovkmz"):
        yield [path]
        return
    limits.check_size(path.name, path.stat().st_size)
    with open(path, "rb") as file:
        if file.read(2) != b"PK":
            raise SiteError(f"文件“{path.name}”的扩展名是压缩包，内容却不是 ZIP，请改正扩展名或重新打包。")
    check_archive(path)
    folder = Path(tempfile.mkdtemp(prefix="ecozone-"))
    try:
        _unpack(path, folder)
        yield _main(folder, path.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(path: Path, folder: Path) -> None:
    left = limits.ARCHIVE_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.is_dir():
                    continue
                relative = _safe(path.name, _name(member))
                if relative.suffix.lower() in _NESTED:
                    raise SiteError(f"压缩包“{path.name}”里还有压缩包“{relative.name}”，请只打包一层。")
                target = folder.joinpath(*relative.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(target, "wb") as out:
                    while block := source.read(1 << 20):
                        left -= len(block)
                        if left < 0:
                            raise SiteError(f"压缩包“{path.name}”展开后超过上限，疑似压缩炸弹，不予展开。")
                        out.write(block)
    except _DAMAGED:
        raise SiteError(f"压缩包“{path.name}”不完整或已损坏，请重新打包（ZIP 格式）。") from None


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name: without the UTF-8 flag, Windows in China has written it in GBK."""
    if member.flag_bits & 0x800 or member.filename.isascii():
        return member.filename
    try:
        raw = member.filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    try:
        return encoding.decode([raw], given=None, declared=None, what="文件名").texts[0] or member.filename
    except SiteError:
        return member.filename


def _main(folder: Path, name: str) -> list[Path]:
    found: list[Path] = []
    listed = sorted(p for p in folder.rglob("*") if "__MACOSX" not in p.parts and not p.name.startswith("."))
    if len(listed) > 20 * limits.ARCHIVE_MEMBERS:
        raise SiteError(f"文件夹“{name}”里的文件太多，请指明要读的那一个。")
    for path in listed:
        inside = any(parent.suffix.lower() == ".gdb" for parent in path.relative_to(folder).parents)
        if path.suffix.lower() in MAIN and not inside and not path.name.lower().endswith(".shp.xml"):
            found.append(path)
    if not found:
        seen = "、".join(p.name for p in listed[:5]) or "空"
        raise SiteError(f"“{name}”里没有能读取的数据（有：{seen}），可用的格式：{'、'.join(MAIN)}。")
    best = min(MAIN.index(p.suffix.lower()) for p in found)
    return [p for p in found if MAIN.index(p.suffix.lower()) == best]
