import hashlib
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model_serving.build import Overrides, build_network
from model_serving.network import InSPyReNet
from model_serving.weights import (
    CHECKPOINTS,
    SHIPPED,
    WeightsError,
    load_checkpoint,
    load_official_state,
    load_shipped,
    official_state,
    save_weights,
)
from tests.model_serving.filling import filled
from tests.support.models import tiny_weights


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """An official state dict of the small variant."""
    network = build_network("small")
    return filled(official_state(network), network.base_size)


@pytest.fixture
def file(tmp_path: Path, state: dict[str, Tensor]) -> Path:
    path = tmp_path / "ckpt.pth"
    torch.save(state, path)
    return path


def same(network: InSPyReNet, state: dict[str, Tensor]) -> bool:
    return all(torch.equal(entry, state[name]) for name, entry in official_state(network).items())


def test_every_entry_arrives(state: dict[str, Tensor]) -> None:
    network = build_network("small")
    load_official_state(network, state)
    assert official_state(network).keys() == state.keys()
    assert same(network, state)


def test_swinb_takes_the_authors_state_strictly() -> None:
    with torch.device("meta"):
        entries = official_state(build_network("fast"))
    values = {
        name: torch.tensor(index % 7, dtype=entry.dtype).expand(entry.shape)
        for index, (name, entry) in enumerate(entries.items())
    }
    network = build_network("fast")
    load_official_state(network, values)
    loaded = official_state(network)
    assert torch.equal(loaded["context5.branch3.conv3.conv.weight"], values["context5.branch3.conv3.conv.weight"])
    assert torch.equal(
        loaded["backbone.layers.2.downsample.norm.bias"], values["backbone.layers.2.downsample.norm.bias"]
    )


def test_the_state_dict_is_left_as_it_was(state: dict[str, Tensor]) -> None:
    given = dict(state)
    load_official_state(build_network("small"), given)
    assert given.keys() == state.keys()
    assert all(given[name] is state[name] for name in state)


@pytest.mark.parametrize(
    "name",
    [
        "decoder.conv5.conv.weight",
        "attention0.lthreshold",
        "context1.branch0.bn.num_batches_tracked",
        "backbone.layers.0.blocks.0.attn.relative_position_index",
    ],
)
def test_a_missing_entry_is_named(state: dict[str, Tensor], name: str) -> None:
    short = {key: entry for key, entry in state.items() if key != name}
    with pytest.raises(ValueError, match=f"^1 entries do not fit this network: missing {name}$"):
        load_official_state(build_network("small"), short)


def test_an_unexpected_entry_is_named(state: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match=r"unexpected module\.head"):
        load_official_state(build_network("small"), {**state, "module.head": torch.zeros(1)})


def test_an_entry_of_another_shape_is_named_with_both_shapes(state: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match=r"attention0\.threshold is \(2,\) and not \(1,\)"):
        load_official_state(build_network("small"), {**state, "attention0.threshold": torch.zeros(2)})


def test_of_many_differences_the_first_few_are_shown() -> None:
    with pytest.raises(ValueError, match=r"^1401 entries .*missing [^;]*; missing [^;]*; missing [^;]* \.\.\.$"):
        load_official_state(build_network("small"), {})


def test_a_refused_state_changes_nothing(state: dict[str, Tensor]) -> None:
    network = build_network("small")
    before = {name: entry.clone() for name, entry in official_state(network).items()}
    with pytest.raises(ValueError, match="do not fit"):
        load_official_state(network, {**state, "attention0.threshold": torch.zeros(2)})
    assert same(network, before)


def test_a_checkpoint_becomes_a_network(file: Path, state: dict[str, Tensor]) -> None:
    network = load_checkpoint(file, "small")
    assert same(network, state)
    assert not network.training


def test_a_checkpoint_with_the_right_md5_is_taken(file: Path, state: dict[str, Tensor]) -> None:
    assert same(load_checkpoint(file, "small", md5=hashlib.md5(file.read_bytes()).hexdigest()), state)


def test_a_missing_checkpoint_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(
        WeightsError, match=r"ckpt_base\.pth: no such file; get ckpt_base\.pth from https://github\.com/"
    ):
        load_checkpoint(tmp_path / "ckpt_base.pth", "base")


@pytest.mark.parametrize("variant", ["base", "fast"])
def test_the_published_md5_is_asked_for(file: Path, variant: str) -> None:
    with pytest.raises(WeightsError, match=f"MD5 is [0-9a-f]{{32}} and not {CHECKPOINTS[variant].md5}"):
        load_checkpoint(file, variant)


def test_a_truncated_checkpoint_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(WeightsError, match="cannot be read"):
        load_checkpoint(file, "small")


def test_an_empty_checkpoint_is_refused(file: Path) -> None:
    file.write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_checkpoint(file, "small")


@pytest.mark.parametrize("content", [[1, 2], {"model": {"a": 1}}])
def test_a_checkpoint_that_is_no_bare_state_dict_is_refused(file: Path, content: object) -> None:
    torch.save(content, file)
    with pytest.raises(WeightsError, match="no bare state dict"):
        load_checkpoint(file, "small")


def test_a_checkpoint_that_would_run_code_is_refused(file: Path) -> None:
    torch.save({"a": Path("b")}, file)
    with pytest.raises(WeightsError, match="holds more than tensors") as refusal:
        load_checkpoint(file, "small")
    assert "weights_only" not in str(refusal.value)


def test_a_checkpoint_of_another_network_is_refused(file: Path) -> None:
    with pytest.raises(WeightsError, match=r"not weights of variant res2net50: .* entries do not fit"):
        load_checkpoint(file, "res2net50")


def test_refusals_are_one_line(file: Path) -> None:
    file.write_bytes(b"\x80\x02garbage\nof\nlines")
    with pytest.raises(WeightsError) as caught:
        load_checkpoint(file, "small")
    assert "\n" not in str(caught.value)


def test_saved_weights_say_themselves_how_to_build_their_network(tmp_path: Path) -> None:
    network = build_network("small", window_size=4, base_size=[64, 96], depth=8)
    overrides = Overrides(window_size=4, base_size=[64, 96], depth=8)
    save_weights(tmp_path / "w.safetensors", network, "small", overrides, training="none")
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]
    loaded = load_shipped(tmp_path / "w.safetensors")
    assert loaded.base_size == (64, 96)
    assert same(loaded, official_state(network))


def test_saved_weights_are_a_file_that_others_may_read_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "any").touch()
    saved = tiny_weights(tmp_path / "w.safetensors")
    assert saved.stat().st_mode == (tmp_path / "any").stat().st_mode


@pytest.mark.parametrize("content", [b"", b"no safetensors at all", None])
def test_weights_of_ours_that_are_damaged_are_one_clear_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"w\.safetensors: cannot be used: .*; make it anew, or name another$"):
        load_shipped(path)


def test_the_shipped_weights_load_and_are_small() -> None:
    assert not load_shipped().training
    assert SHIPPED.stat().st_size <= 16 * 1024**2
