import pytest
import torch
from PIL import Image

from model_serving.network import InSPyReNet
from model_serving.network.swin import ShiftedBlock, Swin
from model_serving.pixels import normalise
from model_serving.timm_import import SwinTransformerBlock
from tests.model_serving.filling import picture


def blocks(shift: int) -> tuple[ShiftedBlock, SwinTransformerBlock]:
    """Ours and timm's own, with the same weights."""
    torch.manual_seed(0)
    ours, stock = (
        kind(8, (4, 4), num_heads=2, window_size=4, shift_size=shift, always_partition=True, dynamic_mask=True).eval()
        for kind in (ShiftedBlock, SwinTransformerBlock)
    )
    stock.load_state_dict(ours.state_dict())
    return ours, stock


@torch.inference_mode()
@pytest.mark.parametrize("shift", [0, 2])
def test_a_block_is_timms_where_the_windows_fit(shift: int) -> None:
    ours, stock = blocks(shift)
    x = torch.randn(2, 8, 12, 8)
    torch.testing.assert_close(ours(x), stock(x))


@torch.inference_mode()
def test_a_shifted_block_pads_before_it_rolls_where_they_do_not() -> None:
    ours, stock = blocks(2)
    x = torch.randn(1, 7, 9, 8)
    padded = torch.nn.functional.pad(ours.norm1(x), (0, 0, 0, 3, 0, 1))
    torch.testing.assert_close(ours._attn(ours.norm1(x)), stock._attn(padded)[:, :7, :9])
    assert (ours(x) - stock(x)).abs().max() > 0.1


@torch.inference_mode()
def test_maps_have_the_published_strides_and_channels() -> None:
    swin = Swin(8, (1, 1, 1, 1), (1, 1, 1, 1), 4, drop_path=0.0).eval()
    shapes = [tuple(x.shape) for x in swin(torch.randn(1, 3, 64, 96))]
    assert shapes == [(1, 8, 16, 24), (1, 8, 16, 24), (1, 16, 8, 12), (1, 32, 4, 6), (1, 64, 2, 3)]
    assert [shape[1] for shape in shapes] == list(swin.channels)


@torch.inference_mode()
def test_the_five_maps_begin_as_the_authors_do(small: InSPyReNet) -> None:
    begin = [x.flatten()[:3] for x in small.backbone(normalise(Image.fromarray(picture(384, 384)))[None])]
    expected = torch.tensor(
        [
            [1.3848859071731567, 1.3001289367675781, 1.448637843132019],
            [1.751276969909668, 1.5155974626541138, 1.598000168800354],
            [-1.2136081457138062, -1.3745545148849487, -1.3288888931274414],
            [2.0449233055114746, 1.9716286659240723, 1.8809382915496826],
            [0.816124439239502, 0.9427984952926636, 0.7804057002067566],
        ]
    )
    torch.testing.assert_close(torch.stack(begin), expected, rtol=0, atol=1e-4)
