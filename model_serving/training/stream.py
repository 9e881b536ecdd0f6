"""Composites without end, as batches for the network."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from model_serving.pixels import normalise
from model_serving.training.bank import Bank
from model_serving.training.composite import views

Batch = tuple[Tensor, Tensor]
"""Bx3xHxW normalised pictures and Bx1xHxW truths in 0..1."""


VIEWS = 2
"""Pictures of one scene; composing it takes half as long as learning from it at one level."""


class Composites(IterableDataset[Batch]):
    """The scenes numbered `first`, `first + stride`, ... of one seed, each in a few views.

    A resumed run goes on with scenes that it has not seen.
    """

    def __init__(self, bank: Bank, size: int, seed: int, first: int = 0, stride: int = 1) -> None:
        self.bank = bank
        self.size = size
        self.seed = seed
        self.first = first
        self.stride = stride

    def __iter__(self) -> Iterator[Batch]:
        number = self.first
        while True:
            yield from examples(self.bank, self.size, self.seed, number, VIEWS)
            number += self.stride


def example(bank: Bank, size: int, seed: int, number: int) -> Batch:
    """3xHxW and 1xHxW."""
    return next(examples(bank, size, seed, number, 1))


def examples(bank: Bank, size: int, seed: int, number: int, count: int) -> Iterator[Batch]:
    """As many views of the scene of that number."""
    for view in islice(views(np.random.default_rng((seed, number)), bank, size), count):
        yield normalise(Image.fromarray(view.image)), torch.from_numpy(view.mask)[None].float() / 255.0


def batches(composites: Composites, batch: int) -> Iterator[Batch]:
    """One worker keeps ahead of the network; it is forked, so the bank is shared with it."""
    loader = DataLoader(composites, batch, num_workers=1, prefetch_factor=4, multiprocessing_context="fork")
    return iter(loader)
