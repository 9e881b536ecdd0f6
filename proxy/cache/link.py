"""The wire to Redis: one pool, one breaker, and one word for everything that can go wrong with it.

The only file that speaks redis-py. A Redis that is down, slow or lying is an empty cache, never an error page.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline as Pipeline  # what the tiers are given
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from proxy.cache.breaker import Breaker
from proxy.core.events import SILENT, Events

logger = logging.getLogger(__name__)

CONNECTIONS = 32
SILENCE_S = 15.0
"""After so long without news the line is tried; after as long without an answer it is given up."""


class RedisAway(Exception):
    """Redis did not do as it was asked. Known to the tiers only."""


class RedisLink:
    """Asks Redis, unless it has just failed several times in a row."""

    def __init__(self, client: Redis, listener: Redis, events: Events = SILENT, silence_s: float = SILENCE_S) -> None:
        self.client = client
        self._listener = listener
        self._events = events
        self._silence_s = silence_s
        self.breaker = Breaker()
        self.trouble: str | None = None
        """What went wrong last, or None since the last call that went well."""

    @classmethod
    def at(cls, url: str, *, timeout_s: float, events: Events = SILENT, silence_s: float = SILENCE_S) -> Self:
        """Raises ValueError for a URL that is none. Does not connect yet: Redis may come later.

        A connection that had gone stale is replaced at once; apart from that nothing is tried again, and nothing waits
        for a connection longer than for an answer: the race has something better to do.
        """
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        listener = Redis.from_url(url, socket_connect_timeout=timeout_s)  # it waits for news, however long
        # Unlike Redis(connection_pool=...), from_pool closes the pool with the client.
        return cls(Redis.from_pool(pool), listener, events, silence_s)

    def pipeline(self) -> Pipeline:
        """Several commands in one trip; not a transaction."""
        return self.client.pipeline(transaction=False)

    def script(self, text: str) -> AsyncScript:
        """Lua that Redis runs as one command."""
        return self.client.register_script(text)

    async def do(self, command: Any) -> Any:  # redis-py's own annotations mix its two clients
        """What the command's coroutine brings. Raises RedisAway."""
        if not self.breaker.admits():
            command.close()  # it never began
            raise RedisAway(f"left alone after {self.trouble}")
        known = self.breaker.failures
        try:
            result = await _cancellable(command)
        except ResponseError as error:
            self._events.failed("redis", error)
            self._well()  # a Redis that is full refuses to write, and is not away
            raise RedisAway(str(error)) from error
        except (RedisError, OSError, TimeoutError) as error:
            self._events.failed("redis", error)
            self._ill(f"{type(error).__name__}: {error}", known)
            raise RedisAway(str(error)) from error
        self._well()
        return result

    async def listen(self, channel: str) -> AsyncIterator[bytes]:
        """First an empty message, when nothing can be missed any more; then what is published, and now and then an
        empty one. Raises RedisAway."""
        pubsub = self._listener.pubsub()
        try:
            await pubsub.subscribe(channel)
            _mind_cancellation()
            async for message in _messages(pubsub, self._silence_s):
                yield message["data"] if message["type"] == "message" else b""
        except (RedisError, OSError, TimeoutError) as error:
            _mind_cancellation()
            raise RedisAway(str(error)) from error
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        await self._listener.aclose()
        await self.client.aclose()

    def _well(self) -> None:
        if self.breaker.state != "closed":
            self._events.left_alone(False)
        self.breaker.succeeded()
        self._note(None)

    def _ill(self, trouble: str, known: int) -> None:
        self.breaker.failed(known)
        if self.breaker.state == "open":
            self._events.left_alone(True)
        self._note(trouble)

    def _note(self, trouble: str | None) -> None:
        if trouble and not self.trouble:
            logger.warning("Redis is away: %s", trouble)
        elif self.trouble and not trouble:
            logger.info("Redis is back")
        self.trouble = trouble


async def _messages(pubsub: PubSub, silence_s: float) -> AsyncIterator[dict[str, Any]]:
    """A line that died without a word is as silent as one on which there are no news: so it is asked."""
    asked = False
    while True:
        message = await pubsub.get_message(timeout=silence_s)
        _mind_cancellation()
        if message:
            yield message
        elif asked:
            raise TimeoutError(f"no answer to a ping within {silence_s:g} seconds")
        else:
            await pubsub.ping()
            _mind_cancellation()
        asked = not message


async def _cancellable(command: Any) -> Any:
    try:
        return await command
    finally:
        _mind_cancellation()


def _mind_cancellation() -> None:
    """redis-py sends within `asyncio.wait_for`, which before Python 3.12 may swallow a cancellation (CPython issue
    86296): whoever then goes on would never end."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
