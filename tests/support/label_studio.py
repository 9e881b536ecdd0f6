"""A whole Label Studio for tests, on a port and in a folder of its own; nothing of it outlives the test session."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.support.eventually import eventually

EXECUTABLE = shutil.which(os.environ.get("LABEL_STUDIO", ""))
"""It wants other versions of much that we use too, so it is installed in an environment of its own."""

_PATIENCE_S = 300.0
_PR_SET_PDEATHSIG = 1
_TOKEN = "0123456789abcdef0123456789abcdef01234567"
_USER = {
    "LABEL_STUDIO_USERNAME": "ann@rematte.example",
    "LABEL_STUDIO_PASSWORD": "annotates-a-lot",
    "LABEL_STUDIO_USER_TOKEN": _TOKEN,
}
_QUIET = {"COLLECT_ANALYTICS": "false", "LATEST_VERSION_CHECK": "false", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""}
_AS_OUR_PAGE_SAYS = {
    "USE_DEFAULT_BANNED_SUBNETS": "false",
    "USER_ADDITIONAL_BANNED_SUBNETS": "169.254.0.0/16,fe80::/10",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
}


@dataclass(frozen=True, slots=True)
class LabelStudio:
    """`client` speaks to its API as the one user there is."""

    url: str
    token: str
    client: httpx.Client

    def get(self, path: str, **query: Any) -> Any:
        return _told(self.client.get(path, params=query))

    def post(self, path: str, **sent: Any) -> Any:
        return _told(self.client.post(path, **sent))


@contextmanager
def label_studio() -> Iterator[LabelStudio]:
    """Once it answers: its first start makes a database, which takes half a minute."""
    assert EXECUTABLE is not None
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory(prefix="label-studio-") as folder, open(f"{folder}/output", "wb") as output:
        process = subprocess.Popen(
            [Path(EXECUTABLE).absolute(), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env=_environment(folder),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        headers = {"Authorization": f"Token {_TOKEN}"}
        try:
            with httpx.Client(base_url=url, headers=headers, timeout=_PATIENCE_S, trust_env=False) as client:
                eventually(_answers(client, process, Path(output.name)), _PATIENCE_S)
                yield LabelStudio(url, _TOKEN, client)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(folder: str) -> dict[str, str]:
    """Without what this machine says of other Label Studios, and with what our page asks for."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("LABEL_STUDIO", "PYTHON"))}
    own = {"LABEL_STUDIO_BASE_DATA_DIR": folder, "HOME": folder}
    return others | own | _USER | _QUIET | _AS_OUR_PAGE_SAYS


def _answers(client: httpx.Client, process: subprocess.Popen[bytes], output: Path) -> Callable[[], bool]:
    def answers() -> bool:
        assert process.poll() is None, output.read_text()[-4000:]
        try:
            return client.get("/api/current-user/whoami").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    return answers


def _told(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text[:2000]}"
    return answer.json()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return int(holder.getsockname()[1])


def _die_with_parent() -> None:
    """Also a test session that is killed leaves no server behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
