"""The command that `make train` is, in processes of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import torch
import yaml
from safetensors.torch import load_file

from model_serving.training.parameters import Parameters
from tests.model_serving.training.test_fit import steps_done
from tests.support.eventually import eventually
from tests.support.training import manifest_of, parameters, trained


@contextmanager
def training(asked: Parameters, config: Path) -> Iterator[subprocess.Popen[str]]:
    config.write_text(yaml.safe_dump({"data": str(config.parent), "model_training": asked.model_dump(mode="json")}))
    command = [sys.executable, "-m", "model_serving.pipelines", "model_training", "--config", str(config)]
    # One thread, as in the tests: sums come out the same.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, cwd=config.parent, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def has_done(asked: Parameters, steps: int) -> bool:
    return asked.checkpoint.exists() and steps_done(asked) >= steps


@pytest.fixture
def asked(tmp_path: Path) -> Parameters:
    """Eight steps, a checkpoint after each; a process of its own reads the pictures."""
    manifest_of(tmp_path)
    return parameters(tmp_path, epochs=4, checkpoint_every_s=0, workers=1)


def test_a_killed_training_goes_on_and_ends_as_if_never_killed(asked: Parameters, tmp_path: Path):
    with training(asked, tmp_path / "mine.yml") as killed:
        eventually(lambda: has_done(asked, 2), seconds=180)
        killed.kill()
        assert killed.wait() == -signal.SIGKILL
    done = steps_done(asked)
    assert done < 8

    with training(asked, tmp_path / "mine.yml") as again:
        told = again.communicate(timeout=300)[1]
        assert again.returncode == 0, told
    assert f"8 steps in 4 epochs after step {done}" in " ".join(told.split())
    assert steps_done(asked) == 8

    whole = asked.model_copy(update={"out": tmp_path / "whole", "workers": 0})
    trained(whole)
    for one, other in ((asked.weights, whole.weights), (asked.last_weights, whole.last_weights)):
        mine, theirs = load_file(one), load_file(other)
        assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_service_managers_end_save_and_say_how_to_go_on(
    asked: Parameters, tmp_path: Path, number: signal.Signals
):
    with training(asked, tmp_path / "mine.yml") as process:
        eventually(lambda: has_done(asked, 1), seconds=180)
        os.killpg(process.pid, number)  # terminals and service managers tell all processes of a group
        told = process.communicate(timeout=180)[1]
    assert process.returncode == 130
    assert told.splitlines()[-1] == (
        f"model_training: stopped after step {steps_done(asked)} of 8; the same command goes on from there"
    )
    assert not list(asked.out.glob("*.part"))


def test_a_killed_reader_ends_it_in_a_line_that_says_how_to_go_on(asked: Parameters, tmp_path: Path):
    asked = asked.model_copy(update={"epochs": 9999})
    with training(asked, tmp_path / "mine.yml") as process:
        eventually(lambda: has_done(asked, 3), seconds=180)
        readers = eventually(lambda: psutil.Process(process.pid).children())
        readers[0].kill()
        told = process.communicate(timeout=180)[1]
    assert process.returncode == 1
    assert re.fullmatch(
        r"model_training: step \d+: a process that reads pictures was killed \(.+ Killed\), .+"
        rf" the same command goes on from step {steps_done(asked)}",
        told.splitlines()[-1],
    )
    assert "Traceback" not in told


def test_what_cannot_be_begun_is_said_in_a_line(asked: Parameters, tmp_path: Path):
    with training(asked.model_copy(update={"batch": 99}), tmp_path / "mine.yml") as process:
        told = process.communicate(timeout=180)[1]
    assert process.returncode == 1
    assert told.startswith("model_training: 4 pairs to train on, fewer than model_training.batch (99): ")
    assert told.count("\n") == 1
