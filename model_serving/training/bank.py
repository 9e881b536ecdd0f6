"""The raw material unpacked once: all pictures of one side of the split, in flat files that are mapped at once."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Self, overload

import numpy as np

from model_serving.training.actor_views import actor_views
from model_serving.training.arrays import Pixels
from model_serving.training.backgrounds import photos
from model_serving.training.cutouts import cutouts
from model_serving.training.shapes import draw

DRAWN = {False: 1800, True: 200}
"""How many cut-outs are drawn for training and for the held-out side."""
DRAWN_SEED = {False: 1, True: 2}
EDITION = 2
"""Of the objects for training: scenes of two editions are of two recipes. In the first there were no actors."""


class Album(Sequence[Pixels]):
    """Pictures of any size in one mapped file."""

    def __init__(self, file: Path) -> None:
        index = json.loads(file.with_suffix(".json").read_text())
        self.names: list[str] = index["names"]
        self._shapes: list[tuple[int, int, int]] = [tuple(shape) for shape in index["shapes"]]
        self._ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes])
        self._bytes = np.load(file, mmap_mode="r")

    def __len__(self) -> int:
        return len(self._shapes)

    @overload
    def __getitem__(self, number: int) -> Pixels: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Pixels]: ...
    def __getitem__(self, number: int | slice) -> Pixels | Sequence[Pixels]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        shape = self._shapes[number]
        end = int(self._ends[number])
        return np.asarray(self._bytes[end - int(np.prod(shape)) : end]).reshape(shape)

    @classmethod
    def save(cls, file: Path, pictures: Iterable[tuple[str, Pixels]]) -> Self:
        named = list(pictures)
        np.save(file, np.concatenate([picture.reshape(-1) for _, picture in named]))
        index = {"names": [name for name, _ in named], "shapes": [picture.shape for _, picture in named]}
        unfinished = file.with_suffix(".part")
        unfinished.write_text(json.dumps(index))
        unfinished.replace(file.with_suffix(".json"))  # whoever finds it takes the album for whole
        return cls(file)


@dataclass(frozen=True)
class Bank:
    """Cut-outs are HxWx4, backgrounds HxWx3."""

    cutouts: Sequence[Pixels]
    backgrounds: Sequence[Pixels]


def open_bank(assets: Path, cache: Path, held_out: bool = False) -> Bank:
    """One side of the split; where `cache` lacks it, it is built from the packages in `assets`, which takes minutes.

    The actors are for training only: scenes of held-out objects stay what they were, and so what they measure. Raises
    AssetsMissing.
    """
    side, share = cache / ("held-out" if held_out else "train"), assets / "usr/share"
    side.mkdir(parents=True, exist_ok=True)
    if not (side / "cutouts.json").exists():
        _build(share, side, held_out)
    objects, backgrounds = Album(side / "cutouts.npy"), Album(side / "backgrounds.npy")
    return Bank(objects if held_out else [*objects, *_actors(share, side)], backgrounds)


def _build(share: Path, side: Path, held_out: bool) -> None:
    backgrounds = Album.save(side / "backgrounds.npy", photos(share, held_out))
    Album.save(side / "cutouts.npy", chain(cutouts(share, held_out), _drawn(backgrounds, held_out)))


def _actors(share: Path, side: Path) -> Album:
    """In an album of their own, so that a bank from before they came is added to and not built anew."""
    file = side / "actors.npy"
    return Album(file) if file.with_suffix(".json").exists() else Album.save(file, actor_views(share))


def _drawn(backgrounds: Sequence[Pixels], held_out: bool) -> Iterator[tuple[str, Pixels]]:
    rng = np.random.default_rng(DRAWN_SEED[held_out])
    for number in range(DRAWN[held_out]):
        yield f"drawn-{number}", draw(rng, backgrounds)
