"""The mask is the object's alone, whatever else is dark."""

import numpy as np

from model_serving.training.arrays import pixels
from model_serving.training.bank import Bank
from model_serving.training.composite import compose


def test_the_mask_is_the_objects_coverage_and_no_shadow(bank: Bank):
    square = np.zeros((60, 60, 4), np.uint8)
    square[..., :3] = 255
    square[..., 3] = 255
    white = [np.full((80, 80, 3), 250, np.uint8)]
    only = Bank([square], white)
    for number in range(12):
        mask = compose(np.random.default_rng(number), only, 64).mask
        solid = np.logical_or(mask < 40, mask > 215).mean()
        assert solid > 0.85, "a shadow in the mask would be a wide half-tone"
    assert pixels(np.array([0.5], np.float32))[0] == 128
