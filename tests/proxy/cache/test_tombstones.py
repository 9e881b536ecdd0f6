from dataclasses import replace

import pytest

from proxy.cache.tombstones import EVERYTHING, Tombstones
from tests.support.entries import MASK, RENDERED

LIFE_S = 3600.0
BEFORE, AT, AFTER = MASK.made_at - 1, MASK.made_at, MASK.made_at + 1


@pytest.fixture
def tombstones():
    return Tombstones(LIFE_S)


@pytest.mark.parametrize("word", [MASK.digest, MASK.model_version, EVERYTHING])
@pytest.mark.parametrize("entry", [MASK, RENDERED])
def test_what_was_made_before_is_covered_and_what_is_made_after_is_not(tombstones, word, entry):
    assert not tombstones.cover(entry)
    tombstones.lay(word, BEFORE)
    assert not tombstones.cover(entry)
    tombstones.lay(word, AT)
    assert tombstones.cover(entry)


def test_other_images_and_models_are_not_covered(tombstones):
    tombstones.lay(MASK.digest, AFTER)
    tombstones.lay(MASK.model_version, AFTER)
    assert not tombstones.cover(replace(MASK, digest="e" * 64, model_version="other"))


def test_one_stands_for_its_life_and_not_for_ever(tombstones):
    tombstones.lay(MASK.digest, AT)
    tombstones.lay("e" * 64, AT + LIFE_S)
    assert tombstones.cover(MASK)
    tombstones.lay("e" * 64, AT + LIFE_S + 1)
    assert not tombstones.cover(MASK)


def test_what_is_forgotten_again_stands_anew(tombstones):
    tombstones.lay(MASK.digest, BEFORE)
    tombstones.lay(EVERYTHING, BEFORE)
    tombstones.lay(MASK.digest, AT + LIFE_S)
    assert tombstones.cover(MASK)
