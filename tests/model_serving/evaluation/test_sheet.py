import numpy as np
from PIL import Image

from model_serving.evaluation.examples import Picture
from model_serving.evaluation.sheet import CAPTION, CELL, CELLS, COLUMNS, GAP, cutout, sheet, strip

HALF = np.zeros((60, 90), np.float32)
HALF[:, :45] = 1.0


def test_a_cutout_shows_the_picture_where_the_mask_is_full_and_checkers_where_it_is_empty():
    made = np.asarray(cutout(Image.new("RGB", (90, 60), (200, 10, 10)), HALF))
    assert np.all(made[:, :45] == (200, 10, 10))
    assert set(np.unique(made[:, 45:])) == {205, 255}


def test_a_strip_is_the_picture_the_truth_the_mask_and_the_cutout():
    picture = Picture(b"", Image.new("RGB", (90, 60), "navy"), 1.0 - HALF)
    made = strip(picture, HALF, "a picture")
    middle, left = CAPTION + CELL // 2, 90 // 4 + (CELL - 90) // 2
    shown = [made.getpixel((number * (CELL + GAP) + left, middle)) for number in range(len(CELLS))]
    assert shown == [(0, 0, 128), (0, 0, 0), (255, 255, 255), (0, 0, 128)]


def test_the_sheet_has_as_many_rows_as_it_needs():
    made = Image.new("RGB", (100, 50))
    page = sheet([made] * (COLUMNS + 1))
    assert page.size == (COLUMNS * (100 + GAP) + GAP, 2 * (50 + GAP) + GAP)
    assert sheet([made]).size == (100 + 2 * GAP, 50 + 2 * GAP)
