import io
import json
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from rich.console import Console
from safetensors import safe_open
from safetensors.torch import load_file

from model_serving.archive import build_archive
from model_serving.remover import Mask, Remover
from model_serving.training.course import Course
from model_serving.training.errors import Stopped, TrainingError
from model_serving.training.fit import carry_through, open_course
from model_serving.training.parameters import Parameters
from model_serving.training.reports import Progressed
from model_serving.weights import load_shipped
from tests.support.training import manifest_of, pairs_of, parameters, quiet, trained


def told(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    manifest_of(tmp_path)
    return tmp_path


@dataclass(frozen=True, slots=True)
class Finished:
    """A training that is over, for tests that leave it as it is."""

    asked: Parameters
    weights: Path
    told: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("finished")
    manifest_of(folder)
    asked, console = parameters(folder), quiet()
    return Finished(asked, trained(asked, console), told(console))


def opened(asked: Parameters) -> Course:
    return open_course(asked, pairs_of(asked))


def steps_done(told: Parameters) -> int:
    state = torch.load(told.checkpoint, weights_only=True)
    steps: int = state["position"]["steps"]
    return steps


class StopsAt(list[Progressed]):
    """Listens, and presses Ctrl-C after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def progressed(self, report: Progressed) -> None:
        self.append(report)
        if report.step == self.step:
            signal.raise_signal(signal.SIGINT)

    def checked(self, report: object) -> None:
        pass


def test_a_training_leaves_the_best_and_the_last_weights_a_checkpoint_and_a_log(finished: Finished):
    asked = finished.asked
    assert finished.weights == asked.out / "small.safetensors"
    assert {file.name for file in asked.out.iterdir()} == {
        *("small.safetensors", "small-last.safetensors", "checkpoint.pt", "log"),
    }
    log = asked.out.joinpath("log").read_text().splitlines()
    assert ["epoch 1 of 2, step 2, loss " in log[0], "epoch 2 of 2, step 4, loss " in log[1]] == [True, True]
    assert all("held-out IoU 0." in line and ", MAE 0." in line for line in log)
    assert "4 pairs, 2 held out; 4 steps in 2 epochs" in finished.told
    with safe_open(asked.last_weights, "pt") as file:
        made = json.loads(file.metadata()["training"])
    assert (made["images"], made["steps"], made["terms"]["batch"]) == (8, 4, 2)


def test_it_learns(folder: Path):
    manifest_of(folder, learned=20)
    asked = parameters(folder, epochs=3, rate=3e-3, backbone_rate=3e-3, average=0.5)
    trained(asked)
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in (asked.out / "log").read_text().splitlines()]
    assert losses[-1] < 0.8 * losses[0]


def test_its_weights_go_into_an_archive_and_make_masks(finished: Finished, tmp_path: Path):
    make_masks(finished.weights, "small", finished.asked.out.parent / "0.png", tmp_path)


def test_those_of_another_variant_do_so_too(folder: Path):
    weights = trained(parameters(folder, variant="fast", epochs=1))
    make_masks(weights, "fast", folder / "0.png", folder / "store")


def make_masks(weights: Path, variant: str, picture: Path, store: Path) -> None:
    assert build_archive(variant, weights, store).version.startswith(f"{variant}-")
    result = Remover(load_shipped(weights)).remove([picture.read_bytes()])[0]
    assert isinstance(result, Mask)


def test_a_finished_training_is_not_done_again(finished: Finished):
    asked, console = finished.asked, quiet()
    before = asked.checkpoint.stat().st_mtime_ns
    assert trained(asked, console) == asked.weights
    assert "trained already" in told(console)
    assert asked.checkpoint.stat().st_mtime_ns == before


def test_where_the_best_weights_were_taken_away_the_next_ones_take_their_place(folder: Path):
    asked = parameters(folder)
    course = opened(asked.model_copy(update={"report_every_s": 0.0}))
    course.listeners = [StopsAt(3)]
    with pytest.raises(Stopped):
        carry_through(course, quiet())
    state = torch.load(asked.checkpoint, weights_only=True)
    torch.save(state | {"best": [1.0, 0.0]}, asked.checkpoint)
    asked.weights.unlink()
    trained(asked)
    assert asked.weights.exists()
    asked.weights.unlink()
    with pytest.raises(TrainingError, match=r"small.safetensors: trained already, .+; take small-last"):
        trained(asked)


def test_unless_asked_to_and_then_there_is_no_way_back_to_the_old_one(folder: Path):
    asked = parameters(folder, epochs=1)
    trained(asked)
    course = opened(asked.model_copy(update={"resume": False}))
    assert course.saved_at == 0
    assert not asked.checkpoint.exists()
    carry_through(course, quiet())
    assert steps_done(asked) == 2


def test_who_began_anew_is_told_what_would_do_so_again(folder: Path):
    course = opened(parameters(folder, resume=False, report_every_s=0.0))
    course.listeners = [StopsAt(1)]
    with pytest.raises(Stopped, match=r"the same command without model_training\.resume=false goes on from there$"):
        carry_through(course, quiet())


def test_ctrl_c_finishes_the_step_saves_and_the_same_command_ends_as_if_never_stopped(folder: Path):
    whole = parameters(folder, out=folder / "whole", overrides={**parameters(folder).overrides, "drop_path": 0.3})
    trained(whole)
    stopped = whole.model_copy(update={"out": folder / "stopped"})
    course = opened(stopped.model_copy(update={"report_every_s": 0.0}))
    course.listeners = [StopsAt(3)]
    with pytest.raises(Stopped, match=r"^stopped after step 3 of 4; the same command goes on from there$"):
        carry_through(course, quiet())
    assert steps_done(stopped) == 3
    trained(stopped)
    assert steps_done(stopped) == 4
    one, other = load_file(whole.last_weights), load_file(stopped.last_weights)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_an_epoch_that_was_stopped_before_it_was_looked_at_is_looked_at_first(folder: Path):
    asked = parameters(folder)
    course = opened(asked.model_copy(update={"report_every_s": 0.0}))
    course.listeners = [StopsAt(4)]
    with pytest.raises(Stopped, match="after step 4 of 4"):
        carry_through(course, quiet())
    again = opened(asked)
    assert (again.closed, again.over) == (1, False)
    trained(asked)
    assert "epoch 2 of 2, step 4, held-out IoU " in asked.out.joinpath("log").read_text().splitlines()[-1]
    assert opened(asked).over


def test_a_run_is_not_gone_on_with_on_other_terms(finished: Finished):
    with pytest.raises(
        TrainingError, match=r"checkpoint.pt: a run with epochs 2, not 3; seed 0, not 1: .+resume=false$"
    ):
        trained(finished.asked.model_copy(update={"epochs": 3, "seed": 1}))


def test_a_checkpoint_of_composites_is_not_gone_on_with(folder: Path):
    asked = parameters(folder)
    course = opened(asked)
    course.run.save(asked.checkpoint)
    with pytest.raises(TrainingError, match=r"checkpoint.pt: .+composites; name another model_training.out$"):
        trained(asked)


def test_fewer_pairs_than_a_batch_are_refused(folder: Path):
    with pytest.raises(
        TrainingError, match=r"^4 pairs to train on, fewer than model_training.batch \(5\): .+`make data`$"
    ):
        trained(parameters(folder, batch=5))


def test_without_held_out_pairs_the_last_weights_are_the_best(folder: Path):
    manifest_of(folder, learned=2, held_out=0)
    asked, console = parameters(folder, epochs=1), quiet()
    trained(asked, console)
    best, last = (load_file(file) for file in (asked.weights, asked.last_weights))
    assert all(torch.equal(best[name], last[name]) for name in best.keys() | last.keys())
    assert "no pair is held out" in told(console)


def test_without_averaging_and_settling_the_networks_own_statistics_are_kept(folder: Path):
    asked = parameters(folder, epochs=1, average=0, settling=0)
    trained(asked)
    state = torch.load(asked.checkpoint, weights_only=True)
    assert all(torch.equal(entry, state["average"][name]) for name, entry in state["network"].items() if entry.ndim)


def test_a_warm_up_that_outlasts_the_run_is_told(folder: Path):
    console = quiet()
    trained(parameters(folder, epochs=1, warm_up=12_000), console)
    assert "warm_up (12,000 steps) is longer than the run" in told(console)


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_the_checkpoint(folder: Path):
    asked = parameters(folder, epochs=2, backbone_rate=1e30, rate=1e30, warm_up=0, checkpoint_every_s=0)
    with pytest.raises(
        TrainingError, match=r"^step \d: the loss is .+; the last checkpoint is .+ of step \d; .+$"
    ) as error:
        trained(asked)
    assert "\n" not in str(error.value)
    assert steps_done(asked) == int(str(error.value).split()[1].strip(":")) - 1


def test_out_of_memory_names_batch_and_size(folder: Path):
    course = opened(parameters(folder))
    course.run.network.backbone.register_forward_pre_hook(lambda *_: torch.empty(1 << 60))
    with pytest.raises(
        TrainingError, match=r"^step 1: out of memory; make model_training.batch \(2\) or .+size \(64\)"
    ):
        carry_through(course, quiet())
