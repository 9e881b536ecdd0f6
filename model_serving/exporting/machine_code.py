"""To machine code, by torch's inductor and a C++ compiler."""

import os
import shutil
from pathlib import Path

import torch
from torch import Tensor, nn

from model_serving.exporting.answering import Answering, example, exporting
from model_serving.network import InSPyReNet
from model_serving.runtimes.inductor import PROCESSOR, processor
from model_serving.runtimes.runtime import RuntimeUnavailable

FILE = "network.pt2"

_COMPILERS = ("g++", "clang++", "c++")


def export(network: InSPyReNet, folder: Path) -> None:
    """Writes FILE: float32, for pictures of base size, one at a time, for processors like this machine's.

    Raises RuntimeUnavailable without a C++ compiler. Takes minutes.
    """
    compile_to(folder / FILE, Answering(network), example(network))


def compile_to(file: Path, module: nn.Module, image: Tensor) -> None:
    """The module for inputs of that shape. Raises RuntimeUnavailable without a C++ compiler."""
    if not (os.environ.get("CXX") or any(shutil.which(name) for name in _COMPILERS)):
        raise RuntimeUnavailable("the runtime compile needs a C++ compiler when the archive is built: install g++")
    with exporting():
        exported = torch.export.export(module, (image,))
        torch._inductor.aoti_compile_and_package(
            exported,
            package_path=str(file),
            inductor_configs={"aot_inductor.metadata": {PROCESSOR: " ".join(sorted(processor()))}},
        )
