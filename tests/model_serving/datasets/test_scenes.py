from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_serving.datasets.errors import DataError
from model_serving.datasets.scenes import Drawn, Scenes, drawn_bank
from model_serving.training.arrays import Pixels
from tests.model_serving.datasets.files import below


def opened(file: Path) -> Pixels:
    with Image.open(file) as image:
        return np.asarray(image)


def times(folder: Path) -> dict[str, int]:
    return {file: (folder / file).stat().st_mtime_ns for file in below(folder)}


def test_scenes_are_pairs_of_a_picture_and_its_mask_a_tenth_held_out(tmp_path: Path):
    Scenes(tmp_path, side=32, seed=1).make(10)
    assert below(tmp_path / "train/images") == {f"{n:06}.jpg" for n in range(9)}
    assert below(tmp_path / "train/masks") == {f"{n:06}.png" for n in range(9)}
    assert below(tmp_path / "held-out") == {"images/000009.jpg", "masks/000009.png"}
    assert opened(tmp_path / "train/images/000000.jpg").shape == (32, 32, 3)
    assert max(opened(tmp_path / f"train/masks/{n:06}.png").max() for n in range(9)) == 255


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path):
    Scenes(tmp_path / "at once", side=32, seed=1).make(4)
    Scenes(tmp_path / "twice", side=32, seed=1).make(2)
    (tmp_path / "twice/train/images/000001.jpg").unlink()  # its mask was there, the picture not yet
    Scenes(tmp_path / "twice", side=32, seed=1).make(4)
    assert below(tmp_path / "twice") == below(tmp_path / "at once")
    for file in below(tmp_path / "twice"):
        assert (tmp_path / "twice" / file).read_bytes() == (tmp_path / "at once" / file).read_bytes()


def test_what_is_there_is_not_made_again(tmp_path: Path):
    Scenes(tmp_path, side=32, seed=1).make(2)
    before = times(tmp_path / "train")
    Scenes(tmp_path, side=32, seed=1).make(2)
    assert times(tmp_path / "train") == before


def test_another_seed_makes_other_scenes_and_does_not_mix_with_these(tmp_path: Path):
    Scenes(tmp_path / "1", side=32, seed=1).make(1)
    Scenes(tmp_path / "2", side=32, seed=2).make(1)
    first, other = ((tmp_path / seed / "train/images/000000.jpg").read_bytes() for seed in "12")
    assert first != other
    with pytest.raises(DataError, match="holds scenes of another side, seed, assets or edition"):
        Scenes(tmp_path / "1", side=32, seed=2).make(1)


def test_the_two_sides_share_neither_drawings_nor_backdrops():
    train, held_out = drawn_bank(1, held_out=False), drawn_bank(1, held_out=True)
    assert not np.array_equal(train.backgrounds[0], held_out.backgrounds[0])
    drawings = [bank.cutouts[0] for bank in (train, held_out)]
    assert drawings[0].shape != drawings[1].shape or not np.array_equal(*drawings)


def test_a_drawing_is_the_same_whenever_it_is_asked_for():
    photos = [np.zeros((8, 8, 3), np.uint8)]
    drawn = Drawn((1,), photos)
    assert np.array_equal(drawn[5], Drawn((1,), photos)[5])
    assert np.array_equal(drawn[4:6][1], drawn[5])


def test_assets_that_are_not_there_are_told_with_the_remedy(tmp_path: Path):
    with pytest.raises(DataError, match=r"fetch them: python -m model_serving\.training\.assets"):
        Scenes(tmp_path / "scenes", side=32, seed=1, assets=tmp_path / "assets").make(1)
