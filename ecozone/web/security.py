"""Who may ask, and how much: the one door that every request passes, before any route sees it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from ecozone.web.settings import LOOPBACK, Settings

#: Cookie of a session; readable by no script, sent by no other site.
COOKIE = "ecozone_desk"
_DAY_S = 12 * 3600
#: Wrong tokens a minute from one address.
_WRONG = 10
#: Nothing from elsewhere, no script in a page, no frame around it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: A map stands in a frame of the desk; Leaflet's tooltips carry colours as style attributes.
FRAME_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "frame-ancestors 'none'", "frame-ancestors 'self'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
    "cache-control": "no-store",
    "content-security-policy": POLICY,
}


class Sessions:
    """Sessions of visitors: signed, with an end; nothing is kept of them on this side.

    Parameters
    ----------
    token : str or None
        What a visitor must know; None: everybody on this computer may ask.
    clock : callable
        Seconds since some moment, for the end of a session.
    """

    def __init__(self, token: str | None, clock: Callable[[], float] = time.time) -> None:
        self._token = token
        self._key = secrets.token_bytes(32)
        self._clock = clock

    @property
    def closed(self) -> bool:
        """A token is needed."""
        return self._token is not None

    def knows(self, token: str) -> bool:
        """Compare a token in constant time."""
        return self._token is not None and hmac.compare_digest(token.encode("utf-8"), self._token.encode("utf-8"))

    def new(self) -> str:
        """Return a new session's cookie."""
        head = f"{secrets.token_urlsafe(12)}.{int(self._clock()) + _DAY_S}"
        return f"{head}.{self._sign(head)}"

    def valid(self, cookie: str | None) -> bool:
        """Say whether a cookie is one of ours and not over."""
        head, _, signature = (cookie or "").rpartition(".")
        if not head or not hmac.compare_digest(signature.encode(), self._sign(head).encode()):
            return False
        return int(head.rpartition(".")[2]) > self._clock()

    def csrf(self, cookie: str) -> str:
        """Return the word that a form of this session must carry."""
        return self._sign(f"csrf {cookie}")

    def forged(self, cookie: str | None, word: str | None) -> bool:
        """Say whether a form does not carry its session's word."""
        return not (cookie and word and hmac.compare_digest(word.encode("utf-8"), self.csrf(cookie).encode("utf-8")))

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:40]


class Rates:
    """How often an address may ask: so many requests a minute, refilled evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = float(per_minute), clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> bool:
        """Count one request; False when there were too many."""
        if not self._most:
            return True
        now = self._clock()
        left, at = self._left.pop(address, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        self._left[address] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > 10_000:
            self._left.popitem(last=False)
        return left >= 1


class Door:
    """ASGI middleware: address, rate, session, size of the body, headers of the answer, audit.

    Parameters
    ----------
    app : ASGI application
    settings : Settings
    sessions : Sessions
    refuse : callable
        ``refuse(scope, status, sentence)`` returns an ASGI application that says no.
    audit : callable
        Called with (address, who, method, path and what was asked, status) after every request.
    """

    def __init__(
        self,
        app: Any,
        *,
        settings: Settings,
        sessions: Sessions,
        refuse: Callable[..., Any],
        audit: Callable[..., None],
    ) -> None:
        self._app, self._settings, self._sessions = app, settings, sessions
        self._refuse, self._audit = refuse, audit
        self._rates, self._wrong = Rates(settings.rate), Rates(_WRONG)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request in or not."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        given = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        address = (scope.get("client") or ("?",))[0]
        cookie = _cookie(given.get("cookie", ""))
        valid = self._sessions.valid(cookie)
        scope["state"] = {**scope.get("state", {}), "cookie": cookie if valid else None, "address": address}
        status, moved = 500, ""

        async def answer(message: Any) -> None:
            nonlocal status, moved
            if message["type"] == "http.response.start":
                status = message["status"]
                moved = next((v.decode("latin-1") for k, v in message["headers"] if k == b"location"), "")
                there = {k.lower() for k, _ in message["headers"]}
                extra = [(k.encode(), v.encode()) for k, v in _HEADERS.items() if k.encode() not in there]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        refusal = self._objection(scope, given, address, valid)
        app = self._refuse(scope, *refusal) if refusal else self._app
        try:
            await app(scope, receive, answer)
        finally:
            who = "会话" if valid else "本机" if not self._sessions.closed else "未登录"
            asked = " ".join(t for t in (scope["path"], scope["state"].get("asked", ""), moved and f"→ {moved}") if t)
            self._audit(address, who, scope["method"], asked, status)

    def _objection(self, scope: Any, given: dict[str, str], address: str, valid: bool) -> tuple[int, str] | None:
        if not self._rates.take(address):
            return 429, "请求太频繁，请稍后再试。"
        if self._sessions.closed and not valid:
            bearer = given.get("authorization", "")
            login = scope["path"] == "/login" and scope["method"] == "POST"
            if bearer.startswith("Bearer ") and self._sessions.knows(bearer[7:]):
                scope["state"]["bearer"] = True
            elif login:
                if not self._wrong.take(address):
                    return 429, "口令试了太多次，请一分钟后再试。"
            else:
                return 401, "请先输入口令。"
        host = _host(given.get("host", ""))
        if self._settings.local and not self._sessions.closed and host not in LOOPBACK:
            return 403, "请用 127.0.0.1 或 localhost 访问本页。"
        changes = scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if changes or scope["path"].startswith("/api/"):  # a picture on another site's page must not make us compute
            origin = given.get("origin")
            if origin and urlsplit(origin).netloc != given.get("host", ""):
                return 403, "请求来自其他网站，已拒绝。"
            if given.get("sec-fetch-site") in ("cross-site", "same-site"):
                return 403, "请求来自其他网站，已拒绝。"
        if changes:
            if "transfer-encoding" in given:
                return 411, "提交的内容没有说明长度（Content-Length），已拒绝。"
            length = given.get("content-length", "0")
            if not length.isdigit() or int(length) > self._most(given):
                return 413, f"提交的内容超过上限 {self._most(given) / 1e6:.0f} MB，请拆分后再试。"
        return None

    def _most(self, given: dict[str, str]) -> int:
        upload = given.get("content-type", "").startswith("multipart/form-data")
        return self._settings.upload_bytes if upload else self._settings.json_bytes


def _cookie(header: str) -> str | None:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
