"""NVIDIA's Triton Inference Server with its local response cache, in front of a model that does nothing.

Run by a Python that has the wheel `nvidia-pytriton`: `python triton_peer.py PORT METRICS_PORT FOLDER`. An image of n
bytes is answered with the file n of the folder. Nothing else of this project is needed there:

    /usr/bin/python3 -m venv triton && triton/bin/pip install nvidia-pytriton==0.7.0
    TRITON_PYTHON=$PWD/triton/bin/python make bench
"""

import sys
from pathlib import Path

import numpy as np
from pytriton.model_config import ModelConfig, Tensor
from pytriton.proxy.types import Request
from pytriton.triton import Triton, TritonConfig

MODEL = "noop"
CACHE_BYTES = 512 * 2**20


def main() -> None:
    port, metrics_port, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])

    def infer(requests: list[Request]) -> list[dict[str, np.ndarray]]:
        sizes = [request.data["image"].size for request in requests]
        return [{"mask": np.frombuffer(Path(folder, str(size)).read_bytes(), dtype=np.uint8)} for size in sizes]

    config = TritonConfig(
        http_address="127.0.0.1",
        http_port=port,
        allow_grpc=False,
        metrics_address="127.0.0.1",
        metrics_port=metrics_port,
        cache_config=[f"local,size={CACHE_BYTES}"],
    )
    with Triton(config=config) as triton:
        triton.bind(
            MODEL,
            infer_func=infer,
            inputs=[Tensor(name="image", dtype=np.uint8, shape=(-1,))],
            outputs=[Tensor(name="mask", dtype=np.uint8, shape=(-1,))],
            config=ModelConfig(batching=False, response_cache=True),
        )
        triton.serve()


if __name__ == "__main__":
    main()
