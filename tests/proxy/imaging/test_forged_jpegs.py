"""JPEGs that two readers may divide differently: a picture to the one is hidden in what the other takes for a note.

The name is made of what our reader sees, the pixels of what libjpeg sees. Each forgery comes with two hidden pictures.
"""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy.errors import BadImage
from proxy.imaging.jpeg import coded_name
from proxy.imaging.names import pixels_name
from tests.proxy.imaging.pictures import corners, file_of, image

LIMIT = 1_000_000
SHOWN = file_of(corners(24, 16), "JPEG")
HIDDEN = [file_of(corners(16, 8).rotate(turn, expand=True), "JPEG") for turn in (0, 90)]
ROOM = max(map(len, HIDDEN))

Edit = tuple[int, int, bytes]
"""At that byte, so many bytes are replaced by these."""


def forged(second: int, hidden: bytes) -> bytes:
    """A segment, a note and the picture `SHOWN` to who takes FF and `second` for a marker with a length of 6.

    To who passes over the two bytes the segment holds a comment, which ends where `hidden` begins.
    """
    behind = hidden[2:].ljust(ROOM, b"\0")
    segment = bytes([0xFF, second]) + b"\0\x06" + b"\xff\xfe\0\x06"
    return SHOWN[:2] + segment + struct.pack(">BBH", 0xFF, 0xE1, len(behind) + 2) + behind + SHOWN[2:]


def edited(data: bytes, edits: list[Edit]) -> bytes:
    for at, many, by in edits:
        data = data[:at] + by + data[at + many :]
    return data


def name(data: bytes) -> bytes | None:
    try:
        return coded_name(image(data), LIMIT)
    except BadImage:
        return None


def pixels(data: bytes) -> bytes | None:
    try:
        return pixels_name(image(data), LIMIT)
    except BadImage:
        return None


def deceives(files: list[bytes]) -> bool:
    """Two files have one name, and are not one picture."""
    one, other = map(name, files)
    return one is not None and one == other and len(set(map(pixels, files))) > 1


def test_no_two_bytes_in_front_of_a_length_hide_a_picture():
    assert not [second for second in range(256) if deceives([forged(second, hidden) for hidden in HIDDEN])]


@pytest.mark.parametrize("second", [0xFF, 0x00, 0xD0, 0xD8, 0xD9, 0x01, 0x02, 0xC8, 0xCC, 0xDC, 0xDE, 0xF0, 0xFD])
def test_what_decoders_pass_over_or_know_nothing_of_leaves_a_jpeg_without_a_name(second: int):
    assert name(forged(second, HIDDEN[0])) is None


SPICE = st.sampled_from(b"\xff\x00\x01\x02\x06\xc0\xc4\xc8\xcc\xd0\xd8\xd9\xda\xdb\xdd\xe0\xe1\xee\xf0\xfe")
EDITS = st.tuples(st.integers(2, 30), st.integers(0, 2), st.lists(SPICE, max_size=3).map(bytes))


@given(st.lists(EDITS, min_size=1, max_size=3), st.sampled_from([0xE1, 0xE5, 0xFE]))
@example([(3, 1, b"\xff")], 0xE5)
@example([(3, 1, b"\x00")], 0xE5)
def test_no_edit_of_a_head_gives_two_pictures_one_name(edits: list[Edit], second: int):
    assert not deceives([edited(forged(second, hidden), edits) for hidden in HIDDEN])
