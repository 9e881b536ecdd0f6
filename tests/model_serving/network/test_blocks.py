from collections.abc import Callable
from typing import Literal

import pytest
import torch
from torch import Tensor

from model_serving.network.blocks import AxisAttention, ConvBlock, CrossAttention, Size, resize, resize_corners


def attention_by_hand(block: AxisAttention, x: Tensor, length: int) -> Tensor:
    """The formula, one row of memory at a time: row i of the result mixes v[:, j] by softmax_j(q[:, i] . k[:, j])."""
    query, key, value = (part(x).flatten().reshape(-1, length) for part in (block.query, block.key, block.value))
    weights = torch.softmax(query.T @ key, dim=1)
    mixed = torch.stack([(row * weights).sum(dim=1) for row in value])
    return block.gamma * mixed.reshape(x.shape) + x


@pytest.mark.parametrize(("axis", "length"), [("height", 4), ("width", 6)])
def test_axis_attention_reads_the_memory_in_rows_of_its_axis_length(
    axis: Literal["height", "width"], length: int
) -> None:
    torch.manual_seed(0)
    block = AxisAttention(8, axis).eval()
    torch.nn.init.ones_(block.gamma)
    x = torch.randn(1, 8, 4, 6)
    torch.testing.assert_close(block(x), attention_by_hand(block, x, length))


def test_fresh_axis_attention_passes_its_input_on() -> None:
    x = torch.randn(1, 8, 4, 4)
    torch.testing.assert_close(AxisAttention(8, "width").eval()(x), x)


def test_cross_attention_counts_its_input_twice() -> None:
    x = torch.randn(1, 8, 4, 4)
    torch.testing.assert_close(CrossAttention(8).eval()(x), 2 * x)


@pytest.mark.parametrize(("kernel", "dilation"), [(1, 1), (3, 1), (3, 7), ((1, 5), 1), ((7, 1), 1)])
def test_a_conv_block_keeps_the_maps_size(kernel: int | tuple[int, int], dilation: int) -> None:
    assert ConvBlock(2, 3, kernel, dilation=dilation).eval()(torch.randn(1, 2, 9, 11)).shape == (1, 3, 9, 11)


def test_a_conv_block_is_cut_at_zero_only_where_asked() -> None:
    x = torch.randn(4, 2, 8, 8)
    assert ConvBlock(2, 3, 3, relu=True)(x).min() == 0
    assert ConvBlock(2, 3, 3)(x).min() < 0


@pytest.mark.parametrize("enlarge", [resize, resize_corners])
def test_a_map_of_the_right_size_is_not_touched(enlarge: Callable[[Tensor, Size], Tensor]) -> None:
    x = torch.randn(1, 1, 5, 7)
    assert enlarge(x, (5, 7)) is x


def test_the_two_resizes_differ_in_where_the_corners_go() -> None:
    x = torch.tensor([[[[0.0, 1.0]]]])
    torch.testing.assert_close(resize(x, (1, 4)).flatten(), torch.tensor([0.0, 0.25, 0.75, 1.0]))
    torch.testing.assert_close(resize_corners(x, (1, 4)).flatten(), torch.tensor([0.0, 1 / 3, 2 / 3, 1.0]))
