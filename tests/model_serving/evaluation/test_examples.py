from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_serving.datasets.manifest import Pair
from model_serving.evaluation.errors import EvaluationError
from model_serving.evaluation.examples import SCENE_SIDE, of_pairs, of_photos, of_scenes
from model_serving.evaluation.photos import photos
from model_serving.training.bank import Bank

BANK = Bank([np.full((60, 40, 4), 200, np.uint8)], [np.full((90, 90, 3), 30, np.uint8)])


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    Image.new("RGB", (60, 40), "navy").save(tmp_path / "a.jpg")
    Image.new("L", (60, 40), 255).save(tmp_path / "a.png")
    return Pair(tmp_path / "a.jpg", tmp_path / "a.png", "mine", "held-out")


def test_the_photos_are_read_as_files_with_their_truth():
    examples = of_photos()
    assert [example.name for example in examples] == [photo.name for photo in photos()]
    picture = examples[0].read()
    assert picture.file == photos()[0].image.read_bytes()
    assert picture.truth.shape == (picture.image.height, picture.image.width)
    assert (picture.truth.min(), picture.truth.max()) == (0.0, 1.0)


def test_of_a_manifest_only_what_is_held_out_is_measured(pair: Pair):
    examples = of_pairs([Pair(pair.image, pair.mask, "mine", "train"), pair])
    assert [example.source for example in examples] == ["mine"]
    assert examples[0].read().truth.mean() == 1.0


def test_a_manifest_that_holds_nothing_out_is_told(pair: Pair):
    with pytest.raises(EvaluationError, match="none of the manifest's 1 pairs is held out"):
        of_pairs([Pair(pair.image, pair.mask, "mine", "train")])


def test_a_photo_taken_sideways_fits_its_upright_mask(pair: Pair):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 60)).save(pair.image, exif=exif)
    assert of_pairs([pair])[0].read().image.size == (60, 40)


def test_a_missing_mask_is_named_with_its_picture(pair: Pair):
    pair.mask.unlink()
    with pytest.raises(EvaluationError, match=r"a\.png: no such mask of .*a\.jpg"):
        of_pairs([pair])[0].read()


def test_a_mask_of_another_size_is_refused(pair: Pair):
    Image.new("L", (60, 41)).save(pair.mask)
    with pytest.raises(EvaluationError, match=r"a\.png: 60 x 41 pixels, and .*a\.jpg: 60 x 40 pixels"):
        of_pairs([pair])[0].read()


def test_a_file_that_is_no_picture_is_named(pair: Pair):
    pair.image.write_text("no picture")
    with pytest.raises(EvaluationError, match=r"a\.jpg: cannot be read"):
        of_pairs([pair])[0].read()


def test_the_composed_scenes_are_always_the_same():
    one, again = ([example.read() for example in of_scenes(BANK, 2)] for _ in range(2))
    assert one[0].image.size == (SCENE_SIDE, SCENE_SIDE)
    assert [picture.file for picture in one] == [picture.file for picture in again]
    assert one[0].file != one[1].file
