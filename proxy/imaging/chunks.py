"""An image's chunks as one file, never joined."""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class ChunkReader(io.RawIOBase):
    """Reads and seeks as a file of the joined bytes would."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks
        self._ends = list(accumulate(map(len, chunks)))
        self._size = self._ends[-1] if self._ends else 0
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(f"a file has no byte {start + offset}")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """As much as the chunk at hand holds; the buffered reader around it asks again for more."""
        if self._at >= self._size:
            return 0
        index = bisect_right(self._ends, self._at)
        chunk, end = self._chunks[index], self._ends[index]
        room = memoryview(buffer)
        piece = memoryview(chunk)[len(chunk) - (end - self._at) :][: len(room)]
        room[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def open_chunks(chunks: Sequence[bytes]) -> io.BufferedReader:
    return io.BufferedReader(ChunkReader(chunks))
