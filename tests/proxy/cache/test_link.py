import asyncio

import pytest

from proxy.cache.breaker import FAILURES, Breaker
from proxy.cache.link import RedisAway, RedisLink
from tests.support.clock import Clock
from tests.support.fakes import Heard
from tests.support.stopping import TURNS, stop_after


async def ping(link: RedisLink) -> object:
    return await link.do(link.client.ping())


async def ask_for_ever(link: RedisLink) -> None:
    while True:
        await ping(link)


async def test_a_dead_redis_is_away_and_is_found_again_when_it_is_back(link, redis_server):
    await ping(link)
    redis_server.kill()
    with pytest.raises(RedisAway):
        await ping(link)
    assert link.trouble is not None
    redis_server.start()
    assert await ping(link)
    assert link.trouble is None


async def test_a_frozen_redis_is_away_within_its_timeout_and_its_late_answer_is_nobodys(redis_server):
    link = RedisLink.at(redis_server.url, timeout_s=0.5)
    await link.do(link.client.set("cat", b"meow"))
    redis_server.freeze()
    with pytest.raises(RedisAway):
        await link.do(link.client.get("cat"))
    redis_server.thaw()
    redis_server.wait_until_ready()
    assert await link.do(link.client.get("dog")) is None
    assert await link.do(link.client.get("cat")) == b"meow"
    await link.close()


async def test_one_that_keeps_failing_is_left_alone_and_then_tried_again(redis_server):
    clock, heard = Clock(), Heard()
    link = RedisLink.at(redis_server.url, timeout_s=5.0, events=heard)
    link.breaker = Breaker(clock)
    redis_server.kill()
    for _ in range(FAILURES):
        with pytest.raises(RedisAway, match="Error"):
            await ping(link)
    redis_server.start()
    with pytest.raises(RedisAway, match="left alone"):
        await ping(link)
    clock.now += 1.0
    assert await ping(link)
    assert link.breaker.state == "closed"
    assert [event for event in heard.events if event[0] == "left_alone"] == [
        ("left_alone", True),
        ("left_alone", False),
    ]
    await link.close()


async def test_a_pause_that_catches_many_commands_does_not_open_the_breaker(redis_server):
    link = RedisLink.at(redis_server.url, timeout_s=0.1)
    await ping(link)
    redis_server.freeze()
    caught = await asyncio.gather(*(ping(link) for _ in range(2 * FAILURES)), return_exceptions=True)
    redis_server.thaw()
    redis_server.wait_until_ready()
    assert [type(error) for error in caught] == [RedisAway] * 2 * FAILURES
    assert link.breaker.state == "closed"
    assert await ping(link)
    await link.close()


async def test_a_redis_that_refuses_a_command_is_not_away(link):
    for _ in range(FAILURES):
        with pytest.raises(RedisAway, match="unknown command"):
            await link.do(link.client.execute_command("NONSENSE"))
    assert link.breaker.state == "closed"
    assert link.trouble is None


async def test_whoever_asks_can_be_stopped_at_each_step(redis_server):
    for turns in range(TURNS):
        link = RedisLink.at(redis_server.url, timeout_s=5.0)
        await stop_after(turns, asyncio.create_task(ask_for_ever(link)))
        await link.close()


async def test_a_listener_is_told_when_it_can_miss_nothing_and_then_the_news(link):
    news = link.listen("news")
    assert await anext(news) == b""
    await link.do(link.client.publish("news", "landed"))
    assert await anext(news) == b"landed"
    await news.aclose()


async def test_a_listener_learns_that_redis_died(link, redis_server):
    news = link.listen("news")
    await anext(news)
    redis_server.kill()
    with pytest.raises(RedisAway):
        async with asyncio.timeout(10):
            await anext(news)
