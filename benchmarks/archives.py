"""Archives to measure with: the shipped model, and models that do nothing."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pictures import Size, soft_mask
from model_serving.archive import MODEL, SERVING, build_archive
from model_serving.exporting.realising import Wish

SHIPPED = MODEL
NOOP = "noop"
"""Does nothing, and gives a mask of 1024 x 768: what the variant base makes of an image of that size."""
NOOP_SMALL = "noop-small"
"""Does nothing, and gives a mask of 384 x 216: what the variant small makes of one of 1920 x 1080."""
_NOOPS: dict[str, Size] = {NOOP: (1024, 768), NOOP_SMALL: (384, 216)}
MARKED = MODEL
"""Does nothing, and gives each image a mask that no other has. `model_serving.torchserve` starts no store without that
name."""
_NOOP_HANDLER = Path(__file__).with_name("noop_handler.py")
_MARKING_HANDLER = Path(__file__).with_name("marking_handler.py")


def fill(store: Path, weights: Path) -> None:
    """Builds those that are timed into a model store. Raises WeightsError or ArchiveError."""
    build_archive("small", weights, store, wish=Wish())
    with TemporaryDirectory(dir=store) as work:
        for name, mask_size in _NOOPS.items():
            mask = Path(work, "mask.png")
            mask.write_bytes(soft_mask(mask_size))
            _build(store, name, _NOOP_HANDLER, "--extra-files", str(mask))


def fill_to_check(store: Path) -> None:
    """Builds the one whose masks can be told apart."""
    _build(store, MARKED, _MARKING_HANDLER)


def _build(store: Path, name: str, handler: Path, *extra_files: str) -> None:
    command = [
        *(sys.executable, "-W", "ignore", "-m", "model_archiver.model_packaging"),
        *("--model-name", name, "--version", "noop-00000000"),
        *("--handler", str(handler), "--config-file", str(SERVING), *extra_files),
        *("--archive-format", "zip-store", "--export-path", str(store)),
    ]
    with TemporaryDirectory(dir=store) as work:
        subprocess.run(command, env=os.environ | {"TMPDIR": work}, check=True)
