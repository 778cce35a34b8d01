"""A headless Chromium without a network, driven over its debugging pipe: no driver program, no library."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--window-size=1366,768",
)
_TIMEOUT = 60
#: Chromium takes commands on file descriptor 3 and answers on 4: this puts the pipes there and becomes Chromium.
_BECOME = """
import os, sys
commands, answers = (os.dup(int(fd)) for fd in sys.argv[1:3])
os.dup2(commands, 3)
os.dup2(answers, 4)
for fd in (3, 4):
    os.set_inheritable(fd, True)  # dup2 onto itself would leave it closed on exec
os.execvp(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One Chromium; `open` shows a page and remembers what the page did."""

    def __init__(self) -> None:
        name = next(n for n in ("chromium", "chromium-browser", "google-chrome") if shutil.which(n))
        self._home = tempfile.TemporaryDirectory(prefix="ecozone-chromium-", ignore_cleanup_errors=True)
        read_here, write_there = os.pipe()
        read_there, write_here = os.pipe()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                _BECOME,
                str(read_there),
                str(write_there),
                name,
                *_FLAGS,
                f"--user-data-dir={self._home.name}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(read_there, write_there),
        )
        os.close(read_there)
        os.close(write_there)
        self._out = os.fdopen(write_here, "wb")
        self._in = os.fdopen(read_here, "rb")
        self._answers: dict[int, dict[str, Any]] = {}
        self._events: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._last = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        rest = b""
        with contextlib.suppress(OSError, ValueError):
            while chunk := self._in.read1(1 << 16):
                *whole, rest = (rest + chunk).split(b"\0")
                with self._news:
                    for text in whole:
                        message = json.loads(text)
                        if "id" in message:
                            self._answers[message["id"]] = message
                        else:
                            self._events.append(message)
                    self._news.notify_all()

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Give a command of the DevTools protocol and return its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        self._out.write(json.dumps({**message, "sessionId": session} if session else message).encode() + b"\0")
        self._out.flush()
        with self._news:
            if not self._news.wait_for(lambda: message["id"] in self._answers, _TIMEOUT):
                raise TimeoutError(method)
            answer = self._answers.pop(message["id"])
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def events(self, session: str) -> list[dict[str, Any]]:
        """Return what a page has reported so far."""
        with self._news:
            return [e for e in self._events if e.get("sessionId") == session]

    def open(self, path: Path | str, *, size: tuple[int, int] = (1366, 768)) -> Page:
        """Open a page, a file or an address on this computer, and wait until it stands still."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable", session)
        self.send(
            "Emulation.setDeviceMetricsOverride",
            session,
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=False,
        )
        page = Page(self, target, session)
        self.send("Page.navigate", session, url=path if isinstance(path, str) else path.resolve().as_uri())
        page.until("document.readyState === 'complete'")
        time.sleep(0.4)  # Leaflet's own transitions
        return page

    def close(self) -> None:
        """End this Chromium, and no other."""
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self.send("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._out.close()
        self._in.close()
        self._home.cleanup()


class Page:
    """One open page."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self.session = browser, target, session

    def run(self, code: str) -> Any:
        """Evaluate JavaScript in the page and return its value."""
        result = self._browser.send("Runtime.evaluate", self.session, expression=code, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def until(self, code: str, timeout_s: float = 20.0) -> None:
        """Wait until JavaScript says true."""
        end = time.monotonic() + timeout_s
        while not self.run(code):
            if time.monotonic() > end:
                raise TimeoutError(code)
            time.sleep(0.05)

    def text(self, selector: str) -> str:
        """Return the visible text of the first element, empty when there is none."""
        return self.run(f"(document.querySelector({json.dumps(selector)}) || {{innerText: ''}}).innerText")

    def click(self, x: float, y: float) -> None:
        """Click at a place of the page."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._browser.send(
                "Input.dispatchMouseEvent", self.session, type=kind, x=x, y=y, button="left", clickCount=1
            )
        time.sleep(0.5)

    def choose_files(self, selector: str, *files: Path) -> None:
        """Choose files in a file field, as its dialog would."""
        found = self._browser.send(
            "Runtime.evaluate", self.session, expression=f"document.querySelector({json.dumps(selector)})"
        )
        self._browser.send(
            "DOM.setFileInputFiles",
            self.session,
            files=[str(f.resolve()) for f in files],
            objectId=found["result"]["objectId"],
        )

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self._browser.send("Input.insertText", self.session, text=text)

    def key(self, name: str, code: int) -> None:
        """Press a key, e.g. ``("Tab", 9)``."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            self._browser.send(
                "Input.dispatchKeyEvent",
                self.session,
                type=kind,
                key=name,
                code=name,
                windowsVirtualKeyCode=code,
                **text,
            )

    def screenshot(self, path: Path) -> Path:
        """Save what is seen as PNG."""
        data = self._browser.send("Page.captureScreenshot", self.session, format="png")["data"]
        path.write_bytes(base64.b64decode(data))
        return path

    @property
    def requests(self) -> list[str]:
        """Addresses the page asked for, other than itself and data inside it."""
        sent = (e for e in self._browser.events(self.session) if e["method"] == "Network.requestWillBeSent")
        urls = [e["params"]["request"]["url"] for e in sent if e["params"].get("type") != "Document"]
        return [u for u in urls if not u.startswith("data:")]

    @property
    def troubles(self) -> list[str]:
        """Exceptions, errors in the console, and dialogs that the page opened."""
        out = []
        for e in self._browser.events(self.session):
            method, given = e["method"], e["params"]
            if method == "Runtime.exceptionThrown":
                out.append(given["exceptionDetails"].get("exception", {}).get("description", "exception"))
            elif method == "Runtime.consoleAPICalled" and given["type"] in ("error", "assert"):
                out.append(str(given["args"]))
            elif method == "Log.entryAdded" and given["entry"]["level"] == "error":
                out.append(given["entry"]["text"])
            elif method == "Page.javascriptDialogOpening":
                out.append(f"dialog: {given['message']}")
                self._browser.send("Page.handleJavaScriptDialog", self.session, accept=False)
        return out

    def close(self) -> None:
        """Close the page."""
        self._browser.send("Target.closeTarget", targetId=self._target)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Run a Chromium for a while."""
    one = Browser()
    try:
        yield one
    finally:
        one.close()
