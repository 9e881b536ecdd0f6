import json
from pathlib import Path
from typing import Any

import pytest

from proxy.api.doors import openapi
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
    operations = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert all(operation["summary"] and operation["description"] and operation["tags"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


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


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [reference for child in node.values() for reference in references(child)]
    return [reference for child in node for reference in references(child)] if isinstance(node, list) else []
