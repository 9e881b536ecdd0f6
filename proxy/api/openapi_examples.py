"""Answers in JSON that are no problems, as `/openapi.json` tells of them: by example, and by the shape that it has."""

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]

_SCALARS: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_REASONS: Mapping[int, str] = {
    400: "Something is wrong with the request, or with its picture.",
    401: "The key is wrong or missing.",
    403: "The key is wrong or missing.",
    404: "There is no such thing here.",
    406: "There is no format that the caller takes.",
    413: "The upload is too large.",
    415: "The body is of a type that is not read here.",
    422: "The bytes are no readable image, or a value is not what it should be.",
    500: "Nobody foresaw this; the server's log has the details.",
    502: "The model server failed on this picture, or another server did not give it.",
    503: "Busy, stopping, or without a model; the same request is answered later.",
    504: "There was no answer in time.",
}


def shown(description: str, example: Any) -> Json:
    """A status whose schema FastAPI knows."""
    return {"description": description, "content": {"application/json": {"example": example}}}


def told(description: str, example: Any) -> Json:
    """A status whose schema only the example tells."""
    content = {"application/json": {"schema": shape_of(example), "example": example}}
    return {"description": description, "content": content}


def json_body(example: Json, *, required: bool = True) -> Json:
    """A body that a door for other tools reads."""
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {"requestBody": {"required": required, "content": content}}


def failures(statuses: tuple[int, ...], example: Callable[[int], Json]) -> dict[int | str, Json]:
    """`example`: what a door's own error looks like, by status."""
    responses: dict[int | str, Json] = {status: told(_REASONS[status], example(status)) for status in statuses}
    if 503 in statuses:
        wait = {"description": "Seconds to wait.", "schema": {"type": "string"}, "example": "5"}
        responses[503]["headers"] = {"Retry-After": wait}
    return responses


def reason(status: int) -> str:
    """A sentence for an error's detail, of those that are common to its status."""
    return _REASONS[status]


def shape_of(example: Any) -> Json:
    """Its JSON Schema; nothing is required."""
    match example:
        case dict():
            return {"type": "object", "properties": {name: shape_of(value) for name, value in example.items()}}
        case list():
            return {"type": "array", "items": shape_of(example[0])}
    return {"type": _SCALARS[type(example)]}
