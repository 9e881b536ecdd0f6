"""What TorchServe says of itself."""

import re
from pathlib import Path

import httpx

from tests.support.torchserve import TorchServe

_COUNTED = re.compile(r'^ts_inference_requests_total\{.*model_name="inspyrenet".*\} (\S+)$', re.MULTILINE)


def inferences(backend: TorchServe) -> int:
    """How many images it has been sent, ever."""
    metrics = httpx.get(f"{backend.metrics}/metrics", trust_env=False).text
    return round(sum(float(figure) for figure in _COUNTED.findall(metrics)))


def worker_pid(backend: TorchServe) -> int:
    (model,) = httpx.get(f"{backend.management}/models/inspyrenet", trust_env=False).json()
    (worker,) = model["workers"]
    return int(worker["pid"])


def worker_weights(backend: TorchServe) -> Path:
    """The file that the worker loaded, and its successor will load."""
    variables = Path("/proc", str(worker_pid(backend)), "environ").read_text().split("\0")
    (code,) = (value for variable in variables for name, _, value in [variable.partition("=")] if name == "PYTHONPATH")
    return next(Path(code.split(":")[0]).glob("weights.*"))
