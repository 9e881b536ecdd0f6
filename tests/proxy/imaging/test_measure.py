import pytest

from proxy.errors import TooManyPixels
from proxy.imaging.measure import Measure
from tests.proxy.imaging.pictures import corners, file_of, image

PORTRAIT = image(file_of(corners(48, 32), "JPEG", orientation=6))


async def test_an_image_is_measured_upright():
    assert await Measure(max_pixels=48 * 32)(PORTRAIT) == (32, 48)


async def test_an_image_above_the_limit_is_refused():
    with pytest.raises(TooManyPixels):
        await Measure(max_pixels=48 * 32 - 1)(PORTRAIT)
