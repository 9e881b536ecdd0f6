import numpy as np

from model_serving.training.bank import Bank
from model_serving.training.composite import compose


def scene(bank: Bank, number: int, side: int = 64):
    return compose(np.random.default_rng((3, number)), bank, side)


def test_the_same_seed_makes_the_same_scene(bank: Bank):
    first, again, other = scene(bank, 1), scene(bank, 1), scene(bank, 2)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.mask, again.mask)
    assert not np.array_equal(first.image, other.image)


def test_scenes_have_the_asked_size_and_eight_bits(bank: Bank):
    made = scene(bank, 4, 96)
    assert made.image.shape == (96, 96, 3)
    assert made.mask.shape == (96, 96)
    assert made.image.dtype == made.mask.dtype == np.uint8


def test_every_scene_shows_something_and_never_only_that(bank: Bank):
    shares = [scene(bank, number).mask.mean() / 255 for number in range(40)]
    assert min(shares) > 0.01
    assert max(shares) < 0.95


def test_truths_have_soft_edges(bank: Bank):
    soft = [np.logical_and(scene(bank, n).mask > 30, scene(bank, n).mask < 225).any() for n in range(5)]
    assert all(soft)
