import numpy as np
import pytest

from model_serving.training.canvas import SIDE, Canvas, crop_to_alpha
from model_serving.training.shapes import KINDS, draw, ring

PHOTOS = [np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8)]


@pytest.mark.parametrize("kind", dict.fromkeys(KINDS), ids=lambda kind: kind.__name__)
def test_every_kind_draws_something_solid_but_not_the_whole_sheet(kind):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        canvas = Canvas(rng, PHOTOS)
        kind(canvas, rng)
        alpha = canvas.cutout()[..., 3]
        assert alpha.shape == (SIDE, SIDE)
        assert (alpha > 200).sum() > 150
        assert (alpha < 20).mean() > 0.1


def test_rings_have_holes():
    rng = np.random.default_rng(1)
    canvas = Canvas(rng, PHOTOS)
    ring(canvas, rng)
    cutout = crop_to_alpha(canvas.cutout())
    height, width = cutout.shape[:2]
    middle = cutout[height // 3 : -height // 3, width // 3 : -width // 3, 3]
    assert (middle == 0).any()


def test_drawings_are_repeatable_and_cropped():
    one, same = draw(np.random.default_rng(9), PHOTOS), draw(np.random.default_rng(9), PHOTOS)
    assert np.array_equal(one, same)
    assert one[0, :, 3].any()
    assert one[:, -1, 3].any()


def test_of_a_sheet_on_which_nothing_shows_one_see_through_pixel_is_left():
    assert crop_to_alpha(np.zeros((6, 9, 4), np.uint8)).tolist() == [[[0, 0, 0, 0]]]
