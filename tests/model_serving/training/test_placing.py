import numpy as np
import pytest

from model_serving.training.bank import Bank
from model_serving.training.placing import Layer, dress, perspective, place, shadow


def disc(side: int = 64) -> np.ndarray:
    y, x = np.indices((side, side)) - side / 2
    return (np.hypot(y, x) < side / 5).astype(np.float32)


def test_a_layer_covers_by_its_alpha_alone():
    alpha = np.array([[0.0, 0.5, 1.0]], np.float32)
    layer = Layer(np.ones((1, 3, 3), np.float32), alpha)
    assert layer.over(np.zeros((1, 3, 3), np.float32))[0, :, 0] == pytest.approx([0.0, 0.5, 1.0])


def test_a_placed_object_lies_in_the_scene_at_the_asked_size(bank: Bank):
    for number in range(20):
        layer = place(np.random.default_rng(number), bank.cutouts[number % 12], 80, 40.0)
        rows, columns = (layer.alpha > 0.5).any(1).nonzero()[0], (layer.alpha > 0.5).any(0).nonzero()[0]
        assert layer.alpha.shape == (80, 80)
        assert 8 <= max(np.ptp(rows), np.ptp(columns)) <= 62


def test_what_is_cut_off_below_mostly_stands_at_the_lower_edge():
    portrait = np.full((60, 40, 4), 255, np.uint8)
    layers = [place(np.random.default_rng(number), portrait, 80, 40.0) for number in range(40)]
    at_edge = [bool((layer.alpha[-1] > 0.5).any()) for layer in layers]
    assert 0.6 < sum(at_edge) / len(at_edge) < 0.95


def test_dressing_changes_colours_and_not_the_outline(bank: Bank):
    layer = Layer(np.full((64, 64, 3), 0.5, np.float32), disc())
    for number in range(20):
        dressed = dress(np.random.default_rng(number), layer, np.zeros((64, 64, 3), np.float32), bank.backgrounds)
        assert np.abs(dressed.alpha - layer.alpha).mean() < 0.02
        assert 0.0 <= dressed.colours.min() <= dressed.colours.max() <= 1.0


def test_a_shadow_darkens_by_less_than_all_and_falls_beside_the_object_too():
    alpha = disc()
    for number in range(20):
        darkness = shadow(np.random.default_rng(number), alpha)
        assert 0.1 < darkness.max() <= 0.66
        assert darkness[alpha == 0.0].max() > 0.05


def test_perspective_takes_target_corners_to_source_corners():
    source = np.array(((0, 0), (10, 0), (10, 20), (0, 20)), np.float64)
    target = np.array(((1, 2), (9, 0), (12, 18), (0, 22)), np.float64)
    a, b, c, d, e, f, g, h = perspective(target, source)
    for (x, y), corner in zip(target, source, strict=True):
        below = g * x + h * y + 1
        assert ((a * x + b * y + c) / below, (d * x + e * y + f) / below) == pytest.approx(tuple(corner), abs=1e-6)
