from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from model_serving.exporting.agreement import Reference, default_photos, reference
from model_serving.network import InSPyReNet
from model_serving.runtimes.eager import Eager
from model_serving.runtimes.runtime import Prediction
from tests.model_serving.filling import picture


class Off:
    """Says 0.5 everywhere, but for `levels` of 255 more on a share of the pixels."""

    base_size = (100, 100)

    def __init__(self, levels: int, share: float) -> None:
        self._pred = torch.full((1, 1, 100, 100), 128.5 / 255)
        self._pred.view(-1)[: int(share * 10_000)] += levels / 255

    def __call__(self, image: Tensor, image_resized: Tensor | None = None) -> Prediction:
        return Prediction(self._pred, torch.ones(1))


def grey_masks() -> Reference:
    """Of two pictures; 128 everywhere."""
    return Reference([torch.zeros(1, 3, 100, 100)] * 2, [torch.full((100, 100), 128, dtype=torch.uint8).numpy()] * 2)


@pytest.mark.parametrize(
    ("levels", "share", "equal", "reduced"),
    [
        (0, 0, True, True),
        (1, 0.5, True, True),
        (1, 0.51, False, True),  # the mean
        (4, 0.1, True, True),
        (5, 0.001, True, True),
        (5, 0.0011, False, True),  # too many
        (9, 0.01, False, True),
        (9, 0.0101, False, False),
        (2, 0.51, False, False),
    ],
)
def test_the_two_bars(levels: int, share: float, equal: bool, reduced: bool) -> None:
    runtime = Off(levels, share)
    assert grey_masks().agreement(runtime, "equal").holds == equal
    assert grey_masks().agreement(runtime, "reduced").holds == reduced


def test_the_figures_are_said_beside_their_bars() -> None:
    assert str(grey_masks().agreement(Off(9, 0.5), "reduced")) == (
        "masks differ by 4.500 of 255 in the mean (at most 1.0), 50.000 % of pixels by more than 8 (at most 1 %)"
    )


def test_the_network_itself_is_as_near_as_can_be(tiny: InSPyReNet, tmp_path: Path) -> None:
    Image.fromarray(picture(80, 120)).save(tmp_path / "photo.png")
    agreement = reference(tiny, [tmp_path / "photo.png"]).agreement(Eager(tiny), "equal")
    assert agreement.holds
    assert agreement.share == 0


def test_the_photos_are_there() -> None:
    assert len(default_photos()) == 8
