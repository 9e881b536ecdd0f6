import io
import struct
import time

import pytest
from PIL import Image as Pillow

from proxy.errors import BadImage, TooManyPixels
from proxy.imaging.av1 import frame_pixels
from proxy.imaging.picture import upright, upright_size
from tests.proxy.imaging.pictures import file_of, image

SIZE = (301, 203)
PIXELS = SIZE[0] * SIZE[1]
NOISE = Pillow.effect_noise(SIZE, 80).convert("RGB")
CLEAR = NOISE.copy()
CLEAR.putalpha(Pillow.effect_noise(SIZE, 80))


def avif(picture: Pillow.Image, **options: object) -> bytes:
    return file_of(picture, "AVIF", speed=10, **options)


def frames(*pictures: Pillow.Image) -> bytes:
    return avif(pictures[0], save_all=True, append_images=pictures[1:])


STILL, MOVING = avif(NOISE), frames(NOISE, NOISE.rotate(180))
FILES = {
    "colours": STILL,
    "greys": avif(NOISE.convert("L")),
    "alpha": avif(CLEAR),
    "no subsampling": avif(NOISE, subsampling="4:4:4"),
    "notes": avif(NOISE, exif=Pillow.Exif().tobytes(), xmp=b"<x:xmpmeta>\n\n</x:xmpmeta>", icc_profile=b"p" * 200),
    "frames": MOVING,
    "frames with alpha": frames(CLEAR, CLEAR.rotate(180)),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_honest_frames_are_as_large_as_their_picture(data: bytes):
    assert set(frame_pixels(data)) == {PIXELS}
    assert upright(image(data), PIXELS).size == SIZE


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def smaller(data: bytes) -> bytes:
    """It says everywhere that it has 10 x 10 pixels, but in its frames."""
    for unit in (1, 1 << 16):
        sides = [struct.pack(">II", side[0] * unit, side[1] * unit) for side in (SIZE, (10, 10))]
        data = data.replace(*sides)
    return data


@pytest.mark.parametrize("data", [STILL, FILES["alpha"], MOVING], ids=["still", "alpha", "moving"])
def test_what_a_file_says_of_its_size_does_not_make_its_frames_smaller(data: bytes):
    small = smaller(data)
    assert Pillow.open(io.BytesIO(small)).size == (10, 10)
    with pytest.raises(TooManyPixels, match="frames"):
        upright_size(image(small), PIXELS - 1)


@pytest.mark.parametrize("unit", [b"\x7a\x00", b"\x7a\x03abc", b"\x7e\x00\x00", b"\x12\x00"])
def test_a_frame_is_found_behind_other_units(unit: bytes):
    at = STILL.index(b"mdat") + 4
    moved = STILL[:at] + unit + STILL[at:]
    extent = struct.pack(">II", at, len(STILL) - at)
    assert frame_pixels(moved.replace(extent, struct.pack(">II", at, len(moved) - at))) == [PIXELS]


def test_a_frame_is_found_where_its_item_lies_in_pieces():
    at = STILL.index(b"mdat") + 4
    pieces = struct.pack(">BBBBBBHHHHIIII", 0, 0, 0, 0, 0x44, 0, 1, 1, 0, 2, at, 4, at + 4, 100)
    inside = struct.pack(">BBBBBBHHHHHII", 1, 0, 0, 0, 0x44, 0, 1, 1, 1, 0, 1, 0, 100)
    for iloc, idat in ((pieces, b""), (inside, box(b"idat", STILL[at:]))):
        meta = box(b"meta", bytes(4) + box(b"iloc", iloc) + idat)
        assert frame_pixels(STILL + meta)[1:] == [PIXELS]


def test_a_header_with_every_option_is_read_to_its_size():
    bits = "00000" + "1" + "0" * 64 + "1" + "00101" + "1" + "00111" + "0" * 42 + "1"  # timing, delays of 8 bits
    bits += "00001" + ("0" * 12 + "01000" + "1" + "1" + "0" * 17 + "1" + "0101") * 2
    bits += "01110110" + f"{199:08b}" + f"{99:07b}"
    header = int(bits.ljust(8 * 40, "0"), 2).to_bytes(40, "big")
    iloc = struct.pack(">BBBBBBHHHHHII", 1, 0, 0, 0, 0x44, 0, 1, 1, 1, 0, 1, 0, 0)
    assert frame_pixels(box(b"meta", bytes(4) + box(b"iloc", iloc) + box(b"idat", b"\x0a\x28" + header))) == [200 * 100]


def test_many_tiles_count_together():
    at = STILL.index(b"mdat") + 4
    items = b"".join(struct.pack(">HHHII", item, 0, 1, at, len(STILL) - at) for item in range(9))
    meta = box(b"meta", bytes(4) + box(b"iloc", bytes(4) + b"\x44\0\0\x09" + items))
    with pytest.raises(TooManyPixels, match="frames"):
        upright_size(image(STILL + meta), PIXELS)


ONE_ITEM = bytes(4) + b"\x44\0\0\1" + bytes(4) + b"\0\1"
MANY = {
    "boxes": box(b"free", b"") * 1_000_000,
    "units": box(b"meta", bytes(4) + box(b"iloc", ONE_ITEM + struct.pack(">II", 42, 0))) + b"\x7a\x00" * 1_000_000,
    "items": box(b"meta", bytes(4) + box(b"iloc", b"\2\0\0\0\0\0" + b"\xff" * 1_000_000)),
    "shared bytes": box(
        b"meta", bytes(4) + box(b"iloc", bytes(4) + b"\x44\0\x0f\xff" + (bytes(4) + b"\0\1" + bytes(8)) * 4095)
    )
    + bytes(1_000_000),
}


@pytest.mark.parametrize("data", MANY.values(), ids=MANY)
def test_a_file_of_endless_parts_is_given_up_at_once(data: bytes):
    begun = time.process_time()
    with pytest.raises(ValueError, match=r"more parts|larger than the file"):
        frame_pixels(data)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("end", [60, 200, 260, 300, len(STILL) - 1])
def test_a_file_that_is_cut_off_is_refused(end: int):
    with pytest.raises(BadImage):
        upright(image(STILL[:end]), PIXELS)
