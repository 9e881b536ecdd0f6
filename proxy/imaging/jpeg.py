"""A JPEG's name without decoding it: the same coefficients under other notes are the same pixels."""

import struct
from io import BufferedReader

from blake3 import blake3

from proxy.core.fingerprint import Image
from proxy.imaging.chunks import open_chunks
from proxy.imaging.picture import opened, orientation_of, reading

SIGNATURE = b"\xff\xd8\xff"
CONTEXT = "rematte 2026-11 jpeg coefficients"

_SCAN = 0xDA
_SEGMENTS = frozenset((0xC0, 0xC1, 0xC2, 0xC4, _SCAN, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE))
"""A Huffman-coded frame, its tables, applications' and comments (ITU T.81, table B.1): where they end is beyond doubt.
All else is a segment to one decoder and passed over by another (fill bytes, FF 00, markers without a length, reserved
ones), and then a picture could hide in what counts as a note here."""
_NOTES = ((0xE1, b""), (0xE2, b"ICC_PROFILE\0"), (0xED, b""), (0xFE, b""))
"""EXIF and XMP, colour profile, Photoshop's, comment. Any other segment may mean something to a decoder, and stays."""
_TURNS = range(2, 9)
_PIECE = 1024 * 1024


def coded_name(image: Image, max_pixels: int) -> bytes | None:
    """BLAKE3 of the orientation and of all that is no note; None for bytes that are no plain JPEG.

    What follows the first scan's header is taken as it lies, to the end of the file. Raises BadImage, TooManyPixels.
    """
    with reading():
        turn = orientation_of(opened(image, max_pixels))
    state = blake3(bytes([turn if turn in _TURNS else 1]), derive_key_context=CONTEXT)
    file = open_chunks(image.chunks)
    file.seek(2)
    while (segment := _segment(file)) is not None:
        marker, body = segment
        if not any(marker == note and body.startswith(start) for note, start in _NOTES):
            state.update(struct.pack(">BH", marker, len(body)) + body)
        if marker == _SCAN:
            while piece := file.read(_PIECE):
                state.update(piece)
            return state.digest()
    return None


def _segment(file: BufferedReader) -> tuple[int, bytes] | None:
    """Marker and body of the next segment (ITU T.81, B.1.1.4); None when anything else lies there, be it a byte."""
    head = file.read(4)
    if len(head) < 4:
        return None
    prefix, marker, length = struct.unpack(">BBH", head)
    body = file.read(max(0, length - 2))
    return (marker, body) if prefix == 0xFF and marker in _SEGMENTS and len(body) == length - 2 else None
