"""What goes wrong with requests: by mistake, on the way, or on purpose. Each kind makes one request of another."""

import random
from collections.abc import Callable
from dataclasses import replace

from benchmarks.orders import BOUNDARY, Request

Damage = Callable[[random.Random, Request], Request]

METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "BREW", "PROPFIND"]
MEDIA_TYPES = [
    *(
        "application/json",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "image/png",
        "text/html",
    ),
    *(f"multipart/form-data; boundary={BOUNDARY}", "multipart/form-data", "multipart/form-data; boundary="),
    *(
        f'multipart/form-data; boundary="{"x" * 300}"',
        "multipart/mixed; boundary=x",
        ";;;",
        "",
        "application/octet-stream",
    ),
]
HEADERS = {
    "accept": ["", "*/*", "text/html", "image/webp;q=0", "application/json", "q=9,;;,", "image/*;q=1e9"],
    "accept-encoding": ["gzip", "identity;q=0", "\t,,"],
    "authorization": ["Bearer", "Bearer x", "Basic ===", "Basic Og==", "Digest username=x", "Bearer ü"],
    "cache-control": ["no-cache", "no-store", "max-age=-1", 'no-cache="', "no-transform, ,", "x" * 4000],
    "content-digest": ["sha-256=::", "sha-256=:AAAA:", "md5=:AA==:", "sha-256", "sha-256=:" + "A" * 43 + "=:", "=,;"],
    "content-encoding": ["gzip", "br", "identity", "identity, gzip", ""],
    "cookie": ["a" * 8000],
    "expect": ["100-continue", "200-ok"],
    "if-none-match": ["*", '"', 'W/"x"', "," * 500],
    "origin": ["https://evil.example", "null"],
    "range": ["bytes=0-", "bytes=9-1", "lines=1"],
    "token": ["x", ""],
    "traceparent": ["00-" + "0" * 32 + "-" + "0" * 16 + "-01", "ff-xyz", "00-" + "a" * 32 + "-" + "b" * 16 + "-01"],
    "transfer-encoding": ["identity", "gzip"],
    "upgrade": ["websocket", "h2c"],
    "x-api-key": ["x", "", "ü"],
    "x-forwarded-for": ["127.0.0.1", "::"],
    "x-request-id": ["a b", "x" * 65, "", "ok-1"],
}  # fmt: skip
"""`only-if-cached` is left out: its 504 is what was asked for."""
QUERIES = [
    "format=png&format=webp",
    "%",
    "%00",
    "%ff%fe",
    "a=%zz",
    "&&&==",
    "threshold",
    "q=" + "x" * 5000,
    "format[]=png",
]
TAILS = ["/", "//", "/..", "/%2e%2e/%2e%2e/etc/passwd", "%00", ";a=b", "/" + "a" * 3000, "%ff", "/%2F"]


def damaged(chance: random.Random, request: Request) -> Request:
    """None, one, or a few things wrong with it; how it is framed comes last, and may be wrong too."""
    for _ in range(chance.choice((0, 0, 1, 1, 1, 2, 3))):
        request = chance.choice(_OF_BYTES if request.body and not _leads_away(request) else _OF_HEADS)(chance, request)
    return chance.choice(_OF_FRAMES)(chance, request) if chance.random() < 0.1 else request


def _leads_away(request: Request) -> bool:
    """With other bytes, an address of nobody might become somebody's."""
    said = (request.target.encode() + request.body).lower()
    return b"http:" in said or b"http%3a" in said


def _cut(chance: random.Random, request: Request) -> Request:
    return replace(request, body=request.body[: chance.randrange(len(request.body) + 1)])


def _flipped(chance: random.Random, request: Request) -> Request:
    body = bytearray(request.body)
    for _ in range(chance.choice((1, 3, 30)) if body else 0):
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return replace(request, body=bytes(body))


def _repeated(chance: random.Random, request: Request) -> Request:
    """A part of the body is there twice: a field, a line, a chunk of an image."""
    low, high = sorted(chance.randrange(len(request.body) + 1) for _ in range(2))
    return replace(request, body=request.body[:high] + request.body[low:])


