"""Pictures made on the spot, and the files they give."""

import io
import struct
import zlib
from typing import Any

from PIL import Image as Pillow
from PIL import ImageCms

from proxy.core.fingerprint import Image, image_of
from proxy.core.types import Mask
from tests.support.fakes import grey_png

ORIENTATION = 0x0112
CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))


def corners(width: int = 48, height: int = 32) -> Pillow.Image:
    """Another colour in every corner, so that every turn of it looks different."""
    small = Pillow.new("RGB", (2, 2))
    small.putdata(CORNERS)
    return small.resize((width, height), Pillow.Resampling.NEAREST)


def file_of(picture: Pillow.Image, kind: str = "PNG", orientation: int | None = None, **options: Any) -> bytes:
    if orientation is not None:
        exif = Pillow.Exif()
        exif[ORIENTATION] = orientation
        options["exif"] = exif.tobytes()  # as bytes, HEIF's plugin makes a rotation property of it
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def image(data: bytes) -> Image:
    return image_of(data, seed=1)


def picture_in(data: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data))


def mask(width: int, height: int, png: bytes | None = None) -> Mask:
    """A mask for an upright image of that size."""
    return Mask(grey_png() if png is None else png, width, height, "d" * 64, b"b" * 32, "small-1", 0.5, 1000.0)


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG (PNG 3rd edition, 5.3)."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size, and then has hardly any pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def linear_grey_profile() -> bytes:
    """The smallest ICC profile for greys whose numbers are proportional to light (ICC.1, 7 and 8.3)."""
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", 156, len(white), b"kTRC", 156 + len(white), len(curve))
    body = tags + white + curve
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), b"none", 0x02400000, b"scnr", b"GRAY", b"XYZ ")
    illuminant = struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return (header + b"\0" * 12 + b"acsp" + b"\0" * 28 + illuminant).ljust(128, b"\0") + body


def linear_rgb_profile() -> bytes:
    """The ICC profile of sRGB's primaries whose numbers are proportional to light."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack(">I", srgb[128:132])[0]
    tags = [struct.unpack(">4sII", srgb[132 + 12 * at : 144 + 12 * at]) for at in range(count)]
    linear = b"curv\0\0\0\0" + struct.pack(">I", 0)
    profile = bytearray(srgb)
    for name, start, _ in tags:
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            profile[start : start + len(linear)] = linear
    return bytes(profile)
