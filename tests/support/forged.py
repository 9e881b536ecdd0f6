"""Two files with one unseeded XXH3-128: what anybody can make who wants one image's mask to be served for another.

XXH3 adds a long input up in eight sums, 64 bytes (a stripe) at a time (xxHash, doc/xxhash_spec.md, "XXH3 Algorithm
Description (for inputs of more than 240 bytes)"). To each sum it adds its neighbour's 8 bytes as they lie, and the
product of the two halves of its own after an exclusive or with a secret that is public. Where one half equals the
secret's, the product is nothing and the other half is free: two stripes bring all sums to whatever they should be.
"""

import struct
from itertools import chain

STRIPE_BYTES, LANES = 64, 8
BLOCK_BYTES = 1024
"""Up to here there is nothing but those sums; equal sums stay equal whatever comes then, if that is equal too."""
FREE_BYTES = 2 * STRIPE_BYTES
_LOW = 2**32 - 1
_SECRET = struct.unpack(
    "<24Q",
    bytes.fromhex(
        "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
        "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
        "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
        "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
    ),
)
"""The stripe at place n meets the eight words from n on."""


def forged_pair(victim: bytes, forged: bytes) -> tuple[bytes, bytes]:
    """Both files, filled up behind their ends until they have one length and one hash. 896 bytes each at most."""
    room = BLOCK_BYTES - FREE_BYTES
    assert max(len(victim), len(forged)) <= room
    first, second = victim.ljust(BLOCK_BYTES, b"\0"), forged.ljust(room, b"\0")
    wanted = [aim - have for aim, have in zip(_sums(first), _sums(second), strict=True)]
    rest = bytes(STRIPE_BYTES)  # a block is not the last one unless something follows
    return first + rest, second + _stripes(room // STRIPE_BYTES, wanted) + rest


def _sums(data: bytes) -> list[int]:
    sums = [0] * LANES
    for place in range(len(data) // STRIPE_BYTES):
        for lane, word in enumerate(struct.unpack_from("<8Q", data, place * STRIPE_BYTES)):
            mixed = word ^ _SECRET[place + lane]
            sums[lane ^ 1] += word
            sums[lane] += (mixed & _LOW) * (mixed >> 32)
    return sums


def _stripes(place: int, wanted: list[int]) -> bytes:
    """Two stripes for this place and the next that add `wanted` to the sums and nothing else."""
    words = [_words(_SECRET[place + lane], _SECRET[place + 1 + lane], wanted[lane ^ 1]) for lane in range(LANES)]
    return struct.pack("<16Q", *chain(*zip(*words, strict=True)))


def _words(first_secret: int, second_secret: int, wanted: int) -> tuple[int, int]:
    """Two words with the sum `wanted`: the first has its secret's high half, the second its secret's low half."""
    high, low = first_secret & ~_LOW, second_secret & _LOW
    first = high | (wanted - low) & _LOW
    return first, (wanted - first) & (2**64 - 1)
