import numpy as np
import pytest

from model_serving.training.arrays import Pixels
from model_serving.training.bank import Bank
from model_serving.training.shapes import draw


@pytest.fixture(scope="session")
def bank() -> Bank:
    """A dozen drawn objects and three backgrounds: no package needed."""
    rng = np.random.default_rng(5)
    backgrounds: list[Pixels] = [rng.integers(0, 256, (60, 90, 3), dtype=np.uint8) for _ in range(3)]
    return Bank([draw(rng, backgrounds) for _ in range(12)], backgrounds)
