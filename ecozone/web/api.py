"""The JSON API: the functions of the command line for other programs. A description stands under /docs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel

from ecozone.clock import today
from ecozone.errors import InputError
from ecozone.web import work
from ecozone.web.desk import Desk
from ecozone.web.forms import crs as read_crs
from ecozone.web.request import CheckRequest, day
from ecozone.web.security import COOKIE


class Sentence(BaseModel):
    """Why a request was refused, in one sentence."""

    error: str


_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Sentence, "description": said}
    for code, said in {
        400: "内容读不出来", 401: "缺少口令", 403: "来自其他网站", 411: "没有说明长度", 413: "超过大小上限",
        415: "内容类型不对", 422: "内容有误，说明哪里不对", 429: "太频繁", 503: "暂时算不了",
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
    return await desk_of(request).ask(work.here, lon, lat, on, name="点位")
