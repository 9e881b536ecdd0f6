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

from model_serving.pipelines.__main__ import main
from model_serving.training.parameters import Parameters
from tests.model_serving.training.test_fit import steps_done
from tests.support.eventually import eventually
from tests.support.training import manifest_of, parameters, trained


def written(asked: Parameters, config: Path) -> Path:
    config.write_text(yaml.safe_dump({"data": str(config.parent), "model_training": asked.model_dump(mode="json")}))
    return config


@contextmanager
def training(asked: Parameters, config: Path) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "model_serving.pipelines",
        "model_training",
        "--config",
        str(written(asked, config)),
    ]
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


def saves(asked: Parameters) -> None:
    """Returns when there is another checkpoint than before."""
    file = asked.checkpoint
    before = file.stat().st_mtime_ns if file.exists() else None
    eventually(lambda: file.exists() and file.stat().st_mtime_ns != before, seconds=180)


@pytest.fixture
def asked(tmp_path: Path) -> Parameters:
    """Eight steps, a checkpoint after each; a process of its own reads the pictures."""
    manifest_of(tmp_path, learned=8)
    return parameters(tmp_path, checkpoint_every_s=0, workers=1)


def test_a_training_that_was_stopped_and_then_killed_goes_on_and_ends_as_if_it_had_never_been(
    asked: Parameters, tmp_path: Path
):
    with training(asked, tmp_path / "mine.yml") as stopped:
        saves(asked)
        os.killpg(stopped.pid, signal.SIGTERM)  # service managers, as terminals, tell all processes of a group
        told = stopped.communicate(timeout=180)[1]
    done = steps_done(asked)
    assert stopped.returncode == 130
    assert (
        told.splitlines()[-1] == f"model_training: stopped after step {done} of 8; the same command goes on from there"
    )
    assert not list(asked.out.glob("*.part"))

    with training(asked, tmp_path / "mine.yml") as killed:
        saves(asked)
        killed.kill()
        assert killed.wait() == -signal.SIGKILL
    assert done < (done := steps_done(asked)) < 8

    with training(asked, tmp_path / "mine.yml") as again:
        told = again.communicate(timeout=300)[1]
        assert again.returncode == 0, told
    assert f"8 steps in 2 epochs after step {done}" in " ".join(told.split())
    assert steps_done(asked) == 8

    whole = asked.model_copy(update={"out": tmp_path / "whole", "workers": 0, "checkpoint_every_s": 300.0})
    trained(whole)
    for one, other in ((asked.weights, whole.weights), (asked.last_weights, whole.last_weights)):
        mine, theirs = load_file(one), load_file(other)
        assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_a_killed_reader_ends_it_in_a_line_that_says_how_to_go_on(asked: Parameters, tmp_path: Path):
    asked = asked.model_copy(update={"epochs": 9999})
    with training(asked, tmp_path / "mine.yml") as process:
        eventually(lambda: asked.checkpoint.exists() and steps_done(asked) >= 3, seconds=180)
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


def test_what_cannot_be_begun_is_said_in_a_line(asked: Parameters, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    config = written(asked.model_copy(update={"batch": 99}), tmp_path / "mine.yml")
    with pytest.raises(
        SystemExit, match=r"^model_training: 8 pairs to train on, fewer than model_training.batch \(99\): .+$"
    ):
        main(["model_training", "--config", str(config)])
    assert capsys.readouterr().err == ""
