"""The product: image files in, masks out. What any server needs of the model, and nothing of a server."""

import io
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model_serving import pixels
from model_serving.network import InSPyReNet
from model_serving.picture_name import picture_name
from model_serving.pixels import Prepared, UnreadableImage
from model_serving.runtimes.eager import Eager
from model_serving.runtimes.runtime import Runtime
from model_serving.splitting import in_halves

Resizing = Literal["static", "dynamic"]

MAX_PIXELS = 50_000_000


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a picture's way: file to name and network input, its whole batch through the network, prediction to
    file."""

    decode: float
    network: float
    encode: float


@dataclass(frozen=True, slots=True)
class Mask:
    """An 8-bit grey PNG in the picture's aspect ratio, how sure the network is (0..1) that it shows anything, and the
    `picture_name`."""

    png: bytes
    confidence: float
    name: bytes
    took: Took = field(compare=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item has no mask: `code` for programs, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NoRoom:
    """The device's memory does not hold this picture's work, even alone. It may at another time."""

    message: str


Result = Mask | Refusal | NoRoom


@dataclass(frozen=True, slots=True)
class _Ready:
    prepared: Prepared
    name: bytes
    decode_s: float


class Remover:
    """A network ready to run: a runtime, or a network that torch is to run as it is.

    `resizing` is "static" (the network's base size) or "dynamic" (near the picture's own size, shorter side at most
    1280). Making one switches TensorFloat-32 off for the whole process, as the authors do.
    """

    def __init__(
        self,
        network: InSPyReNet | Runtime,
        *,
        resizing: Resizing = "static",
        device: torch.device | str = "cpu",
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        self._run: Runtime = Eager(network, device=device) if isinstance(network, InSPyReNet) else network
        self._prepare = pixels.prepare_static if resizing == "static" else pixels.prepare_dynamic
        self._max_pixels = max_pixels

    def remove(self, images: Sequence[bytes]) -> list[Result]:
        """One result for each image file, in order. A file that cannot be read fails alone; a failing device raises.

        Pictures of one working size go through the network together, which moves a grey level by one at most; in halves
        where the device has no room for all.
        """
        tried = [self._try_prepare(data) for data in images]
        results: dict[int, Result] = {index: item for index, item in enumerate(tried) if not isinstance(item, _Ready)}
        ready = {index: item for index, item in enumerate(tried) if isinstance(item, _Ready)}
        for indices in _by_shape(ready):
            masks = in_halves(self._masks, [ready[index] for index in indices], _no_room)
            results.update(zip(indices, masks, strict=True))
        return [results[index] for index in range(len(images))]

    def _try_prepare(self, data: bytes) -> _Ready | Refusal | NoRoom:
        began = time.perf_counter()
        try:
            picture = pixels.decode(data, self._max_pixels)
            prepared, name = self._prepare(picture, self._run.base_size), picture_name(picture)
            return _Ready(prepared, name, time.perf_counter() - began)
        except UnreadableImage as error:
            return Refusal(error.code, str(error))
        except MemoryError:
            return NoRoom(f"no memory is left to decode a file of {len(data)} bytes")

    @torch.inference_mode()
    def _masks(self, batch: Sequence[_Ready]) -> list[Mask | NoRoom]:
        began = time.perf_counter()
        image = torch.cat([item.prepared.image for item in batch])
        small = [item.prepared.image_resized for item in batch if item.prepared.image_resized is not None]
        preds, confidence = self._run(image, torch.cat(small) if small else None)
        network_s = time.perf_counter() - began
        return [_mask(item, preds[row : row + 1], float(confidence[row]), network_s) for row, item in enumerate(batch)]


def _mask(item: _Ready, pred: Tensor, confidence: float, network_s: float) -> Mask:
    began = time.perf_counter()
    file = png(pixels.mask(pred, item.prepared.size))
    return Mask(file, confidence, item.name, Took(item.decode_s, network_s, time.perf_counter() - began))


def _no_room(item: _Ready) -> NoRoom:
    height, width = item.prepared.size
    return NoRoom(f"no memory is left on the device for a picture of {width} x {height} pixels")


def _by_shape(ready: Mapping[int, _Ready]) -> Iterable[list[int]]:
    groups: defaultdict[torch.Size, list[int]] = defaultdict(list)
    for index, item in ready.items():
        groups[item.prepared.image.shape].append(index)
    return groups.values()


def png(values: NDArray[np.uint8]) -> bytes:
    """HxW to an 8-bit grey file."""
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
