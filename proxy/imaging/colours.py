"""Pictures of every mode as 8-bit RGB, or RGBA where they have holes; and as the model sees them."""

import io
from typing import cast

from PIL import Image as Pillow
from PIL import ImageCms

_OPAQUE = (255, 255)


def in_rgb(picture: Pillow.Image) -> Pillow.Image:
    """RGB, or RGBA if it has holes: `picture` itself where it is that already. Its `info` then holds nothing but the
    ICC profile that its numbers follow, if there is one.

    A profile of another colour space (CMYK, grey) is applied: the result is sRGB then.
    """
    profile = picture.info.get("icc_profile")
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = _eight_bits(picture)
    if profile and _space(profile) != "RGB":
        picture, profile = _in_srgb(picture, profile), None
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    rgb = picture if picture.mode == mode else picture.convert(mode)
    if rgb.mode == "RGBA" and rgb.getchannel("A").getextrema() == _OPAQUE:
        rgb = rgb.convert("RGB")
    rgb.info = {"icc_profile": profile} if profile else {}
    return rgb


def in_srgb(rgb: Pillow.Image) -> Pillow.Image:
    """What `in_rgb` gave, its profile applied: sRGB without one. Holes stay holes."""
    profile = rgb.info.get("icc_profile")
    if not profile:
        return rgb
    converted = _in_srgb(rgb.convert("RGB"), profile)
    if rgb.mode == "RGBA":
        converted.putalpha(rgb.getchannel("A"))
    converted.info = {}
    return converted


def as_the_model_sees(picture: Pillow.Image) -> Pillow.Image:
    """RGB on white paper, profiles not applied: what `model_serving.pixels` makes of it.

    Greys of more than 8 bits stay as they are (modes I and F): how the model scales them depends on the brightest.
    """
    if picture.mode == "F":
        return picture
    if picture.mode.startswith("I"):
        return picture.convert("I")
    if picture.has_transparency_data:
        paper = Pillow.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
        picture = paper
    return picture.convert("RGB")


def _space(profile: bytes) -> str:
    """The colour space in the header of an ICC profile (ICC.1, 7.2.6)."""
    return profile[16:20].decode("ascii", "replace").strip()


def _in_srgb(picture: Pillow.Image, profile: bytes) -> Pillow.Image:
    if picture.has_transparency_data:
        return picture  # LittleCMS would fill the holes
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture  # the profile does not fit its picture: the plain numbers are the best there is
    return converted or picture


def _eight_bits(picture: Pillow.Image) -> Pillow.Image:
    """Greys of 16 and 32 bits, which Pillow would clip at 255. White is 65535, or the brightest of wilder numbers."""
    values = picture.convert("I").convert("F") if picture.mode.startswith("I") else picture
    _, brightest = cast("tuple[float, float]", values.getextrema())
    whites = (1, 255, 65535) if picture.mode == "F" else (65535,)
    white = next((white for white in whites if brightest <= white), brightest)
    return values.point(lambda value: value * (255 / white) + 0.5).convert("L")
