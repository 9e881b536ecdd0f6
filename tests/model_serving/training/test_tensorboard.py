from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from model_serving.training.fit import fit
from model_serving.training.tensorboard import events
from tests.model_serving.training.test_fit import quiet
from tests.model_serving.training.test_pushgateway import CHECKED, PROGRESSED
from tests.support.training import manifest_of, parameters


def read(folder: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


def test_a_training_writes_its_curves(tmp_path: Path):
    manifest_of(tmp_path)
    fit(parameters(tmp_path, tensorboard=True, report_every_s=0), quiet())
    curves = read(tmp_path / "training" / "tensorboard")
    assert set(curves.Tags()["scalars"]) == {
        *("train/loss", "train/rate", "train/images_per_second", "held-out/IoU", "held-out/MAE")
    }
    assert [event.step for event in curves.Scalars("train/loss")] == [1, 2, 3, 4]
    assert [event.step for event in curves.Scalars("held-out/IoU")] == [2, 4]


def test_steps_that_are_done_again_are_shown_once(tmp_path: Path):
    with events(tmp_path, step=0) as first:
        for step in (1, 2, 3):
            first.progressed(replace(PROGRESSED, step=step, loss=9.0))
    with events(tmp_path, step=1) as again:
        again.progressed(replace(PROGRESSED, step=2, loss=0.5))
        again.checked(replace(CHECKED, step=2))
    assert [(event.step, event.value) for event in read(tmp_path).Scalars("train/loss")] == [
        (1, 9.0),
        (2, pytest.approx(0.5)),
    ]
