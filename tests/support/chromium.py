"""A real browser without a window, spoken to in its own words: the DevTools protocol over a web socket."""

import json
import os
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.sync.client import ClientConnection, connect

_NAMES = ("chromium-headless-shell", "/usr/lib/chromium/chromium", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
"""The one without windows is the quickest; Debian's own comes before its script, which adds what draws with a graphics
card."""
PATIENCE_S = 90.0


class Tab:
    """One page. What its scripts complain of is collected in `complaints`."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket = socket
        self._session = session
        self._numbers = count(1)
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "DOM", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "sessionId": self._session, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            said = json.loads(self._socket.recv(PATIENCE_S))
            if said.get("id") == number and said.get("sessionId") == self._session:
                assert "error" not in said, f"{method}: {said['error']}"
                result: dict[str, Any] = said["result"]
                return result
            self._hear(said)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of an expression, awaited if it is a promise."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < deadline, f"{condition}; {self.complaints}; {self.run('document.body.innerText')}"
            time.sleep(0.05)

    def text(self, selector: str) -> str:
        """As it is shown."""
        words: str = self.run(f"document.querySelector({selector!r}).innerText")
        return words

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def press(self, key: str) -> None:
        """A key by its name: `Tab`, `ArrowLeft`, `Enter`."""
        codes = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowRight": 39}
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key], **text)

    def see(self, width: int, height: int, *, dark: bool = False, still: bool = True) -> None:
        """The window's size, and what the reader prefers."""
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Emulation.setEmulatedMedia", features=features)

    def screenshot(self, target: Path) -> None:
        target.write_bytes(b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _hear(self, said: dict[str, Any]) -> None:
        if said["method"] == "Runtime.exceptionThrown":
            details = said["params"]["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif said["method"] == "Log.entryAdded" and said["params"]["entry"]["source"] != "network":
            self.complaints.append(said["params"]["entry"]["text"])


@contextmanager
def chromium() -> Iterator[Tab]:
    """A fresh browser with one empty tab. Nothing of it is left afterwards."""
    assert CHROMIUM is not None
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to run as root with one
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-extensions"]
    plain = ["--disable-gpu", "--disable-software-rasterizer", "--disable-dev-shm-usage", "--mute-audio"]
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--hide-scrollbars"]
        process = subprocess.Popen(
            [CHROMIUM, *options, *sandbox, *quiet, *plain, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = _address(Path(profile) / "DevToolsActivePort", process)
            with connect(address, max_size=None, compression=None, proxy=None, open_timeout=PATIENCE_S) as socket:
                yield Tab(socket, _session(socket))
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _address(file: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while not (file.exists() and file.read_text().count("\n") == 1):
        assert process.poll() is None, "Chromium has ended"
        assert time.monotonic() < deadline, "Chromium does not open its port"
        time.sleep(0.05)
    port, path = file.read_text().split("\n")
    return f"ws://127.0.0.1:{port}{path}"


def _session(socket: ClientConnection) -> str:
    """Of the one tab there is."""

    def call(number: int, method: str, **parameters: Any) -> dict[str, Any]:
        socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (said := json.loads(socket.recv(PATIENCE_S))).get("id") != number:
            pass
        result: dict[str, Any] = said["result"]
        return result

    tabs = call(1, "Target.getTargets")["targetInfos"]
    target = next(tab["targetId"] for tab in tabs if tab["type"] == "page")
    session: str = call(2, "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    return session
