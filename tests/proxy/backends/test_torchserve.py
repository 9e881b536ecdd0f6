import httpx
import pytest

from proxy.backends.torchserve import TorchServe
from proxy.core.fingerprint import Image, image_of
from proxy.core.types import Description, Inference, Model
from proxy.errors import BackendAway, BackendError, BackendSilent, BadImage
from tests.support.fakes import damaged, grey_png

CAT = Image((b"ca", b"t"), 3, b"")
HEADERS = {"content-type": "image/png", "x-mask-confidence": "0.75", "x-model-version": "small-1"}
MASK = httpx.Response(200, content=grey_png(), headers=HEADERS)


def torchserve(*answers: httpx.Response | Exception) -> tuple[TorchServe, list[httpx.Request]]:
    """A back end whose server gives these answers, one a request, and the requests it got."""
    requests: list[httpx.Request] = []
    left = list(answers)

    async def answer(request: httpx.Request) -> httpx.Response:
        await request.aread()
        requests.append(request)
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    transport = httpx.MockTransport(answer)
    return TorchServe.at("http://infer", "http://manage", model="inspyrenet", transport=transport), requests


def said(status: int, kind: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"code": status, "type": kind, "message": message})


async def test_the_image_goes_as_it_came_and_the_mask_comes_back():
    backend, requests = torchserve(MASK)
    assert await backend.infer(CAT) == Inference(grey_png(), 0.75, "small-1")
    (request,) = requests
    assert (request.method, str(request.url)) == ("POST", "http://infer/predictions/inspyrenet")
    assert request.content == b"cat"
    assert request.headers["content-length"] == "3"
    assert "transfer-encoding" not in request.headers


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (said(422, "", "truncated image"), BadImage, "truncated image"),
        (said(503, "ServiceUnavailableException", "has no worker to serve"), BackendAway, "no worker"),
        (said(503, "InternalServerException", "Prediction failed"), BackendError, "Prediction failed"),
        (httpx.Response(503, json={"code": "model_refused", "message": "do this"}), BackendAway, r"^do this\.$"),
        (said(507, "InternalServerException", "Out of resources"), BackendAway, "memory"),
        (said(500, "InternalServerException", "Worker died."), BackendAway, "restarted"),
        (said(500, "InternalServerException", "oops"), BackendError, "500: oops"),
        (said(404, "ModelNotFoundException", "Model not found"), BackendAway, "missing or damaged"),
        (said(400, "InvalidKeyException", "Token Authorization failed"), BackendAway, "token"),
        (said(400, "BadRequestException", "what?"), BackendError, "400"),
        (httpx.Response(413), BackendError, "413"),
        (httpx.Response(503, content=b"\xff"), BackendError, "no reason given"),
        (httpx.Response(200, content=b"text", headers=HEADERS), BackendError, "no whole PNG"),
        (httpx.Response(200, content=grey_png()[:-1], headers=HEADERS), BackendError, "no whole PNG"),
        (httpx.Response(200, content=damaged(grey_png()), headers=HEADERS), BackendError, "no whole PNG"),
        (httpx.Response(200, content=grey_png()), BackendError, "x-mask-confidence"),
    ],
)
async def test_every_refusal_has_its_meaning(answer, error, words):
    backend, requests = torchserve(answer)
    with pytest.raises(error, match=words) as caught:
        await backend.infer(CAT)
    assert type(caught.value) is error
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("said", "name"), [("0a" * 32, b"\n" * 32), ("0a" * 31, None), ("no name", None), ("0A" * 32, None)]
)
async def test_a_picture_has_the_name_that_the_model_gives_it_or_none(said: str, name: bytes | None):
    backend, _ = torchserve(httpx.Response(200, content=grey_png(), headers=HEADERS | {"x-picture-name": said}))
    assert (await backend.infer(CAT)).picture_name == name


