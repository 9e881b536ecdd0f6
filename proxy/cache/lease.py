"""One flight for equal images across replicas: a lease in Redis for whoever makes the mask, news for the others.

Everything fails open. Where Redis does not answer, or the lease of a leader that died, froze or hangs runs out, one who
waits makes the mask itself; then two inferences bring the same bytes.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from proxy.cache.link import RedisAway, RedisLink
from proxy.cache.notices import CHANNEL, Notices
from proxy.cache.redis import entry_name
from proxy.core.claims import Claim, Free
from proxy.core.patience import Patience
from proxy.core.types import Key

logger = logging.getLogger(__name__)

LEASE_S = 3.0
"""How long the others wait for a leader that has died, or is given up."""
RENEWALS_PER_LEASE = 3
LOOK_AGAIN_S = 0.5
"""A waiter's own look, should the news get lost."""

# The entry may have come between our lookup and now: then the lease would be for nothing.
TAKE = """
if redis.call('exists', KEYS[1]) == 1 then return 'made' end
if redis.call('set', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 'ours' end
return 'theirs'
"""
RENEW = """
return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2])
"""
GIVE_BACK = """
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
redis.call('publish', ARGV[2], ARGV[3])
"""


class Leases:
    """Implements `core.claims.Claims` for replicas that share a Redis."""

    def __init__(
        self,
        link: RedisLink,
        notices: Notices,
        shared: Callable[[Key], Awaitable[None]],
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
        lease_s: float = LEASE_S,
    ) -> None:
        """`shared` returns when an entry that is being written to Redis is there. `patience`: with ourselves."""
        self.patience = patience
        self.clock = clock
        self.lease_s = lease_s
        self._link = link
        self._notices = notices
        self._shared = shared
        self._take = link.script(TAKE)
        self._renew = link.script(RENEW)
        self._give_back = link.script(GIVE_BACK)
        self._background: set[asyncio.Task[None]] = set()

    async def claim(self, key: Key) -> Claim | None:
        token = secrets.token_hex(8)
        # Who listens before asking cannot miss the answer.
        with self._notices.expecting(_landed(key)) as news:
            while True:
                try:
                    state = await self._ask(key, token)
                except RedisAway:
                    return Free()
                except asyncio.CancelledError:
                    self.give_back(key, token)  # Redis may have said `ours` already
                    raise
                if state == b"ours":
                    return Lease(self, key, token)
                if state == b"made" or news.is_set():
                    return None
                if state != b"theirs":
                    return Free()  # another question's answer: nobody may lead at all
                await _came(news, LOOK_AGAIN_S)

    async def close(self) -> None:
        """Waits for the leases that are being given back."""
        while self._background:
            await asyncio.wait(self._background)

    async def renew(self, key: Key, token: str) -> bool:
        """False when somebody else leads by now. Raises RedisAway."""
        return bool(await self._link.do(self._renew(keys=[_lease_name(key)], args=[token, _ms(self.lease_s)])))

    def give_back(self, key: Key, token: str) -> None:
        task = asyncio.create_task(self._returned(key, token))
        self._background.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._background.discard)

    async def _ask(self, key: Key, token: str) -> object:
        names = [entry_name(key), _lease_name(key)]
        return await self._link.do(self._take(keys=names, args=[token, _ms(self.lease_s)]))

    async def _returned(self, key: Key, token: str) -> None:
        await self._shared(key)
        try:
            await self._link.do(self._give_back(keys=[_lease_name(key)], args=[token, CHANNEL, _landed(key)]))
        except RedisAway as error:
            logger.debug("a lease runs out by itself: %s", error)


class Lease:
    """Implements `core.claims.Claim`: held, and renewed, until it is released or patience is over."""

    def __init__(self, leases: Leases, key: Key, token: str) -> None:
        self._leases = leases
        self._key = key
        self._token = token
        self._taken_at = leases.clock()
        self._released = asyncio.Event()
        self._heart = asyncio.create_task(self._beat())

    def release(self) -> None:
        self._released.set()
        self._leases.give_back(self._key, self._token)

    async def _beat(self) -> None:
        while not await _came(self._released, self._leases.lease_s / RENEWALS_PER_LEASE) and not self._overdue:
            try:
                if not await self._leases.renew(self._key, self._token):
                    return
            except RedisAway as error:
                logger.debug("a lease was not renewed: %s", error)

    @property
    def _overdue(self) -> bool:
        """Whoever hangs shall not keep others waiting for as long as he lives."""
        return self._leases.clock() - self._taken_at > self._leases.patience.seconds


async def _came(event: asyncio.Event, patience_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            await event.wait()
    return event.is_set()


def _landed(key: Key) -> str:
    return f"landed {key.token}"


def _lease_name(key: Key) -> str:
    # Apart from the entries: a purge, or a policy that evicts, then never takes a lease for a mask.
    return f"rematte:lease:{key.token}"


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
