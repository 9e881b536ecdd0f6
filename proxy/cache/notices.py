"""What the replicas tell each other through Redis: a flight has landed, an entry is to be forgotten.

Pub/sub delivers at most once: whoever waits for news must also look for himself now and then.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from proxy.cache.link import RedisAway, RedisLink

logger = logging.getLogger(__name__)

CHANNEL = "rematte:notices"
AGAIN_S = 1.0
"""Until Redis is asked again for its news, when it went away."""

Handler = Callable[[str], object]


class Notices:
    """One subscription for the whole process. A notice is a kind and a word: `landed 9f86d081...`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._expected: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._handlers: dict[str, Handler] = {}
        self.listening = asyncio.Event()
        """Set while nothing that is published can be missed."""

    def on(self, kind: str, handler: Handler) -> None:
        """Calls `handler` with the word of every notice of that kind, from any replica, this one included."""
        self._handlers[kind] = handler

    @contextmanager
    def expecting(self, notice: str) -> Iterator[asyncio.Event]:
        """An event that is set when the notice comes."""
        event = asyncio.Event()
        self._expected[notice].add(event)
        try:
            yield event
        finally:
            self._expected[notice].discard(event)
            if not self._expected[notice]:
                del self._expected[notice]

    async def tell(self, notice: str) -> None:
        """Raises RedisAway."""
        await self._link.do(self._link.client.publish(CHANNEL, notice))

    async def run(self) -> None:
        """Listens until cancelled."""
        while True:
            try:
                async for message in self._link.listen(CHANNEL):
                    self.listening.set()
                    self._heard(message.decode("utf-8", "replace"))
            except RedisAway as error:
                logger.debug("no news from the other replicas: %s", error)
            finally:
                self.listening.clear()
            await asyncio.sleep(AGAIN_S)

    def _heard(self, notice: str) -> None:
        for event in self._expected.get(notice, ()):
            event.set()
        kind, _, word = notice.partition(" ")
        if handler := self._handlers.get(kind):
            handler(word)
