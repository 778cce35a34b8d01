"""The JSON API: the functions of the command line for other programs. A description stands under /docs."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ecozone.clock import today
from ecozone.errors import InputError
from ecozone.web import work
from ecozone.web.audit import noted
from ecozone.web.desk import Desk
from ecozone.web.forms import crs as read_crs
from ecozone.web.forms import formed
from ecozone.web.request import CheckRequest, WhereRequest, day
from ecozone.web.security import COOKIE


class Sentence(BaseModel):
    """Why a request was refused, in one sentence."""

    error: str


_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Sentence, "description": said}
    for code, said in {
        400: "内容读不出来", 401: "缺少口令", 403: "来自其他网站", 404: "没有这个任务",
        411: "没有说明长度", 413: "超过大小上限", 415: "内容类型不对", 422: "内容有误",
        429: "太频繁", 503: "暂时算不了",
    }.items()
}  # fmt: skip
router = APIRouter(prefix="/api", responses=_REFUSALS)
_Crs = Annotated[str, Form(max_length=20, description="坐标系，如 EPSG:4544。")]


def desk_of(request: Request) -> Desk:
    """Return the desk behind a request."""
    return request.app.state.desk


@router.post("/check", summary="核对一个项目", response_description="完整记录 ecozone.assessment/1")
async def check(request: Request, asked: CheckRequest) -> Response:
    """Judge one project; the answer is the record that `ecozone check --json` writes."""
    noted(request.scope, asked.name, asked.site if isinstance(asked.site, str) else "", *asked.industry[:3])
    body = await desk_of(request).check(asked.model_dump())
    return Response(body, media_type="application/json")


@router.post("/inspect", summary="检查一个数据文件", response_description="格式、编码、坐标系、字段和问题")
async def inspect(
    request: Request,
    file: Annotated[list[UploadFile], File(description="矢量文件或 ZIP；Shapefile 可同时给出几个文件。")],
    kind: Annotated[str, Form(max_length=80, description="图层类别，如 river；可不填。")] = "",
    crs: _Crs = "",
    csrf: Annotated[str, Form(max_length=100, include_in_schema=False)] = "",
) -> Any:
    """Diagnose a file; nothing of it is kept."""
    desk = desk_of(request)
    if desk.sessions.closed and not getattr(request.state, "bearer", False):
        word = csrf or request.headers.get("x-csrf", "")
        if desk.sessions.forged(request.cookies.get(COOKIE), word):
            raise InputError("页面已过期，请刷新后再提交。")
    noted(request.scope, *(f.filename for f in file[:3]))
    return await desk.inspect(file, kind=kind or None, crs=read_crs(crs))


@router.get("/layers", summary="图集的图层", response_description="每个图层版本的来源、版本、校验值")
async def layers(request: Request) -> Any:
    """List the layers."""
    return await desk_of(request).register(work.layers)


@router.get("/rules", summary="已编入的规则", response_description="编号、要求、依据、有效期")
async def rules(
    request: Request, as_of: Annotated[str, Query(max_length=20, description="只列当日有效的，如 2026-11-22。")] = ""
) -> Any:
    """List the rules."""
    on = str(day(as_of)) if as_of else None
    return await desk_of(request).register(work.rules, on)


@router.get("/here", summary="某一点适用什么", response_description="管控单元、要素分区、附近区域、有关规则")
async def here(
    request: Request,
    lon: Annotated[float, Query(ge=73, le=136, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=3, le=54, allow_inf_nan=False)],
    as_of: Annotated[str, Query(max_length=20)] = "",
) -> Any:
    """Say what applies at a point."""
    on = str(day(as_of)) if as_of else str(today())
    noted(request.scope, f"{lon:.5f},{lat:.5f}")
    return await desk_of(request).ask(work.here, lon, lat, on, name="点位")


# ---- where it may go


class Search(BaseModel):
    """A search for ground: how far it is, and what it found."""

    job: str
    state: str = Field(description="running、done、failed、cancelled、lost。")
    done: int
    total: int
    said: str = Field(description="正在做什么，或为什么没有完成。")
    totals: dict[str, Any] | None = Field(description="各结论的面积、块数，其中未判定完整的，起约束的规则。")
    files: dict[str, str] = Field(description="用地图斑的下载地址，完成后才有。")
    events: str = Field(description="进度（server-sent events）的地址。")


_Key = Annotated[str, Path(max_length=40)]
_ACCEPTED: dict[int | str, dict[str, Any]] = {202: {"model": Search, "description": "正在查找"}}
_Words = Annotated[list[Annotated[str, Query(max_length=80)]], Query(max_length=80)]


@router.post("/where", summary="一类项目在哪里能建", response_description="已有的结果", responses=_ACCEPTED)
async def where(request: Request, response: Response, asked: WhereRequest) -> Search:
    """Look for ground; it takes a while, so the answer is the job, to be asked for again under its number."""
    noted(request.scope, asked.nature, *asked.industry[:3])
    key = await desk_of(request).search(asked.model_dump(), who=request.scope.get("state", {}).get("address", ""))
    found = await _search(request, key)
    response.status_code = 200 if found.state == "done" else 202
    response.headers["location"] = f"/api/where/{key}"
    return found


@router.get("/where", summary="一类项目在哪里能建", response_description="已有的结果", responses=_ACCEPTED)
async def where_asked(
    request: Request,
    response: Response,
    nature: Annotated[str, Query(max_length=80)] = "",
    industry: _Words = [],  # noqa: B006 - FastAPI copies it
    facility: _Words = [],  # noqa: B006
    has: _Words = [],  # noqa: B006
    fact: Annotated[list[str], Query(max_length=200, description="事实，如 capacity_increase=no。")] = [],  # noqa: B006
    within: Annotated[str, Query(max_length=20_000, description="查找范围，WKT。")] = "",
    min_area_m2: Annotated[float, Query(ge=0, le=1e12, allow_inf_nan=False)] = 0.0,
    extent_m: Annotated[float, Query(ge=0, le=1e6, allow_inf_nan=False)] = 0.0,
    site_accuracy_m: Annotated[float, Query(ge=0, le=1e6, allow_inf_nan=False)] = 0.0,
    subject: Annotated[str, Query(max_length=80)] = "project",
    stage: Annotated[str, Query(max_length=80)] = "",
    as_of: Annotated[str, Query(max_length=20)] = "",
) -> Search:
    """Do the same by an address: ask it again until ``state`` is no longer ``running``."""
    facts = {}
    for pair in fact:
        name, mark, value = pair.partition("=")
        if not (name and mark and value):
            raise InputError(f"事实“{pair[:60]}”写法有误，应为 名称=内容，例如 capacity_increase=no。")
        facts[name] = value
    asked = {
        "nature": nature or None, "industry": industry, "facilities": facility or None, "has": has, "facts": facts,
        "within": within or None, "min_area_m2": min_area_m2, "extent_m": extent_m,
        "site_accuracy_m": site_accuracy_m, "subject": subject, "stage": stage or None, "as_of": as_of or None,
    }  # fmt: skip
    return await where(request, response, formed(asked, WhereRequest))


@router.get("/where/{key}", summary="查找进行到哪里", response_description="进度和结果")
async def where_found(request: Request, key: _Key) -> Search:
    """Say how far a search is, and what it found."""
    return await _search(request, key)


@router.get("/where/{key}/pieces.geojson", summary="用地图斑（GeoJSON）")
async def where_geojson(request: Request, key: _Key) -> Response:
    """Return the pieces as GeoJSON."""
    return await _pieces(request, key, "geojson", "application/geo+json")


@router.get("/where/{key}/pieces.gpkg", summary="用地图斑（GeoPackage）")
async def where_gpkg(request: Request, key: _Key) -> Response:
    """Return the pieces as GeoPackage."""
    return await _pieces(request, key, "gpkg", "application/geopackage+sqlite3")


async def _search(request: Request, key: str) -> Search:
    store = desk_of(request).store
    job, found = await asyncio.to_thread(lambda: (store.job(key), store.search(key)))
    if job is None or found is None:
        raise HTTPException(404)
    files = {k: f"/api/where/{key}/pieces.{k}" for k in ("geojson", "gpkg")} if found["totals"] else {}
    shown = {k: job[k] for k in ("state", "done", "total", "said")}
    return Search(job=key, **shown, totals=found["totals"], files=files, events=f"/jobs/{key}/events")


async def _pieces(request: Request, key: str, kind: str, media: str) -> Response:
    body = await asyncio.to_thread(desk_of(request).store.ground, key, kind)
    if body is None:
        raise HTTPException(404)
    return Response(body, media_type=media, headers={"content-disposition": f'attachment; filename="where.{kind}"'})
