"""Weights and code into one file that TorchServe serves: `python -m model_serving.archive --variant small`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from model_serving.build import VARIANTS
from model_serving.integrity import version_of
from model_serving.remover import Resizing
from model_serving.served import Card, load_network
from model_serving.weights import SHIPPED, WeightsError

MODEL = "inspyrenet"
SERVING = Path(__file__).parent / "torchserve" / "model-config.yaml"

_PACKAGE = Path(__file__).parent
_HANDLER = _PACKAGE.parent / "handler" / f"{MODEL}.py"
_SERVED = (
    "__init__",
    "build",
    "integrity",
    "names",
    "pixels",
    "remover",
    "served",
    "splitting",
    "timm_import",
    "weights",
)


class ArchiveError(Exception):
    """The archive cannot be built. The message is one line."""


@dataclass(frozen=True, slots=True)
class Archive:
    """`version` names weights and code. `built` is False for one that lay there already."""

    path: Path
    version: str
    built: bool


def build_archive(
    variant: str, weights: Path, store: Path, *, resizing: Resizing = "static", serving: Path = SERVING
) -> Archive:
    """Builds `store`/inspyrenet.mar, unless it is there already. Until the new one is complete the old one stays.

    `serving` is the model-config.yaml that tells TorchServe how many workers to run, and so on; it has no part in
    the version. Raises WeightsError, ArchiveError, and OSError when the disk refuses.
    """
    load_network(weights, variant)
    store.mkdir(parents=True, exist_ok=True)
    path = store / f"{MODEL}.mar"
    with TemporaryDirectory(prefix=".building-", dir=store) as work:
        stage = Path(work, "stage")
        _stage(stage, variant, weights, resizing)
        version = version_of(variant, stage)
        if _describe(path) == (version, serving.read_text()):
            return Archive(path, version, built=False)
        os.replace(_pack(stage, version, serving), path)
    return Archive(path, version, built=True)


def _stage(stage: Path, variant: str, weights: Path, resizing: Resizing) -> None:
    """What the archive holds: everything that decides about the masks, and nothing else."""
    package = stage / "model_serving"
    shutil.copytree(_PACKAGE / "network", package / "network", ignore=shutil.ignore_patterns("__pycache__"))
    for module in _SERVED:
        shutil.copy(_PACKAGE / f"{module}.py", package)
    shutil.copy(_HANDLER, stage)
    card = Card(variant, f"weights{weights.suffix}", resizing)
    card.write(stage)
    shutil.copy(weights, stage / card.weights)


def _describe(path: Path) -> tuple[str, str] | None:
    """Version and serving configuration of an archive; None for one that is absent or cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            model = json.loads(archive.read("MAR-INF/MANIFEST.json"))["model"]
            return model["modelVersion"], archive.read(model["configFile"]).decode()
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        return None


def _pack(stage: Path, version: str, serving: Path) -> Path:
    work = stage.parent
    command = [
        *(sys.executable, "-W", "ignore", "-m", "model_archiver.model_packaging"),
        *("--model-name", MODEL),
        *("--version", version),
        *("--handler", f"{stage.name}/{_HANDLER.name}"),
        *("--extra-files", stage.name),  # relative: commas and brackets in this argument mean something
        *("--config-file", str(serving.resolve())),
        *("--archive-format", "zip-store"),  # weights do not shrink
        *("--export-path", "."),
    ]
    # It empties and fills TMPDIR/inspyrenet, whoever else is using it.
    environment = os.environ | {"TMPDIR": str(work.resolve())}
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise ArchiveError(f"torch-model-archiver failed: {done.stderr.strip().splitlines()[-1]}")
    return work / f"{MODEL}.mar"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if options.weights is None and options.variant != "small":
        sys.exit(f"{options.variant}: only the weights of small are shipped; name a file of the others with --weights")
    weights = options.weights or SHIPPED
    try:
        archive = build_archive(
            options.variant, weights, options.out, resizing=options.resizing, serving=options.serving
        )
    except (WeightsError, ArchiveError, OSError) as error:
        sys.exit(str(error))
    print(f"{archive.path}: {archive.version}{'' if archive.built else ', already there'}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m model_serving.archive", description="Builds model-store/*.mar.")
    parser.add_argument("--variant", choices=VARIANTS, default="small")
    parser.add_argument("--weights", type=Path, help="weights file; only small has one of its own")
    parser.add_argument("--resizing", choices=("static", "dynamic"), default="static", help="as Remover takes it")
    parser.add_argument("--serving", type=Path, default=SERVING, help="another model-config.yaml")
    parser.add_argument("--out", type=Path, default=Path("model-store"), help="folder of the archive")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
