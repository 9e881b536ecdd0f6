import msgpack
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from proxy.cache.entry import BadEntry, _checksum, seal, unseal
from tests.support.entries import CAT_KEY, DOG_KEY, MASK, entries, keys


@given(keys, entries)
def test_what_is_sealed_opens_as_it_was(key, entry):
    assert unseal(key, seal(key, entry)) == entry


@given(keys, keys, entries)
def test_an_entry_opens_only_for_its_own_key(key, other, entry):
    assume(key != other)
    with pytest.raises(BadEntry, match="another key"):
        unseal(other, seal(key, entry))


@given(entries, st.data())
def test_a_reply_cut_short_does_not_open(entry, data):
    sealed = seal(CAT_KEY, entry)
    with pytest.raises(BadEntry):
        unseal(CAT_KEY, sealed[: data.draw(st.integers(0, len(sealed) - 1))])


@given(entries, st.data())
def test_a_flipped_bit_does_not_open(entry, data):
    sealed = bytearray(seal(CAT_KEY, entry))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BadEntry):
        unseal(CAT_KEY, bytes(sealed))


@pytest.mark.parametrize("astray", [1, -2, True, "text", None, [b"list"]])
def test_a_reply_to_another_command_does_not_open(astray):
    with pytest.raises(BadEntry):
        unseal(CAT_KEY, astray)


def test_an_entry_of_another_format_does_not_open():
    body = msgpack.packb(["rematte 0", CAT_KEY.token, "mask"])
    with pytest.raises(BadEntry, match="another format"):
        unseal(CAT_KEY, _checksum(body) + body)


def test_equal_entries_of_two_keys_differ_on_the_wire():
    assert seal(CAT_KEY, MASK) != seal(DOG_KEY, MASK)
