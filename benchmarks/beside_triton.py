"""A hit beside one of Triton's: the nearest thing to this project that there is."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from benchmarks import servers
from benchmarks.archives import NOOP
from benchmarks.cached import REDIS_ALONE
from benchmarks.field import Field
from benchmarks.link import HOST
from benchmarks.load import HIT, Door, Window, WrongAnswer
from benchmarks.pictures import cat, copies
from benchmarks.report import Table, kilobytes, middle_and_tail, milliseconds

IMAGES = 4
_PHOTOS = (((1024, 768), 300_000), ((2000, 1500), 2_000_000), ((4000, 3000), 12_000_000))
_TRITON, _BARE = "Triton", "bare, dictionary"
_ABOUT = """\
`POST` of a known photo, one request at a time, in turns. *Triton* is NVIDIA's Triton Inference Server from the wheel
`nvidia-pytriton`, with its local response cache and a model that answers with the same mask; its own count says that
each was a hit. It is sent the same bytes by its binary protocol, from the same raw sockets. *By digest* is
`GET /v1/masks/{digest}` of one of the photos: Triton has to be sent the whole image again. *Bare* is what a `POST`
costs on uvicorn anyway: a plain application that joins the body, hashes it (XXH3-128) and answers from a dictionary.
Rematte hashes it twice, for its name and for the proof, and joins nothing."""
_SKIPPED = """ **Triton was left out:** there is no Python with
`nvidia-pytriton` here (`TRITON_PYTHON` names one; the wheel needs Debian's own Python)."""
_COLUMNS = ("image", "who", "p50 ms", "p99 ms", "of Triton's p50", "bar")


class TritonDoor(Door):
    """Triton's binary protocol (KServe v2, "Binary tensor data extension")."""

    def request(self, body: bytes) -> bytes:
        sent = {"name": "image", "datatype": "UINT8", "shape": [len(body)]}
        sent["parameters"] = {"binary_data_size": len(body)}
        head = json.dumps({"inputs": [sent], "outputs": [{"name": "mask", "parameters": {"binary_data": True}}]})
        lines = (
            f"POST {self.path} HTTP/1.1",
            f"host: {HOST}",
            f"inference-header-content-length: {len(head)}",
            f"content-length: {len(head) + len(body)}",
        )
        return ("\r\n".join(lines) + "\r\n\r\n" + head).encode() + body


def beside_triton(field: Field) -> Table:
    python = servers.triton_python()
    with ExitStack() as stack:
        answers = Path(stack.enter_context(TemporaryDirectory()))
        doors: dict[str, Door] = {
            "Rematte, memory": Door(stack.enter_context(field.proxy(NOOP)).port, "/v1/mask", b'desc="memory"'),
            "Rematte, Redis": Door(
                stack.enter_context(field.proxy(NOOP, **REDIS_ALONE)).port, "/v1/mask", b'desc="redis"'
            ),
        }
        triton = stack.enter_context(servers.triton(python, answers)) if python else None
        if triton:
            doors[_TRITON] = TritonDoor(triton.port, "/v2/models/noop/infer")
        rows = [
            row for size, file_bytes in _PHOTOS for row in _rows(field, doors, cat(size, file_bytes), answers, triton)
        ]
    return Table("Beside Triton", _ABOUT + ("" if python else _SKIPPED), _COLUMNS, rows)


def _rows(
    field: Field, doors: dict[str, Door], picture: bytes, answers: Path, triton: servers.Triton | None
) -> Iterator[Sequence[str]]:
    image, bodies = kilobytes(len(picture)), list(islice(copies(picture), IMAGES))
    ours = doors["Rematte, memory"].port
    url, by_digest = f"http://{HOST}:{ours}/v1/mask", f"/v1/masks/{sha256(bodies[0]).hexdigest()}"
    mask = httpx.post(url, content=bodies[0], headers={"content-type": "image/jpeg"}, timeout=60).content
    answer = Path(answers, str(len(bodies[0])))
    answer.write_bytes(mask)
    with servers.peer(answer) as bare:
        doors = {"Rematte, by digest": Window(ours, by_digest, HIT)} | doors | {_BARE: Door(bare.port, "/")}
        seconds = _taken(field, f"beside Triton, {image}", doors, bodies, triton)
    for name, latencies in seconds.items():
        compared = name != _TRITON and _TRITON in seconds
        share = f"{median(latencies) / median(seconds[_TRITON]):.0%}" if compared else ""
        bar = "≤ 25%" if compared and name != _BARE else ""
        yield image, name, *map(milliseconds, middle_and_tail(latencies)), share, bar


def _taken(
    field: Field, doing: str, doors: dict[str, Door], bodies: Sequence[bytes], triton: servers.Triton | None
) -> dict[str, list[float]]:
    """Seconds by name, of images that each of them knows."""
    field.take_turns(f"{doing}, first time", [replace(door, says=b"") for door in doors.values()], bodies)
    before = triton.hits() if triton else 0
    asked = list(bodies) * (field.effort.slow_turns // IMAGES)
    taken = field.take_turns(doing, list(doors.values()), asked)
    if triton and triton.hits() - before != len(asked):
        raise WrongAnswer(f"Triton had {triton.hits() - before} hits for {len(asked)} known images")
    return dict(zip(doors, taken, strict=True))
