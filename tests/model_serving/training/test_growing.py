import torch

from model_serving.build import build_network
from model_serving.training.growing import with_weights

SHAPE = {"depth": 8, "embed_dim": 8, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 1, 1), "window_size": 4}


def test_a_larger_base_size_finds_the_same_in_a_flat_picture():
    """Of a flat map any grid is flat: its sum grows with the area and with nothing else."""
    torch.manual_seed(0)
    old = build_network("small", base_size=64, **SHAPE)
    for norm in (module for module in old.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(1, 2)
    new = with_weights(old, build_network("small", base_size=128, **SHAPE))
    features, logits = torch.ones(1, 8, 16, 16), torch.full((1, 1, 8, 8), 0.3)
    before, after = (net.refiners[2](features, logits, logits)[1] for net in (old, new))
    assert torch.allclose(before, after, rtol=1e-3)


def test_a_deeper_backbone_finds_the_same_until_it_has_learned():
    torch.manual_seed(0)
    old = build_network("small", base_size=64, **SHAPE)
    new = with_weights(old, build_network("small", base_size=64, **SHAPE | {"depths": (1, 2, 3, 1)}))
    image = torch.randn(1, 3, 64, 64)
    assert torch.equal(old(image).pred, new(image).pred)


def test_the_new_blocks_of_a_deeper_backbone_can_learn():
    torch.manual_seed(0)
    deeper = SHAPE | {"depths": (1, 1, 2, 1)}
    new = with_weights(build_network("small", base_size=64, **SHAPE), build_network("small", base_size=64, **deeper))
    new(torch.randn(1, 3, 64, 64)).saliency[0].sum().backward()
    assert new.backbone.layers[2].blocks[1].mlp.fc2.weight.grad.abs().sum() > 0
