import signal
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from model_serving.datasets.manifest import Pair, read_manifest
from model_serving.pixels import UnreadableImage
from model_serving.training.errors import TrainingError
from model_serving.training.pairs import LabelledPairs, Order, batches, read_pair
from tests.support.training import manifest_of, parameters


def test_an_epoch_takes_every_pair_once_in_an_order_of_its_own():
    steps = list(Order(pairs=6, batch=2, seed=1, first=0, last=6))
    epochs = [[draw.number for step in part for draw in step] for part in (steps[:3], steps[3:])]
    assert [sorted(epoch) for epoch in epochs] == [list(range(6))] * 2
    assert epochs[0] != epochs[1]
    assert {draw.epoch for step in steps[3:] for draw in step} == {1}


def test_what_fills_no_batch_is_left_out_and_others_the_next_time():
    steps = list(Order(pairs=5, batch=2, seed=0, first=0, last=20))
    assert all(len(step) == 2 for step in steps)
    assert {draw.number for step in steps for draw in step} == set(range(5))


@pytest.mark.parametrize("first", [1, 2, 3, 5])
def test_an_order_that_begins_later_goes_on_as_the_whole_one(first: int):
    whole = list(Order(7, 2, seed=3, first=0, last=9))
    assert list(Order(7, 2, seed=3, first=first, last=9)) == whole[first:]


@pytest.fixture
def dataset(tmp_path: Path) -> LabelledPairs:
    told = parameters(tmp_path)
    return LabelledPairs(read_manifest(manifest_of(tmp_path)), 64, 0, told.augmentation)


def test_a_batch_is_the_same_whoever_reads_it(dataset: LabelledPairs):
    order = Order(6, 2, seed=0, first=0, last=2)
    here, there = (list(batches(dataset, order, workers=workers, pinned=False)) for workers in (0, 1))
    assert [part.shape for part in here[0]] == [(2, 3, 64, 64), (2, 1, 64, 64)]
    assert all(torch.equal(a, b) for one, two in zip(here, there, strict=True) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_picture_ends_it_with_a_line_that_names_the_file(dataset: LabelledPairs, workers: int):
    dataset.pairs[0].image.write_bytes(b"no picture")
    with pytest.raises(TrainingError, match=rf"^{dataset.pairs[0].image}: cannot be trained on: .+`make data`.+$"):
        list(batches(dataset, Order(6, 2, seed=0, first=0, last=3), workers=workers, pinned=False))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_ends_none_that_reads(dataset: LabelledPairs, number: signal.Signals):
    """It is the training's to end its own."""
    others = set(psutil.Process().children())
    coming = batches(dataset, Order(6, 2, seed=0, first=0, last=9), workers=1, pinned=False)
    next(coming)
    [reader] = set(psutil.Process().children()) - others
    reader.send_signal(number)
    assert len(list(coming)) == 8


def test_picture_and_mask_are_upright_and_of_any_mode(tmp_path: Path):
    wide = np.zeros((4, 8), np.uint8)
    wide[:, 6:] = 255
    sideways = Image.Exif()
    sideways[0x0112] = 6
    Image.fromarray(wide).convert("CMYK").save(tmp_path / "picture.jpg", exif=sideways)
    Image.fromarray(np.rot90(wide, -1)).convert("1").save(tmp_path / "mask.png")
    picture, mask = read_pair(Pair(tmp_path / "picture.jpg", tmp_path / "mask.png", "one", "train"))
    assert picture.size == mask.size == (4, 8)
    assert picture.getpixel((1, 7))[0] > 200 > 50 > picture.getpixel((1, 1))[0]
    assert (mask.getpixel((1, 7)), mask.getpixel((1, 1))) == (255, 0)


@pytest.mark.parametrize("fault", ["absent", "damaged", "of another size"])
def test_a_mask_that_will_not_do_is_named(tmp_path: Path, fault: str):
    pair = read_manifest(manifest_of(tmp_path, 1, 0))[0]
    match fault:
        case "absent":
            pair.mask.unlink()
        case "damaged":
            pair.mask.write_bytes(pair.mask.read_bytes()[:60])
        case _:
            Image.new("L", (3, 3)).save(pair.mask)
    with pytest.raises(TrainingError, match=rf"^{pair.mask}: cannot be trained on: "):
        read_pair(pair)


def test_a_readers_death_in_mid_picture_is_no_fault_of_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pair = read_manifest(manifest_of(tmp_path))[0]

    def interrupted(data: bytes, most: int) -> Image.Image:
        try:
            raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. ")
        except RuntimeError as error:
            raise UnreadableImage("unreadable_image", "not an image that can be read") from error

    monkeypatch.setattr("model_serving.training.pairs.decode", interrupted)  # as torch's handler of SIGCHLD does it
    with pytest.raises(RuntimeError, match=r"^DataLoader worker"):
        read_pair(pair)
