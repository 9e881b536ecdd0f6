"""OpenVINO, for CPUs: a network as `exporting.openvino_ir` left it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model_serving.network.blocks import Size
from model_serving.runtimes.openvino_import import import_openvino
from model_serving.runtimes.runtime import Precision, Prediction, check_static


class OpenVINO:
    """One picture after the other: on a CPU a batch is no quicker, and fixed shapes are."""

    def __init__(self, file: Path, precision: Precision) -> None:
        """Takes as many threads as torch has. Raises RuntimeUnavailable without OpenVINO."""
        self._model = compiled(file, precision)
        _, _, height, width = self._model.input(0).shape
        self.base_size: Size = (height, width)

    def __call__(self, image: Tensor, image_resized: Tensor | None = None) -> Prediction:
        check_static(image, image_resized, self.base_size)
        outputs = [self._model(one.numpy()) for one in image.unsqueeze(1)]
        pred, confidence = ([torch.from_numpy(output[place].copy()) for output in outputs] for place in (0, 1))
        return Prediction(torch.cat(pred), torch.cat(confidence))


def runs_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself. Elsewhere there would be nothing to win."""
    return "BF16" in import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def compiled(file: Path, precision: Precision, bfloat16: Callable[[], bool] = runs_bfloat16) -> Any:
    """OpenVINO's CompiledModel: `reduced` only where `bfloat16`, since other processors would only imitate it."""
    openvino = import_openvino()
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "reduced" and bfloat16() else "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # another process, the next worker say, may be on those cores already
        "ENABLE_MMAP": True,
    }
    return openvino.Core().compile_model(str(file), "CPU", settings)
