import numpy as np
from PIL import Image as Pillow

from proxy.imaging.backgrounds import Colour
from proxy.imaging.geometry import Box, Length
from proxy.imaging.shadow import Shadow, cast

SUBJECT = Box(40, 40, 60, 60)


def alpha() -> Pillow.Image:
    grey = Pillow.new("L", (100, 100))
    grey.paste(255, (40, 40, 60, 60))
    return grey


def test_a_shadow_has_the_subjects_shape_and_lies_beside_it():
    layer = cast(Shadow(1, Length(0), Length(10), Length(-5)), alpha(), SUBJECT)
    assert layer.getchannel("A").getbbox() == (50, 35, 70, 55)


def test_a_shadow_has_its_own_colour_and_strength():
    layer = cast(Shadow(0.5, Length(0), Length(0), Length(0), Colour(10, 20, 30)), alpha(), SUBJECT)
    assert layer.getpixel((50, 50)) == (10, 20, 30, 128)


def test_lengths_are_parts_of_the_subject():
    layer = cast(Shadow(1, Length(0), Length(0.5, relative=True), Length(0)), alpha(), SUBJECT)
    assert layer.getchannel("A").getbbox() == (50, 40, 70, 60)


def test_a_soft_shadow_loses_no_darkness():
    hard, soft = (np.asarray(cast(Shadow(1, Length(blur)), alpha(), SUBJECT))[..., 3].astype(int) for blur in (0, 4))
    assert soft.max() < hard.max()
    assert abs(soft.sum() - hard.sum()) < 0.02 * hard.sum()
