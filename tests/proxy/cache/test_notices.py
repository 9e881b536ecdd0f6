import asyncio

import pytest

from proxy.cache.notices import Notices


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


async def test_it_can_be_stopped_while_redis_is_away(link, redis_server):
    """redis-py takes a cancellation for a failure to connect."""
    redis_server.kill()
    for _ in range(20):
        listening = asyncio.create_task(Notices(link).run())
        await asyncio.sleep(0)
        listening.cancel()
        async with asyncio.timeout(10):
            await asyncio.wait({listening})
