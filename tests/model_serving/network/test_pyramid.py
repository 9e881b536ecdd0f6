import pytest
import torch

from model_serving.network.pyramid import ELLIPSES, ImagePyramid, dilate, gaussian, transition


def test_the_gaussian_has_the_published_weights() -> None:
    row = torch.tensor([0.00443304817524, 0.05400558262241, 0.24203622937611, 0.39905027965245])
    torch.testing.assert_close(gaussian()[0, 0].sum(dim=0), torch.cat([row, row[:3].flip(0)]))


def test_expanding_a_point_shows_four_times_the_gaussian() -> None:
    point = torch.zeros(1, 1, 8, 8)
    point[0, 0, 4, 4] = 1
    expanded = ImagePyramid().expand(point)
    assert expanded.shape == (1, 1, 16, 16)
    torch.testing.assert_close(expanded[0, 0, 5:12, 5:12], 4 * gaussian()[0, 0])


def test_reducing_keeps_every_second_pixel_of_the_blur_from_the_first() -> None:
    ramp = torch.arange(16.0).expand(1, 1, 16, 16)
    reduced = ImagePyramid().reduce(ramp)
    assert reduced.shape == (1, 1, 8, 8)
    torch.testing.assert_close(reduced[0, 0, 0, 2:6], torch.tensor([4.0, 6.0, 8.0, 10.0]))


def test_borders_are_reflected_without_repeating_the_edge() -> None:
    ramp = torch.arange(16.0).expand(1, 1, 16, 16)
    weights = gaussian()[0, 0].sum(dim=0)
    first = (weights * torch.tensor([3.0, 2.0, 1.0, 0.0, 1.0, 2.0, 3.0])).sum()
    torch.testing.assert_close(ImagePyramid().reduce(ramp)[0, 0, 0, 0], first)


def test_a_map_is_rebuilt_from_its_reduction_and_what_that_lost() -> None:
    pyramid, x = ImagePyramid(), torch.randn(2, 1, 32, 48)
    coarse = pyramid.reduce(x)
    torch.testing.assert_close(pyramid.reconstruct(coarse, x - pyramid.expand(coarse)), x)


def test_the_kernel_moves_with_the_network_but_is_not_in_its_state() -> None:
    pyramid = ImagePyramid().to(torch.float64)
    assert pyramid.kernel.dtype == torch.float64
    assert not pyramid.state_dict()


@pytest.mark.parametrize("side", [5, 9, 17])
def test_a_dilated_point_is_the_ellipse(side: int) -> None:
    point = torch.zeros(1, 1, 21, 21)
    point[0, 0, 10, 10] = 1
    shape = dilate(point, ELLIPSES[side])[0, 0, 10 - side // 2 : 11 + side // 2]
    assert shape.sum() == dilate(point, ELLIPSES[side]).sum()
    assert tuple(shape.sum(dim=1).int().tolist()) == ELLIPSES[side]
    assert torch.equal(shape, shape.flip(1))


def test_the_ellipse_is_wider_than_high() -> None:
    point = torch.zeros(1, 1, 21, 21)
    point[0, 0, 10, 10] = 1
    shape = dilate(point, ELLIPSES[9])[0, 0]
    assert not torch.equal(shape, shape.T)


def test_what_lies_outside_the_map_is_not_a_change() -> None:
    assert dilate(torch.full((1, 1, 4, 4), -3.0), ELLIPSES[17]).unique().tolist() == [-3.0]
    assert transition(torch.full((1, 1, 4, 4), 9.0), 17).sum() == 0


def test_a_step_is_a_transition_as_far_as_the_ellipse_reaches() -> None:
    step = torch.full((1, 1, 9, 12), -9.0)
    step[..., 6:] = 9
    assert transition(step, 5)[0, 0, 4].tolist() == [0] * 4 + [1] * 4 + [0] * 4
