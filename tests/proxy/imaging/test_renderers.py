import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from proxy.errors import BackendError
from proxy.imaging.renderers import mask_png
from tests.proxy.imaging.pictures import file_of, mask, picture_in
from tests.support.fakes import grey_png

SLOPE = Pillow.linear_gradient("L").resize((16, 16))


def test_a_mask_is_scaled_to_the_upright_image():
    scaled = picture_in(mask_png(mask(40, 30, file_of(SLOPE))))
    assert (scaled.format, scaled.mode, scaled.size) == ("PNG", "L", (40, 30))
    assert scaled.tobytes() == SLOPE.resize((40, 30), Pillow.Resampling.BILINEAR).tobytes()


@given(width=st.integers(1, 40), height=st.integers(1, 40), data=st.data())
def test_a_mask_at_the_images_size_keeps_every_level(width: int, height: int, data: st.DataObject):
    levels = data.draw(st.binary(min_size=width * height, max_size=width * height))
    png = file_of(Pillow.frombytes("L", (width, height), levels))
    assert picture_in(mask_png(mask(width, height, png))).tobytes() == levels


@given(level=st.integers(0, 255), width=st.integers(1, 60), height=st.integers(1, 60))
def test_scaling_invents_no_levels(level: int, width: int, height: int):
    assert picture_in(mask_png(mask(width, height, grey_png(4, 3, level)))).getextrema() == (level, level)


@pytest.mark.parametrize("png", [b"", b"<html>", file_of(SLOPE)[:60]], ids=["nothing", "a page", "half a mask"])
def test_a_broken_mask_is_the_model_servers_fault(png: bytes):
    with pytest.raises(BackendError):
        mask_png(mask(8, 8, png))
