import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from proxy.core.fingerprint import Fingerprinter
from proxy.errors import BadImage
from proxy.imaging.jpeg import coded_name
from proxy.imaging.names import pixels_name
from tests.proxy.imaging.pictures import corners, file_of, image

LIMIT = 1_000_000
PLAIN = file_of(corners(), "JPEG", quality=90)


def name(data: bytes) -> bytes | None:
    return coded_name(image(data), LIMIT)


def has_name(data: bytes) -> bool:
    try:
        return name(data) is not None
    except BadImage:
        return False


def with_segment(marker: int, body: bytes) -> bytes:
    """The plain file with one more segment in front."""
    return PLAIN[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + PLAIN[2:]


def test_other_notes_leave_the_name():
    noted = file_of(corners(), "JPEG", orientation=1, quality=90, icc_profile=b"p" * 200, comment=b"a note")
    assert len(noted) > len(PLAIN) + 200
    assert name(noted) == name(PLAIN) is not None


@pytest.mark.parametrize("turn", [0, 1, 9, 65535])
def test_an_orientation_that_turns_nothing_is_none(turn: int):
    exif = Pillow.Exif()
    exif[0x0112] = turn
    assert name(file_of(corners(), "JPEG", quality=90, exif=exif)) == name(PLAIN)


def test_every_orientation_has_a_name_of_its_own():
    assert len({name(file_of(corners(), "JPEG", turn, quality=90)) for turn in range(1, 9)}) == 8


@pytest.mark.parametrize(
    "data",
    [
        file_of(corners(), "JPEG", quality=91),
        file_of(corners(), "JPEG", quality=90, progressive=True),
        with_segment(0xE0, b"JFXX\0"),
        with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"),
        with_segment(0xE2, b"OTHER\0"),
        with_segment(0xDB, b"\0" + bytes(range(1, 65))),
        PLAIN + b"\0",
    ],
    ids=["quality", "progressive", "JFXX", "Adobe", "no profile", "a table", "more behind the end"],
)
def test_whatever_may_mean_something_to_a_decoder_changes_the_name(data: bytes):
    assert name(data) not in (None, name(PLAIN))


@pytest.mark.parametrize(
    "data",
    [PLAIN[:2] + b"\xff\xd8" + PLAIN[2:], PLAIN[:2] + b"\xff" + PLAIN[2:], PLAIN[:2] + b"\xff\x01" + PLAIN[2:]],
    ids=["a second start", "a fill byte", "a bare marker"],
)
def test_a_jpeg_that_is_not_plain_has_no_name(data: bytes):
    assert not has_name(data)


def test_a_file_that_ends_before_its_scan_has_no_name():
    scan = PLAIN.index(b"\xff\xda")
    assert not any(has_name(PLAIN[:end]) for end in (scan, scan + 3, scan + 6))
    assert has_name(PLAIN)


@given(at=st.integers(0, len(PLAIN) - 1), bit=st.integers(0, 7))
def test_two_files_of_one_name_show_the_same_pixels(at: int, bit: int):
    """Damage is welcome, as long as nobody is given another picture's mask for it."""
    damaged = bytearray(PLAIN)
    damaged[at] ^= 1 << bit
    try:
        if name(bytes(damaged)) == name(PLAIN):
            assert pixels_name(image(bytes(damaged)), LIMIT) == pixels_name(image(PLAIN), LIMIT)
    except BadImage:
        pass


def test_how_the_bytes_were_cut_makes_no_difference():
    fingerprinter = Fingerprinter(seed=1)
    for at in range(0, len(PLAIN), 7):
        fingerprinter.feed(PLAIN[at : at + 7])
    assert coded_name(fingerprinter.finish(), LIMIT) == name(PLAIN)
