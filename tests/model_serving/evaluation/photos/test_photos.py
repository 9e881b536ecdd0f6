from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_serving.evaluation.photos import HERE, Photo, photos
from model_serving.training.assets import PACKAGES

README = (HERE / "README.md").read_text()
LARGEST = 2_500_000
"""Bytes in a repository that everybody clones."""


@pytest.fixture(params=photos(), ids=lambda photo: photo.name)
def photo(request: pytest.FixtureRequest) -> Photo:
    return request.param


def test_there_are_at_least_a_dozen_and_they_are_small():
    assert len(photos()) >= 12
    assert sum(file.stat().st_size for file in HERE.iterdir() if file.is_file()) < LARGEST


def test_a_mask_is_grey_of_its_photos_size_and_neither_empty_nor_full(photo: Photo):
    with Image.open(photo.image) as image, Image.open(photo.mask) as mask:
        assert image.size == mask.size
        assert mask.mode == "L"
        assert max(image.size) <= 800
        assert 0.05 < (np.asarray(mask) > 127).mean() < 0.9


def test_a_photo_has_author_and_licence_in_the_list(photo: Photo):
    row = next(line for line in README.splitlines() if line.startswith(f"| {photo.name} |"))
    *_, author, licence = (cell.strip() for cell in row.strip("|").split("|"))
    assert author
    assert licence in {"CC0 1.0", "public domain"}


def test_the_training_takes_nothing_from_where_they_are_from():
    assert not {"plasma-workspace-data", "python-matplotlib-data", "python3-skimage"} & set(PACKAGES)


def test_no_network_is_needed_to_know_them():
    source = Path(HERE, "__init__.py").read_text()
    assert "torch" not in source
    assert "model_serving." not in source
