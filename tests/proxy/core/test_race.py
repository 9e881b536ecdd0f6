import asyncio

import pytest

from proxy.core.race import HeadStart, race
from proxy.core.types import Found, Rendered
from proxy.errors import BackendAway
from tests.support.settling import settle

HIT = Found(Rendered(b"png", "image/png", "mask.png", "digest", b"blake3", "v1", 1.0, 0.0), "redis", 1800.0)
PATIENT_S = 60.0


class Runner:
    """One side of the race; arrives when told to."""

    def __init__(self) -> None:
        self.running = asyncio.Event()
        self.left = False
        self.searched: bool | None = None
        self._result: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def run(self) -> object:
        self.running.set()
        try:
            return await asyncio.shield(self._result)
        except asyncio.CancelledError:
            self.left = True
            raise

    async def infer(self, searched: bool) -> object:
        self.searched = searched
        return await self.run()

    def arrive(self, result: object) -> None:
        self._result.set_result(result)

    def fall(self, error: Exception) -> None:
        self._result.set_exception(error)


def start(head_start_s: float) -> tuple[Runner, Runner, asyncio.Task[object]]:
    lookup, inference = Runner(), Runner()
    return lookup, inference, asyncio.create_task(race(lookup.run(), inference.infer, head_start_s))


async def test_a_hit_within_the_head_start_answers_and_nothing_is_inferred():
    lookup, inference, result = start(PATIENT_S)
    lookup.arrive(HIT)
    assert await result is HIT
    assert not inference.running.is_set()


@pytest.mark.parametrize("head_start_s", [0, PATIENT_S])
async def test_the_inference_is_told_whether_the_lookup_had_answered(head_start_s):
    lookup, inference, racing = start(head_start_s)
    if head_start_s:
        lookup.arrive(None)
    await inference.running.wait()
    assert inference.searched == bool(head_start_s)
    inference.arrive("mask")
    assert await racing == "mask"
    if not head_start_s:
        lookup.arrive(None)


async def test_a_miss_starts_the_inference_at_once():
    lookup, inference, result = start(PATIENT_S)
    lookup.arrive(None)
    await inference.running.wait()
    inference.arrive("mask")
    assert await result == "mask"


async def test_when_the_head_start_is_over_the_inference_joins_and_may_win():
    lookup, inference, result = start(0.001)
    await inference.running.wait()
    inference.arrive("mask")
    assert await result == "mask"
    lookup.arrive(HIT)


async def test_a_late_hit_still_wins_over_a_slower_inference_which_is_left_and_not_awaited():
    lookup, inference, result = start(0.001)
    await inference.running.wait()
    lookup.arrive(HIT)
    assert await result is HIT
    await settle()
    assert inference.left


async def test_in_the_literal_race_both_run_from_the_start():
    lookup, inference, result = start(0)
    await inference.running.wait()
    assert lookup.running.is_set()
    lookup.arrive(HIT)
    assert await result is HIT


async def test_an_inference_that_fails_leaves_the_answer_to_the_lookup():
    lookup, inference, result = start(0)
    await inference.running.wait()
    inference.fall(BackendAway("gone"))
    await settle()
    assert not result.done()
    lookup.arrive(HIT)
    assert await result is HIT


async def test_when_both_fail_the_caller_hears_of_the_inference():
    lookup, inference, result = start(0)
    await inference.running.wait()
    inference.fall(BackendAway("gone"))
    lookup.arrive(None)
    with pytest.raises(BackendAway, match="gone"):
        await result


async def test_a_caller_who_leaves_leaves_the_inference_and_lets_the_lookup_end_by_itself():
    lookup, inference, result = start(0)
    await inference.running.wait()
    result.cancel()
    await settle()
    assert inference.left
    assert not lookup.left
    lookup.arrive(None)


@pytest.mark.parametrize(
    ("lookups_s", "expected_s"),
    [
        ([], 0.005),
        ([0.0001] * 100, 0.001),
        ([0.001] * 94 + [0.004] * 2, 0.004),
        ([0.001] * 60 + [5.0] * 36, 0.005),
        ([0.001] * 36 + [5.0] * 60, 0.001),
    ],
)
def test_the_automatic_head_start_is_the_p99_of_recent_lookups_within_1_and_5_ms(lookups_s, expected_s):
    head_start = HeadStart()
    for lookup_s in lookups_s:
        head_start.learn(lookup_s)
    assert head_start.seconds == expected_s


def test_a_fixed_head_start_learns_nothing():
    head_start = HeadStart(0.0)
    head_start.learn(5.0)
    assert head_start.seconds == 0.0


def test_two_lookups_wait_together_no_longer_than_the_longest_head_start():
    head_start = HeadStart()
    for lookup_s in (0.0001, 0.004, 0.004, 0.5):
        head_start.learn(lookup_s)
        assert head_start.seconds + head_start.rest_s == pytest.approx(0.005)
    assert (HeadStart(0.0).rest_s, HeadStart(0.3).rest_s) == (0.0, 0.3)


def test_where_no_lookup_comes_in_time_neither_is_waited_for():
    head_start = HeadStart()
    head_start.learn(0.5)
    assert (head_start.seconds, head_start.rest_s) == (0.001, 0.001)
