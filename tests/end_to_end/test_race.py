"""Lookup against inference, with a Redis of its own that can be frozen to see who waits for whom."""

import time

import pytest

from tests.end_to_end.backend import inferences
from tests.end_to_end.images import new_image
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer
from tests.support.running_proxy import UNHURRIED, running_proxy, served_from
from tests.support.torchserve import TorchServe

NO_MEMORY = {"memory_bytes": "0"}
PATIENT = {"redis_timeout_ms": "60000"}


@pytest.mark.parametrize("head_start_ms", ["0", "5", "auto"])
def test_the_model_overtakes_a_lookup_that_hangs(own_redis: RedisServer, backend: TorchServe, head_start_ms: str):
    """0 is the literal race: both start at once."""
    image = new_image()
    settings = NO_MEMORY | PATIENT | {"race_head_start_ms": head_start_ms}
    with running_proxy(backend, own_redis.url, **settings) as proxy:
        mask = proxy.mask(image)
        own_redis.freeze()
        begun = time.monotonic()
        overtaken = proxy.mask(image)
        assert time.monotonic() - begun < 30
        own_redis.thaw()
        assert served_from(overtaken) == "model"
        assert overtaken.content == mask.content


def test_in_the_literal_race_every_answer_is_right_whoever_wins(own_redis: RedisServer, backend: TorchServe):
    images = [new_image(width, 64) for width in range(80, 88)]
    with running_proxy(backend, own_redis.url, **NO_MEMORY, race_head_start_ms="0") as proxy:
        masks = [proxy.mask(image).content for image in images]
        for _ in range(5):
            again = [proxy.mask(image) for image in images]
            assert {served_from(answer) for answer in again} <= {"model", "redis"}
            assert [answer.content for answer in again] == masks


def test_with_a_head_start_a_known_image_does_not_reach_the_model(own_redis: RedisServer, backend: TorchServe):
    image = new_image()
    with running_proxy(backend, own_redis.url, **NO_MEMORY, **UNHURRIED) as proxy:
        proxy.mask(image)
        eventually(lambda: served_from(proxy.mask(image)) == "redis")
        before = inferences(backend)
        assert {served_from(proxy.mask(image)) for _ in range(20)} == {"redis"}
        assert inferences(backend) == before
