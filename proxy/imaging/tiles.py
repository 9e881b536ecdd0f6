"""How large the tiles of a TIFF are. Its decoder makes room for a whole one, however little of it the picture shows.

`proxy/imaging/tiles.py` and `model_serving/tiles.py` are the same: neither side may import the other.
"""

import struct
from typing import IO, Any

SMALL_TILE = 1024 * 1024
"""Pixels. A tile of no more is usual, also for a picture that fills little of it."""

_ORDERS = {b"II": "<", b"MM": ">"}
_LAYOUTS = {42: ("H", "HHI4s"), 43: ("Q", "HHQ8s")}
"""Of a directory: its count, and an entry's tag, type, number of values, and value (TIFF 6.0, section 2; BigTIFF)."""
_SIDES = (322, 323)
_TYPES = {3: "H", 4: "I"}


def tile_pixels(tiff: IO[bytes], directory: int) -> int:
    """Width times length of a tile, as the entries of the directory at that byte say; 0 for a TIFF in strips.

    Of a tag that is said twice the larger counts: readers take one or the other. Raises ValueError, KeyError and
    struct.error where the entries are damaged.
    """
    tiff.seek(0)
    head = tiff.read(4)
    order = _ORDERS[head[:2]]
    count, entry = _LAYOUTS[struct.unpack(order + "H", head[2:])[0]]
    tiff.seek(directory)
    sides = dict.fromkeys(_SIDES, 0)
    for _ in range(_next(tiff, order + count)[0]):
        tag, kind, values, value = _next(tiff, order + entry)
        if tag in sides:
            if values != 1 or kind not in _TYPES:
                raise ValueError("its tiles have no plain width and length")
            sides[tag] = max(sides[tag], struct.unpack_from(order + _TYPES[kind], value)[0])
    return sides[_SIDES[0]] * sides[_SIDES[1]]


def _next(file: IO[bytes], layout: str) -> tuple[Any, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))
