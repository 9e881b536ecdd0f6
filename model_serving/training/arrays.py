"""The two kinds of picture the composites are computed with, and the bridge to Pillow."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Pixels = npt.NDArray[np.uint8]
"""Stored pictures: HxWxC or HxW, 0..255."""

Floats = npt.NDArray[np.float32]
"""Pictures in the making: HxWxC colours or HxW coverage, 0..1."""


def floats(image: Image.Image | Pixels) -> Floats:
    return np.asarray(image, np.float32) / 255.0


def pixels(values: Floats) -> Pixels:
    return (np.clip(values, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def picture(values: Floats) -> Image.Image:
    return Image.fromarray(pixels(values))


def resized(values: Pixels, width: int, height: int) -> Pixels:
    return np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.BILINEAR))


def blurred(values: Floats, sigma: float) -> Floats:
    """Gaussian blur at 8 bits; a sigma under a third of a pixel changes nothing."""
    if sigma < 0.3:
        return values
    return floats(picture(values).filter(ImageFilter.GaussianBlur(sigma)))
