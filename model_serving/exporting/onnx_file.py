"""To ONNX, for ONNX Runtime and for whoever asks for such a file."""

import importlib.util
from pathlib import Path

import torch

from model_serving.exporting.answering import Answering, example, exporting
from model_serving.network import InSPyReNet
from model_serving.runtimes.runtime import RuntimeUnavailable

FILE = "network.onnx"
OPSET = 18
_NAMES = ("image", "pred", "confidence")


def export(network: InSPyReNet, file: Path) -> None:
    """Float32, for pictures of base size and any number of them. Whole or not at all, with the weights inside.

    The input is called `image`, the outputs `pred` and `confidence`. Raises RuntimeUnavailable without onnx.
    """
    if importlib.util.find_spec("onnx") is None:
        raise RuntimeUnavailable("the export to ONNX needs onnx, which is not installed: pip install onnx")
    unfinished = file.with_suffix(".part")
    with exporting():
        torch.onnx.export(
            Answering(network),
            (example(network, batch=2),),
            str(unfinished),
            input_names=_NAMES[:1],
            output_names=_NAMES[1:],
            dynamic_axes={name: {0: "batch"} for name in _NAMES},
            opset_version=OPSET,
            dynamo=False,  # the newer exporter takes several times as long for the same numbers
        )
    unfinished.replace(file)
