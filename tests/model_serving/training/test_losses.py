import math

import pytest
import torch

from model_serving.network.pyramid import ImagePyramid
from model_serving.training.losses import (
    CONSISTENCY_WEIGHT,
    consistency,
    neighbourhood,
    pixel_iou,
    pyramid_loss,
    truth_pyramid,
    weighted_bce,
)

PYRAMID = ImagePyramid()


def test_the_neighbourhood_is_the_mean_of_31_by_31_pixels_with_zeros_beyond_the_frame():
    truth = torch.ones(1, 1, 40, 40)
    around = neighbourhood(truth)
    assert around[0, 0, 20, 20] == pytest.approx(1.0)
    assert around[0, 0, 0, 0] == pytest.approx(16 * 16 / 31**2)
    assert around[0, 0, 0, 20] == pytest.approx(16 * 31 / 31**2)


def test_the_neighbourhood_equals_one_square_window():
    truth = torch.rand(2, 1, 48, 40, generator=torch.Generator().manual_seed(0))
    square = torch.nn.functional.avg_pool2d(truth, 31, stride=1, padding=15)
    assert torch.allclose(neighbourhood(truth), square, atol=1e-6)


def test_cross_entropy_is_weighted_by_nearness_to_an_edge():
    truth = torch.zeros(1, 1, 33, 33)
    truth[0, 0, 16, 16] = 1.0
    spread = 31 * 31
    seen = sum((1 + 5 / spread) for _ in range(spread - 1)) + (1 + 5 * (1 - 1 / spread)) + 33 * 33 - spread
    assert weighted_bce(torch.zeros_like(truth), truth).item() == pytest.approx(math.log(2) * seen / 33**2, rel=1e-5)


def test_cross_entropy_in_the_flat_is_plain():
    truth = torch.zeros(1, 1, 8, 8)
    assert weighted_bce(torch.full_like(truth, 2.0), truth).item() == pytest.approx(math.log1p(math.exp(2.0)))


@pytest.mark.parametrize(
    ("probability", "truth", "loss"),
    [(0.5, 1.0, 1 - 1.5 / 2.0), (0.5, 0.0, 1 - 1.0 / 1.5), (0.25, 1.0, 1 - 1.25 / 2.0)],
)
def test_the_iou_loss_is_taken_pixel_by_pixel(probability: float, truth: float, loss: float):
    logit = math.log(probability / (1 - probability))
    assert pixel_iou(torch.full((1, 1, 2, 2), logit), torch.full((1, 1, 2, 2), truth)).item() == pytest.approx(loss)


def test_truths_halve_from_fine_to_coarse():
    truths = truth_pyramid(torch.ones(1, 1, 64, 32), 4, PYRAMID)
    assert [tuple(truth.shape[-2:]) for truth in truths] == [(8, 4), (16, 8), (32, 16), (64, 32)]
    assert all(torch.allclose(truth, torch.ones_like(truth)) for truth in truths)


def test_consistency_teaches_only_the_coarser_map():
    coarse, fine = torch.zeros(1, 1, 8, 8, requires_grad=True), torch.ones(1, 1, 16, 16, requires_grad=True)
    gap = consistency([coarse, fine], PYRAMID)
    gap.backward()
    assert gap.item() == pytest.approx(1.0)
    assert coarse.grad is not None
    assert fine.grad is None


def test_the_loss_adds_all_levels_alike_and_a_little_consistency():
    truth = torch.zeros(1, 1, 64, 64)
    flat = [torch.zeros(1, 1, 64 >> level, 64 >> level) for level in (3, 2, 1, 0)]
    level = math.log(2) + 1 / 3
    assert pyramid_loss(flat, truth, PYRAMID).item() == pytest.approx(4 * level, rel=1e-5)
    flat[0] = torch.full_like(flat[0], 3.0)
    coarse = math.log1p(math.exp(3.0)) + 1 - 1 / (1 + 1 / (1 + math.exp(-3.0)))
    expected = 3 * level + coarse + 3 * CONSISTENCY_WEIGHT
    assert pyramid_loss(flat, truth, PYRAMID).item() == pytest.approx(expected, rel=1e-5)


def test_a_perfect_prediction_costs_next_to_nothing():
    truth = torch.zeros(1, 1, 64, 64)
    truth[..., 16:48, 16:48] = 1.0
    sure = [(level - 0.5) * 60 for level in truth_pyramid(truth, 4, PYRAMID)]
    inverted = [-level for level in sure]
    assert pyramid_loss(sure, truth, PYRAMID).item() < 0.05 * pyramid_loss(inverted, truth, PYRAMID).item()
