import pytest

from proxy.cache.breaker import FAILURES, REST_S, Breaker
from tests.support.clock import Clock


@pytest.fixture
def clock():
    return Clock(100.0)


@pytest.fixture
def breaker(clock):
    return Breaker(clock)


@pytest.fixture
def broken(breaker):
    for _ in range(FAILURES):
        fail(breaker)
    return breaker


def fail(breaker: Breaker) -> None:
    """A call that begins now."""
    breaker.failed(breaker.failures)


def test_a_new_one_lets_every_call_go(breaker):
    assert breaker.state == "closed"
    assert breaker.admits()


def test_failures_in_a_row_open_it(breaker):
    for _ in range(FAILURES - 1):
        fail(breaker)
    assert breaker.admits()
    fail(breaker)
    assert breaker.state == "open"
    assert not breaker.admits()


def test_failures_that_are_not_in_a_row_do_not(breaker):
    for _ in range(10 * FAILURES):
        fail(breaker)
        breaker.succeeded()
    assert breaker.state == "closed"


def test_calls_that_one_pause_has_caught_together_are_one_failure(breaker):
    known = [breaker.failures for _ in range(10 * FAILURES)]
    for failures in known:
        breaker.failed(failures)
    assert breaker.failures == 1
    for _ in range(FAILURES - 1):
        fail(breaker)
    assert breaker.state == "open"


def test_after_a_rest_one_call_goes_and_no_other(broken, clock):
    clock.now += REST_S
    assert broken.state == "half-open"
    assert [broken.admits() for _ in range(3)] == [True, False, False]


def test_the_one_that_succeeds_closes_it(broken, clock):
    clock.now += REST_S
    broken.admits()
    broken.succeeded()
    assert broken.state == "closed"


def test_the_one_that_fails_opens_it_for_as_long_again(broken, clock):
    clock.now += REST_S
    broken.admits()
    fail(broken)
    assert not broken.admits()
    clock.now += REST_S
    assert broken.admits()


def test_a_try_that_never_comes_back_does_not_keep_it_open_for_ever(broken, clock):
    clock.now += REST_S
    assert broken.admits()
    clock.now += REST_S
    assert broken.admits()


def test_late_failures_of_calls_that_went_before_it_opened_change_nothing(broken, clock):
    broken.failed(0)
    clock.now += REST_S
    assert broken.admits()
