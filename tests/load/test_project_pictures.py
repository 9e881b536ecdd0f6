import io

from PIL import Image, ImageChops

from tests.load.project_pictures import SIZES, jpeg


def opened(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image))


def test_a_number_names_a_picture():
    first = jpeg(3)
    jpeg.cache_clear()
    assert jpeg(3) == first != jpeg(4)


def test_a_picture_has_one_of_the_sizes_of_a_project():
    assert {opened(jpeg(number)).size for number in range(5)} <= set(SIZES)


def test_a_reencoded_picture_has_the_same_pixels_in_other_bytes():
    assert jpeg(3, reencoded=True) != jpeg(3)
    assert ImageChops.difference(opened(jpeg(3, reencoded=True)), opened(jpeg(3))).getbbox() is None
