import io
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.contenders import Contender
from model_serving.exporting.agreement import default_photos
from tests.support.models import tiny_weights

AUTHORS, TORCH = Contender("the authors' way"), Contender("torch", "torch")


def test_contenders_make_the_same_masks(tmp_path: Path):
    """Here and not in processes of their own, which tests of `runtimes` see."""
    weights, photo = tiny_weights(tmp_path / "tiny.safetensors"), default_photos()[0].read_bytes()
    masks = []
    for contender, like in ((AUTHORS, None), (TORCH, tmp_path / AUTHORS.name)):
        contender.stage("small", weights, tmp_path / contender.name, like)
        file = contender.open("small", tmp_path / contender.name)(photo)
        masks.append(np.asarray(Image.open(io.BytesIO(file))).astype(int))
    assert np.abs(masks[0] - masks[1]).max() <= 1
