"""What a run on labelled pictures is told: conf/base/parameters_model_training.yml holds every number."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

from model_serving.datasets.manifest import Pair
from model_serving.training.augment import Augmentation
from model_serving.training.errors import TrainingError
from model_serving.training.quick import Precision
from model_serving.training.recipe import Paper

Share = Annotated[float, Field(ge=0, lt=1)]


FREE = {
    *("out", "resume", "device", "workers"),
    *("checkpoint_every_s", "report_every_s", "tensorboard", "pushgateway"),
}
"""What may be another when a run goes on. All else are its terms: it goes on with the same ones, or not at all."""


class Parameters(BaseModel):
    """As in the file; what a name means is told there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    out: Path
    resume: bool
    device: str
    workers: NonNegativeInt
    checkpoint_every_s: NonNegativeFloat
    report_every_s: NonNegativeFloat
    tensorboard: bool
    pushgateway: str | None

    variant: Literal["small", "fast", "base", "res2net50"]
    size: Annotated[int, Field(gt=0, multiple_of=32)] | None
    start: str
    overrides: dict[str, Any] | None
    batch: PositiveInt
    epochs: PositiveInt
    backbone_rate: NonNegativeFloat
    rate: PositiveFloat
    floor_rate: NonNegativeFloat
    warm_up: NonNegativeInt
    warm_up_from: Share
    power: PositiveFloat
    weight_decay: NonNegativeFloat
    largest_gradient: PositiveFloat | None
    precision: Precision
    average: Share
    settling: NonNegativeInt
    checked: PositiveInt
    seed: NonNegativeInt
    augmentation: Augmentation

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """TrainingError names the first parameter that will not do."""
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in ("model_training", *first["loc"]))
            raise TrainingError(f"{name}: {first['msg']}, not {first['input']!r}") from error

    @property
    def checkpoint(self) -> Path:
        return self.out / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        """The best so far, by the held-out pairs."""
        return self.out / f"{self.variant}.safetensors"

    @property
    def last_weights(self) -> Path:
        return self.out / f"{self.variant}-last.safetensors"

    def recipe(self, pairs: int) -> Paper:
        return Paper(
            steps=self.epochs * (pairs // self.batch),
            backbone_rate=self.backbone_rate,
            rate=self.rate,
            floor_rate=self.floor_rate,
            warm_up=self.warm_up,
            warm_up_from=self.warm_up_from,
            power=self.power,
            weight_decay=self.weight_decay,
            largest_gradient=self.largest_gradient,
        )

    def terms(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        """What decides the course of a run, the pairs among it: names and plain values."""
        plain = self.model_dump(mode="json", exclude=FREE)
        return dict(_flat(plain)) | {"pairs": _named(pairs)}


def differences(begun: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """In words, what of a run's terms is not as asked."""
    names = [*asked, *(name for name in begun if name not in asked)]
    return [f"{name} {begun.get(name)}, not {asked.get(name)}" for name in names if begun.get(name) != asked.get(name)]


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield above + name, value


def _named(pairs: Sequence[Pair]) -> str:
    """As many, and eight hex digits over their files, as seen from the folder that holds all, and their sides."""
    home = os.path.commonpath([file.parent for pair in pairs for file in (pair.image, pair.mask)])
    seen = (f"{pair.image.relative_to(home)}\t{pair.mask.relative_to(home)}\t{pair.split}\n" for pair in pairs)
    return f"{len(pairs)} ({hashlib.sha256(os.fsencode(''.join(seen))).hexdigest()[:8]})"
