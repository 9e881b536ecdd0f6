"""Composites without end, as batches for the network."""

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from model_serving.pixels import normalise
from model_serving.training.bank import Bank
from model_serving.training.composite import compose

Batch = tuple[Tensor, Tensor]
"""Bx3xHxW normalised pictures and Bx1xHxW truths in 0..1."""


class Composites(IterableDataset[Batch]):
    """The scenes numbered `first`, `first + stride`, ... of one seed: a resumed run goes on where it stopped."""

    def __init__(self, bank: Bank, size: int, seed: int, first: int = 0, stride: int = 1) -> None:
        self.bank = bank
        self.size = size
        self.seed = seed
        self.first = first
        self.stride = stride

    def __iter__(self) -> Iterator[Batch]:
        number = self.first
        while True:
            yield example(self.bank, self.size, self.seed, number)
            number += self.stride


def example(bank: Bank, size: int, seed: int, number: int) -> Batch:
    """3xHxW and 1xHxW."""
    made = compose(np.random.default_rng((seed, number)), bank, size)
    return normalise(Image.fromarray(made.image)), torch.from_numpy(made.mask)[None].float() / 255.0


def batches(composites: Composites, batch: int) -> Iterator[Batch]:
    """One worker keeps ahead of the network; it is forked, so the bank is shared with it."""
    loader = DataLoader(composites, batch, num_workers=1, prefetch_factor=4, multiprocessing_context="fork")
    return iter(loader)
