"""From a file to the runtime that it was exported for."""

from pathlib import Path

from model_serving.network.blocks import Size
from model_serving.runtimes.inductor import Inductor
from model_serving.runtimes.onnx_session import OnnxSession
from model_serving.runtimes.openvino_model import OpenVINO
from model_serving.runtimes.runtime import Exported, Precision, Runtime


def open_exported(kind: Exported, file: Path, precision: Precision, base_size: Size) -> Runtime:
    """On the CPU. Raises RuntimeUnavailable where this machine lacks what it needs."""
    match kind:
        case "compile":
            return Inductor(file, base_size)
        case "onnx":
            return OnnxSession(file)
        case "openvino":
            return OpenVINO(file, precision)
