"""What a hit costs that needs no upload, against the least that could send the same bytes."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks import servers
from benchmarks.archives import NOOP, SHIPPED
from benchmarks.field import Field
from benchmarks.link import HOST
from benchmarks.load import HIT, Window
from benchmarks.pictures import cat
from benchmarks.report import Table, kilobytes, middle_and_tail, milliseconds

_SIZE, _FILE_BYTES = (4000, 3000), 12_000_000
_JPEG = {"content-type": "image/jpeg"}
_ABOUT = """\
A photo of 12 megapixels and 12 MB that was uploaded once: `GET /v1/masks/{digest}` over a kept connection, and in turns
a GET of the same bytes from a *bare* ASGI application on the same uvicorn, which has them in a dictionary."""
_COLUMNS = ("model", "mask", "by digest p50 ms", "p99 ms", "bare p50 ms", "p99 ms", "p50 ratio", "bar")


def recalled(field: Field) -> Table:
    picture = cat(_SIZE, _FILE_BYTES)
    return Table("Without an upload", _ABOUT, _COLUMNS, [_row(field, model, picture) for model in (NOOP, SHIPPED)])


def _row(field: Field, model: str, picture: bytes) -> Sequence[str]:
    by_digest = f"/v1/masks/{hashlib.sha256(picture).hexdigest()}"
    with TemporaryDirectory() as folder, field.proxy(model) as proxy:
        url, answer = f"http://{HOST}:{proxy.port}/v1/mask", Path(folder, "answer.png")
        answer.write_bytes(httpx.post(url, content=picture, headers=_JPEG, timeout=60).content)
        with servers.peer(answer) as bare:
            doors = [Window(proxy.port, by_digest, HIT), Window(bare.port, "/")]
            ours, floor = field.take_turns(f"by digest, {model}", doors, [b""] * field.effort.turns)
        figures = *middle_and_tail(ours), *middle_and_tail(floor)
        ratio = f"{figures[0] / figures[2]:.2f}"
        return model, kilobytes(answer.stat().st_size), *map(milliseconds, figures), ratio, "≤ 2"
