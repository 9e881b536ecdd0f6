"""AOTInductor: the network as machine code, which `exporting.machine_code` had torch and a C++ compiler make."""

from pathlib import Path

import torch
from torch import Tensor

from model_serving.network.blocks import Size
from model_serving.runtimes.runtime import Prediction, RuntimeUnavailable, check_static


class Inductor:
    """One picture after the other, float32. Runs on processors like the one that it was compiled on."""

    def __init__(self, file: Path, base_size: Size) -> None:
        try:
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
