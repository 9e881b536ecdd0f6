import pytest
import torch
from torch import Tensor

from model_serving.network import InSPyReNet
from model_serving.runtimes.runtime import Prediction


@pytest.fixture(scope="session")
def images() -> Tensor:
    """Three pictures of the tiny network's base size."""
    return torch.randn((3, 3, 64, 64), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="session")
def expected(_tiny: InSPyReNet, images: Tensor) -> Prediction:
    """What the tiny network says, in float32."""
    with torch.inference_mode():
        output = _tiny(images)
    return Prediction(output.pred, output.confidence)
