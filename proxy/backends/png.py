"""Whether a PNG came through whole, without decoding it (RFC 2083, 3)."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
FRAME = struct.Struct(">I4s")
"""What each chunk begins with: the length of its data, and its type."""
CRC = struct.Struct(">I")


def is_whole(png: bytes) -> bool:
    """Every chunk is there, up to the last byte, and has the checksum that its writer gave it."""
    if not png.startswith(SIGNATURE):
        return False
    view, at, kind = memoryview(png), len(SIGNATURE), b""
    while at + FRAME.size <= len(png):
        length, kind = FRAME.unpack_from(png, at)
        end = at + FRAME.size + length
        if end + CRC.size > len(png) or CRC.unpack_from(png, end)[0] != zlib.crc32(view[at + 4 : end]):
            return False
        at = end + CRC.size
    return kind == b"IEND" and at == len(png)