@pytest.mark.parametrize("stale", [httpx.WriteError("gone"), httpx.CloseError("gone")])
async def test_an_image_that_was_not_sent_is_sent_once_more(stale):
    backend, requests = torchserve(stale, MASK)
    assert (await backend.infer(CAT)).confidence == 0.75
    assert [request.content for request in requests] == [b"cat", b"cat"]


@pytest.mark.parametrize("broken", [httpx.ReadError("reset"), httpx.RemoteProtocolError("eof")])
async def test_an_image_that_was_sent_is_sent_once_more_to_a_ready_worker(broken):
    backend, requests = torchserve(broken, description(), SERVES, MASK)
    assert (await backend.infer(CAT)).confidence == 0.75
    assert [request.content for request in requests] == [b"cat", b"", b"", b"cat"]


async def test_an_image_that_may_have_killed_the_worker_is_not_sent_to_its_successor():
    backend, requests = torchserve(httpx.ReadError("reset"), description(workers=[]))
    with pytest.raises(BackendAway, match="worker is gone"):
        await backend.infer(CAT)
    assert len(requests) == 2


@pytest.mark.parametrize("broken", [httpx.WriteError("gone"), httpx.ReadError("reset")])
async def test_where_every_image_breaks_hardly_any_is_sent_again(broken):
    sent = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal sent
        if request.method == "GET":
            return description()
        sent += 1
        raise broken

    backend = TorchServe.at("http://infer", "http://manage", model="m", transport=httpx.MockTransport(answer))
    for _ in range(100):
        with pytest.raises(BackendError, match="broke"):
            await backend.infer(CAT)
    assert 100 < sent <= 110


@pytest.mark.parametrize(
    ("failures", "error"),
    [
        ([httpx.ConnectError("refused")], BackendAway),
        ([httpx.ConnectTimeout("slow")], BackendAway),
        ([httpx.WriteError("gone"), httpx.ConnectTimeout("slow")], BackendAway),
        ([httpx.ReadTimeout("silence")], BackendSilent),
        ([httpx.WriteError("gone")] * 2, BackendError),
        ([httpx.WriteError("gone"), httpx.ReadTimeout("silence")], BackendSilent),
        ([httpx.ReadError("reset"), httpx.ConnectError("refused")], BackendAway),
    ],
)
async def test_a_connection_that_fails_for_good_is_told_by_its_kind(failures, error):
    backend, _ = torchserve(*failures)
    with pytest.raises(error) as caught:
        await backend.infer(CAT)
    assert type(caught.value) is error


def test_every_error_of_httpx_that_a_call_can_raise_is_translated():
    """A new kind of transport error in httpx makes this fail, so that somebody decides what it means."""
    known = {
        httpx.ConnectTimeout, httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout,
        httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.CloseError,
        httpx.LocalProtocolError, httpx.RemoteProtocolError, httpx.ProxyError, httpx.UnsupportedProtocol,
    }  # fmt: skip
    kinds = [getattr(httpx, name) for name in httpx.__all__]
    errors = {kind for kind in kinds if isinstance(kind, type) and issubclass(kind, httpx.TransportError)}
    assert {kind for kind in errors if not kind.__subclasses__()} == known


def description(**changes: object) -> httpx.Response:
    model = {
        "modelName": "inspyrenet",
        "modelVersion": "small-1",
        "batchSize": 4,
        "workers": [{"id": "9000", "status": "READY"}, {"id": "9001", "status": "LOADING"}],
    }
    return httpx.Response(200, json=[model | changes])


def customized(code: str, message: str) -> httpx.Response:
    """What TorchServe makes of the handler's answer to a request without an image."""
    return description(customizedMetadata={"code": code, "message": message})


def worker(pid: int, status: str = "READY", started: str = "2026-11-22T02:20:00Z") -> dict[str, object]:
    return {"id": "9000", "pid": pid, "startTime": started, "status": status}


SERVES = customized("unreadable", "the file is empty")
REFUSES = customized("model_refused", "build it anew")


