import numpy as np
from PIL import Image

from model_serving.evaluation.photos import photos
from model_serving.evaluation.photos.outlines import drawn, outlines

SQUARE = [(2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0)]
HOLE = [(4.0, 4.0), (6.0, 4.0), (6.0, 6.0), (4.0, 6.0)]


def test_an_outline_is_full_inside_and_empty_outside():
    mask = np.asarray(drawn([SQUARE], (10, 10)))
    assert mask[5, 5] == 255
    assert mask[0, 0] == mask[9, 9] == 0


def test_an_outline_within_another_is_a_hole():
    mask = np.asarray(drawn([SQUARE, HOLE], (10, 10)))
    assert mask[5, 5] == 0
    assert mask[3, 3] == 255


def test_an_edge_through_a_pixel_leaves_it_grey():
    mask = np.asarray(drawn([[(2.5, 2.0), (8.0, 2.0), (8.0, 8.0), (2.5, 8.0)]], (10, 10)))
    assert 0 < mask[5, 2] < 255


def test_every_mask_is_what_its_outlines_draw():
    known = outlines()
    assert known.keys() == {photo.name for photo in photos()}
    for photo in photos():
        with Image.open(photo.mask) as mask:
            assert np.array_equal(np.asarray(drawn(known[photo.name], mask.size)), np.asarray(mask)), photo.name
