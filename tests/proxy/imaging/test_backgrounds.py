import numpy as np
import pytest
from PIL import Image as Pillow

from proxy.errors import BadImage, TooManyPixels
from proxy.imaging.backgrounds import Backdrop, Blur, Colour, Gradient, Scene, covering, painted, spread
from proxy.imaging.geometry import IN_PLACE, Box, Length, Margins, Placing, laid_out
from tests.proxy.imaging.pictures import corners, file_of, image, linear_rgb_profile

RED, BLUE, SEEN_THROUGH = Colour(255, 0, 0), Colour(0, 0, 255), Colour(0, 255, 0, 128)
SUBJECT = Box(30, 10, 50, 30)
LIMIT = 10_000


def scene(placing: Placing = IN_PLACE) -> Scene:
    """A red subject before a picture that is green on the left, blue on the right."""
    picture = Pillow.new("RGB", (80, 40), "lime")
    picture.paste("blue", (40, 0, 80, 40))
    picture.paste("red", SUBJECT.pixels)
    alpha = Pillow.new("L", (80, 40))
    alpha.paste(255, SUBJECT.pixels)
    return Scene(picture, alpha, laid_out(picture.size, SUBJECT, placing, LIMIT), placing.moves)


@pytest.mark.parametrize(("colour", "mode"), [(RED, "RGB"), (SEEN_THROUGH, "RGBA")])
def test_a_colour_fills_the_canvas(colour: Colour, mode: str):
    canvas = painted(colour, scene(), LIMIT)
    assert (canvas.mode, canvas.size) == (mode, (80, 40))
    assert canvas.getcolors() == [(3200, tuple(colour[: len(mode)]))]


def test_a_gradient_runs_downwards_unless_turned():
    down, right = (np.asarray(painted(Gradient((RED, BLUE), angle), scene(), LIMIT)) for angle in (180, 90))
    assert np.ptp(down, axis=1).max() == 0
    assert np.ptp(right, axis=0).max() == 0
    for line in (down[:, 0].astype(int), right[0].astype(int)):
        assert line[0, 0] > 245
        assert line[-1, 2] > 245
        assert all(np.diff(line[:, 0]) <= 0)


def test_a_gradients_colours_are_at_equal_distances():
    row = np.asarray(painted(Gradient((RED, BLUE, RED), 90), scene(), LIMIT))[0]
    assert row[40].tolist() == pytest.approx([0, 0, 255], abs=8)


def test_a_gradient_may_be_seen_through():
    assert painted(Gradient((RED, SEEN_THROUGH)), scene(), LIMIT).mode == "RGBA"


def test_a_blurred_background_holds_nothing_of_the_subject():
    canvas = np.asarray(painted(Blur(Length(3)), scene(), LIMIT))
    assert canvas.shape == (40, 80, 3)
    beside = canvas[8:32, 26:54].reshape(-1, 3)
    assert beside[:, 0].max() == 0
    assert canvas[20, 5].tolist() == [0, 255, 0]


def test_a_blurred_background_stays_where_it_was_when_its_canvas_is_cropped():
    canvas = np.asarray(painted(Blur(Length(1)), scene(Placing(crop=Margins(left=Length(20)))), LIMIT))
    assert canvas.shape == (20, 40, 3)
    assert canvas[10, 2].tolist() == [0, 255, 0]


def test_a_blurred_background_is_whole_when_the_subject_is_moved():
    canvas = np.asarray(painted(Blur(Length(8)), scene(Placing(position=(0, 0))), LIMIT))
    assert canvas[0, 0, 1] > 200
    assert canvas[0, -1, 2] > 200


def test_pixels_of_no_weight_lend_no_colour():
    view = scene()
    weight = view.alpha
    assert np.asarray(spread(view.picture, weight, 2))[20, 30].tolist() == pytest.approx([255, 0, 0], abs=1)


def test_another_picture_covers_the_canvas_from_its_middle():
    wide = Pillow.new("RGB", (400, 40), "lime")
    wide.paste("red", (160, 0, 240, 40))
    canvas = painted(Backdrop("d" * 64, image(file_of(wide))), scene(), 20_000)
    assert canvas.getcolors() == [(3200, (255, 0, 0))]


def test_a_picture_of_the_canvas_size_is_used_as_it_is():
    picture = corners(80, 40)
    assert covering(picture, (80, 40)) is picture
    assert painted(Backdrop("d", image(file_of(picture))), scene(), LIMIT).tobytes() == picture.tobytes()


def test_another_picture_comes_upright_and_in_srgb():
    half_the_light = Pillow.new("RGB", (40, 80), (128, 128, 128))
    file = file_of(half_the_light, "JPEG", orientation=6, icc_profile=linear_rgb_profile())
    canvas = painted(Backdrop("d", image(file)), scene(), LIMIT)
    assert canvas.size == (80, 40)
    assert 186 <= canvas.getpixel((40, 20))[0] <= 190  # type: ignore[index]
    assert not canvas.info


def test_a_background_that_is_no_picture_is_named_as_such():
    with pytest.raises(BadImage, match="background picture"):
        painted(Backdrop("d", image(b"hello")), scene(), LIMIT)
    with pytest.raises(TooManyPixels, match="background picture"):
        painted(Backdrop("d", image(file_of(corners(101, 100)))), scene(), LIMIT)


def test_pictures_behind_are_named_by_what_they_are():
    one, other = (Backdrop(name * 64, image(b"")) for name in "ab")
    assert repr(one) != repr(other)
