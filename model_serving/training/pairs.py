"""Labelled pictures as batches, in an order that a seed and a step's number decide, wherever a run goes on."""

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from model_serving.datasets.checking import MOST_PIXELS
from model_serving.datasets.manifest import Pair
from model_serving.pixels import UnreadableImage, decode, normalise
from model_serving.training.augment import Augmentation, Labelled, augmented
from model_serving.training.errors import TrainingError, reader_killed
from model_serving.training.stream import Batch


class Draw(NamedTuple):
    """A picture's turn."""

    epoch: int
    number: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Travels in the place of a picture: an exception would come out of a worker with its whole traceback."""

    reason: str


class Order(Sampler[list[Draw]]):
    """The batches of the steps `first` to `last`: every pair once an epoch, shuffled, less what fills no batch."""

    def __init__(self, pairs: int, batch: int, seed: int, first: int, last: int) -> None:
        self.pairs = pairs
        self.batch = batch
        self.seed = seed
        self.steps = range(first, last)

    def __iter__(self) -> Iterator[list[Draw]]:
        for step in self.steps:
            epoch, place = divmod(step, self.pairs // self.batch)
            if place == 0 or step == self.steps.start:
                order = np.random.default_rng((self.seed, epoch)).permutation(self.pairs)
            yield [Draw(epoch, int(number)) for number in order[place * self.batch : (place + 1) * self.batch]]

    def __len__(self) -> int:
        return len(self.steps)


class LabelledPairs(Dataset[Batch | Unreadable]):
    """3xHxW normalised pictures and 1xHxW truths in 0..1, `size` pixels a side, differently augmented at each turn."""

    def __init__(self, pairs: Sequence[Pair], size: int, seed: int, how: Augmentation) -> None:
        self.pairs = pairs
        self.size = size
        self.seed = seed
        self.how = how

    def __getitem__(self, draw: Draw) -> Batch | Unreadable:
        try:
            picture, mask = read_pair(self.pairs[draw.number])
        except TrainingError as error:
            return Unreadable(str(error))
        size = (self.size, self.size)
        static = picture.resize(size, Image.Resampling.BILINEAR), mask.resize(size, Image.Resampling.NEAREST)
        picture, mask = augmented(np.random.default_rng((self.seed, *draw)), static, self.how)
        return normalise(picture), torch.from_numpy(np.asarray(mask, np.float32) / 255.0)[None]


def read_pair(pair: Pair) -> Labelled:
    """The upright picture in RGB and its mask in grey. TrainingError where they cannot be read, or differ in size."""
    picture, mask = _read(pair.image), _read(pair.mask).convert("L")
    if mask.size != picture.size:
        raise _unfit(pair.mask, f"{mask.width} x {mask.height} pixels, its picture {picture.width} x {picture.height}")
    return picture, mask


def batches(dataset: LabelledPairs, order: Order, *, workers: int, pinned: bool) -> Iterator[Batch]:
    """`workers` processes keep ahead of the network; with 0, this one reads. TrainingError where a file is unfit."""
    loader = DataLoader(
        dataset,
        batch_sampler=order,
        num_workers=workers,
        collate_fn=_collate,
        pin_memory=pinned,
        worker_init_fn=_undisturbed if workers else None,
        multiprocessing_context="fork" if workers else None,
    )
    for batch in loader:
        if isinstance(batch, Unreadable):
            raise TrainingError(batch.reason)
        picture, truth = batch
        yield picture, truth


def _collate(items: list[Batch | Unreadable]) -> Batch | Unreadable:
    for item in items:
        if isinstance(item, Unreadable):
            return item
    picture, truth = default_collate(items)
    return picture, truth


def _undisturbed(_: int) -> None:
    """Ctrl-C and a service manager's SIGTERM go to all processes, but it is the training's to end its own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _read(file: Path) -> Image.Image:
    try:
        return decode(file.read_bytes(), MOST_PIXELS)
    except (OSError, UnreadableImage) as error:
        if isinstance(cause := error.__cause__, RuntimeError) and reader_killed(cause):
            raise cause from None  # torch tells of another process's death wherever this one is: in mid-picture, too
        raise _unfit(file, str(error)) from error


def _unfit(file: Path, reason: str) -> TrainingError:
    return TrainingError(f"{file}: cannot be trained on: {reason}; `make data` leaves such files out")
