"""Headless Chromium over its DevTools protocol: open a page, run script in it, see what it does."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Page", "browser"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
#: Where installers of Windows and macOS put it; neither is on PATH.
_PLACES = (
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


class Page:
    """One tab, for a reader who wants no motion.

    ``errors`` are console errors and exceptions, ``requests`` every URL asked for.
    """

    def __init__(self, port: int) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._port = port
        self._number = 0
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._connect())

    async def _connect(self) -> None:
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{self._port}/json") as answer:
            tabs = await answer.json()
        tab = next(tab for tab in tabs if tab["type"] == "page")
        self._socket = await self._session.ws_connect(
            tab["webSocketDebuggerUrl"], max_msg_size=0, timeout=aiohttp.ClientWSTimeout(ws_close=5)
        )
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self._call(f"{domain}.enable")

    async def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = json.loads((await self._socket.receive(30)).data)
            if message.get("id") == self._number:
                assert "error" not in message, message
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        name, facts = message["method"], message["params"]
        if name == "Runtime.exceptionThrown":
            self.errors.append(str(facts["exceptionDetails"]))
        elif name == "Log.entryAdded" and facts["entry"]["level"] in {"error", "warning"}:
            self.errors.append(facts["entry"]["text"])
        elif name == "Runtime.consoleAPICalled" and facts["type"] in {"error", "warning"}:
            self.errors.append(str(facts["args"]))
        elif name == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._loop.run_until_complete(self._call(method, **parameters))

    def open(
        self, path: Path, *, width: int = 1400, height: int = 1000, dark: bool = False
    ) -> None:
        """Load a file and wait until it is complete and drawn."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme, still])
        self.load(path)
        self.frames(2)

    def load(self, path: Path) -> None:
        """Load a file, in the page as it is set up, and wait until it is complete."""
        self.call("Page.navigate", url=path.as_uri())
        self.loaded(path.as_uri())

    def loaded(self, address: str) -> None:
        """Wait until a page with this in its address is complete, whoever went there."""
        there = f"location.href.includes({json.dumps(address)})"
        deadline = time.monotonic() + 60
        while not self._said(f"{there} && document.readyState === 'complete'"):
            assert time.monotonic() < deadline

    def _said(self, expression: str) -> Any:
        """Return a value, None where the page went away while it was asked."""
        try:
            return self.script(expression)
        except AssertionError:
            return None

    def frames(self, count: int) -> None:
        """Wait until so many frames have been drawn."""
        self.script(
            f"(async () => {{ for (let i = 0; i < {count}; i++)"
            " await new Promise(requestAnimationFrame); })()"
        )

    def script(self, expression: str) -> Any:
        """Return the value of an expression in the page, awaited where it is a promise."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def key(self, name: str, text: str = "") -> None:
        """Press and release a key; ``text`` is what it types."""
        down = {"type": "keyDown" if text else "rawKeyDown", "key": name}
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowRight": 39}
        if name in codes:
            down["windowsVirtualKeyCode"] = codes[name]
        self.call("Input.dispatchKeyEvent", **down, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name)

    def type(self, words: str) -> None:
        for letter in words:
            self.key(letter, letter)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        async def end() -> None:
            await self._socket.close()
            await self._session.close()

        self._loop.run_until_complete(end())
        self._loop.close()


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """Start Chromium with a profile below ``folder``; its whole life is the block's."""
    candidates = (*_NAMES, *_PLACES)
    program = next((found for name in candidates if (found := shutil.which(name))), None)
    program = program or needs.program("chromium")
    profile = folder / "chromium profile"
    process = subprocess.Popen(
        [
            *(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "about:blank"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ready = profile / "DevToolsActivePort"
        deadline = time.monotonic() + 60
        while not ready.is_file() or not ready.read_text().strip():
            assert process.poll() is None, f"Chromium ended: {process.returncode}"
            assert time.monotonic() < deadline, "Chromium did not start"
            time.sleep(0.05)
        page = Page(int(ready.read_text().split()[0]))
        try:
            yield page
        finally:
            page.close()
    finally:
        process.terminate()
        process.wait(20)
