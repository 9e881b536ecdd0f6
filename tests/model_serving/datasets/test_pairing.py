from pathlib import Path

import pytest

from model_serving.datasets.errors import DataError
from model_serving.datasets.layouts import LAYOUTS
from model_serving.datasets.pairing import Candidate, pair
from model_serving.datasets.wanted import Ingested
from tests.model_serving.datasets.files import mask, pairs, picture

PUBLISHED = [
    ("DUTS", "DUTS-TR", "split", "DUTS-TR/DUTS-TR-Image", "DUTS-TR/DUTS-TR-Mask"),
    ("DUTS", "DUTS-TE", "held-out", "DUTS-TE/DUTS-TE-Image", "DUTS-TE/DUTS-TE-Mask"),
    ("DUT-OMRON", "DUT-OMRON", "held-out", "DUT-OMRON-image", "pixelwiseGT-new-PNG"),
    ("ECSSD", "ECSSD", "held-out", "images", "ground_truth_mask"),
    ("HKU-IS", "HKU-IS", "held-out", "HKU-IS/imgs", "HKU-IS/gt"),
    ("PASCAL-S", "PASCAL-S", "held-out", "datasets/imgs/pascal", "datasets/masks/pascal"),
    ("HRSOD", "HRSOD-TR", "split", "HRSOD_train/HRSOD_train", "HRSOD_train_mask/HRSOD_train_mask"),
    ("HRSOD", "HRSOD-TE", "held-out", "HRSOD_release/HRSOD_test", "HRSOD_release/HRSOD_test_mask"),
    ("UHRSD", "UHRSD-TR", "split", "UHRSD_TR_2K/image", "UHRSD_TR_2K/mask"),
    ("UHRSD", "UHRSD-TE", "held-out", "UHRSD_TE_2K/image", "UHRSD_TE_2K/mask"),
    ("DIS5K", "DIS-TR", "split", "DIS5K/DIS-TR/im", "DIS5K/DIS-TR/gt"),
    ("DIS5K", "DIS-TE3", "held-out", "DIS5K/DIS-TE3/im", "DIS5K/DIS-TE3/gt"),
]


def candidates(layout: str, *roots: Path, **more: str) -> list[Candidate]:
    return pair(Ingested(name="mine", layout=layout, roots=roots, **more))[0]


@pytest.mark.parametrize(("layout", "source", "side", "images", "masks"), PUBLISHED)
def test_the_published_folders_are_found(tmp_path: Path, layout: str, source: str, side: str, images: str, masks: str):
    pairs(tmp_path, "ab", images, masks)
    found = candidates(layout, tmp_path)
    assert [(one.image.stem, one.source, one.side) for one in found] == [("a", source, side), ("b", source, side)]
    assert [one.mask.parent for one in found] == [tmp_path / masks] * 2


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout not in ("composites", "folder")])
def test_so_is_the_way_in_which_the_authors_of_inspyrenet_pack_them(tmp_path: Path, layout: str):
    sources = [part.source for part in LAYOUTS[layout]]
    for number, source in enumerate(sources):
        pairs(tmp_path / source, "a", first=number)
    assert [one.source for one in candidates(layout, tmp_path)] == sources


def test_the_folder_named_may_be_the_last_but_one(tmp_path: Path):
    pairs(tmp_path / "DIS-TR", "a", "im", "gt")
    assert [one.source for one in candidates("DIS5K", tmp_path / "DIS-TR")] == ["DIS-TR"]


def test_pictures_and_masks_may_be_in_two_archives(tmp_path: Path):
    pairs(tmp_path, "a", "1/images", "2/ground_truth_mask")
    assert len(candidates("ECSSD", tmp_path / "1", tmp_path / "2")) == 1


def test_ones_own_folder_keeps_its_folders_apart(tmp_path: Path):
    pairs(tmp_path, "a", "images/cats", "masks/cats")
    pairs(tmp_path, "a", "images/dogs", "masks/dogs")
    found = candidates("folder", tmp_path)
    assert [(one.image.parent.name, one.mask.parent.name) for one in found] == [("cats", "cats"), ("dogs", "dogs")]


