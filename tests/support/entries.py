"""Entries to keep in caches, and hypothesis's idea of all of them."""

from dataclasses import replace

from hypothesis import strategies as st

from proxy.core.types import Key, Mask, Rendered

CAT_KEY = Key("0" * 31 + "1")
DOG_KEY = Key("0" * 31 + "2")
MASK = Mask(b"png", 40, 30, "d" * 64, b"b" * 32, "small-1", 0.5, 1000.0)
NAMED = replace(MASK, names=(b"n" * 32, b"m" * 32))
RENDERED = Rendered(b"finished", "image/png", "mask.png", "d" * 64, b"b" * 32, "small-1", 0.5, 1000.0)

_facts = {
    "digest": st.text("0123456789abcdef", min_size=64, max_size=64),
    "blake3": st.binary(min_size=32, max_size=32),
    "model_version": st.text(),
    "confidence": st.floats(0, 1),
    "made_at": st.floats(0, 1e10),
}
entries = st.one_of(
    st.builds(
        Mask,
        png=st.binary(),
        width=st.integers(1, 2**31),
        height=st.integers(1, 2**31),
        names=st.lists(st.binary(min_size=32, max_size=32), max_size=2).map(tuple),
        **_facts,
    ),
    st.builds(
        Rendered,
        body=st.binary(),
        media_type=st.text(),
        rendering=st.text(),
        facts=st.lists(st.tuples(st.text(), st.integers(0, 2**31)), max_size=3).map(tuple),
        **_facts,
    ),
)
keys = st.builds(Key, st.text("0123456789abcdef", min_size=32, max_size=32))
