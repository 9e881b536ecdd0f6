"""TorchServe's door to the model. It takes the one class in this file; every item has its own status and headers."""

import io
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL import Image

from model_serving.integrity import DamagedArchive, check_contents
from model_serving.remover import Mask, NoRoom, Refusal, Result, Took
from model_serving.runtimes.runtime import Kind, RuntimeUnavailable
from model_serving.served import card_in, open_remover
from model_serving.weights import WeightsError

if TYPE_CHECKING:
    from ts.context import Context

Row = Mapping[str, bytes | bytearray]
Problem = tuple[int, str, dict[str, str]]
"""Status, its phrase, and the body."""

logger = logging.getLogger(__name__)


class InspyrenetHandler:
    """POST an image file, raw or as form field `data`: 200 with an `image/png` mask, or `code` and `message`: with 422
    for what is no image, with 507 for what memory has no room for, with 503 for everything where the archive cannot be
    served.

    `x-model-version` comes with all; with the mask `x-mask-confidence`, 0..1, `x-picture-name`, the same for the same
    picture in another file, and `server-timing` of how it was made.
    """

    def initialize(self, context: "Context") -> None:
        """Loads the archive's model and runs it once, so that no caller pays for the first time.

        What no restart would mend does not raise: TorchServe would restart the worker for a day and tell no caller why.
        """
        self._version: str = context.manifest["model"]["modelVersion"]
        self._refusal: str | None = None
        try:
            self._open(Path(context.system_properties["model_dir"]), context)
        except (DamagedArchive, RuntimeUnavailable, WeightsError) as error:
            archive = f"{context.model_name}.mar {self._version}"
            self._refusal = f"{archive} cannot be served: {error}, and restart TorchServe"
            logger.error(self._refusal)

    def handle(self, rows: Sequence[Row], context: "Context") -> list[bytes]:
        """One body for each row, in order."""
        if self._refusal:
            problem = 503, "Service Unavailable", {"code": "model_refused", "message": self._refusal}
            return [self._tell(problem, index, context) for index in range(len(rows))]
        results = self._remover.remove([bytes(row.get("body") or row.get("data") or b"") for row in rows])
        return [self._answer(result, index, context) for index, result in enumerate(results)]

    def _open(self, folder: Path, context: "Context") -> None:
        check_contents(folder)
        runtime = card_in(folder).runtime
        device = _device(context.system_properties.get("gpu_id"), runtime, os.environ.get("REMATTE_REQUIRE_DEVICE"))
        self._remover = open_remover(folder, device, **_limits())
        self._remover.remove([_grey_picture()])
        logger.info("%s: %s on %s, %d threads", self._version, runtime, device, torch.get_num_threads())

    def _answer(self, result: Result, index: int, context: "Context") -> bytes:
        if not isinstance(result, Mask):
            return self._tell(_problem(result), index, context)
        context.set_response_status(200, "OK", index)
        context.set_response_content_type(index, "image/png")
        context.set_response_header(index, "x-model-version", self._version)
        context.set_response_header(index, "x-mask-confidence", f"{result.confidence:.6f}")
        context.set_response_header(index, "x-picture-name", result.name.hex())
        context.set_response_header(index, "server-timing", _timing(result.took))
        return result.png

    def _tell(self, problem: Problem, index: int, context: "Context") -> bytes:
        status, phrase, said = problem
        context.set_response_status(status, phrase, index)
        context.set_response_content_type(index, "application/json")
        context.set_response_header(index, "x-model-version", self._version)
        return json.dumps(said).encode()


def _timing(took: Took) -> str:
    """`Server-Timing` (W3C), in milliseconds."""
    return ", ".join(f"{stage};dur={seconds * 1000:.3f}" for stage, seconds in asdict(took).items())


def _problem(result: Refusal | NoRoom) -> Problem:
    """507 is what TorchServe itself says when memory runs out."""
    if isinstance(result, NoRoom):
        return 507, "Insufficient Storage", {"code": "out_of_memory", "message": result.message}
    return 422, "Unprocessable Content", {"code": result.code, "message": result.message}


def _device(gpu: int | None, runtime: Kind, required: str | None) -> torch.device:
    usable = torch.cuda.is_available() and runtime == "torch"
    found = torch.device("cuda", gpu) if usable and gpu is not None else torch.device("cpu")
    if required and found.type != required:
        # In capitals the word would make TorchServe report that memory ran out.
        raise RuntimeError(
            f"REMATTE_REQUIRE_DEVICE={required}, but this worker has only a {found.type} device: TorchServe sees GPU "
            f"{gpu}, torch {torch.__version__} was built for cuda {torch.version.cuda}, and the archive's runtime is "
            f"{runtime} (torch alone runs on a GPU: `make model RUNTIME=torch`)."
        )
    return found


def _limits() -> dict[str, int]:
    pixels = os.environ.get("REMATTE_MAX_IMAGE_PIXELS")
    return {"max_pixels": int(pixels)} if pixels else {}


def _grey_picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "grey").save(buffer, "PNG")
    return buffer.getvalue()
