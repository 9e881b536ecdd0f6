"""The same picture is never computed twice."""

import io
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from PIL import Image, ImageOps

from tests.end_to_end.backend import inferences
from tests.end_to_end.conftest import StartProxy
from tests.end_to_end.images import new_image
from tests.support.eventually import eventually
from tests.support.pictures import picture
from tests.support.redis_server import RedisServer
from tests.support.running_proxy import UNHURRIED, RunningProxy, running_proxy, served_from
from tests.support.torchserve import TorchServe


def test_an_image_is_inferred_once_and_then_comes_from_memory(proxy: RunningProxy, backend: TorchServe):
    image, before = new_image(), inferences(backend)
    first, second = proxy.mask(image), proxy.mask(image)
    assert [served_from(first), served_from(second)] == ["model", "memory"]
    assert first.content == second.content
    assert inferences(backend) == before + 1


def test_the_mask_and_the_cutout_of_an_image_share_one_inference(proxy: RunningProxy, backend: TorchServe):
    image, before = new_image(), inferences(backend)
    proxy.mask(image)
    assert served_from(proxy.cutout(image)) == "memory"
    assert inferences(backend) == before + 1


def test_what_one_proxy_has_learned_the_next_one_finds_in_redis(backend: TorchServe, redis_server: RedisServer):
    image = new_image()
    with running_proxy(backend, redis_server.url, **UNHURRIED) as first:
        mask = first.mask(image)
    with running_proxy(backend, redis_server.url, **UNHURRIED) as second:
        again, once_more = second.mask(image), second.mask(image)
    assert [served_from(answer) for answer in (mask, again, once_more)] == ["model", "redis", "memory"]
    assert mask.content == again.content == once_more.content


def test_a_picture_without_its_notes_and_its_decoded_pixels_need_no_second_inference(
    backend: TorchServe, redis_server: RedisServer, redis_client: redis.Redis
):
    photo = picture(90, 60, orientation=6)
    decoded, before = io.BytesIO(), inferences(backend)
    names = len(redis_client.keys("rematte:alias:*"))
    ImageOps.exif_transpose(Image.open(io.BytesIO(photo))).save(decoded, "PNG")
    commented = photo[:2] + b"\xff\xfe\0\5new" + photo[2:]
    with running_proxy(backend, redis_server.url, **UNHURRIED) as first:
        mask = first.mask(photo)
        # Of mask and answer by digest, and of the mask by coefficients and by pixels.
        eventually(lambda: len(redis_client.keys("rematte:alias:*")) == names + 4)
        assert served_from(first.mask(commented)) == "memory"
    with running_proxy(backend, redis_server.url, **UNHURRIED) as second:
        again = second.mask(decoded.getvalue())
    assert served_from(again) == "redis"
    assert "detail=pixels" in again.headers["cache-status"]
    assert again.content == mask.content
    assert inferences(backend) == before + 1


def test_equal_requests_at_once_make_one_inference(proxy: RunningProxy, backend: TorchServe):
    image, before = new_image(), inferences(backend)
    with ThreadPoolExecutor(32) as callers:
        answers = list(callers.map(proxy.mask, [image] * 32))
    assert inferences(backend) == before + 1
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    "settings", [{}, {"memory_bytes": "20000", **UNHURRIED}], ids=["all in memory", "some in memory"]
)
def test_a_trace_of_19_repeats_in_20_makes_one_inference_per_image(
    start_proxy: StartProxy, backend: TorchServe, settings: dict[str, str]
):
    proxy, images = start_proxy(**settings), [new_image() for _ in range(20)]
    trace = images * 20
    random.Random(20).shuffle(trace)
    before = inferences(backend)
    with ThreadPoolExecutor(8) as callers:
        tiers = Counter(served_from(answer) for answer in callers.map(proxy.mask, trace))
    assert inferences(backend) - before <= 1.02 * len(images)
    assert not settings or tiers["redis"]
