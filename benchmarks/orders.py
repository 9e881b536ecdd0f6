"""Requests for every door, drawn from the API's own document: what it says may be sent is sent some time."""

import json
import random
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.link import HOST
from proxy.api.doors import openapi

Json = dict[str, Any]
Value = str | bytes | list[Any] | Json
Fields = list[tuple[str, Value]]

BOUNDARY = "a-boundary"
ADDRESSES = [
    "http://127.0.0.1/cat.jpg",
    "http://[::1]/",
    "http://2130706433/",
    "http://",
    "file:///etc/passwd",
    "cat.jpg",
]
"""None leads anywhere: nobody else is to be bothered."""
PICTURES = ("image", "images", "background", "image_file_b64")
NUMBERS = ["0", "1", "-1", "0.5", "255", "100000000", "1e308", "nan", "-inf", "9" * 400, "٣", "0x10", ""]
TEXTS = [
    *("10%", "0", "50px 10%", "0% 0% 100% 100%", "1px 1px 2px 2px", "-5px", "9999999px", "500%", "100% 0%", "center"),
    *("white", "f00", "#ffffff80", "rgb(0,0,0)", "90deg, white, black", "white, " * 9, "255,0,0,255", "999,0,0,0"),
    *(
        "true",
        "auto",
        "original",
        "none",
        "full",
        "50MP",
        "zip",
        "alpha",
        "",
        "\0",
        "ü",
        "%",
        "A" * 5000,
        "' OR 1=1 --",
    ),
]
PAGES = [
    *("/", "/page/ledger", "/page/static/page.js", "/page/static/none.js", "/docs", "/redoc", "/openapi.json"),
    *("/static/none.js", "/favicon.ico", "/problems", "/problems/bad-image", "/problems/none"),
]
"""What people look at is not in the document."""
OF_THOSE_WITH_A_BODY = 4
"""So much more often than the others: there is more to get wrong in them."""


