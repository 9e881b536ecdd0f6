"""Weights and code into one file that TorchServe serves: `python -m model_serving.archive --variant small`."""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_installed
from pathlib import Path
from tempfile import TemporaryDirectory

from model_serving.build import VARIANTS
from model_serving.exporting.realising import EAGER, RuntimeRefused, Wish, realise
from model_serving.integrity import MANIFEST, DamagedArchive, check_archive, check_contents, version_of
from model_serving.interruption import interrupted
from model_serving.network import InSPyReNet
from model_serving.remover import Resizing
from model_serving.runtimes.inductor import processor
from model_serving.runtimes.runtime import KINDS, PRECISIONS, Kind, RuntimeUnavailable
from model_serving.served import Card, card_in, load_network
from model_serving.weights import SHIPPED, WeightsError

MODEL = "inspyrenet"

_PACKAGE = Path(__file__).parent
SERVING = _PACKAGE / "torchserve" / "model-config.yaml"
EXPORTING = _PACKAGE / "exporting"

_SERVED_FOLDERS = ("network", "runtimes")
_HANDLER = _PACKAGE.parent / "handler" / f"{MODEL}.py"
_SERVED = (
    "__init__",
    "build",
    "integrity",
    "names",
    "picture_name",
    "pixels",
    "remover",
    "served",
    "splitting",
    "tiles",
    "timm_import",
    "weights",
)

_EXPORTERS: Mapping[Kind, Sequence[str]] = {
    "torch": (),
    "compile": ("torch",),
    "onnx": ("torch", "onnx"),
    "openvino": ("torch", "openvino"),
}
"""Packages whose versions decide about what is exported."""
_EXPORTING_FILE: Mapping[Kind, str] = {
    "compile": "machine_code.py",
    "onnx": "onnx_file.py",
    "openvino": "openvino_ir.py",
}


class ArchiveError(Exception):
    """The archive cannot be built. The message is one line."""


@dataclass(frozen=True, slots=True)
class Archive:
    """`version` names weights and code. `built` is False for one that lay there already; `replaced` is the version of
    another one that did."""

    path: Path
    version: str
    built: bool
    replaced: str | None = None


def build_archive(
    variant: str,
    weights: Path,
    store: Path,
    *,
    resizing: Resizing = "static",
    wish: Wish = EAGER,
    serving: Path = SERVING,
    say: Callable[[str], None] = print,
) -> Archive:
    """Builds `store`/inspyrenet.mar, unless it is there already. Until the new one is complete the old one stays.

    `serving` is the model-config.yaml that tells TorchServe how many workers to run, and so on; it has no part in
    the version. `say` is told how near the runtime's masks are to the network's. Raises WeightsError, ArchiveError,
    RuntimeUnavailable, RuntimeRefused, and OSError when the disk refuses.
    """
    network = load_network(weights, variant)
    card = Card(variant, f"weights{weights.suffix}", resizing, network.base_size, wish.kind(resizing))
    store.mkdir(parents=True, exist_ok=True)
    path = store / f"{MODEL}.mar"
    with TemporaryDirectory(prefix=".building-", dir=store) as work:
        stage = Path(work, "stage")
        _stage(stage, card, weights)
        recipe = _recipe(stage, card, wish)
        if there := _there(path, recipe, serving, Path(work, "there")):
            return Archive(path, there, built=False)
        _realise(stage, replace(card, recipe=recipe), wish, network, say)
        version = version_of(variant, stage)
        before = _version_in(path)
        os.replace(_pack(stage, version, serving), path)
    return Archive(path, version, built=True, replaced=before if before != version else None)


def _stage(stage: Path, card: Card, weights: Path) -> None:
    """What a mask is made of: code and weights, and nothing else."""
    package = stage / "model_serving"
    for folder in _SERVED_FOLDERS:
        shutil.copytree(_PACKAGE / folder, package / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for module in _SERVED:
        shutil.copy(_PACKAGE / f"{module}.py", package)
    shutil.copy(_HANDLER, stage)
    shutil.copy(weights, stage / card.weights)


def _recipe(stage: Path, card: Card, wish: Wish) -> str:
    """Names all that decides about an archive, so that none is exported and looked at twice."""
    exporter = exporter_of(card.runtime)
    libraries = [f"{name} {_installed(name)}" for name in _EXPORTERS[card.runtime]]
    machine = sorted(processor()) if card.runtime == "compile" else []
    code = version_of(card.variant, stage)
    said = json.dumps([asdict(card), wish.wanted(card.runtime), code, exporter, libraries, machine])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def exporter_of(runtime: Kind, folder: Path = EXPORTING) -> str:
    """Names the code of the folder that makes and looks at an archive of this runtime."""
    others = [file for kind, file in _EXPORTING_FILE.items() if kind != runtime]
    return version_of(runtime, folder, besides=["__main__.py", *others])


def _installed(package: str) -> str:
    try:
        return version_installed(package)
    except PackageNotFoundError:
        return "absent"  # which whoever needs it says better


def _realise(stage: Path, card: Card, wish: Wish, network: InSPyReNet, say: Callable[[str], None]) -> None:
    """The card, and what its runtime runs: the weights, or in their place what is exported from them."""
    realised = realise(network, card.runtime, wish.wanted(card.runtime), stage, say)
    if realised.file:
        (stage / card.weights).unlink()
    replace(card, weights=realised.file or card.weights, precision=realised.precision).write(stage)


def _there(path: Path, recipe: str, serving: Path, unpacked: Path) -> str | None:
    """The version of an archive that was made so; None for any other, and one that is absent or damaged."""
    try:
        check_archive(path)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(unpacked)
        check_contents(unpacked)
        model = json.loads((unpacked / MANIFEST).read_text())["model"]
        as_wanted = card_in(unpacked).recipe == recipe
        as_wanted &= (unpacked / model["configFile"]).read_text() == serving.read_text()
        found: str = model["modelVersion"]
        return found if as_wanted else None
    except (OSError, DamagedArchive, KeyError, TypeError, ValueError):
        return None


def _version_in(path: Path) -> str | None:
    """As far as an archive that may be damaged tells it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read(MANIFEST))["model"]["modelVersion"])
    except Exception:  # damaged directories make zipfile raise nearly every built-in error
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
            options.variant,
            weights,
            options.out,
            resizing=options.resizing,
            wish=Wish(options.runtime, options.precision),
            serving=options.serving,
        )
    except (WeightsError, ArchiveError, RuntimeUnavailable, RuntimeRefused, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        interrupted("stopped: nothing was built; an archive that was there stays")
    print(f"{archive.path}: {archive.version}{_besides(archive)}")


def _besides(archive: Archive) -> str:
    if not archive.built:
        return ", already there"
    return f", in the place of {archive.replaced}" if archive.replaced else ""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m model_serving.archive", description="Builds model-store/*.mar.")
    parser.add_argument("--variant", choices=VARIANTS, default="small")
    parser.add_argument("--weights", type=Path, help="weights file; only small has one of its own")
    parser.add_argument("--resizing", choices=("static", "dynamic"), default="static", help="as Remover takes it")
    parser.add_argument(
        "--runtime", choices=("auto", *KINDS), default="auto", help="auto: torch on a GPU and for dynamic resizing"
    )
    parser.add_argument(
        "--precision", choices=("auto", *PRECISIONS), default="auto", help="auto: reduced where the masks stay"
    )
    parser.add_argument("--serving", type=Path, default=SERVING, help="another model-config.yaml")
    parser.add_argument("--out", type=Path, default=Path("model-store"), help="folder of the archive")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # how `rematte up` passes a Ctrl-C on
    main()
