"""What a server is told when it starts: where it listens, what it reads, how much it takes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ecozone.errors import InputError

#: Addresses that only this computer reaches.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: Characters of a token: shorter ones can be guessed.
TOKEN_LENGTH = 16


@dataclass(frozen=True)
class Settings:
    """How the desk runs.

    Attributes
    ----------
    atlas : Path or str
        Folder of the atlas, or its address in PostGIS.
    data : Path
        Folder of the results store, and of uploads that are kept.
    results : str
        Address of the database that keeps results; empty: a SQLite file in `data`.
    host, port
        Where it listens.
    token : str or None
        What a visitor must know; None only on loopback.
    workers : int
        Processes that answer point checks.
    rate : int
        Requests a minute from one address; 0: no limit.
    json_bytes, upload_bytes : int
        Largest body of a JSON request and of an upload.
    upload_files : int
        Files of one upload (a shapefile comes in several).
    check_seconds, read_seconds, batch_seconds : float
        How long one check, one reading of a file, one batch may take.
    memory_bytes : int
        Address space that one upload's process may add.
    batch_projects : int
        Projects of one file; more go through ``ecozone screen``.
    keep_uploads : bool
        Keep users' files in `data`.
    """

    atlas: Path | str
    data: Path
    results: str = ""
    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = None
    workers: int = 2
    rate: int = 1200
    json_bytes: int = 5_000_000
    upload_bytes: int = 60_000_000
    upload_files: int = 8
    check_seconds: float = 60.0
    read_seconds: float = 60.0
    batch_seconds: float = 1800.0
    memory_bytes: int = 1_500_000_000
    batch_projects: int = 2000
    batches: int = 2
    keep_uploads: bool = False

    @property
    def source(self) -> str:
        """The atlas as `ecozone.open_atlas` takes it, wherever this process stands later."""
        return self.atlas if isinstance(self.atlas, str) else str(self.atlas.resolve())

    @property
    def local(self) -> bool:
        """Only this computer reaches it."""
        return self.host in LOOPBACK

    def checked(self) -> Settings:
        """Return settings that are safe to start with.

        Raises
        ------
        InputError
            An address others can reach, and no token.
        """
        if not self.local and self.token is None:
            raise InputError(
                f"监听 {self.host} 时其他电脑可以访问，必须用 --token-file 指定口令文件；只在本机使用请去掉 --host。"
            )
        return self


def read_token(path: str | Path) -> str:
    """Read a token from a file that only its owner should be able to read.

    Raises
    ------
    InputError
        No such file, or a token too short.
    """
    file = Path(path)
    try:
        token = file.read_text(encoding="utf-8").strip()
        open_to_all = os.name == "posix" and file.stat().st_mode & 0o007
    except (OSError, UnicodeDecodeError):
        raise InputError(f"口令文件“{path}”读不出来，请检查路径和权限。") from None
    if open_to_all:
        raise InputError(f"口令文件“{path}”对所有人可读写，请先执行 chmod 600。")
    if len(token) < TOKEN_LENGTH:
        raise InputError(f"口令太短（{len(token)} 个字符），至少 {TOKEN_LENGTH} 个，可用 openssl rand -hex 24 生成。")
    return token