async def test_the_description_gives_version_ready_workers_and_window():
    backend, requests = torchserve(description(), SERVES)
    assert await backend.describe() == Description(Model("inspyrenet", "small-1"), ready_workers=1, window=8)
    assert str(requests[0].url) == "http://manage/models/inspyrenet"


async def test_a_worker_that_refuses_its_archive_is_not_ready_and_says_why():
    backend, requests = torchserve(description(), REFUSES)
    described = await backend.describe()
    assert (described.ready_workers, described.refusal) == (0, "build it anew")
    assert str(requests[1].url) == "http://manage/models/inspyrenet?customized=true"


@pytest.mark.parametrize(
    "answer",
    [
        SERVES,
        description(),
        description(customizedMetadata="model_refused"),
        description(customizedMetadata=["model_refused"]),
        said(503, "ServiceUnavailableException", "no worker to serve"),
        httpx.Response(500),
        httpx.ReadTimeout("busy with images"),
    ],
    ids=["none", "no answer", "words", "a list", "queue full", "an error", "silence"],
)
async def test_any_other_answer_than_a_refusal_is_none(answer):
    backend, _ = torchserve(description(), answer)
    described = await backend.describe()
    assert (described.ready_workers, described.refusal) == (1, None)


async def test_the_workers_are_asked_once_and_their_successors_again():
    first, loading, second, elsewhere = (
        description(workers=workers)
        for workers in ([worker(7)], [worker(8, "LOADING")], [worker(8)], [worker(8, started="later")])
    )
    answers = [first, REFUSES, first, loading, second, SERVES, second, elsewhere, REFUSES]
    backend, requests = torchserve(*answers)
    refusals = [(await backend.describe()).refusal for _ in range(6)]
    assert refusals == ["build it anew", "build it anew", None, None, None, "build it anew"]
    assert len(requests) == len(answers)


async def test_a_worker_that_was_too_busy_to_say_it_refuses_is_asked_again_once_it_has():
    refused = httpx.Response(503, json={"code": "model_refused", "message": "build it anew"})
    backend, _ = torchserve(description(), httpx.ReadTimeout("busy"), refused, description(), REFUSES)
    assert (await backend.describe()).refusal is None
    with pytest.raises(BackendAway, match="build it anew"):
        await backend.infer(CAT)
    assert (await backend.describe()).refusal == "build it anew"


async def test_a_connection_that_breaks_under_the_question_is_no_answer_to_it():
    backend, _ = torchserve(description(), httpx.ReadError("reset"), description(), REFUSES)
    with pytest.raises(BackendAway, match="cannot be reached"):
        await backend.describe()
    assert (await backend.describe()).refusal == "build it anew"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ConnectError("refused"), BackendAway),
        (httpx.ReadTimeout("silence"), BackendAway),
        (said(404, "ModelNotFoundException", "Model not found"), BackendAway),
        (said(422, "", "what?"), BackendAway),
        (httpx.Response(500, json={"message": None}), BackendAway),
        (httpx.Response(200, json=[]), BackendError),
        (httpx.Response(200, json={"no": "list"}), BackendError),
        (httpx.Response(200, content=b"<html>"), BackendError),
        (description(batchSize=None), BackendError),
    ],
)
async def test_a_description_that_cannot_be_had_or_read_is_the_back_ends_error(answer, error):
    backend, _ = torchserve(answer)
    with pytest.raises(error):
        await backend.describe()


async def test_what_the_handler_says_of_its_time_comes_along():
    timing = {"server-timing": "decode;dur=1.500, network;dur=250, other;dur=7, encode;dur=broken"}
    backend, _ = torchserve(httpx.Response(200, content=grey_png(), headers=dict(MASK.headers) | timing))
    assert (await backend.infer(CAT)).stages == {"decode": 0.0015, "network": 0.25}


async def test_a_large_image_is_streamed_chunk_by_chunk():
    image = image_of(b"x" * 3_000_000, seed=1)
    backend, requests = torchserve(MASK)
    await backend.infer(image)
    assert len(requests[0].content) == 3_000_000
