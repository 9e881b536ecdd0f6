import asyncio
from collections.abc import Sequence

import pytest

from proxy.cache.trips import LANES, MOST, MOST_WAITING, Crowded, Trips
from tests.support.settling import settle


class Far:
    """Doubles numbers, far away: a trip ends when it is told to."""

    def __init__(self) -> None:
        self.trips: list[list[int]] = []
        self.back = asyncio.Semaphore(0)

    async def double(self, numbers: Sequence[int]) -> list[int]:
        self.trips.append(list(numbers))
        await self.back.acquire()
        if 13 in numbers:
            raise ZeroDivisionError
        return [2 * number for number in numbers]


@pytest.fixture
def far() -> Far:
    return Far()


async def test_who_comes_alone_travels_at_once(far: Far):
    asked = asyncio.create_task(Trips(far.double).ask(1))
    await settle()
    assert far.trips == [[1]]
    far.back.release()
    assert await asked == 2


async def test_who_comes_meanwhile_shares_the_next_trip(far: Far):
    trips = Trips(far.double)
    asked = [asyncio.create_task(trips.ask(1))]
    await settle()
    asked += [asyncio.create_task(trips.ask(number)) for number in (2, 3, 4)]
    await settle()
    assert far.trips == [[1]]
    far.back.release()
    await settle()
    assert far.trips == [[1], [2, 3, 4]]
    far.back.release()
    assert await asyncio.gather(*asked) == [2, 4, 6, 8]


async def test_a_trip_has_an_end(far: Far):
    trips = Trips(far.double)
    for _ in range(4):
        far.back.release()
    assert await asyncio.gather(*(trips.ask(number) for number in range(20, 22 + 2 * MOST))) == [
        2 * number for number in range(20, 22 + 2 * MOST)
    ]
    assert max(map(len, far.trips)) == MOST


async def test_what_goes_wrong_goes_wrong_for_those_who_travelled_and_nobody_else(far: Far):
    trips = Trips(far.double)
    asked = [asyncio.create_task(trips.ask(number)) for number in (12, 13)]
    await settle()
    asked.append(asyncio.create_task(trips.ask(14)))
    await settle()
    far.back.release()
    far.back.release()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ZeroDivisionError, ZeroDivisionError, int]


async def test_who_leaves_disturbs_nobody(far: Far):
    trips = Trips(far.double)
    first, leaver, last = (asyncio.create_task(trips.ask(number)) for number in (1, 2, 3))
    await settle()
    leaver.cancel()
    await settle()
    far.back.release()
    far.back.release()
    assert (await first, await last) == (2, 6)


async def test_after_a_rest_it_travels_again(far: Far):
    trips = Trips(far.double)
    far.back.release()
    far.back.release()
    assert [await trips.ask(1), await trips.ask(2)] == [2, 4]


async def test_where_more_wait_than_one_trip_takes_another_sets_out(far: Far):
    trips = Trips(far.double)
    asked = [asyncio.create_task(trips.ask(0))]
    await settle()
    asked += [asyncio.create_task(trips.ask(number)) for number in range(MOST)]
    await settle()
    assert [len(trip) for trip in far.trips] == [1, MOST]
    for _ in far.trips:
        far.back.release()
    assert len(await asyncio.gather(*asked)) == 1 + MOST


async def test_nobody_joins_where_very_many_wait(far: Far):
    trips = Trips(far.double)
    asked = [asyncio.create_task(trips.ask(number)) for number in range(20, 20 + LANES * MOST)]
    await settle()
    assert len(far.trips) == LANES
    asked += [asyncio.create_task(trips.ask(number)) for number in range(20, 20 + MOST_WAITING)]
    await settle()
    with pytest.raises(Crowded):
        await trips.ask(1)
    for _ in asked:
        far.back.release()
    assert len(await asyncio.gather(*asked)) == LANES * MOST + MOST_WAITING
