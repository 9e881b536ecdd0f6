import pytest

from proxy.web.ledger import Ledger, in_units


def ledger(**facts) -> Ledger:
    usual = {"entries": 0, "bytes": 0, "kept": 0, "answers": 0, "idle_ttl_s": 1800.0, "redis": False, "model": None}
    return Ledger(**usual | facts)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (33_554_432, "33.6 MB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes_are_said_as_people_write_them(count: int, words: str):
    assert in_units(count) == words


@pytest.mark.parametrize(("seconds", "words"), [(1800, "30 minutes"), (60, "60 seconds"), (2, "2 seconds")])
def test_the_time_that_an_entry_lives_is_said_in_minutes_where_there_are_some(seconds: float, words: str):
    assert ledger(idle_ttl_s=seconds).keeps_for == words


@pytest.mark.parametrize(
    ("version", "small"), [("small-5d41402a", True), ("base-5d41402a", False), ("smaller-1", False), (None, False)]
)
def test_the_weights_that_the_repository_carries_are_known_by_their_version(version: str | None, small: bool):
    assert ledger(model=version).is_small is small
