import pytest
import torch

from model_serving.build import build_network
from model_serving.network.inspyrenet import LEVELS
from model_serving.training.quick import half_of, quick_pass
from tests.model_serving.training.test_run import TINY

IMAGE = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("levels", range(1, LEVELS + 1))
def test_its_levels_are_the_networks_own(levels: int):
    network = build_network("small", base_size=64, **TINY)
    with torch.inference_mode():
        whole, part = network.single_pass(IMAGE).saliency, network.single_pass(IMAGE, levels).saliency
    assert len(part) == levels
    assert all(torch.equal(mine, its) for mine, its in zip(part, whole, strict=False))


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_in_16_bits_it_is_nearly_the_same_and_gives_float32(half: torch.dtype):
    torch.manual_seed(0)
    network = build_network("small", base_size=64, **TINY)
    with torch.inference_mode():
        exact, halved = quick_pass(network, IMAGE, 2, half=None)[1], quick_pass(network, IMAGE, 2, half=half)[1]
    assert halved.dtype == torch.float32
    assert not torch.equal(halved, exact)
    assert (halved - exact).abs().mean() < 0.05 * exact.abs().mean()


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_sica_sums_in_float32(half: torch.dtype):
    network = build_network("small", base_size=64, **TINY)
    seen: list[torch.dtype] = []
    network.refiners[0].key.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].dtype))
    with torch.inference_mode():
        quick_pass(network, IMAGE, 2, half=half)
    assert seen == [torch.float32]


def test_what_is_asked_for_is_done_and_auto_takes_no_float16_on_a_cpu():
    cpu = torch.device("cpu")
    assert half_of("float32", cpu) is None
    assert half_of("float16", cpu) is torch.float16
    assert half_of("auto", cpu) in (None, torch.bfloat16)
