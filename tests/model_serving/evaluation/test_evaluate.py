import io

import numpy as np
from PIL import Image
from rich.console import Console

from model_serving.evaluation.evaluate import SIDE, Score, saliency, scenes, score, table
from model_serving.network import InSPyReNet
from model_serving.remover import Remover
from model_serving.training.bank import Bank
from model_serving.training.composite import Composite

OBJECT = np.full((60, 40, 4), 200, np.uint8)
GROUND = np.full((90, 90, 3), 30, np.uint8)


def test_the_test_set_is_always_the_same():
    bank = Bank([OBJECT], [GROUND])
    one, again = (list(scenes(bank, 2)) for _ in range(2))
    assert one[0].image.shape == (SIDE, SIDE, 3)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0].image, one[1].image)


def test_a_picture_comes_back_as_a_map_of_its_own_size(tiny: InSPyReNet):
    found = saliency(Remover(tiny), Image.fromarray(GROUND).resize((70, 110)))
    assert found.shape == (110, 70)
    assert 0.0 <= found.min() <= found.max() <= 1.0


def test_scores_are_of_the_served_mask_against_the_truth(tiny: InSPyReNet):
    remover = Remover(tiny)
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    served = (saliency(remover, Image.fromarray(picture)) * 255).round().astype(np.uint8)
    assert score(remover, Composite(picture, served)).iou == 1.0
    assert score(remover, Composite(picture, served)).mae < 1e-6
    assert score(remover, Composite(picture, 255 - served)).iou < 0.1


def test_the_table_shows_mean_median_and_the_worse_end_of_each_measure():
    page = io.StringIO()
    Console(width=100, file=page).print(table([Score(0.5, 0.1, 0.6), Score(1.0, 0.0, 0.8)]))
    text = page.getvalue()
    assert "2 held-out composites" in text
    assert "0.750" in text
    assert "0.090" in text, "the high end is the worse one of an error"
