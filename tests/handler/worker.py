"""What TorchServe's worker hands to a handler."""

import json
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ResourceWarning)  # ts leaves a file open
    from ts.context import Context, RequestProcessor


def worker_context(folder: Path, rows: int = 0, gpu: int | None = None) -> Context:
    """For an unpacked archive and a batch of that many rows."""
    manifest = json.loads((folder / "MAR-INF" / "MANIFEST.json").read_text())
    context = Context("inspyrenet", str(folder), manifest, rows, gpu, "0.12.0")
    context.request_processor = [RequestProcessor({}) for _ in range(rows)]
    return context
