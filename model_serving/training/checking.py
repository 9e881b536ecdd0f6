"""How good a run's averaged weights are on held-out pairs, measured as the product would show them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from model_serving.datasets.manifest import Pair
from model_serving.evaluation.metrics import iou, mae
from model_serving.pixels import prepare_static, saliency_at
from model_serving.training.pairs import read_pair
from model_serving.training.run import Run


@dataclass(frozen=True, slots=True)
class Score:
    """Means over the pictures, each at its own size."""

    iou: float
    mae: float

    def beats(self, other: "Score | None") -> bool:
        return other is None or (self.iou, -self.mae) > (other.iou, -other.mae)


@torch.inference_mode()
def check(run: Run, pairs: Sequence[Pair]) -> Score:
    """TrainingError where a file is unfit."""
    scores = [_score(run, pair) for pair in pairs]
    return Score(*(float(mean) for mean in np.mean(scores, axis=0)))


def spread(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """As many of them, evenly spread."""
    places = np.linspace(0, len(pairs) - 1, min(most, len(pairs))).round().astype(int)
    return [pairs[place] for place in places]


def _score(run: Run, pair: Pair) -> tuple[float, float]:
    picture, mask = read_pair(pair)
    prepared = prepare_static(picture, run.network.base_size)
    found = saliency_at(run.predict(prepared.image), prepared.size)
    truth = np.asarray(mask, np.float32) / 255.0
    return iou(found, truth), mae(found, truth)
