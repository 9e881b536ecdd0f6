import asyncio

import pytest

from proxy.core.flights import Flight, Flights
from tests.support.fakes import Heard


class Pilot:
    """Starts flights that land when told to, and counts them."""

    def __init__(self, *, withdrawable: bool = False) -> None:
        self.flown = 0
        self.withdrawn = 0
        self._withdrawable = withdrawable
        self._landing: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def take_off(self) -> Flight[str]:
        self.flown += 1
        self._landing = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._fly(self._landing))
        return Flight(self._task, self._withdraw)

    def land(self, value: str) -> None:
        self._landing.set_result(value)

    def crash(self, error: Exception) -> None:
        self._landing.set_exception(error)

    async def _fly(self, landing: asyncio.Future[str]) -> str:
        return await landing

    def _withdraw(self) -> bool:
        if self._withdrawable:
            self.withdrawn += 1
            self._task.cancel()
        return self._withdrawable


async def board(flights: Flights[str, str], pilot: Pilot, key: str = "cat") -> asyncio.Task[object]:
    waiter = asyncio.create_task(flights.board(key, pilot.take_off))
    await asyncio.sleep(0)
    return waiter


async def test_equal_keys_share_one_flight_and_all_but_the_first_know_it():
    flights, pilot = Flights[str, str](), Pilot()
    waiters = [await board(flights, pilot) for _ in range(3)]
    pilot.land("mask")
    landings = await asyncio.gather(*waiters)
    assert pilot.flown == 1
    assert [(landing.value, landing.collapsed) for landing in landings] == [
        ("mask", False),
        ("mask", True),
        ("mask", True),
    ]


async def test_other_keys_fly_by_themselves():
    flights, pilot = Flights[str, str](), Pilot()
    cat, dog = await board(flights, pilot, "cat"), await board(flights, pilot, "dog")
    assert pilot.flown == 2
    cat.cancel()
    dog.cancel()


async def test_a_waiter_who_leaves_does_not_cancel_the_others():
    flights, pilot = Flights[str, str](), Pilot(withdrawable=True)
    first, second = await board(flights, pilot), await board(flights, pilot)
    first.cancel()
    await asyncio.sleep(0)
    pilot.land("mask")
    assert (await second).value == "mask"
    assert pilot.withdrawn == 0


async def test_when_all_have_left_a_flight_that_can_be_withdrawn_is_and_the_next_one_starts_afresh():
    flights, pilot = Flights[str, str](), Pilot(withdrawable=True)
    for waiter in (await board(flights, pilot), await board(flights, pilot)):
        waiter.cancel()
        await asyncio.wait({waiter})
    assert pilot.withdrawn == 1
    assert len(flights) == 0
    waiter = await board(flights, pilot)
    assert pilot.flown == 2
    pilot.land("mask")
    assert (await waiter).value == "mask"


async def test_a_flight_that_cannot_be_withdrawn_is_boarded_by_whoever_comes_before_it_lands():
    flights, pilot = Flights[str, str](), Pilot()
    first = await board(flights, pilot)
    first.cancel()
    await asyncio.wait({first})
    second = await board(flights, pilot)
    pilot.land("mask")
    landing = await second
    assert (pilot.flown, landing.value, landing.collapsed) == (1, "mask", True)


async def test_a_crash_reaches_every_waiter_and_leaves_nothing_behind():
    flights, pilot = Flights[str, str](), Pilot()
    waiters = [await board(flights, pilot) for _ in range(2)]
    pilot.crash(RuntimeError("no fuel"))
    for waiter in waiters:
        with pytest.raises(RuntimeError, match="no fuel"):
            await waiter
    assert len(flights) == 0


async def test_a_take_off_that_fails_leaves_the_key_free():
    flights, pilot = Flights[str, str](), Pilot()

    def refuse() -> Flight[str]:
        raise RuntimeError("the queue is full")

    with pytest.raises(RuntimeError, match="the queue is full"):
        await flights.board("cat", refuse)
    waiter = await board(flights, pilot)
    pilot.land("mask")
    assert not (await waiter).collapsed


async def test_what_becomes_of_flights_is_told():
    heard = Heard()
    flights = Flights[str, str](heard)
    shared, lonely, recalled = Pilot(), Pilot(), Pilot(withdrawable=True)
    both = [await board(flights, shared) for _ in range(2)]
    (await board(flights, lonely, "dog")).cancel()
    (await board(flights, recalled, "cow")).cancel()
    await asyncio.sleep(0)
    shared.land("mask")
    lonely.land("mask")
    await asyncio.gather(*both)
    told = {event: heard.times(event) for event in ("took_off", "collapsed", "withdrew", "wasted")}
    assert told == {"took_off": 3, "collapsed": 1, "withdrew": 1, "wasted": 1}


async def test_a_flight_that_cost_nothing_wasted_nothing():
    heard, pilot = Heard(), Pilot()
    (await board(Flights[str, str](heard, lambda value: value != "found"), pilot)).cancel()
    await asyncio.sleep(0)
    pilot.land("found")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert heard.times("wasted") == 0


async def test_a_flight_that_crashes_unseen_wasted_no_mask():
    heard, pilot = Heard(), Pilot()
    (await board(Flights[str, str](heard), pilot)).cancel()
    await asyncio.sleep(0)
    pilot.crash(ValueError("no"))
    await asyncio.sleep(0)
    assert heard.times("wasted") == 0
