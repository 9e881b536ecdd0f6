"""TorchServe 0.12 as a back end: one image in, one mask out, and every way in which that fails, sorted.

TorchServe is archived and its errors are traps (503 has three meanings, a bad token is a 400), so nothing of them
leaves this file. A call is never cancelled: TorchServe would run it anyway, and httpx 0.28 loses the pool's slot for
ever (httpcore issue 1093).
"""

import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Self

import httpx

from proxy.backends.png import is_whole
from proxy.backends.retries import Retries
from proxy.core.caller import caller
from proxy.core.fingerprint import Image
from proxy.core.types import Description, Inference, Model
from proxy.errors import BackendAway, BackendError, BackendSilent, BadImage

logger = logging.getLogger(__name__)

ANSWER_S = 330.0
"""Longer than the model's responseTimeout (300 s), so that TorchServe speaks first. Callers have a deadline of their
own."""
CONNECT_S = 2.0
DESCRIBE_S = 5.0
ASK_S = 2.0
"""How long a worker may take to say whether it refuses its archive. Meanwhile nobody looks at the model."""
REFUSED = "model_refused"
"""The handler's `code` for everything while it does."""
BUILT_ANEW = "`make model`, with VARIANT and WEIGHTS as before, builds it anew"
"""What mends an archive, as everybody is told: without the two it would become one of the shipped weights."""
CONNECTIONS = 64
_STAGE = re.compile(r"\b(decode|network|encode);dur=(\d+(?:\.\d+)?)")
"""What the handler tells in `Server-Timing`, in milliseconds."""
_PICTURE_NAME = re.compile("[0-9a-f]{64}")
IN_FLIGHT_PER_SLOT = 2
"""One image in the worker and one waiting at its door: the worker never idles, and little is beyond recall."""

Workers = frozenset[tuple[object, ...]]
"""Those that are READY. Process ids alone are not enough: in a container they repeat."""


