from pathlib import Path

import numpy as np
import pytest

from model_serving.training.bank import Album


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
