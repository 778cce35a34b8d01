"""The application: routes, the door before them, and errors as sentences."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from logging import getLogger
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, PackageLoader
from starlette.exceptions import HTTPException

from ecozone._version import __version__
from ecozone.errors import EcozoneError, InputError, MissingDependencyError
from ecozone.web import api, cases, jobs, pages, view
from ecozone.web.desk import Busy, Desk
from ecozone.web.forms import complaint
from ecozone.web.security import Door
from ecozone.web.settings import Settings

log = getLogger("ecozone")
_SAID = {
    400: "提交的内容读不出来，请检查后再试。", 404: "没有这个页面或记录。", 405: "这个地址不接受这种请求。",
    413: "提交的内容太大。", 415: "提交的内容类型不对。",
}  # fmt: skip


def create_app(settings: Settings) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    InputError
        Settings that are not safe, or a folder that cannot be used.
    """
    desk = Desk(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(
        title="ecozone", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
        lifespan=lifespan, description="核对建设项目选址是否符合生态环境分区管控和有关规则。",
    )  # fmt: skip
    app.state.desk = desk
    env = Environment(loader=PackageLoader("ecozone.web"), autoescape=True)
    pages.equip(env)
    app.state.templates = Jinja2Templates(env=env)
    app.include_router(api.router)
    app.include_router(pages.router, include_in_schema=False)
    app.include_router(cases.router, include_in_schema=False)
    app.include_router(jobs.router, include_in_schema=False)
    _errors(app)
    app.add_middleware(Door, settings=settings, sessions=desk.sessions, refuse=_refusal(app), audit=desk.audit)
    return app


def _errors(app: FastAPI) -> None:
    @app.exception_handler(EcozoneError)
    async def ours(request: Request, error: EcozoneError) -> Response:
        status = 422 if isinstance(error, InputError) else 429 if isinstance(error, Busy) else 503
        if isinstance(error, MissingDependencyError):
            status = 501
        sentence = cleaned(str(error), request)
        if not request.url.path.startswith("/api/"):
            sentence = view.plain(sentence) or sentence
        return said(request, status, sentence)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return said(request, 422, complaint(error.errors()))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        fitting = said(request, error.status_code, _SAID.get(error.status_code, "请求没有成功，请再试一次。"))
        fitting.headers.update(error.headers or {})
        return fitting

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        log.error("%s %s", request.method, request.url.path, exc_info=error)
        return said(request, 500, "程序内部出错，没有得出结论；请把时间和操作告诉维护者。")


def said(request: Request, status: int, sentence: str) -> Response:
    """Return a sentence, as a page for people and as JSON for programs."""
    if "text/html" not in request.headers.get("accept", "") or request.url.path.startswith("/api/"):
        return JSONResponse({"error": sentence}, status)
    return pages.page(request, "error.html", status, sentence=sentence)


def cleaned(sentence: str, request: Request) -> str:
    """Take the server's own folders out of a sentence."""
    desk: Desk = request.app.state.desk
    for place in (desk.atlas, str(desk.settings.atlas)):
        sentence = sentence.replace(place, "图集")
    for place in (desk.settings.results, str(desk.settings.data.resolve()), str(desk.settings.data)):
        sentence = sentence.replace(place, "结果库") if place else sentence
    return sentence


def _refusal(app: FastAPI) -> Any:
    """Return how the door says no: a page with a field for the token, or JSON."""

    def refuse(scope: Any, status: int, sentence: str) -> Any:
        request = Request(scope)
        html = "text/html" in request.headers.get("accept", "")
        if status == 401 and html:
            page: Response = app.state.templates.TemplateResponse(
                request, "login.html", {"sentence": sentence, "next": quote(scope["path"])}, status_code=401
            )
            page.headers["www-authenticate"] = "Bearer"
            return page
        if html:
            return HTMLResponse(f'<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><p>{sentence}</p>', status)
        headers = {"www-authenticate": "Bearer"} if status == 401 else None
        return JSONResponse({"error": sentence}, status, headers)

    return refuse
