"""The proxy measures and names what the model reads, and neither may import the other: here they meet."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from model_serving import pixels
from proxy.core.fingerprint import image_of
from proxy.imaging import picture
from proxy.imaging.colours import as_the_model_sees
from proxy.imaging.names import pixels_name

LIMIT = 100_000
RAMP = Pillow.linear_gradient("L").resize((64, 48))
COLOURED = Pillow.merge("RGBA", (RAMP, RAMP.rotate(180), RAMP.point(lambda level: 255 - level), RAMP))
LEVELS = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21


def file_of(shown: Pillow.Image, kind: str, **options: object) -> bytes:
    """Stored lying on its side."""
    exif = Pillow.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    shown.save(file, kind, exif=exif.tobytes(), **options)
    return file.getvalue()


def test_proxy_and_model_accept_the_same_formats():
    assert set(picture.FORMATS) == set(pixels.FORMATS)


@pytest.mark.parametrize(
    "file",
    [
        *(file_of(COLOURED.convert(mode), "PNG") for mode in ("1", "L", "LA", "RGB", "RGBA")),
        file_of(COLOURED.quantize(200), "PNG"),
        file_of(COLOURED.convert("RGB").quantize(200), "PNG", transparency=7),
        file_of(COLOURED.convert("RGB"), "PNG", transparency=(3, 252, 252)),
        file_of(COLOURED.convert("L"), "PNG", transparency=9),
        *(file_of(COLOURED.convert(mode), "TIFF") for mode in ("CMYK", "YCbCr", "LAB", "RGBX", "PA")),
        file_of(COLOURED.convert("CMYK"), "JPEG"),
        file_of(COLOURED.convert("L"), "JPEG", icc_profile=b"no profile"),
        *(file_of(COLOURED, kind) for kind in ("WEBP", "AVIF", "HEIF")),
    ],
)
def test_the_proxy_names_what_the_model_sees(file: bytes):
    try:
        seen = pixels.decode(file, LIMIT)
    except pixels.UnreadableImage:
        pytest.skip("the model refuses this one")
    shown = as_the_model_sees(picture.upright(image_of(file, seed=1), LIMIT))
    assert (shown.mode, shown.size) == (seen.mode, seen.size) == ("RGB", (48, 64))
    assert shown.tobytes() == seen.tobytes()


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_greys_of_more_than_8_bits_that_are_named_alike_look_alike_to_the_model(dtype: str):
    deep = Pillow.fromarray(LEVELS.astype(dtype))
    files = [file_of(deep, "TIFF"), file_of(deep, "TIFF", compression="tiff_lzw")]
    if dtype == "uint16":
        files.append(file_of(deep, "PNG"))
    assert len({pixels_name(image_of(file, seed=1), LIMIT) for file in files}) == 1
    assert len({pixels.decode(file, LIMIT).tobytes() for file in files}) == 1
