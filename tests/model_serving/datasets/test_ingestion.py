import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from model_serving.datasets.errors import DataError
from model_serving.datasets.ingestion import ingest
from model_serving.datasets.pairing import pair
from model_serving.datasets.wanted import Ingested, read_wanted
from tests.model_serving.datasets.files import below, packed, pairs, tarred, zipped
from tests.model_serving.datasets.serving import shop


def ingested(folder: Path, *entries: dict[str, Any]) -> list[Ingested]:
    return ingest(read_wanted(list(entries)), folder / "raw")


def named(dataset: Ingested) -> list[str]:
    return [one.image.stem for one in pair(dataset)[0]]


def inodes(folder: Path) -> set[int]:
    return {file.stat().st_ino for file in folder.rglob("*")}


def test_a_folder_is_read_where_it_lies(tmp_path: Path):
    mine = pairs(tmp_path / "mine", "ab")
    (dataset,) = ingested(tmp_path, {"name": "mine", "from": str(mine)})
    assert dataset.roots == (mine,)
    assert named(dataset) == ["a", "b"]
    assert not (tmp_path / "raw").exists()


def test_archives_are_unpacked_below_their_name(tmp_path: Path):
    pairs(tmp_path / "DUTS-TR", "ab", "DUTS-TR-Image", "DUTS-TR-Mask")
    pairs(tmp_path / "DUTS-TE", "cd", "DUTS-TE-Image", "DUTS-TE-Mask", first=2)
    train = zipped(tmp_path / "DUTS-TR.zip", packed(tmp_path / "DUTS-TR"))
    test = tarred(tmp_path / "DUTS-TE.tar.xz", packed(tmp_path / "DUTS-TE"), "w:xz")
    (dataset,) = ingested(tmp_path, {"name": "DUTS", "from": [str(train), str(test)]})
    assert named(dataset) == ["a", "b", "c", "d"]
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["DUTS"]


def test_a_url_is_fetched_checked_and_unpacked_once(tmp_path: Path):
    archive = zipped(tmp_path / "mine.zip", packed(pairs(tmp_path / "mine", "ab"))).read_bytes()
    with shop(archive) as served:
        entry = {"name": "far", "from": served.url, "sha256": hashlib.sha256(archive).hexdigest()}
        (dataset,) = ingested(tmp_path, entry)
        assert named(dataset) == ["a", "b"]
        assert below(tmp_path / "raw/.downloads") == set()
        assert ingested(tmp_path, entry) == [dataset]
        assert len(served.asked) == 1


def test_a_url_of_another_content_leaves_nothing(tmp_path: Path):
    with shop(b"another file") as served:
        entry = {"name": "far", "from": served.url, "sha256": "0" * 64}
        with pytest.raises(DataError, match=served.url):
            ingested(tmp_path, entry)
    assert below(tmp_path / "raw") == set()


def test_what_was_unpacked_is_not_unpacked_again(tmp_path: Path):
    archive = zipped(tmp_path / "mine.zip", packed(pairs(tmp_path / "mine", "ab")))
    entry = {"name": "mine", "from": str(archive)}
    ingested(tmp_path, entry)
    before = inodes(tmp_path / "raw/mine")
    ingested(tmp_path, entry)
    assert inodes(tmp_path / "raw/mine") == before
    archive.unlink()
    ingested(tmp_path, entry)
    assert inodes(tmp_path / "raw/mine") == before


def test_another_archive_of_that_name_takes_its_place(tmp_path: Path):
    zipped(tmp_path / "mine.zip", packed(pairs(tmp_path / "mine", "ab")))
    entry = {"name": "mine", "from": str(tmp_path / "mine.zip")}
    ingested(tmp_path, entry)
    shutil.rmtree(tmp_path / "mine")
    zipped(tmp_path / "mine.zip", packed(pairs(tmp_path / "mine", "c")))
    assert named(ingested(tmp_path, entry)[0]) == ["c"]


def test_an_archive_that_fails_leaves_what_was_there(tmp_path: Path):
    archive = zipped(tmp_path / "mine.zip", packed(pairs(tmp_path / "mine", "ab")))
    entry = {"name": "mine", "from": str(archive)}
    ingested(tmp_path, entry)
    before = below(tmp_path / "raw")
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"mine\.zip: "):
        ingested(tmp_path, entry)
    assert below(tmp_path / "raw") == before


def test_a_folder_that_is_not_ours_is_not_replaced(tmp_path: Path):
    archive = zipped(tmp_path / "mine.zip", packed(pairs(tmp_path / "mine", "ab")))
    pairs(tmp_path / "raw/mine", "z")
    with pytest.raises(DataError, match="is no data set of ours; move it away"):
        ingested(tmp_path, {"name": "mine", "from": str(archive)})
    assert len(below(tmp_path / "raw")) == 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "mine", "from": "/nowhere.zip"}, "mine: /nowhere.zip: no such file or folder"),
        ({"name": "mine", "from": __file__}, "no zip or tar"),
        ({"name": "mine", "from": __file__, "md5": "0" * 32}, "its md5 is"),
    ],
)
def test_a_place_that_does_not_serve_is_told(tmp_path: Path, entry: dict[str, Any], message: str):
    with pytest.raises(DataError, match=message):
        ingested(tmp_path, entry)


def test_composites_are_made(tmp_path: Path):
    (dataset,) = ingested(tmp_path, {"name": "composites", "pairs": 10, "side": 32})
    found, _ = pair(dataset)
    assert [(one.side, one.source) for one in found] == [("train", "composites")] * 9 + [("held-out", "composites")]
