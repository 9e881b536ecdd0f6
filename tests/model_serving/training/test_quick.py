import pytest
import torch

from model_serving.build import build_network
from model_serving.network.inspyrenet import LEVELS
from model_serving.training.quick import quick_pass
from tests.model_serving.training.test_run import TINY

IMAGE = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("levels", range(1, LEVELS + 1))
def test_its_levels_are_the_networks_own(levels: int):
    network = build_network("small", base_size=64, **TINY)
    with torch.inference_mode():
        whole, part = network.single_pass(IMAGE).saliency, network.single_pass(IMAGE, levels).saliency
    assert len(part) == levels
    assert all(torch.equal(mine, its) for mine, its in zip(part, whole, strict=False))


def test_in_bfloat16_it_is_nearly_the_same_and_gives_float32():
    torch.manual_seed(0)
    network = build_network("small", base_size=64, **TINY)
    with torch.inference_mode():
        exact, halved = quick_pass(network, IMAGE, 2, halved=False)[1], quick_pass(network, IMAGE, 2, halved=True)[1]
    assert halved.dtype == torch.float32
    assert not torch.equal(halved, exact)
    assert (halved - exact).abs().mean() < 0.05 * exact.abs().mean()