def test_a_mask_of_the_same_name_from_beside_is_taken_and_no_other_ones(tmp_path: Path):
    pairs(tmp_path, "a", "old/images", "old/masks")
    pairs(tmp_path, "a", "new/images", "new/masks", first=1)
    (tmp_path / "new/masks/a.png").unlink()
    found, left_out = pair(Ingested(name="mine", layout="folder", roots=(tmp_path,)))
    assert [(one.image.parts[-3], one.mask.parts[-3]) for one in found] == [("old", "old")]
    assert [one.file.relative_to(tmp_path).as_posix() for one in left_out] == ["new/images/a.png"]


def test_folders_that_are_numbered_alike_keep_all_their_pairs(tmp_path: Path):
    pairs(tmp_path, "ab", "train/images", "train/masks")
    pairs(tmp_path, "ab", "val/images", "val/masks", first=2)
    pairs(tmp_path, "a", "far/more/images", "far/more/masks", first=4)
    found, left_out = pair(Ingested(name="mine", layout="folder", roots=(tmp_path,)))
    assert [one.image.relative_to(tmp_path).as_posix() for one in found] == [
        *("far/more/images/a.png", "train/images/a.png", "val/images/a.png"),
        *("train/images/b.png", "val/images/b.png"),
    ]
    assert all(one.image.parents[1] == one.mask.parents[1] for one in found)
    assert left_out == []


def test_so_do_archives(tmp_path: Path):
    for number in range(2):
        pairs(tmp_path, "a", f"{number}/images", f"{number}/masks", first=number)
    found = candidates("folder", tmp_path / "0", tmp_path / "1")
    assert [(one.image.parts[-3], one.mask.parts[-3]) for one in found] == [("0", "0"), ("1", "1")]


NAMINGS = [("A", "images", "masks"), ("B", "imgs", "masks"), ("C", "image", "mask"), ("D", "im", "gt")]


def test_folders_that_are_called_differently_keep_all_their_pairs(tmp_path: Path):
    for number, (folder, images, masks) in enumerate(NAMINGS):
        pairs(tmp_path / folder, "ab", images, masks, first=2 * number)
    for roots in ([tmp_path], [tmp_path / folder for folder, *_ in NAMINGS]):
        found, left_out = pair(Ingested(name="mine", layout="folder", roots=tuple(roots)))
        homes = sorted((*one.image.relative_to(tmp_path).parts[:2], one.mask.parts[-2]) for one in found)
        assert homes == sorted(2 * NAMINGS)
        assert all(one.image.parents[1] == one.mask.parents[1] for one in found)
        assert left_out == []


def test_of_two_folders_for_the_same_masks_the_better_known_is_taken_and_the_other_told(tmp_path: Path):
    pairs(tmp_path, "a")
    picture(tmp_path / "imgs/a.png", seed=1)
    found, left_out = pair(Ingested(name="mine", layout="folder", roots=(tmp_path,)))
    assert [one.image.parent.name for one in found] == ["images"]
    assert [(one.file.parent.name, one.reason) for one in left_out] == [
        ("imgs", "no mask of this name: the nearest is that of ../images/a.png")
    ]


def test_pairs_may_lie_deeper_in_one_folder_than_in_the_other(tmp_path: Path):
    pairs(tmp_path, "a", "train/images", "train/masks")
    pairs(tmp_path, "a", "val/rgb/images", "val/gt/masks", first=1)
    found = candidates("folder", tmp_path)
    assert [(one.image.parts[-3], one.mask.parts[-3]) for one in found] == [("train", "train"), ("rgb", "gt")]


def test_whose_a_mask_is_of_several_archives_is_not_guessed(tmp_path: Path):
    for number in range(1, 13, 2):
        pairs(tmp_path, "a", f"{number}/images", f"{number + 1}/masks", first=number)
    roots = tuple(tmp_path / str(number) for number in range(1, 13))
    found, left_out = pair(Ingested(name="mine", layout="folder", roots=roots))
    assert found == []
    assert len(left_out) == 12
    assert all(" of this name are equally near: make data sets" in one.reason for one in left_out)