class TorchServe:
    """Implements `core.types.Backend` over TorchServe's inference and management addresses."""

    def __init__(self, inference: httpx.AsyncClient, management: httpx.AsyncClient, model: str) -> None:
        self._inference = inference
        self._management = management
        self._name = model
        self._retries = Retries()
        self._asked: Workers | None = None
        self._refusal: str | None = None

    @classmethod
    def at(
        cls, url: str, management_url: str, *, model: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> Self:
        """`transport` replaces the network, for both addresses."""
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        answer = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
        return cls(
            httpx.AsyncClient(base_url=url, timeout=answer, limits=limits, transport=transport, trust_env=False),
            httpx.AsyncClient(base_url=management_url, timeout=DESCRIBE_S, transport=transport, trust_env=False),
            model,
        )

    async def infer(self, image: Image) -> Inference:
        try:
            response = await self._send(image)
        except httpx.TimeoutException as error:
            raise BackendSilent(f"The model server said nothing for {ANSWER_S:g} seconds.") from error
        except httpx.TransportError as error:
            raise BackendError(f"The connection to the model server broke: {error or type(error).__name__}.") from error
        if response.status_code != httpx.codes.OK:
            if _said(response).get("code") == REFUSED:
                self._asked = None  # it was too slow to say so, or another worker was asked
            raise refusal(response)
        return _inference(response)

    async def describe(self) -> Description:
        """To TorchServe a worker that refuses its archive is READY: it has to be asked itself. That is done once, until
        the workers are others."""
        try:
            description, workers = await self._look()
            if workers != self._asked:
                self._refusal = await self._ask() if workers else None
                self._asked = workers
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise BackendAway(f"TorchServe cannot be reached at {self._management.base_url}: {reason}") from error
        return replace(description, ready_workers=0, refusal=self._refusal) if self._refusal else description

    async def close(self) -> None:
        await self._inference.aclose()
        await self._management.aclose()

    async def _look(self) -> tuple[Description, Workers]:
        response = await self._management.get(f"/models/{self._name}")
        if response.status_code != httpx.codes.OK:
            raise BackendAway(f"TorchServe does not describe the model: {refusal(response)}")
        return _description(response)

    async def _ask(self) -> str | None:
        """Why a ready worker refuses its archive; None where it does not. The question waits behind the images that are
        there, but with a worker that refuses none waits: one that is too busy to answer serves."""
        query = {"customized": "true"}
        try:
            return _refusal_in(await self._management.get(f"/models/{self._name}", params=query, timeout=ASK_S))
        except httpx.ReadTimeout:
            return None

    async def _send(self, image: Image) -> httpx.Response:
        """Sends once more when the connection had gone stale. One that broke after the image was sent may have been
        broken by the image: then only if a worker is ready. Never a third time, and not for every image in a row."""
        self._retries.earn()
        try:
            return await self._connected(image)
        except (httpx.WriteError, httpx.CloseError) as error:
            if not self._retries.spend():
                raise
            logger.info("sending the image again: %s", error or type(error).__name__)
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            if not (await self.describe()).ready_workers:
                raise BackendAway("The model's worker is gone, and is being restarted.") from error
            if not self._retries.spend():
                raise
            logger.info("sending the image again to a ready worker: %s", error or type(error).__name__)
        return await self._connected(image)

    async def _connected(self, image: Image) -> httpx.Response:
        try:
            return await self._post(image)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            reason = str(error) or f"no connection within {CONNECT_S:g} seconds"
            raise BackendAway(f"TorchServe cannot be reached at {self._inference.base_url}: {reason}") from error

    async def _post(self, image: Image) -> httpx.Response:
        headers = {"content-type": "application/octet-stream", "content-length": str(image.size)} | _trace()
        return await self._inference.post(f"/predictions/{self._name}", content=_stream(image), headers=headers)


def _trace() -> dict[str, str]:
    """The caller's own, unchanged (W3C Trace Context, 3.4): whoever records no span names none."""
    asked = caller.get()
    if asked is None or asked.trace is None:
        return {}
    return {"traceparent": asked.trace.parent} | ({"tracestate": asked.trace.state} if asked.trace.state else {})


async def _stream(image: Image) -> AsyncIterator[bytes]:
    for chunk in image.chunks:
        yield chunk


def refusal(response: httpx.Response) -> BackendError | BadImage:
    """What TorchServe's answer means for the caller."""
    said = _said(response)
    kind, message = said.get("type"), str(said.get("message") or "")
    match response.status_code, kind:
        case 422, _:
            return BadImage(f"{message or 'The image cannot be decoded'}.".replace("..", "."))
        case 503, _ if said.get("code") == REFUSED:
            return BackendAway(f"{message}.")
        case 503, "ServiceUnavailableException":
            return BackendAway("TorchServe has no worker free for this model.")
        case 507, _:
            return BackendAway("The model server ran out of memory.")
        case 500, _ if "Worker died" in message:
            return BackendAway("The model's worker died and is being restarted.")
        case 404, _:
            return BackendAway(f"TorchServe does not know the model: its archive is missing or damaged; {BUILT_ANEW}.")
        case 400, "InvalidKeyException":
            return BackendAway("TorchServe asks for a token; switch token authorization off on its loopback address.")
        case status, _:
            return BackendError(f"TorchServe answered {status}: {message or 'no reason given'}")


def _said(response: httpx.Response) -> dict[str, Any]:
    try:
        said = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}


def _inference(response: httpx.Response) -> Inference:
    try:
        confidence = float(response.headers["x-mask-confidence"])
        version = response.headers["x-model-version"]
    except (KeyError, ValueError) as error:
        raise BackendError(f"The model's answer lacks a good {error} header; is the archive one of ours?") from error
    if not is_whole(response.content):
        raise BackendError("The model's answer is no whole PNG.")
    headers = response.headers
    name = _PICTURE_NAME.fullmatch(headers.get("x-picture-name", ""))
    return Inference(
        response.content,
        confidence,
        version,
        picture_name=bytes.fromhex(name[0]) if name else None,
        stages=_stages(headers.get("server-timing", "")),
    )


def _stages(timing: str) -> dict[str, float]:
    return {stage: float(milliseconds) / 1000 for stage, milliseconds in _STAGE.findall(timing)}


def _description(response: httpx.Response) -> tuple[Description, Workers]:
    try:
        (model,) = response.json()
        ready = [worker for worker in model["workers"] if worker["status"] == "READY"]
        window = max(1, len(ready)) * int(model["batchSize"]) * IN_FLIGHT_PER_SLOT
        workers = frozenset((worker.get("pid"), worker.get("startTime")) for worker in ready)
        return Description(Model(model["modelName"], model["modelVersion"]), len(ready), window), workers
    except (ValueError, KeyError, TypeError) as error:
        raise BackendError(f"TorchServe's description of the model cannot be read: {error!r}") from error


def _refusal_in(response: httpx.Response) -> str | None:
    """The handler's own answer comes inside the description. One that serves, or never heard of the question,
    finds no image in it and says so."""
    try:
        (model,) = response.json()
        said = model["customizedMetadata"]
        return str(said["message"]) if said["code"] == REFUSED else None
    except (ValueError, KeyError, TypeError):
        return None
