from pathlib import Path

import pytest
import torch

from model_serving.build import build_network
from model_serving.training.errors import TrainingError
from model_serving.training.starting import begin
from model_serving.weights import load_shipped, official_state, save_weights
from tests.support.models import TINY as WEIGHTS_SHAPE
from tests.support.models import tiny_weights
from tests.support.training import TINY, parameters


@pytest.mark.parametrize("variant", ["fast", "base", "small"])
def test_every_swin_variant_begins_with_nothing(tmp_path: Path, variant: str):
    run = begin(parameters(tmp_path, variant=variant), 4)
    assert (run.variant, run.network.base_size) == (variant, (64, 64))
    assert run.network.training


def test_one_seed_is_one_beginning(tmp_path: Path):
    one, same, other = (begin(parameters(tmp_path, seed=seed), 4).network.decoder.head.weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_file_of_ours_says_itself_how_its_network_is_built(tmp_path: Path):
    weights = tiny_weights(tmp_path / "tiny.safetensors")
    run = begin(parameters(tmp_path, start=str(weights), overrides=None), 4)
    before = load_shipped(weights).state_dict()
    assert all(torch.equal(entry, before[name]) for name, entry in run.network.state_dict().items())
    assert run.network.base_size == (64, 64)


def test_at_another_size_what_sica_sums_is_scaled(tmp_path: Path):
    weights = tiny_weights(tmp_path / "tiny.safetensors")
    run = begin(parameters(tmp_path, start=str(weights), overrides=None, size=128), 4)
    name = "refiners.0.key.0.bn.running_var"
    assert torch.allclose(run.network.state_dict()[name], 16 * load_shipped(weights).state_dict()[name])


def test_the_shipped_weights_begin_a_small_run(tmp_path: Path):
    run = begin(parameters(tmp_path, start="shipped", overrides=None), 4)
    assert torch.equal(run.network.decoder.head.weight, load_shipped().decoder.head.weight)


def test_larger_pictures_than_its_threshold_leave_a_network_without_one(tmp_path: Path):
    assert begin(parameters(tmp_path, size=544), 4).network.threshold is None
    assert begin(parameters(tmp_path, size=512), 4).network.threshold == 512


def test_a_checkpoint_of_the_authors_kind_is_taken(tmp_path: Path):
    """Their zoo's file has no published MD5; ours stands in its place, with random weights."""
    torch.save(official_state(build_network("res2net50")), tmp_path / "latest.pth")
    run = begin(parameters(tmp_path, variant="res2net50", overrides=None, start=str(tmp_path / "latest.pth")), 4)
    assert run.network.base_size == (64, 64)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"start": "shipped", "variant": "base"}, "no weights of base are shipped; name a file, or `nothing`"),
        ({"start": "absent.pth"}, "cannot start with absent.pth: .*no such file"),
        ({"start": "absent.safetensors"}, "cannot start with absent.safetensors: "),
        ({"device": "warp"}, "model_training.device: warp is no device"),
        ({"device": "cuda:99"}, "model_training.device: cuda:99 is no device that PyTorch has here; `auto` takes"),
        ({"overrides": {"depth": 9}}, "model_training.overrides: depth must be a multiple of 8, not 9"),
        ({"overrides": {"wings": 2}}, "model_training.overrides: small has no wings"),
    ],
)
def test_a_start_that_will_not_do_is_told_in_a_line(tmp_path: Path, changed: dict[str, object], said: str):
    with pytest.raises(TrainingError, match=said) as caught:
        begin(parameters(tmp_path, **changed), 4)
    assert "\n" not in str(caught.value)


def test_weights_of_another_variant_or_shape_are_refused_in_a_line(tmp_path: Path):
    weights = tiny_weights(tmp_path / "tiny.safetensors")
    with pytest.raises(TrainingError, match=r"cannot start with .+ small, not fast"):
        begin(parameters(tmp_path, variant="fast", start=str(weights), overrides=None), 4)
    with pytest.raises(TrainingError, match=r"^cannot start with .+size mismatch"):
        begin(parameters(tmp_path, start=str(weights), overrides={"depth": 16}), 4)


def test_what_a_file_of_another_variant_is_called_is_kept(tmp_path: Path):
    shape = {**WEIGHTS_SHAPE, "depths": (1, 1, 1, 1)}
    save_weights(tmp_path / "fast.safetensors", build_network("fast", **shape), "fast", shape)
    changed = {"variant": "fast", "start": str(tmp_path / "fast.safetensors"), "overrides": None}
    assert begin(parameters(tmp_path, **changed), 4).shape["embed_dim"] == WEIGHTS_SHAPE["embed_dim"]
    assert TINY["size"] == 64
