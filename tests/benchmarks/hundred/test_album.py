import io
from collections import Counter

import pytest
from PIL import Image

from benchmarks.hundred.album import album


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """Those of the first scene."""
    return list(album(25))


def test_the_pictures_of_a_scene_are_all_different_and_of_mixed_sizes(pictures: list[bytes]):
    assert len(set(pictures)) == 25
    megapixels = sorted(image.width * image.height / 1e6 for image in map(Image.open, map(io.BytesIO, pictures)))
    assert megapixels[0] < 0.06
    assert megapixels[-1] > 11.9


def test_their_formats_are_those_that_people_send(pictures: list[bytes]):
    formats = Counter(Image.open(io.BytesIO(picture)).format for picture in pictures[:10])
    assert formats == {"JPEG": 7, "WEBP": 2, "PNG": 1}
