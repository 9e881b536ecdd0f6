import pytest
import torch

from model_serving.network.res2net import Res2Net50


@pytest.fixture(scope="module")
def backbone() -> Res2Net50:
    torch.manual_seed(0)
    return Res2Net50().eval()


@torch.inference_mode()
def test_maps_have_the_published_strides_and_channels(backbone: Res2Net50) -> None:
    shapes = [tuple(x.shape[1:]) for x in backbone(torch.randn(1, 3, 64, 96))]
    assert shapes == [(64, 16, 24), (256, 16, 24), (512, 8, 12), (1024, 4, 6), (2048, 2, 3)]
    assert [shape[0] for shape in shapes] == list(backbone.channels)


def test_only_the_two_late_stages_are_dilated(backbone: Res2Net50) -> None:
    stages = (backbone.layer1, backbone.layer2, backbone.layer3, backbone.layer4)
    dilations = [[{conv.dilation for conv in block.convs} for block in stage] for stage in stages]
    assert dilations == [[{(1, 1)}] * 3, [{(1, 1)}] * 4, [{(2, 2)}] * 6, [{(4, 4)}, {(8, 8)}, {(16, 16)}]]


def test_a_dilated_convolution_keeps_the_maps_size(backbone: Res2Net50) -> None:
    assert all(conv.padding == conv.dilation for block in backbone.layer4 for conv in block.convs)
