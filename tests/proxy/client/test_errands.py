from pathlib import Path

import pytest

from proxy.client import BadErrand, Errand, plan


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture")
    return path


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "out"


def test_a_file_goes_to_a_png_of_its_name(tmp_path, out):
    cat = made(tmp_path / "cat.tar.jpg")
    assert plan([cat], out) == [Errand(cat, out / "cat.tar.png")]


def test_a_file_that_is_named_is_sent_whatever_it_is_called(tmp_path, out):
    scan = made(tmp_path / "scan")
    assert plan([scan], out) == [Errand(scan, out / "scan.png")]


def test_a_folder_gives_its_pictures_at_any_depth_and_keeps_its_shape(tmp_path, out):
    cat, dog = made(tmp_path / "in" / "cat.JPG"), made(tmp_path / "in" / "dogs" / "cat.png")
    made(tmp_path / "in" / "notes.txt")
    assert plan([tmp_path / "in"], out) == [Errand(cat, out / "cat.png"), Errand(dog, out / "dogs" / "cat.png")]


def test_what_an_earlier_run_left_in_the_folder_is_no_input(tmp_path):
    cat = made(tmp_path / "cat.jpg")
    made(tmp_path / "masks" / "cat.png")
    assert plan([tmp_path], tmp_path / "masks") == [Errand(cat, tmp_path / "masks" / "cat.png")]


def test_a_file_that_is_named_twice_is_sent_once(tmp_path, out):
    cat = made(tmp_path / "cat.jpg")
    assert plan([cat, cat], out) == [Errand(cat, out / "cat.png")]


def test_two_pictures_with_one_target_are_refused_by_name(tmp_path, out):
    one, other = made(tmp_path / "a" / "cat.jpg"), made(tmp_path / "b" / "cat.png")
    with pytest.raises(BadErrand, match=rf"^{one} and {other} would both become {out}/cat\.png: "):
        plan([one, other], out)


def test_a_picture_is_never_overwritten(tmp_path):
    cat = made(tmp_path / "cat.png")
    with pytest.raises(BadErrand, match="would overwrite the picture"):
        plan([cat], tmp_path)
    with pytest.raises(BadErrand, match="would overwrite the picture"):
        plan([tmp_path], tmp_path)


@pytest.mark.parametrize("name", ["missing.jpg", "empty folder"])
def test_what_is_not_there_is_refused_by_name(tmp_path, out, name):
    (tmp_path / "empty folder").mkdir()
    with pytest.raises(BadErrand, match=f"{name}: no "):
        plan([tmp_path / name], out)
