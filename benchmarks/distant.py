"""What a hit costs far away from the server: with an upload, and without."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import httpx

from benchmarks.archives import NOOP, SHIPPED
from benchmarks.field import Field
from benchmarks.link import HOST, TUNNEL
from benchmarks.load import Trip
from benchmarks.pictures import cat
from benchmarks.report import Table, kilobytes, milliseconds

UPLOADS = 3
SMALL = "by digest, small"
_SIZE = (4000, 3000)
_CASES = ((NOOP, 12_000_000), (SHIPPED, 12_000_000), (SHIPPED, 4_000_000))
_DELAY_MS, _MBITS = round(TUNNEL.delay_s * 1000), round(TUNNEL.bytes_per_s * 8 / 1e6)
_ABOUT = f"""\
Hits of a photo of 12 megapixels (a cat, filled up to the wanted file size) through a relay that delays every byte by
{_DELAY_MS} ms each way and lets {_MBITS} Mbit/s pass, as a line to a GPU elsewhere does. *Upload* is `POST /v1/mask`,
*by digest* is `GET /v1/masks/{{digest}}`, *announced* is the `POST` with `Content-Digest` and `Expect: 100-continue`,
*by digest, small* is `GET /v1/masks/{{digest}}?size=model`, as `rematte mask` sends it: it scales the mask itself; each
over a fresh connection that is open when the clock starts. *Besides* is what moves besides the mask, both ways
together. Without an upload nearly all the time is the mask's own way, and a mask of 12 megapixels has as many bytes as
its soft edges need: `noop` gives an ellipse, `inspyrenet` is the shipped model."""
_COLUMNS = ("image", "model", "mask", "how", "p50 ms", "besides, bytes", "bar", "faster by", "bar")


def distant(field: Field) -> Table:
    rows = [row for model, file_bytes in _CASES for row in _rows(field, model, cat(_SIZE, file_bytes))]
    return Table("Over a slow link", _ABOUT, _COLUMNS, rows)


def _rows(field: Field, model: str, picture: bytes) -> Iterator[Sequence[str]]:
    with field.proxy(model) as proxy:
        masks = _masks(f"http://{HOST}:{proxy.port}", picture)
        trips = {
            how: field.over_link(f"slow link, {model}, {how}", TUNNEL, proxy.port, request, turns)
            for how, (request, turns) in _requests(picture, field.effort.rounds).items()
        }
    upload_s = _p50(trips["upload"])
    for how, taken in trips.items():
        mask = masks["small" if how == SMALL else "full"]
        besides = max(trip.up + trip.down for trip in taken) - mask
        compared = ("", "", "") if how == "upload" else ("< 2,000", f"{upload_s / _p50(taken):.1f} x", "≥ 50 x")
        weights = kilobytes(len(picture)), model, kilobytes(mask)
        yield *weights, how, milliseconds(_p50(taken)), f"{besides:,}", *compared


def _masks(url: str, picture: bytes) -> Mapping[str, int]:
    """Their bytes. Afterwards the proxy knows the picture."""
    full = httpx.post(f"{url}/v1/mask", content=picture, headers={"content-type": "image/jpeg"}, timeout=60)
    small = httpx.get(f"{url}{_kept(picture)}?size=model")
    return {"full": len(full.content), "small": len(small.content)}


def _requests(picture: bytes, turns: int) -> Mapping[str, tuple[bytes, int]]:
    """Whole requests, and how often each is sent. The one that announces a body never sends it."""
    name = b64encode(hashlib.sha256(picture).digest()).decode()
    post = f"POST /v1/mask HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: image/jpeg\r\ncontent-length: {len(picture)}\r\n"
    announced = f"content-digest: sha-256=:{name}:\r\nexpect: 100-continue\r\n"
    get = f"GET {_kept(picture)}{{}} HTTP/1.1\r\nhost: {HOST}\r\n\r\n"
    return {
        "upload": (f"{post}\r\n".encode() + picture, min(turns, UPLOADS)),
        "by digest": (get.format("").encode(), turns),
        SMALL: (get.format("?size=model").encode(), turns),
        "announced": (f"{post}{announced}\r\n".encode(), turns),
    }


def _kept(picture: bytes) -> str:
    return f"/v1/masks/{hashlib.sha256(picture).hexdigest()}"


def _p50(trips: Sequence[Trip]) -> float:
    return median(trip.seconds for trip in trips)
