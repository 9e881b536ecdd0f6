"""Archives to measure with: the shipped model, and models that do nothing."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pictures import Size, soft_mask
from model_serving.archive import MODEL, SERVING, build_archive

SHIPPED = MODEL
NOOP = "noop"
"""Does nothing, and gives a mask of 1024 x 768: what the variant base makes of an image of that size."""
NOOP_SMALL = "noop-small"
"""Does nothing, and gives a mask of 384 x 216: what the variant small makes of one of 1920 x 1080."""
_NOOPS: dict[str, Size] = {NOOP: (1024, 768), NOOP_SMALL: (384, 216)}
_HANDLER = Path(__file__).with_name("noop_handler.py")


def fill(store: Path, weights: Path) -> None:
    """Builds all of them into a model store. Raises WeightsError or ArchiveError."""
    build_archive("small", weights, store)
    for name, mask_size in _NOOPS.items():
        _build_noop(store, name, mask_size)


def _build_noop(store: Path, name: str, mask_size: Size) -> None:
    with TemporaryDirectory(dir=store) as work:
        mask = Path(work, "mask.png")
        mask.write_bytes(soft_mask(mask_size))
        command = [
            *(sys.executable, "-W", "ignore", "-m", "model_archiver.model_packaging"),
            *("--model-name", name, "--version", "noop-00000000"),
            *("--handler", str(_HANDLER), "--extra-files", str(mask), "--config-file", str(SERVING)),
            *("--archive-format", "zip-store", "--export-path", str(store)),
        ]
        subprocess.run(command, env=os.environ | {"TMPDIR": work}, check=True)
