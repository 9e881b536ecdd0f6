import asyncio
from collections.abc import AsyncIterator

import pytest
import redis

from proxy.cache.link import RedisLink
from proxy.cache.notices import Notices
from tests.support.redis_server import RedisServer
from tests.support.relay import Relay
from tests.support.stopping import TURNS, stop_after


@pytest.fixture
async def notices(link):
    notices = Notices(link)
    listening = asyncio.create_task(notices.run())
    async with asyncio.timeout(10):
        await notices.listening.wait()
    yield notices
    listening.cancel()


async def heard(event: asyncio.Event) -> bool:
    async with asyncio.timeout(10):
        return await event.wait()


async def test_who_expects_a_notice_hears_it(notices):
    with notices.expecting("landed cat") as cat, notices.expecting("landed dog") as dog:
        await notices.tell("landed cat")
        assert await heard(cat)
        assert not dog.is_set()


async def test_several_may_expect_the_same(notices):
    with notices.expecting("landed cat") as first, notices.expecting("landed cat") as second:
        await notices.tell("landed cat")
        assert await heard(first)
        assert await heard(second)


async def test_a_handler_is_told_the_word(notices):
    words = asyncio.Queue()
    notices.on("forget", words.put_nowait)
    await notices.tell("forget cat")
    async with asyncio.timeout(10):
        assert await words.get() == "cat"


async def test_what_nobody_expects_does_no_harm(notices):
    await notices.tell("")
    await notices.tell("\udcff".encode("utf-8", "surrogateescape"))
    with notices.expecting("landed cat") as cat:
        await notices.tell("landed cat")
        assert await heard(cat)


async def test_it_listens_again_when_redis_is_back(notices, redis_server):
    redis_server.kill()
    async with asyncio.timeout(10):
        while notices.listening.is_set():
            await asyncio.sleep(0.01)
    redis_server.start()
    async with asyncio.timeout(10):
        await notices.listening.wait()
    with notices.expecting("landed cat") as cat:
        await notices.tell("landed cat")
        assert await heard(cat)


@pytest.fixture
async def relay(redis_server) -> AsyncIterator[Relay]:
    async with Relay(redis_server.url.removeprefix("unix://")).open() as relay:
        yield relay


@pytest.fixture
async def asking_link(relay) -> AsyncIterator[RedisLink]:
    """It takes no silence for granted."""
    link = RedisLink.at(relay.url, timeout_s=5.0, silence_s=0.1)
    yield link
    await link.close()


async def test_a_line_without_news_is_asked_and_kept(asking_link):
    news = asking_link.listen("news")
    async with asyncio.timeout(10):
        assert [await anext(news) for _ in range(3)] == [b"", b"", b""]
    assert len(await asking_link.client.client_list(_type="pubsub")) == 1
    await news.aclose()


async def test_a_line_that_died_without_a_word_is_noticed_and_replaced(relay, asking_link):
    notices = Notices(asking_link)
    listening = asyncio.create_task(notices.run())
    async with asyncio.timeout(10):
        await notices.listening.wait()
        relay.fault = "nothing"
        while notices.listening.is_set():
            await asyncio.sleep(0.01)
        relay.fault = None
        await notices.listening.wait()
        with notices.expecting("landed cat") as cat:
            await notices.tell("landed cat")
            assert await cat.wait()
    listening.cancel()


def hang_up(redis_server: RedisServer) -> None:
    """On all who listen, as a Redis does that is started anew; whoever connects again is welcome."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.client_kill_filter(_type="pubsub")


async def test_it_can_be_stopped_at_each_step_of_its_first_connection(link):
    for turns in range(TURNS):
        await stop_after(turns, asyncio.create_task(Notices(link).run()))


async def test_it_can_be_stopped_at_each_step_of_connecting_again(link, redis_server):
    for turns in range(TURNS):
        notices = Notices(link)
        listening = asyncio.create_task(notices.run())
        await notices.listening.wait()
        hang_up(redis_server)
        await stop_after(turns, listening)
