from collections.abc import Iterator
from copy import deepcopy

import pytest
import torch

from model_serving.build import build_network
from model_serving.network import InSPyReNet
from model_serving.weights import load_official_state, official_state
from tests.model_serving.filling import filled
from tests.support.models import TINY


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Two threads on a busy machine wait for each other at every layer: one is faster."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def small() -> InSPyReNet:
    """The goldens' network: the small variant with weights made from nothing."""
    network = build_network("small")
    load_official_state(network, filled(official_state(network), network.base_size))
    return network


@pytest.fixture(scope="session")
def _tiny() -> InSPyReNet:
    network = build_network("small", **TINY)
    load_official_state(network, filled(official_state(network), network.base_size))
    return network


@pytest.fixture
def tiny(_tiny: InSPyReNet) -> InSPyReNet:
    """A network for tests that care about the road and not about the numbers; theirs to change."""
    torch.manual_seed(0)
    return deepcopy(_tiny)
