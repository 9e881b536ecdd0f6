"""Every operation, asked as the document allows and as it does not: what comes is documented."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import requests
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks
from schemathesis.specs.openapi.schemas import APIOperation
from schemathesis.transport.serialization import Binary

from proxy.api.doors import openapi
from proxy.fetching import TaskImages
from tests.proxy.api.house import House, house
from tests.proxy.api.removebg.asking import CAT, SKY, backend, fetching
from tests.support.fakes import DictCache

EXAMPLES = 20
TOKEN = "a-token-of-16-or-more"
CONFORM = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(openapi()).get_all_operations()]
schemathesis.openapi.format("binary", st.sampled_from([CAT, SKY, CAT[:50], b"", b"no picture"]).map(Binary))


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="module")
def it(portal: BlockingPortal) -> Iterator[House]:
    with portal.wrap_async_context_manager(house(backend(), DictCache(near=True), admin_token=TOKEN)) as it:
        task_images = TaskImages(fetching(it.app, CAT))
        it.app.state.service = replace(it.app.state.service, task_images=task_images)
        yield it


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_whatever_is_asked_the_answer_is_a_documented_one(operation: APIOperation, it: House, portal: BlockingPortal):
    asked = st.one_of(*(operation.as_strategy(mode) for mode in schemathesis.GenerationMode))

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
    )
    @given(case=asked)
    def conforms(case: schemathesis.Case) -> None:
        answer = portal.call(send, it.client, case)
        case.validate_response(answer, checks=CONFORM)

    conforms()


async def send(client: httpx.AsyncClient, case: schemathesis.Case) -> httpx.Response:
    asked = requests.Request(**case.as_transport_kwargs(base_url="http://rematte")).prepare()
    return await client.request(asked.method, asked.url, headers=asked.headers, content=asked.body)
