"""How much of a user's file intake is willing to take: bytes, members, depth, vertices, memory."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import SiteError

#: Largest file read, and largest sum of an archive's members, bytes.
FILE_BYTES = 300_000_000
ARCHIVE_BYTES = 300_000_000
#: Largest text (TXT, CSV, KML, GeoJSON): parsing costs some twenty times its size.
TEXT_BYTES = 40_000_000
#: Members of an archive, and how many times their packed size they may unfold to.
ARCHIVE_MEMBERS = 400
ARCHIVE_RATIO = 200
#: Elements within each other in KML or JSON.
DEPTH = 64
#: Features and vertices of one layer.
FEATURES = 500_000
VERTICES = 5_000_000
#: Numbers beyond this are no coordinates of this planet.
GIANT = 1e8
#: Address space that reading one file may add, bytes: libraries and threads map far more than they use.
MEMORY_BYTES = 3_000_000_000
#: What a file says that leads elsewhere: virtual formats of GDAL, files over the network, inclusions.
_ELSEWHERE = re.compile(
    rb"<OGRVRTDataSource|<VRTDataset|<GDAL_WMS|<OGRWFSDataSource|<WFS_Capabilities|/vsi[a-z0-9]+[/_]|\bPG:|\bMYSQL:",
    re.IGNORECASE,
)
_ENTITY = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def check_size(name: str, size: int, largest: int = FILE_BYTES) -> None:
    """Refuse an empty or oversized file."""
    if size == 0:
        raise SiteError(f"文件“{name}”是空的，请重新导出。")
    if size > largest:
        raise SiteError(
            f"文件“{name}”有 {size / 1e6:.0f} MB，超过上限 {largest / 1e6:.0f} MB，"
            f"请按区县拆分或改存 GeoPackage 后再试。"
        )


def check_elsewhere(name: str, head: bytes) -> None:
    """Refuse a file that leads to other files or to the network."""
    if _ELSEWHERE.search(head):
        raise SiteError(
            f"文件“{name}”是指向其他文件或网络的虚拟数据源（VRT、WMS、vsi 等），不予打开；请提供数据文件本身。"
        )


def check_entities(name: str, data: bytes) -> None:
    """Refuse XML that declares a document type or entities (they can read local files and unfold without bound)."""
    if _ENTITY.search(data[:1_000_000]):
        raise SiteError(f"文件“{name}”含有 DOCTYPE 或实体声明，可能引用外部内容，不予读取；请用软件重新导出。")


def check_shapes(name: str, geometry: NDArray[np.object_]) -> None:
    """Refuse more features or vertices than can be handled."""
    if len(geometry) > FEATURES:
        raise SiteError(f"文件“{name}”有 {len(geometry)} 个要素，超过上限 {FEATURES} 个，请拆分后再试。")
    vertices = int(shapely.get_num_coordinates(geometry).sum()) if len(geometry) else 0
    if vertices > VERTICES:
        raise SiteError(f"文件“{name}”有 {vertices} 个顶点，超过上限 {VERTICES} 个，请拆分或简化后再试。")


@contextlib.contextmanager
def memory(extra: int = MEMORY_BYTES) -> Iterator[str | None]:
    """Bound the address space while a file is read; yield a sentence when this system cannot.

    Notes
    -----
    The bound holds for the whole process, so only the command line uses it (a server has its own). Windows has no
    RLIMIT: there the limits on bytes, features and vertices stand alone, and the diagnosis says so.
    """
    try:
        import resource
    except ImportError:
        yield "本系统没有进程内存限制（RLIMIT），仅按文件大小、要素数和顶点数设限。"
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = _address_space()
    wanted = now + extra if now else None
    if wanted is None or (soft != resource.RLIM_INFINITY and soft <= wanted):
        yield None if wanted else "本系统无法读取进程内存，仅按文件大小、要素数和顶点数设限。"
        return
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield None
    except MemoryError:
        raise SiteError(f"读取这个文件需要超过 {extra / 1e9:.0f} GB 内存，已停止；请按区县拆分或简化后再试。") from None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int | None:
    """Return the bytes of address space in use (Linux), or None."""
    import os

    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
