"""What may lie behind a subject: a colour, a gradient, another picture, or its own background blurred."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageFilter

from proxy.core.fingerprint import Image
from proxy.errors import BadImage
from proxy.imaging.colours import in_rgb, in_srgb
from proxy.imaging.geometry import Box, Layout, Length, whole
from proxy.imaging.picture import upright

OPAQUE = 255
SHARP_PX = 4
"""A blur of a larger standard deviation is made of the picture reduced so far that it has this one: nobody sees it."""
SOFT = Length(0.02, relative=True)
STEPS = 1024
"""Shades of a gradient: more than its eight bits can show."""


class Colour(NamedTuple):
    """sRGB, each 0..255."""

    red: int
    green: int
    blue: int
    alpha: int = OPAQUE


WHITE, BLACK = Colour(255, 255, 255), Colour(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Gradient:
    """Colours at equal distances, along a line through the middle (CSS Images 3, 3.1)."""

    colours: tuple[Colour, ...]
    """At least two."""
    angle: float = 180
    """Degrees: 0 runs upwards, 90 to the right."""


@dataclass(frozen=True, slots=True)
class Blur:
    """The picture's own background, without a trace of the subject where the two meet."""

    radius: Length = SOFT
    """Standard deviation of the Gaussian; relative to the picture's longer side."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Another picture: centred, and so large that it covers the canvas."""

    digest: str
    """SHA-256 of its bytes: its name among the options."""
    image: Image = field(repr=False, compare=False)


Background = Colour | Gradient | Blur | Backdrop


class Scene(NamedTuple):
    """What the background can be made from: the upright picture, the subject's alpha in it, where both go."""

    picture: Pillow.Image
    alpha: Pillow.Image
    layout: Layout
    moved: bool


def painted(background: Background, scene: Scene, max_pixels: int) -> Pillow.Image:
    """RGB, or RGBA where it can be seen through, of the canvas's size. Raises BadImage, TooManyPixels."""
    canvas = scene.layout.canvas
    match background:
        case Colour():
            return _plain(background, canvas)
        case Gradient():
            return _gradient(background, canvas)
        case Blur():
            return _blurred_scene(background, scene)
        case Backdrop():
            return covering(_opened(background, max_pixels), canvas)


def spread(picture: Pillow.Image, weight: Pillow.Image, radius: float) -> Pillow.Image:
    """RGB: the picture blurred, where each pixel counts as much as `weight` (mode L) says; black where none is near.

    It may be smaller than the picture, as far as nobody sees it.
    """
    step = max(1, int(radius / SHARP_PX))
    weighed = picture.convert("RGB")
    weighed.putalpha(weight)
    # Premultiplied, or pixels of no weight would still lend their colour.
    small = weighed.convert("RGBa").reduce(step)
    return small.filter(ImageFilter.GaussianBlur(radius / step)).convert("RGBA").convert("RGB")


def covering(picture: Pillow.Image, size: tuple[int, int], part: Box | None = None) -> Pillow.Image:
    """The middle of `part` (of the whole, if there is none), as large as `size` in its shape allows."""
    part = part or whole(picture.size)
    ratio = min(part.width / size[0], part.height / size[1])
    width, height = size[0] * ratio, size[1] * ratio
    left, top = part.left + (part.width - width) / 2, part.top + (part.height - height) / 2
    box = Box(left, top, left + width, top + height).within(picture.size)
    if size == picture.size and box == whole(size):
        return picture
    return picture.resize(size, Pillow.Resampling.BICUBIC, box=box)


def _plain(colour: Colour, size: tuple[int, int]) -> Pillow.Image:
    if colour.alpha == OPAQUE:
        return Pillow.new("RGB", size, colour[:3])
    return Pillow.new("RGBA", size, colour)


def _gradient(gradient: Gradient, size: tuple[int, int]) -> Pillow.Image:
    width, height = size
    angle = math.radians(gradient.angle)
    right, down = math.sin(angle), -math.cos(angle)
    steps_per_pixel = (STEPS - 1) / (abs(width * right) + abs(height * down))
    across = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) * np.float32(right * steps_per_pixel)
    along = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) * np.float32(down * steps_per_pixel) + STEPS / 2
    steps = (across[None, :] + along[:, None]).astype(np.int16).clip(0, STEPS - 1)
    shown = Pillow.frombuffer("RGBA", size, _shades(gradient.colours)[steps].tobytes(), "raw", "RGBA", 0, 1)
    return shown.convert("RGB") if all(colour.alpha == OPAQUE for colour in gradient.colours) else shown


def _shades(colours: tuple[Colour, ...]) -> NDArray[np.uint32]:
    """STEPS of them, each the four bytes of a pixel: to look them up whole is quicker."""
    stops, steps = np.linspace(0, 1, len(colours)), np.linspace(0, 1, STEPS)
    bands = [np.interp(steps, stops, band) for band in zip(*colours, strict=True)]
    return (np.stack(bands, axis=1) + 0.5).astype(np.uint8).view(np.uint32)[:, 0]


def _blurred_scene(blur: Blur, scene: Scene) -> Pillow.Image:
    """What a canvas shows of the picture that it was cut from, or all of the picture when the subject was moved."""
    picture, layout = scene.picture, scene.layout
    behind = scene.alpha.point(lambda level: 255 - level)
    blurred = spread(picture, behind, blur.radius.of(max(picture.size)))
    part = whole(picture.size) if scene.moved else layout.source
    across, down = blurred.width / picture.width, blurred.height / picture.height
    return covering(blurred, layout.canvas, part.scaled(across, down))


def _opened(backdrop: Backdrop, max_pixels: int) -> Pillow.Image:
    try:
        return in_srgb(in_rgb(upright(backdrop.image, max_pixels)))
    except BadImage as error:
        raise type(error)(f"The background picture: {error}") from error
