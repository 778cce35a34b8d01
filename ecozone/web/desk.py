"""The desk itself: the pool, the store and the jobs behind every route."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecozone import words
from ecozone.clock import BEIJING, today
from ecozone.errors import EcozoneError, InputError
from ecozone.web import files, where, work
from ecozone.web.audit import Audit
from ecozone.web.pool import Pool, WorkerLost, apart
from ecozone.web.security import Sessions
from ecozone.web.settings import Settings
from ecozone.web.store import SEARCHES, Store
from ecozone.web.tables import Postgis, Sqlite

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile

log = getLogger("ecozone")
#: Readings of users' files at a time; the others wait.
_READERS = 2
#: Jobs that run or wait.
_JOBS = 24
#: Requests that may wait for a process.
_QUEUE = 400
_UNSAFE = re.compile(r"[^\w.\-（）()【】 ]+")
_CHUNK = 1 << 20


class Busy(EcozoneError):
    """Too much waits already."""


class Desk:
    """Everything a route needs.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings.checked()
        self.atlas = settings.source
        tables = Postgis(settings.results) if settings.results else Sqlite(settings.data)
        self.store = Store(tables, f"{socket.gethostname()}:{settings.port}")
        self.sessions = Sessions(settings.token)
        self.audit = Audit(self.store, now)
        self.pool = Pool(settings.workers, (work.prepare, (self.atlas,)), settings.check_seconds)
        self._readers = asyncio.Semaphore(_READERS)
        self._batches = threading.Semaphore(settings.batches)
        self._stops: dict[str, threading.Event] = {}
        self._searches: dict[str, str] = {}
        self._registers: dict[Any, Any] = {}

    def close(self) -> None:
        """End processes and jobs, and write what is left."""
        for stop in list(self._stops.values()):
            stop.set()
        self.pool.close()
        self.audit.close()
        self.store.close()

    # ---- answers

    async def ask(self, function: Any, *arguments: Any, name: str) -> Any:
        """Run a function of `ecozone.web.work` in a warm process."""
        if self.pool.waiting > _QUEUE:
            raise Busy("正在核对的项目太多，请稍后再试。")
        future: Future[Any] = self.pool.submit(function, *arguments, name=name)
        return await asyncio.wrap_future(future)

    async def check(self, asked: Mapping[str, Any]) -> bytes:
        """Return the record of a request."""
        return await self.ask(work.check_json, asked, str(today()), name=asked["name"] or "项目")

    async def answer(self, asked: Mapping[str, Any], *, who: str, parent: str | None = None) -> str:
        """Answer a request, keep the answer and return its number."""
        asked = {**asked, "as_of": asked["as_of"] or str(today())}
        answer = await self.ask(work.check_page, asked, asked["as_of"], name=asked["name"] or "项目")
        return await asyncio.to_thread(self.store.add, asked, answer, at=now(), who=who, parent=parent)

    async def register(self, function: Any, *arguments: Any) -> Any:
        """Return a list that does not change while the server runs."""
        key = (function.__name__, arguments)
        if key not in self._registers:
            if len(self._registers) > 64:
                self._registers.clear()
            self._registers[key] = await self.ask(function, *arguments, name="登记表")
        return self._registers[key]

    # ---- users' files

    @contextlib.asynccontextmanager
    async def taken(self, uploads: Sequence[UploadFile], pasted: str = "") -> AsyncIterator[str]:
        """Yield a folder with what was uploaded; it is gone afterwards, whatever happens."""
        if len(uploads) > self.settings.upload_files:
            raise InputError(f"一次最多上传 {self.settings.upload_files} 个文件；Shapefile 请打成一个 ZIP。")
        async with self._readers:
            home = Path(tempfile.mkdtemp(prefix="ecozone-desk-"))
            folder = home / "in"
            try:
                folder.mkdir()
                for upload in uploads:
                    with (folder / safe_name(upload.filename or "")).open("xb") as file:
                        while block := await upload.read(_CHUNK):
                            file.write(block)
                if pasted:
                    (folder / "粘贴的内容.txt").write_text(pasted, encoding="utf-8")
                yield str(folder)
                if self.settings.keep_uploads and uploads:
                    await asyncio.to_thread(self._keep, folder)
            except FileExistsError:
                raise InputError("上传的文件有重名，请改名后再传。") from None
            finally:
                await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)

    def _keep(self, folder: Path) -> None:
        target = self.settings.data / "uploads" / now().replace(":", "").replace(" ", "-")
        shutil.copytree(folder, target, dirs_exist_ok=True)

    async def read(
        self, uploads: Sequence[UploadFile], *, pasted: str = "", crs: str | None = None, each: bool = False
    ) -> dict[str, Any]:
        """Read an upload or a pasted text in a process of its own; see `ecozone.web.files.read_sites`."""
        async with self.taken(uploads, pasted) as folder:
            name = safe_name(uploads[0].filename or "") if uploads else "粘贴的内容"
            return await asyncio.to_thread(
                self._apart, files.read_sites, folder, crs, self.atlas, each, self.settings.batch_projects, name=name
            )

    async def inspect(self, uploads: Sequence[UploadFile], *, kind: str | None, crs: str | None) -> dict[str, Any]:
        """Return intake's diagnosis of an upload."""
        async with self.taken(uploads) as folder:
            name = safe_name(uploads[0].filename or "")
            return await asyncio.to_thread(self._apart, files.diagnose, folder, kind, crs, self.atlas, name=name)

    def _apart(self, function: Any, *arguments: Any, name: str) -> Any:
        s = self.settings
        try:
            return apart(function, *arguments, name=name, seconds=s.read_seconds, memory_bytes=s.memory_bytes)
        except WorkerLost:  # the process read this file and nothing else
            raise InputError(f"“{name}”读不下去：内容太大、太复杂或已损坏，读取已停止；请检查后重新导出。") from None

    # ---- what takes longer than a visitor waits

    def begin(self, sites: Sequence[Mapping[str, Any]], asked: Mapping[str, Any], *, name: str, who: str) -> str:
        """Judge many sites in a process of their own and return the job's number at once."""
        self._room()
        asked = {**asked, "as_of": asked["as_of"] or str(today())}
        key = self.store.start_job(name, len(sites), at=now(), who=who)

        def told(said: Mapping[str, Any]) -> None:
            if "refused" in said:
                self.store.advance(key, f"{said['request']['name']}：{said['refused']}")
            else:
                self.store.add(said["request"], said["answer"], at=now(), who=who, job=key)
                self.store.advance(key)

        self._set_off(key, name, files.judge_each, (sites, asked, self.atlas, asked["as_of"]), told, None)
        return key

    async def search(self, asked: Mapping[str, Any], *, who: str) -> str:
        """Look for ground in a process of its own and return the job's number; what was asked before runs once."""
        asked = {**asked, "as_of": asked["as_of"] or str(today())}
        await self.ask(where.understood, asked, name="选址")
        said = json.dumps(asked, sort_keys=True)
        before = self._searches.get(said)
        job = await asyncio.to_thread(self.store.job, before) if before else None
        if before and job and job["state"] in ("running", "done"):
            return before
        self._room()
        key = await asyncio.to_thread(self.store.start_search, named(asked), len(where.STEPS), asked, at=now(), who=who)
        self._searches[said] = key
        while len(self._searches) > SEARCHES:
            del self._searches[next(iter(self._searches))]

        def kept(found: Mapping[str, Any]) -> None:
            self.store.keep_search(key, found["totals"], found["geojson"], found["gpkg"])
            self.store.step(key, len(where.STEPS), "")

        arguments = (asked, self.atlas, asked["as_of"])
        self._set_off(key, named(asked), where.find, arguments, lambda said: self.store.step(key, *said), kept)
        return key

    def cancel(self, key: str) -> bool:
        """End a job; what it has answered stays."""
        stop = self._stops.get(key)
        if stop is not None:
            stop.set()
        return stop is not None

    def _room(self) -> None:
        if len(self._stops) >= _JOBS:
            raise Busy("排队的任务太多，请等前面的任务完成后再试。")

    def _set_off(
        self,
        key: str,
        name: str,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        told: Callable[[Any], None],
        kept: Callable[[Any], None] | None,
    ) -> None:
        stop = self._stops[key] = threading.Event()

        def run() -> None:
            state, said = "failed", "任务在计算中出错，没有完成；请把时间告诉维护者。"
            try:
                with self._batches:
                    result = apart(
                        function, *arguments, name=name, told=told, stop=stop,
                        seconds=self.settings.batch_seconds, memory_bytes=self.settings.memory_bytes,
                    )  # fmt: skip
                if kept is not None:
                    kept(result)
                state, said = "done", ""
            except EcozoneError as error:
                state, said = "cancelled" if stop.is_set() else "failed", str(error)
            finally:  # anything else goes on to the thread's hook, which prints it
                self._ended(key, state, said)
                self._stops.pop(key, None)

        threading.Thread(target=run, daemon=True).start()

    def _ended(self, key: str, state: str, said: str = "") -> None:
        try:
            self.store.end_job(key, state, said)
        except EcozoneError:
            log.exception("job %s ended as %s, and the store did not take it", key, state)


def named(asked: Mapping[str, Any]) -> str:
    """Return what a search for ground is called."""
    industries = "、".join(f"{c} {words.name_of(words.normalise(c))}" for c in asked["industry"])
    nature = words.nature(asked["nature"]).name if asked["nature"] else ""
    return f"选址：{nature} {industries or '未指明行业的项目'}".replace("： ", "：")[:120]


def now() -> str:
    """Return the time in China, to the second."""
    return dt.datetime.now(BEIJING).strftime("%Y-%m-%d %H:%M:%S")  # noqa: TID251 - when an answer was kept


def safe_name(given: str) -> str:
    """Return an uploaded file's name without folders and without characters that mean something to a system."""
    last = given.replace("\\", "/").rpartition("/")[2]
    cleaned = _UNSAFE.sub("_", last).lstrip(". ").strip()
    stem, dot, suffix = cleaned.rpartition(".")
    if not dot:
        return cleaned[:80] or "upload"
    return f"{stem[:80] or 'upload'}.{suffix[:12]}"
