"""How large the frames of an AVIF are. Its decoder makes whole ones, whatever size the file declares, and scales them.

Containers are those of ISO/IEC 14496-12, frames those of the AV1 bitstream specification (5.3 to 5.5).
"""

import io
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from typing import TypeVar

_MOST = 4096
"""Boxes, extents or OBUs of a file: to look at more would itself be work that somebody orders."""
_CONTAINERS = {b"meta": 4, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0}
"""Boxes that hold boxes, and the bytes in front of these."""
_CHUNKS = {b"stco": ">I", b"co64": ">Q"}
_SEQUENCE, _FRAMES = 1, (3, 6)
_HEADER_BYTES = 512
"""More than any sequence header has."""
_TIERED = 7

Part = TypeVar("Part")
Unit = tuple[int, bytes]
"""Type and payload of an OBU."""


def frame_pixels(avif: bytes) -> list[int]:
    """Width times height of the frames that each item and the start of each track announce (`sequence_header_obu`).

    Raises ValueError, IndexError and struct.error where the file is damaged, or has more parts than pictures have.
    """
    boxes = _few(_boxes(avif, 0, len(avif)))
    idat = next((start for name, start, _ in boxes if name == b"idat"), 0)
    units: list[Unit] = []
    for name, start, end in boxes:
        if name == b"iloc":
            units += _few(unit for item in _items(avif, avif[start:end], idat) for unit in _units(item))
        elif name in _CHUNKS and start + 8 < end:
            (first,) = struct.unpack_from(_CHUNKS[name], avif, start + 8)
            units += _few(takewhile(lambda unit: unit[0] not in _FRAMES, _units(avif[first:])))
    return [_pixels(_bits(body[:_HEADER_BYTES])) for kind, body in units if kind == _SEQUENCE]


def _few(parts: Iterable[Part]) -> list[Part]:
    found = list(islice(parts, _MOST + 1))
    if len(found) > _MOST:
        raise ValueError("it has more parts than any picture")
    return found


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of what is in them."""
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        head = 16 if size == 1 else 8
        size = int.from_bytes(data[at + 8 : at + 16], "big") if size == 1 else size or end - at
        if size < head:
            raise ValueError("a box is smaller than its own head")
        if name in _CONTAINERS:
            yield from _boxes(data, at + head + _CONTAINERS[name], min(at + size, end))
        else:
            yield name, at + head, min(at + size, end)
        at += size


def _items(data: bytes, iloc: bytes, idat: int) -> list[bytes]:
    """What each consists of, its extents joined."""
    items: defaultdict[int, bytes] = defaultdict(bytes)
    room = 4 * len(data) + 1024 * 1024  # items may share their bytes
    for item, in_idat, start, length in _few(_extents(iloc)):
        start += idat if in_idat else 0
        extent = data[start : start + length if length else None]
        items[item] += extent
        room -= len(items[item])
        if room < 0:
            raise ValueError("its items are larger than the file")
    return list(items.values())


def _extents(iloc: bytes) -> Iterator[tuple[int, bool, int, int]]:
    """The item's number, whether it lies in `idat`, start and length; 0 for all that follows."""
    file = io.BytesIO(iloc)

    def take(size: int) -> int:
        return int.from_bytes(file.read(size), "big")

    version = take(4) >> 24
    offset_size, length_size, base_size, index_size = (int(size, 16) for size in file.read(2).hex())
    for item in range(min(take(4 if version > 1 else 2), len(iloc))):
        take(4 if version > 1 else 2)
        in_idat = bool(version and take(2) & 1)
        take(2)
        base = take(base_size)
        for _ in range(take(2)):
            take(index_size if version else 0)
            yield item, in_idat, base + take(offset_size), take(length_size)


def _units(stream: bytes) -> Iterator[Unit]:
    """As far as there are any. One that does not tell its size reaches to the end."""
    at = 0
    while at < len(stream):
        head, at = stream[at], at + (2 if stream[at] & 4 else 1)
        size, at = _leb128(stream, at) if head & 2 else (len(stream) - at, at)
        yield head >> 3 & 15, stream[at : at + size]
        at += size


def _leb128(stream: bytes, at: int) -> tuple[int, int]:
    """The number that lies there, and where it ends."""
    size = 0
    for place, byte in enumerate(stream[at : at + 8]):
        size |= (byte & 127) << 7 * place
        if byte < 128:
            return size, at + place + 1
    return size, at + 8


def _pixels(take: Callable[[int], int]) -> int:
    take(4)
    if take(1):
        take(5)
    else:
        _skip_operating_points(take)
    width_bits, height_bits = take(4) + 1, take(4) + 1
    return (take(width_bits) + 1) * (take(height_bits) + 1)


def _skip_operating_points(take: Callable[[int], int]) -> None:
    delay_bits = 0
    if take(1):
        take(64)
        if take(1):
            take(next((zeros for zeros in range(32) if take(1)), 32))
        if take(1):
            delay_bits = take(5) + 1
            take(42)
    with_delays = take(1)
    for _ in range(take(5) + 1):
        take(12)
        if take(5) > _TIERED:
            take(1)
        if delay_bits and take(1):
            take(2 * delay_bits + 1)
        if with_delays and take(1):
            take(4)


def _bits(data: bytes) -> Callable[[int], int]:
    """Reads so many bits on, as a number."""
    number, left = int.from_bytes(data, "big"), 8 * len(data)

    def take(count: int) -> int:
        nonlocal left
        left -= count
        if left < 0:
            raise ValueError("the header of its frames is cut short")
        return number >> left & (1 << count) - 1

    return take
