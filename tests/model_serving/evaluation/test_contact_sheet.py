import numpy as np
from PIL import Image

from model_serving.evaluation.contact_sheet import CELL, COLUMNS, GAP, cut_out, photos, sheet
from model_serving.network import InSPyReNet
from model_serving.remover import Remover


def test_a_cut_out_shows_the_picture_where_the_mask_is_full_and_checkers_where_it_is_empty():
    picture = Image.new("RGB", (40, 20), (200, 10, 10))
    mask = np.zeros((20, 40), np.float32)
    mask[:, :20] = 1.0
    made = np.asarray(cut_out(picture, mask))
    assert np.all(made[:, :20] == (200, 10, 10))
    assert set(np.unique(made[:, 20:])) == {205, 255}


def test_the_sheet_holds_a_photo_its_mask_and_its_cut_out_side_by_side(tiny: InSPyReNet):
    pictures = [Image.new("RGB", (90, 60), "navy")] * (COLUMNS + 1)
    page = sheet(Remover(tiny), pictures)
    strip = 3 * CELL + 2 * GAP
    assert page.size == (COLUMNS * (strip + GAP) + GAP, 2 * (CELL + GAP) + GAP)
    middle = GAP + CELL // 2
    assert page.getpixel((middle, middle)) == (0, 0, 128)


def test_the_photos_are_colour_pictures_that_are_already_here():
    found = photos()
    assert {"astronaut", "cat", "coffee"} <= found.keys()
    assert all(photo.mode == "RGB" and min(photo.size) > 200 for photo in found.values())
