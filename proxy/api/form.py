"""Forms (RFC 7578), taken apart as they arrive."""

from collections.abc import Iterator
from contextlib import contextmanager

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from proxy.errors import BadUpload

FIELD = "image"
FORM_ROOM = 64 * 1024
"""Bytes that a form may have beside its image: boundaries, part headers, small fields."""
MAX_PARTS = 32
"""A form must end some time."""


class FormParts:
    """Feed it the body; it gives back the name of a part's field with each piece of the part, in pieces and never
    copied but at the edges. Every part has one piece without bytes: its first."""

    def __init__(self, boundary: str, *, max_parts: int = MAX_PARTS) -> None:
        """Raises BadUpload, as the other methods do, for a form that cannot be understood."""
        with _understood():
            self._parser = PushMultipartParser(boundary, max_segment_count=max_parts)
        self._field = ""
        self.filename = ""
        """Of the part that is being read; empty where there is none."""

    def feed(self, chunk: bytes) -> Iterator[tuple[str, bytes]]:
        with _understood():
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._field, self.filename = event.name, event.filename or ""
                    yield self._field, b""
                elif event:
                    yield self._field, event

    def finish(self) -> None:
        """Raises BadUpload when the form ended early."""
        with _understood():
            self._parser.close()


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except MultipartError as error:
        raise BadUpload(f"The form is malformed: {error}.") from error
