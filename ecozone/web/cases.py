"""Cases: check a project, look at the answer, supply what is missing, strike a finding, find it again."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from ecozone.clock import today
from ecozone.errors import EcozoneError, InputError
from ecozone.web import forms, view, work
from ecozone.web.audit import noted
from ecozone.web.files import notes_of
from ecozone.web.pages import desk_of, filled, form_page, frame, page, tagged
from ecozone.web.request import typed
from ecozone.web.settings import LOOPBACK
from ecozone.web.store import PAGE, Case

router = APIRouter()
_REPORTS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Findings that may be struck from one record; each is judged again with all before it.
_STRIKES = 60
#: A report's page may carry its own style; nothing in it runs.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def _who(request: Request, given: str = "") -> str:
    address = str(request.scope.get("state", {}).get("address", ""))
    return given[:60] or ("本机" if address in LOOPBACK else address)


async def _case(request: Request, key: str) -> Case:
    found = await asyncio.to_thread(desk_of(request).store.case, key)
    if found is None:
        raise HTTPException(404)
    return found


# ---- asking


@router.post("/check")
async def check(request: Request) -> Response:
    """Check what the form says: one project to its result, many to their job."""
    fields = forms.Fields([])
    files: list[Any] = []
    try:
        fields, files = await filled(request)
        asked = forms.described(fields)
        noted(request.scope, fields("who"), asked["name"], *(f.filename for f in files[:3]), *asked["industry"][:3])
        sites, each = await _sites(request, fields, files, asked)
        desk = desk_of(request)
        if each and len(sites) > 1:
            named = files[0].filename if files else "粘贴的内容"
            job = desk.begin(
                sites, forms.valid({**asked, "site": "0,0"}), name=named or "文件", who=_who(request, fields("who"))
            )
            return RedirectResponse(f"/jobs/{job}", 303)
        if sites:
            asked["site"], accuracy = sites[0]["geometry"], sites[0]["accuracy_m"]
            asked["site_accuracy_m"] = accuracy if asked["site_accuracy_m"] is None else asked["site_accuracy_m"]
            asked["notes"] = notes_of(sites[0])
            asked["crs"], asked["name"] = None, asked["name"] or sites[0]["name"]
            asked["nature"] = asked["nature"] or sites[0]["nature"]
            asked["industry"] = asked["industry"] or [c for c in [sites[0]["industry"]] if c]
        key = await desk.answer(forms.valid(asked), who=_who(request, fields("who")))
    except EcozoneError as error:
        from ecozone.web.app import cleaned

        status = 422 if isinstance(error, InputError) else 503
        return form_page(request, fields, status, view.plain(cleaned(str(error), request)) or str(error))
    return RedirectResponse(f"/results/{key}", 303)


async def _sites(
    request: Request, fields: forms.Fields, files: list[Any], asked: dict[str, Any]
) -> tuple[list[dict[str, Any]], bool]:
    """Put a typed or drawn site into a request, or return the sites that were read from a file."""
    source = fields("site_from") or ("file" if files else "text" if fields("site_text") else "draw")
    each = bool(fields("each"))
    if source == "draw":
        asked["site"], asked["crs"] = forms.drawn(fields("site_geojson")), None
        if asked["site_accuracy_m"] is None:  # a hand on a map is as exact as the map's scale
            asked["site_accuracy_m"] = forms.metres("坐标精度", fields("drawn_accuracy_m"))
        return [], False
    if source == "text" and typed(fields("site_text")):
        asked["site"], asked["crs"] = fields("site_text"), forms.coded(asked["crs"])
        return [], False
    if source == "text":
        if not fields("site_text"):
            raise InputError("还没有粘贴坐标，请粘贴后再核对。")
        found = await desk_of(request).read([], pasted=fields("site_text"), crs=asked["crs"], each=each)
    else:
        if not files:
            raise InputError("还没有选择文件，请选择后再核对。")
        found = await desk_of(request).read(files, crs=asked["crs"], each=each)
    return found["sites"], each


# ---- an answer


@router.get("/results/{key}")
async def result(request: Request, key: str) -> Response:
    """Show an answer."""
    return await _shown(request, key)


async def _shown(request: Request, key: str, status: int = 200, sentence: str = "") -> Response:
    case = await _case(request, key)
    return page(
        request, "result.html", status, key=key, case=case.row, r=case.record, sentence=sentence, today=str(today()),
        request_name=case.request["name"], **view.result(case.record, case.asked),
    )  # fmt: skip


@router.get("/results/{key}/map")
async def map_frame(request: Request, key: str, wide: bool = False) -> Response:
    """Show an answer's map."""
    name = (await _case(request, key)).record["project"]["name"]
    return frame(request, name, f"/results/{key}/map.js", look="" if wide else "small")


