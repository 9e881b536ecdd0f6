import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from model_serving.build import build_network
from model_serving.training.bank import Album
from model_serving.training.mean import main, mean, save
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


def test_weights_of_different_base_sizes_have_no_mean(files: list[Path], tmp_path: Path):
    """Their entries have the same shapes; what SICA sums is another number of pixels."""
    larger = TINY | {"base_size": 128}
    save_weights(tmp_path / "larger.safetensors", build_network("small", **larger), "small", larger)
    with pytest.raises(WeightsError, match=r"1\.safetensors is of 64, .+larger\.safetensors is of 128 pixels a side"):
        mean([files[0], tmp_path / "larger.safetensors"], [])


def test_the_command_measures_on_scenes_of_its_own_and_stretches_when_told_to(files: list[Path], tmp_path: Path):
    noise = np.random.default_rng(0)
    for kind, channels in (("cutouts", 4), ("actors", 4), ("backgrounds", 3)):
        (tmp_path / "bank/train").mkdir(parents=True, exist_ok=True)
        Album.save(
            tmp_path / f"bank/train/{kind}.npy", [(kind, noise.integers(0, 256, (90, 80, channels), dtype=np.uint8))]
        )
    out = tmp_path / "surer.safetensors"
    given = [*map(str, files), "--assets", str(tmp_path), "--bank", str(tmp_path / "bank"), "--out", str(out)]
    main([*given, "--pictures", "16", "--stretch", "2"])
    one, other, surer = (load_shipped(file).decoder.head.weight for file in (*files, out))
    assert torch.allclose(surer, one + other, atol=1e-3)  # twice their mean, in 16 bits


def test_a_missing_file_is_told_in_a_line_before_anything_is_measured(
    files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    missing, out = tmp_path / "missing.safetensors", tmp_path / "mean.safetensors"
    with pytest.raises(SystemExit) as ended:
        main([str(missing), str(files[0]), "--assets", str(tmp_path), "--bank", str(tmp_path), "--out", str(out)])
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert told.startswith(f"mean: {missing}")
    assert told.count("\n") == 1
    assert not out.exists()
