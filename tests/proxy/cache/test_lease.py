import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proxy.cache.lease import Lease, Leases
from proxy.cache.link import RedisLink
from proxy.cache.memory import MemoryCache
from proxy.cache.notices import Notices
from proxy.cache.redis import RedisCache
from proxy.cache.tiers import TieredCache
from proxy.core.claims import Free
from proxy.core.patience import Patience
from tests.support.clock import Clock
from tests.support.entries import CAT_KEY, DOG_KEY, MASK

TTL_S = 1800.0
LONGEST_S = 30.0
LEASE_S = 1.5
"""Half of the product's: long enough to be renewed in time on a busy machine."""
NAME = f"rematte:lease:{CAT_KEY.token}"


class Replica:
    """One proxy's cache and leases over the shared Redis."""

    def __init__(self, url: str, clock: Clock | None = None, link: RedisLink | None = None) -> None:
        self.link = link or RedisLink.at(url, timeout_s=5.0)
        self.cache = TieredCache(MemoryCache(10**7, TTL_S), RedisCache(self.link, TTL_S), ttl_s=TTL_S)
        self.notices = Notices(self.link)
        self.leases = Leases(
            self.link, self.notices, self.cache.shared, Patience(LONGEST_S), clock or time.monotonic, LEASE_S
        )
        self._listening = asyncio.create_task(self.notices.run())

    async def close(self) -> None:
        self._listening.cancel()
        await self.leases.close()
        await self.cache.settle()
        await self.link.close()


@pytest.fixture
async def replicas(redis_server):
    both = [Replica(redis_server.url) for _ in range(2)]
    async with asyncio.timeout(10):
        for replica in both:
            await replica.notices.listening.wait()
    yield both
    for replica in both:
        await replica.close()


async def test_the_first_leads_and_the_second_looks_again_when_it_has_landed(replicas):
    first, second = replicas
    lease = await first.leases.claim(CAT_KEY)
    waiting = asyncio.create_task(second.leases.claim(CAT_KEY))
    first.cache.keep(CAT_KEY, MASK)
    lease.release()
    assert await waiting is None
    assert (await second.cache.get(CAT_KEY)).entry == MASK


async def test_what_has_landed_before_the_claim_needs_no_lease(replicas):
    first, second = replicas
    first.cache.keep(CAT_KEY, MASK)
    await first.cache.settle()
    assert await second.leases.claim(CAT_KEY) is None


async def test_other_images_have_other_leases(replicas):
    first, second = replicas
    leases = [await first.leases.claim(CAT_KEY), await second.leases.claim(DOG_KEY)]
    assert all(isinstance(lease, Lease) for lease in leases)
    for lease in leases:
        lease.release()


async def test_a_leader_who_made_nothing_wakes_the_others_too(replicas):
    first, second = replicas
    lease = await first.leases.claim(CAT_KEY)
    waiting = asyncio.create_task(second.leases.claim(CAT_KEY))
    lease.release()
    again = await waiting or await second.leases.claim(CAT_KEY)
    assert isinstance(again, Lease)
    again.release()


async def test_when_a_leader_dies_one_of_those_who_wait_leads(replicas, raw):
    first, second = replicas
    raw.set(NAME, b"of one who died", px=200)
    waiting = [asyncio.create_task(replica.leases.claim(CAT_KEY)) for replica in (first, second)]
    (done,), (other,) = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert isinstance(done.result(), Lease)
    first.cache.keep(CAT_KEY, MASK)
    await first.cache.settle()  # it may be the second one that leads
    done.result().release()
    assert await other is None


async def test_a_lease_is_renewed_for_as_long_as_it_is_held(replicas, raw):
    first, _ = replicas
    lease = await first.leases.claim(CAT_KEY)
    raw.pexpire(NAME, 1000)
    async with asyncio.timeout(10):
        while raw.pttl(NAME) <= 1000:
            await asyncio.sleep(0.05)
    lease.release()
    await first.leases.close()
    assert not raw.exists(NAME)


async def test_who_lost_the_lease_does_not_renew_the_next_ones(replicas, raw):
    first, _ = replicas
    lease = await first.leases.claim(CAT_KEY)
    raw.set(NAME, b"the next one's", px=1000)
    assert not await first.leases.renew(CAT_KEY, "mine")
    assert raw.pttl(NAME) <= 1000
    lease.release()


async def test_whoever_takes_too_long_is_waited_for_no_more(replicas, redis_server):
    """Its inference hangs, and its process lives."""
    clock = Clock()
    hangs, (waits, _) = Replica(redis_server.url, clock), replicas
    lost = await hangs.leases.claim(CAT_KEY)
    waiting = asyncio.create_task(waits.leases.claim(CAT_KEY))
    clock.now += LONGEST_S
    await asyncio.wait({waiting}, timeout=LEASE_S + 0.5)
    assert not waiting.done(), "it is late, and not too late"
    clock.now += 1
    async with asyncio.timeout(10):
        lease = await waiting
    assert isinstance(lease, Lease)
    lost.release()
    await hangs.close()
    lease.release()


LEADER = """
import asyncio, sys
from proxy.core.types import Key
from tests.proxy.cache.test_lease import Replica

async def lead() -> None:
    lease = await Replica(sys.argv[1]).leases.claim(Key(sys.argv[2]))
    print("leads", flush=True)
    await asyncio.Event().wait()

asyncio.run(lead())
"""


@contextmanager
def another_leader(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads, and makes nothing."""
    command = [sys.executable, "-c", LEADER, url, CAT_KEY.token]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"leads\n"
        yield process
        process.kill()


async def test_a_leader_that_is_frozen_is_waited_for_as_long_as_one_that_died(replicas, redis_server):
    first, _ = replicas
    with another_leader(redis_server.url) as leader:
        leader.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(10):
            lease = await first.leases.claim(CAT_KEY)
    assert isinstance(lease, Lease)
    lease.release()


async def test_who_lost_the_lease_does_not_take_the_next_ones_back(replicas, raw):
    first, _ = replicas
    lease = await first.leases.claim(CAT_KEY)
    raw.set(NAME, b"the next one's")
    lease.release()
    await first.leases.close()
    assert raw.get(NAME) == b"the next one's"


async def test_without_redis_everybody_may(replicas, redis_server):
    first, second = replicas
    redis_server.kill()
    assert isinstance(await first.leases.claim(CAT_KEY), Free)
    assert isinstance(await second.leases.claim(CAT_KEY), Free)


async def test_a_redis_that_dies_while_one_waits_lets_him_go(replicas, redis_server):
    first, second = replicas
    await first.leases.claim(CAT_KEY)
    waiting = asyncio.create_task(second.leases.claim(CAT_KEY))
    redis_server.kill()
    assert isinstance(await waiting, Free)


class Confused(RedisLink):
    """What it brings is another question's answer."""

    async def do(self, command: Any) -> Any:
        await super().do(command)
        return b"PONG"


async def test_an_answer_that_is_none_of_ours_lets_everybody_go(redis_server):
    replica = Replica(redis_server.url, link=Confused.at(redis_server.url, timeout_s=5.0))
    async with asyncio.timeout(10):
        assert isinstance(await replica.leases.claim(CAT_KEY), Free)
    await replica.close()


async def test_a_full_redis_lets_everybody_go(replicas, raw):
    first, _ = replicas
    raw.config_set("maxmemory", "1")
    assert isinstance(await first.leases.claim(CAT_KEY), Free)
