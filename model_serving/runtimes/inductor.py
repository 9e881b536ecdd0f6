"""AOTInductor: the network as machine code, which `exporting.machine_code` had torch and a C++ compiler make."""

import platform
from collections.abc import Set
from pathlib import Path

import torch
from torch import Tensor

from model_serving.network.blocks import Size
from model_serving.runtimes.runtime import Prediction, RuntimeUnavailable, check_static

PROCESSOR = "rematte_processor"
"""Under this name a file says what `processor` it was compiled on."""


def processor() -> Set[str]:
    """This machine's architecture, and the kinds of instructions that it has."""
    features = torch.cpu.get_capabilities().items()
    return {platform.machine(), *(name for name, there in features if there is True)}


class Inductor:
    """One picture after the other, float32. Runs on processors that have all that the one it was compiled on has."""

    def __init__(self, file: Path, base_size: Size, here: Set[str] | None = None) -> None:
        """`here` is this machine's `processor`. Raises RuntimeUnavailable where that lacks something."""
        try:
            _check(file, processor() if here is None else here)
            self._run = torch._inductor.aoti_load_package(str(file))
        except RuntimeError as error:
            raise RuntimeUnavailable(
                f"{file}: this machine cannot run what was compiled on another ({str(error).splitlines()[0]}); "
                "build the archive here, or with RUNTIME=torch"
            ) from error
        self.base_size = base_size

    @torch.inference_mode()
    def __call__(self, image: Tensor, image_resized: Tensor | None = None) -> Prediction:
        check_static(image, image_resized, self.base_size)
        pairs = [self._run(one) for one in image.unsqueeze(1)]
        return Prediction(torch.cat([pred for pred, _ in pairs]), torch.cat([confidence for _, confidence in pairs]))


def _check(file: Path, here: Set[str]) -> None:
    """Before a line of it is run: an instruction that is not there would end the worker without a word."""
    loader = torch._C._aoti.AOTIModelPackageLoader
    needed = loader.load_metadata_from_package(str(file), "model")[PROCESSOR].split()  # type: ignore[attr-defined]
    if missing := [name for name in needed if name not in here]:
        raise RuntimeUnavailable(
            f"{file}: compiled for a processor with {', '.join(missing)}, which this one lacks; build the archive "
            "here, or with RUNTIME=torch"
        )
