"""Picture files that Pillow does not write, byte by byte."""

import struct
import zlib
from collections.abc import Sequence

Tag = tuple[int, str, Sequence[int]]

_PNG = b"\x89PNG\r\n\x1a\n"
_OFFSET, _SHORT, _LONG = 273, "H", "I"
_TYPES = {_SHORT: 3, _LONG: 4, "Q": 16, "q": 17}
_FIELD = 4
"""Bytes of a value that lies in its own entry (TIFF 6.0, section 2)."""


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG (PNG 3rd edition, 5.3)."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def deep_png(size: tuple[int, int], colour_type: int, samples: Sequence[int], *extra: tuple[bytes, bytes]) -> bytes:
    """16 bits a sample. `extra`: further chunks, in front of the pixels."""
    width, height = size
    row = len(samples) // height
    lines = [struct.pack(f">{row}H", *samples[at : at + row]) for at in range(0, len(samples), row)]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines))
    chunks = [(b"IHDR", header), *extra, (b"IDAT", pixels), (b"IEND", b"")]
    return _PNG + b"".join(chunk(name, body) for name, body in chunks)


def tiff(size: tuple[int, int], photometric: int, samples: Sequence[int], *, bits: int = 16, alpha: int = 0) -> bytes:
    """One uncompressed strip, little-endian. `alpha`: 1 for premultiplied, 2 for plain (TIFF 6.0, section 18)."""
    width, height = size
    planes = len(samples) // (width * height)
    pixels = struct.pack(f"<{len(samples)}{'H' if bits == 16 else 'B'}", *samples)
    tags: list[Tag] = [(256, _SHORT, [width]), (257, _SHORT, [height]), (258, _SHORT, [bits] * planes)]
    tags += [(259, _SHORT, [1]), (262, _SHORT, [photometric]), (_OFFSET, _LONG, [0]), (277, _SHORT, [planes])]
    tags += [(278, _SHORT, [height]), (279, _LONG, [len(pixels)])]
    tags += [(338, _SHORT, [alpha])] if alpha else []
    return _laid_out(tags, pixels)


def tiled_tiff(
    size: tuple[int, int], *first: Tag, tile: tuple[int, int] = (16, 16), order: str = "<", big: bool = False
) -> bytes:
    """A single tile of black, deflated. `first`: tags in front of the others. `big`: as BigTIFF."""
    pixels = zlib.compress(bytes(tile[0] * tile[1]))
    tags: list[Tag] = [*first, (256, _LONG, [size[0]]), (257, _LONG, [size[1]]), (258, _SHORT, [8]), (259, _SHORT, [8])]
    tags += [(262, _SHORT, [1]), (277, _SHORT, [1]), (322, _LONG, [tile[0]]), (323, _LONG, [tile[1]])]
    count, entry, field = ("Q", "HHQ", 8) if big else ("H", "HHI", _FIELD)
    head = struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    head = {"<": b"II", ">": b"MM"}[order] + head + struct.pack(order + count, len(tags) + 2)
    end = len(head) + (len(tags) + 2) * (struct.calcsize(order + entry) + field) + field
    tags += [(324, _LONG, [end]), (325, _LONG, [len(pixels)])]
    for tag, kind, values in tags:
        value = struct.pack(f"{order}{len(values)}{kind}", *values)
        head += struct.pack(order + entry, tag, _TYPES[kind], len(values)) + value.ljust(field, b"\0")
    return head + bytes(field) + pixels


def _laid_out(tags: Sequence[Tag], pixels: bytes) -> bytes:
    values = {tag: struct.pack(f"<{len(value)}{kind}", *value) for tag, kind, value in tags}
    far = {tag: value for tag, value in values.items() if len(value) > _FIELD}
    start = 8 + 2 + 12 * len(tags) + 4
    places, at = {}, start
    for tag, value in far.items():
        places[tag], at = struct.pack("<I", at), at + len(value)
    values[_OFFSET] = struct.pack("<I", at)
    entries = (
        struct.pack("<HHI", tag, _TYPES[kind], len(value)) + places.get(tag, values[tag].ljust(_FIELD, b"\0"))
        for tag, kind, value in tags
    )
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + b"".join(entries) + bytes(4) + b"".join(far.values()) + pixels
