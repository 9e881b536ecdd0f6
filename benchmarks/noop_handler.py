"""A model that does nothing: every image gets the archive's `mask.png`, with the headers of the real handler."""

from collections.abc import Sequence
from pathlib import Path

from ts.context import Context


class NoopHandler:
    def initialize(self, context: Context) -> None:
        self._mask = Path(context.system_properties["model_dir"], "mask.png").read_bytes()
        self._version: str = context.manifest["model"]["modelVersion"]

    def handle(self, rows: Sequence[object], context: Context) -> list[bytes]:
        for index in range(len(rows)):
            context.set_response_content_type(index, "image/png")
            context.set_response_header(index, "x-model-version", self._version)
            context.set_response_header(index, "x-mask-confidence", "1.0")
        return [self._mask] * len(rows)