def test_a_name_that_only_two_of_them_have_is_a_pair(tmp_path: Path):
    for name, number in (("a", 1), ("b", 3)):
        pairs(tmp_path, name, f"{number}/images", f"{number + 1}/masks", first=number)
    found = candidates("folder", *(tmp_path / str(number) for number in range(1, 5)))
    assert [(one.image.parts[-3], one.mask.parts[-3]) for one in found] == [("1", "2"), ("3", "4")]


def test_a_picture_and_a_mask_of_different_places_are_no_pair_where_others_are_nearer(tmp_path: Path):
    pairs(tmp_path, "a", "old/images", "old/masks")
    picture(tmp_path / "new/images/a.png")
    mask(tmp_path / "spare/masks/a.png")
    found, left_out = pair(Ingested(name="mine", layout="folder", roots=(tmp_path,)))
    assert [one.image.parts[-3] for one in found] == ["old"]
    assert {(one.file.parts[-3], one.reason) for one in left_out} == {
        ("new", "no mask of this name: the nearest is that of ../../old/images/a.png"),
        ("spare", "no picture of this name: the nearest is that of ../../old/masks/a.png"),
    }


def test_a_pattern_says_what_else_is_in_a_name(tmp_path: Path):
    picture(tmp_path / "shots/IMG_1.JPG")
    mask(tmp_path / "shots/IMG_1_alpha.png")
    found = candidates("folder", tmp_path, images="shots/IMG_*.jpg", masks="shots/img_*_alpha.png")
    assert [(one.image.name, one.mask.name) for one in found] == [("IMG_1.JPG", "IMG_1_alpha.png")]


def test_folders_may_be_links_even_to_themselves(tmp_path: Path):
    pairs(tmp_path / "disk", "a", "photos", "alphas")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/images").symlink_to(tmp_path / "disk/photos")
    (tmp_path / "mine/masks").symlink_to(tmp_path / "disk/alphas")
    (tmp_path / "mine/again").symlink_to(tmp_path / "mine")
    assert len(candidates("folder", tmp_path / "mine")) == 1


def test_pictures_and_masks_may_share_a_folder(tmp_path: Path):
    picture(tmp_path / "cat.png")
    mask(tmp_path / "cat_mask.png")
    dataset = Ingested(name="mine", layout="folder", roots=(tmp_path,), images="*", masks="*_mask")
    found, left_out = pair(dataset)
    assert [one.mask.name for one in found] == ["cat_mask.png"]
    assert left_out == []


def test_what_does_not_match_is_left_out_with_the_reason(tmp_path: Path):
    pairs(tmp_path, "a")
    picture(tmp_path / "images/a.jpg")
    pairs(tmp_path, "a", "another/images", "another/masks")
    picture(tmp_path / "images/lonely.png")
    mask(tmp_path / "masks/orphan.png")
    (tmp_path / "images/notes.txt").write_text("no picture")
    (tmp_path / "masks/._a.png").write_text("a Mac's shadow")
    found, left_out = pair(Ingested(name="mine", layout="folder", roots=(tmp_path,)))
    assert [one.image.name for one in found] == ["a.png", "a.jpg"]
    assert {(one.file.name, one.reason) for one in left_out} == {
        ("a.png", "same name: as a.jpg"),
        ("lonely.png", "no mask of this name"),
        ("orphan.png", "no picture of this name"),
    }


def test_folders_that_are_not_there_are_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"mine: none of the folders of layout DUTS is in .*DUTS-TR-Image and"):
        candidates("DUTS", tmp_path)
    with pytest.raises(DataError, match=r"images and masks; say what yours are called with `images` and `masks`$"):
        candidates("folder", tmp_path)
    with pytest.raises(DataError, match="no such folder; run data_ingestion again"):
        candidates("DUTS", tmp_path / "gone")
