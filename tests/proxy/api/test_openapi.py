import json
from pathlib import Path
from typing import Any

import pytest

from proxy.api.doors import openapi
from proxy.api.openapi_examples import shape_of
from proxy.errors import CacheAway, RematteError, Unauthorised, UnknownDigest
from tests.proxy.api.house import house
from tests.proxy.api.test_problem_pages import tree
from tests.proxy.imaging.pictures import corners, file_of

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"
DOCUMENT = openapi()
DOORS = ["/v1/mask", "/v1/cutout"]


def test_the_committed_document_is_current():
    assert json.loads(COMMITTED.read_text()) == json.loads(json.dumps(DOCUMENT)), (
        "python -m proxy.api > docs/openapi.json"
    )


async def test_the_served_document_is_the_same():
    async with house() as it:
        assert (await it.client.get("/openapi.json")).json() == json.loads(json.dumps(DOCUMENT))


def test_the_servers_address_is_relative():
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]


def test_every_operation_is_described_and_named_once():
    assert all(operation["summary"] and operation["description"] and operation["tags"] for operation in operations())
    assert len({operation["operationId"] for operation in operations()}) == len(operations())


def test_every_operation_belongs_to_one_door_and_every_door_has_some():
    doors = [tag["name"] for tag in DOCUMENT["tags"]]
    tags = [operation["tags"] for operation in operations()]
    assert all(len(names) == 1 for names in tags)
    assert {name for names in tags for name in names} == set(doors)
    assert len(set(doors)) == len(doors)
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def test_every_answer_is_described_in_words_of_its_own():
    answers = [answer for operation in operations() for answer in operation["responses"].values()]
    assert all(answer["description"] not in ("", "Successful Response") for answer in answers)


def test_every_answer_that_is_a_text_has_an_example_and_a_shape():
    for operation in operations():
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                if content["schema"].get("format") != "binary":
                    where = operation["operationId"], status, media_type
                    assert "example" in content or "examples" in content, where
                    assert content["schema"] != {}, where


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1.0/removebg", {"files": {"image_file": b"no picture"}}),
        ("/api/remove", {"files": {"file": b"no picture"}}),
        ("/v1/segment", {"files": {"image_file": b"no picture"}}),
        ("/remove-background/v1", {"files": {"image_file": b"no picture"}}),
        ("/x-anylabeling/v1/predict", {"json": {"model": "rematte", "image": "bm8gcGljdHVyZQ=="}}),
    ],
)
async def test_a_dialect_fails_as_the_document_shows_it(path: str, body: dict[str, Any]):
    async with house() as it:
        answer = await it.client.post(path, **body)
    shown = DOCUMENT["paths"][path]["post"]["responses"][str(answer.status_code)]["content"]["application/json"]
    assert answer.status_code in (400, 422)
    assert shape_of(answer.json()) == shape_of(shown["example"])


def test_every_body_in_json_has_an_example():
    bodies = [operation["requestBody"]["content"] for operation in operations() if "requestBody" in operation]
    assert all("example" in body["application/json"] for body in bodies if "application/json" in body)


def test_names_of_schemas_are_for_readers():
    assert not [name for name in DOCUMENT["components"]["schemas"] if "__" in name]


def test_every_error_is_documented_as_a_problem():
    assert not {"HTTPValidationError", "ValidationError"} & set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("door", DOORS)
def test_every_error_of_a_prediction_has_an_example(door: str):
    responses = DOCUMENT["paths"][door]["post"]["responses"]
    shown = {
        (int(status), example["value"]["type"])
        for status, response in responses.items()
        for example in response["content"].get("application/problem+json", {}).get("examples", {}).values()
    }
    assert shown == {
        (error.status, f"/problems/{error.kind}")
        for error in tree(RematteError)
        if error not in {UnknownDigest, Unauthorised, CacheAway}
    }


@pytest.mark.parametrize("door", DOORS)
async def test_the_headers_of_an_answer_are_the_documented_ones(door: str):
    documented = DOCUMENT["paths"][door]["post"]["responses"]["200"]["headers"]
    async with house() as it:
        answer = await it.client.post(door, content=file_of(corners()), headers={"Content-Type": "image/png"})
    assert set(answer.headers) - {"content-type", "content-length"} == {name.lower() for name in documented}


@pytest.mark.parametrize("door", DOORS)
def test_an_image_may_come_raw_or_in_fields(door: str):
    content = DOCUMENT["paths"][door]["post"]["requestBody"]["content"]
    binary = {"type": "string", "format": "binary"}
    assert content["image/*"]["schema"] == content["application/octet-stream"]["schema"] == binary
    assert content["multipart/form-data"]["schema"]["properties"]["image"]["format"] == "binary"
    for media_type in ("multipart/form-data", "application/x-www-form-urlencoded", "application/json"):
        options = {parameter["name"] for parameter in DOCUMENT["paths"][door]["post"]["parameters"]}
        fields = set(content[media_type]["schema"]["properties"])
        assert fields - {"image", "background"} == {name for name in options if name.islower()}


def test_every_reference_leads_somewhere():
    for reference in references(DOCUMENT):
        node: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def operations() -> list[Any]:
    return [operation for path in DOCUMENT["paths"].values() for operation in path.values()]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [reference for child in node.values() for reference in references(child)]
    return [reference for child in node for reference in references(child)] if isinstance(node, list) else []
