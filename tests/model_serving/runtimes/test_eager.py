import torch
from torch import Tensor, nn

from model_serving.network import InSPyReNet
from model_serving.network.sica import ContextSum
from model_serving.runtimes.eager import Eager, folded
from model_serving.runtimes.runtime import Prediction


def test_without_batch_norm_the_masks_are_the_same(tiny: InSPyReNet, images: Tensor, expected: Prediction) -> None:
    assert not any(isinstance(part, nn.BatchNorm2d) for part in folded(tiny).modules())
    torch.testing.assert_close(Eager(tiny)(images), expected, rtol=0, atol=1e-5)


def test_the_network_itself_is_left_as_it_was(tiny: InSPyReNet) -> None:
    before = {name: entry.clone() for name, entry in tiny.state_dict().items()}
    Eager(tiny.train(), precision="reduced")
    assert tiny.training
    assert all(torch.equal(entry, before[name]) for name, entry in tiny.state_dict().items())


def test_a_network_in_training_is_run_as_in_serving(tiny: InSPyReNet, images: Tensor, expected: Prediction) -> None:
    torch.testing.assert_close(Eager(tiny.train())(images), expected, rtol=0, atol=1e-5)


def test_reduced_the_layers_have_fewer_digits_and_the_sums_of_sica_do_not(tiny: InSPyReNet, images: Tensor) -> None:
    seen: dict[str, set[torch.dtype]] = {"sums": set(), "layers": set()}
    runtime = Eager(tiny, precision="reduced")
    for part in runtime._network.modules():
        if isinstance(part, ContextSum):
            part.register_forward_hook(lambda _, given, made: seen["sums"].update(x.dtype for x in (*given, made)))
        if isinstance(part, nn.Conv2d):
            part.register_forward_hook(lambda _, given, made: seen["layers"].add(made.dtype))
    prediction = runtime(images)
    assert seen == {"sums": {torch.float32}, "layers": {torch.bfloat16}}
    assert {made.dtype for made in prediction} == {torch.float32}
