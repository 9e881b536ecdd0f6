"""A real HTTP server on this machine that can be told to misbehave."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shop:
    """Serves one content. `breaks_after` are the bytes after which each of the next connections breaks."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.ranges = True
        self.breaks_after: list[int] = []
        self.asked: list[str | None] = []
        self.url = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        if request.path != "/data.zip":
            return request.send_error(404)
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if first >= len(self.content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
            request.send_header("Content-Length", "0")
            return request.end_headers()
        request.send_response(206 if first else 200)
        if first:
            request.send_header("Content-Range", f"bytes {first}-{len(self.content) - 1}/{len(self.content)}")
        request.send_header("Content-Length", str(len(self.content) - first))
        request.end_headers()
        sent = self.breaks_after.pop(0) if self.breaks_after else len(self.content)
        request.wfile.write(self.content[first : first + sent])
        return None


@contextmanager
def shop(content: bytes) -> Iterator[Shop]:
    served = Shop(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}/data.zip"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
