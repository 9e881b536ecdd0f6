"""Several proxies, one inference."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import redis

from tests.end_to_end.backend import inferences, worker_pid
from tests.end_to_end.conftest import StartProxy
from tests.end_to_end.images import new_image
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer
from tests.support.running_proxy import UNHURRIED, RunningProxy, running_proxy, served_from
from tests.support.torchserve import TorchServe


@contextmanager
def held_up(backend: TorchServe) -> Iterator[None]:
    """The model does not answer meanwhile."""
    worker = worker_pid(backend)
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def leases(server: RedisServer) -> list[bytes]:
    with redis.Redis.from_url(server.url) as client:
        return list(client.scan_iter("rematte:lease:*"))


def mask(proxy: RunningProxy, image: bytes) -> httpx.Response:
    """On a connection of its own, so that any of several processes may get it."""
    return httpx.post(
        f"{proxy.url}/v1/mask", content=image, headers={"content-type": "image/jpeg"}, timeout=90, trust_env=False
    )


def test_equal_requests_at_once_over_four_processes_make_one_inference(start_proxy: StartProxy, backend: TorchServe):
    proxy = start_proxy(workers="4", **UNHURRIED)
    image, before = new_image(), inferences(backend)
    with ThreadPoolExecutor(64) as callers:
        answers = list(callers.map(mask, [proxy] * 64, [image] * 64))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert inferences(backend) == before + 1


def test_a_leader_that_is_killed_costs_one_inference_and_nobody_elses_answer(
    own_redis: RedisServer, backend: TorchServe
):
    image, before = new_image(), inferences(backend)
    with ExitStack() as stack:
        leader, *others = (stack.enter_context(running_proxy(backend, own_redis.url, **UNHURRIED)) for _ in range(3))
        callers = stack.enter_context(ThreadPoolExecutor(9))
        with held_up(backend):
            lost = callers.submit(leader.mask, image)
            eventually(lambda: leases(own_redis))
            waiting = [callers.submit(mask, other, image) for other in others * 4]
            leader.process.kill()
        assert isinstance(lost.exception(), httpx.TransportError)
        assert {answer.result().status_code for answer in waiting} == {200}
    assert inferences(backend) <= before + 2


def test_a_process_that_is_killed_is_replaced(start_proxy: StartProxy):
    proxy = start_proxy(workers="2")
    image = new_image()
    assert served_from(mask(proxy, image)) == "model"
    (children,) = eventually(lambda: [pids for pids in [_children(proxy.process.pid)] if len(pids) == 2])
    os.kill(children[0], signal.SIGKILL)
    eventually(lambda: len(set(_children(proxy.process.pid)) - set(children)) == 1)
    for _ in range(8):
        assert mask(proxy, image).status_code == 200


def test_a_server_that_is_told_to_stop_finishes_what_is_under_way(own_redis: RedisServer, backend: TorchServe):
    image = new_image()
    with running_proxy(backend, own_redis.url, **UNHURRIED) as proxy, ThreadPoolExecutor(1) as caller:
        with held_up(backend):
            early = caller.submit(mask, proxy, image)
            eventually(lambda: leases(own_redis))
            proxy.process.terminate()
            late = eventually(lambda: (answer := mask(proxy, new_image())).status_code == 503 and answer)
            assert proxy.readiness()["status"] == "stopping"
        assert early.result().status_code == 200
        assert late.json()["type"] == "/problems/stopping"
        eventually(lambda: proxy.process.poll() is not None)


def _children(pid: int) -> list[int]:
    """Of uvicorn, less the helper that multiprocessing keeps."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [int(child) for child in file.read().split()]
    return [child for child in children if b"resource_tracker" not in _command(child)]


def _command(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b"resource_tracker"
