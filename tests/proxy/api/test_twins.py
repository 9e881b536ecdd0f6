"""The same picture in other bytes, through the doors."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from model_serving import pixels
from model_serving.picture_name import picture_name
from tests.proxy.api.house import MAX_PIXELS, house
from tests.proxy.api.test_predictions import cache_status, picture_of, send
from tests.proxy.imaging.pictures import corners, file_of, picture_in
from tests.support.fakes import FakeBackend, grey_png

PNG = file_of(corners())
JPEG = file_of(corners(), "JPEG", orientation=6)
UPRIGHT = ImageOps.exif_transpose(picture_in(JPEG))


def stripped(jpeg: bytes) -> bytes:
    """Without its EXIF, which here is one segment behind JFIF's."""
    start = jpeg.index(b"\xff\xe1")
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]


async def inferences(*files: bytes) -> int:
    backend = FakeBackend(picture_name=lambda file: picture_name(pixels.decode(file, MAX_PIXELS)))
    async with house(backend) as it:
        for file in files:
            assert (await send(it, picture=file)).status_code == 200
    return backend.calls


async def test_a_picture_saved_anew_is_a_hit_that_says_pixels_and_then_a_plain_one():
    backend = FakeBackend(mask=grey_png(level=77))
    async with house(backend) as it:
        first = await send(it, picture=PNG)
        anew = file_of(corners(), "TIFF", compression="tiff_lzw")
        hit, again = [await send(it, picture=anew) for _ in range(2)]
    assert backend.calls == 1
    assert cache_status(hit) == {"hit": True, "ttl": 1800, "detail": "pixels"}
    assert cache_status(again)["detail"] == "rendered"
    assert first.content == hit.content == again.content
    assert hit.headers["X-Image-Digest"] == again.headers["X-Image-Digest"] != first.headers["X-Image-Digest"]
    assert hit.headers["ETag"] == again.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    "files",
    [
        (PNG, file_of(corners(), compress_level=1)),
        (PNG, file_of(corners().quantize(4))),
        (JPEG, file_of(UPRIGHT)),
        (JPEG, file_of(UPRIGHT, "BMP")),
        (file_of(corners(), "JPEG", orientation=1), stripped(file_of(corners(), "JPEG", orientation=1))),
        (JPEG, file_of(UPRIGHT, "PPM"), file_of(UPRIGHT, "TIFF"), JPEG),
    ],
    ids=["compression", "palette", "decoded", "decoded to BMP", "stripped", "several"],
)
async def test_the_same_pixels_are_one_inference(files: tuple[bytes, ...]):
    assert await inferences(*files) == 1


@pytest.mark.parametrize(
    "files",
    [
        (JPEG, stripped(JPEG)),
        (PNG, file_of(corners(), "JPEG")),
        (PNG, file_of(corners(), orientation=3)),
        (PNG, file_of(ImageOps.invert(corners()))),
    ],
    ids=["stripped of its orientation", "lossy", "turned", "other colours"],
)
async def test_other_pixels_are_another_inference(files: tuple[bytes, ...]):
    assert await inferences(*files) == 2


async def test_a_cutout_has_the_alpha_and_the_profile_of_the_file_that_was_sent():
    """The model sees white in both; the answer must not."""
    clear = corners().convert("RGBA")
    clear.paste((200, 200, 200, 0), (0, 0, 10, 10))
    white = Pillow.new("RGB", clear.size, "white")
    white.paste(clear, mask=clear.getchannel("A"))
    backend = FakeBackend(mask=grey_png(level=255))
    profile = b"RGB ".rjust(20, b"\0").ljust(128, b"\0")
    async with house(backend) as it:
        opaque = picture_of(await send(it, "cutout", file_of(white)))
        answer = await send(it, "cutout", file_of(clear, icc_profile=profile))
    assert (backend.calls, cache_status(answer)["detail"]) == (1, "pixels")
    assert opaque.getpixel((0, 0)) == (255, 255, 255, 255)
    assert picture_of(answer).getpixel((0, 0))[3] == 0
    assert (picture_of(answer).info.get("icc_profile"), opaque.info.get("icc_profile")) == (profile, None)


LOSSLESS = [
    ("PNG", {"compress_level": 0}),
    ("PNG", {"compress_level": 9, "pnginfo": None, "dpi": (72, 72)}),
    ("BMP", {}),
    ("PPM", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_deflate"}),
    ("WEBP", {"lossless": True, "exact": True}),
]
TURNS = {
    1: None,
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_90,
    8: Pillow.Transpose.ROTATE_270,
}


@st.composite
def files_of_one_picture(draw: st.DrawFn) -> list[bytes]:
    """A random small picture, each time in another file, some of them stored turned."""
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    count = 3 * width * height
    picture = Pillow.frombytes("RGB", (width, height), draw(st.binary(min_size=count, max_size=count)))
    return [_stored(picture, *draw(st.tuples(st.sampled_from(LOSSLESS), st.sampled_from(list(TURNS))))) for _ in "abc"]


def _stored(picture: Pillow.Image, kind: tuple[str, dict[str, object]], orientation: int) -> bytes:
    name, options = kind
    turn = TURNS[orientation] if name in ("PNG", "TIFF", "WEBP") else None
    if turn is None:
        return file_of(picture, name, **options)
    return file_of(picture.transpose(turn), name, orientation, **options)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files=files_of_one_picture())
async def test_any_lossless_file_of_a_picture_is_the_same_inference(files: list[bytes]):
    assert len({ImageOps.exif_transpose(Pillow.open(io.BytesIO(file))).tobytes() for file in files}) == 1
    assert await inferences(*files) == 1
