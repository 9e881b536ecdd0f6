"""Image files to pictures. The size that a file declares is checked before a pixel is decoded."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pillow_heif
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from PIL.AvifImagePlugin import AvifImageFile
from PIL.TiffImagePlugin import TiffImageFile

from proxy.core.fingerprint import Image
from proxy.errors import BadImage, RematteError, TooManyPixels
from proxy.imaging.av1 import frame_pixels
from proxy.imaging.chunks import open_chunks
from proxy.imaging.tiles import SMALL_TILE, tile_pixels

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF", "JPEG2000", "PPM")
"""What the model reads too: a picture that one of the two cannot read is refused by both."""

# The one limit is ours, `max_pixels`; Pillow's own would warn below it or refuse above its idea of enough.
Pillow.MAX_IMAGE_PIXELS = None
# Its thumbnails, depths and other companions are nobody's picture here. It turns pictures by itself.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

_FRAMES = 8
"""Pictures of one size in an AVIF, at most: colours and alpha, as items and as tracks, a gain map, thumbnails."""
_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0
_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
_UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}


def upright_size(image: Image, max_pixels: int) -> tuple[int, int]:
    """Width and height with the EXIF orientation applied, from the header alone. Raises BadImage, TooManyPixels."""
    with reading():
        picture = opened(image, max_pixels)
        width, height = picture.size
        return (height, width) if _lies(picture, image) else (width, height)


def upright(image: Image, max_pixels: int) -> Pillow.Image:
    """The first frame with the EXIF orientation applied, in the file's own colours. Raises BadImage, TooManyPixels."""
    with reading():
        picture = opened(image, max_pixels)
        picture.load()
        turn = _UPRIGHT.get(orientation_of(picture))
        picture = _positive(picture)
        return picture if turn is None else picture.transpose(turn)


@contextmanager
def reading() -> Iterator[None]:
    """Whatever is wrong with a file comes out of here as BadImage."""
    try:
        yield
    except (RematteError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise BadImage(f"The bytes are in no format known here; these are: {', '.join(FORMATS)}.") from error
    except Exception as error:  # damaged files make Pillow's decoders raise nearly every built-in error
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__  # libheif's end with a line break
        raise BadImage(f"The image is damaged: {reason}.") from error


def opened(image: Image, max_pixels: int) -> Pillow.Image:
    """Its header is read and no pixel is decoded. Raises BadImage and TooManyPixels, within `reading`."""
    picture = Pillow.open(open_chunks(image.chunks), formats=FORMATS)
    pixels = picture.width * picture.height
    if not pixels:
        raise BadImage("The image declares no pixels: its width or its height is 0.")
    if pixels > max_pixels:
        raise TooManyPixels(
            f"The image has {picture.width} x {picture.height} = {pixels:,} pixels; send one of at most {max_pixels:,}."
        )
    if isinstance(picture, TiffImageFile):
        _check_tiles(picture, image, max_pixels)
    elif isinstance(picture, AvifImageFile):
        _check_frames(image, max_pixels)
    return picture


def _check_tiles(picture: TiffImageFile, image: Image, max_pixels: int) -> None:
    pixels, most = tile_pixels(open_chunks(image.chunks), picture.tag_v2.offset), max(max_pixels, SMALL_TILE)
    if pixels > most:
        raise TooManyPixels(f"The image's tiles have {pixels:,} pixels each; send one with tiles of at most {most:,}.")


def _check_frames(image: Image, max_pixels: int) -> None:
    frames = frame_pixels(b"".join(image.chunks))
    if max(frames, default=0) > max_pixels or sum(frames) > _FRAMES * max_pixels:
        raise TooManyPixels(
            f"The image's frames have {sum(frames):,} pixels, whatever it declares; send one of at most {max_pixels:,}."
        )


def _lies(picture: Pillow.Image, image: Image) -> bool:
    if picture.format == "TIFF":
        return False  # Pillow gives the upright size already
    if picture.format == "PNG" and _has_late_metadata(open_chunks(image.chunks)):
        picture.load()
    return orientation_of(picture) in _LYING


def orientation_of(picture: Pillow.Image) -> int:
    """As EXIF tells it: 1 to 8, or a number that means nothing and turns nothing."""
    try:
        # PngImageFile's own getexif would decode every pixel to see what lies behind them.
        return int(Pillow.Image.getexif(picture).get(_ORIENTATION, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return 1  # a picture whose notes are damaged is still a picture


def _positive(picture: Pillow.Image) -> Pillow.Image:
    """Pillow turns TIFFs whose white is zero (TIFF 6.0, section 8) round, but for those of 16 bits."""
    negative = isinstance(picture, TiffImageFile) and picture.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    return Pillow.fromarray(~np.asarray(picture)) if negative and picture.mode == "I;16" else picture


def _has_late_metadata(png: io.BufferedReader) -> bool:
    """ExifTool writes EXIF and XMP behind the pixels, where Pillow sees them only after decoding."""
    pixels_seen = False
    png.seek(8)
    while len(head := png.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if pixels_seen and name in (b"eXIf", b"iTXt"):
            return True
        pixels_seen = pixels_seen or name == b"IDAT"
        png.seek(length + 4, io.SEEK_CUR)
    return False
