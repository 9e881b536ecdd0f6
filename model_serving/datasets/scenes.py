"""The data set that needs no download: composed scenes written as files, the same ones for the same seed."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
from PIL import Image

from model_serving.datasets.bars import count_bar
from model_serving.datasets.errors import DataError
from model_serving.datasets.manifest import HELD_OUT, TRAIN
from model_serving.training.arrays import Pixels, pixels
from model_serving.training.assets import AssetsMissing
from model_serving.training.bank import EDITION, Bank, open_bank
from model_serving.training.composite import compose
from model_serving.training.materials import blend, fur, grain, spots, stripes
from model_serving.training.shapes import draw

HELD_OUT_SHARE = 10
"""Every so manieth scene is of held-out objects before held-out backdrops."""
OBJECTS = 1_000_000
"""Drawn ones, each when it is wanted: hardly any is seen twice."""
BACKDROPS = 24
BACKDROP_SIDE = 320
QUALITY = 95
RECIPE = "recipe.json"
_SURFACES = (blend, grain, stripes, spots, fur)


class Drawn(Sequence[Pixels]):
    """HxWx4 cut-outs, drawn when asked for; the same number is the same drawing."""

    def __init__(self, seed: tuple[int, ...], photos: Sequence[Pixels]) -> None:
        self._seed = seed
        self._photos = photos

    def __len__(self) -> int:
        return OBJECTS

    @overload
    def __getitem__(self, number: int) -> Pixels: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Pixels]: ...
    def __getitem__(self, number: int | slice) -> Pixels | Sequence[Pixels]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        return draw(np.random.default_rng((*self._seed, number)), self._photos)


def drawn_bank(seed: int, held_out: bool) -> Bank:
    """Drawn objects and made-up surfaces behind them: no package is needed. The two sides share neither."""
    rng = np.random.default_rng((seed, held_out))
    surfaces = [_SURFACES[n % len(_SURFACES)](rng, [], BACKDROP_SIDE, BACKDROP_SIDE) for n in range(BACKDROPS)]
    backgrounds = [pixels(surface) for surface in surfaces]
    return Bank(Drawn((seed, int(held_out), 1), backgrounds), backgrounds)


class Scenes:
    """Scenes of one recipe in one folder: `train` and `held-out`, in each `images` and `masks`.

    A run that was stopped goes on with what is missing; a folder of another recipe is refused with a DataError.
    """

    def __init__(self, folder: Path, side: int, seed: int, assets: Path | None = None) -> None:
        self.folder = folder
        self.side = side
        self.seed = seed
        self.assets = assets

    def make(self, pairs: int) -> None:
        """Leaves the first `pairs` scenes in the folder; more of them, from another time, are left where they are."""
        self._agree()
        missing = [number for number in range(pairs) if not self._image(number).exists()]
        if not missing:
            return
        with count_bar(f"{self.folder.name}: composing", len(missing)) as done:
            for number in missing:
                self._write(number)
                done()

    def _agree(self) -> None:
        """What is there was made the same way, or nothing is there."""
        file = self.folder / RECIPE
        recipe = {"side": self.side, "seed": self.seed, "assets": str(self.assets) if self.assets else None}
        recipe |= {"edition": EDITION} if self.assets else {}
        if file.exists() and json.loads(file.read_text()) != recipe:
            raise DataError(
                f"{self.folder}: holds scenes of another side, seed, assets or edition of their objects; remove it, or"
                " choose a new name"
            )
        for side in (TRAIN, HELD_OUT):
            for kind in ("images", "masks"):
                (self.folder / side / kind).mkdir(parents=True, exist_ok=True)
        _put(file, json.dumps(recipe).encode())

    def _write(self, number: int) -> None:
        """The mask first: a picture that is there has its mask."""
        bank = self._held_out if _is_held_out(number) else self._train
        scene = compose(np.random.default_rng((self.seed, number)), bank, self.side)
        _save(self._image(number, "masks", "png"), Image.fromarray(scene.mask))
        _save(self._image(number), Image.fromarray(scene.image), quality=QUALITY, subsampling=0)

    def _image(self, number: int, kind: str = "images", ending: str = "jpg") -> Path:
        return self.folder / (HELD_OUT if _is_held_out(number) else TRAIN) / kind / f"{number:06}.{ending}"

    @cached_property
    def _train(self) -> Bank:
        return self._bank(held_out=False)

    @cached_property
    def _held_out(self) -> Bank:
        return self._bank(held_out=True)

    def _bank(self, held_out: bool) -> Bank:
        if self.assets is None:
            return drawn_bank(self.seed, held_out)
        if not (self.assets / "usr/share").is_dir():
            remedy = f"python -m model_serving.training.assets {self.assets}"
            raise DataError(f"{self.assets}: holds no unpacked packages; fetch them: {remedy}")
        try:
            return open_bank(self.assets, self.folder / ".bank", held_out)
        except AssetsMissing as error:
            raise DataError(str(error)) from error


def _is_held_out(number: int) -> bool:
    return number % HELD_OUT_SHARE == HELD_OUT_SHARE - 1


def _save(file: Path, image: Image.Image, **how: int) -> None:
    unfinished = file.with_name(f".{file.name}.part")
    try:
        image.save(unfinished, {".jpg": "JPEG", ".png": "PNG"}[file.suffix], **how)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _put(file: Path, content: bytes) -> None:
    unfinished = file.with_name(f".{file.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(file)
