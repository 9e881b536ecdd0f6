from pathlib import Path

import pytest

from model_serving.datasets.errors import DataError
from model_serving.datasets.manifest import Pair, read_manifest, write_manifest


def test_what_is_written_is_read_again_with_absolute_paths(tmp_path: Path):
    file = tmp_path / "data" / "manifest.csv"
    inside = Pair(tmp_path / "data/raw/a, b.jpg", tmp_path / "data/raw/a\nb.png", "mine", "train")
    outside = Pair(Path("/elsewhere/é.jpg"), Path("/elsewhere/é.png"), "theirs", "held-out")
    write_manifest(file, [inside, outside])
    assert read_manifest(file) == [inside, outside]


def test_a_manifest_can_be_moved_with_what_it_names(tmp_path: Path):
    write_manifest(
        tmp_path / "old/manifest.csv", [Pair(tmp_path / "old/i.jpg", tmp_path / "old/m.png", "mine", "train")]
    )
    (tmp_path / "old").rename(tmp_path / "new")
    assert read_manifest(tmp_path / "new/manifest.csv")[0].image == tmp_path / "new/i.jpg"


def test_its_header_and_relative_paths_are_as_agreed(tmp_path: Path):
    write_manifest(tmp_path / "m.csv", [Pair(tmp_path / "raw/i.jpg", tmp_path / "raw/m.png", "mine", "held-out")])
    assert (tmp_path / "m.csv").read_text() == "image,mask,source,split\nraw/i.jpg,raw/m.png,mine,held-out\n"


def test_names_that_are_no_utf8_survive(tmp_path: Path):
    odd = Path(tmp_path / "caf\udce9.jpg")
    write_manifest(tmp_path / "m.csv", [Pair(odd, odd, "mine", "train")])
    assert read_manifest(tmp_path / "m.csv")[0].image == odd


def test_an_interrupted_writing_leaves_the_old_manifest(tmp_path: Path):
    file = tmp_path / "m.csv"
    write_manifest(file, [])
    before = file.read_bytes()

    def pairs():
        yield Pair(tmp_path / "i.jpg", tmp_path / "m.png", "mine", "train")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_manifest(file, pairs())
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_a_folder_in_its_place_is_told_with_the_remedy(tmp_path: Path):
    with pytest.raises(DataError, match=f"^{tmp_path}: a folder; name the manifest in it, {tmp_path}/manifest.csv$"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such manifest; `make data` makes one"),
        ("", "the first line must be image,mask,source,split"),
        ("image,mask\na,b\n", "the first line must be image,mask,source,split"),
        ("image,mask,source,split\na,b,c,test\n", "row 2: must be image,mask,source,split"),
        ("image,mask,source,split\na,b\n", "row 2: must be image,mask,source,split"),
        ('image,mask,source,split\n"a,b\n', "no CSV"),
    ],
)
def test_what_is_no_manifest_is_told_in_one_line(tmp_path: Path, content: str | None, message: str):
    if content is not None:
        (tmp_path / "m.csv").write_text(content)
    with pytest.raises(DataError, match=message) as told:
        read_manifest(tmp_path / "m.csv")
    assert str(tmp_path / "m.csv") in str(told.value)
    assert "\n" not in str(told.value)
