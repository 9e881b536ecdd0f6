import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from proxy.imaging.png import BAND_BYTES, COLOUR_TYPES, encode
from tests.proxy.imaging.pictures import corners, picture_in

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@given(mode=st.sampled_from(sorted(COLOUR_TYPES)), width=st.integers(1, 9), height=st.integers(1, 9), data=st.data())
def test_every_pixel_comes_back(mode: str, width: int, height: int, data: st.DataObject):
    length = width * height * len(Pillow.new(mode, (1, 1)).getbands())
    picture = Pillow.frombytes(mode, (width, height), data.draw(st.binary(min_size=length, max_size=length)))
    decoded = picture_in(encode(picture))
    assert (decoded.format, decoded.mode, decoded.size) == ("PNG", mode, (width, height))
    assert decoded.tobytes() == picture.tobytes()


@pytest.mark.parametrize("rows", [63, 64, 65, 200])
def test_bands_leave_no_seam(rows: int):
    picture = Pillow.effect_noise((BAND_BYTES // 64, rows), 90)
    assert picture_in(encode(picture)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("size", [(1, 2 * BAND_BYTES), (2 * BAND_BYTES, 2)], ids=["tall", "wide"])
def test_no_shape_is_too_odd(size: tuple[int, int]):
    picture = Pillow.linear_gradient("L").resize(size)
    assert picture_in(encode(picture)).tobytes() == picture.tobytes()


def test_all_checksums_are_right():
    picture_in(encode(corners())).verify()  # Pillow reads every chunk and raises where one does not add up


def test_the_profile_is_kept():
    picture = corners()
    picture.info["icc_profile"] = SRGB
    assert picture_in(encode(picture)).info["icc_profile"] == SRGB


def test_the_chunks_are_those_of_the_standard_in_its_order():
    data, names = encode(corners()), []
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        names.append(data[at + 4 : at + 8])
        at += 12 + length
    assert names == [b"IHDR", b"IDAT", b"IEND"]


def test_every_scan_line_is_filtered_up():
    data = encode(corners(10, 6))
    (length,) = struct.unpack_from(">I", data, 33)
    lines = zlib.decompress(data[41 : 41 + length])
    assert len(lines) == 6 * 31
    assert set(lines[::31]) == {2}
