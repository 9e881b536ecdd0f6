"""What all runtimes promise, and the names by which a card tells them."""

from typing import Literal, NamedTuple, Protocol

from torch import Tensor

from model_serving.network.blocks import Size

Exported = Literal["compile", "onnx", "openvino"]
"""They run what an exporter made of the network, on the CPU, at its base size."""
Kind = Literal["torch"] | Exported
KINDS: tuple[Kind, ...] = ("torch", "compile", "onnx", "openvino")

Precision = Literal["equal", "reduced"]
"""`equal` to float32 eager but for the order of its sums; `reduced`: bfloat16 where that is quicker."""
PRECISIONS: tuple[Precision, ...] = ("equal", "reduced")


class RuntimeUnavailable(Exception):
    """This machine cannot run it. The message is one line: what is missing, and what to do."""


class Prediction(NamedTuple):
    """`pred` is Bx1xHxW in 0..1, stretched per image; `confidence` (B) the largest probability before that."""

    pred: Tensor
    confidence: Tensor


class Runtime(Protocol):
    """A network that is ready to run; on the CPU's memory at both ends, float32."""

    @property
    def base_size(self) -> Size:
        """(height, width) that static resizing gives."""

    def __call__(self, image: Tensor, image_resized: Tensor | None = None) -> Prediction:
        """Bx3xHxW, normalised as in `pixels`, for any B.

        The exported ones take H x W = `base_size` alone and no `image_resized`; ValueError for anything else.
        """


def check_static(image: Tensor, image_resized: Tensor | None, base_size: Size) -> None:
    """Raises ValueError for what an exported network cannot take."""
    if image_resized is not None or image.shape[-2:] != base_size:
        height, width = base_size
        raise ValueError(f"this network was exported for pictures of {width} x {height} pixels; torch runs all sizes")
