from pathlib import Path

import numpy as np
from PIL import Image

from model_serving.datasets.checking import Sound, check
from model_serving.datasets.pairing import Candidate, LeftOut
from tests.model_serving.datasets.files import mask, picture


def checked(image: Path, mask: Path) -> Sound | LeftOut:
    (answer,) = check([Candidate(image, mask, "mine", "split")], workers=1)
    return answer


def reason(image: Path, mask: Path) -> str:
    answer = checked(image, mask)
    assert isinstance(answer, LeftOut)
    return answer.reason


def test_a_pair_that_fits_is_sound_and_named_by_its_content(tmp_path: Path):
    first = checked(picture(tmp_path / "a.png", 1), mask(tmp_path / "m.png"))
    again = checked(picture(tmp_path / "b.png", 1), tmp_path / "m.png")
    other = checked(picture(tmp_path / "c.png", 2), tmp_path / "m.png")
    assert isinstance(first, Sound)
    assert isinstance(again, Sound)
    assert isinstance(other, Sound)
    assert first.digest == again.digest != other.digest


def test_a_picture_held_upright_by_its_exif_has_an_upright_mask(tmp_path: Path):
    lying = picture(tmp_path / "a.jpg", size=(12, 8), orientation=6)
    assert isinstance(checked(lying, mask(tmp_path / "upright.png", (8, 12))), Sound)
    assert (
        reason(lying, mask(tmp_path / "lying.png", (12, 8))) == "sizes differ: the mask is 12 x 8, the picture 8 x 12"
    )


def test_masks_of_any_kind_are_read_as_greys(tmp_path: Path):
    image = picture(tmp_path / "a.png")
    half = np.zeros((8, 12), np.uint8)
    half[:4] = 255
    for name, kind in (("one bit.png", "1"), ("palette.png", "P"), ("colour.png", "RGB")):
        Image.fromarray(half).convert(kind).save(tmp_path / name)
        assert isinstance(checked(image, tmp_path / name), Sound)


def test_masks_that_teach_nothing_are_left_out(tmp_path: Path):
    image = picture(tmp_path / "a.png")
    assert reason(image, mask(tmp_path / "0-1.png", salient=1)) == "empty mask: its brightest grey is 1, 128 is needed"
    Image.new("L", (12, 8), 255).save(tmp_path / "full.png")
    assert reason(image, tmp_path / "full.png") == "full mask: everything is the object"


def test_files_that_do_not_open_are_told_apart(tmp_path: Path):
    image, truth = picture(tmp_path / "a.png"), mask(tmp_path / "m.png")
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(image.read_bytes()[:60])
    answers = [checked(damaged, truth), checked(image, damaged), checked(tmp_path / "gone.png", truth)]
    assert [answer.file.name for answer in answers if isinstance(answer, LeftOut)] == [
        "damaged.png",
        "damaged.png",
        "gone.png",
    ]
    assert all(answer.reason.startswith("does not open: ") for answer in answers if isinstance(answer, LeftOut))


def test_answers_come_in_order(tmp_path: Path):
    pairs = [
        Candidate(
            picture(tmp_path / f"{n}.png", n), mask(tmp_path / f"m{n}.png", salient=255 * (n % 2)), "mine", "split"
        )
        for n in range(12)
    ]
    assert [isinstance(answer, Sound) for answer in check(pairs, workers=4)] == [False, True] * 6