def _doubled(chance: random.Random, request: Request) -> Request:  # noqa: ARG001 - a Damage
    """Every field comes twice; what follows a form's end does not count."""
    return replace(request, body=request.body.replace(f"--{BOUNDARY}--\r\n".encode(), b"") + request.body)


def _noisy(chance: random.Random, request: Request) -> Request:
    at = chance.randrange(len(request.body) + 1)
    return replace(request, body=request.body[:at] + chance.randbytes(chance.choice((1, 100))) + request.body[at:])


def _nested(chance: random.Random, request: Request) -> Request:
    deep = chance.choice((50, 5_000, 200_000))
    body = chance.choice((b"[" * deep, b"[" * deep + b"]" * deep, b'{"image":' * deep + b"1" + b"}" * deep))
    return replace(request, body=body).with_header("content-type", "application/json")


def _rubbish(chance: random.Random, request: Request) -> Request:
    """JSON and base64 that look right for a while."""
    said = chance.choice(
        (b'{"image": "%s"}', b'{"image": %s}', b'{"model": "rematte", "image": "data:image/png;base64,%s"}', b'"%s"')
    )
    stuff = chance.choice((b"", b"=", b"AAAA" * 500, b"A", b"!!!!", b"9" * 5000, b"\\ud800", b"\xff\xfe", b"NaN"))
    return replace(request, body=said % stuff).with_header("content-type", "application/json")


def _recoded(chance: random.Random, request: Request) -> Request:
    text = request.body.decode("latin-1")
    return replace(request, body=text.encode(chance.choice(("utf-16", "utf-8-sig", "utf-32-be", "utf-7"))))


def _mistyped(chance: random.Random, request: Request) -> Request:
    return request.with_header("content-type", chance.choice(MEDIA_TYPES))


def _untyped(chance: random.Random, request: Request) -> Request:  # noqa: ARG001 - a Damage
    return replace(request, headers=tuple(header for header in request.headers if header[0] != "content-type"))


def _mismeasured(chance: random.Random, request: Request) -> Request:
    """It says that it is longer than it is, or shorter: then another request seems to follow."""
    length = chance.choice((0, len(request.body) // 2, len(request.body) + 1, 10**6, 10**12, -1))
    return replace(request, length=length)


def _in_pieces(chance: random.Random, request: Request) -> Request:
    """RFC 9112, 7.1, and what is none of it."""
    right = b"%x" % len(request.body)
    size = chance.choice((right, right, right + b";a=b", b"ffffffff", b"1", b"-1", b"zz", b"0"))
    body = size + b"\r\n" + request.body + b"\r\n0\r\n\r\n"
    pieces = replace(request, body=body, is_cut=size == b"ffffffff")
    return pieces.with_header("transfer-encoding", "chunked")


def _dressed(chance: random.Random, request: Request) -> Request:
    name = chance.choice([*HEADERS])
    return request.with_header(name, chance.choice(HEADERS[name]))


def _overdressed(chance: random.Random, request: Request) -> Request:
    many, long = chance.choice(((1, 100_000), (300, 20), (1, 2_000_000), (3, 8_000)))
    return replace(request, headers=(*request.headers, *((f"x-{number}", "a" * long) for number in range(many))))


def _otherwise(chance: random.Random, request: Request) -> Request:
    return replace(request, method=chance.choice(METHODS))


def _elsewhere(chance: random.Random, request: Request) -> Request:
    path, mark, query = request.target.partition("?")
    return replace(request, target=path + chance.choice(TAILS) + mark + query)


def _asking_more(chance: random.Random, request: Request) -> Request:
    join = "&" if "?" in request.target else "?"
    return replace(request, target=request.target + join + chance.choice(QUERIES))


_OF_HEADS: list[Damage] = [_mistyped, _untyped, _dressed, _dressed, _overdressed, _otherwise, _elsewhere, _asking_more]
_OF_BYTES: list[Damage] = [
    *_OF_HEADS,
    *(_cut, _flipped, _repeated, _doubled, _noisy, _nested, _rubbish, _recoded),
]
_OF_FRAMES: list[Damage] = [_mismeasured, _in_pieces]
