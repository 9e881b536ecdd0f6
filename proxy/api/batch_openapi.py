"""How `/openapi.json` describes a batch."""

from pydantic import BaseModel

from proxy.api.batch_body import LIST, URL
from proxy.api.form import FIELD
from proxy.api.openapi import Json, prediction_problems

_BINARY = {"type": "string", "format": "binary"}
_TEXT = {"type": "string"}
_OPTIONS = {"description": "Any option of the door that `output` names.", "type": ["string", "number", "boolean"]}
_CURL = """curl -F image=@cat.jpg -F image=@dog.jpg -F image_url=https://images.example/owl.jpg \\
  -F output=cutout -F stream=zip http://localhost:8000/v1/batch -o cutouts.zip"""


def batch_body() -> Json:
    form = {FIELD: {"type": "array", "items": _BINARY}, URL: {"type": "array", "items": _TEXT}}
    entry = {
        "anyOf": [
            _TEXT | {"description": "An address."},
            {"type": "object", "properties": {FIELD: _TEXT, URL: _TEXT, "name": _TEXT}, "additionalProperties": False},
        ]
    }
    listed = {LIST: {"type": "array", "items": entry}}
    return {
        "requestBody": {
            "required": True,
            "description": f"A form with any number of files `{FIELD}` and addresses `{URL}`; or JSON with a list "
            f"`{LIST}` of addresses and of objects with `{FIELD}` (base64, or a `data:` URL) or `{URL}`.",
            "content": {
                "multipart/form-data": {
                    "schema": {"type": "object", "properties": form, "additionalProperties": _OPTIONS}
                },
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": [LIST],
                        "properties": listed,
                        "additionalProperties": _OPTIONS,
                    },
                    "example": {LIST: ["https://images.example/cat.jpg", {FIELD: "/9j/4AAQ…"}], "output": "cutout"},
                },
            },
        },
        "x-codeSamples": [{"lang": "Shell", "label": "curl", "source": _CURL}],
    }


def batch_parameters(options: type[BaseModel]) -> list[Json]:
    properties = options.model_json_schema()["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": schema["description"]}
        for name, schema in properties.items()
    ]


def batch_responses() -> Json:
    line = (
        '{"index":0,"name":"cat.jpg","status":200,"digest":"2cf2…","media_type":"image/png","confidence":0.9987,'
        '"model_version":"small-5d41402a","cache_status":"rematte; fwd=miss; stored","data":"iVBORw0…"}\n'
    )
    return {
        "description": "A line, or a file, for each picture, in the order in which they are ready; with `status` and "
        "`problem` instead of `data` (or as `.problem.json`) for one that failed.",
        "content": {
            "application/x-ndjson": {"schema": _TEXT, "example": line},
            "application/zip": {"schema": _BINARY},
        },
    }


def batch_problems() -> dict[int | str, Json]:
    """What is wrong with the whole; all else is told of the picture that it happened to."""
    return {status: said for status, said in prediction_problems().items() if status not in (502, 504)}
