from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.memory import OVERHEAD_BYTES, MemoryCache
from proxy.core.keys import alias_of, aliases_of
from proxy.core.types import Key
from tests.support.clock import Clock
from tests.support.entries import CAT_KEY, DOG_KEY, MASK, NAMED

TTL_S = 1800.0
ROOM = 10 * OVERHEAD_BYTES


def memory(max_bytes: int = ROOM) -> tuple[MemoryCache, Clock]:
    clock = Clock()
    return MemoryCache(max_bytes, TTL_S, clock), clock


def test_what_is_put_is_found():
    cache, _ = memory()
    cache.put(CAT_KEY, MASK)
    slot = cache.get(CAT_KEY)
    assert slot is not None
    assert slot.entry is MASK
    assert cache.get(DOG_KEY) is None


def test_an_entry_that_is_read_often_enough_lives_for_ever():
    cache, clock = memory()
    cache.put(CAT_KEY, MASK)
    for _ in range(10):
        clock.now += TTL_S - 1
        assert cache.get(CAT_KEY)


def test_an_entry_that_nobody_reads_is_gone_after_its_ttl_and_so_are_its_bytes():
    cache, clock = memory()
    cache.put(CAT_KEY, MASK)
    clock.now += TTL_S
    assert cache.get(CAT_KEY) is None
    assert cache.bytes == 0


def test_the_least_recently_read_goes_first():
    cache, _ = memory(2 * OVERHEAD_BYTES + 10)
    cache.put(CAT_KEY, MASK)
    cache.put(DOG_KEY, MASK)
    cache.get(CAT_KEY)
    cache.put(Key("3"), MASK)
    assert cache.get(CAT_KEY)
    assert cache.get(DOG_KEY) is None


def test_an_entry_larger_than_the_tier_is_not_kept():
    cache, _ = memory()
    cache.put(CAT_KEY, replace(MASK, png=b"x" * ROOM))
    assert (len(cache), cache.bytes) == (0, 0)


def test_an_entry_larger_than_the_tier_drives_nothing_out():
    cache, _ = memory()
    cache.put(CAT_KEY, MASK)
    cache.put(DOG_KEY, replace(MASK, png=b"x" * ROOM))
    assert cache.get(CAT_KEY)
    assert cache.get(DOG_KEY) is None


def test_a_tier_of_no_bytes_keeps_nothing():
    cache, _ = memory(0)
    cache.put(CAT_KEY, MASK)
    assert cache.get(CAT_KEY) is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3 * OVERHEAD_BYTES), st.booleans())))
def test_whatever_happens_the_bytes_are_those_of_the_entries_and_within_the_bound(steps):
    cache, clock = memory()
    for name, size, read in steps:
        clock.now += TTL_S / 4
        if read:
            cache.get(Key(name))
        else:
            cache.put(Key(name), replace(MASK, png=b"x" * size))
        held = sum(OVERHEAD_BYTES + len(slot.entry.payload) for slot in cache._slots.values())
        assert cache.bytes == held <= ROOM


def test_an_alias_goes_with_its_entry():
    cache, clock = memory()
    cache.put(CAT_KEY, MASK)
    assert cache.resolve(alias_of(MASK)) == CAT_KEY
    clock.now += TTL_S
    cache.get(DOG_KEY)
    assert cache.resolve(alias_of(MASK)) is None


def test_an_entry_that_moved_to_another_key_keeps_its_alias():
    """Another seed names the same image anew; the old entry's end must not take the new one's alias along."""
    cache, _ = memory()
    cache.put(CAT_KEY, MASK)
    cache.put(DOG_KEY, MASK)
    cache.drop(CAT_KEY)
    assert cache.resolve(alias_of(MASK)) == DOG_KEY


def test_an_entry_takes_all_its_aliases_with_it_and_what_they_weigh():
    cache, _ = memory()
    cache.put(CAT_KEY, NAMED)
    assert [cache.resolve(alias) for alias in aliases_of(NAMED)] == [CAT_KEY] * 3
    assert cache.bytes > OVERHEAD_BYTES + len(NAMED.payload)
    cache.drop(CAT_KEY)
    assert [cache.resolve(alias) for alias in aliases_of(NAMED)] == [None] * 3
    assert cache.bytes == 0


def test_of_two_files_of_one_picture_the_later_one_answers_to_its_name():
    cache, _ = memory()
    twin = replace(NAMED, digest="e" * 64)
    cache.put(CAT_KEY, NAMED)
    cache.put(DOG_KEY, twin)
    cache.drop(CAT_KEY)
    assert cache.resolve(aliases_of(NAMED)[1]) == DOG_KEY
