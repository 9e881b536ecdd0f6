import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from model_serving.build import build_network
from model_serving.training.mean import mean, save
from model_serving.weights import WeightsError, load_shipped, save_weights
from tests.support.models import TINY, tiny_weights


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [tiny_weights(tmp_path / f"{seed}.safetensors", seed) for seed in (1, 2)]


def test_every_weight_is_the_mean_and_statistics_are_those_of_the_pictures(files: list[Path]):
    pictures = torch.randn(4, 3, 64, 64)
    both, (one, other) = mean(files, [pictures]), map(load_shipped, files)
    assert torch.allclose(both.decoder.head.weight, (one.decoder.head.weight + other.decoder.head.weight) / 2)
    seen: list[torch.Tensor] = []
    norm = both.decoder.join.bn
    norm.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    both.train()(pictures)
    assert torch.allclose(norm.running_mean, seen[0].mean((0, 2, 3)), atol=1e-4)


def test_the_file_says_of_what_it_is_the_mean(files: list[Path], tmp_path: Path):
    out = tmp_path / "mean.safetensors"
    save(mean(files, [torch.randn(2, 3, 64, 64)]), files[0], files, out)
    assert load_shipped(out).base_size == (64, 64)
    with safe_open(out, "pt") as file:
        assert json.loads(file.metadata()["training"]) == {"mean_of": [None, None]}


def test_weights_of_different_networks_have_no_mean(files: list[Path], tmp_path: Path):
    wider = TINY | {"depth": 16}
    save_weights(tmp_path / "wider.safetensors", build_network("small", **wider), "small", wider)
    with pytest.raises(WeightsError, match="weights of different networks"):
        mean([files[0], tmp_path / "wider.safetensors"], [])
