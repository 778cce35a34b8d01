"""What takes longer than a visitor waits: many projects of a file, and ground for a kind of project."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from starlette.exceptions import HTTPException

from ecozone.clock import today
from ecozone.errors import InputError
from ecozone.web import forms, view
from ecozone.web.audit import noted
from ecozone.web.pages import desk_of, filled, frame, page

router = APIRouter()
#: Seconds between two looks at a job.
_LOOK_S = 0.4
#: Answers of a job on its page; the ledger has all.
_SHOWN = 500


# ---- where it may go


@router.get("/where")
async def where(request: Request) -> Response:
    """Show the form that looks for ground."""
    return where_page(request, forms.Fields([]))


@router.post("/where")
async def search(request: Request) -> Response:
    """Look for ground: to the job."""
    fields = forms.Fields([])
    try:
        fields, _ = await filled(request)
        asked = forms.searched(fields)
        noted(request.scope, asked["nature"], *asked["industry"][:3])
        who = request.scope.get("state", {}).get("address", "")
        key = await desk_of(request).search(asked, who=who)
    except InputError as error:
        return where_page(request, fields, 422, view.plain(str(error)) or str(error))
    return RedirectResponse(f"/jobs/{key}", 303)


def where_page(request: Request, fields: forms.Fields, status: int = 200, sentence: str = "") -> Response:
    """Show the form as it was filled, with what is wrong."""
    return page(
        request, "where.html", status, f=fields, sentence=sentence, today=str(today()), areas=tuple(forms.AREAS),
        fact_rows=forms.FACT_ROWS, **view.choices(),
    )  # fmt: skip


# ---- a job


@router.get("/jobs/{key}")
async def job(request: Request, key: str) -> Response:
    """Show a job and what it has found."""
    store = desk_of(request).store
    found, search = await asyncio.to_thread(lambda: (store.job(key), store.search(key)))
    if found is None:
        raise HTTPException(404)
    if search is not None:
        asked = view.searched(search["request"])
        return page(request, "job.html", job=found, search=search, asked=asked, ground=search["totals"])
    answers, _ = await asyncio.to_thread(store.find, job=key, count=_SHOWN)
    return page(request, "job.html", job=found, answers=answers)


@router.get("/jobs/{key}/map")
async def ground_map(request: Request, key: str) -> Response:
    """Show a map of the ground that was found."""
    search = await asyncio.to_thread(desk_of(request).store.search, key)
    if search is None or search["totals"] is None:
        raise HTTPException(404)
    return frame(
        request, "哪里能建", "/static/where.js", look="small",
        given={"pieces": f"/api/where/{key}/pieces.geojson", **view.ground(search["totals"])},
    )  # fmt: skip


@router.get("/jobs/{key}/events")
async def events(request: Request, key: str) -> Response:
    """Tell a job's progress as it goes (server-sent events)."""
    store = desk_of(request).store
    if await asyncio.to_thread(store.job, key) is None:
        return JSONResponse({"error": "没有这个任务。"}, 404)

    async def told() -> AsyncIterator[str]:
        before: Any = None
        while not await request.is_disconnected():
            found = await asyncio.to_thread(store.job, key)
            if found is None:
                return
            now = {k: found[k] for k in ("state", "done", "total", "said")}
            if now != before:
                yield f"data: {json.dumps(now, ensure_ascii=False)}\n\n"
                before = now
            if found["state"] != "running":
                return
            await asyncio.sleep(_LOOK_S)

    return StreamingResponse(told(), media_type="text/event-stream")


@router.post("/jobs/{key}/cancel")
async def cancel(request: Request, key: str) -> Response:
    """End a job."""
    await filled(request)
    desk_of(request).cancel(key)
    return RedirectResponse(f"/jobs/{key}", 303)