@dataclass(frozen=True, slots=True)
class Request:
    """As it goes over the wire. `length`: what it says of its body, None for the truth. `is_cut`: in mid-chunk."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    length: int | None = None
    is_cut: bool = False

    @property
    def promises_more(self) -> bool:
        """Than comes: the server waits for it until the caller hangs up."""
        return self.is_cut or (self.length or 0) > len(self.body)

    @property
    def wire(self) -> bytes:
        length = len(self.body) if self.length is None else self.length
        lines = [f"{self.method} {self.target} HTTP/1.1", f"host: {HOST}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if (self.body or self.length is not None) and ("transfer-encoding", "chunked") not in self.headers:
            lines.append(f"content-length: {length}")
        return "\r\n".join([*lines, "", ""]).encode("utf-8") + self.body

    def with_header(self, name: str, value: str) -> "Request":
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*others, (name, value)))


class Orders:
    """The same ones, in the same order, for the same `chance`."""

    def __init__(self, chance: random.Random, pictures: Sequence[bytes]) -> None:
        """`pictures`: image files to send."""
        self._chance = chance
        self._pictures = pictures
        self._document = _document()
        self._operations = [*self._listed()]

    @property
    def operations(self) -> set[str]:
        """By name."""
        return {operation["operationId"] for _, _, operation in self._operations}

    def any(self) -> Request:
        if self._chance.random() < 0.02:
            return Request("GET", self._chance.choice(PAGES))
        return self.order(*self._chance.choice(self._operations))

    def order(self, method: str, path: str, operation: Json) -> Request:
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(self._in_path(parameter["name"]), safe=""))
        asked = [it for it in operation.get("parameters", ()) if it["in"] == "query"]
        query = urlencode([(it["name"], self._text(it["name"], it["schema"])) for it in self._some(asked)])
        request = Request(method.upper(), f"{path}?{query}" if query else path)
        if body := operation.get("requestBody"):
            media_type = self._chance.choice([*body["content"]])
            return self._filled(request, media_type, body["content"][media_type])
        return request if method == "get" else self._filled(request, "application/json", {"schema": {}})

    def _listed(self) -> Iterator[tuple[str, str, Json]]:
        for path, doors in self._document["paths"].items():
            for method, operation in doors.items():
                yield from [(method, path, operation)] * (OF_THOSE_WITH_A_BODY if "requestBody" in operation else 1)

    def _filled(self, request: Request, media_type: str, content: Json) -> Request:
        match media_type:
            case "multipart/form-data":
                fields = self._fields(content["schema"])
                request = replace(request, body=multipart(fields))
                media_type += f"; boundary={BOUNDARY}"
            case "application/x-www-form-urlencoded":
                request = replace(request, body=urlencode(self._fields(content["schema"])).encode())
            case "application/json":
                members = self._members(content)
                request = replace(request, body=json.dumps(members).encode())
            case _:
                media_type = "image/jpeg" if media_type == "image/*" else media_type
                request = replace(request, body=self._chance.choice(self._pictures))
        return request.with_header("content-type", media_type)

    def _members(self, content: Json) -> Any:
        if "example" in content and "properties" not in content["schema"]:
            return self._varied(content["example"])
        return dict(self._fields(content["schema"]))

    def _varied(self, example: Any) -> Any:
        """The example with a picture of ours in it, and here and there another value."""
        match example:
            case dict():
                return {name: self._varied(value) for name, value in example.items() if self._chance.random() < 0.95}
            case list():
                return [self._varied(value) for value in example]
            case str() if example.startswith(("http", "data:")):
                return self._chance.choice([f"data:image/png;base64,{self._base64()}"] * 6 + ADDRESSES)
            case str() | float() | int() if self._chance.random() < 0.1:
                return self._chance.choice([*NUMBERS, *TEXTS, None, -1, 0.5, True, [], {}])
        return example

    def _fields(self, schema: Json) -> Fields:
        """A picture, and some of what else there may be."""
        properties: Mapping[str, Json] = self._resolved(schema).get("properties", {})
        pictures = [name for name in properties if _is_picture(name, properties[name])]
        names = [*self._some(pictures, 1), *self._some([name for name in properties if name not in pictures])]
        return [(name, self._value(name, properties[name])) for name in names]

    def _some(self, things: Sequence[Any], least: int = 0) -> list[Any]:
        most = min(len(things), self._chance.choice((least, 1, 2, 3)))
        return self._chance.sample(things, max(most, min(least, len(things))))

    def _value(self, name: str, schema: Json) -> Value:
        schema = self._resolved(schema)
        if schema.get("type") == "array":
            return [self._value(name, schema["items"]) for _ in range(self._chance.choice((1, 2, 3, 9)))]
        if schema.get("type") == "object":
            return dict(self._fields(schema))
        if schema.get("format") == "binary":
            return self._chance.choice(self._pictures)
        return self._base64() if name in PICTURES else self._text(name, schema)

    def _text(self, name: str, schema: Json) -> str:
        """Most often what the schema allows, or its limits."""
        schema = self._resolved(schema)
        if "url" in name or name == "images":
            return self._chance.choice(ADDRESSES)
        if self._chance.random() < 0.2:
            return self._chance.choice(NUMBERS + TEXTS)
        allowed = [*schema.get("enum", ()), *schema.get("examples", ())]
        allowed += [schema[word] for word in ("const", "default", "minimum", "maximum") if schema.get(word) is not None]
        allowed += ["true", "false"] if schema.get("type") == "boolean" else []
        allowed += NUMBERS[:6] if schema.get("type") in ("integer", "number") else []
        return str(self._chance.choice(allowed or TEXTS))

    def _resolved(self, schema: Json) -> Json:
        if "$ref" in schema:
            return self._resolved(self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        if schema.get("anyOf"):
            return self._resolved(schema | self._chance.choice(schema["anyOf"]) | {"anyOf": None})
        return {name: value for name, value in schema.items() if value is not None}

    def _in_path(self, name: str) -> str:
        if name == "digest" and self._chance.random() < 0.8:
            return sha256(self._chance.choice(self._pictures)).hexdigest()
        return self._chance.choice(["rematte", "0" * 64, "F" * 64, "a/b", "..", "\0", "ü"])

    def _base64(self) -> str:
        return b64encode(self._chance.choice(self._pictures)).decode()


@cache
def _document() -> Json:
    return openapi()


def multipart(fields: Fields) -> bytes:
    """RFC 7578. A list is a field that comes several times."""
    each = ((name, one) for name, value in fields for one in (value if isinstance(value, list) else [value]))
    return b"".join(_part(name, one) for name, one in each) + f"--{BOUNDARY}--\r\n".encode()


def _part(name: str, value: str | bytes) -> bytes:
    is_file = isinstance(value, bytes)
    said = '; filename="cat.jpg"\r\nContent-Type: application/octet-stream' if is_file else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{said}\r\n\r\n'
    return head.encode() + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"


def _is_picture(name: str, schema: Json) -> bool:
    """In JSON it is a text like any other; its name tells."""
    return name in PICTURES or "binary" in (schema.get("format"), schema.get("items", {}).get("format"))
