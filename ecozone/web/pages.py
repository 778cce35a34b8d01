"""Pages that stand on their own: the form, the map, the registers, the door, the files of the page."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Callable
from importlib import resources
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from jinja2 import Environment
from starlette.datastructures import UploadFile

from ecozone import words
from ecozone._version import __version__
from ecozone.assessment import DISCLAIMER
from ecozone.clock import today
from ecozone.errors import InputError
from ecozone.web import forms, view, work
from ecozone.web.desk import Desk
from ecozone.web.request import day
from ecozone.web.security import COOKIE, FRAME_POLICY

router = APIRouter()
_TYPES = {"css": "text/css", "js": "text/javascript"}
_OWN = ("desk.css", "frame.css", "desk.js", "draw.js", "industry.js", "where.js", "job.js")
_FOUND = 12


def equip(environment: Environment) -> None:
    """Give templates what every page says."""
    environment.globals |= {
        "version": __version__, "disclaimer": DISCLAIMER, "short": view.short(),
        "part_name": view.part_name, "states": view.STATES,
    }  # fmt: skip
    environment.trim_blocks = environment.lstrip_blocks = True


def desk_of(request: Request) -> Desk:
    """Return the desk behind a request."""
    return request.app.state.desk


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Return a page, with a session for forms when the visitor has none."""
    desk = desk_of(request)
    state = request.scope.get("state", {})
    cookie = state.get("cookie") or desk.sessions.new()
    values |= {"csrf": desk.sessions.csrf(cookie), "here": request.url.path, "reports": work.has_reports()}
    out: Response = request.app.state.templates.TemplateResponse(request, template, values, status_code=status)
    if state.get("cookie") is None and not desk.sessions.closed:
        give(request, out, cookie)
    return out


def give(request: Request, response: Response, cookie: str) -> None:
    """Set the session's cookie: no script reads it, no other site sends it."""
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=request.url.scheme == "https")


async def filled(request: Request) -> tuple[forms.Fields, list[UploadFile]]:
    """Return the fields and files of a form that our own page sent.

    Raises
    ------
    InputError
        The session is over, or the form is not ours.
    """
    desk = desk_of(request)
    form = await request.form(max_files=desk.settings.upload_files + 1, max_fields=1500, max_part_size=3_000_000)
    fields = forms.Fields([(k, v) for k, v in form.multi_items() if isinstance(v, str)])
    state = request.scope.get("state", {})
    word = fields("csrf") or request.headers.get("x-csrf", "")
    if not state.get("bearer") and desk.sessions.forged(state.get("cookie"), word):
        raise InputError("页面已过期，请刷新后再提交。")
    files = [v for _, v in form.multi_items() if isinstance(v, UploadFile) and v.filename]
    return fields, files


# ---- the form


@router.get("/")
async def start(request: Request) -> Response:
    """Show the form."""
    return form_page(request, forms.Fields([]))


def form_page(request: Request, fields: forms.Fields, status: int = 200, sentence: str = "") -> Response:
    """Show the form as it was filled, with what is wrong."""
    return page(
        request, "form.html", status, f=fields, sentence=sentence, today=str(today()), **view.choices(),
        fact_rows=forms.FACT_ROWS, part_rows=forms.PART_ROWS, limit=desk_of(request).settings.upload_bytes // 1_000_000,
    )  # fmt: skip


@router.get("/industries")
async def industries(q: str = "") -> Any:
    """Search industries by code or name."""
    text = q.strip()[:60]
    found: list[Any] = []
    if text[:1].isascii() and text:
        wanted = text.upper()
        found = [words.entry(c) for c in words.all_codes() if c.startswith(wanted) or c[1:].startswith(wanted)]
        found = [e for e in found if e.code == words.normalise(e.code)]
    found += words.find(text, count=_FOUND)
    return [{"code": e.code, "name": e.name} for e in dict.fromkeys(found)][:_FOUND]


