"""Whether a runtime's masks are those of float32 eager: looked at on real photos whenever an archive is built."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from model_serving import pixels
from model_serving.evaluation.photos import photos
from model_serving.network import InSPyReNet
from model_serving.network.blocks import Size
from model_serving.remover import MAX_PIXELS
from model_serving.runtimes.runtime import Precision, Runtime

_ENOUGH = 8
"""Photos: with the slowest network each of them takes half a minute on two cores."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Levels of 255: their mean difference at most, and what share of pixels may be off by more than `far`."""

    mean: float
    far: int
    share: float


BARS: dict[Precision, Bar] = {"equal": Bar(0.5, 4, 0.001), "reduced": Bar(1.0, 8, 0.01)}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far 8-bit masks were from their originals, all pixels of all pictures together; and the bar for it."""

    mean: float
    share: float
    bar: Bar

    @property
    def holds(self) -> bool:
        return self.mean <= self.bar.mean and self.share <= self.bar.share

    def __str__(self) -> str:
        return (
            f"masks differ by {self.mean:.3f} of 255 in the mean (at most {self.bar.mean}), "
            f"{100 * self.share:.3f} % of pixels by more than {self.bar.far} (at most {100 * self.bar.share:g} %)"
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """Pictures as the network takes them, and the masks that it makes of them in float32, eagerly."""

    images: Sequence[torch.Tensor]
    masks: Sequence[NDArray[np.uint8]]

    def agreement(self, runtime: Runtime, precision: Precision) -> Agreement:
        """Of the masks that the runtime makes of the same pictures."""
        bar, off = BARS[precision], list[NDArray[np.int_]]()
        for image, mask in zip(_shown(self.images, precision), self.masks, strict=True):
            off.append(np.abs(_mask(runtime(image).pred).astype(int) - mask).ravel())
        levels = np.concatenate(off)
        return Agreement(float(levels.mean()), float((levels > bar.far).mean()), bar)


@torch.inference_mode()
def reference(network: InSPyReNet, files: Iterable[Path] | None = None) -> Reference:
    """From photo files; by default the repository's."""
    images = pictures(network.base_size, files)
    return Reference(images, [_mask(network(image).pred) for image in _shown(images, "float32, eager")])


def pictures(base_size: Size, files: Iterable[Path] | None = None) -> list[torch.Tensor]:
    """The photos as a network of that base size takes them."""
    chosen = default_photos() if files is None else files
    return [pixels.prepare_static(pixels.decode(file.read_bytes(), MAX_PIXELS), base_size).image for file in chosen]


def default_photos() -> list[Path]:
    """The repository's, on which no network is trained."""
    return [photo.image for photo in photos()[:_ENOUGH]]


def _shown(images: Sequence[torch.Tensor], doing: str) -> Iterable[torch.Tensor]:
    """With a progress bar where somebody watches: the slowest networks take minutes."""
    console = Console(stderr=True)
    return track(images, f"checking masks: {doing}", console=console, transient=True, disable=not console.is_terminal)


def _mask(pred: torch.Tensor) -> NDArray[np.uint8]:
    return pixels.grey(pred[0, 0].numpy())
