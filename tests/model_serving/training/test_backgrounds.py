import numpy as np
from PIL import Image

from model_serving.training.backgrounds import HELD_OUT, SIDE, TILES_HELD_OUT, TILES_TRAIN, TRAIN, shrink


def series(name: str) -> str:
    """Panoramas come in overlapping pieces: guereins1.png, guereins2.png."""
    return name.rstrip("0123456789b.png") if "landscapes" in name else name


def test_no_background_and_no_series_is_on_both_sides():
    assert not {series(name) for name in TRAIN} & {series(name) for name in HELD_OUT}
    assert not set(TILES_TRAIN) & set(TILES_HELD_OUT)


def test_backgrounds_shrink_and_lose_their_transparency():
    made = shrink(Image.new("RGBA", (SIDE * 2, SIDE), (255, 0, 0, 0)))
    assert made.shape == (SIDE // 2, SIDE, 3)
    assert made[0, 0, 2] > made[0, 0, 0], "the sky above is blue"


def test_solid_pictures_stay_as_they_are():
    assert np.all(shrink(Image.new("RGB", (40, 30), (10, 20, 30))) == (10, 20, 30))
