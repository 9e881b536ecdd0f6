"""A soak that could not see a wrong mask would prove nothing."""

import io

import pytest
from PIL import Image

from benchmarks.marking_handler import MarkingHandler, bears_mark
from benchmarks.soak import Masks


class Context:
    """TorchServe's, as far as the handler looks."""

    manifest = {"model": {"modelVersion": "noop-00000000"}}  # noqa: RUF012 - as TorchServe's is

    def set_response_content_type(self, index: int, value: str) -> None: ...

    def set_response_header(self, index: int, name: str, value: str) -> None: ...


def mask_of(image: bytes, size: tuple[int, int] | None = None) -> bytes:
    """As the handler makes it, or as the proxy then scales it."""
    handler, context = MarkingHandler(), Context()
    handler.initialize(context)
    (png,) = handler.handle([{"body": image}], context)
    if size is None:
        return png
    file = io.BytesIO()
    Image.open(io.BytesIO(png)).resize(size, Image.Resampling.BILINEAR).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("size", [None, (640, 480), (101, 77)])
def test_a_mask_bears_its_own_images_mark_and_no_other(size):
    images = [bytes([number]) for number in range(20)]
    masks = [mask_of(image, size) for image in images]
    bears = [(mask, image) for mask in masks for image in images if bears_mark(mask, image)]
    assert bears == list(zip(masks, images, strict=True))


def test_a_wrong_mask_is_seen_whenever_it_comes():
    masks = Masks()
    assert not masks.is_right(b"cat", mask_of(b"dog"))
    assert masks.is_right(b"cat", mask_of(b"cat"))
    assert masks.is_right(b"cat", mask_of(b"cat"))
    assert not masks.is_right(b"cat", mask_of(b"dog"))
