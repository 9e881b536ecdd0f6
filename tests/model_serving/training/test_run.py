import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from model_serving.training.bank import Album, Bank
from model_serving.training.checkpoint import write_checkpoint
from model_serving.training.errors import TrainingError
from model_serving.training.export import STRETCH, export, stretched
from model_serving.training.quick import Precision
from model_serving.training.recipe import OneCycle
from model_serving.training.run import NonFiniteLoss, Run
from model_serving.training.schedule import Stage
from model_serving.training.stream import VIEWS, Composites, example, examples
from model_serving.training.train import check, check_place, main, train
from model_serving.weights import load_shipped

TINY = {
    "threshold": None,
    "depth": 8,
    "embed_dim": 8,
    "depths": (1, 1, 1, 1),
    "num_heads": (1, 1, 1, 1),
    "window_size": 4,
    "drop_path": 0.0,
}
FINE = Stage(32, 2, 1.0)


def batch(size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(1)
    truth = torch.zeros(2, 1, size, size)
    truth[..., size // 4 : size // 2, size // 4 :] = 1.0
    return torch.rand(2, 3, size, size, generator=made) + 2 * truth, truth


@pytest.fixture
def run() -> Run:
    torch.manual_seed(0)
    return Run("small", TINY, FINE, OneCycle(1e6))


def test_training_on_one_batch_learns_it(run: Run):
    run.position.elapsed = 1e5  # past the warm-up
    losses = [run.step(batch()) for _ in range(25)]
    assert losses[-1] < 0.7 * losses[0]
    assert run.position.images == 50


def test_a_saved_run_goes_on_as_if_never_stopped(run: Run, tmp_path: Path):
    run.step(batch())
    run.save(tmp_path / "checkpoint.pt")
    again = Run.load(tmp_path / "checkpoint.pt", OneCycle(1e6))
    again.position.elapsed = run.position.elapsed = 1e5
    assert again.step(batch()) == pytest.approx(run.step(batch()))
    assert again.position.images == run.position.images
    assert again.step(batch()) == pytest.approx(run.step(batch()), rel=1e-3)


def test_a_checkpoint_of_before_there_were_variants_and_scalers_is_gone_on_with(run: Run, tmp_path: Path):
    run.step(batch())
    state = {name: entry for name, entry in run.state().items() if name not in ("variant", "scaler")}
    torch.save(state, tmp_path / "checkpoint.pt")
    again = Run.load(tmp_path / "checkpoint.pt", OneCycle(1e6))
    assert (again.variant, again.position) == ("small", run.position)


@pytest.mark.parametrize(("saved", "resumed"), [("float32", "float16"), ("float16", "float32"), ("float16", "float16")])
def test_a_run_may_go_on_in_another_precision(tmp_path: Path, saved: Precision, resumed: Precision):
    run, again = (Run("small", TINY, FINE, OneCycle(1e6), precision=precision) for precision in (saved, resumed))
    run.step(batch())
    again.restore(run.state())
    assert again.position == run.position
    assert again.step(batch()) > 0


def test_a_file_that_is_no_checkpoint_is_refused_in_a_line(tmp_path: Path):
    (tmp_path / "checkpoint.pt").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(TrainingError, match=rf"^{tmp_path}/checkpoint.pt: no checkpoint that can be read.*$"):
        Run.load(tmp_path / "checkpoint.pt", OneCycle(1e6))


def test_a_loss_that_is_no_number_moves_no_weight(run: Run):
    image, truth = batch()
    before = [parameter.clone() for parameter in run.network.parameters()]
    with pytest.raises(NonFiniteLoss, match="the loss is nan"):
        run.step((image * float("nan"), truth))
    assert all(torch.equal(now, then) for now, then in zip(run.network.parameters(), before, strict=True))
    assert run.position.steps == 0


def test_in_float16_steps_whose_scaled_gradients_overflow_are_left_out_until_the_scale_fits():
    torch.manual_seed(0)
    run = Run("small", TINY, FINE, OneCycle(1e6), precision="float16")
    before = run.network.decoder.head.weight.detach().clone()
    run.position.elapsed = 1e5
    losses = [run.step(batch()) for _ in range(16)]
    assert losses[-1] < losses[0]
    assert 1 < run.state()["scaler"]["scale"] < 65_536
    assert not torch.equal(run.network.decoder.head.weight, before)
    assert all(parameter.isfinite().all() for parameter in run.network.parameters())
    assert all(parameter.dtype == torch.float32 for parameter in run.network.parameters())


def test_a_run_begins_with_what_another_has_learned(run: Run):
    run.step(batch())
    other = Run("small", TINY, FINE, OneCycle(1e6))
    other.begin_with(run.average.network)
    image = batch()[0]
    assert torch.equal(other.predict(image), run.predict(image))


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_a_stage_of_few_levels_leaves_the_finer_steps_alone(run: Run, levels: int):
    run.stage = Stage(32, 2, 1.0, levels)
    before = run.network.refiners[2].state_dict()["query.0.conv.weight"].clone()
    first = run.network.decoder.state_dict()["head.weight"].clone()
    run.step(batch())
    assert torch.equal(run.network.refiners[2].state_dict()["query.0.conv.weight"], before)
    assert not torch.equal(run.network.decoder.state_dict()["head.weight"], first)
    assert run.predict(batch()[0]).shape == (2, 1, 2 << levels, 2 << levels)


def test_the_weights_survive_a_change_of_size(run: Run):
    run.step(batch())
    before = {name: entry.clone() for name, entry in run.network.state_dict().items()}
    run.enter(Stage(64, 2, 1.0))
    assert run.network.base_size == (64, 64)
    changed = {name for name, entry in run.network.state_dict().items() if not torch.equal(entry, before[name])}
    assert changed == {name for name in before if "running" in name and (".key.0." in name or ".value.0." in name)}
    run.step(batch(64))
    assert run.predict(batch(64)[0]).shape == (2, 1, 64, 64)


def test_the_average_moves_less_than_the_weights(run: Run):
    start = [entry.clone() for entry in run.average.network.parameters()]
    run.position.elapsed = 1e5
    for _ in range(3):
        run.step(batch())
    moved = sum((a - b).abs().sum() for a, b in zip(run.average.network.parameters(), start, strict=True))
    ahead = sum((a - b).abs().sum() for a, b in zip(run.network.parameters(), start, strict=True))
    assert 0 < moved < ahead


def test_settling_measures_what_the_averaged_weights_really_see(run: Run):
    run.step(batch())
    norm = run.average.network.decoder.join.bn
    seen: list[torch.Tensor] = []
    norm.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    run.average.settle([batch()[0]])
    assert torch.allclose(norm.running_mean, seen[0].mean((0, 2, 3)), atol=1e-6)
    assert not run.average.network.training


def test_exported_weights_open_as_shipped_ones_and_say_how_they_came_about(run: Run, tmp_path: Path):
    run.step(batch())
    export(run, tmp_path / "small.safetensors", seed=7)
    opened = load_shipped(tmp_path / "small.safetensors")
    image = batch()[0]
    assert torch.allclose(opened(image).pred, stretched(run.average.network, STRETCH)(image).pred, atol=1e-2)
    with safe_open(tmp_path / "small.safetensors", "pt") as file:
        assert json.loads(file.metadata()["training"]) == {"seed": 7, "images": 2, "steps": 1}


def test_an_exported_file_takes_two_bytes_a_parameter_and_keeps_the_range_of_statistics(run: Run, tmp_path: Path):
    norm = run.average.network.refiners[0].key[0].bn
    norm.running_var.fill_(4e7)
    export(run, tmp_path / "small.safetensors", seed=7)
    stored = load_file(tmp_path / "small.safetensors").values()
    halves = sum(entry.numel() for entry in stored if entry.dtype == torch.float16)
    assert halves == sum(parameter.numel() for parameter in run.network.parameters())
    assert load_shipped(tmp_path / "small.safetensors").refiners[0].key[0].bn.running_var[0] == 4e7


def test_stretching_makes_the_coarsest_saliency_surer_and_leaves_the_run_alone(run: Run):
    network, image = run.average.network, batch()[0]
    before = network.single_pass(image)
    surer = stretched(network, 3.0).single_pass(image)
    assert torch.allclose(surer.saliency[0], 3.0 * before.saliency[0], atol=1e-5)
    assert torch.equal(network.single_pass(image).finest, before.finest)


def test_the_stream_goes_on_from_any_number_and_shares_between_processes(bank: Bank):
    whole = iter(Composites(bank, 32, seed=1))
    scenes = list(islice(whole, 0, 4 * VIEWS, VIEWS))
    halves = [islice(Composites(bank, 32, seed=1, first=rank, stride=2), 0, None, VIEWS) for rank in (0, 1)]
    for number, (image, truth) in enumerate(scenes):
        mine = next(halves[number % 2])
        assert torch.equal(mine[0], image)
        assert torch.equal(mine[1], truth)
        assert torch.equal(example(bank, 32, 1, number)[0], image)


def test_a_scene_is_seen_straight_and_mirrored_by_another_camera(bank: Bank):
    (one, straight), (other, mirrored) = examples(bank, 32, 1, 7, 2)
    assert torch.equal(mirrored, straight.flip(-1))
    assert not torch.equal(other, one.flip(-1))


def test_a_short_training_reports_and_ends(run: Run, bank: Bank):
    run.recipe = OneCycle(1e-6)
    lines = list(train(run, (FINE,), bank, bank, seed=0, every=100.0))
    assert len(lines) == 1
    assert "32 px" in lines[0]
    assert 0.0 <= check(run, bank) <= 1.0


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """Of a training on pictures that are unpacked already."""
    noise = np.random.default_rng(0)
    for side in ("train", "held-out"):
        (tmp_path / "bank" / side).mkdir(parents=True)
        for kind, channels in (("cutouts", 4), ("actors", 4), ("backgrounds", 3)):
            pixels = noise.integers(0, 256, (90, 80, channels), dtype=np.uint8)
            Album.save(tmp_path / "bank" / side / f"{kind}.npy", [(kind, pixels)])
    return ["--assets", str(tmp_path), "--bank", str(tmp_path / "bank"), "--out", str(tmp_path / "out")]


def test_ctrl_c_ends_several_processes_with_a_line_too(command: list[str], capsys: pytest.CaptureFixture[str]):
    def interrupt(size: int, _: object) -> None:
        assert size == 2
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        main(command, interrupt)
    assert end.value.code == 130
    assert capsys.readouterr().err.startswith("\nstopped; the same command goes on, with --resume once ")


def test_weights_that_nobody_can_start_with_are_told_in_a_line(command: list[str]):
    with pytest.raises(SystemExit, match=r"^cannot start with absent\.safetensors: .*cannot be used") as end:
        main([*command, "--processes", "1", "--start", "absent.safetensors"])
    assert "\n" not in str(end.value)


def test_stages_of_another_form_are_told_with_the_form(command: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match=r"^2$"):
        main([*command, "--stages", "foo"])
    assert "argument --stages: foo: " in capsys.readouterr().err


def test_a_training_on_composites_neither_goes_on_from_nor_overwrites_one_of_make_train(run: Run, tmp_path: Path):
    write_checkpoint(tmp_path / "checkpoint.pt", run.state() | {"terms": {"epochs": 1}})
    for resume in (True, False):
        with pytest.raises(TrainingError, match=r"checkpoint\.pt: a checkpoint of `make train`; name another --out$"):
            check_place(tmp_path, resume)
    run.save(tmp_path / "checkpoint.pt")
    check_place(tmp_path, resume=True)
    with pytest.raises(TrainingError, match=r"no such checkpoint; begin without --resume"):
        check_place(tmp_path / "elsewhere", resume=True)


def test_a_training_on_composites_never_overwrites_an_earlier_one(run: Run, tmp_path: Path):
    (tmp_path / "small.safetensors").write_bytes(b"hours of work")
    with pytest.raises(TrainingError, match=f"^{tmp_path}: holds the weights of another training; name another --out$"):
        check_place(tmp_path, resume=False)
    run.save(tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match=f"^{tmp_path}: holds a training .+ --resume, or name another --out$"):
        check_place(tmp_path, resume=False)
    check_place(tmp_path, resume=True)
