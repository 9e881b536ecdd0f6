import numpy as np
import pytest
from PIL import Image

from model_serving.training.cutouts import SIDE, is_held_out, subject, trim


@pytest.mark.parametrize(
    ("names", "shared"),
    [
        (["rabbit.png", "rabbit-2.png", "rabbit_little.png", "Rabbit3.png"], "rabbit"),
        (["crawfish1_ganson.png", "crawfish_02.png"], "crawfish"),
        (["7spoke256.png"], "spoke"),
    ],
)
def test_variants_of_a_picture_show_one_subject(names: list[str], shared: str):
    assert {subject(name) for name in names} == {shared}


def test_variants_fall_on_one_side_of_the_split():
    words = [f"{letter}{vowel}{letter}" for letter in "bcdfghklmnprstvwz" for vowel in "aeiou"]
    for word in words:
        sides = {is_held_out(f"{word}{suffix}.png") for suffix in ("", "-2", "_red", "01_someone")}
        assert len(sides) == 1


def test_about_a_tenth_is_held_out():
    held = [is_held_out(f"{code:x}") for code in range(0x1F300, 0x1F900)]
    assert 0.05 < sum(held) / len(held) < 0.15


def test_trimming_crops_to_what_shows_and_shrinks():
    image = Image.new("RGBA", (900, 900))
    image.paste((200, 30, 30, 255), (100, 200, 700, 500))
    image.paste((0, 0, 0, 0), (100, 200, 300, 300))
    cutout = trim(image)
    assert cutout is not None
    assert cutout.shape == (SIDE // 2, SIDE, 4)


@pytest.mark.parametrize("alpha", [0, 40])
def test_what_is_invisible_is_no_object(alpha: int):
    assert trim(Image.new("RGBA", (100, 100), (9, 9, 9, alpha))) is None


def test_a_bare_rectangle_and_a_speck_are_no_objects():
    assert trim(Image.new("RGBA", (100, 100), "red")) is None
    speck = np.zeros((200, 200, 4), np.uint8)
    speck[90:100, 90:100] = 255
    assert trim(Image.fromarray(speck)) is None
