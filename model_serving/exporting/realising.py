"""From a wish (`auto`, say) to a runtime whose masks were looked at, and the file that it runs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from model_serving.exporting import machine_code, onnx_file, openvino_ir
from model_serving.exporting.agreement import Reference, reference
from model_serving.network import InSPyReNet
from model_serving.remover import Resizing
from model_serving.runtimes.eager import Eager
from model_serving.runtimes.opening import open_exported
from model_serving.runtimes.openvino_model import runs_bfloat16
from model_serving.runtimes.runtime import Exported, Kind, Precision, Runtime

FASTEST_ON_CPU: Kind = "openvino"
"""What `auto` takes there: "Runtimes" in docs/benchmarks.md has the figures."""

Wanted = Precision | Literal["auto"]
Attempt = tuple[Precision, Runtime]


class RuntimeRefused(Exception):
    """What was asked for cannot be had. The message is one line."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an archive is to run on. `auto` is the quickest that keeps the masks, on this machine."""

    runtime: Kind | Literal["auto"] = "auto"
    precision: Wanted = "auto"

    def kind(self, resizing: Resizing) -> Kind:
        """Raises RuntimeRefused where the resizing gives sizes, or the precision digits, that the runtime has not."""
        kind = self._named(resizing)
        if resizing == "dynamic" and kind != "torch":
            raise RuntimeRefused(f"{kind} takes one size alone: dynamic resizing wants the runtime torch")
        if self.precision == "reduced" and kind in ("compile", "onnx"):
            raise RuntimeRefused(f"{kind} has no reduced precision here: openvino and torch have")
        return kind

    def wanted(self, kind: Kind) -> Wanted:
        """Its precision; `auto` where there is something to find out."""
        return "equal" if self.precision == "auto" and kind != "openvino" else self.precision

    def _named(self, resizing: Resizing) -> Kind:
        if self.runtime != "auto":
            return self.runtime
        return "torch" if resizing == "dynamic" or torch.cuda.is_available() else FASTEST_ON_CPU


EAGER = Wish("torch", "equal")


@dataclass(frozen=True, slots=True)
class Realised:
    """`file` is what the runtime opens; None is the weights file itself."""

    precision: Precision
    file: str | None


def realise(
    network: InSPyReNet,
    kind: Kind,
    wanted: Wanted,
    folder: Path,
    say: Callable[[str], None],
    bfloat16: Callable[[], bool] = runs_bfloat16,
) -> Realised:
    """Writes what the runtime needs into the folder, and looks at its masks.

    Raises RuntimeUnavailable, and RuntimeRefused where the masks are too far off, or cannot be looked at. With `auto`
    it says so where those of reduced precision are too far off, and takes equal ones. torch in float32 is what others
    are held against, and is not looked at.
    """
    if kind == "openvino" and wanted != "equal" and not bfloat16():
        if wanted == "reduced":
            raise RuntimeRefused(
                "this processor does not multiply bfloat16, so that reduced masks cannot be looked at here: build on"
                " one that does, or ask for --precision equal"
            )
        wanted = "equal"
    file = None if kind == "torch" else export(network, kind, folder)
    if kind == "torch" and wanted == "equal":
        return Realised("equal", file)
    attempts = _attempts(network, kind, wanted, folder / (file or ""))
    return Realised(chosen(attempts, reference(network), say), file)


def chosen(attempts: Iterable[Attempt], originals: Reference, say: Callable[[str], None]) -> Precision:
    """The precision of the first whose masks are near enough. Raises RuntimeRefused where none's are."""
    refused = ""
    for precision, runtime in attempts:
        agreement = originals.agreement(runtime, precision)
        if agreement.holds:
            if refused and precision == "equal":
                say(f"{refused}; equal is taken")
            say(f"{precision}: {agreement}")
            return precision
        refused = f"{precision} precision is refused: {agreement}"
    raise RuntimeRefused(f"{refused}; --runtime torch keeps the masks")


def export(network: InSPyReNet, kind: Exported, folder: Path) -> str:
    """Writes what a runtime of this kind runs, and gives the name of the file that it opens."""
    match kind:
        case "compile":
            machine_code.export(network, folder)
            return machine_code.FILE
        case "onnx":
            onnx_file.export(network, folder / onnx_file.FILE)
            return onnx_file.FILE
        case "openvino":
            openvino_ir.export(network, folder)
            return openvino_ir.FILE


def _attempts(network: InSPyReNet, kind: Kind, wanted: Wanted, file: Path) -> Iterator[Attempt]:
    """The quickest first."""
    if kind == "torch":
        yield "reduced", Eager(network, precision="reduced")
        return
    if kind == "openvino" and wanted != "equal":
        for more in openvino_ir.SPARED:
            openvino_ir.spare(file, more)
            yield "reduced", open_exported(kind, file, "reduced", network.base_size)
    if wanted != "reduced":
        yield "equal", open_exported(kind, file, "equal", network.base_size)
