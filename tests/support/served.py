"""An application on a loopback socket, with a server of its own in a thread: for callers that are no Python."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import uvicorn
from starlette.types import ASGIApp

from tests.support.eventually import eventually


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Its URL, from when it is ready."""
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, ws="none", log_config=None))
    thread = Thread(target=server.run, args=([door],))
    thread.start()
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    try:
        with httpx.Client(trust_env=False, timeout=60) as client:
            eventually(lambda: client.get(f"{url}/readyz").status_code == httpx.codes.OK, 60)
        yield url
    finally:
        server.should_exit = True
        thread.join()
