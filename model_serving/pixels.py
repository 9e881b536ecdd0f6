"""Bytes to network input, and prediction to mask: the same for serving, training and evaluation."""

import io
import math
import struct
from dataclasses import dataclass

import numpy as np
import pillow_heif
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile
from torch import Tensor

from model_serving.network.blocks import Size, resize_corners, size_of
from model_serving.tiles import SMALL_TILE, tile_pixels

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF", "JPEG2000", "PPM")

# The one limit is `max_pixels`; Pillow's own would warn below it or refuse above its idea of enough.
Image.MAX_IMAGE_PIXELS = None
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])

STRIDE = 32
SHORTER_SIDE = 1280
# A 1:4 panorama with the shorter side at its limit. Beyond it, the authors' rule asks for many gigabytes.
MAX_DYNAMIC_PIXELS = 4 * SHORTER_SIDE**2

_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadableImage(ValueError):
    """Bytes that are no picture we can read. `code` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the network is called with, 1x3xHxW each, and the size of the upright picture it was made from."""

    image: Tensor
    image_resized: Tensor | None
    size: Size


def decode(data: bytes, max_pixels: int) -> Image.Image:
    """The upright RGB picture in an image file: EXIF orientation applied, transparency on white, first frame.

    UnreadableImage for anything else than a whole file of one of FORMATS with 1 to `max_pixels` pixels. The size is
    checked before a pixel is decoded.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        _check_pixels(image, max_pixels)
        if isinstance(image, TiffImageFile):
            _check_tiles(tile_pixels(io.BytesIO(data), image.tag_v2.offset), max_pixels)
        image.load()
        return _upright(_rgb(_positive(image)), _orientation(image))
    except (UnreadableImage, MemoryError):
        raise
    except Exception as error:  # damaged files make Pillow's decoders raise nearly every built-in error
        raise UnreadableImage("unreadable_image", f"not an image that can be read: {_reason(data, error)}") from error


def prepare_static(image: Image.Image, base_size: Size) -> Prepared:
    """The picture at exactly `base_size` (h, w), its aspect ratio lost."""
    return Prepared(_scaled(image, base_size), None, _size(image))


def prepare_dynamic(image: Image.Image, base_size: Size) -> Prepared:
    """The picture near its own size, by `dynamic_size`, and once more at `base_size` (h, w)."""
    size = _size(image)
    return Prepared(_scaled(image, dynamic_size(size)), _scaled(image, base_size), size)


def dynamic_size(size: Size) -> Size:
    """The shorter side brought down to 1280, never up; both then rounded to multiples of 32, halves to even.

    As the authors do, save where they fail: sides under 16 become 32, and areas above MAX_DYNAMIC_PIXELS shrink to it.
    """
    shrink = max(1.0, min(size) / SHORTER_SIDE)
    height, width = size[0] / shrink, size[1] / shrink
    excess = max(1.0, math.sqrt(height * width / MAX_DYNAMIC_PIXELS))
    return _rounded(height / excess), _rounded(width / excess)


def normalise(image: Image.Image) -> Tensor:
    """RGB -> 3xHxW float32: / 255, - MEAN, / STD, in the authors' order and precision."""
    values = np.asarray(image).astype(np.float32)
    values /= 255
    values -= MEAN
    values /= STD
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))


def saliency_at(pred: Tensor, size: Size) -> NDArray[np.float32]:
    """A prediction, 1x1xHxW in 0..1, at another size (h, w), as the authors bring it to the picture's."""
    values: NDArray[np.float32] = resize_corners(pred.float(), size)[0, 0].cpu().numpy()
    return values


def grey(saliency: NDArray[np.float32]) -> NDArray[np.uint8]:
    """0..1 to 0..255, truncated."""
    return (saliency * 255).astype(np.uint8)


def mask(pred: Tensor, size: Size) -> NDArray[np.uint8]:
    """The served mask: the aspect ratio of the picture of that size (h, w), neither larger than it nor than `pred`."""
    return grey(saliency_at(pred, mask_size(size, size_of(pred))))


def mask_size(size: Size, working: Size) -> Size:
    """A picture's size (h, w), brought down to fit into the network's working size, never up."""
    scale = min(1.0, working[0] / size[0], working[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _rounded(side: float) -> int:
    return max(STRIDE, round(side / STRIDE) * STRIDE)


def _check_pixels(image: Image.Image, max_pixels: int) -> None:
    pixels = image.width * image.height
    if pixels == 0:
        raise UnreadableImage("unreadable_image", "the image has no pixels")
    if pixels > max_pixels:
        raise UnreadableImage("too_many_pixels", f"the image has {pixels} pixels, more than {max_pixels}")


def _check_tiles(pixels: int, max_pixels: int) -> None:
    if pixels > max(max_pixels, SMALL_TILE):
        raise UnreadableImage("too_many_pixels", f"the image's tiles have {pixels} pixels each, more than {max_pixels}")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return 1  # a picture whose notes are damaged is still a picture


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def _positive(image: Image.Image) -> Image.Image:
    """Pillow turns TIFFs whose white is zero (TIFF 6.0, section 8) round, but for those of 16 bits."""
    negative = isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    return Image.fromarray(~np.asarray(image)) if negative and image.mode == "I;16" else image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return _eight_bits(image).convert("RGB")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        return paper.convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Greys of 16 and 32 bits, which Pillow would clip at 255. White is 65535, or the brightest of wilder numbers."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    brightest = values.max()
    if image.mode == "F":
        white = next((white for white in (1, 255, 65535) if brightest <= white), brightest)
    else:
        white = max(65535, brightest)
    return Image.fromarray((values.clip(0) * (255 / white)).round().astype(np.uint8))


def _reason(data: bytes, error: Exception) -> str:
    if not data:
        return "no bytes came"
    if isinstance(error, UnidentifiedImageError):
        return "unknown format"
    return " ".join(str(error).split()) or type(error).__name__  # libheif's messages end with a line break


def _size(image: Image.Image) -> Size:
    return image.height, image.width


def _scaled(image: Image.Image, size: Size) -> Tensor:
    height, width = size
    return normalise(image.resize((width, height), Image.Resampling.BILINEAR))[None]
