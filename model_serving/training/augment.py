"""A labelled picture as it might have been: other distances, angles and light, as InSPyReNet's authors train it."""

from collections.abc import Callable

from numpy.random import Generator
from PIL import Image, ImageEnhance
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat

Labelled = tuple[Image.Image, Image.Image]
"""An RGB picture and its grey mask, of one size."""

ENHANCERS = (ImageEnhance.Contrast, ImageEnhance.Brightness, ImageEnhance.Sharpness)


class Augmentation(BaseModel):
    """How much of it. Odds are 0 to 1, of each change by itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: tuple[PositiveFloat, PositiveFloat]
    """Least and most; what is nearer is cut by the frame, what is farther has black around it."""
    scale_odds: float = Field(ge=0, le=1)
    flip_odds: float = Field(ge=0, le=1)
    degrees: NonNegativeInt
    """Turned by whole degrees less than that, either way."""
    rotate_odds: float = Field(ge=0, le=1)
    enhance: NonNegativeFloat
    """Contrast, brightness and sharpness grow by up to that share."""
    enhance_odds: float = Field(ge=0, le=1)


def augmented(rng: Generator, labelled: Labelled, how: Augmentation) -> Labelled:
    """The same numbers from `rng` make the same picture. The size stays."""
    labelled = _scaled(rng, labelled, how)
    if rng.random() < how.flip_odds:
        labelled = _both(labelled, lambda x: x.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    picture, mask = _rotated(rng, labelled, how)
    return _enhanced(rng, picture, how), mask


def _scaled(rng: Generator, labelled: Labelled, how: Augmentation) -> Labelled:
    scale = rng.uniform(*how.scale)
    if rng.random() >= how.scale_odds:
        return labelled
    width, height = labelled[0].size
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return _both(labelled, lambda x: _centred(x.resize(size, Image.Resampling.BICUBIC), (width, height)))


def _rotated(rng: Generator, labelled: Labelled, how: Augmentation) -> Labelled:
    degrees = int(rng.integers(-how.degrees, max(how.degrees, 1)))
    if rng.random() >= how.rotate_odds:
        return labelled
    return _both(labelled, lambda x: _centred(x.rotate(degrees, expand=True), labelled[0].size))


def _enhanced(rng: Generator, picture: Image.Image, how: Augmentation) -> Image.Image:
    for number in rng.permutation(len(ENHANCERS)):
        factor = 1.0 + rng.uniform(0.0, how.enhance)
        if rng.random() < how.enhance_odds:
            picture = ENHANCERS[number](picture).enhance(factor)
    return picture


def _centred(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of it; black, which is no object, where there is none."""
    left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
    return image.crop((left, top, left + size[0], top + size[1]))


def _both(labelled: Labelled, change: Callable[[Image.Image], Image.Image]) -> Labelled:
    picture, mask = labelled
    return change(picture), change(mask)
