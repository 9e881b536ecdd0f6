from itertools import product
from pathlib import Path

import numpy as np
import pytest

from model_serving.training.assets import AssetsMissing
from model_serving.training.bank import Album, open_bank


def test_an_album_gives_back_every_picture_in_its_own_shape(tmp_path: Path):
    rng = np.random.default_rng(0)
    pictures = [(f"p{n}", rng.integers(0, 256, (5 + n, 9 - n, 4), dtype=np.uint8)) for n in range(4)]
    album = Album.save(tmp_path / "some.npy", iter(pictures))
    assert album.names == ["p0", "p1", "p2", "p3"]
    assert all(np.array_equal(album[n], picture) for n, (_, picture) in enumerate(pictures))
    assert np.array_equal(album[1:3][1], pictures[2][1])


def test_an_album_opens_again_from_its_file(tmp_path: Path):
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    Album.save(tmp_path / "one.npy", [("only", picture)])
    assert np.array_equal(Album(tmp_path / "one.npy")[0], picture)


def test_an_album_that_was_not_finished_is_not_taken_for_one(tmp_path: Path):
    (tmp_path / "one.part").mkdir()  # the index cannot be written
    with pytest.raises(IsADirectoryError):
        Album.save(tmp_path / "one.npy", [("only", np.zeros((2, 4, 3), np.uint8))])
    assert not (tmp_path / "one.json").exists()


def test_the_actors_are_added_to_what_training_knows_and_to_nothing_that_is_held_out(tmp_path: Path):
    for side, kind in product(("train", "held-out"), ("cutouts", "backgrounds", "actors")):
        (tmp_path / side).mkdir(exist_ok=True)
        Album.save(tmp_path / side / f"{kind}.npy", [(kind, np.full((2, 3, 4), len(kind), np.uint8))])
    train, held_out = (open_bank(tmp_path / "assets", tmp_path, held_out) for held_out in (False, True))
    assert [int(cutout[0, 0, 0]) for cutout in train.cutouts] == [len("cutouts"), len("actors")]
    assert [int(cutout[0, 0, 0]) for cutout in held_out.cutouts] == [len("cutouts")]


def test_a_bank_from_before_the_actors_came_wants_only_them(tmp_path: Path):
    (tmp_path / "train").mkdir()
    for kind in ("cutouts", "backgrounds"):
        Album.save(tmp_path / "train" / f"{kind}.npy", [(kind, np.zeros((2, 3, 4), np.uint8))])
    with pytest.raises(AssetsMissing, match=r"public\.zip"):
        open_bank(tmp_path / "assets", tmp_path)
