"""Every format in which a mask is given, and the renderer that writes it."""

import io
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image as Pillow

from proxy.core.fingerprint import Image
from proxy.core.types import Answer, InTurn, Mask
from proxy.imaging import annotations, png
from proxy.imaging.annotations import Document
from proxy.imaging.containers import check_sides
from proxy.imaging.refinement import AS_IT_IS, SOLID, Refinement, refined
from proxy.imaging.renderers import IHDR_SIZE, scaled
from proxy.imaging.run_lengths import Solid

MaskFormat = Literal["png", "webp", "png1", "polygons", "coco", "box", "label-studio", "cvat", "labelme", "yolo"]


@dataclass(frozen=True, slots=True)
class File:
    """`write` takes the mask as a picture of mode L, and for outlines the pixels by which they may be off."""

    media_type: str
    suffix: str
    write: Callable[[Pillow.Image, float], bytes]
    outlined: bool = False


class MaskFile:
    """A mask in one of `FILES`. Lengths are pixels of the upright image, whatever size the mask is sent in."""

    needs_image = False

    def __init__(
        self, kind: MaskFormat, refinement: Refinement = AS_IT_IS, epsilon: float = 0.0, *, small: bool = False
    ) -> None:
        """`small`: as large as the model made it."""
        self._file, self._refinement, self._epsilon, self._small = FILES[kind], refinement, epsilon, small
        outlined = f" epsilon={epsilon!r}" if self._file.outlined else ""
        self.name = f"mask.{'model.' if small else ''}{kind} {refinement!r}{outlined}"

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:  # noqa: ARG002 - a mask is enough here
        return Answer(await in_turn(self._written, mask), self._file.media_type)

    def _written(self, mask: Mask) -> bytes:
        (made_wide,) = struct.unpack(">I", mask.png[IHDR_SIZE][:4])
        ratio = made_wide / mask.width if self._small else 1.0
        grey = scaled(mask.png, None if self._small else (mask.width, mask.height))
        return self._file.write(refined(grey, self._refinement.scaled(ratio)), self._epsilon * ratio)


def solid_of(grey: Pillow.Image) -> Solid:
    """Where a pixel is more object than background."""
    solid: Solid = np.asarray(grey) >= SOLID
    return solid


def solid_in(file: bytes) -> Solid:
    """What one of our own one-bit files holds."""
    solid: Solid = np.array(Pillow.open(io.BytesIO(file)), dtype=np.bool_)
    return solid


def _png(grey: Pillow.Image, _epsilon: float) -> bytes:
    return png.encode(grey)


def _webp(grey: Pillow.Image, _epsilon: float) -> bytes:
    """Without loss: every level is as it was; `quality` is the patience of the encoder.

    Half the bytes of our PNG for 1.4 s of 12 megapixels (PNG: 20 ms). Method 0 takes a third of that, and twice the
    PNG's bytes; the work of higher qualities is in vain.
    """
    check_sides(grey, "WEBP")
    file = io.BytesIO()
    grey.save(file, "WEBP", lossless=True, quality=0, method=1)
    return file.getvalue()


def _plain(write: Callable[[Solid], bytes]) -> Callable[[Pillow.Image, float], bytes]:
    return lambda grey, _epsilon: write(solid_of(grey))


def _json(document: Callable[[Solid], Document]) -> Callable[[Pillow.Image, float], bytes]:
    return lambda grey, _epsilon: _dumped(document(solid_of(grey)))


def _outlined(document: Callable[[Solid, float], Document]) -> Callable[[Pillow.Image, float], bytes]:
    return lambda grey, epsilon: _dumped(document(solid_of(grey), epsilon))


def _dumped(document: Document) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _yolo(grey: Pillow.Image, epsilon: float) -> bytes:
    return annotations.yolo(solid_of(grey), epsilon).encode()


PNG, WEBP, JSON, TEXT = "image/png", "image/webp", "application/json", "text/plain; charset=utf-8"
FILES: Mapping[MaskFormat, File] = {
    "png": File(PNG, ".png", _png),
    "webp": File(WEBP, ".webp", _webp),
    "png1": File(PNG, ".png", _plain(annotations.one_bit_png)),
    "polygons": File(JSON, ".json", _outlined(annotations.polygons), outlined=True),
    "coco": File(JSON, ".json", _json(annotations.coco)),
    "box": File(JSON, ".json", _json(annotations.bounding_box)),
    "label-studio": File(JSON, ".json", _json(annotations.label_studio)),
    "cvat": File(JSON, ".json", _json(annotations.cvat)),
    "labelme": File(JSON, ".json", _outlined(annotations.labelme), outlined=True),
    "yolo": File(TEXT, ".txt", _yolo, outlined=True),
}
"""Our favourite first: it is what a caller gets who likes several equally well."""
