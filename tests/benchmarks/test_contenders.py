from pathlib import Path

import numpy as np
import pytest

from benchmarks.contenders import Contender, process, ready_s
from model_serving.exporting.agreement import default_photos
from tests.support.models import tiny_weights

AUTHORS, TORCH = Contender("the authors' way"), Contender("torch", "torch")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_weights(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


def test_contenders_make_the_same_masks_and_are_timed(weights: Path, tmp_path: Path):
    photo = default_photos()[0]
    masks = []
    for contender, like in ((AUTHORS, None), (TORCH, tmp_path / AUTHORS.name)):
        contender.stage("small", weights, tmp_path / contender.name, like)
        with process(contender, "small", tmp_path / contender.name) as one:
            masks.append(one.masks([photo.read_bytes()])[0].astype(int))
            assert one.per_second([photo.read_bytes()], seconds=0) > 0
            assert one.grown() > 0
            assert one.load_s > 0
    assert np.abs(masks[0] - masks[1]).max() <= 1


def test_readiness_is_that_of_a_fresh_process(weights: Path, tmp_path: Path):
    TORCH.stage("small", weights, tmp_path / "torch", None)
    assert ready_s(TORCH, "small", tmp_path / "torch", default_photos()[0]) > 0
