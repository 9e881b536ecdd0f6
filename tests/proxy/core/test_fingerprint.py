import hashlib

import blake3
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from proxy.core.fingerprint import INLINE_BYTES, Fingerprinter, image_of


@given(st.lists(st.binary(max_size=200), max_size=20), st.integers(0, 2**64 - 1))
def test_however_the_bytes_arrive_the_names_are_the_same(chunks, seed):
    fingerprinter = Fingerprinter(seed)
    for chunk in chunks:
        fingerprinter.feed(chunk)
    image, whole = fingerprinter.finish(), b"".join(chunks)
    assert image.xxh3 == xxhash.xxh3_128_digest(whole, seed=seed)
    assert image.size == len(whole)
    assert b"".join(image.chunks) == whole


async def test_small_and_large_images_get_the_same_kind_of_names():
    for data in (b"cat", b"cat" * INLINE_BYTES):
        image = image_of(data, seed=1)
        assert await image.blake3() == blake3.blake3(data).digest()
        assert await image.digest() == hashlib.sha256(data).hexdigest()


async def test_the_seeded_hash_and_the_bytes_are_not_in_what_a_log_would_show():
    image = image_of(b"cat", seed=1)
    await image.blake3()
    assert repr(image) == "Image(size=3)"