@router.post("/read")
async def read(request: Request) -> Any:
    """Read an upload or a pasted text and return the sites, for the map of the form."""
    from ecozone.web.request import typed

    fields, files = await filled(request)
    text = fields("site_text")
    crs = forms.crs(fields("crs"))
    desk = desk_of(request)
    if files or not typed(text):
        if not files and not text:
            raise InputError("没有选择文件，也没有粘贴坐标。")
        read = await desk.read(files, pasted="" if files else text, crs=crs, each=bool(fields("each")))
        for site in read["sites"]:
            site["notes"] = [view.plain(n) for n in site["notes"]]
        for issue in read["issues"]:
            issue["message"] = view.plain(issue["message"])
        return read
    asked = forms.valid({"site": text, "crs": forms.coded(crs)})
    found = await desk.ask(work.place, asked, name="坐标")
    return {"sites": [found], "issues": [], "crs": "", "how": ""}


# ---- maps


@router.get("/map")
async def atlas_map(request: Request) -> Response:
    """Show the atlas, with the tools for drawing."""
    found = await desk_of(request).register(work.atlas_page)
    return frame(request, found["title"], "/map.js", look="draw")


@router.get("/map.js")
async def atlas_script(request: Request) -> Response:
    """Return the script of the atlas's map."""
    found = await desk_of(request).register(work.atlas_page)
    return tagged(request, found["script"], "text/javascript")


def frame(request: Request, title: str, script: str, *, look: str = "", given: Any = None) -> Response:
    """Return a page for a map's frame.

    `look` is ``draw``, ``small`` (inside a page that says the rest) or empty; `given` is what the script reads.
    """
    out: Response = request.app.state.templates.TemplateResponse(
        request, "frame.html", {"title": title, "script": script, "look": look, "given": given}
    )
    out.headers["content-security-policy"] = FRAME_POLICY
    return out


# ---- registers


@router.get("/layers")
async def layers(request: Request) -> Response:
    """Show the layers of the atlas."""
    return page(request, "layers.html", layers=await desk_of(request).register(work.layers))


@router.get("/rules")
async def rules(request: Request, as_of: str = "", q: str = "") -> Response:
    """Show the rules that are encoded."""
    on = str(day(as_of[:20])) if as_of else str(today())
    found = await desk_of(request).register(work.rules, on)
    wanted = q.strip()[:60]
    said = ("id", "title", "requirement", "cited", "book_title")
    shown = [r for r in found if not wanted or any(wanted in str(r[k]) for k in said)]
    return page(request, "rules.html", rules=shown, total=len(found), as_of=on, q=wanted)


@router.get("/audit")
async def audit(request: Request) -> Response:
    """Show who asked what."""
    return page(request, "audit.html", lines=await asyncio.to_thread(desk_of(request).store.audited))


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Describe the JSON API, without any file from elsewhere."""
    return page(request, "docs.html", api=request.app.openapi())


# ---- the door


@router.get("/login")
async def door(request: Request) -> Response:
    """Send a visitor who is in already to the form."""
    return RedirectResponse("/", 303)


@router.post("/login")
async def enter(request: Request) -> Response:
    """Let in who knows the token."""
    desk = desk_of(request)
    form = await request.form(max_files=0, max_fields=5)
    token, target = str(form.get("token", "")), str(form.get("next", "/"))
    if not desk.sessions.knows(token):
        values = {"sentence": "口令不对，请重新输入。" if token else "请先输入口令。", "next": "/"}
        return request.app.state.templates.TemplateResponse(request, "login.html", values, status_code=401)
    out = RedirectResponse(target if target.startswith("/") and target[1:2] not in ("/", "\\") else "/", 303)
    give(request, out, desk.sessions.new())
    return out


# ---- files of the page


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """Return a file of the page: Leaflet from its package, ecozone's helpers, our own."""
    from ecozone.report import offline

    made: dict[str, Callable[[], str]] = {
        "leaflet.js": offline.leaflet_js, "leaflet.css": offline.leaflet_css, "verdicts.css": view.verdict_css,
        "map.js": lambda: _file("ecozone.report", "map.js"), "map.css": lambda: _file("ecozone.report", "map.css"),
        **{n: functools.partial(_file, "ecozone.web", f"static/{n}") for n in _OWN},
    }  # fmt: skip
    if name not in made:
        return JSONResponse({"error": "没有这个文件。"}, 404)
    return tagged(request, made[name](), _TYPES[name.rpartition(".")[2]])


def tagged(request: Request, text: str, kind: str) -> Response:
    """Return a text that a browser keeps and asks for again only when it changed."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type=kind, headers=headers)


def _file(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")
