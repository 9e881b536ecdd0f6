import pytest

from proxy.core.fingerprint import image_of
from proxy.imaging.diagnosis import fault_of
from tests.proxy.imaging.pictures import corners, file_of, png_header


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"a film, say", "format"),
        (b"", "format"),
        (b"%PDF-1.7", "format"),
        (png_header(0, 7), "dimensions"),
        (png_header(7, 0), "dimensions"),
        (png_header(7, 7), "data"),
        *((file_of(corners(), kind)[:40], "data") for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")),
    ],
)
def test_what_is_wrong_with_bytes_is_told_by_the_first_of_them(data: bytes, fault: str):
    assert fault_of(image_of(data, seed=1)) == fault
