"""Parts that die, and come back."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from model_serving.torchserve.ready import is_ready
from tests.end_to_end.backend import inferences, worker_pid, worker_weights
from tests.end_to_end.conftest import StartProxy
from tests.end_to_end.images import new_image
from tests.support.eventually import eventually
from tests.support.models import flip_a_bit
from tests.support.redis_server import RedisServer
from tests.support.running_proxy import RunningProxy, running_proxy, served_from
from tests.support.torchserve import TorchServe


def test_a_redis_that_is_killed_costs_hits_but_no_answer(own_redis: RedisServer, backend: TorchServe):
    image = new_image()
    with running_proxy(backend, own_redis.url, memory_bytes="0", redis_timeout_ms="5000") as proxy:
        proxy.mask(image)
        eventually(lambda: served_from(proxy.mask(image)) == "redis")

        own_redis.kill()
        assert [served_from(proxy.mask(image)) for _ in range(3)] == ["model"] * 3
        assert proxy.readiness()["status"] == "degraded"
        assert proxy.client.get("/readyz?strict").status_code == 503

        own_redis.start()
        eventually(lambda: proxy.readiness()["status"] == "ready")
        eventually(lambda: served_from(proxy.mask(image)) == "redis")


def test_memory_answers_while_redis_is_away(own_redis: RedisServer, backend: TorchServe):
    image, before = new_image(), inferences(backend)
    with running_proxy(backend, own_redis.url) as proxy:
        proxy.mask(image)
        own_redis.kill()
        assert {served_from(proxy.mask(image)) for _ in range(10)} == {"memory"}
        assert inferences(backend) == before + 1


def test_a_killed_worker_costs_new_images_alone_until_one_is_back_that_does_not_refuse_its_archive(
    start_proxy: StartProxy, backend: TorchServe
):
    proxy, known = start_proxy(model_poll_s="0.1", deadline_s="20"), new_image()
    proxy.mask(known)
    with _damaged_weights(backend):
        os.kill(worker_pid(backend), signal.SIGKILL)
        eventually(lambda: proxy.readiness()["status"] == "degraded")
        assert served_from(proxy.mask(known)) == "memory"
        _assert_sent_away(proxy)
        eventually(lambda: "cannot be served" in str(proxy.readiness()["degraded"]), seconds=180)
        [line] = proxy.readiness()["degraded"]
        assert proxy.mask(new_image()).json()["detail"] == f"{line}."
        assert served_from(proxy.mask(known)) == "memory"
        assert not is_ready(backend.management)
    os.kill(worker_pid(backend), signal.SIGKILL)
    eventually(lambda: proxy.readiness()["status"] == "ready", seconds=180)
    assert served_from(proxy.mask(new_image())) == "model"
    assert served_from(proxy.mask(known)) == "memory"


@contextmanager
def _damaged_weights(backend: TorchServe) -> Iterator[None]:
    """For the workers that start meanwhile."""
    weights = worker_weights(backend)
    flip_a_bit(weights)
    try:
        yield
    finally:
        flip_a_bit(weights)


def _assert_sent_away(proxy: RunningProxy) -> None:
    """TorchServe refuses an image, or holds it back until the new worker is there."""
    answer = proxy.mask(new_image())
    assert answer.json()["type"] in {"/problems/backend-away", "/problems/deadline-passed"}
