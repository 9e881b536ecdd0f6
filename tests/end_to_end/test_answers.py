"""What a caller sees."""

import io
import re

import pytest
from PIL import Image

from model_serving.archive import Archive
from tests.end_to_end.images import new_image
from tests.support.running_proxy import RunningProxy


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return image


def test_a_mask_is_grey_and_as_large_as_its_image(proxy: RunningProxy):
    mask = opened(proxy.mask(new_image(300, 200)).content)
    assert (mask.mode, mask.size) == ("L", (300, 200))
    assert mask.getextrema() != (0, 0)


def test_an_image_stored_on_its_side_comes_back_upright(proxy: RunningProxy):
    lying = new_image(300, 200, orientation=6)
    assert opened(proxy.mask(lying).content).size == (200, 300)
    assert opened(proxy.cutout(lying).content).size == (200, 300)


def test_a_cutout_is_the_image_with_its_mask_as_alpha(proxy: RunningProxy):
    image = new_image(300, 200)
    mask, cutout = opened(proxy.mask(image).content), opened(proxy.cutout(image).content)
    assert cutout.mode == "RGBA"
    assert cutout.getchannel("A").tobytes() == mask.tobytes()
    black, solid = Image.new("RGB", mask.size), mask.point(lambda level: 255 if level == 255 else 0)
    photo, colours = Image.open(io.BytesIO(image)), cutout.convert("RGB")
    assert Image.composite(colours, black, solid).tobytes() == Image.composite(photo, black, solid).tobytes()
    removed = mask.point(lambda level: 0 if level else 255)
    assert Image.composite(colours, black, removed).tobytes() == black.tobytes()


def test_an_answer_names_its_image_and_its_model(proxy: RunningProxy, archive: Archive):
    answer = proxy.mask(new_image())
    assert re.fullmatch("[0-9a-f]{64}", answer.headers["x-image-digest"])
    assert answer.headers["x-model-version"] == archive.version
    assert answer.headers["etag"].startswith('"')
    assert {"read", "queue", "infer", "render"} <= set(re.findall(r"(\w+);dur=", answer.headers["server-timing"]))


def test_readiness_names_the_live_model(proxy: RunningProxy, archive: Archive):
    assert proxy.readiness() == {
        "status": "ready",
        "degraded": [],
        "model": {"name": "inspyrenet", "version": archive.version},
    }


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_documentation_needs_no_internet(proxy: RunningProxy, page: str):
    answer = proxy.client.get(page)
    assert answer.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert sources
    for source in sources:
        assert proxy.client.get(source).status_code == 200
