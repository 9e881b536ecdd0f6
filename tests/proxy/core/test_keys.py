import re

from hypothesis import given
from hypothesis import strategies as st

from proxy.core.fingerprint import image_of
from proxy.core.keys import alias, alias_of, aliases_of, etag, mask_key, picture_alias, rendered_key
from proxy.core.types import Model
from tests.support.entries import MASK, NAMED, RENDERED

CAT = image_of(b"cat", seed=1)
MODEL = Model("inspyrenet", "small-1")

texts = st.text(max_size=6)


def test_a_key_may_be_seen_the_hash_in_it_may_not():
    token = mask_key(CAT, MODEL).token
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert CAT.xxh3.hex() not in token


def test_every_field_changes_the_key():
    keys = [
        mask_key(CAT, MODEL),
        mask_key(image_of(b"dog", seed=1), MODEL),
        mask_key(image_of(b"cat", seed=2), MODEL),
        mask_key(CAT, Model("other", "small-1")),
        mask_key(CAT, Model("inspyrenet", "small-2")),
        rendered_key(CAT, MODEL, ""),
        rendered_key(CAT, MODEL, "mask.png"),
    ]
    assert len(set(keys)) == len(keys)


def test_an_alias_needs_the_digest_the_version_and_the_rendering():
    names = [
        alias("ab", "1", None),
        alias("ab", "2", None),
        alias("ac", "1", None),
        alias("ab", "1", ""),
        alias("ab", "1", "mask.png"),
    ]
    assert len(set(names)) == len(names)
    assert alias_of(MASK) == alias(MASK.digest, MASK.model_version, None)
    assert alias_of(RENDERED) == alias(RENDERED.digest, RENDERED.model_version, "mask.png")


def test_a_picture_is_found_by_each_of_its_names():
    by_names = [picture_alias(name, NAMED.model_version) for name in NAMED.names]
    assert aliases_of(NAMED) == (alias_of(NAMED), *by_names)
    assert aliases_of(RENDERED) == (alias_of(RENDERED),)
    others = [picture_alias(b"other", NAMED.model_version), picture_alias(NAMED.names[0], "small-2")]
    assert len({*aliases_of(NAMED), *others}) == 5


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
def test_fields_cannot_run_into_each_other(one, other):
    """`("ab", "c")` and `("a", "bc")` are two keys: this is what length prefixes are for."""
    key, other_key = (rendered_key(CAT, Model(name, version), options) for name, version, options in (one, other))
    assert (key == other_key) == (one == other)


def test_an_etag_is_strong_and_follows_image_model_and_options():
    tags = {etag("d1", "v1", "mask"), etag("d2", "v1", "mask"), etag("d1", "v2", "mask"), etag("d1", "v1", "cutout")}
    assert len(tags) == 4
    assert all(re.fullmatch(r'"[0-9a-f]{32}"', tag) for tag in tags)
