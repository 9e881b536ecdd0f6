"""ONNX Runtime: a network as `exporting.onnx_file` left it."""

import importlib
from pathlib import Path

import torch
from torch import Tensor

from model_serving.network.blocks import Size
from model_serving.runtimes.runtime import Prediction, RuntimeUnavailable, check_static


class OnnxSession:
    """On the CPU, float32, any batch size."""

    def __init__(self, file: Path) -> None:
        """Takes as many threads as torch has. Raises RuntimeUnavailable without ONNX Runtime."""
        try:
            runtime = importlib.import_module("onnxruntime")
        except ImportError as error:
            raise RuntimeUnavailable(
                f"the runtime onnx needs ONNX Runtime ({error}): pip install onnxruntime"
            ) from error
        runtime.disable_telemetry_events()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        # Threads that spin for their next piece of work starve the proxy and Redis beside them.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        _, _, height, width = self._session.get_inputs()[0].shape
        self.base_size: Size = (height, width)

    def __call__(self, image: Tensor, image_resized: Tensor | None = None) -> Prediction:
        check_static(image, image_resized, self.base_size)
        pred, confidence = self._session.run(None, {self._session.get_inputs()[0].name: image.numpy()})
        return Prediction(torch.from_numpy(pred), torch.from_numpy(confidence))