@router.get("/results/{key}/map.js")
async def map_script(request: Request, key: str) -> Response:
    """Return the script of an answer's map."""
    return tagged(request, (await _case(request, key)).map["script"], "text/javascript")


@router.get("/results/{key}/record.json")
async def record(request: Request, key: str) -> Response:
    """Return the record as a file."""
    case = await _case(request, key)
    text = json.dumps(case.record, ensure_ascii=False, indent=1)
    return _attached(text.encode("utf-8", "replace"), "application/json", f"{case.row['name']}.ecozone.json")


@router.get("/results/{key}/report.{kind}")
async def report(request: Request, key: str, kind: str) -> Response:
    """Return the report, or the case's ledger, as a file."""
    if kind not in _REPORTS:
        raise HTTPException(404)
    case = await _case(request, key)
    body = await desk_of(request).ask(work.report, case.record, kind, name=case.row["name"])
    return _attached(body, _REPORTS[kind], f"{case.row['name']}.{kind}")


@router.post("/results/{key}/supply")
async def supply(request: Request, key: str) -> Response:
    """Check again with what was missing; the earlier answer stays."""
    case = await _case(request, key)
    try:
        fields, _ = await filled(request)
        asked = forms.supplied(case.request, fields)
        new = await desk_of(request).answer(asked, who=_who(request, fields("who")), parent=key)
    except InputError as error:
        return await _shown(request, key, 422, view.plain(str(error)) or str(error))
    return RedirectResponse(f"/results/{new}", 303)


@router.post("/results/{key}/override")
async def override(request: Request, key: str) -> Response:
    """Strike a finding, with name and reason; the answer itself stays beside it."""
    case = await _case(request, key)
    try:
        fields, _ = await filled(request)
        stroke = {n: fields(n) for n in ("rule", "part", "by", "reason")} | {
            "zone": fields("zone") or None,
            "on": str(today()),
        }
        if not stroke["by"] or not stroke["reason"]:
            raise InputError("更正必须写明经办人和理由。")
        if len(case.record["overrides"]) >= _STRIKES:
            raise InputError(f"一条记录最多更正 {_STRIKES} 处，请重新核对项目的位置和事实。")
        desk = desk_of(request)
        revised = await desk.ask(work.override, case.record, stroke, name=case.row["name"])
        if not await asyncio.to_thread(desk.store.revise, case, revised):
            raise InputError("这条记录刚被别人更正过，请看过之后再更正。")
    except InputError as error:
        return await _shown(request, key, 422, str(error))
    return RedirectResponse(f"/results/{key}", 303)


@router.post("/results/{key}/remove")
async def remove(request: Request, key: str) -> Response:
    """Forget an answer."""
    await filled(request)
    await asyncio.to_thread(desk_of(request).store.remove, key)
    return RedirectResponse("/results", 303)


# ---- finding it again


@router.get("/results")
async def results(request: Request, q: str = "", verdict: str = "", p: int = 0) -> Response:
    """Show the answers that are kept."""
    at = max(0, min(p, 10_000))
    store = desk_of(request).store
    found, total = await asyncio.to_thread(store.find, q[:200], verdict=verdict[:40], page=at)
    jobs = await asyncio.to_thread(store.jobs) if not (at or q or verdict) else []
    return page(
        request, "results.html", jobs=jobs, found=found, total=total, q=q[:200], verdict=verdict[:40], p=at,
        more=(at + 1) * PAGE < total,
    )  # fmt: skip


@router.get("/ledger.csv")
async def ledger(request: Request, q: str = "", verdict: str = "", job: str = "") -> Response:
    """Return the 台账 of what was found."""
    body = await asyncio.to_thread(desk_of(request).store.ledger, q[:200], verdict=verdict[:40], job=job[:40])
    return _attached(body, "text/csv; charset=utf-8", f"台账{today()}.csv")


def _attached(body: bytes, kind: str, name: str) -> Response:
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name.replace('/', '_'))}",
        "content-security-policy": _REPORT_POLICY,
    }
    return Response(body, media_type=kind, headers=headers)
