"""A finished picture in the file format that was asked for."""

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Literal

from PIL import Image as Pillow

from proxy.errors import SideTooLong
from proxy.imaging import png
from proxy.imaging.backgrounds import covering, spread

Format = Literal["png", "webp", "avif", "jpeg", "zip", "auto"]

PNG, WEBP, AVIF, JPEG, ZIP = "image/png", "image/webp", "image/avif", "image/jpeg", "application/zip"
MEDIA_TYPES: Mapping[Format, str] = {"png": PNG, "webp": WEBP, "avif": AVIF, "jpeg": JPEG, "zip": ZIP}
"""Of each format that has only one."""
QUALITY = {"WEBP": {"quality": 90}, "AVIF": {"quality": 80, "speed": 8}, "JPEG": {"quality": 92, "subsampling": 0}}
LONGEST = {"WEBP": 16_383, "AVIF": 65_536, "JPEG": 65_500}
"""Pixels on a side that the formats' encoders (libwebp, libavif, libjpeg) can hold."""
JPEG_BLOCK_PX = 8
"""What lies so near to a pixel is coded together with it (ITU-T T.81, 4.3)."""


def encoded(picture: Pillow.Image, kind: Format) -> tuple[bytes, str]:
    """A picture of mode L, RGB or RGBA as a file with its media type, and with the ICC profile of its `info`.

    JPEG shows what can be seen through on white paper. `zip`: `color.jpg` and `alpha.png`. `auto`: PNG when anything
    can be seen through, or JPEG cannot hold it; else JPEG. Raises SideTooLong.
    """
    if kind == "auto":
        kind = "png" if _has_holes(picture) or max(picture.size) > LONGEST["JPEG"] else "jpeg"
    return _WRITERS[kind](picture)


def check_sides(picture: Pillow.Image, kind: str) -> None:
    """`kind`: as Pillow calls it. Raises SideTooLong."""
    width, height = picture.size
    most = LONGEST[kind]
    if max(width, height) > most:
        raise SideTooLong(
            f"The answer has {width} x {height} pixels, and {kind} holds no side above {most:,}; ask for a PNG."
        )


def _png(picture: Pillow.Image) -> tuple[bytes, str]:
    return png.encode(picture), PNG


def _webp(picture: Pillow.Image) -> tuple[bytes, str]:
    return _saved(picture, "WEBP"), WEBP


def _avif(picture: Pillow.Image) -> tuple[bytes, str]:
    return _saved(picture, "AVIF"), AVIF


def _jpeg(picture: Pillow.Image) -> tuple[bytes, str]:
    return _saved(_on_paper(picture), "JPEG"), JPEG


def _zip(picture: Pillow.Image) -> tuple[bytes, str]:
    files = {"color.jpg": _saved(_without_edges(picture), "JPEG"), "alpha.png": png.encode(_alpha(picture))}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # its date is always the same, and so are the bytes
    return buffer.getvalue(), ZIP


_WRITERS: Mapping[Format, Callable[[Pillow.Image], tuple[bytes, str]]] = {
    "png": _png,
    "webp": _webp,
    "avif": _avif,
    "jpeg": _jpeg,
    "zip": _zip,
}


def _saved(picture: Pillow.Image, kind: str) -> bytes:
    check_sides(picture, kind)
    buffer = io.BytesIO()
    profile = picture.info.get("icc_profile")
    picture.save(buffer, kind, icc_profile=profile, **QUALITY[kind])
    return buffer.getvalue()


def _has_holes(picture: Pillow.Image) -> bool:
    return picture.mode == "RGBA" and picture.getchannel("A").getextrema() != (255, 255)


def _on_paper(picture: Pillow.Image) -> Pillow.Image:
    if picture.mode != "RGBA":
        return picture
    paper = Pillow.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    paper.info = picture.info
    return paper


def _alpha(picture: Pillow.Image) -> Pillow.Image:
    if picture.mode == "L":
        return picture
    return picture.getchannel("A") if picture.mode == "RGBA" else Pillow.new("L", picture.size, 255)


def _without_edges(picture: Pillow.Image) -> Pillow.Image:
    """Colours that go on beyond the subject: JPEG would let black shine through its outline."""
    if picture.mode != "RGBA":
        return picture
    alpha = picture.getchannel("A")
    beyond = covering(spread(picture, alpha, JPEG_BLOCK_PX), picture.size)
    colours = Pillow.composite(picture.convert("RGB"), beyond, alpha.point(lambda level: 255 if level else 0))
    colours.info = picture.info
    return colours
